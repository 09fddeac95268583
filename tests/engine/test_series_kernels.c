/* covers: product.c, sample_norm.c */
/* Kernels of Transformer encoders against plain loops over random shapes. */
#include "engine/kernel_check.h"

/* Strides as attention has them: any of the two indices may be the inner one. */
static void strides(int outer, int inner, int lead, ptrdiff_t *o, ptrdiff_t *i)
{
    const bool swapped = nas_rng_below(&rng, 2) == 0;
    *o = (swapped ? 1 : inner + lead) * LINE;
    *i = (swapped ? outer + lead : 1) * LINE;
}

static void product_equals_loops(const nas_kernels *kernels)
{
    nas_product_job job = {.m = up_to(9),
                           .n = up_to(11),
                           .k = up_to(7),
                           .scale = 0.75f,
                           .accumulate = nas_rng_below(&rng, 2) == 0};
    const int lead = up_to(3), room = 14 * 14 * LINE;
    float *a = random_floats(room), *b = random_floats(room), *y = random_floats(room);
    double *expected = as_doubles(y, room);
    strides(job.m, job.k, lead, &job.a_m, &job.a_k);
    strides(job.n, job.k, lead, &job.b_n, &job.b_k);
    strides(job.m, job.n, lead, &job.y_m, &job.y_n);
    job.a = a, job.b = b, job.y = y;
    for (int i = 0; i < job.m * job.n * LINE; i++) {
        const int lane = i % LINE, m = i / LINE / job.n, n = i / LINE % job.n;
        double sum = 0;
        for (int k = 0; k < job.k; k++)
            sum += (double)a[m * job.a_m + k * job.a_k + lane] *
                   (double)b[n * job.b_n + k * job.b_k + lane];
        double *to = &expected[m * job.y_m + n * job.y_n + lane];
        *to = 0.75 * sum + (job.accumulate ? *to : 0);
    }
    kernels->product(&job);
    check_close("product", y, expected, room);
    free(a), free(b), free(y), free(expected);
}

typedef struct norm_case {
    nas_sample_norm_job job;
    tensor x, y, dx, dy;
    float *gamma, *beta, *sum, *square;
} norm_case;

static norm_case norm_new(void)
{
    static const int depth[] = {1, 2, 3, 7};
    norm_case k = {.job = {.blocks = up_to(2), .height = up_to(4), .width = up_to(6)}};
    const int groups = up_to(3);
    k.job.channels = groups * depth[nas_rng_below(&rng, 4)];
    k.job.groups = nas_rng_below(&rng, 2) ? groups : 0;
    k.job.epsilon = 0.01f;
    k.job.accumulate = nas_rng_below(&rng, 2) == 0;
    tensor *all[] = {&k.x, &k.y, &k.dx, &k.dy};
    for (int i = 0; i < 4; i++)
        *all[i] = tensor_new(k.job.blocks, k.job.channels, k.job.height, k.job.width);
    k.job.x = k.x.view, k.job.y = k.y.view, k.job.dx = k.dx.view, k.job.dy = k.dy.view;
    k.job.gamma = k.gamma = random_floats(k.job.channels);
    k.job.beta = k.beta = random_floats(k.job.channels);
    k.job.sum = k.sum = random_floats(k.job.channels * LINE);
    k.job.square = k.square = random_floats(k.job.channels * LINE);
    return k;
}

static void norm_free(norm_case *k)
{
    tensor_free(&k->x), tensor_free(&k->y), tensor_free(&k->dx), tensor_free(&k->dy);
    free(k->gamma), free(k->beta), free(k->sum), free(k->square);
}

/* Whether two elements, numbered [c][h][w], share their statistics. */
static bool same_cell(const norm_case *k, int i, int j)
{
    const int plane = k->job.height * k->job.width;
    if (k->job.groups == 0)
        return i % plane == j % plane;
    const int depth = k->job.channels / k->job.groups;
    return i / plane / depth == j / plane / depth;
}

static int64_t element(const norm_case *k, const tensor *t, int b, int i)
{
    const int w = i % k->job.width, h = i / k->job.width % k->job.height;
    return at(t, b, i / k->job.width / k->job.height, h, w);
}

