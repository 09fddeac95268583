#include "nasmith/evaluate.h"

#include "check.h"

static void test_evaluators(void **state)
{
    (void)state;
    assert_ptr_equal(nas_evaluator_find("train")->run, nas_job_run);
    assert_null(nas_evaluator_find("guess"));
    assert_null(nas_evaluator_at(-1));
    for (int i = 0; nas_evaluator_at(i) != NULL; i++)
        assert_ptr_equal(nas_evaluator_find(nas_evaluator_at(i)->name),
                         nas_evaluator_at(i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_evaluators)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
