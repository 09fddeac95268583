#include "fixture.h"

/* standardise, 2 -> 1 dense, in the user's units */
static nas_model *line(nas_task task)
{
    const float mean[2] = {1, 2}, inverse[2] = {0.5f, 2};
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *builder = nas_graph_builder_new();
    int node = nas_graph_add_input(builder, (nas_shape){2, 1, 1});
    node = nas_graph_add_standardise(builder, node, mean, inverse, 2);
    node = nas_graph_add_dense(builder, node, 2, "head");
    check_ok(nas_graph_finish(builder, node, &graph, &err), err);
    nas_graph_builder_free(builder);
    nas_model *model = fixture_model(graph, task, 1);
    const float weights[6] = {1, 0, 0.25f, 1, 0.5f, -0.5f};
    memcpy(model->weights, weights, sizeof weights);
    return model;
}

static void regression_is_in_the_units_of_the_data(void **state)
{
    (void)state;
    nas_model *model = line(NAS_TASK_REGRESSION);
    model->target_mean[0] = 100;
    model->target_deviation[0] = 10;
    const float in[2] = {5, 2.5f};
    nas_err err = {0};
    float out[2];
    check_ok(nas_reference_run(model, in, 1, out, &err), err);
    assert_true(out[0] == 100 + 10 * (2 + 0.5f)); /* standardised: 2, 1 */
    nas_model_free(model);
}

static void classification_ends_in_probabilities(void **state)
{
    (void)state;
    nas_model *model = line(NAS_TASK_CLASSIFICATION);
    const float in[4] = {5, 2.5f, 1, 2};
    nas_err err = {0};
    float out[4];
    check_ok(nas_reference_run(model, in, 2, out, &err), err);
    /* logits 2.5 and 0.25*2 + 1 - 0.5 = 1 */
    assert_true(fabs((double)out[0] - 1 / (1 + exp(-1.5))) < 1e-6);
    assert_true(fabs((double)out[2] + (double)out[3] - 1) < 1e-6);
    nas_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regression_is_in_the_units_of_the_data),
        cmocka_unit_test(classification_ends_in_probabilities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
