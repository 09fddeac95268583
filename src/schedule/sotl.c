/* Early stopping by the sum of the last values of the learning curve (SoTL-E).
 *
 * B. Ru, C. Lyle, L. Schut, M. Fil, M. van der Wilk, Y. Gal: Speedy Performance
 * Estimation for Neural Architecture Search. NeurIPS 2021. arXiv:2006.04492
 *
 * The mean over the last E points of its curve stands for a network; the top share of a
 * rung goes on at once, as in the stopping form of ASHA.
 *
 * Deviations
 * 1. The points are the validation scores of the rungs, which is what the history holds;
 *    the paper sums training losses of epochs.
 *
 * Notation
 *   paper   here     range   default  source
 *   E       window   1..8    2        1 is plain asha-stop; beyond 2 early rungs weigh in
 */
#include "schedule/schedulers.h"

enum { PARAM_WINDOW };

static double late_mean(const nas_value *values, const nas_history_trial *trial, int rung)
{
    int from = rung - (int)values[PARAM_WINDOW].i + 1;
    double sum = 0;
    if (from < trial->first_rung)
        from = trial->first_rung;
    for (int k = from; k <= rung; k++)
        sum += trial->score[k];
    return sum / (rung - from + 1);
}

static bool in_top(const nas_value *values, const nas_schedule_view *view, int64_t event)
{
    return nas_stopping_in_top(view, event, late_mean, values);
}

static nas_next sotl_next(const nas_value *values, const nas_schedule_view *view)
{
    return nas_stopping_next(values, view, in_top);
}

static const nas_param sotl_params[] = {
    [PARAM_WINDOW] = {.name = "window",
                      .type = NAS_PARAM_INT,
                      .unit = "rungs",
                      .default_text = "2",
                      .min = 1,
                      .max = NAS_MAX_RUNGS,
                      .doc = "Latest points of a curve that count."},
    {0},
};

const nas_scheduler_ops nas_scheduler_sotl = {
    .name = "sotl",
    .summary = "on with the top share by the mean of the curve's last points",
    .cite = "ru2021speedy",
    .params = sotl_params,
    .next = sotl_next,
};
