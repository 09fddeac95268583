/* covers: rows.c scores.c */
#include "fixture.h"

static nas_study_counts counts(nas_study *study)
{
    nas_err err = {0};
    nas_study_counts out;
    check_ok(nas_study_count(study, &out, &err), err);
    return out;
}

/* ---- steps ---- */

static void test_without_the_lease_nothing_happens(fixture *f)
{
    nas_err err = {0};
    bool accepted = true;
    int64_t id = 7, asks = 0;
    const void *state = NULL;
    size_t bytes = 0;
    nas_trial_spec trial = test_trial(0xc0);
    nas_study_step step = {.owner = "asker-2",
                           .trial = &trial,
                           .evaluation = test_rung(0),
                           .strategy_state = "s",
                           .strategy_bytes = 1,
                           .infeasible = 3};
    check_ok(nas_study_step_commit(f->study, &step, &accepted, &id, &err), err);
    assert_false(accepted);
    (void)ask_trial(f->study, 0xc1); /* asker-1 holds it now */
    check_ok(nas_study_step_commit(f->study, &step, &accepted, &id, &err), err);
    assert_false(accepted);
    assert_int_equal(id, 0);
    assert_int_equal(counts(f->study).proposed, 1);
    assert_int_equal(counts(f->study).infeasible, 0);
    check_ok(nas_study_strategy_state(f->study, f->arena, &state, &bytes, &asks, &err),
             err);
    assert_null(state);
    assert_int_equal(asks, 1);
}

static void without_the_lease_nothing_happens(void **state)
{
    (void)state;
    check_both(test_without_the_lease_nothing_happens);
}

static void test_a_step_is_stored_whole(fixture *f)
{
    nas_err err = {0};
    bool accepted = false;
    int64_t id = 0, asks = 0;
    const void *state = NULL;
    size_t bytes = 0;
    assert_int_equal(ask_trial(f->study, 0xc2), 1);
    nas_trial_spec trial = test_trial(0xc3);
    trial.parents[0] = 1;
    trial.uniform = true;
    nas_study_step step = {.owner = "asker-1",
                           .trial = &trial,
                           .evaluation = test_rung(0),
                           .strategy_state = "st\0te",
                           .strategy_bytes = 5,
                           .infeasible = 3,
                           .duplicates = 2};
    check_ok(nas_study_step_commit(f->study, &step, &accepted, &id, &err), err);
    assert_true(accepted);
    assert_int_equal(id, 2);
    check_ok(nas_study_strategy_state(f->study, f->arena, &state, &bytes, &asks, &err),
             err);
    assert_int_equal(bytes, 5);
    assert_memory_equal(state, "st\0te", 5);
    assert_int_equal(asks, 2);
    nas_study_counts c = counts(f->study);
    assert_int_equal(c.proposed, 2);
    assert_int_equal(c.infeasible, 3);
    assert_int_equal(c.duplicates, 2);
    assert_int_equal(c.queued, 2);

    nas_trial_row *rows = NULL;
    int64_t n = 0;
    check_ok(nas_study_trials(f->study, f->arena, &rows, &n, &err), err);
    assert_int_equal(n, 2);
    assert_int_equal(rows[1].id, 2);
    assert_int_equal(rows[1].parents[0], 1);
    assert_true(rows[1].uniform);
    assert_true(rows[1].key == 0xc3);
    assert_int_equal(rows[1].cost.arena_bytes, 4000);
    assert_int_equal(rows[1].cost.flash_bytes, 13128);
    assert_string_equal(rows[1].decisions, "{\"a\":\"1\"}");
    assert_null(rows[1].name);
    assert_true(rows[1].created_ms > 0);
    assert_int_equal(rows[1].n_evaluations, 1);
    assert_int_equal(rows[1].evaluations[0].state, NAS_EVALUATION_QUEUED);
    assert_true(isnan(rows[1].evaluations[0].validation.value));
    nas_trial_row *one = NULL;
    check_ok(nas_study_trial(f->study, 2, f->arena, &one, &err), err);
    assert_int_equal(one->id, 2);
    assert_int_equal(one->n_evaluations, 1);
    check_ok(nas_study_trial(f->study, 3, f->arena, &one, &err), err);
    assert_null(one);
}

