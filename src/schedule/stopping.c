/* The frame of schedulers that decide as soon as a rung ends: go on, or never. */
#include "schedule/schedulers.h"

#include <math.h>

/* A decision falls with the next question after its event. Events older than what the
 * workers can have finished meanwhile were decided: their trials were stopped. */
static int64_t first_undecided(const nas_schedule_view *view)
{
    int64_t workers = view->workers > 0 ? view->workers : 1;
    int64_t first = view->history->n_events - (2 * workers + 2);
    return first > 0 ? first : 0;
}

/* Whether the event is the latest of its trial, and there is something above. */
static bool waits(const nas_schedule_view *view, const nas_history_event *event)
{
    const nas_history_trial *trial = &view->history->trials[event->trial];
    return event->rung + 1 < view->ladder->n && trial->rungs == event->rung + 1 &&
           trial->queued_rung == event->rung && !trial->failed;
}

nas_next nas_stopping_next(const nas_value *values, const nas_schedule_view *view,
                           stopping_rule rule)
{
    const nas_history *history = view->history;
    double left = nas_view_seconds_left(view);
    for (int64_t e = first_undecided(view); e < history->n_events; e++) {
        const nas_history_event *event = &history->events[e];
        int above = event->rung + 1;
        if (waits(view, event) &&
            nas_view_climb_seconds(view, &history->trials[event->trial], above, above) <=
                left &&
            rule(values, view, e))
            return (nas_next){NAS_NEXT_PROMOTE, event->trial, above};
    }
    return (nas_next){.kind = nas_view_may_start(view, 0) ? NAS_NEXT_ASK : NAS_NEXT_WAIT};
}

bool nas_stopping_in_top(const nas_schedule_view *view, int64_t event,
                         double (*value)(const nas_value *values,
                                         const nas_history_trial *trial, int rung),
                         const nas_value *values)
{
    const nas_history *history = view->history;
    const nas_history_event *own = &history->events[event];
    double mine = value(values, &history->trials[own->trial], own->rung);
    int64_t n = 0, better = 0;
    for (int64_t e = 0; e <= event; e++) {
        const nas_history_event *other = &history->events[e];
        if (other->rung != own->rung)
            continue;
        n++;
        better += value(values, &history->trials[other->trial], own->rung) > mine;
    }
    /* The share is a rounded fraction: 3 * (1/3) must be 1. */
    double top = floor((double)n * view->ladder->rung[own->rung].keep + 1e-9);
    return top < 1 || (double)better < top;
}
