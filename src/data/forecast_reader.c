/* Reader of series to be continued, where --horizon is given: one CSV file, a line per
 * step, a column per channel; with --group several series one after the other.
 *
 * A row is a window of the past of all channels; its targets are the next values of the
 * columns named by --label. Each series is divided by time: first come the windows that
 * are trained on, then validation, then test. Windows whose targets would lie on both
 * sides of a border are left out, so nothing that is validated or tested was trained on;
 * the past of a window may reach back over the border, as it will in use. */
#include "data/csv_cells.h"
#include "data/items.h"
#include "data/table_steps.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Without --window: this many horizons of the past, within limits. */
enum { PAST_PER_HORIZON = 4, SHORTEST_PAST = 16, LONGEST_PAST = 512 };

typedef struct forecast_state {
    nas_table_steps table;
    int64_t group, time; /* columns, -1 = none */
    int64_t *target;     /* [n_targets] channels */
    int64_t n_targets;
    int64_t past, horizon, step;
    float *values; /* [n_steps][n_channels] */
    int64_t n_steps, capacity;
    int64_t *begins; /* [n_series + 1] first step of each; the last is n_steps */
    int64_t n_series, series_capacity;
    int64_t *first; /* [rows.n] first step of each window */
    int64_t n_uneven;
    double gap; /* between the first two times */
} forecast_state;

static bool probe(const char *path, const nas_data_options *options)
{
    return options->horizon != 0 && nas_table_steps_probe(path);
}

static nas_status forecast_open(nas_source *source, nas_err *err)
{
    return nas_source_add_file(source, source->path, "", err);
}

/* ---- columns --------------------------------------------------------------------- */

/* Columns of a list with commas. @param out  [n_columns + 1] */
static nas_status find_list(const nas_source *source, const nas_table_steps *table,
                            const char *flag, const char *list, int64_t *out, int64_t *n,
                            nas_err *err)
{
    *n = 0;
    for (const char *at = list; at != NULL;) {
        const char *comma = strchr(at, ',');
        size_t length = comma != NULL ? (size_t)(comma - at) : strlen(at);
        const char *name = nas_arena_printf(source->arena, "%.*s", (int)length, at);
        NAS_TRY_ALLOC(name, err);
        NAS_TRY(nas_table_steps_column(source, table, flag, name, &out[*n], err));
        for (int64_t k = 0; k < *n; k++)
            if (out[k] == out[*n])
                return nas_fail(err, NAS_E_USAGE, "--%s names column `%s` twice", flag,
                                name);
        ++*n;
        at = comma != NULL ? comma + 1 : NULL;
    }
    return NAS_OK;
}

/* The columns that a model or another source predicts: its targets are `NAME+1`, .... */
static nas_status find_known_targets(const nas_source *source, forecast_state *state,
                                     const nas_schema *schema, int64_t *out, nas_err *err)
{
    for (int64_t k = 0; k < schema->n_targets; k += state->horizon) {
        const char *name = schema->target_names[k];
        const char *plus = strrchr(name, '+');
        size_t length = plus != NULL ? (size_t)(plus - name) : strlen(name);
        const char *column = nas_arena_printf(source->arena, "%.*s", (int)length, name);
        NAS_TRY_ALLOC(column, err);
        if (state->n_targets == state->table.n_columns)
            break;
        NAS_TRY(nas_table_steps_column(source, &state->table, "label", column,
                                       &out[state->n_targets++], err));
    }
    return NAS_OK;
}

