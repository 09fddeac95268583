#include "schedule/schedulers.h"

#include <math.h>

bool nas_view_finished(const nas_history_trial *trial, int k)
{
    return trial->rungs > k && k >= trial->first_rung;
}

bool nas_view_promoted(const nas_history_trial *trial, int k)
{
    return nas_view_finished(trial, k) && trial->queued_rung > k;
}

bool nas_view_better(const nas_history_trial *a, const nas_history_trial *b, int k)
{
    if (a->score[k] != b->score[k])
        return a->score[k] > b->score[k];
    if (a->cost.macs != b->cost.macs)
        return a->cost.macs < b->cost.macs;
    return a->id < b->id;
}

double nas_view_seconds_left(const nas_schedule_view *view)
{
    return view->remaining_core_s / (view->workers > 0 ? view->workers : 1);
}

double nas_view_climb_seconds(const nas_schedule_view *view,
                              const nas_history_trial *trial, int from, int to)
{
    double seconds = 0;
    for (int k = from; k <= to; k++)
        seconds += nas_rung_seconds(view, &trial->cost, k);
    return seconds;
}

bool nas_view_may_start(const nas_schedule_view *view, int k)
{
    const nas_history *history = view->history;
    if (view->drain)
        return false;
    if (history->n == 0 || !isfinite(view->remaining_core_s))
        return true;
    double macs = 0;
    for (int64_t t = 0; t < history->n; t++)
        macs += (double)history->trials[t].cost.macs;
    nas_cost typical = {.macs = (int64_t)(macs / (double)history->n)};
    return nas_rung_seconds(view, &typical, k) <= nas_view_seconds_left(view);
}
