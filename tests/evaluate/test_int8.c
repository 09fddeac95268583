#include "nasmith/evaluate.h"

#include "evaluate/toy.h"

#include <math.h>

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
        nas_job_result floats = toy_train(data, 12, false, workspace);
        nas_job_result int8 = toy_train(data, 12, true, workspace);
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
