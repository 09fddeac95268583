#include "search/estimate.h"

#include "check.h"

#include <math.h>

static void test_expected_maximum(void **state)
{
    (void)state;
    nas_history_trial trials[12] = {{0}};
    nas_history history = {.trials = trials, .n = 12};
    for (int i = 0; i < 12; i++) {
        trials[i].uniform = i % 2 == 0;
        trials[i].rungs = 1;
        trials[i].score[0] = i == 1 ? 9.0 : (double)(i / 2); /* uniform: 0 .. 5 */
    }
    /* two draws from {0..5}: sum over k of k ((k+1)^2 - k^2) / 36 = 125 / 36 */
    assert_true(fabs(nas_estimate_random(&history, 2) - 125.0 / 36.0) < 1e-12);
    assert_true(fabs(nas_estimate_random(&history, 1) - 2.5) < 1e-12);
    assert_true(nas_estimate_random(&history, 1000) > 4.99);
    trials[0].rungs = 2; /* promoted: beyond all that were not */
    trials[0].score[1] = 3.5;
    assert_true(fabs(nas_estimate_random(&history, 1000) - 3.5) < 1e-6);
}

static void test_too_few(void **state)
{
    (void)state;
    nas_history_trial trials[4] = {{0}};
    nas_history history = {.trials = trials, .n = 4};
    for (int i = 0; i < 4; i++)
        trials[i] = (nas_history_trial){.uniform = true, .rungs = 1};
    assert_true(isnan(nas_estimate_random(&history, 4)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expected_maximum),
        cmocka_unit_test(test_too_few),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
