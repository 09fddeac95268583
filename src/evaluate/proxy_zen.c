/* Zen-score: how far a network of random weights carries a small change of its input.
 *
 * M. Lin, P. Wang, Z. Sun, H. Chen, X. Sun, Q. Qian, H. Li, R. Jin: Zen-NAS: A Zero-Shot
 * NAS for High-Performance Deep Image Recognition. ICCV 2021. arXiv:2102.01063
 *
 * Deviations
 * 1. Variances of the batch in place of running ones, which the authors' code starts
 * at 1.
 *
 *   x, e   normal inputs      f  features before the global pool
 *   score: log E |f(x) - f(x + 0.01 e)|_1 + sum over norms of log sqrt(mean variance) */
#include "evaluate/probe.h"

#include <math.h>

enum { SAMPLES = NAS_LANES };
static const float MIX = 0.01f;

/* Whether the tap's value is the input of a global pool; or, without such a pool, of the
 * layer that gives the outputs. */
static bool feeds(const nas_graph *graph, const nas_tap *tap, bool pool)
{
    const int *consumers;
    const int n = nas_graph_consumers(graph, tap->out_node, &consumers);
    for (int i = 0; i < n; i++) {
        const nas_node *node = nas_graph_node(graph, consumers[i]);
        if (pool ? node->op == NAS_OP_GLOBAL_AVG_POOL
                 : node->op == NAS_OP_DENSE &&
                       nas_shape_count(node->shape) ==
                           nas_shape_count(nas_graph_output_shape(graph)))
            return true;
    }
    return false;
}

/* The last of these; the last tap of all when there is none. */
static int find_features(const nas_probe *probe)
{
    const int n = nas_net_tap_count(probe->net);
    for (int pool = 1; pool >= 0; pool--)
        for (int i = n - 1; i > 0; i--) {
            const nas_tap tap = nas_net_tap(probe->net, i);
            if (feeds(probe->graph, &tap, pool != 0))
                return i;
        }
    return n - 1;
}

static nas_status log_of_norms(nas_probe *probe, double *sum, nas_err *err)
{
    for (int i = 0; i < nas_net_tap_count(probe->net); i++) {
        const nas_tap tap = nas_net_tap(probe->net, i);
        if (!tap.normed)
            continue;
        double mean = 0, *variance = NAS_NEW(probe->arena, double, tap.shape.c);
        NAS_TRY_ALLOC(variance, err);
        nas_net_tap_variance(probe->net, i, variance);
        for (int64_t c = 0; c < tap.shape.c; c++)
            mean += variance[c] / (double)tap.shape.c;
        *sum += 0.5 * log(mean);
    }
    return NAS_OK;
}

static nas_status score_zen(nas_probe *probe, double *out, nas_err *err)
{
    const int64_t inputs = SAMPLES * nas_shape_count(probe->batch->shape);
    nas_rng rng = nas_probe_stream(probe, PROBE_USE_ZEN);
    float *x = NAS_NEW(probe->arena, float, 2 * inputs), *e = x + inputs;
    NAS_TRY_ALLOC(x, err);
    nas_probe_fill_normal(x, 2 * inputs, &rng);
    NAS_TRY(nas_probe_compile(probe, probe->graph, SAMPLES, err));
    nas_probe_init_gaussian(probe, probe->graph,
                            nas_probe_stream(probe, PROBE_USE_ZEN + 1));
    const int index = find_features(probe);
    const nas_tap tap = nas_net_tap(probe->net, index);
    const int64_t n = SAMPLES * nas_tap_count_of(&tap);
    float *f = NAS_NEW(probe->arena, float, 2 * n);
    NAS_TRY_ALLOC(f, err);
    double sum = 0, change = 0;
    nas_probe_pass(probe, x);
    nas_net_tap_read(probe->net, index, NAS_TAP_VALUE, f);
    NAS_TRY(log_of_norms(probe, &sum, err));
    for (int64_t i = 0; i < inputs; i++)
        x[i] += MIX * e[i];
    nas_probe_pass(probe, x);
    nas_net_tap_read(probe->net, index, NAS_TAP_VALUE, f + n);
    for (int64_t i = 0; i < n; i++)
        change += fabs((double)f[i] - (double)f[n + i]);
    *out = log(change / SAMPLES) + sum;
    return NAS_OK;
}

const nas_proxy nas_proxy_zen = {
    .name = "zen",
    .summary = "how far a small change of the input carries",
    .cite = "lin2021zennas",
    .drawn = true,
    .score = score_zen,
};
