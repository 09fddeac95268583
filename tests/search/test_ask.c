#include "search/ask.h"

#include "fake.h"

static void finish_all(fake *f)
{
    nas_study_counts counts;
    nas_err err = {0};
    check_ok(nas_study_count(f->run.study, &counts, &err), err);
    for (int64_t i = 0; i < counts.queued; i++)
        (void)fake_finish(f, NAS_OUTCOME_DONE, 0.5 + 0.01 * (double)(counts.done + i),
                          0.1);
}

static nas_study_counts count(fake *f)
{
    nas_study_counts counts;
    nas_err err = {0};
    check_ok(nas_study_count(f->run.study, &counts, &err), err);
    return counts;
}

static bool step(fake *f, const run_state *state)
{
    bool queued = false;
    nas_err err = {0};
    check_ok(nas_asker_step(f->run.view, state, &queued, &err), err);
    return queued;
}

static void test_trials_are_counted(void **state)
{
    (void)state;
    fake f;
    fake_open(&f);
    const run_state three = {.phase = RUN_SEARCH, .trials = 3, .workers = 1};
    int steps = 0;
    while (step(&f, &three)) {
        finish_all(&f);
        assert_true(++steps < 20);
    }
    nas_study_counts counts = count(&f);
    assert_int_equal(counts.proposed, 3);
    assert_int_equal(counts.scored, 3);
    assert_true(counts.full >= 1); /* promotions go on after the last proposal */
    assert_int_equal(nas_asker_next(f.run.view, &three).kind, NAS_NEXT_WAIT);
    const run_state five = {.phase = RUN_SEARCH, .trials = 5, .workers = 1};
    assert_int_equal(nas_asker_next(f.run.view, &five).kind, NAS_NEXT_ASK);
    const run_state refit = {.phase = RUN_REFIT, .trials = 5, .workers = 1};
    assert_false(step(&f, &refit));
    const run_state late = {.phase = RUN_SEARCH, .search_end_ms = 1, .workers = 1};
    assert_false(step(&f, &late));
    nas_asker_set_exhausted(f.run.view);
    assert_false(step(&f, &five));
    fake_close(&f);
}

static void test_failed_trials_are_replaced(void **state)
{
    (void)state;
    fake f;
    fake_open(&f);
    const run_state two = {.phase = RUN_SEARCH, .trials = 2, .workers = 1};
    assert_true(step(&f, &two));
    (void)fake_finish(&f, NAS_OUTCOME_DIVERGED, 0.0, 0.1);
    while (step(&f, &two))
        finish_all(&f);
    nas_study_counts counts = count(&f);
    assert_int_equal(counts.proposed, 3);
    assert_int_equal(counts.scored, 2);
    assert_int_equal(counts.failed, 1);
    fake_close(&f);
}

/* Whoever asks, the same proposals come: the state is the study's. */
static void test_askers_take_turns(void **state)
{
    (void)state;
    const run_state six = {.phase = RUN_SEARCH, .trials = 6, .workers = 1};
    uint64_t keys[2][6];
    for (int round = 0; round < 2; round++) {
        fake f;
        nas_err err = {0};
        asker *other = NULL;
        fake_open(&f);
        check_ok(nas_asker_new(f.run.study, "other", 800, &other, &err), err);
        for (int i = 0; i < 40; i++) {
            bool queued = false;
            asker *turn = round == 1 && i % 3 == 1 ? other : f.run.view;
            check_ok(nas_asker_step(turn, &six, &queued, &err), err);
            finish_all(&f);
        }
        check_ok(nas_asker_sync(f.run.view, &err), err);
        const nas_history *history = nas_asker_history(f.run.view);
        assert_int_equal(history->n, 6);
        for (int i = 0; i < 6; i++)
            keys[round][i] = history->trials[i].key;
        nas_asker_free(other);
        fake_close(&f);
    }
    assert_memory_equal(keys[0], keys[1], sizeof keys[0]);
}

static void test_one_at_a_time(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    bool got = false;
    fake_open(&f);
    const run_state three = {.phase = RUN_SEARCH, .trials = 3, .workers = 1};
    check_ok(nas_study_lease(f.run.study, "asker", "somebody", 30, &got, &err), err);
    assert_true(got);
    assert_false(step(&f, &three));
    check_ok(nas_study_unlease(f.run.study, "asker", "somebody", &err), err);
    assert_true(step(&f, &three));
    fake_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trials_are_counted),
        cmocka_unit_test(test_failed_trials_are_replaced),
        cmocka_unit_test(test_askers_take_turns),
        cmocka_unit_test(test_one_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
