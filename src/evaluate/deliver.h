/* From a trained net to a model. */
#ifndef NASMITH_EVALUATE_DELIVER_H
#define NASMITH_EVALUATE_DELIVER_H

#include "nasmith/evaluate.h"

/* A model that stands alone: graph with front section and, for classes, a softmax at the
 * end; weights; names and units of the data.
 * @param graph    as trained, with its fitted front section
 * @param weights  [nas_graph_floats(graph)]
 * @param mean, deviation  of the targets; NULL for classification
 * @param out  Ownership: caller, nas_model_free
 * @return NAS_E_NOMEM */
nas_status nas_deliver(const nas_graph *graph, const float *weights,
                       const nas_dataset *data, const float *mean, const float *deviation,
                       nas_model **out, nas_err *err);

#endif
