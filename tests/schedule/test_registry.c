#include "check.h"

#include "nasmith/schedule.h"

static void entries_are_complete(void **state)
{
    (void)state;
    int n = 0;
    for (; nas_scheduler_at(n) != NULL; n++) {
        const nas_scheduler_ops *ops = nas_scheduler_at(n);
        assert_ptr_equal(nas_scheduler_find(ops->name), ops);
        assert_true(ops->summary[0] != '\0');
        assert_non_null(ops->params);
        assert_non_null(ops->next);
        assert_true(nas_param_count(ops->params) <= 32);
    }
    assert_true(n >= 2);
    assert_null(nas_scheduler_at(-1));
    assert_null(nas_scheduler_find("hyperbland"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(entries_are_complete)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
