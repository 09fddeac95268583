/* covers: mattered.c, near.c, answers.c, looks.c, generalise.c, timeline.c, network.c */
/* covers: surrogate.c */
/* A study with everything: each section says what the study holds. */
#include "check.h"

#include "nasmith/explain.h"
#include "nasmith/file.h"
#include "nasmith/report.h"

#include <math.h>
#include <string.h>

typedef struct rich {
    nas_study *study;
    nas_space *space;
    nas_arena *arena;
    nas_finalist finalist;
    nas_search_result result;
    int64_t front[1];
} rich;

static const nas_space_context CONTEXT = {.input = {1, 8, 8}, .n_outputs = 3};

static void create(rich *r)
{
    nas_err err = {0};
    memset(r, 0, sizeof *r);
    r->arena = nas_arena_new();
    check_ok(nas_space_load("image-cnn", &CONTEXT, &r->space, &err), err);
    nas_study_settings s = {.data_path = "digits",
                            .space_name = "image-cnn",
                            .space_text = nas_space_text(r->space),
                            .space_hash = nas_space_hash(r->space),
                            .space_context = CONTEXT,
                            .limits = {.ram_bytes = 65536},
                            .metric = "accuracy",
                            .strategy = "evolution",
                            .strategy_json = "{}",
                            .scheduler = "none",
                            .scheduler_json = "{}",
                            .recipe_json = "{}",
                            .ladder = {.rung = {{1, 4, 0}}, .n = 1},
                            .version = "0.1.0",
                            .cpu = "test"};
    check_ok(nas_study_create(":memory:", &s, &r->study, &err), err);
}

static const char *text_of(nas_text *text, nas_arena *arena)
{
    const char *copy = nas_arena_strdup(arena, nas_text_string(text));
    nas_text_free(text);
    return copy;
}

/* A trial of a random network; deeper ones score better. @return its id */
static int64_t add_trial(rich *r, uint64_t seed, int64_t parent)
{
    nas_err err = {0};
    nas_rng rng = nas_rng_new(seed, 6);
    nas_text decisions = {0}, graph_text = {0};
    nas_graph *graph = NULL;
    bool got = false, found = false;
    nas_candidate *c = nas_space_sample(r->space, &rng, r->arena);
    if (nas_space_decode(r->space, c, &graph, &err) != NAS_OK)
        return 0;
    nas_json json = nas_json_writer(&decisions, 0);
    nas_candidate_write_json(r->space, c, &json);
    json = nas_json_writer(&graph_text, 0);
    nas_graph_write_json(graph, &json);
    nas_trial_spec trial = {.recipe = "{}",
                            .key = nas_space_key(r->space, c),
                            .graph_hash = nas_graph_hash(graph),
                            .parents = {parent, 0}};
    trial.decisions = text_of(&decisions, r->arena);
    trial.graph = text_of(&graph_text, r->arena);
    check_ok(nas_cost_of(graph, NAS_FLOAT32, NULL, NULL, &trial.cost, &err), err);
    double score = 0.7 + 0.012 * nas_graph_count(graph) + 0.002 * nas_rng_normal(&rng);
    nas_graph_free(graph);
    nas_study_step step = {
        .owner = "me", .trial = &trial, .evaluation = {.fraction = 1, .epochs = 4}};
    int64_t id = 0;
    check_ok(nas_study_lease(r->study, "asker", "me", 30, &got, &err), err);
    check_ok(nas_study_step_commit(r->study, &step, &got, &id, &err), err);
    nas_claim claim = {0};
    check_ok(nas_study_claim(r->study, "box/0", 30, r->arena, &claim, &found, &err), err);
    if (!found) /* answered from the study */
        return id;
    nas_curve_point curve[] = {{1, 1.5, (double)NAN}, {4, 0.75, score}};
    nas_job_result result = {.outcome = NAS_OUTCOME_DONE,
                             .validation = {score, score - 0.02, score + 0.02, 0.01, 300},
                             .curve = curve,
                             .n_curve = 2,
                             .seconds = 1.25};
    check_ok(nas_study_finish(r->study, "box/0", &claim, &result, &got, &err), err);
    return id;
}

