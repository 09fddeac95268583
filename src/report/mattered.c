/* What mattered in the search: importance, effects, pairs, rules, parallel axes. */
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BARS = 12, EFFECTS = 6, FREQUENT = 16, SHADES = 5 };

static const nas_explain_column *column_of(const nas_report *r, int column)
{
    return &r->explanation->table.column[column];
}

/* ---- importance -------------------------------------------------------- */

static int by_top_share(const void *a, const void *b)
{
    const nas_explain_decision *x = a, *y = b;
    int order = (x->top_share < y->top_share) - (x->top_share > y->top_share);
    return order != 0 ? order : x->column - y->column;
}

static nas_status importance_bars(const nas_report *r, bool top, nas_err *err)
{
    const nas_explain_mattered *m = &r->explanation->mattered;
    int n = m->n_decisions < BARS ? m->n_decisions : BARS;
    nas_bar *bar = NAS_NEW(r->arena, nas_bar, n);
    nas_explain_decision *order = nas_arena_copy(
        r->arena, m->decision, (size_t)m->n_decisions * sizeof *m->decision);
    NAS_TRY_ALLOC(bar, err);
    NAS_TRY_ALLOC(order, err);
    if (top)
        qsort(order, (size_t)m->n_decisions, sizeof *order, by_top_share);
    for (int i = 0; i < n; i++) {
        const nas_explain_decision *d = &order[i];
        double value = top ? d->top_share : d->share;
        double deviation = top ? d->top_deviation : d->deviation;
        bar[i] = (nas_bar){
            .label = column_of(r, d->column)->name,
            .value = value,
            .low = fmax(0, value - deviation),
            .high = value + deviation,
            .style = top ? "bar2" : "bar1",
            .note = top && d->top_chance > 0.05 ? "may be chance" : NULL,
        };
    }
    nas_bars bars = {
        .title = top ? "Importance for being among the best tenth"
                     : "Importance for the score",
        .description =
            top ? "How much the best tenth of all networks differ from the rest in each "
                  "decision (PED-ANOVA), with the spread over resamples."
                : "Share of the differences between networks that each decision explains "
                  "(functional ANOVA on random forests), with the spread over forests.",
        .bar = bar,
        .n = n,
        .percent = true};
    nas_chart_bars(r->out, &bars);
    return NAS_OK;
}

/* ---- effects of levels ------------------------------------------------- */

static void effect_range(const nas_report *r, nas_axis *axis)
{
    const nas_explain_mattered *m = &r->explanation->mattered;
    for (int i = 0; i < m->n_decisions && i < EFFECTS; i++)
        for (int k = 0; k < column_of(r, m->decision[i].column)->n_levels; k++) {
            const nas_explain_level *l = &m->decision[i].level[k];
            nas_axis_include(axis, l->effect - l->deviation);
            nas_axis_include(axis, l->effect + l->deviation);
        }
    nas_axis_pad(axis);
}

static void effect_labels(nas_plot *plot, const nas_explain_column *column)
{
    int every = 1 + (column->n_levels - 1) / 8;
    for (int k = 0; k < column->n_levels; k += every) {
        double share = (k + 0.5) / column->n_levels;
        char name[16];
        (void)snprintf(name, sizeof name, "%.9s", column->levels[k]);
        nas_text_printf(plot->out,
                        "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" "
                        "text-anchor=\"middle\">",
                        plot->left + share * (plot->right - plot->left),
                        plot->bottom + 16);
        nas_svg_escape(plot->out, name);
        nas_text_puts(plot->out, "</text>");
    }
}

