#include "export/quant.h"

#include "export/calibrate.h"
#include "export/equalise.h"
#include "export/head.h"
#include "export/naive.h"
#include "nasmith/export.h"

#include <math.h>
#include <string.h>

static const double SMALLEST_SCALE = 1e-30;

/* A quantisation in progress. */
typedef struct quantising {
    nas_quant *quant;
    const nas_statistics *statistics; /* by node */
    bool bias_correction;
    nas_err *err;
} quantising;

/* The step being quantised. */
typedef struct step_view {
    const nas_step *step;
    const nas_node *node;
    nas_quant_step *out;
    int index;
    double low, high;           /* of its result */
    nas_quant_scale in;         /* of the first input */
    const nas_statistics *from; /* the first input's */
} step_view;

const char *nas_range_method_name(nas_range_method calibration)
{
    static const char *const names[NAS_RANGE_METHODS] = {"best", "min-max", "percentile",
                                                         "mse"};
    return names[calibration];
}

nas_quant_options nas_quant_options_default(void)
{
    return (nas_quant_options){
        .calibration = NAS_RANGE_BEST, .bias_correction = true, .equalise = true};
}

/* ---- scales ---------------------------------------------------------------------- */

/* Scale and zero of a range that contains 0; the scale is at least `least`. */
static nas_quant_scale scale_of(double low, double high, double least)
{
    double scale = fmax((high - low) / 255.0, fmax(least, SMALLEST_SCALE));
    nas_quant_scale out = {.scale = (double)(float)scale};
    if (out.scale < scale) /* rounded down: the next float keeps the promise */
        out.scale = (double)nextafterf((float)out.scale, INFINITY);
    double zero = round(-128.0 - low / out.scale);
    out.zero = (int32_t)fmin(fmax(zero, -128.0), 127.0);
    return out;
}

nas_rescale nas_rescale_of(double factor)
{
    int exponent = 0;
    double mantissa = frexp(factor, &exponent);
    double multiplier = round(mantissa * 2147483648.0);
    if (multiplier >= 2147483648.0) {
        multiplier /= 2.0;
        exponent++;
    }
    if (exponent > 0 || exponent < -31) /* 1 or more never comes from scale_of */
        return exponent > 0 ? (nas_rescale){INT32_MAX, 0} : (nas_rescale){0, 0};
    return (nas_rescale){(int32_t)multiplier, -exponent};
}

int32_t nas_quant_softmax_multiplier(double scale)
{
    const double largest = 16777216.0;
    return (int32_t)fmin(round(65536.0 * scale / log(2.0)), largest);
}

static nas_quant_scale scale_at(const nas_quant *quant, int source)
{
    return source == NAS_QUANT_SAMPLE ? quant->input : quant->steps[source].out;
}

nas_quant_scale nas_quant_source(const nas_quant *quant, int step, int k)
{
    return scale_at(quant, quant->steps[step].sources[k]);
}

nas_quant_scale nas_quant_last(const nas_quant *quant)
{
    const nas_program *p = quant->program;
    int last = NAS_QUANT_SAMPLE;
    for (int s = 0; s < p->n_steps; s++)
        if (p->steps[s].output == p->output_buffer)
            last = s;
    return scale_at(quant, last);
}

/* Clamp of a step's activation in its output's integers. */
static void set_activation(const step_view *v)
{
    nas_quant_step *out = v->out;
    const nas_activation activation = v->step->activation;
    out->low = activation == NAS_ACT_NONE ? -128 : out->out.zero;
    out->high = 127;
    if (activation == NAS_ACT_RELU6) {
        double six = out->out.zero + round(6.0 / out->out.scale);
        out->high = (int32_t)fmin(127.0, six);
    }
}

/* ---- steps with weights ---------------------------------------------------------- */

/* Scale of one output channel's weights: large enough for its largest weight and for
 * its bias to stay below 2^30. */
static double kernel_scale(const float *w, int64_t n, double bias, double in_scale)
{
    double largest = 0.0;
    for (int64_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)w[i]));
    double scale = fmax(largest / 127.0, fabs(bias) / (in_scale * 1073741824.0));
    return (double)(float)fmax(scale, SMALLEST_SCALE);
}

