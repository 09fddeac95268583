/* Convolution and depthwise convolution: their jobs, forward and backward.
 *
 * Weights are [O][I/groups][KH][KW] (depthwise [C][KH][KW]) for all three passes; only
 * the order in which they are read differs. */
#include "engine/unit.h"

#include <string.h>

enum {
    LINE = NAS_LANES,
    CACHE_LINES = 512, /* of x within a strip: 32 KiB, a first-level cache */
    STRIP_PIXELS = 6,  /* widest tile of the conv kernels */
};

int nas_chunk_channels(int channels, int lines)
{
    int fit = CACHE_LINES / lines;
    if (fit < 1)
        fit = 1;
    int chunks = (channels + fit - 1) / fit;
    return (channels + chunks - 1) / chunks;
}

static int taps_of(const nas_window *w)
{
    return w->kernel_h * w->kernel_w;
}

/* ---- jobs ------------------------------------------------------------------------ */

/* A tap of a window: offset of its x line and of its weight. */
typedef struct tap {
    ptrdiff_t x;
    int w;
} tap;

/* Terms of a sum over `channels` channels of `n` taps, cut into equal chunks.
 * @param x_channel, w_channel  strides from channel to channel
 * @param lines  lines of x one channel touches in a strip */
static nas_status set_terms(nas_net *net, nas_conv_job *job, const tap *taps, int n,
                            const ptrdiff_t stride[2], const int channels_lines[2],
                            nas_err *err)
{
    const int channels = channels_lines[0];
    int chunk =
        nas_chunk_channels(channels, channels_lines[1] > 0 ? channels_lines[1] : 1);
    nas_term *terms = NAS_NEW(net->arena, nas_term, chunk * n + 1);
    NAS_TRY_ALLOC(terms, err);
    for (int c = 0; c < chunk; c++) {
        for (int t = 0; t < n; t++)
            terms[c * n + t] = (nas_term){(int32_t)(c * stride[0] + taps[t].x),
                                          (int32_t)(c * stride[1] + taps[t].w)};
    }
    job->terms = terms;
    job->chunks = (channels + chunk - 1) / chunk;
    job->n_terms = chunk * n;
    job->last_terms = (channels - (job->chunks - 1) * chunk) * n;
    job->x_chunk = chunk * stride[0];
    job->w_chunk = chunk * stride[1];
    return NAS_OK;
}

/* Rows that follow each other without gaps are one row: longer strips. */
static void merge_rows(nas_conv_job *job, ptrdiff_t ref_row)
{
    if (job->x_row == job->pixels * job->x_pixel &&
        job->y_row == job->pixels * job->y_pixel && ref_row == job->y_row) {
        job->pixels *= job->rows;
        job->rows = 1;
    }
}

/* Lines of x that one channel contributes to a strip of pixels. */
static int strip_lines(int rows, int columns, int stride)
{
    return rows * ((STRIP_PIXELS - 1) * stride + columns);
}

static nas_status prepare_forward(nas_net *net, nas_unit *unit, nas_err *err)
{
    const nas_window *w = &unit->window;
    const nas_tensor *x = &net->units[unit->inputs[0]].z;
    const bool depthwise = unit->core == NAS_CORE_DEPTHWISE;
    const int n = taps_of(w);
    tap *taps = NAS_NEW(net->arena, tap, n);
    NAS_TRY_ALLOC(taps, err);
    for (int h = 0; h < w->kernel_h; h++) {
        for (int v = 0; v < w->kernel_w; v++)
            taps[h * w->kernel_w + v] =
                (tap){(h * w->dilation_h - w->pad_h) * x->view.row +
                          (v * w->dilation_w - w->pad_w) * LINE,
                      h * w->kernel_w + v};
    }
    const int in = depthwise ? 1 : x->channels / w->groups;
    unit->forward = (nas_conv_job){
        .out = unit->y.channels / (depthwise ? 1 : w->groups),
        .rows = unit->y.height,
        .pixels = unit->y.width,
        .x_row = x->view.row * w->stride_h,
        .x_pixel = LINE * w->stride_w,
        .x_out = depthwise ? x->view.plane : 0,
        .w_out = in * n,
        .y_out = unit->y.view.plane,
        .y_row = unit->y.view.row,
        .y_pixel = LINE,
        .low = unit->low,
        .high = unit->high,
    };
    merge_rows(&unit->forward, unit->y.view.row);
    const ptrdiff_t stride[2] = {x->view.plane, n};
    const int lines[2] = {
        in, depthwise ? 1 : strip_lines(w->kernel_h, w->kernel_w, w->stride_w)};
    return set_terms(net, &unit->forward, taps, n, stride, lines, err);
}

