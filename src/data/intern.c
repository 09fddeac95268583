#include "data/intern.h"

#include "nasmith/rng.h"

#include <string.h>

enum { FIRST_CAPACITY = 64 };

/* The slot of a text: its own, or the free one where it belongs. */
static int64_t *find_slot(const nas_intern *table, const char *text)
{
    uint64_t mask = (uint64_t)table->capacity * 2 - 1;
    uint64_t at = nas_hash64(text, strlen(text), 0) & mask;
    while (table->slots[at] != 0 && strcmp(table->texts[table->slots[at] - 1], text) != 0)
        at = (at + 1) & mask;
    return &table->slots[at];
}

static nas_status grow(nas_intern *table, nas_err *err)
{
    int64_t capacity = table->capacity == 0 ? FIRST_CAPACITY : table->capacity * 2;
    char **texts = NAS_NEW(table->arena, char *, capacity);
    int64_t *slots = NAS_NEW(table->arena, int64_t, capacity * 2);
    NAS_TRY_ALLOC(texts, err);
    NAS_TRY_ALLOC(slots, err);
    if (table->n > 0)
        memcpy(texts, table->texts, (size_t)table->n * sizeof *texts);
    table->texts = texts;
    table->slots = slots;
    table->capacity = capacity;
    for (int64_t i = 0; i < table->n; i++)
        *find_slot(table, texts[i]) = i + 1;
    return NAS_OK;
}

nas_status nas_intern_add(nas_intern *table, const char *text, int64_t *out, nas_err *err)
{
    if (table->n == table->capacity)
        NAS_TRY(grow(table, err));
    int64_t *slot = find_slot(table, text);
    if (*slot == 0) {
        char *copy = nas_arena_strdup(table->arena, text);
        NAS_TRY_ALLOC(copy, err);
        table->texts[table->n++] = copy;
        *slot = table->n;
    }
    *out = *slot - 1;
    return NAS_OK;
}

int64_t nas_intern_find(const nas_intern *table, const char *text)
{
    return table->n == 0 ? -1 : *find_slot(table, text) - 1;
}
