/* The finisher: the only code that opens the sealed rows, and the only layer that may
 * include their header. */
#include "data/sealed.h"
#include "evaluate/forward.h"
#include "nasmith/clock.h"
#include "search/answers.h"
#include "search/estimate.h"
#include "search/export.h"
#include "search/keep.h"
#include "search/plan.h"
#include "search/record.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const double LEASE_S = 120.0;
enum { MAX_BASELINES = 5 };

typedef struct finisher {
    search_run *run;
    nas_search_result *result;
    finalist_plan plan;
    int opening;
    nas_dataset *sealed;
    int64_t *rows; /* all of them */
    nas_workspace *workspace;
    nas_status verify; /* first failed verification: told after all is done */
    nas_err verify_err;
} finisher;

/* ---- opening ------------------------------------------------------------- */

/* Each round opens the sealed rows once, however often its finishing was interrupted. The
 * number is on disk before the file is opened. */
static nas_status count_opening(finisher *f, nas_err *err)
{
    const char *text = NULL;
    int count = 0;
    int round = 0;
    NAS_TRY(nas_study_get(f->run->study, STATE_OPENINGS, f->run->arena, &text, err));
    if (text != NULL && sscanf(text, "%d %d", &count, &round) != 2)
        return nas_fail(err, NAS_E_STUDY,
                        "the study's count of test openings is corrupt");
    f->opening = round == f->plan.round ? count : count + 1;
    char now[40];
    (void)snprintf(now, sizeof now, "%d %d", f->opening, f->plan.round);
    return nas_study_put(f->run->study, STATE_OPENINGS, now, err);
}

static nas_status open_sealed(finisher *f, nas_err *err)
{
    NAS_TRY(count_opening(f, err));
    NAS_TRY(nas_sealed_open(f->run->data_folder, &f->sealed, err));
    f->rows = NAS_NEW(f->run->arena, int64_t, f->sealed->n_rows);
    NAS_TRY_ALLOC(f->rows, err);
    for (int64_t i = 0; i < f->sealed->n_rows; i++)
        f->rows[i] = i;
    return NAS_OK;
}

/* The sealed rows' score of what would be delivered: of the int8 form, if that is it. */
static nas_status score_model(finisher *f, const nas_model *model, nas_score *out,
                              nas_err *err)
{
    const search_run *run = f->run;
    if (run->settings->limits.dtype != NAS_INT8)
        return nas_evaluate_model(model, f->sealed, f->rows, f->sealed->n_rows,
                                  run->metric, f->workspace, out, err);
    nas_quant *quant = NULL;
    NAS_TRY(nas_quantise_on(model, run->data, run->data->train, run->data->n_train,
                            &quant, err));
    nas_status status = nas_evaluate_int8(quant, f->sealed, f->rows, f->sealed->n_rows,
                                          run->metric, out, err);
    nas_quant_free(quant);
    return status;
}

/* Score a model on the sealed rows and write it down. */
static nas_status test_model(finisher *f, const nas_model *model, int64_t trial,
                             const char *kind, nas_score *out, nas_err *err)
{
    *out = nas_score_none(0);
    if (f->sealed->n_rows == 0)
        return NAS_OK;
    NAS_TRY(score_model(f, model, out, err));
    nas_test_row row = {
        .trial = trial, .opening = f->opening, .test = *out, .kind = kind};
    return nas_study_put_test(f->run->study, &row, err);
}

/* What the delivered network says of each row: for confusion and calibration. */
static nas_status keep_answers(const finisher *f, const nas_model *model, int64_t trial,
                               nas_err *err)
{
    nas_predictions p;
    float *outputs = NULL;
    if (f->sealed->n_rows == 0 || f->sealed->task == NAS_TASK_ANOMALY)
        return NAS_OK;
    NAS_TRY(nas_predictions_new(f->sealed, f->rows, f->sealed->n_rows, f->run->arena, &p,
                                &outputs, err));
    NAS_TRY(nas_predict(model, f->sealed, f->rows, p.n, f->workspace, outputs, err));
    return nas_answers_keep(f->run->study, trial, &p, err);
}

/* ---- finalists ----------------------------------------------------------- */

