/* Does it generalise: validation against test, groups, worse inputs, more data. */
#include "report.h"

#include <math.h>
#include <stdio.h>

static nas_score score_of(const json_t *object)
{
    return (nas_score){.value = nas_report_real(object, "value"),
                       .low = nas_report_real(object, "low"),
                       .high = nas_report_real(object, "high"),
                       .n = json_integer_value(json_object_get(object, "n"))};
}

/* ---- validation against test ------------------------------------------- */

/* One line: a score with its interval, and what it is of. */
static void draw_score(nas_plot *plot, const nas_report *r, int line, const char *what,
                       const nas_score *score)
{
    double y = 2.5 - line;
    char text[96];
    nas_page_score(r->metric, score, text, sizeof text);
    nas_plot_line(plot, (double[2]){score->low, score->high}, (double[2]){y, y}, 2,
                  line == 0 ? "span seen" : "span", NULL);
    nas_plot_diamond(plot, score->value, y, 6, line == 0 ? "final" : "front", text);
    double at = plot->top + (line + 0.5) / 3 * (plot->bottom - plot->top);
    nas_text_printf(plot->out,
                    "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">%s"
                    "</text>\n",
                    plot->left - 8, at + 4, what);
}

static void score_table(const nas_report *r, const char *const *names,
                        const nas_score *const *scores)
{
    nas_page_details_begin(r->out, "Table");
    nas_page_table_begin(r->out, "Validation and test", "<rows|score");
    for (int i = 0; i < 3; i++) {
        nas_page_row_begin(r->out, false);
        nas_page_cell_left(r->out, "%s", names[i]);
        nas_page_cell_score(r->out, r->metric, scores[i]);
        nas_page_row_end(r->out);
    }
    nas_page_table_end(r->out);
    nas_page_details_end(r->out);
}

static void gap(const nas_report *r)
{
    static const char *const NAMES[] = {"validation, as searched", "test, as searched",
                                        "test, delivered"};
    if (r->result->n_finalists == 0 || isnan(r->result->finalists[0].test.value))
        return;
    const nas_finalist *f = &r->result->finalists[0];
    const nas_score *scores[] = {&f->validation, &f->as_searched_test, &f->test};
    nas_axis x = nas_report_metric_axis(r, r->metric->name);
    nas_axis y = {.label = "", .low = 0, .high = 3, .hidden = true};
    for (int i = 0; i < 3; i++) {
        nas_axis_include(&x, scores[i]->low);
        nas_axis_include(&x, scores[i]->value);
        nas_axis_include(&x, scores[i]->high);
    }
    nas_axis_pad(&x);
    nas_plot plot = nas_plot_begin_at(
        r->out, (nas_frame){.width = 640, .height = 150, .left = 170}, x, y,
        "The same network on rows it was chosen by, and on sealed ones",
        "Scores with 95 % intervals: the validation score chose the network, so it leans "
        "to the good side; the test's does not.");
    for (int i = 0; i < 3; i++)
        if (!isnan(scores[i]->value))
            draw_score(&plot, r, i, NAMES[i], scores[i]);
    nas_plot_end(&plot);
    score_table(r, NAMES, scores);
    double repeated = nas_report_real(r->explanation->network, "repeated_rows");
    if (repeated > 0)
        nas_page_paragraph(r->out,
                           "%.0f of %.0f validation rows have exactly the inputs of a "
                           "training row.",
                           repeated, nas_report_real(r->explanation->network, "rows"));
}

/* ---- other seeds ------------------------------------------------------- */

