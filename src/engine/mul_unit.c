/* Core of products: two tensors of one shape, or a tensor and one gate per channel. */
#include "engine/unit.h"

/* A factor's values in a piece. */
static nas_view factor(const nas_net *net, const nas_unit *unit, int slot,
                       const nas_piece *at)
{
    return nas_view_block(&net->units[unit->inputs[slot]].z, at->first);
}

/* The second factor is one value per channel. */
static bool is_gate(const nas_net *net, const nas_unit *unit)
{
    const nas_tensor *b = &net->units[unit->inputs[1]].z;
    return b->height != unit->y.height || b->width != unit->y.width;
}

static nas_mul_job mul_job(const nas_unit *unit, nas_view a, nas_view b, nas_view to,
                           const nas_piece *at)
{
    return (nas_mul_job){
        .blocks = at->count,
        .channels = unit->y.channels,
        .height = unit->y.height,
        .width = unit->y.width,
        .a = a,
        .b = b,
        .to = to,
    };
}

void nas_core_mul_forward(nas_net *net, nas_unit *unit, nas_view x, const nas_piece *at)
{
    nas_mul_job job = mul_job(unit, x, factor(net, unit, 1, at),
                              nas_view_block(&unit->y, at->first), at);
    job.gate = is_gate(net, unit);
    net->kernels->mul(&job);
    nas_clamp_output(net, unit, at);
}

/* da = dy*b; db = dy*a, summed over the plane for a gate. */
void nas_core_mul_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                           const nas_piece *at)
{
    const bool gate = is_gate(net, unit);
    for (int slot = 0; slot < 2; slot++) {
        const nas_unit *input = &net->units[unit->inputs[slot]];
        if (!input->gradient)
            continue;
        nas_mul_job job = mul_job(unit, dy, slot == 0 ? factor(net, unit, 1, at) : x,
                                  nas_view_block(&input->dz, at->first), at);
        job.gate = gate && slot == 0;
        job.accumulate = !unit->first[slot];
        if (gate && slot == 1)
            net->kernels->mul_sum(&job);
        else
            net->kernels->mul(&job);
    }
}
