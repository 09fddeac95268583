#include "export/onnx_run.h"

#include "export/naive.h"
#include "export/onnx_tensor.h"

#include <math.h>
#include <string.h>

/* A named tensor: computed (`data`, per sample) or an initialiser (`constant`, or
 * `whole`). */
typedef struct run_value {
    const char *name;
    nas_shape shape; /* of one sample; (C,1,1) for a vector */
    double *data;    /* NULL for an initialiser */
    float *constant; /* NULL for a computed tensor and for integers */
    int32_t *whole;  /* int8 and int32 initialisers */
    int64_t n_constant;
} run_value;

typedef struct run_step run_step;

/* An ONNX operator: `setup` checks what the node has and gives the output's shape. */
typedef struct run_operator {
    const char *name;
    size_t min_inputs, max_inputs; /* max 0: any */
    nas_status (*setup)(run_step *step, nas_shape *out, nas_err *err);
    void (*run)(const run_step *step);
} run_operator;

struct run_step {
    const Onnx__NodeProto *proto;
    const run_operator *op;
    const run_value **in; /* [proto->n_input] */
    nas_arena *arena;     /* of the program */
    run_value *out;
    nas_naive_window window;
    nas_naive_recurrent recurrent;
    double *work; /* of a recurrent step */
    double epsilon, alpha, beta;
};

struct nas_onnx_program {
    nas_arena *arena;
    const Onnx__GraphProto *graph;
    run_value *values; /* initialisers, the input, then one per node */
    size_t n_values;
    run_step *steps;
    size_t n_steps;
    run_value *input;
    const run_value *output;
};

/* ---- attributes ------------------------------------------------------------------ */

static const Onnx__AttributeProto *find_attribute(const run_step *step, const char *name)
{
    for (size_t i = 0; i < step->proto->n_attribute; i++) {
        const Onnx__AttributeProto *attribute = step->proto->attribute[i];
        if (attribute->name != NULL && strcmp(attribute->name, name) == 0)
            return attribute;
    }
    return NULL;
}

static int64_t int_attribute(const run_step *step, const char *name, int64_t fallback)
{
    const Onnx__AttributeProto *attribute = find_attribute(step, name);
    return attribute != NULL && attribute->has_i ? attribute->i : fallback;
}

/* Read n integers between low and 65536; absent leaves `out` as it is. */
static nas_status ints_attribute(const run_step *step, const char *name, int64_t low,
                                 int64_t *out, size_t n, nas_err *err)
{
    const Onnx__AttributeProto *attribute = find_attribute(step, name);
    if (attribute == NULL)
        return NAS_OK;
    if (attribute->n_ints != n)
        return nas_fail(err, NAS_E_CONFIG, "%s has %zu numbers, expected %zu", name,
                        attribute->n_ints, n);
    for (size_t i = 0; i < n; i++) {
        out[i] = attribute->ints[i];
        if (out[i] < low || out[i] > 65536)
            return nas_fail(err, NAS_E_CONFIG, "%s is %lld, expected %lld to 65536", name,
                            (long long)out[i], (long long)low);
    }
    return NAS_OK;
}

static double float_attribute(const run_step *step, const char *name, double fallback)
{
    const Onnx__AttributeProto *attribute = find_attribute(step, name);
    return attribute != NULL && attribute->has_f ? (double)attribute->f : fallback;
}

static nas_status need_constant(const run_step *step, size_t input, int64_t count,
                                nas_err *err)
{
    const run_value *value = step->in[input];
    if (value->constant != NULL && value->n_constant == count)
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG, "input %zu is no initialiser of %lld floats",
                    input, (long long)count);
}

static nas_status need_computed(const run_step *step, size_t input, nas_err *err)
{
    if (step->in[input]->data != NULL)
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG, "input %zu is an initialiser", input);
}

/* ---- windows --------------------------------------------------------------------- */

