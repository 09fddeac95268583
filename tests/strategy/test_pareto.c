#include "check.h"

#include "nasmith/rng.h"
#include "strategy/model/pareto.h"

#include <math.h>

enum { N = 60 };

static void dominance(void **state)
{
    (void)state;
    const double a[] = {1, 2, 3}, b[] = {1, 2.385, 3}, c[] = {0.5, 4, 3};
    assert_true(nas_pareto_dominates(a, b, 3));
    assert_false(nas_pareto_dominates(b, a, 3));
    assert_false(nas_pareto_dominates(a, a, 3));
    assert_false(nas_pareto_dominates(a, c, 3) || nas_pareto_dominates(c, a, 3));
}

/* Two lines of points, the second behind the first: ranks, and distances by hand. */
static void ranks_and_crowding_of_two_lines(void **state)
{
    (void)state;
    const double f[] = {0, 4, 4, 0, 1, 3, 1, 5, 5, 1, 3, 3};
    int rank[6];
    double crowd[6];
    int64_t order[6];
    nas_pareto_rank(f, 6, 2, rank);
    static const int expected[] = {0, 0, 0, 1, 1, 1};
    for (int i = 0; i < 6; i++)
        assert_int_equal(rank[i], expected[i]);
    nas_pareto_crowd(f, 6, 2, rank, crowd, order);
    for (int i = 0; i < 6; i++)
        assert_true(i % 3 == 2 ? fabs(crowd[i] - 2) < 1e-12 : isinf(crowd[i]));
}

/* Against the definition, for random points in three objectives. */
static void ranks_agree_with_the_definition(void **state)
{
    (void)state;
    double f[N * 3];
    int rank[N];
    nas_rng rng = nas_rng_new(1, 2);
    for (int i = 0; i < N * 3; i++)
        f[i] = (double)nas_rng_below(&rng, 8);
    nas_pareto_rank(f, N, 3, rank);
    for (int i = 0; i < N; i++) {
        int below = -1;
        for (int j = 0; j < N; j++)
            if (nas_pareto_dominates(f + j * 3, f + i * 3, 3) && rank[j] > below)
                below = rank[j];
        assert_int_equal(rank[i], below + 1);
    }
}

static void volume_by_hand_and_by_counting(void **state)
{
    (void)state;
    double two[] = {1, 3, 2, 2, 3, 1, 9, 9}, room[N * 6];
    const double reference[] = {4, 4, 4};
    assert_true(fabs(nas_pareto_volume(two, 4, 2, reference, room) - 6) < 1e-12);
    double f[12 * 3];
    nas_rng rng = nas_rng_new(3, 4);
    for (int i = 0; i < 36; i++)
        f[i] = 4 * nas_rng_uniform(&rng);
    int hits = 0;
    enum { DARTS = 200000 };
    for (int i = 0; i < DARTS; i++) {
        double p[3];
        for (int k = 0; k < 3; k++)
            p[k] = 4 * nas_rng_uniform(&rng);
        bool hit = false;
        for (int j = 0; j < 12 && !hit; j++)
            hit = f[j * 3] <= p[0] && f[j * 3 + 1] <= p[1] && f[j * 3 + 2] <= p[2];
        hits += hit;
    }
    double volume = nas_pareto_volume(f, 12, 3, reference, room);
    assert_true(fabs(volume - 64.0 * hits / DARTS) < 0.4);
    assert_true(nas_pareto_volume(f, 0, 3, reference, room) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dominance),
        cmocka_unit_test(ranks_and_crowding_of_two_lines),
        cmocka_unit_test(ranks_agree_with_the_definition),
        cmocka_unit_test(volume_by_hand_and_by_counting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