static nas_status effect_table(const nas_report *r, const nas_explain_decision *d,
                               nas_err *err)
{
    const nas_explain_column *column = column_of(r, d->column);
    const int n = column->n_levels;
    double *value = NAS_NEW(r->arena, double, 3 * n);
    NAS_TRY_ALLOC(value, err);
    for (int k = 0; k < n; k++) {
        value[k] = d->level[k].effect;
        value[n + k] = d->level[k].deviation;
        value[2 * n + k] = (double)d->level[k].n;
    }
    const nas_chart_column columns[] = {
        {.name = "choice", .word = column->levels},
        {.name = "mean score", .value = value, .percent = r->metric->fraction},
        {.name = "±", .value = value + n, .percent = r->metric->fraction},
        {.name = "networks", .value = value + 2 * n}};
    nas_chart_table(r->out, column->name, columns, 4, n);
    return NAS_OK;
}

static void draw_effect(const nas_report *r, const nas_explain_decision *d, nas_axis y)
{
    const nas_explain_column *column = column_of(r, d->column);
    double x[NAS_EXPLAIN_LEVELS], value[NAS_EXPLAIN_LEVELS];
    nas_axis axis = {
        .label = column->name, .low = 0, .high = column->n_levels, .hidden = true};
    nas_plot plot = nas_plot_begin(
        r->out, 400, 220, axis, y, column->name,
        "Mean score of networks by the level of this decision, everything else as the "
        "space has it; whiskers: spread over forests.");
    effect_labels(&plot, column);
    for (int k = 0; k < column->n_levels; k++) {
        const nas_explain_level *l = &d->level[k];
        x[k] = k + 0.5;
        value[k] = l->effect;
        nas_plot_interval(&plot, x[k], l->effect - l->deviation,
                          l->effect + l->deviation);
    }
    int first = column->optional ? 1 : 0;
    if (column->ordered)
        nas_plot_line(&plot, x + first, value + first, column->n_levels - first,
                      "frontline", NULL);
    for (int k = 0; k < column->n_levels; k++) {
        char tip[160], text[32];
        nas_page_metric(r->metric, value[k], text, sizeof text);
        (void)snprintf(tip, sizeof tip, "%.40s = %.40s: %s, %lld networks", column->name,
                       column->levels[k], text, (long long)d->level[k].n);
        nas_plot_point(&plot, x[k], value[k], 4, "front", tip);
    }
    nas_plot_end(&plot);
}

static nas_status effects(const nas_report *r, nas_err *err)
{
    const nas_explain_mattered *m = &r->explanation->mattered;
    nas_axis y = nas_report_metric_axis(r, "score");
    effect_range(r, &y);
    nas_page_heading(r->out, "What each choice does");
    nas_text_puts(r->out, "<div class=\"grid2\">\n");
    for (int i = 0; i < m->n_decisions && i < EFFECTS; i++) {
        nas_text_puts(r->out, "<div>");
        draw_effect(r, &m->decision[i], y);
        NAS_TRY(effect_table(r, &m->decision[i], err));
        nas_text_puts(r->out, "</div>\n");
    }
    nas_text_puts(r->out, "</div>\n");
    return NAS_OK;
}

/* ---- the best tenth ---------------------------------------------------- */

typedef struct frequency {
    const nas_explain_column *column;
    int level;
    const nas_explain_level *of;
    double difference; /* of its shares */
} frequency;

/* Choices whose share in the best tenth differs most, in order. @return their number */
static int most_different(const nas_report *r, frequency *out)
{
    const nas_explain_mattered *m = &r->explanation->mattered;
    int n = 0;
    for (int i = 0; i < m->n_decisions; i++) {
        const nas_explain_column *column = column_of(r, m->decision[i].column);
        for (int k = 0; k < column->n_levels; k++) {
            const nas_explain_level *l = &m->decision[i].level[k];
            frequency f = {column, k, l, fabs(l->in_best - l->in_all)};
            if (l->n == 0 || f.difference < 0.1 || m->decision[i].top_chance > 0.05)
                continue;
            int at = n < FREQUENT ? n++ : FREQUENT;
            if (at == FREQUENT && out[FREQUENT - 1].difference >= f.difference)
                continue;
            at = at == FREQUENT ? FREQUENT - 1 : at;
            for (; at > 0 && out[at - 1].difference < f.difference; at--)
                out[at] = out[at - 1];
            out[at] = f;
        }
    }
    return n;
}

