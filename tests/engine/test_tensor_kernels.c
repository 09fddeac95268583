/* covers: norm.c, pool.c, tensor_ops.c, curve.c, mul.c */
/* Kernels over whole tensors against plain loops over random shapes. */
#include "engine/kernel_check.h"

/* ---- norm ------------------------------------------------------------------------ */

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

/* ---- copy, margins, softmax ------------------------------------------------------ */

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

/* ---- pools, softmax -------------------------------------------------------------- */

/* One output element: the maximum or mean of its window. Padding takes part in neither.
 */
static double pool_element(const nas_pool_job *job, const tensor *x, int plane, int pixel,
                           bool max)
{
    const int h0 = pixel / LINE / job->out_w * job->stride_h - job->pad_h;
    const int w0 = pixel / LINE % job->out_w * job->stride_w - job->pad_w;
    double top = -HUGE_VAL, sum = 0;
    int count = 0;
    for (int i = 0; i < job->kernel_h * job->kernel_w; i++) {
        const int h = h0 + i / job->kernel_w, w = w0 + i % job->kernel_w;
        if (h < 0 || h >= job->in_h || w < 0 || w >= job->in_w)
            continue;
        double v = x->before[at(x, 0, plane, h, w) + pixel % LINE];
        top = v > top ? v : top;
        sum += v;
        count++;
    }
    return max ? top : sum / count;
}

/* How many elements of the window share the gradient of one output. */
static int pool_count(const nas_pool_job *job, int pixel)
{
    const int h0 = pixel / LINE / job->out_w * job->stride_h - job->pad_h;
    const int w0 = pixel / LINE % job->out_w * job->stride_w - job->pad_w;
    int count = 0;
    for (int i = 0; i < job->kernel_h * job->kernel_w; i++) {
        const int h = h0 + i / job->kernel_w, w = w0 + i % job->kernel_w;
        count += h >= 0 && h < job->in_h && w >= 0 && w < job->in_w;
    }
    return count;
}

/* The largest of random values is one element; all share a mean. */
static void pool_spread(const nas_pool_job *job, const tensor *x, int plane, int pixel,
                        double dy, bool max, const tensor *dx, double *expected)
{
    const int h0 = pixel / LINE / job->out_w * job->stride_h - job->pad_h;
    const int w0 = pixel / LINE % job->out_w * job->stride_w - job->pad_w;
    const double top = pool_element(job, x, plane, pixel, true);
    for (int i = 0; i < job->kernel_h * job->kernel_w; i++) {
        const int h = h0 + i / job->kernel_w, w = w0 + i % job->kernel_w;
        if (h < 0 || h >= job->in_h || w < 0 || w >= job->in_w)
            continue;
        const bool best = x->before[at(x, 0, plane, h, w) + pixel % LINE] >= top;
        if (!max || best)
            expected[at(dx, 0, plane, h, w) + pixel % LINE] +=
                max ? dy : dy / pool_count(job, pixel);
    }
}

static nas_pool_job pool_job(void)
{
    nas_pool_job job = {.blocks = 1,
                        .channels = up_to(3),
                        .in_h = 2 + up_to(6),
                        .in_w = 2 + up_to(6),
                        .kernel_h = up_to(3),
                        .kernel_w = up_to(3),
                        .stride_h = up_to(3),
                        .stride_w = up_to(3)};
    job.pad_h = (job.kernel_h - 1) / 2;
    job.pad_w = (job.kernel_w - 1) / 2;
    job.out_h = (job.in_h + job.stride_h - 1) / job.stride_h;
    job.out_w = (job.in_w + job.stride_w - 1) / job.stride_w;
    return job;
}

static void pools_equal_loops(const nas_kernels *kernels)
{
    const bool max = nas_rng_below(&rng, 2) == 0;
    nas_pool_job job = pool_job();
    tensor x = tensor_new(1, job.channels, job.in_h, job.in_w);
    tensor dx = tensor_new(1, job.channels, job.in_h, job.in_w);
    tensor y = tensor_new(1, job.channels, job.out_h, job.out_w);
    tensor dy = tensor_new(1, job.channels, job.out_h, job.out_w);
    double *out = as_doubles(y.view.data, y.floats);
    double *back = as_doubles(dx.view.data, dx.floats);
    job.x = x.view, job.y = y.view, job.dx = dx.view, job.dy = dy.view;
    for (int i = 0; i < job.channels * job.out_h * job.out_w * LINE; i++) {
        const int pixel = i % (job.out_h * job.out_w * LINE);
        const int c = i / (job.out_h * job.out_w * LINE);
        const int row = pixel / LINE / job.out_w, column = pixel / LINE % job.out_w;
        out[at(&y, 0, c, row, column) + i % LINE] = pool_element(&job, &x, c, pixel, max);
        pool_spread(&job, &x, c, pixel, dy.before[at(&dy, 0, c, row, column) + i % LINE],
                    max, &dx, back);
    }
    (max ? kernels->max_pool : kernels->avg_pool)(&job);
    check_tensor("pool", &y, out);
    (max ? kernels->max_pool_backward : kernels->avg_pool_backward)(&job);
    check_tensor("pool backward", &dx, back);
    free(out), free(back);
    tensor_free(&x), tensor_free(&dx), tensor_free(&y), tensor_free(&dy);
}

