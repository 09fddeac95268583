/* Fisher information of channels.
 *
 * J. Turner, E. Crowley, M. O'Boyle, A. Storkey, G. Gray: BlockSwap: Fisher-guided Block
 * Substitution for Network Compression. ICLR 2020. arXiv:1906.04113
 *
 *   a   output of a convolution or dense layer, before its norm: [C][positions]
 *   z   of a channel and sample: sum over positions of a * dL/da
 *   score: sum over layers and channels of 1/2 mean over samples of z^2 */
#include "evaluate/probe.h"

enum { LINE = NAS_LANES };

/* @param a, d  [positions][16] of one channel and block */
static double squares_of_channel(const float *a, const float *d, int64_t positions)
{
    double z[LINE] = {0}, sum = 0;
    for (int64_t i = 0; i < positions; i++)
        for (int lane = 0; lane < LINE; lane++)
            z[lane] += (double)a[i * LINE + lane] * (double)d[i * LINE + lane];
    for (int lane = 0; lane < LINE; lane++)
        sum += z[lane] * z[lane];
    return sum;
}

static nas_status score_layer(nas_probe *probe, int index, const nas_tap *tap,
                              double *out, nas_err *err)
{
    const int64_t positions = tap->shape.h * tap->shape.w;
    const int64_t channels = tap->shape.c * (probe->batch->n / LINE); /* of all blocks */
    float *a = NAS_NEW(probe->arena, float, 2 * channels * positions * LINE);
    NAS_TRY_ALLOC(a, err);
    float *d = a + channels * positions * LINE;
    nas_net_tap_read(probe->net, index, NAS_TAP_CORE, a);
    nas_net_tap_read(probe->net, index, NAS_TAP_CORE_GRADIENT, d);
    for (int64_t c = 0; c < channels; c++) {
        const int64_t at = c * positions * LINE;
        *out += 0.5 * squares_of_channel(a + at, d + at, positions) / probe->batch->n;
    }
    return NAS_OK;
}

static nas_status score_fisher(nas_probe *probe, double *out, nas_err *err)
{
    NAS_TRY(nas_probe_loss(probe, err));
    *out = 0;
    for (int i = 0; i < nas_net_tap_count(probe->net); i++) {
        const nas_tap tap = nas_net_tap(probe->net, i);
        if (tap.weighted)
            NAS_TRY(score_layer(probe, i, &tap, out, err));
    }
    return NAS_OK;
}

const nas_proxy nas_proxy_fisher = {
    .name = "fisher",
    .summary = "squared products of activations and their gradients",
    .cite = "turner2020blockswap",
    .drawn = true,
    .score = score_fisher,
};
