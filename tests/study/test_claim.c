#include "fixture.h"

#include "nasmith/clock.h"

static void test_claim_gives_what_was_asked(fixture *f)
{
    int64_t id = ask_trial(f->study, 0xa1);
    nas_claim claim = claim_next(f, "w1");
    assert_int_equal(claim.trial, id);
    assert_int_equal(claim.attempt, 1);
    assert_int_equal(claim.spec.rung, 0);
    assert_true(claim.spec.fraction == 1.0 / 3);
    assert_int_equal(claim.spec.epochs, 1);
    assert_string_equal(claim.graph, "{\"nodes\":[]}");
    assert_string_equal(claim.recipe, "{}");
    assert_int_equal(claim.cost.ram_bytes, 4512);
    assert_true(claim.cost.latency_ms == 0.385);
    nas_err err = {0};
    bool found = true;
    check_ok(nas_study_claim(f->study, "w2", 30, f->arena, &claim, &found, &err), err);
    assert_false(found);
}

static void claim_gives_what_was_asked(void **state)
{
    (void)state;
    check_both(test_claim_gives_what_was_asked);
}

static void test_claim_by_purpose(fixture *f)
{
    nas_err err = {0};
    int64_t id = ask_trial(f->study, 0xa7);
    const nas_evaluation_spec baseline = {
        .purpose = NAS_PURPOSE_BASELINE, .rung = -1, .fraction = 1.0, .epochs = 7};
    nas_trial_spec linear = test_trial(0xb7);
    linear.origin = NAS_TRIAL_BASELINE;
    linear.name = "linear";
    int64_t other = 0;
    check_ok(nas_study_queue(f->study, &linear, 0, &baseline, &other, &err), err);
    const unsigned finishing = 1U << NAS_PURPOSE_REFIT | 1U << NAS_PURPOSE_BASELINE;
    nas_claim claim;
    bool found = false;
    check_ok(
        nas_study_claim_for(f->study, "w", 30, finishing, f->arena, &claim, &found, &err),
        err);
    assert_true(found);
    assert_int_equal(claim.trial, other); /* although the search's goes first */
    check_ok(
        nas_study_claim_for(f->study, "w", 30, finishing, f->arena, &claim, &found, &err),
        err);
    assert_false(found);
    check_ok(nas_study_claim(f->study, "w", 30, f->arena, &claim, &found, &err), err);
    assert_true(found);
    assert_int_equal(claim.trial, id);
}

static void claim_by_purpose(void **state)
{
    (void)state;
    check_both(test_claim_by_purpose);
}

static void test_done_is_immutable(fixture *f)
{
    (void)ask_trial(f->study, 0xa2);
    nas_claim claim = claim_next(f, "w1");
    assert_false(finish(f->study, "w2", &claim, 0.1)); /* not its holder */
    nas_claim other = claim;
    other.attempt = 2;
    assert_false(finish(f->study, "w1", &other, 0.2)); /* not its attempt */
    assert_true(finish(f->study, "w1", &claim, 0.8125));
    assert_false(finish(f->study, "w1", &claim, 0.9));
    nas_err err = {0};
    bool held = true;
    check_ok(nas_study_heartbeat(f->study, "w1", &claim, 30, 3, 0.5, &held, &err), err);
    assert_false(held);
    check_ok(nas_study_release(f->study, "w1", "killed", &err), err);
    nas_evaluation_row row = read_row(f, claim.evaluation);
    assert_int_equal(row.state, NAS_EVALUATION_DONE);
    assert_true(row.validation.value == 0.8125);
    assert_true(row.validation.low == 0.8125 - 0.01);
    assert_true(row.train_loss == 0.385);
    assert_true(row.seconds == 2.385);
    assert_int_equal(row.validation.n, 1000);
    assert_string_equal(row.worker, "w1");
    assert_null(row.reason);
    assert_true(row.started_ms > 0 && row.finished_ms >= row.started_ms);
}

static void done_is_immutable(void **state)
{
    (void)state;
    check_both(test_done_is_immutable);
}

