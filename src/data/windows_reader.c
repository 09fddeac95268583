/* Reader of recordings in one long CSV file, where --window is given: a line per step, a
 * column per channel, columns of the label, the group and the time.
 *
 * A recording ends where the group changes, the time falls, the label is another class or
 * is missing. Windows lie inside of recordings; those of one group, or without groups
 * those of one recording, stay in one part. For regression the label of a window is that
 * of its last step. */
#include "data/csv_cells.h"
#include "data/items.h"
#include "data/series.h"
#include "data/table_steps.h"

#include <stdio.h>
#include <string.h>

/* What pass one keeps of each step. */
typedef struct step_note {
    int32_t label; /* number in items.labels, or -1: missing */
    int32_t group; /* number in items.groups, or -1 */
    bool begins;   /* group changed or time fell */
} step_note;

typedef struct windows_state {
    nas_items items; /* one for each recording; no files */
    nas_series series;
    nas_table_steps table;
    int64_t label, group, time; /* columns, -1 = none */
    step_note *notes;           /* heap, [n_steps], while describing */
    int64_t n_steps, capacity;
    int64_t *first_step; /* [items.n] of each recording */
} windows_state;

/* ---- which files ----------------------------------------------------------------- */

static bool probe(const char *path, const nas_data_options *options)
{
    return options->window != 0 && nas_table_steps_probe(path);
}

static nas_status windows_open(nas_source *source, nas_err *err)
{
    return nas_source_add_file(source, source->path, "", err);
}

/* ---- columns --------------------------------------------------------------------- */

static nas_status find_label(const nas_source *source, windows_state *state, nas_err *err)
{
    static const char *const usual[] = {"label", "class", "target", "y"};
    NAS_TRY(nas_table_steps_column(source, &state->table, "label", source->options->label,
                                   &state->label, err));
    for (size_t i = 0; i < sizeof usual / sizeof usual[0] && state->label < 0; i++)
        state->label = nas_table_steps_find(&state->table, usual[i]);
    if (state->label >= 0)
        return NAS_OK;
    nas_status status = nas_fail(
        err, NAS_E_USAGE, "which column of `%s` is to be predicted?", source->path);
    nas_err_hint(err, "name it, for example --label %s",
                 state->table.names[state->table.n_columns - 1]);
    return status;
}

static nas_status find_columns(nas_source *source, nas_csv_file *file, nas_err *err)
{
    windows_state *state = source->state;
    bool header = false;
    NAS_TRY(nas_table_steps_begin(&state->table, file, source->arena, &header, err));
    if (!header)
        return nas_fail(err, NAS_E_DATA,
                        "%s:1: the first line holds numbers, expected column names",
                        source->path);
    NAS_TRY(find_label(source, state, err));
    NAS_TRY(nas_table_steps_column(source, &state->table, "group", source->options->group,
                                   &state->group, err));
    NAS_TRY(nas_table_steps_column(source, &state->table, "time-column",
                                   source->options->time, &state->time, err));
    const int64_t without[] = {state->label, state->group, state->time};
    NAS_TRY(nas_table_steps_choose(&state->table, without, 3, source->arena, err));
    if (state->table.n_channels == 0)
        return nas_fail(err, NAS_E_DATA, "`%s` has no column of inputs", source->path);
    return NAS_OK;
}

/* ---- pass one: what recordings there are ----------------------------------------- */

static nas_status reserve_note(windows_state *state, nas_err *err)
{
    if (state->n_steps < state->capacity)
        return NAS_OK;
    int64_t wanted = state->capacity == 0 ? 4096 : 2 * state->capacity;
    step_note *grown = nas_heap_grow(state->notes, (size_t)state->capacity,
                                     (size_t)wanted, sizeof *grown);
    NAS_TRY_ALLOC(grown, err);
    state->notes = grown;
    state->capacity = wanted;
    return NAS_OK;
}

/* Numbers by value, other times (ISO dates) as text. */
static bool time_falls(const char *before, const char *now)
{
    double a, b;
    if (nas_csv_number(before, &a) && nas_csv_number(now, &b))
        return b < a;
    return strcmp(now, before) < 0;
}

