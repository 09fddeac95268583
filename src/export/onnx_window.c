/* Convolutions and pools. */
#include "export/onnx_emit.h"

/* Attributes every window shares; pads are explicit, so no runtime guesses them. */
static void window_attributes(nas_onnx_builder *b, Onnx__NodeProto *proto,
                              const nas_node *node, const int64_t dilation[2])
{
    const nas_value *a = node->attr;
    const int64_t kernel[2] = {a[NAS_ATTR_KERNEL_H].i, a[NAS_ATTR_KERNEL_W].i};
    const int64_t strides[2] = {a[NAS_ATTR_STRIDE_H].i, a[NAS_ATTR_STRIDE_W].i};
    int64_t pads[4] = {0};
    for (int d = 0; d < 2 && a[NAS_ATTR_PAD].i == NAS_PAD_SAME; d++) {
        pads[d] = nas_window_pad_before(kernel[d], dilation[d], NAS_PAD_SAME);
        pads[d + 2] = (kernel[d] - 1) * dilation[d] - pads[d];
    }
    nas_onnx_ints(b, proto, "kernel_shape", kernel, 2);
    nas_onnx_ints(b, proto, "strides", strides, 2);
    nas_onnx_ints(b, proto, "pads", pads, 4);
}

static void emit_convolution(nas_onnx_builder *b, int index, int64_t groups)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const int64_t dilations[2] = {node->attr[NAS_ATTR_DILATION_H].i,
                                  node->attr[NAS_ATTR_DILATION_W].i};
    const char *inputs[3] = {nas_onnx_image(b, node->inputs[0]),
                             nas_onnx_weight(b, index, NAS_WEIGHT_KERNEL),
                             nas_onnx_weight(b, index, NAS_WEIGHT_BIAS)};
    const char *output = nas_onnx_output_name(b, index);
    Onnx__NodeProto *proto = nas_onnx_add(b, "Conv", nas_onnx_node_name(b, index), inputs,
                                          inputs[2] == NULL ? 2 : 3, output);
    window_attributes(b, proto, node, dilations);
    nas_onnx_ints(b, proto, "dilations", dilations, 2);
    nas_onnx_int(b, proto, "group", groups);
    b->values[index].image = output;
}

void nas_onnx_emit_conv(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    emit_convolution(b, index, node->attr[NAS_ATTR_CONV_GROUPS].i);
}

void nas_onnx_emit_depthwise(nas_onnx_builder *b, int index)
{
    emit_convolution(b, index, nas_graph_node(b->model->graph, index)->shape.c);
}

static Onnx__NodeProto *emit_pool(nas_onnx_builder *b, int index, const char *op)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const int64_t dilation[2] = {1, 1};
    b->values[index].image = nas_onnx_output_name(b, index);
    Onnx__NodeProto *proto =
        nas_onnx_add_unary(b, op, nas_onnx_node_name(b, index),
                           nas_onnx_image(b, node->inputs[0]), b->values[index].image);
    window_attributes(b, proto, node, dilation);
    return proto;
}

void nas_onnx_emit_max_pool(nas_onnx_builder *b, int index)
{
    (void)emit_pool(b, index, "MaxPool");
}

void nas_onnx_emit_avg_pool(nas_onnx_builder *b, int index)
{
    nas_onnx_int(b, emit_pool(b, index, "AveragePool"), "count_include_pad", 0);
}

void nas_onnx_emit_global_max_pool(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    b->values[index].image = nas_onnx_output_name(b, index);
    (void)nas_onnx_add_unary(b, "GlobalMaxPool", nas_onnx_node_name(b, index),
                             nas_onnx_image(b, node->inputs[0]), b->values[index].image);
}

void nas_onnx_emit_global_avg_pool(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    b->values[index].image = nas_onnx_output_name(b, index);
    (void)nas_onnx_add_unary(b, "GlobalAveragePool", nas_onnx_node_name(b, index),
                             nas_onnx_image(b, node->inputs[0]), b->values[index].image);
}
