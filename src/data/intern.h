/* Distinct strings and their numbers, in order of first appearance. */
#ifndef NASMITH_DATA_INTERN_H
#define NASMITH_DATA_INTERN_H

#include "nasmith/arena.h"
#include "nasmith/err.h"

/* Zero-initialise but for the arena, which owns all memory. */
typedef struct nas_intern {
    nas_arena *arena;
    char **texts; /* [n] */
    int64_t n, capacity;
    int64_t *slots; /* text index + 1, 0 = free; 2 * capacity slots, a power of two */
} nas_intern;

/* @param out  number of the text. Cost O(1) amortised. */
nas_status nas_intern_add(nas_intern *table, const char *text, int64_t *out,
                          nas_err *err);

/* @return number of the text, or -1. Cost O(1). */
int64_t nas_intern_find(const nas_intern *table, const char *text);

#endif
