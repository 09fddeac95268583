#include "study/study.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- writing ---- */

/* JSON numbers are signed; hashes and seeds are written as they are shown. */
static void write_hash(nas_json *json, const char *key, uint64_t value)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%016" PRIx64, value);
    nas_json_key(json, key);
    nas_json_string(json, text);
}

static void write_text(nas_json *json, const char *key, const char *value)
{
    nas_json_key(json, key);
    nas_json_string(json, value);
}

static void write_int(nas_json *json, const char *key, int64_t value)
{
    nas_json_key(json, key);
    nas_json_int(json, value);
}

static void write_real(nas_json *json, const char *key, double value)
{
    nas_json_key(json, key);
    nas_json_real(json, value);
}

/* [[first column, columns], ...] */
static void write_categories(nas_json *json, const nas_space_context *context)
{
    nas_json_key(json, "categories");
    nas_json_array_begin(json);
    for (int k = 0; k < context->n_categories; k++) {
        nas_json_array_begin(json);
        nas_json_int(json, context->categories[k].from);
        nas_json_int(json, context->categories[k].count);
        nas_json_array_end(json);
    }
    nas_json_array_end(json);
}

static void write_context(nas_json *json, const nas_space_context *context)
{
    nas_json_key(json, "space_context");
    nas_json_object_begin(json);
    write_int(json, "c", context->input.c);
    write_int(json, "h", context->input.h);
    write_int(json, "w", context->input.w);
    if (context->raw > 0)
        write_int(json, "raw", context->raw);
    write_int(json, "outputs", context->n_outputs);
    if (context->sample_rate > 0)
        write_int(json, "sample_rate", context->sample_rate);
    write_text(json, "task", nas_task_name(context->task));
    if (context->n_categories > 0)
        write_categories(json, context);
    nas_json_object_end(json);
}

static void write_limits(nas_json *json, const nas_limits *limits)
{
    nas_json_key(json, "limits");
    nas_json_object_begin(json);
    write_int(json, "params", limits->params);
    write_int(json, "macs", limits->macs);
    write_int(json, "ram_bytes", limits->ram_bytes);
    write_int(json, "flash_bytes", limits->flash_bytes);
    write_real(json, "latency_ms", limits->latency_ms);
    write_text(json, "dtype", limits->dtype == NAS_INT8 ? "int8" : "float");
    nas_json_object_end(json);
}

static void write_ladder(nas_json *json, const nas_ladder *ladder)
{
    nas_json_key(json, "ladder");
    nas_json_array_begin(json);
    for (int i = 0; i < ladder->n; i++) {
        nas_json_object_begin(json);
        write_real(json, "fraction", ladder->rung[i].fraction);
        write_int(json, "epochs", ladder->rung[i].epochs);
        write_real(json, "keep", ladder->rung[i].keep);
        nas_json_object_end(json);
    }
    nas_json_array_end(json);
    nas_json_key(json, "rung_folds");
    nas_json_array_begin(json);
    for (int i = 0; i < ladder->n; i++)
        nas_json_int(json, nas_ladder_folds(ladder, i));
    nas_json_array_end(json);
    write_int(json, "repeats", nas_ladder_repeats(ladder, ladder->n - 1));
}

static void write_identity(nas_json *json, const nas_study_settings *settings)
{
    write_text(json, "data_path", settings->data_path);
    write_hash(json, "data_fingerprint", settings->data_fingerprint);
    write_text(json, "space_name", settings->space_name);
    write_text(json, "space_text", settings->space_text);
    write_hash(json, "space_hash", settings->space_hash);
    write_context(json, &settings->space_context);
    write_limits(json, &settings->limits);
    write_int(json, "minimise", settings->minimise);
    write_int(json, "proxies", settings->proxies);
    write_text(json, "metric", settings->metric);
    write_text(json, "strategy", settings->strategy);
    write_text(json, "strategy_json", settings->strategy_json);
    write_text(json, "scheduler", settings->scheduler);
    write_text(json, "scheduler_json", settings->scheduler_json);
    write_text(json, "recipe_json", settings->recipe_json);
    write_hash(json, "seed", settings->seed);
    write_int(json, "epochs", settings->epochs);
}

