#include "strategy/model/ensemble.h"

#include "check.h"

#include <math.h>

enum { INPUTS = 6, N = 60, ASKED = 40 };

/* Rows of bits; y falls with the first three. */
static void fill(float *x, float *y, int n, nas_rng *rng)
{
    for (int i = 0; i < n; i++) {
        y[i] = 4;
        for (int k = 0; k < INPUTS; k++) {
            x[i * INPUTS + k] = (float)nas_rng_below(rng, 2);
            y[i] -= k < 3 ? x[i * INPUTS + k] * (float)(k + 1) * 0.6f : 0;
        }
    }
}

static void test_it_learns_and_repeats(void **state)
{
    (void)state;
    float x[N * INPUTS], y[N], asked[ASKED * INPUTS], truth[ASKED];
    double mean[2][ASKED], deviation[2][ASKED], off = 0, spread = 0;
    nas_err err = {0};
    nas_rng rng = nas_rng_new(1, 1);
    const ensemble_shape shape = {INPUTS, 5, 3, 20, 100};
    fill(x, y, N, &rng);
    fill(asked, truth, ASKED, &rng);
    const ensemble_task task = {x, y, N, asked, ASKED};
    for (int i = 0; i < 2; i++)
        check_ok(nas_ensemble_predict(&shape, &task, nas_rng_new(7, 7), mean[i],
                                      deviation[i], &err),
                 err);
    assert_memory_equal(mean[0], mean[1], sizeof mean[0]);
    assert_memory_equal(deviation[0], deviation[1], sizeof deviation[0]);
    for (int i = 0; i < ASKED; i++) {
        off += fabs(mean[0][i] - (double)truth[i]) / ASKED;
        spread += deviation[0][i] / ASKED;
        assert_true(deviation[0][i] > 0);
    }
    assert_true(off < 0.25); /* targets lie within 3.6 */
    assert_true(spread < 0.6);
    check_ok(nas_ensemble_predict(&shape, &task, nas_rng_new(8, 7), mean[1], deviation[1],
                                  &err),
             err);
    assert_memory_not_equal(mean[0], mean[1], sizeof mean[0]);
}

/* Fewer rows than a batch, and members that hardly agree on what they never saw. */
static void test_few_rows(void **state)
{
    (void)state;
    float x[5 * INPUTS] = {0}, y[5], asked[2 * INPUTS] = {0};
    double mean[2], deviation[2];
    nas_err err = {0};
    const ensemble_shape shape = {INPUTS, 5, 3, 20, 150};
    for (int i = 0; i < 5; i++) {
        x[i * INPUTS + i] = 1;
        y[i] = (float)i;
    }
    asked[2] = 1;
    for (int k = 0; k < INPUTS; k++)
        asked[INPUTS + k] = 5;
    const ensemble_task task = {x, y, 5, asked, 2};
    check_ok(
        nas_ensemble_predict(&shape, &task, nas_rng_new(7, 7), mean, deviation, &err),
        err);
    assert_true(fabs(mean[0] - 2) < 0.5);
    assert_true(deviation[1] > deviation[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_learns_and_repeats),
        cmocka_unit_test(test_few_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
