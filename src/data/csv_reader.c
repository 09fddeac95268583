/* Reader of tables: one CSV file with a header line, columns of numbers or categories,
 * one label column or several targets. Read twice: once to check and to understand
 * columns and labels, once for the rows, so that no table is held in memory. */
#include "data/csv_cells.h"
#include "data/intern.h"
#include "data/source.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Integer labels with more distinct values than this are quantities, not classes. */
enum { MAX_INTEGER_CLASSES = 20, PROBE_BYTES = 4096 };

/* So many different numbers are surely quantities, and are kept as such: texts of all of
 * a large table would be a hundred bytes a row. */
enum { SURE_QUANTITIES = 4096 };

typedef struct csv_state {
    nas_csv_columns columns;
    nas_csv_cells cells;
    nas_intern labels; /* of a single label column */
    bool numbers;      /* all of them, and they may be quantities */
    int32_t *codes;    /* heap, [n_rows] number in labels; NULL once `targets` is used */
    float *targets;    /* heap, [n_rows][n_labels], of several, or of sure quantities */
    int32_t *groups;   /* heap, [n_rows] */
    double *times;     /* heap, [n_rows] */
    int64_t n_rows, capacity;
    int64_t *first_line; /* heap, [lines] where each of labels was first seen */
    int64_t lines;
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

/* ---- labels --------------------------------------------------------------------- */

/* Make room in an array of `width` elements a row, if there is use for it. */
#define GROW(array, width, used)                                                         \
    do {                                                                                 \
        size_t row_size_ = (size_t)(width) * sizeof *(array);                            \
        void *grown_ = NULL;                                                             \
        if (!(used))                                                                     \
            break;                                                                       \
        grown_ =                                                                         \
            nas_heap_grow((array), (size_t)state->capacity, (size_t)wanted, row_size_);  \
        NAS_TRY_ALLOC(grown_, err);                                                      \
        (array) = grown_;                                                                \
    } while (false)

static nas_status reserve_row(csv_state *state, nas_err *err)
{
    const nas_csv_columns *columns = &state->columns;
    if (state->n_rows < state->capacity)
        return NAS_OK;
    int64_t wanted = state->capacity == 0 ? 1024 : state->capacity + state->capacity / 4;
    GROW(state->codes, 1, columns->n_labels == 1 && state->targets == NULL);
    GROW(state->targets, columns->n_labels,
         columns->n_labels > 1 || state->targets != NULL);
    GROW(state->groups, 1, columns->group >= 0);
    GROW(state->times, 1, columns->time >= 0);
    state->capacity = wanted;
    return NAS_OK;
}

static void free_rows(csv_state *state)
{
    nas_heap_free(state->codes);
    nas_heap_free(state->first_line);
    nas_heap_free(state->targets);
    nas_heap_free(state->groups);
    nas_heap_free(state->times);
    state->codes = NULL;
    state->first_line = NULL;
    state->targets = NULL;
    state->groups = NULL;
    state->times = NULL;
}

static nas_status note_line(csv_state *state, int64_t line, nas_err *err)
{
    if (state->labels.n > state->lines) {
        int64_t wanted = 2 * state->labels.n + 64;
        int64_t *grown = nas_heap_grow(state->first_line, (size_t)state->lines,
                                       (size_t)wanted, sizeof *grown);
        NAS_TRY_ALLOC(grown, err);
        state->first_line = grown;
        state->lines = wanted;
    }
    state->first_line[state->labels.n - 1] = line;
    return NAS_OK;
}

/* From here on numbers are kept, not texts. */
static nas_status keep_numbers(csv_state *state, nas_err *err)
{
    state->targets = nas_heap_alloc((size_t)state->capacity, sizeof *state->targets);
    NAS_TRY_ALLOC(state->targets, err);
    for (int64_t i = 0; i < state->n_rows; i++) {
        double value = 0;
        (void)nas_csv_number(state->labels.texts[state->codes[i]], &value);
        state->targets[i] = (float)value;
    }
    nas_heap_free(state->codes);
    state->codes = NULL;
    return NAS_OK;
}

static nas_status take_quantity(csv_state *state, const nas_csv_file *file,
                                const char *text, nas_err *err)
{
    double value;
    const nas_csv_field_place *place = &file->fields[state->columns.label[0]];
    if (nas_csv_number(text, &value)) {
        state->targets[state->n_rows] = (float)value;
        return NAS_OK;
    }
    nas_status status = nas_fail(
        err, NAS_E_DATA,
        "%s:%lld:%lld: label `%.60s`, expected a number as in all rows "
        "before",
        file->stream.path, (long long)place->line, (long long)place->column, text);
    nas_err_hint(err, "if the numbers are names of classes: --task classification");
    return status;
}

static nas_status take_label(csv_state *state, const nas_csv_file *file, nas_err *err)
{
    int64_t column = state->columns.label[0];
    const char *text = nas_csv_field(file, column);
    int64_t before = state->labels.n;
    int64_t code = 0;
    double value;
    if (nas_csv_is_missing(state->cells.source->options, text, NAS_CSV_LABEL))
        return nas_csv_fail_cell(&state->cells, file, state->n_rows, column, err);
    if (state->numbers && state->targets == NULL && before > SURE_QUANTITIES)
        NAS_TRY(keep_numbers(state, err));
    if (state->targets != NULL)
        return take_quantity(state, file, text, err);
    NAS_TRY(nas_intern_add(&state->labels, text, &code, err));
    if (code > INT32_MAX)
        return nas_fail(err, NAS_E_DATA, "`%s`: more than 2^31 different labels",
                        file->stream.path);
    state->codes[state->n_rows] = (int32_t)code;
    if (state->labels.n == before)
        return NAS_OK;
    state->numbers = state->numbers && nas_csv_number(text, &value);
    return note_line(state, file->fields[column].line, err);
}

static nas_status take_numbers(csv_state *state, const nas_csv_file *file, nas_err *err)
{
    int64_t n = state->columns.n_labels;
    for (int64_t k = 0; k < n; k++) {
        double value;
        int64_t column = state->columns.label[k];
        if (!nas_csv_number(nas_csv_field(file, column), &value))
            return nas_csv_fail_cell(&state->cells, file, state->n_rows, column, err);
        state->targets[state->n_rows * n + k] = (float)value;
    }
    return NAS_OK;
}

/* Label, group and time of the current record. */
static nas_status take_notes(csv_state *state, const nas_csv_file *file, nas_err *err)
{
    const nas_csv_columns *columns = &state->columns;
    int64_t row = state->n_rows;
    NAS_TRY(reserve_row(state, err));
    NAS_TRY(columns->n_labels == 1 ? take_label(state, file, err)
                                   : take_numbers(state, file, err));
    if (columns->group >= 0) {
        const char *text = nas_csv_field(file, columns->group);
        if (*text == '\0')
            return nas_csv_fail_cell(&state->cells, file, row, columns->group, err);
        state->groups[row] = nas_source_group_number(text);
    }
    if (columns->time >= 0 &&
        !nas_csv_time(nas_csv_field(file, columns->time), &state->times[row]))
        return nas_csv_fail_cell(&state->cells, file, row, columns->time, err);
    state->n_rows++;
    return NAS_OK;
}

static nas_status scan_rows(nas_source *source, csv_state *state, nas_csv_file *file,
                            nas_err *err)
{
    bool more = true;
    for (;;) {
        NAS_TRY(nas_csv_next(file, &more, err));
        if (!more)
            break;
        NAS_TRY(nas_csv_cells_scan(&state->cells, file, state->n_rows, err));
        NAS_TRY(take_notes(state, file, err));
    }
    if (state->n_rows == 0)
        return nas_fail(err, NAS_E_DATA, "`%s` has a header but no rows", source->path);
    return nas_csv_cells_settle(&state->cells, err);
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
    NAS_TRY_ALLOC(source->label_names, err);
    source->label_names[0] = state->columns.names[state->columns.label[0]];
    if (state->targets != NULL)
        source->rows.targets = nas_arena_copy(source->arena, state->targets,
                                              (size_t)state->n_rows * sizeof(float));
    else
        source->rows.targets = NAS_NEW(source->arena, float, state->n_rows);
    NAS_TRY_ALLOC(source->rows.targets, err);
    for (int64_t i = 0; state->targets == NULL && i < state->n_rows; i++)
        source->rows.targets[i] = (float)entries[state->codes[i]].value;
    return NAS_OK;
}

static nas_status infer_task(nas_source *source, const csv_state *state,
                             const nas_schema *schema, nas_err *err)
{
    int64_t n = state->labels.n;
    int64_t text = -1; /* first label that is no number */
    bool fraction = false;
    if (state->targets != NULL)
        return take_targets(source, state, NULL, err);
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
                        (long long)n, state->columns.names[state->columns.label[0]]);
    return take_classes(source, state, entries, text < 0, err);
}

