/* AZ-NAS: four numbers whose ranks are put together; the fourth is `macs`.
 *
 * J. Lee, B. Ham: AZ-NAS: Assembling Zero-Cost Proxies for Network Architecture Search.
 * CVPR 2024. arXiv:2403.19232
 *
 * Deviations
 * 1. A block ends at a tensor that every path goes through and that a layer with weights,
 *    an addition or a concatenation makes; the authors name blocks per space.
 * 2. Batches of 16 samples.
 *
 * Notation
 *   F_l   tensor at the end of block l, as rows of positions of all samples: [n][C_l]
 *   s     eigenvalues of the covariance of F_l, as shares of their sum
 *   H_l   entropy of s
 *   expressivity    sum of H_l            progressivity   least H_l - H_l-1
 *   G     mean over positions of (gradient in) (gradient out)^T, for gradients out of
 *         random signs; sigma its largest singular value
 *   trainability    mean over blocks of 2 - sigma - 1 / sigma */
#include "evaluate/matrix.h"
#include "evaluate/probe.h"

#include <math.h>

enum { SAMPLES = NAS_LANES, POWER_STEPS = 60 };

struct az_blocks {
    int n;
    int *tap;         /* [n] */
    nas_shape *shape; /* [n] */
    double *entropy;  /* [n] */
    double *balance;  /* [n] 2 - sigma - 1 / sigma; of the first none */
};

/* ---- blocks ----------------------------------------------------------------------- */

static bool ends_block(const nas_probe *probe, const nas_tap *tap)
{
    const nas_op_kind op = nas_graph_node(probe->graph, tap->node)->op;
    const bool flat = probe->batch->shape.h * probe->batch->shape.w == 1;
    return tap->alone && tap->gradient &&
           (tap->weighted || op == NAS_OP_ADD || op == NAS_OP_CONCAT) &&
           (flat || tap->shape.h * tap->shape.w > 1);
}

static nas_status find_blocks(const nas_probe *probe, struct az_blocks *out, nas_err *err)
{
    const int most = nas_net_tap_count(probe->net);
    out->tap = NAS_NEW(probe->arena, int, most);
    out->shape = NAS_NEW(probe->arena, nas_shape, most);
    out->entropy = NAS_NEW(probe->arena, double, 2 * most);
    NAS_TRY_ALLOC(out->tap, err);
    NAS_TRY_ALLOC(out->shape, err);
    NAS_TRY_ALLOC(out->entropy, err);
    out->balance = out->entropy + most;
    for (int i = 1; i < most; i++) {
        const nas_tap tap = nas_net_tap(probe->net, i);
        if (!ends_block(probe, &tap))
            continue;
        out->tap[out->n] = i;
        out->shape[out->n++] = tap.shape;
    }
    return NAS_OK;
}

/* ---- entropy ---------------------------------------------------------------------- */

static double entropy_of(const double *values, int n)
{
    double sum = 0, entropy = 0;
    for (int i = 0; i < n; i++)
        sum += fmax(values[i], 0);
    for (int i = 0; i < n && sum > 0; i++) {
        const double share = fmax(values[i], 0) / sum;
        entropy -= share * log(share + 1e-8);
    }
    return entropy;
}

/* @param f    [C][positions]: lanes are positions too, the batch has one block
 * @param out  [C][C] */
static void covariance(const float *f, int channels, int64_t positions, double *mean,
                       double *out)
{
    for (int c = 0; c < channels; c++) {
        mean[c] = 0;
        for (int64_t i = 0; i < positions; i++)
            mean[c] += (double)f[c * positions + i] / (double)positions;
    }
    for (int c = 0; c < channels; c++)
        for (int d = 0; d <= c; d++) {
            const float *a = f + c * positions, *b = f + d * positions;
            double sum = 0;
            for (int64_t i = 0; i < positions; i++)
                sum += (double)a[i] * (double)b[i];
            sum = sum / (double)positions - mean[c] * mean[d];
            out[c * channels + d] = out[d * channels + c] = sum;
        }
}

