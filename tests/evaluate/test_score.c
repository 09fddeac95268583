#include "check.h"

#include "nasmith/evaluate.h"

#include <math.h>

static void near(double got, double want)
{
    if (!(fabs(got - want) < 1e-9))
        fail_msg("got %.12g, want %.12g", got, want);
}

/* One training keeps its own interval, bit for bit. */
static void test_one_is_itself(void **state)
{
    (void)state;
    nas_score one = {0.875, 0.8, 0.925, 0.03, 123};
    int repeat = 4;
    nas_score mean = nas_score_mean(&one, &repeat, 1);
    assert_memory_equal(&mean, &one, sizeof one);
}

/* Folds that agree: as a score of all their rows together, errors shrink by the root. */
static void test_folds_add_rows(void **state)
{
    (void)state;
    nas_score folds[4];
    int repeats[4] = {0};
    for (int i = 0; i < 4; i++)
        folds[i] = (nas_score){0.75, 0.65, 0.83, 0.04, 50};
    nas_score mean = nas_score_mean(folds, repeats, 4);
    near(mean.value, 0.75);
    near(mean.error, 0.02);
    near(mean.low, 0.70);
    near(mean.high, 0.79);
    assert_int_equal(mean.n, 200);
}

/* The same rows again say nothing new of them. */
static void test_repeats_do_not_add_rows(void **state)
{
    (void)state;
    nas_score runs[4];
    const int repeats[4] = {0, 0, 1, 1};
    for (int i = 0; i < 4; i++)
        runs[i] = (nas_score){0.75, 0.65, 0.83, 0.04, 50};
    nas_score mean = nas_score_mean(runs, repeats, 4);
    near(mean.error, 0.04 / sqrt(2));
    near(mean.low, 0.75 - 0.1 / sqrt(2));
    assert_int_equal(mean.n, 100);
}

/* What the values vary by counts where it is more; nothing leaves the intervals. */
static void test_variation_widens(void **state)
{
    (void)state;
    nas_score runs[2] = {{0.9, 0.88, 0.92, 0.01, 50}, {0.98, 0.97, 0.995, 0.005, 50}};
    const int repeats[2] = {0, 0};
    nas_score mean = nas_score_mean(runs, repeats, 2);
    near(mean.value, 0.94);
    near(mean.error, 0.04); /* deviation 0.0566 of two values / sqrt(2) */
    near(mean.low, 0.88);
    near(mean.high, 0.995);
}

static void test_no_number_is_left_out(void **state)
{
    (void)state;
    nas_score runs[3] = {nas_score_none(7), {0.5, 0.4, 0.6, 0.05, 20}, nas_score_none(7)};
    const int repeats[3] = {0, 0, 0};
    nas_score mean = nas_score_mean(runs, repeats, 3);
    assert_memory_equal(&mean, &runs[1], sizeof mean);
    runs[1] = nas_score_none(3);
    assert_true(isnan(nas_score_mean(runs, repeats, 3).value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_is_itself),
        cmocka_unit_test(test_folds_add_rows),
        cmocka_unit_test(test_repeats_do_not_add_rows),
        cmocka_unit_test(test_variation_widens),
        cmocka_unit_test(test_no_number_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
