/* covers: run.c, setup.c, settings.c, supervisor.c, fleet.c, worker.c, job.c, finish.c
 * Whole searches on a small table, with worker processes. */
#include "world.h"

#include "nasmith/clock.h"
#include "nasmith/report.h"

#include <math.h>
#include <signal.h>

/* ---- same bytes ---------------------------------------------------------- */

static void drop_times(json_t *value)
{
    static const char *const TIMES[] = {"seconds", "started_ms", "finished_ms",
                                        "created_ms"};
    const char *key;
    json_t *member;
    void *next;
    size_t i;
    if (json_is_object(value)) {
        for (size_t k = 0; k < sizeof TIMES / sizeof TIMES[0]; k++)
            (void)json_object_del(value, TIMES[k]);
        json_object_foreach_safe(value, next, key, member) drop_times(member);
    }
    json_array_foreach(value, i, member) drop_times(member);
}

static char *trials_of(const char *study_path)
{
    nas_err err = {0};
    nas_study *study = NULL;
    nas_text text = {0};
    json_t *document = NULL;
    check_ok(nas_study_open(study_path, &study, &err), err);
    nas_json json = nas_json_writer(&text, 0);
    check_ok(nas_trials_write_json(study, &json, &err), err);
    nas_study_close(study);
    check_ok(nas_json_parse(text.data, text.length, "trials", &document, &err), err);
    drop_times(document);
    char *out = json_dumps(document, JSON_INDENT(1) | JSON_SORT_KEYS);
    json_decref(document);
    nas_text_free(&text);
    return out;
}

static void test_same_seed_same_bytes(void **state)
{
    (void)state;
    char *trials[2];
    for (int i = 0; i < 2; i++) {
        world w;
        world_open(&w);
        nas_search_result r = world_run(&w);
        assert_int_equal(r.counts.scored, 4);
        assert_string_equal(r.stop_reason, "4 trials");
        nas_search_result_free(&r);
        trials[i] = trials_of(w.study);
        world_close(&w);
    }
    assert_string_equal(trials[0], trials[1]);
    assert_non_null(strstr(trials[0], "\"refit\""));
    free(trials[0]);
    free(trials[1]);
}

/* ---- what is delivered --------------------------------------------------- */

static void test_delivers(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    char out[160];
    (void)snprintf(out, sizeof out, "%s/out", w.folder);
    w.options.output_folder = out;
    w.options.export_onnx = true;
    w.options.export_c = true;
    w.options.workers = 2;
    nas_search_result r = world_run(&w);
    assert_true(r.n_finalists >= 1 && r.n_front >= 1);
    const nas_finalist *best = &r.finalists[0];
    assert_string_equal(best->role, "best");
    assert_true(best->test.value > 0.5 && best->test.n > 20);
    assert_true(best->as_searched_test.value > 0.4);
    assert_int_equal(best->opening, 1);
    assert_int_equal(best->refit_epochs, 2);
    assert_true(best->measured_latency_ms > 0.0);
    assert_true(best->onnx_check.max_error < 1e-4 && best->onnx_check.n > 10);
    assert_true(world_has(&w, "out/best.nasm") && world_has(&w, "out/best.onnx"));
    assert_true(world_has(&w, "out/best_c/net.c"));
    assert_int_equal(r.n_baselines, 3);
    assert_string_equal(r.baselines[0].name, "majority");
    assert_true(r.baselines[0].test.value < 0.5);
    assert_true(r.baselines[1].test.value > 0.2); /* two epochs: it may know nothing */
    assert_true(r.baselines[2].test.value > 0.4);
    assert_true(r.baselines[2].params > r.baselines[1].params);
    assert_non_null(strstr(w.lines.data, "table-mlp"));
    assert_true(w.n_progress > 0);
    nas_search_result_free(&r);
    world_close(&w);
}

static void expect_json(nas_study *study, const nas_search_result *result)
{
    nas_err err = {0};
    nas_text text = {0};
    json_t *document = NULL;
    nas_json json = nas_json_writer(&text, 0);
    check_ok(nas_search_write_json(result, study, &json, &err), err);
    check_ok(nas_json_parse(text.data, text.length, "result", &document, &err), err);
    const char *task = NULL;
    int schema = 0, scored = 0, opening = 0;
    double value = 0.0, low = 0.0, high = 0.0;
    assert_int_equal(json_unpack(document, "{s:i,s:s,s:{s:i},s:{s:{s:F,s:F,s:F,s:i}}}",
                                 "schema", &schema, "task", &task, "trials", "scored",
                                 &scored, "best", "test", "value", &value, "low", &low,
                                 "high", &high, "opening", &opening),
                     0);
    assert_int_equal(schema, 1);
    assert_string_equal(task, "classification");
    assert_int_equal(scored, result->counts.scored);
    assert_true(value == result->finalists[0].test.value && low < value && value < high);
    assert_int_equal(opening, result->finalists[0].opening);
    assert_true(json_array_size(json_object_get(document, "front")) ==
                (size_t)result->n_front);
    json_decref(document);
    nas_text_free(&text);
}

