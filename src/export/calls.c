#include "export/calls.h"

#include "export/head.h"
#include "nasmith/graph.h"

#include <float.h>
#include <string.h>

/* How a tensor lies in its buffer. `order` is NULL when it lies as [h][w][c] of `shape`;
 * otherwise the tensor is a vector and order[i] is the index of the element at i. */
typedef struct layout {
    nas_shape shape;
    const uint32_t *order;
} layout;

typedef struct lowering {
    const nas_model *model;
    const nas_quant *quant; /* NULL: floats */
    nas_arena *arena;
    nas_calls *calls;
    layout *layouts; /* [buffers]: of the tensor each holds now */
    nas_err *err;
} lowering;

/* The step being lowered. */
typedef struct step_view {
    const nas_step *step;
    const nas_node *node;
    int index;
    layout in;            /* of the first input, as the node sees it */
    float *kernel, *bias; /* folded, in the graph's order; NULL where there are none */
} step_view;

/* ---- layouts ---------------------------------------------------------------------- */

/* A tensor as its reader sees it: an image that is read as a vector becomes a permuted
 * vector. *out.order stays NULL where both orders are the same. */
static nas_status view(lowering *l, layout held, nas_shape wanted, layout *out)
{
    const int64_t pixels = held.shape.h * held.shape.w;
    *out = (layout){wanted, held.order};
    if (held.order != NULL || held.shape.c == 1 || pixels == 1 ||
        nas_shape_equal(held.shape, wanted))
        return NAS_OK;
    uint32_t *order = NAS_NEW(l->arena, uint32_t, pixels * held.shape.c);
    NAS_TRY_ALLOC(order, l->err);
    for (int64_t i = 0; i < pixels * held.shape.c; i++)
        order[i] = (uint32_t)(i % held.shape.c * pixels + i / held.shape.c);
    out->order = order;
    return NAS_OK;
}

/* View of input k of a step. */
static nas_status input_view(lowering *l, const step_view *v, int k, layout *out)
{
    const nas_node *source = nas_graph_node(l->model->graph, v->node->inputs[k]);
    return view(l, l->layouts[v->step->inputs[k]], source->shape, out);
}

static int64_t logical(const uint32_t *order, int64_t i)
{
    return order == NULL ? i : (int64_t)order[i];
}

static bool same_order(const layout *a, const layout *b)
{
    if (a->order == NULL || b->order == NULL)
        return a->order == b->order;
    return memcmp(a->order, b->order,
                  (size_t)nas_shape_count(a->shape) * sizeof *a->order) == 0;
}

/* ---- emitting calls ---------------------------------------------------------------- */

static int64_t at(const lowering *l, int buffer)
{
    const int64_t element = l->quant != NULL ? 1 : (int64_t)sizeof(float);
    return l->calls->program->buffers[buffer].offset / element;
}

static nas_call *add_call(lowering *l, nas_kernel kernel, int step)
{
    nas_call *call = &l->calls->list[l->calls->n++];
    call->kernel = kernel;
    call->step = step;
    call->map.low = -FLT_MAX;
    call->map.high = FLT_MAX;
    call->int8.low = INT8_MIN;
    call->int8.high = INT8_MAX;
    return call;
}

/* Zeros and clamp of a call's first input and its result. */
static void set_int8(const lowering *l, int step, nas_call *call)
{
    if (l->quant == NULL)
        return;
    const nas_quant_step *s = &l->quant->steps[step];
    call->int8.in_zero = nas_quant_source(l->quant, step, 0).zero;
    call->int8.out_zero = s->out.zero;
    call->int8.low = s->low;
    call->int8.high = s->high;
    call->int8.multiplier = s->whole.multiplier;
    call->int8.shift = s->whole.shift;
}

static void clamp_of(const nas_step *step, float *low, float *high)
{
    *low = step->activation == NAS_ACT_NONE ? -FLT_MAX : 0;
    *high = step->activation == NAS_ACT_RELU6 ? 6 : FLT_MAX;
}

/* A call of the step's kernel on its first input; `in` and `out` are channels. */
static nas_call *map_call(lowering *l, const step_view *v, nas_kernel kernel,
                          int64_t pixels, int64_t in, int64_t out)
{
    nas_call *call = add_call(l, kernel, v->index);
    call->map.pixels = (int32_t)pixels;
    call->map.in_c = (int32_t)in;
    call->map.out_c = (int32_t)out;
    clamp_of(v->step, &call->map.low, &call->map.high);
    call->in[0] = at(l, v->step->inputs[0]);
    call->out = at(l, v->step->output);
    set_int8(l, v->index, call);
    return call;
}

