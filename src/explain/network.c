/* The chosen network, explained: parts in order, as one JSON document. */
#include "explain/answers.h"
#include "explain/attribution.h"
#include "explain/corruption.h"
#include "explain/leak.h"
#include "nasmith/file.h"
#include "nasmith/search.h"
#include "search/answers.h"
#include "search/keep.h"

#include <math.h>
#include <string.h>

enum { MOST_GROUPS = 40, PARTS = 4 /* that answer many changed rows */ };
/* Of one core, batch by batch, with what gathering and changing rows costs: low. */
static const double MACS_PER_S = 4e9;
static const uint64_t STREAM = 0x6578706c61696e; /* "explain" */

typedef struct explainer {
    nas_study *study;
    const nas_study_settings *settings;
    nas_arena *arena;
    int64_t trial;
    nas_dataset *data;
    int64_t *rows; /* validation rows in random order: parts look at the first ones */
    nas_model *model;
    bool delivered; /* no network of the search was kept: the delivered one, which has
                       learned from the validation rows */
    nas_workspace *workspace;
    nas_subject subject;
    double temperature;
    nas_rng rng;
    double seconds;
    nas_json *json;
} explainer;

/* ---- small pieces -------------------------------------------------------- */

static void key_reals(nas_json *json, const char *key, const double *values, int64_t n)
{
    nas_json_key(json, key);
    nas_json_array_begin(json);
    for (int64_t i = 0; i < n; i++) /* a tenth of a per cent is enough for pictures */
        nas_json_real(json, round(values[i] * 1e4) / 1e4);
    nas_json_array_end(json);
}

static void key_names(nas_json *json, const char *key, char *const *names, int64_t n)
{
    nas_json_key(json, key);
    nas_json_array_begin(json);
    for (int64_t i = 0; i < n; i++)
        nas_json_string(json, names[i]);
    nas_json_array_end(json);
}

static void write_score(nas_json *json, const nas_score *score)
{
    nas_json_key_real(json, "value", score->value);
    nas_json_key_real(json, "low", score->low);
    nas_json_key_real(json, "high", score->high);
    nas_json_key_int(json, "n", score->n);
}

/* ---- rows ---------------------------------------------------------------- */

static void write_row(const explainer *e, int64_t index)
{
    const nas_predictions *p = &e->subject.truth;
    const float *y = p->outputs + index * p->n_outputs;
    nas_json *json = e->json;
    nas_json_object_begin(json);
    nas_json_key_int(json, "row", e->rows[index]);
    if (p->labels != NULL) {
        int64_t answer = nas_answer_of(y, p->n_outputs);
        nas_json_key_string(json, "truth", e->data->label_names[p->labels[index]]);
        nas_json_key_string(json, "answer", e->data->label_names[answer]);
        nas_json_key_real(json, "confidence", (double)y[answer]);
        nas_json_key_real(json, "truth_probability", (double)y[p->labels[index]]);
    } else {
        nas_json_key_real(json, "truth", (double)p->targets[index * p->n_outputs]);
        nas_json_key_real(json, "answer", (double)y[0]);
    }
    nas_json_object_end(json);
}

static void write_rows(const explainer *e, const char *key, const int64_t *rows, int n)
{
    nas_json_key(e->json, key);
    nas_json_array_begin(e->json);
    for (int i = 0; i < n; i++)
        write_row(e, rows[i]);
    nas_json_array_end(e->json);
}

static void write_hardest(const explainer *e)
{
    int64_t rows[NAS_HARDEST];
    write_rows(e, "hardest", rows, nas_hardest_rows(&e->subject.truth, rows));
    write_rows(e, "unsure", rows, nas_unsure_rows(&e->subject.truth, rows));
}

/* ---- answers -------------------------------------------------------------- */

static void write_answers(const explainer *e, const char *key, const nas_predictions *p)
{
    nas_json *json = e->json;
    nas_json_key(json, key);
    nas_json_object_begin(json);
    nas_json_key_int(json, "rows", p->n);
    if (p->labels != NULL && p->n_outputs <= 100) {
        nas_json_key(json, "confusion");
        nas_answers_write_confusion(p, json);
    }
    if (p->labels != NULL) {
        nas_json_key(json, "calibration");
        nas_answers_write_calibration(p, e->temperature, json);
    } else { /* pairs for the plot of residuals */
        int64_t every = 1 + (p->n - 1) / 300;
        nas_json_key(json, "pairs");
        nas_json_array_begin(json);
        for (int64_t i = 0; i < p->n; i += every) {
            nas_json_array_begin(json);
            nas_json_float(json, p->targets[i * p->n_outputs]);
            nas_json_float(json, p->outputs[i * p->n_outputs]);
            nas_json_array_end(json);
        }
        nas_json_array_end(json);
    }
    nas_json_object_end(json);
}

