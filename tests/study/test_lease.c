#include "fixture.h"

#include "nasmith/clock.h"

static bool lease(nas_study *study, const char *owner, double seconds)
{
    nas_err err = {0};
    bool got = false;
    check_ok(nas_study_lease(study, "finisher", owner, seconds, &got, &err), err);
    return got;
}

static void test_one_holder(fixture *f)
{
    nas_err err = {0};
    assert_true(lease(f->study, "a", 30));
    assert_false(lease(f->study, "b", 30));
    assert_true(lease(f->study, "a", 30)); /* renews */
    check_ok(nas_study_unlease(f->study, "finisher", "b", &err), err);
    assert_false(lease(f->study, "b", 30)); /* it was not b's */
    check_ok(nas_study_unlease(f->study, "finisher", "a", &err), err);
    assert_true(lease(f->study, "b", 30));
}

static void one_holder(void **state)
{
    (void)state;
    check_both(test_one_holder);
}

static void test_it_runs_out(fixture *f)
{
    assert_true(lease(f->study, "a", 0.005));
    nas_clock_sleep_s(0.008);
    assert_true(lease(f->study, "b", 30));
    assert_false(lease(f->study, "a", 30));
    bool got = false;
    nas_err err = {0};
    check_ok(nas_study_lease(f->study, "asker", "a", 30, &got, &err), err);
    assert_true(got); /* names are independent */
}

static void it_runs_out(void **state)
{
    (void)state;
    check_both(test_it_runs_out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_holder),
        cmocka_unit_test(it_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
