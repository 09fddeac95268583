/* Asynchronous successive halving, stopping form.
 *
 * L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht,
 * A. Talwalkar: A System for Massively Parallel Hyperparameter Tuning. MLSys 2020.
 * arXiv:1810.05934 (section 3.4, as in Ray Tune and Syne Tune)
 *
 * A network that ends a rung goes on at once if it is in the top share of those that
 * ended this rung before; otherwise it never does. The promoting form (asha) comes back
 * to it when others turn out worse.
 *
 * Deviations
 * 1. The share of each rung is that of the ladder. A rung is a training of its own.
 * 2. With fewer than 1 / share networks at a rung, all go on: the first ones reach the
 *    top, which the promoting form would not allow. */
#include "schedule/schedulers.h"

static double score(const nas_value *values, const nas_history_trial *trial, int rung)
{
    (void)values;
    return trial->score[rung];
}

static bool in_top(const nas_value *values, const nas_schedule_view *view, int64_t event)
{
    return nas_stopping_in_top(view, event, score, values);
}

static nas_next asha_stop_next(const nas_value *values, const nas_schedule_view *view)
{
    return nas_stopping_next(values, view, in_top);
}

static const nas_param asha_stop_params[] = {{0}};

const nas_scheduler_ops nas_scheduler_asha_stop = {
    .name = "asha-stop",
    .summary = "successive halving that decides at once: on with the top share, or never",
    .cite = "li2020asha",
    .params = asha_stop_params,
    .next = asha_stop_next,
};
