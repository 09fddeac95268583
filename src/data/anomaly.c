#include "data/anomaly.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_OUTPUTS = 16384 };

nas_schema nas_anomaly_schema(const nas_data_options *options)
{
    const char *task = options->task;
    bool anomaly = task != NULL && strcmp(task, nas_task_name(NAS_TASK_ANOMALY)) == 0;
    return (nas_schema){
        .label = options->label,
        .task = anomaly ? nas_task_name(NAS_TASK_CLASSIFICATION) : task,
        .anomaly = anomaly,
        .normal = options->normal,
    };
}

/* ---- marking --------------------------------------------------------------------- */

static int64_t find_class(const nas_source *source, const char *name)
{
    for (int64_t k = 0; k < source->n_outputs; k++)
        if (strcasecmp(source->label_names[k], name) == 0)
            return k;
    return -1;
}

static int64_t largest_class(const nas_source *source, nas_arena *arena)
{
    int64_t best = 0;
    int64_t *counts = NAS_NEW(arena, int64_t, source->n_outputs);
    for (int64_t i = 0; counts != NULL && i < source->rows.n; i++)
        counts[source->rows.labels[i]]++;
    for (int64_t k = 1; counts != NULL && k < source->n_outputs; k++)
        best = counts[k] > counts[best] ? k : best;
    return best;
}

/* @param out  -1: the source has no normal row, which only later ones may */
static nas_status find_normal(const nas_source *source, const nas_schema *schema,
                              int64_t *out, nas_err *err)
{
    static const char *const usual[] = {"normal", "good", "ok"};
    *out = -1;
    if (schema->normal != NULL) {
        *out = find_class(source, schema->normal);
        if (*out >= 0 || schema->shape.c > 0)
            return NAS_OK;
        nas_status status =
            nas_fail(err, NAS_E_USAGE, "`%s` has no class `%s` (--normal)", source->path,
                     schema->normal);
        nas_err_hint(err, "its first class is `%s`", source->label_names[0]);
        return status;
    }
    for (size_t i = 0; i < sizeof usual / sizeof usual[0] && *out < 0; i++)
        *out = find_class(source, usual[i]);
    if (*out < 0)
        *out = largest_class(source, source->arena);
    return NAS_OK;
}

nas_status nas_anomaly_mark(nas_source *source, nas_schema *schema, nas_err *err)
{
    int64_t normal = -1;
    if (!schema->anomaly)
        return NAS_OK;
    if (source->marked) { /* made of parts that are */
        schema->normal = source->label_names[0];
        return NAS_OK;
    }
    if (source->task != NAS_TASK_CLASSIFICATION)
        return nas_fail(err, NAS_E_USAGE,
                        "--task anomaly needs classes, of which one is normal; `%s` has "
                        "quantities",
                        source->path);
    NAS_TRY(find_normal(source, schema, &normal, err));
    const char *name = normal >= 0 ? source->label_names[normal] : schema->normal;
    char **names = NAS_NEW(source->arena, char *, 2);
    NAS_TRY_ALLOC(names, err);
    names[0] = nas_arena_strdup(source->arena, name);
    names[1] = nas_arena_strdup(source->arena, "anomaly");
    NAS_TRY_ALLOC(names[0], err);
    NAS_TRY_ALLOC(names[1], err);
    for (int64_t i = 0; i < source->rows.n; i++)
        source->rows.labels[i] = source->rows.labels[i] != normal;
    source->label_names = names;
    source->n_outputs = 2;
    source->marked = true;
    schema->normal = names[0];
    return NAS_OK;
}

/* ---- after the split ------------------------------------------------------------- */

static void move_anomalies(nas_rows *rows, bool test_fixed)
{
    int64_t turn = 0;
    for (int64_t i = 0; i < rows->n; i++) {
        if (rows->labels[i] == 0 || rows->part[i] != NAS_PART_TRAIN)
            continue;
        /* Those of one group stay in one part. */
        int64_t number = rows->groups != NULL ? rows->groups[i] : turn++;
        rows->part[i] =
            test_fixed || number % 2 == 0 ? NAS_PART_VALIDATION : NAS_PART_TEST;
    }
}

static nas_status check_parts(const nas_source *source, const nas_rows *rows,
                              nas_err *err)
{
    static const char *const names[] = {"", "training", "validation", "test"};
    int64_t counts[NAS_PART_TEST + 1][2] = {{0}};
    for (int64_t i = 0; i < rows->n; i++)
        counts[rows->part[i]][rows->labels[i]]++;
    for (int part = NAS_PART_TRAIN; part <= NAS_PART_TEST; part++) {
        bool anomalies = part == NAS_PART_TRAIN || counts[part][1] > 0;
        if (counts[part][0] > 0 && anomalies)
            continue;
        nas_status status =
            nas_fail(err, NAS_E_DATA, "`%s`: no %s row in the %s part", source->path,
                     anomalies ? "normal" : "anomalous", names[part]);
        nas_err_hint(err, "how well anomalies are told apart is measured on rows of both "
                          "kinds");
        return status;
    }
    return NAS_OK;
}

nas_status nas_anomaly_outputs(nas_source *source, nas_err *err)
{
    int64_t n = nas_shape_count(source->shape);
    if (n > MAX_OUTPUTS) {
        nas_status status = nas_fail(
            err, NAS_E_DATA,
            "`%s`: rows of %lld values, at most %d can be repeated by an autoencoder",
            source->path, (long long)n, MAX_OUTPUTS);
        nas_err_hint(err, "make them smaller: --image-size, --window, --length");
        return status;
    }
    source->task = NAS_TASK_ANOMALY;
    source->n_outputs = n;
    source->label_names = NAS_NEW(source->arena, char *, n);
    NAS_TRY_ALLOC(source->label_names, err);
    for (int64_t k = 0; k < n; k++) {
        source->label_names[k] =
            source->feature_names != NULL
                ? source->feature_names[k]
                : nas_arena_printf(source->arena, "input %lld", (long long)k + 1);
        NAS_TRY_ALLOC(source->label_names[k], err);
    }
    return NAS_OK;
}

nas_status nas_anomaly_finish(nas_source *source, nas_rows *rows, bool test_fixed,
                              nas_err *err)
{
    move_anomalies(rows, test_fixed);
    NAS_TRY(check_parts(source, rows, err));
    rows->anomalies = NAS_NEW(source->arena, uint8_t, rows->n);
    NAS_TRY_ALLOC(rows->anomalies, err);
    for (int64_t i = 0; i < rows->n; i++)
        rows->anomalies[i] = rows->labels[i] != 0;
    rows->labels = NULL;
    return nas_anomaly_outputs(source, err);
}