static nas_status setup_window(run_step *step, nas_shape *out, nas_err *err)
{
    nas_naive_window *w = &step->window;
    int64_t pads[4] = {0};
    *w = (nas_naive_window){.in = step->in[0]->shape,
                            .kernel = {0, 0},
                            .stride = {1, 1},
                            .dilation = {1, 1},
                            .groups = 1};
    NAS_TRY(ints_attribute(step, "kernel_shape", 1, w->kernel, 2, err));
    NAS_TRY(ints_attribute(step, "strides", 1, w->stride, 2, err));
    NAS_TRY(ints_attribute(step, "dilations", 1, w->dilation, 2, err));
    NAS_TRY(ints_attribute(step, "pads", 0, pads, 4, err));
    const int64_t extent[2] = {w->in.h, w->in.w};
    int64_t size[2];
    for (int d = 0; d < 2; d++) {
        w->pad[d] = pads[d];
        const int64_t room =
            extent[d] + pads[d] + pads[d + 2] - (w->kernel[d] - 1) * w->dilation[d] - 1;
        if (w->kernel[d] == 0 || room < 0)
            return nas_fail(err, NAS_E_CONFIG, "the window does not fit its input");
        size[d] = room / w->stride[d] + 1;
    }
    w->out = (nas_shape){w->in.c, size[0], size[1]};
    *out = w->out;
    return NAS_OK;
}

static nas_status setup_conv(run_step *step, nas_shape *out, nas_err *err)
{
    nas_naive_window *w = &step->window;
    NAS_TRY(setup_window(step, out, err));
    w->groups = int_attribute(step, "group", 1);
    if (w->groups < 1 || w->in.c % w->groups != 0)
        return nas_fail(err, NAS_E_CONFIG, "%lld groups of %lld channels",
                        (long long)w->groups, (long long)w->in.c);
    const int64_t per_output = w->in.c / w->groups * w->kernel[0] * w->kernel[1];
    w->out.c = step->in[1]->n_constant / per_output;
    if (w->out.c == 0 || w->out.c % w->groups != 0)
        return nas_fail(err, NAS_E_CONFIG, "the kernel does not fit %lld groups",
                        (long long)w->groups);
    NAS_TRY(need_constant(step, 1, w->out.c * per_output, err));
    if (step->proto->n_input == 3)
        NAS_TRY(need_constant(step, 2, w->out.c, err));
    out->c = w->out.c;
    return NAS_OK;
}

static void run_conv(const run_step *step)
{
    const float *bias = step->proto->n_input == 3 ? step->in[2]->constant : NULL;
    nas_naive_conv(&step->window, step->in[1]->constant, bias, step->in[0]->data,
                   step->out->data);
}

static void run_max_pool(const run_step *step)
{
    nas_naive_max_pool(&step->window, step->in[0]->data, step->out->data);
}

static void run_avg_pool(const run_step *step)
{
    nas_naive_avg_pool(&step->window, step->in[0]->data, step->out->data);
}

static nas_status setup_channels(run_step *step, nas_shape *out, nas_err *err)
{
    (void)err;
    *out = (nas_shape){step->in[0]->shape.c, 1, 1};
    return NAS_OK;
}

static void run_global_max_pool(const run_step *step)
{
    nas_naive_global_max_pool(step->in[0]->shape, step->in[0]->data, step->out->data);
}

static void run_global_avg_pool(const run_step *step)
{
    nas_naive_global_avg_pool(step->in[0]->shape, step->in[0]->data, step->out->data);
}

/* ---- everything else -------------------------------------------------------------- */

static nas_status setup_gemm(run_step *step, nas_shape *out, nas_err *err)
{
    const int64_t inputs = nas_shape_count(step->in[0]->shape);
    const int64_t outputs = step->in[1]->n_constant / inputs;
    if (int_attribute(step, "transB", 0) != 1 || outputs == 0)
        return nas_fail(err, NAS_E_CONFIG, "expected transB = 1 and a kernel [out][%lld]",
                        (long long)inputs);
    NAS_TRY(need_constant(step, 1, inputs * outputs, err));
    if (step->proto->n_input == 3)
        NAS_TRY(need_constant(step, 2, outputs, err));
    *out = (nas_shape){outputs, 1, 1};
    return NAS_OK;
}

