#include "evaluate/matrix.h"

#include "check.h"
#include "nasmith/rng.h"
#include "nasmith/stats.h"

#include <math.h>
#include <string.h>

enum { N = 24 };

/* A = B B^T of random B; trace, squared norm and determinant are those of the values. */
static void test_eigenvalues(void **state)
{
    double b[N * N], a[N * N], copy[N * N], values[N];
    nas_rng rng = nas_rng_new(1, 1);
    (void)state;
    for (int i = 0; i < N * N; i++)
        b[i] = nas_rng_normal(&rng);
    double trace = 0, square = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i * N + j] = 0;
            for (int k = 0; k < N; k++)
                a[i * N + j] += b[i * N + k] * b[j * N + k];
            square += a[i * N + j] * a[i * N + j];
            trace += i == j ? a[i * N + j] : 0;
        }
    memcpy(copy, a, sizeof a);
    nas_matrix_eigenvalues(a, N, values);
    double sum = 0, squares = 0, logs = 0;
    for (int i = 0; i < N; i++) {
        assert_true(values[i] > 0);
        sum += values[i];
        squares += values[i] * values[i];
        logs += log(values[i]);
    }
    assert_true(fabs(sum - trace) < 1e-9 * trace);
    assert_true(fabs(squares - square) < 1e-9 * square);
    assert_true(fabs(nas_matrix_log_det(copy, N) - logs) < 1e-7 * fabs(logs));
}

static void test_known_eigenvalues(void **state)
{
    double a[] = {2, 1, 0, 1, 2, 0, 0, 0, -7}, values[3];
    (void)state;
    nas_matrix_eigenvalues(a, 3, values);
    nas_stats_sort(values, 3);
    assert_true(fabs(values[0] + 7) < 1e-12);
    assert_true(fabs(values[1] - 1) < 1e-12);
    assert_true(fabs(values[2] - 3) < 1e-12);
}

static void test_log_det(void **state)
{
    double a[] = {0, 2, 0, 3, 0, 0, 0, 0, -4}, singular[] = {1, 2, 2, 4};
    (void)state;
    assert_true(fabs(nas_matrix_log_det(a, 3) - log(24)) < 1e-12);
    assert_true(isinf(nas_matrix_log_det(singular, 2)));
    assert_true(nas_matrix_log_det((double[]){1, 2, 2, 4}, 2) < 0);
}

static void test_correlations(void **state)
{
    const float x[] = {1, 2, 3, 4, /**/ 2, 4, 6, 8, /**/ 4, 3, 2, 1, /**/ 5, 5, 5, 5};
    double r[16];
    (void)state;
    nas_matrix_correlations(x, 4, 4, r);
    assert_true(fabs(r[0 * 4 + 1] - 1) < 1e-12);
    assert_true(fabs(r[0 * 4 + 2] + 1) < 1e-12);
    assert_true(fabs(r[2 * 4 + 1] + 1) < 1e-12);
    assert_true(r[0] == 1 && isnan(r[3 * 4 + 3]) && isnan(r[3 * 4 + 0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eigenvalues),
        cmocka_unit_test(test_known_eigenvalues),
        cmocka_unit_test(test_log_det),
        cmocka_unit_test(test_correlations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
