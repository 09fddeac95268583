#include "check.h"

#include "nasmith/schedule.h"

#include <math.h>

static void check_rung(const nas_ladder *ladder, int i, double fraction, int64_t epochs,
                       double keep)
{
    assert_true(i < ladder->n);
    assert_true(fabs(ladder->rung[i].fraction - fraction) < 1e-12);
    assert_int_equal(ladder->rung[i].epochs, epochs);
    assert_true(fabs(ladder->rung[i].keep - keep) < 1e-12);
}

static void the_default_ladder(void **state)
{
    (void)state;
    nas_ladder ladder = nas_ladder_plan(50000, 0, 0, 0);
    assert_int_equal(ladder.n, 3);
    check_rung(&ladder, 0, 1.0 / 3, 1, 1.0 / 3);
    check_rung(&ladder, 1, 1.0 / 3, 4, 0.25);
    check_rung(&ladder, 2, 1, 4, 0);
}

static void three_and_ten_minutes_keep_it(void **state)
{
    (void)state;
    for (int minutes = 3; minutes <= 10; minutes += 7) {
        nas_ladder ladder = nas_ladder_plan(50000, 0, minutes * 60 * 2 * 0.6, 100e-6);
        assert_int_equal(ladder.n, 3);
        check_rung(&ladder, 2, 1, 4, 0);
    }
}

static void an_hour_adds_a_longer_rung(void **state)
{
    (void)state;
    nas_ladder ladder = nas_ladder_plan(50000, 0, 3600 * 2 * 0.6, 100e-6);
    assert_int_equal(ladder.n, 4);
    check_rung(&ladder, 2, 1, 4, 0.25);
    check_rung(&ladder, 3, 1, 12, 0);
}

static void a_minute_drops_the_top(void **state)
{
    (void)state;
    nas_ladder ladder = nas_ladder_plan(50000, 0, 72, 100e-6);
    assert_int_equal(ladder.n, 2);
    check_rung(&ladder, 0, 1.0 / 3, 1, 1.0 / 3);
    check_rung(&ladder, 1, 1.0 / 3, 4, 0);
}

static void seconds_shrink_fractions(void **state)
{
    (void)state;
    nas_ladder ladder = nas_ladder_plan(50000, 0, 10, 100e-6);
    assert_int_equal(ladder.n, 2);
    check_rung(&ladder, 0, 1.0 / 12, 1, 1.0 / 3);
    check_rung(&ladder, 1, 1.0 / 12, 4, 0);
    /* However little time: 500 rows remain. */
    ladder = nas_ladder_plan(50000, 0, 1e-3, 100e-6);
    check_rung(&ladder, 0, 0.01, 1, 1.0 / 3);
}

static void asked_epochs_are_kept(void **state)
{
    (void)state;
    for (int64_t epochs = 1; epochs <= 30; epochs++) {
        for (double seconds = 0; seconds < 500; seconds = seconds * 3 + 1.5) {
            nas_ladder ladder = nas_ladder_plan(50000, epochs, seconds, 150e-6);
            assert_int_equal(ladder.rung[ladder.n - 1].epochs, epochs);
        }
    }
    nas_ladder ladder = nas_ladder_plan(50000, 8, 0, 0);
    assert_int_equal(ladder.n, 3);
    check_rung(&ladder, 0, 1.0 / 3, 2, 1.0 / 3);
    check_rung(&ladder, 1, 1.0 / 3, 8, 0.25);
    ladder = nas_ladder_plan(50000, 1, 0, 0);
    assert_int_equal(ladder.n, 2); /* equal rungs are one */
    check_rung(&ladder, 0, 1.0 / 3, 1, 1.0 / 3);
    ladder = nas_ladder_plan(400, 1, 0, 0);
    assert_int_equal(ladder.n, 1);
    check_rung(&ladder, 0, 1, 1, 0);
}

static void few_rows_are_not_divided(void **state)
{
    (void)state;
    nas_ladder ladder = nas_ladder_plan(400, 0, 0, 0);
    assert_int_equal(ladder.n, 2);
    check_rung(&ladder, 0, 1, 25, 1.0 / 3);
    check_rung(&ladder, 1, 1, 100, 0);
    ladder = nas_ladder_plan(1257, 0, 0, 0);
    check_rung(&ladder, 0, 1, 8, 1.0 / 3);
    check_rung(&ladder, 1, 1, 32, 0);
    ladder = nas_ladder_plan(2000, 0, 0, 0);
    check_rung(&ladder, 0, 1.0 / 3, 5, 1.0 / 3);
}