static void frequency_table(const nas_report *r)
{
    const nas_explain_mattered *m = &r->explanation->mattered;
    frequency list[FREQUENT];
    int n = most_different(r, list);
    nas_page_heading(r->out, "What the best tenth has in common");
    nas_page_paragraph(r->out,
                       n > 0
                           ? "Choices that stand in the best %lld networks more or less "
                             "often than in all %lld."
                           : "The best %lld networks of %lld have no choice clearly more "
                             "often than the others.",
                       (long long)m->n_best, (long long)r->explanation->table.n);
    if (n == 0)
        return;
    nas_page_table_begin(r->out, "Choices in the best tenth and in all",
                         "<decision|<choice|in the best|in all|times as often|networks");
    for (int i = 0; i < n; i++) {
        const nas_explain_level *l = list[i].of;
        nas_page_row_begin(r->out, l->in_best > l->in_all);
        nas_page_cell_left(r->out, "%s", list[i].column->name);
        nas_page_cell_left(r->out, "%s", list[i].column->levels[list[i].level]);
        nas_page_cell(r->out, "%.0f %%", 100 * l->in_best);
        nas_page_cell(r->out, "%.0f %%", 100 * l->in_all);
        nas_page_cell(r->out, "%.1f", l->in_best / l->in_all);
        nas_page_cell(r->out, "%lld", (long long)l->n);
        nas_page_row_end(r->out);
    }
    nas_page_table_end(r->out);
}

static void rules(const nas_report *r)
{
    const nas_explain_mattered *m = &r->explanation->mattered;
    nas_page_heading(r->out, "Rules");
    if (m->n_rules == 0) {
        nas_page_paragraph(r->out, "No short rule was found on one half of the networks "
                                   "that also holds on the other.");
        return;
    }
    nas_page_table_begin(r->out, "Rules",
                         "<networks with|difference|95 % interval|"
                         "networks");
    for (int i = 0; i < m->n_rules; i++) {
        const nas_explain_rule *rule = &m->rule[i];
        char effect[32], low[32], high[32];
        nas_report_gap(r, rule->effect, effect, sizeof effect);
        nas_report_gap(r, rule->low, low, sizeof low);
        nas_report_gap(r, rule->high, high, sizeof high);
        nas_page_row_begin(r->out, false);
        nas_page_cell_left(r->out, "%s", rule->text);
        nas_page_cell(r->out, "%s", effect);
        nas_page_cell(r->out, "%s to %s", low, high);
        nas_page_cell(r->out, "%lld", (long long)rule->support);
        nas_page_row_end(r->out);
    }
    nas_page_table_end(r->out);
    nas_page_paragraph(r->out,
                       "Found on one half of the networks, measured on the other; "
                       "the intervals hold for all rules together. A difference to all "
                       "other networks, not a promise for one.");
}

nas_status nas_report_mattered(const nas_report *r, nas_err *err)
{
    const nas_explain_mattered *m = &r->explanation->mattered;
    const nas_explain_table *t = &r->explanation->table;
    if (m->n_decisions == 0)
        return NAS_OK;
    const nas_rung *rung = &r->settings->ladder.rung[t->rung];
    char how[64] = "inherited weights";
    if (rung->epochs > 0)
        (void)snprintf(how, sizeof how, "%.0f %% of the rows, %lld epoch%s",
                       100 * rung->fraction, (long long)rung->epochs,
                       rung->epochs == 1 ? "" : "s");
    nas_page_paragraph(
        r->out,
        "From %lld networks that were all trained alike (rung %d: %s). The forests "
        "predict networks they have not seen with R² %.2f.%s",
        (long long)t->n, t->rung, how, m->r2,
        m->r2 < 0.1 ? " That is little: do not read much into the rankings below." : "");
    nas_page_heading(r->out, "For the score of any network");
    nas_page_paragraph(r->out, "In the order of the share less its spread over forests: "
                               "what stands first is the surest.");
    NAS_TRY(importance_bars(r, false, err));
    nas_page_heading(r->out, "For being among the best tenth");
    NAS_TRY(importance_bars(r, true, err));
    NAS_TRY(effects(r, err));
    rules(r);
    frequency_table(r);
    return NAS_OK;
}