/* Mean of the input that weight i of output channel c is multiplied with. */
static double input_mean(const step_view *v, int64_t c, int64_t i)
{
    const nas_statistics *s = v->from;
    if (v->step->kind == NAS_STEP_DENSE)
        return s->mean[i];
    const nas_shape in = v->step->in;
    const int64_t plane = in.h * in.w;
    int64_t channel = c;
    if (v->step->kind == NAS_STEP_CONV) {
        const nas_value *a = v->node->attr;
        const int64_t groups = a[NAS_ATTR_CONV_GROUPS].i;
        const int64_t taps = a[NAS_ATTR_KERNEL_H].i * a[NAS_ATTR_KERNEL_W].i;
        channel = c / (v->step->out.c / groups) * (in.c / groups) + i / taps;
    }
    double sum = 0.0;
    for (int64_t p = 0; p < plane; p++)
        sum += s->mean[channel * plane + p];
    return sum / (double)plane;
}

/* Round one channel's weights. @return what its bias should grow by */
static double round_channel(const quantising *q, const step_view *v, int64_t c,
                            const float *w)
{
    nas_quant_step *out = v->out;
    const int64_t n = out->n_kernel / out->channels;
    double correction = 0.0;
    for (int64_t i = 0; i < n; i++) {
        double value = round((double)w[i] / out->kernel_scale[c]);
        value = fmin(fmax(value, -127.0), 127.0);
        out->kernel[c * n + i] = (int8_t)value;
        double lost = (double)w[i] - value * out->kernel_scale[c];
        if (q->bias_correction && lost != 0.0)
            correction += lost * input_mean(v, c, i);
    }
    return correction;
}

/* The sum of one channel must fit into 32 bits whatever the input. */
static nas_status check_sum(const quantising *q, const step_view *v, int64_t c)
{
    const int64_t n = v->out->n_kernel / v->out->channels;
    int64_t worst = v->out->bias[c] < 0 ? -(int64_t)v->out->bias[c] : v->out->bias[c];
    for (int64_t i = 0; i < n; i++) {
        const int64_t w = v->out->kernel[c * n + i];
        worst += 255 * (w < 0 ? -w : w);
    }
    if (worst <= INT32_MAX)
        return NAS_OK;
    return nas_fail(q->err, NAS_E_UNSUPPORTED,
                    "%s %s: the sum of %lld products may overflow 32 bits",
                    nas_op_get(v->node->op)->name, v->node->name, (long long)n);
}

static nas_status allocate(const quantising *q, nas_quant_step *out)
{
    nas_arena *arena = q->quant->arena;
    out->kernel = NAS_NEW(arena, int8_t, out->n_kernel);
    out->kernel_scale = NAS_NEW(arena, double, out->channels);
    out->bias = NAS_NEW(arena, int32_t, out->channels);
    out->rescales = NAS_NEW(arena, nas_rescale, out->channels);
    if (!out->kernel || !out->kernel_scale || !out->bias || !out->rescales)
        return nas_fail(q->err, NAS_E_NOMEM, "out of memory");
    return NAS_OK;
}

static nas_status round_weights(const quantising *q, const step_view *v,
                                const float *kernel, const float *bias)
{
    nas_quant_step *out = v->out;
    const int64_t n = out->n_kernel / out->channels;
    double largest = 0.0;
    for (int64_t c = 0; c < out->channels; c++) {
        out->kernel_scale[c] =
            kernel_scale(kernel + c * n, n, (double)bias[c], v->in.scale);
        largest = fmax(largest, out->kernel_scale[c]);
    }
    /* One output step is at least one product step: factors stay below 1. */
    out->out = scale_of(v->low, v->high, 1.001 * v->in.scale * largest);
    for (int64_t c = 0; c < out->channels; c++) {
        const double scale = v->in.scale * out->kernel_scale[c];
        const double grown = (double)bias[c] + round_channel(q, v, c, kernel + c * n);
        out->bias[c] = (int32_t)fmin(fmax(round(grown / scale), -1.5e9), 1.5e9);
        out->rescales[c] = nas_rescale_of(scale / out->out.scale);
        NAS_TRY(check_sum(q, v, c));
    }
    return NAS_OK;
}