nas_status nas_settings_write(const nas_study_settings *settings, nas_text *out,
                              nas_err *err)
{
    nas_json json = nas_json_writer(out, 0);
    nas_json_object_begin(&json);
    write_identity(&json, settings);
    write_ladder(&json, &settings->ladder);
    nas_json_key(&json, "latency");
    nas_latency_write_json(&settings->latency, &json);
    write_real(&json, "seconds_per_mac_row", settings->seconds_per_mac_row);
    write_text(&json, "version", settings->version);
    write_text(&json, "cpu", settings->cpu);
    nas_json_object_end(&json);
    return nas_text_status(out, err);
}

/* ---- reading ---- */

/* Absent or wrong members read as 0 or NULL: only this file writes them, and a corrupt
 * file shows in the members that are checked. */
typedef struct reader {
    const json_t *object;
    nas_arena *arena;
    bool failed; /* memory is out */
} reader;

static const char *read_text(reader *r, const char *key)
{
    const char *text = json_string_value(json_object_get(r->object, key));
    if (text == NULL)
        return NULL;
    char *copy = nas_arena_strdup(r->arena, text);
    r->failed = r->failed || copy == NULL;
    return copy;
}

static uint64_t read_hash(const json_t *object, const char *key)
{
    uint64_t value = 0;
    const char *text = json_string_value(json_object_get(object, key));
    if (text == NULL || sscanf(text, "%16" SCNx64, &value) != 1)
        return 0;
    return value;
}

