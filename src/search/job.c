#include "search/job.h"

#include "nasmith/clock.h"
#include "search/keep.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* With a clock, a training may take so many times what its MACs predict. */
static const double PATIENCE = 20.0;
static const double MIN_LIMIT_S = 30.0;
/* Before the end of refits: time to score, to store and to be heard of. */
static const double STORE_S = 1.2;
static const double MIN_TRAINING_S = 0.3;

/* One training as its callbacks see it. */
typedef struct running {
    worker *w;
    const nas_claim *claim;
    double start_s, beat_s, checkpoint_s;
    double leave_s; /* when an interruption was first seen; 0 = not */
    bool lost;      /* the lease */
    nas_err err;    /* of a store call in a callback */
    nas_status status;
} running;

bool nas_worker_followed(const worker *w)
{
    return w->supervisor_pid == 0 || (int64_t)getppid() == w->supervisor_pid;
}

nas_status nas_worker_look(worker *w, nas_err *err)
{
    nas_arena_reset(w->tick_arena);
    return nas_run_state_read(w->study, w->tick_arena, &w->state, err);
}

bool nas_worker_unwanted(const worker *w, bool search)
{
    return !nas_worker_followed(w) || w->state.phase == RUN_DONE ||
           (search && w->state.phase == RUN_REFIT) ||
           (w->interrupted != NULL && *w->interrupted >= 2);
}

bool nas_worker_leaving(const worker *w, double *since)
{
    bool leave =
        w->state.phase == RUN_STOP || (w->interrupted != NULL && *w->interrupted != 0);
    if (leave && *since == 0.0)
        *since = nas_clock_monotonic_s();
    return leave;
}

/* ---- callbacks ----------------------------------------------------------- */

static bool unwanted(const running *r)
{
    bool search = r->claim->spec.purpose == NAS_PURPOSE_SEARCH;
    return r->lost || r->status != NAS_OK || nas_worker_unwanted(r->w, search);
}

static void beat(running *r, int64_t epochs_done, double value)
{
    double now = nas_clock_monotonic_s();
    if (now - r->beat_s < HEARTBEAT_S)
        return;
    r->beat_s = now;
    bool held = false;
    r->status = nas_study_heartbeat(r->w->study, r->w->name, r->claim, LEASE_S,
                                    epochs_done, value, &held, &r->err);
    r->lost = !held;
}

static void look(running *r)
{
    nas_err ignored = {0}; /* the state as last read is good enough */
    (void)nas_worker_look(r->w, &ignored);
}

/* While finalists and baselines are trained there may be fewer of them than workers:
 * those that train share the cores of the others. */
static int fair_threads(running *r)
{
    nas_study_counts counts;
    if (r->w->state.phase != RUN_REFIT || r->w->supervisor_pid == 0 ||
        r->status != NAS_OK)
        return 1;
    r->status = nas_study_count(r->w->study, &counts, &r->err);
    if (r->status != NAS_OK || counts.final_open < 1)
        return 1;
    int64_t threads = r->w->state.workers / counts.final_open;
    return threads > 1 ? (int)threads : 1;
}

static bool on_tick(void *context, const nas_job *job, double epoch, int *threads)
{
    (void)job;
    running *r = context;
    beat(r, (int64_t)epoch, (double)NAN);
    look(r);
    *threads = fair_threads(r);
    if (nas_worker_leaving(r->w, &r->leave_s) &&
        nas_clock_monotonic_s() - r->leave_s > LINGER_S)
        return false;
    return !unwanted(r);
}

static bool on_epoch(void *context, const nas_job *job, const nas_curve_point *point,
                     int64_t epochs_done, const void *checkpoint, size_t bytes)
{
    running *r = context;
    double now = nas_clock_monotonic_s();
    beat(r, epochs_done, point->validation);
    bool last = epochs_done == job->epochs;
    bool leave = nas_worker_leaving(r->w, &r->leave_s);
    bool worth = now - r->start_s > CHECKPOINT_S && now - r->checkpoint_s > CHECKPOINT_S;
    if (!last && (worth || (leave && now - r->start_s > LINGER_S))) {
        char name[KEEP_NAME];
        nas_keep_checkpoint_name(r->claim->evaluation, name);
        r->checkpoint_s = now;
        r->status = nas_study_put_blob(r->w->study, name, checkpoint, bytes, &r->err);
    }
    return !unwanted(r) && !leave;
}

