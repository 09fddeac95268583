/* Every kernel against plain loops, over random shapes, on every instruction set of the
 * machine. */
#include "check.h"

#include "engine/kernels.h"
#include "nasmith/rng.h"

#include <math.h>
#include <string.h>

enum { LINE = NAS_LANES, ROUNDS = 60 };

static nas_rng rng;

static int up_to(int most)
{
    return 1 + (int)nas_rng_below(&rng, (uint64_t)most);
}

static float *random_floats(int64_t n)
{
    float *x = malloc((size_t)n * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)nas_rng_normal(&rng);
    return x;
}

static void check_close(const char *what, const float *found, const double *expected,
                        int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (!(fabs((double)found[i] - expected[i]) <= 1e-4 * (1 + fabs(expected[i]))))
            fail_msg("%s: element %d is %.7g, expected %.7g", what, (int)i,
                     (double)found[i], expected[i]);
    }
}

static double *as_doubles(const float *x, int64_t n)
{
    double *y = malloc((size_t)n * sizeof *y);
    for (int64_t i = 0; i < n; i++)
        y[i] = (double)x[i];
    return y;
}

static double clamp(double v, double low, double high)
{
    return v < low ? low : v > high ? high : v;
}

/* A random tensor of 1-3 blocks with gaps between rows, planes and blocks. */
typedef struct tensor {
    int blocks, channels, height, width;
    nas_view view;
    int64_t floats;
    double *before; /* its values as doubles */
} tensor;

static tensor tensor_new(int blocks, int channels, int height, int width)
{
    tensor t = {.blocks = blocks, .channels = channels, .height = height, .width = width};
    const bool tight = nas_rng_below(&rng, 2) == 0;
    t.view.row = (width + (tight ? 0 : up_to(2))) * LINE;
    t.view.plane = height * t.view.row + (tight ? 0 : LINE);
    t.view.block = channels * t.view.plane;
    t.floats = blocks * t.view.block;
    t.view.data = random_floats(t.floats);
    t.before = as_doubles(t.view.data, t.floats);
    return t;
}

static void tensor_free(tensor *t)
{
    free(t->view.data);
    free(t->before);
}

static int64_t at(const tensor *t, int b, int c, int h, int w)
{
    return b * t->view.block + c * t->view.plane + h * t->view.row + w * LINE;
}

/* Everything of a tensor, gaps included, equals the expectation. */
static void check_tensor(const char *what, const tensor *t, const double *expected)
{
    check_close(what, t->view.data, expected, t->floats);
}

/* ---- conv, depthwise
 * -------------------------------------------------------------------- */

typedef struct conv_case {
    nas_conv_job job;
    nas_term terms[64];
    tensor x, y, ref;
    float *w, *bias, *scale, *shift, *sum, *square;
    double *expected, *expected_sum, *expected_square;
} conv_case;

static void conv_finish(conv_case *k, int o, int64_t to, int64_t from, double v)
{
    const nas_conv_job *job = &k->job;
    double ref = k->ref.before[from];
    const int64_t line = o * LINE + to % LINE;
    if (job->finish == NAS_FINISH_CLAMP)
        v = clamp(v, (double)job->low, (double)job->high);
    if (job->finish == NAS_FINISH_MASK) {
        double u = (double)job->scale[o] * ref + (double)job->shift[o];
        if (!(u > (double)job->low && u < (double)job->high))
            v = 0;
    }
    if (job->finish == NAS_FINISH_MASK || job->finish == NAS_FINISH_STATS) {
        k->expected_sum[line] += v;
        k->expected_square[line] += v * (job->finish == NAS_FINISH_MASK ? ref : v);
    }
    k->expected[to] = v;
}

