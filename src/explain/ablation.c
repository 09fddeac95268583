/* What each block of the chosen network gives, and what more data would give: both by
 * training anew, within a time that is given. */
#include "explain/surgery.h"
#include "nasmith/clock.h"
#include "nasmith/explain.h"
#include "nasmith/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_PARTS = 24, MOST_EPOCHS = 8, MOST_ROUNDS = 5, POINTS = 4 };
/* Of the time: the rest is for the learning curve. */
static const double PARTS_SHARE = 0.6;
/* A training may take so much longer than the one before it. */
static const double SAFETY = 1.2;
/* A training that sees less of the rows says nothing about the network. */
static const double LEAST_FRACTION = 0.1;
static const double Z = 1.959963984540054; /* 97.5 % quantile of the normal */

typedef struct part {
    const char *name;
    nas_cut cut;
    nas_graph *graph;
    double *difference;     /* [validation rows] of goodness, sum over rounds */
    int rounds;             /* that it was trained in */
    double loss, low, high; /* of the metric; NaN = not trained */
} part;

typedef struct point {
    int64_t rows, epochs;
    nas_score score;
} point;

typedef struct ablation {
    nas_study *study;
    const nas_study_settings *settings;
    const nas_metric *metric;
    nas_arena *arena;
    const nas_trial_row *row;
    nas_dataset *data;
    nas_graph *graph;
    nas_recipe recipe;
    nas_workspace *workspace;
    double start_s, seconds;
    double fraction;
    double row_s; /* seconds of a row of the network's training; 0 = not measured */
    int64_t epochs;
    int rounds;
    double *goodness; /* [validation rows] of the whole network, sum over rounds */
    part parts[MOST_PARTS];
    int n_parts;
    point points[POINTS];
    int n_points;
} ablation;

/* ---- training ---------------------------------------------------------- */

static double predicted_s(const ablation *a, const nas_graph *graph, double rows)
{
    return a->settings->seconds_per_mac_row * (double)nas_graph_macs(graph) * rows;
}

static double left_s(const ablation *a)
{
    return a->seconds - (nas_clock_monotonic_s() - a->start_s);
}

/* @param out  outcome done, or nothing that can be used */
static nas_status train(const ablation *a, const nas_graph *graph, double fraction,
                        int64_t epochs, nas_job_result *out, nas_err *err)
{
    nas_job job = {.graph = graph,
                   .recipe = a->recipe,
                   .data = a->data,
                   .train_rows = a->data->train,
                   .n_train = a->data->n_train,
                   .validation_rows = a->data->validation,
                   .n_validation = a->data->n_validation,
                   .fraction = fraction,
                   .epochs = epochs,
                   .repeat = a->rounds,
                   .seed = a->settings->seed,
                   .metric = a->metric,
                   .max_seconds = fmax(0.05, left_s(a))};
    return nas_job_run(&job, a->workspace, true, a->arena, out, err);
}

/* ---- blocks ------------------------------------------------------------ */

static nas_status add_part(ablation *a, const nas_block *block, nas_err *err)
{
    nas_cut cut = block->removable ? NAS_CUT_REMOVE : NAS_CUT_HALVE;
    part *p = &a->parts[a->n_parts];
    *p = (part){.name = block->name, .loss = (double)NAN, .cut = cut};
    NAS_TRY(nas_graph_cut(a->graph, block, p->cut, a->arena, &p->graph, err));
    if (p->graph == NULL && p->cut == NAS_CUT_REMOVE) {
        p->cut = NAS_CUT_HALVE;
        NAS_TRY(nas_graph_cut(a->graph, block, p->cut, a->arena, &p->graph, err));
    }
    a->n_parts += p->graph != NULL;
    return NAS_OK;
}

static nas_status find_parts(ablation *a, nas_err *err)
{
    nas_block *blocks = NAS_NEW(a->arena, nas_block, nas_graph_count(a->graph));
    NAS_TRY_ALLOC(blocks, err);
    int n = nas_blocks_of(a->graph, blocks);
    for (int i = 0; i < n && a->n_parts < MOST_PARTS; i++)
        NAS_TRY(add_part(a, &blocks[i], err));
    return NAS_OK;
}

/* Epochs and fraction so that all trainings fit: all rows for as many epochs as there is
 * time for, or one epoch on some of the rows. */
static void plan_parts(ablation *a)
{
    double rows = 0, all = predicted_s(a, a->graph, 1);
    for (int i = 0; i < a->n_parts; i++)
        all += predicted_s(a, a->parts[i].graph, 1);
    rows = all > 0 ? PARTS_SHARE * a->seconds / all : (double)a->data->n_train;
    double epochs = rows / (double)a->data->n_train;
    a->epochs = epochs > MOST_EPOCHS ? MOST_EPOCHS : (int64_t)fmax(1, floor(epochs));
    a->fraction = fmin(1, epochs / (double)a->epochs);
}

