#include "export/onnx_run.h"

#include "export/onnx_step.h"
#include "export/onnx_tensor.h"

#include <math.h>
#include <string.h>

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
    NAS_TRY(nas_onnx_ints_of(step, "kernel_shape", 1, w->kernel, 2, err));
    NAS_TRY(nas_onnx_ints_of(step, "strides", 1, w->stride, 2, err));
    NAS_TRY(nas_onnx_ints_of(step, "dilations", 1, w->dilation, 2, err));
    NAS_TRY(nas_onnx_ints_of(step, "pads", 0, pads, 4, err));
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
    w->groups = nas_onnx_int_of(step, "group", 1);
    if (w->groups < 1 || w->in.c % w->groups != 0)
        return nas_fail(err, NAS_E_CONFIG, "%lld groups of %lld channels",
                        (long long)w->groups, (long long)w->in.c);
    const int64_t per_output = w->in.c / w->groups * w->kernel[0] * w->kernel[1];
    w->out.c = step->in[1]->n_constant / per_output;
    if (w->out.c == 0 || w->out.c % w->groups != 0)
        return nas_fail(err, NAS_E_CONFIG, "the kernel does not fit %lld groups",
                        (long long)w->groups);
    NAS_TRY(nas_onnx_need_constant(step, 1, w->out.c * per_output, err));
    if (step->proto->n_input == 3)
        NAS_TRY(nas_onnx_need_constant(step, 2, w->out.c, err));
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
    if (nas_onnx_int_of(step, "transB", 0) != 1 || outputs == 0)
        return nas_fail(err, NAS_E_CONFIG, "expected transB = 1 and a kernel [out][%lld]",
                        (long long)inputs);
    NAS_TRY(nas_onnx_need_constant(step, 1, inputs * outputs, err));
    if (step->proto->n_input == 3)
        NAS_TRY(nas_onnx_need_constant(step, 2, outputs, err));
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
    step->epsilon = nas_onnx_float_of(step, "epsilon", 1e-5);
    *out = step->in[0]->shape;
    for (size_t i = 1; i < 5; i++)
        NAS_TRY(nas_onnx_need_constant(step, i, out->c, err));
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
    const double slope = nas_onnx_float_of(step, "alpha", 0.01);
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
    NAS_TRY(nas_onnx_need_constant(step, 1, 1, err));
    return nas_onnx_need_constant(step, 2, 1, err);
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
    step->alpha = nas_onnx_float_of(step, "alpha", 0.2);
    step->beta = nas_onnx_float_of(step, "beta", 0.5);
    return setup_same(step, out, err);
}

static void run_hard(const run_step *step)
{
    for (int64_t i = 0; i < nas_shape_count(step->out->shape); i++) {
        const double y = step->alpha * step->in[0]->data[i] + step->beta;
        step->out->data[i] = y < 0 ? 0 : y > 1 ? 1 : y;
    }
}

/* The second operand is a tensor of the first one's shape, of one value per channel or
 * of one value, or a constant: one number, one per channel, one per element, or, where
 * the first is a vector, a row for each of its elements. */
static nas_status setup_arithmetic(run_step *step, nas_shape *out, nas_err *err)
{
    const run_value *b = step->in[1];
    *out = step->in[0]->shape;
    if (b->data == NULL) {
        const int64_t n = b->n_constant, count = nas_shape_count(*out);
        const bool rows = count == out->c && n > 0 && n % count == 0;
        if (rows)
            out->w = n / count;
        return nas_onnx_need_constant(step, 1, n == 1 || n == count || rows ? n : out->c,
                                      err);
    }
    const nas_shape gate = {out->c, 1, 1};
    if (nas_shape_equal(*out, b->shape) || nas_shape_equal(gate, b->shape) ||
        nas_shape_count(b->shape) == 1)
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG, "the inputs have different shapes");
}

/* Element i of the first operand. */
static double first_operand(const run_step *step, int64_t i)
{
    const nas_shape in = step->in[0]->shape;
    return step->in[0]
        ->data[nas_shape_equal(in, step->out->shape) ? i : i / step->out->shape.w];
}

/* Element i of the second operand. */
static double operand(const run_step *step, int64_t i)
{
    const run_value *b = step->in[1];
    const nas_shape out = step->out->shape;
    const int64_t plane = out.h * out.w;
    if (b->data != NULL && nas_shape_count(b->shape) == 1)
        return b->data[0];
    if (b->data != NULL)
        return b->data[nas_shape_equal(b->shape, out) ? i : i / plane];
    if (b->n_constant == 1)
        return (double)b->constant[0];
    return (double)b->constant[b->n_constant == nas_shape_count(out) ? i : i / plane];
}

/* ---- rows of tables ---------------------------------------------------------------- */

