/* Cores that move elements: input, view, add, concat, slice, flatten, dropout, curves,
 * softmax. */
#include "engine/unit.h"

#include <math.h>
#include <string.h>

enum { LINE = NAS_LANES };

/* A copy between blocks of a tensor's extents, not clamped. */
static nas_copy_job copy_job(const nas_tensor *t, nas_view from, nas_view to, int count)
{
    return (nas_copy_job){
        .blocks = count,
        .channels = t->channels,
        .height = t->height,
        .width = t->width,
        .from = from,
        .to = to,
        .low = -INFINITY,
        .high = INFINITY,
    };
}

void nas_pass_gradient(nas_net *net, nas_unit *unit, int slot, nas_view dy,
                       const nas_piece *at)
{
    nas_unit *input = &net->units[unit->inputs[slot]];
    if (!input->gradient)
        return;
    nas_copy_job job =
        copy_job(&input->dz, dy, nas_view_block(&input->dz, at->first), at->count);
    job.accumulate = !unit->first[slot];
    net->kernels->copy(&job);
}

/* ---- input and view: y is there already ------------------------------------------ */

void nas_core_input_forward(nas_net *net, nas_unit *unit, nas_view x, const nas_piece *at)
{
    (void)net, (void)unit, (void)x, (void)at;
}

void nas_core_input_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                             const nas_piece *at)
{
    (void)net, (void)unit, (void)x, (void)dy, (void)at;
}

void nas_core_view_forward(nas_net *net, nas_unit *unit, nas_view x, const nas_piece *at)
{
    (void)net, (void)unit, (void)x, (void)at;
}

void nas_core_view_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                            const nas_piece *at)
{
    (void)x;
    nas_pass_gradient(net, unit, 0, dy, at);
}

/* ---- add ------------------------------------------------------------------------- */

void nas_core_add_forward(nas_net *net, nas_unit *unit, nas_view x, const nas_piece *at)
{
    (void)x;
    for (int i = 0; i < unit->n_inputs; i++) {
        const nas_tensor *input = &net->units[unit->inputs[i]].z;
        nas_copy_job job = copy_job(input, nas_view_block(input, at->first),
                                    nas_view_block(&unit->y, at->first), at->count);
        job.accumulate = i > 0;
        if (i == unit->n_inputs - 1 && !unit->separate) {
            job.low = unit->low;
            job.high = unit->high;
        }
        net->kernels->copy(&job);
    }
}

void nas_core_add_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                           const nas_piece *at)
{
    (void)x;
    for (int i = 0; i < unit->n_inputs; i++)
        nas_pass_gradient(net, unit, i, dy, at);
}

/* ---- concat ---------------------------------------------------------------------- */

void nas_core_concat_forward(nas_net *net, nas_unit *unit, nas_view x,
                             const nas_piece *at)
{
    (void)x;
    nas_view to = nas_view_block(&unit->y, at->first);
    for (int i = 0; i < unit->n_inputs; i++) {
        const nas_tensor *input = &net->units[unit->inputs[i]].z;
        nas_copy_job job =
            copy_job(input, nas_view_block(input, at->first), to, at->count);
        if (!unit->separate) {
            job.low = unit->low;
            job.high = unit->high;
        }
        net->kernels->copy(&job);
        to.data += input->channels * to.plane;
    }
}

void nas_core_concat_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                              const nas_piece *at)
{
    (void)x;
    for (int i = 0; i < unit->n_inputs; i++) {
        nas_pass_gradient(net, unit, i, dy, at);
        dy.data += net->units[unit->inputs[i]].z.channels * dy.plane;
    }
}

/* ---- slice ----------------------------------------------------------------------- */

void nas_core_slice_forward(nas_net *net, nas_unit *unit, nas_view x, const nas_piece *at)
{
    x.data += unit->slice_from * x.plane;
    nas_copy_job job =
        copy_job(&unit->y, x, nas_view_block(&unit->y, at->first), at->count);
    net->kernels->copy(&job);
    nas_clamp_output(net, unit, at);
}

/* The first to write a gradient writes all of it: the other channels get zeros. */
void nas_core_slice_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                             const nas_piece *at)
{
    (void)x;
    const nas_tensor *dz = &net->units[unit->inputs[0]].dz;
    nas_view dx = nas_view_block(dz, at->first);
    for (int i = 0; unit->first[0] && i < at->count * dz->channels; i++)
        memset(dx.data + i / dz->channels * dx.block + i % dz->channels * dx.plane, 0,
               (size_t)dx.row * (size_t)dz->height * sizeof *dx.data);
    dx.data += unit->slice_from * dx.plane;
    nas_copy_job job = copy_job(&unit->y, dy, dx, at->count);
    job.accumulate = true;
    net->kernels->copy(&job);
}

