/* From a builder to an immutable graph: what does not reach the output goes, the rest is
 * checked as a whole and packed into one block. */
#include "graph/graph.h"
#include "graph/op.h"

#include <string.h>

/* What of the builder survives. */
typedef struct survivors {
    const nas_draft *drafts;
    int count;  /* of drafts */
    int *index; /* [count] new index, or -1 */
    int n_nodes, n_edges, n_weights;
    size_t name_bytes, constants;
    int output;         /* new index */
    nas_shape *scratch; /* room for the widest node's input shapes */
} survivors;

static void mark(survivors *alive, int output)
{
    for (int i = 0; i < alive->count; i++)
        alive->index[i] = -1;
    alive->index[output] = 0;
    for (int i = output; i >= 0; i--) {
        const nas_node *node = &alive->drafts[i].node;
        for (int k = 0; alive->index[i] == 0 && k < node->n_inputs; k++)
            alive->index[node->inputs[k]] = 0;
    }
}

static void number(survivors *alive)
{
    for (int i = 0; i < alive->count; i++) {
        const nas_draft *draft = &alive->drafts[i];
        if (alive->index[i] < 0)
            continue;
        alive->index[i] = alive->n_nodes++;
        alive->n_edges += draft->node.n_inputs;
        alive->n_weights += draft->n_weights;
        alive->name_bytes += strlen(draft->node.name) + 1;
        alive->constants += (size_t)draft->node.n_constants;
    }
}

/* The front section is a chain at the start that nothing else reads from. */
static nas_status check_front(const survivors *alive, int i, nas_err *err)
{
    const nas_node *node = &alive->drafts[i].node;
    for (int k = 0; k < node->n_inputs; k++) {
        const nas_node *input = &alive->drafts[node->inputs[k]].node;
        bool start = input->op == NAS_OP_INPUT || nas_op_get(input->op)->front;
        if (node->op == NAS_OP_ENCODE && input->op != NAS_OP_INPUT)
            return nas_fail(err, NAS_E_GRAPH,
                            "node %d: encode reads raw rows, found it after %s", i,
                            nas_op_get(input->op)->name);
        if (nas_op_get(node->op)->front && !nas_op_get(node->op)->fitted)
            start = input->op == NAS_OP_INPUT;
        if (nas_op_get(node->op)->front && !start)
            return nas_fail(err, NAS_E_GRAPH,
                            "node %d: %s must stand directly after the input, found it "
                            "after %s",
                            i, nas_op_get(node->op)->name, nas_op_get(input->op)->name);
    }
    return NAS_OK;
}

/* Node j > i reads node i although a front operator reads it, too. */
static nas_status check_bypass(const survivors *alive, int i, nas_err *err)
{
    int readers = 0;
    bool front = false;
    for (int j = i + 1; j < alive->count; j++) {
        const nas_node *node = &alive->drafts[j].node;
        for (int k = 0; alive->index[j] >= 0 && k < node->n_inputs; k++) {
            if (node->inputs[k] != i)
                continue;
            readers++;
            front = front || nas_op_get(node->op)->front;
        }
    }
    if (front && readers > 1)
        return nas_fail(err, NAS_E_GRAPH,
                        "node %d is read by the front section and also by others; "
                        "expected that all read what the front section gives",
                        i);
    return NAS_OK;
}

static nas_status check_whole(const survivors *alive, nas_err *err)
{
    int inputs = 0;
    for (int i = 0; i < alive->count; i++) {
        const nas_node *node = &alive->drafts[i].node;
        if (alive->index[i] < 0)
            continue;
        inputs += node->op == NAS_OP_INPUT;
        if (inputs > 1)
            return nas_fail(err, NAS_E_GRAPH, "node %d: a second input, expected one", i);
        NAS_TRY(check_front(alive, i, err));
        if (node->op == NAS_OP_INPUT || nas_op_get(node->op)->front)
            NAS_TRY(check_bypass(alive, i, err));
    }
    return NAS_OK;
}

