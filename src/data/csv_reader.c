/* Reader of tables: one CSV file with a header line, numeric feature columns, one label
 * column. Read twice: once to check and to understand the labels, once for the rows, so
 * that no table is held in memory. */
#include "data/csv_text.h"
#include "data/intern.h"
#include "data/source.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Integer labels with more distinct values than this are quantities, not classes. */
enum { MAX_INTEGER_CLASSES = 20, PROBE_BYTES = 4096 };

typedef struct csv_state {
    char **columns; /* [n_columns] header */
    int64_t n_columns;
    int64_t label;
    int64_t *feature_column; /* [n_features] column of each feature */
    int64_t n_features;
    nas_intern labels;
    int64_t *codes; /* heap, [n_rows] number in labels */
    int64_t n_rows, capacity;
    int64_t *first_line; /* heap, [labels.n] where each label text was first seen */
} csv_state;

/* ---- opening -------------------------------------------------------------------- */

static bool probe(const char *path, const nas_data_options *options)
{
    (void)options;
    unsigned char head[PROBE_BYTES];
    if (!nas_file_exists(path) || nas_file_is_directory(path))
        return false;
    size_t n = nas_stream_peek(path, head, sizeof head);
    size_t controls = 0;
    for (size_t i = 0; i < n; i++)
        controls += head[i] < 32 && strchr("\t\n\r", head[i]) == NULL;
    controls += memchr(head, '\0', n) != NULL;
    return n > 0 && controls == 0 && memchr(head, '\n', n) != NULL &&
           memcmp(head, "%PDF", n < 4 ? n : 4) != 0;
}

static nas_status csv_source_open(nas_source *source, nas_err *err)
{
    return nas_source_add_file(source, source->path, "", err);
}

/* ---- header --------------------------------------------------------------------- */

static int64_t find_column(const csv_state *state, const char *name)
{
    for (int64_t i = 0; i < state->n_columns; i++)
        if (strcmp(state->columns[i], name) == 0)
            return i;
    return -1;
}

static nas_status read_columns(nas_source *source, csv_state *state, nas_csv_file *file,
                               nas_err *err)
{
    bool more = false;
    int64_t numbers = 0;
    NAS_TRY(nas_csv_next(file, &more, err));
    if (!more)
        return nas_fail(err, NAS_E_DATA, "`%s` is empty", source->path);
    state->columns = NAS_NEW(source->arena, char *, file->n_fields);
    NAS_TRY_ALLOC(state->columns, err);
    for (int64_t i = 0; i < file->n_fields; i++) {
        double value;
        const char *text = nas_csv_field(file, i);
        numbers += nas_csv_number(text, &value);
        char *name = *text != '\0' ? nas_arena_strdup(source->arena, text)
                                   : nas_arena_printf(source->arena, "column %lld",
                                                      (long long)i + 1);
        NAS_TRY_ALLOC(name, err);
        if (find_column(state, name) >= 0)
            return nas_fail(err, NAS_E_DATA, "%s:%lld:%lld: two columns are called `%s`",
                            source->path, (long long)file->fields[i].line,
                            (long long)file->fields[i].column, name);
        state->columns[state->n_columns++] = name;
    }
    if (numbers < state->n_columns)
        return NAS_OK;
    nas_status status = nas_fail(
        err, NAS_E_DATA, "%s:1: the first line holds numbers, expected column names",
        source->path);
    nas_err_hint(err, "put a header line before it");
    return status;
}

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

static bool is_usual_label(const char *name)
{
    static const char *const usual[] = {"target", "label", "class", "y"};
    return is_one_of(name, usual, sizeof usual / sizeof usual[0]);
}

static bool is_wanted(const nas_schema *schema, const char *name)
{
    for (int64_t i = 0; i < schema->n_features; i++)
        if (strcmp(schema->feature_names[i], name) == 0)
            return true;
    return false;
}

/* The only column that is no feature of the schema, or -1. */
static int64_t find_remaining(const csv_state *state, const nas_schema *schema)
{
    int64_t found = -1;
    for (int64_t i = 0; i < state->n_columns; i++) {
        if (is_wanted(schema, state->columns[i]))
            continue;
        if (found >= 0)
            return -1;
        found = i;
    }
    return found;
}