static void conv_expected(conv_case *k)
{
    const nas_conv_job *j = &k->job;
    for (int i = 0; i < j->out * j->rows * j->pixels * LINE; i++) {
        const int lane = i % LINE, p = i / LINE % j->pixels;
        const int r = i / LINE / j->pixels % j->rows, o = i / LINE / j->pixels / j->rows;
        const int64_t to = o * j->y_out + r * j->y_row + p * j->y_pixel + lane;
        const int64_t from = o * j->ref_out + r * j->ref_row + p * j->ref_pixel + lane;
        double v = j->accumulate ? k->y.before[to] : j->bias ? (double)j->bias[o] : 0;
        for (int c = 0; c < j->chunks; c++)
            for (int t = 0; t < (c == j->chunks - 1 ? j->last_terms : j->n_terms); t++)
                v += (double)k->w[o * j->w_out + c * j->w_chunk + j->terms[t].w] *
                     k->x.before[o * j->x_out + r * j->x_row + p * j->x_pixel +
                                 c * j->x_chunk + j->terms[t].x + lane];
        conv_finish(k, o, to, from, v);
    }
}

/* Terms are random offsets inside x and w: the kernel must not care what they mean. */
static void conv_new(conv_case *k, bool depthwise)
{
    const int out = up_to(depthwise ? 4 : 19), rows = up_to(3), pixels = up_to(31);
    const int stride = up_to(2), n = up_to(12), chunks = depthwise ? 1 : up_to(3);
    memset(k, 0, sizeof *k);
    k->x = tensor_new(1, out + 3, rows * stride + 2, pixels * stride + 3);
    k->y = tensor_new(1, out, rows, pixels);
    k->ref = tensor_new(1, out, rows, pixels);
    for (int t = 0; t < n; t++)
        k->terms[t] = (nas_term){(int32_t)at(&k->x, 0, 0, up_to(3) - 1, up_to(3) - 1),
                                 up_to(9) - 1};
    k->w = random_floats(out * 30 + 64);
    k->bias = random_floats(out);
    k->scale = random_floats(out);
    k->shift = random_floats(out);
    k->sum = random_floats(out * LINE);
    k->square = random_floats(out * LINE);
    k->expected = as_doubles(k->y.view.data, k->y.floats);
    k->expected_sum = as_doubles(k->sum, out * LINE);
    k->expected_square = as_doubles(k->square, out * LINE);
    k->job = (nas_conv_job){.out = out,
                            .rows = rows,
                            .pixels = pixels,
                            .terms = k->terms,
                            .n_terms = n,
                            .last_terms = depthwise ? n : up_to(n),
                            .chunks = chunks,
                            .x = k->x.view.data,
                            .x_row = k->x.view.row * stride,
                            .x_pixel = LINE * stride,
                            .x_chunk = k->x.view.plane,
                            .x_out = depthwise ? k->x.view.plane : 0,
                            .w = k->w,
                            .w_out = 30,
                            .w_chunk = 10,
                            .y = k->y.view.data,
                            .y_out = k->y.view.plane,
                            .y_row = k->y.view.row,
                            .y_pixel = LINE,
                            .accumulate = nas_rng_below(&rng, 3) == 0,
                            .bias = nas_rng_below(&rng, 2) ? k->bias : NULL,
                            .finish = (nas_finish)nas_rng_below(&rng, 4),
                            .low = -0.4f,
                            .high = 2.1f,
                            .ref = k->ref.view.data,
                            .ref_out = k->ref.view.plane,
                            .ref_row = k->ref.view.row,
                            .ref_pixel = LINE,
                            .scale = k->scale,
                            .shift = k->shift,
                            .sum = k->sum,
                            .square = k->square};
}

static void conv_free(conv_case *k)
{
    tensor_free(&k->x);
    tensor_free(&k->y);
    tensor_free(&k->ref);
    void *all[] = {k->w,      k->bias,     k->scale,        k->shift,          k->sum,
                   k->square, k->expected, k->expected_sum, k->expected_square};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
}

static void check_conv(const nas_kernels *kernels, bool depthwise)
{
    conv_case k;
    conv_new(&k, depthwise);
    conv_expected(&k);
    (depthwise ? kernels->depthwise : kernels->conv)(&k.job);
    check_tensor("y", &k.y, k.expected);
    check_close("sum", k.sum, k.expected_sum, k.job.out * LINE);
    check_close("square", k.square, k.expected_square, k.job.out * LINE);
    conv_free(&k);
}

