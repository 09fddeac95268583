#include "search/front.h"

#include "nasmith/search.h"

#include "check.h"

#include <string.h>

/* A history without candidates: dominance looks at scores and costs only. */
typedef struct table {
    nas_history history;
    nas_history_trial trials[16];
} table;

static void add(table *t, int rungs, double score, int64_t macs, int64_t ram)
{
    nas_history_trial *trial = &t->trials[t->history.n];
    *trial = (nas_history_trial){
        .id = t->history.n + 1, .rungs = rungs, .cost = {.macs = macs, .ram_bytes = ram}};
    if (rungs > 0)
        trial->score[rungs - 1] = score;
    t->history.trials = t->trials;
    t->history.n++;
}

static void expect_front(const table *t, const nas_limits *limits, unsigned minimise,
                         const int64_t *ids, int n)
{
    nas_err err = {0};
    nas_arena *arena = nas_arena_new();
    int64_t *front = NULL;
    int size = 0;
    check_ok(nas_search_front(&t->history, limits, minimise, arena, &front, &size, &err),
             err);
    assert_int_equal(size, n);
    for (int i = 0; i < n; i++)
        assert_int_equal(t->trials[front[i]].id, ids[i]);
    for (int64_t i = 0; i < t->history.n; i++) {
        bool member = false;
        for (int k = 0; k < n; k++)
            member = member || ids[k] == i + 1;
        assert_int_equal(nas_front_holds(&t->history, limits, minimise, i), member);
    }
    nas_arena_free(arena);
}

static void test_metric_and_macs(void **state)
{
    (void)state;
    table t = {0};
    const nas_limits none = {0};
    add(&t, 2, 0.90, 500, 10); /* 1: on */
    add(&t, 2, 0.80, 300, 90); /* 2: dominated by 4 */
    add(&t, 2, 0.95, 900, 20); /* 3: on */
    add(&t, 2, 0.85, 250, 80); /* 4: on */
    add(&t, 1, 0.99, 10, 1);   /* 5: fewer rungs */
    add(&t, 0, 0.00, 1, 1);    /* 6: no score */
    add(&t, 2, 0.90, 500, 5);  /* 7: equal to 1, younger */
    expect_front(&t, &none, 0, (const int64_t[]){4, 1, 3}, 3);
}

static void test_limited_resources_count(void **state)
{
    (void)state;
    table t = {0};
    const nas_limits limits = {.ram_bytes = 100};
    add(&t, 1, 0.90, 500, 10);
    add(&t, 1, 0.80, 300, 90); /* few MACs do not help: RAM is limited */
    add(&t, 1, 0.95, 900, 20);
    expect_front(&t, &limits, 0, (const int64_t[]){1, 3}, 2);
    expect_front(&t, &limits, 1U << NAS_LIMIT_MACS, (const int64_t[]){2, 1, 3}, 3);
    assert_int_equal(nas_front_objectives(&limits, 1U << NAS_LIMIT_MACS),
                     1U << NAS_LIMIT_MACS | 1U << NAS_LIMIT_RAM);
}

static void test_nothing_scored(void **state)
{
    (void)state;
    table t = {0};
    const nas_limits none = {0};
    expect_front(&t, &none, 0, NULL, 0);
    add(&t, 0, 0, 1, 1);
    expect_front(&t, &none, 0, NULL, 0);
    assert_int_equal(nas_front_rungs(&t.history), 0);
}

/* Against the definition, on random points with many equal values. */
static void test_random_points(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(1, 2);
    for (int round = 0; round < 300; round++) {
        table t = {0};
        nas_err err = {0};
        const nas_limits limits = {.macs = 9, .ram_bytes = 9};
        for (int i = 0; i < 12; i++)
            add(&t, 1, (double)nas_rng_below(&rng, 4), (int64_t)nas_rng_below(&rng, 4),
                (int64_t)nas_rng_below(&rng, 4));
        nas_arena *arena = nas_arena_new();
        int64_t *front = NULL;
        int n = 0;
        int held = 0;
        check_ok(nas_search_front(&t.history, &limits, 0, arena, &front, &n, &err), err);
        for (int64_t i = 0; i < 12; i++)
            held += nas_front_holds(&t.history, &limits, 0, i) ? 1 : 0;
        assert_int_equal(held, n);
        for (int i = 0; i < n; i++)
            assert_true(nas_front_holds(&t.history, &limits, 0, front[i]));
        nas_arena_free(arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metric_and_macs),
        cmocka_unit_test(test_limited_resources_count),
        cmocka_unit_test(test_nothing_scored),
        cmocka_unit_test(test_random_points),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