typedef struct block {
    char *base; /* NULL while measuring */
    size_t used;
} block;

static void *carve(block *b, size_t count, size_t size)
{
    size_t at = b->used;
    b->used += (count * size + 15) / 16 * 16;
    return b->base == NULL ? NULL : b->base + at;
}

/* Where copies of what nodes point to go. */
typedef struct pools {
    int *inputs;
    char *names;
    float *constants;
} pools;

/* Lay the graph out in a block; called once to measure and once to place. */
static nas_graph *lay_out(block *b, const survivors *alive, pools *out)
{
    size_t n = (size_t)alive->n_nodes;
    nas_graph measured;
    nas_graph *graph = carve(b, 1, sizeof *graph);
    if (graph == NULL)
        graph = &measured;
    graph->nodes = carve(b, n, sizeof *graph->nodes);
    graph->consumer_first = carve(b, n + 1, sizeof(int));
    graph->consumers = carve(b, (size_t)alive->n_edges, sizeof(int));
    graph->weights = carve(b, (size_t)alive->n_weights, sizeof *graph->weights);
    graph->weight_of = carve(b, n, sizeof *graph->weight_of);
    graph->node_macs = carve(b, n, sizeof(int64_t));
    graph->canonical = carve(b, n, sizeof(int));
    out->inputs = carve(b, (size_t)alive->n_edges, sizeof(int));
    out->constants = carve(b, alive->constants, sizeof(float));
    out->names = carve(b, alive->name_bytes, 1);
    return b->base == NULL ? NULL : graph;
}

static void copy_nodes(nas_graph *graph, const survivors *alive, pools pool)
{
    for (int i = 0; i < alive->count; i++) {
        const nas_node *from = &alive->drafts[i].node;
        if (alive->index[i] < 0)
            continue;
        nas_node *to = &graph->nodes[alive->index[i]];
        *to = *from;
        to->inputs = pool.inputs;
        for (int k = 0; k < from->n_inputs; k++)
            *pool.inputs++ = alive->index[from->inputs[k]];
        size_t length = strlen(from->name) + 1;
        to->name = memcpy(pool.names, from->name, length);
        pool.names += length;
        if (from->n_constants == 0)
            continue;
        size_t n = (size_t)from->n_constants;
        to->constants = memcpy(pool.constants, from->constants, n * sizeof(float));
        pool.constants += n;
    }
}

/* One entry per use, in the order of the readers. */
static void link_consumers(nas_graph *graph)
{
    int *first = graph->consumer_first;
    for (int i = 0; i < graph->n_nodes; i++)
        for (int k = 0; k < graph->nodes[i].n_inputs; k++)
            first[graph->nodes[i].inputs[k] + 1]++;
    for (int i = 0; i < graph->n_nodes; i++)
        first[i + 1] += first[i];
    for (int i = 0; i < graph->n_nodes; i++)
        for (int k = 0; k < graph->nodes[i].n_inputs; k++)
            graph->consumers[first[graph->nodes[i].inputs[k]]++] = i;
    for (int i = graph->n_nodes; i > 0; i--)
        first[i] = first[i - 1];
    first[0] = 0;
}

/* Append the trained (or the untrained) tensors of all nodes.
 * @return floats so far */
static int64_t list_weights(nas_graph *graph, bool trained, nas_shape *shapes,
                            int64_t offset)
{
    for (int i = 0; i < graph->n_nodes; i++) {
        nas_weight weights[4];
        nas_graph_input_shapes(graph, i, shapes);
        int n =
            nas_op_get(graph->nodes[i].op)->weights(&graph->nodes[i], shapes, weights);
        for (int k = 0; k < n; k++) {
            if (weights[k].trained != trained)
                continue;
            weights[k].node = i;
            weights[k].offset = offset;
            offset += weights[k].count;
            graph->weight_of[i][weights[k].role] = graph->n_weights;
            graph->weights[graph->n_weights++] = weights[k];
        }
    }
    return offset;
}

