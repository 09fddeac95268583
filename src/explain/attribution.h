/* Which parts of its input a network's answer hangs on. */
#ifndef NASMITH_EXPLAIN_ATTRIBUTION_H
#define NASMITH_EXPLAIN_ATTRIBUTION_H

#include "explain/subject.h"

enum { NAS_ATTRIBUTION_EXAMPLES = 6 };

/* Maps over the plane of an image, or over the time of a series. Values: how much the
 * probability of the answer falls when a patch around the place is covered with the
 * channels' means (regression: how far the first target's answer moves). */
typedef struct nas_occlusion {
    int64_t height, width; /* of the maps */
    int64_t patch, rows;   /* side of a patch; rows the mean is over */
    double *map;           /* [height][width], mean */
    int64_t example[NAS_ATTRIBUTION_EXAMPLES]; /* rows, the first ones */
    double *example_map[NAS_ATTRIBUTION_EXAMPLES];
    int n_examples;
    double
        *channel; /* [C] of series and colour images: a whole channel covered; or NULL */
    double *channel_deviation; /* standard error over rows */
} nas_occlusion;

/* @return NAS_E_NOMEM. Cost: about a second.
 * Ref: zeiler2014 */
nas_status nas_occlusion_of(const nas_subject *subject, nas_occlusion *out, nas_err *err);

/* How much each place moves the answer on the way from the mean input to the row: the
 * log-probability of the answer (regression: the first target), summed over channels. */
typedef struct nas_gradients {
    int64_t height, width, rows;
    double *map; /* [height][width], mean over rows */
    double gap;  /* mean |sum of a row's map - change of the answer|, 0 = exact */
} nas_gradients;

/* @return NAS_E_NOMEM. Cost: about a second.
 * Ref: sundararajan2017 */
nas_status nas_gradients_of(const nas_subject *subject, nas_gradients *out, nas_err *err);

/* A copy of a network as it answers: a norm becomes a depthwise 1x1 convolution with the
 * same scale and shift, dropout is gone. Trained and running passes are then equal.
 * @param weights  of the network; @param frozen_weights  out, in the arena
 * @param out      Ownership: caller, nas_graph_free */
nas_status nas_graph_frozen(const nas_graph *graph, const float *weights,
                            nas_arena *arena, nas_graph **out, float **frozen_weights,
                            nas_err *err);

/* A column of a table. */
typedef struct nas_column_effect {
    int64_t column;
    double loss, deviation;    /* the metric's loss when the column is shuffled, >= 0 is
                                  worse; spread over repeats */
    int points;                /* of the accumulated local effects, 0 = none */
    double at[11], effect[11]; /* column value; change of the answer, mean 0 */
} nas_column_effect;

/* Permutation importance of every column, and accumulated local effects of the six most
 * important ones on the first target, or on the probability of class `of_class`.
 * @param out  [C], most important first, in the subject's arena
 * Ref: breiman2001, apley2020 */
nas_status nas_column_effects_of(const nas_subject *subject, int64_t of_class,
                                 nas_rng rng, nas_column_effect **out, nas_err *err);

#endif