static void softmax_equals_loops(const nas_kernels *kernels)
{
    const int n = up_to(9);
    tensor x = tensor_new(1, n, 1, 1), y = tensor_new(1, n, 1, 1);
    tensor dx = tensor_new(1, n, 1, 1), dy = tensor_new(1, n, 1, 1);
    double *out = as_doubles(y.view.data, y.floats);
    double *back = as_doubles(dx.view.data, dx.floats);
    nas_softmax_job job = {.blocks = 1,
                           .channels = n,
                           .height = 1,
                           .width = 1,
                           .x = x.view,
                           .y = y.view,
                           .dx = dx.view,
                           .dy = dy.view,
                           .accumulate = nas_rng_below(&rng, 2) == 0};
    for (int lane = 0; lane < LINE; lane++) {
        double sum = 0, dot = 0;
        for (int c = 0; c < n; c++)
            sum += exp(x.before[at(&x, 0, c, 0, 0) + lane]);
        for (int c = 0; c < n; c++) {
            double p = exp(x.before[at(&x, 0, c, 0, 0) + lane]) / sum;
            out[at(&y, 0, c, 0, 0) + lane] = p;
            dot += p * dy.before[at(&dy, 0, c, 0, 0) + lane];
        }
        for (int c = 0; c < n; c++) {
            double *d = &back[at(&dx, 0, c, 0, 0) + lane];
            *d = (job.accumulate ? *d : 0) +
                 out[at(&y, 0, c, 0, 0) + lane] *
                     (dy.before[at(&dy, 0, c, 0, 0) + lane] - dot);
        }
    }
    kernels->softmax(&job);
    check_tensor("softmax", &y, out);
    kernels->softmax_backward(&job);
    check_tensor("softmax backward", &dx, back);
    free(out), free(back);
    tensor_free(&x), tensor_free(&dx), tensor_free(&y), tensor_free(&dy);
}

/* Forward against the C library, backward against its central difference. */
static double curve_value(const nas_curve_job *job, double x)
{
    switch (job->op) {
    case NAS_OP_LEAKY_RELU:
        return x > 0 ? x : (double)job->slope * x;
    case NAS_OP_HARD_SIGMOID:
        return fmin(fmax(x / 6 + 0.5, 0), 1);
    case NAS_OP_HARD_SWISH:
        return x < -3 ? 0 : x > 3 ? x : x * (x + 3) / 6;
    case NAS_OP_SIGMOID:
        return 1 / (1 + exp(-x));
    case NAS_OP_TANH:
        return tanh(x);
    case NAS_OP_SILU:
        return x / (1 + exp(-x));
    default:
        return x / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
    }
}

static void curve_equals_loops(const nas_kernels *kernels, nas_op_kind op)
{
    const int c = up_to(3), h = up_to(3), w = up_to(5);
    tensor x = tensor_new(2, c, h, w), y = tensor_new(2, c, h, w);
    tensor dx = tensor_new(2, c, h, w), dy = tensor_new(2, c, h, w);
    double *out = as_doubles(y.view.data, y.floats);
    double *back = as_doubles(dx.view.data, dx.floats);
    nas_curve_job job = {.op = op,
                         .slope = 0.125f,
                         .blocks = 2,
                         .channels = c,
                         .height = h,
                         .width = w,
                         .x = x.view,
                         .y = y.view,
                         .dx = dx.view,
                         .dy = dy.view,
                         .accumulate = nas_rng_below(&rng, 2) == 0};
    for (int i = 0; i < 2 * c * h * w * LINE; i++) {
        int lane = i % LINE, p = i / LINE;
        int column = p % w, row = p / w % h, plane = p / w / h % c, block = p / w / h / c;
        int64_t from = at(&x, block, plane, row, column) + lane;
        double u = x.before[from], eps = 1e-7;
        out[at(&y, block, plane, row, column) + lane] = curve_value(&job, u);
        double *d = &back[at(&dx, block, plane, row, column) + lane];
        double slope =
            (curve_value(&job, u + eps) - curve_value(&job, u - eps)) / (2 * eps);
        *d = (job.accumulate ? *d : 0) +
             slope * dy.before[at(&dy, block, plane, row, column) + lane];
    }
    kernels->curve(&job);
    check_tensor("curve", &y, out);
    kernels->curve_backward(&job);
    check_tensor("curve backward", &dx, back);
    free(out), free(back);
    tensor_free(&x), tensor_free(&dx), tensor_free(&y), tensor_free(&dy);
}