/* Whatever the arguments: rungs get longer, shares are shares, the top keeps nothing. */
static void every_ladder_is_sound(void **state)
{
    (void)state;
    for (double rows = 1; rows < 3e6; rows = rows * 1.7 + 1) {
        for (double seconds = 0; seconds < 1e6; seconds = seconds * 4 + 0.3) {
            for (int64_t epochs = 0; epochs < 40; epochs += 13) {
                nas_ladder l = nas_ladder_plan((int64_t)rows, epochs, seconds, 80e-6);
                assert_true(l.n >= 1 && l.n <= NAS_MAX_RUNGS);
                assert_true(l.rung[l.n - 1].keep == 0);
                for (int i = 0; i < l.n; i++) {
                    assert_true(l.rung[i].fraction > 0 && l.rung[i].fraction <= 1);
                    assert_true(l.rung[i].epochs >= 1 && l.rung[i].epochs <= 400);
                    if (i + 1 == l.n)
                        continue;
                    assert_true(l.rung[i].keep > 0 && l.rung[i].keep < 1);
                    assert_true(l.rung[i].fraction <= l.rung[i + 1].fraction);
                    assert_true(l.rung[i].epochs <= l.rung[i + 1].epochs);
                    assert_true(l.rung[i].fraction < l.rung[i + 1].fraction ||
                                l.rung[i].epochs < l.rung[i + 1].epochs);
                }
            }
        }
    }
}

static void costs_that_can_pay(void **state)
{
    (void)state;
    nas_ladder ladder = nas_ladder_plan(50000, 0, 216, 100e-6);
    /* 16,667 x 1 + 16,667 x 4 + 50,000 x 4 = 283,335 rows in 45 % of 108 s */
    double macs = nas_ladder_max_macs(&ladder, 50000, 108, 3.3e-11);
    assert_true(fabs(macs - 0.45 * 108 / (283335 * 3.3e-11)) < 1);
    assert_true(isinf(nas_ladder_max_macs(&ladder, 50000, 0, 3.3e-11)));
    assert_true(isinf(nas_ladder_max_macs(&ladder, 50000, (double)INFINITY, 3.3e-11)));
}

static void seconds_of_a_rung(void **state)
{
    (void)state;
    nas_ladder ladder = nas_ladder_plan(50000, 0, 0, 0);
    nas_schedule_view view = {
        .ladder = &ladder, .seconds_per_mac_row = 3e-11, .rows = 50000};
    nas_cost cost = {.macs = 2385000};
    assert_true(fabs(nas_rung_seconds(&view, &cost, 1) - 2385000 * 3e-11 * 16667 * 4) <
                1e-9);
    assert_true(fabs(nas_rung_seconds(&view, &cost, 2) - 2385000 * 3e-11 * 50000 * 4) <
                1e-9);
}

/* Few rows to validate on: all folds at the top, as many below as score 200 rows. */
static void folds_come_at_the_top(void **state)
{
    (void)state;
    const nas_fold_counts folds = {.folds = 5, .repeats = 1, .rows = 100};
    nas_ladder ladder = nas_ladder_plan_folds(&folds, 400, 0, 0, 0);
    assert_int_equal(ladder.n, 3);
    check_rung(&ladder, 0, 1, 25, 1.0 / 3);
    check_rung(&ladder, 1, 1, 100, 0.25);
    check_rung(&ladder, 2, 1, 100, 0);
    assert_int_equal(nas_ladder_folds(&ladder, 0), 2);
    assert_int_equal(nas_ladder_folds(&ladder, 1), 2);
    assert_int_equal(nas_ladder_folds(&ladder, 2), 5);
    assert_int_equal(nas_ladder_new_runs(&ladder, 1), 2); /* other epochs: all anew */
    assert_int_equal(nas_ladder_new_runs(&ladder, 2), 3); /* two are known */
}

