#include "five.h"

/* Best score after some networks, mean of a few seeds. */
static double mean_best(const char *name)
{
    double sum = 0;
    enum { SEEDS = 6, NETWORKS = 150 };
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        fixture f;
        fixture_open(&f, FIVE);
        nas_strategy *strategy = five_strategy(name, f.space);
        for (int n = 0; n < NETWORKS; n++)
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
    double spos = mean_best("spos"), uniform = mean_best("random");
    assert_true(spos > 0.97 && spos > uniform + 0.01);
}

/* The first 50 are uniform; then children of the best ten, about half of them with two
 * parents, each unlike the crossover's or mutation's parents in few decisions. */
static void children_come_from_the_best(void **state)
{
    (void)state;
    fixture f;
    int crossed = 0;
    enum { POPULATION = 50, CHILDREN = 60, PARENTS = 10 };
    fixture_open(&f, FIVE);
    nas_strategy *strategy = five_strategy("spos", f.space);
    for (int n = 0; n < POPULATION; n++) {
        int64_t t = five_step(&f, strategy, 5, 0);
        assert_true(f.history->trials[t].uniform);
    }
    for (int n = 0; n < CHILDREN; n++) {
        int64_t t = five_step(&f, strategy, 5, 0);
        const nas_history_trial *child = &f.history->trials[t];
        if (child->uniform) /* every neighbour of the best was known */
            continue;
        int better = 0;
        int64_t parent = nas_history_find(f.history, child->parents[0]);
        assert_true(parent >= 0 && parent < t);
        for (int64_t i = 0; i < t; i++)
            better += nas_history_compare(f.history, i, parent) > 0;
        assert_true(better < PARENTS);
        crossed += child->parents[1] != 0;
    }
    assert_in_range(crossed, 10, 50);
    nas_strategy_free(strategy);
    fixture_close(&f);
}

/* A network that was trained on its own stands above better inherited scores. */
static void confirmed_networks_come_first(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, FIVE);
    nas_err err = {0};
    nas_value values[32];
    nas_strategy *strategy = NULL;
    const nas_strategy_ops *ops = nas_strategy_find("spos");
    nas_param_defaults(ops->params, values);
    values[nas_param_find(ops->params, "population")].i = 20;
    values[nas_param_find(ops->params, "parents")].i = 2;
    check_ok(nas_strategy_new(ops, values, f.space, &strategy, &err), err);
    nas_strategy_set_uniform_every(strategy, 0);
    for (int n = 0; n < 20; n++)
        (void)five_step(&f, strategy, 3, 0);
    assert_true(nas_history_score(f.history, 4, 1, 0.2, 0.01));
    assert_true(nas_history_score(f.history, 9, 1, 0.1, 0.01));
    for (int n = 0; n < 20; n++) {
        int64_t t = five_step(&f, strategy, 3, 0);
        const nas_history_trial *child = &f.history->trials[t];
        if (child->parents[0] != 0)
            assert_true(child->parents[0] == f.history->trials[4].id ||
                        child->parents[0] == f.history->trials[9].id);
    }
    nas_strategy_free(strategy);
    fixture_close(&f);
}

static void it_says_how_its_supernet_is_trained(void **state)
{
    (void)state;
    const nas_strategy_ops *ops = nas_strategy_find("spos");
    assert_int_equal(ops->supernet, NAS_SUPERNET_PATHS);
    assert_true(nas_param_find(ops->params, NAS_SUPERNET_EPOCHS) >= 0);
    assert_true(nas_param_find(ops->params, NAS_SUPERNET_SHARE) >= 0);
    assert_true(nas_param_find(ops->params, NAS_SUPERNET_FAIR) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_beats_random_search),
        cmocka_unit_test(children_come_from_the_best),
        cmocka_unit_test(confirmed_networks_come_first),
        cmocka_unit_test(it_says_how_its_supernet_is_trained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
