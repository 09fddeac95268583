/* A study: the store of trials and evaluations, and all that reproduces them.
 *
 * One SQLite file (WAL) that many worker processes share; kill -9 of any of them at any
 * moment leaves it readable. Every call here is one short transaction (< 50 ms). */
#ifndef NASMITH_STUDY_H
#define NASMITH_STUDY_H

#include "nasmith/arena.h"
#include "nasmith/cost.h"
#include "nasmith/err.h"
#include "nasmith/evaluate.h"
#include "nasmith/schedule.h"
#include "nasmith/space.h"
#include "nasmith/strategy.h"

#include <stdbool.h>
#include <stdint.h>

#define NAS_STUDY_SCHEMA 1

typedef struct nas_study nas_study;

/* What defines a study. `identity` fields may never change: a continued study with
 * another value is an error that shows the difference. The rest was read from a clock (or
 * follows from it) when the study was created and is an input from then on. Strings are
 * borrowed from the arena that loaded them. */
typedef struct nas_study_settings {
    /* identity */
    const char *data_path;
    uint64_t data_fingerprint;
    const char *space_name, *space_text;
    uint64_t space_hash;
    nas_space_context space_context;
    nas_limits limits;
    unsigned minimise; /* bit (1 << nas_limit_kind): extra objectives */
    int64_t proxies;   /* networks they rank for every other one of an initial design */
    const char *metric;
    const char *strategy, *strategy_json; /* name and parameter values */
    const char *scheduler, *scheduler_json;
    const char *recipe_json;
    uint64_t seed;
    int64_t epochs; /* asked by the user; 0 = from the ladder */
    /* read from a clock at creation */
    nas_ladder ladder;
    nas_latency_table latency;
    double seconds_per_mac_row; /* training throughput of this machine */
    const char *version, *cpu;
} nas_study_settings;

/* Create a study file. @return NAS_E_STUDY if it exists; NAS_E_IO when unwritable */
nas_status nas_study_create(const char *path, const nas_study_settings *settings,
                            nas_study **out, nas_err *err);
/* Open an existing one. @return NAS_E_STUDY: no study file, corrupt, of a newer schema
 * ("schema 7, this program knows 1"), locked for more than 10 s */
nas_status nas_study_open(const char *path, nas_study **out, nas_err *err);
void nas_study_close(nas_study *study); /* NULL is fine */
const char *nas_study_path(const nas_study *study);

/* The settings; strings live as long as the study is open. */
const nas_study_settings *nas_study_settings_of(const nas_study *study);
/* NAS_E_STUDY naming the first identity field that differs, both values shown. */
nas_status nas_study_same(const nas_study *study, const nas_study_settings *wanted,
                          nas_err *err);

/* Small named values (totals, state, baselines as JSON, openings of the test set...).
 * *out is NULL when absent; lives in the arena. */
nas_status nas_study_get(nas_study *study, const char *key, nas_arena *arena,
                         const char **out, nas_err *err);
nas_status nas_study_put(nas_study *study, const char *key, const char *value,
                         nas_err *err);
/* Add to an integer value atomically. @param now  out, may be NULL */
nas_status nas_study_add(nas_study *study, const char *key, int64_t by, int64_t *now,
                         nas_err *err);

/* ---- leases ------------------------------------------------------------------------ */

/* Try to hold a named lease ("asker", "finisher", "supervisor") for some seconds; renews
 * when already held by `owner`. @param got  out */
nas_status nas_study_lease(nas_study *study, const char *name, const char *owner,
                           double seconds, bool *got, nas_err *err);
nas_status nas_study_unlease(nas_study *study, const char *name, const char *owner,
                             nas_err *err);

/* ---- trials and evaluations -------------------------------------------------------- */

typedef enum nas_trial_origin {
    NAS_TRIAL_SEARCH,   /* proposed by the strategy */
    NAS_TRIAL_BASELINE, /* linear model, standard network: not part of the history */
} nas_trial_origin;

typedef enum nas_purpose {
    NAS_PURPOSE_SEARCH,
    NAS_PURPOSE_REFIT, /* finalist on train + validation; `repeat` is the seed */
    NAS_PURPOSE_BASELINE,
} nas_purpose;

typedef enum nas_evaluation_state {
    NAS_EVALUATION_QUEUED,
    NAS_EVALUATION_RUNNING,
    NAS_EVALUATION_DONE,
    NAS_EVALUATION_FAILED,
} nas_evaluation_state;

