/* What the kernel tests share: random tensors, comparison with loops, and running a check
 * on every instruction set of the machine. */
#ifndef NASMITH_TESTS_KERNEL_CHECK_H
#define NASMITH_TESTS_KERNEL_CHECK_H

#include "check.h"

#include "engine/kernels.h"
#include "nasmith/rng.h"

#include <math.h>
#include <string.h>

enum { LINE = NAS_LANES, ROUNDS = 60 };

static nas_rng rng;

__attribute__((unused)) static int up_to(int most)
{
    return 1 + (int)nas_rng_below(&rng, (uint64_t)most);
}

__attribute__((unused)) static float *random_floats(int64_t n)
{
    float *x = malloc((size_t)n * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < n; i++)
        x[i] = (float)nas_rng_normal(&rng);
    return x;
}

__attribute__((unused)) static void check_close(const char *what, const float *found,
                                                const double *expected, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (!(fabs((double)found[i] - expected[i]) <= 1e-4 * (1 + fabs(expected[i]))))
            fail_msg("%s: element %d is %.7g, expected %.7g", what, (int)i,
                     (double)found[i], expected[i]);
    }
}

__attribute__((unused)) static double *as_doubles(const float *x, int64_t n)
{
    double *y = malloc((size_t)n * sizeof *y);
    for (int64_t i = 0; i < n; i++)
        y[i] = (double)x[i];
    return y;
}

__attribute__((unused)) static double clamp(double v, double low, double high)
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

__attribute__((unused)) static tensor tensor_new(int blocks, int channels, int height,
                                                 int width)
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

__attribute__((unused)) static void tensor_free(tensor *t)
{
    free(t->view.data);
    free(t->before);
}

__attribute__((unused)) static int64_t at(const tensor *t, int b, int c, int h, int w)
{
    return b * t->view.block + c * t->view.plane + h * t->view.row + w * LINE;
}

/* Everything of a tensor, gaps included, equals the expectation. */
__attribute__((unused)) static void check_tensor(const char *what, const tensor *t,
                                                 const double *expected)
{
    check_close(what, t->view.data, expected, t->floats);
}

typedef void (*kernel_check)(const nas_kernels *kernels);

__attribute__((unused)) static void everywhere(kernel_check check)
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

#endif
