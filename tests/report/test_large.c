/* Reports of large studies, made from NAS-Bench-201: their size and their time. */
#include "check.h"

#include "nasmith/clock.h"
#include "nasmith/explain.h"
#include "nasmith/file.h"
#include "nasmith/report.h"
#include "nasmith/table.h"

#include <math.h>
#include <string.h>

enum { EPOCHS = 12, SIDE = 32 };

/* A tenth of what the machine gives without sanitizers, about. */
#ifdef __SANITIZE_ADDRESS__
static const double MOST_SECONDS = 50;
#else
static const double MOST_SECONDS = 5;
#endif

typedef struct large {
    nas_table *table;
    nas_study *study;
    nas_arena *arena;
    nas_finalist finalist;
    nas_search_result result;
    int64_t front[3];
    double best;
} large;

static const char *text_of(nas_text *text, nas_arena *arena)
{
    const char *copy = nas_arena_strdup(arena, nas_text_string(text));
    nas_text_free(text);
    assert_non_null(copy);
    return copy;
}

static void create(large *l)
{
    nas_err err = {0};
    const nas_space *space = nas_table_space(l->table);
    nas_study_settings s = {.data_path = "cifar10",
                            .space_name = "nasbench201",
                            .space_text = nas_space_text(space),
                            .space_hash = nas_space_hash(space),
                            .space_context = {.input = {3, SIDE, SIDE}, .n_outputs = 10},
                            .limits = {.ram_bytes = 1 << 20},
                            .metric = "accuracy",
                            .strategy = "evolution",
                            .strategy_json = "{}",
                            .scheduler = "none",
                            .scheduler_json = "{}",
                            .recipe_json = "{}",
                            .ladder = {.rung = {{1, EPOCHS, 0}}, .n = 1},
                            .version = "0.1.0",
                            .cpu = "test"};
    check_ok(nas_study_create(":memory:", &s, &l->study, &err), err);
}

static nas_trial_spec trial_of(const large *l, const nas_candidate *c,
                               const nas_graph *graph, int64_t network)
{
    const nas_space *space = nas_table_space(l->table);
    nas_text decisions = {0}, graph_text = {0};
    nas_json json = nas_json_writer(&decisions, 0);
    nas_candidate_write_json(space, c, &json);
    json = nas_json_writer(&graph_text, 0);
    nas_graph_write_json(graph, &json);
    nas_cost cost = nas_table_cost(l->table, network);
    cost.ram_bytes = 65536 + cost.macs / 1000;
    cost.flash_bytes = 4 * cost.params;
    nas_trial_spec out = {.recipe = "{}",
                          .key = nas_space_key(space, c),
                          .graph_hash = nas_graph_hash(graph),
                          .cost = cost};
    out.decisions = text_of(&decisions, l->arena);
    out.graph = text_of(&graph_text, l->arena);
    return out;
}

/* One network of the table, as a worker would have trained it.
 * @return false for a cell without a path: such a one is never trained */
static bool add(large *l, int64_t index, int worker)
{
    nas_err err = {0};
    nas_candidate *c = nas_space_at(nas_table_space(l->table), index, l->arena);
    const int64_t network = nas_table_find(l->table, c);
    const double score = nas_table_score(l->table, network, 0);
    nas_graph *graph = NULL;
    if (nas_space_decode(nas_table_space(l->table), c, &graph, &err) != NAS_OK)
        return false;
    nas_trial_spec trial = trial_of(l, c, graph, network);
    nas_graph_free(graph);
    nas_study_step step = {
        .owner = "me", .trial = &trial, .evaluation = {.fraction = 1, .epochs = EPOCHS}};
    nas_curve_point curve[EPOCHS];
    bool got = false, found = false;
    int64_t id = 0;
    char name[16];
    (void)snprintf(name, sizeof name, "box/%d", worker);
    for (int e = 0; e < EPOCHS; e++)
        curve[e] = (nas_curve_point){e + 1.0, (1 - score) * 2.385 / (e + 1), (double)NAN};
    check_ok(nas_study_lease(l->study, "asker", "me", 30, &got, &err), err);
    check_ok(nas_study_step_commit(l->study, &step, &got, &id, &err), err);
    nas_claim claim = {0};
    check_ok(nas_study_claim(l->study, name, 30, l->arena, &claim, &found, &err), err);
    nas_job_result result = {
        .outcome = NAS_OUTCOME_DONE,
        .validation = {score, score - 0.006, score + 0.006, 0.003, 10000},
        .curve = curve,
        .n_curve = EPOCHS,
        .seconds = 23.85};
    if (found)
        check_ok(nas_study_finish(l->study, name, &claim, &result, &got, &err), err);
    if (score > l->best) {
        l->best = score;
        l->finalist.trial = id;
        l->finalist.cost = trial.cost;
    }
    return true;
}