/* An explanation as nas_explain_network writes it. */
static const char *explanation(const rich *r, const char *looks)
{
    return nas_arena_printf(
        r->arena,
        "{\"schema\":1,\"trial\":%lld,\"as_searched\":true,\"rows\":300,"
        "\"labels\":[\"cat\",\"d<og\",\"eel\"],\"repeated_rows\":7,"
        "\"validation\":{\"rows\":300,\"confusion\":[[90,10,0],[3,97,0],[0,0,100]],"
        "\"calibration\":{\"ece\":0.08,\"temperature\":1.5,\"ece_scaled\":0.02,\"bins\":["
        "{"
        "\"confidence\":0.55,\"accuracy\":0.5,\"n\":20},{\"confidence\":0.95,"
        "\"accuracy\":0.9,\"n\":280}]}},"
        "\"groups\":[{\"group\":4,\"value\":0.9,\"low\":0.8,\"high\":0.95,\"n\":150},"
        "{\"group\":9,\"value\":0.6,\"low\":0.5,\"high\":0.7,\"n\":150}],"
        "\"hardest\":[{\"row\":17,\"truth\":\"cat\",\"answer\":\"eel\","
        "\"confidence\":0.99,\"truth_probability\":0.001}],"
        "\"unsure\":[{\"row\":18,\"truth\":\"cat\",\"answer\":\"cat\","
        "\"confidence\":0.5,\"truth_probability\":0.5}],%s,"
        "\"corruptions\":[{\"name\":\"noise\",\"unit\":\"of x\",\"levels\":[{\"level\":0,"
        "\"value\":0.9,\"low\":0.87,\"high\":0.93,\"n\":300},{\"level\":0.4,"
        "\"value\":0.7,\"low\":0.65,\"high\":0.75,\"n\":300}]}]}",
        (long long)r->finalist.trial, looks);
}

static const char IMAGE[] = "\"occlusion\":{\"height\":2,\"width\":2,\"patch\":2,"
                            "\"rows\":64,\"map\":[0.5,0,-0.1,0."
                            "2],\"examples\":[{\"row\":3,\"map\":[0.5,0,0,0]}]},"
                            "\"gradients\":{\"rows\":9,\"gap\":"
                            "0.01,\"map\":[1,0,0,0.5]}";
static const char SERIES[] =
    "\"occlusion\":{\"height\":1,\"width\":4,\"patch\":2,\"rows\":64,\"map\":[0.5,0,-0.1,"
    "0."
    "2],\"channels\":[0.3,0.01],\"channel_errors\":[0.02,0.01],\"examples\":[]}";
static const char TABLE[] = "\"effects_on\":\"d<og\",\"columns\":[{\"name\":\"age\","
                            "\"loss\":0.2,\"deviation\":0.01,"
                            "\"at\":[1,2,3],\"effect\":[-0.1,0,0.1]},{\"name\":\"b&w\","
                            "\"loss\":0,\"deviation\":0}]";

static void fill(rich *r, uint64_t trials)
{
    int64_t last = 0;
    create(r);
    for (uint64_t seed = 0; seed < trials; seed++) {
        int64_t id = add_trial(r, seed, last);
        last = id > 0 ? id : last;
    }
    r->finalist = (nas_finalist){
        .trial = last,
        .role = "best",
        .validation = {0.96, 0.955, 0.965, 0.01, 300},
        .as_searched_test = {0.91, 0.88, 0.93, 0.01, 270},
        .test = {0.92, 0.90, 0.94, 0.01, 270},
        .opening = 1,
        .cost = {.params = 4000, .macs = 6000, .ram_bytes = 30000, .flash_bytes = 20000},
        .measured_latency_ms = 0.385};
    r->front[0] = last;
    r->result = (nas_search_result){.finalists = &r->finalist,
                                    .n_finalists = 1,
                                    .front = r->front,
                                    .n_front = 1,
                                    .random_estimate = 0.91,
                                    .stop_reason = "80 trials",
                                    .seconds = 75};
}

static void empty(rich *r)
{
    nas_study_close(r->study);
    nas_space_free(r->space);
    nas_arena_free(r->arena);
}

static char *report_of(rich *r, const char *looks)
{
    nas_err err = {0};
    char folder[64], path[128], *text = NULL;
    size_t bytes = 0;
    nas_report_options options = nas_report_options_default();
    if (looks != NULL)
        check_ok(nas_study_put(r->study, NAS_EXPLAIN_ENTRY, explanation(r, looks), &err),
                 err);
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/report.html", folder);
    check_ok(nas_report_write(r->study, &r->result, &options, path, &err), err);
    check_ok(nas_file_read(path, 0, &text, &bytes, &err), err);
    check_ok(nas_file_remove(folder, &err), err);
    return text;
}

static void wants(const char *html, const char *const *wanted, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strstr(html, wanted[i]) == NULL)
            fail_msg("the report lacks: %s", wanted[i]);
    const char *nan = strstr(html, "nan");
    if (nan != NULL)
        fail_msg("a number is none: %.100s", nan - 60);
    assert_null(strstr(html, "d<og"));
    assert_null(strstr(html, "(null)"));
}

