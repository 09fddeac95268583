/* ZiCo: gradients that are large and the same from batch to batch.
 *
 * G. Li, Y. Yang, K. Bhardwaj, R. Marculescu: ZiCo: Zero-shot NAS via Inverse Coefficient
 * of Variation on Gradients. ICLR 2023. arXiv:2301.11300
 *
 *   g_i  gradient of a layer's weights on batch i of two
 *   score: sum over layers of log(sum over weights of mean|g| / deviation(g)), over
 *   weights whose gradients differ */
#include "evaluate/probe.h"

#include <math.h>

/* @param g, h  [n] gradients of one layer on the two batches */
static double score_layer(const float *g, const float *h, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        const double a = (double)g[i], b = (double)h[i];
        const double deviation = 0.5 * fabs(a - b);
        if (deviation > 0)
            sum += 0.5 * (fabs(a) + fabs(b)) / deviation;
    }
    return sum > 0 ? log(sum) : 0;
}

static nas_status score_zico(nas_probe *probe, double *out, nas_err *err)
{
    NAS_TRY(nas_probe_loss(probe, err));
    const size_t bytes = (size_t)nas_net_params(probe->net) * sizeof(float);
    const float *first =
        nas_arena_copy(probe->arena, nas_net_gradients(probe->net), bytes);
    NAS_TRY_ALLOC(first, err);
    nas_probe_pass_second(probe);
    nas_net_backward(probe->net);
    probe->state = PROBE_EMPTY; /* another batch is in it */
    const float *second = nas_net_gradients(probe->net);
    *out = 0;
    for (int i = 0; i < nas_graph_weight_count(probe->graph); i++) {
        const nas_weight *weight = nas_graph_weight(probe->graph, i);
        if (nas_probe_weighs(weight))
            *out += score_layer(first + weight->offset, second + weight->offset,
                                weight->count);
    }
    return NAS_OK;
}

const nas_proxy nas_proxy_zico = {
    .name = "zico",
    .summary = "gradients that agree between two batches",
    .cite = "li2023zico",
    .drawn = true,
    .score = score_zico,
};
