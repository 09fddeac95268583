#include "fixture.h"

static const char SPACE[] = "network:\n"
                            "  - conv: {out: [4, 8, 12], kernel: [1, 3]}\n"
                            "  - global_avg_pool\n";

static nas_space *test_space(void)
{
    nas_err err = {0};
    nas_space *space = NULL;
    nas_space_context context = {.input = {3, 16, 16}, .n_outputs = 10};
    check_ok(nas_space_parse(SPACE, strlen(SPACE), "test", &context, &space, &err), err);
    return space;
}

/* Ask for candidate number `index`, to be trained on some folds. */
static int64_t ask_folds(fixture *f, const nas_space *space, int64_t index, int n_folds)
{
    nas_err err = {0};
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    bool ok = false;
    int64_t id = 0;
    const nas_candidate *candidate = nas_space_at(space, index, f->arena);
    nas_candidate_write_json(space, candidate, &json);
    nas_trial_spec trial = test_trial(nas_space_key(space, candidate));
    trial.decisions = nas_text_string(&text);
    trial.uniform = index % 2 == 1;
    trial.parents[0] = index > 0 ? 1 : 0;
    nas_study_step step = {.owner = "asker-1",
                           .trial = &trial,
                           .evaluation = test_rung(0),
                           .folds = n_folds};
    check_ok(nas_study_lease(f->study, "asker", "asker-1", 30, &ok, &err), err);
    check_ok(nas_study_step_commit(f->study, &step, &ok, &id, &err), err);
    assert_true(ok);
    nas_text_free(&text);
    return id;
}

static int64_t ask_candidate(fixture *f, const nas_space *space, int64_t index)
{
    return ask_folds(f, space, index, 1);
}

static void promote(fixture *f, int64_t id, int rung)
{
    nas_err err = {0};
    bool ok = false;
    nas_study_step step = {
        .owner = "asker-1", .promoted_trial = id, .evaluation = test_rung(rung)};
    check_ok(nas_study_step_commit(f->study, &step, &ok, NULL, &err), err);
    assert_true(ok);
}

static void check_equal(const nas_history *a, const nas_history *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->n_events, b->n_events);
    assert_int_equal(a->n_scored, b->n_scored);
    assert_int_equal(a->seq, b->seq);
    for (int64_t i = 0; i < a->n_events; i++) {
        assert_int_equal(a->events[i].trial, b->events[i].trial);
        assert_int_equal(a->events[i].rung, b->events[i].rung);
    }
    for (int64_t t = 0; t < a->n; t++) {
        const nas_history_trial *x = &a->trials[t], *y = &b->trials[t];
        assert_int_equal(x->id, y->id);
        assert_true(x->key == y->key);
        assert_int_equal(x->rungs, y->rungs);
        assert_int_equal(x->queued_rung, y->queued_rung);
        assert_int_equal(x->failed, y->failed);
        assert_int_equal(x->uniform, y->uniform);
        assert_int_equal(x->parents[0], y->parents[0]);
        for (int r = 0; r < x->rungs; r++)
            assert_true(x->score[r] == y->score[r] && x->error[r] == y->error[r]);
    }
}

