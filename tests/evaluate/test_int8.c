#include "nasmith/evaluate.h"

#include "evaluate/toy.h"

#include <math.h>

/* Train the standard network. */
static nas_job_result train(const nas_dataset *data, bool int8, nas_workspace *workspace)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    check_ok(nas_baseline_standard(data->shape, data->n_outputs, &graph, &err), err);
    nas_job job = {.graph = graph,
                   .recipe = nas_recipe_default(data->task),
                   .data = data,
                   .train_rows = data->train,
                   .n_train = data->n_train,
                   .validation_rows = data->validation,
                   .n_validation = data->n_validation,
                   .fraction = 1.0,
                   .epochs = 12,
                   .int8 = int8,
                   .metric = nas_metric_default(data->task)};
    nas_job_result result;
    check_ok(nas_job_run(&job, workspace, true, data->arena, &result, &err), err);
    assert_int_equal(result.outcome, NAS_OUTCOME_DONE);
    nas_graph_free(graph);
    return result;
}

/* An int8 job trains the same weights, and its score is the int8 kernels'. */
static void jobs_are_scored_as_int8(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_workspace *workspace = nas_workspace_new();
    nas_dataset *sets[] = {toy_blobs(330, 6, 3), toy_line(330, 4)};
    for (int i = 0; i < 2; i++) {
        nas_dataset *data = sets[i];
        nas_quant *quant = NULL;
        nas_score score;
        nas_job_result floats = train(data, false, workspace);
        nas_job_result int8 = train(data, true, workspace);
        const size_t n = (size_t)nas_graph_floats(floats.model->graph);
        assert_memory_equal(floats.model->weights, int8.model->weights,
                            n * sizeof(float));
        check_ok(
            nas_quantise_on(int8.model, data, data->train, data->n_train, &quant, &err),
            err);
        check_ok(nas_evaluate_int8(quant, data, data->validation, data->n_validation,
                                   nas_metric_default(data->task), &score, &err),
                 err);
        assert_true(score.value == int8.validation.value);
        assert_true(i == 0 || int8.validation.value != floats.validation.value);
        assert_true(fabs(score.value - floats.validation.value) <
                    (i == 0 ? 0.03 : 0.2 * floats.validation.value));
        nas_quant_free(quant);
        nas_model_free(floats.model);
        nas_model_free(int8.model);
        toy_free(data);
    }
    nas_workspace_free(workspace);
}

static void ranking_rows_are_spread(void **state)
{
    (void)state;
    static int64_t rows[5000], out[5000];
    for (int64_t i = 0; i < 5000; i++)
        rows[i] = 7 * i;
    assert_int_equal(nas_int8_validation_rows(rows, 1999, out), 1999);
    assert_int_equal(out[1998], 7 * 1998);
    assert_int_equal(nas_int8_validation_rows(rows, 5000, out), NAS_INT8_RANK_ROWS);
    for (int64_t i = 0; i < NAS_INT8_RANK_ROWS; i++)
        assert_int_equal(out[i], 7 * (i * 5 / 2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(jobs_are_scored_as_int8),
        cmocka_unit_test(ranking_rows_are_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