static nas_status write_test(const explainer *e, nas_err *err)
{
    nas_predictions p;
    bool found = false;
    NAS_TRY(nas_answers_load(e->study, e->trial, e->arena, &p, &found, err));
    if (found && p.n > 0 && p.n_outputs == e->data->n_outputs &&
        (p.labels != NULL) == (e->data->labels != NULL))
        write_answers(e, "test", &p);
    return NAS_OK;
}

/* ---- groups -------------------------------------------------------------- */

/* Score of the rows of one group. */
static nas_status write_group(const explainer *e, int32_t group, nas_err *err)
{
    const nas_predictions *all = &e->subject.truth;
    const int64_t k = all->n_outputs;
    int64_t n = 0;
    float *outputs = NAS_NEW(e->arena, float, all->n *k);
    float *targets = NAS_NEW(e->arena, float, all->n *k);
    int32_t *labels = NAS_NEW(e->arena, int32_t, all->n);
    if (outputs == NULL || targets == NULL || labels == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int64_t i = 0; i < all->n; i++) {
        if (e->data->groups[e->rows[i]] != group)
            continue;
        memcpy(outputs + n * k, all->outputs + i * k, (size_t)k * sizeof *outputs);
        if (all->labels != NULL)
            labels[n] = all->labels[i];
        else
            memcpy(targets + n * k, all->targets + i * k, (size_t)k * sizeof *targets);
        n++;
    }
    nas_predictions p = *all;
    p.n = n;
    p.outputs = outputs;
    p.labels = all->labels != NULL ? labels : NULL;
    p.targets = all->targets != NULL ? targets : NULL;
    nas_score score = e->subject.metric->score(&p, e->rng);
    nas_json_object_begin(e->json);
    nas_json_key_int(e->json, "group", group);
    write_score(e->json, &score);
    nas_json_object_end(e->json);
    return NAS_OK;
}

static bool seen_before(const explainer *e, int64_t i)
{
    const int64_t *rows = e->rows;
    for (int64_t k = 0; k < i; k++)
        if (e->data->groups[rows[k]] == e->data->groups[rows[i]])
            return true;
    return false;
}

static nas_status write_groups(const explainer *e, nas_err *err)
{
    if (e->data->groups == NULL)
        return NAS_OK;
    int written = 0;
    nas_json_key(e->json, "groups");
    nas_json_array_begin(e->json);
    for (int64_t i = 0; i < e->subject.n && written < MOST_GROUPS; i++) {
        if (seen_before(e, i))
            continue;
        NAS_TRY(write_group(e, e->data->groups[e->rows[i]], err));
        written++;
    }
    nas_json_array_end(e->json);
    return NAS_OK;
}

/* ---- what it looks at ---------------------------------------------------- */

static void write_examples(const explainer *e, const nas_occlusion *o)
{
    nas_json *json = e->json;
    nas_json_key(json, "examples");
    nas_json_array_begin(json);
    for (int i = 0; i < o->n_examples; i++) {
        nas_json_object_begin(json);
        nas_json_key_int(json, "row", e->rows[o->example[i]]);
        key_reals(json, "map", o->example_map[i], o->height * o->width);
        nas_json_object_end(json);
    }
    nas_json_array_end(json);
}

static nas_status write_occlusion(const explainer *e, nas_err *err)
{
    nas_occlusion o;
    nas_json *json = e->json;
    if (e->subject.kind == NAS_INPUT_TABLE)
        return NAS_OK;
    NAS_TRY(nas_occlusion_of(&e->subject, &o, err));
    nas_json_key(json, "occlusion");
    nas_json_object_begin(json);
    nas_json_key_int(json, "height", o.height);
    nas_json_key_int(json, "width", o.width);
    nas_json_key_int(json, "patch", o.patch);
    nas_json_key_bool(json, "spectrum", e->subject.behind != NULL);
    nas_json_key_int(json, "rows", o.rows);
    key_reals(json, "map", o.map, o.height * o.width);
    if (o.channel != NULL) {
        key_reals(json, "channels", o.channel, e->subject.shape.c);
        key_reals(json, "channel_errors", o.channel_deviation, e->subject.shape.c);
    }
    write_examples(e, &o);
    nas_json_object_end(json);
    return NAS_OK;
}

