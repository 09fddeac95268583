/* Copies of a graph: another front section, or its nodes in canonical order. */
#include "graph/graph.h"
#include "graph/op.h"

#include "nasmith/spectrum.h"

/* Add a copy of node `from` whose inputs are mapped through `index`. Inputs of
 * commutative operators are sorted when `sorted`.
 * @param room  for the widest node's inputs */
static void copy_node(nas_graph_builder *builder, const nas_graph *graph, int from,
                      int *index, int *room, bool sorted)
{
    const nas_node *node = &graph->nodes[from];
    for (int k = 0; k < node->n_inputs; k++) {
        int input = index[node->inputs[k]];
        int at = k;
        while (sorted && nas_op_get(node->op)->commutative && at > 0 &&
               room[at - 1] > input) {
            room[at] = room[at - 1];
            at--;
        }
        room[at] = input;
    }
    index[from] = nas_graph_add_again(builder, node, room);
}

/* Room for maps: index of every node, then inputs of the widest node. */
static nas_status begin(const nas_graph *graph, nas_graph_builder **builder, int **index,
                        nas_err *err)
{
    *builder = nas_graph_builder_new();
    NAS_TRY_ALLOC(*builder, err);
    size_t n = (size_t)graph->n_nodes + (size_t)graph->n_edges;
    *index = nas_heap_alloc(n, sizeof(int));
    if (*index != NULL)
        return NAS_OK;
    nas_graph_builder_free(*builder);
    return nas_fail(err, NAS_E_NOMEM, "out of memory");
}

/* Of the front section, and not fitted. */
static bool is_computed(const nas_node *node)
{
    const nas_op *op = nas_op_get(node->op);
    return op->front && !op->fitted;
}

static nas_status check_columns(const nas_graph *graph, const nas_front *front,
                                nas_err *err)
{
    const nas_shape inner = nas_graph_inner_shape(graph);
    if (front == NULL || front->columns == NULL)
        return NAS_OK;
    if (nas_graph_front_key(graph) != 0)
        return nas_fail(err, NAS_E_GRAPH,
                        "encode and a spectrum do not go together: one reads rows of a "
                        "table, the other a series");
    if (nas_shape_equal(inner, (nas_shape){front->n_columns, 1, 1}))
        return NAS_OK;
    return nas_fail(err, NAS_E_GRAPH,
                    "the network reads %lldx%lldx%lld, encode gives %lld columns",
                    (long long)inner.c, (long long)inner.h, (long long)inner.w,
                    (long long)front->n_columns);
}

/* Input and front section; what is computed is copied. @return the node the network reads
 */
static int add_front(nas_graph_builder *builder, const nas_graph *graph,
                     const nas_front *front, int *index)
{
    const bool encodes = front != NULL && front->columns != NULL;
    int start = nas_graph_add_input(builder, encodes ? (nas_shape){front->n_raw, 1, 1}
                                                     : nas_graph_inner_shape(graph));
    if (encodes)
        start = nas_graph_add_encode(builder, start, front->columns, front->n_columns);
    for (int i = 0; i < graph->n_nodes; i++) {
        index[i] = start;
        if (!is_computed(&graph->nodes[i]))
            continue;
        copy_node(builder, graph, i, index, index + graph->n_nodes, false);
        start = index[i];
    }
    if (front != NULL && front->mean != NULL)
        start = nas_graph_add_standardise(builder, start, front->mean,
                                          front->inverse_deviation,
                                          nas_graph_builder_shape(builder, start).c);
    return start;
}

nas_status nas_graph_with_front(const nas_graph *graph, const nas_front *front,
                                nas_graph **out, nas_err *err)
{
    nas_graph_builder *builder = NULL;
    int *index = NULL;
    NAS_TRY(check_columns(graph, front, err));
    NAS_TRY(begin(graph, &builder, &index, err));
    const int start = add_front(builder, graph, front, index);
    for (int i = 0; i < graph->n_nodes; i++) {
        nas_op_kind op = graph->nodes[i].op;
        if (op == NAS_OP_INPUT || nas_op_get(op)->front)
            index[i] = start;
        else
            copy_node(builder, graph, i, index, index + graph->n_nodes, false);
    }
    nas_status status = nas_graph_finish(builder, index[graph->output], out, err);
    nas_heap_free(index);
    nas_graph_builder_free(builder);
    return status;
}

nas_status nas_graph_behind(const nas_graph *graph, nas_graph **out, nas_err *err)
{
    nas_graph_builder *builder = NULL;
    int *index = NULL;
    NAS_TRY(begin(graph, &builder, &index, err));
    const int start = nas_graph_add_input(builder, nas_graph_front_shape(graph));
    for (int i = 0; i < graph->n_nodes; i++) {
        if (graph->nodes[i].op == NAS_OP_INPUT || is_computed(&graph->nodes[i]))
            index[i] = start;
        else
            copy_node(builder, graph, i, index, index + graph->n_nodes, false);
    }
    nas_status status = nas_graph_finish(builder, index[graph->output], out, err);
    nas_heap_free(index);
    nas_graph_builder_free(builder);
    return status;
}

nas_status nas_graph_canonical(const nas_graph *graph, nas_graph **out, nas_err *err)
{
    nas_graph_builder *builder = NULL;
    int *index = NULL;
    NAS_TRY(begin(graph, &builder, &index, err));
    for (int i = 0; i < graph->n_nodes; i++)
        copy_node(builder, graph, graph->canonical[i], index, index + graph->n_nodes,
                  true);
    nas_status status = nas_graph_finish(builder, index[graph->output], out, err);
    nas_heap_free(index);
    nas_graph_builder_free(builder);
    return status;
}
