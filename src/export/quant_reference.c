/* The int8 reference interpreter: one function per kind of step, all tensors kept, in the
 * graph's order [C][H][W], straight from the definitions of the number format. Shares no
 * code with the shipped kernels. */
#include "export/quant_reference.h"

#include "export/head.h"
#include "export/kernels8.h"
#include "export/naive.h"

#include <math.h>
#include <string.h>

/* One step being computed. */
typedef struct ref_step {
    const nas_quant *quant;
    const nas_step *step;
    const nas_quant_step *q;
    const nas_node *node;
    int index;
    nas_shape in, out;
    const int8_t *const *inputs; /* [n_inputs] */
    int8_t *result;
} ref_step;

/* round(x / 2^bits), ties away from zero */
static int64_t rounded_shift(int64_t x, int bits)
{
    const int64_t half = bits > 0 ? (int64_t)1 << (bits - 1) : 0;
    const int64_t size = (x < 0 ? -x : x) + half;
    return x < 0 ? -(size >> bits) : size >> bits;
}

/* The first rounding takes ties of negative products up, as the doubling high multiply
 * of ARM's instruction set does. */
static int64_t rescale(int64_t x, nas_rescale r)
{
    const int64_t product = x * r.multiplier;
    const bool tie = product < 0 && -product % 2147483648 == 1073741824;
    return rounded_shift(rounded_shift(product, 31) + tie, r.shift);
}

static int8_t clamp(const ref_step *s, int64_t value)
{
    value += s->q->out.zero;
    value = value < s->q->low ? s->q->low : value;
    return (int8_t)(value > s->q->high ? s->q->high : value);
}

static int64_t real(const ref_step *s, int k, int64_t i)
{
    return s->inputs[k][i] - nas_quant_source(s->quant, s->index, k).zero;
}

/* ---- windows --------------------------------------------------------------------- */

/* Index into the input of a tap of one output element, or -1 on the padding. */
static int64_t tap_at(const ref_step *s, int64_t channel, int64_t out, int64_t tap)
{
    const nas_value *a = s->node->attr;
    const int64_t kernel_w = a[NAS_ATTR_KERNEL_W].i;
    const bool dilates =
        s->step->kind == NAS_STEP_CONV || s->step->kind == NAS_STEP_DEPTHWISE;
    const int64_t dh = dilates ? a[NAS_ATTR_DILATION_H].i : 1;
    const int64_t dw = dilates ? a[NAS_ATTR_DILATION_W].i : 1;
    const int pad = (int)a[NAS_ATTR_PAD].i;
    const int64_t y = out / s->out.w * a[NAS_ATTR_STRIDE_H].i + tap / kernel_w * dh -
                      nas_window_pad_before(a[NAS_ATTR_KERNEL_H].i, dh, pad);
    const int64_t x = out % s->out.w * a[NAS_ATTR_STRIDE_W].i + tap % kernel_w * dw -
                      nas_window_pad_before(kernel_w, dw, pad);
    if (y < 0 || y >= s->in.h || x < 0 || x >= s->in.w)
        return -1;
    return (channel * s->in.h + y) * s->in.w + x;
}

static int64_t taps_of(const ref_step *s)
{
    return s->node->attr[NAS_ATTR_KERNEL_H].i * s->node->attr[NAS_ATTR_KERNEL_W].i;
}

/* @param depth  input channels of an output channel, from `first` on */
static void convolve(const ref_step *s, int64_t o, int64_t first, int64_t depth)
{
    const int64_t taps = taps_of(s), plane = s->out.h * s->out.w;
    const int8_t *w = s->q->kernel + o * depth * taps;
    for (int64_t i = 0; i < plane; i++) {
        int64_t sum = s->q->bias[o];
        for (int64_t k = 0; k < depth * taps; k++) {
            const int64_t at = tap_at(s, first + k / taps, i, k % taps);
            sum += at < 0 ? 0 : real(s, 0, at) * w[k];
        }
        s->result[o * plane + i] = clamp(s, rescale(sum, s->q->rescales[o]));
    }
}