static void conv_equals_loops(const nas_kernels *kernels)
{
    check_conv(kernels, false);
}

static void depthwise_equals_loops(const nas_kernels *kernels)
{
    check_conv(kernels, true);
}

/* ---- reduce
 * ----------------------------------------------------------------------------- */

static void check_reduce(const nas_kernels *kernels, bool depthwise)
{
    const int out = up_to(depthwise ? 4 : 11), in = up_to(depthwise ? 25 : 14);
    const int stride = up_to(2), blocks = up_to(3), rows = up_to(3), pixels = up_to(17);
    tensor d = tensor_new(blocks, out, rows, pixels);
    tensor x = tensor_new(blocks, out + 2, rows * stride + 2, pixels * stride + 3);
    int32_t offset[32];
    float *g = random_floats(out * in);
    double *expected = as_doubles(g, out * in);
    for (int j = 0; j < in; j++)
        offset[j] =
            (int32_t)at(&x, 0, depthwise ? 0 : up_to(2) - 1, up_to(3) - 1, up_to(3) - 1);
    nas_reduce_job job = {.out = out,
                          .in = in,
                          .blocks = blocks,
                          .rows = rows,
                          .pixels = pixels,
                          .d = d.view,
                          .x = x.view.data,
                          .x_block = x.view.block,
                          .x_row = x.view.row * stride,
                          .x_pixel = LINE * stride,
                          .x_out = depthwise ? x.view.plane : 0,
                          .offset = offset,
                          .g = g,
                          .g_out = in};
    for (int64_t i = 0; i < (int64_t)out * in * blocks * rows * pixels * LINE; i++) {
        const int lane = (int)(i % LINE), p = (int)(i / LINE % pixels);
        const int r = (int)(i / LINE / pixels % rows);
        const int b = (int)(i / LINE / pixels / rows % blocks);
        const int oj = (int)(i / LINE / pixels / rows / blocks), o = oj / in;
        expected[oj] += d.before[at(&d, b, o, r, p) + lane] *
                        x.before[b * job.x_block + r * job.x_row + p * job.x_pixel +
                                 o * job.x_out + offset[oj % in] + lane];
    }
    (depthwise ? kernels->reduce_depthwise : kernels->reduce)(&job);
    check_close("g", g, expected, out * in);
    tensor_free(&d);
    tensor_free(&x);
    free(g);
    free(expected);
}

static void reduce_equals_loops(const nas_kernels *kernels)
{
    check_reduce(kernels, false);
}

static void reduce_depthwise_equals_loops(const nas_kernels *kernels)
{
    check_reduce(kernels, true);
}

/* ---- norm
 * ------------------------------------------------------------------------------- */

typedef struct norm_case {
    nas_norm_job job;
    nas_tail tail;
    tensor y, z, dy;
    float *vector[5], *sum, *square;
} norm_case;