static nas_status quantise_weighted(const quantising *q, const step_view *v)
{
    const nas_program *program = q->quant->program;
    nas_quant_step *out = v->out;
    nas_program_weight_sizes(program, v->step, &out->n_kernel, &out->channels);
    NAS_TRY(allocate(q, out));
    float *kernel = nas_heap_alloc((size_t)out->n_kernel, sizeof *kernel);
    float *bias = nas_heap_alloc((size_t)out->channels, sizeof *bias);
    nas_status status = NAS_OK;
    if (kernel == NULL || bias == NULL)
        status = nas_fail(q->err, NAS_E_NOMEM, "out of memory");
    if (status == NAS_OK) {
        nas_program_fold(program, v->step, q->quant->model->weights, kernel, bias);
        status = round_weights(q, v, kernel, bias);
    }
    nas_heap_free(kernel);
    nas_heap_free(bias);
    return status;
}

/* ---- steps without --------------------------------------------------------------- */

static nas_status quantise_standardise(const quantising *q, const step_view *v)
{
    (void)q;
    v->out->out = v->in;
    return NAS_OK;
}

/* Pools pick or average values: the scale stays. */
static nas_status quantise_pool(const quantising *q, const step_view *v)
{
    (void)q;
    v->out->out = v->in;
    return NAS_OK;
}

static nas_status quantise_mean(const quantising *q, const step_view *v)
{
    (void)q;
    const double share = v->in.scale / (double)(v->step->in.h * v->step->in.w);
    v->out->out = scale_of(v->low, v->high, 1.001 * share);
    v->out->whole = nas_rescale_of(share / v->out->out.scale);
    return NAS_OK;
}

static double headroom(double scale)
{
    return ldexp(scale, -NAS_QUANT_HEADROOM);
}

static nas_status quantise_activation(const quantising *q, const step_view *v)
{
    (void)q;
    v->out->out = scale_of(v->low, v->high, 1.001 * headroom(v->in.scale));
    v->out->whole = nas_rescale_of(headroom(v->in.scale) / v->out->out.scale);
    return NAS_OK;
}

/* Largest scale of a step's inputs. */
static double largest_input(const quantising *q, const step_view *v)
{
    double largest = 0.0;
    for (int k = 0; k < v->step->n_inputs; k++)
        largest = fmax(largest, nas_quant_source(q->quant, v->index, k).scale);
    return largest;
}

/* Operands are brought to a scale in which their sum has the headroom of one value. */
static nas_status quantise_add(const quantising *q, const step_view *v)
{
    const double common = 1.001 * v->step->n_inputs * largest_input(q, v);
    v->out->out = scale_of(v->low, v->high, 1.001 * headroom(common));
    v->out->whole = nas_rescale_of(headroom(common) / v->out->out.scale);
    for (int k = 0; k < v->step->n_inputs; k++)
        v->out->terms[k] =
            nas_rescale_of(nas_quant_source(q->quant, v->index, k).scale / common);
    return NAS_OK;
}

static nas_status quantise_concat(const quantising *q, const step_view *v)
{
    v->out->out = scale_of(v->low, v->high, 1.001 * headroom(largest_input(q, v)));
    for (int k = 0; k < v->step->n_inputs; k++) {
        const double scale = nas_quant_source(q->quant, v->index, k).scale;
        v->out->terms[k] = nas_rescale_of(headroom(scale) / v->out->out.scale);
    }
    return NAS_OK;
}

static nas_status quantise_mul(const quantising *q, const step_view *v)
{
    const double product = v->in.scale * nas_quant_source(q->quant, v->index, 1).scale;
    const double lifted = ldexp(product, -NAS_QUANT_PRODUCT_HEADROOM);
    v->out->out = scale_of(v->low, v->high, 1.001 * lifted);
    v->out->whole = nas_rescale_of(lifted / v->out->out.scale);
    return NAS_OK;
}

