#include "explain/leak.h"

#include "nasmith/rng.h"

#include <stdlib.h>

static int by_hash(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static uint64_t hash_of(const nas_dataset *data, int64_t row)
{
    size_t bytes =
        (size_t)nas_shape_count(data->shape) * nas_element_bytes(data->element);
    return nas_hash64((const char *)data->inputs + (size_t)row * bytes, bytes, 0);
}

/* 64 bits: two different rows among a million share a hash once in 4e7 data sets. */
nas_status nas_leak_of(const nas_dataset *data, nas_arena *arena, nas_leak *out,
                       nas_err *err)
{
    uint64_t *train = NAS_NEW(arena, uint64_t, data->n_train);
    *out = (nas_leak){0};
    NAS_TRY_ALLOC(train, err);
    for (int64_t i = 0; i < data->n_train; i++)
        train[i] = hash_of(data, data->train[i]);
    qsort(train, (size_t)data->n_train, sizeof *train, by_hash);
    for (int64_t i = 0; i < data->n_validation; i++) {
        uint64_t hash = hash_of(data, data->validation[i]);
        out->repeated +=
            bsearch(&hash, train, (size_t)data->n_train, sizeof *train, by_hash) != NULL;
    }
    return NAS_OK;
}