/* ---- building ------------------------------------------------------------ */

/* Int8 networks are ranked on fewer rows. */
static nas_status thin_validation(const worker *w, nas_job *job, nas_err *err)
{
    int64_t *rows = NAS_NEW(w->arena, int64_t, job->n_validation);
    NAS_TRY_ALLOC(rows, err);
    job->n_validation =
        nas_int8_validation_rows(job->validation_rows, job->n_validation, rows);
    job->validation_rows = rows;
    return NAS_OK;
}

/* A refit learns from training and validation rows and is scored by neither. */
static nas_status choose_rows(const worker *w, const nas_claim *claim, nas_job *job,
                              nas_err *err)
{
    const nas_dataset *data = w->data;
    nas_fold fold;
    if (claim->spec.fold >= data->folds || claim->spec.repeat >= data->repeats)
        return nas_fail(err, NAS_E_STUDY,
                        "evaluation %lld is of fold %d, repeat %d; the prepared data has "
                        "%d and %d",
                        (long long)claim->evaluation, claim->spec.fold,
                        claim->spec.repeat, data->folds, data->repeats);
    NAS_TRY(nas_dataset_fold(data, claim->spec.fold, claim->spec.repeat, w->arena, &fold,
                             err));
    job->train_rows = fold.train;
    job->n_train = fold.n_train;
    job->validation_rows = fold.validation;
    job->n_validation = fold.n_validation;
    if (claim->spec.purpose != NAS_PURPOSE_REFIT)
        return job->int8 ? thin_validation(w, job, err) : NAS_OK;
    int64_t *rows = NAS_NEW(w->arena, int64_t, data->n_train + data->n_validation);
    NAS_TRY_ALLOC(rows, err);
    memcpy(rows, data->train, (size_t)data->n_train * sizeof *rows);
    memcpy(rows + data->n_train, data->validation,
           (size_t)data->n_validation * sizeof *rows);
    job->train_rows = rows;
    job->n_train += data->n_validation;
    job->n_validation = 0;
    return NAS_OK;
}

/* Time enters only where a clock is in play. */
static double time_limit(const worker *w, const nas_job *job, const nas_claim *claim)
{
    if (w->state.search_end_ms == 0)
        return 0.0;
    double predicted = w->settings->seconds_per_mac_row * (double)claim->cost.macs *
                       job->fraction * (double)(job->n_train * job->epochs);
    return fmax(MIN_LIMIT_S, PATIENCE * predicted);
}

/* Refits and baselines end in time to be stored, with fewer epochs if need be. */
static double finish_by(const worker *w, const nas_claim *claim)
{
    if (w->state.refit_end_ms == 0 || claim->spec.purpose == NAS_PURPOSE_SEARCH)
        return 0.0;
    double left = (double)(w->state.refit_end_ms - nas_clock_unix_ms()) / 1000.0;
    return fmax(left - STORE_S, MIN_TRAINING_S);
}

static nas_status build(const worker *w, const nas_claim *claim, running *r,
                        nas_graph *graph, nas_job *job, nas_err *err)
{
    *job = (nas_job){.graph = graph,
                     .data = w->data,
                     .fraction = claim->spec.fraction,
                     .epochs = claim->spec.epochs,
                     .fold = claim->spec.fold,
                     .repeat = claim->spec.repeat,
                     .seed = w->settings->seed,
                     .int8 = w->settings->limits.dtype == NAS_INT8,
                     .metric = nas_metric_find(w->settings->metric),
                     .max_memory_bytes = w->state.memory_bytes,
                     .on_epoch = on_epoch,
                     .on_tick = on_tick,
                     .context = r};
    if (job->metric == NULL)
        return nas_fail(err, NAS_E_STUDY, "this program does not know metric `%s`",
                        w->settings->metric);
    NAS_TRY(nas_recipe_parse(claim->recipe, "recipe of a trial", w->data->task,
                             &job->recipe, err));
    NAS_TRY(choose_rows(w, claim, job, err));
    job->max_seconds = time_limit(w, job, claim);
    job->finish_by_s = finish_by(w, claim);
    return NAS_OK;
}

