/* No early stopping: every network is trained at the top of the ladder at once. */
#include "schedule/schedulers.h"

static nas_next none_next(const nas_value *values, const nas_schedule_view *view)
{
    (void)values;
    return (nas_next){.kind = view->drain ? NAS_NEXT_WAIT : NAS_NEXT_ASK,
                      .rung = view->ladder->n - 1};
}

static const nas_param none_params[] = {{0}};

const nas_scheduler_ops nas_scheduler_none = {
    .name = "none",
    .summary = "every network gets the full training; for measuring what the others save",
    .params = none_params,
    .next = none_next,
};
