#include "evaluate/pace.h"

#include "check.h"

static void test_uncut_is_the_schedule(void **state)
{
    (void)state;
    nas_pace pace = nas_pace_new(797);
    nas_pace_fit(&pace, 100, 0.01, 1000.0);
    assert_int_equal(pace.total, 797);
    for (int64_t step = 0; step < 797; step++)
        assert_int_equal(nas_pace_scheduled(&pace, step), step);
}

/* Half of the time is gone after a quarter: what is left is walked through at a third of
 * the steps, without a jump and to the end. */
static void test_cut_reaches_the_end(void **state)
{
    (void)state;
    nas_pace pace = nas_pace_new(1000);
    nas_pace_fit(&pace, 250, 0.02, 5.0);
    assert_int_equal(pace.total, 500);
    assert_int_equal(nas_pace_scheduled(&pace, 250), 250);
    assert_int_equal(nas_pace_scheduled(&pace, 251), 253);
    assert_int_equal(nas_pace_scheduled(&pace, 499), 997);
    for (int64_t step = 251; step < 500; step++) {
        int64_t stride =
            nas_pace_scheduled(&pace, step) - nas_pace_scheduled(&pace, step - 1);
        assert_in_range(stride, 2, 4); /* rounded down */
    }
}

/* The load goes away again: more steps, but never a step back in the schedule. */
static void test_goes_on_from_where_it_is(void **state)
{
    (void)state;
    nas_pace pace = nas_pace_new(1000);
    nas_pace_fit(&pace, 200, 0.1, 20.0);
    assert_int_equal(pace.total, 400);
    int64_t before = nas_pace_scheduled(&pace, 299);
    nas_pace_fit(&pace, 300, 0.01, 30.0);
    assert_int_equal(pace.total, 1000);
    assert_true(nas_pace_scheduled(&pace, 300) > before);
    assert_int_equal(nas_pace_scheduled(&pace, 300), 600);
    assert_int_equal(nas_pace_scheduled(&pace, 999), 999);
}

static void test_no_time_left(void **state)
{
    (void)state;
    nas_pace pace = nas_pace_new(1000);
    nas_pace_fit(&pace, 640, 0.1, -3.0);
    assert_int_equal(pace.total, 640);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uncut_is_the_schedule),
        cmocka_unit_test(test_cut_reaches_the_end),
        cmocka_unit_test(test_goes_on_from_where_it_is),
        cmocka_unit_test(test_no_time_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