static nas_status find_label(const nas_source *source, csv_state *state,
                             const nas_schema *schema, nas_err *err)
{
    const char *const *columns = (const char *const *)state->columns;
    const char *last = state->columns[state->n_columns - 1];
    nas_status status;
    state->label = -1;
    if (schema->label != NULL)
        state->label = find_column(state, schema->label);
    else if (schema->n_features > 0)
        state->label = find_remaining(state, schema);
    if (schema->label == NULL && state->label < 0 && is_usual_label(last))
        state->label = state->n_columns - 1;
    if (state->label >= 0)
        return NAS_OK;
    if (schema->label == NULL) {
        status = nas_fail(err, NAS_E_USAGE, "which column of `%s` is to be predicted?",
                          source->path);
        nas_err_hint(err, "name it, for example --label %s", last);
        return status;
    }
    status = nas_fail(err, NAS_E_USAGE, "`%s` has no column `%s`", source->path,
                      schema->label);
    const char *nearest =
        nas_text_nearest(schema->label, columns, (size_t)state->n_columns);
    nas_err_hint(err, nearest != NULL ? "did you mean `%s`?" : "its last column is `%s`",
                 nearest != NULL ? nearest : last);
    return status;
}

static nas_status find_features(nas_source *source, csv_state *state,
                                const nas_schema *schema, nas_err *err)
{
    state->feature_column = NAS_NEW(source->arena, int64_t, state->n_columns);
    NAS_TRY_ALLOC(state->feature_column, err);
    if (schema->feature_names == NULL) {
        for (int64_t i = 0; i < state->n_columns; i++)
            if (i != state->label)
                state->feature_column[state->n_features++] = i;
    }
    for (int64_t k = 0; schema->feature_names != NULL && k < schema->n_features; k++) {
        const char *name = schema->feature_names[k];
        int64_t column = find_column(state, name);
        if (column >= 0 && column != state->label && k < state->n_columns) {
            state->feature_column[state->n_features++] = column;
            continue;
        }
        return nas_fail(err, NAS_E_DATA, "`%s` lacks the column `%s`", source->path,
                        name);
    }
    if (state->n_features == 0)
        return nas_fail(err, NAS_E_DATA, "`%s` has no column beside the label `%s`",
                        source->path, state->columns[state->label]);
    return NAS_OK;
}

/* ---- cells ---------------------------------------------------------------------- */

/* "none" and "-" stand for a missing number, but may well be the name of a class. */
static const char *const missing[] = {"", "NA", "N/A", "NaN", "?", "none", "null", "-"};
enum { MISSING_LABELS = 5, MISSING_NUMBERS = sizeof missing / sizeof missing[0] };

static nas_status fail_cell(const csv_state *state, const nas_csv_file *file, int64_t row,
                            int64_t column, nas_err *err)
{
    const char *text = nas_csv_field(file, column);
    const nas_csv_field_place *place = &file->fields[column];
    const char *name = state->columns[column];
    nas_status status;
    if (is_one_of(text, missing, MISSING_NUMBERS)) {
        status =
            nas_fail(err, NAS_E_DATA,
                     "%s:%lld:%lld: row %lld, column `%s`: the value is missing%s%s%s",
                     file->stream.path, (long long)place->line, (long long)place->column,
                     (long long)row + 1, name, *text != '\0' ? " (`" : "", text,
                     *text != '\0' ? "`)" : "");
        nas_err_hint(err, "remove the row or fill in a value");
        return status;
    }
    status = nas_fail(err, NAS_E_DATA,
                      "%s:%lld:%lld: row %lld, column `%s`: `%.60s`, expected a number",
                      file->stream.path, (long long)place->line, (long long)place->column,
                      (long long)row + 1, name, text);
    if (strchr(text, ',') != NULL)
        nas_err_hint(err, "write decimals with a point");
    else
        nas_err_hint(err, "encode the column as numbers or remove it");
    return status;
}

static nas_status check_width(const csv_state *state, const nas_csv_file *file,
                              int64_t row, nas_err *err)
{
    if (file->n_fields == state->n_columns)
        return NAS_OK;
    return nas_fail(err, NAS_E_DATA,
                    "%s:%lld: row %lld has %lld cell%s, the header has %lld columns",
                    file->stream.path, (long long)file->fields[0].line,
                    (long long)row + 1, (long long)file->n_fields,
                    file->n_fields == 1 ? "" : "s", (long long)state->n_columns);
}

/* @param out  [n_features] */
static nas_status parse_features(const csv_state *state, const nas_csv_file *file,
                                 int64_t row, float *out, nas_err *err)
{
    NAS_TRY(check_width(state, file, row, err));
    for (int64_t k = 0; k < state->n_features; k++) {
        double value;
        int64_t column = state->feature_column[k];
        if (!nas_csv_number(nas_csv_field(file, column), &value))
            return fail_cell(state, file, row, column, err);
        out[k] = (float)value;
    }
    return NAS_OK;
}