static void test_step_by_step_equals_at_once(fixture *f)
{
    nas_err err = {0};
    nas_space *space = test_space();
    nas_history *live = nas_history_new(space);
    nas_claim claims[6];
    bool accepted = false;
    check_ok(nas_study_sync(f->study, live, &err), err);
    assert_int_equal(live->n, 0);
    for (int i = 0; i < 5; i++) {
        (void)ask_candidate(f, space, i);
        claims[i] = claim_next(f, "w");
        check_ok(nas_study_sync(f->study, live, &err), err);
        assert_int_equal(live->n, i + 1);
        assert_int_equal(live->trials[i].queued_rung, 0);
        assert_true(nas_space_key(space, live->trials[i].candidate) ==
                    live->trials[i].key);
    }
    static const int order[] = {3, 0, 4};
    for (int i = 0; i < 3; i++) {
        assert_true(finish(f->study, "w", &claims[order[i]], 0.5 + 0.1 * order[i]));
        check_ok(nas_study_sync(f->study, live, &err), err);
        assert_int_equal(live->n_events, i + 1);
        assert_int_equal(live->events[i].trial, order[i]);
    }
    nas_job_result bad = {.outcome = NAS_OUTCOME_DIVERGED, .reason = "NaN"};
    check_ok(nas_study_finish(f->study, "w", &claims[1], &bad, &accepted, &err), err);
    promote(f, 5, 1);
    check_ok(nas_study_sync(f->study, live, &err), err);
    assert_true(live->trials[1].failed);
    assert_int_equal(live->trials[1].rungs, 0);
    assert_int_equal(live->trials[4].queued_rung, 1);
    assert_int_equal(live->trials[4].rungs, 1);
    claims[5] = claim_next(f, "w");
    assert_true(finish(f->study, "w", &claims[5], 0.875));
    assert_true(finish(f->study, "w", &claims[2], 0.125));
    check_ok(nas_study_sync(f->study, live, &err), err);
    assert_int_equal(live->trials[4].rungs, 2);
    assert_true(live->trials[4].score[1] == 0.875);
    assert_true(live->trials[4].error[1] == 0.0125);
    assert_int_equal(live->trials[4].cost.macs, 56789);
    assert_int_equal(nas_history_best(live), 4);

    nas_history *fresh = nas_history_new(space);
    check_ok(nas_study_sync(f->study, fresh, &err), err);
    check_equal(live, fresh);
    nas_history_free(live);
    nas_history_free(fresh);
    nas_space_free(space);
}

static void step_by_step_equals_at_once(void **state)
{
    (void)state;
    check_both(test_step_by_step_equals_at_once);
}

/* Answered evaluations are told like trained ones; baselines and refits never. */
static void test_what_counts(fixture *f)
{
    nas_err err = {0};
    nas_space *space = test_space();
    nas_history *history = nas_history_new(space);
    (void)ask_candidate(f, space, 0);
    nas_claim claim = claim_next(f, "w");
    assert_true(finish(f->study, "w", &claim, 0.625));
    (void)ask_candidate(f, space, 0); /* the same network */
    nas_trial_spec linear = test_trial(0xaa);
    linear.origin = NAS_TRIAL_BASELINE;
    linear.name = "linear";
    linear.decisions = NULL;
    nas_evaluation_spec spec = {
        .purpose = NAS_PURPOSE_BASELINE, .rung = -1, .fraction = 1, .epochs = 1};
    check_ok(nas_study_queue(f->study, &linear, 0, &spec, NULL, &err), err);
    spec.purpose = NAS_PURPOSE_REFIT;
    check_ok(nas_study_queue(f->study, NULL, 1, &spec, NULL, &err), err);
    claim = claim_next(f, "w");
    assert_true(finish(f->study, "w", &claim, 0.75));
    check_ok(nas_study_sync(f->study, history, &err), err);
    assert_int_equal(history->n, 2);
    assert_int_equal(history->n_events, 2);
    assert_true(history->trials[1].score[0] == 0.625);
    nas_history_free(history);
    nas_space_free(space);
}

static void what_counts(void **state)
{
    (void)state;
    check_both(test_what_counts);
}

/* Repeats: a rung is finished with the last of them; its score is their mean. */
static void test_repeats(fixture *f)
{
    nas_err err = {0};
    nas_space *space = test_space();
    nas_history *history = nas_history_new(space);
    static const double values[] = {0.5, 0.625, 0.75};
    int64_t id = ask_candidate(f, space, 2);
    nas_evaluation_spec spec = test_rung(0);
    for (int repeat = 1; repeat < 3; repeat++) {
        spec.repeat = repeat;
        check_ok(nas_study_queue(f->study, NULL, id, &spec, NULL, &err), err);
    }
    for (int i = 0; i < 3; i++) {
        nas_claim claim = claim_next(f, "w");
        assert_int_equal(claim.spec.repeat, i);
        check_ok(nas_study_sync(f->study, history, &err), err);
        assert_int_equal(history->n_events, 0);
        assert_true(finish(f->study, "w", &claim, values[i]));
    }
    check_ok(nas_study_sync(f->study, history, &err), err);
    assert_int_equal(history->n_events, 1);
    assert_true(history->trials[0].score[0] == 0.625);
    /* deviation 0.125 of three values: 0.125 / sqrt(3) */
    assert_true(fabs(history->trials[0].error[0] - 0.125 / sqrt(3)) < 1e-12);
    nas_history_free(history);
    nas_space_free(space);
}