static nas_status count_all(nas_graph *graph, nas_shape *shapes, nas_err *err)
{
    for (int i = 0; i < graph->n_nodes; i++)
        for (int role = 0; role < NAS_WEIGHT_ROLES; role++)
            graph->weight_of[i][role] = -1;
    graph->params = list_weights(graph, true, shapes, 0);
    graph->floats = list_weights(graph, false, shapes, graph->params);
    for (int i = 0; i < graph->n_nodes; i++) {
        nas_graph_input_shapes(graph, i, shapes);
        graph->node_macs[i] =
            nas_op_get(graph->nodes[i].op)->macs(&graph->nodes[i], shapes);
        graph->macs = nas_count_add(graph->macs, graph->node_macs[i]);
    }
    if (graph->macs > NAS_GRAPH_MAX_MACS)
        return nas_fail(err, NAS_E_GRAPH, "more than %lld multiply-accumulates",
                        (long long)NAS_GRAPH_MAX_MACS);
    return NAS_OK;
}

static nas_status pack(const survivors *alive, nas_graph **out, nas_err *err)
{
    pools pool;
    block b = {NULL, 0};
    (void)lay_out(&b, alive, &pool);
    b.base = nas_heap_alloc(1, b.used);
    NAS_TRY_ALLOC(b.base, err);
    b.used = 0;
    nas_graph *graph = lay_out(&b, alive, &pool);
    graph->n_nodes = alive->n_nodes;
    graph->n_edges = alive->n_edges;
    graph->output = alive->output;
    copy_nodes(graph, alive, pool);
    link_consumers(graph);
    nas_status status = count_all(graph, alive->scratch, err);
    if (status == NAS_OK)
        status = nas_graph_canonicalise(graph, err);
    if (status != NAS_OK) {
        nas_heap_free(graph);
        return status;
    }
    *out = graph;
    return NAS_OK;
}

static nas_status check_output(const nas_graph_builder *builder, int output, nas_err *err)
{
    if (output < 0 || output >= builder->count)
        return nas_fail(err, NAS_E_GRAPH, "output is node %d, expected 0 to %d", output,
                        builder->count - 1);
    nas_op_kind op = builder->drafts[output].node.op;
    if (op == NAS_OP_INPUT || nas_op_get(op)->front)
        return nas_fail(err, NAS_E_GRAPH,
                        "output is node %d (%s), expected an operator of the network",
                        output, nas_op_get(op)->name);
    return NAS_OK;
}

static nas_status finish(nas_graph_builder *builder, int output, nas_graph **out,
                         nas_err *err)
{
    if (builder->err.code != NAS_OK) {
        if (err != NULL)
            *err = builder->err;
        return builder->err.code;
    }
    NAS_TRY(check_output(builder, output, err));
    survivors alive = {.drafts = builder->drafts, .count = builder->count};
    int widest = 1;
    for (int i = 0; i < builder->count; i++)
        if (builder->drafts[i].node.n_inputs > widest)
            widest = builder->drafts[i].node.n_inputs;
    alive.index = NAS_NEW(builder->arena, int, builder->count);
    alive.scratch = NAS_NEW(builder->arena, nas_shape, widest);
    if (alive.index == NULL || alive.scratch == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    mark(&alive, output);
    NAS_TRY(check_whole(&alive, err));
    number(&alive);
    alive.output = alive.index[output];
    return pack(&alive, out, err);
}

nas_status nas_graph_finish(nas_graph_builder *builder, int output, nas_graph **out,
                            nas_err *err)
{
    *out = NULL;
    nas_status status = finish(builder, output, out, err);
    nas_arena_reset(builder->arena);
    builder->count = 0;
    builder->n_edges = 0;
    builder->floats = 0;
    builder->err = (nas_err){0};
    return status;
}

void nas_graph_free(nas_graph *graph)
{
    nas_heap_free(graph);
}
