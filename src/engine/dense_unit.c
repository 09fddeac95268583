/* Dense layers: their jobs, forward and backward.
 *
 *   I  inputs: elements of a (C,H,W) sample in that order    O  outputs
 *
 * Blocks take the place of pixels: y[o] of all blocks is one strip. The weight gradient
 * is a product over samples, so x and dy are turned into rows of samples first. */
#include "engine/layout.h"

#include <string.h>

enum { LINE = NAS_LANES, STRIP = 6 /* widest tile of the conv kernels */ };

static int64_t inputs_of(const nas_tensor *x)
{
    return (int64_t)x->channels * x->height * x->width;
}

static nas_status prepare_forward(nas_net *net, nas_unit *unit, nas_err *err)
{
    const nas_tensor *x = &net->units[unit->inputs[0]].z;
    const int plane = x->height * x->width;
    const int chunk = nas_chunk_channels(x->channels, plane * net->blocks);
    nas_term *terms = NAS_NEW(net->arena, nas_term, chunk * plane);
    NAS_TRY_ALLOC(terms, err);
    for (int i = 0; i < chunk * plane; i++) {
        const int c = i / plane, h = i % plane / x->width, v = i % x->width;
        terms[i] =
            (nas_term){(int32_t)(c * x->view.plane + h * x->view.row + v * LINE), i};
    }
    const int chunks = (x->channels + chunk - 1) / chunk;
    unit->forward = (nas_conv_job){
        .out = unit->y.channels,
        .rows = 1,
        .terms = terms,
        .n_terms = chunk * plane,
        .last_terms = (x->channels - (chunks - 1) * chunk) * plane,
        .chunks = chunks,
        .x_pixel = x->view.block,
        .x_chunk = chunk * x->view.plane,
        .w_out = inputs_of(x),
        .w_chunk = chunk * plane,
        .y_out = unit->y.view.plane,
        .y_pixel = unit->y.view.block,
        .low = unit->low,
        .high = unit->high,
    };
    return NAS_OK;
}

/* dx[i] = sum over o of w[o][i] * dy[o]: one job per position (h,w) of the input, its
 * channels as outputs. */
static nas_status prepare_backward(nas_net *net, nas_unit *unit, nas_err *err)
{
    const nas_unit *input = &net->units[unit->inputs[0]];
    const int out = unit->y.channels, chunk = nas_chunk_channels(out, net->blocks);
    const int chunks = (out + chunk - 1) / chunk;
    const int64_t in = inputs_of(&input->z);
    nas_term *terms = NAS_NEW(net->arena, nas_term, chunk);
    unit->phases = NAS_NEW(net->arena, nas_phase, 1);
    NAS_TRY_ALLOC(terms, err);
    NAS_TRY_ALLOC(unit->phases, err);
    for (int o = 0; o < chunk; o++)
        terms[o] = (nas_term){(int32_t)(o * unit->dy.view.plane), (int32_t)(o * in)};
    unit->phases[0].job = (nas_conv_job){
        .out = input->z.channels,
        .rows = 1,
        .terms = terms,
        .n_terms = chunk,
        .last_terms = out - (chunks - 1) * chunk,
        .chunks = chunks,
        .x_pixel = unit->dy.view.block,
        .x_chunk = chunk * unit->dy.view.plane,
        .w_out = input->z.height * input->z.width,
        .w_chunk = chunk * in,
        .y_out = input->dz.view.plane,
        .y_pixel = input->dz.view.block,
        .ref_out = input->y.view.plane,
        .ref_pixel = input->y.view.block,
    };
    return NAS_OK;
}

