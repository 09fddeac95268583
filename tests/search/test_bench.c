/* covers: bench_measure.c bench_json.c */
#include "bench_table.h"

#include "search/bench.h"

#include "evaluate/table_sealed.h"

#include <math.h>

static nas_bench_result run(const nas_bench_options *options, nas_arena *arena)
{
    nas_err err = {0};
    nas_bench_result result = {0};
    check_ok(nas_bench_run(options, arena, &result, &err), err);
    return result;
}

/* A trace by hand on a table of six rows. */
static void values_of_one_trace(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    nas_err err = {0};
    char folder[64], path[128];
    static const char TEXT[] = "valid_1,valid_2,test\n70,80,81\n60,90,89\n71,79,70\n"
                               "50,90.05,91\n40,40,45\n30,90.1,88\n";
    nas_table *table = NULL;
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/t.csv", folder);
    check_ok(nas_file_write(path, TEXT, strlen(TEXT), &err), err);
    check_ok(nas_table_load(path, NULL, &table, &err), err);
    check_ok(nas_file_remove(folder, &err), err);
    const double at[] = {1, 3, 5, 8};
    double test[4], regret[4], volume[4], area[1], reached[3];
    bench_runs runs = {.test = test,
                       .regret = regret,
                       .hypervolume = volume,
                       .area = area,
                       .reached = {&reached[0], &reached[1], &reached[2]}};
    bench_truth truth = {.table = table,
                         .axis = NAS_BENCH_QUERIES,
                         .budget = 8,
                         .at = at,
                         .n_points = 4,
                         .top = 1,
                         .best = 90.1,
                         .sign = 1};
    /* low rungs first; then a top rung replaces a better low score */
    nas_simulated events[] = {{0, 0, 1, 1}, {2, 0, 2, 2}, {4, 1, 3, 3},
                              {1, 1, 4, 4}, {3, 1, 5, 5}, {2, 1, 6, 6}};
    nas_trace trace = {.events = events, .n = 6};
    check_ok(nas_bench_measure(&truth, &trace, 0, &runs, arena, &err), err);
    const double tests[] = {81, 45, 91, 91}, regrets[] = {10.1, 50.1, 0.05, 0.05};
    for (int i = 0; i < 4; i++) {
        assert_true(test[i] == tests[i]);
        assert_true(fabs(regret[i] - regrets[i]) < 1e-9);
        assert_true(isnan(volume[i]));
    }
    assert_true(isinf(reached[0]));
    assert_true(reached[1] == 4);
    assert_true(reached[2] == 4);
    /* places 1 to 8: 10.1, 11.1, 50.1, 0.1, then 0.05 for three */
    assert_true(fabs(area[0] - (10.1 + 11.1 + 50.1 + 0.1 + 3 * 0.05) / 7) < 1e-9);
    trace.n = 0;
    check_ok(nas_bench_measure(&truth, &trace, 0, &runs, arena, &err), err);
    assert_true(isnan(test[3]) && isnan(area[0]) && isinf(reached[2]));
    nas_table_free(table);
    nas_arena_free(arena);
}

