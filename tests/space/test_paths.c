#include "space_check.h"

#include <stdlib.h>

enum { ROOM = 64 };

static const nas_space_context CIFAR = {
    .input = {3, 32, 32}, .n_outputs = 10, .task = NAS_TASK_CLASSIFICATION};

/* Paths of a NAS-Bench-201 cell by its operations: none, skip, 1x1, 3x3, pool. */
static int paths_of(const nas_space *space, const char *digits, int most, uint64_t *out)
{
    nas_arena *arena = nas_arena_new();
    nas_candidate *candidate = nas_space_at(space, strtol(digits, NULL, 5), arena);
    assert_non_null(candidate);
    int n = nas_space_paths(space, candidate, most, out, ROOM);
    nas_arena_free(arena);
    return n;
}

static bool has(const uint64_t *paths, int n, uint64_t path)
{
    for (int i = 0; i < n; i++)
        if (paths[i] == path)
            return true;
    return false;
}

/* Edges 0>1; 0>2, 1>2; 0>3, 1>3, 2>3. */
static void paths_of_cells(void **state)
{
    (void)state;
    uint64_t a[ROOM], b[ROOM];
    nas_space *space = preset("nasbench201", &CIFAR);
    assert_int_equal(paths_of(space, "000100", 9, a), 1);
    assert_int_equal(paths_of(space, "000000", 9, a), 0);
    assert_int_equal(paths_of(space, "333333", 9, a), 3); /* of 1, 2 and 3 operators */
    assert_int_equal(paths_of(space, "333333", 2, a), 2);
    assert_int_equal(paths_of(space, "333333", 1, a), 1);
    /* pool; 1x1 3x3; skip 1x1; 1x1 pool 1x1 */
    assert_int_equal(paths_of(space, "214432", 9, a), 4);
    assert_int_equal(paths_of(space, "214432", 2, a), 3);
    /* the same two operators over the other node, and in the other order */
    assert_int_equal(paths_of(space, "200030", 9, a), 1);
    assert_int_equal(paths_of(space, "020003", 9, b), 1);
    assert_true(a[0] == b[0]);
    assert_int_equal(paths_of(space, "300020", 9, b), 1);
    assert_true(a[0] != b[0]);
    nas_space_free(space);
}

/* Of 4 operators that are not none: 4 + 16 + 64 kinds in all. */
static void kinds_of_paths(void **state)
{
    (void)state;
    uint64_t all[128], found[ROOM];
    int n = 0;
    nas_space *space = preset("nasbench201", &CIFAR);
    nas_rng rng = nas_rng_new(3, 3);
    nas_arena *arena = nas_arena_new();
    for (int i = 0; i < 3000; i++) {
        nas_candidate *candidate = nas_space_sample(space, &rng, arena);
        const int k = nas_space_paths(space, candidate, 9, found, ROOM);
        for (int j = 0; j < k; j++) {
            if (!has(all, n, found[j])) {
                assert_true(n < 128);
                all[n++] = found[j];
            }
        }
    }
    assert_int_equal(n, 84);
    nas_arena_free(arena);
    nas_space_free(space);
}

static void other_spaces(void **state)
{
    (void)state;
    uint64_t found[ROOM];
    nas_rng rng = nas_rng_new(1, 3);
    nas_arena *arena = nas_arena_new();
    nas_space *chain = preset("image-cnn", &CIFAR), *darts = preset("darts", &CIFAR);
    nas_candidate *candidate = nas_space_sample(chain, &rng, arena);
    assert_int_equal(nas_space_paths(chain, candidate, 9, found, ROOM), 0);
    for (int i = 0; i < 20; i++) {
        candidate = nas_space_sample(darts, &rng, arena);
        const int n = nas_space_paths(darts, candidate, 9, found, ROOM);
        assert_true(n > 1);
        for (int k = 1; k < n; k++)
            assert_false(has(found, k, found[k]));
        assert_int_equal(nas_space_paths(darts, candidate, 9, found, 2), 2);
    }
    nas_space_free(chain);
    nas_space_free(darts);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_of_cells),
        cmocka_unit_test(kinds_of_paths),
        cmocka_unit_test(other_spaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
