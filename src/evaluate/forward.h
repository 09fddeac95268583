/* Running a compiled net over rows, and what its outputs are compared with. */
#ifndef NASMITH_EVALUATE_FORWARD_H
#define NASMITH_EVALUATE_FORWARD_H

#include "nasmith/evaluate.h"

/* Outputs of rows in user units, by batches; the last one is masked.
 * @param mean, deviation  of the targets; NULL for classification
 * @param outputs  [n][data->n_outputs] */
void nas_forward_rows(nas_net *net, int64_t batch, const nas_dataset *data,
                      const int64_t *rows, int64_t n, const float *mean,
                      const float *deviation, float *outputs);

/* Room for outputs and the truth of rows, in the arena; outputs are the caller's to fill.
 * @param outputs  out, [n][data->n_outputs], also out->outputs */
nas_status nas_predictions_new(const nas_dataset *data, const int64_t *rows, int64_t n,
                               nas_arena *arena, nas_predictions *out, float **outputs,
                               nas_err *err);

/* @return whether all outputs are finite */
bool nas_predictions_finite(const nas_predictions *predictions);

#endif
