/* One number per trial out of scores at several rungs. */
#ifndef NASMITH_STRATEGY_MODEL_LEVEL_H
#define NASMITH_STRATEGY_MODEL_LEVEL_H

#include "nasmith/strategy.h"

/* The score of the highest rung of each trial, brought to the level of the lowest: minus
 * the mean gain of the trials that finished both of two neighbouring rungs. What a longer
 * training adds to every network says nothing about networks.
 * @param out  [history->n]; NaN for trials without a score */
void nas_model_level(const nas_history *history, double *out);

/* Scores to targets of a regression: -log(2 + (best - score) / (best - median)). Failures
 * far below the rest keep their order but lose their weight, and differences near the top
 * gain some. Free of the metric's scale. NaN stays NaN.
 * @param sorted  [n] scratch */
void nas_model_targets(double *scores, int64_t n, double *sorted);

#endif
