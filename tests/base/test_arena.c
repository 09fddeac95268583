#include "check.h"

#include "nasmith/arena.h"

#include <string.h>

static void test_memory_is_zeroed_aligned_and_disjoint(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    assert_non_null(arena);
    unsigned char *seen[300];
    for (size_t i = 0; i < 300; i++) {
        size_t bytes = 1 + i * 37;
        unsigned char *p = nas_arena_alloc(arena, bytes, 1);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t k = 0; k < bytes; k++)
            assert_int_equal(p[k], 0);
        memset(p, (int)(i % 251) + 1, bytes);
        seen[i] = p;
    }
    for (size_t i = 0; i < 300; i++) {
        assert_int_equal(seen[i][0], i % 251 + 1);
        assert_int_equal(seen[i][i * 37], i % 251 + 1);
    }
    nas_arena_free(arena);
}

static void test_reset_reuses_blocks_and_zeroes_again(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    char *first = nas_arena_alloc(arena, 5000, 3);
    memset(first, 'x', 15000);
    assert_non_null(nas_arena_alloc(arena, 3000000, 1));
    assert_int_equal(nas_arena_used(arena), 3015000);
    nas_arena_reset(arena);
    assert_int_equal(nas_arena_used(arena), 0);
    nas_alloc_fail_nth(0);
    char *again = nas_arena_alloc(arena, 5000, 3);
    assert_ptr_equal(again, first);
    for (int i = 0; i < 15000; i++)
        assert_int_equal(again[i], 0);
    nas_arena_free(arena);
    nas_arena_free(NULL);
}

static void test_zero_and_absurd_sizes(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    assert_non_null(nas_arena_alloc(arena, 0, 8));
    assert_non_null(nas_arena_copy(arena, NULL, 0));
    assert_null(nas_arena_alloc(arena, SIZE_MAX / 4, 8));
    assert_null(nas_arena_alloc(arena, SIZE_MAX, 1));
    assert_null(nas_heap_alloc(SIZE_MAX / 2, 3));
    void *empty = nas_heap_alloc(0, 4);
    assert_non_null(empty);
    nas_heap_free(empty);
    nas_arena_free(arena);
}

static void test_copies_and_printf(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    const double values[2] = {2.385, -7.25};
    double *copy = nas_arena_copy(arena, values, sizeof values);
    assert_memory_equal(copy, values, sizeof values);
    assert_string_equal(nas_arena_strdup(arena, "conv2d"), "conv2d");
    assert_string_equal(nas_arena_printf(arena, "%s-%d", "rung", 2), "rung-2");
    int64_t *typed = NAS_NEW(arena, int64_t, 3);
    assert_int_equal(typed[2], 0);
    nas_arena_free(arena);
}

static void test_heap_grow_zeroes_the_new_part(void **state)
{
    (void)state;
    int32_t *p = nas_heap_grow(NULL, 0, 3, sizeof *p);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(p[i], 0);
        p[i] = 7 + i;
    }
    p = nas_heap_grow(p, 3, 900, sizeof *p);
    assert_int_equal(p[2], 9);
    for (int i = 3; i < 900; i++)
        assert_int_equal(p[i], 0);
    assert_null(nas_heap_grow(p, 900, SIZE_MAX / 8, 16));
    nas_heap_free(p);
    nas_heap_free(NULL);
}

static void test_exactly_the_nth_allocation_fails(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    for (int nth = 1; nth <= 5; nth++) {
        nas_alloc_fail_nth(nth);
        for (int call = 1; call <= 8; call++) {
            void *p = call % 2 ? nas_arena_alloc(arena, 8, 1) : nas_heap_alloc(8, 1);
            assert_int_equal(p == NULL, call == nth);
            if (call % 2 == 0)
                nas_heap_free(p);
        }
    }
    nas_alloc_fail_nth(1);
    assert_null(nas_arena_new());
    nas_alloc_fail_nth(0);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory_is_zeroed_aligned_and_disjoint),
        cmocka_unit_test(test_reset_reuses_blocks_and_zeroes_again),
        cmocka_unit_test(test_zero_and_absurd_sizes),
        cmocka_unit_test(test_copies_and_printf),
        cmocka_unit_test(test_heap_grow_zeroes_the_new_part),
        cmocka_unit_test(test_exactly_the_nth_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
