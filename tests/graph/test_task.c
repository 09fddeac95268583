#include "check.h"

#include "nasmith/model.h"

static void test_names_read_back(void **state)
{
    (void)state;
    for (int i = NAS_TASK_CLASSIFICATION; i <= NAS_TASK_ANOMALY; i++) {
        nas_task found;
        assert_true(nas_task_parse(nas_task_name((nas_task)i), &found));
        assert_int_equal(found, i);
    }
}

static void test_other_names_are_none(void **state)
{
    (void)state;
    nas_task task = NAS_TASK_REGRESSION;
    assert_false(nas_task_parse(NULL, &task));
    assert_false(nas_task_parse("", &task));
    assert_false(nas_task_parse("classificaton", &task));
    assert_int_equal(task, NAS_TASK_REGRESSION);
    assert_true(nas_task_has_units(NAS_TASK_REGRESSION));
    assert_true(nas_task_has_units(NAS_TASK_ANOMALY));
    assert_false(nas_task_has_units(NAS_TASK_MULTILABEL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_read_back),
        cmocka_unit_test(test_other_names_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
