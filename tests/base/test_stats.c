#include "check.h"

#include "nasmith/stats.h"

#include <math.h>

static void near(double found, double expected, double tolerance)
{
    if (!(fabs(found - expected) <= tolerance))
        fail_msg("%.10g found, %.10g expected", found, expected);
}

static void of_one_sample(void **state)
{
    (void)state;
    double values[] = {2.5, -1.25, 7, 3.75, 0.5};
    near(nas_stats_mean(values, 5), 2.5, 1e-12);
    near(nas_stats_deviation(values, 5), 3.15733273, 1e-7);
    nas_stats_sort(values, 5);
    near(values[0], -1.25, 0);
    near(values[4], 7, 0);
    near(nas_stats_quantile(values, 5, 0.5), 2.5, 1e-12);
    near(nas_stats_quantile(values, 5, 0.1), -1.25 + 0.4 * 1.75, 1e-12);
    near(nas_stats_quantile(values, 5, 1), 7, 1e-12);
    /* 1.25 of five are cut at each end: 0.75 of 0.5, all of 2.5, 0.75 of 3.75 */
    near(nas_stats_interquartile_mean(values, 5), (0.375 + 2.5 + 2.8125) / 2.5, 1e-12);
    assert_true(isnan(nas_stats_mean(values, 0)));
    assert_true(isnan(nas_stats_deviation(values, 1)));
    assert_true(isnan(nas_stats_quantile(values, 0, 0.5)));
    assert_true(isnan(nas_stats_interquartile_mean(values, 0)));
}

static void the_bootstrap_covers(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    int covered = 0;
    double width = 0;
    enum { TIMES = 200, N = 40 };
    for (int i = 0; i < TIMES; i++) {
        nas_rng rng = nas_rng_new((uint64_t)i, 5);
        double values[N];
        for (int k = 0; k < N; k++)
            values[k] = 3 + 2 * nas_rng_normal(&rng);
        nas_band band = nas_stats_bootstrap_mean(values, N, 400, rng, arena);
        covered += band.low <= 3 && 3 <= band.high;
        width += (band.high - band.low) / TIMES;
        nas_arena_reset(arena);
    }
    assert_true(covered >= 180 && covered <= 198); /* 190 expected, deviation 3 */
    near(width, 2 * 1.96 * 2 / sqrt(N), 0.08);
    nas_arena_free(arena);
}

static void wilcoxon_by_hand(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    /* By hand: one pair is equal; ranks 7, 3, 1.5, 9, 4, 8, 6, 1.5, 5 of the others; the
     * positive ones sum to 27 where 22.5 is expected; variance 71.25 - (8 - 2) / 48.
     * z = (4.5 - 0.5) / sqrt(71.125), p = erfc(z / sqrt(2)). */
    double a[] = {125, 115, 130, 140, 140, 115, 140, 125, 140, 135};
    double b[] = {110, 122, 125, 120, 140, 124, 123, 137, 135, 145};
    near(nas_stats_wilcoxon(a, b, 10, arena), 0.6352893, 1e-7);
    double c[12], d[12];
    for (int i = 0; i < 12; i++) {
        c[i] = i + 0.5 * (i + 1);
        d[i] = i;
    }
    /* All positive: 78 where 39 is expected, variance 162.5. */
    near(nas_stats_wilcoxon(c, d, 12, arena), 0.0025263, 1e-6);
    near(nas_stats_wilcoxon(d, c, 12, arena), 0.0025263, 1e-6);
    near(nas_stats_wilcoxon(c, c, 12, arena), 1, 0);
    near(nas_stats_wilcoxon(c, d, 5, arena), 1, 0);
    nas_arena_free(arena);
}

static void holm_corrects_in_order(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    double p[] = {0.03, 0.005, 0.04, 0.01};
    assert_true(nas_stats_holm(p, 4, arena));
    near(p[1], 0.02, 1e-12);
    near(p[3], 0.03, 1e-12);
    near(p[0], 0.06, 1e-12);
    near(p[2], 0.06, 1e-12); /* not below the one before it */
    nas_arena_free(arena);
}

static void effect_sizes(void **state)
{
    (void)state;
    double a[] = {1, 2, 3}, b[] = {0, 2};
    near(nas_stats_superiority(a, 3, b, 2), (1 + 0 + 1 + 0.5 + 1 + 1) / 6.0, 1e-12);
    assert_true(isnan(nas_stats_superiority(a, 0, b, 2)));
}

static void correlations(void **state)
{
    (void)state;
    nas_arena *arena = nas_arena_new();
    double a[] = {1, 2, 3, 4, 5}, b[] = {2, 1, 4, 3, 5}, flat[] = {1, 1, 1, 1, 1};
    near(nas_stats_kendall(a, b, 5), 0.6, 1e-12);
    near(nas_stats_spearman(a, b, 5, arena), 0.8, 1e-12);
    double tied[] = {1, 1, 2, 3, 3};
    near(nas_stats_kendall(a, tied, 5), 8 / sqrt(80), 1e-12);
    near(nas_stats_spearman(a, tied, 5, arena), 0.9486833, 1e-6);
    assert_true(isnan(nas_stats_kendall(a, flat, 5)));
    assert_true(isnan(nas_stats_spearman(a, flat, 5, arena)));
    nas_arena_free(arena);
}

static void areas(void **state)
{
    (void)state;
    const double reference[] = {4, 5};
    double points[] = {3, 1, 1, 3, 2, 2, 2, 4, 5, 0, 0, 6};
    /* strips: 1..2 to 3, 2..3 to 2, 3..4 to 1 */
    near(nas_stats_hypervolume(points, 6, reference), 2 + 3 + 4, 1e-12);
    near(nas_stats_hypervolume(points, 0, reference), 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_one_sample),
        cmocka_unit_test(the_bootstrap_covers),
        cmocka_unit_test(wilcoxon_by_hand),
        cmocka_unit_test(holm_corrects_in_order),
        cmocka_unit_test(effect_sizes),
        cmocka_unit_test(correlations),
        cmocka_unit_test(areas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