static nas_status find_targets(const nas_source *source, forecast_state *state,
                               const nas_schema *schema, int64_t *out, nas_err *err)
{
    static const char *const usual[] = {"target", "label", "y", "value"};
    const nas_table_steps *table = &state->table;
    if (schema->label != NULL)
        return find_list(source, table, "label", schema->label, out, &state->n_targets,
                         err);
    if (schema->n_targets > 0)
        return find_known_targets(source, state, schema, out, err);
    state->n_targets = 1;
    out[0] = -1;
    for (size_t i = 0; i < sizeof usual / sizeof usual[0] && out[0] < 0; i++)
        out[0] = nas_table_steps_find(table, usual[i]);
    if (out[0] < 0 && table->n_columns == 1 + (state->time >= 0))
        out[0] = state->time == 0 ? 1 : 0;
    if (out[0] >= 0)
        return NAS_OK;
    nas_status status = nas_fail(err, NAS_E_USAGE,
                                 "which column of `%s` is to be forecast?", source->path);
    nas_err_hint(err, "name it, for example --label %s",
                 table->names[table->n_columns - 1]);
    return status;
}

/* From columns to channels. */
static nas_status take_targets(const nas_source *source, forecast_state *state,
                               const int64_t *columns, nas_err *err)
{
    state->target = NAS_NEW(source->arena, int64_t, state->n_targets);
    NAS_TRY_ALLOC(state->target, err);
    for (int64_t k = 0; k < state->n_targets; k++) {
        state->target[k] = -1;
        for (int64_t c = 0; c < state->table.n_channels; c++)
            if (state->table.channel[c] == columns[k])
                state->target[k] = c;
        if (state->target[k] < 0)
            return nas_fail(err, NAS_E_USAGE,
                            "column `%s` is to be forecast, so it cannot stand in "
                            "--drop, --group or --time-column",
                            state->table.names[columns[k]]);
    }
    return NAS_OK;
}

/* A column of dates is the time, named or not. @param file  at the first step */
static void guess_time(forecast_state *state, const nas_csv_file *file)
{
    for (int64_t i = 0; i < file->n_fields && i < state->table.n_columns; i++)
        if (state->time < 0 && nas_csv_is_date(nas_csv_field(file, i)))
            state->time = i;
}

/* @param file  at the first step */
static nas_status choose_columns(nas_source *source, const nas_schema *schema,
                                 const nas_csv_file *file, nas_err *err)
{
    forecast_state *state = source->state;
    nas_table_steps *table = &state->table;
    int64_t n = 0;
    int64_t *columns = NAS_NEW(source->arena, int64_t, table->n_columns + 2);
    int64_t *targets = NAS_NEW(source->arena, int64_t, table->n_columns + 2);
    NAS_TRY_ALLOC(columns, err);
    NAS_TRY_ALLOC(targets, err);
    NAS_TRY(nas_table_steps_column(source, table, "group", source->options->group,
                                   &state->group, err));
    NAS_TRY(nas_table_steps_column(source, table, "time-column", source->options->time,
                                   &state->time, err));
    guess_time(state, file);
    NAS_TRY(find_targets(source, state, schema, targets, err));
    NAS_TRY(find_list(source, table, "drop", source->options->drop, columns, &n, err));
    columns[n++] = state->group;
    columns[n++] = state->time;
    NAS_TRY(nas_table_steps_choose(table, columns, (int)n, source->arena, err));
    return take_targets(source, state, targets, err);
}

/* ---- steps ----------------------------------------------------------------------- */

static nas_status begin_series(nas_source *source, forecast_state *state, nas_err *err)
{
    state->begins = nas_source_grow(source->arena, state->begins, state->n_series,
                                    &state->series_capacity, sizeof *state->begins);
    NAS_TRY_ALLOC(state->begins, err);
    state->begins[state->n_series++] = state->n_steps;
    return NAS_OK;
}

