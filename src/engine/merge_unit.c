/* Cores that move elements: input, view, add, concat, flatten, dropout, softmax. */
#include "engine/unit.h"

#include <math.h>

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

void nas_pass_gradient(nas_net *net, nas_unit *unit, int slot, nas_view dy, int first,
                       int count)
{
    nas_unit *input = &net->units[unit->inputs[slot]];
    if (!input->gradient)
        return;
    nas_copy_job job = copy_job(&input->dz, dy, nas_view_block(&input->dz, first), count);
    job.accumulate = !unit->first[slot];
    net->kernels->copy(&job);
}

/* ---- input and view: y is there already ------------------------------------------ */

void nas_core_input_forward(nas_net *net, nas_unit *unit, nas_view x, int first,
                            int count)
{
    (void)net, (void)unit, (void)x, (void)first, (void)count;
}

void nas_core_input_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                             int first, int count)
{
    (void)net, (void)unit, (void)x, (void)dy, (void)first, (void)count;
}

void nas_core_view_forward(nas_net *net, nas_unit *unit, nas_view x, int first, int count)
{
    (void)net, (void)unit, (void)x, (void)first, (void)count;
}

void nas_core_view_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                            int first, int count)
{
    (void)x;
    nas_pass_gradient(net, unit, 0, dy, first, count);
}

/* ---- add ------------------------------------------------------------------------------
 */

void nas_core_add_forward(nas_net *net, nas_unit *unit, nas_view x, int first, int count)
{
    (void)x;
    for (int i = 0; i < unit->n_inputs; i++) {
        const nas_tensor *input = &net->units[unit->inputs[i]].z;
        nas_copy_job job = copy_job(input, nas_view_block(input, first),
                                    nas_view_block(&unit->y, first), count);
        job.accumulate = i > 0;
        if (i == unit->n_inputs - 1 && !unit->separate) {
            job.low = unit->low;
            job.high = unit->high;
        }
        net->kernels->copy(&job);
    }
}

void nas_core_add_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                           int first, int count)
{
    (void)x;
    for (int i = 0; i < unit->n_inputs; i++)
        nas_pass_gradient(net, unit, i, dy, first, count);
}

/* ---- concat ---------------------------------------------------------------------------
 */

void nas_core_concat_forward(nas_net *net, nas_unit *unit, nas_view x, int first,
                             int count)
{
    (void)x;
    nas_view to = nas_view_block(&unit->y, first);
    for (int i = 0; i < unit->n_inputs; i++) {
        const nas_tensor *input = &net->units[unit->inputs[i]].z;
        nas_copy_job job = copy_job(input, nas_view_block(input, first), to, count);
        if (!unit->separate) {
            job.low = unit->low;
            job.high = unit->high;
        }
        net->kernels->copy(&job);
        to.data += input->channels * to.plane;
    }
}

void nas_core_concat_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                              int first, int count)
{
    (void)x;
    for (int i = 0; i < unit->n_inputs; i++) {
        nas_pass_gradient(net, unit, i, dy, first, count);
        dy.data += net->units[unit->inputs[i]].z.channels * dy.plane;
    }
}

/* ---- flatten --------------------------------------------------------------------------
 */

/* A vector's view with the planes and rows of the sample it was flattened from. */
static nas_view unflattened(nas_view vector, const nas_tensor *shape)
{
    vector.row = (ptrdiff_t)shape->width * vector.plane;
    vector.plane = shape->height * vector.row;
    return vector;
}

void nas_core_flatten_forward(nas_net *net, nas_unit *unit, nas_view x, int first,
                              int count)
{
    const nas_tensor *input = &net->units[unit->inputs[0]].z;
    nas_view to = unflattened(nas_view_block(&unit->y, first), input);
    nas_copy_job job = copy_job(input, x, to, count);
    net->kernels->copy(&job);
    nas_clamp_output(net, unit, first, count);
}

void nas_core_flatten_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                               int first, int count)
{
    (void)x;
    const nas_tensor *input = &net->units[unit->inputs[0]].z;
    nas_pass_gradient(net, unit, 0, unflattened(dy, input), first, count);
}

/* ---- dropout --------------------------------------------------------------------------
 */

static nas_dropout_job dropout_job(const nas_unit *unit, nas_view x, nas_view y,
                                   int first, int count)
{
    const nas_tensor *t = &unit->y;
    const uint32_t block = (uint32_t)(t->channels * t->height * t->width * LINE);
    return (nas_dropout_job){
        .blocks = count,
        .channels = t->channels,
        .height = t->height,
        .width = t->width,
        .x = x,
        .y = y,
        .seed = unit->dropout_seed + (uint32_t)first * block,
        .threshold = (uint32_t)((double)unit->dropout_rate * 4294967296.0),
        .factor = 1.0f / (1.0f - unit->dropout_rate),
    };
}

void nas_core_dropout_forward(nas_net *net, nas_unit *unit, nas_view x, int first,
                              int count)
{
    nas_dropout_job job =
        dropout_job(unit, x, nas_view_block(&unit->y, first), first, count);
    if (!net->train) {
        job.threshold = 0;
        job.factor = 1.0f;
    }
    net->kernels->dropout(&job);
    nas_clamp_output(net, unit, first, count);
}

void nas_core_dropout_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                               int first, int count)
{
    (void)x;
    nas_unit *input = &net->units[unit->inputs[0]];
    nas_dropout_job job =
        dropout_job(unit, dy, nas_view_block(&input->dz, first), first, count);
    job.accumulate = !unit->first[0];
    net->kernels->dropout(&job);
}

/* ---- softmax --------------------------------------------------------------------------
 */

void nas_core_softmax_forward(nas_net *net, nas_unit *unit, nas_view x, int first,
                              int count)
{
    nas_softmax_job job = {
        .blocks = count,
        .channels = unit->y.channels,
        .height = unit->y.height,
        .width = unit->y.width,
        .x = x,
        .y = nas_view_block(&unit->y, first),
    };
    net->kernels->softmax(&job);
    nas_clamp_output(net, unit, first, count);
}

void nas_core_softmax_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                               int first, int count)
{
    (void)x;
    nas_softmax_job job = {
        .blocks = count,
        .channels = unit->y.channels,
        .height = unit->y.height,
        .width = unit->y.width,
        .y = nas_view_block(&unit->y, first),
        .dy = dy,
        .dx = nas_view_block(&net->units[unit->inputs[0]].dz, first),
        .accumulate = !unit->first[0],
    };
    net->kernels->softmax_backward(&job);
}
