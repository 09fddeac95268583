/* What each block of the chosen network gives, and what more data would give: both by
 * training anew, within a time that is given. */
#include "explain/retrain.h"
#include "explain/surgery.h"
#include "nasmith/clock.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MOST_PARTS = 24, ENOUGH_EPOCHS = 8, MOST_ROUNDS = 5, POINTS = 4 };
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
    nas_cost cost;
    double *difference;     /* [validation rows] of goodness, sum over rounds */
    int rounds;             /* that it was trained in */
    double loss, low, high; /* of the metric; NaN = not trained */
} part;

typedef struct point {
    int64_t rows, epochs;
    nas_score score;
} point;

typedef struct ablation {
    nas_retrain with;
    double fraction;
    double pace;  /* seconds of a row and a MAC in training */
    double row_s; /* seconds of a row of the network's training; 0 = not measured */
    int64_t epochs, most_epochs;
    int rounds;
    double *goodness; /* [validation rows] of the whole network, sum over rounds */
    double whole[MOST_ROUNDS]; /* its score in each round */
    part parts[MOST_PARTS];
    int n_parts;
    point points[POINTS];
    int n_points;
} ablation;

/* ---- training ---------------------------------------------------------- */

static double predicted_s(const ablation *a, const nas_graph *graph, double rows)
{
    return a->pace * (double)nas_graph_macs(graph) * rows;
}

static double left_s(const ablation *a)
{
    return nas_retrain_left_s(&a->with);
}

static nas_status train(const ablation *a, const nas_graph *graph, nas_job_result *out,
                        nas_err *err)
{
    const nas_retrain_plan plan = {graph, a->fraction, a->epochs, a->rounds};
    return nas_retrain_run(&a->with, &plan, out, err);
}

/* ---- blocks ------------------------------------------------------------ */

static nas_status add_part(ablation *a, const nas_block *block, nas_err *err)
{
    nas_cut cut = block->removable ? NAS_CUT_REMOVE : NAS_CUT_HALVE;
    part *p = &a->parts[a->n_parts];
    *p = (part){.name = block->name, .loss = (double)NAN, .cut = cut};
    NAS_TRY(nas_graph_cut(a->with.graph, block, p->cut, a->with.arena, &p->graph, err));
    if (p->graph == NULL && p->cut == NAS_CUT_REMOVE) {
        p->cut = NAS_CUT_HALVE;
        NAS_TRY(
            nas_graph_cut(a->with.graph, block, p->cut, a->with.arena, &p->graph, err));
    }
    if (p->graph == NULL)
        return NAS_OK;
    a->n_parts++;
    return nas_cost_of(p->graph, a->with.settings->limits.dtype, NULL, NULL, &p->cost,
                       err);
}

static nas_status find_parts(ablation *a, nas_err *err)
{
    nas_block *blocks = NAS_NEW(a->with.arena, nas_block, nas_graph_count(a->with.graph));
    NAS_TRY_ALLOC(blocks, err);
    int n = nas_blocks_of(a->with.graph, blocks);
    for (int i = 0; i < n && a->n_parts < MOST_PARTS; i++)
        NAS_TRY(add_part(a, &blocks[i], err));
    return NAS_OK;
}

/* Epochs and fraction so that all trainings fit: all rows for as many epochs as there is
 * time for, or one epoch on some of the rows. Never longer than the search trained it, or
 * than where large sets show their differences. */
static void plan_parts(ablation *a)
{
    double rows = 0, all = predicted_s(a, a->with.graph, 1);
    for (int i = 0; i < a->n_parts; i++)
        all += predicted_s(a, a->parts[i].graph, 1);
    rows = all > 0 ? PARTS_SHARE * a->with.seconds / all : (double)a->with.data->n_train;
    double epochs = rows / (double)a->with.data->n_train;
    a->epochs = (int64_t)fmax(1, fmin(floor(epochs), (double)a->most_epochs));
    a->fraction = fmin(1, epochs / (double)a->epochs);
}

/* Paired over the validation rows: how much less good they are answered, mean over
 * rounds. Squared errors become their root, the interval with them. */
