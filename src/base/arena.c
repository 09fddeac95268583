#include "nasmith/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif

#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
/* Under AddressSanitizer a poisoned gap follows every allocation, so that overruns inside
 * a block are seen as they are on the heap. */
#define POISON(ptr, bytes) ASAN_POISON_MEMORY_REGION(ptr, bytes)
#define UNPOISON(ptr, bytes) ASAN_UNPOISON_MEMORY_REGION(ptr, bytes)
enum { GAP = 16 };
#else
#define POISON(ptr, bytes) ((void)(ptr), (void)(bytes))
#define UNPOISON(ptr, bytes) ((void)(ptr), (void)(bytes))
enum { GAP = 0 };
#endif

enum { ALIGNMENT = 16, FIRST_BLOCK = 4096, LARGEST_STEP = 1 << 20 };

typedef struct block {
    struct block *next;
    size_t capacity; /* bytes of `memory` */
    size_t used;
    _Alignas(ALIGNMENT) unsigned char memory[];
} block;

struct nas_arena {
    block *first;
    block *current; /* blocks after it are empty; NULL before the first allocation */
    size_t handed_out;
};

static _Atomic int64_t fail_countdown;

void nas_alloc_fail_nth(int64_t nth)
{
    atomic_store(&fail_countdown, nth);
}

static bool must_fail(void)
{
    if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) <= 0)
        return false;
    return atomic_fetch_sub(&fail_countdown, 1) == 1;
}

/* count * size, at least 1; 0 when it overflows or comes near to it. */
static size_t product(size_t count, size_t size)
{
    size_t limit = SIZE_MAX / 4;
    if (size != 0 && count > limit / size)
        return 0;
    return count * size > 0 ? count * size : 1;
}

nas_arena *nas_arena_new(void)
{
    return must_fail() ? NULL : calloc(1, sizeof(nas_arena));
}

void nas_arena_free(nas_arena *arena)
{
    if (arena == NULL)
        return;
    for (block *b = arena->first; b != NULL;) {
        block *next = b->next;
        UNPOISON(b->memory, b->capacity);
        free(b);
        b = next;
    }
    free(arena);
}

void nas_arena_reset(nas_arena *arena)
{
    for (block *b = arena->first; b != NULL; b = b->next) {
        POISON(b->memory, b->capacity);
        b->used = 0;
    }
    arena->current = arena->first;
    arena->handed_out = 0;
}

/* Insert a block of at least `bytes` behind the current one. */
static block *add_block(nas_arena *arena, size_t bytes)
{
    size_t capacity = FIRST_BLOCK;
    if (arena->current != NULL) {
        capacity = arena->current->capacity * 2;
        if (capacity > LARGEST_STEP)
            capacity = LARGEST_STEP;
    }
    if (capacity < bytes)
        capacity = bytes;
    block *b = malloc(sizeof *b + capacity);
    if (b == NULL)
        return NULL;
    b->capacity = capacity;
    b->used = 0;
    POISON(b->memory, capacity);
    if (arena->current == NULL) {
        b->next = NULL;
        arena->first = b;
    } else {
        b->next = arena->current->next;
        arena->current->next = b;
    }
    arena->current = b;
    return b;
}

static block *block_with_room(nas_arena *arena, size_t bytes)
{
    for (block *b = arena->current; b != NULL; b = b->next) {
        arena->current = b;
        if (b->capacity - b->used >= bytes)
            return b;
    }
    return add_block(arena, bytes);
}

void *nas_arena_alloc(nas_arena *arena, size_t count, size_t size)
{
    size_t bytes = product(count, size);
    if (bytes == 0 || must_fail())
        return NULL;
    size_t rounded = (bytes + GAP + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    block *b = block_with_room(arena, rounded);
    if (b == NULL)
        return NULL;
    void *out = b->memory + b->used;
    b->used += rounded;
    arena->handed_out += bytes;
    UNPOISON(out, bytes);
    return memset(out, 0, bytes);
}

void *nas_arena_copy(nas_arena *arena, const void *data, size_t bytes)
{
    void *out = nas_arena_alloc(arena, bytes, 1);
    if (out != NULL && bytes > 0)
        memcpy(out, data, bytes);
    return out;
}

char *nas_arena_strdup(nas_arena *arena, const char *text)
{
    return nas_arena_copy(arena, text, strlen(text) + 1);
}

char *nas_arena_printf(nas_arena *arena, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (length < 0)
        return NULL;
    char *out = nas_arena_alloc(arena, (size_t)length + 1, 1);
    if (out == NULL)
        return NULL;
    va_start(args, fmt);
    (void)vsnprintf(out, (size_t)length + 1, fmt, args);
    va_end(args);
    return out;
}

size_t nas_arena_used(const nas_arena *arena)
{
    return arena->handed_out;
}

void *nas_heap_alloc(size_t count, size_t size)
{
    size_t bytes = product(count, size);
    return bytes == 0 || must_fail() ? NULL : calloc(1, bytes);
}

void *nas_heap_grow(void *ptr, size_t old_count, size_t new_count, size_t size)
{
    assert(ptr != NULL || old_count == 0);
    size_t bytes = product(new_count, size);
    if (bytes == 0 || must_fail())
        return NULL;
    unsigned char *out = realloc(ptr, bytes);
    if (out != NULL && new_count > old_count)
        memset(out + old_count * size, 0, (new_count - old_count) * size);
    return out;
}

void nas_heap_free(void *ptr)
{
    free(ptr);
}