static nas_status prepare_reduce(nas_net *net, nas_unit *unit, nas_err *err)
{
    const nas_window *w = &unit->window;
    const nas_tensor *x = &net->units[unit->inputs[0]].z;
    const bool depthwise = unit->core == NAS_CORE_DEPTHWISE;
    const int n = taps_of(w), in = depthwise ? 1 : x->channels / w->groups;
    int32_t *offset = NAS_NEW(net->arena, int32_t, in * n);
    NAS_TRY_ALLOC(offset, err);
    for (int i = 0; i < in * n; i++) {
        const int t = i % n, h = t / w->kernel_w, v = t % w->kernel_w;
        offset[i] = (int32_t)(i / n * x->view.plane +
                              (h * w->dilation_h - w->pad_h) * x->view.row +
                              (v * w->dilation_w - w->pad_w) * LINE);
    }
    nas_reduce_job *job = &unit->reduce;
    *job = (nas_reduce_job){
        .out = unit->y.channels / (depthwise ? 1 : w->groups),
        .in = in * n,
        .rows = unit->y.height,
        .pixels = unit->y.width,
        .x_block = x->view.block,
        .x_row = x->view.row * w->stride_h,
        .x_pixel = LINE * w->stride_w,
        .x_out = depthwise ? x->view.plane : 0,
        .offset = offset,
        .g_out = in * n,
    };
    if (job->x_row == job->pixels * job->x_pixel &&
        unit->dy.view.row == job->pixels * LINE) {
        job->pixels *= job->rows;
        job->rows = 1;
    }
    return NAS_OK;
}

/* Taps that input rows (or columns) r, r+stride, ... see: tap k reaches output
 * q + (r + pad - k*dilation)/stride for input r + q*stride.
 * @param at  out: that distance per tap  @param k  out: the tap  @return their number */
static int phase_taps(int r, const int window[4], int *at, int *k)
{
    const int kernel = window[0], stride = window[1], dilation = window[2];
    int n = 0;
    for (int i = 0; i < kernel; i++) {
        const int distance = r + window[3] - i * dilation;
        if (distance % stride != 0)
            continue;
        at[n] = distance / stride;
        k[n++] = i;
    }
    return n;
}

static nas_status phase_terms(nas_net *net, nas_unit *unit, nas_phase *phase,
                              nas_err *err)
{
    const nas_window *w = &unit->window;
    const nas_tensor *dy = &unit->dy;
    const bool depthwise = unit->core == NAS_CORE_DEPTHWISE;
    const int h_window[4] = {w->kernel_h, w->stride_h, w->dilation_h, w->pad_h};
    const int v_window[4] = {w->kernel_w, w->stride_w, w->dilation_w, w->pad_w};
    int *scratch = NAS_NEW(net->arena, int, 2 * (w->kernel_h + w->kernel_w));
    tap *taps = NAS_NEW(net->arena, tap, taps_of(w));
    NAS_TRY_ALLOC(scratch, err);
    NAS_TRY_ALLOC(taps, err);
    int *h_at = scratch, *h_tap = h_at + w->kernel_h;
    int *v_at = h_tap + w->kernel_h, *v_tap = v_at + w->kernel_w;
    const int rows = phase_taps(phase->row, h_window, h_at, h_tap);
    const int columns = phase_taps(phase->column, v_window, v_at, v_tap);
    int n = 0;
    for (int i = 0; i < rows; i++) {
        for (int k = 0; k < columns; k++)
            taps[n++] = (tap){h_at[i] * dy->view.row + v_at[k] * LINE,
                              h_tap[i] * w->kernel_w + v_tap[k]};
    }
    const int in = net->units[unit->inputs[0]].z.channels;
    const ptrdiff_t stride[2] = {
        dy->view.plane, (ptrdiff_t)(depthwise ? 1 : in / w->groups) * taps_of(w)};
    const int lines[2] = {depthwise ? 1 : unit->y.channels / w->groups,
                          depthwise ? 1 : strip_lines(rows, columns, 1)};
    return set_terms(net, &phase->job, taps, n, stride, lines, err);
}

