/* Where everything of a compiled network lies in the workspace. */
#ifndef NASMITH_ENGINE_LAYOUT_H
#define NASMITH_ENGINE_LAYOUT_H

#include "engine/unit.h"
#include "nasmith/plan.h"

/* A pointer of the net and its offset in the lasting part, in floats. */
typedef struct nas_kept {
    float **at;
    int64_t offset;
} nas_kept;

/* The block: first what lasts (parameters, sums, stages), then the planned tensors, which
 * share memory when they are not alive together. */
typedef struct nas_memory_map {
    const nas_net *net;
    nas_kept *kept;
    int n_kept;
    int64_t floats; /* of the lasting part */
    nas_plan_buffer *buffers;
    nas_tensor **tensors; /* [n], one per buffer */
    int n;
    int64_t bytes; /* of the whole block */
} nas_memory_map;

/* Strides, margins and groups of all units. */
void nas_layout(nas_net *net);

/* Offsets of everything. @return NAS_E_NOMEM */
nas_status nas_layout_map(nas_net *net, nas_memory_map *map, nas_err *err);

/* Point everything into the block. @param base  64-byte aligned, map->bytes bytes */
void nas_layout_bind(nas_net *net, const nas_memory_map *map, float *base);

/* Floats of a row of `n` in scratch that holds the batch in rows: whole lines, an odd
 * number of them. */
static inline int64_t nas_row_floats(int64_t n)
{
    return (((n + NAS_LANES - 1) / NAS_LANES) | 1) * NAS_LANES;
}

#endif
