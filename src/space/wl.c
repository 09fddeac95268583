/* Weisfeiler-Lehman features: how often each neighbourhood of operators occurs.
 *
 * N. Shervashidze et al.: Weisfeiler-Lehman Graph Kernels. JMLR 12 (2011) 2539-2561
 *
 * A node is the operation on an edge of a cell, or an operator of the chain around cells;
 * its label is a hash of what it does. A refined label is the hash of the label, those of
 * the nodes before it and those of the nodes behind it. */
#include "space/program.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_NODES = 128, MOST_AROUND = 64 };

typedef struct wl_node {
    int from, to; /* tensors it lies between */
    uint64_t label, next;
} wl_node;

typedef struct wl_graph {
    wl_node nodes[MOST_NODES]; /* what is more is left out */
    int n;
} wl_graph;

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void add_node(wl_graph *g, int from, int to, uint64_t label)
{
    if (g->n < MOST_NODES)
        g->nodes[g->n++] = (wl_node){from, to, label, 0};
}

/* Labels around a node, sorted; one list for those before it, one for those behind. */
static uint64_t refined(const wl_graph *g, const wl_node *node)
{
    uint64_t around[2][MOST_AROUND], parts[3] = {node->label, 0, 0};
    int n[2] = {0, 0};
    for (int i = 0; i < g->n; i++) {
        const wl_node *other = &g->nodes[i];
        if (other->to == node->from && n[0] < MOST_AROUND)
            around[0][n[0]++] = other->label;
        if (other->from == node->to && n[1] < MOST_AROUND)
            around[1][n[1]++] = other->label;
    }
    for (int side = 0; side < 2; side++) {
        qsort(around[side], (size_t)n[side], sizeof around[side][0], by_value);
        parts[1 + side] =
            nas_hash64(around[side], (size_t)n[side] * sizeof around[side][0], 1);
    }
    return nas_hash64(parts, sizeof parts, 2);
}

static void count(const wl_graph *g, float *out)
{
    for (int i = 0; i < g->n; i++)
        out[g->nodes[i].label % NAS_SPACE_WL]++;
}

static void count_all(wl_graph *g, int rounds, float *out)
{
    count(g, out);
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < g->n; i++)
            g->nodes[i].next = refined(g, &g->nodes[i]);
        for (int i = 0; i < g->n; i++)
            g->nodes[i].label = g->nodes[i].next;
        count(g, out);
    }
    g->n = 0;
}

/* Edges of a cell, its END behind them. @param at  in: behind the CELL */
static void read_cell(const nas_program *program, int *at, wl_graph *g)
{
    while (program->instrs[*at].code == PROGRAM_EDGE) {
        const nas_instr *edge = &program->instrs[(*at)++];
        const uint64_t body = nas_program_body_hash(program, at);
        add_node(g, (int)edge->arg[0], (int)edge->arg[1], body);
    }
    ++*at;
}

static void read_program(const nas_program *program, int rounds, float *out)
{
    wl_graph *cell = nas_heap_alloc(2, sizeof *cell), *chain = cell + 1;
    for (int at = 0; cell != NULL && at < program->n;) {
        const nas_instr *instr = &program->instrs[at++];
        if (instr->code == PROGRAM_CELL) {
            read_cell(program, &at, cell);
            count_all(cell, rounds, out);
        } else if (instr->code != PROGRAM_END && instr->code != PROGRAM_TRAIN) {
            add_node(chain, chain->n, chain->n + 1, nas_hash64(instr, sizeof *instr, 0));
        }
    }
    if (cell != NULL)
        count_all(chain, rounds, out);
    nas_heap_free(cell);
}

void nas_space_wl(const nas_space *space, const nas_candidate *candidate, int rounds,
                  float *out)
{
    nas_program program;
    memset(out, 0, NAS_SPACE_WL * sizeof *out);
    nas_space_lower(space, candidate, &program);
    if (program.status == NAS_OK && !program.zero)
        read_program(&program, rounds, out);
    nas_program_free(&program);
}
