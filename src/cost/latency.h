/* What measuring and predicting share. */
#ifndef NASMITH_COST_LATENCY_H
#define NASMITH_COST_LATENCY_H

#include "nasmith/cost.h"

/* @param units  out: what the step's time is proportional to
 * @return the class of a step, see nas_latency_table */
int nas_latency_class(const nas_graph *graph, const nas_step *step, int64_t *units);

#endif