/* ---- labels --------------------------------------------------------------------- */

static nas_status reserve_row(csv_state *state, nas_err *err)
{
    if (state->n_rows < state->capacity)
        return NAS_OK;
    int64_t wanted = state->capacity == 0 ? 1024 : 2 * state->capacity;
    int64_t *codes = nas_heap_grow(state->codes, (size_t)state->capacity, (size_t)wanted,
                                   sizeof *codes);
    NAS_TRY_ALLOC(codes, err);
    state->codes = codes;
    int64_t *lines = nas_heap_grow(state->first_line, (size_t)state->capacity,
                                   (size_t)wanted, sizeof *lines);
    NAS_TRY_ALLOC(lines, err);
    state->first_line = lines;
    state->capacity = wanted;
    return NAS_OK;
}

static nas_status take_label(csv_state *state, const nas_csv_file *file, nas_err *err)
{
    const char *text = nas_csv_field(file, state->label);
    int64_t before = state->labels.n;
    if (is_one_of(text, missing, MISSING_LABELS))
        return fail_cell(state, file, state->n_rows, state->label, err);
    NAS_TRY(reserve_row(state, err));
    NAS_TRY(nas_intern_add(&state->labels, text, &state->codes[state->n_rows], err));
    if (state->labels.n > before)
        state->first_line[before] = file->fields[state->label].line;
    state->n_rows++;
    return NAS_OK;
}

static nas_status scan_rows(nas_source *source, csv_state *state, nas_csv_file *file,
                            nas_err *err)
{
    bool more = true;
    float *row = NAS_NEW(source->arena, float, state->n_features);
    NAS_TRY_ALLOC(row, err);
    for (;;) {
        NAS_TRY(nas_csv_next(file, &more, err));
        if (!more)
            break;
        NAS_TRY(parse_features(state, file, state->n_rows, row, err));
        NAS_TRY(take_label(state, file, err));
    }
    if (state->n_rows == 0)
        return nas_fail(err, NAS_E_DATA, "`%s` has a header but no rows", source->path);
    return NAS_OK;
}

/* One distinct label text. */
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

/* Classes in numeric or alphabetic order; "1" and "1.0" are one class. */
static nas_status take_classes(nas_source *source, const csv_state *state,
                               label_entry *entries, bool numeric, nas_err *err)
{
    int64_t n = state->labels.n;
    int32_t *class_of = NAS_NEW(source->arena, int32_t, n);
    source->label_names = NAS_NEW(source->arena, char *, n);
    source->rows.labels = NAS_NEW(source->arena, int32_t, state->n_rows);
    NAS_TRY_ALLOC(class_of, err);
    NAS_TRY_ALLOC(source->label_names, err);
    NAS_TRY_ALLOC(source->rows.labels, err);
    qsort(entries, (size_t)n, sizeof *entries, numeric ? compare_values : compare_texts);
    source->task = NAS_TASK_CLASSIFICATION;
    source->n_outputs = 0;
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || !numeric || entries[i].value != entries[i - 1].value) {
            char *name = nas_arena_strdup(source->arena, entries[i].text);
            NAS_TRY_ALLOC(name, err);
            source->label_names[source->n_outputs++] = name;
        }
        class_of[entries[i].code] = (int32_t)(source->n_outputs - 1);
    }
    for (int64_t i = 0; i < state->n_rows; i++)
        source->rows.labels[i] = class_of[state->codes[i]];
    return NAS_OK;
}

static nas_status take_targets(nas_source *source, const csv_state *state,
                               const label_entry *entries, nas_err *err)
{
    source->task = NAS_TASK_REGRESSION;
    source->n_outputs = 1;
    source->label_names = NAS_NEW(source->arena, char *, 1);
    source->rows.targets = NAS_NEW(source->arena, float, state->n_rows);
    NAS_TRY_ALLOC(source->label_names, err);
    NAS_TRY_ALLOC(source->rows.targets, err);
    source->label_names[0] = state->columns[state->label];
    for (int64_t i = 0; i < state->n_rows; i++)
        source->rows.targets[i] = (float)entries[state->codes[i]].value;
    return NAS_OK;
}