/* ---- flatten --------------------------------------------------------------------- */

/* A vector's view with the planes and rows of the sample it was flattened from. */
static nas_view unflattened(nas_view vector, const nas_tensor *shape)
{
    vector.row = (ptrdiff_t)shape->width * vector.plane;
    vector.plane = shape->height * vector.row;
    return vector;
}

void nas_core_flatten_forward(nas_net *net, nas_unit *unit, nas_view x,
                              const nas_piece *at)
{
    const nas_tensor *input = &net->units[unit->inputs[0]].z;
    nas_view to = unflattened(nas_view_block(&unit->y, at->first), input);
    nas_copy_job job = copy_job(input, x, to, at->count);
    net->kernels->copy(&job);
    nas_clamp_output(net, unit, at);
}

void nas_core_flatten_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                               const nas_piece *at)
{
    (void)x;
    const nas_tensor *input = &net->units[unit->inputs[0]].z;
    nas_pass_gradient(net, unit, 0, unflattened(dy, input), at);
}

/* ---- dropout --------------------------------------------------------------------- */

static nas_dropout_job dropout_job(const nas_unit *unit, nas_view x, nas_view y,
                                   const nas_piece *at)
{
    const nas_tensor *t = &unit->y;
    const uint32_t block = (uint32_t)(t->channels * t->height * t->width * LINE);
    return (nas_dropout_job){
        .blocks = at->count,
        .channels = t->channels,
        .height = t->height,
        .width = t->width,
        .x = x,
        .y = y,
        .seed = unit->dropout_seed + (uint32_t)at->first * block,
        .threshold = (uint32_t)((double)unit->dropout_rate * 4294967296.0),
        .factor = 1.0f / (1.0f - unit->dropout_rate),
    };
}

void nas_core_dropout_forward(nas_net *net, nas_unit *unit, nas_view x,
                              const nas_piece *at)
{
    nas_dropout_job job = dropout_job(unit, x, nas_view_block(&unit->y, at->first), at);
    if (!net->train) {
        job.threshold = 0;
        job.factor = 1.0f;
    }
    net->kernels->dropout(&job);
    nas_clamp_output(net, unit, at);
}

void nas_core_dropout_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                               const nas_piece *at)
{
    (void)x;
    nas_unit *input = &net->units[unit->inputs[0]];
    nas_dropout_job job =
        dropout_job(unit, dy, nas_view_block(&input->dz, at->first), at);
    job.accumulate = !unit->first[0];
    net->kernels->dropout(&job);
}

/* ---- curves ---------------------------------------------------------------------- */

static nas_curve_job curve_job(const nas_unit *unit, nas_view x, const nas_piece *at)
{
    return (nas_curve_job){
        .op = unit->curve,
        .slope = unit->slope,
        .blocks = at->count,
        .channels = unit->y.channels,
        .height = unit->y.height,
        .width = unit->y.width,
        .x = x,
    };
}

void nas_core_curve_forward(nas_net *net, nas_unit *unit, nas_view x, const nas_piece *at)
{
    nas_curve_job job = curve_job(unit, x, at);
    job.y = nas_view_block(&unit->y, at->first);
    net->kernels->curve(&job);
    nas_clamp_output(net, unit, at);
}

void nas_core_curve_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                             const nas_piece *at)
{
    nas_unit *input = &net->units[unit->inputs[0]];
    if (!input->gradient)
        return;
    nas_curve_job job = curve_job(unit, x, at);
    job.dy = dy;
    job.dx = nas_view_block(&input->dz, at->first);
    job.accumulate = !unit->first[0];
    net->kernels->curve_backward(&job);
}

/* ---- softmax --------------------------------------------------------------------- */

void nas_core_softmax_forward(nas_net *net, nas_unit *unit, nas_view x,
                              const nas_piece *at)
{
    nas_softmax_job job = {
        .blocks = at->count,
        .channels = unit->y.channels,
        .height = unit->y.height,
        .width = unit->y.width,
        .x = x,
        .y = nas_view_block(&unit->y, at->first),
    };
    net->kernels->softmax(&job);
    nas_clamp_output(net, unit, at);
}

void nas_core_softmax_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                               const nas_piece *at)
{
    (void)x;
    nas_softmax_job job = {
        .blocks = at->count,
        .channels = unit->y.channels,
        .height = unit->y.height,
        .width = unit->y.width,
        .y = nas_view_block(&unit->y, at->first),
        .dy = dy,
        .dx = nas_view_block(&net->units[unit->inputs[0]].dz, at->first),
        .accumulate = !unit->first[0],
    };
    net->kernels->softmax_backward(&job);
}
