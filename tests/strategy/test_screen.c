#include "five.h"

/* A screener that knows the scores, and what it was asked. */
typedef struct oracle {
    const nas_space *space;
    int64_t calls, ranked, most;
} oracle;

static nas_status rank(void *context, nas_candidate *const *candidates, int64_t n,
                       double *out, nas_err *err)
{
    oracle *self = context;
    (void)err;
    self->calls++;
    self->ranked += n;
    self->most = n > self->most ? n : self->most;
    for (int64_t i = 0; i < n; i++) {
        out[i] = five_score(self->space, candidates[i]);
        for (int64_t k = 0; k < i && n < 100; k++) /* all different */
            assert_true(nas_space_key(self->space, candidates[i]) !=
                        nas_space_key(self->space, candidates[k]));
    }
    return NAS_OK;
}

static nas_ask ask_of(fixture *f, oracle *screener, int64_t most)
{
    nas_ask ask = test_ask(f, 3, f->history->n);
    *screener = (oracle){.space = f->space};
    ask.screen = rank;
    ask.screen_context = screener;
    ask.screen_most = most;
    return ask;
}

/* 1,024 networks are ranked at once and the best of them proposed, then the next. */
static void test_whole_space(void **state)
{
    fixture f;
    oracle screener;
    nas_err err = {0};
    double last = 2;
    (void)state;
    fixture_open(&f, FIVE);
    for (int i = 0; i < 5; i++) {
        nas_proposal p = {0};
        nas_ask ask = ask_of(&f, &screener, 2000);
        check_ok(nas_propose_screened(&ask, &p, &err), err);
        const double score = five_score(f.space, p.candidate);
        assert_int_equal(screener.ranked, 1024 - i);
        assert_true(score <= last && !p.uniform);
        assert_true(i > 0 || score == 1);
        last = score;
        add_trial(&f, &p);
    }
    fixture_close(&f);
}

static void test_pool_of_draws(void **state)
{
    fixture f;
    oracle screener;
    nas_err err = {0};
    nas_proposal p = {0};
    (void)state;
    fixture_open(&f, FIVE);
    nas_ask ask = ask_of(&f, &screener, 40);
    check_ok(nas_propose_screened(&ask, &p, &err), err);
    assert_int_equal(screener.ranked, 40);
    assert_true(five_score(f.space, p.candidate) > 0.7);
    fixture_close(&f);
}

/* Only what meets the limits is ranked. */
static void test_limits(void **state)
{
    fixture f;
    oracle screener;
    nas_err err = {0};
    (void)state;
    fixture_open(&f, FIVE);
    f.limits.params = 500;
    for (int i = 0; i < 3; i++) {
        nas_proposal p = {0};
        nas_ask ask = ask_of(&f, &screener, 2000);
        check_ok(nas_propose_screened(&ask, &p, &err), err);
        assert_true(p.cost.params <= 500 && p.cost.params > 0);
        assert_true(screener.ranked > 0 && screener.ranked + ask.infeasible == 1024 - i);
        add_trial(&f, &p);
    }
    fixture_close(&f);
}

static void test_nothing_left(void **state)
{
    fixture f;
    oracle screener;
    nas_err err = {0};
    (void)state;
    fixture_open(&f, TINY);
    for (int i = 0; i < 7; i++) {
        nas_proposal p = {0};
        nas_ask ask = test_ask(&f, 3, f.history->n);
        if (i == 6) {
            ask = ask_of(&f, &screener, 2000);
            check_ok(nas_propose_screened(&ask, &p, &err), err);
            assert_true(ask.exhausted && screener.calls == 0);
            break;
        }
        check_ok(nas_propose_uniform(&ask, &p, &err), err);
        add_trial(&f, &p);
    }
    fixture_close(&f);
}

/* Half of an initial design, and a smaller one, for who has a model. */
static void test_design_of_strategies(void **state)
{
    static const char *const names[] = {"gp", "evolution", "tpe", "nsga2"};
    nas_err err = {0};
    (void)state;
    for (int s = 0; s < 4; s++) {
        fixture f;
        oracle screener;
        int64_t calls = 0;
        fixture_open(&f, FIVE);
        nas_strategy *strategy = five_strategy(names[s], f.space);
        for (int i = 0; i < 9; i++) {
            nas_proposal p = {0};
            nas_ask ask = ask_of(&f, &screener, 30);
            check_ok(nas_strategy_ask(strategy, i, &ask, &p, &err), err);
            calls += screener.calls;
            score_trial(&f, add_trial(&f, &p), 0);
        }
        assert_int_equal(calls, strcmp(names[s], "gp") == 0 ? 3 : 5);
        nas_strategy_free(strategy);
        fixture_close(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_space),
        cmocka_unit_test(test_pool_of_draws),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_nothing_left),
        cmocka_unit_test(test_design_of_strategies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
