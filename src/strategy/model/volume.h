/* Several objectives: how much a candidate may add to the area that is dominated, when
 * its costs are known and its score is predicted. */
#ifndef NASMITH_STRATEGY_MODEL_VOLUME_H
#define NASMITH_STRATEGY_MODEL_VOLUME_H

#include "nasmith/arena.h"
#include "nasmith/cost.h"
#include "nasmith/rng.h"

#include <stdint.h>

enum { VOLUME_MOST = 8 /* costs */ };

/* Costs are taken as logarithms, scaled to what was observed, and made one by the largest
 * of them times a weight (Chebyshev): drawn anew for each proposal, the weights lead all
 * over the front. */
typedef struct volume {
    int n_costs;
    nas_limit_kind kind[VOLUME_MOST];
    double weight[VOLUME_MOST], least[VOLUME_MOST], range[VOLUME_MOST];
    int64_t n;         /* steps */
    double *cost;      /* [n] rising */
    double *level;     /* [n] the best score at this cost or less, rising */
    int64_t *owner;    /* [n] index of the observation */
    double floor, end; /* score and cost where the area begins and ends */
} volume;

/* The steps of the observations.
 * @param objectives  bits, 1 << nas_limit_kind
 * @param costs, y    [n] of the observations; larger y is better
 * @return false when memory is out */
bool nas_volume_init(volume *v, unsigned objectives, const nas_cost *const *costs,
                     const double *y, int64_t n, nas_rng *rng, nas_arena *arena);

double nas_volume_cost(const volume *v, const nas_cost *cost);

/* Logarithm of the expected growth: the integral over costs from `cost` to the end of the
 * expected improvement on the step there. */
double nas_volume_log_growth(const volume *v, double cost, double mean, double deviation);

#endif
