/* Everything without a window: input, front section, dense, norms, activations, joins. */
#include "export/onnx_emit.h"

const char *nas_onnx_node_name(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const char *name = node->name[0] != '\0' ? node->name : nas_op_get(node->op)->name;
    return nas_onnx_text(b, "n%d %s", index, name);
}

const char *nas_onnx_output_name(nas_onnx_builder *b, int index)
{
    return nas_onnx_text(b, "t%d", index);
}

/* @return the first input in the form it has */
static const char *as_it_is(nas_onnx_builder *b, int index)
{
    const nas_onnx_value *input =
        &b->values[nas_graph_node(b->model->graph, index)->inputs[0]];
    return input->image != NULL ? input->image : input->flat;
}

/* Name the output in the form of the first input. @return the name */
static const char *like_input(nas_onnx_builder *b, int index)
{
    const nas_onnx_value *input =
        &b->values[nas_graph_node(b->model->graph, index)->inputs[0]];
    const char *output = nas_onnx_output_name(b, index);
    if (input->image != NULL)
        b->values[index].image = output;
    else
        b->values[index].flat = output;
    return output;
}

void nas_onnx_emit_input(nas_onnx_builder *b, int index)
{
    b->values[index].image = "input";
}

void nas_onnx_emit_standardise(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const int64_t dims[4] = {1, node->shape.c, 1, 1};
    const char *centred = nas_onnx_text(b, "t%d.centred", index);
    const char *sub[2] = {nas_onnx_image(b, node->inputs[0]),
                          nas_onnx_text(b, "n%d.mean", index)};
    const char *mul[2] = {centred, nas_onnx_text(b, "n%d.inverse_deviation", index)};
    (void)nas_onnx_floats(b, sub[1], dims, 4, node->constants);
    (void)nas_onnx_floats(b, mul[1], dims, 4, node->constants + node->shape.c);
    b->values[index].image = nas_onnx_output_name(b, index);
    (void)nas_onnx_add(b, "Sub", nas_onnx_text(b, "n%d centre", index), sub, 2, centred);
    (void)nas_onnx_add(b, "Mul", nas_onnx_text(b, "n%d scale", index), mul, 2,
                       b->values[index].image);
}

void nas_onnx_emit_dense(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const char *inputs[3] = {nas_onnx_flat(b, node->inputs[0]),
                             nas_onnx_weight(b, index, NAS_WEIGHT_KERNEL),
                             nas_onnx_weight(b, index, NAS_WEIGHT_BIAS)};
    b->values[index].flat = nas_onnx_output_name(b, index);
    Onnx__NodeProto *gemm =
        nas_onnx_add(b, "Gemm", nas_onnx_node_name(b, index), inputs,
                     inputs[2] == NULL ? 2 : 3, b->values[index].flat);
    nas_onnx_int(b, gemm, "transB", 1);
}

void nas_onnx_emit_batch_norm(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const char *inputs[5] = {as_it_is(b, index),
                             nas_onnx_weight(b, index, NAS_WEIGHT_SCALE),
                             nas_onnx_weight(b, index, NAS_WEIGHT_SHIFT),
                             nas_onnx_weight(b, index, NAS_WEIGHT_MEAN),
                             nas_onnx_weight(b, index, NAS_WEIGHT_VARIANCE)};
    Onnx__NodeProto *norm =
        nas_onnx_add(b, "BatchNormalization", nas_onnx_node_name(b, index), inputs, 5,
                     like_input(b, index));
    nas_onnx_float(b, norm, "epsilon", (float)node->attr[NAS_ATTR_BN_EPSILON].f);
}

void nas_onnx_emit_relu(nas_onnx_builder *b, int index)
{
    (void)nas_onnx_add_unary(b, "Relu", nas_onnx_node_name(b, index), as_it_is(b, index),
                             like_input(b, index));
}

void nas_onnx_emit_relu6(nas_onnx_builder *b, int index)
{
    const float low = 0, high = 6;
    const char *inputs[3] = {as_it_is(b, index), nas_onnx_text(b, "n%d.low", index),
                             nas_onnx_text(b, "n%d.high", index)};
    (void)nas_onnx_floats(b, inputs[1], NULL, 0, &low);
    (void)nas_onnx_floats(b, inputs[2], NULL, 0, &high);
    (void)nas_onnx_add(b, "Clip", nas_onnx_node_name(b, index), inputs, 3,
                       like_input(b, index));
}

/* ---- curves ------------------------------------------------------------------------ */

static Onnx__NodeProto *unary(nas_onnx_builder *b, const char *op, int index)
{
    return nas_onnx_add_unary(b, op, nas_onnx_node_name(b, index), as_it_is(b, index),
                              like_input(b, index));
}

void nas_onnx_emit_leaky_relu(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    nas_onnx_float(b, unary(b, "LeakyRelu", index), "alpha",
                   (float)node->attr[NAS_ATTR_LEAKY_SLOPE].f);
}

void nas_onnx_emit_hard_sigmoid(nas_onnx_builder *b, int index)
{
    Onnx__NodeProto *proto = unary(b, "HardSigmoid", index);
    nas_onnx_float(b, proto, "alpha", 1.0f / 6.0f);
    nas_onnx_float(b, proto, "beta", 0.5f);
}

void nas_onnx_emit_hard_swish(nas_onnx_builder *b, int index)
{
    (void)unary(b, "HardSwish", index);
}

void nas_onnx_emit_sigmoid(nas_onnx_builder *b, int index)
{
    (void)unary(b, "Sigmoid", index);
}

