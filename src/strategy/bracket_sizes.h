/* How many networks the brackets of Hyperband have: the scheduler deals them out, the
 * strategy `dehb` keeps a population for each rung. */
#ifndef NASMITH_STRATEGY_BRACKET_SIZES_H
#define NASMITH_STRATEGY_BRACKET_SIZES_H

#include <stdint.h>

/* Networks that bracket s begins with: floor((s_max + 1) / (s + 1)) * eta^s. */
int64_t nas_bracket_networks(int s, int s_max, int64_t eta);

/* Networks of bracket s at its i-th rung, which is rung s_max - s + i; at least one. */
int64_t nas_bracket_rung_networks(int s, int i, int s_max, int64_t eta);

/* The most that any bracket has at this rung. */
int64_t nas_bracket_widest(int rung, int s_max, int64_t eta);

#endif
