/* What the strategies of this folder share. */
#ifndef NASMITH_STRATEGY_STRATEGIES_H
#define NASMITH_STRATEGY_STRATEGIES_H

#include "nasmith/strategy.h"

extern const nas_strategy_ops nas_strategy_random;
extern const nas_strategy_ops nas_strategy_bohb;
extern const nas_strategy_ops nas_strategy_dehb;
extern const nas_strategy_ops nas_strategy_evolution;
extern const nas_strategy_ops nas_strategy_gp;
extern const nas_strategy_ops nas_strategy_grid;
extern const nas_strategy_ops nas_strategy_local;
extern const nas_strategy_ops nas_strategy_nsga2;
extern const nas_strategy_ops nas_strategy_reinforce;
extern const nas_strategy_ops nas_strategy_tpe;

/* Numbers of a saved state: 8 bytes, little-endian, the same on every machine. */
void nas_state_put(nas_text *out, int64_t value);
void nas_state_put_real(nas_text *out, double value); /* its bits */

/* What is left to read of a saved state. */
typedef struct state_reader {
    const unsigned char *bytes;
    size_t left;
} state_reader;

/* @return false when nothing is left */
bool nas_state_get(state_reader *reader, int64_t *out);
bool nas_state_get_real(state_reader *reader, double *out);

#endif