/* Time must go on within a series. @param before  in and out */
static nas_status check_time(forecast_state *state, const nas_csv_file *file, bool begins,
                             double *before, nas_err *err)
{
    double now;
    if (state->time < 0)
        return NAS_OK;
    const char *text = nas_csv_field(file, state->time);
    const nas_csv_field_place *place = &file->fields[state->time];
    if (!nas_csv_time(text, &now))
        return nas_fail(err, NAS_E_DATA,
                        "%s:%lld:%lld: `%.60s`, expected a number or a date such as "
                        "2026-11-25",
                        file->stream.path, (long long)place->line,
                        (long long)place->column, text);
    if (!begins && now <= *before)
        return nas_fail(err, NAS_E_DATA,
                        "%s:%lld:%lld: `%.60s` is not after the time of the step before; "
                        "a series is in order of time",
                        file->stream.path, (long long)place->line,
                        (long long)place->column, text);
    if (!begins) {
        state->gap = state->gap > 0.0 ? state->gap : now - *before;
        state->n_uneven += fabs(now - *before - state->gap) > 1e-3 * state->gap;
    }
    *before = now;
    return NAS_OK;
}

static nas_status take_step(nas_source *source, const nas_csv_file *file, nas_text *group,
                            double *time, nas_err *err)
{
    forecast_state *state = source->state;
    int64_t channels = state->table.n_channels;
    bool begins = state->n_steps == 0;
    if (state->group >= 0) {
        const char *text = nas_csv_field(file, state->group);
        begins = begins || strcmp(nas_text_string(group), text) != 0;
        nas_text_clear(group);
        nas_text_puts(group, text);
    }
    state->values =
        nas_source_grow(source->arena, state->values, state->n_steps, &state->capacity,
                        (size_t)channels * sizeof *state->values);
    NAS_TRY_ALLOC(state->values, err);
    NAS_TRY(nas_table_steps_read(&state->table, file,
                                 state->values + state->n_steps * channels, err));
    NAS_TRY(check_time(state, file, begins, time, err));
    if (begins)
        NAS_TRY(begin_series(source, state, err));
    state->n_steps++;
    return nas_text_status(group, err);
}

static nas_status read_steps(nas_source *source, const nas_schema *schema,
                             nas_csv_file *file, nas_text *group, nas_err *err)
{
    forecast_state *state = source->state;
    bool header = false;
    bool more = true;
    double time = 0.0;
    NAS_TRY(nas_csv_open(file, source->path, err));
    NAS_TRY(nas_table_steps_begin(&state->table, file, source->arena, &header, err));
    if (!header)
        return nas_fail(err, NAS_E_DATA,
                        "%s:1: the first line holds numbers, expected column names",
                        source->path);
    file->decimal_comma = source->options->decimal_comma;
    NAS_TRY(nas_csv_next(file, &more, err));
    if (!more)
        return nas_fail(err, NAS_E_DATA, "`%s` has a header but no rows", source->path);
    NAS_TRY(choose_columns(source, schema, file, err));
    for (int64_t row = 0; more; row++) {
        NAS_TRY(nas_csv_tell(source->options, file, row, err));
        NAS_TRY(take_step(source, file, group, &time, err));
        NAS_TRY(nas_csv_next(file, &more, err));
    }
    NAS_TRY(begin_series(source, state, err)); /* where the last one ends */
    state->n_series--;
    return NAS_OK;
}

/* ---- windows --------------------------------------------------------------------- */

/* Steps at which validation and test begin, of a series of n. */
static void find_borders(const nas_source *source, int64_t n, int64_t *validation,
                         int64_t *test)
{
    const nas_data_options *o = source->options;
    double tested = o->test_path == NULL ? o->test : 0.0;
    *test = n - llround(tested * (double)n);
    *validation = *test - llround(o->validation * (double)n);
}

/* Where a window belongs whose targets are the steps first..end - 1 of a series of n;
 * NAS_PART_ANY: to none. */
static nas_part part_of(const nas_source *source, int64_t first, int64_t end, int64_t n)
{
    int64_t validation, test;
    find_borders(source, n, &validation, &test);
    if (end <= validation)
        return NAS_PART_TRAIN;
    if (first >= validation && end <= test)
        return NAS_PART_VALIDATION;
    return first >= test ? NAS_PART_TEST : NAS_PART_ANY;
}

/* Count the windows, or write them down where rows are given.
 * @param divided  false: all of them, none belongs to a part
 * @return their number */