static void test_again_and_further(void **state)
{
    (void)state;
    world w;
    nas_err err = {0};
    world_open(&w);
    nas_search_result first = world_run(&w);
    nas_search_result again = world_run(&w); /* nothing to do */
    assert_int_equal(again.counts.proposed, first.counts.proposed);
    assert_int_equal(again.finalists[0].opening, 1);
    assert_true(again.finalists[0].test.value == first.finalists[0].test.value);
    assert_int_equal(again.n_baselines, first.n_baselines);
    nas_search_result_free(&again);
    w.options.trials = 6;
    w.options.workers = 2; /* may change */
    nas_search_result more = world_run(&w);
    assert_int_equal(more.counts.scored, 6);
    assert_int_equal(more.finalists[0].opening, 2);
    nas_study *study = NULL;
    nas_search_result read;
    check_ok(nas_study_open(w.study, &study, &err), err);
    check_ok(nas_search_read_result(study, &read, &err), err);
    assert_int_equal(read.n_finalists, more.n_finalists);
    assert_true(read.finalists[0].test.value == more.finalists[0].test.value);
    assert_true(read.finalists[0].cost.macs == more.finalists[0].cost.macs);
    assert_int_equal(read.n_front, more.n_front);
    expect_json(study, &read);
    nas_search_result_free(&read);
    nas_study_close(study);
    nas_search_result_free(&more);
    nas_search_result_free(&first);
    world_close(&w);
}

static void test_identity(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    w.options.trials = 1;
    nas_search_result r = world_run(&w);
    nas_search_result_free(&r);
    w.options.strategy = "random";
    world_fail(&w, NAS_E_STUDY, "random", "--new");
    w.options.strategy = NULL;
    w.options.limits.params = 100000;
    world_fail(&w, NAS_E_STUDY, "", "--new");
    w.options.limits.params = 0;
    world_write_data(&w, 240, 6);
    world_fail(&w, NAS_E_STUDY, "is not what study", "--new");
    w.options.new_study = true;
    r = world_run(&w);
    assert_int_equal(r.finalists[0].opening, 1);
    assert_true(world_has(&w, "flowers.nas.db.1"));
    nas_search_result_free(&r);
    world_close(&w);
}

/* ---- errors -------------------------------------------------------------- */

static void test_bad_options(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    w.options.strategy = "evolutoin";
    world_fail(&w, NAS_E_USAGE, "unknown strategy `evolutoin`", "did you mean");
    w.options.strategy = "evolution";
    w.options.strategy_options = "populaton=3";
    world_fail(&w, NAS_E_USAGE, "populaton", "population");
    w.options.strategy_options = "population";
    world_fail(&w, NAS_E_USAGE, "expected key=value", "");
    w.options.strategy_options = NULL;
    w.options.scheduler = "hyperbant";
    world_fail(&w, NAS_E_USAGE, "unknown scheduler", "hyperband");
    w.options.scheduler = NULL;
    w.options.metric = "rmse";
    world_fail(&w, NAS_E_USAGE, "metric for this task", "");
    w.options.metric = "log_los";
    world_fail(&w, NAS_E_USAGE, "unknown metric", "log_loss");
    w.options.metric = NULL;
    w.options.limits.params = 3;
    world_fail(&w, NAS_E_LIMIT, "smallest", "");
    assert_false(world_has(&w, "flowers.nas.db")); /* no study of it remains */
    w.options.limits.params = 0;
    w.options.data_path = "/no/such/data.csv";
    world_fail(&w, NAS_E_DATA, "/no/such/data.csv", "");
    world_close(&w);
}

static void test_workers_that_cannot_start(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    w.options.program_path = "/bin/false";
    world_fail(&w, NAS_E_INTERNAL, "workers die as soon as they start (exit code 1)",
               "nasmith worker --study");
    w.options.program_path = "/no/such/nasmith";
    world_fail(&w, NAS_E_IO, "/no/such/nasmith", "");
    world_close(&w);
}

/* ---- time, signals, deaths ----------------------------------------------- */

static void test_time_is_a_promise(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    w.options.trials = 0;
    w.options.epochs = 0;
    w.options.time_s = 6.0;
    w.options.reserve_s = 0.5;
    w.options.workers = 2;
    double start = nas_clock_monotonic_s();
    nas_search_result r = world_run(&w);
    double spent = nas_clock_monotonic_s() - start;
    assert_true(spent < 6.0);
    assert_true(r.counts.scored >= 1 && r.n_finalists >= 1);
    assert_string_equal(r.stop_reason, "time is up");
    assert_true(r.finalists[0].test.value > 0.4);
    nas_search_result_free(&r);
    nas_search_result again = world_run(&w); /* the time is used */
    assert_int_equal(again.finalists[0].opening, 1);
    nas_search_result_free(&again);
    world_close(&w);
}

