/* What every exported form adds after the graph's last node, so that the outputs are
 * probabilities or targets in the user's units. */
#ifndef NASMITH_EXPORT_HEAD_H
#define NASMITH_EXPORT_HEAD_H

#include "nasmith/model.h"

/* @return true when the classifier's graph ends in logits */
bool nas_head_has_softmax(const nas_model *model);

/* @return true when outputs are y * target_deviation + target_mean */
bool nas_head_has_scale(const nas_model *model);

/* A model that can be exported: as many outputs as its graph, all weights finite.
 * @return NAS_E_GRAPH, naming what does not fit */
nas_status nas_head_check(const nas_model *model, nas_err *err);

#endif