static void norm_new(norm_case *k)
{
    const int blocks = up_to(2), channels = up_to(5), height = up_to(7), width = up_to(9);
    memset(k, 0, sizeof *k);
    k->tail = (nas_tail)nas_rng_below(&rng, NAS_TAIL_COUNT);
    int out_h = k->tail == NAS_TAIL_MEAN ? 1 : height;
    int out_w = k->tail == NAS_TAIL_MEAN ? 1 : width;
    if (k->tail == NAS_TAIL_MAX) {
        /* Valid padding drops an odd row, same keeps it in a smaller window. */
        const int keep = (int)nas_rng_below(&rng, 2);
        k->job.pool_h = height > 1 ? up_to(2) : 1;
        k->job.pool_w = width > 1 ? up_to(2) : 1;
        out_h = (height + keep * (k->job.pool_h - 1)) / k->job.pool_h;
        out_w = (width + keep * (k->job.pool_w - 1)) / k->job.pool_w;
    }
    k->y = tensor_new(blocks, channels, height, width);
    k->z = tensor_new(blocks, channels, out_h, out_w);
    k->dy = tensor_new(blocks, channels, height, width);
    for (int i = 0; i < 5; i++)
        k->vector[i] = random_floats(channels);
    k->sum = random_floats(channels * LINE);
    k->square = random_floats(channels * LINE);
    k->job.blocks = blocks, k->job.channels = channels;
    k->job.height = height, k->job.width = width;
    k->job.out_h = out_h, k->job.out_w = out_w;
    k->job.y = k->y.view, k->job.z = k->z.view, k->job.dy = k->dy.view;
    k->job.scale = k->vector[0], k->job.shift = k->vector[1];
    k->job.a = k->vector[2], k->job.b = k->vector[3], k->job.c = k->vector[4];
    k->job.low = 0, k->job.high = nas_rng_below(&rng, 2) ? 0.9f : INFINITY;
    k->job.sum = k->sum, k->job.square = k->square;
}

static void norm_free(norm_case *k)
{
    tensor_free(&k->y);
    tensor_free(&k->z);
    tensor_free(&k->dy);
    for (int i = 0; i < 5; i++)
        free(k->vector[i]);
    free(k->sum);
    free(k->square);
}

static double norm_before(const norm_case *k, int c, int64_t from)
{
    return (double)k->job.scale[c] * k->y.before[from] + (double)k->job.shift[c];
}

/* Window of output (h,w): first and last row and column of y. */
static void norm_window(const norm_case *k, int h, int w, int range[4])
{
    const bool mean = k->tail == NAS_TAIL_MEAN, max = k->tail == NAS_TAIL_MAX;
    range[0] = mean ? 0 : max ? h * k->job.pool_h : h;
    range[1] = mean ? k->job.height : max ? (h + 1) * k->job.pool_h : h + 1;
    range[2] = mean ? 0 : max ? w * k->job.pool_w : w;
    range[3] = mean ? k->job.width : max ? (w + 1) * k->job.pool_w : w + 1;
    range[1] = range[1] < k->job.height ? range[1] : k->job.height;
    range[3] = range[3] < k->job.width ? range[3] : k->job.width;
}

/* z of one output element, and (into d, like y) the gradient dz sends before the clamp.
 */
static double norm_element(const norm_case *k, const int bchw[4], int lane, double *d)
{
    const int b = bchw[0], c = bchw[1];
    const double low = (double)k->job.low, high = (double)k->job.high;
    const double dz = k->z.before[at(&k->z, b, c, bchw[2], bchw[3]) + lane];
    const int pixels = k->job.height * k->job.width;
    int range[4];
    double top = -HUGE_VAL, mean = 0;
    int64_t best = -1;
    norm_window(k, bchw[2], bchw[3], range);
    for (int h = range[0]; h < range[1]; h++)
        for (int w = range[2]; w < range[3]; w++) {
            const int64_t from = at(&k->y, b, c, h, w) + lane;
            const double u = norm_before(k, c, from);
            mean += clamp(u, low, high) / pixels;
            if (k->tail == NAS_TAIL_MEAN)
                d[from] = u > low && u < high ? dz / pixels : 0;
            if (u > top)
                top = u, best = from;
        }
    if (k->tail != NAS_TAIL_MEAN)
        d[best] = top > low && top < high ? dz : 0;
    return k->tail == NAS_TAIL_MEAN ? mean : clamp(top, low, high);
}

