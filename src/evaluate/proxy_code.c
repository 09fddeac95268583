/* Proxies from the side on which activations lie: the code of a sample.
 *
 * J. Mellor, J. Turner, A. Storkey, E. Crowley: Neural Architecture Search without
 * Training. ICML 2021. arXiv:2006.04647 (NASWOT)
 * Y. Peng, A. Song, H. Fayek, V. Ciesielski, X. Chang: SWAP-NAS: Sample-Wise Activation
 * Patterns for Ultra-fast NAS. ICLR 2024. arXiv:2403.04161
 *
 * Deviations
 * 1. Smooth activations have a code too: the side of 0 (sigmoid: of 1/2).
 * 2. SWAP is the score without regularisation, whose two constants depend on the space.
 *
 * Notation
 *   c   code of a sample: one bit per activation element
 *   K   [n][n] number of elements where two samples' codes agree, summed over layers
 *   pattern  bits of one element over the samples */
#include "evaluate/matrix.h"
#include "evaluate/probe.h"

#include <stdbool.h>
#include <string.h>

enum { SWAP_REPEATS = 32, SWAP_SAMPLES = NAS_LANES };

/* ---- NASWOT ----------------------------------------------------------------------- */

/* The codes of samples as rows of 64-bit words: agreements become counts of bits.
 * @param bits  [n / 16][size] a word of 16 samples per element
 * @param out   [n][words]; bits past the last element are 0 for all */
static void transpose(const uint16_t *bits, int n, int64_t size, uint64_t *out,
                      int64_t words)
{
    for (int i = 0; i < n; i++) {
        const uint16_t *from = bits + i / NAS_LANES * size;
        const int lane = i % NAS_LANES;
        for (int64_t w = 0; w < words; w++) {
            const int64_t first = w * 64, last = first + 64 < size ? first + 64 : size;
            uint64_t word = 0;
            for (int64_t e = first; e < last; e++)
                word |= (uint64_t)(from[e] >> lane & 1) << (e - first);
            out[i * words + w] = word;
        }
    }
}

/* Add to K the agreements of one layer. */
static void add_agreements(const uint64_t *code, int n, int64_t size, int64_t words,
                           double *k)
{
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) {
            int64_t differ = 0;
            for (int64_t w = 0; w < words; w++)
                differ += __builtin_popcountll(code[i * words + w] ^ code[j * words + w]);
            k[i * n + j] += (double)(size - differ);
            if (i != j)
                k[j * n + i] += (double)(size - differ);
        }
}

static nas_status add_layer(nas_probe *probe, int index, const nas_tap *tap, double *k,
                            nas_err *err)
{
    const int n = probe->batch->n;
    const int64_t size = nas_tap_count_of(tap), words = (size + 63) / 64;
    uint16_t *bits = NAS_NEW(probe->arena, uint16_t, n / NAS_LANES * size);
    uint64_t *code = NAS_NEW(probe->arena, uint64_t, n * words);
    NAS_TRY_ALLOC(bits, err);
    NAS_TRY_ALLOC(code, err);
    nas_net_tap_signs(probe->net, index, bits);
    transpose(bits, n, size, code, words);
    add_agreements(code, n, size, words, k);
    return NAS_OK;
}

static nas_status score_naswot(nas_probe *probe, double *out, nas_err *err)
{
    const int n = probe->batch->n;
    double *k = NAS_NEW(probe->arena, double, n *n);
    NAS_TRY_ALLOC(k, err);
    NAS_TRY(nas_probe_forward(probe, err));
    for (int i = 0; i < nas_net_tap_count(probe->net); i++) {
        const nas_tap tap = nas_net_tap(probe->net, i);
        if (tap.activation)
            NAS_TRY(add_layer(probe, i, &tap, k, err));
    }
    *out = nas_matrix_log_det(k, n);
    return NAS_OK;
}

/* ---- SWAP ------------------------------------------------------------------------- */

/* Patterns of one layer that are not marked yet. */
static nas_status count_patterns(nas_probe *probe, int index, const nas_tap *tap,
                                 bool *seen, double *count, nas_err *err)
{
    const int64_t size = nas_tap_count_of(tap);
    uint16_t *bits = NAS_NEW(probe->arena, uint16_t, size);
    NAS_TRY_ALLOC(bits, err);
    nas_net_tap_signs(probe->net, index, bits);
    for (int64_t e = 0; e < size; e++) {
        *count += !seen[bits[e]];
        seen[bits[e]] = true;
    }
    return NAS_OK;
}

static nas_status score_swap(nas_probe *probe, double *out, nas_err *err)
{
    enum { PATTERNS = 1 << SWAP_SAMPLES };
    bool *seen = NAS_NEW(probe->arena, bool, PATTERNS);
    double count = 0;
    NAS_TRY_ALLOC(seen, err);
    NAS_TRY(nas_probe_compile(probe, probe->graph, SWAP_SAMPLES, err));
    for (int r = 0; r < SWAP_REPEATS; r++) {
        memset(seen, 0, PATTERNS * sizeof *seen);
        nas_probe_init_gaussian(probe, probe->graph,
                                nas_probe_stream(probe, PROBE_USE_SWAP + (uint64_t)r));
        nas_probe_pass(probe, probe->batch->inputs);
        for (int i = 0; i < nas_net_tap_count(probe->net); i++) {
            const nas_tap tap = nas_net_tap(probe->net, i);
            if (tap.activation)
                NAS_TRY(count_patterns(probe, i, &tap, seen, &count, err));
        }
    }
    *out = count / SWAP_REPEATS;
    return NAS_OK;
}

const nas_proxy nas_proxy_naswot = {
    .name = "naswot",
    .summary = "how differently activations code the samples",
    .cite = "mellor2021naswot",
    .drawn = true,
    .score = score_naswot,
};

const nas_proxy nas_proxy_swap = {
    .name = "swap",
    .summary = "distinct patterns of activation elements over the samples",
    .cite = "peng2024swap",
    .drawn = true,
    .score = score_swap,
};
