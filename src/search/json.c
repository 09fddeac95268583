/* The documents of --json (docs/json.md). */
#include "nasmith/search.h"

#include "search/record.h"
#include "search/run.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static void write_costs(nas_json *json, const nas_cost *cost)
{
    nas_json_key_int(json, "params", cost->params);
    nas_json_key_int(json, "macs", cost->macs);
    nas_json_key_int(json, "ram_bytes", cost->ram_bytes);
    nas_json_key_int(json, "arena_bytes", cost->arena_bytes);
    nas_json_key_int(json, "flash_bytes", cost->flash_bytes);
    nas_json_key(json, "latency_ms");
    if (cost->latency_ms >= 0.0)
        nas_json_real(json, cost->latency_ms);
    else
        nas_json_null(json);
}

static void write_test(nas_json *json, const char *key, const nas_score *score,
                       int opening)
{
    nas_json_key(json, key);
    if (isnan(score->value)) {
        nas_json_null(json);
        return;
    }
    nas_json_object_begin(json);
    nas_json_key_real(json, "value", score->value);
    nas_json_key_int(json, "n", score->n);
    nas_json_key_real(json, "low", score->low);
    nas_json_key_real(json, "high", score->high);
    nas_json_key_int(json, "opening", opening);
    nas_json_object_end(json);
}

/* What the best network needs on the device the study is for. */
static void write_device(nas_json *json, const nas_search_result *result,
                         const nas_device *device)
{
    nas_json_key(json, "device");
    double ms = result->n_finalists > 0 ? result->finalists[0].cost.latency_ms : -1.0;
    if (!(device->clock_mhz > 0.0) || ms < 0.0) {
        nas_json_null(json);
        return;
    }
    nas_device_estimate e = nas_device_estimate_of(device, ms);
    nas_json_object_begin(json);
    nas_json_key_string(json, "name", device->name);
    nas_json_key_real(json, "latency_ms", ms);
    nas_json_key_real(json, "low_ms", e.low_ms);
    nas_json_key_real(json, "high_ms", e.high_ms);
    nas_json_key(json, "millijoules");
    if (e.millijoules >= 0.0)
        nas_json_real(json, e.millijoules);
    else
        nas_json_null(json);
    nas_json_object_end(json);
}

/* ---- the search ---------------------------------------------------------- */

static void write_counts(nas_json *json, const nas_study_counts *counts)
{
    nas_json_key(json, "trials");
    nas_json_object_begin(json);
    nas_json_key_int(json, "proposed", counts->proposed);
    nas_json_key_int(json, "scored", counts->scored);
    nas_json_key_int(json, "full", counts->full);
    nas_json_key_int(json, "failed", counts->failed);
    nas_json_key_int(json, "infeasible", counts->infeasible);
    nas_json_object_end(json);
    nas_json_key(json, "evaluations");
    nas_json_object_begin(json);
    nas_json_key_int(json, "done", counts->done);
    nas_json_key_int(json, "failed", counts->failed_evaluations);
    nas_json_object_end(json);
}

static void write_finalist(nas_json *json, const nas_finalist *f)
{
    nas_json_object_begin(json);
    nas_json_key_int(json, "trial", f->trial);
    nas_json_key_string(json, "role", f->role);
    nas_json_key(json, "validation");
    nas_record_score(json, &f->validation);
    write_test(json, "test", &f->test, f->opening);
    write_test(json, "as_searched_test", &f->as_searched_test, f->opening);
    nas_json_key_int(json, "refit_epochs", f->refit_epochs);
    nas_json_key(json, "clean_up");
    nas_clean_write_json(&f->saved, json);
    write_costs(json, &f->cost);
    nas_json_key(json, "measured_latency_ms");
    if (f->measured_latency_ms >= 0.0)
        nas_json_real(json, f->measured_latency_ms);
    else
        nas_json_null(json);
    nas_json_key_string(json, "model", f->model_path);
    nas_json_key_string(json, "onnx", f->onnx_path);
    nas_json_key_string(json, "c", f->c_path);
    nas_json_object_end(json);
}

static const nas_finalist *finalist_of(const nas_search_result *result, int64_t trial)
{
    for (int i = 0; i < result->n_finalists; i++)
        if (result->finalists[i].trial == trial)
            return &result->finalists[i];
    return NULL;
}

