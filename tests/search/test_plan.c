#include "search/plan.h"

#include "fake.h"

/* Three finalists; an epoch of a refit takes 1000 rows / 800 of half the longer training:
 * 6.25, 0.625 and 1.25 seconds. */
static void three(fake *f, int64_t *best, int64_t *knee, int64_t *small)
{
    (void)fake_full(f, 1, 100, 0.50, 0.1);
    *knee = fake_full(f, 2, 200, 0.80, 1.0);
    *small = fake_full(f, 3, 5000, 0.895, 2.0);
    *best = fake_full(f, 4, 9000, 0.90, 10.0);
}

static void test_no_clock(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    finalist_plan plan;
    int64_t best, knee, small;
    fake_open(&f);
    check_ok(nas_plan_make(&f.run, (double)INFINITY, &plan, &err), err);
    assert_int_equal(plan.n, 0); /* nothing scored */
    three(&f, &best, &knee, &small);
    check_ok(nas_plan_make(&f.run, (double)INFINITY, &plan, &err), err);
    assert_int_equal(plan.n, 3);
    assert_int_equal(plan.epochs, 16); /* eight times the top rung */
    assert_int_equal(plan.baseline_epochs, 16);
    assert_true(fabs(plan.entry[0].seconds_per_epoch - 6.25) < 1e-9);
    assert_true(fabs(plan.entry[1].seconds_per_epoch - 0.625) < 1e-9);
    fake_close(&f);
}

static void test_time_decides(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    finalist_plan plan;
    int64_t best, knee, small;
    fake_open(&f);
    three(&f, &best, &knee, &small);
    check_ok(nas_plan_make(&f.run, 70.0, &plan, &err), err);
    assert_int_equal(plan.n, 3);
    assert_int_equal(plan.epochs, 10); /* 10 x 6.25 x 1.06 + 0.4 */
    check_ok(nas_plan_make(&f.run, 12.0, &plan, &err), err);
    assert_int_equal(plan.n,
                     1); /* eight epochs of the best are too many: a cheaper one */
    assert_int_equal(plan.entry[0].trial, small);
    assert_string_equal(plan.entry[0].role, "best");
    assert_true(plan.epochs >= 8);
    check_ok(nas_plan_make(&f.run, 0.1, &plan, &err), err);
    assert_int_equal(plan.epochs, 0); /* as searched */
    assert_int_equal(plan.n, 1);
    double need = 0.0; /* 16 epochs of the best take about 106 s */
    check_ok(nas_plan_need_s(&f.run, 1000.0, 1400.0, &need, &err), err);
    assert_true(need > 100.0 && need < 120.0);
    check_ok(nas_plan_need_s(&f.run, 60.0, 80.0, &need, &err), err);
    assert_true(need == 60.0);
    /* eight epochs of the best take 53 s on one core; the other one helps */
    check_ok(nas_plan_need_s(&f.run, 25.0, 80.0, &need, &err), err);
    assert_true(need > 31.0 && need < 45.0);
    check_ok(nas_plan_need_s(&f.run, 25.0, 28.0, &need, &err), err);
    assert_true(need == 28.0);
    check_ok(nas_plan_need_s(&f.run, 3.0, 4.0, &need, &err), err);
    assert_true(need == 1.0); /* not one epoch fits */
    fake_close(&f);
}

static void test_record(void **state)
{
    (void)state;
    fake f;
    nas_err err = {0};
    fake_open(&f);
    finalist_plan read;
    check_ok(nas_plan_read(f.run.study, f.arena, &read, &err), err);
    assert_int_equal(read.round, 0);
    const finalist_plan plan = {.round = 2,
                                .epochs = 12,
                                .baseline_epochs = 5,
                                .n = 2,
                                .entry = {{17, "best", 2.385}, {4, "knee", 0.5}}};
    check_ok(nas_plan_write(f.run.study, &plan, &err), err);
    check_ok(nas_plan_read(f.run.study, f.arena, &read, &err), err);
    assert_int_equal(read.round, 2);
    assert_int_equal(read.epochs, 12);
    assert_int_equal(read.baseline_epochs, 5);
    assert_int_equal(read.n, 2);
    assert_int_equal(read.entry[1].trial, 4);
    assert_string_equal(read.entry[1].role, "knee");
    assert_true(read.entry[0].seconds_per_epoch == 2.385);
    fake_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_clock),
        cmocka_unit_test(test_time_decides),
        cmocka_unit_test(test_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