static void a_step_is_stored_whole(void **state)
{
    (void)state;
    check_both(test_a_step_is_stored_whole);
}

static void test_equal_trainings_are_answered(fixture *f)
{
    nas_err err = {0};
    (void)ask_trial(f->study, 0xc4);
    nas_claim claim = claim_next(f, "w");
    nas_curve_point curve[] = {{1, 2.385, 0.75}};
    nas_job_result result = test_result(0.75);
    bool accepted = false;
    result.curve = curve;
    result.n_curve = 1;
    check_ok(nas_study_finish(f->study, "w", &claim, &result, &accepted, &err), err);
    int64_t again = ask_trial(f->study, 0xc4); /* the same graph and recipe */
    int64_t other = ask_trial(f->study, 0xc5);
    nas_trial_row *row = NULL;
    check_ok(nas_study_trial(f->study, again, f->arena, &row, &err), err);
    const nas_evaluation_row *e = &row->evaluations[0];
    assert_int_equal(e->state, NAS_EVALUATION_DONE);
    assert_true(e->from_study);
    assert_true(e->validation.value == 0.75);
    assert_true(e->validation.high == 0.75 + 0.02);
    assert_true(e->train_loss == 0.385);
    assert_string_equal(e->curve, "[[1,2.385,0.75]]");
    assert_true(e->seconds == 0); /* it cost nothing */
    check_ok(nas_study_trial(f->study, other, f->arena, &row, &err), err);
    assert_int_equal(row->evaluations[0].state, NAS_EVALUATION_QUEUED);
    assert_false(row->evaluations[0].from_study);
    /* Another fidelity of the same network is another training. */
    nas_study_step up = {
        .owner = "asker-1", .promoted_trial = again, .evaluation = test_rung(1)};
    check_ok(nas_study_step_commit(f->study, &up, &accepted, NULL, &err), err);
    check_ok(nas_study_trial(f->study, again, f->arena, &row, &err), err);
    assert_int_equal(row->n_evaluations, 2);
    assert_int_equal(row->evaluations[1].state, NAS_EVALUATION_QUEUED);
}

static void equal_trainings_are_answered(void **state)
{
    (void)state;
    check_both(test_equal_trainings_are_answered);
}

static void test_a_promotion_happens_once(fixture *f)
{
    nas_err err = {0};
    bool accepted = false;
    int64_t id = ask_trial(f->study, 0xc6), promoted = 0, asks = 0;
    const void *state = NULL;
    size_t bytes = 0;
    nas_study_step up = {
        .owner = "asker-1", .promoted_trial = id, .evaluation = test_rung(1)};
    for (int i = 0; i < 2; i++) {
        check_ok(nas_study_step_commit(f->study, &up, &accepted, &promoted, &err), err);
        assert_true(accepted);
        assert_int_equal(promoted, id);
    }
    assert_int_equal(counts(f->study).queued, 2);
    check_ok(nas_study_strategy_state(f->study, f->arena, &state, &bytes, &asks, &err),
             err);
    assert_int_equal(asks, 1); /* a promotion is no ask */
    up.promoted_trial = 99;
    assert_int_equal(nas_study_step_commit(f->study, &up, &accepted, NULL, &err),
                     NAS_E_STUDY);
    assert_false(accepted);
}

static void a_promotion_happens_once(void **state)
{
    (void)state;
    check_both(test_a_promotion_happens_once);
}

/* ---- the queue beside the asker ---- */