static void draw_seeds(const nas_report *r, const nas_explain_spread *s)
{
    nas_axis x = nas_report_metric_axis(r, r->metric->name);
    nas_axis y = {.label = "", .low = 0, .high = 1, .hidden = true};
    char tip[48];
    nas_axis_include(&x, s->low);
    nas_axis_include(&x, s->high);
    nas_axis_include(&x, s->searched);
    nas_axis_pad(&x);
    nas_plot plot = nas_plot_begin_at(
        r->out, (nas_frame){.width = 640, .height = 110, .left = 170}, x, y,
        "The same network, trained with other seeds",
        "Validation score of each training: points are other seeds, the upright line "
        "their mean, the diamond the search's own training.");
    nas_plot_line(&plot, (double[2]){s->mean, s->mean}, (double[2]){0, 1}, 2, "frontline",
                  NULL);
    for (int i = 0; i < s->n; i++) {
        nas_page_metric(r->metric, s->score[i], tip, sizeof tip);
        nas_plot_point(&plot, s->score[i], 0.5, 5, "front", tip);
    }
    nas_page_metric(r->metric, s->searched, tip, sizeof tip);
    nas_plot_diamond(&plot, s->searched, 0.5, 6, "final", tip);
    nas_plot_end(&plot);
}

static nas_status seed_table(const nas_report *r, const nas_explain_spread *s,
                             nas_err *err)
{
    enum { MOST = sizeof s->score / sizeof s->score[0] + 1 };
    const char *name[MOST];
    double value[MOST];
    int n = 0;
    if (!isnan(s->searched)) {
        name[n] = "of the search";
        value[n++] = s->searched;
    }
    for (int i = 0; i < s->n; i++) {
        name[n] = nas_arena_printf(r->arena, "other seed %d", i + 1);
        NAS_TRY_ALLOC(name[n], err);
        value[n++] = s->score[i];
    }
    const nas_chart_column columns[] = {
        {.name = "training", .word = name},
        {.name = r->metric->name, .value = value, .percent = r->metric->fraction}};
    nas_chart_table(r->out, "Trainings with other seeds", columns, 2, n);
    return NAS_OK;
}

static nas_status other_seeds(const nas_report *r, nas_err *err)
{
    nas_explain_spread s = nas_explain_spread_of(r->explanation);
    char mean[32], deviation[32];
    if (s.n < 2)
        return NAS_OK;
    nas_page_metric(r->metric, s.mean, mean, sizeof mean);
    nas_page_metric(r->metric, s.deviation, deviation, sizeof deviation);
    nas_page_heading(r->out, "Another seed");
    nas_page_paragraph(
        r->out,
        "The chosen network trained %d times from other random weights, %lld epoch%s on "
        "%.0f %% of the training rows%s: mean %s, standard deviation %s on validation "
        "rows. Differences between networks that are smaller are luck.",
        s.n, (long long)s.epochs, s.epochs == 1 ? "" : "s", 100 * s.fraction,
        s.as_searched ? ", as in the search"
                      : "; the search trained it for longer (as long: nasmith report "
                        "--seeds)",
        mean, deviation);
    draw_seeds(r, &s);
    return seed_table(r, &s, err);
}

/* ---- groups ------------------------------------------------------------ */

static nas_status groups(const nas_report *r, nas_err *err)
{
    const json_t *list = json_object_get(r->explanation->network, "groups");
    const int n = (int)json_array_size(list);
    size_t i;
    json_t *group;
    if (n < 2)
        return NAS_OK;
    nas_bar *bar = NAS_NEW(r->arena, nas_bar, n);
    NAS_TRY_ALLOC(bar, err);
    json_array_foreach(list, i, group)
    {
        nas_score s = score_of(group);
        bar[i] =
            (nas_bar){.label = nas_arena_printf(
                          r->arena, "group %lld",
                          (long long)json_integer_value(json_object_get(group, "group"))),
                      .value = s.value,
                      .low = s.low,
                      .high = s.high,
                      .note = nas_arena_printf(r->arena, "%lld rows", (long long)s.n)};
        NAS_TRY_ALLOC(bar[i].label, err);
        NAS_TRY_ALLOC(bar[i].note, err);
    }
    nas_page_heading(r->out, "By group");
    nas_page_paragraph(r->out, "Rows of a group never stand in two parts, so each of "
                               "these groups was new to the network. Intervals are "
                               "95 %%.");
    nas_bars bars = {.title = "Score by group",
                     .description =
                         "Validation score of each group with its 95 % interval.",
                     .bar = bar,
                     .n = n,
                     .percent = r->metric->fraction,
                     .scale = r->metric->fraction ? 1 : 0};
    nas_chart_bars(r->out, &bars);
    return NAS_OK;
}

