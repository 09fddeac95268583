#include "evaluate/sample.h"

#include "evaluate/toy.h"

#include <math.h>
#include <string.h>

/* 1,000 rows: 10 % class 0, 30 % class 1, 60 % class 2 */
static nas_dataset *skewed(void)
{
    nas_dataset *data = toy_new((nas_shape){1, 1, 1}, 1000, 3, NAS_TASK_CLASSIFICATION);
    for (int64_t i = 0; i < 1000; i++)
        toy_labels(data)[i] = i < 100 ? 0 : i < 400 ? 1 : 2;
    return data;
}

static void test_permutation_prefixes(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_dataset *data = skewed();
    int64_t rows[1000];
    for (int64_t i = 0; i < 1000; i++)
        rows[i] = i;
    int64_t *order = NULL;
    check_ok(nas_sample_permutation(data, rows, 1000, nas_rng_new(1, 2), data->arena,
                                    &order, &err),
             err);
    static const double SHARE[] = {0.1, 0.3, 0.6};
    bool seen[1000] = {false};
    double count[3] = {0};
    for (int64_t i = 0; i < 1000; i++) {
        assert_false(seen[order[i]]);
        seen[order[i]] = true;
        count[data->labels[order[i]]] += 1.0;
        for (int k = 0; k < 3; k++)
            assert_true(fabs(count[k] - SHARE[k] * (double)(i + 1)) < 2.0);
    }
    toy_free(data);
}

static void test_permutation_streams(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_dataset *data = skewed();
    int64_t *order[3];
    for (int i = 0; i < 3; i++)
        check_ok(nas_sample_permutation(data, data->train, 750,
                                        nas_rng_new(1, i == 2 ? 4 : 3), data->arena,
                                        &order[i], &err),
                 err);
    assert_memory_equal(order[0], order[1], 750 * sizeof **order);
    assert_memory_not_equal(order[0], order[2], 750 * sizeof **order);
    toy_free(data);
}

static void test_regression_order(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_dataset *data = toy_line(50, 3);
    int64_t *order;
    check_ok(nas_sample_permutation(data, data->train, data->n_train, nas_rng_new(1, 2),
                                    data->arena, &order, &err),
             err);
    int64_t sum = 0;
    for (int64_t i = 0; i < data->n_train; i++)
        sum += order[i];
    assert_int_equal(sum, data->n_train * (data->n_train - 1) / 2);
    assert_memory_not_equal(order, data->train, (size_t)data->n_train * sizeof *order);
    check_ok(nas_sample_permutation(data, data->train, 0, nas_rng_new(1, 2), data->arena,
                                    &order, &err),
             err);
    toy_free(data);
}

static void test_size(void **state)
{
    (void)state;
    assert_int_equal(nas_sample_size(300, 1.0 / 3.0), 100);
    assert_int_equal(nas_sample_size(301, 1.0 / 3.0), 101);
    assert_int_equal(nas_sample_size(5, 0.01), 1);
    assert_int_equal(nas_sample_size(5, 1.0), 5);
}

static void test_class_weights(void **state)
{
    (void)state;
    nas_dataset *data = skewed();
    int64_t rows[1000];
    for (int64_t i = 0; i < 1000; i++)
        rows[i] = i;
    float weights[3];
    nas_sample_class_weights(data, rows, 1000, weights);
    assert_true(fabs((double)weights[0] - 1.0 / 0.3) < 1e-4);
    assert_true(fabs((double)weights[2] - 1.0 / 1.8) < 1e-4);
    nas_sample_class_weights(data, rows + 99, 301,
                             weights); /* 1 of class 0, no class 2 */
    double mean = ((double)weights[0] + 300.0 * (double)weights[1]) / 301.0;
    assert_true(fabs(mean - 1.0) < 1e-4);
    assert_true((double)weights[0] / (double)weights[1] < 30.0); /* capped */
    assert_true(weights[2] > 0.0F);
    toy_free(data);
}

static void test_targets(void **state)
{
    (void)state;
    nas_dataset *data = toy_new((nas_shape){1, 1, 1}, 4, 2, NAS_TASK_REGRESSION);
    static const float TARGETS[] = {1, 7, 2, 7, 3, 7, 6, 7};
    memcpy(toy_targets(data), TARGETS, sizeof TARGETS);
    static const int64_t ROWS[] = {0, 1, 2, 3};
    float mean[2];
    float deviation[2];
    nas_sample_targets(data, ROWS, 4, mean, deviation);
    assert_true(mean[0] == 3.0F && mean[1] == 7.0F);
    assert_true(fabs((double)deviation[0] - sqrt(3.5)) < 1e-6);
    assert_true(deviation[1] == 1.0F);
    toy_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permutation_prefixes),
        cmocka_unit_test(test_permutation_streams),
        cmocka_unit_test(test_regression_order),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_class_weights),
        cmocka_unit_test(test_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