nas_score nas_searched_score(const nas_trial_row *row)
{
    return row->best != NULL ? row->best->validation : nas_score_none(0);
}

static int64_t refit_epochs(const nas_trial_row *row, int round)
{
    for (int i = 0; i < row->n_evaluations; i++) {
        const nas_evaluation_row *e = &row->evaluations[i];
        if (e->spec.purpose == NAS_PURPOSE_REFIT && e->spec.rung == -round &&
            e->state == NAS_EVALUATION_DONE)
            return e->epochs_done;
    }
    return 0;
}

static nas_finalist *next_finalist(finisher *f, const plan_entry *entry,
                                   const nas_trial_row *row)
{
    nas_finalist *out = &f->result->finalists[f->result->n_finalists];
    *out = (nas_finalist){.trial = entry->trial,
                          .role = entry->role,
                          .validation = nas_searched_score(row),
                          .as_searched_test = nas_score_none(0),
                          .test = nas_score_none(0),
                          .opening = f->opening,
                          .cost = row->cost,
                          .measured_latency_ms = -1.0,
                          .refit_epochs = refit_epochs(row, f->plan.round)};
    return out;
}

static nas_status load_models(finisher *f, const nas_finalist *finalist,
                              nas_model **searched, nas_model **refit, nas_err *err)
{
    char name[KEEP_NAME];
    nas_keep_searched_name(finalist->trial, name);
    NAS_TRY(nas_keep_load_model(f->run->study, name, searched, err));
    if (finalist->refit_epochs == 0)
        return NAS_OK;
    nas_keep_model_name(finalist->trial, name);
    return nas_keep_load_model(f->run->study, name, refit, err);
}

/* A failed verification is an error, but not one that takes the rest along. */
static nas_status note_failure(finisher *f, nas_status status, const nas_err *failure,
                               nas_err *err)
{
    if (status == NAS_E_VERIFY) {
        if (f->verify == NAS_OK)
            f->verify_err = *failure;
        f->verify = NAS_E_VERIFY;
        return NAS_OK;
    }
    if (status != NAS_OK && err != NULL)
        *err = *failure;
    return status;
}

/* Dead channels go before the network is tested, so that what is tested is delivered. */
static nas_status clean_model(finisher *f, nas_model *model, nas_finalist *finalist,
                              nas_err *err)
{
    const nas_study_settings *settings = f->run->settings;
    const nas_latency_table *latency =
        settings->latency.known ? &settings->latency : NULL;
    nas_err failure = {0};
    nas_status status = nas_model_clean(model, &finalist->saved, &failure);
    NAS_TRY(note_failure(f, status, &failure, err));
    if (finalist->saved.channels + finalist->saved.nodes == 0)
        return NAS_OK;
    return nas_cost_of(model->graph, settings->limits.dtype, latency, NULL,
                       &finalist->cost, err);
}

static nas_status export_model(finisher *f, nas_model *model, nas_finalist *finalist,
                               nas_err *err)
{
    if (!isnan(finalist->test.value)) {
        model->score = finalist->test.value;
        (void)snprintf(model->score_on, sizeof model->score_on, "test");
    }
    nas_err failure = {0};
    nas_status status =
        nas_export_finalist(f->run, model, f->workspace, finalist, &failure);
    return note_failure(f, status, &failure, err);
}

/* The refit is what is delivered; without one, the network as it was searched. */
static nas_status deliver(finisher *f, nas_finalist *finalist, nas_model *searched,
                          nas_model *refit, nas_err *err)
{
    nas_model *model = refit != NULL ? refit : searched;
    if (model != NULL)
        NAS_TRY(clean_model(f, model, finalist, err));
    if (searched != NULL)
        NAS_TRY(test_model(f, searched, finalist->trial, "as_searched",
                           &finalist->as_searched_test, err));
    if (refit != NULL)
        NAS_TRY(test_model(f, refit, finalist->trial, "refit", &finalist->test, err));
    else
        finalist->test = finalist->as_searched_test;
    if (refit == NULL && searched != NULL) {
        char name[KEEP_NAME];
        nas_keep_model_name(finalist->trial, name);
        NAS_TRY(nas_keep_store_model(f->run->study, name, searched, err));
    }
    if (model == NULL)
        return NAS_OK;
    NAS_TRY(keep_answers(f, model, finalist->trial, err));
    return export_model(f, model, finalist, err);
}