/* What is explained of a network of 32 x 32 pixels and ten classes is the same for any
 * number of trials. */
static void explain(const large *l)
{
    nas_err err = {0};
    nas_text text = {0};
    nas_text_printf(
        &text,
        "{\"schema\":1,\"trial\":%lld,\"as_searched\":true,\"rows\":5000,"
        "\"labels\":[\"a\",\"b\"],\"validation\":{\"rows\":2,\"confusion\":"
        "[[1,0],[0,1]]},\"occlusion\":{\"height\":32,\"width\":32,\"patch\":5,"
        "\"rows\":64,\"map\":[",
        (long long)l->finalist.trial);
    for (int i = 0; i < SIDE * SIDE; i++) /* patches overlap: the map is smooth */
        nas_text_printf(&text, "%s%.4f", i > 0 ? "," : "",
                        sin(i / SIDE / 6.0) * sin(i % SIDE / 6.0) / 10);
    nas_text_puts(&text, "]},\"gradients\":{\"rows\":64,\"gap\":0,\"map\":[");
    for (int i = 0; i < SIDE * SIDE; i++)
        nas_text_printf(&text, "%s%.4f", i > 0 ? "," : "", cos(i) / 10);
    nas_text_puts(&text, "]}}");
    check_ok(nas_study_put(l->study, NAS_EXPLAIN_ENTRY, nas_text_string(&text), &err),
             err);
    nas_text_free(&text);
}

static void report_of(int trials, size_t most_bytes)
{
    const char *data = nas_test_data("nb201/nb201.csv.gz"); /* skips where it is absent */
    nas_err err = {0};
    large l = {.arena = nas_arena_new(), .best = 0};
    char folder[64], path[128], *html = NULL;
    size_t bytes = 0;
    check_ok(nas_table_load(data, NULL, &l.table, &err), err);
    create(&l);
    l.finalist = (nas_finalist){
        .role = "best", .as_searched_test = nas_score_none(0), .measured_latency_ms = -1};
    for (int64_t i = 0, n = 0; n < trials; i++)
        n += add(&l, i * 7919 % 15625, (int)(n % 4));
    l.finalist.validation =
        (nas_score){l.best, l.best - 0.006, l.best + 0.006, 0.003, 10000};
    l.finalist.test = l.finalist.validation;
    l.result = (nas_search_result){.finalists = &l.finalist,
                                   .n_finalists = 1,
                                   .front = l.front,
                                   .n_front = 1,
                                   .random_estimate = 0.91,
                                   .stop_reason = "all trials",
                                   .seconds = 3850};
    l.front[0] = l.finalist.trial;
    explain(&l);
    nas_report_options options = nas_report_options_default();
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/report.html", folder);
    double start = nas_clock_monotonic_s();
    check_ok(nas_report_write(l.study, &l.result, &options, path, &err), err);
    double seconds = nas_clock_monotonic_s() - start;
    check_ok(nas_file_read(path, 0, &html, &bytes, &err), err);
    print_message("%d trials: %zu bytes in %.2f s\n", trials, bytes, seconds);
    if (getenv("NASMITH_KEEP_REPORT") != NULL)
        check_ok(nas_file_write(getenv("NASMITH_KEEP_REPORT"), html, bytes, &err), err);
    assert_true(bytes < most_bytes);
    assert_true(seconds < MOST_SECONDS);
    assert_non_null(strstr(html, "id=\"mattered\""));
    nas_heap_free(html);
    check_ok(nas_file_remove(folder, &err), err);
    nas_study_close(l.study);
    nas_table_free(l.table);
    nas_arena_free(l.arena);
}

static void two_hundred_trials_fit_in_400_kb(void **state)
{
    (void)state;
    report_of(200, 400000);
}

static void a_thousand_trials_fit_in_a_megabyte_and_five_seconds(void **state)
{
    (void)state;
    report_of(1000, 1000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_hundred_trials_fit_in_400_kb),
        cmocka_unit_test(a_thousand_trials_fit_in_a_megabyte_and_five_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