static void test_a_lost_lease_comes_back_twice(fixture *f)
{
    nas_err err = {0};
    (void)ask_trial(f->study, 0xa3);
    nas_claim claim = {0}, first = {0};
    for (int attempt = 1; attempt <= 3; attempt++) {
        bool found = false;
        check_ok(nas_study_claim(f->study, "w1", -1, f->arena, &claim, &found, &err),
                 err);
        assert_true(found);
        assert_int_equal(claim.attempt, attempt);
        if (attempt == 1)
            first = claim;
        nas_clock_sleep_s(0.003);
    }
    bool found = true;
    check_ok(nas_study_claim(f->study, "w2", 30, f->arena, &claim, &found, &err), err);
    assert_false(found);
    nas_evaluation_row row = read_row(f, first.evaluation);
    assert_int_equal(row.state, NAS_EVALUATION_FAILED);
    assert_int_equal(row.outcome, NAS_OUTCOME_CRASHED);
    assert_int_equal(row.attempt, 3);
    assert_non_null(strstr(row.reason, "three times"));
    assert_false(finish(f->study, "w1", &first, 0.5));
}

static void a_lost_lease_comes_back_twice(void **state)
{
    (void)state;
    check_both(test_a_lost_lease_comes_back_twice);
}

static void test_a_late_result_of_a_lost_attempt_is_refused(fixture *f)
{
    nas_err err = {0};
    (void)ask_trial(f->study, 0xa4);
    nas_claim lost = {0};
    bool found = false;
    check_ok(nas_study_claim(f->study, "w1", -1, f->arena, &lost, &found, &err), err);
    nas_clock_sleep_s(0.003);
    nas_claim again = claim_next(f, "w2");
    assert_int_equal(again.evaluation, lost.evaluation);
    assert_int_equal(again.attempt, 2);
    assert_false(finish(f->study, "w1", &lost, 0.25));
    assert_true(finish(f->study, "w2", &again, 0.75));
    assert_true(read_row(f, lost.evaluation).validation.value == 0.75);
}

static void a_late_result_of_a_lost_attempt_is_refused(void **state)
{
    (void)state;
    check_both(test_a_late_result_of_a_lost_attempt_is_refused);
}

static void test_an_expired_lease_nobody_took_still_counts(fixture *f)
{
    nas_err err = {0};
    nas_claim claim = {0};
    bool found = false;
    (void)ask_trial(f->study, 0xa5);
    check_ok(nas_study_claim(f->study, "w1", -1, f->arena, &claim, &found, &err), err);
    nas_clock_sleep_s(0.003);
    assert_true(finish(f->study, "w1", &claim, 0.5));
}

static void an_expired_lease_nobody_took_still_counts(void **state)
{
    (void)state;
    check_both(test_an_expired_lease_nobody_took_still_counts);
}

static void test_heartbeats_extend(fixture *f)
{
    nas_err err = {0};
    nas_claim claim = {0}, other = {0};
    bool found = false, held = false;
    (void)ask_trial(f->study, 0xa6);
    check_ok(nas_study_claim(f->study, "w1", -1, f->arena, &claim, &found, &err), err);
    check_ok(nas_study_heartbeat(f->study, "w1", &claim, 30, 2, 0.6875, &held, &err),
             err);
    assert_true(held);
    nas_clock_sleep_s(0.003);
    check_ok(nas_study_claim(f->study, "w2", 30, f->arena, &other, &found, &err), err);
    assert_false(found);
    nas_evaluation_row row = read_row(f, claim.evaluation);
    assert_int_equal(row.state, NAS_EVALUATION_RUNNING);
    assert_int_equal(row.epochs_done, 2);
    assert_true(row.last_value == 0.6875);
}

static void heartbeats_extend(void **state)
{
    (void)state;
    check_both(test_heartbeats_extend);
}

static void test_stopping_costs_no_attempt(fixture *f)
{
    nas_err err = {0};
    (void)ask_trial(f->study, 0xa7);
    for (int i = 0; i < 5; i++) {
        nas_claim claim = claim_next(f, "w1");
        assert_int_equal(claim.attempt, 1);
        nas_job_result result = {.outcome = NAS_OUTCOME_STOPPED};
        bool accepted = false;
        check_ok(nas_study_finish(f->study, "w1", &claim, &result, &accepted, &err), err);
        assert_true(accepted);
    }
}

static void stopping_costs_no_attempt(void **state)
{
    (void)state;
    check_both(test_stopping_costs_no_attempt);
}

static void test_release_returns_at_once(fixture *f)
{
    nas_err err = {0};
    (void)ask_trial(f->study, 0xa8);
    (void)ask_trial(f->study, 0xa9);
    nas_claim kept = claim_next(f, "w2");
    nas_claim claim = {0};
    for (int attempt = 1; attempt <= 3; attempt++) {
        claim = claim_next(f, "w1");
        assert_int_equal(claim.attempt, attempt);
        check_ok(nas_study_release(f->study, "w1", "killed by signal 9", &err), err);
    }
    nas_evaluation_row row = read_row(f, claim.evaluation);
    assert_int_equal(row.state, NAS_EVALUATION_FAILED);
    assert_string_equal(row.reason, "killed by signal 9");
    assert_true(finish(f->study, "w2", &kept, 0.5)); /* others are left alone */
}