static void very_few_rows_are_repeated(void **state)
{
    (void)state;
    const nas_fold_counts folds = {.folds = 5, .repeats = 3, .rows = 24};
    nas_ladder ladder = nas_ladder_plan_folds(&folds, 96, 0, 0, 0);
    assert_int_equal(ladder.n, 3);
    assert_int_equal(nas_ladder_folds(&ladder, 0), 5);
    assert_int_equal(nas_ladder_repeats(&ladder, 0), 1);
    assert_int_equal(nas_ladder_repeats(&ladder, 2), 3);
    assert_int_equal(nas_ladder_new_runs(&ladder, 2), 10);
    const nas_fold_counts once = {.folds = 5, .repeats = 1, .rows = 24};
    ladder = nas_ladder_plan_folds(&once, 96, 0, 0, 0);
    assert_int_equal(ladder.n, 2); /* the top has all folds anyway */
}

/* What cannot be afforded is left out: the top goes back to few folds. */
static void folds_must_be_affordable(void **state)
{
    (void)state;
    const nas_fold_counts folds = {.folds = 5, .repeats = 1, .rows = 300};
    nas_ladder ladder = nas_ladder_plan_folds(&folds, 1200, 0, 1e9, 1e-3);
    assert_int_equal(nas_ladder_folds(&ladder, ladder.n - 1), 5);
    ladder = nas_ladder_plan_folds(&folds, 1200, 0, 1e-3, 1e-3);
    assert_int_equal(nas_ladder_folds(&ladder, ladder.n - 1), 1);
    for (int k = 0; k < ladder.n; k++)
        assert_int_equal(nas_ladder_new_runs(&ladder, k), 1);
}

/* Folds of one network run at the same time on several workers. */
static void seconds_of_folds(void **state)
{
    (void)state;
    const nas_fold_counts folds = {.folds = 5, .repeats = 1, .rows = 40};
    nas_ladder ladder = nas_ladder_plan_folds(&folds, 160, 8, 0, 0);
    nas_schedule_view view = {
        .ladder = &ladder, .seconds_per_mac_row = 3e-11, .rows = 160, .workers = 2};
    nas_cost cost = {.macs = 2385000};
    double one = 2385000 * 3e-11 * 160 * 2;
    assert_true(fabs(nas_rung_seconds(&view, &cost, 0) - 3 * one) < 1e-12);
    view.workers = 8;
    assert_true(fabs(nas_rung_seconds(&view, &cost, 0) - one) < 1e-12);
}

/* Scoring with inherited weights comes first, on fold 0 alone; the rest stays. */
static void a_supernet_adds_a_rung_below(void **state)
{
    (void)state;
    nas_ladder plain = {
        .rung = {{0.5, 2, 0.25}, {1, 8, 0}}, .n = 2, .folds = {3, 5}, .repeats = 4};
    nas_ladder with = nas_ladder_with_supernet(&plain);
    assert_int_equal(with.n, 3);
    assert_int_equal(with.rung[0].epochs, 0);
    assert_true(with.rung[0].fraction == 1.0 && with.rung[0].keep == 0.125);
    assert_int_equal(nas_ladder_folds(&with, 0), 1);
    assert_int_equal(nas_ladder_repeats(&with, 0), 1);
    for (int i = 0; i < 2; i++) {
        assert_memory_equal(&with.rung[i + 1], &plain.rung[i], sizeof plain.rung[i]);
        assert_int_equal(nas_ladder_folds(&with, i + 1), nas_ladder_folds(&plain, i));
    }
    assert_int_equal(nas_ladder_repeats(&with, 2), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_supernet_adds_a_rung_below),
        cmocka_unit_test(the_default_ladder),
        cmocka_unit_test(three_and_ten_minutes_keep_it),
        cmocka_unit_test(an_hour_adds_a_longer_rung),
        cmocka_unit_test(a_minute_drops_the_top),
        cmocka_unit_test(seconds_shrink_fractions),
        cmocka_unit_test(asked_epochs_are_kept),
        cmocka_unit_test(few_rows_are_not_divided),
        cmocka_unit_test(every_ladder_is_sound),
        cmocka_unit_test(costs_that_can_pay),
        cmocka_unit_test(seconds_of_a_rung),
        cmocka_unit_test(folds_come_at_the_top),
        cmocka_unit_test(very_few_rows_are_repeated),
        cmocka_unit_test(folds_must_be_affordable),
        cmocka_unit_test(seconds_of_folds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
