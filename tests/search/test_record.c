/* covers: record.c, json.c
 * What a finished round leaves in the study, and the documents made of it. */
#include "search/record.h"

#include "fake.h"

static nas_score score_of(double value)
{
    return (nas_score){
        .value = value, .low = value - 0.03, .high = value + 0.02, .n = 85};
}

static nas_search_result result_of(fake *f, int64_t trial)
{
    static nas_finalist finalists[2];
    static nas_baseline_result baselines[2];
    static int64_t front[2];
    finalists[0] = (nas_finalist){.trial = trial,
                                  .role = "best",
                                  .validation = score_of(0.9),
                                  .as_searched_test = nas_score_none(0),
                                  .test = score_of(0.85),
                                  .opening = 2,
                                  .cost = fake_cost(77),
                                  .measured_latency_ms = 0.385,
                                  .model_path = "out/best.nasm",
                                  .onnx_path = "out/best.onnx",
                                  .onnx_check = {.n = 256, .max_error = 3e-7},
                                  .c_check = {.compiled = true, .compiler = "cc 12"},
                                  .refit_epochs = 12};
    finalists[1] = finalists[0];
    finalists[1].role = "knee";
    finalists[1].saved =
        (nas_clean_saved){.channels = 3, .nodes = 1, .params = 55, .macs = 660};
    finalists[1].cost.macs = 17;
    finalists[1].cost.ram_bytes = 5;
    baselines[0] = (nas_baseline_result){
        .name = "majority", .validation = score_of(0.4), .test = score_of(0.41)};
    baselines[1] = (nas_baseline_result){.name = "standard",
                                         .validation = score_of(0.8),
                                         .test = nas_score_none(0),
                                         .params = 30001};
    front[0] = trial;
    return (nas_search_result){.finalists = finalists,
                               .n_finalists = 2,
                               .front = front,
                               .n_front = 1,
                               .baselines = baselines,
                               .n_baselines = 2,
                               .random_estimate = 0.72,
                               .stop_reason = "time is up",
                               .seconds = 59.5,
                               .arena = f->arena};
}

static void same_finalist(const nas_finalist *a, const nas_finalist *b)
{
    assert_int_equal(a->trial, b->trial);
    assert_string_equal(a->role, b->role);
    assert_true(a->validation.value == b->validation.value &&
                a->validation.low == b->validation.low && a->test.n == b->test.n &&
                a->test.high == b->test.high);
    assert_true(isnan(b->as_searched_test.value));
    assert_int_equal(a->opening, b->opening);
    assert_true(a->measured_latency_ms == b->measured_latency_ms);
    assert_string_equal(a->onnx_path, b->onnx_path);
    assert_null(b->c_path);
    assert_int_equal(a->onnx_check.n, b->onnx_check.n);
    assert_true(a->onnx_check.max_error == b->onnx_check.max_error);
    assert_true(b->c_check.compiled);
    assert_string_equal(a->c_check.compiler, b->c_check.compiler);
    assert_int_equal(a->refit_epochs, b->refit_epochs);
    assert_int_equal(a->cost.macs, b->cost.macs);
}

static void test_round_trip(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    bool found = true;
    fake_open(&f);
    nas_search_result read = {.arena = f.arena};
    check_ok(nas_record_read(f.run.study, &read, &found, &err), err);
    assert_false(found);
    nas_search_result written = result_of(&f, fake_full(&f, 1, 77, 0.9, 1.0));
    check_ok(nas_record_write(f.run.study, &written, &err), err);
    check_ok(nas_record_read(f.run.study, &read, &found, &err), err);
    assert_true(found);
    assert_int_equal(read.n_finalists, 2);
    same_finalist(&written.finalists[0], &read.finalists[0]);
    same_finalist(&written.finalists[1], &read.finalists[1]);
    assert_int_equal(read.finalists[0].saved.channels, 0);
    assert_memory_equal(&read.finalists[1].saved, &written.finalists[1].saved,
                        sizeof(nas_clean_saved));
    assert_int_equal(read.finalists[1].cost.ram_bytes, 5);
    assert_int_equal(read.n_baselines, 2);
    assert_string_equal(read.baselines[1].name, "standard");
    assert_int_equal(read.baselines[1].params, 30001);
    assert_true(isnan(read.baselines[1].test.value));
    assert_true(read.random_estimate == 0.72 && read.seconds == 59.5);
    assert_string_equal(read.stop_reason, "time is up");
    fake_close(&f);
}

