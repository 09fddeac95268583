/* How far a step's result may reach into the input it reads for the last time.
 *
 * A window step writes its output pixel by pixel. From the first pixel on, it may write
 * over input pixels that no later window reads: the output may lie a little below the
 * input and run into it. From the last pixel on, the same holds from above. */
#ifndef NASMITH_PLAN_OVERLAP_H
#define NASMITH_PLAN_OVERLAP_H

#include "nasmith/plan.h"

/* In bytes: the output may begin `below` or more bytes below the input's start (computed
 * forward), or `above` or more bytes above it (computed backward). */
typedef struct nas_overlap {
    int64_t below, above;
} nas_overlap;

/* Of a step with one input; a step that cannot overlap gets the sizes of both tensors.
 * @param element  bytes of one activation */
nas_overlap nas_step_overlap(const nas_graph *graph, const nas_step *step,
                             int64_t element);

/* Bytes that an input and an output of these sizes need together at least. */
int64_t nas_overlap_extent(nas_overlap overlap, int64_t in, int64_t out);

#endif
