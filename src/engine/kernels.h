/* The kernels of the engine: the jobs they take and one table of them per instruction
 * set. Kernel sources (folder kernels) are compiled once per instruction set.
 *
 * All activations are "lane tensors": element (block b, channel c, row h, column w) is a
 * line of 16 floats, one per sample, at data + b*block + c*plane + h*row + w*16 (strides
 * in floats). Kernels never allocate, never fail and touch nothing outside the job. */
#ifndef NASMITH_ENGINE_KERNELS_H
#define NASMITH_ENGINE_KERNELS_H

#include "nasmith/net.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A lane tensor's memory; `data` is element (0,0,0) of block 0. */
typedef struct nas_view {
    float *data;
    ptrdiff_t block, plane, row;
} nas_view;

/* ---- broadcast weight x lanes ---------------------------------------------------- */

/* One product of a sum: x[term.x] * w[term.w], offsets in floats. */
typedef struct nas_term {
    int32_t x, w;
} nas_term;

/* What happens to a finished sum v of output channel o at one pixel. */
typedef enum nas_finish {
    NAS_FINISH_STORE, /* y = v */
    NAS_FINISH_CLAMP, /* y = min(max(v, low), high) */
    NAS_FINISH_STATS, /* y = v; sum[o] += v; square[o] += v*v */
    NAS_FINISH_MASK,  /* u = scale[o]*ref + shift[o]; d = low < u < high ? v : 0;
                         y = d; sum[o] += d; square[o] += d*ref */
} nas_finish;

/* y[o][r][p] = finish(start + sum over chunks k and terms t of
 *     w[o*w_out + k*w_chunk + t.w] * x[r*x_row + p*x_pixel + k*x_chunk + t.x])
 * for o < out, r < rows, p < pixels. The start is y itself (accumulate), else bias[o],
 * else 0. Sums longer than the first-level cache are cut into chunks of equal terms. */
typedef struct nas_conv_job {
    int out, rows, pixels;
    const nas_term *terms;
    int n_terms;    /* per chunk */
    int last_terms; /* of the last chunk */
    int chunks;     /* >= 1 */
    const float *x;
    ptrdiff_t x_row, x_pixel, x_chunk;
    ptrdiff_t x_out; /* depthwise only: x moves with o */
    const float *w;
    ptrdiff_t w_out, w_chunk;
    float *y;
    ptrdiff_t y_out, y_row, y_pixel;
    bool accumulate;
    const float *bias; /* [out] or NULL */
    nas_finish finish;
    float low, high;
    const float *ref; /* NAS_FINISH_MASK: the raw output whose gradient y is */
    ptrdiff_t ref_out, ref_row, ref_pixel;
    const float *scale, *shift; /* [out] */
    float *sum, *square;        /* [out][16], added to */
} nas_conv_job;

/* ---- sample reduction ------------------------------------------------------------ */

/* g[o*g_out + j] += sum over blocks b, rows r, pixels p and lanes of
 *     d[b*d.block + o*d.plane + r*d.row + p*16]
 *   * x[b*x_block + r*x_row + p*x_pixel + offset[j]]   for o < out, j < in. */
typedef struct nas_reduce_job {
    int out, in, blocks, rows, pixels;
    nas_view d;
    const float *x;
    ptrdiff_t x_block, x_row, x_pixel;
    ptrdiff_t x_out;       /* depthwise only: x moves with o */
    const int32_t *offset; /* [in] */
    float *g;
    ptrdiff_t g_out;
} nas_reduce_job;

/* ---- norm, activation and the pool behind them ----------------------------------- */

/* What a unit does after z = clamp(scale[c]*y + shift[c]). */
typedef enum nas_tail {
    NAS_TAIL_NONE,
    NAS_TAIL_MAX,  /* non-overlapping windows of 1 or 2 rows and columns */
    NAS_TAIL_MEAN, /* mean of the plane */
    NAS_TAIL_COUNT
} nas_tail;

/* Forward:  z = tail(clamp(scale*y + shift, low, high)).
 * Sums:     d = gradient at scale*y + shift; sum[c] += d, square[c] += d*y.
 * Backward: dy = a[c]*d + b[c]*y + c[c].
 * `z` is the output forward and its gradient otherwise. With `masked` the gradient has
 * been through the clamp already. */
typedef struct nas_norm_job {
    int blocks, channels, height, width; /* of y */
    nas_view y, z, dy;
    const float *scale, *shift; /* [channels] */
    float low, high;
    bool masked;
    int pool_h, pool_w, out_h, out_w; /* NAS_TAIL_MAX: window = stride, 1 or 2 */
    const float *a, *b, *c;           /* [channels] */
    float *sum, *square;              /* [channels][16], added to */
} nas_norm_job;