static void run_conv(const ref_step *s)
{
    const int64_t groups = s->node->attr[NAS_ATTR_CONV_GROUPS].i;
    const int64_t depth = s->in.c / groups;
    for (int64_t o = 0; o < s->out.c; o++)
        convolve(s, o, o / (s->out.c / groups) * depth, depth);
}

static void run_depthwise(const ref_step *s)
{
    for (int64_t c = 0; c < s->out.c; c++)
        convolve(s, c, c, 1);
}

static void run_max_pool(const ref_step *s)
{
    const int64_t plane = s->out.h * s->out.w;
    for (int64_t i = 0; i < s->out.c * plane; i++) {
        int64_t best = INT64_MIN;
        for (int64_t t = 0; t < taps_of(s); t++) {
            const int64_t at = tap_at(s, i / plane, i % plane, t);
            if (at >= 0 && s->inputs[0][at] > best)
                best = s->inputs[0][at];
        }
        s->result[i] = (int8_t)best;
    }
}

static void run_avg_pool(const ref_step *s)
{
    const int64_t plane = s->out.h * s->out.w;
    for (int64_t i = 0; i < s->out.c * plane; i++) {
        double sum = 0.0, count = 0.0;
        for (int64_t t = 0; t < taps_of(s); t++) {
            const int64_t at = tap_at(s, i / plane, i % plane, t);
            sum += at < 0 ? 0.0 : s->inputs[0][at];
            count += at < 0 ? 0.0 : 1.0;
        }
        s->result[i] = (int8_t)round(sum / count);
    }
}

/* ---- the rest -------------------------------------------------------------------- */

static void run_standardise(const ref_step *s)
{
    memcpy(s->result, s->inputs[0], (size_t)nas_shape_count(s->out));
}

static void run_dense(const ref_step *s)
{
    const int64_t n = nas_shape_count(s->in);
    for (int64_t o = 0; o < s->out.c; o++) {
        int64_t sum = s->q->bias[o];
        for (int64_t i = 0; i < n; i++)
            sum += real(s, 0, i) * s->q->kernel[o * n + i];
        s->result[o] = clamp(s, rescale(sum, s->q->rescales[o]));
    }
}

static void run_global_avg_pool(const ref_step *s)
{
    const int64_t plane = s->in.h * s->in.w;
    for (int64_t c = 0; c < s->out.c; c++) {
        int64_t sum = 0;
        for (int64_t i = 0; i < plane; i++)
            sum += real(s, 0, c * plane + i);
        s->result[c] = clamp(s, rescale(sum, s->q->whole));
    }
}

static void run_affine(const ref_step *s)
{
    const int64_t plane = s->out.h * s->out.w;
    for (int64_t i = 0; i < s->out.c * plane; i++) {
        const int64_t c = i / plane;
        const int64_t sum = s->q->bias[c] + real(s, 0, i) * s->q->kernel[c];
        s->result[i] = clamp(s, rescale(sum, s->q->rescales[c]));
    }
}

static int64_t lifted(const ref_step *s, int k, int64_t i)
{
    return real(s, k, i) * ((int64_t)1 << NAS_QUANT_HEADROOM);
}

static void run_activation(const ref_step *s)
{
    for (int64_t i = 0; i < nas_shape_count(s->out); i++)
        s->result[i] = clamp(s, rescale(lifted(s, 0, i), s->q->whole));
}

static void run_add(const ref_step *s)
{
    for (int64_t i = 0; i < nas_shape_count(s->out); i++) {
        int64_t sum = 0;
        for (int k = 0; k < s->step->n_inputs; k++)
            sum += rescale(lifted(s, k, i), s->q->terms[k]);
        s->result[i] = clamp(s, rescale(sum, s->q->whole));
    }
}

static void run_mul(const ref_step *s)
{
    const nas_node *second = nas_graph_node(s->quant->program->graph, s->node->inputs[1]);
    const int64_t plane = s->out.h * s->out.w;
    const bool gates = !nas_shape_equal(second->shape, s->out);
    for (int64_t i = 0; i < nas_shape_count(s->out); i++) {
        const int64_t product = real(s, 0, i) * real(s, 1, gates ? i / plane : i);
        const int64_t high = product * ((int64_t)1 << NAS_QUANT_PRODUCT_HEADROOM);
        s->result[i] = clamp(s, rescale(high, s->q->whole));
    }
}

