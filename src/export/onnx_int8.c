#include "export/onnx_int8.h"

#include "export/onnx_emit.h"
#include "export/quant.h"

static const nas_node *node_at(const nas_onnx_builder *b, int index)
{
    return nas_graph_node(b->model->graph, index);
}

static bool is_transparent(const nas_node *node)
{
    return node->op == NAS_OP_DROPOUT || node->op == NAS_OP_FLATTEN;
}

/* A norm or activation that is no step of its own belongs to the step before it. */
bool nas_onnx_int8_begin(nas_onnx_builder *b)
{
    const int n = nas_graph_count(b->model->graph);
    const nas_program *program = b->quant->program;
    int *root = NAS_NEW(b->arena, int, n);
    b->step_of = NAS_NEW(b->arena, int, n);
    b->last_node = NAS_NEW(b->arena, int, program->n_steps);
    if (root == NULL || b->step_of == NULL || b->last_node == NULL)
        return false;
    for (int i = 0; i < n; i++)
        b->step_of[i] = -1;
    for (int s = 0; s < program->n_steps; s++)
        b->step_of[program->steps[s].node] = s;
    for (int i = 1; i < n; i++) {
        const nas_node *node = node_at(b, i);
        root[i] = is_transparent(node) ? root[node->inputs[0]] : i;
        if (is_transparent(node))
            continue;
        if (b->step_of[i] < 0)
            b->step_of[i] = b->step_of[root[node->inputs[0]]];
        b->last_node[b->step_of[i]] = i;
    }
    return true;
}

/* ---- values ---------------------------------------------------------------------- */

static const char *scale_name(nas_onnx_builder *b, const char *value, double scale)
{
    const float number = (float)scale;
    return nas_onnx_floats(b, nas_onnx_text(b, "%s.scale", value), NULL, 0, &number);
}

static const char *zero_name(nas_onnx_builder *b, const char *value, int32_t zero)
{
    const int8_t number = (int8_t)zero;
    return nas_onnx_int8s(b, nas_onnx_text(b, "%s.zero", value), NULL, 0, &number);
}

const char *nas_onnx_int8_name(nas_onnx_builder *b, int step)
{
    return step == NAS_QUANT_SAMPLE ? "sample.int8" : nas_onnx_text(b, "s%d.int8", step);
}

const char *nas_onnx_int8_round(nas_onnx_builder *b, const char *name, const char *whole,
                                double scale, int32_t zero)
{
    const char *back = nas_onnx_text(b, "%s.back", name);
    const char *inputs[3] = {name, scale_name(b, name, scale), zero_name(b, name, zero)};
    (void)nas_onnx_add(b, "QuantizeLinear", whole, inputs, 3, whole);
    inputs[0] = whole;
    (void)nas_onnx_add(b, "DequantizeLinear", back, inputs, 3, back);
    return back;
}

void nas_onnx_int8_end_node(nas_onnx_builder *b, int index)
{
    const nas_quant *quant = b->quant;
    nas_onnx_value *value = &b->values[index];
    const bool sample = index == 0;
    const int step = b->step_of[index];
    nas_quant_scale scale = quant->input;
    if (!sample && (step < 0 || b->last_node[step] != index))
        return;
    if (!sample)
        scale = quant->steps[step].out;
    /* The last softmax stays in floats, see emit_head of onnx_write.c. */
    if (node_at(b, index)->op == NAS_OP_SOFTMAX && !b->inner &&
        index == nas_graph_output(b->model->graph))
        return;
    for (int s = 0; sample && s < quant->program->n_steps; s++)
        if (quant->program->steps[s].kind == NAS_STEP_STANDARDISE)
            return; /* it comes first, and is quantised in its stead */
    const bool image = value->image != NULL;
    const char *back = nas_onnx_int8_round(
        b, image ? value->image : value->flat,
        nas_onnx_int8_name(b, sample ? NAS_QUANT_SAMPLE : step), scale.scale, scale.zero);
    *value = image ? (nas_onnx_value){.image = back} : (nas_onnx_value){.flat = back};
}

/* ---- weights --------------------------------------------------------------------- */

