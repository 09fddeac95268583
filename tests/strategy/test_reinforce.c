#include "five.h"

#include "strategy/strategies.h"

enum { LOGITS = 20, HEAD = 3 };

/* The policy out of a saved state. @return updates so far */
static int64_t policy(const nas_strategy *strategy, double *probability)
{
    nas_err err = {0};
    nas_text text = {0};
    int64_t consumed = 0, steps = 0;
    double reward, weight;
    check_ok(nas_strategy_save(strategy, &text, &err), err);
    size_t name = strlen("reinforce") + 1;
    state_reader reader = {(const unsigned char *)text.data + name, text.length - name};
    assert_true(nas_state_get(&reader, &consumed) && nas_state_get(&reader, &steps) &&
                nas_state_get_real(&reader, &reward) &&
                nas_state_get_real(&reader, &weight));
    for (int d = 0; d < 5; d++) {
        double sum = 0;
        for (int v = 0; v < 4; v++) {
            double logit = 0;
            assert_true(nas_state_get_real(&reader, &logit));
            probability[4 * d + v] = exp(logit);
            sum += probability[4 * d + v];
        }
        for (int v = 0; v < 4; v++)
            probability[4 * d + v] /= sum;
    }
    assert_int_equal(reader.left, 2 * LOGITS * sizeof(double));
    nas_text_free(&text);
    return steps;
}

/* On a separable table the policy puts its mass on the best values; it learns from known
 * networks too, so 300 networks give thousands of updates. */
static void mass_goes_to_the_best(void **state)
{
    (void)state;
    fixture f;
    double p[LOGITS];
    static const int best[] = {2, 0, 3, 1, 2};
    fixture_open(&f, FIVE);
    nas_strategy *strategy = five_strategy("reinforce", f.space);
    while (f.history->n < 400 && (f.history->n < 2 || policy(strategy, p) < 2000))
        (void)five_step(&f, strategy, 1, 0);
    assert_true(policy(strategy, p) >= 2000);
    for (int d = 2; d < 5; d++)
        assert_true(p[4 * d + best[d]] > 0.9);
    nas_strategy_free(strategy);
    fixture_close(&f);
}

/* The first step from a flat policy: b = R at once, so nothing moves; the second moves
 * each logit by the rate, up for what was chosen if it was better, down for the rest. */
static void the_first_steps_have_the_right_signs(void **state)
{
    (void)state;
    fixture f;
    double before[LOGITS], after[LOGITS];
    fixture_open(&f, FIVE);
    nas_strategy *strategy = five_strategy("reinforce", f.space);
    int64_t t[3];
    t[0] = five_step(&f, strategy, 2, 0);
    (void)policy(strategy, before);
    t[1] = five_step(&f, strategy, 2, 0);
    assert_int_equal(policy(strategy, after), 1);
    for (int i = 0; i < LOGITS; i++)
        assert_true(fabs(after[i] - before[i]) < 1e-12);
    t[2] = five_step(&f, strategy, 2, 0);
    assert_int_equal(policy(strategy, after), 2);
    const nas_history_trial *trials = f.history->trials;
    bool better = trials[t[1]].score[0] > trials[t[0]].score[0];
    for (int d = 0; d < 5; d++)
        for (int v = 0; v < 4; v++) {
            bool chosen = nas_space_choice(f.space, trials[t[1]].candidate, d) == v;
            double change = after[4 * d + v] - before[4 * d + v];
            assert_true(chosen == better ? change > 1e-4 : change < -1e-4);
        }
    nas_strategy_free(strategy);
    fixture_close(&f);
}