/* @param last_time  in and out, text of the step before */
static nas_status note_step(windows_state *state, const nas_csv_file *file,
                            nas_text *last_time, nas_err *err)
{
    int64_t number = -1;
    step_note note = {.label = -1, .group = -1};
    NAS_TRY(reserve_note(state, err));
    const char *label = nas_csv_field(file, state->label);
    if (label[0] != '\0') {
        NAS_TRY(nas_intern_add(&state->items.labels, label, &number, err));
        note.label = (int32_t)number;
    }
    if (state->group >= 0) {
        NAS_TRY(nas_intern_add(&state->items.groups, nas_csv_field(file, state->group),
                               &number, err));
        note.group = (int32_t)number;
    }
    if (state->n_steps > 0)
        note.begins = note.group != state->notes[state->n_steps - 1].group;
    if (state->time >= 0) {
        const char *now = nas_csv_field(file, state->time);
        note.begins = note.begins ||
                      (state->n_steps > 0 && time_falls(nas_text_string(last_time), now));
        nas_text_clear(last_time);
        nas_text_puts(last_time, now);
    }
    state->notes[state->n_steps++] = note;
    return nas_text_status(last_time, err);
}

static nas_status note_steps(nas_source *source, nas_csv_file *file, nas_text *last_time,
                             nas_err *err)
{
    windows_state *state = source->state;
    bool more = true;
    NAS_TRY(nas_csv_open(file, source->path, err));
    NAS_TRY(find_columns(source, file, err));
    file->decimal_comma = source->options->decimal_comma;
    float *values = NAS_NEW(source->arena, float, state->table.n_channels);
    NAS_TRY_ALLOC(values, err);
    for (int64_t row = 0;; row++) {
        NAS_TRY(nas_csv_tell(source->options, file, row, err));
        NAS_TRY(nas_csv_next(file, &more, err));
        if (!more)
            break;
        NAS_TRY(nas_table_steps_read(&state->table, file, values, err));
        NAS_TRY(note_step(state, file, last_time, err));
    }
    if (state->items.labels.n == 0)
        return nas_fail(err, NAS_E_DATA, "`%s` has no row with a label", source->path);
    return NAS_OK;
}

/* A new recording begins at step i? @param classes  labels are classes */
static bool begins(const windows_state *state, int64_t i, bool classes)
{
    const step_note *now = &state->notes[i];
    const step_note *before = now - 1;
    if (i == 0 || now->begins || before->label < 0)
        return true;
    return classes && now->label != before->label;
}

static nas_status find_recordings(nas_source *source, bool classes, nas_err *err)
{
    windows_state *state = source->state;
    nas_items *items = &state->items;
    int64_t n = 0;
    for (int64_t i = 0; i < state->n_steps; i++)
        n += state->notes[i].label >= 0 && begins(state, i, classes);
    items->items = NAS_NEW(source->arena, nas_item, n);
    state->first_step = NAS_NEW(source->arena, int64_t, n);
    state->series = (nas_series){.n = n, .channels = state->table.n_channels};
    state->series.steps = NAS_NEW(source->arena, int64_t, n);
    NAS_TRY_ALLOC(items->items, err);
    NAS_TRY_ALLOC(state->first_step, err);
    NAS_TRY_ALLOC(state->series.steps, err);
    for (int64_t i = 0; i < state->n_steps; i++) {
        const step_note *note = &state->notes[i];
        if (note->label < 0)
            continue;
        if (begins(state, i, classes)) {
            state->first_step[items->n] = i;
            items->items[items->n++] =
                (nas_item){.label = note->label, .group = note->group};
        }
        state->series.steps[items->n - 1]++;
    }
    return NAS_OK;
}

/* ---- describing ------------------------------------------------------------------ */

