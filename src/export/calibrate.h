/* What the tensors of a network hold on calibration rows. */
#ifndef NASMITH_EXPORT_CALIBRATE_H
#define NASMITH_EXPORT_CALIBRATE_H

#include "nasmith/arena.h"
#include "nasmith/model.h"
#include "nasmith/quantise.h"

enum { NAS_STATISTICS_BINS = 2048 };

/* One tensor. */
typedef struct nas_statistics {
    int64_t count;    /* elements of a sample */
    double low, high; /* of all values, 0 included */
    double *mean;     /* [count] in the graph's order */
    int64_t plane;    /* elements of a channel */
    double *most;     /* [count / plane] largest magnitude in each channel */
    int64_t *bins;    /* [NAS_STATISTICS_BINS] equal parts of [low, high] */
} nas_statistics;

/* @param out  [nodes] by the node of the step that computes a tensor (0: the raw sample);
 *             the rest stay zero. In the arena.
 * @return NAS_E_GRAPH when the model cannot be exported */
nas_status nas_statistics_collect(const nas_model *model, const float *rows, int64_t n,
                                  nas_arena *arena, nas_statistics **out, nas_err *err);

/* The range of a tensor that is worth its 256 values; contains 0. */
void nas_statistics_range(const nas_statistics *statistics, nas_range_method how,
                          double *low, double *high);

#endif
