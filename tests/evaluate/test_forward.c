#include "evaluate/forward.h"

#include "evaluate/toy.h"

#include <math.h>

static void test_predictions_hold_the_truth(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_dataset *data = toy_blobs(40, 3, 4);
    static const int64_t ROWS[] = {7, 3, 31};
    nas_predictions p;
    float *outputs;
    check_ok(nas_predictions_new(data, ROWS, 3, data->arena, &p, &outputs, &err), err);
    assert_int_equal(p.n_outputs, 4);
    assert_ptr_equal(p.outputs, outputs);
    assert_int_equal(p.labels[2], data->labels[31]);
    assert_null(p.targets);
    toy_free(data);
    data = toy_line(40, 3);
    check_ok(nas_predictions_new(data, ROWS, 3, data->arena, &p, &outputs, &err), err);
    assert_true(p.targets[3] == data->targets[7] && p.targets[0] == data->targets[14]);
    assert_null(p.labels);
    assert_true(nas_predictions_finite(&p));
    outputs[5] = INFINITY;
    assert_false(nas_predictions_finite(&p));
    toy_free(data);
}

/* A net whose weights are known: y = 3 x0 - x1 + 0.5, in units of (10, 2). */
static void test_user_units_and_last_batch(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_dataset *data = toy_new((nas_shape){2, 1, 1}, 37, 1, NAS_TASK_REGRESSION);
    for (int64_t i = 0; i < 74; i++)
        toy_inputs(data)[i] = (float)(i % 7) - 1.5F;
    nas_graph *graph = NULL;
    check_ok(nas_baseline_linear(data->shape, 1, &graph, &err), err);
    nas_net_options options = nas_net_options_default();
    options.batch = 16;
    options.training = false;
    options.loss = NAS_LOSS_MSE;
    nas_workspace *workspace = nas_workspace_new();
    nas_net *net = NULL;
    check_ok(nas_net_compile(graph, &options, workspace, &net, &err), err);
    const nas_weight *kernel = nas_graph_weight(graph, 0);
    const nas_weight *bias = nas_graph_weight(graph, 1);
    nas_net_weights(net)[kernel->offset] = 3.0F;
    nas_net_weights(net)[kernel->offset + 1] = -1.0F;
    nas_net_weights(net)[bias->offset] = 0.5F;
    int64_t rows[37];
    for (int64_t i = 0; i < 37; i++)
        rows[i] = 36 - i;
    float mean = 10.0F;
    float deviation = 2.0F;
    float y[37];
    nas_forward_rows(net, 16, data, rows, 37, &mean, &deviation, y);
    for (int64_t i = 0; i < 37; i++) {
        const float *x = toy_inputs(data) + 2 * rows[i];
        double expected = 10.0 + 2.0 * (3.0 * (double)x[0] - (double)x[1] + 0.5);
        assert_true(fabs((double)y[i] - expected) < 1e-5);
    }
    nas_net_free(net);
    nas_workspace_free(workspace);
    nas_graph_free(graph);
    toy_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_predictions_hold_the_truth),
        cmocka_unit_test(test_user_units_and_last_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
