#include "fixture.h"

enum { PARAM_RANDOM = 1 };

/* 9^4 assignments; a network is good by how many layers have the first value. */
static const char SPACE[] = "network:\n"
                            "  - repeat:\n"
                            "      times: 4\n"
                            "      of:\n"
                            "        - conv: {out: [4, 8, 12], kernel: [1, 3, 5]}\n"
                            "  - global_avg_pool\n";

static nas_strategy *make(const fixture *f, double random_share)
{
    nas_err err = {0};
    nas_value values[32];
    nas_strategy *strategy = NULL;
    const nas_strategy_ops *ops = nas_strategy_find("bohb");
    nas_param_defaults(ops->params, values);
    values[PARAM_RANDOM].f = random_share;
    check_ok(nas_strategy_new(ops, values, f->space, &strategy, &err), err);
    nas_strategy_set_uniform_every(strategy, 0);
    return strategy;
}

static nas_proposal propose(fixture *f, nas_strategy *strategy, int64_t index)
{
    nas_err err = {0};
    nas_proposal p = {0};
    nas_ask ask = test_ask(f, 3, index);
    check_ok(nas_strategy_ask(strategy, index, &ask, &p, &err), err);
    assert_non_null(p.candidate);
    return p;
}

static int first_values(const fixture *f, const nas_candidate *candidate)
{
    int n = 0;
    for (int d = 0; d < nas_space_decision_count(f->space); d++)
        n += nas_space_choice(f->space, candidate, d) == 0;
    return n;
}

/* Random networks with the score of their first values at `rung`, or the opposite. */
static void observe(fixture *f, int64_t n, int rung, double sign)
{
    nas_rng rng = nas_rng_new(17, (uint64_t)rung);
    for (int64_t i = 0; i < n; i++) {
        nas_proposal p = {.candidate = nas_space_sample(f->space, &rng, f->arena)};
        int64_t t = add_trial(f, &p);
        double value = sign * first_values(f, p.candidate);
        for (int k = 0; k <= rung; k++)
            assert_true(nas_history_score(f->history, t, k, value, 0));
    }
}

static double mean_of_proposals(fixture *f, double random_share)
{
    nas_strategy *strategy = make(f, random_share);
    double sum = 0;
    enum { N = 40 };
    for (int i = 0; i < N; i++)
        sum += first_values(f, propose(f, strategy, i).candidate);
    nas_strategy_free(strategy);
    return sum / N;
}

static void goes_where_good_ones_are(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, SPACE);
    double uniform = mean_of_proposals(&f, 1);
    assert_true(uniform > 1.9 && uniform < 3.5); /* 8 / 3 expected */
    observe(&f, 60, 0, 1);
    double all_random = mean_of_proposals(&f, 1);
    assert_true(all_random > 1.9 && all_random < 3.5);
    assert_true(mean_of_proposals(&f, 0) > 4.5);
    fixture_close(&f);
}

/* At the higher rung the opposite is good. */
static void the_highest_rung_with_enough_counts(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, SPACE);
    observe(&f, 60, 0, 1);
    observe(&f, 17, 1, -1); /* one too few for 2 (d + 1) with d = 8 */
    double before = mean_of_proposals(&f, 0);
    observe(&f, 30, 1, -1);
    double after = mean_of_proposals(&f, 0);
    assert_true(before > 3.5);
    assert_true(after < 1.5);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_where_good_ones_are),
        cmocka_unit_test(the_highest_rung_with_enough_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