/* Paired over the validation rows: how much less good they are answered, mean over
 * rounds. Squared errors become their root, the interval with them. */
static void conclude(const ablation *a, part *p)
{
    const int64_t n = a->data->n_validation;
    double mean = 0, squares = 0, base = 0;
    for (int64_t i = 0; i < n; i++) {
        double d = p->difference[i] / p->rounds;
        mean += d / (double)n;
        squares += d * d / (double)n;
        base -= a->goodness[i] / a->rounds / (double)n;
    }
    double half = Z * sqrt(fmax(0, squares - mean * mean) / (double)n);
    double scale = 1;
    if (a->metric->squared_rows) {
        double root = sqrt(fmax(base, 1e-300));
        scale = mean != 0 ? (sqrt(fmax(0, base + mean)) - root) / mean : 0.5 / root;
    }
    p->loss = scale * mean;
    p->low = scale * (mean - half);
    p->high = scale * (mean + half);
}

/* The network and all its cuts once, with the seed of this round. */
static nas_status try_round(ablation *a, nas_err *err)
{
    nas_job_result whole;
    NAS_TRY(train(a, a->graph, a->fraction, a->epochs, &whole, err));
    nas_model_free(whole.model);
    if (whole.outcome != NAS_OUTCOME_DONE)
        return NAS_OK;
    a->row_s = whole.seconds / (double)whole.rows_seen;
    for (int i = 0; i < a->n_parts && left_s(a) > 0; i++) {
        part *p = &a->parts[i];
        nas_job_result cut;
        NAS_TRY(train(a, p->graph, a->fraction, a->epochs, &cut, err));
        nas_model_free(cut.model);
        if (cut.outcome != NAS_OUTCOME_DONE)
            continue;
        for (int64_t k = 0; k < a->data->n_validation; k++)
            p->difference[k] += whole.row_goodness[k] - cut.row_goodness[k];
        p->rounds++;
    }
    for (int64_t k = 0; k < a->data->n_validation; k++)
        a->goodness[k] += whole.row_goodness[k];
    a->rounds++;
    return NAS_OK;
}

/* Another round, with another seed, as long as one fits: one training's luck is often
 * larger than what a block gives. */
static nas_status try_parts(ablation *a, nas_err *err)
{
    plan_parts(a);
    if (a->n_parts == 0 || a->fraction < LEAST_FRACTION)
        return NAS_OK;
    a->goodness = NAS_NEW(a->arena, double, a->data->n_validation);
    NAS_TRY_ALLOC(a->goodness, err);
    for (int i = 0; i < a->n_parts; i++) {
        a->parts[i].difference = NAS_NEW(a->arena, double, a->data->n_validation);
        NAS_TRY_ALLOC(a->parts[i].difference, err);
    }
    const double end = (1 - PARTS_SHARE) * a->seconds;
    double took = 0;
    while (a->rounds < MOST_ROUNDS && left_s(a) - end >= took) {
        int before = a->rounds;
        double left = left_s(a);
        NAS_TRY(try_round(a, err));
        took = left - left_s(a);
        if (a->rounds == before)
            break;
    }
    for (int i = 0; i < a->n_parts; i++)
        if (a->parts[i].rounds > 0)
            conclude(a, &a->parts[i]);
    return NAS_OK;
}

/* ---- learning curve ---------------------------------------------------- */

/* Eighths to all of the rows that time allows, each trained for equally many steps. */
static nas_status try_rows(ablation *a, nas_err *err)
{
    static const double SHARES[POINTS] = {0.125, 0.25, 0.5, 1};
    double one = a->row_s > 0 ? a->row_s : predicted_s(a, a->graph, 1);
    double rows = one > 0 ? left_s(a) / (SAFETY * POINTS * one) : 0;
    double all = fmin(1, rows / (double)a->data->n_train);
    double most = (double)a->data->n_train * MOST_EPOCHS;
    rows = fmin(rows, most);
    if (all < LEAST_FRACTION)
        return NAS_OK;
    for (int i = 0; i < POINTS && left_s(a) > 0; i++) {
        double fraction = all * SHARES[i];
        double used = fraction * (double)a->data->n_train;
        int64_t epochs = (int64_t)fmax(1, round(rows / used));
        nas_job_result result;
        if (used < (double)a->recipe.batch)
            continue;
        NAS_TRY(train(a, a->graph, fraction, epochs, &result, err));
        nas_model_free(result.model);
        if (result.outcome == NAS_OUTCOME_DONE)
            a->points[a->n_points++] = (point){(int64_t)used, epochs, result.validation};
    }
    return NAS_OK;
}

/* ---- writing ------------------------------------------------------------- */

