#include "search/record.h"

#include "search/state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- writing ------------------------------------------------------------- */

void nas_record_score(nas_json *json, const nas_score *score)
{
    if (isnan(score->value)) {
        nas_json_null(json);
        return;
    }
    nas_json_object_begin(json);
    nas_json_key_real(json, "value", score->value);
    nas_json_key_int(json, "n", score->n);
    nas_json_key_real(json, "low", score->low);
    nas_json_key_real(json, "high", score->high);
    nas_json_object_end(json);
}

static void key_score(nas_json *json, const char *key, const nas_score *score)
{
    nas_json_key(json, key);
    nas_record_score(json, score);
}

static void write_check(nas_json *json, const char *key, const nas_verify_result *check)
{
    nas_json_key(json, key);
    nas_json_object_begin(json);
    nas_json_key_bool(json, "compiled", check->compiled);
    nas_json_key_int(json, "n", check->n);
    nas_json_key_real(json, "max_error", check->max_error);
    nas_json_key_int(json, "argmax_differs", check->argmax_differs);
    nas_json_key_string(json, "compiler", check->compiler);
    nas_json_key_int(json, "flash_bytes", check->flash_bytes);
    nas_json_key_int(json, "ram_bytes", check->ram_bytes);
    nas_json_object_end(json);
}

static void write_finalist(nas_json *json, const nas_finalist *f)
{
    nas_json_object_begin(json);
    nas_json_key_int(json, "trial", f->trial);
    nas_json_key_string(json, "role", f->role);
    key_score(json, "validation", &f->validation);
    key_score(json, "as_searched_test", &f->as_searched_test);
    key_score(json, "test", &f->test);
    nas_json_key_int(json, "opening", f->opening);
    nas_json_key_real(json, "measured_latency_ms", f->measured_latency_ms);
    nas_json_key_string(json, "model", f->model_path);
    nas_json_key_string(json, "onnx", f->onnx_path);
    nas_json_key_string(json, "c", f->c_path);
    write_check(json, "onnx_check", &f->onnx_check);
    write_check(json, "c_check", &f->c_check);
    nas_json_key_int(json, "refit_epochs", f->refit_epochs);
    nas_json_key(json, "clean_up");
    nas_clean_write_json(&f->saved, json);
    nas_json_key(json, "cost");
    nas_json_object_begin(json);
    nas_cost_write_json(&f->cost, json);
    nas_json_object_end(json);
    nas_json_object_end(json);
}

static void write_baseline(nas_json *json, const nas_baseline_result *b)
{
    nas_json_object_begin(json);
    nas_json_key_string(json, "name", b->name);
    key_score(json, "validation", &b->validation);
    key_score(json, "test", &b->test);
    nas_json_key_int(json, "params", b->params);
    nas_json_object_end(json);
}

static void write_result(nas_json *json, const nas_search_result *result)
{
    nas_json_object_begin(json);
    nas_json_key(json, "finalists");
    nas_json_array_begin(json);
    for (int i = 0; i < result->n_finalists; i++)
        write_finalist(json, &result->finalists[i]);
    nas_json_array_end(json);
    nas_json_key(json, "baselines");
    nas_json_array_begin(json);
    for (int i = 0; i < result->n_baselines; i++)
        write_baseline(json, &result->baselines[i]);
    nas_json_array_end(json);
    nas_json_key_real(json, "random_estimate", result->random_estimate);
    nas_json_key_string(json, "stop_reason", result->stop_reason);
    nas_json_key_real(json, "seconds", result->seconds);
    nas_json_object_end(json);
}

nas_status nas_record_write(nas_study *study, const nas_search_result *result,
                            nas_err *err)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    write_result(&json, result);
    nas_status status = nas_text_status(&text, err);
    if (status == NAS_OK)
        status = nas_study_put(study, STATE_RESULT, nas_text_string(&text), err);
    nas_text_free(&text);
    return status;
}

/* ---- reading ------------------------------------------------------------- */