/* ---- running ------------------------------------------------------------- */

/* Weights worth keeping are on disk before the result is, so that a result that is there
 * always has them. */
static nas_status store(worker *w, const nas_claim *claim, const nas_job_result *result,
                        nas_err *err)
{
    bool done = result->outcome == NAS_OUTCOME_DONE;
    bool accepted = false;
    char name[KEEP_NAME];
    bool first = claim->spec.fold == 0 && claim->spec.repeat == 0;
    if (done && first && claim->spec.purpose != NAS_PURPOSE_SEARCH) {
        nas_keep_model_name(claim->trial, name);
        NAS_TRY(nas_keep_store_model(w->study, name, result->model, err));
    }
    NAS_TRY(nas_study_finish(w->study, w->name, claim, result, &accepted, err));
    if (result->outcome != NAS_OUTCOME_STOPPED && accepted) {
        nas_keep_checkpoint_name(claim->evaluation, name);
        NAS_TRY(nas_study_drop_blob(w->study, name, err));
    }
    if (!done || !accepted || claim->spec.purpose != NAS_PURPOSE_SEARCH)
        return NAS_OK;
    NAS_TRY(nas_asker_sync(w->ask, err));
    return nas_keep_result(w->study, nas_asker_history(w->ask), claim, result, err);
}

/* What the trial did to this process becomes its outcome. */
static void fail_trial(nas_job_result *result, const nas_err *err)
{
    *result = (nas_job_result){.outcome = NAS_OUTCOME_CRASHED,
                               .validation = nas_score_none(0),
                               .train_loss = (double)NAN};
    (void)snprintf(result->reason, sizeof result->reason, "%.200s", err->text);
}

static nas_status train(worker *w, const nas_claim *claim, running *r, nas_graph *graph,
                        nas_job_result *result, nas_err *err)
{
    nas_job job;
    NAS_TRY(build(w, claim, r, graph, &job, err));
    char name[KEEP_NAME];
    void *checkpoint = NULL;
    nas_keep_checkpoint_name(claim->evaluation, name);
    NAS_TRY(nas_study_get_blob(w->study, name, &checkpoint, &job.resume_bytes, err));
    job.resume = checkpoint;
    nas_err trial_err = {0};
    nas_status status = NAS_OK;
    if (job.epochs == 0 && w->bank == NULL)
        status = nas_fail(&trial_err, NAS_E_STUDY,
                          "the study has no supernet to inherit weights from");
    else
        status = job.epochs == 0 ? nas_supernet_score(w->bank, &job, w->workspace, true,
                                                      w->arena, result, &trial_err)
                                 : nas_job_run(&job, w->workspace, true, w->arena, result,
                                               &trial_err);
    if (status != NAS_OK)
        fail_trial(result, &trial_err);
    nas_heap_free(checkpoint);
    return NAS_OK;
}

nas_status nas_worker_run_job(worker *w, const nas_claim *claim, nas_err *err)
{
    running r = {.w = w, .claim = claim, .start_s = nas_clock_monotonic_s()};
    r.beat_s = r.start_s;
    r.checkpoint_s = r.start_s;
    nas_job_result result = {0};
    nas_graph *graph = NULL;
    nas_err trial_err = {0};
    nas_status status = nas_graph_read_json(claim->graph, strlen(claim->graph),
                                            "graph of a trial", &graph, &trial_err);
    if (status != NAS_OK)
        fail_trial(&result, &trial_err);
    else
        NAS_TRY(train(w, claim, &r, graph, &result, err));
    nas_graph_free(graph);
    if (r.status != NAS_OK) {
        if (err != NULL)
            *err = r.err;
        status = r.status;
    } else
        status = r.lost ? NAS_OK : store(w, claim, &result, err);
    nas_model_free(result.model);
    return status;
}
