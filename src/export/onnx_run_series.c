/* Operators the interpreter needs for series: recurrent layers, attention and norms of a
 * sample, and the moves around them. */
#include "export/onnx_step.h"

#include <string.h>

/* ---- recurrent layers ------------------------------------------------------------- */

/* The batch stays in front: input axis of each other axis. */
static bool keeps_batch(const Onnx__AttributeProto *perm, int64_t order[3])
{
    int64_t seen = 0;
    if (perm == NULL || perm->n_ints != 4 || perm->ints[0] != 0)
        return false;
    for (int i = 0; i < 3; i++) {
        order[i] = perm->ints[i + 1] - 1;
        if (order[i] < 0 || order[i] > 2)
            return false;
        seen |= INT64_C(1) << order[i];
    }
    return seen == 7;
}

/* The orders the writer uses. Around a recurrent layer, without the batch, they are
 * [C][1][T] to [T][C], [T][D][H] to [D][H][T], and [D][H] as it is. */
static nas_status setup_transpose(run_step *step, nas_shape *out, nas_err *err)
{
    const nas_shape in = step->in[0]->shape;
    const int64_t extent[3] = {in.c, in.h, in.w};
    const Onnx__AttributeProto *perm = nas_onnx_attribute(step, "perm");
    const size_t n = perm == NULL ? 0 : perm->n_ints;
    const int64_t first = n > 0 ? perm->ints[0] : -1;
    const bool states = n == 3 && in.w == 1;
    if (keeps_batch(perm, step->order)) {
        const int64_t *order = step->order;
        *out = (nas_shape){extent[order[0]], extent[order[1]], extent[order[2]]};
        return NAS_OK;
    }
    memcpy(step->order,
           states       ? (int64_t[]){0, 1, 2}
           : first == 3 ? (int64_t[]){2, 0, 1}
                        : (int64_t[]){1, 2, 0},
           sizeof step->order);
    if (!states && !(n == 4 && ((first == 3 && in.h == 1) || first == 2)))
        return nas_fail(err, NAS_E_CONFIG, "the order of axes is none that is written");
    *out = (nas_shape){extent[step->order[0]], extent[step->order[1]],
                       extent[step->order[2]]};
    return NAS_OK;
}

static void run_transpose(const run_step *step)
{
    const nas_shape in = step->in[0]->shape, out = step->out->shape;
    const int64_t stride[3] = {in.h * in.w, in.w, 1}, *order = step->order;
    double *to = step->out->data;
    for (int64_t i = 0; i < nas_shape_count(out); i++)
        to[i] = step->in[0]->data[i / (out.h * out.w) * stride[order[0]] +
                                  i / out.w % out.h * stride[order[1]] +
                                  i % out.w * stride[order[2]]];
}

/* The batch as it is, then 1 to 3 extents. */
static nas_status setup_reshape(run_step *step, nas_shape *out, nas_err *err)
{
    const run_value *shape = step->in[1];
    int64_t extent[3] = {1, 1, 1};
    bool known = shape->whole != NULL && shape->n_constant > 1 && shape->n_constant < 5 &&
                 shape->whole[0] == 0;
    for (int64_t i = 1; known && i < shape->n_constant; i++) {
        extent[i - 1] = shape->whole[i];
        known = extent[i - 1] > 0 && extent[i - 1] <= 1 << 28;
    }
    const int64_t plane = known ? extent[1] * extent[2] : 0;
    const int64_t count = nas_shape_count(step->in[0]->shape);
    if (!known || plane > count || plane * extent[0] != count)
        return nas_fail(err, NAS_E_CONFIG, "the shape does not hold %lld elements",
                        (long long)count);
    *out = (nas_shape){extent[0], extent[1], extent[2]};
    return NAS_OK;
}