/* ---- curves of scores -------------------------------------------------- */

enum { MOST_POINTS = 16 };

/* One small plot of scores with intervals over a quantity. */
static void score_curve(const nas_report *r, const json_t *points, const char *key,
                        nas_axis x, const char *title, const char *description)
{
    double at[MOST_POINTS], value[MOST_POINTS], low[MOST_POINTS], high[MOST_POINTS];
    nas_axis y = nas_report_metric_axis(r, r->metric->name);
    int n = 0;
    for (; n < MOST_POINTS && (size_t)n < json_array_size(points); n++) {
        const json_t *point = json_array_get(points, (size_t)n);
        nas_score s = score_of(point);
        at[n] = nas_report_real(point, key);
        value[n] = s.value;
        low[n] = isnan(s.low) ? s.value : s.low;
        high[n] = isnan(s.high) ? s.value : s.high;
        nas_axis_include(&x, at[n]);
        nas_axis_include(&y, low[n]);
        nas_axis_include(&y, high[n]);
    }
    nas_axis_pad(&x);
    nas_axis_pad(&y);
    nas_text_puts(r->out, "<div>");
    nas_plot plot = nas_plot_begin(r->out, 400, 230, x, y, title, description);
    nas_plot_band(&plot, at, low, high, n, "band");
    nas_plot_line(&plot, at, value, n, "bestline", NULL);
    for (int i = 0; i < n; i++) {
        char tip[96], text[32];
        nas_page_metric(r->metric, value[i], text, sizeof text);
        (void)snprintf(tip, sizeof tip, "%.3g: %s", at[i], text);
        nas_plot_point(&plot, at[i], value[i], 3.5, "front", tip);
    }
    nas_plot_end(&plot);
    bool percent = r->metric->fraction;
    const nas_chart_column columns[] = {
        {.name = x.label, .value = at},
        {.name = r->metric->name, .value = value, .percent = percent},
        {.name = "low", .value = low, .percent = percent},
        {.name = "high", .value = high, .percent = percent}};
    nas_chart_table(r->out, title, columns, 4, n);
    nas_text_puts(r->out, "</div>\n");
}

static void corruptions(const nas_report *r)
{
    const json_t *kinds = json_object_get(r->explanation->network, "corruptions");
    size_t i;
    json_t *kind;
    if (json_array_size(kinds) == 0)
        return;
    nas_page_heading(r->out, "Worse inputs");
    nas_page_paragraph(r->out, "Validation rows made worse step by step; the leftmost "
                               "point is the untouched rows, bands are 95 %% intervals.");
    nas_text_puts(r->out, "<div class=\"grid2\">\n");
    json_array_foreach(kinds, i, kind)
    {
        const char *name = json_string_value(json_object_get(kind, "name"));
        const char *unit = json_string_value(json_object_get(kind, "unit"));
        char label[96];
        (void)snprintf(label, sizeof label, "%s (%s)", name != NULL ? name : "",
                       unit != NULL ? unit : "");
        nas_axis x = {.label = label, .low = 1, .high = 0};
        score_curve(r, json_object_get(kind, "levels"), "level", x, label,
                    "Score as the inputs get worse, with its 95 % interval.");
    }
    nas_text_puts(r->out, "</div>\n");
}

static void learning(const nas_report *r)
{
    const json_t *points = json_object_get(r->explanation->ablation, "learning");
    if (json_array_size(points) < 2)
        return;
    nas_page_heading(r->out, "Would more data help?");
    nas_page_paragraph(r->out, "The chosen network trained on fewer rows, for as many "
                               "steps each; scores on the validation rows. A curve that "
                               "still gets better at its right end says yes.");
    nas_axis x = {.label = "training rows", .low = 1, .high = 0, .log = true};
    score_curve(r, points, "rows", x, "Score over training rows",
                "Validation score of the chosen network by the number of training rows.");
}

nas_status nas_report_generalise(const nas_report *r, nas_err *err)
{
    gap(r);
    NAS_TRY(other_seeds(r, err));
    NAS_TRY(groups(r, err));
    corruptions(r);
    learning(r);
    return NAS_OK;
}
