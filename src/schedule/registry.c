#include "schedule/schedulers.h"

#include <string.h>

static const nas_scheduler_ops *const registry[] = {
    &nas_scheduler_asha,   &nas_scheduler_asha_stop,    &nas_scheduler_curve,
    &nas_scheduler_dehb,   &nas_scheduler_halving,      &nas_scheduler_hyperband,
    &nas_scheduler_median, &nas_scheduler_nondominated, &nas_scheduler_none,
    &nas_scheduler_sotl,
};

const nas_scheduler_ops *nas_scheduler_at(int index)
{
    int n = (int)(sizeof registry / sizeof registry[0]);
    return index >= 0 && index < n ? registry[index] : NULL;
}

const nas_scheduler_ops *nas_scheduler_find(const char *name)
{
    for (int i = 0; nas_scheduler_at(i) != NULL; i++)
        if (strcmp(nas_scheduler_at(i)->name, name) == 0)
            return nas_scheduler_at(i);
    return NULL;
}
