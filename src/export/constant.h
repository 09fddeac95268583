/* What is known of each channel of a trained network, whatever its input. */
#ifndef NASMITH_EXPORT_CONSTANT_H
#define NASMITH_EXPORT_CONSTANT_H

#include "nasmith/model.h"

/* One channel of a node's output, over all its pixels. */
typedef struct nas_channel {
    bool known; /* all pixels have `value` */
    double value;
    double low, high; /* bounds with room for rounding; perhaps infinite */
} nas_channel;

typedef struct nas_facts {
    const nas_model *model;
    int64_t *first;       /* [nodes + 1] of a node's channels among all */
    nas_channel *channel; /* [first[nodes]] */
} nas_facts;

/* Whether a window reads zeros beside its input. */
bool nas_window_is_padded(const nas_node *node);

/* Weights of a role, or NULL where the node has none. */
const float *nas_facts_weights(const nas_facts *facts, int node, nas_weight_role role);

/* @param arena  owns what *out holds
 * @return NAS_E_NOMEM */
nas_status nas_facts_find(const nas_model *model, nas_arena *arena, nas_facts *out,
                          nas_err *err);

#endif