/* The range that a curve has whatever its input, as TensorFlow Lite fixes it; the others
 * have what was seen. */
static nas_quant_scale curve_scale(const step_view *v)
{
    switch (v->node->op) {
    case NAS_OP_SIGMOID:
    case NAS_OP_HARD_SIGMOID:
        return (nas_quant_scale){1.0 / 256.0, -128};
    case NAS_OP_TANH:
        return (nas_quant_scale){1.0 / 128.0, 0};
    default:
        return scale_of(v->low, v->high, 0.0);
    }
}

static nas_status quantise_curve(const quantising *q, const step_view *v)
{
    const nas_op_kind op = v->node->op;
    const double slope =
        op == NAS_OP_LEAKY_RELU ? v->node->attr[NAS_ATTR_LEAKY_SLOPE].f : 0.0;
    v->out->out = curve_scale(v);
    v->out->table = NAS_NEW(q->quant->arena, int8_t, NAS_QUANT_TABLE);
    NAS_TRY_ALLOC(v->out->table, q->err);
    for (int i = 0; i < NAS_QUANT_TABLE; i++) {
        const double x = v->in.scale * (i - 128 - v->in.zero);
        const double y = nas_naive_curve(op, slope, x) / v->out->out.scale;
        v->out->table[i] = (int8_t)fmin(fmax(round(y) + v->out->out.zero, -128.0), 127.0);
    }
    return NAS_OK;
}

static nas_status quantise_softmax(const quantising *q, const step_view *v)
{
    (void)q;
    v->out->out = (nas_quant_scale){1.0 / 256.0, -128};
    return NAS_OK;
}

typedef nas_status (*quantise_function)(const quantising *q, const step_view *v);

static const quantise_function functions[NAS_STEP_KINDS] = {
    [NAS_STEP_STANDARDISE] = quantise_standardise,
    [NAS_STEP_CONV] = quantise_weighted,
    [NAS_STEP_DEPTHWISE] = quantise_weighted,
    [NAS_STEP_DENSE] = quantise_weighted,
    [NAS_STEP_MAX_POOL] = quantise_pool,
    [NAS_STEP_AVG_POOL] = quantise_pool,
    [NAS_STEP_GLOBAL_AVG_POOL] = quantise_mean,
    [NAS_STEP_AFFINE] = quantise_weighted,
    [NAS_STEP_ACTIVATION] = quantise_activation,
    [NAS_STEP_ADD] = quantise_add,
#define CURVE_ENTRY(upper, lower) [NAS_STEP_##upper] = quantise_curve,
    NAS_CURVE_LIST(CURVE_ENTRY)
#undef CURVE_ENTRY
        [NAS_STEP_GLOBAL_MAX_POOL] = quantise_pool,
    [NAS_STEP_MUL] = quantise_mul,
    [NAS_STEP_CONCAT] = quantise_concat,
    [NAS_STEP_SOFTMAX] = quantise_softmax,
};

const char *nas_quant_refusal(const nas_graph *graph, int *node)
{
    for (int i = 0; i < nas_graph_count(graph); i++) {
        const char *reason = nas_op_get(nas_graph_node(graph, i)->op)->no_int8;
        if (reason == NULL)
            continue;
        if (node != NULL)
            *node = i;
        return reason;
    }
    return NULL;
}

static nas_status quantise_step(const quantising *q, int index, nas_range_method how)
{
    nas_quant *quant = q->quant;
    step_view v = {.step = &quant->program->steps[index],
                   .out = &quant->steps[index],
                   .index = index};
    const int source = v.out->sources[0];
    v.node = nas_graph_node(quant->program->graph, v.step->node);
    v.in = scale_at(quant, source);
    v.from =
        &q->statistics[source == NAS_QUANT_SAMPLE ? 0
                                                  : quant->program->steps[source].node];
    nas_statistics_range(&q->statistics[v.step->node], how, &v.low, &v.high);
    v.out->terms = NAS_NEW(quant->arena, nas_rescale, v.step->n_inputs);
    NAS_TRY_ALLOC(v.out->terms, q->err);
    if (functions[v.step->kind] == NULL)
        return nas_fail(q->err, NAS_E_UNSUPPORTED, "%s has no int8 form",
                        nas_op_get(v.node->op)->name);
    NAS_TRY(functions[v.step->kind](q, &v));
    set_activation(&v);
    return NAS_OK;
}