/* A call that treats each channel on its own. */
static nas_call *channel_call(lowering *l, const step_view *v, nas_kernel kernel)
{
    const nas_shape shape = v->in.shape;
    return map_call(l, v, kernel, shape.h * shape.w, shape.c, shape.c);
}

/* Append floats to the packed weights, element i from values[order[i]].
 * @return their offset */
static int64_t put_ordered(lowering *l, const float *values, const uint32_t *order,
                           int64_t n)
{
    const int64_t offset = l->calls->n_weights;
    for (int64_t i = 0; i < n; i++)
        l->calls->weights[offset + i] = values[logical(order, i)];
    l->calls->n_weights += n;
    return offset;
}

static int64_t put(lowering *l, const float *values, int64_t n)
{
    return put_ordered(l, values, NULL, n);
}

/* Biases of the step, or int8: biases, multipliers and shifts.
 * @param order  of the channels, or NULL */
static void put_biases(lowering *l, const step_view *v, nas_call *call,
                       const uint32_t *order, int64_t n)
{
    if (l->quant == NULL) {
        call->weights[1] = put_ordered(l, v->bias, order, n);
        return;
    }
    const nas_quant_step *step = &l->quant->steps[v->index];
    int32_t *scales = l->calls->scales + l->calls->n_scales;
    float *shifts = l->calls->weights + l->calls->n_weights;
    for (int64_t i = 0; i < n; i++) {
        const int64_t c = logical(order, i);
        scales[i] = step->bias[c];
        scales[n + i] = step->rescales[c].multiplier;
        shifts[i] = (float)step->rescales[c].shift;
    }
    call->int8.scales = l->calls->n_scales;
    call->weights[1] = l->calls->n_weights;
    l->calls->n_scales += 2 * n;
    l->calls->n_weights += n;
}

/* Table of `n` indices: where in `to`'s memory each element of `from`'s memory lies. */
static nas_status put_indices(lowering *l, const layout *from, const layout *to,
                              int64_t *offset)
{
    const int64_t n = nas_shape_count(from->shape);
    uint32_t *place = NAS_NEW(l->arena, uint32_t, n);
    uint32_t *table = NAS_NEW(l->arena, uint32_t, l->calls->n_indices + n);
    NAS_TRY_ALLOC(place, l->err);
    NAS_TRY_ALLOC(table, l->err);
    for (int64_t i = 0; i < n; i++)
        place[logical(to->order, i)] = (uint32_t)i;
    *offset = l->calls->n_indices;
    for (int64_t i = 0; i < *offset; i++)
        table[i] = l->calls->indices[i];
    for (int64_t i = 0; i < n; i++)
        table[*offset + i] = place[logical(from->order, i)];
    l->calls->indices = table;
    l->calls->n_indices += n;
    return NAS_OK;
}

/* ---- weights ----------------------------------------------------------------------- */

/* Outputs computed together; the same rule as nas_rt_block of the runtime. */
static int64_t block_of(int64_t left)
{
    return left >= 8 ? 8 : left >= 4 ? 4 : 1;
}

/* Pack `outputs` rows of [I][taps] as blocks of [taps][I][block].
 * @param order  of the inputs, or NULL */
static void pack_blocks(lowering *l, const float *kernel, int64_t outputs, int64_t inputs,
                        int64_t taps, const uint32_t *order)
{
    float *to = l->calls->weights + l->calls->n_weights;
    for (int64_t o = 0; o < outputs;) {
        const int64_t block = block_of(outputs - o);
        for (int64_t i = 0; i < inputs * taps * block; i++) {
            const int64_t input = logical(order, i / block % inputs);
            const int64_t tap = i / block / inputs;
            *to++ = kernel[((o + i % block) * inputs + input) * taps + tap];
        }
        o += block;
    }
    l->calls->n_weights += outputs * inputs * taps;
}

/* A grouped convolution of a permuted vector: its groups are scattered in memory, so it
 * becomes an ungrouped one with zeros.
 * @return [O][I][taps], or NULL when memory is out */
static float *ungrouped(lowering *l, const float *kernel, int64_t outputs, int64_t inputs,
                        int64_t groups, int64_t taps)
{
    const int64_t depth = inputs / groups, per_group = outputs / groups;
    float *full = NAS_NEW(l->arena, float, outputs *inputs *taps);
    for (int64_t o = 0; full != NULL && o < outputs; o++)
        memcpy(full + (o * inputs + o / per_group * depth) * taps,
               kernel + o * depth * taps, (size_t)(depth * taps) * sizeof *full);
    return full;
}

/* ---- steps ------------------------------------------------------------------------- */

