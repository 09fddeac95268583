/* Non-dominated early stopping, for several objectives.
 *
 * R. Schmucker, M. Donini, M. B. Zafar, D. Salinas, C. Archambeau: Multi-objective
 * Asynchronous Successive Halving. 2021. arXiv:2106.12639
 *
 * A network goes on if it is in the top share of its rung, as in the stopping form of
 * ASHA, or if nobody who ended the rung before dominates it in (score, cost): a small
 * network that is worse than large ones is not stopped for being small.
 *
 * Deviations
 * 1. The paper ranks by non-dominated sorting and an epsilon-net and keeps a share; here
 *    the first front goes on whole, and the top share by score besides. The front of a
 *    rung grows slowly (about log n networks when objectives are independent).
 * 2. One cost, known before training, stands beside the score. */
#include "schedule/schedulers.h"

enum { PARAM_COST };

static double cost_of(const nas_value *values, const nas_history_trial *trial)
{
    return nas_limit_cost(&trial->cost,
                          (nas_limit_kind)(NAS_LIMIT_PARAMS + values[PARAM_COST].i));
}

static double score(const nas_value *values, const nas_history_trial *trial, int rung)
{
    (void)values;
    return trial->score[rung];
}

static bool dominates(const nas_value *values, const nas_history_trial *a,
                      const nas_history_trial *b, int rung)
{
    double x = cost_of(values, a), y = cost_of(values, b);
    return a->score[rung] >= b->score[rung] && x <= y &&
           (a->score[rung] > b->score[rung] || x < y);
}

static bool goes_on(const nas_value *values, const nas_schedule_view *view, int64_t event)
{
    const nas_history *history = view->history;
    const nas_history_event *own = &history->events[event];
    bool dominated = false;
    for (int64_t e = 0; e < event && !dominated; e++) {
        const nas_history_event *other = &history->events[e];
        dominated = other->rung == own->rung &&
                    dominates(values, &history->trials[other->trial],
                              &history->trials[own->trial], own->rung);
    }
    return !dominated || nas_stopping_in_top(view, event, score, values);
}

static nas_next nondominated_next(const nas_value *values, const nas_schedule_view *view)
{
    return nas_stopping_next(values, view, goes_on);
}

static const char *const costs[] = {"params", "macs", "ram", "flash", "latency", NULL};

static const nas_param nondominated_params[] = {
    [PARAM_COST] = {.name = "cost",
                    .type = NAS_PARAM_CHOICE,
                    .default_text = "macs",
                    .choices = costs,
                    .doc = "What is to be small beside a good score."},
    {0},
};

const nas_scheduler_ops nas_scheduler_nondominated = {
    .name = "nondominated",
    .summary = "stops only what another beats in score and in cost",
    .cite = "schmucker2021moasha",
    .params = nondominated_params,
    .next = nondominated_next,
};