static void test_baselines_and_refits(fixture *f)
{
    nas_err err = {0};
    int64_t a = 0, b = 0, c = 0, refit = 0;
    nas_trial_spec linear = test_trial(0xd0), standard = test_trial(0xd1);
    linear.origin = standard.origin = NAS_TRIAL_BASELINE;
    linear.decisions = standard.decisions = NULL;
    linear.name = "linear";
    standard.name = "standard";
    nas_evaluation_spec spec = {
        .purpose = NAS_PURPOSE_BASELINE, .rung = -1, .fraction = 1, .epochs = 3};
    check_ok(nas_study_queue(f->study, &linear, 0, &spec, &a, &err), err);
    check_ok(nas_study_queue(f->study, &standard, 0, &spec, &b, &err), err);
    check_ok(nas_study_queue(f->study, &linear, 0, &spec, &c, &err), err);
    assert_int_equal(a, -1);
    assert_int_equal(b, -2);
    assert_int_equal(c, -1);
    assert_int_equal(counts(f->study).queued, 2);
    assert_int_equal(counts(f->study).proposed, 0);
    int64_t id = ask_trial(f->study, 0xd2);
    assert_int_equal(id, 1); /* baselines do not shift ids */
    spec.purpose = NAS_PURPOSE_REFIT;
    for (int i = 0; i < 2; i++)
        check_ok(nas_study_queue(f->study, NULL, id, &spec, &refit, &err), err);
    assert_int_equal(refit, id);
    assert_int_equal(counts(f->study).final_open, 3);
    nas_claim claim = claim_next(f, "w");
    assert_true(finish(f->study, "w", &claim, 0.5));
    assert_int_equal(counts(f->study).final_open, 2);
    assert_int_equal(counts(f->study).scored, 0); /* a refit is no score */
    nas_trial_row *row = NULL;
    check_ok(nas_study_trial(f->study, -2, f->arena, &row, &err), err);
    assert_string_equal(row->name, "standard");
    assert_null(row->decisions);
    assert_int_equal(row->origin, NAS_TRIAL_BASELINE);
}

static void baselines_and_refits(void **state)
{
    (void)state;
    check_both(test_baselines_and_refits);
}

/* ---- counters ---- */

static void test_counts(fixture *f)
{
    nas_err err = {0};
    bool accepted = false;
    for (uint64_t i = 0; i < 4; i++)
        (void)ask_trial(f->study, 0xe0 + i);
    nas_claim claim = claim_next(f, "w");
    assert_true(finish(f->study, "w", &claim, 0.5));
    nas_study_step up = {
        .owner = "asker-1", .promoted_trial = claim.trial, .evaluation = test_rung(2)};
    check_ok(nas_study_step_commit(f->study, &up, &accepted, NULL, &err), err);
    claim = claim_next(f, "w");
    assert_int_equal(claim.spec.rung, 2);
    assert_true(finish(f->study, "w", &claim, 0.6));
    claim = claim_next(f, "w");
    nas_job_result bad = {.outcome = NAS_OUTCOME_TIMEOUT, .reason = "60 s"};
    check_ok(nas_study_finish(f->study, "w", &claim, &bad, &accepted, &err), err);
    claim = claim_next(f, "w");
    nas_study_counts c = counts(f->study);
    assert_int_equal(c.proposed, 4);
    assert_int_equal(c.scored, 1);
    assert_int_equal(c.full, 1);
    assert_int_equal(c.failed, 1);
    assert_int_equal(c.failed_evaluations, 1);
    assert_int_equal(c.done, 2);
    assert_int_equal(c.running, 1);
    assert_int_equal(c.queued, 1);
    nas_evaluation_row *running = NULL;
    int64_t n = 0;
    check_ok(nas_study_running(f->study, f->arena, &running, &n, &err), err);
    assert_int_equal(n, 1);
    assert_int_equal(running[0].id, claim.evaluation);
    assert_string_equal(running[0].worker, "w");
}

static void counts_of_everything(void **state)
{
    (void)state;
    check_both(test_counts);
}

/* ---- folds ---- */

static void finish_next(fixture *f, double value, nas_outcome outcome)
{
    nas_err err = {0};
    nas_claim claim;
    bool ok = false;
    check_ok(nas_study_claim(f->study, "w", 30, f->arena, &claim, &ok, &err), err);
    assert_true(ok);
    nas_job_result result = test_result(value);
    result.outcome = outcome;
    check_ok(nas_study_finish(f->study, "w", &claim, &result, &ok, &err), err);
    assert_true(ok);
}

/* @return whether the trial has a score, and that */
static bool score_of(fixture *f, int64_t id, nas_evaluation_row *out)
{
    nas_err err = {0};
    nas_trial_row *row = NULL;
    check_ok(nas_study_trial(f->study, id, f->arena, &row, &err), err);
    if (row->best != NULL)
        *out = *row->best;
    return row->best != NULL;
}