static void norm_equals_loops(const nas_kernels *kernels)
{
    norm_case k;
    norm_new(&k);
    double *z = as_doubles(k.z.view.data, k.z.floats);
    double *dy = as_doubles(k.dy.view.data, k.dy.floats);
    double *d = calloc((size_t)k.y.floats, sizeof *d);
    double *sum = as_doubles(k.sum, k.job.channels * LINE);
    double *square = as_doubles(k.square, k.job.channels * LINE);
    for (int i = 0; i < k.job.blocks * k.job.channels * k.job.out_h * k.job.out_w; i++) {
        const int w = i % k.job.out_w, h = i / k.job.out_w % k.job.out_h;
        const int c = i / k.job.out_w / k.job.out_h % k.job.channels;
        const int b = i / k.job.out_w / k.job.out_h / k.job.channels;
        for (int lane = 0; lane < LINE; lane++)
            z[at(&k.z, b, c, h, w) + lane] =
                norm_element(&k, (int[]){b, c, h, w}, lane, d);
    }
    for (int i = 0; i < k.job.blocks * k.job.channels * k.job.height * k.job.width; i++) {
        const int w = i % k.job.width, h = i / k.job.width % k.job.height;
        const int c = i / k.job.width / k.job.height % k.job.channels;
        const int b = i / k.job.width / k.job.height / k.job.channels;
        for (int lane = 0; lane < LINE; lane++) {
            const int64_t from = at(&k.y, b, c, h, w) + lane;
            const double y = k.y.before[from];
            sum[c * LINE + lane] += d[from];
            square[c * LINE + lane] += d[from] * y;
            dy[at(&k.dy, b, c, h, w) + lane] = (double)k.job.a[c] * d[from] +
                                               (double)k.job.b[c] * y +
                                               (double)k.job.c[c];
        }
    }
    kernels->norm_sums[k.tail](&k.job);
    check_close("sum", k.sum, sum, k.job.channels * LINE);
    check_close("square", k.square, square, k.job.channels * LINE);
    kernels->norm_backward[k.tail](&k.job);
    check_tensor("dy", &k.dy, dy);
    kernels->norm_forward[k.tail](&k.job);
    check_tensor("z", &k.z, z);
    free(z), free(dy), free(d), free(sum), free(square);
    norm_free(&k);
}

static void moments_and_fold_equal_loops(const nas_kernels *kernels)
{
    norm_case k;
    norm_new(&k);
    const int channels = k.job.channels;
    double *sum = as_doubles(k.sum, channels * LINE);
    double *square = as_doubles(k.square, channels * LINE), totals[8] = {2.385, 1.5};
    for (int i = 0; i < k.job.blocks * channels * k.job.height * k.job.width; i++) {
        const int w = i % k.job.width, h = i / k.job.width % k.job.height;
        const int c = i / k.job.width / k.job.height % channels;
        for (int lane = 0; lane < LINE; lane++) {
            double y =
                k.y.before[at(&k.y, i / k.job.width / k.job.height / channels, c, h, w) +
                           lane];
            sum[c * LINE + lane] += y;
            square[c * LINE + lane] += y * y;
        }
    }
    kernels->moments(&k.job);
    check_close("sum", k.sum, sum, channels * LINE);
    check_close("square", k.square, square, channels * LINE);
    kernels->fold(k.sum, channels, totals);
    for (int c = 0; c < channels; c++) {
        double expected = c == 0 ? 2.385 : c == 1 ? 1.5 : 0;
        for (int lane = 0; lane < LINE; lane++)
            expected += sum[c * LINE + lane];
        assert_true(fabs(totals[c] - expected) < 1e-3);
        assert_true(k.sum[c * LINE + 7] == 0);
    }
    free(sum), free(square);
    norm_free(&k);
}

/* ---- copy, margins, softmax
 * ---------------------------------------------------------------- */

static void copy_equals_loops(const nas_kernels *kernels)
{
    tensor from = tensor_new(up_to(2), up_to(4), up_to(5), up_to(7));
    tensor to = tensor_new(from.blocks, from.channels, from.height, from.width);
    double *expected = as_doubles(to.view.data, to.floats);
    nas_copy_job job = {.blocks = from.blocks,
                        .channels = from.channels,
                        .height = from.height,
                        .width = from.width,
                        .from = from.view,
                        .to = to.view,
                        .accumulate = nas_rng_below(&rng, 2) == 0,
                        .low = -0.5f,
                        .high = 0.75f};
    for (int i = 0; i < from.blocks * from.channels * from.height * from.width; i++) {
        const int w = i % from.width, h = i / from.width % from.height;
        const int c = i / from.width / from.height % from.channels;
        const int b = i / from.width / from.height / from.channels;
        for (int lane = 0; lane < LINE; lane++) {
            double *v = &expected[at(&to, b, c, h, w) + lane];
            *v = clamp(from.before[at(&from, b, c, h, w) + lane] +
                           (job.accumulate ? *v : 0),
                       -0.5, 0.75);
        }
    }
    kernels->copy(&job);
    check_tensor("copy", &to, expected);
    free(expected);
    tensor_free(&from);
    tensor_free(&to);
}

