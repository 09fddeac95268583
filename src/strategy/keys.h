/* Keys met so far: open addressing; 0 is free (and no key in practice). */
#ifndef NASMITH_STRATEGY_KEYS_H
#define NASMITH_STRATEGY_KEYS_H

#include "nasmith/arena.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct key_set {
    uint64_t *slots;
    uint64_t mask;
} key_set;

/* Room for `n` keys. @return false when memory is out */
static inline bool nas_keys_new(key_set *set, int64_t n, nas_arena *arena)
{
    set->mask = 1;
    while (set->mask < (uint64_t)n * 2)
        set->mask = set->mask * 2 + 1;
    set->slots = NAS_NEW(arena, uint64_t, set->mask + 1);
    return set->slots != NULL;
}

/* @return whether it was new */
static inline bool nas_keys_enter(key_set *set, uint64_t key)
{
    uint64_t slot = key & set->mask;
    while (set->slots[slot] != 0 && set->slots[slot] != key)
        slot = (slot + 1) & set->mask;
    bool new = set->slots[slot] == 0;
    set->slots[slot] = key;
    return new;
}

#endif