/* Mean over the cell of element i, of x, (x - centre)^2, g or g*u by `what`. */
static double cell_mean(const norm_case *k, int b, int lane, int i, int what,
                        const double moments[2])
{
    const int count = k->job.channels * k->job.height * k->job.width;
    double sum = 0;
    int n = 0;
    for (int j = 0; j < count; j++) {
        if (!same_cell(k, i, j))
            continue;
        const double x = k->x.before[element(k, &k->x, b, j) + lane] - moments[0];
        const double g = k->dy.before[element(k, &k->dy, b, j) + lane] *
                         (double)k->gamma[j / (k->job.height * k->job.width)];
        const double terms[] = {x, x * x, g, g * x * moments[1]};
        sum += terms[what];
        n++;
    }
    return sum / n;
}

static void norm_equals_loops(const nas_kernels *kernels)
{
    norm_case k = norm_new();
    const int plane = k.job.height * k.job.width, count = k.job.channels * plane;
    double *y = as_doubles(k.y.view.data, k.y.floats);
    double *dx = as_doubles(k.dx.view.data, k.dx.floats);
    double *sum = as_doubles(k.sum, k.job.channels * LINE);
    double *square = as_doubles(k.square, k.job.channels * LINE);
    for (int e = 0; e < k.job.blocks * count * LINE; e++) {
        const int lane = e % LINE, i = e / LINE % count, b = e / LINE / count;
        const int c = i / plane;
        double m[2] = {0, 1};
        m[0] = cell_mean(&k, b, lane, i, 0, m);
        m[1] = 1 / sqrt(cell_mean(&k, b, lane, i, 1, m) + (double)k.job.epsilon);
        const double u = (k.x.before[element(&k, &k.x, b, i) + lane] - m[0]) * m[1];
        const double d = k.dy.before[element(&k, &k.dy, b, i) + lane];
        double *to = &dx[element(&k, &k.dx, b, i) + lane];
        y[element(&k, &k.y, b, i) + lane] = (double)k.gamma[c] * u + (double)k.beta[c];
        *to = (k.job.accumulate ? *to : 0) +
              m[1] * ((double)k.gamma[c] * d - cell_mean(&k, b, lane, i, 2, m) -
                      u * cell_mean(&k, b, lane, i, 3, m));
        sum[c * LINE + lane] += d;
        square[c * LINE + lane] += d * u;
    }
    kernels->sample_norm(&k.job);
    check_tensor("y", &k.y, y);
    kernels->sample_norm_backward(&k.job);
    check_tensor("dx", &k.dx, dx);
    check_close("sum", k.sum, sum, k.job.channels * LINE);
    check_close("square", k.square, square, k.job.channels * LINE);
    free(y), free(dx), free(sum), free(square);
    norm_free(&k);
}

static void shift_equals_loops(const nas_kernels *kernels)
{
    tensor x = tensor_new(up_to(3), up_to(5), 1, up_to(9));
    tensor y = tensor_new(x.blocks, x.channels, 1, x.width);
    float *table = random_floats(x.channels * x.width);
    double *expected = as_doubles(y.view.data, y.floats);
    const nas_shift_job job = {.blocks = x.blocks,
                               .channels = x.channels,
                               .width = x.width,
                               .x = x.view,
                               .y = y.view,
                               .table = table};
    for (int i = 0; i < x.blocks * x.channels * x.width * LINE; i++) {
        const int lane = i % LINE, w = i / LINE % x.width;
        const int c = i / LINE / x.width % x.channels,
                  b = i / LINE / x.width / x.channels;
        expected[at(&y, b, c, 0, w) + lane] =
            x.before[at(&x, b, c, 0, w) + lane] + (double)table[c * x.width + w];
    }
    kernels->shift(&job);
    check_tensor("shift", &y, expected);
    free(table), free(expected);
    tensor_free(&x), tensor_free(&y);
}

KERNEL_TEST(product_equals_loops)
KERNEL_TEST(norm_equals_loops)
KERNEL_TEST(shift_equals_loops)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_product_equals_loops),
        cmocka_unit_test(test_norm_equals_loops),
        cmocka_unit_test(test_shift_equals_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