static int64_t read_int(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static double read_real(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

static bool text_is(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL && strcmp(value, text) == 0;
}

static int32_t item(const json_t *pair, size_t index)
{
    return (int32_t)json_integer_value(json_array_get(pair, index));
}

/* What is wrong with them is said when the space is loaded. */
static void read_categories(const json_t *array, nas_space_context *out)
{
    const size_t n = json_array_size(array);
    for (size_t k = 0; k < n && k < NAS_SPACE_CATEGORIES; k++) {
        const json_t *pair = json_array_get(array, k);
        out->categories[out->n_categories++] =
            (nas_space_category){item(pair, 0), item(pair, 1)};
    }
}

static nas_space_context read_context(const json_t *object)
{
    nas_space_context context = {
        .input = {read_int(object, "c"), read_int(object, "h"), read_int(object, "w")},
        .n_outputs = read_int(object, "outputs"),
        .raw = read_int(object, "raw"),
        .sample_rate = read_int(object, "sample_rate"),
    };
    (void)nas_task_parse(json_string_value(json_object_get(object, "task")),
                         &context.task);
    read_categories(json_object_get(object, "categories"), &context);
    return context;
}

static nas_limits read_limits(const json_t *object)
{
    return (nas_limits){
        .params = read_int(object, "params"),
        .macs = read_int(object, "macs"),
        .ram_bytes = read_int(object, "ram_bytes"),
        .flash_bytes = read_int(object, "flash_bytes"),
        .latency_ms = read_real(object, "latency_ms"),
        .dtype = text_is(object, "dtype", "int8") ? NAS_INT8 : NAS_FLOAT32,
    };
}

/* Absent in studies without folds. */
static nas_status read_folds(const json_t *object, nas_ladder *out, nas_err *err)
{
    const json_t *array = json_object_get(object, "rung_folds");
    int64_t repeats = read_int(object, "repeats");
    bool sound = repeats >= 0 && repeats <= NAS_MAX_RUNS;
    for (int i = 0; i < out->n; i++) {
        int64_t folds = json_integer_value(json_array_get(array, (size_t)i));
        sound = sound && folds >= 0 && folds <= NAS_MAX_RUNS &&
                folds * (repeats > 0 ? repeats : 1) <= NAS_MAX_RUNS;
        if (sound)
            out->folds[i] = (int)folds;
    }
    if (!sound)
        return nas_fail(err, NAS_E_CONFIG, "settings: folds and repeats are not sound");
    out->repeats = (int)repeats;
    return NAS_OK;
}

static nas_status read_ladder(const json_t *object, nas_ladder *out, nas_err *err)
{
    const json_t *array = json_object_get(object, "ladder");
    size_t n = json_array_size(array);
    if (n < 1 || n > NAS_MAX_RUNGS)
        return nas_fail(err, NAS_E_CONFIG, "settings: %zu rungs, 1 to %d expected", n,
                        NAS_MAX_RUNGS);
    out->n = (int)n;
    for (size_t i = 0; i < n; i++) {
        const json_t *rung = json_array_get(array, i);
        out->rung[i] = (nas_rung){read_real(rung, "fraction"), read_int(rung, "epochs"),
                                  read_real(rung, "keep")};
        if (!(out->rung[i].fraction > 0) || out->rung[i].epochs < (i > 0))
            return nas_fail(err, NAS_E_CONFIG, "settings: rung %zu has no training", i);
    }
    return read_folds(object, out, err);
}

static void read_identity(reader *r, nas_study_settings *out)
{
    out->data_path = read_text(r, "data_path");
    out->data_fingerprint = read_hash(r->object, "data_fingerprint");
    out->space_name = read_text(r, "space_name");
    out->space_text = read_text(r, "space_text");
    out->space_hash = read_hash(r->object, "space_hash");
    out->space_context = read_context(json_object_get(r->object, "space_context"));
    out->limits = read_limits(json_object_get(r->object, "limits"));
    out->minimise = (unsigned)read_int(r->object, "minimise");
    out->proxies = read_int(r->object, "proxies");
    out->metric = read_text(r, "metric");
    out->strategy = read_text(r, "strategy");
    out->strategy_json = read_text(r, "strategy_json");
    out->scheduler = read_text(r, "scheduler");
    out->scheduler_json = read_text(r, "scheduler_json");
    out->recipe_json = read_text(r, "recipe_json");
    out->seed = read_hash(r->object, "seed");
    out->epochs = read_int(r->object, "epochs");
}

nas_status nas_settings_read(const char *text, nas_arena *arena, nas_study_settings *out,
                             nas_err *err)
{
    json_t *object = NULL;
    *out = (nas_study_settings){0};
    NAS_TRY(nas_json_parse(text, strlen(text), "settings", &object, err));
    reader r = {.object = object, .arena = arena};
    read_identity(&r, out);
    out->seconds_per_mac_row = read_real(object, "seconds_per_mac_row");
    out->version = read_text(&r, "version");
    out->cpu = read_text(&r, "cpu");
    nas_status status = read_ladder(object, &out->ladder, err);
    if (status == NAS_OK)
        status =
            nas_latency_read_json(json_object_get(object, "latency"), &out->latency, err);
    json_decref(object);
    if (status == NAS_OK && r.failed)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    return status;
}

/* ---- comparing ---- */

/* A difference, as the error shows it. */
typedef struct difference {
    const char *what; /* NULL: none found yet */
    char old[160], now[160];
} difference;

static void differ_text(difference *d, const char *what, const char *old, const char *now)
{
    const char *a = old != NULL ? old : "none", *b = now != NULL ? now : "none";
    if (d->what != NULL || strcmp(a, b) == 0)
        return;
    d->what = what;
    /* Long texts (JSON) are cut so that both fit one line. */
    (void)snprintf(d->old, sizeof d->old, "%.150s", a);
    (void)snprintf(d->now, sizeof d->now, "%.150s", b);
}

static void differ_int(difference *d, const char *what, int64_t old, int64_t now)
{
    if (d->what != NULL || old == now)
        return;
    d->what = what;
    (void)snprintf(d->old, sizeof d->old, "%" PRId64, old);
    (void)snprintf(d->now, sizeof d->now, "%" PRId64, now);
}

/* A limit as it was typed, for who types it again. */
static void put_limit(nas_limit_kind kind, double bound, char *out, size_t size)
{
    if (bound <= 0)
        (void)snprintf(out, size, "none");
    else if (kind == NAS_LIMIT_LATENCY)
        (void)snprintf(out, size, "%.10g ms", bound);
    else
        nas_cost_text(kind, bound, out, size);
}

static void differ_limit(difference *d, const char *what, nas_limit_kind kind,
                         const nas_limits *old, const nas_limits *now)
{
    double a = nas_limit_bound(old, kind), b = nas_limit_bound(now, kind);
    if (d->what != NULL || a == b) /* exact: both are what a user typed */
        return;
    d->what = what;
    put_limit(kind, a, d->old, sizeof d->old);
    put_limit(kind, b, d->now, sizeof d->now);
}

static void differ_limits(difference *d, const nas_limits *old, const nas_limits *now)
{
    differ_limit(d, "--max-params", NAS_LIMIT_PARAMS, old, now);
    differ_limit(d, "--max-macs", NAS_LIMIT_MACS, old, now);
    differ_limit(d, "--max-ram", NAS_LIMIT_RAM, old, now);
    differ_limit(d, "--max-flash", NAS_LIMIT_FLASH, old, now);
    differ_limit(d, "--max-latency", NAS_LIMIT_LATENCY, old, now);
    differ_text(d, "--dtype", old->dtype == NAS_INT8 ? "int8" : "float",
                now->dtype == NAS_INT8 ? "int8" : "float");
}

static void objectives_text(char *out, size_t size, unsigned minimise)
{
    size_t used = 0;
    out[0] = '\0';
    for (int kind = NAS_LIMIT_NONE + 1; kind <= NAS_LIMIT_LATENCY && used < size;
         kind++) {
        if ((minimise >> kind & 1U) == 0)
            continue;
        int n = snprintf(out + used, size - used, "%s%s", used > 0 ? "," : "",
                         nas_limit_name((nas_limit_kind)kind));
        used += n > 0 ? (size_t)n : 0;
    }
    if (used == 0)
        (void)snprintf(out, size, "none");
}

static void differ_hash(difference *d, const char *what, uint64_t old, uint64_t now)
{
    if (d->what != NULL || old == now)
        return;
    d->what = what;
    (void)snprintf(d->old, sizeof d->old, "%016" PRIx64, old);
    (void)snprintf(d->now, sizeof d->now, "%016" PRIx64, now);
}

/* The same bytes under another path are the same data; other data usually has another
 * path, which says more than a fingerprint. */
static void differ_data(difference *d, const nas_study_settings *old,
                        const nas_study_settings *now)
{
    if (old->data_fingerprint != now->data_fingerprint)
        differ_text(d, "data", old->data_path, now->data_path);
    differ_hash(d, "contents of the data (fingerprint)", old->data_fingerprint,
                now->data_fingerprint);
}

static void differ_space(difference *d, const nas_study_settings *old,
                         const nas_study_settings *now)
{
    if (old->space_hash != now->space_hash)
        differ_text(d, "--space", old->space_name, now->space_name);
    differ_hash(d, "contents of the space", old->space_hash, now->space_hash);
}

nas_status nas_study_same(const nas_study *study, const nas_study_settings *wanted,
                          nas_err *err)
{
    const nas_study_settings *old = &study->settings;
    difference d = {0};
    char old_objectives[80], objectives[80];
    objectives_text(old_objectives, sizeof old_objectives, old->minimise);
    objectives_text(objectives, sizeof objectives, wanted->minimise);
    differ_data(&d, old, wanted);
    differ_space(&d, old, wanted);
    differ_limits(&d, &old->limits, &wanted->limits);
    differ_text(&d, "--minimize", old_objectives, objectives);
    differ_int(&d, "--proxies", old->proxies, wanted->proxies);
    differ_text(&d, "--metric", old->metric, wanted->metric);
    differ_text(&d, "--strategy", old->strategy, wanted->strategy);
    differ_text(&d, "options of the strategy", old->strategy_json, wanted->strategy_json);
    differ_text(&d, "scheduler", old->scheduler, wanted->scheduler);
    differ_text(&d, "options of the scheduler", old->scheduler_json,
                wanted->scheduler_json);
    differ_text(&d, "recipe", old->recipe_json, wanted->recipe_json);
    differ_int(&d, "--seed", (int64_t)old->seed, (int64_t)wanted->seed);
    differ_int(&d, "--epochs", old->epochs, wanted->epochs);
    if (d.what == NULL)
        return NAS_OK;
    (void)nas_fail(err, NAS_E_STUDY, "study `%s` was made with %s %s, now it is %s",
                   study->path, d.what, d.old, d.now);
    nas_err_hint(err, "continue with the old value, or start again: --new");
    return NAS_E_STUDY;
}
