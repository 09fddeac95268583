/* Dominance among trials. */
#ifndef NASMITH_SEARCH_FRONT_H
#define NASMITH_SEARCH_FRONT_H

#include "nasmith/strategy.h"

/* The costs that count as objectives: every limited or minimised one; MACs when there are
 * none. @return bits (1 << nas_limit_kind) */
unsigned nas_front_objectives(const nas_limits *limits, unsigned minimise);

/* Rungs that a trial must have finished to compete: the most any has. */
int nas_front_rungs(const nas_history *history);

/* @return whether trial index t competes and no other dominates it. Cost: O(n). */
bool nas_front_holds(const nas_history *history, const nas_limits *limits,
                     unsigned minimise, int64_t t);

#endif
