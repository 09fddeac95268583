/* Memory with a named lifetime: allocate often, free once. */
#ifndef NASMITH_ARENA_H
#define NASMITH_ARENA_H

#include <stddef.h>
#include <stdint.h>

/* An arena hands out zeroed memory, 16-byte aligned, and gives all of it back at once.
 * Not thread-safe: one arena belongs to one thread. */
typedef struct nas_arena nas_arena;

/* @return a new arena, or NULL when memory is out. Ownership: caller, nas_arena_free. */
nas_arena *nas_arena_new(void);

/* Free the arena and all memory it handed out. NULL is fine. */
void nas_arena_free(nas_arena *arena);

/* Forget all memory handed out but keep the blocks for reuse. */
void nas_arena_reset(nas_arena *arena);

/* @param count  number of elements, >= 0
 * @param size   bytes per element
 * @return zeroed memory for count * size bytes (never NULL for a zero size), or NULL when
 *         memory is out or the product overflows. Ownership: the arena. */
void *nas_arena_alloc(nas_arena *arena, size_t count, size_t size);

/* @return a copy of `bytes` bytes at `data`, or NULL */
void *nas_arena_copy(nas_arena *arena, const void *data, size_t bytes);

/* @return a copy of a string, or NULL */
char *nas_arena_strdup(nas_arena *arena, const char *text);

/* printf into the arena. @return the string, or NULL */
char *nas_arena_printf(nas_arena *arena, const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

/* @return bytes handed out since new or reset */
size_t nas_arena_used(const nas_arena *arena);

/* Typed allocation: `nas_node *n = NAS_NEW(arena, nas_node, 12);` */
#define NAS_NEW(arena, type, count)                                                      \
    ((type *)nas_arena_alloc((arena), (size_t)(count), sizeof(type)))

/* Plain heap memory for objects that outlive any arena. Zeroed; overflow-checked; freed
 * with nas_heap_free. Both allocators fail at a chosen call in fault tests. */
void *nas_heap_alloc(size_t count, size_t size);
void *nas_heap_grow(void *ptr, size_t old_count, size_t new_count, size_t size);
void nas_heap_free(void *ptr);

/* Fault injection for tests: the `nth` allocation from now (1 = the next) returns NULL;
 * 0 switches it off. Process-wide. */
void nas_alloc_fail_nth(int64_t nth);

#endif
