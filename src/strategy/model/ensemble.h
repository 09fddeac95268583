/* An ensemble of small networks that predict one number, trained with our own engine. */
#ifndef NASMITH_STRATEGY_MODEL_ENSEMBLE_H
#define NASMITH_STRATEGY_MODEL_ENSEMBLE_H

#include "nasmith/err.h"
#include "nasmith/rng.h"

#include <stdint.h>

typedef struct ensemble_shape {
    int inputs, members;
    int layers, width; /* hidden, ReLU */
    int64_t epochs;    /* each member, over the same rows in an order of its own */
} ensemble_shape;

/* Rows and what is known of them; rows to predict. */
typedef struct ensemble_task {
    const float *x; /* [n][inputs] */
    const float *y; /* [n]; errors are counted as they are beyond 1, squared below */
    int64_t n;
    const float *asked; /* [n_asked][inputs] */
    int64_t n_asked;
} ensemble_task;

/* Train all members from scratch and predict.
 * @param mean, deviation  out: [n_asked] over the members
 * @return NAS_E_NOMEM. A function of its arguments.
 * Cost: members * epochs * n / 32 training steps */
nas_status nas_ensemble_predict(const ensemble_shape *shape, const ensemble_task *task,
                                nas_rng rng, double *mean, double *deviation,
                                nas_err *err);

#endif
