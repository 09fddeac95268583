/* LSTM and GRU. ONNX wants series as [T,batch,C] and gives [T,D,batch,H] or, for the last
 * state, [D,batch,H]; gates are in its order already. */
#include "export/onnx_emit.h"

#include <string.h>

/* [batch,C,1,T] as [T,batch,C] */
static const char *series_of(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const int64_t order[4] = {3, 0, 1, 2}, axis = 3;
    const char *turned = nas_onnx_text(b, "t%d.turned", index);
    const char *squeeze[2] = {turned, nas_onnx_text(b, "n%d.last_axis", index)};
    const char *series = nas_onnx_text(b, "t%d.series", index);
    Onnx__NodeProto *turn =
        nas_onnx_add_unary(b, "Transpose", nas_onnx_text(b, "n%d series", index),
                           nas_onnx_image(b, node->inputs[0]), turned);
    nas_onnx_ints(b, turn, "perm", order, 4);
    (void)nas_onnx_int64s(b, squeeze[1], &axis, 1);
    (void)nas_onnx_add(b, "Squeeze", nas_onnx_text(b, "n%d squeeze", index), squeeze, 2,
                       series);
    return series;
}

/* [D, rows] of the bias of the input's products and then those of the state's: a GRU has
 * the latter for its candidate, an LSTM none. */
static const char *bias_of(nas_onnx_builder *b, int index)
{
    const nas_graph *graph = b->model->graph;
    const nas_weight *bias = nas_graph_weight_of(graph, index, NAS_WEIGHT_BIAS);
    const nas_weight *carry = nas_graph_weight_of(graph, index, NAS_WEIGHT_CARRY_BIAS);
    const int64_t rows = bias->dim[1], dims[2] = {bias->dim[0], 2 * rows};
    const char *name = nas_onnx_weight_name(b->arena, index, NAS_WEIGHT_BIAS);
    float *all = NAS_NEW(b->arena, float, dims[0] * dims[1]);
    b->failed = b->failed || all == NULL || name == NULL;
    for (int64_t d = 0; all != NULL && d < dims[0]; d++) {
        memcpy(all + d * dims[1], b->model->weights + bias->offset + d * rows,
               (size_t)rows * sizeof *all);
        if (carry == NULL)
            continue;
        const int64_t n = carry->dim[1];
        memcpy(all + (d + 1) * dims[1] - n, b->model->weights + carry->offset + d * n,
               (size_t)n * sizeof *all);
    }
    return b->failed ? "" : nas_onnx_floats(b, name, dims, 2, all);
}

/* [T,D,batch,H] to [batch,D*H,1,T], or [D,batch,H] to [batch,D*H]. */
static void emit_result(nas_onnx_builder *b, int index, const char *states)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const bool sequence = node->attr[NAS_ATTR_RECURRENT_SEQUENCE].i != 0;
    const int64_t order[4] = {2, 1, 3, 0}, last_order[3] = {1, 0, 2};
    const int64_t shape[4] = {0, node->shape.c, 1, node->shape.w};
    const char *turned = nas_onnx_text(b, "t%d.channels", index);
    const char *inputs[2] = {turned, nas_onnx_text(b, "n%d.shape", index)};
    const char *output = nas_onnx_output_name(b, index);
    Onnx__NodeProto *turn = nas_onnx_add_unary(
        b, "Transpose", nas_onnx_text(b, "n%d channels", index), states, turned);
    nas_onnx_ints(b, turn, "perm", sequence ? order : last_order, sequence ? 4 : 3);
    (void)nas_onnx_int64s(b, inputs[1], shape, sequence ? 4 : 2);
    (void)nas_onnx_add(b, "Reshape", nas_onnx_text(b, "n%d result", index), inputs, 2,
                       output);
    if (sequence)
        b->values[index].image = output;
    else
        b->values[index].flat = output;
}

static Onnx__NodeProto *emit_recurrent(nas_onnx_builder *b, int index, const char *op)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const char *inputs[4] = {
        series_of(b, index), nas_onnx_weight(b, index, NAS_WEIGHT_KERNEL),
        nas_onnx_weight(b, index, NAS_WEIGHT_RECURRENT), bias_of(b, index)};
    const char *states = nas_onnx_text(b, "t%d.states", index);
    Onnx__NodeProto *proto =
        nas_onnx_add(b, op, nas_onnx_node_name(b, index), inputs, 4, states);
    nas_onnx_int(b, proto, "hidden_size", node->attr[NAS_ATTR_RECURRENT_OUT].i);
    if (node->attr[NAS_ATTR_RECURRENT_BIDIRECTIONAL].i)
        nas_onnx_string(b, proto, "direction", "bidirectional");
    if (!node->attr[NAS_ATTR_RECURRENT_SEQUENCE].i)
        nas_onnx_second_output(b, proto);
    emit_result(b, index, states);
    return proto;
}

void nas_onnx_emit_lstm(nas_onnx_builder *b, int index)
{
    (void)emit_recurrent(b, index, "LSTM");
}

void nas_onnx_emit_gru(nas_onnx_builder *b, int index)
{
    nas_onnx_int(b, emit_recurrent(b, index, "GRU"), "linear_before_reset", 1);
}
