/* covers: stopping.c asha_stop.c median.c nondominated.c sotl.c view.c */
#include "bench.h"

#include <string.h>

static const nas_ladder LADDER = {
    .rung = {{1, 1, 1.0 / 3}, {1, 3, 1.0 / 3}, {1, 9, 1.0 / 3}, {1, 27, 0}}, .n = 4};

static const char *const STOPPING[] = {"asha-stop", "median", "nondominated", "sotl",
                                       "curve"};
enum { N_STOPPING = 5 };

static void every_one_begins_with_a_network(void **state)
{
    (void)state;
    for (int i = 0; i < N_STOPPING; i++) {
        bench b = bench_new(STOPPING[i], &LADDER);
        assert_int_equal(next(&b).kind, NAS_NEXT_ASK);
        assert_int_equal(next(&b).rung, 0);
        b.view.drain = true;
        assert_int_equal(next(&b).kind, NAS_NEXT_WAIT);
        b.view.drain = false;
        goes_on(arrives(&b, 0.5), 0, 1); /* nobody to be held against */
        bench_free(&b);
    }
}

static void failed_and_top_trials_stay(void **state)
{
    (void)state;
    for (int i = 0; i < N_STOPPING; i++) {
        bench b = bench_new(STOPPING[i], &LADDER);
        int64_t t = add(&b, 1000, 0);
        score(&b, t, 0, 0.5);
        b.history->trials[t].failed = true;
        assert_int_equal(next(&b).kind, NAS_NEXT_ASK);
        t = add(&b, 1000, 0);
        for (int k = 0; k < LADDER.n; k++)
            score(&b, t, k, 0.6);
        assert_int_equal(next(&b).kind, NAS_NEXT_ASK);
        bench_free(&b);
    }
}

static void what_takes_too_long_stays(void **state)
{
    (void)state;
    for (int i = 0; i < N_STOPPING; i++) {
        bench b = bench_new(STOPPING[i], &LADDER);
        score(&b, add(&b, 1000000, 0), 0, 0.5); /* 4.5 s at rung 1 */
        b.view.remaining_core_s = 5;
        goes_on(next(&b), 0, 1);
        b.view.remaining_core_s = 4;
        assert_int_equal(next(&b).kind, NAS_NEXT_ASK); /* 1.5 s at rung 0 */
        b.view.remaining_core_s = 1;
        assert_int_equal(next(&b).kind, NAS_NEXT_WAIT);
        bench_free(&b);
    }
}

/* A decision once taken is not taken back, whoever asks how often. */
static void simulated_decisions_hold(void **state)
{
    (void)state;
    for (int i = 0; i < N_STOPPING; i++) {
        nas_rng rng = nas_rng_new((uint64_t)i, 3);
        bench b = bench_new(STOPPING[i], &LADDER);
        int64_t reached[4] = {0};
        for (int step = 0; step < 400; step++) {
            nas_next n = next(&b), again = next(&b);
            assert_int_equal(n.kind, again.kind);
            assert_true(n.kind != NAS_NEXT_WAIT);
            int64_t t = n.kind == NAS_NEXT_ASK ? add(&b, 1000 + step, 0) : n.trial;
            assert_true(n.kind == NAS_NEXT_ASK || again.trial == t);
            /* only what has just ended may go on */
            assert_true(n.kind == NAS_NEXT_ASK || t == b.history->n - 1);
            b.history->trials[t].queued_rung = n.rung;
            double quality = (double)(b.history->trials[t].key * 7919 % 101) / 200;
            score(&b, t, n.rung, quality + 0.1 * n.rung + 0.02 * nas_rng_uniform(&rng));
            reached[n.rung]++;
        }
        assert_true(reached[0] > 100);
        assert_true(reached[3] > 0);
        assert_true(reached[1] < reached[0] && reached[3] < reached[1]);
        bench_free(&b);
    }
}

