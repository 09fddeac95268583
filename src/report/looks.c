/* What the network looks at: occlusion maps, channels, columns. */
#include "report.h"

#include "example.h"

#include <math.h>
#include <stdio.h>

enum { STRETCHES = 32 }; /* rows of the table of a series */

/* ---- images ------------------------------------------------------------ */

static void image_map(const nas_report *r, const json_t *o, const double *map,
                      const char *title, double width)
{
    bool spectrum = json_is_true(json_object_get(o, "spectrum"));
    nas_heat heat = {
        .row_label = spectrum ? "band, lowest on top" : NULL,
        .column_label = spectrum ? "frame" : NULL,
        .title = title,
        .description =
            "How much the probability of the answer falls when a patch around "
            "a place is covered: blue places speak for the answer, orange ones "
            "against it.",
        .rows = (int)nas_report_real(o, "height"),
        .columns = (int)nas_report_real(o, "width"),
        .value = map,
        .diverging = true,
        .width = width};
    nas_chart_heat(r->out, &heat);
}

/* Side by side: where both agree, believe them more. */
static void image_maps(const nas_report *r, const json_t *o, const double *map,
                       const double *gradient)
{
    nas_text_puts(r->out, "<div class=\"grid2\">\n<div>");
    nas_page_heading(r->out, "By covering");
    image_map(r, o, map, "What answers hang on, over all rows", 280);
    nas_text_puts(r->out, "</div>\n<div>");
    if (gradient != NULL) {
        nas_page_heading(r->out, "By integrated gradients");
        image_map(r, o, gradient, "Integrated gradients, over all rows", 280);
    }
    nas_text_puts(r->out, "</div>\n</div>\n");
}

static nas_status single_rows(const nas_report *r, const json_t *o, nas_err *err)
{
    const json_t *examples = json_object_get(o, "examples");
    size_t i;
    json_t *example;
    bool image = nas_report_real(o, "height") > 1;
    if (!r->options->examples || json_array_size(examples) == 0)
        return NAS_OK;
    nas_page_heading(r->out, "Single rows");
    nas_text_printf(r->out, "<div class=\"%s\">\n", image ? "gallery" : "grid2");
    json_array_foreach(examples, i, example)
    {
        int64_t n = 0, row = json_integer_value(json_object_get(example, "row"));
        const double *map = nas_report_reals(r, example, "map", &n);
        nas_text_printf(r->out, "<figure><figcaption>row %lld</figcaption>\n",
                        (long long)row);
        NAS_TRY(nas_example_draw(r, row, map, n, err));
        if (map != NULL && image)
            image_map(r, o, map, "What this answer hangs on", 120);
        nas_text_puts(r->out, "</figure>\n");
    }
    nas_text_puts(r->out, "</div>\n");
    return NAS_OK;
}

/* ---- series ------------------------------------------------------------ */

/* Means over stretches: a step each would be a long table. */
static nas_status stretch_table(const nas_report *r, const double *map, int64_t n,
                                const char *what, nas_err *err)
{
    const int rows = n < STRETCHES ? (int)n : STRETCHES;
    double *value = NAS_NEW(r->arena, double, 3 * rows);
    NAS_TRY_ALLOC(value, err);
    for (int i = 0; i < rows; i++) {
        int64_t first = i * n / rows, last = (i + 1) * n / rows - 1;
        for (int64_t k = first; k <= last; k++)
            value[2 * rows + i] += map[k] / (double)(last - first + 1);
        value[i] = (double)first;
        value[rows + i] = (double)last;
    }
    const nas_chart_column columns[] = {{.name = "from step", .value = value},
                                        {.name = "to", .value = value + rows},
                                        {.name = what, .value = value + 2 * rows}};
    nas_chart_table(r->out, "What the answer hangs on, over time", columns, 3, rows);
    return NAS_OK;
}

