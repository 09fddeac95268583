/* Exact identity of networks up to isomorphism.
 *
 * Ref: B. D. McKay, A. Piperno, Practical graph isomorphism, II, J. Symb. Comput. 60
 * (2014), doi:10.1016/j.jsc.2013.09.003: colour refinement, then individualisation of
 * nodes that refinement cannot tell apart, with pruning by automorphisms met on the way.
 *
 * Deviations: the graph is acyclic, so one refinement round is a sweep from the input (a
 * node's colour takes in the colours of its inputs) and one from the output (it takes in
 * its readers); colours are 64-bit hashes, and a collision only costs search, because the
 * canonical form is compared word by word; only the best leaf so far is kept for
 * automorphisms. Above WORK_CAP the hash falls back to the multiset of refined colours,
 * which is still invariant; networks that need it are regular beyond what a search makes.
 *
 * symbol in the paper     | here
 * colouring pi            | colour[v]
 * target cell             | first run of equal colours in (level, colour) order
 * node invariant, leaf    | code: per node in order its label and its inputs' positions
 */
#include "graph/graph.h"
#include "graph/op.h"

#include "nasmith/rng.h"

#include <stdlib.h>
#include <string.h>

enum { WORK_CAP = 1 << 22, MAX_AUTOMORPHISMS = 64, NO_JUMP = 1 << 30 };

/* The network proper: fitted constants are one with what they are applied to. */
typedef struct search {
    int n;
    int *graph_node;     /* [n] index in the graph */
    int *first_input;    /* [n + 1] */
    int *inputs;         /* [first_input[n]] */
    bool *commutative;   /* [n] */
    int *level;          /* [n] longest path from the input */
    uint64_t *label;     /* [n] operator and attributes */
    uint64_t *scratch;   /* [n] */
    int64_t work;        /* colours computed so far */
    int *path;           /* [n] individualised nodes */
    uint64_t *code;      /* [2n + edges] of the leaf at hand */
    int *position;       /* [n] */
    int *parent;         /* [n] union-find over nodes */
    int *best_order;     /* [n] position -> node */
    int *best_path;      /* [n] */
    uint64_t *best_code; /* NULL before the first leaf */
    uint64_t *best_room;
    int *automorphisms; /* [MAX_AUTOMORPHISMS][n] */
    int n_automorphisms;
    nas_arena *arena;
    bool failed; /* memory is out */
} search;

