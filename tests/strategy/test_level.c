#include "fixture.h"

#include "strategy/model/level.h"

static int64_t add(fixture *f)
{
    nas_proposal p = {.candidate = nas_space_smallest(f->space, f->arena)};
    return add_trial(f, &p);
}

static void score(fixture *f, int64_t t, int rung, double value)
{
    assert_true(nas_history_score(f->history, t, rung, value, 0.01));
}

/* Rung 1 adds 0.2 to two networks, rung 2 adds 0.1 to one: levels are 0, 0.2, 0.3. */
static void longer_trainings_are_levelled(void **state)
{
    (void)state;
    fixture f;
    double level[6];
    fixture_open(&f, TINY);
    for (int i = 0; i < 6; i++)
        (void)add(&f);
    score(&f, 0, 0, 0.50);
    score(&f, 1, 0, 0.40);
    score(&f, 2, 0, 0.30);
    score(&f, 0, 1, 0.75);
    score(&f, 1, 1, 0.55);
    score(&f, 0, 2, 0.85);
    score(&f, 3, 1, 0.64); /* begins there */
    score(&f, 4, 0, (double)NAN);
    nas_model_level(f.history, level);
    assert_true(fabs(level[0] - 0.55) < 1e-12);
    assert_true(fabs(level[1] - 0.35) < 1e-12);
    assert_true(fabs(level[2] - 0.30) < 1e-12);
    assert_true(fabs(level[3] - 0.44) < 1e-12);
    assert_true(isnan(level[4]) && isnan(level[5]));
    fixture_close(&f);
}

/* Order is kept, scale is free, and an outlier weighs less than it is away. */
static void targets_keep_order_and_tame_failures(void **state)
{
    (void)state;
    double sorted[6];
    double a[6] = {0.91, 0.10, 0.85, 0.88, 0.90, 0.80}, b[6];
    for (int i = 0; i < 6; i++)
        b[i] = 1000 * a[i] - 37;
    nas_model_targets(a, 6, sorted);
    nas_model_targets(b, 6, sorted);
    static const int order[] = {1, 5, 2, 3, 4, 0};
    for (int i = 0; i < 6; i++)
        assert_true(fabs(a[i] - b[i]) < 1e-9);
    for (int i = 1; i < 6; i++)
        assert_true(a[order[i]] > a[order[i - 1]]);
    assert_true((a[5] - a[1]) / (a[0] - a[5]) < (0.80 - 0.10) / (0.91 - 0.80) / 2);
    double equal[3] = {0.5, 0.5, 0.5}, gap[2] = {(double)NAN, 0.5};
    nas_model_targets(equal, 3, sorted);
    assert_true(isfinite(equal[0]) && equal[0] == equal[2]);
    nas_model_targets(gap, 2, sorted);
    assert_true(isnan(gap[0]) && isfinite(gap[1]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longer_trainings_are_levelled),
        cmocka_unit_test(targets_keep_order_and_tame_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
