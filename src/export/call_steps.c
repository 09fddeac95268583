/* Steps of a program as calls, one function per kind of step. */
#include "export/call_lower.h"

#include <float.h>
#include <string.h>

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
    nas_call *call = nas_call_map(l, v, kernel, 0, 0, 0);
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
    nas_call *call =
        nas_call_map(l, v, NAS_KERNEL_ENCODE, 1, v->in.shape.c, out->shape.c);
    call->weights[0] = nas_call_put(l, v->node->constants, v->node->n_constants);
    return NAS_OK;
}

/* Int8 samples come standardised. */
static nas_status lower_standardise(lowering *l, const step_view *v, layout *out)
{
    if (l->quant != NULL) {
        *out = v->in;
        return NAS_OK;
    }
    nas_call *call = nas_call_channels(l, v, NAS_KERNEL_STANDARDISE);
    const int64_t c = v->in.shape.c;
    call->weights[0] = nas_call_put_ordered(l, v->node->constants, v->in.order, c);
    call->weights[1] = nas_call_put_ordered(l, v->node->constants + c, v->in.order, c);
    *out = v->in;
    return NAS_OK;
}

/* Tables, not weights: they follow from the attributes. */
static nas_status lower_spectrum(lowering *l, const step_view *v, layout *out)
{
    const nas_shape in = v->in.shape, shape = v->node->shape;
    const bool series = v->node->attr[NAS_ATTR_SPECTRUM_SERIES].i != 0;
    nas_call *call = nas_call_map(l, v, NAS_KERNEL_SPECTRUM, 0, 0, 0);
    nas_rt_spectrum_plan *p = &call->spectrum;
    *p = nas_spectrum_plan(v->node, in);
    p->in_step = (int32_t)in.c;
    p->in_channel = 1;
    p->out_row = series ? 1 : (int32_t)(shape.w * shape.c);
    p->out_frame = (int32_t)shape.c;
    p->out_channel = series ? (int32_t)nas_spectrum_rows(p) : 1;
    call->in[1] = call->out + nas_shape_count(shape);
    call->weights[0] = l->calls->n_weights;
    call->weights[1] = l->calls->n_weights + nas_spectrum_cosines(p);
    if (!l->counts)
        nas_spectrum_tables(v->node, p, l->calls->weights + l->calls->n_weights);
    l->calls->n_weights += nas_spectrum_table_floats(p);
    *out = (layout){shape, NULL};
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
        if (!l->counts) {
            kernel = ungrouped(l, kernel, w->out_c, w->in_c, w->groups, taps);
            NAS_TRY_ALLOC(kernel, l->err);
        }
        w->groups = 1;
    }
    const int64_t depth = w->in_c / w->groups, per_group = w->out_c / w->groups;
    call->weights[0] = l->calls->n_weights;
    for (int64_t g = 0; g < w->groups; g++)
        nas_call_pack(l, nas_call_part(kernel, g * per_group * depth * taps), per_group,
                      depth, taps, v->in.order);
    nas_call_put_biases(l, v, call, NULL, w->out_c);
    *out = (layout){v->node->shape, NULL};
    return NAS_OK;
}

static nas_status lower_depthwise(lowering *l, const step_view *v, layout *out)
{
    nas_call *call = window_call(l, v, NAS_KERNEL_DEPTHWISE, true);
    const nas_rt_window *w = &call->window;
    const int64_t taps = (int64_t)w->kernel_h * w->kernel_w;
    call->weights[0] = l->calls->n_weights;
    for (int64_t t = 0; t < taps && !l->counts; t++)
        for (int64_t c = 0; c < w->in_c; c++)
            l->calls->weights[call->weights[0] + t * w->in_c + c] =
                v->kernel[nas_call_logical(v->in.order, c) * taps + t];
    l->calls->n_weights += taps * w->in_c;
    nas_call_put_biases(l, v, call, v->in.order, w->in_c);
    *out = (layout){v->node->shape, v->in.order};
    return NAS_OK;
}