static void methods_are_held_against_each_other(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    nas_table *table = bench_table(false);
    nas_bench_method methods[] = {
        {.strategy = nas_strategy_find("random"),
         .scheduler = nas_scheduler_find("none")},
        {.strategy = nas_strategy_find("evolution"),
         .scheduler = nas_scheduler_find("none")},
    };
    nas_bench_options options = {.table = table,
                                 .methods = methods,
                                 .n_methods = 2,
                                 .budget = {.queries = 150},
                                 .runs = 24,
                                 .workers = 1};
    nas_bench_result r = run(&options, arena);
    assert_int_equal(r.axis, NAS_BENCH_QUERIES);
    assert_int_equal(r.n_points, 8);
    assert_true(r.at[0] == 5 && r.at[7] == 150);
    assert_int_equal(r.n_methods, 2);
    assert_int_equal(r.n_series, 3); /* the table has no MACs */
    assert_string_equal(r.series[2].name, "most parameters");
    for (int s = 0; s < 3; s++) {
        const nas_bench_series *series = &r.series[s];
        for (int i = 1; i < r.n_points; i++) {
            assert_true(series->points[i].regret <= series->points[i - 1].regret);
            assert_true(series->points[i].hypervolume >=
                        series->points[i - 1].hypervolume);
        }
        double last = series->points[7].hypervolume;
        assert_true(last > 0.5 && last <= 1);
        assert_true(series->area >= series->points[7].regret);
        assert_true(series->reference ||
                    (series->points[7].band.low <= series->points[7].test &&
                     series->points[7].test <= series->points[7].band.high));
    }
    /* The same first ten networks, then evolution pulls away. */
    assert_true(r.series[0].points[0].test == r.series[1].points[0].test);
    assert_true(r.series[1].points[7].regret < r.series[0].points[7].regret);
    assert_true(r.series[1].p < 0.01 && r.series[1].superiority > 0.7);
    assert_true(r.series[0].p == 1);
    /* and the same again */
    nas_bench_result again = run(&options, arena);
    assert_true(again.series[1].query_hash == r.series[1].query_hash);
    options.seed = 1;
    again = run(&options, arena);
    assert_true(again.series[1].query_hash != r.series[1].query_hash);
    nas_table_free(table);
    nas_arena_free(arena);
}

static void the_exact_front_is_one(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    nas_table *table = bench_table(false);
    nas_bench_method method = {.strategy = nas_strategy_find("random"),
                               .scheduler = nas_scheduler_find("none")};
    nas_bench_options options = {.table = table,
                                 .methods = &method,
                                 .n_methods = 1,
                                 .budget = {.queries = nas_table_networks(table)},
                                 .runs = 2,
                                 .workers = 1};
    nas_bench_result r = run(&options, arena);
    const nas_bench_point *last = &r.series[0].points[r.n_points - 1];
    assert_true(fabs(last->hypervolume - 1) < 1e-12);
    assert_true(last->regret == 0);
    assert_int_equal(r.series[0].targets[0].reached, 2);
    assert_true(last->test == r.optimum_test);
    /* the front, counted in another way */
    int64_t n = nas_table_networks(table), front = 0;
    for (int64_t i = 0; i < n; i++) {
        bool dominated = false;
        for (int64_t k = 0; k < n; k++) {
            double a = nas_table_validation(table, k, 0),
                   b = nas_table_validation(table, i, 0);
            double x = nas_table_objective(table, k), y = nas_table_objective(table, i);
            dominated |= a >= b && x <= y && (a > b || x < y);
        }
        front += !dominated;
    }
    assert_int_equal(r.front, front);
    nas_table_free(table);
    nas_arena_free(arena);
}

static void seconds_and_epochs_are_axes(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    nas_table *table = bench_table(true);
    nas_bench_method method = {.strategy = nas_strategy_find("random"),
                               .scheduler = nas_scheduler_find("asha")};
    nas_bench_options options = {.table = table,
                                 .methods = &method,
                                 .n_methods = 1,
                                 .budget = {.seconds = 700},
                                 .runs = 3,
                                 .workers = 2};
    nas_bench_result r = run(&options, arena);
    assert_int_equal(r.axis, NAS_BENCH_SECONDS);
    assert_string_equal(r.series[0].name, "random+asha");
    assert_true(r.at[0] == 8 && r.at[1] == 10 && r.at[r.n_points - 1] == 700);
    options.budget = (nas_bench_budget){.epochs = 300};
    r = run(&options, arena);
    assert_int_equal(r.axis, NAS_BENCH_EPOCHS);
    assert_true(r.at[0] == 3 && r.at[1] == 5 && r.at[r.n_points - 1] == 300);
    nas_err err = {0};
    options.budget = (nas_bench_budget){0};
    assert_int_equal(nas_bench_run(&options, arena, &r, &err), NAS_E_USAGE);
    nas_table_free(table);
    nas_arena_free(arena);
}

