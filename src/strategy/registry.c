#include "strategy/strategies.h"

#include <string.h>

/* clang-format off */
static const nas_strategy_ops *const registry[] = {
    &nas_strategy_bananas,
    &nas_strategy_bohb,
    &nas_strategy_darts,
    &nas_strategy_dehb,
    &nas_strategy_evolution,
    &nas_strategy_gdas,
    &nas_strategy_gp,
    &nas_strategy_grid,
    &nas_strategy_local,
    &nas_strategy_nsga2,
    &nas_strategy_random,
    &nas_strategy_reinforce,
    &nas_strategy_rsps,
    &nas_strategy_spos,
    &nas_strategy_tpe,
};
/* clang-format on */

const nas_strategy_ops *nas_strategy_at(int index)
{
    int n = (int)(sizeof registry / sizeof registry[0]);
    return index >= 0 && index < n ? registry[index] : NULL;
}

const nas_strategy_ops *nas_strategy_find(const char *name)
{
    for (int i = 0; nas_strategy_at(i) != NULL; i++)
        if (strcmp(nas_strategy_at(i)->name, name) == 0)
            return nas_strategy_at(i);
    return NULL;
}