/* ---- pairs ------------------------------------------------------------- */

nas_status nas_report_pairs(const nas_report *r, nas_err *err)
{
    (void)err;
    const nas_explain_mattered *m = &r->explanation->mattered;
    if (m->n_pairs == 0)
        return NAS_OK;
    nas_page_paragraph(
        r->out,
        "What two decisions explain together beyond each alone. Cells: "
        "mean score for both choices by the forests, less the mean of all%s "
        "(blue better, orange worse).",
        r->metric->fraction ? " in points" : "");
    for (int i = 0; i < m->n_pairs && i < 3; i++) {
        const nas_explain_pair *p = &m->pair[i];
        const nas_explain_column *a = column_of(r, p->a), *b = column_of(r, p->b);
        int cells = a->n_levels * b->n_levels;
        double *value = NAS_NEW(r->arena, double, cells);
        double mean = 0, sign = r->metric->larger_is_better ? 1 : -1;
        char title[200];
        NAS_TRY_ALLOC(value, err);
        for (int k = 0; k < cells; k++)
            mean += p->effect[k] * a->share[k / b->n_levels] * b->share[k % b->n_levels];
        for (int k = 0; k < cells; k++)
            value[k] = sign * (p->effect[k] - mean);
        (void)snprintf(title, sizeof title, "%.80s × %.80s: %.1f %% (± %.1f)", a->name,
                       b->name, 100 * p->share, 100 * p->deviation);
        nas_page_heading(r->out, title);
        nas_heat heat = {.title = title,
                         .description = "Predicted score for pairs of choices, less the "
                                        "mean.",
                         .row_label = a->name,
                         .column_label = b->name,
                         .row = a->levels,
                         .column = b->levels,
                         .rows = a->n_levels,
                         .columns = b->n_levels,
                         .value = value,
                         .diverging = true,
                         .numbers = true,
                         .percent = r->metric->fraction};
        nas_chart_heat(r->out, &heat);
    }
    return NAS_OK;
}

/* ---- parallel coordinates ---------------------------------------------- */

enum { DECISION_AXES = 5 };
static const double JITTER = 0.25; /* of the distance of two levels */

int nas_report_axis_count(const nas_report *r)
{
    int n = r->explanation->mattered.n_decisions;
    return n < DECISION_AXES ? n : DECISION_AXES;
}