static nas_status finish_entry(finisher *f, const plan_entry *entry, nas_err *err)
{
    nas_trial_row *row = NULL;
    NAS_TRY(nas_study_trial(f->run->study, entry->trial, f->run->arena, &row, err));
    if (row == NULL)
        return nas_fail(err, NAS_E_STUDY, "finalist %" PRId64 " is not in the study",
                        entry->trial);
    nas_finalist *finalist = next_finalist(f, entry, row);
    nas_model *searched = NULL;
    nas_model *refit = NULL;
    nas_status status = load_models(f, finalist, &searched, &refit, err);
    if (refit == NULL)
        finalist->refit_epochs = 0;
    if (status == NAS_OK)
        status = deliver(f, finalist, searched, refit, err);
    if (status == NAS_OK && (searched != NULL || refit != NULL))
        f->result->n_finalists++;
    nas_model_free(searched);
    nas_model_free(refit);
    return status;
}

/* ---- baselines ----------------------------------------------------------- */

/* Over the folds of repeat 0. */
static nas_status constant_validation(const finisher *f, nas_score *out, nas_err *err)
{
    const nas_dataset *data = f->run->data;
    nas_score scores[NAS_MAX_RUNS];
    int repeats[NAS_MAX_RUNS] = {0};
    assert(data->folds >= 1 && data->folds <= NAS_MAX_RUNS);
    for (int i = 0; i < data->folds; i++) {
        nas_fold fold;
        NAS_TRY(nas_dataset_fold(data, i, 0, f->run->arena, &fold, err));
        scores[i] =
            nas_baseline_constant(data, fold.train, fold.n_train, data, fold.validation,
                                  fold.n_validation, f->run->metric);
    }
    *out = nas_score_mean(scores, repeats, data->folds);
    return NAS_OK;
}

static nas_status add_constant(finisher *f, nas_err *err)
{
    const nas_dataset *data = f->run->data;
    const nas_metric *metric = f->run->metric;
    nas_baseline_result *out = &f->result->baselines[f->result->n_baselines++];
    *out = (nas_baseline_result){
        .name = data->task == NAS_TASK_CLASSIFICATION ? "majority" : "mean",
        .test = nas_baseline_constant(data, data->train, data->n_train, f->sealed,
                                      f->rows, f->sealed->n_rows, metric)};
    return constant_validation(f, &out->validation, err);
}

static nas_status add_seasonal(finisher *f, int64_t period, nas_err *err)
{
    const nas_dataset *data = f->run->data;
    const nas_metric *metric = f->run->metric;
    const char *name = "last value";
    if (period > 1)
        name = nas_arena_printf(f->run->arena, "season of %lld", (long long)period);
    NAS_TRY_ALLOC(name, err);
    f->result->baselines[f->result->n_baselines++] = (nas_baseline_result){
        .name = name,
        .validation = nas_baseline_seasonal(data, data->validation, data->n_validation,
                                            period, metric),
        .test =
            nas_baseline_seasonal(f->sealed, f->rows, f->sealed->n_rows, period, metric)};
    return NAS_OK;
}

/* Forecasts stand beside what repeats the past. */
static nas_status add_past(finisher *f, nas_err *err)
{
    const nas_dataset *data = f->run->data;
    if (data->horizon == 0)
        return NAS_OK;
    NAS_TRY(add_seasonal(f, 1, err));
    int64_t season = nas_baseline_season(data, data->train, data->n_train);
    return season > 1 ? add_seasonal(f, season, err) : NAS_OK;
}

static nas_status add_baseline(finisher *f, const nas_trial_row *row, nas_err *err)
{
    char name[KEEP_NAME];
    nas_model *model = NULL;
    nas_keep_model_name(row->id, name);
    NAS_TRY(nas_keep_load_model(f->run->study, name, &model, err));
    if (model == NULL)
        return NAS_OK;
    nas_baseline_result *out = &f->result->baselines[f->result->n_baselines++];
    *out = (nas_baseline_result){.name = row->name,
                                 .validation = nas_searched_score(row),
                                 .params = row->cost.params};
    nas_status status = test_model(f, model, row->id, row->name, &out->test, err);
    nas_model_free(model);
    return status;
}

