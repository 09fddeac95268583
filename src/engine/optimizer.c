/* Optimizer steps, moving averages and the state a training continues from. */
#include "engine/denormal.h"
#include "engine/unit.h"

#include <math.h>
#include <string.h>

nas_optimizer nas_optimizer_default(nas_optimizer_kind kind)
{
    nas_optimizer optimizer = {
        .kind = kind, .momentum = 0.9f, .beta1 = 0.9f, .beta2 = 0.99f, .epsilon = 1e-8f};
    optimizer.weight_decay = kind == NAS_OPTIMIZER_ADAMW ? 0.02f : 5e-4f;
    return optimizer;
}

static void adamw_segment(nas_net *net, const nas_optimizer *optimizer,
                          const nas_segment *segment, float rate, nas_adamw_job job)
{
    const int64_t at = segment->offset;
    job.n = segment->count;
    job.w = net->weights + at;
    job.g = net->gradients + at;
    job.m = net->slot[0] + at;
    job.v = net->slot[1] + at;
    job.rate = rate;
    job.decay = segment->decayed ? optimizer->weight_decay : 0.0f;
    job.beta1 = optimizer->beta1;
    job.beta2 = optimizer->beta2;
    job.epsilon = optimizer->epsilon;
    net->kernels->adamw(&job);
}

static void sgd_segment(nas_net *net, const nas_optimizer *optimizer,
                        const nas_segment *segment, float rate, float gradient_scale)
{
    const int64_t at = segment->offset;
    nas_sgd_job job = {
        .n = segment->count,
        .w = net->weights + at,
        .g = net->gradients + at,
        .m = net->slot[0] + at,
        .gradient_scale = gradient_scale,
        .rate = rate,
        .decay = segment->decayed ? optimizer->weight_decay : 0.0f,
        .momentum = optimizer->momentum,
    };
    net->kernels->sgd(&job);
}

static void step_weights(nas_net *net, const nas_optimizer *optimizer, float rate,
                         int64_t step, float scale)
{
    const double t = (double)step + 1;
    nas_adamw_job adamw = {
        .gradient_scale = scale,
        .correction1 = (float)(1.0 / (1.0 - pow((double)optimizer->beta1, t))),
        .correction2 = (float)(1.0 / (1.0 - pow((double)optimizer->beta2, t))),
    };
    for (int i = 0; i < net->n_segments; i++) {
        if (optimizer->kind == NAS_OPTIMIZER_ADAMW)
            adamw_segment(net, optimizer, &net->segments[i], rate, adamw);
        else
            sgd_segment(net, optimizer, &net->segments[i], rate, scale);
    }
}

bool nas_net_update(nas_net *net, const nas_optimizer *optimizer, float learning_rate,
                    int64_t step)
{
    const double norm = sqrt(net->kernels->square_sum(net->gradients, net->params));
    if (!isfinite(norm))
        return false;
    float scale = 1.0f;
    if (optimizer->clip_norm > 0 && norm > (double)optimizer->clip_norm)
        scale = (float)((double)optimizer->clip_norm / norm);
    nas_float_mode mode = nas_flush_denormals();
    step_weights(net, optimizer, learning_rate, step, scale);
    if (optimizer->ema > 0) {
        net->kernels->average(net->average, net->weights, net->params, optimizer->ema);
        net->average_weight =
            (double)optimizer->ema * net->average_weight + (1.0 - (double)optimizer->ema);
    }
    nas_restore_float_mode(mode);
    return true;
}

void nas_net_use_average(nas_net *net)
{
    if (net->average_weight <= 0)
        return;
    for (int64_t i = 0; i < net->params; i++)
        net->weights[i] = (float)((double)net->average[i] / net->average_weight);
}

/* ---- state ----------------------------------------------------------------------- */

/* [average_weight][weights][slot 0][slot 1][average] */
size_t nas_net_state_bytes(const nas_net *net)
{
    const size_t vectors = (size_t)net->floats + 3 * (size_t)net->params;
    return sizeof(double) + vectors * sizeof(float);
}

void nas_net_state_save(const nas_net *net, void *out)
{
    const size_t params = (size_t)net->params * sizeof(float);
    const size_t floats = (size_t)net->floats * sizeof(float);
    char *at = out;
    memcpy(at, &net->average_weight, sizeof(double));
    at += sizeof(double);
    memcpy(at, net->weights, floats);
    at += floats;
    memcpy(at, net->slot[0], params);
    memcpy(at + params, net->slot[1], params);
    memcpy(at + 2 * params, net->average, params);
}

void nas_net_state_load(nas_net *net, const void *state)
{
    const size_t params = (size_t)net->params * sizeof(float);
    const size_t floats = (size_t)net->floats * sizeof(float);
    const char *at = state;
    memcpy(&net->average_weight, at, sizeof(double));
    at += sizeof(double);
    memcpy(net->weights, at, floats);
    at += floats;
    memcpy(net->slot[0], at, params);
    memcpy(net->slot[1], at + params, params);
    memcpy(net->average, at + 2 * params, params);
}