static const nas_report_trial *trial_of(const nas_report *r, int64_t id)
{
    int64_t low = 0, high = r->n_trials;
    while (low < high) {
        int64_t middle = (low + high) / 2;
        if (r->trials[middle].row->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->n_trials && r->trials[low].row->id == id ? &r->trials[low] : NULL;
}

/* Decisions, then params, MACs and the score. @return number of axes */
static int make_axes(const nas_report *r, nas_parallel_axis *axis, int *column)
{
    const nas_explain_mattered *m = &r->explanation->mattered;
    const int n = nas_report_axis_count(r);
    for (int i = 0; i < n; i++) {
        column[i] = m->decision[i].column;
        const nas_explain_column *c = column_of(r, column[i]);
        axis[i] = (nas_parallel_axis){.label = c->name,
                                      .low = -JITTER,
                                      .high = c->n_levels - 1 + JITTER,
                                      .level = c->levels,
                                      .n_levels = c->n_levels};
    }
    static const char *const LABELS[] = {"params", "MACs"};
    for (int i = 0; i < 2; i++)
        axis[n + i] = (nas_parallel_axis){.label = LABELS[i], .log = true};
    axis[n + 2] =
        (nas_parallel_axis){.label = r->metric->name, .percent = r->metric->fraction};
    return n + 3;
}

static void fill_line(const nas_report *r, int64_t i, const int *column, int axes,
                      double *out)
{
    const nas_explain_table *t = &r->explanation->table;
    const nas_report_trial *trial = trial_of(r, t->trial[i]);
    for (int a = 0; a < axes - 3; a++) {
        /* Lines of one level lie side by side; where, depends on the trial. */
        double share = (double)((t->trial[i] * 37 + a * 11) % 101) / 100;
        out[a] = t->level[i * t->columns + column[a]] + JITTER * (2 * share - 1);
    }
    out[axes - 3] = trial != NULL ? (double)trial->row->cost.params : (double)NAN;
    out[axes - 2] = trial != NULL ? (double)trial->row->cost.macs : (double)NAN;
    out[axes - 1] = t->larger_is_better ? t->score[i] : -t->score[i];
}

static void fit_axes(nas_parallel_axis *axis, int axes, const double *value, int64_t n)
{
    for (int a = 0; a < axes; a++) {
        nas_axis range = {.low = 1, .high = 0, .log = axis[a].log};
        for (int64_t i = 0; i < n && axis[a].level == NULL; i++)
            nas_axis_include(&range, value[i * axes + a]);
        if (axis[a].level == NULL && range.low <= range.high) {
            axis[a].low = range.low;
            axis[a].high = range.high;
        }
    }
}

static int by_score(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Fifths by score: the best are 4. */
static nas_status make_shades(const nas_report *r, int *shade, nas_err *err)
{
    const nas_explain_table *t = &r->explanation->table;
    double *sorted = nas_arena_copy(r->arena, t->score, (size_t)t->n * sizeof *t->score);
    NAS_TRY_ALLOC(sorted, err);
    qsort(sorted, (size_t)t->n, sizeof *sorted, by_score);
    for (int64_t i = 0; i < t->n; i++) {
        int s = 0;
        while (s + 1 < SHADES && t->score[i] >= sorted[(s + 1) * t->n / SHADES])
            s++;
        shade[i] = s;
    }
    return NAS_OK;
}

nas_status nas_report_parallel(const nas_report *r, nas_err *err)
{
    const nas_explain_table *t = &r->explanation->table;
    if (r->explanation->mattered.n_decisions == 0)
        return NAS_OK;
    nas_parallel_axis axis[DECISION_AXES + 3];
    int column[DECISION_AXES];
    int axes = make_axes(r, axis, column);
    double *value = NAS_NEW(r->arena, double, t->n *axes);
    int *shade = NAS_NEW(r->arena, int, t->n);
    NAS_TRY_ALLOC(value, err);
    NAS_TRY_ALLOC(shade, err);
    for (int64_t i = 0; i < t->n; i++)
        fill_line(r, i, column, axes, value + i * axes);
    fit_axes(axis, axes, value, t->n);
    NAS_TRY(make_shades(r, shade, err));
    nas_page_paragraph(r->out,
                       "One line a network; the best fifth is darkest. Drag along an "
                       "axis to keep only the lines through that part; click the axis to "
                       "free it.");
    nas_parallel p = {.title = "All networks as lines through their decisions",
                      .description =
                          "Parallel coordinates of the most important decisions, the "
                          "costs and the score. The table of best trials and the CSV "
                          "hold the same numbers.",
                      .axis = axis,
                      .axes = axes,
                      .value = value,
                      .trial = t->trial,
                      .shade = shade,
                      .n = t->n};
    nas_chart_parallel(r->out, &p);
    nas_report_trials_link(r);
    return NAS_OK;
}