static void release_returns_at_once(void **state)
{
    (void)state;
    check_both(test_release_returns_at_once);
}

static void test_an_outcome_is_final(fixture *f)
{
    nas_err err = {0};
    bool accepted = false, found = true;
    (void)ask_trial(f->study, 0xaa);
    nas_claim claim = claim_next(f, "w1");
    nas_curve_point curve[] = {{1, 2.385, (double)NAN}, {2, 1.25, (double)NAN}};
    nas_job_result result = {.outcome = NAS_OUTCOME_DIVERGED,
                             .reason = "loss is not a number in step 12",
                             .validation = {.value = 0.5},
                             .train_loss = (double)NAN,
                             .curve = curve,
                             .n_curve = 2};
    check_ok(nas_study_finish(f->study, "w1", &claim, &result, &accepted, &err), err);
    assert_true(accepted);
    check_ok(nas_study_claim(f->study, "w1", 30, f->arena, &claim, &found, &err), err);
    assert_false(found);
    nas_evaluation_row row = read_row(f, claim.evaluation);
    assert_int_equal(row.state, NAS_EVALUATION_FAILED);
    assert_int_equal(row.outcome, NAS_OUTCOME_DIVERGED);
    assert_string_equal(row.reason, "loss is not a number in step 12");
    assert_true(isnan(row.validation.value));
    assert_true(isnan(row.train_loss));
    assert_string_equal(row.curve, "[[1,2.385,null],[2,1.25,null]]");
}

static void an_outcome_is_final(void **state)
{
    (void)state;
    check_both(test_an_outcome_is_final);
}

static void test_order_of_claims(fixture *f)
{
    nas_err err = {0};
    bool got = false;
    nas_trial_spec linear = test_trial(0xb0);
    linear.origin = NAS_TRIAL_BASELINE;
    linear.name = "linear";
    nas_evaluation_spec baseline = {
        .purpose = NAS_PURPOSE_BASELINE, .rung = -1, .fraction = 1, .epochs = 2};
    check_ok(nas_study_queue(f->study, &linear, 0, &baseline, NULL, &err), err);
    int64_t a = ask_trial(f->study, 0xb1);
    int64_t b = ask_trial(f->study, 0xb2);
    nas_study_step up = {
        .owner = "asker-1", .promoted_trial = b, .evaluation = test_rung(1)};
    check_ok(nas_study_step_commit(f->study, &up, &got, NULL, &err), err);
    nas_evaluation_spec refit = {
        .purpose = NAS_PURPOSE_REFIT, .rung = -1, .fraction = 1, .epochs = 8};
    check_ok(nas_study_queue(f->study, NULL, b, &refit, NULL, &err), err);

    nas_claim claim = claim_next(f, "w");
    assert_int_equal(claim.spec.purpose, NAS_PURPOSE_REFIT);
    assert_int_equal(claim.spec.epochs, 8);
    claim = claim_next(f, "w");
    assert_int_equal(claim.spec.rung, 1);
    claim = claim_next(f, "w");
    assert_int_equal(claim.trial, a);
    claim = claim_next(f, "w");
    assert_int_equal(claim.trial, b);
    claim = claim_next(f, "w");
    assert_int_equal(claim.spec.purpose, NAS_PURPOSE_BASELINE);
    assert_int_equal(claim.trial, -1);
}

static void order_of_claims(void **state)
{
    (void)state;
    check_both(test_order_of_claims);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claim_gives_what_was_asked),
        cmocka_unit_test(claim_by_purpose),
        cmocka_unit_test(done_is_immutable),
        cmocka_unit_test(a_lost_lease_comes_back_twice),
        cmocka_unit_test(a_late_result_of_a_lost_attempt_is_refused),
        cmocka_unit_test(an_expired_lease_nobody_took_still_counts),
        cmocka_unit_test(heartbeats_extend),
        cmocka_unit_test(stopping_costs_no_attempt),
        cmocka_unit_test(release_returns_at_once),
        cmocka_unit_test(an_outcome_is_final),
        cmocka_unit_test(order_of_claims),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
