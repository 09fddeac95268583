/* What the strategies of this folder share. */
#ifndef NASMITH_STRATEGY_STRATEGIES_H
#define NASMITH_STRATEGY_STRATEGIES_H

#include "nasmith/strategy.h"

extern const nas_strategy_ops nas_strategy_random;
extern const nas_strategy_ops nas_strategy_bohb;
extern const nas_strategy_ops nas_strategy_evolution;
extern const nas_strategy_ops nas_strategy_gp;
extern const nas_strategy_ops nas_strategy_grid;
extern const nas_strategy_ops nas_strategy_local;

/* Numbers of a saved state: 8 bytes, little-endian, the same on every machine. */
void nas_state_put(nas_text *out, int64_t value);

/* What is left to read of a saved state. */
typedef struct state_reader {
    const unsigned char *bytes;
    size_t left;
} state_reader;

/* @return false when nothing is left */
bool nas_state_get(state_reader *reader, int64_t *out);

#endif