static nas_status measure_entropy(nas_probe *probe, struct az_blocks *az, int block,
                                  nas_err *err)
{
    const int channels = (int)az->shape[block].c;
    const int64_t positions = az->shape[block].h * az->shape[block].w * SAMPLES;
    float *f = NAS_NEW(probe->arena, float, channels *positions);
    double *matrix = NAS_NEW(probe->arena, double, channels *(channels + 1));
    NAS_TRY_ALLOC(f, err);
    NAS_TRY_ALLOC(matrix, err);
    double *values = matrix + channels * channels;
    nas_net_tap_read(probe->net, az->tap[block], NAS_TAP_VALUE, f);
    covariance(f, channels, positions, values, matrix);
    nas_matrix_eigenvalues(matrix, channels, values);
    az->entropy[block] = entropy_of(values, channels);
    return NAS_OK;
}

/* ---- trainability ----------------------------------------------------------------- */

/* Largest singular value by power iteration on G^T G.
 * @param g  [rows][columns]  @param x  [rows + columns] scratch */
static double largest_singular(const double *g, int rows, int columns, double *x)
{
    double *y = x + columns, length = 0;
    for (int j = 0; j < columns; j++)
        x[j] = 1 + 0.1 * (j % 7); /* not orthogonal to anything likely */
    for (int step = 0; step < POWER_STEPS; step++) {
        double norm = 0;
        for (int j = 0; j < columns; j++)
            norm += x[j] * x[j];
        norm = sqrt(norm);
        if (!(norm > 0))
            return 0;
        for (int i = 0; i < rows; i++) {
            y[i] = 0;
            for (int j = 0; j < columns; j++)
                y[i] += g[i * columns + j] * x[j] / norm;
        }
        for (int j = 0; j < columns; j++) {
            x[j] = 0;
            for (int i = 0; i < rows; i++)
                x[j] += g[i * columns + j] * y[i];
        }
        length = norm;
    }
    return sqrt(length);
}

/* G of a block: positions of a strided input belong to the output position they lie
 * under, as channels of their own.
 * @param in, out  shapes  @param d_in, d_out  gradients, [C][H][W][16]
 * @param g        [in.c * by * by][out.c], cleared */
static void outer_product(nas_shape in, const float *d_in, nas_shape out,
                          const float *d_out, int64_t by_h, int64_t by_w, double *g)
{
    const int64_t count = out.h * out.w * SAMPLES;
    for (int64_t c = 0; c < in.c; c++)
        for (int64_t i = 0; i < in.h * in.w; i++) {
            const int64_t h = i / in.w, w = i % in.w;
            const int64_t row = (c * by_h + h % by_h) * by_w + w % by_w;
            const int64_t at = h / by_h * out.w + w / by_w;
            const float *x = d_in + (c * in.h * in.w + i) * SAMPLES;
            for (int64_t o = 0; o < out.c; o++) {
                const float *y = d_out + (o * out.h * out.w + at) * SAMPLES;
                double sum = 0;
                for (int lane = 0; lane < SAMPLES; lane++)
                    sum += (double)x[lane] * (double)y[lane];
                g[row * out.c + o] += sum / (double)count;
            }
        }
}

static nas_status measure_balance(nas_probe *probe, struct az_blocks *az, int block,
                                  nas_rng *rng, nas_err *err)
{
    const nas_shape in = az->shape[block - 1], out = az->shape[block];
    const int64_t by_h = (in.h + out.h - 1) / out.h, by_w = (in.w + out.w - 1) / out.w;
    const int64_t rows = in.c * by_h * by_w;
    const int64_t n_in = nas_shape_count(in) * SAMPLES,
                  n_out = nas_shape_count(out) * SAMPLES;
    float *d_in = NAS_NEW(probe->arena, float, n_in + n_out), *d_out = d_in + n_in;
    double *g = NAS_NEW(probe->arena, double, rows *out.c + rows + out.c);
    NAS_TRY_ALLOC(d_in, err);
    NAS_TRY_ALLOC(g, err);
    for (int64_t i = 0; i < n_out; i++)
        d_out[i] = nas_rng_below(rng, 2) == 0 ? -1.0f : 1.0f;
    nas_net_backward_between(probe->net, az->tap[block], d_out, az->tap[block - 1]);
    nas_net_tap_read(probe->net, az->tap[block - 1], NAS_TAP_VALUE_GRADIENT, d_in);
    outer_product(in, d_in, out, d_out, by_h, by_w, g);
    const double sigma = largest_singular(g, (int)rows, (int)out.c, g + rows * out.c);
    az->balance[block] = 2 - sigma - 1 / (sigma + 1e-6);
    return NAS_OK;
}

