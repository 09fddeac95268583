#include "check.h"

#include "nasmith/rng.h"
#include "strategy/model/gaussian.h"

#include <math.h>

enum { N = 3, LARGE = 40 };

/* Three points and a test point, inverted by hand: the adjugate of K + noise. */
static void the_posterior_is_the_closed_form(void **state)
{
    (void)state;
    nas_err err = {0};
    gaussian g;
    const double a = 1.31, b = 0.42, c = 0.17, d = 0.55;
    const double rows[N][N] = {{a}, {b, a}, {c, d, a}};
    const double y[N] = {0.7, -1.1, 0.4}, k[N] = {0.61, 0.33, 0.25};
    check_ok(nas_gaussian_init(&g, N + 1, &err), err);
    for (int i = 0; i < N; i++)
        nas_gaussian_append(&g, rows[i]);
    const double adjugate[N][N] = {{a * a - d * d, c * d - b * a, b * d - a * c},
                                   {c * d - a * b, a * a - c * c, b * c - a * d},
                                   {b * d - a * c, b * c - a * d, a * a - b * b}};
    double determinant = a * adjugate[0][0] + b * adjugate[1][0] + c * adjugate[2][0];
    double mean = 0, explained = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            mean += k[i] * adjugate[i][j] * y[j] / determinant;
            explained += k[i] * adjugate[i][j] * k[j] / determinant;
        }
    double z[N + 1], v[N];
    nas_gaussian_whiten(&g, y, z);
    nas_gaussian_whiten(&g, k, v);
    assert_true(fabs(nas_gaussian_dot(v, z, N) - mean) < 1e-12);
    assert_true(fabs(nas_gaussian_dot(v, v, N) - explained) < 1e-12);
    double quadratic = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            quadratic += y[i] * adjugate[i][j] * y[j] / determinant;
    double expected =
        -0.5 * (quadratic + log(determinant) + N * log(2 * 3.14159265358979));
    assert_true(fabs(nas_gaussian_log_likelihood(&g, z) - expected) < 1e-10);
    /* A fourth observation has the covariances k as its row of the factor. */
    const double fourth[N + 1] = {k[0], k[1], k[2], a};
    nas_gaussian_append(&g, fourth);
    for (int i = 0; i < N; i++)
        assert_true(g.factor[N * (N + 1) / 2 + i] == v[i]);
    nas_gaussian_free(&g);
}

static double squared_exponential(double x, double y)
{
    return exp(-(x - y) * (x - y) / 0.02);
}

/* Observations of a smooth function in an order. @return mean and variance at 0.613 */
static void regress(const int *order, double noise, double *mean, double *variance,
                    double *at_first)
{
    nas_err err = {0};
    gaussian g;
    double row[LARGE], y[LARGE], k[LARGE], first[LARGE];
    check_ok(nas_gaussian_init(&g, LARGE, &err), err);
    for (int i = 0; i < LARGE; i++) {
        double x = order[i] / (double)LARGE;
        for (int j = 0; j < i; j++)
            row[j] = squared_exponential(x, order[j] / (double)LARGE);
        row[i] = 1 + noise;
        nas_gaussian_append(&g, row);
        y[i] = sin(9 * x);
        k[i] = squared_exponential(0.613, x);
        first[i] = squared_exponential(0, x);
    }
    nas_gaussian_whiten(&g, y, y);
    nas_gaussian_whiten(&g, k, k);
    nas_gaussian_whiten(&g, first, first);
    *mean = nas_gaussian_dot(k, y, LARGE);
    *variance = 1 - nas_gaussian_dot(k, k, LARGE);
    *at_first = nas_gaussian_dot(first, y, LARGE);
    nas_gaussian_free(&g);
}

static void order_does_not_matter_and_no_noise_interpolates(void **state)
{
    (void)state;
    int order[LARGE];
    double mean[2], variance[2], first[2];
    for (int i = 0; i < LARGE; i++)
        order[i] = i;
    regress(order, 1e-6, &mean[0], &variance[0], &first[0]);
    for (int i = 0; i < LARGE; i++)
        order[i] = i * 7 % LARGE;
    regress(order, 1e-6, &mean[1], &variance[1], &first[1]);
    assert_true(fabs(mean[0] - mean[1]) < 1e-6);
    assert_true(fabs(variance[0] - variance[1]) < 1e-6);
    assert_true(fabs(mean[0] - sin(9 * 0.613)) < 1e-3);
    assert_true(fabs(first[0]) < 1e-4); /* sin 0 */
    assert_true(variance[0] > 0 && variance[0] < 1e-3);
    regress(order, 0.5, &mean[0], &variance[0], &first[0]);
    assert_true(fabs(first[0]) > 0.01 && variance[0] > 0.02);
}

/* A duplicate without noise must not divide by zero. */
static void duplicates_are_survived(void **state)
{
    (void)state;
    nas_err err = {0};
    gaussian g;
    const double rows[N][N] = {{1}, {1, 1}, {0.5, 0.5, 1}};
    double y[N] = {0.3, 0.3, -0.2};
    check_ok(nas_gaussian_init(&g, N, &err), err);
    for (int i = 0; i < N; i++)
        nas_gaussian_append(&g, rows[i]);
    nas_gaussian_whiten(&g, y, y);
    for (int i = 0; i < N; i++)
        assert_true(isfinite(y[i]));
    assert_true(isfinite(nas_gaussian_log_likelihood(&g, y)));
    nas_gaussian_free(&g);
}

static void improvement_agrees_with_monte_carlo(void **state)
{
    (void)state;
    const double cases[][3] = {{0.3, 1.2, 0.9}, {1.4, 0.5, 0.9}, {-0.8, 0.7, 0.4}};
    for (int c = 0; c < 3; c++) {
        nas_rng rng = nas_rng_new(5, (uint64_t)c);
        double sum = 0;
        enum { DRAWS = 200000 };
        for (int i = 0; i < DRAWS; i++)
            sum +=
                fmax(0, cases[c][0] + cases[c][1] * nas_rng_normal(&rng) - cases[c][2]);
        double value =
            exp(nas_gaussian_log_improvement(cases[c][0], cases[c][1], cases[c][2]));
        assert_true(fabs(value - sum / DRAWS) < 0.012 * value + 0.002);
    }
}

/* The parts of the logarithm meet, and it keeps falling where the value underflows. */
static void improvement_is_finite_and_falls(void **state)
{
    (void)state;
    double before = nas_gaussian_log_improvement(3, 1.5, 0);
    for (double mean = 2.9; mean > -100; mean -= 0.05) {
        double now = nas_gaussian_log_improvement(mean, 1.5, 0);
        assert_true(isfinite(now) && now < before);
        assert_true(before - now < 0.1 + 0.05 * fabs(mean));
        before = now;
    }
    assert_true(before < -1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_posterior_is_the_closed_form),
        cmocka_unit_test(order_does_not_matter_and_no_noise_interpolates),
        cmocka_unit_test(duplicates_are_survived),
        cmocka_unit_test(improvement_agrees_with_monte_carlo),
        cmocka_unit_test(improvement_is_finite_and_falls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
