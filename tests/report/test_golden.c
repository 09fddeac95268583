/* Drawings and a page byte for byte: tests/report/golden. NASMITH_UPDATE_GOLDEN writes
 * what is found; look at the difference before committing it. */
#include "check.h"

#include "nasmith/file.h"
#include "nasmith/report.h"
#include "report/charts.h"
#include "report/diagram.h"
#include "report/svg.h"

#include <math.h>
#include <string.h>

static void same_as_golden(const char *name, const char *found)
{
    nas_err err = {0};
    char path[128], *expected = NULL;
    size_t bytes = 0;
    (void)snprintf(path, sizeof path, "tests/report/golden/%s", name);
    if (getenv("NASMITH_UPDATE_GOLDEN") != NULL)
        check_ok(nas_file_write(nas_test_source(path), found, strlen(found), &err), err);
    check_ok(nas_file_read(nas_test_source(path), 0, &expected, &bytes, &err), err);
    size_t at = 0;
    while (found[at] != '\0' && found[at] == expected[at])
        at++;
    if (found[at] != expected[at])
        fail_msg("differs from %s at byte %zu: expected %.60s, found %.60s", path, at,
                 expected + at, found + at);
    nas_heap_free(expected);
}

static void finish(const char *name, nas_text *text)
{
    same_as_golden(name, nas_text_string(text));
    nas_text_free(text);
}

/* ---- charts ------------------------------------------------------------ */

static void bars(void **state)
{
    (void)state;
    nas_text text = {0};
    const nas_bar bar[] = {
        {.label = "depth of <stage 2>", .value = 0.412, .low = 0.38, .high = 0.444},
        {.label = "kernel",
         .value = 0.05,
         .low = 0,
         .high = 0.1,
         .note = "may be chance"},
        {.label = "a very long name of a decision, cut in its middle",
         .value = -0.021,
         .low = (double)NAN,
         .high = (double)NAN,
         .style = "bar2"}};
    const nas_bars chart = {.title = "Importance",
                            .description = "Share of the variance.",
                            .bar = bar,
                            .n = 3,
                            .percent = true};
    nas_chart_bars(&text, &chart);
    finish("bars.html", &text);
}

static void heat_maps(void **state)
{
    (void)state;
    nas_text text = {0};
    static const char *const ROWS[] = {"8", "16|wide"}, *const COLUMNS[] = {"3", "5",
                                                                            "7"};
    const double effect[] = {-0.012, 0.0385, 0.002, (double)NAN, 0.021, -0.03};
    const nas_heat named = {.title = "out × kernel",
                            .description = "Score less the mean.",
                            .row_label = "out",
                            .column_label = "kernel",
                            .row = ROWS,
                            .column = COLUMNS,
                            .rows = 2,
                            .columns = 3,
                            .value = effect,
                            .diverging = true,
                            .numbers = true,
                            .percent = true};
    nas_chart_heat(&text, &named);
    double map[14 * 14];
    for (int i = 0; i < 14 * 14; i++)
        map[i] = i / 14 == i % 14 ? 0.385 : i % 7 == 3 ? -0.1 : 0;
    const nas_heat places = {.title = "What answers hang on",
                             .description = "Fall of the probability.",
                             .rows = 14,
                             .columns = 14,
                             .value = map,
                             .diverging = true,
                             .width = 280};
    nas_chart_heat(&text, &places);
    finish("heat.html", &text);
}

static void parallel_coordinates(void **state)
{
    (void)state;
    nas_text text = {0};
    static const char *const KINDS[] = {"plain", "separable"};
    const nas_parallel_axis axis[] = {
        {.label = "kind", .low = -0.25, .high = 1.25, .level = KINDS, .n_levels = 2},
        {.label = "MACs", .low = 2385, .high = 381000, .log = true},
        {.label = "accuracy", .low = 0.812, .high = 0.937, .percent = true}};
    const double value[] = {0.1, 2385, 0.812, 0.9, 381000, 0.937, -0.2, (double)NAN, 0.9};
    const int64_t trial[] = {1, 2, 385};
    const int shade[] = {0, 4, 2};
    const nas_parallel chart = {.title = "All networks",
                                .description = "One line each.",
                                .axis = axis,
                                .axes = 3,
                                .value = value,
                                .trial = trial,
                                .shade = shade,
                                .n = 3};
    nas_chart_parallel(&text, &chart);
    finish("parallel.html", &text);
}

