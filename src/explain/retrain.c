#include "explain/retrain.h"

#include "nasmith/clock.h"
#include "nasmith/file.h"

#include <math.h>
#include <string.h>

/* Of the time, what a measuring epoch may take. */
static const double EASILY = 0.05;

static nas_status load(nas_retrain *r, int64_t trial, nas_err *err)
{
    nas_trial_row *row = NULL;
    NAS_TRY(nas_study_trial(r->study, trial, r->arena, &row, err));
    r->row = row;
    r->metric = nas_metric_find(r->settings->metric);
    if (row == NULL || r->metric == NULL)
        return nas_fail(err, NAS_E_STUDY, "the study's chosen network is not in it");
    const char *folder = nas_file_join(r->arena, nas_study_folder(r->study), "data");
    NAS_TRY_ALLOC(folder, err);
    NAS_TRY(nas_dataset_open(folder, &r->data, err));
    NAS_TRY(nas_recipe_parse(row->recipe, "recipe of a trial", r->data->task, &r->recipe,
                             err));
    r->workspace = nas_workspace_new();
    NAS_TRY_ALLOC(r->workspace, err);
    return nas_graph_read_json(row->graph, strlen(row->graph), "network", &r->graph, err);
}

nas_status nas_retrain_open(nas_study *study, double seconds, nas_retrain *out,
                            bool *found, nas_err *err)
{
    nas_search_result result = {0};
    *found = false;
    *out = (nas_retrain){.study = study,
                         .settings = nas_study_settings_of(study),
                         .arena = nas_arena_new(),
                         .start_s = nas_clock_monotonic_s(),
                         .seconds = seconds};
    NAS_TRY_ALLOC(out->arena, err);
    nas_status status = nas_search_read_result(study, &result, err);
    int64_t trial = result.n_finalists > 0 ? result.finalists[0].trial : 0;
    nas_search_result_free(&result);
    if (status != NAS_OK || trial == 0)
        return status;
    NAS_TRY(load(out, trial, err));
    *found = out->data->n_validation > 0;
    return NAS_OK;
}

void nas_retrain_close(nas_retrain *r)
{
    nas_graph_free(r->graph);
    nas_workspace_free(r->workspace);
    nas_dataset_close(r->data);
    nas_arena_free(r->arena);
    *r = (nas_retrain){0};
}

double nas_retrain_left_s(const nas_retrain *r)
{
    return r->seconds - (nas_clock_monotonic_s() - r->start_s);
}

nas_status nas_retrain_pace(const nas_retrain *r, double *seconds_per_mac_row,
                            nas_err *err)
{
    const double macs = (double)nas_graph_macs(r->graph);
    const double predicted = r->settings->seconds_per_mac_row;
    const nas_retrain_plan plan = {r->graph, 1, 1, 0};
    nas_job_result epoch;
    *seconds_per_mac_row = predicted;
    if (predicted * macs * (double)r->data->n_train > EASILY * r->seconds)
        return NAS_OK;
    NAS_TRY(nas_retrain_run(r, &plan, &epoch, err));
    if (epoch.outcome == NAS_OUTCOME_DONE && epoch.rows_seen > 0 && macs > 0)
        *seconds_per_mac_row = epoch.seconds / (double)epoch.rows_seen / macs;
    return NAS_OK;
}

nas_status nas_retrain_run(const nas_retrain *r, const nas_retrain_plan *plan,
                           nas_job_result *out, nas_err *err)
{
    nas_job job = {.graph = plan->graph,
                   .recipe = r->recipe,
                   .data = r->data,
                   .train_rows = r->data->train,
                   .n_train = r->data->n_train,
                   .validation_rows = r->data->validation,
                   .n_validation = r->data->n_validation,
                   .fraction = plan->fraction,
                   .epochs = plan->epochs,
                   .repeat = plan->repeat,
                   .seed = r->settings->seed,
                   .metric = r->metric,
                   .max_seconds = fmax(0.05, nas_retrain_left_s(r))};
    NAS_TRY(nas_job_run(&job, r->workspace, true, r->arena, out, err));
    nas_model_free(out->model);
    out->model = NULL;
    return NAS_OK;
}
