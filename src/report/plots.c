/* All networks: score against cost, and in the order of the search. */
#include "report.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Bad networks would press the interesting ones together: leave out what is worse than
 * the majority by far. @return the worst score to show */
static double worst_shown(const nas_report *r)
{
    double best = (double)NAN, sum = 0;
    for (int64_t i = 0; i < r->n_trials; i++) {
        double s = nas_report_score(&r->trials[i]);
        sum += s;
        bool better = isnan(best) || (r->metric->larger_is_better ? s > best : s < best);
        best = better ? s : best;
    }
    double mean = r->n_trials > 0 ? sum / (double)r->n_trials : 0;
    return best - 3 * (best - mean);
}

static bool shown(const nas_report *r, double score, double worst)
{
    return r->metric->larger_is_better ? score >= worst : score <= worst;
}

enum { WITH_TIPS = 400 };

/* Trials of one look on their way into a plot. */
typedef struct collection {
    double *x, *y;
    int64_t *trial;
    const char **tip; /* NULL: none */
    int64_t n;
} collection;

static nas_status new_collection(const nas_report *r, bool tips, collection *out,
                                 nas_err *err)
{
    *out = (collection){.x = NAS_NEW(r->arena, double, r->n_trials),
                        .y = NAS_NEW(r->arena, double, r->n_trials),
                        .trial = NAS_NEW(r->arena, int64_t, r->n_trials)};
    if (tips)
        out->tip = NAS_NEW(r->arena, const char *, r->n_trials);
    if (out->x == NULL || out->y == NULL || out->trial == NULL ||
        (tips && out->tip == NULL))
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    return NAS_OK;
}

static nas_status collect(const nas_report *r, const nas_report_trial *t, double x,
                          collection *to, nas_err *err)
{
    to->x[to->n] = x;
    to->y[to->n] = nas_report_score(t);
    to->trial[to->n] = t->row->id;
    if (to->tip != NULL) {
        char text[128];
        nas_report_tip(r, t, text, sizeof text);
        to->tip[to->n] = nas_arena_strdup(r->arena, text);
        NAS_TRY_ALLOC(to->tip[to->n], err);
    }
    to->n++;
    return NAS_OK;
}

static void draw_collection(nas_plot *plot, const collection *c, const char *style)
{
    const nas_cloud cloud = {c->x, c->y, c->trial, c->tip, c->n, style};
    if (c->n > 0)
        nas_plot_cloud(plot, &cloud);
}

/* @param tips  write a tooltip to each mark; scripts find it there for other plots too,
 * and beyond some number of trials in the table */
static nas_status draw_trials(const nas_report *r, nas_plot *plot, nas_limit_kind cost,
                              bool tips, nas_err *err)
{
    collection others, front;
    const double worst = worst_shown(r);
    NAS_TRY(new_collection(r, tips && r->n_trials <= WITH_TIPS, &others, err));
    NAS_TRY(new_collection(r, tips, &front, err));
    for (int64_t i = 0; i < r->n_trials; i++) {
        const nas_report_trial *t = &r->trials[i];
        if (!t->finalist && shown(r, nas_report_score(t), worst))
            NAS_TRY(collect(r, t, nas_limit_cost(&t->row->cost, cost),
                            t->front ? &front : &others, err));
    }
    draw_collection(plot, &others, "trial");
    draw_collection(plot, &front, "front");
    for (int64_t i = 0; i < r->n_trials; i++) {
        const nas_report_trial *t = &r->trials[i];
        char text[128];
        if (!t->finalist || !shown(r, nas_report_score(t), worst))
            continue;
        nas_report_tip(r, t, text, sizeof text);
        plot->trial = t->row->id;
        nas_plot_diamond(plot, nas_limit_cost(&t->row->cost, cost), nas_report_score(t),
                         7, "final", tips ? text : NULL);
    }
    return NAS_OK;
}

/* @param hidden  out: trials that are too bad to show */
static nas_status draw_front(const nas_report *r, nas_limit_kind cost, const char *label,
                             int64_t *hidden, nas_err *err)
{
    double worst = worst_shown(r);
    bool bytes = cost == NAS_LIMIT_RAM || cost == NAS_LIMIT_FLASH;
    nas_axis x = {.label = label, .low = 1, .high = 0, .log = !bytes, .bytes = bytes};
    nas_axis y = nas_report_metric_axis(r, r->metric->name);
    *hidden = 0;
    for (int64_t i = 0; i < r->n_trials; i++) {
        const nas_report_trial *t = &r->trials[i];
        bool show = shown(r, nas_report_score(t), worst);
        *hidden += !show;
        nas_axis_include(&x, show ? nas_limit_cost(&t->row->cost, cost) : (double)NAN);
        nas_axis_include(&y, show ? nas_report_score(t) : (double)NAN);
    }
    nas_axis_pad(&x);
    nas_axis_pad(&y);
    nas_plot plot = nas_plot_begin(
        r->out, 820, 380, x, y, label,
        "Every scored network: its validation score at the highest rung it finished, "
        "over a cost. The tables list delivered networks and the best trials.");
    NAS_TRY(draw_trials(r, &plot, cost, cost == NAS_LIMIT_MACS, err));
    nas_plot_end(&plot);
    return NAS_OK;
}

