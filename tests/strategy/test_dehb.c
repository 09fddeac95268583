#include "fixture.h"

enum { RUNGS = 3 }; /* populations of 9, 3 and 3 */

static const char SPACE[] = "network:\n"
                            "  - repeat:\n"
                            "      times: 6\n"
                            "      of:\n"
                            "        - conv: {out: [4, 8, 12], kernel: [1, 3, 5]}\n"
                            "  - global_avg_pool\n";

static nas_strategy *make(const fixture *f)
{
    nas_err err = {0};
    nas_value values[32];
    nas_strategy *strategy = NULL;
    const nas_strategy_ops *ops = nas_strategy_find("dehb");
    nas_param_defaults(ops->params, values);
    check_ok(nas_strategy_new(ops, values, f->space, &strategy, &err), err);
    nas_strategy_set_uniform_every(strategy, 0);
    return strategy;
}

static int first_values(const fixture *f, const nas_candidate *candidate)
{
    int n = 0;
    for (int d = 0; d < nas_space_decision_count(f->space); d++)
        n += nas_space_choice(f->space, candidate, d) == 0;
    return n;
}

/* Ask at a rung and answer. @return the trial as it then is */
static nas_history_trial step(fixture *f, nas_strategy *strategy, int rung)
{
    nas_err err = {0};
    nas_proposal p = {0};
    nas_ask ask = test_ask(f, 3, f->history->n);
    ask.rung = rung;
    ask.rungs = RUNGS;
    check_ok(nas_strategy_ask(strategy, f->history->n, &ask, &p, &err), err);
    assert_non_null(p.candidate);
    int64_t t = add_trial(f, &p);
    f->history->trials[t].queued_rung = rung;
    assert_true(nas_history_score(f->history, t, rung, first_values(f, p.candidate), 0));
    return f->history->trials[t];
}

static void the_first_population_is_random(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, SPACE);
    nas_strategy *strategy = make(&f);
    for (int i = 0; i < 9; i++)
        assert_true(step(&f, strategy, 0).uniform);
    /* then every place in turn gets a child */
    int64_t targets[9];
    for (int i = 0; i < 9; i++) {
        nas_history_trial child = step(&f, strategy, 0);
        assert_false(child.uniform);
        targets[i] = child.parents[0];
        assert_true(targets[i] >= 1 && targets[i] <= 9);
        for (int k = 0; k < i; k++)
            assert_true(targets[k] != targets[i]);
    }
    nas_strategy_free(strategy);
    fixture_close(&f);
}

static void populations_get_better(void **state)
{
    (void)state;
    fixture f;
    double first = 0, last = 0;
    fixture_open(&f, SPACE);
    nas_strategy *strategy = make(&f);
    for (int i = 0; i < 9; i++)
        first += step(&f, strategy, 0).score[0] / 9;
    for (int i = 0; i < 200; i++)
        (void)step(&f, strategy, 0);
    for (int i = 0; i < 20; i++)
        last += step(&f, strategy, 0).score[0] / 20;
    assert_true(first < 6); /* 4 expected of 12 */
    assert_true(last > first + 2);
    nas_strategy_free(strategy);
    fixture_close(&f);
}

/* Rung 1 was filled by promotions; its children come from the best of rung 0. */
static void higher_rungs_breed_from_the_one_below(void **state)
{
    (void)state;
    fixture f;
    double above = 0, below = 0;
    fixture_open(&f, SPACE);
    nas_strategy *strategy = make(&f);
    for (int i = 0; i < 150; i++)
        below += step(&f, strategy, 0).score[0] / 150;
    for (int t = 0; t < 3; t++)
        assert_true(nas_history_score(f.history, t, 1, f.history->trials[t].score[0], 0));
    for (int i = 0; i < 6; i++) {
        nas_history_trial child = step(&f, strategy, 1);
        assert_true(child.parents[0] > 0);
        assert_int_equal(child.first_rung, 1);
        above += child.score[1] / 6;
    }
    assert_true(above > 4 && below > 4);
    nas_strategy_free(strategy);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_population_is_random),
        cmocka_unit_test(populations_get_better),
        cmocka_unit_test(higher_rungs_breed_from_the_one_below),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
