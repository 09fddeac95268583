/* The forward and backward pass: units in order, each piece by piece. */
#include "engine/pass.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { LINE = NAS_LANES };

static const nas_core_ops cores[NAS_CORE_COUNT] = {
#define NAS_CORE_OPS(upper, lower)                                                       \
    [NAS_CORE_##upper] = {nas_core_##lower##_forward, nas_core_##lower##_backward},
    NAS_CORE_LIST(NAS_CORE_OPS)
#undef NAS_CORE_OPS
};

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* ---- jobs shared by passes ------------------------------------------------------- */

static nas_norm_job norm_job(const nas_unit *unit, const nas_piece *at)
{
    const int c = at->channel;
    nas_norm_job job = {
        .blocks = at->count,
        .channels = at->channels,
        .height = unit->y.height,
        .width = unit->y.width,
        .y = nas_view_block(&unit->y, at->first),
        .z = nas_view_block(&unit->z, at->first),
        .scale = unit->scale + c,
        .shift = unit->shift + c,
        .low = unit->low,
        .high = unit->high,
        .pool_h = unit->pool_h,
        .pool_w = unit->pool_w,
        .out_h = unit->z.height,
        .out_w = unit->z.width,
        .a = unit->a + c,
        .b = unit->b + c,
        .c = unit->c + c,
        .sum = unit->sum + c * LINE,
        .square = unit->square + c * LINE,
    };
    job.y.data += c * job.y.plane;
    if (job.z.data != NULL)
        job.z.data += c * job.z.plane;
    return job;
}

static void clear_margins(const nas_net *net, const nas_tensor *t, nas_view view,
                          int blocks, int channels)
{
    if (t->top == 0 && t->left == 0 && t->bottom == 0 && t->right == 0)
        return;
    nas_halo_job job = {
        .blocks = blocks,
        .channels = channels,
        .height = t->height,
        .width = t->width,
        .top = t->top,
        .left = t->left,
        .bottom = t->bottom,
        .right = t->right,
        .view = view,
    };
    net->kernels->halo(&job);
}

/* The stage as a view of a tensor: its first real element is the first of the piece. */
static nas_view stage_view(const nas_tensor *t, float *stage)
{
    nas_view view = t->view;
    view.data = stage + t->lead;
    return view;
}

/* z of a unit's first input, for one piece of the unit. An input that is staged is read
 * by one convolution only; its channels are all of them unless that one is depthwise. */
static nas_view input_view(const nas_net *net, const nas_unit *unit, const nas_piece *at)
{
    if (unit->n_inputs == 0)
        return (nas_view){NULL, 0, 0, 0};
    const nas_unit *input = &net->units[unit->inputs[0]];
    nas_piece piece = *at;
    if (unit->core != NAS_CORE_DEPTHWISE) {
        piece.channel = 0;
        piece.channels = input->y.channels;
    }
    nas_view z = nas_view_block(&input->z, at->first);
    if (!input->staged) {
        z.data += piece.channel * z.plane;
        return z;
    }
    nas_norm_job job = norm_job(input, &piece);
    job.z = stage_view(&input->z, net->z_stage);
    net->kernels->norm_forward[NAS_TAIL_NONE](&job);
    return job.z;
}

/* Margins of the stage that a unit's input goes to; its pieces only write inside. */
static void prepare_stage(const nas_net *net, const nas_unit *unit)
{
    if (unit->n_inputs == 0)
        return;
    const nas_unit *input = &net->units[unit->inputs[0]];
    const bool depthwise = unit->core == NAS_CORE_DEPTHWISE;
    if (input->staged)
        clear_margins(net, &input->z, stage_view(&input->z, net->z_stage), unit->group,
                      depthwise ? unit->slice : input->z.channels);
}

bool nas_pass_next_piece(const nas_unit *unit, int blocks, nas_piece *at)
{
    at->channel += at->channels;
    if (at->count == 0 || at->channel >= unit->y.channels) {
        at->channel = 0;
        at->first += at->count;
    }
    at->count = least(unit->group, blocks - at->first);
    at->channels = least(unit->slice, unit->y.channels - at->channel);
    return at->count > 0;
}

static nas_piece all_of(const nas_unit *unit, int blocks)
{
    return (nas_piece){0, blocks, 0, unit->y.channels};
}

/* ---- statistics ------------------------------------------------------------------ */

void nas_unit_fold(const nas_net *net, nas_unit *unit, int channel, int channels)
{
    double *totals = unit->totals + channel;
    net->kernels->fold(unit->sum + channel * LINE, channels, totals);
    if (unit->norm.present)
        net->kernels->fold(unit->square + channel * LINE, channels,
                           totals + unit->y.channels);
}

static void clear_sums(nas_unit *unit)
{
    const size_t channels = (size_t)unit->y.channels;
    memset(unit->sum, 0, channels * LINE * sizeof(float));
    memset(unit->square, 0, channels * LINE * sizeof(float));
    memset(unit->totals, 0, 2 * channels * sizeof(double));
}

static double elements(const nas_net *net, const nas_unit *unit)
{
    return (double)net->blocks * LINE * unit->y.height * unit->y.width;
}

/* scale and shift from batch statistics; running statistics move on. The running variance
 * is the unbiased one, as in the common frameworks. */
static void norm_from_batch(const nas_net *net, nas_unit *unit)
{
    const nas_norm *norm = &unit->norm;
    const double n = elements(net, unit);
    const double m =
        (double)(net->norm_momentum < 0 ? norm->momentum : net->norm_momentum);
    for (int c = 0; c < unit->y.channels; c++) {
        double mean = unit->totals[c] / n;
        double variance = unit->totals[unit->y.channels + c] / n - mean * mean;
        if (variance < 0)
            variance = 0;
        double inverse = 1.0 / sqrt(variance + (double)norm->epsilon);
        norm->batch_mean[c] = mean;
        norm->inverse[c] = inverse;
        double scale = (double)norm->gamma.w[c] * inverse;
        unit->scale[c] = (float)scale;
        unit->shift[c] = (float)((double)norm->beta.w[c] - mean * scale);
        double running = (double)norm->mean.w[c], spread = (double)norm->variance.w[c];
        double unbiased = n > 1 ? variance * n / (n - 1) : variance;
        norm->mean.w[c] = (float)(running + m * (mean - running));
        norm->variance.w[c] = (float)(spread + m * (unbiased - spread));
    }
}

static void norm_from_running(nas_unit *unit)
{
    const nas_norm *norm = &unit->norm;
    for (int c = 0; c < unit->y.channels; c++) {
        double inverse = 1.0 / sqrt((double)norm->variance.w[c] + (double)norm->epsilon);
        double scale = (double)norm->gamma.w[c] * inverse;
        unit->scale[c] = (float)scale;
        unit->shift[c] =
            (float)((double)norm->beta.w[c] - (double)norm->mean.w[c] * scale);
    }
}

/* With d the gradient behind the norm and s, q the sums of d and d*y:
 *   dgamma = inverse * (q - mean*s)     dbeta = s
 *   dy = a*d + b*y + c,  a = gamma*inverse,  b = -a*inverse*dgamma/n,
 *                        c = -a*s/n - b*mean */
static void norm_coefficients(const nas_net *net, nas_unit *unit)
{
    const nas_norm *norm = &unit->norm;
    const double n = elements(net, unit);
    for (int c = 0; c < unit->y.channels; c++) {
        double s = unit->totals[c], q = unit->totals[unit->y.channels + c];
        double mean = norm->batch_mean[c], inverse = norm->inverse[c];
        double dgamma = inverse * (q - mean * s);
        double a = (double)norm->gamma.w[c] * inverse;
        double b = -a * inverse * dgamma / n;
        norm->gamma.g[c] = net->options.plain_norms ? 0.0f : (float)dgamma;
        norm->beta.g[c] = net->options.plain_norms ? 0.0f : (float)s;
        unit->a[c] = (float)a;
        unit->b[c] = (float)b;
        unit->c[c] = (float)(-a * s / n - b * mean);
    }
}

/* ---- forward --------------------------------------------------------------------- */

static bool sums_in_core(const nas_unit *unit)
{
    return unit->core == NAS_CORE_CONV || unit->core == NAS_CORE_DEPTHWISE ||
           unit->core == NAS_CORE_DENSE;
}

nas_finish nas_unit_finish(const nas_net *net, const nas_unit *unit)
{
    if (unit->norm.present)
        return net->train ? NAS_FINISH_STATS : NAS_FINISH_STORE;
    return unit->activated ? NAS_FINISH_CLAMP : NAS_FINISH_STORE;
}

void nas_clamp_output(nas_net *net, nas_unit *unit, const nas_piece *at)
{
    if (unit->separate || !unit->activated)
        return;
    nas_view y = nas_view_block(&unit->y, at->first);
    nas_copy_job job = {
        .blocks = at->count,
        .channels = unit->y.channels,
        .height = unit->y.height,
        .width = unit->y.width,
        .from = y,
        .to = y,
        .low = unit->low,
        .high = unit->high,
    };
    net->kernels->copy(&job);
}

static void forward_core(nas_net *net, nas_unit *unit)
{
    const bool moments = unit->norm.present && net->train && !sums_in_core(unit);
    prepare_stage(net, unit);
    for (nas_piece at = {0}; nas_pass_next_piece(unit, net->active, &at);) {
        nas_view x = input_view(net, unit, &at);
        cores[unit->core].forward(net, unit, x, &at);
        if (moments) {
            nas_norm_job job = norm_job(unit, &at);
            net->kernels->moments(&job);
        }
        if (unit->norm.present && net->train)
            nas_unit_fold(net, unit, at.channel, at.channels);
    }
}

static void forward_unit(nas_net *net, nas_unit *unit)
{
    if (unit->norm.present && net->train)
        clear_sums(unit);
    forward_core(net, unit);
    if (unit->norm.present && net->train)
        norm_from_batch(net, unit);
    else if (unit->norm.present)
        norm_from_running(unit);
    if (unit->staged || unit->core == NAS_CORE_INPUT)
        return;
    clear_margins(net, &unit->z, unit->z.view, net->active, unit->z.channels);
    if (!unit->separate)
        return;
    nas_piece all = all_of(unit, net->active);
    nas_norm_job job = norm_job(unit, &all);
    net->kernels->norm_forward[unit->tail](&job);
}

double nas_pass_forward(nas_net *net, bool training)
{
    net->train = training;
    for (int u = 0; u < net->n_units; u++) {
        if (!net->units[u].live)
            continue;
        double start = nas_profile_start(net);
        forward_unit(net, &net->units[u]);
        nas_profile_stop(net, &net->units[u].seconds[0], start);
    }
    return nas_loss(net, training);
}

/* ---- backward -------------------------------------------------------------------- */

void nas_job_to_gradient(nas_net *net, const nas_unit *unit, nas_conv_job *job, int first)
{
    const nas_unit *input = &net->units[unit->inputs[0]];
    job->accumulate = !unit->first[0];
    job->finish = input->masked ? NAS_FINISH_MASK : NAS_FINISH_STORE;
    job->low = input->low;
    job->high = input->high;
    job->ref = input->masked ? nas_view_block(&input->y, first).data : NULL;
    job->scale = input->scale;
    job->shift = input->shift;
    job->sum = input->sum;
    job->square = input->square;
}

/* Sums of the gradient behind the norm; the consumer of a masked unit has them already.
 */
static void backward_sums(nas_net *net, nas_unit *unit)
{
    if (!unit->masked) {
        clear_sums(unit);
        nas_piece all = all_of(unit, net->blocks);
        nas_norm_job job = norm_job(unit, &all);
        job.z = unit->dz.view;
        net->kernels->norm_sums[unit->tail](&job);
        nas_unit_fold(net, unit, 0, unit->y.channels);
    }
    if (unit->norm.present)
        norm_coefficients(net, unit);
    for (int64_t c = 0; c < unit->bias.count; c++) /* a norm cancels any bias exactly */
        unit->bias.g[c] = unit->norm.present ? 0.0f : (float)unit->totals[c];
}

nas_view nas_pass_core_gradient(nas_net *net, nas_unit *unit, const nas_piece *at)
{
    nas_view dz = nas_view_block(&unit->dz, at->first);
    dz.data += at->channel * dz.plane;
    if (unit->direct)
        return dz;
    nas_norm_job job = norm_job(unit, at);
    job.z = dz;
    job.dy = stage_view(&unit->dy, net->dy_stage);
    job.masked = unit->masked;
    net->kernels->norm_backward[unit->tail](&job);
    return job.dy;
}

/* Whether anything before this unit, or its core, wants a gradient. */
static bool core_has_gradient(const nas_net *net, const nas_unit *unit)
{
    bool wanted = unit->kernel.offset >= 0 || unit->core == NAS_CORE_GATE;
    for (int i = 0; i < unit->n_inputs; i++)
        wanted |= net->units[unit->inputs[i]].gradient;
    return wanted;
}

static void backward_unit(nas_net *net, nas_unit *unit)
{
    if (unit->sums)
        backward_sums(net, unit);
    for (int i = 0; i < unit->n_inputs; i++) {
        nas_unit *input = &net->units[unit->inputs[i]];
        if (input->masked)
            clear_sums(input);
    }
    if (!core_has_gradient(net, unit))
        return;
    prepare_stage(net, unit);
    if (!unit->direct)
        clear_margins(net, &unit->dy, stage_view(&unit->dy, net->dy_stage), unit->group,
                      unit->slice);
    for (nas_piece at = {0}; nas_pass_next_piece(unit, net->blocks, &at);) {
        nas_view dy = nas_pass_core_gradient(net, unit, &at);
        nas_view x = input_view(net, unit, &at);
        cores[unit->core].backward(net, unit, x, dy, &at);
    }
}

static void clear_gradient(const nas_parameter *parameter)
{
    if (parameter->g != NULL)
        memset(parameter->g, 0, (size_t)parameter->count * sizeof *parameter->g);
}

/* What the output does not depend on. */
static void clear_gradients(nas_unit *unit)
{
    nas_parameter *all[NAS_UNIT_PARAMETERS];
    nas_unit_parameters(unit, all);
    for (int i = 0; i < NAS_UNIT_PARAMETERS; i++)
        clear_gradient(all[i]);
}

void nas_pass_backward_units(nas_net *net, int from, int to)
{
    for (int u = from; u >= to; u--) {
        if (!net->units[u].live)
            clear_gradients(&net->units[u]);
        if (!net->units[u].gradient || !net->units[u].live)
            continue;
        double start = nas_profile_start(net);
        backward_unit(net, &net->units[u]);
        nas_profile_stop(net, &net->units[u].seconds[1], start);
    }
}

void nas_pass_backward(nas_net *net)
{
    for (int i = 0; i < net->n_gates; i++)
        net->gate_gradients[i] = 0.0;
    nas_pass_backward_units(net, net->n_units - 1, 0);
    net->passes++;
}
