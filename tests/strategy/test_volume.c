#include "strategy/model/volume.h"

#include "strategy/model/gaussian.h"

#include "check.h"

#include <math.h>

enum { N = 4 };
static const unsigned PARAMS = 1U << NAS_LIMIT_PARAMS, MACS = 1U << NAS_LIMIT_MACS;

/* Costs e^0, e^1, e^2, e^4; the third is dominated. */
static const double Y[N] = {-1, 0.5, 0.2, 1};

static void observe(nas_cost *costs, const nas_cost **list)
{
    const double log_params[N] = {0, 1, 2, 4};
    for (int i = 0; i < N; i++) {
        costs[i] = (nas_cost){.params = (int64_t)lround(1e6 * exp(log_params[i])),
                              .macs = 1000 * (N - i)};
        list[i] = &costs[i];
    }
}

static void test_steps(void **state)
{
    (void)state;
    nas_cost costs[N];
    const nas_cost *list[N];
    volume v;
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new(1, 1);
    observe(costs, list);
    assert_true(nas_volume_init(&v, PARAMS, list, Y, N, &rng, arena));
    assert_int_equal(v.n, 3);
    const double at[] = {0, 0.25, 1}, level[] = {-1, 0.5, 1};
    const int64_t owner[] = {0, 1, 3};
    for (int i = 0; i < 3; i++) {
        assert_true(fabs(v.cost[i] - at[i]) < 1e-6 && v.level[i] == level[i]);
        assert_int_equal(v.owner[i], owner[i]);
    }
    assert_true(v.floor < -1 && v.end > 1);
    nas_arena_free(arena);
}

/* Against the mean growth over draws of the score. */
static void test_growth(void **state)
{
    (void)state;
    nas_cost costs[N];
    const nas_cost *list[N];
    volume v;
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new(1, 1);
    observe(costs, list);
    assert_true(nas_volume_init(&v, PARAMS, list, Y, N, &rng, arena));
    for (double cost = -0.3; cost < 1; cost += 0.4) {
        double sum = 0;
        const int draws = 20000;
        for (int i = 0; i < draws; i++) {
            const double score = 0.4 + 0.7 * nas_rng_normal(&rng);
            for (int64_t k = -1; k < v.n; k++) {
                const double from = fmax(cost, k < 0 ? cost : v.cost[k]);
                const double to = k + 1 < v.n ? v.cost[k + 1] : v.end;
                const double level = k < 0 ? v.floor : v.level[k];
                sum += fmax(0, to - from) * fmax(0, score - level) / draws;
            }
        }
        assert_true(fabs(exp(nas_volume_log_growth(&v, cost, 0.4, 0.7)) - sum) <
                    0.03 * sum);
    }
    /* beyond the end nothing grows; cheaper and better is more */
    assert_true(isinf(nas_volume_log_growth(&v, v.end, 9, 1)));
    assert_true(nas_volume_log_growth(&v, 0.1, 0.5, 0.1) >
                nas_volume_log_growth(&v, 0.3, 0.5, 0.1));
    assert_true(nas_volume_log_growth(&v, 0.1, 0.7, 0.1) >
                nas_volume_log_growth(&v, 0.1, 0.5, 0.1));
    nas_arena_free(arena);
}

/* Two costs: the weights differ from draw to draw, one of them is always 1. */
static void test_weights(void **state)
{
    (void)state;
    nas_cost costs[N];
    const nas_cost *list[N];
    volume v;
    int first = 0;
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new(1, 1);
    observe(costs, list);
    for (int i = 0; i < 100; i++) {
        assert_true(nas_volume_init(&v, PARAMS | MACS, list, Y, N, &rng, arena));
        assert_int_equal(v.n_costs, 2);
        assert_true(fmax(v.weight[0], v.weight[1]) == 1);
        assert_true(fmin(v.weight[0], v.weight[1]) >= 0);
        first += v.weight[0] == 1;
        const double a = v.weight[0] * 0.25, b = v.weight[1] * log(3) / log(4);
        assert_true(fabs(nas_volume_cost(&v, &costs[1]) - fmax(a, b)) < 1e-5);
    }
    assert_true(first > 25 && first < 75);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_growth),
        cmocka_unit_test(test_weights),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