static nas_call *window_call(lowering *l, const step_view *v, nas_kernel kernel,
                             bool dilated)
{
    const nas_value *a = v->node->attr;
    const nas_shape in = v->in.shape, out = v->node->shape;
    const int pad = (int)a[NAS_ATTR_PAD].i;
    nas_call *call = map_call(l, v, kernel, 0, 0, 0);
    nas_rt_window *w = &call->window;
    w->in_h = (int32_t)in.h;
    w->in_w = (int32_t)in.w;
    w->in_c = (int32_t)in.c;
    w->out_h = (int32_t)out.h;
    w->out_w = (int32_t)out.w;
    w->out_c = (int32_t)out.c;
    w->kernel_h = (int32_t)a[NAS_ATTR_KERNEL_H].i;
    w->kernel_w = (int32_t)a[NAS_ATTR_KERNEL_W].i;
    w->stride_h = (int32_t)a[NAS_ATTR_STRIDE_H].i;
    w->stride_w = (int32_t)a[NAS_ATTR_STRIDE_W].i;
    w->dilation_h = dilated ? (int32_t)a[NAS_ATTR_DILATION_H].i : 1;
    w->dilation_w = dilated ? (int32_t)a[NAS_ATTR_DILATION_W].i : 1;
    w->pad_h = (int32_t)nas_window_pad_before(w->kernel_h, w->dilation_h, pad);
    w->pad_w = (int32_t)nas_window_pad_before(w->kernel_w, w->dilation_w, pad);
    w->groups = 1;
    w->backward = v->step->backward;
    w->low = call->map.low;
    w->high = call->map.high;
    return call;
}

static nas_status lower_encode(lowering *l, const step_view *v, layout *out)
{
    *out = (layout){v->node->shape, NULL};
    nas_call *call = map_call(l, v, NAS_KERNEL_ENCODE, 1, v->in.shape.c, out->shape.c);
    call->weights[0] = put(l, v->node->constants, v->node->n_constants);
    return NAS_OK;
}

/* Int8 samples come standardised. */
static nas_status lower_standardise(lowering *l, const step_view *v, layout *out)
{
    if (l->quant != NULL) {
        *out = v->in;
        return NAS_OK;
    }
    nas_call *call = channel_call(l, v, NAS_KERNEL_STANDARDISE);
    const int64_t c = v->in.shape.c;
    call->weights[0] = put_ordered(l, v->node->constants, v->in.order, c);
    call->weights[1] = put_ordered(l, v->node->constants + c, v->in.order, c);
    *out = v->in;
    return NAS_OK;
}

static nas_status lower_conv(lowering *l, const step_view *v, layout *out)
{
    nas_call *call = window_call(l, v, NAS_KERNEL_CONV, true);
    nas_rt_window *w = &call->window;
    const int64_t taps = (int64_t)w->kernel_h * w->kernel_w;
    const float *kernel = v->kernel;
    w->groups = (int32_t)v->node->attr[NAS_ATTR_CONV_GROUPS].i;
    if (v->in.order != NULL && w->groups > 1) {
        kernel = ungrouped(l, kernel, w->out_c, w->in_c, w->groups, taps);
        NAS_TRY_ALLOC(kernel, l->err);
        w->groups = 1;
    }
    const int64_t depth = w->in_c / w->groups, per_group = w->out_c / w->groups;
    call->weights[0] = l->calls->n_weights;
    for (int64_t g = 0; g < w->groups; g++)
        pack_blocks(l, kernel + g * per_group * depth * taps, per_group, depth, taps,
                    v->in.order);
    put_biases(l, v, call, NULL, w->out_c);
    *out = (layout){v->node->shape, NULL};
    return NAS_OK;
}

static nas_status lower_depthwise(lowering *l, const step_view *v, layout *out)
{
    nas_call *call = window_call(l, v, NAS_KERNEL_DEPTHWISE, true);
    const nas_rt_window *w = &call->window;
    const int64_t taps = (int64_t)w->kernel_h * w->kernel_w;
    call->weights[0] = l->calls->n_weights;
    for (int64_t t = 0; t < taps; t++)
        for (int64_t c = 0; c < w->in_c; c++)
            l->calls->weights[l->calls->n_weights++] =
                v->kernel[logical(v->in.order, c) * taps + t];
    put_biases(l, v, call, v->in.order, w->in_c);
    *out = (layout){v->node->shape, v->in.order};
    return NAS_OK;
}