static void curves_equal_loops(const nas_kernels *kernels)
{
#define CURVE(upper, lower) curve_equals_loops(kernels, NAS_OP_##upper);
    NAS_CURVE_LIST(CURVE)
#undef CURVE
}

/* Far out the curves are flat or straight, and NaN is not hidden. */
static void curves_end_well(const nas_kernels *kernels)
{
    float lines[6][LINE] = {{0}};
    const float ends[] = {-3e38f, -200.0f, -88.0f, 88.0f, 200.0f, 3e38f, NAN, INFINITY};
    for (int i = 0; i < LINE; i++)
        lines[0][i] = ends[i % 8];
    nas_view x = {lines[0], 0, 0, 0}, y = {lines[1], 0, 0, 0};
    nas_curve_job job = {.blocks = 1, .channels = 1, .height = 1, .width = 1};
    job.x = x;
    job.y = y;
    job.op = NAS_OP_SIGMOID;
    kernels->curve(&job);
    for (int i = 0; i < 3; i++)
        assert_true(lines[1][i] >= 0.0f && lines[1][i] < 1e-30f);
    for (int i = 3; i < 6; i++)
        assert_true(lines[1][i] == 1.0f);
    assert_true(isnan(lines[1][6]));
    assert_true(lines[1][7] == 1.0f);
    job.op = NAS_OP_TANH;
    kernels->curve(&job);
    assert_true(lines[1][0] == -1.0f && lines[1][5] == 1.0f && isnan(lines[1][6]));
}

/* Products, and the sum a gate's gradient is. */
static void products_equal_loops(const nas_kernels *kernels)
{
    const int form = (int)nas_rng_below(&rng, 3); /* plain, gate, sum */
    tensor a = tensor_new(up_to(2), up_to(4), up_to(5), up_to(7));
    tensor b = form == 1 ? tensor_new(a.blocks, a.channels, 1, 1)
                         : tensor_new(a.blocks, a.channels, a.height, a.width);
    tensor to = form == 2 ? tensor_new(a.blocks, a.channels, 1, 1)
                          : tensor_new(a.blocks, a.channels, a.height, a.width);
    nas_mul_job job = {.blocks = a.blocks,
                       .channels = a.channels,
                       .height = a.height,
                       .width = a.width,
                       .a = a.view,
                       .b = b.view,
                       .to = to.view,
                       .gate = form == 1,
                       .accumulate = nas_rng_below(&rng, 2) == 0};
    double *expected = as_doubles(to.view.data, to.floats);
    for (int i = 0; i < a.blocks * a.channels * a.height * a.width * LINE; i++) {
        const int pixel = i / LINE % (a.height * a.width), lane = i % LINE;
        const int c = i / LINE / (a.height * a.width) % a.channels;
        const int n = i / LINE / (a.height * a.width) / a.channels;
        const int h = pixel / a.width, w = pixel % a.width;
        const int64_t from = form == 1 ? at(&b, n, c, 0, 0) : at(&b, n, c, h, w);
        const int64_t put = form == 2 ? at(&to, n, c, 0, 0) : at(&to, n, c, h, w);
        const bool keeps = job.accumulate || (form == 2 && pixel > 0);
        expected[put + lane] =
            (keeps ? expected[put + lane] : 0) +
            a.before[at(&a, n, c, h, w) + lane] * b.before[from + lane];
    }
    (form == 2 ? kernels->mul_sum : kernels->mul)(&job);
    check_tensor("product", &to, expected);
    free(expected);
    tensor_free(&a), tensor_free(&b), tensor_free(&to);
}

KERNEL_TEST(norm_equals_loops)
KERNEL_TEST(moments_and_fold_equal_loops)
KERNEL_TEST(copy_equals_loops)
KERNEL_TEST(halo_clears_margins_only)
KERNEL_TEST(dropout_repeats_its_choice)
KERNEL_TEST(pools_equal_loops)
KERNEL_TEST(softmax_equals_loops)
KERNEL_TEST(curves_equal_loops)
KERNEL_TEST(curves_end_well)
KERNEL_TEST(products_equal_loops)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norm_equals_loops),
        cmocka_unit_test(test_moments_and_fold_equal_loops),
        cmocka_unit_test(test_copy_equals_loops),
        cmocka_unit_test(test_halo_clears_margins_only),
        cmocka_unit_test(test_dropout_repeats_its_choice),
        cmocka_unit_test(test_pools_equal_loops),
        cmocka_unit_test(test_softmax_equals_loops),
        cmocka_unit_test(test_curves_equal_loops),
        cmocka_unit_test(test_curves_end_well),
        cmocka_unit_test(test_products_equal_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