static double real(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static int64_t whole(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* @return a copy, or NULL for null; *ok false when memory is out */
static const char *words(const json_t *object, const char *key, nas_arena *arena,
                         bool *ok)
{
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL)
        return NULL;
    const char *copy = nas_arena_strdup(arena, text);
    *ok = *ok && copy != NULL;
    return copy;
}

static nas_score read_score(const json_t *object, const char *key)
{
    const json_t *score = json_object_get(object, key);
    if (!json_is_object(score))
        return nas_score_none(0);
    return (nas_score){.value = real(score, "value"),
                       .low = real(score, "low"),
                       .high = real(score, "high"),
                       .error = (double)NAN,
                       .n = whole(score, "n")};
}

static nas_verify_result read_check(const json_t *object, const char *key)
{
    const json_t *check = json_object_get(object, key);
    nas_verify_result out = {.compiled = json_is_true(json_object_get(check, "compiled")),
                             .n = whole(check, "n"),
                             .max_error = real(check, "max_error"),
                             .argmax_differs = whole(check, "argmax_differs"),
                             .flash_bytes = whole(check, "flash_bytes"),
                             .ram_bytes = whole(check, "ram_bytes")};
    const char *compiler = json_string_value(json_object_get(check, "compiler"));
    if (compiler != NULL)
        (void)snprintf(out.compiler, sizeof out.compiler, "%s", compiler);
    return out;
}

static nas_clean_saved read_saved(const json_t *saved)
{
    return (nas_clean_saved){.channels = whole(saved, "channels"),
                             .nodes = whole(saved, "operators"),
                             .params = whole(saved, "params"),
                             .macs = whole(saved, "macs")};
}

static nas_cost read_cost(const json_t *cost)
{
    const double latency = real(cost, "latency_ms");
    return (nas_cost){.params = whole(cost, "params"),
                      .macs = whole(cost, "macs"),
                      .arena_bytes = whole(cost, "arena_bytes"),
                      .ram_bytes = whole(cost, "ram_bytes"),
                      .flash_bytes = whole(cost, "flash_bytes"),
                      .latency_ms = isnan(latency) ? -1.0 : latency};
}

static bool read_finalist(const json_t *object, nas_arena *arena, nas_finalist *out)
{
    bool ok = true;
    *out = (nas_finalist){.trial = whole(object, "trial"),
                          .role = words(object, "role", arena, &ok),
                          .validation = read_score(object, "validation"),
                          .as_searched_test = read_score(object, "as_searched_test"),
                          .test = read_score(object, "test"),
                          .opening = (int)whole(object, "opening"),
                          .measured_latency_ms = real(object, "measured_latency_ms"),
                          .model_path = words(object, "model", arena, &ok),
                          .onnx_path = words(object, "onnx", arena, &ok),
                          .c_path = words(object, "c", arena, &ok),
                          .onnx_check = read_check(object, "onnx_check"),
                          .c_check = read_check(object, "c_check"),
                          .refit_epochs = whole(object, "refit_epochs"),
                          .saved = read_saved(json_object_get(object, "clean_up")),
                          .cost = read_cost(json_object_get(object, "cost"))};
    return ok;
}

static nas_status read_lists(const json_t *object, nas_search_result *out, nas_err *err)
{
    const json_t *finalists = json_object_get(object, "finalists");
    const json_t *baselines = json_object_get(object, "baselines");
    size_t n = json_array_size(finalists);
    size_t m = json_array_size(baselines);
    bool ok = true;
    out->finalists = NAS_NEW(out->arena, nas_finalist, n);
    out->baselines = NAS_NEW(out->arena, nas_baseline_result, m);
    if (out->finalists == NULL || out->baselines == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (size_t i = 0; i < n; i++)
        ok =
            read_finalist(json_array_get(finalists, i), out->arena, &out->finalists[i]) &&
            ok;
    for (size_t i = 0; i < m; i++) {
        const json_t *item = json_array_get(baselines, i);
        out->baselines[i] =
            (nas_baseline_result){.name = words(item, "name", out->arena, &ok),
                                  .validation = read_score(item, "validation"),
                                  .test = read_score(item, "test"),
                                  .params = whole(item, "params")};
    }
    out->n_finalists = (int)n;
    out->n_baselines = (int)m;
    out->random_estimate = real(object, "random_estimate");
    out->seconds = real(object, "seconds");
    out->stop_reason = words(object, "stop_reason", out->arena, &ok);
    return ok ? NAS_OK : nas_fail(err, NAS_E_NOMEM, "out of memory");
}

/* A record without costs means those of the trials. */
static nas_status read_costs(nas_study *study, nas_search_result *out, nas_err *err)
{
    for (int i = 0; i < out->n_finalists; i++) {
        nas_trial_row *row = NULL;
        NAS_TRY(nas_study_trial(study, out->finalists[i].trial, out->arena, &row, err));
        if (row != NULL && out->finalists[i].cost.flash_bytes == 0)
            out->finalists[i].cost = row->cost;
    }
    return NAS_OK;
}

nas_status nas_record_read(nas_study *study, nas_search_result *out, bool *found,
                           nas_err *err)
{
    const char *text = NULL;
    NAS_TRY(nas_study_get(study, STATE_RESULT, out->arena, &text, err));
    *found = text != NULL;
    if (text == NULL)
        return NAS_OK;
    json_t *object = NULL;
    NAS_TRY(nas_json_parse(text, strlen(text), "result of the study", &object, err));
    nas_status status = read_lists(object, out, err);
    json_decref(object);
    NAS_TRY(status);
    return read_costs(study, out, err);
}