static nas_status lower_dense(lowering *l, const step_view *v, layout *out)
{
    const nas_shape vector = {nas_shape_count(v->in.shape), 1, 1};
    nas_call *call = map_call(l, v, NAS_KERNEL_DENSE, 1, vector.c, v->node->shape.c);
    layout in;
    NAS_TRY(view(l, v->in, vector, &in));
    call->weights[0] = l->calls->n_weights;
    pack_blocks(l, v->kernel, v->node->shape.c, vector.c, 1, in.order);
    put_biases(l, v, call, NULL, v->node->shape.c);
    *out = (layout){v->node->shape, NULL};
    return NAS_OK;
}

/* One call per direction; both work in the scratch behind the result. Weights of the
 * input and of the state are packed one after the other. */
static nas_status lower_recurrent(lowering *l, const step_view *v, layout *out)
{
    const nas_value *a = v->node->attr;
    const bool lstm = v->node->op == NAS_OP_LSTM;
    const int64_t units = a[NAS_ATTR_RECURRENT_OUT].i, in_c = v->in.shape.c;
    const int64_t directions = a[NAS_ATTR_RECURRENT_BIDIRECTIONAL].i ? 2 : 1;
    const int64_t rows = (lstm ? 4 : 3) * units, joint = (lstm ? 4 : 2) * units;
    const float *carry = v->kernel + directions * rows * in_c;
    for (int64_t d = 0; d < directions; d++) {
        const float *recurrent = carry + d * rows * units;
        nas_call *call = map_call(l, v, lstm ? NAS_KERNEL_LSTM : NAS_KERNEL_GRU, 0, 0, 0);
        call->recurrent = (nas_rt_recurrent){(int32_t)v->in.shape.w,
                                             (int32_t)in_c,
                                             (int32_t)units,
                                             d > 0,
                                             a[NAS_ATTR_RECURRENT_SEQUENCE].i != 0,
                                             (int32_t)v->node->shape.c};
        call->in[1] = call->out + nas_shape_count(v->node->shape);
        call->out += d * units;
        call->weights[0] = l->calls->n_weights;
        pack_blocks(l, v->kernel + d * rows * in_c, rows, in_c, 1, v->in.order);
        pack_blocks(l, recurrent, joint, units, 1, NULL);
        pack_blocks(l, recurrent + joint * units, rows - joint, units, 1, NULL);
        call->weights[1] = put(l, v->bias + d * rows, rows);
        if (!lstm)
            (void)put(l, v->bias + directions * rows + d * units, units);
    }
    *out = (layout){v->node->shape, NULL};
    return NAS_OK;
}

static nas_status lower_max_pool(lowering *l, const step_view *v, layout *out)
{
    (void)window_call(l, v, NAS_KERNEL_MAX_POOL, false);
    *out = (layout){v->node->shape, v->in.order};
    return NAS_OK;
}

static nas_status lower_avg_pool(lowering *l, const step_view *v, layout *out)
{
    (void)window_call(l, v, NAS_KERNEL_AVG_POOL, false);
    *out = (layout){v->node->shape, v->in.order};
    return NAS_OK;
}

static nas_status lower_global_avg_pool(lowering *l, const step_view *v, layout *out)
{
    (void)channel_call(l, v, NAS_KERNEL_GLOBAL_AVG_POOL);
    *out = (layout){v->node->shape, v->in.order};
    return NAS_OK;
}

static nas_status lower_global_max_pool(lowering *l, const step_view *v, layout *out)
{
    (void)channel_call(l, v, NAS_KERNEL_GLOBAL_MAX_POOL);
    *out = (layout){v->node->shape, v->in.order};
    return NAS_OK;
}

/* Int8: a depthwise convolution of one tap. */
static void lower_affine_int8(lowering *l, const step_view *v)
{
    nas_call *call = add_call(l, NAS_KERNEL_DEPTHWISE, v->index);
    nas_rt_window *w = &call->window;
    const nas_shape shape = v->in.shape;
    set_int8(l, v->index, call);
    *w = (nas_rt_window){.kernel_h = 1,
                         .kernel_w = 1,
                         .stride_h = 1,
                         .stride_w = 1,
                         .dilation_h = 1,
                         .dilation_w = 1,
                         .groups = 1};
    w->in_h = w->out_h = (int32_t)shape.h;
    w->in_w = w->out_w = (int32_t)shape.w;
    w->in_c = w->out_c = (int32_t)shape.c;
    call->in[0] = at(l, v->step->inputs[0]);
    call->out = at(l, v->step->output);
    call->weights[0] = put_ordered(l, v->kernel, v->in.order, shape.c);
    put_biases(l, v, call, v->in.order, shape.c);
}