static void repeats(void **state)
{
    (void)state;
    check_both(test_repeats);
}

/* Folds of two trials end in turns: a rung counts from its last fold on, also for who
 * reads all of it at once. */
static void test_folds(fixture *f)
{
    nas_err err = {0};
    nas_space *space = test_space();
    nas_history *live = nas_history_new(space);
    nas_history *fresh = nas_history_new(space);
    nas_claim claims[6];
    for (int i = 0; i < 2; i++)
        ask_folds(f, space, i, 3);
    for (int i = 0; i < 6; i++) {
        claims[i] = claim_next(f, "w");
        assert_int_equal(claims[i].trial, 1 + i / 3);
        assert_int_equal(claims[i].spec.fold, i % 3);
    }
    static const int order[] = {0, 3, 4, 5, 1, 2}; /* the second trial is first */
    static const int events[] = {0, 0, 0, 1, 1, 2};
    for (int i = 0; i < 6; i++) {
        assert_true(finish(f->study, "w", &claims[order[i]], 0.125 * (order[i] + 1)));
        check_ok(nas_study_sync(f->study, live, &err), err);
        assert_int_equal(live->n_events, events[i]);
    }
    assert_int_equal(live->events[0].trial, 1);
    assert_true(live->trials[0].score[0] == 0.25);
    assert_true(live->trials[1].score[0] == 0.625);
    check_ok(nas_study_sync(f->study, fresh, &err), err);
    check_equal(live, fresh);
    nas_history_free(live);
    nas_history_free(fresh);
    nas_space_free(space);
}

static void folds(void **state)
{
    (void)state;
    check_both(test_folds);
}

/* A metric of which less is better is turned round; NaN is worse than anything. */
static void scores_are_oriented(void **state)
{
    (void)state;
    nas_err err = {0};
    fixture f = {.arena = nas_arena_new()};
    nas_space *space = test_space();
    nas_history *history = nas_history_new(space);
    nas_study_settings settings = test_settings();
    settings.metric = "rmse";
    nas_test_tmpdir(f.folder, sizeof f.folder);
    check_ok(nas_study_create(":memory:", &settings, &f.study, &err), err);
    for (int i = 0; i < 3; i++) {
        (void)ask_candidate(&f, space, i);
        nas_claim claim = claim_next(&f, "w");
        assert_true(finish(f.study, "w", &claim, i == 1 ? (double)NAN : 2.385 + i));
    }
    check_ok(nas_study_sync(f.study, history, &err), err);
    assert_true(history->trials[0].score[0] == -2.385);
    assert_true(isinf(history->trials[1].score[0]) && history->trials[1].score[0] < 0);
    assert_true(history->trials[2].score[0] == -4.385);
    assert_int_equal(nas_history_best(history), 0);
    nas_history_free(history);
    nas_space_free(space);
    fixture_close(&f);
}

static void foreign_decisions_are_an_error(void **state)
{
    (void)state;
    nas_err err = {0};
    fixture f = {0};
    nas_space *space = test_space();
    nas_history *history = nas_history_new(space);
    fixture_open(&f, ":memory:");
    (void)ask_trial(f.study, 0xbb); /* {"a":"1"}: no decision of this space */
    assert_true(nas_study_sync(f.study, history, &err) != NAS_OK);
    assert_non_null(strstr(err.text, "study `:memory:`, trial 1"));
    nas_history_free(history);
    nas_space_free(space);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(step_by_step_equals_at_once),
        cmocka_unit_test(what_counts),
        cmocka_unit_test(repeats),
        cmocka_unit_test(folds),
        cmocka_unit_test(scores_are_oriented),
        cmocka_unit_test(foreign_decisions_are_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
