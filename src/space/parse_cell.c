#include "space/parse.h"

#include "nasmith/text.h"

#include <string.h>

int nas_cell_edge_count(const nas_cell *cell, int node)
{
    int before = cell->inputs + node;
    return cell->picks == 0 || cell->picks > before ? before : cell->picks;
}

/* `path`.word<number> */
static const char *numbered(const nas_parser *parser, const char *path, const char *word,
                            int number)
{
    return nas_arena_printf(parser->space->arena, "%s.%s%d", path, word, number);
}

/* The next larger number with `k` bits set. */
static unsigned next_set(unsigned set, int k)
{
    do {
        set++;
    } while (__builtin_popcount(set) != k);
    return set;
}

static const char *set_text(const nas_parser *parser, unsigned set)
{
    char text[64] = "";
    size_t n = 0;
    for (int i = 0; set >> i != 0; i++)
        if (set >> i & 1U)
            n +=
                (size_t)snprintf(text + n, sizeof text - n, "%s%d", n == 0 ? "" : "+", i);
    return nas_arena_strdup(parser->space->arena, text);
}

/* Which `picks` of the tensors before a node it reads: one decision over all sets. */
static nas_status parse_sources(nas_parser *parser, const yaml_node_t *at,
                                const char *path, const nas_cell *cell, int node)
{
    nas_arena *arena = parser->space->arena;
    int before = cell->inputs + node;
    int k = nas_cell_edge_count(cell, node);
    unsigned end = 1U << before;
    int n = 0;
    for (unsigned set = (1U << k) - 1; set < end; set = next_set(set, k))
        n++;
    parser->n_values += n;
    double *values = NAS_NEW(arena, double, n);
    const char **texts = NAS_NEW(arena, const char *, n);
    NAS_TRY_ALLOC(values, parser->err);
    NAS_TRY_ALLOC(texts, parser->err);
    int i = 0;
    for (unsigned set = (1U << k) - 1; set < end; set = next_set(set, k)) {
        values[i] = set;
        texts[i] = set_text(parser, set);
        NAS_TRY_ALLOC(texts[i], parser->err);
        i++;
    }
    nas_decision draft = {.name = nas_parse_path(parser, path, "inputs"),
                          .n_values = n,
                          .values = values,
                          .texts = texts,
                          .shared = parser->shared};
    NAS_TRY_ALLOC(draft.name, parser->err);
    return nas_parse_decision(parser, at, &draft, &cell->sources[node]);
}

static nas_status parse_node(nas_parser *parser, yaml_node_t *ops, const char *path,
                             nas_cell *cell, int node)
{
    int n = nas_cell_edge_count(cell, node);
    NAS_TRY(parse_sources(parser, ops, path, cell, node));
    for (int i = 0; i < n; i++) {
        const char *name = cell->picks == 0 ? numbered(parser, path, "from", i)
                                            : numbered(parser, path, "op", i + 1);
        NAS_TRY_ALLOC(name, parser->err);
        NAS_TRY(nas_parse_choose(parser, ops, name, &cell->edges[cell->n_edges++]));
    }
    return NAS_OK;
}

static nas_status parse_graph(nas_parser *parser, yaml_node_t *ops, const char *path,
                              const nas_cell *shape, nas_cell **out)
{
    nas_arena *arena = parser->space->arena;
    nas_cell *cell = NAS_NEW(arena, nas_cell, 1);
    NAS_TRY_ALLOC(cell, parser->err);
    cell->inputs = shape->inputs;
    cell->nodes = shape->nodes;
    cell->picks = shape->picks;
    int edges = 0;
    for (int node = 0; node < cell->nodes; node++)
        edges += nas_cell_edge_count(cell, node);
    cell->edges = NAS_NEW(arena, nas_block *, edges);
    cell->sources = NAS_NEW(arena, nas_setting, cell->nodes);
    NAS_TRY_ALLOC(cell->edges, parser->err);
    NAS_TRY_ALLOC(cell->sources, parser->err);
    for (int node = 0; node < cell->nodes; node++) {
        const char *name = numbered(parser, path, "node", cell->inputs + node);
        NAS_TRY_ALLOC(name, parser->err);
        NAS_TRY(parse_node(parser, ops, name, cell, node));
    }
    *out = cell;
    return NAS_OK;
}

/* `reduction: cell` is a second cell of the same form, anything else a block. */
static nas_status parse_reduction(nas_parser *parser, yaml_node_t *reduction,
                                  yaml_node_t *ops, nas_block *block)
{
    const char *path = nas_parse_path(parser, block->name, "reduce");
    NAS_TRY_ALLOC(path, parser->err);
    const char *word = nas_doc_scalar(reduction);
    if (word != NULL && strcmp(word, "cell") == 0)
        return parse_graph(parser, ops, path, block->cell, &block->reduction);
    block->children = NAS_NEW(parser->space->arena, nas_block *, 1);
    NAS_TRY_ALLOC(block->children, parser->err);
    block->n_children = 1;
    return nas_parse_body(parser, reduction, path, &block->children[0]);
}

nas_status nas_parse_cell(nas_parser *parser, const nas_entry *entry, nas_block *block)
{
    static const char *const EXTRA[] = {"ops", "reduction", NULL};
    nas_cell shape = {0};
    if (parser->in_cell)
        return nas_doc_fail(&parser->doc, entry->at, parser->err,
                            "a cell inside a cell's operation");
    NAS_TRY(nas_parse_options(parser, entry, block, EXTRA));
    NAS_TRY(nas_parse_constant(parser, entry, block, CELL_NODES, &shape.nodes));
    NAS_TRY(nas_parse_constant(parser, entry, block, CELL_INPUTS, &shape.inputs));
    NAS_TRY(nas_parse_constant(parser, entry, block, CELL_PICKS, &shape.picks));
    yaml_node_t *ops = nas_doc_get(&parser->doc, entry->body, "ops");
    if (ops == NULL)
        return nas_doc_fail(&parser->doc, entry->at, parser->err, "cell needs `ops`");
    parser->in_cell = true;
    NAS_TRY(parse_graph(parser, ops, block->name, &shape, &block->cell));
    yaml_node_t *reduction = nas_doc_get(&parser->doc, entry->body, "reduction");
    if (reduction != NULL)
        NAS_TRY(parse_reduction(parser, reduction, ops, block));
    parser->in_cell = false;
    return NAS_OK;
}