static nas_status setup_recurrent(run_step *step, nas_op_kind op, nas_shape *out,
                                  nas_err *err)
{
    nas_naive_recurrent *r = &step->recurrent;
    const nas_shape in = step->in[0]->shape;
    const int64_t directions = nas_onnx_attribute(step, "direction") != NULL ? 2 : 1;
    *r = (nas_naive_recurrent){.op = op,
                               .steps = in.c,
                               .inputs = in.h,
                               .units = nas_onnx_int_of(step, "hidden_size", 0),
                               .sequence = step->proto->n_output == 1};
    const int64_t rows = (op == NAS_OP_LSTM ? 4 : 3) * r->units;
    if (r->units < 1 || r->units > 65536 || in.w != 1)
        return nas_fail(err, NAS_E_CONFIG, "expected a series and 1 to 65536 units");
    NAS_TRY(nas_onnx_need_constant(step, 1, directions * rows * r->inputs, err));
    NAS_TRY(nas_onnx_need_constant(step, 2, directions * rows * r->units, err));
    NAS_TRY(nas_onnx_need_constant(step, 3, directions * 2 * rows, err));
    step->work =
        NAS_NEW(step->arena, double, r->steps *(r->inputs + r->units) + 3 * r->units);
    NAS_TRY_ALLOC(step->work, err);
    *out = r->sequence ? (nas_shape){r->steps, directions, r->units}
                       : (nas_shape){directions, r->units, 1};
    return NAS_OK;
}

static nas_status setup_lstm(run_step *step, nas_shape *out, nas_err *err)
{
    return setup_recurrent(step, NAS_OP_LSTM, out, err);
}

static nas_status setup_gru(run_step *step, nas_shape *out, nas_err *err)
{
    if (nas_onnx_int_of(step, "linear_before_reset", 0) != 1)
        return nas_fail(err, NAS_E_CONFIG, "expected linear_before_reset = 1");
    return setup_recurrent(step, NAS_OP_GRU, out, err);
}

static void run_recurrent(const run_step *step)
{
    nas_naive_recurrent r = step->recurrent;
    const int64_t rows = (r.op == NAS_OP_LSTM ? 4 : 3) * r.units, n = r.steps;
    const int64_t directions = step->in[1]->n_constant / (rows * r.inputs);
    double *in = step->work, *states = in + n * r.inputs, *work = states + n * r.units;
    for (int64_t i = 0; i < n * r.inputs; i++)
        in[i % r.inputs * n + i / r.inputs] = step->in[0]->data[i];
    for (int64_t d = 0; d < directions; d++) {
        const float *bias = step->in[3]->constant + d * 2 * rows;
        r.reverse = d > 0;
        r.kernel = step->in[1]->constant + d * rows * r.inputs;
        r.recurrent = step->in[2]->constant + d * rows * r.units;
        r.bias = bias;
        r.carry_bias = bias + 2 * rows - r.units;
        nas_naive_recurrent_run(&r, in, work, states);
        for (int64_t j = 0; j < r.units; j++)
            for (int64_t t = 0; t < (r.sequence ? n : 1); t++)
                step->out->data[(t * directions + d) * r.units + j] =
                    states[r.sequence ? j * n + t : j];
    }
}

/* ---- Transformer encoders ------------------------------------------------------- */

/* Channels from `from` to before `to`. */
static nas_status setup_slice(run_step *step, nas_shape *out, nas_err *err)
{
    const nas_shape in = step->in[0]->shape;
    int64_t value[3] = {0};
    for (int i = 0; i < 3; i++) {
        const run_value *constant = step->in[i + 1];
        if (constant->whole == NULL || constant->n_constant != 1)
            return nas_fail(err, NAS_E_CONFIG,
                            "input %d is no initialiser of one integer", i + 1);
        value[i] = constant->whole[0];
    }
    if (value[2] != 1 || value[0] < 0 || value[1] <= value[0] || value[1] > in.c)
        return nas_fail(err, NAS_E_CONFIG, "no part of %lld channels", (long long)in.c);
    step->from = value[0];
    *out = (nas_shape){value[1] - value[0], in.h, in.w};
    return NAS_OK;
}

static void run_slice(const run_step *step)
{
    const nas_shape out = step->out->shape;
    memcpy(step->out->data, step->in[0]->data + step->from * out.h * out.w,
           (size_t)nas_shape_count(out) * sizeof *step->out->data);
}