static nas_status infer_task(nas_source *source, const csv_state *state,
                             const nas_schema *schema, nas_err *err)
{
    int64_t n = state->labels.n;
    int64_t text = -1; /* first label that is no number */
    bool fraction = false;
    label_entry *entries = NAS_NEW(source->arena, label_entry, n);
    NAS_TRY_ALLOC(entries, err);
    for (int64_t i = 0; i < n; i++) {
        entries[i] = (label_entry){.text = state->labels.texts[i], .code = i};
        bool number = nas_csv_number(entries[i].text, &entries[i].value);
        if (!number && text < 0)
            text = i;
        fraction = fraction || (number && entries[i].value != floor(entries[i].value));
    }
    bool quantities = text < 0 && (fraction || n > MAX_INTEGER_CLASSES);
    if (schema->task != NULL)
        quantities = strcmp(schema->task, "regression") == 0;
    if (quantities && text >= 0)
        return nas_fail(err, NAS_E_DATA,
                        "%s:%lld: label `%.60s`, regression needs a number", source->path,
                        (long long)state->first_line[text], entries[text].text);
    if (quantities)
        return take_targets(source, state, entries, err);
    if (schema->task == NULL && text < 0 && n > 2)
        nas_source_warn(source,
                        "the %lld numbers in `%s` are taken as classes; if they are "
                        "quantities: --task regression",
                        (long long)n, state->columns[state->label]);
    return take_classes(source, state, entries, text < 0, err);
}

/* ---- describing ----------------------------------------------------------------- */

static nas_status scan(nas_source *source, csv_state *state, nas_csv_file *file,
                       const nas_schema *schema, nas_err *err)
{
    NAS_TRY(nas_csv_open(file, source->path, err));
    NAS_TRY(read_columns(source, state, file, err));
    NAS_TRY(find_label(source, state, schema, err));
    NAS_TRY(find_features(source, state, schema, err));
    NAS_TRY(scan_rows(source, state, file, err));
    NAS_TRY(nas_rows_init(&source->rows, source->arena, state->n_rows, err));
    return infer_task(source, state, schema, err);
}

static nas_status describe(nas_source *source, const nas_schema *schema, nas_err *err)
{
    nas_csv_file file = {.n = 0};
    csv_state *state = NAS_NEW(source->arena, csv_state, 1);
    NAS_TRY_ALLOC(state, err);
    state->labels.arena = source->arena;
    source->state = state;
    nas_status status = scan(source, state, &file, schema, err);
    nas_csv_close(&file);
    nas_heap_free(state->codes);
    nas_heap_free(state->first_line);
    state->codes = NULL;
    state->first_line = NULL;
    NAS_TRY(status);
    source->shape = (nas_shape){state->n_features, 1, 1};
    source->element = NAS_ELEMENT_F32;
    source->feature_names = NAS_NEW(source->arena, char *, state->n_features);
    NAS_TRY_ALLOC(source->feature_names, err);
    for (int64_t k = 0; k < state->n_features; k++)
        source->feature_names[k] = state->columns[state->feature_column[k]];
    (void)snprintf(source->kind, sizeof source->kind, "table, %lld numeric column%s",
                   (long long)state->n_features, state->n_features == 1 ? "" : "s");
    return NAS_OK;
}

/* ---- rows ----------------------------------------------------------------------- */

static nas_status stream(nas_source *source, nas_csv_file *file, const nas_sink *sink,
                         nas_err *err)
{
    const csv_state *state = source->state;
    bool more = true;
    float *values = NAS_NEW(source->arena, float, state->n_features);
    NAS_TRY_ALLOC(values, err);
    NAS_TRY(nas_csv_open(file, source->path, err));
    NAS_TRY(nas_csv_next(file, &more, err)); /* the header */
    for (int64_t row = 0;; row++) {
        NAS_TRY(nas_csv_next(file, &more, err));
        if (more != (row < source->rows.n))
            return nas_fail(err, NAS_E_DATA, "`%s` changed while it was read",
                            source->path);
        if (!more)
            return NAS_OK;
        NAS_TRY(parse_features(state, file, row, values, err));
        NAS_TRY(sink->row(sink->context, row, values, err));
    }
}

static nas_status stream_rows(nas_source *source, const nas_sink *sink, nas_err *err)
{
    nas_csv_file file = {.n = 0};
    nas_status status = stream(source, &file, sink, err);
    nas_csv_close(&file);
    return status;
}

const nas_reader nas_reader_csv = {
    .name = "csv",
    .summary = "table with a header line; commas, semicolons or tabs; gzipped or not",
    .probe = probe,
    .open = csv_source_open,
    .describe = describe,
    .rows = stream_rows,
};