/* Baselines that were trained have the ids -1, -2. */
static nas_status add_baselines(finisher *f, nas_err *err)
{
    NAS_TRY(add_constant(f, err));
    NAS_TRY(add_past(f, err));
    for (int64_t id = -1; f->result->n_baselines < MAX_BASELINES; id--) {
        nas_trial_row *row = NULL;
        NAS_TRY(nas_study_trial(f->run->study, id, f->run->arena, &row, err));
        if (row == NULL)
            break;
        NAS_TRY(add_baseline(f, row, err));
    }
    return NAS_OK;
}

/* ---- the round ----------------------------------------------------------- */

static nas_status take_lease(const search_run *run, nas_err *err)
{
    bool got = false;
    NAS_TRY(nas_study_lease(run->study, "finisher", "supervisor", LEASE_S, &got, err));
    if (!got)
        return nas_fail(err, NAS_E_STUDY, "another process is finishing study `%s`",
                        run->study_path);
    return NAS_OK;
}

static nas_status prepare(finisher *f, nas_err *err)
{
    nas_search_result *result = f->result;
    NAS_TRY(open_sealed(f, err));
    f->workspace = nas_workspace_new();
    result->finalists = NAS_NEW(f->run->arena, nas_finalist, f->plan.n);
    result->baselines = NAS_NEW(f->run->arena, nas_baseline_result, MAX_BASELINES);
    if (f->workspace == NULL || result->finalists == NULL || result->baselines == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    result->n_finalists = 0;
    result->n_baselines = 0;
    return NAS_OK;
}

static double random_estimate(const search_run *run)
{
    const nas_history *history = nas_asker_history(run->view);
    double score = nas_estimate_random(history, history->n_scored);
    return run->metric->larger_is_better ? score : -score;
}

static nas_status finish_all(finisher *f, nas_err *err)
{
    search_run *run = f->run;
    NAS_TRY(prepare(f, err));
    for (int i = 0; i < f->plan.n; i++) {
        NAS_TRY(finish_entry(f, &f->plan.entry[i], err));
        NAS_TRY(nas_progress_tell(run, NAS_PHASE_FINISH, true, err));
    }
    NAS_TRY(add_baselines(f, err));
    f->result->random_estimate = random_estimate(run);
    f->result->seconds = nas_run_elapsed_s(run);
    f->result->stop_reason = run->stop_reason;
    NAS_TRY(nas_record_write(run->study, f->result, err));
    bool by_time =
        run->stop_reason != NULL && strcmp(run->stop_reason, "time is up") == 0;
    NAS_TRY(nas_state_put_int(run->study, STATE_FINISHED_S,
                              by_time ? (int64_t)ceil(run->options->time_s) : 0, err));
    NAS_TRY(nas_state_put_int(run->study, STATE_ROUND, f->plan.round, err));
    NAS_TRY(nas_state_put_int(run->study, STATE_ACTIVE_MS,
                              (int64_t)(nas_run_elapsed_s(run) * 1000.0), err));
    return nas_keep_clean(run->study, nas_asker_history(run->view), err);
}

nas_status nas_search_finish(search_run *run, nas_search_result *result, nas_err *err)
{
    finisher f = {.run = run, .result = result};
    NAS_TRY(nas_plan_read(run->study, run->arena, &f.plan, err));
    if (f.plan.n == 0)
        return NAS_OK;
    NAS_TRY(take_lease(run, err));
    NAS_TRY(nas_progress_tell(run, NAS_PHASE_FINISH, true, err));
    nas_status status = finish_all(&f, err);
    nas_workspace_free(f.workspace);
    nas_dataset_close(f.sealed);
    nas_err ignored = {0}; /* the lease runs out by itself */
    (void)nas_study_unlease(run->study, "finisher", "supervisor", &ignored);
    if (status == NAS_OK && f.verify != NAS_OK) {
        if (err != NULL)
            *err = f.verify_err;
        status = f.verify;
    }
    return status;
}