static void halo_clears_margins_only(const nas_kernels *kernels)
{
    const int margin[4] = {up_to(3) - 1, up_to(3) - 1, up_to(3) - 1, up_to(3) - 1};
    const int height = up_to(4), width = up_to(5), channels = up_to(3);
    const int64_t row = (margin[1] + width + margin[3]) * LINE;
    const int64_t rows = margin[0] + height + margin[2], plane = rows * row + LINE;
    float *x = random_floats(channels * plane);
    double *expected = as_doubles(x, channels * plane);
    for (int64_t i = 0; i < channels * plane; i++) {
        const int64_t h = i % plane / row - margin[0];
        const int64_t w = i % plane % row / LINE - margin[1];
        if (i % plane < rows * row && (h < 0 || h >= height || w < 0 || w >= width))
            expected[i] = 0;
    }
    nas_halo_job job = {
        .blocks = 1,
        .channels = channels,
        .height = height,
        .width = width,
        .top = margin[0],
        .left = margin[1],
        .bottom = margin[2],
        .right = margin[3],
        .view = {x + margin[0] * row + margin[1] * LINE, channels * plane, plane, row}};
    kernels->halo(&job);
    check_close("halo", x, expected, channels * plane);
    free(x);
    free(expected);
}

/* Kept elements are scaled, about rate*n are dropped, and backward repeats the choice. */
static void dropout_repeats_its_choice(const nas_kernels *kernels)
{
    tensor x = tensor_new(1, 8, 4, 8), y = tensor_new(1, 8, 4, 8);
    nas_dropout_job job = {.blocks = 1,
                           .channels = 8,
                           .height = 4,
                           .width = 8,
                           .x = x.view,
                           .y = y.view,
                           .seed = nas_rng_u32(&rng),
                           .threshold = 1u << 30,
                           .factor = 1.25f};
    int dropped = 0;
    kernels->dropout(&job);
    for (int i = 0; i < 8 * 4 * 8 * LINE; i++) {
        const int w = i / LINE % 8, h = i / LINE / 8 % 4, c = i / LINE / 32;
        const float before = x.view.data[at(&x, 0, c, h, w) + i % LINE];
        const float after = y.view.data[at(&y, 0, c, h, w) + i % LINE];
        dropped += after == 0;
        assert_true(after == 0 || fabsf(after - 1.25f * before) < 1e-6f);
    }
    assert_in_range(dropped, 880, 1168); /* 4096/4, +- 5 deviations */
    tensor again = tensor_new(1, 8, 4, 8);
    double *expected = as_doubles(again.view.data, again.floats);
    job.y = again.view;
    job.accumulate = true;
    kernels->dropout(&job);
    for (int i = 0; i < 8 * 4 * 8 * LINE; i++) {
        const int w = i / LINE % 8, h = i / LINE / 8 % 4, c = i / LINE / 32;
        expected[at(&again, 0, c, h, w) + i % LINE] +=
            (double)y.view.data[at(&y, 0, c, h, w) + i % LINE];
    }
    check_tensor("dropout", &again, expected);
    free(expected);
    tensor_free(&x);
    tensor_free(&y);
    tensor_free(&again);
}

/* ---- gather and back
 * ------------------------------------------------------------------------ */