static void run_gemm(const run_step *step)
{
    const float *bias = step->proto->n_input == 3 ? step->in[2]->constant : NULL;
    nas_naive_dense(nas_shape_count(step->in[0]->shape), step->out->shape.c,
                    step->in[1]->constant, bias, step->in[0]->data, step->out->data);
}

static nas_status setup_same(run_step *step, nas_shape *out, nas_err *err)
{
    (void)err;
    *out = step->in[0]->shape;
    return NAS_OK;
}

static nas_status setup_norm(run_step *step, nas_shape *out, nas_err *err)
{
    step->epsilon = float_attribute(step, "epsilon", 1e-5);
    *out = step->in[0]->shape;
    for (size_t i = 1; i < 5; i++)
        NAS_TRY(need_constant(step, i, out->c, err));
    return NAS_OK;
}

static void run_norm(const run_step *step)
{
    const float *const statistics[4] = {step->in[1]->constant, step->in[2]->constant,
                                        step->in[3]->constant, step->in[4]->constant};
    nas_naive_batch_norm(step->out->shape, statistics, step->epsilon, step->in[0]->data,
                         step->out->data);
}

static void run_relu(const run_step *step)
{
    for (int64_t i = 0; i < nas_shape_count(step->out->shape); i++)
        step->out->data[i] = step->in[0]->data[i] > 0 ? step->in[0]->data[i] : 0;
}

static void run_leaky_relu(const run_step *step)
{
    const double slope = float_attribute(step, "alpha", 0.01);
    for (int64_t i = 0; i < nas_shape_count(step->out->shape); i++)
        step->out->data[i] =
            nas_naive_curve(NAS_OP_LEAKY_RELU, slope, step->in[0]->data[i]);
}

#define CURVE_RUN(upper, lower)                                                          \
    static void run_##lower(const run_step *step)                                        \
    {                                                                                    \
        for (int64_t i = 0; i < nas_shape_count(step->out->shape); i++)                  \
            step->out->data[i] =                                                         \
                nas_naive_curve(NAS_OP_##upper, 0, step->in[0]->data[i]);                \
    }
CURVE_RUN(HARD_SWISH, hard_swish)
CURVE_RUN(SIGMOID, sigmoid)
CURVE_RUN(TANH, tanh)
#undef CURVE_RUN

static nas_status setup_clip(run_step *step, nas_shape *out, nas_err *err)
{
    *out = step->in[0]->shape;
    NAS_TRY(need_constant(step, 1, 1, err));
    return need_constant(step, 2, 1, err);
}

static void run_clip(const run_step *step)
{
    const double low = (double)step->in[1]->constant[0];
    const double high = (double)step->in[2]->constant[0];
    for (int64_t i = 0; i < nas_shape_count(step->out->shape); i++) {
        const double x = step->in[0]->data[i];
        step->out->data[i] = x < low ? low : x > high ? high : x;
    }
}

static nas_status setup_hard(run_step *step, nas_shape *out, nas_err *err)
{
    step->alpha = float_attribute(step, "alpha", 0.2);
    step->beta = float_attribute(step, "beta", 0.5);
    return setup_same(step, out, err);
}

static void run_hard(const run_step *step)
{
    for (int64_t i = 0; i < nas_shape_count(step->out->shape); i++) {
        const double y = step->alpha * step->in[0]->data[i] + step->beta;
        step->out->data[i] = y < 0 ? 0 : y > 1 ? 1 : y;
    }
}

/* Of one shape, or the second one number (if constant) or one per channel. */
static nas_status setup_arithmetic(run_step *step, nas_shape *out, nas_err *err)
{
    *out = step->in[0]->shape;
    if (step->in[1]->data == NULL)
        return need_constant(step, 1, step->in[1]->n_constant == 1 ? 1 : out->c, err);
    const nas_shape gate = {out->c, 1, 1};
    if (nas_shape_equal(*out, step->in[1]->shape) ||
        nas_shape_equal(gate, step->in[1]->shape))
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG, "the inputs have different shapes");
}

/* Element i of the second operand. */
static double operand(const run_step *step, int64_t i)
{
    const run_value *value = step->in[1];
    const int64_t plane = step->out->shape.h * step->out->shape.w;
    if (value->data != NULL)
        return value
            ->data[nas_shape_equal(value->shape, step->out->shape) ? i : i / plane];
    return (double)value->constant[value->n_constant == 1 ? 0 : i / plane];
}

