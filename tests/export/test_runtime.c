#include "fixture.h"

static void runs_like_the_reference(void **state)
{
    (void)state;
    for (uint64_t seed = 500; seed < 530; seed++) {
        nas_err err = {0};
        nas_runtime *runtime = NULL;
        nas_model *model = fixture_random(seed);
        float *row = fixture_rows(model, 1, seed);
        float *expected = fixture_expected(model, row, 1);
        float *found = nas_heap_alloc((size_t)model->n_outputs, sizeof *found);
        check_ok(nas_runtime_new(model, &runtime, &err), err);
        nas_runtime_run(runtime, row, found);
        fixture_equal(found, expected, model->n_outputs, "runtime");
        /* Steps alone change nothing that a later run reads. */
        for (int i = 0; i < nas_runtime_program(runtime)->n_steps; i++)
            nas_runtime_step(runtime, i);
        nas_runtime_run(runtime, row, found);
        fixture_equal(found, expected, model->n_outputs, "runtime again");
        nas_runtime_free(runtime);
        nas_heap_free(found);
        nas_heap_free(expected);
        nas_heap_free(row);
        nas_model_free(model);
    }
}

static void out_of_memory_leaves_nothing(void **state)
{
    (void)state;
    nas_model *model = fixture_random(3);
    nas_status status = NAS_E_NOMEM;
    for (int64_t nth = 1; nth < 200 && status != NAS_OK; nth++) {
        nas_err err = {0};
        nas_runtime *runtime = NULL;
        nas_alloc_fail_nth(nth);
        status = nas_runtime_new(model, &runtime, &err);
        nas_alloc_fail_nth(0);
        if (status != NAS_OK)
            assert_int_equal(status, NAS_E_NOMEM);
        nas_runtime_free(runtime);
    }
    assert_int_equal(status, NAS_OK);
    nas_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_like_the_reference),
        cmocka_unit_test(out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