static nas_status prepare_phase(nas_net *net, nas_unit *unit, nas_phase *phase,
                                nas_err *err)
{
    const nas_window *w = &unit->window;
    const nas_unit *input = &net->units[unit->inputs[0]];
    const nas_tensor *dx = &input->dz, *dy = &unit->dy;
    const bool depthwise = unit->core == NAS_CORE_DEPTHWISE;
    phase->job = (nas_conv_job){
        .out = dx->channels / (depthwise ? 1 : w->groups),
        .rows = (dx->height - phase->row + w->stride_h - 1) / w->stride_h,
        .pixels = (dx->width - phase->column + w->stride_w - 1) / w->stride_w,
        .x_row = dy->view.row,
        .x_pixel = LINE,
        .x_out = depthwise ? dy->view.plane : 0,
        .w_out = taps_of(w),
        .y_out = dx->view.plane,
        .y_row = dx->view.row * w->stride_h,
        .y_pixel = LINE * w->stride_w,
        .ref_out = input->y.view.plane,
        .ref_row = input->y.view.row * w->stride_h,
        .ref_pixel = LINE * w->stride_w,
    };
    merge_rows(&phase->job, phase->job.ref_row);
    return phase_terms(net, unit, phase, err);
}

static nas_status prepare_backward(nas_net *net, nas_unit *unit, nas_err *err)
{
    const nas_window *w = &unit->window;
    const nas_tensor *x = &net->units[unit->inputs[0]].z;
    unit->phases = NAS_NEW(net->arena, nas_phase, w->stride_h * w->stride_w);
    NAS_TRY_ALLOC(unit->phases, err);
    for (int h = 0; h < w->stride_h && h < x->height; h++) {
        for (int v = 0; v < w->stride_w && v < x->width; v++) {
            nas_phase *phase = &unit->phases[unit->n_phases++];
            phase->row = h;
            phase->column = v;
            NAS_TRY(prepare_phase(net, unit, phase, err));
        }
    }
    return NAS_OK;
}

nas_status nas_prepare_window(nas_net *net, nas_unit *unit, nas_err *err)
{
    NAS_TRY(prepare_forward(net, unit, err));
    if (!unit->gradient)
        return NAS_OK;
    NAS_TRY(prepare_reduce(net, unit, err));
    if (net->units[unit->inputs[0]].gradient)
        return prepare_backward(net, unit, err);
    return NAS_OK;
}

/* ---- running --------------------------------------------------------------------- */

/* Move a job on by one group of channels: nothing but pointers changes. */
static void next_group(nas_conv_job *job, ptrdiff_t x, ptrdiff_t w)
{
    job->x += x;
    job->w += w;
    nas_conv_job_move(job, job->out);
}

void nas_core_conv_forward(nas_net *net, nas_unit *unit, nas_view x, const nas_piece *at)
{
    const nas_window *w = &unit->window;
    const ptrdiff_t in = net->units[unit->inputs[0]].z.channels / w->groups;
    for (int b = 0; b < at->count; b++) {
        nas_conv_job job = unit->forward;
        job.x = x.data + b * x.block;
        job.w = unit->kernel.w;
        job.bias = unit->bias.w;
        job.y = unit->y.view.data + (at->first + b) * unit->y.view.block;
        job.finish = nas_unit_finish(net, unit);
        job.scale = unit->scale;
        job.shift = unit->shift;
        job.sum = unit->sum;
        job.square = unit->square;
        for (int g = 0; g < w->groups; g++) {
            net->kernels->conv(&job);
            next_group(&job, in * x.plane, job.out * job.w_out);
        }
    }
}

