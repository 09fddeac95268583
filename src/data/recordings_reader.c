/* Reader of recordings as text: one CSV file each, a line per step, a column per channel;
 * in one folder per class, or below any folder when the user says what names mean. */
#include "data/items.h"
#include "data/series.h"
#include "data/table_steps.h"

#include <stdio.h>
#include <string.h>

typedef struct recordings_state {
    nas_items items;
    nas_series series;
} recordings_state;

/* One file being read. */
typedef struct recording {
    nas_csv_file file;
    nas_table_steps table;
    float *values; /* [n_channels] */
} recording;

/* ---- which files ----------------------------------------------------------------- */

static const char *const extensions[] = {".csv", ".tsv", ".csv.gz", NULL};
static const nas_item_kind kind = {
    .what = "recording", .extensions = extensions, .is_magic = nas_table_steps_is_text};

static bool probe(const char *path, const nas_data_options *options)
{
    return options->names != NULL ? nas_items_probe_tree(&kind, path)
                                  : nas_items_probe_classes(&kind, path);
}

static nas_status recordings_open(nas_source *source, nas_err *err)
{
    recordings_state *state = NAS_NEW(source->arena, recordings_state, 1);
    NAS_TRY_ALLOC(state, err);
    state->items.kind = &kind;
    source->state = state;
    return nas_items_open(source, &state->items, err);
}

/* ---- one file -------------------------------------------------------------------- */

/* Open a file up to its first step, which is the current record.
 * @param more  out, false when there is none */
static nas_status begin(nas_source *source, const char *path, recording *r, bool *more,
                        nas_err *err)
{
    bool header = false;
    const char *time = source->options->time;
    NAS_TRY(nas_csv_open(&r->file, path, err));
    r->file.decimal_comma = source->options->decimal_comma;
    NAS_TRY(nas_table_steps_begin(&r->table, &r->file, source->arena, &header, err));
    int64_t without = nas_table_steps_find(&r->table, time);
    if (time != NULL && without < 0)
        return nas_fail(err, NAS_E_USAGE, "`%s` has no column `%s` (--time-column)", path,
                        time);
    NAS_TRY(nas_table_steps_choose(&r->table, &without, 1, source->arena, err));
    if (r->table.n_channels == 0)
        return nas_fail(err, NAS_E_DATA, "`%s` has no column beside `%s`", path, time);
    r->values = NAS_NEW(source->arena, float, r->table.n_channels);
    NAS_TRY_ALLOC(r->values, err);
    *more = true;
    return header ? nas_csv_next(&r->file, more, err) : NAS_OK;
}

/* @param writer  NULL = count only */
static nas_status read_steps(nas_source *source, const char *path, recording *r,
                             nas_series_writer *writer, int64_t *steps, nas_err *err)
{
    bool more = false;
    NAS_TRY(begin(source, path, r, &more, err));
    if (writer != NULL && r->table.n_channels != writer->series->channels)
        return nas_fail(err, NAS_E_DATA, "`%s` changed while it was read", path);
    for (*steps = 0; more; (*steps)++) {
        NAS_TRY(nas_table_steps_read(&r->table, &r->file, r->values, err));
        if (writer != NULL)
            NAS_TRY(nas_series_put(writer, r->values, err));
        NAS_TRY(nas_csv_next(&r->file, &more, err));
    }
    if (*steps == 0)
        return nas_fail(err, NAS_E_DATA, "`%s` has a header but no rows", path);
    return NAS_OK;
}

static nas_status read_file(nas_source *source, int64_t i, nas_series_writer *writer,
                            int64_t *channels, int64_t *steps, nas_err *err)
{
    const recordings_state *state = source->state;
    const char *path = source->files[state->items.first_file + i].path;
    recording r = {.values = NULL};
    nas_status status = read_steps(source, path, &r, writer, steps, err);
    *channels = r.table.n_channels;
    nas_csv_close(&r.file);
    return status;
}

/* ---- describing ------------------------------------------------------------------ */

static nas_status measure(nas_source *source, nas_err *err)
{
    recordings_state *state = source->state;
    nas_series *series = &state->series;
    series->n = state->items.n;
    series->steps = NAS_NEW(source->arena, int64_t, series->n);
    NAS_TRY_ALLOC(series->steps, err);
    for (int64_t i = 0; i < series->n; i++) {
        int64_t channels = 0;
        NAS_TRY(read_file(source, i, NULL, &channels, &series->steps[i], err));
        if (i > 0 && channels != series->channels)
            return nas_fail(
                err, NAS_E_DATA, "`%s` has %lld channels, `%s` has %lld",
                source->files[state->items.first_file].path, (long long)series->channels,
                source->files[state->items.first_file + i].path, (long long)channels);
        series->channels = channels;
    }
    return NAS_OK;
}

static nas_status describe(nas_source *source, const nas_schema *schema, nas_err *err)
{
    recordings_state *state = source->state;
    char shape[64];
    NAS_TRY(measure(source, err));
    NAS_TRY(nas_series_plan(source, &state->series, schema, err));
    NAS_TRY(nas_items_describe(source, &state->items, schema, state->series.n_rows, err));
    source->element = NAS_ELEMENT_F32;
    nas_series_describe(&state->series, shape, sizeof shape);
    (void)snprintf(source->kind, sizeof source->kind, "recordings, %s, CSV", shape);
    return NAS_OK;
}

static nas_status stream_rows(nas_source *source, const nas_sink *sink, nas_err *err)
{
    const recordings_state *state = source->state;
    nas_series_writer writer;
    NAS_TRY(nas_series_writer_init(&writer, source, &state->series, sink, err));
    for (int64_t i = 0; i < state->items.n; i++) {
        int64_t channels, steps;
        NAS_TRY(read_file(source, i, &writer, &channels, &steps, err));
        NAS_TRY(nas_series_end(&writer, err));
    }
    return NAS_OK;
}

const nas_reader nas_reader_recordings = {
    .name = "recordings",
    .summary = "series as one CSV per recording (a line per step), one folder per class",
    .probe = probe,
    .open = recordings_open,
    .describe = describe,
    .rows = stream_rows,
};
