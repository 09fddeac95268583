/* What the strategies of this folder share. */
#ifndef NASMITH_STRATEGY_STRATEGIES_H
#define NASMITH_STRATEGY_STRATEGIES_H

#include "nasmith/strategy.h"

extern const nas_strategy_ops nas_strategy_random;
extern const nas_strategy_ops nas_strategy_bananas;
extern const nas_strategy_ops nas_strategy_bohb;
extern const nas_strategy_ops nas_strategy_darts;
extern const nas_strategy_ops nas_strategy_dehb;
extern const nas_strategy_ops nas_strategy_evolution;
extern const nas_strategy_ops nas_strategy_gdas;
extern const nas_strategy_ops nas_strategy_gp;
extern const nas_strategy_ops nas_strategy_grid;
extern const nas_strategy_ops nas_strategy_local;
extern const nas_strategy_ops nas_strategy_nsga2;
extern const nas_strategy_ops nas_strategy_reinforce;
extern const nas_strategy_ops nas_strategy_rsps;
extern const nas_strategy_ops nas_strategy_spos;
extern const nas_strategy_ops nas_strategy_tpe;

/* A new network of the strongest alternatives of a trained mixture; once that is known,
 * ones around it: strengths with more and more noise. Uniform without a mixture. */
nas_status nas_mixture_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err);

/* What every strategy with a supernet lets the user say. */
#define SUPERNET_EPOCHS_PARAM                                                            \
    {                                                                                    \
        .name = NAS_SUPERNET_EPOCHS, .type = NAS_PARAM_INT, .unit = "epochs",            \
        .default_text = "0", .min = 0, .max = 100000,                                    \
        .doc = "Of the supernet; 0: with a clock as many as its share of the time "      \
               "allows, without one five times those of a network.",                     \
        .source = "own choice",                                                          \
    }
#define SUPERNET_SHARE_PARAM                                                             \
    {                                                                                    \
        .name = NAS_SUPERNET_SHARE, .type = NAS_PARAM_REAL, .default_text = "0.4",       \
        .min = 0.05, .max = 0.9,                                                         \
        .doc = "Of the time for searching, that the supernet may train.",                \
        .source = "own choice",                                                          \
    }

/* A strategy whose supernet is a mixture keeps nothing itself. */
nas_status nas_mixture_init(void *state, const nas_value *values, nas_err *err);

/* Numbers of a saved state: 8 bytes, little-endian, the same on every machine. */
void nas_state_put(nas_text *out, int64_t value);
void nas_state_put_real(nas_text *out, double value); /* its bits */

/* Trial ids that a strategy keeps, saved one after the other. Free `id`. */
typedef struct id_list {
    int64_t *id; /* [room], nas_heap_free */
    int64_t n, room;
} id_list;

nas_status nas_ids_add(id_list *ids, int64_t id, nas_err *err);
void nas_ids_put(nas_text *out, const id_list *ids);

/* What is left to read of a saved state. */
typedef struct state_reader {
    const unsigned char *bytes;
    size_t left;
} state_reader;

/* @return false when nothing is left */
bool nas_state_get(state_reader *reader, int64_t *out);
bool nas_state_get_real(state_reader *reader, double *out);
/* All that is left, in place of what the list holds. */
nas_status nas_ids_get(state_reader *reader, id_list *ids, nas_err *err);

#endif
