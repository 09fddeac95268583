/* Learning curves: of the best networks one by one, of the others as a band. */
#include "report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LINES = 20, POINTS = 256, REFITS = 3 };

typedef struct curve {
    const nas_evaluation_row *of;
    int n;
    double x[POINTS], y[POINTS]; /* epoch, training loss */
} curve;

typedef struct curves {
    curve *refit;
    int n_refits;
    curve *search; /* of the longest rung, best first */
    int64_t n;
} curves;

static nas_status read_curve(const nas_evaluation_row *e, curve *out, nas_err *err)
{
    json_t *array = NULL;
    size_t i;
    json_t *point;
    NAS_TRY(nas_json_parse(e->curve, strlen(e->curve), "curve", &array, err));
    *out = (curve){.of = e};
    json_array_foreach(array, i, point)
    {
        if (out->n == POINTS)
            break;
        out->x[out->n] = json_number_value(json_array_get(point, 0));
        out->y[out->n++] = json_number_value(json_array_get(point, 1));
    }
    json_decref(array);
    return NAS_OK;
}

static int by_loss_of_score(const void *a, const void *b)
{
    double x = ((const curve *)a)->of->validation.value;
    double y = ((const curve *)b)->of->validation.value;
    return (x < y) - (x > y);
}

static int by_error(const void *a, const void *b)
{
    return by_loss_of_score(b, a);
}

static nas_status add(const nas_report *r, const nas_evaluation_row *e, int top,
                      curves *out, nas_err *err)
{
    if (e->state != NAS_EVALUATION_DONE || e->curve == NULL)
        return NAS_OK;
    if (e->spec.purpose == NAS_PURPOSE_REFIT && out->n_refits < REFITS)
        return read_curve(e, &out->refit[out->n_refits++], err);
    bool first = e->spec.fold == 0 && e->spec.repeat == 0; /* the others look alike */
    if (e->spec.purpose != NAS_PURPOSE_SEARCH || e->spec.rung != top || !first ||
        out->n == r->n_trials)
        return NAS_OK;
    return read_curve(e, &out->search[out->n++], err);
}

static nas_status collect(const nas_report *r, curves *out, nas_err *err)
{
    int top = 0;
    for (int64_t i = 0; i < r->n_trials; i++)
        if (r->trials[i].best->spec.rung > top)
            top = r->trials[i].best->spec.rung;
    out->refit = NAS_NEW(r->arena, curve, REFITS);
    out->search = NAS_NEW(r->arena, curve, r->n_trials);
    NAS_TRY_ALLOC(out->refit, err);
    NAS_TRY_ALLOC(out->search, err);
    for (int64_t i = 0; i < r->n_rows; i++)
        for (int k = 0; k < r->rows[i].n_evaluations; k++)
            NAS_TRY(add(r, &r->rows[i].evaluations[k], top, out, err));
    qsort(out->search, (size_t)out->n, sizeof *out->search,
          r->metric->larger_is_better ? by_loss_of_score : by_error);
    return NAS_OK;
}

/* ---- the band ---------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Nine tenths of the networks beyond the lines lie in it; epochs are those of the first.
 */
static nas_status draw_band(const nas_report *r, const curves *c, nas_plot *plot,
                            nas_err *err)
{
    const int64_t n = c->n - LINES;
    double *values = n > 0 ? NAS_NEW(r->arena, double, n) : NULL;
    double low[POINTS], high[POINTS];
    const curve *first = &c->search[0];
    if (n < 5)
        return NAS_OK;
    NAS_TRY_ALLOC(values, err);
    for (int p = 0; p < first->n; p++) {
        int64_t m = 0;
        for (int64_t i = LINES; i < c->n; i++)
            if (p < c->search[i].n && isfinite(c->search[i].y[p]))
                values[m++] = c->search[i].y[p];
        qsort(values, (size_t)m, sizeof *values, by_value);
        low[p] = m > 0 ? values[m / 20] : (double)NAN;
        high[p] = m > 0 ? values[m - 1 - m / 20] : (double)NAN;
        if (m == 0)
            return NAS_OK;
    }
    nas_plot_band(plot, first->x, low, high, first->n, "band");
    return NAS_OK;
}

/* ---- the section ------------------------------------------------------- */

