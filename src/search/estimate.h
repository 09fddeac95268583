/* What uniform random search would have found. */
#ifndef NASMITH_SEARCH_ESTIMATE_H
#define NASMITH_SEARCH_ESTIMATE_H

#include "nasmith/strategy.h"

/* Expected score of the best of n uniform proposals, from those the history has, as if
 * they were all there is: E[max] = sum of s(i) ((i/m)^n - ((i-1)/m)^n) over the m of them
 * in increasing order. It cannot exceed the best of them, so it is a low estimate when n
 * is much larger than m. NaN with fewer than five. */
double nas_estimate_random(const nas_history *history, int64_t n);

#endif
