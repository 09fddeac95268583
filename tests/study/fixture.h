/* What the tests of the store share. Every test of `check_both` runs on a file and on the
 * memory store. */
#ifndef NASMITH_TESTS_STUDY_FIXTURE_H
#define NASMITH_TESTS_STUDY_FIXTURE_H

#include "check.h"

#include "nasmith/file.h"
#include "nasmith/study.h"

#include <math.h>
#include <string.h>

typedef struct fixture {
    char folder[64];
    char path[128];
    nas_study *study;
    nas_arena *arena;
} fixture;

static nas_study_settings test_settings(void)
{
    return (nas_study_settings){
        .data_path = "digits",
        .data_fingerprint = UINT64_C(0xfedcba9876543210),
        .space_name = "tiny",
        .space_text = "layers: []\n",
        .space_hash = UINT64_C(0x9000000000000001),
        .space_context = {.input = {3, 14, 27},
                          .n_outputs = 7,
                          .n_categories = 2,
                          .categories = {{0, 1}, {1, 2}}},
        .limits = {.ram_bytes = 65536, .flash_bytes = 262144, .latency_ms = 2.385},
        .metric = "accuracy",
        .strategy = "evolution",
        .strategy_json = "{\"population\":30}",
        .scheduler = "asha",
        .scheduler_json = "{}",
        .recipe_json = "{\"learning_rate\":0.02}",
        .seed = UINT64_C(0xffffffffffffffff),
        .ladder = {.rung = {{1.0 / 3, 1, 1.0 / 3}, {1.0 / 3, 4, 0.25}, {1, 4, 0}},
                   .n = 3,
                   .folds = {1, 2, 5},
                   .repeats = 3},
        .latency = {.known = true, .ns_per_unit = {{0.1, 0.7}}, .ns_per_step = 31.25},
        .seconds_per_mac_row = 3.3e-11,
        .version = "0.1.0",
        .cpu = "test",
    };
}

__attribute__((unused)) static void fixture_open(fixture *f, const char *name)
{
    nas_err err = {0};
    nas_study_settings settings = test_settings();
    nas_test_tmpdir(f->folder, sizeof f->folder);
    f->arena = nas_arena_new();
    assert_non_null(f->arena);
    if (strcmp(name, ":memory:") == 0)
        (void)snprintf(f->path, sizeof f->path, ":memory:");
    else
        (void)snprintf(f->path, sizeof f->path, "%s/%s", f->folder, name);
    check_ok(nas_study_create(f->path, &settings, &f->study, &err), err);
}

__attribute__((unused)) static void fixture_close(fixture *f)
{
    nas_err err = {0};
    nas_study_close(f->study);
    nas_arena_free(f->arena);
    check_ok(nas_file_remove(f->folder, &err), err);
}

/* Run a test on each store. */
typedef void (*store_test)(fixture *f);

__attribute__((unused)) static void check_both(store_test test)
{
    static const char *const names[] = {"s.nas.db", ":memory:"};
    for (int i = 0; i < 2; i++) {
        fixture f = {0};
        fixture_open(&f, names[i]);
        test(&f);
        fixture_close(&f);
    }
}

__attribute__((unused)) static nas_trial_spec test_trial(uint64_t hash)
{
    return (nas_trial_spec){
        .decisions = "{\"a\":\"1\"}",
        .graph = "{\"nodes\":[]}",
        .recipe = "{}",
        .key = hash,
        .graph_hash = hash,
        .recipe_hash = UINT64_C(0x8000000000000005),
        .cost = {.params = 1234,
                 .macs = 56789,
                 .arena_bytes = 4000,
                 .ram_bytes = 4512,
                 .flash_bytes = 13128,
                 .latency_ms = 0.385},
    };
}

__attribute__((unused)) static nas_evaluation_spec test_rung(int rung)
{
    nas_ladder ladder = test_settings().ladder;
    return (nas_evaluation_spec){.purpose = NAS_PURPOSE_SEARCH,
                                 .rung = rung,
                                 .fraction = ladder.rung[rung].fraction,
                                 .epochs = ladder.rung[rung].epochs};
}

/* Insert a trial with its first evaluation as an asker would. @return its id */
__attribute__((unused)) static int64_t ask_trial(nas_study *study, uint64_t hash)
{
    nas_err err = {0};
    bool got = false;
    int64_t id = 0;
    nas_trial_spec trial = test_trial(hash);
    nas_study_step step = {
        .owner = "asker-1", .trial = &trial, .evaluation = test_rung(0)};
    check_ok(nas_study_lease(study, "asker", "asker-1", 30, &got, &err), err);
    assert_true(got);
    check_ok(nas_study_step_commit(study, &step, &got, &id, &err), err);
    assert_true(got);
    return id;
}

__attribute__((unused)) static nas_job_result test_result(double value)
{
    return (nas_job_result){
        .outcome = NAS_OUTCOME_DONE,
        .validation = {.value = value,
                       .low = value - 0.01,
                       .high = value + 0.02,
                       .error = 0.0125,
                       .n = 1000},
        .train_loss = 0.385,
        .seconds = 2.385,
        .cpu_seconds = 2.25,
        .rows_seen = 4711,
    };
}

/* Claim what comes next, expecting something. */
__attribute__((unused)) static nas_claim claim_next(fixture *f, const char *worker)
{
    nas_err err = {0};
    nas_claim claim = {0};
    bool found = false;
    check_ok(nas_study_claim(f->study, worker, 30, f->arena, &claim, &found, &err), err);
    assert_true(found);
    return claim;
}

__attribute__((unused)) static bool finish(nas_study *study, const char *worker,
                                           const nas_claim *claim, double value)
{
    nas_err err = {0};
    bool accepted = false;
    nas_job_result result = test_result(value);
    check_ok(nas_study_finish(study, worker, claim, &result, &accepted, &err), err);
    return accepted;
}

/* One evaluation out of the store. */
__attribute__((unused)) static nas_evaluation_row read_row(fixture *f, int64_t evaluation)
{
    nas_err err = {0};
    nas_trial_row *trials = NULL;
    int64_t n = 0;
    check_ok(nas_study_trials(f->study, f->arena, &trials, &n, &err), err);
    for (int64_t t = 0; t < n; t++)
        for (int e = 0; e < trials[t].n_evaluations; e++)
            if (trials[t].evaluations[e].id == evaluation)
                return trials[t].evaluations[e];
    fail_msg("evaluation %lld is gone", (long long)evaluation);
    return (nas_evaluation_row){0};
}

#endif