/* Float scales of a step's output channels, times `factor`. */
static const char *channel_scales(nas_onnx_builder *b, const char *name,
                                  const nas_quant_step *q, double factor)
{
    float *scales = NAS_NEW(b->arena, float, q->channels);
    b->failed = b->failed || scales == NULL;
    for (int64_t c = 0; scales != NULL && c < q->channels; c++)
        scales[c] = (float)(q->kernel_scale[c] * factor);
    return scales == NULL ? name
                          : nas_onnx_floats(b, nas_onnx_text(b, "%s.scale", name),
                                            &q->channels, 1, scales);
}

/* [O][I][KH][KW], depthwise [C][1][KH][KW], dense [O][I], a norm [C][1][1][1]. */
static size_t kernel_dims(const nas_onnx_builder *b, int node, const nas_quant_step *q,
                          int64_t dims[4])
{
    const nas_node *n = node_at(b, node);
    dims[0] = q->channels;
    dims[1] = q->n_kernel / q->channels;
    dims[2] = dims[3] = 1;
    if (n->op == NAS_OP_DENSE)
        return 2;
    if (n->op != NAS_OP_BATCH_NORM) {
        dims[2] = n->attr[NAS_ATTR_KERNEL_H].i;
        dims[3] = n->attr[NAS_ATTR_KERNEL_W].i;
        dims[1] /= dims[2] * dims[3];
    }
    return 4;
}

const char *nas_onnx_int8_weight(nas_onnx_builder *b, int node, nas_weight_role role)
{
    const int step = b->step_of[node];
    const nas_quant_step *q = &b->quant->steps[step];
    const char *name = nas_onnx_weight_name(b->arena, node, role);
    b->failed = b->failed || name == NULL;
    if (b->failed)
        return "";
    const char *whole = nas_onnx_text(b, "%s.int8", name);
    const char *inputs[3] = {whole, NULL, NULL};
    if (role == NAS_WEIGHT_KERNEL) {
        int64_t dims[4];
        const size_t rank = kernel_dims(b, node, q, dims);
        int8_t *zeros = NAS_NEW(b->arena, int8_t, q->channels);
        b->failed = b->failed || zeros == NULL;
        if (b->failed)
            return "";
        (void)nas_onnx_int8s(b, whole, dims, rank, q->kernel);
        inputs[1] = channel_scales(b, name, q, 1.0);
        inputs[2] =
            nas_onnx_int8s(b, nas_onnx_text(b, "%s.zero", name), &q->channels, 1, zeros);
    } else {
        (void)nas_onnx_int32s(b, whole, &q->channels, 1, q->bias);
        inputs[1] = channel_scales(b, name, q, nas_quant_source(b->quant, step, 0).scale);
    }
    Onnx__NodeProto *proto = nas_onnx_add(b, "DequantizeLinear", name, inputs,
                                          inputs[2] == NULL ? 2 : 3, name);
    nas_onnx_int(b, proto, "axis", 0);
    return name;
}

/* ---- norms ----------------------------------------------------------------------- */

/* A norm with nothing to fold into: a depthwise convolution of one tap. */
static void emit_norm(nas_onnx_builder *b, int index)
{
    static const int64_t one[2] = {1, 1};
    const nas_node *node = node_at(b, index);
    const char *inputs[3] = {nas_onnx_image(b, node->inputs[0]),
                             nas_onnx_int8_weight(b, index, NAS_WEIGHT_KERNEL),
                             nas_onnx_int8_weight(b, index, NAS_WEIGHT_BIAS)};
    b->values[index].image = nas_onnx_output_name(b, index);
    Onnx__NodeProto *proto = nas_onnx_add(b, "Conv", nas_onnx_node_name(b, index), inputs,
                                          3, b->values[index].image);
    nas_onnx_ints(b, proto, "kernel_shape", one, 2);
    nas_onnx_int(b, proto, "group", node->shape.c);
}

bool nas_onnx_int8_replaces(nas_onnx_builder *b, int index)
{
    const nas_node *node = node_at(b, index);
    if (node->op != NAS_OP_BATCH_NORM)
        return false;
    if (b->quant->program->steps[b->step_of[index]].node == index)
        emit_norm(b, index);
    else
        b->values[index] = b->values[node->inputs[0]];
    return true;
}