static nas_status write_gradients(const explainer *e, nas_err *err)
{
    nas_gradients g;
    nas_json *json = e->json;
    if (e->subject.kind == NAS_INPUT_TABLE)
        return NAS_OK;
    NAS_TRY(nas_gradients_of(&e->subject, &g, err));
    nas_json_key(json, "gradients");
    nas_json_object_begin(json);
    nas_json_key_int(json, "rows", g.rows);
    nas_json_key_real(json, "gap", g.gap);
    key_reals(json, "map", g.map, g.height * g.width);
    nas_json_object_end(json);
    return NAS_OK;
}

/* The class whose probability the columns' effects are of: the second of two, else the
 * most frequent. */
static int64_t class_of_interest(const nas_subject *s)
{
    int64_t best = 0, most = -1;
    if (s->truth.labels == NULL)
        return 0;
    for (int64_t k = 0; k < s->n_outputs; k++) {
        int64_t count = s->n_outputs == 2 ? k : 0;
        for (int64_t i = 0; i < s->n && s->n_outputs > 2; i++)
            count += s->truth.labels[i] == k;
        if (count > most) {
            most = count;
            best = k;
        }
    }
    return best;
}

static nas_status write_columns(const explainer *e, nas_err *err)
{
    const nas_subject *s = &e->subject;
    nas_json *json = e->json;
    nas_column_effect *effects = NULL;
    if (s->kind != NAS_INPUT_TABLE)
        return NAS_OK;
    int64_t of_class = class_of_interest(s);
    NAS_TRY(nas_column_effects_of(s, of_class, nas_rng_split(&e->rng, 1), &effects, err));
    nas_json_key_string(json, "effects_on", e->data->label_names[of_class]);
    nas_json_key(json, "columns");
    nas_json_array_begin(json);
    for (int64_t i = 0; i < s->shape.c; i++) {
        const nas_column_effect *c = &effects[i];
        nas_json_object_begin(json);
        nas_json_key_string(json, "name",
                            s->feature_names != NULL ? s->feature_names[c->column] : "");
        nas_json_key_real(json, "loss", c->loss);
        nas_json_key_real(json, "deviation", c->deviation);
        if (c->points > 0) {
            key_reals(json, "at", c->at, c->points);
            key_reals(json, "effect", c->effect, c->points);
        }
        nas_json_object_end(json);
    }
    nas_json_array_end(json);
    return NAS_OK;
}

static nas_status write_corruptions(const explainer *e, nas_err *err)
{
    nas_corruption *kinds = NULL;
    int n = 0;
    nas_json *json = e->json;
    NAS_TRY(nas_corruptions_of(&e->subject, nas_rng_split(&e->rng, 2), &kinds, &n, err));
    nas_json_key(json, "corruptions");
    nas_json_array_begin(json);
    for (int i = 0; i < n; i++) {
        nas_json_object_begin(json);
        nas_json_key_string(json, "name", kinds[i].name);
        nas_json_key_string(json, "unit", kinds[i].unit);
        nas_json_key(json, "levels");
        nas_json_array_begin(json);
        for (int l = 0; l < kinds[i].n; l++) {
            nas_json_object_begin(json);
            nas_json_key_real(json, "level", kinds[i].level[l]);
            write_score(json, &kinds[i].score[l]);
            nas_json_object_end(json);
        }
        nas_json_array_end(json);
        nas_json_object_end(json);
    }
    nas_json_array_end(json);
    return NAS_OK;
}

/* ---- time ---------------------------------------------------------------- */

/* What layers cost on this machine, where the search did not need to know. */
static nas_status write_latency(const explainer *e, nas_err *err)
{
    nas_latency_table table;
    if (e->settings->latency.known)
        return NAS_OK;
    NAS_TRY(nas_latency_measure(&table, err));
    nas_json_key(e->json, "latency");
    nas_latency_write_json(&table, e->json);
    return NAS_OK;
}

/* ---- all ----------------------------------------------------------------- */

