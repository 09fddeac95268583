#include "five.h"

/* Best score after 100 networks, mean of a few seeds. */
static double mean_best(const char *name)
{
    double sum = 0;
    enum { SEEDS = 6 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        fixture f;
        fixture_open(&f, FIVE);
        nas_strategy *strategy = five_strategy(name, f.space);
        for (int n = 0; n < 100; n++)
            (void)five_step(&f, strategy, seed, 0);
        sum += f.history->trials[nas_history_best(f.history)].score[0] / SEEDS;
        nas_strategy_free(strategy);
        fixture_close(&f);
    }
    return sum;
}

static void it_beats_random_search(void **state)
{
    (void)state;
    double tpe = mean_best("tpe"), uniform = mean_best("random");
    assert_true(tpe > 0.95 && tpe > uniform + 0.02);
}

/* Late proposals share values with the good networks more often than chance: on the
 * heaviest decision three of four would differ. */
static void proposals_resemble_the_good(void **state)
{
    (void)state;
    fixture f;
    int agree = 0;
    fixture_open(&f, FIVE);
    nas_strategy *strategy = five_strategy("tpe", f.space);
    for (int n = 0; n < 90; n++) {
        int64_t t = five_step(&f, strategy, 5, 0);
        int value = nas_space_choice(f.space, f.history->trials[t].candidate, 4);
        agree += n >= 50 && value == 2;
    }
    assert_true(agree >= 20);
    nas_strategy_free(strategy);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_beats_random_search),
        cmocka_unit_test(proposals_resemble_the_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
