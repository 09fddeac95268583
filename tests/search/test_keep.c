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
    check_ok(nas_keep_result(f->run.study, nas_asker_history(f->run.view), trial, &result,
                             &err),
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
    check_ok(nas_keep_load_rows(f.run.study, small, 200, f.arena, &rows, &err), err);
    assert_true(rows[3] == 1.0 && rows[4] == 0.0);
    check_ok(nas_keep_load_rows(f.run.study, small, 199, f.arena, &rows, &err), err);
    assert_null(rows); /* of another length */
    check_ok(nas_keep_load_rows(f.run.study, first, 200, f.arena, &rows, &err), err);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_best_and_front_are_kept),
        cmocka_unit_test(test_unknown_trials_are_not_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
