#include "search/state.h"

#include "fake.h"
#include "nasmith/clock.h"

static void test_round_trip(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    fake_open(&f);
    run_state read;
    check_ok(nas_run_state_read(f.run.study, f.arena, &read, &err), err);
    assert_int_equal(read.phase, RUN_DONE); /* nobody has said anything */
    const run_state written = {.phase = RUN_REFIT,
                               .search_end_ms = 1234567890123,
                               .refit_end_ms = 1234567894567,
                               .trials = 17,
                               .memory_bytes = 5000000000,
                               .max_macs = 77,
                               .workers = 3};
    check_ok(nas_run_state_write(f.run.study, &written, &err), err);
    check_ok(nas_run_state_read(f.run.study, f.arena, &read, &err), err);
    assert_int_equal(read.phase, RUN_REFIT);
    assert_int_equal(read.search_end_ms, written.search_end_ms);
    assert_int_equal(read.refit_end_ms, written.refit_end_ms);
    assert_int_equal(read.trials, 17);
    assert_int_equal(read.memory_bytes, written.memory_bytes);
    assert_int_equal(read.max_macs, 77);
    assert_int_equal(read.workers, 3);
    fake_close(&f);
}

static void test_remaining(void **state)
{
    (void)state;
    run_state s = {.workers = 3};
    assert_true(isinf(nas_run_state_remaining_core_s(&s)));
    s.search_end_ms = nas_clock_unix_ms() + 10000;
    double left = nas_run_state_remaining_core_s(&s);
    assert_true(left > 25.0 && left <= 30.0);
    s.search_end_ms = 1;
    assert_true(nas_run_state_remaining_core_s(&s) == 0.0);
}

static void test_integers(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    fake_open(&f);
    int64_t value = 5;
    check_ok(nas_state_int(f.run.study, "none", f.arena, &value, &err), err);
    assert_int_equal(value, 0);
    check_ok(nas_state_put_int(f.run.study, "some", -77, &err), err);
    check_ok(nas_state_int(f.run.study, "some", f.arena, &value, &err), err);
    assert_int_equal(value, -77);
    fake_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_remaining),
        cmocka_unit_test(test_integers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