/* ---- before and after the steps -------------------------------------------------- */

/* Which step wrote what each input reads. */
static nas_status find_sources(nas_quant *quant, nas_err *err)
{
    const nas_program *p = quant->program;
    int *writer = NAS_NEW(quant->arena, int, p->n_buffers);
    quant->steps = NAS_NEW(quant->arena, nas_quant_step, p->n_steps);
    if (writer == NULL || quant->steps == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    writer[p->input_buffer] = NAS_QUANT_SAMPLE;
    for (int s = 0; s < p->n_steps; s++) {
        const nas_step *step = &p->steps[s];
        quant->steps[s].sources = NAS_NEW(quant->arena, int, step->n_inputs);
        NAS_TRY_ALLOC(quant->steps[s].sources, err);
        for (int k = 0; k < step->n_inputs; k++)
            quant->steps[s].sources[k] = writer[step->inputs[k]];
        writer[step->output] = s;
    }
    return NAS_OK;
}

/* The step that standardises the sample, or NULL; it must be the sample's only reader. */
static nas_status find_standardise(const nas_quant *quant, const nas_step **out,
                                   nas_err *err)
{
    int readers = 0;
    *out = NULL;
    for (int s = 0; s < quant->program->n_steps; s++) {
        const nas_step *step = &quant->program->steps[s];
        if (quant->steps[s].sources[0] == NAS_QUANT_SAMPLE &&
            step->kind == NAS_STEP_STANDARDISE)
            *out = step;
        else if (step->kind == NAS_STEP_STANDARDISE)
            return nas_fail(err, NAS_E_UNSUPPORTED,
                            "int8 needs one standardisation, node %d is another",
                            step->node);
        for (int k = 0; k < step->n_inputs; k++)
            readers += quant->steps[s].sources[k] == NAS_QUANT_SAMPLE;
    }
    if (*out != NULL && readers > 1)
        return nas_fail(err, NAS_E_UNSUPPORTED,
                        "int8 needs the sample read by its standardisation alone; it has "
                        "%d readers",
                        readers);
    return NAS_OK;
}

static nas_status quantise_input(const quantising *q, nas_range_method how)
{
    nas_quant *quant = q->quant;
    const nas_shape shape = nas_graph_input_shape(quant->program->graph);
    const nas_step *step = NULL;
    double low, high;
    NAS_TRY(find_standardise(quant, &step, q->err));
    nas_statistics_range(&q->statistics[step == NULL ? 0 : step->node], how, &low, &high);
    quant->input = scale_of(low, high, 0.0);
    quant->input_factor = NAS_NEW(quant->arena, float, shape.c);
    quant->input_offset = NAS_NEW(quant->arena, float, shape.c);
    if (quant->input_factor == NULL || quant->input_offset == NULL)
        return nas_fail(q->err, NAS_E_NOMEM, "out of memory");
    for (int64_t c = 0; c < shape.c; c++) {
        double mean = 0.0, inverse = 1.0;
        if (step != NULL) {
            const nas_node *node = nas_graph_node(quant->program->graph, step->node);
            mean = (double)node->constants[c];
            inverse = (double)node->constants[shape.c + c];
        }
        const double factor = inverse / quant->input.scale;
        quant->input_factor[c] = (float)factor;
        quant->input_offset[c] = (float)(quant->input.zero - mean * factor);
    }
    return NAS_OK;
}

static nas_status set_output(const quantising *q)
{
    nas_quant *quant = q->quant;
    const nas_model *model = quant->model;
    quant->output = nas_quant_last(quant);
    if (nas_head_has_softmax(model))
        quant->output = (nas_quant_scale){1.0 / 256.0, -128};
    quant->output_factor = NAS_NEW(quant->arena, float, model->n_outputs);
    quant->output_offset = NAS_NEW(quant->arena, float, model->n_outputs);
    if (quant->output_factor == NULL || quant->output_offset == NULL)
        return nas_fail(q->err, NAS_E_NOMEM, "out of memory");
    for (int64_t i = 0; i < model->n_outputs; i++) {
        const bool scaled = nas_head_has_scale(model);
        const double factor = scaled ? (double)model->target_deviation[i] : 1.0;
        const double offset = scaled ? (double)model->target_mean[i] : 0.0;
        quant->output_factor[i] = (float)(quant->output.scale * factor);
        quant->output_offset[i] =
            (float)(offset - quant->output.zero * quant->output.scale * factor);
    }
    return NAS_OK;
}

/* ---- entry ----------------------------------------------------------------------- */

static nas_status build(const nas_model *model, const nas_statistics *statistics,
                        const nas_quant_options *options, nas_quant *quant, nas_err *err)
{
    nas_program_options program = nas_program_options_default();
    const quantising q = {.quant = quant,
                          .statistics = statistics,
                          .bias_correction = options->bias_correction,
                          .err = err};
    program.dtype = NAS_INT8;
    quant->model = model;
    quant->calibration = options->calibration;
    quant->arena = nas_arena_new();
    NAS_TRY_ALLOC(quant->arena, err);
    NAS_TRY(
        nas_program_build(model->graph, &program, quant->arena, &quant->program, err));
    NAS_TRY(find_sources(quant, err));
    NAS_TRY(quantise_input(&q, options->calibration));
    for (int s = 0; s < quant->program->n_steps; s++)
        NAS_TRY(quantise_step(&q, s, options->calibration));
    return set_output(&q);
}

static nas_status build_new(const nas_model *model, const nas_statistics *statistics,
                            const nas_quant_options *options, nas_quant **out,
                            nas_err *err)
{
    nas_quant *quant = nas_heap_alloc(1, sizeof *quant);
    NAS_TRY_ALLOC(quant, err);
    nas_status status = build(model, statistics, options, quant, err);
    if (status == NAS_OK)
        *out = quant;
    else
        nas_quant_free(quant);
    return status;
}

/* Outputs of rows, in the user's units. @param quant  NULL: the float kernels */
static nas_status run_rows(const nas_model *model, const nas_quant *quant,
                           const float *rows, int64_t n, float *out, nas_err *err)
{
    nas_runtime *runtime = NULL;
    const int64_t inputs = nas_shape_count(nas_graph_input_shape(model->graph));
    if (quant == NULL)
        NAS_TRY(nas_runtime_new(model, &runtime, err));
    else
        NAS_TRY(nas_runtime_new_int8(quant, &runtime, err));
    for (int64_t i = 0; i < n; i++)
        nas_runtime_run(runtime, rows + i * inputs, out + i * model->n_outputs);
    nas_runtime_free(runtime);
    return NAS_OK;
}

/* The same network twice: as it is, and with equalised channels. */
typedef struct variant {
    nas_model model; /* shallow: with weights of its own */
    nas_statistics *statistics;
    bool equalised;
} variant;

/* What the variants are judged by, and the best of them so far. */
typedef struct contest {
    const float *rows;
    int64_t n;
    float *expected, *found; /* [n][outputs] of the floats, of one that is tried */
    double least;            /* squared error of the best */
    nas_quant *best;
} contest;

/* What one of them becomes by one method. */
static nas_status try_variant(contest *c, const variant *v,
                              const nas_quant_options *options, nas_err *err)
{
    nas_quant *quant = NULL;
    double error = 0.0;
    NAS_TRY(build_new(&v->model, v->statistics, options, &quant, err));
    quant->equalised = v->equalised;
    nas_status status = run_rows(&v->model, quant, c->rows, c->n, c->found, err);
    for (int64_t i = 0; i < c->n * v->model.n_outputs; i++)
        error += pow((double)c->found[i] - (double)c->expected[i], 2.0);
    const bool better = status == NAS_OK && (c->best == NULL || error < c->least);
    nas_quant_free(better ? c->best : quant);
    if (better) {
        c->best = quant;
        c->least = error;
    }
    return status;
}

/* The method whose outputs are closest to the float network's; the simpler one of
 * equals. */
static nas_status choose(contest *c, const variant *variants, int n_variants,
                         nas_quant_options options, nas_arena *arena, nas_err *err)
{
    const int64_t outputs = c->n * variants[0].model.n_outputs;
    c->expected = NAS_NEW(arena, float, outputs);
    c->found = NAS_NEW(arena, float, outputs);
    if (c->expected == NULL || c->found == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    NAS_TRY(run_rows(&variants[0].model, NULL, c->rows, c->n, c->expected, err));
    for (int i = 0; i < n_variants; i++) {
        for (int how = NAS_RANGE_MIN_MAX; how < NAS_RANGE_METHODS; how++) {
            options.calibration = (nas_range_method)how;
            NAS_TRY(try_variant(c, &variants[i], &options, err));
        }
    }
    return NAS_OK;
}

static nas_status equalise(const variant *from, const float *rows, int64_t n,
                           nas_arena *arena, variant *out, nas_err *err)
{
    const int64_t count = nas_graph_floats(from->model.graph);
    const nas_program_options options = nas_program_options_default();
    nas_program *program = NULL;
    int64_t channels = 0;
    *out = *from;
    out->model.weights = NAS_NEW(arena, float, count + 1);
    NAS_TRY_ALLOC(out->model.weights, err);
    memcpy(out->model.weights, from->model.weights, (size_t)count * sizeof(float));
    NAS_TRY(nas_program_build(from->model.graph, &options, arena, &program, err));
    NAS_TRY(nas_equalise(program, from->statistics, out->model.weights, &channels, err));
    out->equalised = channels > 0;
    if (!out->equalised)
        return NAS_OK;
    return nas_statistics_collect(&out->model, rows, n, arena, &out->statistics, err);
}

static nas_status quantise(const nas_model *model, const float *rows, int64_t n,
                           const nas_quant_options *options, nas_arena *arena,
                           nas_quant **out, nas_err *err)
{
    variant variants[2] = {{.model = *model}};
    int count = 1, node = 0;
    const char *reason = nas_quant_refusal(model->graph, &node);
    if (reason != NULL)
        return nas_fail(err, NAS_E_UNSUPPORTED, "%s has no int8 form: %s",
                        nas_op_get(nas_graph_node(model->graph, node)->op)->name, reason);
    NAS_TRY(nas_statistics_collect(model, rows, n, arena, &variants[0].statistics, err));
    if (options->equalise) {
        NAS_TRY(equalise(&variants[0], rows, n, arena, &variants[1], err));
        count += variants[1].equalised;
    }
    const variant *last = &variants[count - 1];
    if (options->calibration != NAS_RANGE_BEST) {
        NAS_TRY(build_new(&last->model, last->statistics, options, out, err));
        (*out)->equalised = last->equalised;
    } else {
        contest c = {.rows = rows, .n = n};
        nas_status status = choose(&c, variants, count, *options, arena, err);
        *out = c.best;
        NAS_TRY(status);
    }
    (*out)->model = model;
    return NAS_OK;
}

nas_status nas_quantise(const nas_model *model, const float *rows, int64_t n,
                        const nas_quant_options *options, nas_quant **out, nas_err *err)
{
    const nas_quant_options standard = nas_quant_options_default();
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_quant *quant = NULL;
    nas_status status = quantise(model, rows, n, options == NULL ? &standard : options,
                                 arena, &quant, err);
    nas_arena_free(arena);
    if (status == NAS_OK)
        *out = quant;
    else
        nas_quant_free(quant);
    return status;
}

void nas_quant_free(nas_quant *quant)
{
    if (quant == NULL)
        return;
    nas_arena_free(quant->arena);
    nas_heap_free(quant);
}

nas_range_method nas_quant_calibration(const nas_quant *quant)
{
    return quant->calibration;
}

bool nas_quant_equalised(const nas_quant *quant)
{
    return quant->equalised;
}
