#include "graph/graph.h"

#include <assert.h>

int nas_graph_count(const nas_graph *graph)
{
    return graph->n_nodes;
}

const nas_node *nas_graph_node(const nas_graph *graph, int index)
{
    assert(index >= 0 && index < graph->n_nodes);
    return &graph->nodes[index];
}

int nas_graph_output(const nas_graph *graph)
{
    return graph->output;
}

nas_shape nas_graph_inner_shape(const nas_graph *graph)
{
    for (int i = 1; i < graph->n_nodes; i++)
        if (graph->nodes[i].op == NAS_OP_ENCODE)
            return graph->nodes[i].shape;
    return graph->nodes[0].shape;
}

nas_shape nas_graph_input_shape(const nas_graph *graph)
{
    return graph->nodes[0].shape;
}

nas_shape nas_graph_output_shape(const nas_graph *graph)
{
    return graph->nodes[graph->output].shape;
}

void nas_graph_input_shapes(const nas_graph *graph, int index, nas_shape *out)
{
    const nas_node *node = nas_graph_node(graph, index);
    for (int i = 0; i < node->n_inputs; i++)
        out[i] = graph->nodes[node->inputs[i]].shape;
}

int nas_graph_consumers(const nas_graph *graph, int index, const int **out)
{
    assert(index >= 0 && index < graph->n_nodes);
    int first = graph->consumer_first[index];
    *out = graph->consumers + first;
    return graph->consumer_first[index + 1] - first;
}

int nas_graph_weight_count(const nas_graph *graph)
{
    return graph->n_weights;
}

const nas_weight *nas_graph_weight(const nas_graph *graph, int index)
{
    assert(index >= 0 && index < graph->n_weights);
    return &graph->weights[index];
}

const nas_weight *nas_graph_weight_of(const nas_graph *graph, int node,
                                      nas_weight_role role)
{
    assert(node >= 0 && node < graph->n_nodes);
    int index = graph->weight_of[node][role];
    return index < 0 ? NULL : &graph->weights[index];
}

int64_t nas_graph_params(const nas_graph *graph)
{
    return graph->params;
}

int64_t nas_graph_floats(const nas_graph *graph)
{
    return graph->floats;
}

int64_t nas_graph_macs(const nas_graph *graph)
{
    return graph->macs;
}

int64_t nas_graph_node_macs(const nas_graph *graph, int index)
{
    assert(index >= 0 && index < graph->n_nodes);
    return graph->node_macs[index];
}

uint64_t nas_graph_hash(const nas_graph *graph)
{
    return graph->hash;
}
