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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mass_goes_to_the_best),
        cmocka_unit_test(the_first_steps_have_the_right_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