static nas_status lower_affine(lowering *l, const step_view *v, layout *out)
{
    *out = v->in;
    if (l->quant != NULL) {
        lower_affine_int8(l, v);
        return NAS_OK;
    }
    nas_call *call = channel_call(l, v, NAS_KERNEL_AFFINE);
    call->weights[0] = put_ordered(l, v->kernel, v->in.order, v->in.shape.c);
    call->weights[1] = put_ordered(l, v->bias, v->in.order, v->in.shape.c);
    return NAS_OK;
}

static nas_status lower_activation(lowering *l, const step_view *v, layout *out)
{
    (void)channel_call(l, v, NAS_KERNEL_ACTIVATION);
    *out = v->in;
    return NAS_OK;
}

/* The kernel of a curve has the name of its operator. */
static nas_status lower_curve(lowering *l, const step_view *v, layout *out)
{
    static const nas_kernel kernel_of[NAS_OP_COUNT] = {
#define CURVE_KERNEL(upper, lower) [NAS_OP_##upper] = NAS_KERNEL_##upper,
        NAS_CURVE_LIST(CURVE_KERNEL)
#undef CURVE_KERNEL
    };
    nas_call *call = channel_call(l, v, kernel_of[v->node->op]);
    if (v->node->op == NAS_OP_LEAKY_RELU)
        call->map.low = (float)v->node->attr[NAS_ATTR_LEAKY_SLOPE].f;
    *out = v->in;
    return NAS_OK;
}

/* A gate of another order is gathered. So is the first factor where the product
 * overwrites the second: both are vectors then, and the order is the second's. */
static nas_status lower_mul(lowering *l, const step_view *v, layout *out)
{
    layout in[2] = {v->in, {{0}, NULL}};
    NAS_TRY(input_view(l, v, 1, &in[1]));
    const bool image = v->in.shape.h * v->in.shape.w > 1;
    const bool same = nas_shape_equal(in[0].shape, in[1].shape);
    const bool plain = image && !same ? in[1].order == NULL : same_order(&in[0], &in[1]);
    const int kept = !plain && same && v->step->inputs[1] == v->step->output;
    *out = in[kept];
    nas_call *call = channel_call(l, v,
                                  !plain          ? NAS_KERNEL_GATE_GATHER
                                  : image && same ? NAS_KERNEL_MUL
                                                  : NAS_KERNEL_GATE);
    call->in[0] = at(l, v->step->inputs[kept]);
    call->in[1] = at(l, v->step->inputs[1 - kept]);
    if (plain)
        return NAS_OK;
    const layout wanted = {in[1].shape, image ? NULL : in[kept].order};
    return put_indices(l, &wanted, &in[1 - kept], &call->indices);
}

static nas_status lower_softmax(lowering *l, const step_view *v, layout *out)
{
    nas_call *call = channel_call(l, v, NAS_KERNEL_SOFTMAX);
    if (l->quant != NULL)
        call->int8.multiplier =
            nas_quant_softmax_multiplier(nas_quant_source(l->quant, v->index, 0).scale);
    *out = v->in;
    return NAS_OK;
}

/* out = first + input k, or out += input k once `started`. */
static nas_status add_operand(lowering *l, const step_view *v, int first, int k,
                              bool started, const layout *order, const layout *in)
{
    const bool plain = same_order(order, in);
    nas_call *call = channel_call(l, v, plain ? NAS_KERNEL_ADD : NAS_KERNEL_ADD_GATHER);
    /* The activation belongs to the finished sum. */
    call->map.low = -FLT_MAX;
    call->map.high = FLT_MAX;
    call->in[0] = started ? call->out : at(l, v->step->inputs[first]);
    call->in[1] = at(l, v->step->inputs[k]);
    return plain ? NAS_OK : put_indices(l, order, in, &call->indices);
}

/* Times the buffer that the sum overwrites is an operand; *first is one of them. */
static int overwritten(const nas_step *step, int *first)
{
    int times = 0;
    *first = 0;
    for (int k = 0; k < step->n_inputs; k++) {
        if (step->inputs[k] != step->output)
            continue;
        *first = k;
        times++;
    }
    return times;
}

/* out = times * out */
static void multiply(lowering *l, const step_view *v, int times)
{
    nas_call *call = channel_call(l, v, NAS_KERNEL_AFFINE);
    call->map.low = -FLT_MAX;
    call->map.high = FLT_MAX;
    call->in[0] = call->out;
    call->weights[0] = l->calls->n_weights;
    call->weights[1] = l->calls->n_weights + v->in.shape.c;
    for (int64_t c = 0; c < v->in.shape.c; c++)
        l->calls->weights[l->calls->n_weights++] = (float)times;
    l->calls->n_weights += v->in.shape.c;
}

