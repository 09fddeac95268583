/* Early stopping by extrapolating learning curves.
 *
 * T. Domhan, J. T. Springenberg, F. Hutter: Speeding up Automatic Hyperparameter
 * Optimization of Deep Neural Networks by Extrapolation of Learning Curves. IJCAI 2015.
 *
 * An ensemble of curves that level off is fitted to the rungs of a network; it goes on
 * unless even the hopeful end of what they say for the top is below the best there.
 *
 * Deviations
 * 1. Four families y = c - a * phi(x; theta), fitted by least squares and weighted by
 *    their misfit; the paper samples eleven by MCMC. c and a follow from theta in closed
 *    form, so a fit is a search in one dimension.
 * 2. Points are the rungs. With fewer than three, or nothing at the top yet, the top
 *    share goes on, as in the stopping form of ASHA.
 *
 * Notation
 *   paper        here     range         default  source
 *   pow3         POWER    x^-theta
 *   exp3         EXP      e^(-theta x), x as a share of the last point
 *   ilog2        LOG      1 / log(x + e)
 *   MMF, delta 1 HILL     1 / (1 + theta x), x as a share of the last point
 *   -            margin   0..10         1        spreads above the mean: hopeful end */
#include "schedule/schedulers.h"

#include <math.h>

enum { POWER, EXP, LOG, HILL, FAMILIES };
enum { PARAM_MARGIN };
enum { GRID = 25, GOLDEN_STEPS = 30, LEAST_POINTS = 3 };

/* Bounds of log theta. */
static const double LOWEST = -4.6, HIGHEST = 3.0;

typedef struct points {
    const double *x, *y;
    int n;
} points;

/* c and a of a family at theta, and how well they fit. */
typedef struct fit {
    double c, a, squares;
} fit;

static double phi(int family, double theta, double x, double last)
{
    switch (family) {
    case POWER:
        return pow(x, -theta);
    case EXP:
        return exp(-theta * x / last);
    case HILL:
        return 1 / (1 + theta * x / last);
    case LOG:
    default:
        return 1 / log(x + 2.718281828459045);
    }
}

/* Least squares of y on phi. */
static fit solve(const points *p, int family, double theta)
{
    double last = p->x[p->n - 1], mean = 0, level = 0, cross = 0, variance = 0;
    for (int i = 0; i < p->n; i++) {
        mean += phi(family, theta, p->x[i], last) / p->n;
        level += p->y[i] / p->n;
    }
    for (int i = 0; i < p->n; i++) {
        double f = phi(family, theta, p->x[i], last) - mean;
        cross += f * (p->y[i] - level);
        variance += f * f;
    }
    double slope = variance > 0 ? cross / variance : 0;
    fit out = {.c = level - slope * mean, .a = -slope};
    for (int i = 0; i < p->n; i++) {
        double miss = out.c - out.a * phi(family, theta, p->x[i], last) - p->y[i];
        out.squares += miss * miss;
    }
    return out;
}

static double misfit(const points *p, int family, double log_theta)
{
    return solve(p, family, exp(log_theta)).squares;
}

/* The theta that fits best: a grid, then golden sections around its best place. */
static double best_theta(const points *p, int family)
{
    const double golden = 0.6180339887498949, step = (HIGHEST - LOWEST) / (GRID - 1);
    double best = LOWEST;
    for (int i = 1; i < GRID; i++)
        if (misfit(p, family, LOWEST + i * step) < misfit(p, family, best))
            best = LOWEST + i * step;
    double low = best - step, high = best + step;
    for (int i = 0; i < GOLDEN_STEPS; i++) {
        double a = high - golden * (high - low), b = low + golden * (high - low);
        if (misfit(p, family, a) < misfit(p, family, b))
            high = b;
        else
            low = a;
    }
    return exp((low + high) / 2);
}

curve_forecast nas_curve_forecast(const double *x, const double *y, int n, double at)
{
    points p = {x, y, n};
    double says[FAMILIES], weight[FAMILIES], total = 0, misfits = 0, variance = 0;
    curve_forecast out = {0};
    for (int f = 0; f < FAMILIES; f++) {
        double theta = best_theta(&p, f);
        fit found = solve(&p, f, theta);
        double error = found.squares / n;
        says[f] = found.c - found.a * phi(f, theta, at, x[n - 1]);
        weight[f] = 1 / (error + 1e-10);
        total += weight[f];
        out.mean += weight[f] * says[f];
        misfits += weight[f] * error;
    }
    out.mean /= total;
    for (int f = 0; f < FAMILIES; f++)
        variance += weight[f] / total * (says[f] - out.mean) * (says[f] - out.mean);
    out.spread = sqrt(variance + misfits / total);
    return out;
}

/* ---- the scheduler ---- */

static double score(const nas_value *values, const nas_history_trial *trial, int rung)
{
    (void)values;
    return trial->score[rung];
}

/* Best score at the top among the events before. @return NaN when there is none */
static double best_at_top(const nas_schedule_view *view, int64_t event)
{
    int top = view->ladder->n - 1;
    double best = (double)NAN;
    for (int64_t e = 0; e < event; e++) {
        const nas_history_event *other = &view->history->events[e];
        double value = view->history->trials[other->trial].score[top];
        if (other->rung == top && !(value <= best))
            best = value;
    }
    return best;
}

static double rung_place(const nas_ladder *ladder, int rung)
{
    return ladder->rung[rung].fraction * (double)ladder->rung[rung].epochs;
}

static bool may_win(const nas_value *values, const nas_schedule_view *view, int64_t event)
{
    const nas_history_event *own = &view->history->events[event];
    const nas_history_trial *trial = &view->history->trials[own->trial];
    int n = own->rung - trial->first_rung + 1, top = view->ladder->n - 1;
    double best = best_at_top(view, event), x[NAS_MAX_RUNGS];
    if (n < LEAST_POINTS || isnan(best))
        return nas_stopping_in_top(view, event, score, values);
    for (int i = 0; i < n; i++)
        x[i] = rung_place(view->ladder, trial->first_rung + i);
    curve_forecast forecast = nas_curve_forecast(x, &trial->score[trial->first_rung], n,
                                                 rung_place(view->ladder, top));
    return forecast.mean + values[PARAM_MARGIN].f * forecast.spread >= best;
}

static nas_next curve_next(const nas_value *values, const nas_schedule_view *view)
{
    return nas_stopping_next(values, view, may_win);
}

static const nas_param curve_params[] = {
    [PARAM_MARGIN] = {.name = "margin",
                      .type = NAS_PARAM_REAL,
                      .unit = "spreads",
                      .default_text = "1",
                      .max = 10,
                      .doc = "How far above the forecast a network may still end."},
    {0},
};

const nas_scheduler_ops nas_scheduler_curve = {
    .name = "curve",
    .summary = "stops what its extrapolated learning curve will not bring to the best",
    .cite = "domhan2015speeding",
    .params = curve_params,
    .next = curve_next,
};
