#include "space_check.h"

#include <math.h>
#include <stdlib.h>

static const nas_space_context CIFAR = {
    .input = {3, 32, 32}, .n_outputs = 10, .task = NAS_TASK_CLASSIFICATION};

/* Counts of a NAS-Bench-201 cell by its operations: none, skip, 1x1, 3x3, pool. */
static void counts_of(const nas_space *space, const char *digits, int rounds, float *out)
{
    nas_arena *arena = nas_arena_new();
    nas_candidate *candidate = nas_space_at(space, strtol(digits, NULL, 5), arena);
    assert_non_null(candidate);
    nas_space_wl(space, candidate, rounds, out);
    nas_arena_free(arena);
}

static double distance(const float *a, const float *b)
{
    double sum = 0;
    for (int i = 0; i < NAS_SPACE_WL; i++)
        sum += pow((double)(a[i] - b[i]), 2);
    return sqrt(sum);
}

/* Every node counts once a round; 15 cells. */
static void nodes_are_counted(void **state)
{
    (void)state;
    float one[NAS_SPACE_WL], six[NAS_SPACE_WL], more[NAS_SPACE_WL];
    double sums[3] = {0};
    nas_space *space = preset("nasbench201", &CIFAR);
    counts_of(space, "000100", 1, one);
    counts_of(space, "333333", 1, six);
    counts_of(space, "333333", 2, more);
    for (int i = 0; i < NAS_SPACE_WL; i++) {
        sums[0] += (double)one[i];
        sums[1] += (double)six[i];
        sums[2] += (double)more[i];
    }
    assert_true(sums[1] - sums[0] == 2 * 15 * 5);
    assert_true(fabs(sums[2] / sums[1] - 1.5) < 1e-9);
    nas_space_free(space);
}

/* The same operators in another order differ by their neighbourhoods alone. */
static void neighbourhoods_tell_orders_apart(void **state)
{
    (void)state;
    float a[NAS_SPACE_WL], b[NAS_SPACE_WL];
    nas_space *space = preset("nasbench201", &CIFAR);
    counts_of(space, "300020", 0, a); /* 3x3 1x1 and 1x1 3x3 */
    counts_of(space, "200030", 0, b);
    assert_true(distance(a, b) == 0);
    counts_of(space, "300020", 1, a);
    counts_of(space, "200030", 1, b);
    assert_true(distance(a, b) > 0);
    /* over node 1 or over node 2: the same cell */
    counts_of(space, "200030", 2, a);
    counts_of(space, "020003", 2, b);
    assert_true(distance(a, b) == 0);
    nas_space_free(space);
}

static void spaces_without_cells(void **state)
{
    (void)state;
    float a[NAS_SPACE_WL], b[NAS_SPACE_WL];
    nas_rng rng = nas_rng_new(1, 3);
    int different = 0;
    nas_arena *arena = nas_arena_new();
    nas_space *space = preset("image-cnn", &CIFAR);
    for (int i = 0; i < 20; i++) {
        nas_candidate *x = nas_space_sample(space, &rng, arena);
        nas_candidate *y = nas_space_mutate(space, x, &rng, arena);
        nas_space_wl(space, x, 1, a);
        nas_space_wl(space, y, 1, b);
        if (nas_space_key(space, x) == nas_space_key(space, y))
            assert_true(distance(a, b) == 0);
        different += distance(a, b) > 0;
    }
    assert_true(different > 5);
    nas_space_free(space);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_counted),
        cmocka_unit_test(neighbourhoods_tell_orders_apart),
        cmocka_unit_test(spaces_without_cells),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