static void conclude(const ablation *a, part *p)
{
    const int64_t n = a->with.data->n_validation;
    double mean = 0, squares = 0, base = 0;
    for (int64_t i = 0; i < n; i++) {
        double d = p->difference[i] / p->rounds;
        mean += d / (double)n;
        squares += d * d / (double)n;
        base -= a->goodness[i] / a->rounds / (double)n;
    }
    double half = Z * sqrt(fmax(0, squares - mean * mean) / (double)n);
    double scale = 1;
    if (a->with.metric->squared_rows) {
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
    NAS_TRY(train(a, a->with.graph, &whole, err));
    if (whole.outcome != NAS_OUTCOME_DONE)
        return NAS_OK;
    a->row_s = whole.seconds / (double)whole.rows_seen;
    for (int i = 0; i < a->n_parts && left_s(a) > 0; i++) {
        part *p = &a->parts[i];
        nas_job_result cut;
        NAS_TRY(train(a, p->graph, &cut, err));
        if (cut.outcome != NAS_OUTCOME_DONE)
            continue;
        for (int64_t k = 0; k < a->with.data->n_validation; k++)
            p->difference[k] += whole.row_goodness[k] - cut.row_goodness[k];
        p->rounds++;
    }
    for (int64_t k = 0; k < a->with.data->n_validation; k++)
        a->goodness[k] += whole.row_goodness[k];
    a->whole[a->rounds++] = whole.validation.value;
    return NAS_OK;
}

/* Another round, with another seed, as long as one fits: one training's luck is often
 * larger than what a block gives. */
static nas_status try_parts(ablation *a, nas_err *err)
{
    plan_parts(a);
    if (a->n_parts == 0 || a->fraction < LEAST_FRACTION)
        return NAS_OK;
    a->goodness = NAS_NEW(a->with.arena, double, a->with.data->n_validation);
    NAS_TRY_ALLOC(a->goodness, err);
    for (int i = 0; i < a->n_parts; i++) {
        a->parts[i].difference =
            NAS_NEW(a->with.arena, double, a->with.data->n_validation);
        NAS_TRY_ALLOC(a->parts[i].difference, err);
    }
    const double end = (1 - PARTS_SHARE) * a->with.seconds;
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
    double one = a->row_s > 0 ? a->row_s : predicted_s(a, a->with.graph, 1);
    double rows = one > 0 ? left_s(a) / (SAFETY * POINTS * one) : 0;
    double all = fmin(1, rows / (double)a->with.data->n_train);
    double most = (double)(a->with.data->n_train * a->most_epochs);
    rows = fmin(rows, most);
    if (all < LEAST_FRACTION)
        return NAS_OK;
    for (int i = 0; i < POINTS && left_s(a) > 0; i++) {
        double fraction = all * SHARES[i];
        double used = fraction * (double)a->with.data->n_train;
        int64_t epochs = (int64_t)fmax(1, round(rows / used));
        nas_job_result result;
        if (used < (double)a->with.recipe.batch)
            continue;
        const nas_retrain_plan plan = {a->with.graph, fraction, epochs, a->rounds};
        NAS_TRY(nas_retrain_run(&a->with, &plan, &result, err));
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
    nas_json_key_int(json, "ram_bytes", p->cost.ram_bytes);
    nas_json_key_int(json, "flash_bytes", p->cost.flash_bytes);
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
    nas_json_key_int(&json, "trial", a->with.row->id);
    nas_json_key_real(&json, "fraction", a->fraction);
    nas_json_key_int(&json, "epochs", a->epochs);
    nas_json_key_int(&json, "rounds", a->rounds);
    nas_json_key_int(&json, "rows", a->with.data->n_validation);
    nas_json_key_real(&json, "seconds", nas_clock_monotonic_s() - a->with.start_s);
    nas_json_key(&json, "whole");
    nas_json_array_begin(&json);
    for (int i = 0; i < a->rounds; i++)
        nas_json_real(&json, a->whole[i]);
    nas_json_array_end(&json);
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
        status =
            nas_study_put(a->with.study, NAS_ABLATION_ENTRY, nas_text_string(&text), err);
    nas_text_free(&text);
    return status;
}

/* ---- all ----------------------------------------------------------------- */

static nas_status run(ablation *a, nas_err *err)
{
    const nas_evaluation_row *best = a->with.row->best;
    const int64_t searched = best != NULL ? best->spec.epochs : 0;
    a->most_epochs = searched > ENOUGH_EPOCHS ? searched : ENOUGH_EPOCHS;
    NAS_TRY(nas_retrain_pace(&a->with, &a->pace, err));
    NAS_TRY(find_parts(a, err));
    NAS_TRY(try_parts(a, err));
    NAS_TRY(try_rows(a, err));
    return write_entry(a, err);
}

nas_status nas_explain_ablation(nas_study *study, double seconds, nas_err *err)
{
    ablation a = {0};
    bool found = false;
    nas_status status = nas_retrain_open(study, seconds, &a.with, &found, err);
    if (status == NAS_OK && found)
        status = run(&a, err);
    for (int i = 0; i < a.n_parts; i++)
        nas_graph_free(a.parts[i].graph);
    nas_retrain_close(&a.with);
    return status;
}
