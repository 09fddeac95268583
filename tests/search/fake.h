/* A study with trials whose scores are made up, for tests that train nothing. */
#ifndef NASMITH_TESTS_SEARCH_FAKE_H
#define NASMITH_TESTS_SEARCH_FAKE_H

#include "nasmith/file.h"
#include "search/keep.h"
#include "search/price.h"
#include "search/run.h"

#include "check.h"

#include <math.h>
#include <string.h>

typedef struct fake {
    char folder[64];
    char path[128];
    nas_arena *arena;
    nas_space *space;
    nas_dataset data; /* sizes only */
    nas_search_options options;
    search_run run;
} fake;

static inline nas_study_settings fake_settings(fake *f)
{
    nas_err err = {0};
    nas_study_settings s = {.data_path = "toy",
                            .data_fingerprint = 0x2385,
                            .space_context = {.input = {6, 1, 1}, .n_outputs = 3},
                            .metric = "accuracy",
                            .strategy = "random",
                            .strategy_json = "{}",
                            .scheduler = "asha",
                            .scheduler_json = "{}",
                            .recipe_json = "{\"batch\":32}",
                            .seed = 3,
                            .ladder = {.rung = {{0.5, 1, 0.5}, {1.0, 2, 0.0}}, .n = 2},
                            .seconds_per_mac_row = 1e-9,
                            .version = "0",
                            .cpu = "test"};
    check_ok(nas_space_load("table-mlp", &s.space_context, &f->space, &err), err);
    s.space_name = nas_space_name(f->space);
    s.space_text = nas_space_text(f->space);
    s.space_hash = nas_space_hash(f->space);
    return s;
}

static inline void fake_open(fake *f)
{
    nas_err err = {0};
    *f = (fake){0};
    nas_test_tmpdir(f->folder, sizeof f->folder);
    (void)snprintf(f->path, sizeof f->path, "%s/toy.nas.db", f->folder);
    f->arena = nas_arena_new();
    nas_study_settings settings = fake_settings(f);
    f->options = nas_search_options_default();
    f->data.n_train = 800;
    f->data.n_validation = 200;
    f->data.folds = f->data.repeats = 1;
    f->data.task = NAS_TASK_CLASSIFICATION;
    f->run = (search_run){.options = &f->options,
                          .arena = f->arena,
                          .data = &f->data,
                          .study_path = f->path,
                          .metric = nas_metric_find("accuracy"),
                          .workers = 2,
                          .state = {.phase = RUN_SEARCH, .workers = 2}};
    check_ok(nas_study_create(f->path, &settings, &f->run.study, &err), err);
    f->run.settings = nas_study_settings_of(f->run.study);
    check_ok(nas_asker_new(f->run.study, "tester", 800, &f->run.view, &err), err);
}

static inline void fake_close(fake *f)
{
    nas_err err = {0};
    nas_asker_free(f->run.view);
    nas_study_close(f->run.study);
    nas_space_free(f->space);
    nas_arena_free(f->arena);
    check_ok(nas_file_remove(f->folder, &err), err);
}

/* Insert an evaluation as an asker would. @param trial  NULL: of `id` */
static inline int64_t fake_step(fake *f, const nas_trial_spec *trial, int64_t id,
                                int rung)
{
    nas_err err = {0};
    bool ok = false;
    const nas_rung *r = &f->run.settings->ladder.rung[rung];
    nas_study_step step = {
        .owner = "tester",
        .trial = trial,
        .promoted_trial = id,
        .evaluation = {.rung = rung, .fraction = r->fraction, .epochs = r->epochs}};
    check_ok(nas_study_lease(f->run.study, "asker", "tester", 30, &ok, &err), err);
    assert_true(ok);
    check_ok(nas_study_step_commit(f->run.study, &step, &ok, &id, &err), err);
    assert_true(ok);
    return id;
}

static inline nas_cost fake_cost(int64_t macs)
{
    return (nas_cost){.params = macs,
                      .macs = macs,
                      .arena_bytes = 400,
                      .ram_bytes = 912,
                      .flash_bytes = 4 * macs,
                      .latency_ms = -1.0};
}

/* A new trial of the space, said to have so many MACs. @return its id */
static inline int64_t fake_trial(fake *f, uint64_t seed, int64_t macs, bool uniform)
{
    nas_err err = {0};
    nas_rng rng = nas_rng_new(seed, 1);
    nas_proposal proposal = {.candidate = nas_space_sample(f->space, &rng, f->arena),
                             .cost = fake_cost(macs),
                             .uniform = uniform};
    nas_trial_spec trial;
    check_ok(nas_trial_of_proposal(f->space, f->run.settings, &proposal, f->arena, &trial,
                                   &err),
             err);
    trial.graph_hash += seed; /* never answered from the study */
    return fake_step(f, &trial, 0, 0);
}

/* Claim what is queued and finish it. @return the trial it was of */
static inline int64_t fake_finish(fake *f, nas_outcome outcome, double value,
                                  double seconds)
{
    nas_err err = {0};
    nas_claim claim;
    bool ok = false;
    check_ok(nas_study_claim(f->run.study, "w", 30, f->arena, &claim, &ok, &err), err);
    assert_true(ok);
    nas_job_result result = {.outcome = outcome,
                             .validation = {value, value - 0.02, value + 0.02, 0.01, 200},
                             .train_loss = 0.385,
                             .seconds = seconds};
    check_ok(nas_study_finish(f->run.study, "w", &claim, &result, &ok, &err), err);
    assert_true(ok);
    return claim.trial;
}

/* A trial with scores at both rungs; the longer one took `seconds`. @return its id */
static inline int64_t fake_full(fake *f, uint64_t seed, int64_t macs, double value,
                                double seconds)
{
    int64_t id = fake_trial(f, seed, macs, seed % 2 == 0);
    assert_int_equal(fake_finish(f, NAS_OUTCOME_DONE, value - 0.1, seconds / 4), id);
    (void)fake_step(f, NULL, id, 1);
    assert_int_equal(fake_finish(f, NAS_OUTCOME_DONE, value, seconds), id);
    nas_err err = {0};
    check_ok(nas_asker_sync(f->run.view, &err), err);
    return id;
}

/* Rows of a trial: of 200 the first `right` are right, shifted by `shift`. */
static inline void fake_rows(fake *f, int64_t trial, int right, int shift)
{
    float rows[200];
    char name[KEEP_NAME];
    nas_err err = {0};
    for (int i = 0; i < 200; i++)
        rows[(i + shift) % 200] = i < right ? 1.0F : 0.0F;
    nas_keep_rows_name(trial, 0, name);
    check_ok(nas_study_put_blob(f->run.study, name, rows, sizeof rows, &err), err);
}

#endif
