#include "fixture.h"

static int64_t add(nas_history *history, int64_t id, uint64_t key, int64_t macs)
{
    nas_history_trial trial = {
        .id = id, .key = key, .cost = {.macs = macs}, .queued_rung = -1};
    return nas_history_add(history, &trial);
}

static void ids_and_keys_are_found(void **state)
{
    (void)state;
    nas_history *history = nas_history_new(NULL);
    for (int64_t i = 0; i < 10000; i++)
        assert_int_equal(add(history, 3 * i + 1, (uint64_t)(i / 2) * 64, 1), i);
    for (int64_t i = 0; i < 10000; i++) {
        assert_int_equal(nas_history_find(history, 3 * i + 1), i);
        assert_int_equal(nas_history_find(history, 3 * i + 2), -1);
        assert_true(nas_history_has_key(history, (uint64_t)(i / 2) * 64));
        assert_false(nas_history_has_key(history, (uint64_t)(i / 2) * 64 + 1));
    }
    nas_history_free(history);
}

static void candidates_are_copied(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, TINY);
    nas_rng rng = nas_rng_new(3, 3);
    nas_arena *arena = nas_arena_new();
    nas_proposal p = {.candidate = nas_space_sample(f.space, &rng, arena)};
    uint64_t key = nas_space_key(f.space, p.candidate);
    int64_t t = add_trial(&f, &p);
    nas_arena_free(arena);
    assert_true(nas_space_key(f.space, f.history->trials[t].candidate) == key);
    fixture_close(&f);
}

static void scores_and_events(void **state)
{
    (void)state;
    nas_history *history = nas_history_new(NULL);
    (void)add(history, 1, 11, 1);
    (void)add(history, 2, 12, 1);
    (void)add(history, 3, 13, 1);
    assert_true(nas_history_score(history, 1, 0, 0.385, 0.01));
    assert_true(nas_history_score(history, 0, 2, 0.5, 0.02)); /* begins above 0 */
    assert_true(nas_history_score(history, 1, 1, 0.625, 0.03));
    assert_int_equal(history->n_scored, 2);
    assert_int_equal(history->n_events, 3);
    assert_int_equal(history->events[1].trial, 0);
    assert_int_equal(history->events[1].rung, 2);
    assert_int_equal(history->events[2].trial, 1);
    const nas_history_trial *trial = &history->trials[1];
    assert_int_equal(trial->rungs, 2);
    assert_int_equal(trial->first_rung, 0);
    assert_int_equal(trial->queued_rung, 1);
    assert_true(trial->score[0] == 0.385 && trial->score[1] == 0.625);
    assert_true(trial->error[1] == 0.03);
    trial = &history->trials[0];
    assert_int_equal(trial->first_rung, 2);
    assert_true(isnan(trial->score[0]) && isnan(trial->score[1]));
    nas_history_free(history);
}

static void better_is_a_total_order(void **state)
{
    (void)state;
    nas_history *h = nas_history_new(NULL);
    (void)add(h, 1, 1, 500); /* not scored */
    (void)add(h, 2, 2, 500);
    (void)add(h, 3, 3, 400);
    (void)add(h, 4, 4, 400);
    (void)add(h, 5, 5, 900);
    (void)add(h, 6, 6, 900);
    (void)nas_history_score(h, 1, 0, 0.75, 0);
    (void)nas_history_score(h, 2, 0, 0.75, 0);
    (void)nas_history_score(h, 3, 0, 0.75, 0);
    (void)nas_history_score(h, 4, 0, 0.5, 0);
    (void)nas_history_score(h, 4, 1, 0.25, 0);
    (void)nas_history_score(h, 5, 0, (double)NAN, 0);
    /* promoted; fewer MACs, older; more MACs; not a number; no score */
    static const int64_t order[] = {4, 2, 3, 1, 5, 0};
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++)
            assert_int_equal(nas_history_compare(h, order[i], order[j]),
                             (i < j) - (i > j));
    assert_int_equal(nas_history_best(h), 4);
    nas_history_free(h);
    h = nas_history_new(NULL);
    assert_int_equal(nas_history_best(h), -1);
    (void)add(h, 1, 1, 500);
    assert_int_equal(nas_history_best(h), -1);
    nas_history_free(h);
}

/* Whatever allocation fails: the call says so and the history stays usable. */
static void every_allocation_may_fail(void **state)
{
    (void)state;
    for (int64_t nth = 1; nth < 60; nth++) {
        nas_alloc_fail_nth(nth);
        nas_history *history = nas_history_new(NULL);
        int64_t n = 0;
        for (int64_t i = 0; history != NULL && i < 200; i++)
            if (add(history, i + 1, (uint64_t)i, 1) >= 0 &&
                nas_history_score(history, n++, 0, 0.5, 0) &&
                nas_history_find(history, i + 1) != n - 1)
                fail_msg("trial %d is lost", (int)i);
        nas_alloc_fail_nth(0);
        if (history != NULL)
            assert_true(history->n >= 199);
        nas_history_free(history);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_and_keys_are_found),
        cmocka_unit_test(candidates_are_copied),
        cmocka_unit_test(scores_and_events),
        cmocka_unit_test(better_is_a_total_order),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