static nas_status series_map(const nas_report *r, const double *map, int64_t n,
                             const char *what, nas_err *err)
{
    double *x = NAS_NEW(r->arena, double, n), *zero = NAS_NEW(r->arena, double, n);
    nas_axis ax = {.label = "time step", .low = 0, .high = (double)n, .whole = true};
    nas_axis ay = {.label = what, .low = 1, .high = 0};
    NAS_TRY_ALLOC(x, err);
    NAS_TRY_ALLOC(zero, err);
    nas_axis_include(&ay, 0);
    for (int64_t i = 0; i < n; i++) {
        x[i] = (double)i;
        nas_axis_include(&ay, map[i]);
    }
    nas_axis_pad(&ay);
    nas_plot plot =
        nas_plot_begin(r->out, 820, 260, ax, ay, "What the answer hangs on, over time",
                       "How much the probability of the answer falls when a stretch of "
                       "all channels around a step is covered, mean over rows.");
    nas_plot_band(&plot, x, zero, map, (int)n, "band");
    nas_plot_line(&plot, x, map, (int)n, "bestline", NULL);
    nas_plot_end(&plot);
    return stretch_table(r, map, n, what, err);
}

static nas_status channel_bars(const nas_report *r, const json_t *o, nas_err *err)
{
    int64_t n = 0, m = 0;
    const double *value = nas_report_reals(r, o, "channels", &n);
    const double *error = nas_report_reals(r, o, "channel_errors", &m);
    if (value == NULL || m != n || n > 64)
        return NAS_OK;
    nas_bar *bar = NAS_NEW(r->arena, nas_bar, n);
    NAS_TRY_ALLOC(bar, err);
    for (int64_t i = 0; i < n; i++) {
        bar[i] =
            (nas_bar){.label = nas_arena_printf(r->arena, "channel %lld", (long long)i),
                      .value = value[i],
                      .low = value[i] - 1.96 * error[i],
                      .high = value[i] + 1.96 * error[i]};
        NAS_TRY_ALLOC(bar[i].label, err);
    }
    nas_page_heading(r->out, "Channels");
    nas_bars bars = {.title = "What each channel gives",
                     .description = "How much the probability of the answer falls when a "
                                    "whole channel is covered with its mean.",
                     .bar = bar,
                     .n = (int)n,
                     .percent = r->metric->task == NAS_TASK_CLASSIFICATION};
    nas_chart_bars(r->out, &bars);
    return NAS_OK;
}

static nas_status occlusion(const nas_report *r, const json_t *o, nas_err *err)
{
    int64_t n = 0, m = 0;
    const double *map = nas_report_reals(r, o, "map", &n);
    bool image = nas_report_real(o, "height") > 1;
    if (map == NULL)
        return NAS_OK;
    nas_page_paragraph(r->out,
                       "Parts of the input are covered, and the change of the answer is "
                       "seen. Mean over %.0f validation rows, patches of %.0f %s.",
                       nas_report_real(o, "rows"), nas_report_real(o, "patch"),
                       json_is_true(json_object_get(o, "spectrum"))
                           ? image ? "frames and bands of the spectrum"
                                   : "frames of the spectrum"
                       : image ? "pixels"
                               : "steps");
    const double *gradient = nas_report_reals(
        r, json_object_get(r->explanation->network, "gradients"), "map", &m);
    if (image)
        image_maps(r, o, map, gradient);
    else
        NAS_TRY(series_map(r, map, n, "fall of probability", err));
    if (gradient != NULL && !image) {
        nas_page_heading(r->out, "The same by integrated gradients");
        NAS_TRY(series_map(r, gradient, m, "log-probability of the answer", err));
    }
    NAS_TRY(channel_bars(r, o, err));
    return single_rows(r, o, err);
}

/* ---- tables ------------------------------------------------------------ */

enum { COLUMN_BARS = 20 };

