/* The page of a bench run: anytime curves with their bands, and the tables. */
#include "page.h"
#include "svg.h"

#include "nasmith/file.h"
#include "nasmith/report.h"

#include <math.h>
#include <stdio.h>

enum { STYLES = 8 };

/* What of a point a plot shows. */
typedef struct quantity {
    const char *title, *label;
    double (*value)(const nas_bench_point *point);
    nas_band (*band)(const nas_bench_point *point); /* NULL: none */
    bool log;
} quantity;

static double test_of(const nas_bench_point *point)
{
    return point->test;
}

static nas_band test_band(const nas_bench_point *point)
{
    return point->band;
}

static double regret_of(const nas_bench_point *point)
{
    return point->regret;
}

static nas_band regret_band(const nas_bench_point *point)
{
    return point->regret_band;
}

static double volume_of(const nas_bench_point *point)
{
    return point->hypervolume;
}

static const quantity TEST = {"Test of the best validation so far", "test", test_of,
                              test_band, false};
static const quantity REGRET = {"Validation regret", "regret (log)", regret_of,
                                regret_band, true};
static const quantity VOLUME = {"Hypervolume, ratio to the exact front", "ratio",
                                volume_of, NULL, false};

/* A regret of 0 has no place on a logarithmic axis. */
static double shown(const quantity *q, double value)
{
    return q->log && !(value > 1e-4) ? (double)NAN : value;
}

static nas_axis value_axis(const nas_bench_result *r, const quantity *q)
{
    nas_axis axis = {.label = q->label, .low = 1, .high = 0, .log = q->log};
    for (int s = 0; s < r->n_series; s++)
        for (int i = 0; i < r->n_points; i++)
            nas_axis_include(&axis, shown(q, q->value(&r->series[s].points[i])));
    nas_axis_pad(&axis);
    return axis;
}

static double clamp(const nas_axis *axis, double value)
{
    return fmin(fmax(value, axis->low), axis->high);
}

/* Places without a value are left out. */
static void draw_series(nas_plot *plot, const nas_bench_result *r, const quantity *q,
                        int index)
{
    const nas_bench_series *series = &r->series[index];
    double x[NAS_BENCH_POINTS], y[NAS_BENCH_POINTS];
    double low[NAS_BENCH_POINTS], high[NAS_BENCH_POINTS];
    char style[16];
    int n = 0;
    for (int i = 0; i < r->n_points; i++) {
        const nas_bench_point *point = &series->points[i];
        nas_band band = q->band != NULL ? q->band(point) : (nas_band){0};
        double value = shown(q, q->value(point));
        if (isnan(value))
            continue;
        x[n] = r->at[i];
        y[n] = value;
        low[n] = clamp(&plot->y, band.low);
        high[n++] = clamp(&plot->y, band.high);
    }
    if (q->band != NULL && !series->reference) {
        (void)snprintf(style, sizeof style, "band%d", index % STYLES);
        nas_plot_band(plot, x, low, high, n, style);
    }
    (void)snprintf(style, sizeof style, "m%d", index % STYLES);
    nas_plot_line(plot, x, y, n, style, series->name);
}

static void legend(nas_text *out, const nas_bench_result *r)
{
    nas_text_puts(out, "<p class=\"legend\">");
    for (int s = 0; s < r->n_series; s++) {
        nas_text_printf(out,
                        "<svg class=\"key\" viewBox=\"0 0 34 10\" aria-hidden=\"true\">"
                        "<path class=\"m%d\" d=\"M0 5H34\"/></svg>",
                        s % STYLES);
        nas_svg_escape(out, r->series[s].name);
    }
    nas_text_puts(out, "</p>\n");
}

static void section(nas_text *out, const char *title)
{
    nas_text_puts(out, "<h2>");
    nas_svg_escape(out, title);
    nas_text_puts(out, "</h2>\n");
}

static void cell(nas_text *out, int digits, double value)
{
    if (isfinite(value))
        nas_page_cell(out, "%.*f", digits, value);
    else
        nas_page_cell(out, "-");
}

static void curve_table(nas_text *out, const nas_bench_result *r, const quantity *q)
{
    nas_text columns = {0};
    nas_text_printf(&columns, "<%s", nas_bench_axis_name(r->axis));
    for (int i = 0; i < r->n_points; i++)
        nas_text_printf(&columns, "|%.0f", r->at[i]);
    nas_page_details_begin(out, "Table");
    nas_page_table_begin(out, q->title, nas_text_string(&columns));
    nas_text_free(&columns);
    for (int s = 0; s < r->n_series; s++) {
        nas_page_row_begin(out, false);
        nas_page_cell_left(out, "%s", r->series[s].name);
        for (int i = 0; i < r->n_points; i++)
            cell(out, 3, q->value(&r->series[s].points[i]));
        nas_page_row_end(out);
    }
    nas_page_table_end(out);
    nas_page_details_end(out);
}