/* A network of the front; tested only if it is a finalist. */
static void write_front_row(nas_json *json, const nas_search_result *result,
                            const nas_trial_row *row)
{
    const nas_finalist *finalist = finalist_of(result, row->id);
    if (finalist != NULL) {
        write_finalist(json, finalist);
        return;
    }
    nas_score validation = nas_searched_score(row);
    nas_json_object_begin(json);
    nas_json_key_int(json, "trial", row->id);
    nas_json_key_string(json, "role", NULL);
    nas_json_key(json, "validation");
    nas_record_score(json, &validation);
    nas_json_key(json, "test");
    nas_json_null(json);
    write_costs(json, &row->cost);
    nas_json_object_end(json);
}

static nas_status write_front(nas_json *json, const nas_search_result *result,
                              nas_study *study, nas_arena *arena, nas_err *err)
{
    nas_json_key(json, "front");
    nas_json_array_begin(json);
    for (int i = 0; i < result->n_front; i++) {
        nas_trial_row *row = NULL;
        NAS_TRY(nas_study_trial(study, result->front[i], arena, &row, err));
        if (row != NULL)
            write_front_row(json, result, row);
    }
    nas_json_array_end(json);
    return NAS_OK;
}

static void write_baselines(nas_json *json, const nas_search_result *result)
{
    int opening = result->n_finalists > 0 ? result->finalists[0].opening : 0;
    nas_json_key(json, "baselines");
    nas_json_array_begin(json);
    for (int i = 0; i < result->n_baselines; i++) {
        const nas_baseline_result *b = &result->baselines[i];
        nas_json_object_begin(json);
        nas_json_key_string(json, "name", b->name);
        nas_json_key(json, "validation");
        nas_record_score(json, &b->validation);
        write_test(json, "test", &b->test, opening);
        nas_json_key_int(json, "params", b->params);
        nas_json_object_end(json);
    }
    nas_json_array_end(json);
}

static void write_files(nas_json *json, const nas_search_result *result)
{
    const nas_finalist *best = result->n_finalists > 0 ? &result->finalists[0] : NULL;
    nas_json_key(json, "files");
    nas_json_object_begin(json);
    nas_json_key_string(json, "report", result->report_path);
    nas_json_key_string(json, "model", best != NULL ? best->model_path : NULL);
    nas_json_key_string(json, "onnx", best != NULL ? best->onnx_path : NULL);
    nas_json_key_string(json, "c", best != NULL ? best->c_path : NULL);
    nas_json_object_end(json);
}

static nas_status write_search(nas_json *json, const nas_search_result *result,
                               nas_study *study, nas_arena *arena, nas_err *err)
{
    const nas_study_settings *s = nas_study_settings_of(study);
    nas_json_object_begin(json);
    nas_json_key_int(json, "schema", 1);
    nas_json_key_string(json, "study", nas_study_path(study));
    nas_json_key_string(json, "task", nas_task_name(s->space_context.task));
    nas_json_key_string(json, "metric", s->metric);
    nas_json_key_string(json, "stop_reason", result->stop_reason);
    write_counts(json, &result->counts);
    nas_json_key(json, "best");
    if (result->n_finalists > 0)
        write_finalist(json, &result->finalists[0]);
    else
        nas_json_null(json);
    NAS_TRY(write_front(json, result, study, arena, err));
    write_baselines(json, result);
    nas_json_key_real(json, "random_estimate", result->random_estimate);
    nas_json_key(json, "supernet");
    NAS_TRY(nas_supernet_write_json(study, json, err));
    write_files(json, result);
    write_device(json, result, &nas_study_settings_of(study)->latency.device);
    nas_json_key_real(json, "seconds", result->seconds);
    nas_json_object_end(json);
    return NAS_OK;
}

nas_status nas_search_write_json(const nas_search_result *result, nas_study *study,
                                 nas_json *json, nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status = write_search(json, result, study, arena, err);
    nas_arena_free(arena);
    return status;
}

/* ---- trials -------------------------------------------------------------- */

static const char *const STATES[] = {"queued", "running", "done", "failed"};
static const char *const PURPOSES[] = {"search", "refit", "baseline"};

static void write_score_keys(nas_json *json, const nas_score *score)
{
    bool none = isnan(score->value);
    nas_json_key_real(json, "value", score->value);
    nas_json_key_int(json, "n", none ? 0 : score->n);
    nas_json_key_real(json, "low", score->low);
    nas_json_key_real(json, "high", score->high);
}

