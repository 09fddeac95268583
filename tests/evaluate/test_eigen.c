#include "evaluate/eigen.h"

#include "check.h"

#include <math.h>

enum { N = 3 };

/* A quadratic whose Hessian has the eigenvalues 5, 2 and -1 in a rotated frame. */
static const double FRAME[N][N] = {{2.0 / 3, 2.0 / 3, 1.0 / 3},
                                   {-2.0 / 3, 1.0 / 3, 2.0 / 3},
                                   {1.0 / 3, -2.0 / 3, 2.0 / 3}};

typedef struct quadratic {
    double eigenvalue[N];
    int calls;
} quadratic;

static void gradient(void *context, const double *at, double *out)
{
    quadratic *q = context;
    q->calls++;
    for (int i = 0; i < N; i++)
        out[i] = 0.3 * i; /* a linear part changes nothing */
    for (int k = 0; k < N; k++) {
        double along = 0;
        for (int i = 0; i < N; i++)
            along += FRAME[k][i] * at[i];
        for (int i = 0; i < N; i++)
            out[i] += q->eigenvalue[k] * along * FRAME[k][i];
    }
}

static double dominant(double a, double b, double c, double *vector)
{
    quadratic q = {{a, b, c}, 0};
    double scratch[3 * N], at[N] = {0.4, -1.0, 0.2};
    nas_curved curved = {N, gradient, &q, scratch};
    double value = nas_dominant_eigenvalue(&curved, at, vector);
    assert_in_range(q.calls, 2, 16);
    return value;
}

static void the_largest_eigenvalue_is_found(void **state)
{
    (void)state;
    double vector[N] = {1, 0.5, 0.25};
    assert_true(fabs(dominant(5, 2, -1, vector) - 5) < 1e-4);
    for (int i = 0; i < N; i++) /* its vector, up to sign */
        assert_true(fabs(fabs(vector[i]) - fabs(FRAME[0][i])) < 0.02);
    double warm[N] = {vector[0], vector[1], vector[2]};
    assert_true(fabs(dominant(5, 2, -1, warm) - 5) < 1e-8);
    double other[N] = {1, 0.5, 0.25};
    assert_true(fabs(dominant(1, 2, -6, other) + 6) < 1e-3);
    double flat[N] = {1, 0.5, 0.25};
    assert_true(dominant(0, 0, 0, flat) == 0.0);
    double nan[N] = {1, 0.5, 0.25};
    assert_true(isnan(dominant(NAN, 1, 1, nan)));
}

static void growth_stops(void **state)
{
    (void)state;
    static const double CALM[] = {0.1, 0.11, 0.1, 0.12, 0.11, 0.12, 0.12, 0.13};
    static const double GROWING[] = {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.15, 0.19, 0.5};
    static const double EARLY[] = {0.1, 0.2, 0.4, 0.8, 1.6};
    int64_t epoch = 0;
    for (int64_t n = 1; n <= 8; n++)
        assert_false(nas_eigen_stop(CALM, n, &epoch));
    for (int64_t n = 1; n <= 7; n++)
        assert_false(nas_eigen_stop(GROWING, n, &epoch));
    /* Means .128 and .1 are not yet enough, .208 and .1 are: back to measurement 5. */
    assert_false(nas_eigen_stop(GROWING, 8, &epoch));
    assert_true(nas_eigen_stop(GROWING, 9, &epoch));
    assert_int_equal(epoch, 10);
    for (int64_t n = 1; n <= 4; n++) /* before epoch 10 it never stops */
        assert_false(nas_eigen_stop(EARLY, n, &epoch));
    assert_true(nas_eigen_stop(EARLY, 5, &epoch));
    assert_int_equal(epoch, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_largest_eigenvalue_is_found),
        cmocka_unit_test(growth_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
