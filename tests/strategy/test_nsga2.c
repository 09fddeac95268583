#include "five.h"

#include "strategy/model/pareto.h"

/* Volume between what a strategy has found of (1 - score, parameters) and a fixed point
 * that no network reaches; the largest possible is that of all 1,024. */
static double volume_of(fixture *f)
{
    static double points[2 * 2000], room[2 * 2000];
    static const double reference[] = {1.5, 1500};
    for (int64_t t = 0; t < f->history->n; t++) {
        points[2 * t] = 1 - f->history->trials[t].score[0];
        points[2 * t + 1] = (double)f->history->trials[t].cost.params;
    }
    return nas_pareto_volume(points, f->history->n, 2, reference, room);
}

static double search(const char *name, uint64_t seed, int networks)
{
    fixture f;
    fixture_open(&f, FIVE);
    nas_strategy *strategy = five_strategy(name, f.space);
    for (int n = 0; n < networks; n++)
        (void)five_step(&f, strategy, seed, 1U << NAS_LIMIT_PARAMS);
    double volume = volume_of(&f);
    nas_strategy_free(strategy);
    fixture_close(&f);
    return volume;
}

/* A sixth of the space: nearly all of the volume, and more than random search. */
static void it_fills_the_front(void **state)
{
    (void)state;
    double all = search("grid", 0, 1024), nsga2 = 0, uniform = 0;
    for (uint64_t seed = 0; seed < 3; seed++) {
        nsga2 += search("nsga2", seed, 170) / 3;
        uniform += search("random", seed, 170) / 3;
    }
    assert_true(all > 0);
    assert_true(nsga2 / all > 0.985);
    assert_true(nsga2 > uniform);
}

/* Children have two parents out of those that survived; the first generation is random.
 */
static void generations(void **state)
{
    (void)state;
    fixture f;
    int crossed = 0;
    fixture_open(&f, FIVE);
    nas_strategy *strategy = five_strategy("nsga2", f.space);
    for (int n = 0; n < 120; n++) {
        int64_t t = five_step(&f, strategy, 3, 1U << NAS_LIMIT_PARAMS);
        const nas_history_trial *trial = &f.history->trials[t];
        assert_int_equal(trial->uniform, n < 24);
        crossed += trial->parents[1] != 0;
        if (n >= 24 && n < 48) /* the second generation: children of the first */
            assert_true(trial->parents[0] <= 24 && trial->parents[1] <= 24);
    }
    assert_true(crossed > 60);
    nas_strategy_free(strategy);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_fills_the_front),
        cmocka_unit_test(generations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
