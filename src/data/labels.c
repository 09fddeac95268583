#include "data/labels.h"

#include "data/csv_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool wants(const nas_schema *schema, const char *task)
{
    return schema->task != NULL && strcmp(schema->task, task) == 0;
}

/* ---- numbers --------------------------------------------------------------------- */

/* @param task  regression or multilabel */
static nas_status take_targets(nas_source *source, const double *values, int64_t width,
                               nas_task task, nas_err *err)
{
    int64_t n = source->rows.n * width;
    source->task = task;
    source->n_outputs = width;
    source->rows.targets = NAS_NEW(source->arena, float, n);
    source->label_names = NAS_NEW(source->arena, char *, width);
    NAS_TRY_ALLOC(source->rows.targets, err);
    NAS_TRY_ALLOC(source->label_names, err);
    for (int64_t i = 0; i < n; i++)
        source->rows.targets[i] = (float)values[i];
    for (int64_t k = 0; k < width; k++) {
        source->label_names[k] =
            width == 1
                ? nas_arena_strdup(source->arena, "target")
                : nas_arena_printf(source->arena, "%s %lld",
                                   task == NAS_TASK_MULTILABEL ? "label" : "target",
                                   (long long)k + 1);
        NAS_TRY_ALLOC(source->label_names[k], err);
    }
    return NAS_OK;
}

/* The place of the only 1 among zeros, or -1. */
static int64_t hot_place(const double *row, int64_t width)
{
    int64_t place = -1;
    for (int64_t k = 0; k < width; k++) {
        if (row[k] == 0.0)
            continue;
        if (row[k] != 1.0 || place >= 0)
            return -1;
        place = k;
    }
    return place;
}

static bool are_one_hot(const double *values, int64_t n, int64_t width)
{
    for (int64_t i = 0; i < n; i++)
        if (hot_place(values + i * width, width) < 0)
            return false;
    return width > 1;
}

static bool are_binary(const double *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (values[i] != 0.0 && values[i] != 1.0)
            return false;
    return true;
}

static nas_status take_classes(nas_source *source, const double *values, int64_t width,
                               nas_err *err)
{
    int64_t *integers = NAS_NEW(source->arena, int64_t, source->rows.n);
    NAS_TRY_ALLOC(integers, err);
    for (int64_t i = 0; i < source->rows.n; i++)
        integers[i] =
            width == 1 ? (int64_t)values[i] : hot_place(values + i * width, width);
    source->task = NAS_TASK_CLASSIFICATION;
    return nas_source_classes_from_integers(source, integers, err);
}

nas_status nas_labels_from_numbers(nas_source *source, const nas_schema *schema,
                                   const double *values, int64_t width, nas_err *err)
{
    int64_t fraction = -1; /* first row that is no class number */
    for (int64_t i = 0; i < source->rows.n * width; i++) {
        if (!isfinite(values[i]))
            return nas_fail(err, NAS_E_DATA, "the label of row %lld is NaN or infinite",
                            (long long)(i / width) + 1);
        if (fraction < 0 &&
            (values[i] != floor(values[i]) || fabs(values[i]) > INT32_MAX))
            fraction = i / width;
    }
    bool classes =
        fraction < 0 && (width == 1 || are_one_hot(values, source->rows.n, width));
    bool labels = width > 1 && are_binary(values, source->rows.n * width);
    if (classes && !wants(schema, "regression") && !wants(schema, "multilabel"))
        return take_classes(source, values, width, err);
    if (labels && !wants(schema, "regression") && !wants(schema, "classification"))
        return take_targets(source, values, width, NAS_TASK_MULTILABEL, err);
    if (wants(schema, "multilabel") && width > 1)
        return nas_fail(err, NAS_E_DATA, "labels of `%s` are not all 0 or 1",
                        source->path);
    if (!wants(schema, "classification"))
        return take_targets(source, values, width, NAS_TASK_REGRESSION, err);
    int64_t row = fraction < 0 ? 0 : fraction;
    return nas_fail(err, NAS_E_DATA, "labels of `%s` are no class numbers (row %lld: %g)",
                    source->path, (long long)row + 1, values[row * width]);
}

/* ---- texts ----------------------------------------------------------------------- */

typedef struct label_entry {
    const char *text;
    double value;
    int64_t code;
} label_entry;

static int compare_texts(const void *a, const void *b)
{
    return strcmp(((const label_entry *)a)->text, ((const label_entry *)b)->text);
}

static int compare_values(const void *a, const void *b)
{
    double x = ((const label_entry *)a)->value;
    double y = ((const label_entry *)b)->value;
    return x != y ? (x > y) - (x < y) : compare_texts(a, b);
}

/* Declared classes that no row has are left out. */
static nas_status name_classes(nas_source *source, const label_entry *entries, int64_t n,
                               const int64_t *codes, nas_err *err)
{
    int64_t *count = NAS_NEW(source->arena, int64_t, n);
    int32_t *class_of = NAS_NEW(source->arena, int32_t, n);
    source->label_names = NAS_NEW(source->arena, char *, n);
    source->rows.labels = NAS_NEW(source->arena, int32_t, source->rows.n);
    NAS_TRY_ALLOC(count, err);
    NAS_TRY_ALLOC(class_of, err);
    NAS_TRY_ALLOC(source->label_names, err);
    NAS_TRY_ALLOC(source->rows.labels, err);
    for (int64_t i = 0; i < source->rows.n; i++)
        count[codes[i]]++;
    source->n_outputs = 0;
    for (int64_t i = 0; i < n; i++) {
        if (count[entries[i].code] == 0)
            continue;
        char *name = nas_arena_strdup(source->arena, entries[i].text);
        NAS_TRY_ALLOC(name, err);
        class_of[entries[i].code] = (int32_t)source->n_outputs;
        source->label_names[source->n_outputs++] = name;
    }
    for (int64_t i = 0; i < source->rows.n; i++)
        source->rows.labels[i] = class_of[codes[i]];
    source->task = NAS_TASK_CLASSIFICATION;
    return NAS_OK;
}

nas_status nas_labels_from_texts(nas_source *source, const nas_schema *schema,
                                 const nas_intern *texts, const int64_t *codes,
                                 bool declared, nas_err *err)
{
    const char *text = NULL; /* a label that is no number */
    label_entry *entries = NAS_NEW(source->arena, label_entry, texts->n);
    double *values = NAS_NEW(source->arena, double, source->rows.n);
    NAS_TRY_ALLOC(entries, err);
    NAS_TRY_ALLOC(values, err);
    for (int64_t i = 0; i < texts->n; i++) {
        entries[i] = (label_entry){.text = texts->texts[i], .code = i};
        if (!nas_csv_number(entries[i].text, &entries[i].value))
            text = entries[i].text;
    }
    if (wants(schema, "regression")) {
        for (int64_t i = 0; i < source->rows.n; i++)
            values[i] = entries[codes[i]].value;
        if (text != NULL)
            return nas_fail(err, NAS_E_DATA,
                            "`%s`: label `%.60s`, regression needs a number",
                            source->path, text);
        return take_targets(source, values, 1, NAS_TASK_REGRESSION, err);
    }
    if (!declared && texts->n > 0)
        qsort(entries, (size_t)texts->n, sizeof *entries,
              text == NULL ? compare_values : compare_texts);
    return name_classes(source, entries, texts->n, codes, err);
}