/* An evaluation to run. */
typedef struct nas_evaluation_spec {
    nas_purpose purpose;
    int rung; /* -1 for refit and baseline */
    double fraction;
    int64_t epochs;
    int fold, repeat;
} nas_evaluation_spec;

/* A trial to insert. Trials of the search get the ids 1, 2, ... in order of asking;
 * baselines -1, -2, ..., so that they don't shift them. */
typedef struct nas_trial_spec {
    nas_trial_origin origin;
    const char *name;      /* baselines: "linear", "standard"; else NULL */
    const char *decisions; /* JSON of the candidate; NULL for baselines */
    const char *graph;     /* JSON without fitted front */
    const char *recipe;    /* JSON */
    uint64_t key, graph_hash, recipe_hash;
    nas_cost cost;
    int64_t parents[2];
    bool uniform;
} nas_trial_spec;

/* What one ask adds, in one transaction: at most one new trial with the evaluations of
 * its first rung, or those of a rung of an existing trial (promotion), plus the
 * strategy's new state. An evaluation equal in (graph hash, recipe hash, fold, repeat,
 * fraction, epochs) to one already done is inserted as done with the same result
 * ("answered from the study"). */
typedef struct nas_study_step {
    const char *owner;              /* must hold the asker lease, else nothing happens */
    const nas_trial_spec *trial;    /* NULL for a promotion */
    int64_t promoted_trial;         /* id, when trial is NULL */
    nas_evaluation_spec evaluation; /* fold 0, repeat 0 */
    int folds, repeats;             /* evaluations of the rung; 0 = 1 */
    const void *strategy_state;     /* NULL = unchanged */
    size_t strategy_bytes;
    int64_t infeasible, duplicates; /* added to the counters */
} nas_study_step;

/* @param accepted  out: false when the lease was lost
 * @param trial_id  out: id of the new or promoted trial; may be NULL */
nas_status nas_study_step_commit(nas_study *study, const nas_study_step *step,
                                 bool *accepted, int64_t *trial_id, nas_err *err);

/* Queue a trial or evaluation outside the asker (refits, baselines); idempotent on
 * (trial, purpose, rung, fold, repeat); a trial with a name is inserted once.
 * @param trial      NULL to use trial_id
 * @param trial_out  id of the trial; may be NULL */
nas_status nas_study_queue(nas_study *study, const nas_trial_spec *trial,
                           int64_t trial_id, const nas_evaluation_spec *evaluation,
                           int64_t *trial_out, nas_err *err);

/* Bring a history up to date with the study: new trials, newly finished rungs in the
 * order they finished (`seq`), failures, queued rungs. Scores are oriented by the metric
 * (larger is better). Cost: proportional to what is new. */
nas_status nas_study_sync(nas_study *study, nas_history *history, nas_err *err);

/* State of the strategy as last committed, and the number of asks so far (the ask index).
 * *bytes 0 when none. */
nas_status nas_study_strategy_state(nas_study *study, nas_arena *arena, const void **out,
                                    size_t *bytes, int64_t *asks, nas_err *err);

/* A claimed evaluation. Strings live in the arena given to the claim. */
typedef struct nas_claim {
    int64_t evaluation, trial;
    int attempt; /* 1, 2, 3 */
    nas_evaluation_spec spec;
    const char *graph, *recipe; /* JSON */
    uint64_t graph_hash;
    nas_cost cost;
} nas_claim;

/* Claim the oldest queued evaluation (refits first, then promotions, highest rung first,
 * baselines when nothing else is queued).
 * Expired leases are returned to the queue first: an evaluation whose lease was lost
 * twice more becomes failed ("crashed").
 * @param found  out: false when nothing is queued */
nas_status nas_study_claim(nas_study *study, const char *worker, double lease_s,
                           nas_arena *arena, nas_claim *out, bool *found, nas_err *err);

/* The same among some purposes only.
 * @param purposes  bits (1 << nas_purpose) */
nas_status nas_study_claim_for(nas_study *study, const char *worker, double lease_s,
                               unsigned purposes, nas_arena *arena, nas_claim *out,
                               bool *found, nas_err *err);