static void every_section_says_what_the_study_holds(void **state)
{
    (void)state;
    nas_err err = {0};
    rich r;
    fill(&r, 200);
    check_ok(nas_study_put(r.study, NAS_ABLATION_ENTRY,
                           nas_arena_printf(
                               r.arena,
                               "{\"schema\":1,\"trial\":%lld,\"fraction\":1,\"rounds\":3,"
                               "\"epochs\":2,\"rows\":300,\"whole\":[0.9,0.91,0.92],"
                               "\"parts\":[{\"what\":"
                               "\"stage1\",\"loss\":0.034,\"low\":0.02,\"high\":0.05,"
                               "\"params\":3000,\"macs\":4000}],\"learning\":[{"
                               "\"rows\":100,\"value\":0.8,\"low\":0.77,\"high\":0.83"
                               "},{\"rows\":200,\"value\":0.9,\"low\":0.88,\"high\":"
                               "0.92}]}",
                               (long long)r.finalist.trial),
                           &err),
             err);
    char *html = report_of(&r, IMAGE);
    static const char *const WANTED[] = {
        "id=\"mattered\"",
        "For being among the best tenth",
        "What each choice does",
        "id=\"pairs\"",
        "id=\"parallel\"",
        "class=\"pl s4\"",
        "id=\"surrogate\"",
        "tau",
        "id=\"timeline\"",
        "box/0",
        "id=\"gallery\"",
        "Memory over time",
        "Tensors at the peak",
        "One change away",
        "Where it comes from",
        "What its parts do",
        "+3.4 points",
        "Would more data help?",
        "By group",
        "it serves group 9 worst: 60.0 %",
        "Confusion",
        "d&lt;og",
        "Temperature scaling",
        "too sure of itself",
        "7 of 300",
        "More data would help",
        "integrated gradients",
        "noise, 0.4 of x: 20.0 points",
        "believe the test",
        "trained 3 times from other random weights",
        "nasmith report --seeds",
        "What is lost without each part",
        "Table of all networks",
        "Would a model have helped",
        "Tensors in the arena",
        "share of MACs</th><th scope=\"col\">RAM</th></tr>",
        "href=\"#mattered\""};
    for (size_t i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++)
        if (strstr(html, WANTED[i]) == NULL)
            fail_msg("the report lacks: %s", WANTED[i]);
    wants(html, NULL, 0);
    assert_true(strlen(html) < 400000);
    nas_heap_free(html);
    empty(&r);
}

static void series_and_tables_have_their_own_pictures(void **state)
{
    (void)state;
    rich r;
    fill(&r, 80);
    char *html = report_of(&r, SERIES);
    static const char *const OF_SERIES[] = {"over time", "channel 1", "class=\"band\""};
    wants(html, OF_SERIES, 3);
    nas_heap_free(html);
    html = report_of(&r, TABLE);
    static const char *const OF_TABLES[] = {"What each column gives", "b&amp;w",
                                            "Accumulated local effects"};
    wants(html, OF_TABLES, 3);
    nas_heap_free(html);
    empty(&r);
}

static void without_an_explanation_its_sections_are_absent(void **state)
{
    (void)state;
    rich r;
    fill(&r, 80);
    char *html = report_of(&r, NULL);
    assert_null(strstr(html, "id=\"answers\""));
    assert_null(strstr(html, "id=\"looks\""));
    assert_non_null(strstr(html, "id=\"mattered\""));
    nas_heap_free(html);
    empty(&r);
}

static void a_plot_can_be_had_alone(void **state)
{
    (void)state;
    nas_err err = {0};
    rich r;
    char folder[64], path[128], *text = NULL;
    size_t bytes = 0;
    fill(&r, 80);
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/p.svg", folder);
    for (int i = 0; nas_report_plot_name(i) != NULL; i++) {
        const char *name = nas_report_plot_name(i);
        assert_non_null(nas_report_plot_summary(i));
        nas_status status = nas_report_write_plot(r.study, &r.result, name, path, &err);
        if (strcmp(name, "looks") == 0 || strcmp(name, "answers") == 0) {
            assert_int_equal(status, NAS_E_USAGE); /* nothing was explained */
            continue;
        }
        check_ok(status, err);
        check_ok(nas_file_read(path, 0, &text, &bytes, &err), err);
        assert_int_equal(strncmp(text, "<svg xmlns=", 11), 0);
        assert_int_equal(strcmp(text + bytes - 7, "</svg>\n"), 0);
        assert_non_null(strstr(text, "<style>"));
        nas_heap_free(text);
    }
    assert_int_equal(nas_report_write_plot(r.study, &r.result, "fronts", path, &err),
                     NAS_E_USAGE);
    assert_non_null(strstr(err.hint, "front"));
    check_ok(nas_file_remove(folder, &err), err);
    empty(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_section_says_what_the_study_holds),
        cmocka_unit_test(series_and_tables_have_their_own_pictures),
        cmocka_unit_test(without_an_explanation_its_sections_are_absent),
        cmocka_unit_test(a_plot_can_be_had_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