static void timeline(void **state)
{
    (void)state;
    nas_text text = {0};
    static const char *const LANES[] = {"box/0", "box/1"};
    const nas_span span[] = {
        {.lane = 0, .from = 0, .to = 23.85, .style = "rung0", .tip = "#1", .trial = 1},
        {.lane = 1, .from = 1.5, .to = 60, .style = "refit", .trial = 2},
        {.lane = 0, .from = 30, .to = 31, .style = "lost", .trial = 3}};
    const nas_timeline chart = {.title = "What each worker did",
                                .description = "One box a training.",
                                .lane = LANES,
                                .lanes = 2,
                                .span = span,
                                .n = 3,
                                .seconds = 75};
    nas_chart_timeline(&text, &chart);
    finish("timeline.html", &text);
}

/* Scatter, staircase, band, interval, level, box and diamond on all kinds of axes. */
static void plots(void **state)
{
    (void)state;
    nas_text text = {0};
    const double x[] = {1500, 23850, 400000}, y[] = {0.71, 0.9, 0.938};
    const double low[] = {0.69, 0.88, 0.92}, high[] = {0.73, 0.92, 0.95};
    const nas_axis macs = {.label = "MACs", .low = 1000, .high = 500000, .log = true};
    const nas_axis score = {.label = "accuracy", .low = 0.65, .high = 1, .percent = true};
    nas_plot plot = nas_plot_begin(&text, 820, 380, macs, score, "Score <against> cost",
                                   "Every network & its score.");
    nas_plot_band(&plot, x, low, high, 3, "band");
    nas_plot_line(&plot, x, y, 3, "frontline", NULL);
    nas_plot_steps(&plot, x, y, 3, "bestline", "best so far");
    nas_plot_interval(&plot, 23850, 0.88, 0.92);
    nas_plot_level(&plot, 0.8, "bad", "limit");
    plot.trial = 385;
    nas_plot_point(&plot, 23850, 0.9, 3, "trial", "#385: 90 %");
    nas_plot_diamond(&plot, 400000, 0.938, 7, "final", NULL);
    nas_plot_point(&plot, (double)NAN, 0.938, 7, "final", NULL);
    nas_plot_end(&plot);
    const nas_axis steps = {.label = "step", .low = 0, .high = 4, .whole = true};
    const nas_axis bytes = {.label = "bytes", .low = 0, .high = 65536, .bytes = true};
    plot = nas_plot_begin(&text, 400, 220, steps, bytes, "Memory", "Boxes are tensors.");
    nas_plot_box(&plot, (double[]){1, 0}, (double[]){3, 23850}, "mem", "input");
    nas_plot_end(&plot);
    const nas_chart_column columns[] = {
        {.name = "MACs", .value = x}, {.name = "accuracy", .value = y, .percent = true}};
    nas_chart_table(&text, "Score against cost", columns, 2, 3);
    finish("plots.html", &text);
}

/* ---- network and page -------------------------------------------------- */

static const char GRAPH[] =
    "{\"format\":\"nasmith-graph\",\"version\":1,\"nodes\":[{\"op\":\"input\",\"shape\":["
    "1,8,8]},{\"op\":\"conv\",\"inputs\":[0],\"out\":4,\"kernel\":3},{\"op\":\"relu\","
    "\"inputs\":[1]},{\"op\":\"conv\",\"inputs\":[2],\"out\":4,\"kernel\":3},{\"op\":"
    "\"add\",\"inputs\":[2,3]},{\"op\":\"global_avg_pool\",\"inputs\":[4]},{\"op\":"
    "\"dense\",\"inputs\":[5],\"out\":10}],\"output\":6}";

static void diagram(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_text text = {0};
    nas_graph *graph = NULL;
    nas_arena *arena = nas_arena_new();
    check_ok(nas_graph_read_json(GRAPH, strlen(GRAPH), "network", &graph, &err), err);
    check_ok(nas_diagram_draw(graph, arena, &text, &err), err);
    check_ok(nas_diagram_table(graph, arena, &text, &err), err);
    finish("diagram.html", &text);
    nas_graph_free(graph);
    nas_arena_free(arena);
}