/* ---- rows of tables ---------------------------------------------------------------- */

static nas_status setup_gather(run_step *step, nas_shape *out, nas_err *err)
{
    const run_value *index = step->in[1];
    const nas_shape in = step->in[0]->shape;
    if (int_attribute(step, "axis", 0) != 1 || index->whole == NULL)
        return nas_fail(err, NAS_E_CONFIG,
                        "expected axis 1 and an initialiser of indices");
    for (int64_t i = 0; i < index->n_constant; i++)
        if (index->whole[i] < 0 || index->whole[i] >= in.c)
            return nas_fail(err, NAS_E_CONFIG, "index %lld of %lld channels",
                            (long long)index->whole[i], (long long)in.c);
    *out = (nas_shape){index->n_constant, in.h, in.w};
    return NAS_OK;
}

static void run_gather(const run_step *step)
{
    const int64_t plane = step->out->shape.h * step->out->shape.w;
    for (int64_t i = 0; i < nas_shape_count(step->out->shape); i++)
        step->out->data[i] =
            step->in[0]->data[step->in[1]->whole[i / plane] * plane + i % plane];
}

/* Element by element from x of the first input. Truth is 1, so that Cast copies. */
#define ELEMENT_RUN(name, value)                                                         \
    static void run_##name(const run_step *step)                                         \
    {                                                                                    \
        for (int64_t i = 0; i < nas_shape_count(step->out->shape); i++) {                \
            const double x = step->in[0]->data[i];                                       \
            step->out->data[i] = (value);                                                \
        }                                                                                \
    }
ELEMENT_RUN(is_nan, isnan(x) ? 1 : 0)
ELEMENT_RUN(abs, fabs(x))
ELEMENT_RUN(less, x < operand(step, i) ? 1 : 0)
ELEMENT_RUN(add, x + operand(step, i))
ELEMENT_RUN(sub, x - operand(step, i))
ELEMENT_RUN(mul, x *operand(step, i))
ELEMENT_RUN(div, x / operand(step, i))
ELEMENT_RUN(where, x > 0 ? operand(step, i) : step->in[2]->data[i])

/* A constant per channel where the first input is true, else the third. */
static nas_status setup_where(run_step *step, nas_shape *out, nas_err *err)
{
    *out = step->in[0]->shape;
    NAS_TRY(need_computed(step, 2, err));
    NAS_TRY(need_constant(step, 1, out->c, err));
    if (nas_shape_equal(*out, step->in[2]->shape))
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG, "the inputs have different shapes");
}

static nas_status setup_concat(run_step *step, nas_shape *out, nas_err *err)
{
    *out = (nas_shape){0, step->in[0]->shape.h, step->in[0]->shape.w};
    for (size_t i = 0; i < step->proto->n_input; i++) {
        const nas_shape in = step->in[i]->shape;
        NAS_TRY(need_computed(step, i, err));
        if (in.h != out->h || in.w != out->w)
            return nas_fail(err, NAS_E_CONFIG, "the inputs have different shapes");
        out->c += in.c;
    }
    return NAS_OK;
}

static void run_concat(const run_step *step)
{
    double *out = step->out->data;
    for (size_t i = 0; i < step->proto->n_input; i++) {
        const int64_t count = nas_shape_count(step->in[i]->shape);
        memcpy(out, step->in[i]->data, (size_t)count * sizeof *out);
        out += count;
    }
}

static nas_status setup_flatten(run_step *step, nas_shape *out, nas_err *err)
{
    (void)err;
    *out = (nas_shape){nas_shape_count(step->in[0]->shape), 1, 1};
    return NAS_OK;
}

static void run_copy(const run_step *step)
{
    memcpy(step->out->data, step->in[0]->data,
           (size_t)nas_shape_count(step->out->shape) * sizeof *step->out->data);
}

static nas_status setup_softmax(run_step *step, nas_shape *out, nas_err *err)
{
    *out = step->in[0]->shape;
    if (out->h == 1 && out->w == 1)
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG, "expected a vector");
}