/* All folds of a rung are queued at once; its score is there with the last of them. */
static void test_score_of_folds(fixture *f)
{
    nas_err err = {0};
    bool ok = false;
    nas_study_counts counts;
    nas_evaluation_row best;
    nas_trial_spec trial = test_trial(0xf01d);
    nas_study_step step = {.owner = "asker-1",
                           .trial = &trial,
                           .evaluation = test_rung(2),
                           .folds = 2,
                           .repeats = 2};
    int64_t id = 0;
    check_ok(nas_study_lease(f->study, "asker", "asker-1", 30, &ok, &err), err);
    check_ok(nas_study_step_commit(f->study, &step, &ok, &id, &err), err);
    for (int i = 0; i < 4; i++) {
        assert_false(score_of(f, id, &best));
        check_ok(nas_study_count(f->study, &counts, &err), err);
        assert_int_equal(counts.scored, 0);
        assert_int_equal(counts.queued, 4 - i);
        finish_next(f, 0.25 * i, NAS_OUTCOME_DONE);
    }
    assert_true(score_of(f, id, &best));
    assert_true(best.validation.value == 0.375);
    assert_int_equal(best.validation.n, 2000); /* repeats see the same rows */
    assert_true(best.seconds == 4 * 2.385);
    assert_int_equal(best.spec.rung, 2);
    check_ok(nas_study_count(f->study, &counts, &err), err);
    assert_int_equal(counts.scored, 1);
    assert_int_equal(counts.full, 1);
    assert_int_equal(counts.failed, 0);
}

static void score_of_folds(void **state)
{
    (void)state;
    check_both(test_score_of_folds);
}

/* One fold that fails leaves the rung, and the trial, without a score. */
static void test_failed_fold(fixture *f)
{
    nas_err err = {0};
    bool ok = false;
    nas_study_counts counts;
    nas_evaluation_row best;
    nas_trial_spec trial = test_trial(0xf02d);
    nas_study_step step = {
        .owner = "asker-1", .trial = &trial, .evaluation = test_rung(0), .folds = 3};
    int64_t id = 0;
    check_ok(nas_study_lease(f->study, "asker", "asker-1", 30, &ok, &err), err);
    check_ok(nas_study_step_commit(f->study, &step, &ok, &id, &err), err);
    finish_next(f, 0.5, NAS_OUTCOME_DONE);
    finish_next(f, 0.5, NAS_OUTCOME_DIVERGED);
    finish_next(f, 0.5, NAS_OUTCOME_DONE);
    assert_false(score_of(f, id, &best));
    check_ok(nas_study_count(f->study, &counts, &err), err);
    assert_int_equal(counts.scored, 0);
    assert_int_equal(counts.failed, 1);
}

static void failed_fold(void **state)
{
    (void)state;
    check_both(test_failed_fold);
}

/* ---- test scores ---- */

static void test_first_score_is_kept(fixture *f)
{
    nas_err err = {0};
    nas_test_row *rows = NULL;
    int64_t n = 0, id = ask_trial(f->study, 0xf0);
    nas_test_row row = {
        .trial = id,
        .opening = 1,
        .kind = "refit",
        .test = {.value = 0.9125, .low = 0.9, .high = 0.92, .error = 0.006, .n = 10000}};
    check_ok(nas_study_put_test(f->study, &row, &err), err);
    row.test.value = 0.95;
    check_ok(nas_study_put_test(f->study, &row, &err), err);
    row.kind = "as_searched";
    check_ok(nas_study_put_test(f->study, &row, &err), err);
    row.opening = 2;
    check_ok(nas_study_put_test(f->study, &row, &err), err);
    check_ok(nas_study_tests(f->study, f->arena, &rows, &n, &err), err);
    assert_int_equal(n, 3);
    assert_string_equal(rows[0].kind, "as_searched");
    assert_string_equal(rows[1].kind, "refit");
    assert_true(rows[1].test.value == 0.9125);
    assert_int_equal(rows[1].test.n, 10000);
    assert_int_equal(rows[2].opening, 2);
}

static void first_score_is_kept(void **state)
{
    (void)state;
    check_both(test_first_score_is_kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_the_lease_nothing_happens),
        cmocka_unit_test(a_step_is_stored_whole),
        cmocka_unit_test(equal_trainings_are_answered),
        cmocka_unit_test(a_promotion_happens_once),
        cmocka_unit_test(baselines_and_refits),
        cmocka_unit_test(counts_of_everything),
        cmocka_unit_test(score_of_folds),
        cmocka_unit_test(failed_fold),
        cmocka_unit_test(first_score_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