static void write_part(nas_json *json, const part *p)
{
    char what[128];
    (void)snprintf(what, sizeof what, "%.100s%s", p->name,
                   p->cut == NAS_CUT_HALVE ? ", halved" : "");
    nas_json_object_begin(json);
    nas_json_key_string(json, "what", what);
    nas_json_key_string(json, "cut", p->cut == NAS_CUT_HALVE ? "halved" : "removed");
    nas_json_key_real(json, "loss", p->loss);
    nas_json_key_real(json, "low", p->low);
    nas_json_key_real(json, "high", p->high);
    nas_json_key_int(json, "params", nas_graph_params(p->graph));
    nas_json_key_int(json, "macs", nas_graph_macs(p->graph));
    nas_json_object_end(json);
}

static void write_point(nas_json *json, const point *p)
{
    nas_json_object_begin(json);
    nas_json_key_int(json, "rows", p->rows);
    nas_json_key_int(json, "epochs", p->epochs);
    nas_json_key_real(json, "value", p->score.value);
    nas_json_key_real(json, "low", p->score.low);
    nas_json_key_real(json, "high", p->score.high);
    nas_json_key_int(json, "n", p->score.n);
    nas_json_object_end(json);
}

static nas_status write_entry(const ablation *a, nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_json_key_int(&json, "schema", 1);
    nas_json_key_int(&json, "trial", a->row->id);
    nas_json_key_real(&json, "fraction", a->fraction);
    nas_json_key_int(&json, "epochs", a->epochs);
    nas_json_key_int(&json, "rounds", a->rounds);
    nas_json_key_int(&json, "rows", a->data->n_validation);
    nas_json_key_real(&json, "seconds", nas_clock_monotonic_s() - a->start_s);
    nas_json_key(&json, "parts");
    nas_json_array_begin(&json);
    for (int i = 0; i < a->n_parts; i++)
        if (!isnan(a->parts[i].loss))
            write_part(&json, &a->parts[i]);
    nas_json_array_end(&json);
    nas_json_key(&json, "learning");
    nas_json_array_begin(&json);
    for (int i = 0; i < a->n_points; i++)
        write_point(&json, &a->points[i]);
    nas_json_array_end(&json);
    nas_json_object_end(&json);
    nas_status status = nas_text_status(&text, err);
    if (status == NAS_OK)
        status = nas_study_put(a->study, NAS_ABLATION_ENTRY, nas_text_string(&text), err);
    nas_text_free(&text);
    return status;
}

/* ---- all ----------------------------------------------------------------- */

static nas_status read_recipe(ablation *a, nas_err *err)
{
    json_t *object = NULL;
    a->recipe = nas_recipe_default(a->data->task);
    NAS_TRY(nas_json_parse(a->row->recipe, strlen(a->row->recipe), "recipe of a trial",
                           &object, err));
    nas_status status = nas_recipe_read_json(object, &a->recipe, err);
    json_decref(object);
    return status;
}

static nas_status load(ablation *a, int64_t trial, nas_err *err)
{
    nas_trial_row *row = NULL;
    NAS_TRY(nas_study_trial(a->study, trial, a->arena, &row, err));
    a->row = row;
    a->metric = nas_metric_find(a->settings->metric);
    if (row == NULL || a->metric == NULL)
        return nas_fail(err, NAS_E_STUDY, "the study's chosen network is not in it");
    const char *folder = nas_file_join(a->arena, nas_study_folder(a->study), "data");
    NAS_TRY_ALLOC(folder, err);
    NAS_TRY(nas_dataset_open(folder, &a->data, err));
    NAS_TRY(read_recipe(a, err));
    a->workspace = nas_workspace_new();
    NAS_TRY_ALLOC(a->workspace, err);
    return nas_graph_read_json(row->graph, strlen(row->graph), "network", &a->graph, err);
}

static nas_status run(ablation *a, nas_err *err)
{
    nas_search_result result = {0};
    nas_status status = nas_search_read_result(a->study, &result, err);
    int64_t trial = result.n_finalists > 0 ? result.finalists[0].trial : 0;
    nas_search_result_free(&result);
    if (status != NAS_OK || trial == 0)
        return status;
    NAS_TRY(load(a, trial, err));
    if (a->data->n_validation == 0)
        return NAS_OK;
    NAS_TRY(find_parts(a, err));
    NAS_TRY(try_parts(a, err));
    NAS_TRY(try_rows(a, err));
    return write_entry(a, err);
}

nas_status nas_explain_ablation(nas_study *study, double seconds, nas_err *err)
{
    ablation a = {.study = study,
                  .settings = nas_study_settings_of(study),
                  .arena = nas_arena_new(),
                  .start_s = nas_clock_monotonic_s(),
                  .seconds = seconds};
    NAS_TRY_ALLOC(a.arena, err);
    nas_status status = run(&a, err);
    for (int i = 0; i < a.n_parts; i++)
        nas_graph_free(a.parts[i].graph);
    nas_graph_free(a.graph);
    nas_workspace_free(a.workspace);
    nas_dataset_close(a.data);
    nas_arena_free(a.arena);
    return status;
}
