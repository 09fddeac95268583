/* Median stopping.
 *
 * D. Golovin, B. Solnik, S. Moitra, G. Kochanski, J. Karro, D. Sculley: Google Vizier: A
 * Service for Black-Box Optimization. KDD 2017. doi:10.1145/3097983.3098043 (section 3.2)
 *
 * A network is stopped after rung k if its best score so far is below the median of the
 * running means, over rungs up to k, of the networks that ended rung k before it.
 *
 * Deviations
 * 1. Reports come at the rungs only, and a rung is a training of its own.
 * 2. All networks that ended the rung count, not only those that ended the top one:
 *    those that were stopped would otherwise never be held against anybody.
 * 3. Of an even number the lower of the two in the middle is the median.
 *
 * Notation
 *   paper      here        range     default  source
 *   -          least       1..1000   5        Ray Tune, Optuna: 3 to 5 before it judges
 */
#include "schedule/schedulers.h"

enum { PARAM_LEAST };

static double running_mean(const nas_history_trial *trial, int rung)
{
    double sum = 0;
    for (int k = trial->first_rung; k <= rung; k++)
        sum += trial->score[k];
    return sum / (rung - trial->first_rung + 1);
}

static double best_so_far(const nas_history_trial *trial, int rung)
{
    double best = trial->score[trial->first_rung];
    for (int k = trial->first_rung + 1; k <= rung; k++)
        best = trial->score[k] > best ? trial->score[k] : best;
    return best;
}

static bool above_median(const nas_value *values, const nas_schedule_view *view,
                         int64_t event)
{
    const nas_history *history = view->history;
    const nas_history_event *own = &history->events[event];
    double best = best_so_far(&history->trials[own->trial], own->rung);
    int64_t others = 0, above = 0;
    for (int64_t e = 0; e < event; e++) {
        const nas_history_event *other = &history->events[e];
        if (other->rung != own->rung)
            continue;
        others++;
        above += running_mean(&history->trials[other->trial], own->rung) > best;
    }
    return others < values[PARAM_LEAST].i || 2 * above <= others;
}

static nas_next median_next(const nas_value *values, const nas_schedule_view *view)
{
    return nas_stopping_next(values, view, above_median);
}

static const nas_param median_params[] = {
    [PARAM_LEAST] = {.name = "least",
                     .type = NAS_PARAM_INT,
                     .unit = "networks",
                     .default_text = "5",
                     .min = 1,
                     .max = 1000,
                     .doc = "Networks at a rung before one is stopped there.",
                     .source = "Ray Tune, Optuna: 3 to 5"},
    {0},
};

const nas_scheduler_ops nas_scheduler_median = {
    .name = "median",
    .summary = "stops what is below the median of those before it at the same rung",
    .cite = "golovin2017vizier",
    .params = median_params,
    .next = median_next,
};
