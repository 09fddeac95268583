/* Operators of Transformer encoders. ONNX normalises over the last axes and multiplies
 * the last two, so axes are turned before and after. Weights keep the graph's order: they
 * are read back. */
#include "export/onnx_emit.h"

#include <math.h>

/* @return the output of a node of two inputs inside a node of ours */
static const char *pair(nas_onnx_builder *b, const char *op, int index, const char *what,
                        const char *x, const char *y)
{
    const char *inputs[2] = {x, y};
    const char *output = nas_onnx_text(b, "t%d.%s", index, what);
    (void)nas_onnx_add(b, op, nas_onnx_text(b, "n%d %s", index, what), inputs, 2, output);
    return output;
}

/* The axes behind the batch in another order, named `what`. */
static const char *turn(nas_onnx_builder *b, int index, const char *what, const char *x,
                        const int64_t order[4])
{
    const char *output = nas_onnx_text(b, "t%d.%s", index, what);
    Onnx__NodeProto *node = nas_onnx_add_unary(
        b, "Transpose", nas_onnx_text(b, "n%d %s", index, what), x, output);
    nas_onnx_ints(b, node, "perm", order, 4);
    return output;
}

/* [batch, shape of n extents], named `what`. */
static const char *reshape(nas_onnx_builder *b, int index, const char *what,
                           const char *x, const int64_t *shape, size_t n)
{
    const char *name = nas_onnx_text(b, "n%d.%s_shape", index, what);
    return pair(b, "Reshape", index, what, x, nas_onnx_int64s(b, name, shape, n));
}

/* A weight of the node under its name, with these extents. */
static const char *weight_as(nas_onnx_builder *b, int index, nas_weight_role role,
                             const int64_t *dims, size_t rank)
{
    const nas_weight *w = nas_graph_weight_of(b->model->graph, index, role);
    const char *name = nas_onnx_weight_name(b->arena, index, role);
    b->failed = b->failed || name == NULL;
    return b->failed
               ? ""
               : nas_onnx_floats(b, name, dims, rank, b->model->weights + w->offset);
}

/* A number under a name of the node. */
static const char *number(nas_onnx_builder *b, int index, const char *what, float value)
{
    return nas_onnx_floats(b, nas_onnx_text(b, "n%d.%s", index, what), NULL, 0, &value);
}

/* ---- norms ------------------------------------------------------------------------- */

/* LayerNormalization over the last axis of x. */
static void layer_norm(nas_onnx_builder *b, int index, const char *x, const char *output)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const char *inputs[3] = {x, nas_onnx_weight(b, index, NAS_WEIGHT_SCALE),
                             nas_onnx_weight(b, index, NAS_WEIGHT_SHIFT)};
    Onnx__NodeProto *norm = nas_onnx_add(b, "LayerNormalization",
                                         nas_onnx_node_name(b, index), inputs, 3, output);
    nas_onnx_int(b, norm, "axis", -1);
    nas_onnx_float(b, norm, "epsilon", (float)node->attr[NAS_ATTR_SAMPLE_NORM_EPSILON].f);
}

void nas_onnx_emit_layer_norm(nas_onnx_builder *b, int index)
{
    static const int64_t last[4] = {0, 2, 3, 1}, back[4] = {0, 3, 1, 2};
    const nas_node *node = nas_graph_node(b->model->graph, index);
    if (node->shape.h * node->shape.w == 1) {
        b->values[index].flat = nas_onnx_output_name(b, index);
        layer_norm(b, index, nas_onnx_flat(b, node->inputs[0]), b->values[index].flat);
        return;
    }
    const char *pixels =
        turn(b, index, "pixels", nas_onnx_image(b, node->inputs[0]), last);
    const char *normed = nas_onnx_text(b, "t%d.normed", index);
    layer_norm(b, index, pixels, normed);
    b->values[index].image = turn(b, index, "channels", normed, back);
}

/* InstanceNormalization of groups as channels, then scale and shift of the channels. */
void nas_onnx_emit_group_norm(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const nas_shape shape = node->shape;
    const int64_t groups = node->attr[NAS_ATTR_SAMPLE_NORM_GROUPS].i;
    const int64_t grouped[3] = {0, groups, nas_shape_count(shape) / groups};
    const int64_t image[4] = {0, shape.c, shape.h, shape.w},
                  affine[4] = {1, shape.c, 1, 1};
    float *constants = NAS_NEW(b->arena, float, 2 * groups);
    b->failed = b->failed || constants == NULL;
    if (b->failed)
        return;
    for (int64_t g = 0; g < groups; g++)
        constants[g] = 1;
    const char *inputs[3] = {
        reshape(b, index, "grouped", nas_onnx_image(b, node->inputs[0]), grouped, 3),
        nas_onnx_floats(b, nas_onnx_text(b, "n%d.ones", index), &groups, 1, constants),
        nas_onnx_floats(b, nas_onnx_text(b, "n%d.zeros", index), &groups, 1,
                        constants + groups)};
    const char *normed = nas_onnx_text(b, "t%d.normed", index);
    Onnx__NodeProto *norm = nas_onnx_add(b, "InstanceNormalization",
                                         nas_onnx_node_name(b, index), inputs, 3, normed);
    nas_onnx_float(b, norm, "epsilon", (float)node->attr[NAS_ATTR_SAMPLE_NORM_EPSILON].f);
    const char *scaled =
        pair(b, "Mul", index, "scaled", reshape(b, index, "ungrouped", normed, image, 4),
             weight_as(b, index, NAS_WEIGHT_SCALE, affine, 4));
    b->values[index].image = pair(b, "Add", index, "shifted", scaled,
                                  weight_as(b, index, NAS_WEIGHT_SHIFT, affine, 4));
}