/* Int8: one call for all operands; its terms say where they lie and how they scale.
 */
static nas_status lower_add_int8(lowering *l, const step_view *v, layout *out)
{
    int first = 0;
    (void)overwritten(v->step, &first);
    NAS_TRY(input_view(l, v, first, out));
    nas_call *call =
        map_call(l, v, NAS_KERNEL_ADD, nas_shape_count(out->shape), v->step->n_inputs, 1);
    call->in[0] = 0;
    call->int8.scales = l->calls->n_scales;
    for (int k = 0; k < v->step->n_inputs; k++) {
        layout in;
        int64_t order = -1;
        NAS_TRY(input_view(l, v, k, &in));
        if (!same_order(out, &in))
            NAS_TRY(put_indices(l, out, &in, &order));
        const nas_rescale rescale = l->quant->steps[v->index].terms[k];
        const int32_t term[5] = {(int32_t)at(l, v->step->inputs[k]),
                                 nas_quant_source(l->quant, v->index, k).zero,
                                 rescale.multiplier, rescale.shift, (int32_t)order};
        memcpy(l->calls->scales + l->calls->n_scales, term, sizeof term);
        l->calls->n_scales += 5;
    }
    return NAS_OK;
}

/* Operands in the buffer that the sum overwrites go first. Three and more of them
 * cannot be added one by one, the second call would read what the first has written.
 */
static nas_status lower_add(lowering *l, const step_view *v, layout *out)
{
    if (l->quant != NULL)
        return lower_add_int8(l, v, out);
    int first = 0;
    const int times = overwritten(v->step, &first);
    bool started = times > 2;
    NAS_TRY(input_view(l, v, first, out));
    if (started)
        multiply(l, v, times);
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < v->step->n_inputs; k++) {
            const bool own = v->step->inputs[k] == v->step->output;
            layout in;
            if (k == first || own != (pass == 0) || (own && times > 2))
                continue;
            NAS_TRY(input_view(l, v, k, &in));
            NAS_TRY(add_operand(l, v, first, k, started, out, &in));
            started = true;
        }
    }
    nas_rt_map *last = &l->calls->list[l->calls->n - 1].map;
    clamp_of(v->step, &last->low, &last->high);
    return NAS_OK;
}

/* The order of a concatenation: that of its parts, one after the other. */
static nas_status concat_order(lowering *l, const step_view *v, layout *out)
{
    const int64_t count = nas_shape_count(v->node->shape);
    uint32_t *order = NAS_NEW(l->arena, uint32_t, count);
    NAS_TRY_ALLOC(order, l->err);
    bool permuted = false;
    int64_t start = 0;
    for (int k = 0; k < v->step->n_inputs; k++) {
        layout in;
        NAS_TRY(input_view(l, v, k, &in));
        permuted = permuted || in.order != NULL;
        const int64_t n = nas_shape_count(in.shape);
        for (int64_t i = 0; i < n; i++)
            order[start + i] = (uint32_t)(start + logical(in.order, i));
        start += n;
    }
    *out = (layout){v->node->shape, permuted ? order : NULL};
    return NAS_OK;
}

static nas_status lower_concat(lowering *l, const step_view *v, layout *out)
{
    const nas_shape shape = v->node->shape;
    int64_t channel = 0;
    for (int k = 0; k < v->step->n_inputs; k++) {
        const int64_t c = nas_graph_node(l->model->graph, v->node->inputs[k])->shape.c;
        nas_call *call = map_call(l, v, NAS_KERNEL_CONCAT, shape.h * shape.w, c, shape.c);
        call->in[0] = at(l, v->step->inputs[k]);
        call->out += channel;
        channel += c;
        if (l->quant == NULL)
            continue;
        const nas_rescale rescale = l->quant->steps[v->index].terms[k];
        call->int8.in_zero = nas_quant_source(l->quant, v->index, k).zero;
        call->int8.multiplier = rescale.multiplier;
        call->int8.shift = rescale.shift;
    }
    return concat_order(l, v, out);
}

typedef nas_status (*lower_function)(lowering *l, const step_view *v, layout *out);