static volatile sig_atomic_t interrupted;

static void interrupt_soon(world *w, const nas_search_progress *progress)
{
    (void)w;
    if (progress->counts.scored >= 1)
        interrupted = 1;
}

static void test_interrupted_then_continued(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    interrupted = 0;
    w.options.trials = 4000; /* more than any machine does before the signal */
    w.options.interrupted = &interrupted;
    w.hook = interrupt_soon;
    nas_search_result r = world_run(&w);
    assert_string_equal(r.stop_reason, "interrupted");
    assert_true(r.counts.scored >= 1 && r.counts.scored < 4000);
    assert_int_equal(r.counts.running, 0);
    assert_true(isnan(r.finalists[0].test.value)); /* the test stays sealed */
    assert_true(!isnan(r.finalists[0].validation.value));
    int64_t scored = r.counts.scored;
    nas_search_result_free(&r);
    interrupted = 0;
    w.hook = NULL;
    w.options.trials = scored + 2;
    r = world_run(&w);
    assert_int_equal(r.counts.scored, scored + 2);
    assert_int_equal(r.finalists[0].opening, 1);
    nas_search_result_free(&r);
    world_close(&w);
}

/* Kill whatever process has this study on its command line. */
static void kill_a_worker(world *w, const nas_search_progress *progress)
{
    if (progress->counts.scored < 2)
        return;
    w->hook = NULL;
    nas_arena *arena = nas_arena_new();
    char **names = NULL;
    int64_t n = 0;
    nas_err err = {0};
    check_ok(nas_file_list("/proc", arena, &names, &n, &err), err);
    for (int64_t i = 0; i < n; i++) {
        char *text = NULL;
        size_t bytes = 0;
        char path[300];
        long pid = strtol(names[i], NULL, 10);
        (void)snprintf(path, sizeof path, "/proc/%ld/cmdline", pid);
        if (pid <= 0 || pid == (long)getpid() ||
            nas_file_read(path, 0, &text, &bytes, NULL) != NAS_OK)
            continue;
        if (memmem(text, bytes, w->study, strlen(w->study)) != NULL)
            (void)kill((pid_t)pid, SIGKILL);
        nas_heap_free(text);
    }
    nas_arena_free(arena);
}

static void test_dead_workers_are_replaced(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    w.options.trials = 8;
    w.hook = kill_a_worker;
    nas_search_result r = world_run(&w);
    assert_null(w.hook); /* it happened */
    assert_int_equal(r.counts.scored, 8);
    assert_int_equal(r.counts.failed, 0);
    nas_search_result_free(&r);
    world_close(&w);
}

/* ---- a space of four networks -------------------------------------------- */

static void test_exhausted_is_success(void **state)
{
    (void)state;
    world w;
    nas_err err = {0};
    char path[160];
    static const char SPACE[] = "network:\n"
                                "  - dense: {out: [4, 8, 12, 16]}\n";
    world_open(&w);
    (void)snprintf(path, sizeof path, "%s/four.yaml", w.folder);
    check_ok(nas_file_write(path, SPACE, sizeof SPACE - 1, &err), err);
    w.options.space = path;
    w.options.trials = 50;
    nas_search_result r = world_run(&w);
    assert_string_equal(r.stop_reason, "space exhausted");
    assert_int_equal(r.counts.scored, 4);
    assert_true(r.n_finalists >= 1);
    nas_search_result_free(&r);
    world_close(&w);
}

static void test_dry_run(void **state)
{
    (void)state;
    world w;
    nas_err err = {0};
    world_open(&w);
    w.options.time_s = 60.0;
    check_ok(nas_search_dry_run(&w.options, &w.sink, &err), err);
    assert_non_null(strstr(w.lines.data, "Speed"));
    assert_non_null(strstr(w.lines.data, "Rung 0"));
    assert_false(world_has(&w, "flowers.nas.db"));
    world_close(&w);
}

int main(int argc, char **argv)
{
    int code = 0;
    if (world_is_worker(argc, argv, &code))
        return code;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_seed_same_bytes),
        cmocka_unit_test(test_delivers),
        cmocka_unit_test(test_again_and_further),
        cmocka_unit_test(test_identity),
        cmocka_unit_test(test_bad_options),
        cmocka_unit_test(test_workers_that_cannot_start),
        cmocka_unit_test(test_time_is_a_promise),
        cmocka_unit_test(test_interrupted_then_continued),
        cmocka_unit_test(test_dead_workers_are_replaced),
        cmocka_unit_test(test_exhausted_is_success),
        cmocka_unit_test(test_dry_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