static json_t *document_of(fake *f, const nas_search_result *result)
{
    nas_err err = {0};
    nas_text text = {0};
    json_t *out = NULL;
    nas_json json = nas_json_writer(&text, 2);
    if (result != NULL)
        check_ok(nas_search_write_json(result, f->run.study, &json, &err), err);
    else
        check_ok(nas_trials_write_json(f->run.study, &json, &err), err);
    check_ok(nas_json_parse(text.data, text.length, "document", &out, &err), err);
    nas_text_free(&text);
    return out;
}

/* The keys that are promised. */
static void test_search_document(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"schema", "study",   "task",        "metric",
                                       "trials", "best",    "evaluations", "front",
                                       "files",  "seconds", "baselines"};
    static const char *const BEST[] = {"trial",       "validation",  "test",
                                       "params",      "macs",        "ram_bytes",
                                       "arena_bytes", "flash_bytes", "latency_ms"};
    fake f;
    fake_open(&f);
    nas_search_result r = result_of(&f, fake_full(&f, 1, 77, 0.9, 1.0));
    r.counts = (nas_study_counts){.proposed = 5, .scored = 4, .done = 9};
    json_t *document = document_of(&f, &r);
    for (size_t i = 0; i < sizeof KEYS / sizeof KEYS[0]; i++)
        assert_non_null(json_object_get(document, KEYS[i]));
    json_t *best = json_object_get(document, "best");
    for (size_t i = 0; i < sizeof BEST / sizeof BEST[0]; i++)
        assert_non_null(json_object_get(best, BEST[i]));
    assert_true(json_is_null(json_object_get(best, "latency_ms")));
    assert_true(json_is_null(json_object_get(best, "as_searched_test")));
    json_t *test = json_object_get(best, "test");
    assert_int_equal(json_integer_value(json_object_get(test, "opening")), 2);
    json_decref(document);
    r.n_finalists = 0;
    r.n_front = 0;
    document = document_of(&f, &r);
    assert_true(json_is_null(json_object_get(document, "best")));
    json_t *files = json_object_get(document, "files");
    assert_true(json_is_null(json_object_get(files, "onnx")));
    json_decref(document);
    fake_close(&f);
}

static const char *text_of(const json_t *list, size_t index, const char *key)
{
    return json_string_value(json_object_get(json_array_get(list, index), key));
}

static void test_trials_document(void **state)
{
    (void)state;
    fake f;
    fake_open(&f);
    int64_t full = fake_full(&f, 1, 77, 0.9, 1.0);
    (void)fake_trial(&f, 2, 50, true);
    (void)fake_finish(&f, NAS_OUTCOME_DIVERGED, 0.0, 1.0);
    (void)fake_trial(&f, 3, 50, false);
    json_t *document = document_of(&f, NULL);
    json_t *trials = json_object_get(document, "trials");
    assert_int_equal(json_array_size(trials), 3);
    assert_string_equal(text_of(trials, 0, "state"), "full");
    assert_string_equal(text_of(trials, 1, "state"), "failed");
    assert_string_equal(text_of(trials, 2, "state"), "queued");
    json_t *first = json_array_get(trials, 0);
    assert_int_equal(json_integer_value(json_object_get(first, "trial")), full);
    json_t *evaluations = json_object_get(first, "evaluations");
    assert_int_equal(json_array_size(evaluations), 2);
    int rung = 0, epochs = 0, fold = 1, repeat = 1;
    double fraction = 0.0, value = 0.0;
    const char *word = NULL;
    assert_int_equal(json_unpack(json_array_get(evaluations, 1),
                                 "{s:i,s:F,s:i,s:i,s:i,s:s,s:F}", "rung", &rung,
                                 "fraction", &fraction, "epochs", &epochs, "fold", &fold,
                                 "repeat", &repeat, "state", &word, "value", &value),
                     0);
    assert_true(rung == 1 && fraction == 1.0 && epochs == 2 && fold == 0 && repeat == 0);
    assert_string_equal(word, "done");
    assert_true(value == 0.9);
    json_t *failed = json_object_get(json_array_get(trials, 1), "evaluations");
    assert_string_equal(text_of(failed, 0, "outcome"), "diverged");
    assert_true(json_is_null(json_object_get(json_array_get(failed, 0), "value")));
    json_decref(document);
    fake_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_search_document),
        cmocka_unit_test(test_trials_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