static const lower_function functions[NAS_STEP_KINDS] = {
    [NAS_STEP_ENCODE] = lower_encode,
    [NAS_STEP_STANDARDISE] = lower_standardise,
    [NAS_STEP_CONV] = lower_conv,
    [NAS_STEP_DEPTHWISE] = lower_depthwise,
    [NAS_STEP_DENSE] = lower_dense,
    [NAS_STEP_LSTM] = lower_recurrent,
    [NAS_STEP_GRU] = lower_recurrent,
    [NAS_STEP_MAX_POOL] = lower_max_pool,
    [NAS_STEP_AVG_POOL] = lower_avg_pool,
    [NAS_STEP_GLOBAL_AVG_POOL] = lower_global_avg_pool,
    [NAS_STEP_AFFINE] = lower_affine,
    [NAS_STEP_ACTIVATION] = lower_activation,
    [NAS_STEP_GLOBAL_MAX_POOL] = lower_global_max_pool,
    [NAS_STEP_MUL] = lower_mul,
    [NAS_STEP_ADD] = lower_add,
    [NAS_STEP_CONCAT] = lower_concat,
#define CURVE_STEP(upper, lower) [NAS_STEP_##upper] = lower_curve,
    NAS_CURVE_LIST(CURVE_STEP)
#undef CURVE_STEP
        [NAS_STEP_SOFTMAX] = lower_softmax,
};

static nas_status fold(lowering *l, step_view *v)
{
    int64_t kernel = 0, bias = 0;
    nas_program_weight_sizes(l->calls->program, v->step, &kernel, &bias);
    if (kernel == 0)
        return NAS_OK;
    v->kernel = NAS_NEW(l->arena, float, kernel);
    v->bias = NAS_NEW(l->arena, float, bias);
    NAS_TRY_ALLOC(v->kernel, l->err);
    NAS_TRY_ALLOC(v->bias, l->err);
    for (int64_t i = 0; l->quant != NULL && i < kernel; i++)
        v->kernel[i] = (float)l->quant->steps[v->index].kernel[i];
    if (l->quant == NULL)
        nas_program_fold(l->calls->program, v->step, l->model->weights, v->kernel,
                         v->bias);
    return NAS_OK;
}

static nas_status lower_step(lowering *l, int index)
{
    step_view v = {.step = &l->calls->program->steps[index], .index = index};
    layout out;
    v.node = nas_graph_node(l->model->graph, v.step->node);
    NAS_TRY(input_view(l, &v, 0, &v.in));
    if (v.step->kind != NAS_STEP_STANDARDISE)
        NAS_TRY(fold(l, &v));
    NAS_TRY(functions[v.step->kind](l, &v, &out));
    l->layouts[v.step->output] = out;
    l->calls->orders[index] = out.order;
    return NAS_OK;
}

/* ---- before and after the steps ---------------------------------------- */

static void lower_load(lowering *l)
{
    const nas_program *p = l->calls->program;
    const nas_shape in = nas_graph_input_shape(l->model->graph);
    nas_call *call = add_call(l, NAS_KERNEL_LOAD, -1);
    call->map.pixels = (int32_t)(in.h * in.w);
    call->map.in_c = call->map.out_c = (int32_t)in.c;
    call->in[0] = NAS_AT_CALLER;
    call->out = at(l, p->input_buffer);
    l->layouts[p->input_buffer] = (layout){in, NULL};
}

static nas_status lower_store(lowering *l)
{
    const nas_program *p = l->calls->program;
    const nas_shape shape = nas_graph_output_shape(l->model->graph);
    const layout natural = {shape, NULL};
    layout out;
    NAS_TRY(view(l, l->layouts[p->output_buffer], shape, &out));
    nas_call *call =
        add_call(l, out.order == NULL ? NAS_KERNEL_STORE : NAS_KERNEL_STORE_GATHER, -1);
    call->map.pixels = (int32_t)(shape.h * shape.w);
    call->map.in_c = call->map.out_c = (int32_t)shape.c;
    call->in[0] = at(l, p->output_buffer);
    call->out = NAS_AT_CALLER;
    return out.order == NULL ? NAS_OK : put_indices(l, &natural, &out, &call->indices);
}

/* Softmax or the user's units, in place on the caller's result; int8 results stay in
 * units of their scale. */
static void lower_head(lowering *l)
{
    const nas_model *model = l->model;
    const bool scales = nas_head_has_scale(model) && l->quant == NULL;
    if (!nas_head_has_softmax(model) && !scales)
        return;
    nas_call *call = add_call(
        l, nas_head_has_softmax(model) ? NAS_KERNEL_SOFTMAX : NAS_KERNEL_AFFINE, -1);
    call->map.pixels = 1;
    call->map.in_c = call->map.out_c = (int32_t)model->n_outputs;
    call->in[0] = call->out = NAS_AT_CALLER;
    if (l->quant != NULL) {
        call->int8.out_zero = l->quant->output.zero;
        call->int8.multiplier =
            nas_quant_softmax_multiplier(nas_quant_last(l->quant).scale);
    }
    if (!scales)
        return;
    call->weights[0] = put(l, model->target_deviation, model->n_outputs);
    call->weights[1] = put(l, model->target_mean, model->n_outputs);
}