static uint64_t mix(uint64_t a, uint64_t b)
{
    uint64_t z = a * UINT64_C(0x9e3779b97f4a7c15) + b + UINT64_C(0x632be59bd9b4e019);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* The input is what the network reads behind the front section. */
static uint64_t node_label(const nas_graph *graph, const nas_node *node)
{
    const nas_op *op = nas_op_get(node->op);
    uint64_t label = nas_hash64(op->name, strlen(op->name), 0);
    if (node->op == NAS_OP_INPUT) {
        const nas_shape shape = nas_graph_inner_shape(graph);
        label =
            mix(mix(mix(label, (uint64_t)shape.c), (uint64_t)shape.h), (uint64_t)shape.w);
    }
    for (int i = 0; op->params[i].name != NULL; i++) {
        uint64_t bits;
        memcpy(&bits, &node->attr[i], sizeof bits);
        label = mix(label, bits);
    }
    return label;
}

/* Sweep down to the output and back up. Slots matter where inputs do not commute. */
static void sweep(search *s, uint64_t *colour)
{
    uint64_t *readers = s->scratch;
    for (int v = 0; v < s->n; v++) {
        uint64_t sum = 0;
        for (int e = s->first_input[v]; e < s->first_input[v + 1]; e++) {
            uint64_t slot = s->commutative[v] ? 0 : (uint64_t)(e - s->first_input[v]);
            sum += mix(colour[s->inputs[e]], slot + 1);
        }
        colour[v] = mix(colour[v], sum);
        readers[v] = 0;
    }
    for (int v = s->n - 1; v >= 0; v--) {
        colour[v] = mix(colour[v], readers[v]);
        for (int e = s->first_input[v]; e < s->first_input[v + 1]; e++) {
            uint64_t slot = s->commutative[v] ? 0 : (uint64_t)(e - s->first_input[v]);
            readers[s->inputs[e]] += mix(colour[v], slot + 1);
        }
    }
    s->work += 2 * (int64_t)s->n;
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int count_distinct(search *s, const uint64_t *colour)
{
    memcpy(s->scratch, colour, (size_t)s->n * sizeof *colour);
    qsort(s->scratch, (size_t)s->n, sizeof *colour, compare_u64);
    int distinct = 1;
    for (int i = 1; i < s->n; i++)
        distinct += s->scratch[i] != s->scratch[i - 1];
    return distinct;
}

static void refine(search *s, uint64_t *colour)
{
    int before = 0;
    int distinct = 1;
    while (distinct > before && distinct < s->n) {
        sweep(s, colour);
        before = distinct;
        distinct = count_distinct(s, colour);
    }
}

typedef struct ranked {
    uint64_t colour;
    int level, node;
} ranked;

static int compare_ranked(const void *a, const void *b)
{
    const ranked *x = a;
    const ranked *y = b;
    if (x->level != y->level)
        return x->level < y->level ? -1 : 1;
    if (x->colour != y->colour)
        return x->colour < y->colour ? -1 : 1;
    return x->node < y->node ? -1 : 1;
}

static void rank(const search *s, const uint64_t *colour, ranked *out)
{
    for (int v = 0; v < s->n; v++)
        out[v] = (ranked){colour[v], s->level[v], v};
    qsort(out, (size_t)s->n, sizeof *out, compare_ranked);
}

static int compare_int(const void *a, const void *b)
{
    int x = *(const int *)a;
    int y = *(const int *)b;
    return (x > y) - (x < y);
}

static size_t code_words(const search *s)
{
    return 2 * (size_t)s->n + (size_t)s->first_input[s->n];
}

/* Write the network as it reads in this order. */
static void encode(search *s, const ranked *order)
{
    uint64_t *word = s->code;
    for (int i = 0; i < s->n; i++)
        s->position[order[i].node] = i;
    for (int i = 0; i < s->n; i++) {
        int v = order[i].node;
        int n_inputs = s->first_input[v + 1] - s->first_input[v];
        int *sorted = s->parent; /* idle here; as wide as any node */
        for (int k = 0; k < n_inputs; k++)
            sorted[k] = s->position[s->inputs[s->first_input[v] + k]];
        if (s->commutative[v])
            qsort(sorted, (size_t)n_inputs, sizeof *sorted, compare_int);
        *word++ = s->label[v];
        *word++ = (uint64_t)n_inputs;
        for (int k = 0; k < n_inputs; k++)
            *word++ = (uint64_t)sorted[k];
    }
}

static int compare_codes(const search *s)
{
    size_t words = code_words(s);
    for (size_t i = 0; i < words; i++)
        if (s->code[i] != s->best_code[i])
            return s->code[i] < s->best_code[i] ? -1 : 1;
    return 0;
}

static void keep_best(search *s, const ranked *order, int depth)
{
    s->best_code = s->best_room;
    memcpy(s->best_code, s->code, code_words(s) * sizeof *s->code);
    memcpy(s->best_path, s->path, (size_t)depth * sizeof *s->path);
    for (int i = 0; i < s->n; i++)
        s->best_order[i] = order[i].node;
}

/* Two leaves with one code: the map between them is an automorphism.
 * @return depth of the ancestor at which their paths part: all between is symmetric */
static int keep_automorphism(search *s, const ranked *order)
{
    if (s->n_automorphisms < MAX_AUTOMORPHISMS) {
        int *map = s->automorphisms + (size_t)s->n_automorphisms * (size_t)s->n;
        for (int i = 0; i < s->n; i++)
            map[s->best_order[i]] = order[i].node;
        s->n_automorphisms++;
    }
    int depth = 0;
    while (s->path[depth] == s->best_path[depth])
        depth++;
    return depth;
}

static int leaf(search *s, const ranked *order, int depth)
{
    encode(s, order);
    int comparison = s->best_code == NULL ? -1 : compare_codes(s);
    if (comparison == 0)
        return keep_automorphism(s, order);
    if (comparison < 0)
        keep_best(s, order, depth);
    return NO_JUMP;
}

static int find(int *parent, int v)
{
    while (parent[v] != v) {
        parent[v] = parent[parent[v]];
        v = parent[v];
    }
    return v;
}

/* Merge the orbits of all known automorphisms that fix the path. */
static void find_orbits(search *s, int depth)
{
    for (int v = 0; v < s->n; v++)
        s->parent[v] = v;
    s->work += (int64_t)s->n_automorphisms * s->n;
    for (int a = 0; a < s->n_automorphisms; a++) {
        const int *map = s->automorphisms + (size_t)a * (size_t)s->n;
        bool fixes = true;
        for (int i = 0; i < depth && fixes; i++)
            fixes = map[s->path[i]] == s->path[i];
        for (int v = 0; v < s->n && fixes; v++)
            s->parent[find(s->parent, v)] = find(s->parent, map[v]);
    }
}

/* Is cell[i] the image of an earlier member? */
static bool in_known_orbit(search *s, const ranked *cell, int i, int depth)
{
    if (s->n_automorphisms == 0)
        return false;
    find_orbits(s, depth);
    int orbit = find(s->parent, cell[i].node);
    for (int k = 0; k < i; k++)
        if (find(s->parent, cell[k].node) == orbit)
            return true;
    return false;
}

/* Try every node of the first cell of several. @return depth to go back to, or NO_JUMP */
static int explore(search *s, const uint64_t *colour, int depth)
{
    ranked *order = NAS_NEW(s->arena, ranked, s->n);
    uint64_t *child = NAS_NEW(s->arena, uint64_t, s->n);
    if (order == NULL || child == NULL) {
        s->failed = true;
        return -1;
    }
    rank(s, colour, order);
    int first = 0;
    while (first + 1 < s->n && order[first].colour != order[first + 1].colour)
        first++;
    if (first + 1 >= s->n)
        return leaf(s, order, depth);
    for (int i = 0; first + i < s->n; i++) {
        const ranked *cell = order + first;
        if (cell[i].colour != cell[0].colour)
            break;
        if (i > 0 && in_known_orbit(s, cell, i, depth))
            continue;
        if (s->work > WORK_CAP)
            return -1;
        memcpy(child, colour, (size_t)s->n * sizeof *child);
        child[cell[i].node] = mix(child[cell[i].node], UINT64_C(0x696e646976696475));
        refine(s, child);
        s->path[depth] = cell[i].node;
        int back = explore(s, child, depth + 1);
        if (back < depth)
            return back;
    }
    return NO_JUMP;
}

static bool is_network(const nas_node *node)
{
    return node->op == NAS_OP_INPUT || !nas_op_get(node->op)->fitted;
}

static nas_status allocate(search *s, const nas_graph *graph, nas_err *err)
{
    nas_arena *a = s->arena;
    int n = graph->n_nodes;
    int edges = graph->n_edges;
    int words = 2 * n + edges;
    s->graph_node = NAS_NEW(a, int, n);
    s->first_input = NAS_NEW(a, int, n + 1);
    s->inputs = NAS_NEW(a, int, edges);
    s->commutative = NAS_NEW(a, bool, n);
    s->level = NAS_NEW(a, int, n);
    s->label = NAS_NEW(a, uint64_t, n);
    s->scratch = NAS_NEW(a, uint64_t, n);
    s->path = NAS_NEW(a, int, n + 1);
    s->code = NAS_NEW(a, uint64_t, words);
    s->position = NAS_NEW(a, int, n);
    s->parent = NAS_NEW(a, int, n + edges);
    s->best_order = NAS_NEW(a, int, n);
    s->best_path = NAS_NEW(a, int, n + 1);
    s->best_room = NAS_NEW(a, uint64_t, words);
    s->automorphisms = NAS_NEW(a, int, (int64_t)MAX_AUTOMORPHISMS *n);
    bool ok = s->graph_node && s->first_input && s->inputs && s->commutative &&
              s->level && s->label && s->scratch && s->path && s->code && s->position &&
              s->parent && s->best_order && s->best_path && s->best_room &&
              s->automorphisms;
    return ok ? NAS_OK : nas_fail(err, NAS_E_NOMEM, "out of memory");
}

/* @param local  graph index -> node here */
static void load(search *s, const nas_graph *graph, int *local)
{
    int edges = 0;
    for (int i = 0; i < graph->n_nodes; i++) {
        const nas_node *node = &graph->nodes[i];
        local[i] = node->n_inputs > 0 ? local[node->inputs[0]] : 0;
        if (!is_network(node))
            continue;
        int v = s->n++;
        local[i] = v;
        s->graph_node[v] = i;
        s->commutative[v] = nas_op_get(node->op)->commutative;
        s->label[v] = node_label(graph, node);
        for (int k = 0; k < node->n_inputs; k++) {
            int input = local[node->inputs[k]];
            s->inputs[edges++] = input;
            if (s->level[v] <= s->level[input])
                s->level[v] = s->level[input] + 1;
        }
        s->first_input[v + 1] = edges;
    }
}

/* Input, front section, then the rest in canonical order. */
static void store_order(const search *s, nas_graph *graph)
{
    int at = 0;
    graph->canonical[at++] = 0;
    for (int i = 1; i < graph->n_nodes; i++)
        if (nas_op_get(graph->nodes[i].op)->front)
            graph->canonical[at++] = i;
    for (int i = 1; i < s->n; i++) {
        const int node = s->graph_node[s->best_order[i]];
        if (!nas_op_get(graph->nodes[node].op)->front)
            graph->canonical[at++] = node;
    }
}

static nas_status canonicalise(search *s, nas_graph *graph, nas_err *err)
{
    NAS_TRY(allocate(s, graph, err));
    uint64_t *colour = NAS_NEW(s->arena, uint64_t, graph->n_nodes);
    ranked *order = NAS_NEW(s->arena, ranked, graph->n_nodes);
    if (colour == NULL || order == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    load(s, graph, s->parent);
    for (int v = 0; v < s->n; v++)
        colour[v] = mix(s->label[v], (uint64_t)s->level[v]);
    refine(s, colour);
    int end = explore(s, colour, 0);
    if (s->failed)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    if (end == NO_JUMP) {
        graph->hash = nas_hash64(s->best_code, code_words(s) * sizeof(uint64_t), 0);
    } else {
        (void)count_distinct(s, colour); /* leaves the colours sorted in scratch */
        graph->hash = nas_hash64(s->scratch, (size_t)s->n * sizeof(uint64_t), 1);
    }
    if (s->best_code == NULL) {
        rank(s, colour, order);
        keep_best(s, order, 0);
    }
    store_order(s, graph);
    return NAS_OK;
}

nas_status nas_graph_canonicalise(nas_graph *graph, nas_err *err)
{
    search s = {.arena = nas_arena_new()};
    NAS_TRY_ALLOC(s.arena, err);
    nas_status status = canonicalise(&s, graph, err);
    nas_arena_free(s.arena);
    return status;
}
