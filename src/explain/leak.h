/* Rows that stand in two parts of a data set. */
#ifndef NASMITH_EXPLAIN_LEAK_H
#define NASMITH_EXPLAIN_LEAK_H

#include "nasmith/arena.h"
#include "nasmith/data.h"

typedef struct nas_leak {
    int64_t
        repeated; /* validation rows whose inputs equal a training row's, bit by bit */
} nas_leak;

/* @return NAS_E_NOMEM. Cost: O(bytes + n log n). */
nas_status nas_leak_of(const nas_dataset *data, nas_arena *arena, nas_leak *out,
                       nas_err *err);

#endif
