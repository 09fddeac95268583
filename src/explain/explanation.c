#include "nasmith/explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t STREAM = 0x6d617474657273; /* "matters" */

/* An entry of the study as JSON, if it is about `trial`. */
static nas_status read_entry(nas_study *study, const char *key, int64_t trial,
                             nas_arena *arena, json_t **out, nas_err *err)
{
    const char *text = NULL;
    *out = NULL;
    NAS_TRY(nas_study_get(study, key, arena, &text, err));
    if (text == NULL)
        return NAS_OK;
    NAS_TRY(nas_json_parse(text, strlen(text), key, out, err));
    if (json_integer_value(json_object_get(*out, "trial")) == trial)
        return NAS_OK;
    json_decref(*out);
    *out = NULL;
    return NAS_OK;
}

/* A study whose space this program cannot read (any more) has no table. */
static nas_status read_table(nas_explanation *e, nas_err *err)
{
    nas_err unreadable = {0};
    nas_status status = nas_explain_table_of(e->study, e->arena, &e->table, &unreadable);
    if (status == NAS_OK || status == NAS_E_CONFIG) {
        e->table = status == NAS_OK ? e->table : (nas_explain_table){0};
        return NAS_OK;
    }
    if (err != NULL)
        *err = unreadable;
    return status;
}

static nas_status read_all(nas_explanation *e, nas_err *err)
{
    const nas_study_settings *s = nas_study_settings_of(e->study);
    e->metric = nas_metric_find(s->metric);
    if (e->metric == NULL)
        return nas_fail(err, NAS_E_STUDY, "the study's metric `%s` is unknown",
                        s->metric);
    NAS_TRY(read_table(e, err));
    NAS_TRY(nas_explain_mattered_of(&e->table, nas_rng_new(s->seed, STREAM), e->arena,
                                    &e->mattered, err));
    if (e->result->n_finalists == 0)
        return NAS_OK;
    int64_t trial = e->result->finalists[0].trial;
    NAS_TRY(read_entry(e->study, NAS_EXPLAIN_ENTRY, trial, e->arena, &e->network, err));
    NAS_TRY(read_entry(e->study, NAS_SEEDS_ENTRY, trial, e->arena, &e->seeds, err));
    return read_entry(e->study, NAS_ABLATION_ENTRY, trial, e->arena, &e->ablation, err);
}

nas_status nas_explanation_read(nas_study *study, const nas_search_result *result,
                                nas_explanation *out, nas_err *err)
{
    *out = (nas_explanation){.study = study, .result = result, .arena = nas_arena_new()};
    NAS_TRY_ALLOC(out->arena, err);
    nas_status status = read_all(out, err);
    if (status != NAS_OK)
        nas_explanation_free(out);
    return status;
}

void nas_explanation_free(nas_explanation *e)
{
    json_decref(e->network);
    json_decref(e->ablation);
    json_decref(e->seeds);
    nas_arena_free(e->arena);
    *e = (nas_explanation){0};
}

static double real(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

nas_explain_spread nas_explain_spread_of(const nas_explanation *e)
{
    enum { MOST = sizeof((nas_explain_spread *)0)->score / sizeof(double) };
    const json_t *from = e->seeds != NULL ? e->seeds : e->ablation;
    const json_t *list = json_object_get(from, e->seeds != NULL ? "scores" : "whole");
    nas_explain_spread s = {
        .searched = real(from, "searched"),
        .fraction = real(from, "fraction"),
        .epochs = json_integer_value(json_object_get(from, "epochs")),
        .as_searched = json_is_true(json_object_get(from, "as_searched")),
    };
    double squares = 0;
    for (size_t i = 0; i < json_array_size(list) && s.n < MOST; i++) {
        double value = json_number_value(json_array_get(list, i));
        s.low = s.n == 0 ? value : fmin(s.low, value);
        s.high = s.n == 0 ? value : fmax(s.high, value);
        s.mean += value;
        s.score[s.n++] = value;
    }
    s.mean /= s.n > 0 ? s.n : 1;
    for (int i = 0; i < s.n; i++)
        squares += (s.score[i] - s.mean) * (s.score[i] - s.mean);
    s.deviation = s.n > 1 ? sqrt(squares / (s.n - 1)) : (double)NAN;
    return s;
}

static void write_entry(nas_json *json, const char *key, const json_t *entry)
{
    char *text = entry != NULL ? json_dumps(entry, JSON_COMPACT) : NULL;
    nas_json_key(json, key);
    if (text != NULL)
        nas_json_raw(json, text);
    else
        nas_json_null(json);
    free(text);
}

nas_status nas_explanation_write_json(const nas_explanation *e, nas_json *json,
                                      nas_err *err)
{
    static const char *const MOODS[] = {"plain", "good", "warning"};
    nas_explain_sentence *sentence = NULL;
    int n = 0;
    NAS_TRY(nas_explain_verdict(e, &sentence, &n, err));
    nas_json_object_begin(json);
    nas_json_key_int(json, "schema", 1);
    nas_json_key_string(json, "study", nas_study_path(e->study));
    nas_json_key_string(json, "metric", e->metric->name);
    nas_json_key(json, "verdict");
    nas_json_array_begin(json);
    for (int i = 0; i < n; i++) {
        nas_json_object_begin(json);
        nas_json_key_string(json, "text", sentence[i].text);
        nas_json_key_string(json, "topic", sentence[i].topic);
        nas_json_key_string(json, "section", sentence[i].section);
        nas_json_key_string(json, "mood", MOODS[sentence[i].mood]);
        nas_json_object_end(json);
    }
    nas_json_array_end(json);
    nas_json_key(json, "mattered");
    nas_explain_mattered_write_json(&e->table, &e->mattered, json);
    write_entry(json, "network", e->network);
    write_entry(json, "ablation", e->ablation);
    write_entry(json, "seeds", e->seeds);
    nas_json_object_end(json);
    return NAS_OK;
}
