/* What the schedulers of this folder share. */
#ifndef NASMITH_SCHEDULE_SCHEDULERS_H
#define NASMITH_SCHEDULE_SCHEDULERS_H

#include "nasmith/schedule.h"

extern const nas_scheduler_ops nas_scheduler_asha;
extern const nas_scheduler_ops nas_scheduler_asha_stop;
extern const nas_scheduler_ops nas_scheduler_dehb;
extern const nas_scheduler_ops nas_scheduler_halving;
extern const nas_scheduler_ops nas_scheduler_hyperband;
extern const nas_scheduler_ops nas_scheduler_median;
extern const nas_scheduler_ops nas_scheduler_nondominated;
extern const nas_scheduler_ops nas_scheduler_none;
extern const nas_scheduler_ops nas_scheduler_curve;
extern const nas_scheduler_ops nas_scheduler_sotl;

/* ---- view.c ---- */

/* Finished at rung k; finished there and sent on. */
bool nas_view_finished(const nas_history_trial *trial, int k);
bool nas_view_promoted(const nas_history_trial *trial, int k);

/* Order within rung k: score, then fewer MACs, then age. */
bool nas_view_better(const nas_history_trial *a, const nas_history_trial *b, int k);

/* Wall-clock seconds until searching ends. */
double nas_view_seconds_left(const nas_schedule_view *view);

/* Seconds of the trainings for rungs from..to of a trial. */
double nas_view_climb_seconds(const nas_schedule_view *view,
                              const nas_history_trial *trial, int from, int to);

/* A new network makes sense while one like those before can still finish rung k. */
bool nas_view_may_start(const nas_schedule_view *view, int k);

/* ---- stopping.c: schedulers that decide when a rung ends ---- */

/* Whether the trial of event `event` goes on to the next rung; looks at nothing that
 * happened after it, so that the answer stays the same. */
typedef bool (*stopping_rule)(const nas_value *values, const nas_schedule_view *view,
                              int64_t event);

/* The oldest of the latest events whose trial may go on; else a new network. */
nas_next nas_stopping_next(const nas_value *values, const nas_schedule_view *view,
                           stopping_rule rule);

/* Whether the trial of `event` is in the share of its rung's trials that the ladder
 * keeps, by `value`, among those up to this event; with fewer than 1 / share, always. */
bool nas_stopping_in_top(const nas_schedule_view *view, int64_t event,
                         double (*value)(const nas_value *values,
                                         const nas_history_trial *trial, int rung),
                         const nas_value *values);

/* ---- curve.c ---- */

/* What a curve will say at `x`. */
typedef struct curve_forecast {
    double mean, spread; /* spread: of the fitted curves, and their misfit */
} curve_forecast;

/* Fit curves that level off to n >= 3 points with ascending x > 0. */
curve_forecast nas_curve_forecast(const double *x, const double *y, int n, double at);

#endif