/* ---- the rest -------------------------------------------------------------------- */

/* to = clamp(from + (accumulate ? to : 0), low, high) over a whole tensor. */
typedef struct nas_copy_job {
    int blocks, channels, height, width;
    nas_view from, to;
    bool accumulate;
    float low, high;
} nas_copy_job;

/* to = clamp(factor*from + (accumulate ? to : 0), low, high) over a whole tensor; or the
 * sum of from*to. */
typedef struct nas_scale_job {
    int blocks, channels, height, width;
    nas_view from, to;
    bool accumulate;
    float factor, low, high;
} nas_scale_job;

/* Pools with any window, stride and padding. Backward adds to dx. */
typedef struct nas_pool_job {
    int blocks, channels;
    int in_h, in_w, out_h, out_w;
    int kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w; /* pads: before */
    nas_view x, y;                                            /* y forward: output */
    nas_view dx, dy;                                          /* backward only */
} nas_pool_job;

/* to = a*b, or added to `to`. With a gate, b has one line per channel.
 * Its gradient sums over the plane: to[c] = sum of a*b, `to` having one line per channel.
 */
typedef struct nas_mul_job {
    int blocks, channels, height, width;
    nas_view a, b, to;
    bool gate, accumulate;
} nas_mul_job;

/* y[m][n] = scale * sum over k of a[m][k] * b[n][k], or added to y. Every element is a
 * line of 16 samples, so this is one small matrix product per sample; strides in floats.
 */
typedef struct nas_product_job {
    int m, n, k;
    const float *a, *b;
    ptrdiff_t a_m, a_k, b_n, b_k;
    float *y;
    ptrdiff_t y_m, y_n;
    float scale;
    bool accumulate;
} nas_product_job;

/* Norm of every sample on its own. A cell is a group of channels with all its pixels, or
 * (groups 0) one pixel with all channels; with the mean and deviation of its cell
 *     u = (x - mean) / sqrt(variance + epsilon),  y = gamma[c]*u + beta[c].
 * Backward, g = dy*gamma[c], means over the cell:
 *     dx = (g - mean(g) - u*mean(g*u)) / sqrt(variance + epsilon), or added to dx,
 *     sum[c] += dy, square[c] += dy*u */
typedef struct nas_sample_norm_job {
    int blocks, channels, height, width, groups;
    float epsilon;
    const float *gamma, *beta; /* [channels] */
    nas_view x, y, dx, dy;
    bool accumulate;
    float *sum, *square; /* [channels][16] */
} nas_sample_norm_job;

/* y = x + table[c][w] on all rows and samples; a series has one row. */
typedef struct nas_shift_job {
    int blocks, channels, width;
    nas_view x, y;
    const float *table; /* [channels][width] */
} nas_shift_job;

/* Margins of a lane tensor set to zero. */
typedef struct nas_halo_job {
    int blocks, channels, height, width;
    int top, left, bottom, right;
    nas_view view;
} nas_halo_job;

/* y = keep ? x*factor : 0 (or added to y), keep decided by a hash of seed and position.
 */
typedef struct nas_dropout_job {
    int blocks, channels, height, width;
    nas_view x, y;
    bool accumulate;
    uint32_t seed, threshold; /* keep when hash >= threshold */
    float factor;
} nas_dropout_job;

/* y = f(x), or dx = f'(x) * dy (or added to dx), f by the operator. */
typedef struct nas_curve_job {
    nas_op_kind op; /* of NAS_CURVE_LIST */
    float slope;    /* of leaky ReLU */
    int blocks, channels, height, width;
    nas_view x, y, dx, dy;
    bool accumulate;
} nas_curve_job;

/* One step of an LSTM or GRU for `units` hidden units, in lines of `blocks`*16 floats
 * that lie `plane` floats apart. Forward turns the sums in `gates` into activations and
 * writes the state h_next (and cell c_next). Backward turns activations into gradients of
 * the sums in place; dh enters as the gradient of the new state, dc of the new cell.
 *   lstm: gates i, o, f, g and tanh(c_next), `units` planes each
 *     c_next = f*c + i*g, h_next = o*tanh(c_next)
 *     backward: dc becomes the gradient of c
 *   gru: gates z, r, n and the recurrent sum u of the candidate
 *     h_next = z*h + (1-z)*n,  n = tanh(sum + r*u)
 *     backward: dh becomes its direct part for h, dh*z; u becomes du */
typedef struct nas_cell_job {
    int blocks, units;
    ptrdiff_t plane;
    float *gates;
    const float *h, *c;
    float *h_next, *c_next;
    float *dh, *dc;
} nas_cell_job;

