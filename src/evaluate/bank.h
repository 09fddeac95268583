/* How tensors of networks are known in a bank. */
#ifndef NASMITH_EVALUATE_BANK_H
#define NASMITH_EVALUATE_BANK_H

#include "nasmith/supernet.h"

/* What a tensor means, its extents aside: the name and operator of its node, how many
 * nodes before it have the same, its role. */
typedef struct nas_meaning {
    uint64_t node, ordinal;
} nas_meaning;

/* Of each node. @param out  [nas_graph_count(graph)]. Cost O(V^2) */
void nas_bank_meanings(const nas_graph *graph, nas_meaning *out);

/* Key of a tensor by its node's meaning, with or without its extents. */
uint64_t nas_bank_key(const nas_weight *weight, const nas_meaning *node, bool extents);

/* Whether networks share tensors of a role. */
bool nas_bank_shares(nas_weight_role role);

#endif