static void asha_stop_keeps_the_top_share(void **state)
{
    (void)state;
    bench b = bench_new("asha-stop", &LADDER);
    goes_on(arrives(&b, 0.5), 0, 1);
    b.history->trials[0].queued_rung = 1;
    goes_on(arrives(&b, 0.4), 1, 1); /* two: no third of them yet */
    b.history->trials[1].queued_rung = 1;
    assert_int_equal(arrives(&b, 0.45).kind, NAS_NEXT_ASK);
    goes_on(arrives(&b, 0.51), 3, 1); /* first of four */
    b.history->trials[3].queued_rung = 1;
    assert_int_equal(arrives(&b, 0.505).kind, NAS_NEXT_ASK); /* second of five */
    goes_on(arrives(&b, 0.508), 5, 1);                       /* second of six */
    bench_free(&b);
}

static void median_stops_below_the_median(void **state)
{
    (void)state;
    bench b = bench_new("median", &LADDER);
    const double values[] = {0.3, 0.5, 0.4, 0.6, 0.2};
    for (int i = 0; i < 5; i++) {
        goes_on(arrives(&b, values[i]), i, 1); /* fewer than five before it */
        b.history->trials[i].queued_rung = 1;
    }
    assert_int_equal(arrives(&b, 0.39).kind, NAS_NEXT_ASK); /* 0.4 is the median */
    goes_on(arrives(&b, 0.4), 6, 1);
    b.history->trials[6].queued_rung = 1;
    /* At rung 1 running means count: (0.3 + 0.5) / 2 and so on. */
    for (int i = 0; i < 5; i++)
        score(&b, i, 1, values[i] + 0.2);
    score(&b, 6, 1, 0.49); /* 0.5 is the median of 0.4, 0.6, 0.5, 0.7, 0.3 */
    nas_next n = next(&b);
    assert_true(n.kind == NAS_NEXT_ASK || n.trial != 6);
    bench_free(&b);
}

static void small_networks_are_not_dominated(void **state)
{
    (void)state;
    bench b = bench_new("nondominated", &LADDER);
    const int64_t macs[] = {1000, 900, 800, 1100, 700, 1000};
    const double values[] = {0.5, 0.55, 0.52, 0.5, 0.3, 0.51};
    const bool on[] = {true, true, true, false, true, false};
    for (int i = 0; i < 6; i++) {
        int64_t t = add(&b, macs[i], 0);
        score(&b, t, 0, values[i]);
        nas_next n = next(&b);
        assert_int_equal(n.kind == NAS_NEXT_PROMOTE, on[i]);
        if (on[i])
            b.history->trials[t].queued_rung = 1;
    }
    bench_free(&b);
}

static void sotl_remembers_the_rung_below(void **state)
{
    (void)state;
    for (int window = 1; window <= 2; window++) {
        bench b = bench_new("sotl", &LADDER);
        b.values[0].i = window;
        const double below[] = {0.9, 0.5, 0.5}, above[] = {0.61, 0.6, 0.65};
        for (int i = 0; i < 3; i++)
            score(&b, add(&b, 1000, 0), 0, below[i]);
        for (int i = 0; i < 2; i++)
            score(&b, i, 1, above[i]);
        b.history->trials[0].queued_rung = b.history->trials[1].queued_rung = 2;
        score(&b, 2, 1, above[2]);
        /* the last is first by itself, second with what was before */
        nas_next n = next(&b);
        assert_int_equal(n.kind == NAS_NEXT_PROMOTE && n.trial == 2, window == 1);
        bench_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_one_begins_with_a_network),
        cmocka_unit_test(failed_and_top_trials_stay),
        cmocka_unit_test(what_takes_too_long_stays),
        cmocka_unit_test(simulated_decisions_hold),
        cmocka_unit_test(asha_stop_keeps_the_top_share),
        cmocka_unit_test(median_stops_below_the_median),
        cmocka_unit_test(small_networks_are_not_dominated),
        cmocka_unit_test(sotl_remembers_the_rung_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