static double element_at(int element, const void *row, int i)
{
    switch ((nas_element)element) {
    case NAS_ELEMENT_U8:
        return ((const uint8_t *)row)[i];
    case NAS_ELEMENT_I8:
        return ((const int8_t *)row)[i];
    case NAS_ELEMENT_I16:
        return ((const int16_t *)row)[i];
    case NAS_ELEMENT_I32:
        return ((const int32_t *)row)[i];
    case NAS_ELEMENT_F32:
        break;
    }
    return (double)((const float *)row)[i];
}

static void gather_equals_loops(const nas_kernels *kernels)
{
    const int count = up_to(70);
    float *source = random_floats((int64_t)LINE * count),
          *to = random_floats(count * LINE);
    float *mean = random_floats(count), *inverse = random_floats(count);
    double *expected = calloc((size_t)(count * LINE), sizeof *expected);
    nas_gather_job job = {.element = (int)nas_rng_below(&rng, 5),
                          .count = count,
                          .plain = nas_rng_below(&rng, 2) == 0,
                          .step = (int)nas_rng_below(&rng, 2),
                          .mean = mean,
                          .inverse = inverse,
                          .to = to};
    if (job.element != NAS_ELEMENT_F32) /* random bytes, small enough for float */
        for (int i = 0; i < LINE * count; i++)
            ((int32_t *)(void *)source)[i] = (int32_t)nas_rng_u32(&rng) >> 12;
    for (int lane = 0; lane < LINE; lane++) {
        job.source[lane] = source + lane * count;
        if (job.plain)
            continue;
        job.shift[lane] = up_to(7) - 4;
        job.reverse[lane] = nas_rng_below(&rng, 2) == 0;
        if (nas_rng_below(&rng, 5) == 0)
            job.source[lane] = NULL;
    }
    for (int i = 0; i < count * LINE; i++) {
        const int lane = i % LINE;
        int from = i / LINE - job.shift[lane];
        if (job.source[lane] == NULL || from < 0 || from >= count)
            continue;
        from = job.reverse[lane] ? count - 1 - from : from;
        expected[i] = (element_at(job.element, job.source[lane], from) -
                       (double)mean[from * job.step]) *
                      (double)inverse[from * job.step];
    }
    kernels->gather(&job);
    check_close("gather", to, expected, count * LINE);
    free(source), free(to), free(mean), free(inverse), free(expected);
}

static void unlane_equals_loops(const nas_kernels *kernels)
{
    const bool vector = nas_rng_below(&rng, 2) == 0;
    tensor x = tensor_new(1, up_to(40), vector ? 1 : up_to(4), vector ? 1 : up_to(20));
    const int plane = x.height * x.width, count = x.channels * plane;
    const int64_t row = count + 16;
    float *to = random_floats(LINE * row);
    double *expected = as_doubles(to, LINE * row);
    nas_unlane_job job = {.channels = x.channels,
                          .height = x.height,
                          .width = x.width,
                          .from = x.view,
                          .to = to,
                          .to_row = row};
    for (int i = 0; i < count * LINE; i++) {
        const int k = i / LINE, c = k / plane, h = k % plane / x.width, w = k % x.width;
        expected[i % LINE * row + k] = x.before[at(&x, 0, c, h, w) + i % LINE];
    }
    kernels->unlane(&job);
    check_close("unlane", to, expected, LINE * row);
    free(to);
    free(expected);
    tensor_free(&x);
}

/* ---- optimizers
 * -------------------------------------------------------------------------- */