static nas_status write_all(explainer *e, nas_err *err)
{
    nas_json *json = e->json;
    const nas_dataset *data = e->data;
    nas_leak leak;
    NAS_TRY(nas_leak_of(data, e->arena, &leak, err));
    if (data->labels != NULL)
        e->temperature = nas_temperature_of(&e->subject.truth, 2);
    nas_json_object_begin(json);
    nas_json_key_int(json, "schema", 1);
    nas_json_key_int(json, "trial", e->trial);
    nas_json_key_bool(json, "as_searched", !e->delivered);
    nas_json_key_int(json, "rows", e->subject.n);
    nas_json_key_string(json, "metric", e->subject.metric->name);
    key_names(json, "labels", data->label_names, data->n_outputs);
    nas_json_key_int(json, "train_rows", data->n_train);
    nas_json_key_int(json, "repeated_rows", leak.repeated);
    write_answers(e, "validation", &e->subject.truth);
    if (data->labels != NULL)
        nas_json_key_real(json, "ece_scaled", nas_calibration_scaled(&e->subject.truth));
    NAS_TRY(write_test(e, err));
    NAS_TRY(write_groups(e, err));
    write_hardest(e);
    NAS_TRY(write_occlusion(e, err));
    NAS_TRY(write_gradients(e, err));
    NAS_TRY(write_columns(e, err));
    NAS_TRY(write_corruptions(e, err));
    NAS_TRY(write_latency(e, err));
    nas_json_object_end(json);
    return NAS_OK;
}

static nas_status write_entry(explainer *e, nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    const size_t n = (size_t)e->data->n_validation;
    e->rows = nas_arena_copy(e->arena, e->data->validation, n * sizeof *e->rows);
    NAS_TRY_ALLOC(e->rows, err);
    nas_rng rng = nas_rng_split(&e->rng, 3);
    nas_rng_shuffle(&rng, e->rows, (int64_t)n);
    NAS_TRY(nas_subject_open(e->model, e->data, e->rows, (int64_t)n, e->workspace,
                             e->arena, &e->subject, err));
    e->subject.macs = MACS_PER_S * e->seconds / PARTS;
    e->json = &json;
    nas_status status = write_all(e, err);
    e->json = NULL;
    nas_subject_close(&e->subject);
    if (status == NAS_OK)
        status = nas_text_status(&text, err);
    if (status == NAS_OK)
        status = nas_study_put(e->study, NAS_EXPLAIN_ENTRY, nas_text_string(&text), err);
    e->json = NULL;
    nas_text_free(&text);
    return status;
}

static nas_status load(explainer *e, nas_err *err)
{
    char name[KEEP_NAME];
    const char *folder = nas_file_join(e->arena, nas_study_folder(e->study), "data");
    NAS_TRY_ALLOC(folder, err);
    NAS_TRY(nas_dataset_open(folder, &e->data, err));
    nas_keep_searched_name(e->trial, name);
    NAS_TRY(nas_keep_load_model(e->study, name, &e->model, err));
    if (e->model == NULL) {
        e->delivered = true;
        nas_keep_model_name(e->trial, name);
        NAS_TRY(nas_keep_load_model(e->study, name, &e->model, err));
    }
    e->workspace = nas_workspace_new();
    NAS_TRY_ALLOC(e->workspace, err);
    return NAS_OK;
}

static nas_status explain_trial(explainer *e, nas_err *err)
{
    nas_search_result result = {0};
    nas_status status = nas_search_read_result(e->study, &result, err);
    e->trial = result.n_finalists > 0 ? result.finalists[0].trial : 0;
    nas_search_result_free(&result);
    if (status != NAS_OK || e->trial == 0 ||
        e->settings->space_context.task == NAS_TASK_ANOMALY)
        return status;
    NAS_TRY(load(e, err));
    e->rng = nas_rng_new(e->settings->seed, STREAM);
    if (e->model == NULL || e->data->n_validation == 0)
        return NAS_OK;
    return write_entry(e, err);
}

nas_explain_options nas_explain_options_default(void)
{
    return (nas_explain_options){.seconds = 4};
}

nas_status nas_explain_network(nas_study *study, const nas_explain_options *options,
                               nas_err *err)
{
    explainer e = {.study = study,
                   .seconds = options->seconds,
                   .settings = nas_study_settings_of(study),
                   .arena = nas_arena_new(),
                   .temperature = 1};
    NAS_TRY_ALLOC(e.arena, err);
    nas_status status = explain_trial(&e, err);
    nas_workspace_free(e.workspace);
    nas_model_free(e.model);
    nas_dataset_close(e.data);
    nas_arena_free(e.arena);
    return status;
}