static void add_trial(nas_study *study, nas_arena *arena, int i)
{
    nas_err err = {0};
    bool got = false, found = false;
    const double score = 0.8 + 0.02385 * i;
    nas_trial_spec trial = {.decisions = "{\"out\":\"4\"}",
                            .graph = GRAPH,
                            .recipe = "{}",
                            .key = (uint64_t)i,
                            .graph_hash = (uint64_t)i,
                            .parents = {i - 1, 0},
                            .cost = {.params = 238,
                                     .macs = 13000 + 1000 * i,
                                     .ram_bytes = 3850,
                                     .flash_bytes = 23850,
                                     .latency_ms = -1}};
    nas_study_step step = {
        .owner = "me", .trial = &trial, .evaluation = {.fraction = 1, .epochs = 2}};
    nas_claim claim = {0};
    check_ok(nas_study_lease(study, "asker", "me", 30, &got, &err), err);
    check_ok(nas_study_step_commit(study, &step, &got, NULL, &err), err);
    check_ok(nas_study_claim(study, "w", 30, arena, &claim, &found, &err), err);
    nas_curve_point curve[] = {{1, 2.385 - 0.1 * i, (double)NAN}, {2, 0.75, (double)NAN}};
    nas_job_result result = {.outcome = NAS_OUTCOME_DONE,
                             .validation = {score, score - 0.02, score + 0.02, 0.01, 300},
                             .curve = curve,
                             .n_curve = 2,
                             .seconds = 1.25};
    check_ok(nas_study_finish(study, "w", &claim, &result, &got, &err), err);
}

/* Without a part that is the same for all reports, or holds times of this run. */
static void cut(char *page, const char *from, const char *to)
{
    char *a = strstr(page, from);
    assert_non_null(a);
    char *b = strstr(a, to);
    assert_non_null(b);
    memmove(a, b + strlen(to), strlen(b + strlen(to)) + 1);
}

static void page(void **state)
{
    (void)state;
    nas_err err = {0};
    char folder[64], path[128], *html = NULL;
    size_t bytes = 0;
    nas_study *study = NULL;
    nas_arena *arena = nas_arena_new();
    nas_study_settings s = {.data_path = "cats & <dogs>",
                            .data_fingerprint = 0x1234abcd,
                            .space_name = "mine",
                            .space_text = "space: mine\n",
                            .space_context = {.input = {1, 8, 8}, .n_outputs = 10},
                            .limits = {.ram_bytes = 65536},
                            .metric = "accuracy",
                            .strategy = "evolution",
                            .strategy_json = "{}",
                            .scheduler = "none",
                            .scheduler_json = "{}",
                            .recipe_json = "{}",
                            .ladder = {.rung = {{1, 2, 0}}, .n = 1},
                            .version = "0.1.0",
                            .cpu = "test"};
    check_ok(nas_study_create(":memory:", &s, &study, &err), err);
    for (int i = 1; i <= 5; i++)
        add_trial(study, arena, i);
    nas_finalist best = {.trial = 5,
                         .role = "best",
                         .validation = {0.919, 0.899, 0.939, 0.01, 300},
                         .as_searched_test = {0.905, 0.88, 0.925, 0.01, 270},
                         .test = {0.9115, 0.89, 0.93, 0.01, 270},
                         .opening = 1,
                         .cost = {.params = 238,
                                  .macs = 18000,
                                  .ram_bytes = 3850,
                                  .flash_bytes = 23850,
                                  .latency_ms = -1},
                         .measured_latency_ms = 0.0385,
                         .refit_epochs = 4};
    int64_t front[] = {1, 5};
    nas_baseline_result majority = {.name = "majority",
                                    .validation = {0.1, 0.08, 0.12, 0.01, 300},
                                    .test = {0.11, 0.09, 0.13, 0.01, 270}};
    nas_search_result result = {.finalists = &best,
                                .n_finalists = 1,
                                .front = front,
                                .n_front = 2,
                                .baselines = &majority,
                                .n_baselines = 1,
                                .random_estimate = 0.9,
                                .stop_reason = "5 trials",
                                .counts = {.scored = 5, .full = 5},
                                .seconds = 75};
    nas_report_options options = nas_report_options_default();
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/report.html", folder);
    check_ok(nas_report_write(study, &result, &options, path, &err), err);
    check_ok(nas_file_read(path, 0, &html, &bytes, &err), err);
    cut(html, "<style>", "</style>\n");
    cut(html, "<script>", "</script>\n");
    cut(html, "<section id=\"timeline\">", "</section>\n");
    same_as_golden("report.html", html);
    nas_heap_free(html);
    check_ok(nas_file_remove(folder, &err), err);
    nas_study_close(study);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bars),     cmocka_unit_test(heat_maps),
        cmocka_unit_test(plots),    cmocka_unit_test(parallel_coordinates),
        cmocka_unit_test(timeline), cmocka_unit_test(diagram),
        cmocka_unit_test(page),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