/* @return whether all targets are 0 or 1; else *row and *column name one that is not */
static bool are_labels(const csv_state *state, int64_t *row, int64_t *column)
{
    int64_t k = state->columns.n_labels;
    for (int64_t i = 0; i < state->n_rows * k; i++) {
        *row = i / k;
        *column = i % k;
        if (state->targets[i] != 0.0F && state->targets[i] != 1.0F)
            return false;
    }
    return true;
}

/* Several columns are labels where all of them hold 0 and 1, else quantities. */
static nas_status several_task(nas_source *source, const csv_state *state,
                               const nas_schema *schema, nas_err *err)
{
    int64_t k = state->columns.n_labels;
    int64_t row = 0;
    int64_t column = 0;
    bool labels = are_labels(state, &row, &column);
    nas_task task = labels ? NAS_TASK_MULTILABEL : NAS_TASK_REGRESSION;
    if (schema->task != NULL)
        (void)nas_task_parse(schema->task, &task);
    source->task = task;
    if (task == NAS_TASK_CLASSIFICATION)
        return nas_fail(err, NAS_E_USAGE,
                        "--label names %lld columns, but only quantities (--task "
                        "regression) and labels of 0 and 1 (--task multilabel) can be "
                        "predicted together",
                        (long long)k);
    if (task == NAS_TASK_MULTILABEL && !labels)
        return nas_fail(err, NAS_E_DATA,
                        "`%s`: row %lld, column `%s`: %g, a label is 0 or 1",
                        source->path, (long long)row + 1,
                        state->columns.names[state->columns.label[column]],
                        (double)state->targets[row * k + column]);
    if (labels && schema->task == NULL)
        nas_source_warn(source,
                        "the %lld columns hold 0 and 1 only and are taken as labels; if "
                        "they are quantities: --task regression",
                        (long long)k);
    return NAS_OK;
}