static void run_softmax(const run_step *step)
{
    nas_naive_softmax(step->out->shape.c, step->in[0]->data, step->out->data);
}

/* ---- int8 ------------------------------------------------------------------------ */

/* Scale and zero of a computed tensor. */
static nas_status need_scale(const run_step *step, nas_err *err)
{
    NAS_TRY(need_constant(step, 1, 1, err));
    const run_value *zero = step->in[2];
    if (zero->whole == NULL || zero->n_constant != 1)
        return nas_fail(err, NAS_E_CONFIG, "input 2 is no initialiser of one integer");
    return NAS_OK;
}

static nas_status setup_quantise(run_step *step, nas_shape *out, nas_err *err)
{
    *out = step->in[0]->shape;
    return need_scale(step, err);
}

/* Ties to even, as ONNX says. */
static void run_quantise(const run_step *step)
{
    const double scale = (double)step->in[1]->constant[0];
    const double zero = step->in[2]->whole[0];
    for (int64_t i = 0; i < nas_shape_count(step->out->shape); i++) {
        const double q = nearbyint(step->in[0]->data[i] / scale) + zero;
        step->out->data[i] = fmin(fmax(q, -128.0), 127.0);
    }
}

static nas_status setup_dequantise(run_step *step, nas_shape *out, nas_err *err)
{
    *out = step->in[0]->shape;
    if (step->in[0]->data == NULL) /* a weight: see make_weight */
        return NAS_OK;
    if (step->proto->n_input != 3)
        return nas_fail(err, NAS_E_CONFIG, "expected a scale and a zero");
    return need_scale(step, err);
}

static void run_dequantise(const run_step *step)
{
    if (step->in[0]->data == NULL)
        return;
    const double scale = (double)step->in[1]->constant[0];
    const double zero = step->in[2]->whole[0];
    for (int64_t i = 0; i < nas_shape_count(step->out->shape); i++)
        step->out->data[i] = (step->in[0]->data[i] - zero) * scale;
}

/* An integer weight, scaled per output channel, becomes a float initialiser; its zeros
 * are 0. */
static nas_status make_weight(const run_step *step, run_value *out, nas_err *err)
{
    const run_value *whole = step->in[0], *scales = step->in[1];
    if (whole->whole == NULL || scales->constant == NULL || scales->n_constant < 1 ||
        whole->n_constant % scales->n_constant != 0)
        return nas_fail(err, NAS_E_CONFIG, "expected integers and their scales");
    const int64_t run = whole->n_constant / scales->n_constant;
    out->n_constant = whole->n_constant;
    out->constant = NAS_NEW(step->arena, float, out->n_constant);
    NAS_TRY_ALLOC(out->constant, err);
    for (int64_t i = 0; i < out->n_constant; i++)
        out->constant[i] = (float)whole->whole[i] * scales->constant[i / run];
    return NAS_OK;
}

/* ---- recurrent layers ------------------------------------------------------------- */

/* The three orders the writer uses around a recurrent layer. Without the batch they are
 * [C][1][T] to [T][C], [T][D][H] to [D][H][T], and [D][H] as it is. */
static nas_status setup_transpose(run_step *step, nas_shape *out, nas_err *err)
{
    const nas_shape in = step->in[0]->shape;
    const Onnx__AttributeProto *perm = find_attribute(step, "perm");
    const size_t n = perm == NULL ? 0 : perm->n_ints;
    if (n == 4 && perm->ints[0] == 3 && in.h == 1)
        *out = (nas_shape){in.w, in.c, 1};
    else if (n == 4 && perm->ints[0] == 2)
        *out = (nas_shape){in.h, in.w, in.c};
    else if (n == 3 && in.w == 1)
        *out = in;
    else
        return nas_fail(err, NAS_E_CONFIG, "the order of axes is none that is written");
    return NAS_OK;
}

/* All but the last are a plane [before][rest] turned over. */
static void run_transpose(const run_step *step)
{
    const nas_shape in = step->in[0]->shape, out = step->out->shape;
    const bool same = nas_shape_equal(in, out);
    const int64_t columns = same ? 1 : in.h == 1 ? in.w : in.h * in.w;
    const int64_t rows = nas_shape_count(in) / columns;
    for (int64_t i = 0; i < rows * columns; i++)
        step->out->data[i % columns * rows + i / columns] = step->in[0]->data[i];
}

