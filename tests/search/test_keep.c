#include "search/keep.h"

#include "fake.h"

static nas_model *tiny_model(void)
{
    nas_err err = {0};
    nas_model *model = nas_heap_alloc(1, sizeof *model);
    assert_non_null(model);
    check_ok(nas_baseline_linear((nas_shape){6, 1, 1}, 3, &model->graph, &err), err);
    model->weights =
        nas_heap_alloc((size_t)nas_graph_floats(model->graph), sizeof(float));
    model->weights[4] = 2.385F;
    model->n_outputs = 3;
    model->labels = nas_heap_alloc(3, sizeof(char *));
    for (int i = 0; i < 3; i++)
        model->labels[i] = nas_heap_alloc(2, 1);
    return model;
}

static bool kept(fake *f, int64_t trial)
{
    char name[KEEP_NAME];
    nas_model *model = NULL;
    nas_err err = {0};
    nas_keep_searched_name(trial, name);
    check_ok(nas_keep_load_model(f->run.study, name, &model, &err), err);
    bool found = model != NULL;
    if (found)
        assert_true(model->weights[4] == 2.385F);
    nas_model_free(model);
    return found;
}

static void keep_one(fake *f, int64_t trial, nas_model *model)
{
    nas_err err = {0};
    double rows[200] = {0};
    rows[3] = 1.0;
    nas_job_result result = {
        .model = model, .row_goodness = rows, .validation = {.n = 200}};
    nas_claim claim = {.trial = trial, .spec = {.rung = 1}};
    check_ok(nas_keep_result(f->run.study, nas_asker_history(f->run.view), &claim,
                             &result, &err),
             err);
}

static void test_best_and_front_are_kept(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    fake_open(&f);
    nas_model *model = tiny_model();
    int64_t first = fake_full(&f, 1, 90, 0.5, 1.0);
    keep_one(&f, first, model);
    assert_true(kept(&f, first)); /* the best so far */
    int64_t small = fake_full(&f, 2, 10, 0.4, 1.0);
    keep_one(&f, small, model);
    assert_true(kept(&f, small)); /* the smallest */
    for (uint64_t i = 0; i < KEEP_BEST; i++)
        keep_one(&f, fake_full(&f, 3 + i, 50, 0.6 + 0.01 * (double)i, 1.0), model);
    int64_t poor = fake_full(&f, 40, 95, 0.3, 1.0);
    keep_one(&f, poor, model);
    assert_false(kept(&f, poor));
    check_ok(nas_keep_clean(f.run.study, nas_asker_history(f.run.view), &err), err);
    assert_false(kept(&f, first)); /* overtaken and dominated */
    assert_true(kept(&f, small));
    double *rows = NULL;
    int64_t n = 0;
    check_ok(nas_keep_load_rows(f.run.study, small, 1, f.arena, &rows, &n, &err), err);
    assert_int_equal(n, 200);
    assert_true(rows[3] == 1.0 && rows[4] == 0.0);
    check_ok(nas_keep_load_rows(f.run.study, small, 2, f.arena, &rows, &n, &err), err);
    assert_null(rows); /* there is no second fold */
    check_ok(nas_keep_load_rows(f.run.study, first, 1, f.arena, &rows, &n, &err), err);
    assert_null(rows); /* cleaned */
    nas_model_free(model);
    fake_close(&f);
}

static void test_unknown_trials_are_not_kept(void **state)
{
    (void)state;
    fake f;
    fake_open(&f);
    nas_model *model = tiny_model();
    keep_one(&f, 77, model);
    assert_false(kept(&f, 77));
    nas_model_free(model);
    fake_close(&f);
}

/* One fold of a trial is done: how good its rows are. */
static void keep_fold(fake *f, int64_t trial, int rung, int fold, int repeat,
                      nas_model *model)
{
    nas_err err = {0};
    double rows[40] = {0};
    rows[fold] = 1.0;
    nas_job_result result = {
        .model = model, .row_goodness = rows, .validation = {.n = 40}};
    nas_claim claim = {.trial = trial,
                       .spec = {.rung = rung, .fold = fold, .repeat = repeat}};
    check_ok(nas_keep_result(f->run.study, nas_asker_history(f->run.view), &claim,
                             &result, &err),
             err);
}

/* Folds come before the score of their rung: they are kept while nobody is further. */
static void test_folds_are_kept(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    fake_open(&f);
    nas_model *model = tiny_model();
    int64_t first = fake_trial(&f, 1, 90, false);
    check_ok(nas_asker_sync(f.run.view, &err), err);
    for (int fold = 0; fold < 3; fold++)
        keep_fold(&f, first, 0, fold, 0, model);
    keep_fold(&f, first, 0, 0, 1, model); /* repeats are not kept */
    double *rows = NULL;
    int64_t n = 0;
    check_ok(nas_keep_load_rows(f.run.study, first, 3, f.arena, &rows, &n, &err), err);
    assert_int_equal(n, 120);
    assert_true(rows[0] == 1.0 && rows[41] == 1.0 && rows[82] == 1.0 && rows[83] == 0.0);
    assert_true(kept(&f, first));
    (void)fake_finish(&f, NAS_OUTCOME_DONE, 0.5, 1.0);
    (void)fake_full(&f, 2, 80, 0.6, 1.0);
    int64_t late = fake_trial(&f, 3, 90, false);
    check_ok(nas_asker_sync(f.run.view, &err), err);
    keep_fold(&f, late, 0, 0, 0, model); /* another one has been promoted */
    assert_false(kept(&f, late));
    nas_model_free(model);
    fake_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_best_and_front_are_kept),
        cmocka_unit_test(test_folds_are_kept),
        cmocka_unit_test(test_unknown_trials_are_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
