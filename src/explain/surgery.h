/* Taking a network apart: its blocks, and copies without one or with a smaller one. */
#ifndef NASMITH_EXPLAIN_SURGERY_H
#define NASMITH_EXPLAIN_SURGERY_H

#include "nasmith/arena.h"
#include "nasmith/graph.h"

/* A run of nodes of one name with trained weights, entered at one place. */
typedef struct nas_block {
    int first, last; /* nodes */
    int input;       /* node before it */
    const char *name;
    bool removable; /* keeps the extents of its input, so that it can be bypassed */
} nas_block;

/* Blocks but the last one, which gives the outputs. @param out  [nodes of the graph]
 * @return their number */
int nas_blocks_of(const nas_graph *graph, nas_block *out);

typedef enum nas_cut { NAS_CUT_REMOVE, NAS_CUT_HALVE } nas_cut;

/* A copy without a block, or with half of the channels of its convolutions and units.
 * @param out  Ownership: caller; NULL when no valid network is left, or nothing changes
 * @return NAS_E_NOMEM */
nas_status nas_graph_cut(const nas_graph *graph, const nas_block *block, nas_cut cut,
                         nas_arena *arena, nas_graph **out, nas_err *err);

#endif
