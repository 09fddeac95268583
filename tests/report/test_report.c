/* covers: report.c, page.c, sections.c, plots.c, curves.c, trials.c */
#include "check.h"

#include "nasmith/file.h"
#include "nasmith/report.h"

#include <math.h>
#include <string.h>

static const char GRAPH[] =
    "{\"format\":\"nasmith-graph\",\"version\":1,\"nodes\":[{\"op\":\"input\",\"shape\":["
    "1,8,8]},"
    "{\"op\":\"conv\",\"inputs\":[0],\"out\":4,\"kernel\":3},"
    "{\"op\":\"relu\",\"inputs\":[1]},{\"op\":\"global_avg_pool\",\"inputs\":[2]},"
    "{\"op\":\"dense\",\"inputs\":[3],\"out\":10}],\"output\":4}";

static nas_study_settings settings(void)
{
    return (nas_study_settings){
        .data_path = "cats & <dogs>",
        .data_fingerprint = 0x1234abcd,
        .space_name = "image-cnn",
        .space_text = "space: image-cnn\n",
        .space_context = {.input = {1, 8, 8}, .n_outputs = 10},
        .limits = {.ram_bytes = 65536},
        .metric = "accuracy",
        .strategy = "evolution",
        .strategy_json = "{}",
        .scheduler = "asha",
        .scheduler_json = "{}",
        .recipe_json = "{}",
        .ladder = {.rung = {{1, 4, 0}}, .n = 1},
        .version = "0.1.0",
        .cpu = "test",
    };
}

/* One more trial with a score (or a failure for a negative one). */
static void add_trial(nas_study *study, nas_arena *arena, double score)
{
    nas_err err = {0};
    bool got = false, found = false;
    static uint64_t hash;
    hash++;
    nas_trial_spec trial = {
        .decisions = "{\"out\":\"4\"}",
        .graph = GRAPH,
        .recipe = "{}",
        .key = hash,
        .graph_hash = hash,
        .cost = {.params = 4000,
                 .macs = (int64_t)(1000 * hash),
                 .ram_bytes = 30000,
                 .flash_bytes = 20000,
                 .latency_ms = -1},
    };
    nas_study_step step = {
        .owner = "me", .trial = &trial, .evaluation = {.fraction = 1, .epochs = 4}};
    check_ok(nas_study_lease(study, "asker", "me", 30, &got, &err), err);
    check_ok(nas_study_step_commit(study, &step, &got, NULL, &err), err);
    nas_claim claim = {0};
    check_ok(nas_study_claim(study, "w", 30, arena, &claim, &found, &err), err);
    assert_true(found);
    nas_curve_point curve[] = {{1, 1.5, (double)NAN}, {2, 0.75, (double)NAN}};
    nas_job_result result = {
        .outcome = score < 0 ? NAS_OUTCOME_DIVERGED : NAS_OUTCOME_DONE,
        .validation = {.value = score,
                       .low = score - 0.02,
                       .high = score + 0.02,
                       .n = 300},
        .curve = curve,
        .n_curve = 2,
        .seconds = 1.25,
    };
    (void)snprintf(result.reason, sizeof result.reason, "%s",
                   score < 0 ? "loss became NaN" : "");
    check_ok(nas_study_finish(study, "w", &claim, &result, &got, &err), err);
}

static char *write_and_read(nas_study *study, const nas_search_result *result)
{
    nas_err err = {0};
    char folder[64], path[128], *text = NULL;
    size_t bytes = 0;
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/report.html", folder);
    nas_report_options options = nas_report_options_default();
    check_ok(nas_report_write(study, result, &options, path, &err), err);
    check_ok(nas_file_read(path, 0, &text, &bytes, &err), err);
    check_ok(nas_file_remove(folder, &err), err);
    return text;
}

static void a_finished_study_has_every_section(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_study *study = NULL;
    nas_study_settings s = settings();
    nas_arena *arena = nas_arena_new();
    check_ok(nas_study_create(":memory:", &s, &study, &err), err);
    for (int i = 0; i < 6; i++)
        add_trial(study, arena, i == 3 ? -1 : 0.8 + 0.02 * i);
    int64_t front[] = {6};
    nas_finalist finalist = {
        .trial = 6,
        .role = "best",
        .validation = {.value = 0.96, .low = 0.955, .high = 0.965, .n = 300},
        .as_searched_test = {.value = (double)NAN},
        .test = {.value = 0.9234, .low = 0.9, .high = 0.94, .n = 270},
        .opening = 1,
        .cost = {.params = 4000, .macs = 6000, .ram_bytes = 30000, .flash_bytes = 20000},
        .measured_latency_ms = 0.385,
        .onnx_path = "best.onnx",
        .onnx_check = {.n = 256, .max_error = 3e-7},
    };
    nas_baseline_result baseline = {.name = "majority", .validation = {.value = 0.1}};
    nas_search_result result = {.finalists = &finalist,
                                .n_finalists = 1,
                                .front = front,
                                .n_front = 1,
                                .baselines = &baseline,
                                .n_baselines = 1,
                                .random_estimate = 0.91,
                                .stop_reason = "6 trials",
                                .seconds = 75};
    char *html = write_and_read(study, &result);
    static const char *const WANTED[] = {"cats &amp; &lt;dogs&gt;",
                                         "92.34 %",
                                         "believe the test",
                                         "Score against cost",
                                         "History",
                                         "Learning curves",
                                         "The chosen network",
                                         "Beside simpler things",
                                         "Failures",
                                         "loss became NaN",
                                         "All networks in numbers",
                                         "Reproduce",
                                         "29 KiB of 64 KiB",
                                         "class=\"final\"",
                                         "default-src 'none'"};
    for (size_t i = 0; i < sizeof WANTED / sizeof WANTED[0]; i++)
        if (strstr(html, WANTED[i]) == NULL)
            fail_msg("the report lacks: %s", WANTED[i]);
    assert_null(strstr(html, "http://"));
    assert_null(strstr(html, "https://"));
    assert_null(strstr(html, "nan"));
    nas_heap_free(html);
    nas_study_close(study);
    nas_arena_free(arena);
}

static void an_empty_study_still_has_a_report(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_study *study = NULL;
    nas_study_settings s = settings();
    check_ok(nas_study_create(":memory:", &s, &study, &err), err);
    nas_search_result result = {.random_estimate = (double)NAN};
    char *html = write_and_read(study, &result);
    assert_non_null(strstr(html, "No network has been chosen yet"));
    nas_heap_free(html);
    nas_study_close(study);
}

static void an_unwritable_place_is_an_error(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_study *study = NULL;
    nas_study_settings s = settings();
    check_ok(nas_study_create(":memory:", &s, &study, &err), err);
    nas_search_result result = {.random_estimate = (double)NAN};
    nas_report_options options = nas_report_options_default();
    assert_int_equal(
        nas_report_write(study, &result, &options, "/dev/null/report.html", &err),
        NAS_E_IO);
    nas_study_close(study);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_finished_study_has_every_section),
        cmocka_unit_test(an_empty_study_still_has_a_report),
        cmocka_unit_test(an_unwritable_place_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