/* Softmax over channels at every pixel, or its backward (dx, or added to dx):
 * dx = y * (dy - sum over channels of y*dy). */
typedef struct nas_softmax_job {
    int blocks, channels, height, width;
    nas_view x, y, dx, dy;
    bool accumulate;
} nas_softmax_job;

/* One row of `count` elements from each of 16 samples into lanes: to[i*16 + lane] =
 * (source[lane][i] - mean[i*step]) * inverse[i*step]; a NULL sample gives zeros.
 * Lane l is mirrored if `reverse[l]`, then moved `shift[l]` columns to the right; zeros
 * move in. */
typedef struct nas_gather_job {
    int element; /* nas_element */
    bool plain;  /* no NULL sample, nothing moved or mirrored */
    const void *source[NAS_LANES];
    int count;
    int step; /* 0: one mean for the row; 1: one per element */
    const float *mean, *inverse;
    int shift[NAS_LANES];
    bool reverse[NAS_LANES];
    float *to;
} nas_gather_job;

/* Lanes to rows: to[s*to_row + i] for 16 samples s and i < count, from lines
 * from[offset(i)]: i runs over planes, rows and columns of one block. */
typedef struct nas_unlane_job {
    int channels, height, width;
    nas_view from;
    float *to; /* [16][to_row] */
    ptrdiff_t to_row;
} nas_unlane_job;

typedef struct nas_adamw_job {
    int64_t n;
    float *w, *m, *v;
    const float *g;
    float gradient_scale, rate, decay, beta1, beta2, correction1, correction2, epsilon;
} nas_adamw_job;

typedef struct nas_sgd_job {
    int64_t n;
    float *w, *m;
    const float *g;
    float gradient_scale, rate, decay, momentum;
} nas_sgd_job;

typedef struct nas_kernels {
    nas_isa isa;
    void (*conv)(const nas_conv_job *job);
    void (*depthwise)(const nas_conv_job *job);
    void (*reduce)(const nas_reduce_job *job);
    void (*reduce_depthwise)(const nas_reduce_job *job);
    void (*norm_forward[NAS_TAIL_COUNT])(const nas_norm_job *job);
    void (*norm_sums[NAS_TAIL_COUNT])(const nas_norm_job *job);
    void (*norm_backward[NAS_TAIL_COUNT])(const nas_norm_job *job);
    void (*moments)(const nas_norm_job *job); /* sum[c] += y, square[c] += y*y */
    /* totals[c] += sum of lines[c][16], in four chains of every fourth lane; lines = 0 */
    void (*fold)(float *lines, int channels, double *totals);
    void (*copy)(const nas_copy_job *job);
    void (*scale)(const nas_scale_job *job);
    double (*dot)(const nas_scale_job *job);
    void (*halo)(const nas_halo_job *job);
    void (*max_pool)(const nas_pool_job *job);
    void (*max_pool_backward)(const nas_pool_job *job);
    void (*avg_pool)(const nas_pool_job *job);
    void (*avg_pool_backward)(const nas_pool_job *job);
    void (*dropout)(const nas_dropout_job *job);
    void (*mul)(const nas_mul_job *job);
    void (*mul_sum)(const nas_mul_job *job); /* a and b of one shape, `to` per channel */
    void (*product)(const nas_product_job *job);
    void (*sample_norm)(const nas_sample_norm_job *job);
    void (*sample_norm_backward)(const nas_sample_norm_job *job);
    void (*shift)(const nas_shift_job *job);
    void (*curve)(const nas_curve_job *job);
    void (*curve_backward)(const nas_curve_job *job);
    void (*lstm_cell)(const nas_cell_job *job);
    void (*lstm_cell_backward)(const nas_cell_job *job);
    void (*gru_cell)(const nas_cell_job *job);
    void (*gru_cell_backward)(const nas_cell_job *job);
    void (*softmax)(const nas_softmax_job *job);
    void (*softmax_backward)(const nas_softmax_job *job);
    void (*gather)(const nas_gather_job *job);
    void (*unlane)(const nas_unlane_job *job);
    void (*adamw)(const nas_adamw_job *job);
    void (*sgd)(const nas_sgd_job *job);
    void (*average)(float *average, const float *w, int64_t n, float decay);
    double (*square_sum)(const float *g, int64_t n);
} nas_kernels;

const nas_kernels *nas_kernels_baseline(void);
const nas_kernels *nas_kernels_avx2(void);
const nas_kernels *nas_kernels_avx512(void);

/* @return the kernels of an instruction set, or NULL when this machine lacks it */
const nas_kernels *nas_kernels_get(nas_isa isa);

#endif
