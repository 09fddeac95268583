/* What every strategy and scheduler must do on a table. */
#include "bench_table.h"

#include "evaluate/table_sealed.h"

#include <math.h>

static nas_trace simulate(nas_simulation *s, nas_arena *arena)
{
    nas_err err = {0};
    nas_value strategy_values[32], scheduler_values[32];
    nas_trace trace = {0};
    nas_param_defaults(s->strategy->params, strategy_values);
    nas_param_defaults(s->scheduler->params, scheduler_values);
    s->strategy_values = strategy_values;
    s->scheduler_values = scheduler_values;
    check_ok(nas_simulate(s, arena, &trace, &err), err);
    return trace;
}

static nas_simulation simulation_of(const nas_table *table, const char *strategy,
                                    const char *scheduler)
{
    nas_simulation s = {.table = table,
                        .strategy = nas_strategy_find(strategy),
                        .scheduler = nas_scheduler_find(scheduler),
                        .workers = 1,
                        .seed = 5};
    assert_non_null(s.strategy);
    assert_non_null(s.scheduler);
    return s;
}

static void same_trace(const nas_trace *a, const nas_trace *b)
{
    assert_int_equal(a->n, b->n);
    for (int64_t i = 0; i < a->n; i++) {
        assert_int_equal(a->events[i].network, b->events[i].network);
        assert_int_equal(a->events[i].rung, b->events[i].rung);
        assert_true(a->events[i].seconds == b->events[i].seconds);
    }
}

/* Whoever could see test values would now ask for other networks. */
static void test_values_change_no_query(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    for (int i = 0; nas_strategy_at(i) != NULL; i++) {
        nas_table *table = bench_table(false);
        nas_simulation s = simulation_of(table, nas_strategy_at(i)->name, "none");
        s.budget.queries = 45;
        nas_trace before = simulate(&s, arena);
        nas_table_shuffle_test(table, 99);
        nas_trace after = simulate(&s, arena);
        assert_true(before.n > 0);
        same_trace(&before, &after);
        nas_table_free(table);
    }
    nas_arena_free(arena);
}

static void schedulers_see_no_test_values(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    nas_table *table = bench_table(true);
    for (int i = 0; nas_scheduler_at(i) != NULL; i++) {
        nas_simulation s = simulation_of(table, "evolution", nas_scheduler_at(i)->name);
        s.budget.queries = 150;
        nas_trace before = simulate(&s, arena);
        nas_table_shuffle_test(table, (uint64_t)i);
        nas_trace after = simulate(&s, arena);
        assert_int_equal(before.n, 150);
        same_trace(&before, &after);
    }
    nas_table_free(table);
    nas_arena_free(arena);
}

static void no_network_is_asked_for_twice(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    nas_table *table = bench_table(true);
    bool *seen = NAS_NEW(arena, bool, 2 * nas_table_networks(table));
    nas_simulation s = simulation_of(table, "random", "asha");
    nas_trace trace = simulate(&s, arena); /* no budget: through the whole table */
    int64_t bottom = 0, top = 0;
    for (int64_t i = 0; i < trace.n; i++) {
        const nas_simulated *event = &trace.events[i];
        bool *cell = &seen[2 * event->network + event->rung];
        assert_false(*cell);
        *cell = true;
        assert_true(event->rung == 0 || seen[2 * event->network]);
        bottom += event->rung == 0;
        top += event->rung == 1;
    }
    assert_int_equal(bottom, nas_table_networks(table));
    assert_int_equal(top, nas_table_networks(table) / 3);
    nas_table_free(table);
    nas_arena_free(arena);
}

static void budgets_are_kept(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    nas_table *table = bench_table(true);
    nas_simulation s = simulation_of(table, "random", "halving");
    s.budget.epochs = 100;
    nas_trace trace = simulate(&s, arena);
    assert_true(trace.events[trace.n - 1].epochs <= 100);
    assert_true(trace.events[trace.n - 1].epochs > 90);
    s.budget = (nas_bench_budget){.seconds = 200};
    trace = simulate(&s, arena);
    assert_true(trace.events[trace.n - 1].seconds <= 200);
    assert_true(trace.events[trace.n - 1].seconds > 150);
    double sum = 0; /* one worker: the clock is the sum */
    for (int64_t i = 0; i < trace.n; i++) {
        const nas_simulated *event = &trace.events[i];
        sum += nas_table_seconds(table, event->network, event->rung - 1, event->rung);
        assert_true(fabs(event->seconds - sum) < 1e-9);
    }
    nas_table_free(table);
    nas_arena_free(arena);
}

static void workers_share_the_clock(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    nas_table *table = bench_table(true);
    for (int i = 0; nas_scheduler_at(i) != NULL; i++) {
        nas_simulation s = simulation_of(table, "random", nas_scheduler_at(i)->name);
        s.budget.queries = 200;
        s.workers = 4;
        nas_trace trace = simulate(&s, arena);
        assert_int_equal(trace.n, 200);
        double sum = 0;
        for (int64_t k = 0; k < trace.n; k++) {
            const nas_simulated *event = &trace.events[k];
            sum += nas_table_seconds(table, event->network, event->rung - 1, event->rung);
            assert_true(k == 0 || event->seconds >= trace.events[k - 1].seconds);
        }
        double last = trace.events[trace.n - 1].seconds;
        assert_true(last >= sum / 4 - 1e-9 && last < sum / 3);
    }
    nas_table_free(table);
    nas_arena_free(arena);
}

/* Ranking before training takes its time on the clock; sizes tell something here. */
static void screening_is_charged(void **state)
{
    (void)state;
    double best[2] = {0, 0};
    nas_arena *arena = nas_arena_new();
    nas_table *table = bench_table(false);
    for (int screened = 0; screened < 2; screened++) {
        nas_simulation s = simulation_of(table, "gp", "none");
        s.budget.queries = 6;
        s.screen = screened ? 50 : 0;
        s.screen_s = 0.5;
        nas_trace trace = simulate(&s, arena);
        double clock = 0;
        assert_int_equal(trace.n, 6);
        for (int64_t k = 0; k < trace.n; k++) {
            clock += nas_table_seconds(table, trace.events[k].network, -1, 0);
            clock += screened && k % 2 == 0 ? 25 : 0; /* three of the first six */
            assert_true(fabs(trace.events[k].seconds - clock) < 1e-9);
            best[screened] =
                fmax(best[screened], nas_table_score(table, trace.events[k].network, 0));
        }
    }
    assert_true(best[1] > best[0]);
    nas_table_free(table);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_change_no_query),
        cmocka_unit_test(schedulers_see_no_test_values),
        cmocka_unit_test(no_network_is_asked_for_twice),
        cmocka_unit_test(budgets_are_kept),
        cmocka_unit_test(workers_share_the_clock),
        cmocka_unit_test(screening_is_charged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