static void curves(nas_text *out, const nas_bench_result *r, const quantity *q)
{
    char description[160];
    nas_axis x = {
        .label = nas_bench_axis_name(r->axis), .low = 1, .high = 0, .log = true};
    for (int i = 0; i < r->n_points; i++)
        nas_axis_include(&x, r->at[i]);
    nas_axis_pad(&x);
    (void)snprintf(description, sizeof description,
                   "%s over %s, mean of the runs with its 95 %% band; %d methods",
                   q->title, nas_bench_axis_name(r->axis), r->n_series);
    section(out, q->title);
    nas_plot plot =
        nas_plot_begin(out, 820, 380, x, value_axis(r, q), q->title, description);
    for (int s = 0; s < r->n_series; s++)
        draw_series(&plot, r, q, s);
    nas_plot_end(&plot);
    legend(out, r);
    curve_table(out, r, q);
}

static void cell_share(nas_text *out, int64_t reached, double runs)
{
    nas_page_cell(out, "%.1f %%", 100 * (double)reached / runs);
}

static void target_table(nas_text *out, const nas_bench_result *r)
{
    const nas_bench_point *last;
    section(out, "At the end of the budget");
    nas_page_table_begin(out, "at the end of the budget",
                         "<method|runs|regret|low|high|mean regret|optimum found|ERT|"
                         "within 0.1|within 0.5|p|A12");
    for (int s = 0; s < r->n_series; s++) {
        const nas_bench_series *series = &r->series[s];
        double runs = series->runs > 0 ? (double)series->runs : 1;
        last = &series->points[r->n_points - 1];
        nas_page_row_begin(out, false);
        nas_page_cell_left(out, "%s", series->name);
        nas_page_cell(out, "%lld", (long long)series->runs);
        cell(out, 4, last->regret);
        cell(out, 4, last->regret_band.low);
        cell(out, 4, last->regret_band.high);
        cell(out, 4, series->area);
        cell_share(out, series->targets[0].reached, runs);
        cell(out, 0, series->targets[0].expected_when);
        cell_share(out, series->targets[1].reached, runs);
        cell_share(out, series->targets[2].reached, runs);
        if (series->reference)
            nas_page_cell(out, "-");
        else
            nas_page_cell(out, "%.2g", series->p);
        cell(out, 2, series->reference ? (double)NAN : series->superiority);
        nas_page_row_end(out);
    }
    nas_page_table_end(out);
    nas_page_paragraph(
        out,
        "p: paired Wilcoxon signed-rank test of the final validation regret against %s, "
        "corrected by Holm. A12: probability of a smaller one. ERT: expected %s until "
        "the "
        "optimum, failed runs counted. Bands: bootstrap of 2,000 resamples.",
        r->series[0].name, nas_bench_axis_name(r->axis));
}

static void headline(nas_text *out, const nas_bench_options *options,
                     const nas_bench_result *r)
{
    const nas_table_options *o = nas_table_options_of(options->table);
    nas_text_puts(out, "<header><p class=\"soft\">nasmith bench</p><h1>Strategies on a "
                       "table</h1></header>\n<main>\n");
    nas_page_paragraph(
        out,
        "%lld networks of space %s; validation %s, reported %s. %d runs of each method, "
        "seeds from %llu, %d at the same time. Table %016llx.",
        (long long)nas_table_networks(options->table),
        nas_space_name(nas_table_space(options->table)), o->validation,
        o->test != NULL ? o->test : "nothing", options->runs,
        (unsigned long long)options->seed, options->workers,
        (unsigned long long)nas_table_hash(options->table));
    nas_page_paragraph(out,
                       "Best validation %.4f, test of that network %.4f; best test %.4f. "
                       "The average network has %.4f and %.4f.",
                       r->optimum_validation, r->optimum_test, r->best_test,
                       r->average_validation, r->average_test);
}

nas_status nas_report_bench_write(const nas_bench_options *options,
                                  const nas_bench_result *result, const char *path,
                                  nas_err *err)
{
    nas_text text = {0};
    nas_page_begin(&text, "nasmith bench");
    headline(&text, options, result);
    curves(&text, result, &TEST);
    curves(&text, result, &REGRET);
    if (result->front > 0)
        curves(&text, result, &VOLUME);
    target_table(&text, result);
    nas_page_end(&text);
    nas_status status = nas_text_status(&text, err);
    if (status == NAS_OK)
        status = nas_file_write(path, text.data, text.length, err);
    nas_text_free(&text);
    return status;
}