static int64_t list_windows(const nas_source *source, bool divided, nas_rows *rows)
{
    const forecast_state *state = source->state;
    int64_t found = 0;
    for (int64_t s = 0; s < state->n_series; s++) {
        int64_t begin = state->begins[s];
        int64_t n = state->begins[s + 1] - begin;
        for (int64_t i = 0; i + state->past + state->horizon <= n; i += state->step) {
            int64_t first = i + state->past;
            int64_t end = first + state->horizon;
            nas_part part = divided ? part_of(source, first, end, n) : NAS_PART_ANY;
            if (divided && part == NAS_PART_ANY)
                continue;
            if (rows != NULL) {
                rows->part[found] = (uint8_t)part;
                rows->times[found] = (double)end;
                state->first[found] = begin + i;
            }
            found++;
        }
    }
    return found;
}

static nas_status check_parts(const nas_source *source, nas_err *err)
{
    static const char *const names[] = {"", "train on", "validate on", "test on"};
    const forecast_state *state = source->state;
    int64_t count[NAS_PART_TEST + 1] = {0};
    for (int64_t i = 0; i < source->rows.n; i++)
        count[source->rows.part[i]]++;
    int last = source->options->test_path == NULL ? NAS_PART_TEST : NAS_PART_VALIDATION;
    for (int part = NAS_PART_TRAIN; part <= last; part++) {
        if (count[part] > 0)
            continue;
        nas_status status = nas_fail(
            err, NAS_E_DATA, "`%s`: %lld steps leave no window of %lld + %lld to %s",
            source->path, (long long)state->n_steps, (long long)state->past,
            (long long)state->horizon, names[part]);
        nas_err_hint(err, "ask for less: a shorter --horizon or --window");
        return status;
    }
    return NAS_OK;
}

static nas_status fill_rows(nas_source *source, bool divided, nas_err *err)
{
    forecast_state *state = source->state;
    int64_t channels = state->table.n_channels;
    int64_t n = list_windows(source, divided, NULL);
    if (n == 0)
        return nas_fail(err, NAS_E_DATA,
                        "`%s`: no series of %lld steps, which a window of %lld + %lld "
                        "needs",
                        source->path, (long long)(state->past + state->horizon),
                        (long long)state->past, (long long)state->horizon);
    NAS_TRY(nas_rows_init(&source->rows, source->arena, n, err));
    state->first = NAS_NEW(source->arena, int64_t, n);
    source->rows.times = NAS_NEW(source->arena, double, n);
    source->rows.targets = NAS_NEW(source->arena, float, n * source->n_outputs);
    NAS_TRY_ALLOC(state->first, err);
    NAS_TRY_ALLOC(source->rows.times, err);
    NAS_TRY_ALLOC(source->rows.targets, err);
    source->rows.timed = divided;
    (void)list_windows(source, divided, &source->rows);
    float *out = source->rows.targets;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < state->n_targets; k++)
            for (int64_t h = 0; h < state->horizon; h++)
                *out++ = state->values[(state->first[i] + state->past + h) * channels +
                                       state->target[k]];
    return divided ? check_parts(source, err) : NAS_OK;
}

/* ---- describing ------------------------------------------------------------------ */

static nas_status name_targets(nas_source *source, nas_err *err)
{
    const forecast_state *state = source->state;
    source->n_outputs = state->n_targets * state->horizon;
    source->label_names = NAS_NEW(source->arena, char *, source->n_outputs);
    NAS_TRY_ALLOC(source->label_names, err);
    for (int64_t k = 0; k < source->n_outputs; k++) {
        int64_t channel = state->target[k / state->horizon];
        source->label_names[k] = nas_arena_printf(
            source->arena, "%s+%lld", state->table.names[state->table.channel[channel]],
            (long long)(k % state->horizon) + 1);
        NAS_TRY_ALLOC(source->label_names[k], err);
    }
    source->horizon = state->horizon;
    source->target_channels = state->target;
    return NAS_OK;
}