static nas_status take_several(nas_source *source, const csv_state *state,
                               const nas_schema *schema, nas_err *err)
{
    int64_t k = state->columns.n_labels;
    NAS_TRY(several_task(source, state, schema, err));
    source->n_outputs = k;
    source->label_names = NAS_NEW(source->arena, char *, k);
    NAS_TRY_ALLOC(source->label_names, err);
    for (int64_t i = 0; i < k; i++)
        source->label_names[i] = state->columns.names[state->columns.label[i]];
    source->rows.targets = nas_arena_copy(source->arena, state->targets,
                                          (size_t)(state->n_rows * k) * sizeof(float));
    NAS_TRY_ALLOC(source->rows.targets, err);
    return NAS_OK;
}

/* ---- describing ----------------------------------------------------------------- */

static nas_status keep_groups_and_times(nas_source *source, const csv_state *state,
                                        nas_err *err)
{
    size_t n = (size_t)state->n_rows;
    if (state->groups != NULL) {
        source->rows.groups =
            nas_arena_copy(source->arena, state->groups, n * sizeof *state->groups);
        NAS_TRY_ALLOC(source->rows.groups, err);
    }
    if (state->times != NULL) {
        source->rows.times =
            nas_arena_copy(source->arena, state->times, n * sizeof *state->times);
        NAS_TRY_ALLOC(source->rows.times, err);
    }
    return NAS_OK;
}