/* The networks that no other beats in everything, cheapest first. */
static void front_table(const nas_report *r)
{
    nas_page_table_begin(r->out, "Pareto front",
                         "trial|rung|validation|params|MACs|RAM|flash");
    for (int i = 0; i < r->result->n_front; i++)
        for (int64_t k = 0; k < r->n_trials; k++) {
            const nas_report_trial *t = &r->trials[k];
            if (t->row->id != r->result->front[i])
                continue;
            nas_cost_words cost = nas_cost_in_words(&t->row->cost);
            nas_page_row_of(r->out, t->finalist, t->row->id);
            nas_page_cell(r->out, "#%lld", (long long)t->row->id);
            nas_page_cell(r->out, "%d", t->best->spec.rung);
            nas_page_cell_score(r->out, r->metric, &t->best->validation);
            nas_page_cell(r->out, "%s", cost.params);
            nas_page_cell(r->out, "%s", cost.macs);
            nas_page_cell(r->out, "%s", cost.ram);
            nas_page_cell(r->out, "%s", cost.flash);
            nas_page_row_end(r->out);
        }
    nas_page_table_end(r->out);
}

/* Variants behind radio buttons: they switch without scripts. */
nas_status nas_report_front(const nas_report *r, nas_err *err)
{
    static const struct {
        nas_limit_kind kind;
        const char *name, *label;
    } COSTS[] = {{NAS_LIMIT_MACS, "MACs", "MACs of one inference"},
                 {NAS_LIMIT_PARAMS, "Parameters", "parameters"},
                 {NAS_LIMIT_RAM, "RAM", "RAM"},
                 {NAS_LIMIT_FLASH, "Flash", "flash"}};
    enum { N_COSTS = sizeof COSTS / sizeof COSTS[0] };
    int64_t hidden = 0;
    if (r->n_trials == 0)
        return NAS_OK;
    nas_text_puts(r->out, "<div class=\"tabs\" role=\"group\" aria-label=\"Cost on the "
                          "horizontal axis\">\n");
    for (int i = 0; i < N_COSTS; i++)
        nas_text_printf(r->out,
                        "<input type=\"radio\" name=\"cost\" id=\"cost%d\"%s><label "
                        "for=\"cost%d\">%s</label>\n",
                        i, i == 0 ? " checked" : "", i, COSTS[i].name);
    for (int i = 0; i < N_COSTS; i++) {
        nas_text_puts(r->out, "<div>");
        NAS_TRY(draw_front(r, COSTS[i].kind, COSTS[i].label, &hidden, err));
        nas_text_puts(r->out, "</div>\n");
    }
    nas_text_puts(
        r->out, "</div>\n<p class=\"legend\"><span class=\"dot final\"></span>delivered "
                "<span class=\"dot front\"></span>Pareto front <span "
                "class=\"dot\"></span>other networks");
    if (hidden > 0)
        nas_text_printf(r->out, "; %lld far below are not drawn", (long long)hidden);
    nas_text_puts(r->out, "</p>\n");
    nas_report_trials_link(r);
    if (r->result->n_front > 0) {
        nas_page_heading(r->out, "On the front");
        front_table(r);
    }
    return NAS_OK;
}

static nas_status draw_history(const nas_report *r, nas_plot *plot, int top, nas_err *err)
{
    collection low, trial, front;
    const double worst = worst_shown(r);
    NAS_TRY(new_collection(r, false, &low, err));
    NAS_TRY(new_collection(r, false, &trial, err));
    NAS_TRY(new_collection(r, false, &front, err));
    for (int64_t i = 0; i < r->n_trials; i++) {
        const nas_report_trial *t = &r->trials[i];
        if (shown(r, nas_report_score(t), worst))
            NAS_TRY(collect(r, t, (double)t->row->id,
                            t->front                   ? &front
                            : t->best->spec.rung < top ? &low
                                                       : &trial,
                            err));
    }
    draw_collection(plot, &low, "trial low");
    draw_collection(plot, &trial, "trial");
    draw_collection(plot, &front, "front");
    return NAS_OK;
}

/* Best score so far over time. Rungs are different trainings: the line follows the
 * highest rung any network had finished by then. */
nas_status nas_report_history(const nas_report *r, nas_err *err)
{
    if (r->n_trials == 0)
        return NAS_OK;
    double worst = worst_shown(r);
    nas_axis x = {.label = "trial", .low = 1, .high = 0, .whole = true};
    nas_axis y = nas_report_metric_axis(r, r->metric->name);
    double *bx = NAS_NEW(r->arena, double, r->n_trials);
    double *by = NAS_NEW(r->arena, double, r->n_trials);
    if (bx == NULL || by == NULL)
        return NAS_OK;
    double best = (double)NAN;
    int top = 0;
    for (int64_t i = 0; i < r->n_trials; i++) {
        double s = nas_report_score(&r->trials[i]);
        top = r->trials[i].best->spec.rung > top ? r->trials[i].best->spec.rung : top;
        bool better = isnan(best) || (r->metric->larger_is_better ? s > best : s < best);
        best = better ? s : best;
        bx[i] = (double)r->trials[i].row->id;
        by[i] = best;
        nas_axis_include(&x, bx[i]);
        nas_axis_include(&y, shown(r, s, worst) ? s : (double)NAN);
        by[i] = shown(r, best, worst) ? best : (double)NAN;
    }
    nas_axis_pad(&x);
    nas_axis_pad(&y);
    nas_plot plot =
        nas_plot_begin(r->out, 820, 320, x, y, "Score of each trial in order",
                       "Validation score of every trial in the order they were "
                       "proposed, and the best so far as a line.");
    NAS_TRY(draw_history(r, &plot, top, err));
    nas_plot_steps(&plot, bx, by, (int)r->n_trials, "bestline", "best so far");
    nas_plot_end(&plot);
    nas_text_puts(r->out,
                  "<p class=\"legend\"><span class=\"dot front\"></span>Pareto front "
                  "<span class=\"dot\"></span>longest rung <span class=\"dot "
                  "low\"></span>a shorter rung; line: best so far</p>\n");
    nas_report_trials_link(r);
    return NAS_OK;
}
