/* Kernels of gated additions against plain loops. */
#include "engine/kernel_check.h"

static void scale_and_dot_equal_loops(const nas_kernels *kernels)
{
    const int blocks = up_to(3), channels = up_to(5), height = up_to(6), width = up_to(7);
    tensor from = tensor_new(blocks, channels, height, width);
    tensor to = tensor_new(blocks, channels, height, width);
    nas_scale_job job = {.blocks = blocks,
                         .channels = channels,
                         .height = height,
                         .width = width,
                         .from = from.view,
                         .to = to.view,
                         .accumulate = nas_rng_below(&rng, 2) == 1,
                         .factor = (float)nas_rng_normal(&rng),
                         .low = nas_rng_below(&rng, 2) ? -INFINITY : 0.0f,
                         .high = nas_rng_below(&rng, 2) ? INFINITY : 0.9f};
    double *expected = as_doubles(to.view.data, to.floats);
    double dot = 0, size = 1;
    for (int i = 0; i < blocks * channels * height * width * LINE; i++) {
        const int lane = i % LINE, w = i / LINE % width, h = i / LINE / width % height;
        const int c = i / LINE / width / height % channels;
        const int b = i / LINE / width / height / channels;
        const double x = from.before[at(&from, b, c, h, w) + lane];
        const double y = to.before[at(&to, b, c, h, w) + lane];
        dot += x * y;
        size += fabs(x * y);
        expected[at(&to, b, c, h, w) + lane] =
            clamp((double)job.factor * x + (job.accumulate ? y : 0), (double)job.low,
                  (double)job.high);
    }
    assert_true(fabs(kernels->dot(&job) - dot) <= 1e-6 * size);
    kernels->scale(&job);
    check_tensor("scale", &to, expected);
    free(expected);
    tensor_free(&from);
    tensor_free(&to);
}

KERNEL_TEST(scale_and_dot_equal_loops)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scale_and_dot_equal_loops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