static nas_strategy *recurrent(const nas_space *space, int64_t samples)
{
    nas_err err = {0};
    nas_value values[32];
    nas_strategy *strategy = NULL;
    const nas_param *params = nas_strategy_find("reinforce")->params;
    nas_param_defaults(params, values);
    values[nas_param_find(params, "controller")].i = 1;
    values[nas_param_find(params, "hidden")].i = 8;
    values[nas_param_find(params, "samples")].i = samples;
    values[nas_param_find(params, "rate")].f = 0.02;
    check_ok(
        nas_strategy_new(nas_strategy_find("reinforce"), values, space, &strategy, &err),
        err);
    nas_strategy_set_uniform_every(strategy, 0);
    return strategy;
}

/* The numbers at the head of its saved state: trials that wait for the next update, and,
 * past their ids, updates so far. */
static int64_t waiting(const nas_strategy *strategy, int64_t *steps)
{
    nas_err err = {0};
    nas_text text = {0};
    int64_t skip = 0, n = 0;
    check_ok(nas_strategy_save(strategy, &text, &err), err);
    size_t name = strlen("reinforce") + 1;
    state_reader reader = {(const unsigned char *)text.data + name, text.length - name};
    assert_true(nas_state_get(&reader, &skip) && nas_state_get(&reader, &n));
    for (int64_t i = 0; i < n + 2; i++) /* ids, units, weights */
        assert_true(nas_state_get(&reader, &skip));
    assert_true(nas_state_get(&reader, steps));
    nas_text_free(&text);
    return n;
}

/* It learns when as many networks as an update takes have scores; repeats count. */
static void an_lstm_learns_in_batches(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, FIVE);
    nas_strategy *strategy = recurrent(f.space, 4);
    int64_t told = 0, steps = 0;
    for (int n = 0; n < 10; n++) { /* told of n when asked for the next */
        (void)five_step(&f, strategy, 6, 0);
        int64_t left = waiting(strategy, &steps);
        told = n;
        assert_true(4 * steps + left >= told && left < 4);
        assert_true(4 * steps + left <= told + 2);
    }
    nas_strategy_free(strategy);
    fixture_close(&f);
}

/* Mean score of the last of some networks. */
static double late_score(bool lstm)
{
    enum { NETWORKS = 90, LATE = 30, SEEDS = 2 };
    double sum = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        fixture f;
        fixture_open(&f, FIVE);
        nas_strategy *strategy =
            lstm ? recurrent(f.space, 1) : five_strategy("random", f.space);
        for (int n = 0; n < NETWORKS; n++) {
            int64_t t = five_step(&f, strategy, seed, 0);
            if (n >= NETWORKS - LATE)
                sum += f.history->trials[t].score[0] / (LATE * SEEDS);
        }
        nas_strategy_free(strategy);
        fixture_close(&f);
    }
    return sum;
}

static void an_lstm_finds_better_ones(void **state)
{
    (void)state;
    assert_true(late_score(true) > late_score(false) + 0.1);
}

/* A state of the other policy, or one cut off, is not taken for one's own. */
static void states_of_the_other_policy_are_refused(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_text text = {0}, flat = {0};
    fixture_open(&f, FIVE);
    nas_strategy *factorised = five_strategy("reinforce", f.space);
    nas_strategy *lstm = recurrent(f.space, 3);
    for (int n = 0; n < 3; n++)
        (void)five_step(&f, lstm, 1, 0);
    check_ok(nas_strategy_save(factorised, &flat, &err), err);
    assert_int_equal(nas_strategy_load(lstm, flat.data, flat.length, &err), NAS_E_STUDY);
    check_ok(nas_strategy_save(lstm, &text, &err), err);
    for (size_t n = 12; n < text.length; n += 301)
        assert_int_equal(nas_strategy_load(lstm, text.data, n, &err), NAS_E_STUDY);
    nas_text_free(&text);
    nas_text_free(&flat);
    nas_strategy_free(factorised);
    nas_strategy_free(lstm);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mass_goes_to_the_best),
        cmocka_unit_test(the_first_steps_have_the_right_signs),
        cmocka_unit_test(an_lstm_learns_in_batches),
        cmocka_unit_test(an_lstm_finds_better_ones),
        cmocka_unit_test(states_of_the_other_policy_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