/* The target of a window is the label of its last step. */
static nas_status fill_targets(nas_source *source, nas_err *err)
{
    const windows_state *state = source->state;
    const nas_series *series = &state->series;
    int64_t row = 0;
    for (int64_t i = 0; i < series->n; i++)
        for (int64_t k = 0; k < series->n_rows[i]; k++) {
            int64_t last = state->first_step[i] + k * series->step + series->length - 1;
            const char *text = state->items.labels.texts[state->notes[last].label];
            double value;
            if (!nas_csv_number(text, &value))
                return nas_fail(err, NAS_E_DATA,
                                "`%s`: label `%.60s`, regression needs a number",
                                source->path, text);
            source->rows.targets[row++] = (float)value;
        }
    return NAS_OK;
}

static nas_status describe_steps(nas_source *source, const nas_schema *schema,
                                 nas_err *err)
{
    windows_state *state = source->state;
    bool classes = !nas_items_are_quantities(&state->items, schema);
    NAS_TRY(find_recordings(source, classes, err));
    NAS_TRY(nas_series_plan(source, &state->series, schema, err));
    NAS_TRY(nas_items_describe(source, &state->items, schema, state->series.n_rows, err));
    return classes ? NAS_OK : fill_targets(source, err);
}

static nas_status describe(nas_source *source, const nas_schema *schema, nas_err *err)
{
    nas_csv_file file = {.n = 0};
    nas_text last_time = {0};
    char shape[64];
    windows_state *state = NAS_NEW(source->arena, windows_state, 1);
    NAS_TRY_ALLOC(state, err);
    state->items.labels.arena = source->arena;
    state->items.groups.arena = source->arena;
    source->state = state;
    nas_status status = note_steps(source, &file, &last_time, err);
    if (status == NAS_OK)
        status = describe_steps(source, schema, err);
    nas_csv_close(&file);
    nas_text_free(&last_time);
    nas_heap_free(state->notes);
    state->notes = NULL;
    NAS_TRY(status);
    source->element = NAS_ELEMENT_F32;
    nas_series_describe(&state->series, shape, sizeof shape);
    (void)snprintf(source->kind, sizeof source->kind, "%lld recordings, %s, CSV",
                   (long long)state->series.n, shape);
    return NAS_OK;
}

/* ---- rows ------------------------------------------------------------------------ */

/* Steps between recordings (no label) are passed over. */
static nas_status stream_steps(nas_source *source, nas_csv_file *file,
                               nas_series_writer *writer, nas_err *err)
{
    const windows_state *state = source->state;
    const nas_series *series = &state->series;
    bool more = true;
    float *values = NAS_NEW(source->arena, float, series->channels);
    NAS_TRY_ALLOC(values, err);
    NAS_TRY(nas_csv_open(file, source->path, err));
    NAS_TRY(nas_csv_next(file, &more, err)); /* the header */
    file->decimal_comma = source->options->decimal_comma;
    for (int64_t step = 0; writer->recording < series->n; step++) {
        int64_t first = state->first_step[writer->recording];
        int64_t end = first + series->steps[writer->recording];
        NAS_TRY(nas_csv_next(file, &more, err));
        if (!more)
            return nas_fail(err, NAS_E_DATA, "`%s` changed while it was read",
                            source->path);
        NAS_TRY(nas_table_steps_read(&state->table, file, values, err));
        if (step >= first)
            NAS_TRY(nas_series_put(writer, values, err));
        if (step == end - 1)
            NAS_TRY(nas_series_end(writer, err));
    }
    return NAS_OK;
}

static nas_status stream_rows(nas_source *source, const nas_sink *sink, nas_err *err)
{
    const windows_state *state = source->state;
    nas_csv_file file = {.n = 0};
    nas_series_writer writer;
    NAS_TRY(nas_series_writer_init(&writer, source, &state->series, sink, err));
    nas_status status = stream_steps(source, &file, &writer, err);
    nas_csv_close(&file);
    return status;
}

const nas_reader nas_reader_windows = {
    .name = "windows",
    .summary = "series in one long CSV (a line per step), cut by --window and --step",
    .probe = probe,
    .open = windows_open,
    .describe = describe,
    .rows = stream_rows,
};
