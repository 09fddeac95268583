#include "bench.h"

/* R = 81, eta = 3, of the paper. */
static const nas_ladder LADDER = {.rung = {{1, 1, 1.0 / 3},
                                           {1, 3, 1.0 / 3},
                                           {1, 9, 1.0 / 3},
                                           {1, 27, 1.0 / 3},
                                           {1, 81, 0}},
                                  .n = 5};

/* Train one after another. @param counts  out: [rungs] trainings of each rung */
static void sweep(bench *b, int64_t networks, int64_t *counts)
{
    for (;;) {
        nas_next n = next(b);
        if (n.kind == NAS_NEXT_ASK && b->history->n == networks)
            return;
        assert_true(n.kind != NAS_NEXT_WAIT);
        int64_t t = n.kind == NAS_NEXT_ASK ? add(b, 1000, n.rung) : n.trial;
        b->history->trials[t].queued_rung = n.rung;
        score(b, t, n.rung, (double)(t * 7919 % 1009) / 1009);
        counts[n.rung]++;
    }
}

static void one_sweep_spends_at_most_its_share(void **state)
{
    (void)state;
    bench b = bench_new("hyperband", &LADDER);
    int64_t counts[5] = {0};
    /* s = 4: 81 27 9 3 1; s = 3: 27 9 3 1; s = 2: 9 3 1; s = 1: 6 2; s = 0: 5 */
    const int64_t expected[] = {81, 27 + 27, 9 + 9 + 9, 3 + 3 + 3 + 6, 1 + 1 + 1 + 2 + 5};
    sweep(&b, 81 + 27 + 9 + 6 + 5, counts);
    double spent = 0;
    for (int k = 0; k < 5; k++) {
        assert_int_equal(counts[k], expected[k]);
        spent += (double)(counts[k] * LADDER.rung[k].epochs);
    }
    assert_true(spent <= 5 * 5 * 81);
    assert_int_equal(next(&b).rung, 0); /* and again */
    bench_free(&b);
}

static void halving_sends_the_best_on(void **state)
{
    (void)state;
    bench b = bench_new("halving", &LADDER);
    int64_t counts[5] = {0};
    sweep(&b, 162, counts);
    assert_int_equal(counts[0], 162);
    assert_int_equal(counts[1], 54);
    assert_int_equal(counts[4], 2);
    /* everybody at rung 1 beat everybody of its bracket that was left below */
    for (int64_t t = 0; t < 81; t++)
        for (int64_t u = 0; u < 81; u++)
            if (b.history->trials[t].rungs > 1 && b.history->trials[u].rungs == 1)
                assert_true(b.history->trials[t].score[0] >=
                            b.history->trials[u].score[0]);
    bench_free(&b);
}

static void a_bracket_waits_for_all(void **state)
{
    (void)state;
    bench b = bench_new("halving", &LADDER);
    for (int i = 0; i < 81; i++)
        (void)add(&b, 1000, 0);
    for (int i = 0; i < 80; i++)
        score(&b, i, 0, 0.5 + 0.001 * i);
    assert_int_equal(next(&b).kind, NAS_NEXT_ASK); /* the next bracket meanwhile */
    score(&b, 80, 0, 0.1);
    goes_on(next(&b), 79, 1);
    b.history->trials[79].failed = true; /* fails there: counts as done */
    b.history->trials[79].queued_rung = 1;
    goes_on(next(&b), 78, 1);
    bench_free(&b);
}

static void draining_halves_what_is_there(void **state)
{
    (void)state;
    bench b = bench_new("hyperband", &LADDER);
    for (int i = 0; i < 4; i++)
        score(&b, add(&b, 1000, 0), 0, 0.5 + 0.1 * i);
    assert_int_equal(next(&b).kind, NAS_NEXT_ASK);
    b.view.drain = true;
    for (int k = 1; k < 5; k++) {
        goes_on(next(&b), 3, k);
        score(&b, 3, k, 0.9);
    }
    assert_int_equal(next(&b).kind, NAS_NEXT_WAIT);
    bench_free(&b);
}

static void dehb_fills_every_place_anew(void **state)
{
    (void)state;
    bench b = bench_new("dehb", &LADDER), h = bench_new("hyperband", &LADDER);
    int64_t first[5] = {0}, hyperband[5] = {0}, second[5] = {0};
    sweep(&b, 128, first);
    sweep(&h, 128, hyperband);
    for (int k = 0; k < 5; k++)
        assert_int_equal(first[k], hyperband[k]);
    /* as many trainings of each rung, each of a new network */
    int64_t slots = 0;
    for (int k = 0; k < 5; k++)
        slots += first[k];
    sweep(&b, 128 + slots, second);
    for (int k = 0; k < 5; k++)
        assert_int_equal(second[k], first[k]);
    bench_free(&b);
    bench_free(&h);
}

static void a_ladder_of_one_rung_is_random_search(void **state)
{
    (void)state;
    const nas_ladder one = {.rung = {{1, 9, 0}}, .n = 1};
    const char *const names[] = {"halving", "hyperband", "dehb"};
    for (int i = 0; i < 3; i++) {
        bench b = bench_new(names[i], &one);
        int64_t counts[1] = {0};
        sweep(&b, 20, counts);
        assert_int_equal(counts[0], 20);
        bench_free(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_sweep_spends_at_most_its_share),
        cmocka_unit_test(halving_sends_the_best_on),
        cmocka_unit_test(a_bracket_waits_for_all),
        cmocka_unit_test(draining_halves_what_is_there),
        cmocka_unit_test(dehb_fills_every_place_anew),
        cmocka_unit_test(a_ladder_of_one_rung_is_random_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