/* A method with values of its own asks for other networks, under its own name. */
static void methods_may_have_options(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    nas_table *table = bench_table(false);
    const nas_strategy_ops *evolution = nas_strategy_find("evolution");
    nas_value values[32];
    nas_param_defaults(evolution->params, values);
    nas_bench_method methods[] = {
        {.strategy = evolution, .scheduler = nas_scheduler_find("none")},
        {.strategy = evolution,
         .scheduler = nas_scheduler_find("asha"),
         .strategy_values = values,
         .name = "small"},
        {.strategy = evolution,
         .scheduler = nas_scheduler_find("none"),
         .strategy_values = values},
    };
    nas_bench_options options = {.table = table,
                                 .methods = methods,
                                 .n_methods = 3,
                                 .budget = {.queries = 60},
                                 .runs = 2,
                                 .workers = 1};
    nas_bench_result r = run(&options, arena);
    assert_string_equal(r.series[1].name, "small+asha");
    assert_string_equal(r.series[2].name, "evolution");
    assert_true(r.series[0].query_hash == r.series[2].query_hash);
    values[nas_param_find(evolution->params, "population")].i = 4;
    r = run(&options, arena);
    assert_true(r.series[0].query_hash != r.series[2].query_hash);
    nas_table_free(table);
    nas_arena_free(arena);
}

static bool stop_after(void *context, int method, int run_index)
{
    (void)method;
    return run_index + 1 < *(int *)context;
}

static void interruption_keeps_what_is_there(void **state)
{
    (void)state;
    int runs = 3;
    nas_arena *arena = nas_arena_new();
    nas_table *table = bench_table(false);
    nas_bench_method methods[] = {
        {.strategy = nas_strategy_find("random"),
         .scheduler = nas_scheduler_find("none")},
        {.strategy = nas_strategy_find("evolution"),
         .scheduler = nas_scheduler_find("none")},
    };
    nas_bench_options options = {.table = table,
                                 .methods = methods,
                                 .n_methods = 2,
                                 .budget = {.queries = 20},
                                 .runs = 50,
                                 .workers = 1,
                                 .on_run = stop_after,
                                 .context = &runs};
    nas_bench_result r = run(&options, arena);
    assert_true(r.interrupted);
    assert_int_equal(r.n_methods, 1);
    assert_int_equal(r.series[0].runs, 3);
    assert_true(r.series[0].points[2].test > 50);
    nas_table_free(table);
    nas_arena_free(arena);
}

static void the_document_reads_back(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_arena *arena = nas_arena_new();
    nas_table *table = bench_table(false);
    nas_bench_method method = {.strategy = nas_strategy_find("random"),
                               .scheduler = nas_scheduler_find("none")};
    nas_bench_options options = {.table = table,
                                 .methods = &method,
                                 .n_methods = 1,
                                 .budget = {.queries = 30},
                                 .runs = 4,
                                 .workers = 1};
    nas_bench_result r = run(&options, arena);
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_bench_write_json(&options, &r, &json);
    json_t *document = NULL;
    check_ok(nas_json_parse(text.data, text.length, "bench", &document, &err), err);
    json_t *series = json_array_get(json_object_get(document, "methods"), 0);
    json_t *curve = json_object_get(series, "curve");
    assert_int_equal(json_array_size(curve), 4);
    json_t *last = json_array_get(curve, 3);
    assert_true(json_number_value(json_object_get(last, "at")) == 30);
    assert_true(json_number_value(json_object_get(last, "test")) ==
                r.series[0].points[3].test);
    assert_int_equal(json_integer_value(
                         json_object_get(json_object_get(document, "table"), "networks")),
                     nas_table_networks(table));
    json_decref(document);
    nas_text_free(&text);
    nas_table_free(table);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_one_trace),
        cmocka_unit_test(methods_are_held_against_each_other),
        cmocka_unit_test(the_exact_front_is_one),
        cmocka_unit_test(methods_may_have_options),
        cmocka_unit_test(seconds_and_epochs_are_axes),
        cmocka_unit_test(interruption_keeps_what_is_there),
        cmocka_unit_test(the_document_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
