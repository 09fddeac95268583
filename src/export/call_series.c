/* Steps of Transformer encoders as calls. */
#include "export/call_lower.h"

#include <math.h>

/* Where the step's input lies in the graph's order: its buffer or, after a call that
 * brings it there, the scratch at `scratch`. */
static nas_status natural_input(lowering *l, const step_view *v, int64_t scratch,
                                int64_t *at)
{
    const layout natural = {v->in.shape, NULL};
    *at = nas_call_at(l, v->step->inputs[0]);
    if (v->in.order == NULL)
        return NAS_OK;
    nas_call *call = nas_call_add(l, NAS_KERNEL_STORE_GATHER, v->index);
    call->map.pixels = 1;
    call->map.in_c = call->map.out_c = (int32_t)v->in.shape.c;
    call->in[0] = *at;
    call->out = *at = scratch;
    return nas_call_put_indices(l, &natural, &v->in, &call->indices);
}

/* Behind the step's result. */
static int64_t scratch_of(const lowering *l, const step_view *v)
{
    return nas_call_at(l, v->step->output) + nas_shape_count(v->node->shape);
}

static void set_norm(lowering *l, const step_view *v, nas_call *call,
                     const uint32_t *order)
{
    const int64_t channels = v->in.shape.c;
    call->map.low = (float)v->node->attr[NAS_ATTR_SAMPLE_NORM_EPSILON].f;
    call->weights[0] = nas_call_put_ordered(l, v->kernel, order, channels);
    call->weights[1] = nas_call_put_ordered(l, v->bias, order, channels);
}

nas_status nas_call_layer_norm(lowering *l, const step_view *v, layout *out)
{
    *out = v->in;
    set_norm(l, v, nas_call_channels(l, v, NAS_KERNEL_LAYER_NORM), v->in.order);
    return NAS_OK;
}

/* One group of a vector may lie in any order; several must lie in theirs. */
nas_status nas_call_group_norm(lowering *l, const step_view *v, layout *out)
{
    const int64_t groups = v->node->attr[NAS_ATTR_SAMPLE_NORM_GROUPS].i;
    int64_t from = nas_call_at(l, v->step->inputs[0]);
    *out = v->in;
    if (groups > 1) {
        NAS_TRY(natural_input(l, v, scratch_of(l, v), &from));
        out->order = NULL;
    }
    nas_call *call = nas_call_channels(l, v, NAS_KERNEL_GROUP_NORM);
    call->map.out_c = (int32_t)groups;
    call->in[0] = from;
    set_norm(l, v, call, out->order);
    return NAS_OK;
}

nas_status nas_call_tokens(lowering *l, const step_view *v, layout *out)
{
    const int64_t columns = v->in.shape.c, channels = v->node->shape.c;
    int64_t from = 0;
    NAS_TRY(natural_input(l, v, scratch_of(l, v), &from));
    nas_call *call = nas_call_map(l, v, NAS_KERNEL_TOKENS, 1, columns, channels);
    call->in[0] = from;
    call->weights[0] = nas_call_put(l, v->kernel, columns * channels);
    call->weights[1] = nas_call_put(l, v->bias, columns * channels);
    *out = (layout){v->node->shape, NULL};
    return NAS_OK;
}

/* [C][T] as [T][C]; a series of one step may lie in an order of its own. */
nas_status nas_call_positions(lowering *l, const step_view *v, layout *out)
{
    const int64_t channels = v->in.shape.c, steps = v->in.shape.w;
    nas_call *call = nas_call_channels(l, v, NAS_KERNEL_POSITIONS);
    float *table = NAS_NEW(l->arena, float, channels *steps);
    NAS_TRY_ALLOC(table, l->err);
    for (int64_t i = 0; i < channels * steps && !l->counts; i++) {
        const int64_t c = nas_call_logical(v->in.order, i % channels);
        table[i] = v->kernel[c * steps + i / channels];
    }
    call->weights[0] = nas_call_put(l, table, channels * steps);
    *out = v->in;
    return NAS_OK;
}

nas_status nas_call_attention(lowering *l, const step_view *v, layout *out)
{
    const nas_shape shape = v->node->shape;
    const int64_t heads = v->node->attr[NAS_ATTR_ATTENTION_HEADS].i;
    const int64_t width = shape.c / heads; /* of a head */
    const int64_t scratch = scratch_of(l, v);
    int64_t from = 0;
    NAS_TRY(natural_input(l, v, scratch + shape.w, &from));
    nas_call *call = nas_call_map(l, v, NAS_KERNEL_ATTENTION, 0, 0, 0);
    call->heads = (nas_rt_heads){(int32_t)shape.w, (int32_t)shape.c, (int32_t)heads,
                                 1.0f / sqrtf((float)width)};
    call->in[0] = from;
    call->in[1] = scratch;
    *out = (layout){shape, NULL};
    return NAS_OK;
}