static void run_global_max_pool(const ref_step *s)
{
    const int64_t plane = s->in.h * s->in.w;
    for (int64_t c = 0; c < s->out.c; c++) {
        s->result[c] = INT8_MIN;
        for (int64_t i = 0; i < plane; i++)
            if (s->inputs[0][c * plane + i] > s->result[c])
                s->result[c] = s->inputs[0][c * plane + i];
    }
}

/* Straight from the real values, not from the table. */
static void run_curve(const ref_step *s)
{
    const nas_quant_scale in = nas_quant_source(s->quant, s->index, 0);
    const bool leaky = s->node->op == NAS_OP_LEAKY_RELU;
    const double slope = leaky ? s->node->attr[NAS_ATTR_LEAKY_SLOPE].f : 0.0;
    for (int64_t i = 0; i < nas_shape_count(s->out); i++) {
        const double x = in.scale * (s->inputs[0][i] - in.zero);
        const double y = nas_naive_curve(s->node->op, slope, x);
        const double value = round(y / s->q->out.scale) + s->q->out.zero;
        s->result[i] = (int8_t)fmax(-128.0, fmin(127.0, value));
    }
}

static void run_concat(const ref_step *s)
{
    int8_t *out = s->result;
    for (int k = 0; k < s->step->n_inputs; k++) {
        const nas_node *from =
            nas_graph_node(s->quant->program->graph, s->node->inputs[k]);
        for (int64_t i = 0; i < nas_shape_count(from->shape); i++)
            *out++ = clamp(s, rescale(lifted(s, k, i), s->q->terms[k]));
    }
}

/* 2^-(x / 2^16) in 15 bits, as the shipped kernel defines it. */
static int64_t exp2_negative(int64_t x)
{
    const int64_t f = x % 65536 / 2;
    int64_t y = 7575 - 1296 * f / 32768;
    y = -22662 + y * f / 32768;
    y = 32768 + y * f / 32768;
    return x / 65536 < 32 ? y / ((int64_t)1 << (x / 65536)) : 0;
}

static void softmax(int64_t n, double scale, const int8_t *in, int8_t *out)
{
    const int64_t multiplier = nas_quant_softmax_multiplier(scale);
    int64_t top = INT64_MIN, sum = 0;
    for (int64_t i = 0; i < n; i++)
        top = in[i] > top ? in[i] : top;
    for (int64_t i = 0; i < n; i++)
        sum += exp2_negative((top - in[i]) * multiplier);
    for (int64_t i = 0; i < n; i++) {
        const int64_t e = exp2_negative((top - in[i]) * multiplier);
        const int64_t value = (e * 256 + sum / 2) / sum - 128;
        out[i] = (int8_t)(value > 127 ? 127 : value);
    }
}

static void run_softmax(const ref_step *s)
{
    softmax(s->out.c, nas_quant_source(s->quant, s->index, 0).scale, s->inputs[0],
            s->result);
}

typedef void (*ref_function)(const ref_step *s);

static const ref_function functions[NAS_STEP_KINDS] = {
    [NAS_STEP_STANDARDISE] = run_standardise,
    [NAS_STEP_CONV] = run_conv,
    [NAS_STEP_DEPTHWISE] = run_depthwise,
    [NAS_STEP_DENSE] = run_dense,
    [NAS_STEP_MAX_POOL] = run_max_pool,
    [NAS_STEP_AVG_POOL] = run_avg_pool,
    [NAS_STEP_GLOBAL_AVG_POOL] = run_global_avg_pool,
    [NAS_STEP_AFFINE] = run_affine,
    [NAS_STEP_ACTIVATION] = run_activation,
    [NAS_STEP_ADD] = run_add,
    [NAS_STEP_CONCAT] = run_concat,
    [NAS_STEP_MUL] = run_mul,
    [NAS_STEP_GLOBAL_MAX_POOL] = run_global_max_pool,
#define CURVE_RUN(upper, lower) [NAS_STEP_##upper] = run_curve,
    NAS_CURVE_LIST(CURVE_RUN)
#undef CURVE_RUN
        [NAS_STEP_SOFTMAX] = run_softmax,
};