static void optimizers_equal_loops(const nas_kernels *kernels)
{
    const int n = up_to(3000);
    float *w = random_floats(n), *g = random_floats(n), *m = random_floats(n);
    float *v = random_floats(n);
    double *ew = as_doubles(w, n), *em = as_doubles(m, n), square = 0;
    for (int i = 0; i < n; i++)
        v[i] = fabsf(v[i]);
    double *ev = as_doubles(v, n);
    for (int i = 0; i < n; i++) {
        const double gradient = (double)g[i] * 0.5;
        square += (double)g[i] * (double)g[i];
        em[i] = 0.9 * em[i] + 0.1 * gradient;
        ev[i] = 0.99 * ev[i] + 0.01 * gradient * gradient;
        ew[i] = ew[i] * (1 - 0.03 * 0.2) - 0.03 * em[i] * 1.5 / (sqrt(ev[i] * 2) + 1e-3);
    }
    kernels->adamw(&(nas_adamw_job){n, w, m, v, g, 0.5f, 0.03f, 0.2f, 0.9f, 0.99f, 1.5f,
                                    2.0f, 1e-3f});
    check_close("adamw w", w, ew, n);
    check_close("adamw m", m, em, n);
    check_close("adamw v", v, ev, n);
    assert_true(fabs(kernels->square_sum(g, n) - square) < 1e-5 * square);
    for (int i = 0; i < n; i++) {
        const double gradient = (double)g[i] * 2 + 0.3 * (double)w[i];
        em[i] = 0.8 * (double)m[i] + gradient;
        ew[i] = (double)w[i] - 0.04 * (gradient + 0.8 * em[i]);
        ev[i] = 0.7 * (double)v[i] + 0.3 * ew[i];
    }
    kernels->sgd(&(nas_sgd_job){n, w, m, g, 2.0f, 0.04f, 0.3f, 0.8f});
    check_close("sgd w", w, ew, n);
    check_close("sgd m", m, em, n);
    kernels->average(v, w, n, 0.7f);
    check_close("average", v, ev, n);
    free(w), free(g), free(m), free(v), free(ew), free(em), free(ev);
}

static void square_sum_shows_nan(const nas_kernels *kernels)
{
    float *g = random_floats(1500);
    g[up_to(1499)] = nas_rng_below(&rng, 2) ? NAN : INFINITY;
    const double sum = kernels->square_sum(g, 1500);
    assert_false((bool)isfinite(sum));
    free(g);
}

/* ---- running
 * ------------------------------------------------------------------------------- */

typedef void (*kernel_check)(const nas_kernels *kernels);

static void everywhere(kernel_check check)
{
    for (int isa = 0; isa <= NAS_ISA_AVX512; isa++) {
        const nas_kernels *kernels = nas_kernels_get((nas_isa)isa);
        rng = nas_rng_new(31, 4);
        for (int round = 0; round < ROUNDS && kernels != NULL; round++)
            check(kernels);
    }
}

#define KERNEL_TEST(name)                                                                \
    static void test_##name(void **state)                                                \
    {                                                                                    \
        (void)state;                                                                     \
        everywhere(name);                                                                \
    }
KERNEL_TEST(conv_equals_loops)
KERNEL_TEST(depthwise_equals_loops)
KERNEL_TEST(reduce_equals_loops)
KERNEL_TEST(reduce_depthwise_equals_loops)
KERNEL_TEST(norm_equals_loops)
KERNEL_TEST(moments_and_fold_equal_loops)
KERNEL_TEST(copy_equals_loops)
KERNEL_TEST(halo_clears_margins_only)
KERNEL_TEST(dropout_repeats_its_choice)
KERNEL_TEST(gather_equals_loops)
KERNEL_TEST(unlane_equals_loops)
KERNEL_TEST(optimizers_equal_loops)
KERNEL_TEST(square_sum_shows_nan)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv_equals_loops),
        cmocka_unit_test(test_depthwise_equals_loops),
        cmocka_unit_test(test_reduce_equals_loops),
        cmocka_unit_test(test_reduce_depthwise_equals_loops),
        cmocka_unit_test(test_norm_equals_loops),
        cmocka_unit_test(test_moments_and_fold_equal_loops),
        cmocka_unit_test(test_copy_equals_loops),
        cmocka_unit_test(test_halo_clears_margins_only),
        cmocka_unit_test(test_dropout_repeats_its_choice),
        cmocka_unit_test(test_gather_equals_loops),
        cmocka_unit_test(test_unlane_equals_loops),
        cmocka_unit_test(test_optimizers_equal_loops),
        cmocka_unit_test(test_square_sum_shows_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
