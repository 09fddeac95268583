/* covers: sharing.c */
#include "nasmith/supernet.h"

#include "evaluate/shared.h"

static nas_space *nb201(void)
{
    return shared_space("nasbench201", (nas_shape){3, 32, 32}, 10);
}

/* Over n draws every operation of every edge comes n/|O| times, give or take four
 * standard deviations. */
static void uniform_paths_are_uniform(void **state)
{
    (void)state;
    enum { N = 20000, EDGES = 6, OPS = 5 };
    static int count[EDGES][OPS];
    nas_err err = {0};
    nas_space *space = nb201();
    nas_arena *arena = nas_arena_new();
    nas_rng root = nas_rng_new(7, 1);
    nas_paths paths = {0};
    for (int step = 0; step < N; step++) {
        nas_candidate **drawn = NULL;
        int n = 0;
        nas_arena_reset(arena);
        nas_rng rng = nas_rng_split(&root, (uint64_t)step);
        check_ok(nas_paths_draw(&paths, space, &rng, arena, &drawn, &n, &err), err);
        assert_int_equal(n, 1);
        for (int d = 0; d < EDGES; d++)
            count[d][nas_space_choice(space, drawn[0], d)]++;
    }
    double p = 1.0 / OPS, sigma = sqrt(N * p * (1 - p));
    for (int d = 0; d < EDGES; d++)
        for (int v = 0; v < OPS; v++)
            assert_true(fabs(count[d][v] - N * p) <= 4 * sigma);
    nas_arena_free(arena);
    nas_space_free(space);
}

/* Every step has every operation of every edge exactly once. */
static void fair_steps_hold_everything_once(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_space *space = nb201();
    nas_arena *arena = nas_arena_new();
    nas_rng root = nas_rng_new(7, 1);
    nas_paths paths = {.fair = true};
    int differ = 0;
    for (int step = 0; step < 50; step++) {
        nas_candidate **drawn = NULL;
        int n = 0;
        nas_arena_reset(arena);
        nas_rng rng = nas_rng_split(&root, (uint64_t)step);
        check_ok(nas_paths_draw(&paths, space, &rng, arena, &drawn, &n, &err), err);
        assert_int_equal(n, 5);
        for (int d = 0; d < 6; d++) {
            unsigned seen = 0;
            for (int k = 0; k < n; k++)
                seen |= 1U << nas_space_choice(space, drawn[k], d);
            assert_int_equal(seen, 31);
        }
        differ +=
            nas_space_choice(space, drawn[0], 0) != nas_space_choice(space, drawn[0], 1);
    }
    assert_in_range(differ, 20, 49); /* edges are dealt independently: 4 in 5 differ */
    nas_arena_free(arena);
    nas_space_free(space);
}

/* Of 3 and 5 values: 5 paths, the first deals each of its values once or twice. */
static void unequal_decisions_are_dealt_evenly(void **state)
{
    (void)state;
    static const char TEXT[] = "network:\n"
                               "  - name: a\n    conv: {out: 4, kernel: [1, 3, 5]}\n"
                               "  - name: b\n    conv: {out: [1, 2, 3, 4, 5]}\n"
                               "train:\n  learning_rate: [0.1, 0.2]\n";
    nas_err err = {0};
    nas_space *space = shared_space(TEXT, (nas_shape){3, 8, 8}, 3);
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new(7, 1);
    nas_paths paths = {.fair = true};
    nas_candidate **drawn = NULL;
    int n = 0;
    int count[3] = {0};
    check_ok(nas_paths_draw(&paths, space, &rng, arena, &drawn, &n, &err), err);
    assert_int_equal(n, 5);
    for (int k = 0; k < n; k++)
        count[nas_space_choice(space, drawn[k], 0)]++;
    for (int v = 0; v < 3; v++)
        assert_in_range(count[v], 1, 2);
    nas_arena_free(arena);
    nas_space_free(space);
}

/* ---- what a space shares --------------------------------------------------------------
 */

static nas_sharing sharing_of(const char *text, nas_arena *arena)
{
    nas_err err = {0};
    nas_sharing out;
    nas_space *space = shared_space(text, (nas_shape){3, 32, 32}, 10);
    check_ok(nas_supernet_sharing(space, arena, &out, &err), err);
    nas_space_free(space);
    return out;
}

/* One stage: 5 cells of 6 edges with 16x16 and 9x16x16 weights, and so on. */
static void cells_agree_in_shape(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    nas_sharing s = sharing_of("nasbench201", arena);
    int64_t edges = 0, width = 16;
    for (int stage = 0; stage < 3; stage++, width *= 2)
        edges += 5 * 6 * 10 * width * width;
    int64_t stem = 3 * 9 * 16, head = 64 * 10 + 10;
    int64_t reduce = 0;
    for (int64_t w = 16; w < 64; w *= 2)
        reduce += 9 * w * 2 * w + 9 * 4 * w * w + 2 * w * w;
    assert_int_equal(s.floats, edges + stem + head + reduce);
    assert_int_equal(s.in_more_shapes, 0);
    assert_null(s.example);
    assert_true(s.largest < s.floats);
    nas_sharing darts = sharing_of("darts", arena);
    assert_int_equal(darts.in_more_shapes, 0);
    nas_arena_free(arena);
}

static void widths_differ(void **state)
{
    (void)state;
    static const char TEXT[] = "network:\n"
                               "  - name: stem\n    conv: {out: [4, 8]}\n"
                               "  - name: next\n    conv: {out: 6}\n";
    nas_arena *arena = nas_arena_new();
    nas_sharing s = sharing_of(TEXT, arena);
    assert_int_equal(s.in_more_shapes, 2);
    assert_true(strcmp(s.example, "stem") == 0 || strcmp(s.example, "next") == 0);
    assert_int_equal(s.floats,
                     9 * 3 * 4 + 9 * 3 * 8 + 9 * 4 * 6 + 9 * 8 * 6 + 6 * 10 + 10);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uniform_paths_are_uniform),
        cmocka_unit_test(fair_steps_hold_everything_once),
        cmocka_unit_test(unequal_decisions_are_dealt_evenly),
        cmocka_unit_test(cells_agree_in_shape),
        cmocka_unit_test(widths_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
