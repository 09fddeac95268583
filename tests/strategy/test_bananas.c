#include "five.h"

/* @return queries until the optimum of 1,024, or `most` */
static int queries(uint64_t seed, int most)
{
    fixture f;
    int n = 1;
    fixture_open(&f, FIVE);
    nas_strategy *strategy = five_strategy("bananas", f.space);
    while (n < most) {
        const int64_t t = five_step(&f, strategy, seed, 0);
        assert_int_equal(f.history->trials[t].uniform, t < 10);
        if (f.history->trials[t].score[0] > 0.999)
            break;
        n++;
    }
    nas_strategy_free(strategy);
    fixture_close(&f);
    return n;
}

static void it_finds_the_best_of_a_smooth_space(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 2; seed++)
        assert_true(queries(seed, 120) < 100);
}

/* Choices in which the candidates of two trials differ. */
static int distance(const fixture *f, int64_t a, int64_t b)
{
    int changes = 0;
    for (int d = 0; d < 5; d++)
        changes += nas_space_choice(f->space, f->history->trials[a].candidate, d) !=
                   nas_space_choice(f->space, f->history->trials[b].candidate, d);
    return changes;
}

/* One model gives ten proposals, mutations of what was known when it was made. */
static void a_model_lasts_for_a_batch(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, FIVE);
    nas_strategy *strategy = five_strategy("bananas", f.space);
    for (int i = 0; i < 10; i++)
        (void)five_step(&f, strategy, 5, 0);
    size_t last = 0;
    for (int i = 0; i < 10; i++) {
        nas_text text = {0};
        nas_err err = {0};
        int nearest = 5;
        const int64_t t = five_step(&f, strategy, 5, 0);
        for (int64_t k = 0; k < 10; k++)
            nearest = distance(&f, t, k) < nearest ? distance(&f, t, k) : nearest;
        assert_int_equal(nearest, 1);
        check_ok(nas_strategy_save(strategy, &text, &err), err);
        assert_true(i == 0 || text.length + 5 * 8 == last);
        last = text.length;
        nas_text_free(&text);
    }
    nas_strategy_free(strategy);
    fixture_close(&f);
}

static void damaged_states_are_refused(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_text text = {0};
    fixture_open(&f, FIVE);
    nas_strategy *strategy = five_strategy("bananas", f.space);
    for (int i = 0; i < 12; i++)
        (void)five_step(&f, strategy, 5, 0);
    check_ok(nas_strategy_save(strategy, &text, &err), err);
    check_ok(nas_strategy_load(strategy, text.data, text.length, &err), err);
    for (size_t cut = 1; cut < 40; cut++)
        assert_int_equal(nas_strategy_load(strategy, text.data, text.length - cut, &err),
                         NAS_E_STUDY);
    nas_text_free(&text);
    nas_strategy_free(strategy);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_finds_the_best_of_a_smooth_space),
        cmocka_unit_test(a_model_lasts_for_a_batch),
        cmocka_unit_test(damaged_states_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
