#include "nasmith/evaluate.h"

#include "evaluate/toy.h"

#include <math.h>
#include <string.h>

static void test_model_scores_what_training_scored(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_workspace *workspace = nas_workspace_new();
    nas_dataset *sets[] = {toy_blobs(330, 6, 3), toy_line(330, 4)};
    for (int i = 0; i < 2; i++) {
        nas_dataset *data = sets[i];
        nas_job_result r = toy_train(data, 2, false, workspace);
        nas_score score;
        check_ok(nas_evaluate_model(r.model, data, data->validation, data->n_validation,
                                    nas_metric_default(data->task), workspace, &score,
                                    &err),
                 err);
        double scale = fabs(r.validation.value);
        assert_true(fabs(score.value - r.validation.value) <= 1e-5 * scale);
        assert_int_equal(score.n, data->n_validation);
        assert_string_equal(r.model->metric, nas_metric_default(data->task)->name);
        assert_string_equal(r.model->score_on, "validation");
        assert_true(r.model->score == r.validation.value);
        nas_model_free(r.model);
        toy_free(data);
    }
    nas_workspace_free(workspace);
}

static void test_rows_do_not_touch_each_other(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_workspace *workspace = nas_workspace_new();
    nas_dataset *data = toy_blobs(330, 6, 3);
    nas_job_result r = toy_train(data, 2, false, workspace);
    float all[130 * 3];
    check_ok(nas_predict(r.model, data, data->train, 130, workspace, all, &err), err);
    for (int64_t i = 0; i < 130; i += 43) {
        float one[3];
        check_ok(nas_predict(r.model, data, data->train + i, 1, workspace, one, &err),
                 err);
        assert_memory_equal(one, all + 3 * i, sizeof one);
        assert_true(fabs((double)one[0] + (double)one[1] + (double)one[2] - 1.0) < 1e-5);
    }
    nas_model_free(r.model);
    toy_free(data);
    nas_workspace_free(workspace);
}

static void test_mismatch(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_workspace *workspace = nas_workspace_new();
    nas_dataset *data = toy_blobs(330, 6, 3);
    nas_job_result r = toy_train(data, 2, false, workspace);
    nas_dataset *other = toy_blobs(40, 5, 3);
    float out[4];
    assert_int_equal(nas_predict(r.model, other, other->train, 1, workspace, out, &err),
                     NAS_E_DATA);
    assert_non_null(strstr(err.text, "5x1x1, the model expects 6x1x1"));
    toy_free(other);
    other = toy_blobs(40, 6, 4);
    assert_int_equal(nas_predict(r.model, other, other->train, 1, workspace, out, &err),
                     NAS_E_DATA);
    assert_non_null(strstr(err.text, "4 classes, the model was trained for 3 classes"));
    toy_free(other);
    nas_model_free(r.model);
    toy_free(data);
    nas_workspace_free(workspace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model_scores_what_training_scored),
        cmocka_unit_test(test_rows_do_not_touch_each_other),
        cmocka_unit_test(test_mismatch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