/* Extend a claim. At most one call per 2 s. @param held  out: false when it was lost */
nas_status nas_study_heartbeat(nas_study *study, const char *worker,
                               const nas_claim *claim, double lease_s,
                               int64_t epochs_done, double last_value, bool *held,
                               nas_err *err);

/* Store a result if (evaluation, attempt) still holds the lease. Done is immutable.
 * outcome stopped returns the evaluation to the queue without counting an attempt.
 * @param accepted  out */
nas_status nas_study_finish(nas_study *study, const char *worker, const nas_claim *claim,
                            const nas_job_result *result, bool *accepted, nas_err *err);

/* Return what a dead worker held to the queue at once (attempt counted). */
nas_status nas_study_release(nas_study *study, const char *worker, const char *reason,
                             nas_err *err);

/* ---- reading ----------------------------------------------------------- */

/* One evaluation as stored. */
typedef struct nas_evaluation_row {
    int64_t id, trial;
    nas_evaluation_spec spec;
    nas_evaluation_state state;
    int attempt;
    bool from_study; /* answered, not trained */
    nas_score validation;
    double train_loss, seconds;
    nas_outcome outcome;
    const char *reason; /* or NULL */
    const char *curve;  /* JSON [[epoch, train_loss, validation],...] or NULL */
    const char *worker;
    int64_t started_ms, finished_ms; /* 0 = not yet */
    int64_t epochs_done;             /* of a running one */
    double last_value;
} nas_evaluation_row;

/* One trial as stored, with its evaluations. */
typedef struct nas_trial_row {
    int64_t id;
    nas_trial_origin origin;
    const char *name;
    const char *decisions, *graph, *recipe;
    uint64_t key, graph_hash;
    nas_cost cost;
    int64_t parents[2];
    bool uniform;
    int64_t created_ms;
    nas_evaluation_row *evaluations;
    int n_evaluations;
    /* The highest rung of the search whose evaluations are all done, as one: the mean of
     * their scores, the sum of their seconds, else what the first says. Of a baseline,
     * those that are done. NULL: none. */
    const nas_evaluation_row *best;
} nas_trial_row;

/* All trials with their evaluations, by id. *out lives in the arena. */
nas_status nas_study_trials(nas_study *study, nas_arena *arena, nas_trial_row **out,
                            int64_t *n, nas_err *err);

/* One trial with its evaluations. *out lives in the arena; NULL when there is none. */
nas_status nas_study_trial(nas_study *study, int64_t id, nas_arena *arena,
                           nas_trial_row **out, nas_err *err);

/* What workers are training now, by id. *out lives in the arena. */
nas_status nas_study_running(nas_study *study, nas_arena *arena, nas_evaluation_row **out,
                             int64_t *n, nas_err *err);

/* Counters for progress, all derived from evaluations. */
typedef struct nas_study_counts {
    int64_t proposed, scored, full; /* trials of the search */
    int64_t failed;                 /* trials that ended without any score */
    int64_t infeasible, duplicates; /* draws of the strategy */
    int64_t queued, running, done, failed_evaluations; /* evaluations of all purposes */
    int64_t final_open; /* refits and baselines that wait or run */
} nas_study_counts;
nas_status nas_study_count(nas_study *study, nas_study_counts *out, nas_err *err);

/* A test score of a finalist: written once per (trial, opening, kind), first kept. */
typedef struct nas_test_row {
    int64_t trial;
    int opening;
    nas_score test;
    const char *kind; /* "refit", "as_searched", or a baseline's name */
} nas_test_row;
nas_status nas_study_put_test(nas_study *study, const nas_test_row *row, nas_err *err);
nas_status nas_study_tests(nas_study *study, nas_arena *arena, nas_test_row **out,
                           int64_t *n, nas_err *err);

/* ---- blobs ------------------------------------------------------------- */

/* Files in `NAME.nas/` beside `NAME.nas.db`: written, fsynced, renamed. Names are
 * [a-z0-9._-]+. */
nas_status nas_study_put_blob(nas_study *study, const char *name, const void *data,
                              size_t bytes, nas_err *err);
/* *out heap memory (nas_heap_free), NULL when absent. */
nas_status nas_study_get_blob(nas_study *study, const char *name, void **out,
                              size_t *bytes, nas_err *err);
nas_status nas_study_drop_blob(nas_study *study, const char *name, nas_err *err);
/* Path of the folder `NAME.nas` (exists after create). Borrowed. */
const char *nas_study_folder(const nas_study *study);

#endif
