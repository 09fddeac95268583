/* What lowering of every step is made from: layouts, calls, packed weights. */
#include "export/call_lower.h"

#include <float.h>
#include <string.h>

/* ---- layouts ---------------------------------------------------------------------- */

nas_status nas_call_view(lowering *l, layout held, nas_shape wanted, layout *out)
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

nas_status nas_call_input(lowering *l, const step_view *v, int k, layout *out)
{
    const nas_node *source = nas_graph_node(l->model->graph, v->node->inputs[k]);
    return nas_call_view(l, l->layouts[v->step->inputs[k]], source->shape, out);
}

bool nas_call_same_order(const layout *a, const layout *b)
{
    if (a->order == NULL || b->order == NULL)
        return a->order == b->order;
    return memcmp(a->order, b->order,
                  (size_t)nas_shape_count(a->shape) * sizeof *a->order) == 0;
}

/* ---- emitting calls ---------------------------------------------------------------- */

int64_t nas_call_at(const lowering *l, int buffer)
{
    const int64_t element = l->quant != NULL ? 1 : (int64_t)sizeof(float);
    return l->calls->program->buffers[buffer].offset / element;
}

nas_call *nas_call_add(lowering *l, nas_kernel kernel, int step)
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

void nas_call_set_int8(const lowering *l, int step, nas_call *call)
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

void nas_call_clamp(const nas_step *step, float *low, float *high)
{
    *low = step->activation == NAS_ACT_NONE ? -FLT_MAX : 0;
    *high = step->activation == NAS_ACT_RELU6 ? 6 : FLT_MAX;
}

nas_call *nas_call_map(lowering *l, const step_view *v, nas_kernel kernel, int64_t pixels,
                       int64_t in, int64_t out)
{
    nas_call *call = nas_call_add(l, kernel, v->index);
    call->map.pixels = (int32_t)pixels;
    call->map.in_c = (int32_t)in;
    call->map.out_c = (int32_t)out;
    nas_call_clamp(v->step, &call->map.low, &call->map.high);
    call->in[0] = nas_call_at(l, v->step->inputs[0]);
    call->out = nas_call_at(l, v->step->output);
    nas_call_set_int8(l, v->index, call);
    return call;
}

nas_call *nas_call_channels(lowering *l, const step_view *v, nas_kernel kernel)
{
    const nas_shape shape = v->in.shape;
    return nas_call_map(l, v, kernel, shape.h * shape.w, shape.c, shape.c);
}

int64_t nas_call_put(lowering *l, const float *values, int64_t n)
{
    const int64_t offset = l->calls->n_weights;
    if (n > 0 && !l->counts)
        memcpy(l->calls->weights + offset, values, (size_t)n * sizeof *values);
    l->calls->n_weights += n;
    return offset;
}

int64_t nas_call_put_ordered(lowering *l, const float *values, const uint32_t *order,
                             int64_t n)
{
    const int64_t offset = l->calls->n_weights;
    for (int64_t i = 0; i < n && !l->counts; i++)
        l->calls->weights[offset + i] = values[nas_call_logical(order, i)];
    l->calls->n_weights += n;
    return offset;
}

static void copy_rescales(const lowering *l, const nas_quant_step *step,
                          const uint32_t *order, int64_t n)
{
    int32_t *scales = l->calls->scales + l->calls->n_scales;
    float *shifts = l->calls->weights + l->calls->n_weights;
    for (int64_t i = 0; i < n; i++) {
        const int64_t c = nas_call_logical(order, i);
        scales[i] = step->bias[c];
        scales[n + i] = step->rescales[c].multiplier;
        shifts[i] = (float)step->rescales[c].shift;
    }
}

void nas_call_put_biases(lowering *l, const step_view *v, nas_call *call,
                         const uint32_t *order, int64_t n)
{
    if (l->quant == NULL) {
        call->weights[1] = nas_call_put_ordered(l, v->bias, order, n);
        return;
    }
    if (!l->counts)
        copy_rescales(l, &l->quant->steps[v->index], order, n);
    call->int8.scales = l->calls->n_scales;
    call->weights[1] = l->calls->n_weights;
    l->calls->n_scales += 2 * n;
    l->calls->n_weights += n;
}

int64_t nas_call_put_table(lowering *l, const int8_t *table)
{
    const int64_t offset = l->calls->n_weights;
    for (int i = 0; i < NAS_QUANT_TABLE && !l->counts; i++)
        l->calls->weights[offset + i] = (float)table[i];
    l->calls->n_weights += NAS_QUANT_TABLE;
    return offset;
}

nas_status nas_call_put_indices(lowering *l, const layout *from, const layout *to,
                                int64_t *offset)
{
    const int64_t n = nas_shape_count(from->shape);
    const int64_t places = nas_shape_count(to->shape);
    *offset = l->calls->n_indices;
    if (l->counts) {
        l->calls->n_indices += n;
        return NAS_OK;
    }
    uint32_t *place = NAS_NEW(l->arena, uint32_t, places);
    uint32_t *table =
        NAS_NEW(l->arena, uint32_t, l->calls->n_indices + n + NAS_TABLE_ROUND);
    NAS_TRY_ALLOC(place, l->err);
    NAS_TRY_ALLOC(table, l->err);
    for (int64_t i = 0; i < places; i++)
        place[nas_call_logical(to->order, i)] = (uint32_t)i;
    if (*offset > 0)
        memcpy(table, l->calls->indices, (size_t)*offset * sizeof *table);
    for (int64_t i = 0; i < n; i++)
        table[*offset + i] = place[nas_call_logical(from->order, i)];
    l->calls->indices = table;
    l->calls->n_indices += n;
    return NAS_OK;
}

/* ---- weights ----------------------------------------------------------------------- */

/* Outputs computed together; the same rule as nas_rt_block of the runtime. */
static int64_t block_of(int64_t left)
{
    if (left >= 8)
        return 8;
    return left >= 4 ? 4 : 1;
}

void nas_call_pack(lowering *l, const float *kernel, int64_t outputs, int64_t inputs,
                   int64_t taps, const uint32_t *order)
{
    float *to = l->counts ? NULL : l->calls->weights + l->calls->n_weights;
    for (int64_t o = 0; o < outputs && !l->counts;) {
        const int64_t block = block_of(outputs - o);
        for (int64_t i = 0; i < inputs * taps * block; i++) {
            const int64_t input = nas_call_logical(order, i / block % inputs);
            const int64_t tap = i / block / inputs;
            *to++ = kernel[((o + i % block) * inputs + input) * taps + tap];
        }
        o += block;
    }
    l->calls->n_weights += outputs * inputs * taps;
}
