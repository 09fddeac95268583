#include "data/series.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- length ---------------------------------------------------------------------- */

static int compare_steps(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static nas_status usual_length(const nas_source *source, const nas_series *series,
                               int64_t *out, nas_err *err)
{
    int64_t n = series->n;
    int64_t *sorted = NAS_NEW(source->arena, int64_t, n);
    NAS_TRY_ALLOC(sorted, err);
    memcpy(sorted, series->steps, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, compare_steps);
    int64_t high = sorted[(n - 1) * 95 / 100];
    int64_t longest = sorted[n - 1];
    *out = longest > 2 * high ? high : longest;
    return NAS_OK;
}

static nas_status plan_whole(nas_source *source, nas_series *series,
                             const nas_schema *schema, nas_err *err)
{
    int64_t cut = 0;
    int64_t padded = 0;
    series->length = source->options->length;
    if (series->length == 0 && schema->shape.c > 0)
        series->length = schema->shape.w;
    if (series->length == 0)
        NAS_TRY(usual_length(source, series, &series->length, err));
    for (int64_t i = 0; i < series->n; i++) {
        cut += series->steps[i] > series->length;
        padded += series->steps[i] < series->length;
    }
    if (cut > 0)
        nas_source_warn(source,
                        "%lld of %lld recordings are longer than %lld steps: their "
                        "middle is used",
                        (long long)cut, (long long)series->n, (long long)series->length);
    if (padded > 0)
        nas_source_warn(source,
                        "%lld of %lld recordings are shorter than %lld steps: filled up "
                        "with zeros",
                        (long long)padded, (long long)series->n,
                        (long long)series->length);
    return NAS_OK;
}

static nas_status plan_windows(nas_source *source, nas_series *series, nas_err *err)
{
    int64_t n_short = 0;
    int64_t total = 0;
    int64_t longest = 0;
    const nas_data_options *options = source->options;
    series->length = options->window;
    series->step = options->step > 0 ? options->step : options->window;
    series->n_rows = NAS_NEW(source->arena, int64_t, series->n);
    NAS_TRY_ALLOC(series->n_rows, err);
    for (int64_t i = 0; i < series->n; i++) {
        int64_t steps = series->steps[i];
        bool fits = steps >= series->length;
        series->n_rows[i] = fits ? 1 + (steps - series->length) / series->step : 0;
        total += series->n_rows[i];
        longest = steps > longest ? steps : longest;
        n_short += !fits;
    }
    if (total == 0)
        return nas_fail(err, NAS_E_DATA,
                        "`%s`: no recording has the %lld steps of a window, the longest "
                        "has %lld",
                        source->path, (long long)series->length, (long long)longest);
    if (n_short > 0)
        nas_source_warn(source,
                        "%lld of %lld recordings are shorter than a window: left out",
                        (long long)n_short, (long long)series->n);
    return NAS_OK;
}

nas_status nas_series_plan(nas_source *source, nas_series *series,
                           const nas_schema *schema, nas_err *err)
{
    if (source->options->window > 0)
        NAS_TRY(plan_windows(source, series, err));
    else
        NAS_TRY(plan_whole(source, series, schema, err));
    source->shape = (nas_shape){.c = series->channels, .h = 1, .w = series->length};
    return NAS_OK;
}

void nas_series_describe(const nas_series *series, char *out, size_t size)
{
    (void)snprintf(out, size, "%lld channel%s × %lld steps%s",
                   (long long)series->channels, series->channels == 1 ? "" : "s",
                   (long long)series->length, series->step > 0 ? ", windows" : "");
}

/* ---- rows ------------------------------------------------------------------------ */

static void begin_recording(nas_series_writer *writer)
{
    const nas_series *series = writer->series;
    int64_t steps = writer->recording < series->n ? series->steps[writer->recording] : 0;
    writer->filled = 0;
    writer->made = 0;
    writer->skip =
        series->step == 0 && steps > series->length ? (steps - series->length) / 2 : 0;
}

nas_status nas_series_writer_init(nas_series_writer *writer, nas_source *source,
                                  const nas_series *series, const nas_sink *sink,
                                  nas_err *err)
{
    int64_t n = nas_shape_count(source->shape);
    *writer = (nas_series_writer){.source = source, .series = series, .sink = sink};
    writer->planes = NAS_NEW(source->arena, float, n);
    NAS_TRY_ALLOC(writer->planes, err);
    if (source->element == NAS_ELEMENT_I16) {
        writer->integer = NAS_NEW(source->arena, int16_t, n);
        NAS_TRY_ALLOC(writer->integer, err);
    }
    begin_recording(writer);
    return NAS_OK;
}

static nas_status emit(nas_series_writer *writer, nas_err *err)
{
    const void *row = writer->planes;
    int64_t n = nas_shape_count(writer->source->shape);
    for (int64_t i = 0; writer->integer != NULL && i < n; i++) {
        float value = writer->planes[i];
        float bounded = fminf(32767.0f, fmaxf(-32768.0f, value));
        writer->n_clipped += bounded != value;
        writer->integer[i] = (int16_t)lrintf(bounded);
        row = writer->integer;
    }
    writer->made++;
    return writer->sink->row(writer->sink->context, writer->row++, row, err);
}

static int64_t rows_of(const nas_series *series, int64_t recording)
{
    return series->n_rows != NULL ? series->n_rows[recording] : 1;
}

nas_status nas_series_put(nas_series_writer *writer, const float *values, nas_err *err)
{
    const nas_series *series = writer->series;
    if (writer->skip > 0) {
        writer->skip--;
        return NAS_OK;
    }
    if (writer->recording >= series->n ||
        writer->made == rows_of(series, writer->recording))
        return NAS_OK;
    for (int64_t c = 0; c < series->channels; c++)
        writer->planes[c * series->length + writer->filled] = values[c];
    if (++writer->filled < series->length)
        return NAS_OK;
    NAS_TRY(emit(writer, err));
    int64_t kept = series->step < series->length ? series->length - series->step : 0;
    for (int64_t c = 0; c < series->channels; c++)
        memmove(writer->planes + c * series->length,
                writer->planes + (c + 1) * series->length - kept,
                (size_t)kept * sizeof(float));
    writer->filled = kept;
    writer->skip = series->step > series->length ? series->step - series->length : 0;
    return NAS_OK;
}

nas_status nas_series_end(nas_series_writer *writer, nas_err *err)
{
    const nas_series *series = writer->series;
    int64_t wanted =
        writer->recording < series->n ? rows_of(series, writer->recording) : -1;
    if (wanted == 1 && writer->made == 0 && series->step == 0) {
        for (int64_t c = 0; c < series->channels; c++)
            for (int64_t k = writer->filled; k < series->length; k++)
                writer->planes[c * series->length + k] = 0.0f;
        NAS_TRY(emit(writer, err));
    }
    if (writer->made != wanted)
        return nas_fail(err, NAS_E_DATA, "`%s` changed while it was read",
                        writer->source->path);
    writer->recording++;
    begin_recording(writer);
    return NAS_OK;
}
