#include "evaluate/unroll.h"

#include "check.h"

#include <math.h>
#include <string.h>

enum { W = 4, A = 3 };

/* L_train = w'Hw/2 + w'Ma + b'w,  L_other = w'Gw/2 + w'Na + c'a: every derivative is
 * known, the Hessian exactly. */
typedef struct quadratic {
    float w[W], gradient[W], kept[W], ahead[W];
    double a[A], slopes[A];
    int runs;
    double nan_after; /* runs after which the loss is NaN */
} quadratic;

static const double H[W][W] = {{2.0, 0.3, -0.1, 0.0},
                               {0.3, 1.5, 0.2, 0.4},
                               {-0.1, 0.2, 1.2, 0.1},
                               {0, 0.4, 0.1, 0.9}};
static const double G[W][W] = {
    {1.1, -0.2, 0.0, 0.3}, {-0.2, 0.8, 0.1, 0}, {0, 0.1, 1.9, -0.3}, {0.3, 0, -0.3, 1.4}};
static const double M[W][A] = {
    {0.7, -0.3, 0.2}, {0.1, 0.9, -0.6}, {-0.4, 0.2, 0.8}, {0.5, 0.5, -0.1}};
static const double N[W][A] = {
    {0.2, 0.6, -0.5}, {-0.7, 0.1, 0.3}, {0.4, -0.2, 0.1}, {0.0, 0.3, 0.9}};
static const double B[W] = {0.5, -1.0, 0.25, 0.75};
static const double C[A] = {0.3, -0.2, 0.6};

static double run(void *context, bool other, const float **gradient,
                  const double **slopes)
{
    quadratic *q = context;
    double loss = 0;
    for (int j = 0; j < A; j++)
        q->slopes[j] = other ? C[j] : 0.0;
    for (int i = 0; i < W; i++) {
        const double w = (double)q->w[i];
        double linear = other ? 0.0 : B[i];
        for (int j = 0; j < A; j++) {
            linear += (other ? N : M)[i][j] * q->a[j];
            q->slopes[j] += w * (other ? N : M)[i][j];
        }
        double curved = 0;
        for (int k = 0; k < W; k++)
            curved += (other ? G : H)[i][k] * (double)q->w[k];
        q->gradient[i] = (float)(curved + linear);
        loss += w * (curved / 2 + linear);
    }
    *gradient = q->gradient;
    *slopes = q->slopes;
    q->runs++;
    return q->runs > q->nan_after ? (double)NAN : loss;
}

static quadratic start(void)
{
    return (quadratic){
        .w = {0.3f, -0.8f, 1.1f, 0.4f}, .a = {0.2, -0.5, 0.7}, .nan_after = HUGE_VAL};
}

static nas_unroll unroll_of(quadratic *q, double rate)
{
    return (nas_unroll){.params = W,
                        .size = A,
                        .weights = q->w,
                        .rate = rate,
                        .run = run,
                        .context = q,
                        .kept = q->kept,
                        .ahead = q->ahead};
}

/* With w' = w - r(Hw + Ma + b): dL_other/da = N'w' + c - r M'(Gw' + Na). */
static void exact(const quadratic *q, double rate, double *out)
{
    double ahead[W], v[W];
    for (int i = 0; i < W; i++) {
        double g = B[i];
        for (int k = 0; k < W; k++)
            g += H[i][k] * (double)q->w[k];
        for (int j = 0; j < A; j++)
            g += M[i][j] * q->a[j];
        ahead[i] = (double)q->w[i] - rate * g;
    }
    for (int i = 0; i < W; i++) {
        v[i] = 0;
        for (int k = 0; k < W; k++)
            v[i] += G[i][k] * ahead[k];
        for (int j = 0; j < A; j++)
            v[i] += N[i][j] * q->a[j];
    }
    for (int j = 0; j < A; j++) {
        out[j] = C[j];
        for (int i = 0; i < W; i++)
            out[j] += N[i][j] * ahead[i] - rate * M[i][j] * v[i];
    }
}

static void slopes_equal_the_exact_ones_of_a_quadratic(void **state)
{
    (void)state;
    static const double RATES[] = {0.0, 0.05, 0.4};
    for (int r = 0; r < 3; r++) {
        quadratic q = start();
        double expected[A], found[A];
        exact(&q, RATES[r], expected);
        nas_unroll u = unroll_of(&q, RATES[r]);
        assert_true(nas_unrolled_slopes(&u, found));
        for (int j = 0; j < A; j++)
            assert_true(fabs(found[j] - expected[j]) < 2e-4);
        quadratic fresh = start();
        assert_memory_equal(q.w, fresh.w, sizeof q.w);
        assert_int_equal(q.runs, 4);
    }
}

/* The second-order term has a sign: without it, or with the other one, the test above
 * would fail by far more than its tolerance. */
static void the_second_order_term_is_not_small(void **state)
{
    (void)state;
    quadratic q = start();
    double with[A], without[A] = {0};
    exact(&q, 0.4, with);
    for (int j = 0; j < A; j++) {
        double ahead[W];
        without[j] = C[j];
        for (int i = 0; i < W; i++) {
            double g = B[i];
            for (int k = 0; k < W; k++)
                g += H[i][k] * (double)q.w[k];
            for (int k = 0; k < A; k++)
                g += M[i][k] * q.a[k];
            ahead[i] = (double)q.w[i] - 0.4 * g;
            without[j] += N[i][j] * ahead[i];
        }
        assert_true(fabs(with[j] - without[j]) > 0.01);
    }
}

static void divergence_puts_the_weights_back(void **state)
{
    (void)state;
    for (int after = 0; after < 4; after++) {
        quadratic q = start(), fresh = start();
        double found[A];
        q.nan_after = after;
        nas_unroll u = unroll_of(&q, 0.1);
        assert_false(nas_unrolled_slopes(&u, found));
        assert_memory_equal(q.w, fresh.w, sizeof q.w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slopes_equal_the_exact_ones_of_a_quadratic),
        cmocka_unit_test(the_second_order_term_is_not_small),
        cmocka_unit_test(divergence_puts_the_weights_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
