#include "check.h"

#include "nasmith/rng.h"
#include "nasmith/schedule.h"

#include <math.h>

static const nas_ladder LADDER = {
    .rung = {{1.0 / 3, 1, 1.0 / 3}, {1.0 / 3, 4, 0.25}, {1, 4, 0}}, .n = 3};

/* A history by hand: no candidates are needed. */
typedef struct bench {
    nas_history *history;
    nas_schedule_view view;
} bench;

static bench bench_new(void)
{
    bench b = {.history = nas_history_new(NULL)};
    assert_non_null(b.history);
    b.view = (nas_schedule_view){.history = b.history,
                                 .ladder = &LADDER,
                                 .remaining_core_s = (double)INFINITY,
                                 .workers = 2,
                                 .seconds_per_mac_row = 3e-11,
                                 .rows = 50000};
    return b;
}

static int64_t add(bench *b, int64_t macs)
{
    nas_history_trial trial = {.id = b->history->n + 1,
                               .key = (uint64_t)b->history->n + 77,
                               .cost = {.macs = macs},
                               .queued_rung = 0};
    int64_t t = nas_history_add(b->history, &trial);
    assert_true(t >= 0);
    return t;
}

static void score(bench *b, int64_t t, int rung, double value)
{
    assert_true(nas_history_score(b->history, t, rung, value, 0.01));
}

static nas_next next(const bench *b)
{
    return nas_scheduler_find("asha")->next(NULL, &b->view);
}

static void an_empty_study_asks(void **state)
{
    (void)state;
    bench b = bench_new();
    nas_next n = next(&b);
    assert_int_equal(n.kind, NAS_NEXT_ASK);
    assert_int_equal(n.rung, 0);
    b.view.drain = true;
    assert_int_equal(next(&b).kind, NAS_NEXT_WAIT);
    nas_history_free(b.history);
}

static void the_best_third_goes_on(void **state)
{
    (void)state;
    bench b = bench_new();
    double values[] = {0.81, 0.85, 0.79, 0.85, 0.80};
    for (int i = 0; i < 5; i++)
        score(&b, add(&b, 1000000 - i), 0, values[i]);
    nas_next n = next(&b); /* floor(5 / 3) = 1 */
    assert_int_equal(n.kind, NAS_NEXT_PROMOTE);
    assert_int_equal(n.trial, 3); /* tied with 1, but fewer MACs */
    assert_int_equal(n.rung, 1);
    b.history->trials[3].queued_rung = 1;
    assert_int_equal(next(&b).kind, NAS_NEXT_ASK);
    score(&b, add(&b, 5000), 0, 0.2); /* floor(6 / 3) = 2 */
    n = next(&b);
    assert_int_equal(n.kind, NAS_NEXT_PROMOTE);
    assert_int_equal(n.trial, 1);
    nas_history_free(b.history);
}

static void three_trials_are_enough(void **state)
{
    (void)state;
    bench b = bench_new();
    for (int i = 0; i < 3; i++)
        score(&b, add(&b, 1000), 0, 0.5 + 0.1 * i);
    nas_next n = next(&b);
    assert_int_equal(n.kind, NAS_NEXT_PROMOTE);
    assert_int_equal(n.trial, 2);
    nas_history_free(b.history);
}

static void higher_rungs_go_first(void **state)
{
    (void)state;
    bench b = bench_new();
    for (int i = 0; i < 15; i++)
        score(&b, add(&b, 1000), 0, 0.5 + 0.01 * i);
    for (int i = 11; i < 15; i++)
        score(&b, i, 1, 0.7 - 0.01 * i);
    nas_next n = next(&b); /* floor(4 / 4) = 1 of rung 1, and one more of rung 0 */
    assert_int_equal(n.kind, NAS_NEXT_PROMOTE);
    assert_int_equal(n.rung, 2);
    assert_int_equal(n.trial, 11);
    b.history->trials[11].queued_rung = 2;
    n = next(&b);
    assert_int_equal(n.rung, 1);
    assert_int_equal(n.trial, 10);
    nas_history_free(b.history);
}

static void failed_trials_stay(void **state)
{
    (void)state;
    bench b = bench_new();
    for (int i = 0; i < 6; i++)
        score(&b, add(&b, 1000), 0, 0.5 + 0.1 * i);
    b.history->trials[5].failed = true;
    nas_next n = next(&b);
    assert_int_equal(n.kind, NAS_NEXT_PROMOTE);
    assert_int_equal(n.trial, 4);
    nas_history_free(b.history);
}