/* ---- all ------------------------------------------------------------------------- */

void nas_quant_reference_step(const nas_quant *quant, int step,
                              const int8_t *const *inputs, int8_t *out)
{
    const nas_step *it = &quant->program->steps[step];
    const nas_node *node = nas_graph_node(quant->program->graph, it->node);
    const ref_step s = {.quant = quant,
                        .step = it,
                        .q = &quant->steps[step],
                        .node = node,
                        .index = step,
                        .in = it->in,
                        .out = node->shape,
                        .inputs = inputs,
                        .result = out};
    functions[it->kind](&s);
}

/* All tensors of a run: [0] the sample, [s + 1] the result of step s. */
static int8_t **make_tensors(const nas_quant *quant, nas_arena *arena)
{
    const nas_program *p = quant->program;
    int8_t **tensors = NAS_NEW(arena, int8_t *, p->n_steps + 1);
    for (int i = 0; tensors != NULL && i <= p->n_steps; i++) {
        const int node = i == 0 ? 0 : p->steps[i - 1].node;
        const nas_shape shape = nas_graph_node(p->graph, node)->shape;
        tensors[i] = NAS_NEW(arena, int8_t, nas_shape_count(shape));
        if (tensors[i] == NULL)
            return NULL;
    }
    return tensors;
}

/* @param inputs  room for the operands of any step */
static void run_row(const nas_quant *quant, int8_t *const *tensors, const int8_t **inputs,
                    int8_t *out)
{
    const nas_program *p = quant->program;
    const int64_t outputs = quant->model->n_outputs;
    const int8_t *last = tensors[0];
    for (int i = 0; i < p->n_steps; i++) {
        for (int k = 0; k < p->steps[i].n_inputs; k++)
            inputs[k] = tensors[quant->steps[i].sources[k] + 1];
        nas_quant_reference_step(quant, i, inputs, tensors[i + 1]);
        if (p->steps[i].output == p->output_buffer)
            last = tensors[i + 1];
    }
    if (nas_head_has_softmax(quant->model))
        softmax(outputs, nas_quant_last(quant).scale, last, out);
    else
        memcpy(out, last, (size_t)outputs);
}

static int most_inputs(const nas_program *p)
{
    int most = 1;
    for (int i = 0; i < p->n_steps; i++)
        most = p->steps[i].n_inputs > most ? p->steps[i].n_inputs : most;
    return most;
}

nas_status nas_quant_reference_run(const nas_quant *quant, const float *inputs, int64_t n,
                                   int8_t *outputs, nas_err *err)
{
    const int64_t row = nas_shape_count(nas_graph_input_shape(quant->program->graph));
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    int8_t **tensors = make_tensors(quant, arena);
    const int8_t **operands = NAS_NEW(arena, const int8_t *, most_inputs(quant->program));
    const bool ready = tensors != NULL && operands != NULL;
    for (int64_t i = 0; ready && i < n; i++) {
        nas_quant_input(quant, inputs + i * row, tensors[0]);
        run_row(quant, tensors, operands, outputs + i * quant->model->n_outputs);
    }
    nas_arena_free(arena);
    return ready ? NAS_OK : nas_fail(err, NAS_E_NOMEM, "out of memory");
}

void nas_quant_input(const nas_quant *quant, const float *sample, int8_t *out)
{
    nas_kernel8_quantise(nas_graph_input_shape(quant->program->graph),
                         quant->input_factor, quant->input_offset, sample, out);
}

void nas_quant_output(const nas_quant *quant, const int8_t *result, float *out)
{
    nas_kernel8_dequantise(quant->model->n_outputs, quant->output_factor,
                           quant->output_offset, result, out);
}
