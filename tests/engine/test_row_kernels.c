/* covers: gather.c, optimize.c */
/* Kernels between rows and lanes and over flat vectors, against plain loops. */
#include "engine/kernel_check.h"

/* ---- gather and back ------------------------------------------------------------- */

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

/* ---- optimizers ------------------------------------------------------------------ */

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

KERNEL_TEST(gather_equals_loops)
KERNEL_TEST(unlane_equals_loops)
KERNEL_TEST(optimizers_equal_loops)
KERNEL_TEST(square_sum_shows_nan)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gather_equals_loops),
        cmocka_unit_test(test_unlane_equals_loops),
        cmocka_unit_test(test_optimizers_equal_loops),
        cmocka_unit_test(test_square_sum_shows_nan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
