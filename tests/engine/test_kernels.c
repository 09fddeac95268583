/* covers: conv.c, depthwise.c, reduce.c, table.c */
/* Kernels of convolutions and dense layers against plain loops over random shapes. */
#include "engine/kernel_check.h"

/* ---- conv, depthwise ------------------------------------------------------------- */

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

/* ---- reduce ---------------------------------------------------------------------- */

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

KERNEL_TEST(conv_equals_loops)
KERNEL_TEST(depthwise_equals_loops)
KERNEL_TEST(reduce_equals_loops)
KERNEL_TEST(reduce_depthwise_equals_loops)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv_equals_loops),
        cmocka_unit_test(test_depthwise_equals_loops),
        cmocka_unit_test(test_reduce_equals_loops),
        cmocka_unit_test(test_reduce_depthwise_equals_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
