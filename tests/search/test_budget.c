#include "search/budget.h"

#include "check.h"

#include <math.h>

static void test_split_adds_up(void **state)
{
    (void)state;
    static const double TIMES[] = {0.0, 0.4, 10.0, 180.0, 3600.0};
    for (int i = 0; i < 5; i++) {
        budget b = nas_budget_split(TIMES[i], 1.2);
        assert_true(b.search_s >= 0.0 && b.refit_s >= 0.0 && b.finish_s >= 0.0);
        assert_true(fabs(b.search_s + b.refit_s + b.finish_s - TIMES[i]) < 1e-9);
    }
    budget b = nas_budget_split(-3.0, 1.2);
    assert_true(b.search_s == 0.0);
    b = nas_budget_split(180.0, 1.2);
    assert_true(fabs(b.refit_s / (180.0 - b.finish_s) - 0.35) < 1e-9);
    b = nas_budget_split(10.0, 9.0); /* finishing is never more than 30 % */
    assert_true(fabs(b.finish_s - 3.0) < 1e-9);
}

static void test_makespan(void **state)
{
    (void)state;
    static const double SECONDS[] = {7, 3, 2, 5.5};
    assert_true(nas_budget_makespan(SECONDS, 4, 1) == 17.5);
    assert_true(nas_budget_makespan(SECONDS, 4, 2) == 10.5); /* 7 | 3 2 5.5 */
    assert_true(nas_budget_makespan(SECONDS, 4, 9) == 7.0);
    assert_true(nas_budget_makespan(SECONDS, 0, 2) == 0.0);
}

static void test_refit_epochs(void **state)
{
    (void)state;
    static const double EPOCH[] = {5, 2, 1};
    int64_t epochs = nas_budget_refit_epochs(EPOCH, 3, 2, 1.0, 63.0, 32);
    double used = BUDGET_SAFETY * 5.0 * (double)epochs;
    assert_true(used <= 63.0 && used + BUDGET_SAFETY * 5.0 > 62.0);
    assert_int_equal(nas_budget_refit_epochs(EPOCH, 3, 2, 1.0, 1e9, 32), 32);
    assert_int_equal(nas_budget_refit_epochs(EPOCH, 3, 2, 1.0, (double)INFINITY, 4), 4);
    assert_int_equal(nas_budget_refit_epochs(EPOCH, 3, 2, 1.0, 3.0, 32), 0);
    assert_int_equal(nas_budget_refit_epochs(EPOCH, 3, 2, 1.0, -1.0, 32), 0);
    assert_int_equal(nas_budget_refit_epochs(EPOCH, 0, 2, 1.0, 100.0, 32), 0);
    assert_true(nas_budget_refit_epochs(EPOCH, 1, 1, 1.0, 63.0, 32) <= epochs + 1);
}

/* One finalist and two workers: the second trains the standard network, then helps. */
static void test_shared(void **state)
{
    (void)state;
    static const double EPOCH[] = {10.0};
    double alone = nas_budget_refit_epoch_s(EPOCH, 1, 1, 2.0);
    double shared = nas_budget_refit_epoch_s(EPOCH, 1, 2, 2.0);
    assert_true(fabs(alone - BUDGET_SAFETY * 10.0) < 1e-9);
    assert_true(shared < 0.75 * alone && shared > 0.5 * alone);
    assert_true(nas_budget_refit_epoch_s(EPOCH, 1, 4, 2.0) < shared);
    /* a standard network that takes all the time leaves no help */
    assert_true(fabs(nas_budget_refit_epoch_s(EPOCH, 1, 2, 99.0) - alone) < 1e-9);
    static const double TWO[] = {10.0, 9.0};
    assert_true(fabs(nas_budget_refit_epoch_s(TWO, 2, 2, 2.0) - alone) < 1e-9);
}

static void test_most_epochs(void **state)
{
    (void)state;
    nas_ladder ladder = {.rung = {{0.3, 1, 0.3}, {1, 4, 0}}, .n = 2};
    assert_int_equal(nas_budget_most_epochs(&ladder, 4), 4); /* as the user asked */
    assert_int_equal(nas_budget_most_epochs(&ladder, 0), 32);
    ladder.rung[1].epochs = 2;
    assert_int_equal(nas_budget_most_epochs(&ladder, 0), 16);
    ladder.rung[1].epochs = 100;
    assert_int_equal(nas_budget_most_epochs(&ladder, 0), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split_adds_up), cmocka_unit_test(test_makespan),
        cmocka_unit_test(test_refit_epochs),  cmocka_unit_test(test_shared),
        cmocka_unit_test(test_most_epochs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
