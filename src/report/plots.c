/* The sections that are drawings. */
#include "diagram.h"
#include "page.h"
#include "report.h"
#include "svg.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define CURVES 20
#define CURVE_POINTS 256

static nas_axis metric_axis(const nas_report *r, const char *label)
{
    return (nas_axis){
        .label = label, .low = 1, .high = 0, .percent = r->metric->fraction};
}

static double score_of(const nas_report_trial *t)
{
    return t->best->validation.value;
}

static void trial_tip(const nas_report *r, const nas_report_trial *t, char *out,
                      size_t size)
{
    char value[32], params[32], macs[32];
    nas_page_metric(r->metric, score_of(t), value, sizeof value);
    nas_text_count(params, sizeof params, (double)t->row->cost.params);
    nas_text_count(macs, sizeof macs, (double)t->row->cost.macs);
    (void)snprintf(out, size, "#%lld: %s, rung %d, %s params, %s MACs",
                   (long long)t->row->id, value, t->best->spec.rung, params, macs);
}

/* Bad networks would press the interesting ones together: leave out what is worse than
 * the majority by far. @return the worst score to show */
static double worst_shown(const nas_report *r)
{
    double best = (double)NAN, sum = 0;
    for (int64_t i = 0; i < r->n_trials; i++) {
        double s = score_of(&r->trials[i]);
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

static void draw_trials(const nas_report *r, nas_plot *plot, double worst)
{
    char tip[128];
    for (int pass = 0; pass < 3; pass++)
        for (int64_t i = 0; i < r->n_trials; i++) {
            const nas_report_trial *t = &r->trials[i];
            int layer = t->finalist ? 2 : t->front ? 1 : 0;
            if (layer != pass || !shown(r, score_of(t), worst))
                continue;
            trial_tip(r, t, tip, sizeof tip);
            double x = (double)t->row->cost.macs;
            if (pass == 2)
                nas_plot_diamond(plot, x, score_of(t), 7, "final", tip);
            else
                nas_plot_point(plot, x, score_of(t), pass == 1 ? 4.5 : 3,
                               pass == 1 ? "front" : "trial", tip);
        }
}

void nas_report_front(const nas_report *r)
{
    if (r->n_trials == 0)
        return;
    double worst = worst_shown(r);
    nas_axis x = {.label = "MACs of one inference", .low = 1, .high = 0, .log = true};
    nas_axis y = metric_axis(r, r->metric->name);
    int64_t hidden = 0;
    for (int64_t i = 0; i < r->n_trials; i++) {
        bool show = shown(r, score_of(&r->trials[i]), worst);
        hidden += !show;
        nas_axis_include(&x, show ? (double)r->trials[i].row->cost.macs : (double)NAN);
        nas_axis_include(&y, show ? score_of(&r->trials[i]) : (double)NAN);
    }
    nas_axis_pad(&x);
    nas_axis_pad(&y);
    nas_page_section(r->out, "Score against cost");
    nas_plot plot = nas_plot_begin(
        r->out, 820, 380, x, y, "Score against MACs",
        "Every scored network: its validation score at the highest rung it "
        "finished, over the multiply-accumulates of one inference. The tables "
        "list delivered networks and the best trials.");
    draw_trials(r, &plot, worst);
    nas_plot_end(&plot);
    nas_text_puts(r->out,
                  "<p class=\"legend\"><span class=\"dot final\"></span>delivered <span "
                  "class=\"dot front\"></span>Pareto front <span "
                  "class=\"dot\"></span>other networks");
    if (hidden > 0)
        nas_text_printf(r->out, "; %lld far below are not drawn", (long long)hidden);
    nas_text_puts(r->out, "</p>\n");
}

/* Best score so far over time. Rungs are different trainings: the line follows the
 * highest rung any network had finished by then. */
void nas_report_history(const nas_report *r)
{
    if (r->n_trials == 0)
        return;
    double worst = worst_shown(r);
    nas_axis x = {.label = "trial", .low = 1, .high = 0, .whole = true};
    nas_axis y = metric_axis(r, r->metric->name);
    double *bx = NAS_NEW(r->arena, double, r->n_trials);
    double *by = NAS_NEW(r->arena, double, r->n_trials);
    if (bx == NULL || by == NULL)
        return;
    double best = (double)NAN;
    for (int64_t i = 0; i < r->n_trials; i++) {
        double s = score_of(&r->trials[i]);
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
    nas_page_section(r->out, "History");
    nas_plot plot =
        nas_plot_begin(r->out, 820, 320, x, y, "Score of each trial in order",
                       "Validation score of every trial in the order they were "
                       "proposed, and the best so far as a line.");
    char tip[128];
    for (int64_t i = 0; i < r->n_trials; i++) {
        const nas_report_trial *t = &r->trials[i];
        trial_tip(r, t, tip, sizeof tip);
        if (shown(r, score_of(t), worst))
            nas_plot_point(&plot, bx[i], score_of(t), 3, t->front ? "front" : "trial",
                           tip);
    }
    nas_plot_steps(&plot, bx, by, (int)r->n_trials, "bestline", "best so far");
    nas_plot_end(&plot);
}

/* ---- learning curves --------------------------------------------------- */

/* Training loss by epoch of one evaluation. @return points read */
static int read_curve(const nas_evaluation_row *e, double *x, double *y)
{
    if (e->curve == NULL)
        return 0;
    json_t *array = NULL;
    if (nas_json_parse(e->curve, strlen(e->curve), "curve", &array, NULL) != NAS_OK)
        return 0;
    int n = 0;
    size_t i;
    json_t *point;
    json_array_foreach(array, i, point)
    {
        if (n == CURVE_POINTS)
            break;
        x[n] = json_number_value(json_array_get(point, 0));
        y[n++] = json_number_value(json_array_get(point, 1));
    }
    json_decref(array);
    return n;
}

/* Evaluations to draw: refits, and the longest rung's. */
static int pick_curves(const nas_report *r, const nas_evaluation_row **out)
{
    int n = 0, top = 0;
    for (int64_t i = 0; i < r->n_trials; i++)
        if (r->trials[i].best->spec.rung > top)
            top = r->trials[i].best->spec.rung;
    for (int64_t i = 0; i < r->n_rows; i++)
        for (int k = 0; k < r->rows[i].n_evaluations && n < CURVES; k++) {
            const nas_evaluation_row *e = &r->rows[i].evaluations[k];
            bool wanted = e->spec.purpose == NAS_PURPOSE_REFIT ||
                          (e->spec.purpose == NAS_PURPOSE_SEARCH && e->spec.rung == top);
            if (e->state == NAS_EVALUATION_DONE && e->curve != NULL && wanted)
                out[n++] = e;
        }
    return n;
}

nas_status nas_report_curves(const nas_report *r, nas_err *err)
{
    const nas_evaluation_row *picked[CURVES];
    int n = pick_curves(r, picked);
    double *x = NAS_NEW(r->arena, double, CURVES *CURVE_POINTS);
    double *y = NAS_NEW(r->arena, double, CURVES *CURVE_POINTS);
    int counts[CURVES] = {0};
    NAS_TRY_ALLOC(x, err);
    NAS_TRY_ALLOC(y, err);
    nas_axis ax = {.label = "epoch", .low = 0, .high = 1, .whole = true};
    nas_axis ay = {.label = "training loss", .low = 1, .high = 0};
    for (int i = 0; i < n; i++) {
        counts[i] = read_curve(picked[i], x + i * CURVE_POINTS, y + i * CURVE_POINTS);
        for (int k = 0; k < counts[i]; k++) {
            nas_axis_include(&ax, x[i * CURVE_POINTS + k]);
            nas_axis_include(&ay, y[i * CURVE_POINTS + k]);
        }
    }
    if (n == 0 || ay.low > ay.high)
        return NAS_OK;
    nas_axis_pad(&ay);
    nas_page_section(r->out, "Learning curves");
    nas_plot plot = nas_plot_begin(r->out, 820, 320, ax, ay, "Training loss by epoch",
                                   "Training loss after each epoch of the longest rung's "
                                   "trainings, and of the delivered networks' refits.");
    for (int i = 0; i < n; i++) {
        char tip[96];
        bool refit = picked[i]->spec.purpose == NAS_PURPOSE_REFIT;
        (void)snprintf(tip, sizeof tip, "#%lld%s, %lld epochs",
                       (long long)picked[i]->trial, refit ? " refit" : "",
                       (long long)picked[i]->spec.epochs);
        nas_plot_line(&plot, x + i * CURVE_POINTS, y + i * CURVE_POINTS, counts[i],
                      refit ? "curve final" : "curve", tip);
    }
    nas_plot_end(&plot);
    nas_text_puts(r->out,
                  "<p class=\"legend\"><span class=\"dot final\"></span>refit of a "
                  "delivered network <span class=\"dot\"></span>longest rung of the "
                  "search</p>\n");
    return NAS_OK;
}

/* ---- the winner -------------------------------------------------------- */

static int64_t node_params(const nas_graph *graph, int node)
{
    int64_t sum = 0;
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *w = nas_graph_weight(graph, i);
        sum += w->node == node && w->trained ? w->count : 0;
    }
    return sum;
}

static void layer_table(const nas_report *r, const nas_graph *graph)
{
    nas_page_table_begin(r->out, "Layers",
                         "#|<layer|output C×H×W|params|MACs|share of MACs");
    double all = fmax(1, (double)nas_graph_macs(graph));
    for (int i = 0; i < nas_graph_count(graph); i++) {
        const nas_node *node = nas_graph_node(graph, i);
        char label[96];
        nas_diagram_label(node, label, sizeof label);
        double macs = (double)nas_graph_node_macs(graph, i);
        nas_page_row_begin(r->out, false);
        nas_page_cell(r->out, "%d", i);
        nas_page_cell_left(r->out, "%s", label);
        nas_page_cell(r->out, "%lld×%lld×%lld", (long long)node->shape.c,
                      (long long)node->shape.h, (long long)node->shape.w);
        nas_page_cell(r->out, "%lld", (long long)node_params(graph, i));
        nas_page_cell(r->out, "%.0f", macs);
        nas_page_cell(r->out, "%.1f %%", 100 * macs / all);
        nas_page_row_end(r->out);
    }
    nas_page_table_end(r->out);
}

static const nas_trial_row *find_row(const nas_report *r, int64_t id)
{
    for (int64_t i = 0; i < r->n_rows; i++)
        if (r->rows[i].id == id)
            return &r->rows[i];
    return NULL;
}

nas_status nas_report_network(const nas_report *r, nas_err *err)
{
    if (r->result->n_finalists == 0)
        return NAS_OK;
    const nas_trial_row *row = find_row(r, r->result->finalists[0].trial);
    if (row == NULL)
        return NAS_OK;
    nas_graph *graph = NULL;
    NAS_TRY(nas_graph_read_json(row->graph, strlen(row->graph), "network", &graph, err));
    nas_page_section(r->out, "The chosen network");
    nas_text_puts(r->out, "<div class=\"side\"><div class=\"draw\">\n");
    nas_status status = nas_diagram_draw(graph, r->arena, r->out, err);
    nas_text_puts(r->out, "</div>\n");
    layer_table(r, graph);
    nas_text_puts(r->out, "</div>\n");
    if (row->decisions != NULL)
        nas_page_paragraph(r->out, "Decisions: %s", row->decisions);
    nas_graph_free(graph);
    return status;
}
