#include "nasmith/evaluate.h"

#include "evaluate/toy.h"

#include <math.h>

static void test_majority(void **state)
{
    (void)state;
    nas_dataset *data = toy_new((nas_shape){1, 1, 1}, 100, 3, NAS_TASK_CLASSIFICATION);
    for (int64_t i = 0; i < 100; i++)
        toy_labels(data)[i] = i % 10 < 6 ? 2 : 0;
    const nas_metric *accuracy = nas_metric_find("accuracy");
    nas_score s = nas_baseline_constant(data, data->train, data->n_train, data,
                                        data->validation, 25, accuracy);
    assert_true(fabs(s.value - 0.52) < 1e-12); /* rows 75..99: 13 of class 2 */
    s = nas_baseline_constant(data, data->train, data->n_train, data, data->validation,
                              25, nas_metric_find("log_loss"));
    double p = 47.0 / 75.0;
    assert_true(fabs(s.value + (13.0 * log(p) + 12.0 * log(1.0 - p)) / 25.0) < 1e-6);
    toy_free(data);
}

static void test_mean(void **state)
{
    (void)state;
    nas_dataset *data = toy_line(200, 2);
    nas_score s =
        nas_baseline_constant(data, data->train, data->n_train, data, data->train,
                              data->n_train, nas_metric_find("r2"));
    assert_true(fabs(s.value) < 1e-6); /* the mean explains nothing */
    toy_free(data);
}

static int64_t params_of(nas_shape input, int64_t outputs, bool linear)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    check_ok(linear ? nas_baseline_linear(input, outputs, &graph, &err)
                    : nas_baseline_standard(input, outputs, &graph, &err),
             err);
    assert_true(nas_shape_equal(nas_graph_input_shape(graph), input));
    assert_int_equal(nas_shape_count(nas_graph_output_shape(graph)), outputs);
    int64_t params = nas_graph_params(graph);
    nas_graph_free(graph);
    return params;
}

static void test_linear(void **state)
{
    (void)state;
    assert_int_equal(params_of((nas_shape){3, 5, 7}, 4, true), 3 * 5 * 7 * 4 + 4);
}

static void test_standard(void **state)
{
    (void)state;
    static const nas_shape SHAPES[] = {{1, 28, 28}, {3, 32, 32}, {1, 8, 8}, {9, 1, 128},
                                       {1, 1, 100}, {30, 1, 1},  {4, 1, 1}, {128, 1, 1}};
    for (size_t i = 0; i < sizeof SHAPES / sizeof SHAPES[0]; i++) {
        int64_t params = params_of(SHAPES[i], 10, false);
        if (params < 25000 || params > 36000)
            fail_msg("shape %zu: %lld parameters", i, (long long)params);
    }
    /* too small to halve, and more inputs than 30 k parameters allow */
    assert_true(params_of((nas_shape){1, 2, 3}, 2, false) > 0);
    assert_true(params_of((nas_shape){2, 1, 3}, 2, false) > 0);
    assert_true(params_of((nas_shape){9000, 1, 1}, 2, false) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_majority),
        cmocka_unit_test(test_mean),
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_standard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