static nas_status setup_reshape(run_step *step, nas_shape *out, nas_err *err)
{
    (void)err;
    const nas_shape in = step->in[0]->shape;
    *out = (nas_shape){in.c * in.h, 1, in.w};
    return NAS_OK;
}

static nas_status setup_recurrent(run_step *step, nas_op_kind op, nas_shape *out,
                                  nas_err *err)
{
    nas_naive_recurrent *r = &step->recurrent;
    const nas_shape in = step->in[0]->shape;
    const int64_t directions = find_attribute(step, "direction") != NULL ? 2 : 1;
    *r = (nas_naive_recurrent){.op = op,
                               .steps = in.c,
                               .inputs = in.h,
                               .units = int_attribute(step, "hidden_size", 0),
                               .sequence = step->proto->n_output == 1};
    const int64_t rows = (op == NAS_OP_LSTM ? 4 : 3) * r->units;
    if (r->units < 1 || r->units > 65536 || in.w != 1)
        return nas_fail(err, NAS_E_CONFIG, "expected a series and 1 to 65536 units");
    NAS_TRY(need_constant(step, 1, directions * rows * r->inputs, err));
    NAS_TRY(need_constant(step, 2, directions * rows * r->units, err));
    NAS_TRY(need_constant(step, 3, directions * 2 * rows, err));
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
    if (int_attribute(step, "linear_before_reset", 0) != 1)
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

static const run_operator operators[] = {
    {"Conv", 2, 3, setup_conv, run_conv},
    {"Transpose", 1, 1, setup_transpose, run_transpose},
    {"Squeeze", 2, 2, setup_same, run_copy},
    {"Reshape", 2, 2, setup_reshape, run_copy},
    {"LSTM", 4, 4, setup_lstm, run_recurrent},
    {"GRU", 4, 4, setup_gru, run_recurrent},
    {"MaxPool", 1, 1, setup_window, run_max_pool},
    {"AveragePool", 1, 1, setup_window, run_avg_pool},
    {"GlobalAveragePool", 1, 1, setup_channels, run_global_avg_pool},
    {"Gemm", 2, 3, setup_gemm, run_gemm},
    {"BatchNormalization", 5, 5, setup_norm, run_norm},
    {"GlobalMaxPool", 1, 1, setup_channels, run_global_max_pool},
    {"HardSigmoid", 1, 1, setup_hard, run_hard},
    {"Relu", 1, 1, setup_same, run_relu},
    {"LeakyRelu", 1, 1, setup_same, run_leaky_relu},
    {"HardSwish", 1, 1, setup_same, run_hard_swish},
    {"Sigmoid", 1, 1, setup_same, run_sigmoid},
    {"Tanh", 1, 1, setup_same, run_tanh},
    {"Clip", 3, 3, setup_clip, run_clip},
    {"Add", 2, 2, setup_arithmetic, run_add},
    {"Sub", 2, 2, setup_arithmetic, run_sub},
    {"Mul", 2, 2, setup_arithmetic, run_mul},
    {"Gather", 2, 2, setup_gather, run_gather},
    {"IsNaN", 1, 1, setup_same, run_is_nan},
    {"Where", 3, 3, setup_where, run_where},
    {"Abs", 1, 1, setup_same, run_abs},
    {"Less", 2, 2, setup_arithmetic, run_less},
    {"Div", 2, 2, setup_arithmetic, run_div},
    {"Cast", 1, 1, setup_same, run_copy},
    {"Concat", 1, 0, setup_concat, run_concat},
    {"Flatten", 1, 1, setup_flatten, run_copy},
    {"Unsqueeze", 2, 2, setup_same, run_copy},
    {"Identity", 1, 1, setup_same, run_copy},
    {"Softmax", 1, 1, setup_softmax, run_softmax},
    {"QuantizeLinear", 3, 3, setup_quantise, run_quantise},
    {"DequantizeLinear", 2, 3, setup_dequantise, run_dequantise},
};

/* ---- preparing -------------------------------------------------------------------- */

static run_value *find_value(nas_onnx_program *p, const char *name)
{
    for (size_t i = 0; i < p->n_values; i++)
        if (name != NULL && strcmp(p->values[i].name, name) == 0)
            return &p->values[i];
    return NULL;
}

/* Append a value. @return it, or NULL when the name is missing or taken */
static run_value *add_value(nas_onnx_program *p, const char *name)
{
    if (name == NULL || find_value(p, name) != NULL)
        return NULL;
    p->values[p->n_values].name = name;
    return &p->values[p->n_values++];
}

static nas_status add_data(nas_onnx_program *p, run_value *value, nas_err *err)
{
    const int64_t count = nas_shape_count(value->shape);
    value->data = NAS_NEW(p->arena, double, count);
    NAS_TRY_ALLOC(value->data, err);
    return NAS_OK;
}

/* Raw int8 and int32; other integers are axes of Unsqueeze and have no value here. */
static nas_status add_whole(nas_onnx_program *p, run_value *value,
                            const Onnx__TensorProto *tensor, nas_err *err)
{
    const bool narrow = tensor->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT8;
    const uint8_t *bytes = tensor->raw_data.data;
    if ((!narrow && tensor->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__INT32) ||
        !tensor->has_raw_data)
        return NAS_OK;
    value->n_constant = (int64_t)(tensor->raw_data.len / (narrow ? 1 : 4));
    value->whole = NAS_NEW(p->arena, int32_t, value->n_constant);
    NAS_TRY_ALLOC(value->whole, err);
    for (int64_t i = 0; i < value->n_constant; i++) {
        const uint8_t *at = bytes + 4 * i;
        value->whole[i] = narrow
                              ? (int8_t)bytes[i]
                              : (int32_t)((uint32_t)at[0] | (uint32_t)at[1] << 8 |
                                          (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24);
    }
    return NAS_OK;
}

static nas_status add_initialiser(nas_onnx_program *p, const Onnx__TensorProto *tensor,
                                  nas_err *err)
{
    run_value *value = add_value(p, tensor->name);
    if (value == NULL)
        return nas_fail(err, NAS_E_CONFIG, "an initialiser has no name or a taken one");
    if (tensor->data_type != ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT)
        return add_whole(p, value, tensor, err);
    value->n_constant =
        (int64_t)(tensor->has_raw_data ? tensor->raw_data.len / sizeof(float)
                                       : tensor->n_float_data);
    value->constant = NAS_NEW(p->arena, float, value->n_constant);
    NAS_TRY_ALLOC(value->constant, err);
    return nas_onnx_copy_floats(tensor, value->n_constant, value->constant, err);
}

static nas_status add_input(nas_onnx_program *p, nas_err *err)
{
    const Onnx__ValueInfoProto *info = p->graph->n_input == 1 ? p->graph->input[0] : NULL;
    const Onnx__TensorShapeProto *shape =
        info != NULL && info->type != NULL &&
                info->type->value_case == ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE
            ? info->type->tensor_type->shape
            : NULL;
    int64_t dims[3] = {0};
    for (size_t i = 0; shape != NULL && shape->n_dim == 4 && i < 3; i++)
        dims[i] = shape->dim[i + 1]->dim_value;
    for (int i = 0; i < 3; i++)
        if (dims[i] < 1 || dims[i] > 65536)
            return nas_fail(err, NAS_E_CONFIG, "expected one input [batch,C,H,W]");
    p->input = add_value(p, info->name);
    if (p->input == NULL)
        return nas_fail(err, NAS_E_CONFIG, "the input has no name or a taken one");
    p->input->shape = (nas_shape){dims[0], dims[1], dims[2]};
    return add_data(p, p->input, err);
}

static const run_operator *find_operator(const Onnx__NodeProto *proto)
{
    for (size_t i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (proto->op_type != NULL && strcmp(proto->op_type, operators[i].name) == 0)
            return &operators[i];
    return NULL;
}

static nas_status find_inputs(nas_onnx_program *p, run_step *step, nas_err *err)
{
    const Onnx__NodeProto *proto = step->proto;
    step->op = find_operator(proto);
    /* A recurrent step may give its second output only. */
    const bool second = proto->n_output == 2 && proto->output[0][0] == '\0';
    if (step->op == NULL || (proto->n_output != 1 && !second))
        return nas_fail(err, NAS_E_CONFIG,
                        "operator \"%.40s\" is not among those written",
                        proto->op_type ? proto->op_type : "");
    if (proto->n_input < step->op->min_inputs ||
        (step->op->max_inputs > 0 && proto->n_input > step->op->max_inputs))
        return nas_fail(err, NAS_E_CONFIG, "%s has %zu inputs", step->op->name,
                        proto->n_input);
    step->in = NAS_NEW(p->arena, const run_value *, proto->n_input);
    NAS_TRY_ALLOC(step->in, err);
    for (size_t i = 0; i < proto->n_input; i++) {
        step->in[i] = find_value(p, proto->input[i]);
        if (step->in[i] == NULL)
            return nas_fail(err, NAS_E_CONFIG, "%s reads \"%.40s\", which nothing writes",
                            step->op->name, proto->input[i]);
    }
    return step->op->run == run_dequantise ? NAS_OK : need_computed(step, 0, err);
}

static nas_status add_step(nas_onnx_program *p, const Onnx__NodeProto *proto,
                           nas_err *err)
{
    run_step *step = &p->steps[p->n_steps++];
    nas_shape shape = {0};
    step->proto = proto;
    step->arena = p->arena;
    NAS_TRY(find_inputs(p, step, err));
    nas_status status = step->op->setup(step, &shape, err);
    if (status != NAS_OK) {
        nas_err_context(err, "%s \"%.60s\"", step->op->name, proto->name);
        return status;
    }
    step->out = add_value(p, proto->output[proto->n_output - 1]);
    if (step->out == NULL)
        return nas_fail(err, NAS_E_CONFIG, "output of %s has no name or a taken one",
                        step->op->name);
    if (step->in[0]->data == NULL)
        return make_weight(step, step->out, err);
    step->out->shape = shape;
    return add_data(p, step->out, err);
}

nas_status nas_onnx_prepare(const Onnx__ModelProto *proto, nas_arena *arena,
                            nas_onnx_program **out, nas_err *err)
{
    const Onnx__GraphProto *graph = proto->graph;
    nas_onnx_program *p = NAS_NEW(arena, nas_onnx_program, 1);
    NAS_TRY_ALLOC(p, err);
    p->arena = arena;
    p->graph = graph;
    p->values = NAS_NEW(arena, run_value, graph->n_initializer + graph->n_node + 1);
    p->steps = NAS_NEW(arena, run_step, graph->n_node);
    NAS_TRY_ALLOC(p->values, err);
    NAS_TRY_ALLOC(p->steps, err);
    for (size_t i = 0; i < graph->n_initializer; i++)
        NAS_TRY(add_initialiser(p, graph->initializer[i], err));
    NAS_TRY(add_input(p, err));
    for (size_t i = 0; i < graph->n_node; i++)
        NAS_TRY(add_step(p, graph->node[i], err));
    p->output = graph->n_output == 1 ? find_value(p, graph->output[0]->name) : NULL;
    if (p->output == NULL || p->output->data == NULL)
        return nas_fail(err, NAS_E_CONFIG, "expected one output that a node writes");
    *out = p;
    return NAS_OK;
}

int64_t nas_onnx_inputs(const nas_onnx_program *program)
{
    return nas_shape_count(program->input->shape);
}

int64_t nas_onnx_outputs(const nas_onnx_program *program)
{
    return nas_shape_count(program->output->shape);
}

void nas_onnx_run(const nas_onnx_program *program, const float *in, float *out)
{
    for (int64_t i = 0; i < nas_onnx_inputs(program); i++)
        program->input->data[i] = (double)in[i];
    for (size_t i = 0; i < program->n_steps; i++)
        program->steps[i].op->run(&program->steps[i]);
    for (int64_t i = 0; i < nas_onnx_outputs(program); i++)
        out[i] = (float)program->output->data[i];
}