/* g[o][i] = sum over samples n of d[n][o] * x[n][i]: lanes over i, terms over n. */
static nas_status prepare_weight_gradient(nas_net *net, nas_unit *unit, nas_err *err)
{
    const int64_t in = inputs_of(&net->units[unit->inputs[0]].z), out = unit->y.channels;
    const int64_t in_row = nas_row_floats(in), out_row = nas_row_floats(out);
    const int batch = net->options.batch, chunk = nas_chunk_channels(batch, STRIP);
    const int chunks = (batch + chunk - 1) / chunk;
    nas_term *terms = NAS_NEW(net->arena, nas_term, chunk);
    NAS_TRY_ALLOC(terms, err);
    for (int n = 0; n < chunk; n++)
        terms[n] = (nas_term){(int32_t)(n * in_row), (int32_t)(n * out_row)};
    unit->rows_job = (nas_conv_job){
        .out = (int)out,
        .rows = 1,
        .pixels = (int)((in + LINE - 1) / LINE),
        .terms = terms,
        .n_terms = chunk,
        .last_terms = batch - (chunks - 1) * chunk,
        .chunks = chunks,
        .x_pixel = LINE,
        .x_chunk = chunk * in_row,
        .w_out = 1,
        .w_chunk = chunk * out_row,
        .y_out = in % LINE == 0 ? in : in_row,
        .y_pixel = LINE,
    };
    return NAS_OK;
}

nas_status nas_prepare_dense(nas_net *net, nas_unit *unit, nas_err *err)
{
    NAS_TRY(prepare_forward(net, unit, err));
    if (!unit->gradient)
        return NAS_OK;
    NAS_TRY(prepare_weight_gradient(net, unit, err));
    return prepare_backward(net, unit, err);
}

void nas_core_dense_forward(nas_net *net, nas_unit *unit, nas_view x, const nas_piece *at)
{
    nas_conv_job job = unit->forward;
    job.pixels = at->count;
    job.x = x.data;
    job.w = unit->kernel.w;
    job.bias = unit->bias.w;
    job.y = nas_view_block(&unit->y, at->first).data;
    job.finish = nas_unit_finish(net, unit);
    job.sum = unit->sum;
    job.square = unit->square;
    net->kernels->conv(&job);
}

/* rows[n][*] = tensor of sample n, for all samples. */
static void to_rows(const nas_net *net, const nas_tensor *t, nas_view view, float *rows)
{
    const int64_t row = nas_row_floats(inputs_of(t));
    for (int b = 0; b < net->blocks; b++) {
        nas_unlane_job job = {
            .channels = t->channels,
            .height = t->height,
            .width = t->width,
            .from = view,
            .to_row = row,
        };
        job.from.data += b * view.block;
        job.to = rows + b * LINE * row;
        net->kernels->unlane(&job);
    }
}

/* Rows that are no whole number of lines are computed in scratch: a kernel writes lines.
 */
static void weight_gradient(nas_net *net, nas_unit *unit, nas_view x, nas_view dy)
{
    const nas_tensor *input = &net->units[unit->inputs[0]].z;
    const int64_t in = inputs_of(input), out = unit->y.channels;
    to_rows(net, input, x, net->rows_x);
    to_rows(net, &unit->dy, dy, net->rows_d);
    nas_conv_job job = unit->rows_job;
    job.x = net->rows_x;
    job.w = net->rows_d;
    job.y = in % LINE == 0 ? unit->kernel.g : net->rows_g;
    net->kernels->conv(&job);
    if (in % LINE == 0)
        return;
    for (int64_t o = 0; o < out; o++)
        memcpy(unit->kernel.g + o * in, net->rows_g + o * job.y_out,
               (size_t)in * sizeof(float));
}

void nas_core_dense_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                             const nas_piece *at)
{
    weight_gradient(net, unit, x, dy);
    nas_unit *input = &net->units[unit->inputs[0]];
    if (!input->gradient)
        return;
    const int plane = input->dz.height * input->dz.width;
    for (int i = 0; i < plane; i++) {
        const int h = i / input->dz.width, v = i % input->dz.width;
        nas_conv_job job = unit->phases[0].job;
        job.pixels = at->count;
        job.x = dy.data;
        job.w = unit->kernel.w + i;
        job.y = nas_view_block(&input->dz, at->first).data + h * input->dz.view.row +
                v * LINE;
        nas_job_to_gradient(net, unit, &job, at->first);
        if (job.ref != NULL)
            job.ref += h * input->y.view.row + v * LINE;
        net->kernels->conv(&job);
    }
    if (input->masked)
        nas_unit_fold(net, input, 0, input->y.channels);
}