static void include(const curve *c, nas_axis *x, nas_axis *y)
{
    for (int i = 0; i < c->n; i++) {
        nas_axis_include(x, c->x[i]);
        nas_axis_include(y, c->y[i]);
    }
}

static void draw(const curve *c, nas_plot *plot, const char *style)
{
    char tip[96];
    bool refit = c->of->spec.purpose == NAS_PURPOSE_REFIT;
    (void)snprintf(tip, sizeof tip, "#%lld%s, %lld epochs", (long long)c->of->trial,
                   refit ? " refit" : "", (long long)c->of->spec.epochs);
    plot->trial = c->of->trial;
    if (c->n == 1)
        nas_plot_point(plot, c->x[0], c->y[0], 3, "trial", tip);
    else
        nas_plot_line(plot, c->x, c->y, c->n, style, tip);
}

static double loss_at(const curve *c, int point)
{
    return c->n > 0 ? c->y[point] : (double)NAN;
}

/* What the lines show, one row each. */
static nas_status line_table(const nas_report *r, const curves *c, int n_search,
                             nas_err *err)
{
    const int n = c->n_refits + n_search;
    const char **name = NAS_NEW(r->arena, const char *, n + 1);
    double *value = NAS_NEW(r->arena, double, 5 * (int64_t)n + 1);
    NAS_TRY_ALLOC(name, err);
    NAS_TRY_ALLOC(value, err);
    for (int i = 0; i < n; i++) {
        bool refit = i < c->n_refits;
        const curve *line = refit ? &c->refit[i] : &c->search[i - c->n_refits];
        name[i] = nas_arena_printf(r->arena, "#%lld%s", (long long)line->of->trial,
                                   refit ? " refit" : "");
        NAS_TRY_ALLOC(name[i], err);
        value[i] = (double)line->of->spec.epochs;
        value[n + i] = loss_at(line, 0);
        value[2 * n + i] = loss_at(line, line->n / 2);
        value[3 * n + i] = loss_at(line, line->n - (line->n > 0));
        value[4 * n + i] = refit ? (double)NAN : line->of->validation.value;
    }
    const nas_chart_column columns[] = {
        {.name = "network", .word = name},
        {.name = "epochs", .value = value},
        {.name = "loss, first epoch", .value = value + n},
        {.name = "halfway", .value = value + 2 * n},
        {.name = "last", .value = value + 3 * n},
        {.name = "validation", .value = value + 4 * n, .percent = r->metric->fraction}};
    nas_chart_table(r->out, "Learning curves", columns, 6, n);
    return NAS_OK;
}

static nas_status draw_all(const nas_report *r, const curves *c, nas_err *err)
{
    nas_axis x = {.label = "epoch", .low = 0, .high = 1, .whole = true};
    nas_axis y = {.label = "training loss", .low = 1, .high = 0};
    int64_t lines = c->n < LINES ? c->n : LINES;
    for (int64_t i = 0; i < c->n; i++)
        include(&c->search[i], &x, &y);
    for (int i = 0; i < c->n_refits; i++)
        include(&c->refit[i], &x, &y);
    if (y.low > y.high)
        return NAS_OK;
    nas_axis_pad(&y);
    nas_plot plot = nas_plot_begin(
        r->out, 820, 320, x, y, "Training loss by epoch",
        "Training loss after each epoch: the best networks of the longest rung as lines, "
        "nine tenths of the others as a band, and the delivered networks' refits.");
    NAS_TRY(draw_band(r, c, &plot, err));
    for (int64_t i = 0; i < lines; i++)
        draw(&c->search[i], &plot, "curve");
    for (int i = 0; i < c->n_refits; i++)
        draw(&c->refit[i], &plot, "curve final");
    nas_plot_end(&plot);
    nas_text_printf(r->out,
                    "<p class=\"legend\"><span class=\"dot final\"></span>refit of a "
                    "delivered network <span class=\"dot\"></span>the %lld best of the "
                    "longest rung%s</p>\n",
                    (long long)lines, c->n - LINES >= 5 ? "; band: the others" : "");
    return line_table(r, c, (int)lines, err);
}

nas_status nas_report_curves(const nas_report *r, nas_err *err)
{
    curves c = {0};
    NAS_TRY(collect(r, &c, err));
    return c.n + c.n_refits > 0 ? draw_all(r, &c, err) : NAS_OK;
}