static nas_status lower_dense(lowering *l, const step_view *v, layout *out)
{
    const nas_shape vector = {nas_shape_count(v->in.shape), 1, 1};
    nas_call *call = nas_call_map(l, v, NAS_KERNEL_DENSE, 1, vector.c, v->node->shape.c);
    layout in;
    NAS_TRY(nas_call_view(l, v->in, vector, &in));
    call->weights[0] = l->calls->n_weights;
    nas_call_pack(l, v->kernel, v->node->shape.c, vector.c, 1, in.order);
    nas_call_put_biases(l, v, call, NULL, v->node->shape.c);
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
    const float *carry = nas_call_part(v->kernel, directions * rows * in_c);
    for (int64_t d = 0; d < directions; d++) {
        const float *recurrent = nas_call_part(carry, d * rows * units);
        nas_call *call =
            nas_call_map(l, v, lstm ? NAS_KERNEL_LSTM : NAS_KERNEL_GRU, 0, 0, 0);
        call->recurrent = (nas_rt_recurrent){(int32_t)v->in.shape.w,
                                             (int32_t)in_c,
                                             (int32_t)units,
                                             d > 0,
                                             a[NAS_ATTR_RECURRENT_SEQUENCE].i != 0,
                                             (int32_t)v->node->shape.c};
        call->in[1] = call->out + nas_shape_count(v->node->shape);
        call->out += d * units;
        call->weights[0] = l->calls->n_weights;
        nas_call_pack(l, nas_call_part(v->kernel, d * rows * in_c), rows, in_c, 1,
                      v->in.order);
        nas_call_pack(l, recurrent, joint, units, 1, NULL);
        nas_call_pack(l, nas_call_part(recurrent, joint * units), rows - joint, units, 1,
                      NULL);
        call->weights[1] = nas_call_put(l, nas_call_part(v->bias, d * rows), rows);
        const int64_t candidate = directions * rows + d * units;
        if (!lstm)
            (void)nas_call_put(l, nas_call_part(v->bias, candidate), units);
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
    (void)nas_call_channels(l, v, NAS_KERNEL_GLOBAL_AVG_POOL);
    *out = (layout){v->node->shape, v->in.order};
    return NAS_OK;
}

static nas_status lower_global_max_pool(lowering *l, const step_view *v, layout *out)
{
    (void)nas_call_channels(l, v, NAS_KERNEL_GLOBAL_MAX_POOL);
    *out = (layout){v->node->shape, v->in.order};
    return NAS_OK;
}

/* Int8: a depthwise convolution of one tap. */
static void lower_affine_int8(lowering *l, const step_view *v)
{
    nas_call *call = nas_call_add(l, NAS_KERNEL_DEPTHWISE, v->index);
    nas_rt_window *w = &call->window;
    const nas_shape shape = v->in.shape;
    nas_call_set_int8(l, v->index, call);
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
    call->in[0] = nas_call_at(l, v->step->inputs[0]);
    call->out = nas_call_at(l, v->step->output);
    call->weights[0] = nas_call_put_ordered(l, v->kernel, v->in.order, shape.c);
    nas_call_put_biases(l, v, call, v->in.order, shape.c);
}

static nas_status lower_affine(lowering *l, const step_view *v, layout *out)
{
    *out = v->in;
    if (l->quant != NULL) {
        lower_affine_int8(l, v);
        return NAS_OK;
    }
    nas_call *call = nas_call_channels(l, v, NAS_KERNEL_AFFINE);
    call->weights[0] = nas_call_put_ordered(l, v->kernel, v->in.order, v->in.shape.c);
    call->weights[1] = nas_call_put_ordered(l, v->bias, v->in.order, v->in.shape.c);
    return NAS_OK;
}

static nas_status lower_activation(lowering *l, const step_view *v, layout *out)
{
    (void)nas_call_channels(l, v, NAS_KERNEL_ACTIVATION);
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
    *out = v->in;
    if (l->quant != NULL) {
        nas_call *table = nas_call_channels(l, v, NAS_KERNEL_LUT);
        table->weights[0] = nas_call_put_table(l, l->quant->steps[v->index].table);
        return NAS_OK;
    }
    nas_call *call = nas_call_channels(l, v, kernel_of[v->node->op]);
    if (v->node->op == NAS_OP_LEAKY_RELU)
        call->map.low = (float)v->node->attr[NAS_ATTR_LEAKY_SLOPE].f;
    return NAS_OK;
}

/* Int8: one call, whose terms say where both factors lie.
 * @param order  of the second factor in the index table, or -1
 * @param count  elements after which the second factor begins again */
static void lower_mul_int8(lowering *l, const step_view *v, int first, int64_t order,
                           int64_t count)
{
    const int second = 1 - first;
    nas_call *call =
        nas_call_map(l, v, NAS_KERNEL_MUL, nas_shape_count(v->node->shape), count, count);
    const int32_t terms[5] = {(int32_t)nas_call_at(l, v->step->inputs[first]),
                              nas_quant_source(l->quant, v->index, first).zero,
                              (int32_t)nas_call_at(l, v->step->inputs[second]),
                              nas_quant_source(l->quant, v->index, second).zero,
                              (int32_t)order};
    call->in[0] = 0;
    call->int8.scales = l->calls->n_scales;
    memcpy(l->calls->scales + l->calls->n_scales, terms, sizeof terms);
    l->calls->n_scales += 5;
}

/* A gate of another order is gathered. So is the first factor where the product
 * overwrites the second: both are vectors then, and the order is the second's. */
static nas_status lower_mul(lowering *l, const step_view *v, layout *out)
{
    layout in[2] = {v->in, {{0}, NULL}};
    NAS_TRY(nas_call_input(l, v, 1, &in[1]));
    const bool image = v->in.shape.h * v->in.shape.w > 1;
    const bool same = nas_shape_equal(in[0].shape, in[1].shape);
    const bool plain =
        image && !same ? in[1].order == NULL : nas_call_same_order(&in[0], &in[1]);
    const int kept = !plain && same && v->step->inputs[1] == v->step->output;
    const layout wanted = {in[1].shape, image ? NULL : in[kept].order};
    int64_t order = -1;
    *out = in[kept];
    if (!plain)
        NAS_TRY(nas_call_put_indices(l, &wanted, &in[1 - kept], &order));
    if (l->quant != NULL) {
        lower_mul_int8(l, v, kept, order, nas_shape_count(in[1].shape));
        return NAS_OK;
    }
    nas_call *call = nas_call_channels(l, v,
                                       !plain          ? NAS_KERNEL_GATE_GATHER
                                       : image && same ? NAS_KERNEL_MUL
                                                       : NAS_KERNEL_GATE);
    call->in[0] = nas_call_at(l, v->step->inputs[kept]);
    call->in[1] = nas_call_at(l, v->step->inputs[1 - kept]);
    call->indices = plain ? 0 : order;
    return NAS_OK;
}

static nas_status lower_softmax(lowering *l, const step_view *v, layout *out)
{
    nas_call *call = nas_call_channels(l, v, NAS_KERNEL_SOFTMAX);
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
    const bool plain = nas_call_same_order(order, in);
    nas_call *call =
        nas_call_channels(l, v, plain ? NAS_KERNEL_ADD : NAS_KERNEL_ADD_GATHER);
    /* The activation belongs to the finished sum. */
    call->map.low = -FLT_MAX;
    call->map.high = FLT_MAX;
    call->in[0] = started ? call->out : nas_call_at(l, v->step->inputs[first]);
    call->in[1] = nas_call_at(l, v->step->inputs[k]);
    return plain ? NAS_OK : nas_call_put_indices(l, order, in, &call->indices);
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
    nas_call *call = nas_call_channels(l, v, NAS_KERNEL_AFFINE);
    call->map.low = -FLT_MAX;
    call->map.high = FLT_MAX;
    call->in[0] = call->out;
    call->weights[0] = l->calls->n_weights;
    call->weights[1] = l->calls->n_weights + v->in.shape.c;
    for (int64_t c = 0; c < v->in.shape.c && !l->counts; c++)
        l->calls->weights[call->weights[0] + c] = (float)times;
    l->calls->n_weights += 2 * v->in.shape.c;
}

/* Int8: one call for all operands; its terms say where they lie and how they scale.
 */
static nas_status lower_add_int8(lowering *l, const step_view *v, layout *out)
{
    int first = 0;
    (void)overwritten(v->step, &first);
    NAS_TRY(nas_call_input(l, v, first, out));
    nas_call *call = nas_call_map(l, v, NAS_KERNEL_ADD, nas_shape_count(out->shape),
                                  v->step->n_inputs, 1);
    call->in[0] = 0;
    call->int8.scales = l->calls->n_scales;
    for (int k = 0; k < v->step->n_inputs; k++) {
        layout in;
        int64_t order = -1;
        NAS_TRY(nas_call_input(l, v, k, &in));
        if (!nas_call_same_order(out, &in))
            NAS_TRY(nas_call_put_indices(l, out, &in, &order));
        const nas_rescale rescale = l->quant->steps[v->index].terms[k];
        const int32_t term[5] = {(int32_t)nas_call_at(l, v->step->inputs[k]),
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
    NAS_TRY(nas_call_input(l, v, first, out));
    if (started)
        multiply(l, v, times);
    for (int pass = 0; pass < 2; pass++) {
        for (int k = 0; k < v->step->n_inputs; k++) {
            const bool own = v->step->inputs[k] == v->step->output;
            layout in;
            if (k == first || own != (pass == 0) || (own && times > 2))
                continue;
            NAS_TRY(nas_call_input(l, v, k, &in));
            NAS_TRY(add_operand(l, v, first, k, started, out, &in));
            started = true;
        }
    }
    nas_rt_map *last = &l->calls->list[l->calls->n - 1].map;
    nas_call_clamp(v->step, &last->low, &last->high);
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
        NAS_TRY(nas_call_input(l, v, k, &in));
        permuted = permuted || in.order != NULL;
        const int64_t n = nas_shape_count(in.shape);
        for (int64_t i = 0; i < n; i++)
            order[start + i] = (uint32_t)(start + nas_call_logical(in.order, i));
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
        nas_call *call =
            nas_call_map(l, v, NAS_KERNEL_CONCAT, shape.h * shape.w, c, shape.c);
        call->in[0] = nas_call_at(l, v->step->inputs[k]);
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

/* Of a permuted vector the channels are gathered, and lie in the graph's order then. */
static nas_status lower_slice(lowering *l, const step_view *v, layout *out)
{
    const int64_t from = v->node->attr[NAS_ATTR_SLICE_FROM].i;
    const nas_shape in = v->in.shape, shape = v->node->shape;
    const bool plain = v->in.order == NULL;
    nas_call *call =
        nas_call_map(l, v, plain ? NAS_KERNEL_SLICE : NAS_KERNEL_STORE_GATHER,
                     in.h * in.w, plain ? in.c : shape.c, shape.c);
    *out = (layout){shape, NULL};
    if (plain) {
        call->in[0] += from;
        return NAS_OK;
    }
    uint32_t *part = NAS_NEW(l->arena, uint32_t, shape.c);
    NAS_TRY_ALLOC(part, l->err);
    for (int64_t i = 0; i < shape.c; i++)
        part[i] = (uint32_t)(from + i);
    const layout wanted = {shape, part};
    return nas_call_put_indices(l, &wanted, &v->in, &call->indices);
}

typedef nas_status (*lower_function)(lowering *l, const step_view *v, layout *out);

static const lower_function functions[NAS_STEP_KINDS] = {
    [NAS_STEP_ENCODE] = lower_encode,
    [NAS_STEP_STANDARDISE] = lower_standardise,
    [NAS_STEP_SPECTRUM] = lower_spectrum,
    [NAS_STEP_CONV] = lower_conv,
    [NAS_STEP_DEPTHWISE] = lower_depthwise,
    [NAS_STEP_DENSE] = lower_dense,
    [NAS_STEP_LSTM] = lower_recurrent,
    [NAS_STEP_GRU] = lower_recurrent,
    [NAS_STEP_LAYER_NORM] = nas_call_layer_norm,
    [NAS_STEP_GROUP_NORM] = nas_call_group_norm,
    [NAS_STEP_TOKENS] = nas_call_tokens,
    [NAS_STEP_POSITIONS] = nas_call_positions,
    [NAS_STEP_ATTENTION] = nas_call_attention,
    [NAS_STEP_MAX_POOL] = lower_max_pool,
    [NAS_STEP_AVG_POOL] = lower_avg_pool,
    [NAS_STEP_GLOBAL_AVG_POOL] = lower_global_avg_pool,
    [NAS_STEP_AFFINE] = lower_affine,
    [NAS_STEP_ACTIVATION] = lower_activation,
    [NAS_STEP_GLOBAL_MAX_POOL] = lower_global_max_pool,
    [NAS_STEP_MUL] = lower_mul,
    [NAS_STEP_ADD] = lower_add,
    [NAS_STEP_CONCAT] = lower_concat,
    [NAS_STEP_SLICE] = lower_slice,
#define CURVE_STEP(upper, lower) [NAS_STEP_##upper] = lower_curve,
    NAS_CURVE_LIST(CURVE_STEP)
#undef CURVE_STEP
        [NAS_STEP_SOFTMAX] = lower_softmax,
};

nas_status nas_call_step(lowering *l, const step_view *v, layout *out)
{
    return functions[v->step->kind](l, v, out);
}