/* ---- all -------------------------------------------------------------------------- */

static nas_status measure(nas_probe *probe, nas_err *err)
{
    nas_rng rng = nas_probe_stream(probe, PROBE_USE_AZ);
    const int64_t inputs = SAMPLES * nas_shape_count(probe->batch->shape);
    struct az_blocks *az = NAS_NEW(probe->arena, struct az_blocks, 1);
    float *x = NAS_NEW(probe->arena, float, inputs);
    NAS_TRY_ALLOC(az, err);
    NAS_TRY_ALLOC(x, err);
    nas_probe_fill_normal(x, inputs, &rng);
    NAS_TRY(nas_probe_compile(probe, probe->graph, SAMPLES, err));
    nas_net_init(probe->net, nas_probe_stream(probe, PROBE_USE_AZ + 1));
    nas_probe_pass(probe, x);
    NAS_TRY(find_blocks(probe, az, err));
    for (int b = 0; b < az->n; b++)
        NAS_TRY(measure_entropy(probe, az, b, err));
    for (int b = 1; b < az->n; b++)
        NAS_TRY(measure_balance(probe, az, b, &rng, err));
    probe->az = az;
    return NAS_OK;
}

static nas_status blocks_of(nas_probe *probe, const struct az_blocks **out, nas_err *err)
{
    if (probe->az == NULL)
        NAS_TRY(measure(probe, err));
    *out = probe->az;
    return NAS_OK;
}

static nas_status score_expressivity(nas_probe *probe, double *out, nas_err *err)
{
    const struct az_blocks *az = NULL;
    NAS_TRY(blocks_of(probe, &az, err));
    *out = 0;
    for (int b = 0; b < az->n; b++)
        *out += az->entropy[b];
    return NAS_OK;
}

static nas_status score_progressivity(nas_probe *probe, double *out, nas_err *err)
{
    const struct az_blocks *az = NULL;
    NAS_TRY(blocks_of(probe, &az, err));
    *out = (double)INFINITY; /* of fewer than two blocks: no value */
    for (int b = 1; b < az->n; b++)
        *out = fmin(*out, az->entropy[b] - az->entropy[b - 1]);
    return NAS_OK;
}

static nas_status score_trainability(nas_probe *probe, double *out, nas_err *err)
{
    const struct az_blocks *az = NULL;
    NAS_TRY(blocks_of(probe, &az, err));
    double sum = 0;
    for (int b = 1; b < az->n; b++)
        sum += az->balance[b];
    *out = az->n > 1 ? sum / (az->n - 1) : (double)NAN;
    return NAS_OK;
}

const nas_proxy nas_proxy_az_expressivity = {
    .name = "az_expressivity",
    .summary = "entropy of the features of blocks",
    .cite = "lee2024aznas",
    .drawn = true,
    .score = score_expressivity,
};

const nas_proxy nas_proxy_az_progressivity = {
    .name = "az_progressivity",
    .summary = "least growth of that entropy from block to block",
    .cite = "lee2024aznas",
    .drawn = true,
    .score = score_progressivity,
};

const nas_proxy nas_proxy_az_trainability = {
    .name = "az_trainability",
    .summary = "how evenly blocks carry gradients back",
    .cite = "lee2024aznas",
    .drawn = true,
    .score = score_trainability,
};