/* Upper bounds of calls and packed weights, so that each is one allocation. */
static nas_status make_room(lowering *l)
{
    const nas_program *p = l->calls->program;
    int64_t floats = 2 * l->model->n_outputs, calls = 4, scales = 0;
    for (int i = 0; i < p->n_steps; i++) {
        const nas_node *node = nas_graph_node(l->model->graph, p->steps[i].node);
        int64_t kernel = 0, bias = 0;
        nas_program_weight_sizes(p, &p->steps[i], &kernel, &bias);
        const int64_t groups =
            p->steps[i].kind == NAS_STEP_CONV ? node->attr[NAS_ATTR_CONV_GROUPS].i : 1;
        floats += kernel * groups + bias + node->n_constants;
        floats += p->steps[i].kind == NAS_STEP_ADD ? 2 * node->shape.c : 0;
        calls += p->steps[i].n_inputs + 1; /* a recurrent step has two directions */
        scales += 2 * bias + 5 * p->steps[i].n_inputs;
    }
    if (floats > INT32_MAX || p->arena_bytes > INT32_MAX)
        return nas_fail(l->err, NAS_E_UNSUPPORTED,
                        "the network has %lld weights and %lld bytes of activations; "
                        "generated C can address 2147483647 of each",
                        (long long)floats, (long long)p->arena_bytes);
    l->calls->list = NAS_NEW(l->arena, nas_call, calls);
    l->calls->weights = NAS_NEW(l->arena, float, floats);
    l->layouts = NAS_NEW(l->arena, layout, p->n_buffers);
    l->calls->scales = NAS_NEW(l->arena, int32_t, l->quant == NULL ? 1 : scales + 1);
    l->calls->orders = NAS_NEW(l->arena, const uint32_t *, p->n_steps);
    NAS_TRY_ALLOC(l->calls->list, l->err);
    NAS_TRY_ALLOC(l->calls->weights, l->err);
    NAS_TRY_ALLOC(l->calls->scales, l->err);
    NAS_TRY_ALLOC(l->calls->orders, l->err);
    NAS_TRY_ALLOC(l->layouts, l->err);
    return NAS_OK;
}

static nas_status narrow_weights(lowering *l)
{
    nas_calls *calls = l->calls;
    calls->weights8 = NAS_NEW(l->arena, int8_t, calls->n_weights);
    NAS_TRY_ALLOC(calls->weights8, l->err);
    for (int64_t i = 0; i < calls->n_weights; i++)
        calls->weights8[i] = (int8_t)calls->weights[i];
    return NAS_OK;
}

static nas_status lower_all(lowering *l, const nas_program *program)
{
    l->calls = NAS_NEW(l->arena, nas_calls, 1);
    NAS_TRY_ALLOC(l->calls, l->err);
    l->calls->program = program;
    l->calls->quant = l->quant;
    NAS_TRY(make_room(l));
    lower_load(l);
    for (int i = 0; i < program->n_steps; i++)
        NAS_TRY(lower_step(l, i));
    NAS_TRY(lower_store(l));
    lower_head(l);
    return l->quant == NULL ? NAS_OK : narrow_weights(l);
}

nas_status nas_calls_build(const nas_model *model, nas_arena *arena, nas_calls **out,
                           nas_err *err)
{
    NAS_TRY(nas_head_check(model, err));
    nas_program *program = NULL;
    const nas_program_options options = nas_program_options_default();
    NAS_TRY(nas_program_build(model->graph, &options, arena, &program, err));
    lowering l = {.model = model, .arena = arena, .err = err};
    NAS_TRY(lower_all(&l, program));
    *out = l.calls;
    return NAS_OK;
}

nas_status nas_calls_build_int8(const nas_quant *quant, nas_arena *arena, nas_calls **out,
                                nas_err *err)
{
    lowering l = {.model = quant->model, .quant = quant, .arena = arena, .err = err};
    NAS_TRY(lower_all(&l, quant->program));
    *out = l.calls;
    return NAS_OK;
}

int64_t nas_calls_table_bytes(const nas_calls *calls)
{
    const int64_t weights = calls->n_weights > 0 ? calls->n_weights : 1;
    const int64_t indices = (int64_t)sizeof(uint32_t) * calls->n_indices;
    if (calls->quant == NULL)
        return (int64_t)sizeof(float) * weights + indices;
    const int64_t scales = calls->n_scales > 0 ? calls->n_scales : 1;
    return weights + (int64_t)sizeof(int32_t) * scales + indices;
}