static nas_status column_bars(const nas_report *r, const json_t *columns, nas_err *err)
{
    int n = (int)json_array_size(columns) < COLUMN_BARS ? (int)json_array_size(columns)
                                                        : COLUMN_BARS;
    nas_bar *bar = NAS_NEW(r->arena, nas_bar, n);
    NAS_TRY_ALLOC(bar, err);
    for (int i = 0; i < n; i++) {
        const json_t *c = json_array_get(columns, (size_t)i);
        double loss = nas_report_real(c, "loss"), d = nas_report_real(c, "deviation");
        bar[i] = (nas_bar){.label = json_string_value(json_object_get(c, "name")),
                           .value = loss,
                           .low = loss - d,
                           .high = loss + d};
    }
    nas_bars bars = {.title = "What each column gives",
                     .description =
                         "How much worse the score gets when a column's values "
                         "are shuffled among the rows (permutation "
                         "importance), with the spread over repeats.",
                     .bar = bar,
                     .n = n,
                     .percent = r->metric->fraction};
    nas_chart_bars(r->out, &bars);
    return NAS_OK;
}

static void effect_table(const nas_report *r, const char *name, const char *what,
                         const double *at, const double *effect, int n)
{
    bool classes = r->metric->task == NAS_TASK_CLASSIFICATION;
    const nas_chart_column columns[] = {
        {.name = name, .value = at}, {.name = what, .value = effect, .percent = classes}};
    nas_chart_table(r->out, name, columns, 2, n);
}

static void column_effect(const nas_report *r, const json_t *column, const char *what)
{
    int64_t n = 0, m = 0;
    const double *at = nas_report_reals(r, column, "at", &n);
    const double *effect = nas_report_reals(r, column, "effect", &m);
    bool classes = r->metric->task == NAS_TASK_CLASSIFICATION;
    const char *name = json_string_value(json_object_get(column, "name"));
    if (at == NULL || effect == NULL || n != m || name == NULL)
        return;
    nas_axis x = {.label = name, .low = 1, .high = 0};
    nas_axis y = {.label = what, .low = 1, .high = 0, .percent = classes};
    for (int64_t i = 0; i < n; i++) {
        nas_axis_include(&x, at[i]);
        nas_axis_include(&y, effect[i]);
    }
    nas_axis_include(&y, 0);
    nas_axis_pad(&x);
    nas_axis_pad(&y);
    nas_text_puts(r->out, "<div>");
    nas_plot plot = nas_plot_begin(
        r->out, 400, 220, x, y, name,
        "Accumulated local effects: how the answer changes along this column, other "
        "columns as the rows have them; points lie at tenths of the rows.");
    nas_plot_line(&plot, at, effect, (int)n, "bestline", NULL);
    for (int64_t i = 0; i < n; i++)
        nas_plot_point(&plot, at[i], effect[i], 3, "front", NULL);
    nas_plot_end(&plot);
    effect_table(r, name, what, at, effect, (int)n);
    nas_text_puts(r->out, "</div>\n");
}

static nas_status columns(const nas_report *r, const json_t *list, nas_err *err)
{
    const json_t *network = r->explanation->network;
    const char *on = json_string_value(json_object_get(network, "effects_on"));
    bool classes = r->metric->task == NAS_TASK_CLASSIFICATION;
    size_t i;
    json_t *column;
    nas_page_paragraph(r->out, "A column matters as far as the score falls when its "
                               "values are shuffled among the validation rows.");
    NAS_TRY(column_bars(r, list, err));
    char title[128], what[64];
    (void)snprintf(title, sizeof title, classes ? "How they act on `%s`" : "How they act",
                   on != NULL ? on : "");
    (void)snprintf(what, sizeof what, "%.40s%s",
                   classes ? "probability of " : "change of ",
                   on != NULL ? on : "the answer");
    nas_page_heading(r->out, title);
    nas_text_puts(r->out, "<div class=\"grid2\">\n");
    json_array_foreach(list, i, column)
    {
        column_effect(r, column, what);
    }
    nas_text_puts(r->out, "</div>\n");
    return NAS_OK;
}

nas_status nas_report_looks(const nas_report *r, nas_err *err)
{
    const json_t *network = r->explanation->network;
    const json_t *o = json_object_get(network, "occlusion");
    const json_t *list = json_object_get(network, "columns");
    if (o != NULL)
        NAS_TRY(occlusion(r, o, err));
    if (json_array_size(list) > 0)
        NAS_TRY(columns(r, list, err));
    return NAS_OK;
}
