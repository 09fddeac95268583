#include "check.h"

#include "nasmith/clock.h"

#include <math.h>

static void test_monotonic_covers_a_sleep(void **state)
{
    (void)state;
    double before = nas_clock_monotonic_s();
    double cpu_before = nas_clock_cpu_s();
    nas_clock_sleep_s(0.03);
    double passed = nas_clock_monotonic_s() - before;
    assert_true(passed >= 0.0299 && passed < 5.0);
    assert_true(nas_clock_cpu_s() - cpu_before < passed);
}

static void test_cpu_time_advances_with_work(void **state)
{
    (void)state;
    double before = nas_clock_cpu_s();
    double start = nas_clock_monotonic_s();
    volatile double sink = 2.385;
    while (nas_clock_cpu_s() - before < 0.002 && nas_clock_monotonic_s() - start < 30)
        sink = sqrt(sink) + 1.0;
    assert_true(nas_clock_cpu_s() - before >= 0.002);
}

static void test_unix_time_is_plausible(void **state)
{
    (void)state;
    assert_true(nas_clock_unix_ms() > INT64_C(1600000000000));
    assert_true(nas_clock_unix_ms() < INT64_C(32503680000000));
}

static void test_sleep_of_nothing_returns(void **state)
{
    (void)state;
    double before = nas_clock_monotonic_s();
    nas_clock_sleep_s(0.0);
    nas_clock_sleep_s(-3.0);
    nas_clock_sleep_s((double)NAN);
    assert_true(nas_clock_monotonic_s() - before < 1.0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_monotonic_covers_a_sleep),
        cmocka_unit_test(test_cpu_time_advances_with_work),
        cmocka_unit_test(test_unix_time_is_plausible),
        cmocka_unit_test(test_sleep_of_nothing_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
