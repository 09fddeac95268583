#include "space_check.h"

#include <math.h>

static const nas_shape IMAGE = {3, 16, 16};

static const char CONDITIONAL[] = "network:\n"
                                  "  - name: a\n"
                                  "    repeat:\n"
                                  "      times: 0..2\n"
                                  "      of:\n"
                                  "        choose:\n"
                                  "          none: identity\n"
                                  "          conv: {conv: {out: [4, 8, 12, 16]}}\n"
                                  "train:\n"
                                  "  batch: [32, 64]\n";

static void test_smallest_takes_first_values(void **state)
{
    (void)state;
    nas_space *space = space_of(CONDITIONAL, IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    nas_candidate *candidate = nas_space_smallest(space, arena);
    assert_string_equal(value_of(space, candidate, "a.times"), "0");
    assert_string_equal(value_of(space, candidate, "a.1"), "");
    assert_string_equal(value_of(space, candidate, "train.batch"), "32");
    nas_arena_free(arena);
    nas_space_free(space);
}

/* Every active decision is uniform over its values: shares within four deviations. */
static void test_samples_are_uniform(void **state)
{
    (void)state;
    enum { SAMPLES = 6000 };
    nas_space *space = space_of(CONDITIONAL, IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new(5, 1);
    int seen[16][4] = {{0}}, active[16] = {0};
    int n = nas_space_decision_count(space);
    for (int i = 0; i < SAMPLES; i++) {
        nas_candidate *candidate = nas_space_sample(space, &rng, arena);
        for (int d = 0; d < n; d++) {
            int pick = nas_space_choice(space, candidate, d);
            if (pick >= 0) {
                seen[d][pick]++;
                active[d]++;
            }
        }
        nas_arena_reset(arena);
    }
    for (int d = 0; d < n; d++) {
        double p = 1.0 / nas_space_decision(space, d).n_values;
        double deviation = sqrt(active[d] * p * (1 - p));
        for (int v = 0; v < nas_space_decision(space, d).n_values; v++)
            assert_true(fabs(seen[d][v] - active[d] * p) < 4 * deviation);
    }
    assert_int_equal(active[decision_of(space, "a.times")], SAMPLES);
    assert_true(active[decision_of(space, "a.2.conv.out")] < SAMPLES / 4);
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_same_stream_same_candidates(void **state)
{
    (void)state;
    nas_space *space = space_of(CONDITIONAL, IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    nas_rng a = nas_rng_new(5, 1), b = nas_rng_new(5, 1);
    for (int i = 0; i < 50; i++) {
        nas_candidate *x = nas_space_sample(space, &a, arena);
        nas_candidate *y = nas_space_sample(space, &b, arena);
        x = nas_space_mutate(space, x, &a, arena);
        y = nas_space_mutate(space, y, &b, arena);
        assert_true(nas_space_key(space, x) == nas_space_key(space, y));
    }
    nas_arena_free(arena);
    nas_space_free(space);
}

/* Settling decision after decision meets each that the candidate has, once, and no
 * other; what makes one active comes before it. */
static void test_a_candidate_is_written_decision_by_decision(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_space *space = space_of(CONDITIONAL, IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new(5, 7);
    const int n = nas_space_decision_count(space);
    int times = decision_of(space, "a.times");
    for (int i = 0; i < 50; i++) {
        int16_t values[16];
        int met = 0, active = 0, d = -1;
        nas_candidate *given = nas_space_sample(space, &rng, arena);
        for (int k = 0; k < n; k++) {
            values[k] = -1;
            active += nas_space_choice(space, given, k) >= 0;
        }
        for (;; met++) {
            check_ok(nas_space_next_decision(space, values, arena, &d, &err), err);
            if (d < 0)
                break;
            assert_true(values[d] < 0 && nas_space_choice(space, given, d) >= 0);
            if (d == decision_of(space, "a.1"))
                assert_true(values[times] >= 1);
            values[d] = (int16_t)nas_space_choice(space, given, d);
        }
        assert_int_equal(met, active);
        const nas_candidate *written = nas_space_assign(space, values, &rng, arena);
        for (int k = 0; k < n; k++)
            assert_int_equal(nas_space_choice(space, written, k),
                             nas_space_choice(space, given, k));
    }
    nas_arena_free(arena);
    nas_space_free(space);
}

/* Half of the changes go to a neighbour, the others anywhere: of the four widths the
 * inner ones keep 1/2 + 1/2 * 2/3 of their changes near. */
static void test_numbers_mostly_move_by_one(void **state)
{
    (void)state;
    enum { MUTANTS = 8000 };
    nas_space *space = space_of("network: [conv: {out: [4, 8, 12, 16]}]", IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new(9, 2);
    int near = 0;
    nas_candidate *parent = nas_space_at(space, 1, arena);
    assert_string_equal(value_of(space, parent, "conv1.out"), "8");
    for (int i = 0; i < MUTANTS; i++) {
        nas_candidate *mutant = nas_space_mutate(space, parent, &rng, arena);
        int pick = nas_space_choice(space, mutant, 0);
        assert_true(pick != 1);
        near += pick != 3;
    }
    double p = 5.0 / 6;
    assert_true(fabs(near - MUTANTS * p) < 4 * sqrt(MUTANTS * p * (1 - p)));
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_mutation_draws_what_becomes_active(void **state)
{
    (void)state;
    nas_space *space = space_of(CONDITIONAL, IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new(9, 3);
    nas_candidate *parent = nas_space_smallest(space, arena);
    int grown = 0, drawn[2] = {0};
    for (int i = 0; i < 300; i++) {
        nas_candidate *mutant = nas_space_mutate(space, parent, &rng, arena);
        int times = nas_space_choice(space, mutant, decision_of(space, "a.times"));
        int first = nas_space_choice(space, mutant, decision_of(space, "a.1"));
        assert_int_equal(times >= 1, first >= 0);
        grown += times >= 1;
        if (first >= 0)
            drawn[first]++;
    }
    assert_true(grown > 100 && drawn[0] > 30 && drawn[1] > 30);
    nas_arena_free(arena);
    nas_space_free(space);
}

static bool same(const nas_space *space, const nas_candidate *a, const nas_candidate *b)
{
    for (int d = 0; d < nas_space_decision_count(space); d++)
        if (nas_space_choice(space, a, d) != nas_space_choice(space, b, d))
            return false;
    return true;
}

/* Of 2 * (1 + 5 + 25) assignments. */
enum { LAST = 61 };

static void test_neighbours_are_all_single_changes(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_space *space = space_of(CONDITIONAL, IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    nas_candidate *candidate = nas_space_at(space, LAST, arena);
    nas_candidate **list;
    int64_t n;
    check_ok(nas_space_neighbours(space, candidate, arena, &list, &n, &err), err);
    /* times 2, two picks 1 each, two widths 3 each, batch 1 */
    assert_int_equal(n, 2 + 1 + 1 + 3 + 3 + 1);
    assert_string_equal(value_of(space, list[0], "a.times"), "0");
    assert_string_equal(value_of(space, list[0], "a.1"), "");
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++)
            assert_false(same(space, list[i], list[j]));
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_crossover_takes_from_parents(void **state)
{
    (void)state;
    nas_space *space = space_of(CONDITIONAL, IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new(4, 4);
    int from_a = 0, from_b = 0;
    for (int i = 0; i < 400; i++) {
        nas_candidate *a = nas_space_sample(space, &rng, arena);
        nas_candidate *b = nas_space_sample(space, &rng, arena);
        nas_candidate *child = nas_space_crossover(space, a, b, &rng, arena);
        for (int d = 0; d < nas_space_decision_count(space); d++) {
            int x = nas_space_choice(space, a, d), y = nas_space_choice(space, b, d);
            int c = nas_space_choice(space, child, d);
            if (x >= 0 && y >= 0 && c >= 0)
                assert_true(c == x || c == y);
            from_a += c >= 0 && c == x && c != y;
            from_b += c >= 0 && c == y && c != x;
        }
    }
    assert_true(from_a > 200 && from_b > 200);
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_a_space_of_one(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_space *space = space_of("network: [conv: {out: 8}]", IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new(1, 1);
    nas_candidate *only = nas_space_sample(space, &rng, arena);
    nas_candidate *mutant = nas_space_mutate(space, only, &rng, arena);
    assert_true(nas_space_key(space, only) == nas_space_key(space, mutant));
    nas_candidate **list;
    int64_t n;
    check_ok(nas_space_neighbours(space, only, arena, &list, &n, &err), err);
    assert_int_equal(n, 0);
    assert_true(nas_space_size(space) == 1);
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    nas_space *space = space_of(CONDITIONAL, IMAGE, 10);
    nas_rng rng = nas_rng_new(1, 1);
    nas_arena *arena = nas_arena_new();
    nas_alloc_fail_nth(1);
    assert_null(nas_space_sample(space, &rng, arena));
    nas_alloc_fail_nth(0);
    nas_arena_free(arena);
    nas_space_free(space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smallest_takes_first_values),
        cmocka_unit_test(test_samples_are_uniform),
        cmocka_unit_test(test_same_stream_same_candidates),
        cmocka_unit_test(test_a_candidate_is_written_decision_by_decision),
        cmocka_unit_test(test_numbers_mostly_move_by_one),
        cmocka_unit_test(test_mutation_draws_what_becomes_active),
        cmocka_unit_test(test_neighbours_are_all_single_changes),
        cmocka_unit_test(test_crossover_takes_from_parents),
        cmocka_unit_test(test_a_space_of_one),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