static nas_status setup_gather(run_step *step, nas_shape *out, nas_err *err)
{
    const run_value *index = step->in[1];
    const nas_shape in = step->in[0]->shape;
    if (nas_onnx_int_of(step, "axis", 0) != 1 || index->whole == NULL)
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
            const double x = first_operand(step, i);                                     \
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
    NAS_TRY(nas_onnx_need_computed(step, 2, err));
    NAS_TRY(nas_onnx_need_constant(step, 1, out->c, err));
    if (nas_shape_equal(*out, step->in[2]->shape))
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG, "the inputs have different shapes");
}

static void run_max(const run_step *step)
{
    for (int64_t i = 0; i < nas_shape_count(step->out->shape); i++)
        step->out->data[i] = fmax(first_operand(step, i), operand(step, i));
}

static void run_log(const run_step *step)
{
    for (int64_t i = 0; i < nas_shape_count(step->out->shape); i++)
        step->out->data[i] = log(step->in[0]->data[i]);
}

/* Over everything but the batch. */
static nas_status setup_reduce(run_step *step, nas_shape *out, nas_err *err)
{
    int64_t axes[3] = {0};
    NAS_TRY(nas_onnx_ints_of(step, "axes", 1, axes, 3, err));
    *out = (nas_shape){1, 1, 1};
    if (axes[0] == 1 && axes[1] == 2 && axes[2] == 3)
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG, "axes are not 1, 2, 3");
}

static void run_reduce_max(const run_step *step)
{
    const double *x = step->in[0]->data;
    step->out->data[0] = x[0];
    for (int64_t i = 1; i < nas_shape_count(step->in[0]->shape); i++)
        step->out->data[0] = fmax(step->out->data[0], x[i]);
}

static nas_status setup_concat(run_step *step, nas_shape *out, nas_err *err)
{
    *out = (nas_shape){0, step->in[0]->shape.h, step->in[0]->shape.w};
    for (size_t i = 0; i < step->proto->n_input; i++) {
        const nas_shape in = step->in[i]->shape;
        NAS_TRY(nas_onnx_need_computed(step, i, err));
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

/* ---- int8 ------------------------------------------------------------------------ */

/* Scale and zero of a computed tensor. */
static nas_status need_scale(const run_step *step, nas_err *err)
{
    NAS_TRY(nas_onnx_need_constant(step, 1, 1, err));
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

static const run_operator operators[] = {
    {"Conv", 2, 3, setup_conv, run_conv},
    {"Squeeze", 2, 2, setup_same, nas_onnx_run_copy},
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
    {"Cast", 1, 1, setup_same, nas_onnx_run_copy},
    {"Max", 2, 2, setup_arithmetic, run_max},
    {"Log", 1, 1, setup_same, run_log},
    {"ReduceMax", 1, 1, setup_reduce, run_reduce_max},
    {"Concat", 1, 0, setup_concat, run_concat},
    {"Flatten", 1, 1, setup_flatten, nas_onnx_run_copy},
    {"Unsqueeze", 2, 2, setup_same, nas_onnx_run_copy},
    {"Identity", 1, 1, setup_same, nas_onnx_run_copy},
    {"QuantizeLinear", 3, 3, setup_quantise, run_quantise},
    {"DequantizeLinear", 2, 3, setup_dequantise, run_dequantise},
    {NULL, 0, 0, NULL, NULL},
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

/* Shapes and axes. */
static nas_status add_long(nas_onnx_program *p, run_value *value,
                           const Onnx__TensorProto *tensor, nas_err *err)
{
    value->n_constant = (int64_t)tensor->n_int64_data;
    value->whole = NAS_NEW(p->arena, int32_t, value->n_constant + 1);
    NAS_TRY_ALLOC(value->whole, err);
    for (int64_t i = 0; i < value->n_constant; i++) {
        const int64_t n = tensor->int64_data[i];
        if (n < INT32_MIN || n > INT32_MAX)
            return nas_fail(err, NAS_E_CONFIG, "%.60s holds %lld, expected 32 bits",
                            value->name, (long long)n);
        value->whole[i] = (int32_t)n;
    }
    return NAS_OK;
}

/* Raw int8 and int32; other integers have no value here. */
static nas_status add_whole(nas_onnx_program *p, run_value *value,
                            const Onnx__TensorProto *tensor, nas_err *err)
{
    const bool narrow = tensor->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT8;
    const uint8_t *bytes = tensor->raw_data.data;
    if (tensor->data_type == ONNX__TENSOR_PROTO__DATA_TYPE__INT64)
        return add_long(p, value, tensor, err);
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

static const run_operator *find_among(const run_operator *table, const char *name)
{
    for (; name != NULL && table->name != NULL; table++)
        if (strcmp(name, table->name) == 0)
            return table;
    return NULL;
}

static const run_operator *find_operator(const Onnx__NodeProto *proto)
{
    const run_operator *op = find_among(operators, proto->op_type);
    return op != NULL ? op : find_among(nas_onnx_series_operators, proto->op_type);
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
    return step->op->run == run_dequantise ? NAS_OK
                                           : nas_onnx_need_computed(step, 0, err);
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
