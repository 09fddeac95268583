/* Pools that stand alone: any window, stride and padding, on a stored input. */
#include "engine/unit.h"

#include <string.h>

static nas_pool_job pool_job(const nas_net *net, const nas_unit *unit, nas_view x,
                             const nas_piece *at)
{
    const nas_tensor *in = &net->units[unit->inputs[0]].z;
    const nas_window *w = &unit->window;
    return (nas_pool_job){
        .blocks = at->count,
        .channels = in->channels,
        .in_h = in->height,
        .in_w = in->width,
        .out_h = unit->y.height,
        .out_w = unit->y.width,
        .kernel_h = w->kernel_h,
        .kernel_w = w->kernel_w,
        .stride_h = w->stride_h,
        .stride_w = w->stride_w,
        .pad_h = w->pad_h,
        .pad_w = w->pad_w,
        .x = x,
        .y = nas_view_block(&unit->y, at->first),
    };
}

/* Backward kernels add, because windows overlap: the first writer starts from zero. */
static nas_pool_job backward_job(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                                 const nas_piece *at)
{
    const nas_tensor *dz = &net->units[unit->inputs[0]].dz;
    nas_pool_job job = pool_job(net, unit, x, at);
    job.dy = dy;
    job.dx = nas_view_block(dz, at->first);
    if (unit->first[0])
        memset(job.dx.data, 0, (size_t)(at->count * dz->view.block) * sizeof(float));
    return job;
}

void nas_core_max_pool_forward(nas_net *net, nas_unit *unit, nas_view x,
                               const nas_piece *at)
{
    nas_pool_job job = pool_job(net, unit, x, at);
    net->kernels->max_pool(&job);
    nas_clamp_output(net, unit, at);
}

void nas_core_max_pool_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                                const nas_piece *at)
{
    nas_pool_job job = backward_job(net, unit, x, dy, at);
    net->kernels->max_pool_backward(&job);
}

void nas_core_avg_pool_forward(nas_net *net, nas_unit *unit, nas_view x,
                               const nas_piece *at)
{
    nas_pool_job job = pool_job(net, unit, x, at);
    net->kernels->avg_pool(&job);
    nas_clamp_output(net, unit, at);
}

void nas_core_avg_pool_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                                const nas_piece *at)
{
    nas_pool_job job = backward_job(net, unit, x, dy, at);
    net->kernels->avg_pool_backward(&job);
}
