/* Asynchronous successive halving.
 *
 * L. Li, K. Jamieson, A. Rostamizadeh, E. Gonina, J. Ben-tzur, M. Hardt, B. Recht,
 * A. Talwalkar: A System for Massively Parallel Hyperparameter Tuning. MLSys 2020.
 * arXiv:1810.05934
 *
 * Deviations
 * 1. Rungs and the share that is kept come from the ladder of the study, not from one
 *    eta; a rung is a training of its own, nothing is resumed.
 * 2. Of a rung of n finished trials at most floor(n * keep) are ever promoted. The paper
 *    also promotes trials that enter the top later, which can promote more.
 * 3. With a clock, a trial goes on only where it can pay: when one worker can take it to
 *    the top of the ladder in the time left, else (for lack of such trials) when it can
 *    finish at least the next rung.
 * 4. Draining, a rung that is complete passes on at least its best trial, so that a
 * search of a few trials has a network at the top.
 *
 * Notation
 *   paper          here                 source
 *   eta            1 / rung[k].keep     ladder
 *   rung k         rung[k]              ladder
 *   top_k          standing < quota
 *   candidates     finished at k, not promoted, not failed */
#include "schedule/schedulers.h"

#include <math.h>

/* Whether something may still arrive at rung k from below. */
static bool is_complete(const nas_history *history, int k)
{
    for (int64_t t = 0; t < history->n; t++) {
        const nas_history_trial *trial = &history->trials[t];
        if (!trial->failed && trial->queued_rung >= trial->rungs && trial->rungs <= k)
            return false;
    }
    return true;
}

/* How many of rung k may be promoted in all. */
static int64_t quota(const nas_schedule_view *view, int k, int64_t n)
{
    /* The share is a rounded fraction: 3 * (1/3) must be 1. */
    int64_t top = (int64_t)floor((double)n * view->ladder->rung[k].keep + 1e-9);
    if (top == 0 && n > 0 && view->drain && is_complete(view->history, k))
        return 1;
    return top;
}

/* Place of trial `t` among the finished of rung k, 0 = best. */
static int64_t standing(const nas_history *history, int64_t t, int k)
{
    int64_t place = 0;
    for (int64_t i = 0; i < history->n; i++)
        if (i != t && nas_view_finished(&history->trials[i], k) &&
            nas_view_better(&history->trials[i], &history->trials[t], k))
            place++;
    return place;
}

/* The best candidate of rung k that is in the top `top` and can climb to rung `to` in the
 * time left. @return its index, or -1 */
static int64_t best_candidate(const nas_schedule_view *view, int k, int64_t top, int to)
{
    const nas_history *history = view->history;
    double left = nas_view_seconds_left(view);
    int64_t best = -1;
    for (int64_t t = 0; t < history->n; t++) {
        const nas_history_trial *trial = &history->trials[t];
        if (!nas_view_finished(trial, k) || nas_view_promoted(trial, k) ||
            trial->failed || nas_view_climb_seconds(view, trial, k + 1, to) > left)
            continue;
        if (best < 0 || nas_view_better(trial, &history->trials[best], k))
            best = t;
    }
    return best >= 0 && standing(history, best, k) < top ? best : -1;
}

/* @return index of the trial of rung k to promote, or -1 */
static int64_t promotable(const nas_schedule_view *view, int k)
{
    const nas_history *history = view->history;
    int64_t n = 0, n_promoted = 0;
    for (int64_t t = 0; t < history->n; t++) {
        n += nas_view_finished(&history->trials[t], k);
        n_promoted += nas_view_promoted(&history->trials[t], k);
    }
    int64_t top = quota(view, k, n);
    if (n_promoted >= top)
        return -1;
    int64_t best = best_candidate(view, k, top, view->ladder->n - 1);
    return best >= 0 ? best : best_candidate(view, k, top, k + 1);
}

/* get_job of the paper: promote from the top rung downwards, else grow the bottom rung.
 */
static nas_next asha_next(const nas_value *values, const nas_schedule_view *view)
{
    (void)values;
    for (int k = view->ladder->n - 2; k >= 0; k--) {
        int64_t t = promotable(view, k);
        if (t >= 0)
            return (nas_next){.kind = NAS_NEXT_PROMOTE, .trial = t, .rung = k + 1};
    }
    return (nas_next){.kind = nas_view_may_start(view, 0) ? NAS_NEXT_ASK : NAS_NEXT_WAIT};
}

static const nas_param asha_params[] = {{0}};

const nas_scheduler_ops nas_scheduler_asha = {
    .name = "asha",
    .summary = "asynchronous successive halving: only the best go on to longer training",
    .cite = "li2020asha",
    .params = asha_params,
    .next = asha_next,
};