/* [c][m][k] * [c][k][n] */
static nas_status setup_matmul(run_step *step, nas_shape *out, nas_err *err)
{
    NAS_TRY(nas_onnx_need_computed(step, 1, err));
    const nas_shape a = step->in[0]->shape, b = step->in[1]->shape;
    *out = (nas_shape){a.c, a.h, b.w};
    const int64_t most = INT64_C(1) << 28; /* elements, as in our graphs */
    if (a.c == b.c && a.w == b.h && out->w <= most / (out->c * out->h))
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG, "the inputs have different shapes");
}

static void run_matmul(const run_step *step)
{
    const nas_shape out = step->out->shape;
    const int64_t n = step->in[0]->shape.w;
    for (int64_t i = 0; i < nas_shape_count(out); i++) {
        const double *a = step->in[0]->data + i / out.w * n;
        const double *b = step->in[1]->data + i / (out.h * out.w) * n * out.w + i % out.w;
        double sum = 0;
        for (int64_t k = 0; k < n; k++)
            sum += a[k] * b[k * out.w];
        step->out->data[i] = sum;
    }
}

/* A vector, or with axis 3 each row. */
static nas_status setup_softmax(run_step *step, nas_shape *out, nas_err *err)
{
    *out = step->in[0]->shape;
    if (nas_onnx_int_of(step, "axis", -1) == 3 || (out->h == 1 && out->w == 1))
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG, "expected a vector, or axis = 3");
}

static void run_softmax(const run_step *step)
{
    const nas_shape shape = step->out->shape;
    const bool rows = nas_onnx_int_of(step, "axis", -1) == 3;
    const int64_t n = rows ? shape.w : shape.c;
    for (int64_t i = 0; i < nas_shape_count(shape); i += n)
        nas_naive_softmax(n, step->in[0]->data + i, step->out->data + i);
}

/* Over the last axis, which is that of scale and shift. */
static nas_status setup_layer_norm(run_step *step, nas_shape *out, nas_err *err)
{
    *out = step->in[0]->shape;
    const int64_t n = out->h == 1 && out->w == 1 ? out->c : out->w;
    step->epsilon = nas_onnx_float_of(step, "epsilon", 1e-5);
    if (nas_onnx_int_of(step, "axis", -1) != -1)
        return nas_fail(err, NAS_E_CONFIG, "expected axis = -1");
    NAS_TRY(nas_onnx_need_constant(step, 1, n, err));
    return nas_onnx_need_constant(step, 2, n, err);
}

static void run_layer_norm(const run_step *step)
{
    const float *const affine[2] = {step->in[1]->constant, step->in[2]->constant};
    const int64_t n = step->in[1]->n_constant;
    for (int64_t i = 0; i < nas_shape_count(step->out->shape); i += n)
        nas_naive_sample_norm((nas_shape){n, 1, 1}, 0, affine, step->epsilon,
                              step->in[0]->data + i, step->out->data + i);
}

static nas_status setup_instance_norm(run_step *step, nas_shape *out, nas_err *err)
{
    *out = step->in[0]->shape;
    step->epsilon = nas_onnx_float_of(step, "epsilon", 1e-5);
    NAS_TRY(nas_onnx_need_constant(step, 1, out->c, err));
    return nas_onnx_need_constant(step, 2, out->c, err);
}

static void run_instance_norm(const run_step *step)
{
    const float *const affine[2] = {step->in[1]->constant, step->in[2]->constant};
    nas_naive_sample_norm(step->out->shape, step->out->shape.c, affine, step->epsilon,
                          step->in[0]->data, step->out->data);
}

const run_operator nas_onnx_series_operators[] = {
    {"LSTM", 4, 4, setup_lstm, run_recurrent},
    {"GRU", 4, 4, setup_gru, run_recurrent},
    {"Transpose", 1, 1, setup_transpose, run_transpose},
    {"Reshape", 2, 2, setup_reshape, nas_onnx_run_copy},
    {"Slice", 4, 4, setup_slice, run_slice},
    {"MatMul", 2, 2, setup_matmul, run_matmul},
    {"Softmax", 1, 1, setup_softmax, run_softmax},
    {"LayerNormalization", 3, 3, setup_layer_norm, run_layer_norm},
    {"InstanceNormalization", 3, 3, setup_instance_norm, run_instance_norm},
    {NULL, 0, 0, NULL, NULL},
};