static nas_status scan(nas_source *source, csv_state *state, nas_csv_file *file,
                       const nas_schema *schema, nas_err *err)
{
    NAS_TRY(nas_csv_open(file, source->path, err));
    NAS_TRY(nas_csv_columns_read(&state->columns, file, source->arena, err));
    NAS_TRY(nas_csv_columns_choose(&state->columns, source, schema, err));
    NAS_TRY(nas_csv_cells_init(&state->cells, source, &state->columns, schema, err));
    file->decimal_comma = source->options->decimal_comma;
    NAS_TRY(scan_rows(source, state, file, err));
    NAS_TRY(nas_rows_init(&source->rows, source->arena, state->n_rows, err));
    NAS_TRY(keep_groups_and_times(source, state, err));
    return state->columns.n_labels == 1 ? infer_task(source, state, schema, err)
                                        : take_several(source, state, schema, err);
}

/* "table, 6 numeric columns, 8 of categories" */
static void describe_kind(nas_source *source)
{
    int64_t n = 0;
    char words[48] = "";
    for (int64_t k = 0; source->columns != NULL && k < source->shape.c; k++)
        n += source->columns[k].category;
    const int64_t numbers = source->shape.c - n;
    if (n > 0)
        (void)snprintf(words, sizeof words, ", %lld of categories", (long long)n);
    (void)snprintf(source->kind, sizeof source->kind, "table, %lld numeric column%s%s",
                   (long long)numbers, numbers == 1 ? "" : "s", words);
}

static nas_status describe(nas_source *source, const nas_schema *schema, nas_err *err)
{
    nas_csv_file file = {.n = 0};
    csv_state *state = NAS_NEW(source->arena, csv_state, 1);
    NAS_TRY_ALLOC(state, err);
    state->labels.arena = source->arena;
    state->numbers = schema->task == NULL || strcmp(schema->task, "regression") == 0;
    source->state = state;
    nas_status status = scan(source, state, &file, schema, err);
    nas_csv_close(&file);
    free_rows(state);
    NAS_TRY(status);
    const nas_csv_columns *columns = &state->columns;
    source->shape = (nas_shape){columns->n_features, 1, 1};
    source->element = NAS_ELEMENT_F32;
    source->feature_names = NAS_NEW(source->arena, char *, columns->n_features);
    NAS_TRY_ALLOC(source->feature_names, err);
    for (int64_t k = 0; k < columns->n_features; k++)
        source->feature_names[k] = columns->names[columns->feature[k]];
    describe_kind(source);
    return NAS_OK;
}

/* ---- rows ----------------------------------------------------------------------- */

static nas_status stream(nas_source *source, nas_csv_file *file, const nas_sink *sink,
                         nas_err *err)
{
    const csv_state *state = source->state;
    bool more = true;
    float *values = NAS_NEW(source->arena, float, state->columns.n_features);
    NAS_TRY_ALLOC(values, err);
    NAS_TRY(nas_csv_open(file, source->path, err));
    NAS_TRY(nas_csv_next(file, &more, err)); /* the header */
    file->decimal_comma = source->options->decimal_comma;
    for (int64_t row = 0;; row++) {
        NAS_TRY(nas_csv_next(file, &more, err));
        if (more != (row < source->rows.n))
            return nas_fail(err, NAS_E_DATA, "`%s` changed while it was read",
                            source->path);
        if (!more)
            return NAS_OK;
        NAS_TRY(nas_csv_cells_read(&state->cells, file, row, values, err));
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