/* Move a depthwise job to the channels of a piece. x is there already. */
static void to_channels(nas_conv_job *job, const nas_piece *at)
{
    job->out = at->channels;
    job->w += at->channel * job->w_out;
    nas_conv_job_move(job, at->channel);
}

void nas_core_depthwise_forward(nas_net *net, nas_unit *unit, nas_view x,
                                const nas_piece *at)
{
    for (int b = 0; b < at->count; b++) {
        nas_conv_job job = unit->forward;
        job.x = x.data + b * x.block;
        job.w = unit->kernel.w;
        job.bias = unit->bias.w;
        job.y = unit->y.view.data + (at->first + b) * unit->y.view.block;
        job.finish = nas_unit_finish(net, unit);
        job.sum = unit->sum;
        job.square = unit->square;
        to_channels(&job, at);
        net->kernels->depthwise(&job);
    }
}

static void weight_gradient(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                            const nas_piece *at)
{
    const nas_window *w = &unit->window;
    nas_reduce_job job = unit->reduce;
    job.blocks = at->count;
    job.d = dy;
    job.x = x.data;
    job.x_block = x.block;
    job.g = unit->kernel.g;
    if (unit->core == NAS_CORE_DEPTHWISE) {
        job.out = at->channels;
        job.g += at->channel * job.g_out;
        net->kernels->reduce_depthwise(&job);
        return;
    }
    const ptrdiff_t in = net->units[unit->inputs[0]].z.channels / w->groups;
    for (int g = 0; g < w->groups; g++) {
        net->kernels->reduce(&job);
        job.d.data += job.out * dy.plane;
        job.x += in * x.plane;
        job.g += job.out * job.g_out;
    }
}

/* Gradient of block `b` of the piece's input. */
static void data_gradient(nas_net *net, nas_unit *unit, nas_view dy, const nas_piece *at,
                          int b)
{
    const nas_window *w = &unit->window;
    const nas_unit *input = &net->units[unit->inputs[0]];
    const nas_view dx = nas_view_block(&input->dz, at->first + b);
    const ptrdiff_t out = unit->y.channels / w->groups;
    for (int p = 0; p < unit->n_phases; p++) {
        const nas_phase *phase = &unit->phases[p];
        nas_conv_job job = phase->job;
        job.x = dy.data + b * dy.block;
        job.w = unit->kernel.w;
        job.y = dx.data + phase->row * dx.row + phase->column * LINE;
        nas_job_to_gradient(net, unit, &job, at->first + b);
        if (job.ref != NULL)
            job.ref += phase->row * input->y.view.row + phase->column * LINE;
        if (unit->core == NAS_CORE_DEPTHWISE) {
            to_channels(&job, at);
            net->kernels->depthwise(&job);
            continue;
        }
        for (int g = 0; g < w->groups; g++) {
            net->kernels->conv(&job);
            next_group(&job, out * dy.plane, out * job.out * job.w_out);
        }
    }
}

void nas_core_conv_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                            const nas_piece *at)
{
    if (at->first == 0 && at->channel == 0) /* pieces add to it */
        memset(unit->kernel.g, 0, (size_t)unit->kernel.count * sizeof(float));
    weight_gradient(net, unit, x, dy, at);
    nas_unit *input = &net->units[unit->inputs[0]];
    if (!input->gradient)
        return;
    for (int b = 0; b < at->count; b++)
        data_gradient(net, unit, dy, at, b);
    const bool depthwise = unit->core == NAS_CORE_DEPTHWISE;
    if (input->masked)
        nas_unit_fold(net, input, depthwise ? at->channel : 0,
                      depthwise ? at->channels : input->y.channels);
}

void nas_core_depthwise_backward(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                                 const nas_piece *at)
{
    nas_core_conv_backward(net, unit, x, dy, at);
}