static void write_evaluation(nas_json *json, const nas_evaluation_row *e)
{
    bool over = e->state >= NAS_EVALUATION_DONE;
    nas_json_object_begin(json);
    nas_json_key_string(json, "purpose", PURPOSES[e->spec.purpose]);
    nas_json_key_int(json, "rung", e->spec.rung);
    nas_json_key_real(json, "fraction", e->spec.fraction);
    nas_json_key_int(json, "epochs", e->spec.epochs);
    nas_json_key_int(json, "fold", e->spec.fold);
    nas_json_key_int(json, "repeat", e->spec.repeat);
    nas_json_key_string(json, "state", STATES[e->state]);
    write_score_keys(json, &e->validation);
    nas_json_key_string(json, "outcome", over ? nas_outcome_name(e->outcome) : NULL);
    nas_json_key_string(json, "reason", e->reason);
    nas_json_key_bool(json, "from_study", e->from_study);
    nas_json_key_real(json, "train_loss", e->train_loss);
    nas_json_key(json, "curve");
    if (e->curve != NULL)
        nas_json_raw(json, e->curve);
    else
        nas_json_null(json);
    nas_json_key_string(json, "worker", e->worker);
    nas_json_key_int(json, "attempt", e->attempt);
    nas_json_key_real(json, "seconds", e->seconds);
    nas_json_key_int(json, "started_ms", e->started_ms);
    nas_json_key_int(json, "finished_ms", e->finished_ms);
    nas_json_object_end(json);
}

/* Derived from the evaluations of the search; of a baseline, from all it has. */
static const char *state_of(const nas_trial_row *row, int top)
{
    bool any[4] = {false};
    for (int i = 0; i < row->n_evaluations; i++)
        if (row->evaluations[i].spec.purpose != NAS_PURPOSE_REFIT)
            any[row->evaluations[i].state] = true;
    if (row->best != NULL)
        return row->best->spec.rung == top ? "full" : "scored";
    return any[NAS_EVALUATION_FAILED]                                ? "failed"
           : any[NAS_EVALUATION_RUNNING] || any[NAS_EVALUATION_DONE] ? "running"
                                                                     : "queued";
}

/* The mean over the folds and repeats of the highest rung. */
static void write_best(nas_json *json, const nas_trial_row *row)
{
    nas_json_key(json, "score");
    if (row->best == NULL) {
        nas_json_null(json);
        return;
    }
    nas_json_object_begin(json);
    nas_json_key_int(json, "rung", row->best->spec.rung);
    write_score_keys(json, &row->best->validation);
    nas_json_object_end(json);
}

static void write_parents(nas_json *json, const nas_trial_row *row)
{
    nas_json_key(json, "parents");
    nas_json_array_begin(json);
    for (int i = 0; i < 2; i++)
        if (row->parents[i] != 0)
            nas_json_int(json, row->parents[i]);
    nas_json_array_end(json);
}

static void key_hash(nas_json *json, const char *key, uint64_t hash)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%016" PRIx64, hash);
    nas_json_key_string(json, key, text);
}

static void write_trial(nas_json *json, const nas_trial_row *row, int top)
{
    nas_json_object_begin(json);
    nas_json_key_int(json, "trial", row->id);
    nas_json_key_string(json, "name", row->name);
    nas_json_key_string(json, "state", state_of(row, top));
    key_hash(json, "key", row->key);
    key_hash(json, "graph_hash", row->graph_hash);
    write_best(json, row);
    write_parents(json, row);
    nas_json_key_bool(json, "uniform", row->uniform);
    write_costs(json, &row->cost);
    nas_json_key(json, "decisions");
    if (row->decisions != NULL)
        nas_json_raw(json, row->decisions);
    else
        nas_json_null(json);
    nas_json_key(json, "recipe");
    nas_json_raw(json, row->recipe);
    nas_json_key_int(json, "created_ms", row->created_ms);
    nas_json_key(json, "evaluations");
    nas_json_array_begin(json);
    for (int i = 0; i < row->n_evaluations; i++)
        write_evaluation(json, &row->evaluations[i]);
    nas_json_array_end(json);
    nas_json_object_end(json);
}

nas_status nas_trials_write_json(nas_study *study, nas_json *json, nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_trial_row *rows = NULL;
    int64_t n = 0;
    nas_status status = nas_study_trials(study, arena, &rows, &n, err);
    int top = nas_study_settings_of(study)->ladder.n - 1;
    if (status == NAS_OK) {
        nas_json_object_begin(json);
        nas_json_key_int(json, "schema", 1);
        nas_json_key(json, "trials");
        nas_json_array_begin(json);
        for (int64_t i = 0; i < n; i++)
            write_trial(json, &rows[i], top);
        nas_json_array_end(json);
        nas_json_object_end(json);
    }
    nas_arena_free(arena);
    return status;
}