/* ---- tokens and positions ---------------------------------------------------------- */

/* [batch,columns,1,1] * [columns,1,channels], then the last axis to the front. */
void nas_onnx_emit_tokens(nas_onnx_builder *b, int index)
{
    static const int64_t series[4] = {0, 3, 2, 1};
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const int64_t dims[3] = {node->shape.w, 1, node->shape.c};
    const char *products =
        pair(b, "Mul", index, "products", nas_onnx_image(b, node->inputs[0]),
             weight_as(b, index, NAS_WEIGHT_TABLE, dims, 3));
    const char *sums = pair(b, "Add", index, "sums", products,
                            weight_as(b, index, NAS_WEIGHT_BIAS, dims, 3));
    b->values[index].image = turn(b, index, "series", sums, series);
}

static const char *sinusoids(nas_onnx_builder *b, int index, const int64_t dims[3])
{
    float *table = NAS_NEW(b->arena, float, dims[0] * dims[2]);
    b->failed = b->failed || table == NULL;
    for (int64_t i = 0; table != NULL && i < dims[0] * dims[2]; i++)
        table[i] = (float)nas_position(i / dims[2], dims[0], i % dims[2]);
    return b->failed ? ""
                     : nas_onnx_floats(b, nas_onnx_text(b, "n%d.sinusoids", index), dims,
                                       3, table);
}

void nas_onnx_emit_positions(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const int64_t dims[3] = {node->shape.c, 1, node->shape.w};
    const bool learned = node->attr[NAS_ATTR_POSITIONS_KIND].i == NAS_POSITIONS_LEARNED;
    const char *inputs[2] = {nas_onnx_image(b, node->inputs[0]),
                             learned ? weight_as(b, index, NAS_WEIGHT_TABLE, dims, 3)
                                     : sinusoids(b, index, dims)};
    b->values[index].image = nas_onnx_output_name(b, index);
    (void)nas_onnx_add(b, "Add", nas_onnx_node_name(b, index), inputs, 2,
                       b->values[index].image);
}

/* ---- attention --------------------------------------------------------------------- */

/* Channels of the input from `from` to before `to`. */
static const char *channels_of(nas_onnx_builder *b, int index, const char *what,
                               int64_t from, int64_t to)
{
    const int64_t axis = 1;
    const char *inputs[4] = {
        nas_onnx_image(b, nas_graph_node(b->model->graph, index)->inputs[0]),
        nas_onnx_int64s(b, nas_onnx_text(b, "n%d.%s_from", index, what), &from, 1),
        nas_onnx_int64s(b, nas_onnx_text(b, "n%d.%s_to", index, what), &to, 1),
        nas_onnx_int64s(b, nas_onnx_text(b, "n%d.%s_axis", index, what), &axis, 1)};
    const char *part = nas_onnx_text(b, "t%d.%s_part", index, what);
    (void)nas_onnx_add(b, "Slice", nas_onnx_text(b, "n%d %s part", index, what), inputs,
                       4, part);
    return part;
}

void nas_onnx_emit_slice(nas_onnx_builder *b, int index)
{
    const nas_value *a = nas_graph_node(b->model->graph, index)->attr;
    const int64_t from = a[NAS_ATTR_SLICE_FROM].i;
    b->values[index].image =
        channels_of(b, index, "channels", from, from + a[NAS_ATTR_SLICE_COUNT].i);
}

/* Queries, keys or values: a third of the channels as [batch,heads,d,T]. */
static const char *third(nas_onnx_builder *b, int index, int which, const char *what)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const int64_t n = node->shape.c, heads = node->attr[NAS_ATTR_ATTENTION_HEADS].i;
    const int64_t shape[4] = {0, heads, n / heads, node->shape.w};
    return reshape(b, index, what,
                   channels_of(b, index, what, which * n, (which + 1) * n), shape, 4);
}

void nas_onnx_emit_attention(nas_onnx_builder *b, int index)
{
    static const int64_t swap[4] = {0, 1, 3, 2};
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const int64_t channels = node->shape.c;
    const int64_t heads = node->attr[NAS_ATTR_ATTENTION_HEADS].i;
    const int64_t shape[4] = {0, channels, 1, node->shape.w};
    const int64_t width = channels / heads; /* of a head */
    const float scale = 1.0f / sqrtf((float)width);
    const char *queries =
        turn(b, index, "queries_turned", third(b, index, 0, "queries"), swap);
    const char *scores =
        pair(b, "MatMul", index, "scores", queries, third(b, index, 1, "keys"));
    const char *scaled = pair(b, "Mul", index, "scaled_scores", scores,
                              number(b, index, "scale_of_scores", scale));
    const char *weights = nas_onnx_text(b, "t%d.weights", index);
    Onnx__NodeProto *softmax = nas_onnx_add_unary(
        b, "Softmax", nas_onnx_text(b, "n%d weights", index), scaled, weights);
    nas_onnx_int(b, softmax, "axis", 3);
    const char *result = pair(b, "MatMul", index, "heads", third(b, index, 2, "values"),
                              turn(b, index, "weights_turned", weights, swap));
    b->values[index].image = reshape(b, index, "joined", result, shape, 4);
}
