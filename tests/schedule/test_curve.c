#include "bench.h"

#include "schedule/schedulers.h"

static const nas_ladder LADDER = {
    .rung = {{1, 2, 0.5}, {1, 6, 0.5}, {1, 18, 0.5}, {1, 54, 0.5}, {1, 162, 0}}, .n = 5};

static double power(double x)
{
    return 0.93 - 0.55 * pow(x, -0.7);
}

static void recovers_where_power_laws_end(void **state)
{
    (void)state;
    const double x[] = {1, 3, 9, 27};
    for (int i = 0; i < 20; i++) {
        nas_rng rng = nas_rng_new((uint64_t)i, 9);
        double c = 0.6 + 0.39 * nas_rng_uniform(&rng), a = 0.6 * nas_rng_uniform(&rng);
        double theta = 0.3 + 1.5 * nas_rng_uniform(&rng), y[4];
        for (int k = 0; k < 4; k++)
            y[k] = c - a * pow(x[k], -theta);
        curve_forecast end = nas_curve_forecast(x, y, 4, 1e5);
        double expected = c - a * pow(1e5, -theta);
        if (fabs(end.mean - expected) > 0.01 * expected)
            fail_msg("%g found, %g expected (theta %g)", end.mean, expected, theta);
    }
}

static void other_families_are_found_too(void **state)
{
    (void)state;
    const double x[] = {1, 3, 9, 27};
    double y[4];
    for (int k = 0; k < 4; k++)
        y[k] = 0.8 - 0.3 * exp(-0.2 * x[k]);
    assert_true(fabs(nas_curve_forecast(x, y, 4, 500).mean - 0.8) < 0.004);
    for (int k = 0; k < 4; k++)
        y[k] = 0.9 - 0.4 / (1 + 0.1 * x[k]);
    double expected = 0.9 - 0.4 / 51;
    assert_true(fabs(nas_curve_forecast(x, y, 4, 500).mean - expected) < 0.005);
    for (int k = 0; k < 4; k++)
        y[k] = 0.5;
    curve_forecast flat = nas_curve_forecast(x, y, 4, 500);
    assert_true(fabs(flat.mean - 0.5) < 1e-9 && flat.spread < 1e-6);
}

static void noise_widens_the_spread(void **state)
{
    (void)state;
    const double x[] = {2, 6, 18, 54};
    double clean[4], noisy[4];
    for (int k = 0; k < 4; k++) {
        clean[k] = power(x[k]);
        noisy[k] = clean[k] + (k % 2 == 0 ? 0.02 : -0.02);
    }
    curve_forecast a = nas_curve_forecast(x, clean, 4, 162);
    curve_forecast b = nas_curve_forecast(x, noisy, 4, 162);
    assert_true(b.spread > 5 * a.spread);
    assert_true(b.spread > 0.005);
}

/* One at the top; a second that rises slowly is let go when its curve is seen. */
static void stops_what_will_not_get_there(void **state)
{
    (void)state;
    bench b = bench_new("curve", &LADDER);
    int64_t good = add(&b, 1000, 0), slow = -1;
    for (int k = 0; k < LADDER.n; k++)
        score(&b, good, k, power((double)LADDER.rung[k].epochs));
    slow = add(&b, 1000, 0);
    for (int k = 0; k < 2; k++)
        score(&b, slow, k, power((double)LADDER.rung[k].epochs) + 0.05);
    goes_on(next(&b), slow, 2); /* better so far */
    score(&b, slow, 2, power(6) + 0.06);
    assert_int_equal(next(&b).kind, NAS_NEXT_ASK); /* but flat since */
    int64_t late = add(&b, 1000, 0);
    for (int k = 0; k < 3; k++)
        score(&b, late, k, power((double)LADDER.rung[k].epochs) + 0.01);
    goes_on(next(&b), late, 3);
    bench_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recovers_where_power_laws_end),
        cmocka_unit_test(other_families_are_found_too),
        cmocka_unit_test(noise_widens_the_spread),
        cmocka_unit_test(stops_what_will_not_get_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
