#include "fake.h"

static nas_search_progress last;
static int calls;

static void listen(void *context, const nas_search_progress *progress)
{
    (void)context;
    last = *progress;
    last.running = NULL;
    calls++;
}

static void tell(fake *f, bool force)
{
    nas_err err = {0};
    check_ok(nas_progress_tell(&f->run, NAS_PHASE_SEARCH, force, &err), err);
}

static void test_best_is_told_once(void **state)
{
    (void)state;
    fake f;
    const nas_search_sink sink = {.progress = listen};
    fake_open(&f);
    f.options.time_s = 60.0;
    f.run.sink = &sink;
    calls = 0;
    tell(&f, true);
    assert_int_equal(calls, 1);
    assert_int_equal(last.best_trial, 0);
    int64_t id = fake_full(&f, 1, 77, 0.9, 1.0);
    tell(&f, true);
    assert_int_equal(last.best_trial, id);
    assert_true(last.best_score == 0.9 && last.best_changed);
    assert_int_equal(last.best_cost.macs, 77);
    assert_int_equal(last.front_size, 1);
    assert_int_equal(last.counts.full, 1);
    assert_true(last.total_s == 60.0);
    tell(&f, true);
    assert_false(last.best_changed);
    int told = calls;
    tell(&f, false); /* too soon */
    assert_int_equal(calls, told);
    f.run.sink = NULL;
    tell(&f, true); /* nobody listens */
    assert_int_equal(calls, told);
    fake_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_best_is_told_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