/* Simulated with random scores, orders of arrival and parallelism. */
static void never_more_than_the_share(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        nas_rng rng = nas_rng_new(seed, 0xa5a);
        bench b = bench_new();
        int64_t running[4], rungs[4], n_running = 0;
        for (int step = 0; step < 600; step++) {
            if (n_running < 4) {
                nas_next n = next(&b);
                assert_true(n.kind != NAS_NEXT_WAIT);
                int64_t t = n.kind == NAS_NEXT_ASK ? add(&b, 1000) : n.trial;
                b.history->trials[t].queued_rung = n.rung;
                running[n_running] = t;
                rungs[n_running++] = n.rung;
            }
            if (n_running == 4 || nas_rng_below(&rng, 3) == 0) {
                int64_t i = (int64_t)nas_rng_below(&rng, (uint64_t)n_running);
                score(&b, running[i], (int)rungs[i], nas_rng_uniform(&rng));
                running[i] = running[--n_running];
                rungs[i] = rungs[n_running];
            }
            for (int k = 0; k + 1 < LADDER.n; k++) {
                int64_t finished = 0, promoted = 0;
                for (int64_t t = 0; t < b.history->n; t++) {
                    finished += b.history->trials[t].rungs > k;
                    promoted += b.history->trials[t].queued_rung > k;
                }
                assert_true(promoted <=
                            (int64_t)((double)finished * LADDER.rung[k].keep + 1e-9));
            }
        }
        assert_true(b.history->n > 100);
        int64_t best = nas_history_best(b.history);
        assert_int_equal(b.history->trials[best].rungs, 3);
        nas_history_free(b.history);
    }
}

static void costly_networks_must_pay(void **state)
{
    (void)state;
    bench b = bench_new();
    /* 100 s for each of 2 workers. The way from rung 1 to the top is 266,668 rows: 8 s
     * per million MACs. */
    b.view.remaining_core_s = 200;
    score(&b, add(&b, 20000000), 0, 0.90); /* 160 s: cannot reach the top */
    score(&b, add(&b, 10000000), 0, 0.89); /* 80 s: can */
    for (int i = 0; i < 4; i++)
        score(&b, add(&b, 1000000), 0, 0.5);
    nas_next n = next(&b);
    assert_int_equal(n.kind, NAS_NEXT_PROMOTE);
    assert_int_equal(n.trial, 1);
    b.history->trials[1].queued_rung = 1;
    /* The other may at least finish rung 1: 20e6 * 3e-11 * 66,668 = 40 s. */
    n = next(&b);
    assert_int_equal(n.kind, NAS_NEXT_PROMOTE);
    assert_int_equal(n.trial, 0);
    b.view.remaining_core_s = 70; /* 35 s each: not even that */
    assert_int_equal(next(&b).kind, NAS_NEXT_ASK);
    b.view.remaining_core_s = 4; /* 2 s: a typical network needs 2.8 s at rung 0 */
    assert_int_equal(next(&b).kind, NAS_NEXT_WAIT);
    nas_history_free(b.history);
}

static void draining_brings_one_to_the_top(void **state)
{
    (void)state;
    bench b = bench_new();
    score(&b, add(&b, 1000), 0, 0.7);
    int64_t open = add(&b, 1000);
    b.view.drain = true;
    assert_int_equal(next(&b).kind, NAS_NEXT_WAIT); /* rung 0 is not complete */
    score(&b, open, 0, 0.8);
    nas_next n = next(&b);
    assert_int_equal(n.kind, NAS_NEXT_PROMOTE);
    assert_int_equal(n.trial, open);
    b.history->trials[open].queued_rung = 1;
    assert_int_equal(next(&b).kind, NAS_NEXT_WAIT);
    score(&b, open, 1, 0.8);
    n = next(&b);
    assert_int_equal(n.kind, NAS_NEXT_PROMOTE);
    assert_int_equal(n.rung, 2);
    b.history->trials[open].queued_rung = 2;
    score(&b, open, 2, 0.8);
    assert_int_equal(next(&b).kind, NAS_NEXT_WAIT);
    nas_history_free(b.history);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_study_asks),
        cmocka_unit_test(the_best_third_goes_on),
        cmocka_unit_test(three_trials_are_enough),
        cmocka_unit_test(higher_rungs_go_first),
        cmocka_unit_test(failed_trials_stay),
        cmocka_unit_test(never_more_than_the_share),
        cmocka_unit_test(costly_networks_must_pay),
        cmocka_unit_test(draining_brings_one_to_the_top),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
