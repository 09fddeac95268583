#include "evaluate/pace.h"

#include <math.h>

nas_pace nas_pace_new(int64_t full)
{
    return (nas_pace){.full = full, .total = full};
}

static double position_of(const nas_pace *pace, int64_t step)
{
    double walked = (double)(step - pace->from) / (double)(pace->total - pace->from);
    return pace->position + (1.0 - pace->position) * walked;
}

int64_t nas_pace_scheduled(const nas_pace *pace, int64_t step)
{
    if (pace->from == 0 && pace->total == pace->full)
        return step;
    int64_t scheduled = (int64_t)(position_of(pace, step) * (double)pace->full);
    return scheduled < pace->full ? scheduled : pace->full - 1;
}

void nas_pace_fit(nas_pace *pace, int64_t step, double seconds_per_step, double left_s)
{
    double room = left_s > 0.0 ? floor(left_s / seconds_per_step) : 0.0;
    double most = (double)(pace->full - step);
    int64_t total = room < most ? step + (int64_t)room : pace->full;
    if (total == pace->total)
        return;
    pace->position = step < pace->total ? position_of(pace, step) : 1.0;
    pace->from = step;
    pace->total = total;
}
