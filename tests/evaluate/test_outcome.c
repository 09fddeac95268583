#include "nasmith/evaluate.h"

#include "check.h"

static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < NAS_OUTCOME_COUNT; i++)
        assert_int_equal(nas_outcome_find(nas_outcome_name((nas_outcome)i)), i);
    assert_string_equal(nas_outcome_name(NAS_OUTCOME_TIMEOUT), "out of time");
    assert_int_equal(nas_outcome_find("exploded"), NAS_OUTCOME_COUNT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
