/* Can scores be predicted: by forests that have not seen a network, and over time. */
#include "report.h"

#include <math.h>

/* ---- over time --------------------------------------------------------- */

static nas_status foresight_table(const nas_report *r, nas_err *err)
{
    const nas_explain_mattered *m = &r->explanation->mattered;
    const int n = m->n_foresight;
    double *value = NAS_NEW(r->arena, double, 3 * n);
    NAS_TRY_ALLOC(value, err);
    for (int i = 0; i < n; i++) {
        value[i] = (double)m->foresight[i].networks;
        value[n + i] = (double)m->foresight[i].next;
        value[2 * n + i] = m->foresight[i].tau;
    }
    const nas_chart_column columns[] = {
        {.name = "networks known", .value = value},
        {.name = "next ones predicted", .value = value + n},
        {.name = "Kendall's tau", .value = value + 2 * n}};
    nas_chart_table(r->out, "Predictions of the next networks", columns, 3, n);
    return NAS_OK;
}

static nas_status foresight(const nas_report *r, nas_err *err)
{
    const nas_explain_mattered *m = &r->explanation->mattered;
    double x[NAS_EXPLAIN_FORESIGHTS], y[NAS_EXPLAIN_FORESIGHTS];
    nas_axis ax = {.label = "networks known", .low = 1, .high = 0, .whole = true};
    nas_axis ay = {.label = "Kendall's tau", .low = 0, .high = 1};
    if (m->n_foresight < 2)
        return NAS_OK;
    for (int i = 0; i < m->n_foresight; i++) {
        x[i] = (double)m->foresight[i].networks;
        y[i] = m->foresight[i].tau;
        nas_axis_include(&ax, x[i]);
        nas_axis_include(&ay, y[i]);
    }
    nas_axis_pad(&ax);
    nas_axis_pad(&ay);
    nas_page_heading(r->out, "Would a model have helped the search?");
    nas_page_paragraph(r->out,
                       "A forest grown on the networks known at a time, asked to order "
                       "the ones that came next: 0 is guessing, 1 the right order. Where "
                       "the search looks at ever more similar networks this gets "
                       "harder.");
    nas_plot plot = nas_plot_begin(
        r->out, 520, 260, ax, ay, "Order of the next networks, foretold",
        "Kendall's tau of predicted and measured scores of the next networks, over the "
        "number of networks known before.");
    nas_plot_line(&plot, x, y, m->n_foresight, "bestline", NULL);
    for (int i = 0; i < m->n_foresight; i++)
        nas_plot_point(&plot, x[i], y[i], 4, "front", NULL);
    nas_plot_end(&plot);
    return foresight_table(r, err);
}

/* ---- predicted against measured ---------------------------------------- */

nas_status nas_report_surrogate(const nas_report *r, nas_err *err)
{
    const nas_explain_mattered *m = &r->explanation->mattered;
    const nas_explain_table *t = &r->explanation->table;
    if (m->n_decisions == 0)
        return NAS_OK;
    double sign = t->larger_is_better ? 1 : -1;
    nas_axis x = nas_report_metric_axis(r, "measured");
    nas_axis y = nas_report_metric_axis(r, "predicted");
    double *measured = NAS_NEW(r->arena, double, 2 * t->n);
    NAS_TRY_ALLOC(measured, err);
    double *predicted = measured + t->n;
    for (int64_t i = 0; i < t->n; i++) {
        measured[i] = sign * t->score[i];
        predicted[i] = sign * m->predicted[i];
        nas_axis_include(&x, measured[i]);
        nas_axis_include(&x, predicted[i]);
    }
    const nas_cloud cloud = {measured, predicted, t->trial, NULL, t->n, "trial"};
    nas_axis_pad(&x);
    y.low = x.low;
    y.high = x.high;
    nas_page_paragraph(r->out,
                       "Each network's score against what trees predict that were grown "
                       "without it: Kendall's tau %.2f, R² %.2f over %lld networks.",
                       m->tau, m->r2, (long long)t->n);
    nas_plot plot = nas_plot_begin(
        r->out, 520, 400, x, y, "Predicted against measured score",
        "Out-of-bag predictions of the forests; on the diagonal they are exact.");
    nas_plot_line(&plot, (double[2]){x.low, x.high}, (double[2]){x.low, x.high}, 2,
                  "frontline", NULL);
    nas_plot_cloud(&plot, &cloud);
    nas_plot_end(&plot);
    nas_report_trials_link(r);
    return foresight(r, err);
}
