#include "check.h"

#include "export/naive.h"

#include <math.h>

static void conv_pads_with_zeros(void **state)
{
    (void)state;
    const nas_naive_window w = {.in = {1, 1, 3},
                                .out = {1, 1, 3},
                                .kernel = {1, 3},
                                .stride = {1, 1},
                                .pad = {0, 1},
                                .dilation = {1, 1},
                                .groups = 1};
    const float kernel[3] = {2, 3, 5}, bias[1] = {0.5f};
    const double in[3] = {1, 10, 100};
    double out[3];
    nas_naive_conv(&w, kernel, bias, in, out);
    assert_true(out[0] == 0.5 + 3 * 1 + 5 * 10);
    assert_true(out[1] == 0.5 + 2 * 1 + 3 * 10 + 5 * 100);
    assert_true(out[2] == 0.5 + 2 * 10 + 3 * 100);
}

static void conv_groups_strides_and_dilates(void **state)
{
    (void)state;
    const nas_naive_window w = {.in = {2, 1, 5},
                                .out = {2, 1, 2},
                                .kernel = {1, 2},
                                .stride = {1, 2},
                                .dilation = {1, 2},
                                .groups = 2};
    const float kernel[4] = {1, 10, 100, 1000};
    const double in[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11};
    double out[4];
    nas_naive_conv(&w, kernel, NULL, in, out);
    assert_true(out[0] == 31 && out[1] == 53);
    assert_true(out[2] == 8600 && out[3] == 11800);
}

static void pools_ignore_padding(void **state)
{
    (void)state;
    const nas_naive_window w = {.in = {1, 2, 2},
                                .out = {1, 1, 1},
                                .kernel = {3, 3},
                                .stride = {2, 2},
                                .pad = {1, 1},
                                .dilation = {1, 1},
                                .groups = 1};
    const double in[4] = {-4, -2.5, -3, -8};
    double out = 0;
    nas_naive_max_pool(&w, in, &out);
    assert_true(out == -2.5);
    nas_naive_avg_pool(&w, in, &out);
    assert_true(out == -17.5 / 4);
    nas_naive_global_max_pool((nas_shape){1, 2, 2}, in, &out);
    assert_true(out == -2.5);
    nas_naive_global_avg_pool((nas_shape){1, 2, 2}, in, &out);
    assert_true(out == -17.5 / 4);
}

static void dense_norm_and_softmax(void **state)
{
    (void)state;
    const float kernel[4] = {1, 2, 3, 4}, bias[2] = {0.25f, -1};
    const float scale[2] = {2, 1}, shift[2] = {1, 0}, mean[2] = {3, 0},
                variance[2] = {4, 1};
    const float *const statistics[4] = {scale, shift, mean, variance};
    const double in[2] = {5, 7};
    double out[2];
    nas_naive_dense(2, 2, kernel, bias, in, out);
    assert_true(out[0] == 19.25 && out[1] == 42);
    nas_naive_batch_norm((nas_shape){2, 1, 1}, statistics, 0, in, out);
    assert_true(out[0] == 3 && out[1] == 7);
    nas_naive_softmax(2, in, out);
    assert_true(fabs(out[1] - 1 / (1 + exp(-2))) < 1e-15);
}

static void near(double found, double expected)
{
    if (!(fabs(found - expected) < 1e-12))
        fail_msg("found %.15g, expected %.15g", found, expected);
}

/* (4,1,2): pixels (1,3,5,7) and (2,2,4,4), groups (1,2,3,2) and (5,4,7,4). */
static void norms_of_a_sample(void **state)
{
    (void)state;
    const float scale[4] = {1, 2, 1, 1}, shift[4] = {0, 0, 0.5f, 0};
    const float *const affine[2] = {scale, shift};
    const double in[8] = {1, 2, 3, 2, 5, 4, 7, 4};
    double out[8];
    nas_naive_sample_norm((nas_shape){4, 1, 2}, 0, affine, 0, in, out);
    near(out[0], -3 / sqrt(5));
    near(out[1], -1);
    near(out[2], -2 / sqrt(5));
    near(out[4], 1 / sqrt(5) + 0.5);
    nas_naive_sample_norm((nas_shape){4, 1, 2}, 2, affine, 0.25, in, out);
    near(out[0], -1 / sqrt(0.75));
    near(out[2], 2 / sqrt(0.75));
    near(out[6], 2 / sqrt(1.75));
}

/* One channel and head, two steps: queries 1 and 2, keys 0 and ln 3, values 5 and 9. */
static void attention_weighs_values(void **state)
{
    (void)state;
    const double in[6] = {1, 2, 0, log(3), 5, 9};
    double work[2], out[2];
    nas_naive_attention(1, 1, 2, in, work, out);
    near(out[0], (5 + 3 * 9) / 4.0);
    near(out[1], (5 + 9 * 9) / 10.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conv_pads_with_zeros),
        cmocka_unit_test(conv_groups_strides_and_dilates),
        cmocka_unit_test(pools_ignore_padding),
        cmocka_unit_test(dense_norm_and_softmax),
        cmocka_unit_test(norms_of_a_sample),
        cmocka_unit_test(attention_weighs_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
