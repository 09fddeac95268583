#include "explain/surgery.h"

#include <string.h>

static bool has_weights(const nas_graph *graph, int first, int last)
{
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *w = nas_graph_weight(graph, i);
        if (w->trained && w->node >= first && w->node <= last)
            return true;
    }
    return false;
}

/* The one node before the block that its nodes read; -1 when there are several. */
static int entry_of(const nas_graph *graph, int first, int last)
{
    int entry = -1;
    for (int i = first; i <= last; i++) {
        const nas_node *node = nas_graph_node(graph, i);
        for (int k = 0; k < node->n_inputs; k++) {
            int input = node->inputs[k];
            if (input >= first)
                continue;
            if (entry >= 0 && entry != input)
                return -1;
            entry = input;
        }
    }
    return entry;
}

/* Whether only the last node is read from outside. */
static bool one_exit(const nas_graph *graph, int first, int last)
{
    for (int i = first; i < last; i++) {
        const int *consumers;
        int n = nas_graph_consumers(graph, i, &consumers);
        for (int k = 0; k < n; k++)
            if (consumers[k] > last)
                return false;
    }
    return true;
}

int nas_blocks_of(const nas_graph *graph, nas_block *out)
{
    const int n = nas_graph_count(graph);
    int blocks = 0;
    for (int first = 1; first < n;) {
        const char *name = nas_graph_node(graph, first)->name;
        int last = first;
        while (last + 1 < n && strcmp(nas_graph_node(graph, last + 1)->name, name) == 0)
            last++;
        int input = entry_of(graph, first, last);
        bool inner = last < nas_graph_output(graph);
        if (inner && input >= 0 && has_weights(graph, first, last) &&
            one_exit(graph, first, last)) {
            nas_shape from = nas_graph_node(graph, input)->shape;
            nas_shape to = nas_graph_node(graph, last)->shape;
            out[blocks++] = (nas_block){.first = first,
                                        .last = last,
                                        .input = input,
                                        .name = name,
                                        .removable = from.h == to.h && from.w == to.w};
        }
        first = last + 1;
    }
    return blocks;
}

/* Halve what the node puts out. @return whether it changed */
static bool halve(const nas_node *node, nas_value *attr)
{
    if (node->op != NAS_OP_CONV && node->op != NAS_OP_DENSE)
        return false;
    nas_value *out =
        &attr[node->op == NAS_OP_CONV ? NAS_ATTR_CONV_OUT : NAS_ATTR_DENSE_OUT];
    bool grouped = node->op == NAS_OP_CONV && attr[NAS_ATTR_CONV_GROUPS].i > 1;
    if (out->i < 2 || grouped)
        return false;
    out->i /= 2;
    return true;
}

/* Add a node's twin. @param map  node of the graph to node of the builder */
static void add_twin(nas_graph_builder *b, const nas_graph *graph, int i,
                     const nas_value *attr, int *map, int *inputs)
{
    const nas_node *node = nas_graph_node(graph, i);
    for (int k = 0; k < node->n_inputs; k++)
        inputs[k] = map[node->inputs[k]];
    map[i] = node->op == NAS_OP_INPUT
                 ? nas_graph_add_input(b, node->shape)
                 : nas_graph_add(b, node->op, attr, inputs, node->n_inputs, node->name);
}

static nas_status cut_into(nas_graph_builder *b, const nas_graph *graph,
                           const nas_block *block, nas_cut cut, nas_arena *arena,
                           nas_graph **out, nas_err *err)
{
    const int n = nas_graph_count(graph);
    int *map = NAS_NEW(arena, int, n), *inputs = NAS_NEW(arena, int, n + 1);
    bool changed = cut == NAS_CUT_REMOVE;
    NAS_TRY_ALLOC(map, err);
    NAS_TRY_ALLOC(inputs, err);
    for (int i = 0; i < n; i++) {
        nas_value attr[NAS_ATTR_MAX];
        memcpy(attr, nas_graph_node(graph, i)->attr, sizeof attr);
        bool in = i >= block->first && i <= block->last;
        if (in && cut == NAS_CUT_REMOVE) {
            map[i] = map[block->input];
            continue;
        }
        if (in)
            changed = halve(nas_graph_node(graph, i), attr) || changed;
        add_twin(b, graph, i, attr, map, inputs);
    }
    nas_err invalid = {0};
    if (!changed)
        return NAS_OK;
    nas_status status = nas_graph_finish(b, map[nas_graph_output(graph)], out, &invalid);
    if (status == NAS_E_NOMEM && err != NULL)
        *err = invalid;
    return status == NAS_E_NOMEM ? status : NAS_OK;
}

nas_status nas_graph_cut(const nas_graph *graph, const nas_block *block, nas_cut cut,
                         nas_arena *arena, nas_graph **out, nas_err *err)
{
    *out = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    NAS_TRY_ALLOC(b, err);
    nas_status status = cut_into(b, graph, block, cut, arena, out, err);
    nas_graph_builder_free(b);
    return status;
}