void nas_onnx_emit_tanh(nas_onnx_builder *b, int index)
{
    (void)unary(b, "Tanh", index);
}

/* An operator of two inputs inside a node of ours. @return the name of its output */
static const char *inner(nas_onnx_builder *b, const char *op, int index, const char *what,
                         const char *x, const char *y)
{
    const char *inputs[2] = {x, y};
    const char *output = nas_onnx_text(b, "t%d.%s", index, what);
    (void)nas_onnx_add(b, op, nas_onnx_text(b, "n%d %s", index, what), inputs, 2, output);
    return output;
}

/* x * sigmoid(u) */
static void gated(nas_onnx_builder *b, int index, const char *x, const char *u)
{
    const char *inputs[2] = {x, nas_onnx_text(b, "t%d.gate", index)};
    (void)nas_onnx_add_unary(b, "Sigmoid", nas_onnx_text(b, "n%d gate", index), u,
                             inputs[1]);
    (void)nas_onnx_add(b, "Mul", nas_onnx_node_name(b, index), inputs, 2,
                       like_input(b, index));
}

void nas_onnx_emit_silu(nas_onnx_builder *b, int index)
{
    gated(b, index, as_it_is(b, index), as_it_is(b, index));
}

/* Opset 17 has no Gelu: x * sigmoid(x * (a + b x^2)). */
void nas_onnx_emit_gelu(nas_onnx_builder *b, int index)
{
    const float linear = 1.5957691216F, cubic = 1.5957691216F * 0.044715F;
    const char *x = as_it_is(b, index);
    const char *constants[2] = {nas_onnx_text(b, "n%d.linear", index),
                                nas_onnx_text(b, "n%d.cubic", index)};
    (void)nas_onnx_floats(b, constants[0], NULL, 0, &linear);
    (void)nas_onnx_floats(b, constants[1], NULL, 0, &cubic);
    const char *u = inner(b, "Mul", index, "square", x, x);
    u = inner(b, "Mul", index, "cubic", u, constants[1]);
    u = inner(b, "Add", index, "sum", u, constants[0]);
    gated(b, index, x, inner(b, "Mul", index, "scaled", x, u));
}

/* ---- joins ------------------------------------------------------------------------- */

/* All inputs in one form: images if there is no vector among them. */
static const char **joined(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const char **names = NAS_NEW(b->arena, const char *, node->n_inputs);
    if (names == NULL) {
        b->failed = true;
        return NULL;
    }
    bool flat = false;
    for (int i = 0; i < node->n_inputs; i++)
        flat = flat || b->values[node->inputs[i]].image == NULL;
    for (int i = 0; i < node->n_inputs; i++)
        names[i] =
            flat ? nas_onnx_flat(b, node->inputs[i]) : nas_onnx_image(b, node->inputs[i]);
    const char *output = nas_onnx_output_name(b, index);
    if (flat)
        b->values[index].flat = output;
    else
        b->values[index].image = output;
    return names;
}

/* ONNX Add takes two inputs: a chain of them. */
void nas_onnx_emit_add(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const char **names = joined(b, index);
    if (names == NULL)
        return;
    const char *sum = names[0];
    for (int i = 1; i < node->n_inputs; i++) {
        const bool last = i == node->n_inputs - 1;
        const char *pair[2] = {sum, names[i]};
        sum = last ? nas_onnx_output_name(b, index)
                   : nas_onnx_text(b, "t%d.sum%d", index, i);
        (void)nas_onnx_add(b, "Add",
                           last ? nas_onnx_node_name(b, index)
                                : nas_onnx_text(b, "n%d sum%d", index, i),
                           pair, 2, sum);
    }
}

/* Both inputs in one form: vectors only where both are, so that a gate is [batch,C,1,1].
 */
void nas_onnx_emit_mul(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const char *output = nas_onnx_output_name(b, index);
    const bool flat = node->shape.h * node->shape.w == 1;
    const char *inputs[2];
    for (int k = 0; k < 2; k++)
        inputs[k] =
            flat ? nas_onnx_flat(b, node->inputs[k]) : nas_onnx_image(b, node->inputs[k]);
    (void)nas_onnx_add(b, "Mul", nas_onnx_node_name(b, index), inputs, 2, output);
    if (flat)
        b->values[index].flat = output;
    else
        b->values[index].image = output;
}

void nas_onnx_emit_concat(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    const char **names = joined(b, index);
    if (names == NULL)
        return;
    Onnx__NodeProto *concat =
        nas_onnx_add(b, "Concat", nas_onnx_node_name(b, index), names,
                     (size_t)node->n_inputs, nas_onnx_output_name(b, index));
    nas_onnx_int(b, concat, "axis", 1);
}

/* Dropout does nothing at inference: its output is its input. */
void nas_onnx_emit_dropout(nas_onnx_builder *b, int index)
{
    b->values[index] = b->values[nas_graph_node(b->model->graph, index)->inputs[0]];
}

void nas_onnx_emit_flatten(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    b->values[index].flat = nas_onnx_flat(b, node->inputs[0]);
}

void nas_onnx_emit_softmax(nas_onnx_builder *b, int index)
{
    const nas_node *node = nas_graph_node(b->model->graph, index);
    b->values[index].flat = nas_onnx_output_name(b, index);
    Onnx__NodeProto *softmax =
        nas_onnx_add_unary(b, "Softmax", nas_onnx_node_name(b, index),
                           nas_onnx_flat(b, node->inputs[0]), b->values[index].flat);
    nas_onnx_int(b, softmax, "axis", 1);
}