static nas_status plan_window(const nas_source *source, const nas_schema *schema,
                              nas_err *err)
{
    forecast_state *state = source->state;
    const nas_data_options *o = source->options;
    int64_t past = PAST_PER_HORIZON * o->horizon;
    past = past < SHORTEST_PAST  ? SHORTEST_PAST
           : past > LONGEST_PAST ? LONGEST_PAST
                                 : past;
    state->horizon = o->horizon;
    state->step = o->step > 0 ? o->step : 1;
    state->past = o->window > 0 ? o->window : past;
    if (schema->shape.c > 0)
        state->past = schema->shape.w;
    if (schema->n_targets % state->horizon == 0)
        return NAS_OK;
    return nas_fail(err, NAS_E_USAGE,
                    "--horizon %lld: the %lld targets are no whole number of horizons",
                    (long long)state->horizon, (long long)schema->n_targets);
}

static nas_status describe_steps(nas_source *source, const nas_schema *schema,
                                 nas_err *err)
{
    const forecast_state *state = source->state;
    if (schema->task != NULL && strcmp(schema->task, "regression") != 0)
        return nas_fail(err, NAS_E_USAGE,
                        "--horizon forecasts quantities, which --task %s does not fit",
                        schema->task);
    source->task = NAS_TASK_REGRESSION;
    source->element = NAS_ELEMENT_F32;
    source->shape = (nas_shape){state->table.n_channels, 1, state->past};
    NAS_TRY(name_targets(source, err));
    NAS_TRY(fill_rows(source, schema->shape.c == 0, err));
    if (state->n_uneven > 0)
        nas_source_warn(source,
                        "%lld of %lld steps are not as long after the one before as the "
                        "first; they are taken as if they were",
                        (long long)state->n_uneven, (long long)state->n_steps);
    char series[48] = "series";
    if (state->n_series > 1)
        (void)snprintf(series, sizeof series, "%lld series", (long long)state->n_series);
    (void)snprintf(source->kind, sizeof source->kind,
                   "%s, %lld steps of %lld channel%s, CSV", series,
                   (long long)state->n_steps, (long long)state->table.n_channels,
                   state->table.n_channels == 1 ? "" : "s");
    return NAS_OK;
}

static nas_status describe(nas_source *source, const nas_schema *schema, nas_err *err)
{
    nas_csv_file file = {.n = 0};
    nas_text group = {0};
    forecast_state *state = NAS_NEW(source->arena, forecast_state, 1);
    NAS_TRY_ALLOC(state, err);
    source->state = state;
    NAS_TRY(plan_window(source, schema, err));
    nas_status status = read_steps(source, schema, &file, &group, err);
    if (status == NAS_OK)
        status = describe_steps(source, schema, err);
    nas_csv_close(&file);
    nas_text_free(&group);
    return status;
}

/* ---- rows ------------------------------------------------------------------------ */

static nas_status stream_rows(nas_source *source, const nas_sink *sink, nas_err *err)
{
    const forecast_state *state = source->state;
    int64_t channels = state->table.n_channels;
    float *row = NAS_NEW(source->arena, float, channels * state->past);
    NAS_TRY_ALLOC(row, err);
    for (int64_t i = 0; i < source->rows.n; i++) {
        const float *from = state->values + state->first[i] * channels;
        for (int64_t c = 0; c < channels; c++)
            for (int64_t t = 0; t < state->past; t++)
                row[c * state->past + t] = from[t * channels + c];
        NAS_TRY(sink->row(sink->context, i, row, err));
    }
    return NAS_OK;
}

const nas_reader nas_reader_forecast = {
    .name = "forecast",
    .summary =
        "series in one CSV (a line per step), whose next --horizon steps are asked",
    .probe = probe,
    .open = forecast_open,
    .describe = describe,
    .rows = stream_rows,
};
