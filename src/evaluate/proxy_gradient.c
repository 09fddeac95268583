/* Proxies from weights and the gradient of the loss.
 *
 * M. Abdelfattah, A. Mehrotra, L. Dudziak, N. Lane: Zero-Cost Proxies for Lightweight
 * NAS. ICLR 2021. arXiv:2101.08134 N. Lee, T. Ajanthan, P. Torr: SNIP: Single-shot
 * Network Pruning based on Connection Sensitivity. ICLR 2019. arXiv:1810.02340 C. Wang,
 * G. Zhang, R. Grosse: Picking Winning Tickets before Training by Preserving Gradient
 * Flow. ICLR 2020. arXiv:2002.07376 (GraSP)
 *
 * Deviations
 * 1. GraSP's product of Hessian and gradient is a central difference of gradients, whose
 *    step is STEP of the length of the weights.
 *
 * Notation: W kernels of all layers, g = dL/dW of them. */
#include "evaluate/probe.h"

#include <math.h>

static const double STEP = 1e-3;

/* A number per layer, summed over layers. @param w, g  [n] of one layer */
typedef double (*layer_fn)(const float *w, const float *g, int64_t n);

static double sum_layers(nas_probe *probe, layer_fn of_layer)
{
    double sum = 0;
    for (int i = 0; i < nas_graph_weight_count(probe->graph); i++) {
        const nas_weight *weight = nas_graph_weight(probe->graph, i);
        if (nas_probe_weighs(weight))
            sum +=
                of_layer(nas_net_weights(probe->net) + weight->offset,
                         nas_net_gradients(probe->net) + weight->offset, weight->count);
    }
    return sum;
}

static double dot(const float *a, const float *b, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (double)a[i] * (double)b[i];
    return sum;
}

static double length_of_gradient(const float *w, const float *g, int64_t n)
{
    (void)w;
    return sqrt(dot(g, g, n));
}

static double length_of_weights(const float *w, const float *g, int64_t n)
{
    (void)g;
    return sqrt(dot(w, w, n));
}

static double saliency(const float *w, const float *g, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += fabs((double)w[i] * (double)g[i]);
    return sum;
}

static double square_of_gradient(const float *w, const float *g, int64_t n)
{
    (void)w;
    return dot(g, g, n);
}

static double square_of_weights(const float *w, const float *g, int64_t n)
{
    (void)g;
    return dot(w, w, n);
}

static nas_status score_by(nas_probe *probe, layer_fn of_layer, double *out, nas_err *err)
{
    NAS_TRY(nas_probe_loss(probe, err));
    *out = sum_layers(probe, of_layer);
    return NAS_OK;
}

static nas_status score_grad_norm(nas_probe *probe, double *out, nas_err *err)
{
    return score_by(probe, length_of_gradient, out, err);
}

static nas_status score_l2_norm(nas_probe *probe, double *out, nas_err *err)
{
    return score_by(probe, length_of_weights, out, err);
}

static nas_status score_plain(nas_probe *probe, double *out, nas_err *err)
{
    return score_by(probe, dot, out, err);
}

static nas_status score_snip(nas_probe *probe, double *out, nas_err *err)
{
    return score_by(probe, saliency, out, err);
}

/* ---- grasp ------------------------------------------------------------------------ */

/* W += by * direction, for kernels. */
static void move_weights(nas_probe *probe, const float *direction, double by)
{
    for (int i = 0; i < nas_graph_weight_count(probe->graph); i++) {
        const nas_weight *weight = nas_graph_weight(probe->graph, i);
        float *w = nas_net_weights(probe->net) + weight->offset;
        for (int64_t k = 0; k < weight->count && nas_probe_weighs(weight); k++)
            w[k] += (float)(by * (double)direction[weight->offset + k]);
    }
}

/* Sum of W * dL/dW with the gradient taken at W + by * direction. */
static double product_beside(nas_probe *probe, const float *w, const float *direction,
                             double by)
{
    double sum = 0;
    move_weights(probe, direction, by);
    nas_probe_pass(probe, probe->batch->inputs);
    nas_net_backward(probe->net);
    const float *g = nas_net_gradients(probe->net);
    for (int i = 0; i < nas_graph_weight_count(probe->graph); i++) {
        const nas_weight *weight = nas_graph_weight(probe->graph, i);
        if (nas_probe_weighs(weight))
            sum += dot(w + weight->offset, g + weight->offset, weight->count);
    }
    return sum;
}

static nas_status score_grasp(nas_probe *probe, double *out, nas_err *err)
{
    NAS_TRY(nas_probe_loss(probe, err));
    const size_t bytes = (size_t)nas_net_params(probe->net) * sizeof(float);
    float *w = nas_arena_copy(probe->arena, nas_net_weights(probe->net), bytes);
    float *g = nas_arena_copy(probe->arena, nas_net_gradients(probe->net), bytes);
    NAS_TRY_ALLOC(w, err);
    NAS_TRY_ALLOC(g, err);
    const double step = STEP * sqrt(sum_layers(probe, square_of_weights) /
                                    sum_layers(probe, square_of_gradient));
    probe->state = PROBE_EMPTY; /* its weights move */
    const double above = product_beside(probe, w, g, step);
    const double below = product_beside(probe, w, g, -2 * step);
    *out = -(above - below) / (2 * step);
    return NAS_OK;
}

const nas_proxy nas_proxy_grad_norm = {
    .name = "grad_norm",
    .summary = "lengths of the layers' gradients, summed",
    .cite = "abdelfattah2021zerocost",
    .drawn = true,
    .score = score_grad_norm,
};

const nas_proxy nas_proxy_l2_norm = {
    .name = "l2_norm",
    .summary = "lengths of the layers' initial weights, summed",
    .cite = "abdelfattah2021zerocost",
    .drawn = true,
    .score = score_l2_norm,
};

const nas_proxy nas_proxy_plain = {
    .name = "plain",
    .summary = "weight times gradient, summed",
    .cite = "abdelfattah2021zerocost",
    .drawn = true,
    .score = score_plain,
};

const nas_proxy nas_proxy_snip = {
    .name = "snip",
    .summary = "|weight times gradient|, summed",
    .cite = "lee2019snip",
    .drawn = true,
    .score = score_snip,
};

const nas_proxy nas_proxy_grasp = {
    .name = "grasp",
    .summary = "how weights change the gradient's length: -W (H g)",
    .cite = "wang2020grasp",
    .drawn = true,
    .score = score_grasp,
};
