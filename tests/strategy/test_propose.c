#include "fixture.h"

static void draws_are_feasible_and_new(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, WIDE);
    f.limits.params = 20000;
    for (int i = 0; i < 200; i++) {
        nas_err err = {0};
        nas_proposal p = {0};
        nas_ask ask = test_ask(&f, 1, i);
        check_ok(nas_propose_uniform(&ask, &p, &err), err);
        assert_non_null(p.candidate);
        assert_true(p.uniform);
        assert_true(p.cost.params > 0 && p.cost.params <= 20000);
        assert_false(nas_history_has_key(f.history, nas_space_key(f.space, p.candidate)));
        (void)add_trial(&f, &p);
    }
    fixture_close(&f);
}

static void an_enumerable_space_is_exhausted_exactly(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_proposal p = {0};
    fixture_open(&f, TINY);
    for (int i = 0; i < 6; i++) {
        nas_ask ask = test_ask(&f, 2, i);
        check_ok(nas_propose_uniform(&ask, &p, &err), err);
        assert_false(ask.exhausted);
        assert_non_null(p.candidate);
        (void)add_trial(&f, &p);
    }
    nas_ask ask = test_ask(&f, 2, 6);
    check_ok(nas_propose_uniform(&ask, &p, &err), err);
    assert_true(ask.exhausted);
    assert_null(p.candidate);
    assert_int_equal(ask.duplicates, 1000);
    ask = test_ask(&f, 2, 6);
    check_ok(nas_propose_mutation(&ask, 0, &p, &err), err);
    assert_true(ask.exhausted);
    fixture_close(&f);
}

/* Of 15^8 networks a few meet the limit: only the walk finds them. */
static const char DEEP[] =
    "network:\n"
    "  - repeat:\n"
    "      times: 8\n"
    "      of:\n"
    "        - conv: {out: [4, 8, 16, 32, 64], kernel: [1, 3, 5]}\n"
    "  - global_avg_pool\n";

static void the_walk_finds_what_draws_do_not(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_proposal p = {0};
    fixture_open(&f, DEEP);
    nas_cost smallest;
    bool feasible = false;
    check_ok(
        test_price(&f, nas_space_smallest(f.space, f.arena), &smallest, &feasible, &err),
        err);
    f.limits.params = smallest.params + 120;
    for (int i = 0; i < 5; i++) {
        nas_ask ask = test_ask(&f, 3, i);
        check_ok(nas_propose_uniform(&ask, &p, &err), err);
        assert_int_equal(ask.infeasible, 1000);
        assert_non_null(p.candidate);
        assert_true(p.cost.params <= f.limits.params);
        assert_false(p.uniform);
        assert_false(nas_history_has_key(f.history, nas_space_key(f.space, p.candidate)));
        (void)add_trial(&f, &p);
    }
    fixture_close(&f);
}

static void two_limits_at_once(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_proposal p = {0};
    fixture_open(&f, WIDE);
    f.limits.params = 400;
    f.limits.ram_bytes = 11000;
    for (int i = 0; i < 5; i++) {
        nas_ask ask = test_ask(&f, 4, i);
        check_ok(nas_propose_uniform(&ask, &p, &err), err);
        assert_non_null(p.candidate);
        assert_int_equal(nas_cost_violates(&p.cost, &f.limits), NAS_LIMIT_NONE);
        (void)add_trial(&f, &p);
    }
    fixture_close(&f);
}

static void limits_nothing_meets_name_the_smallest(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_proposal p = {0};
    fixture_open(&f, WIDE);
    f.limits.ram_bytes = 2048;
    nas_ask ask = test_ask(&f, 5, 0);
    assert_int_equal(nas_propose_uniform(&ask, &p, &err), NAS_E_LIMIT);
    assert_non_null(strstr(err.text, "space `test` meets the limits: ram is limited to "
                                     "2 KiB, smallest found: "));
    assert_non_null(strstr(err.hint, "raise --max-ram to "));
    assert_false(ask.exhausted);
    assert_int_equal(ask.infeasible, 1000);
    fixture_close(&f);
}

static void children_differ_and_know_their_parent(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_proposal p = {0};
    fixture_open(&f, WIDE);
    f.limits.params = 30000;
    nas_ask ask = test_ask(&f, 6, 0);
    check_ok(nas_propose_uniform(&ask, &p, &err), err);
    (void)add_trial(&f, &p);
    for (int i = 1; i < 100; i++) {
        ask = test_ask(&f, 6, i);
        check_ok(nas_propose_mutation(&ask, 0, &p, &err), err);
        assert_int_equal(p.parents[0], 1);
        assert_int_equal(p.parents[1], 0);
        assert_false(p.uniform);
        assert_true(p.cost.params <= 30000);
        assert_false(nas_history_has_key(f.history, nas_space_key(f.space, p.candidate)));
        (void)add_trial(&f, &p);
    }
    fixture_close(&f);
}

static nas_status price_fails(void *context, const nas_candidate *candidate,
                              nas_cost *cost, bool *feasible, nas_err *err)
{
    (void)context;
    (void)candidate;
    (void)cost;
    (void)feasible;
    return nas_fail(err, NAS_E_INTERNAL, "no price today");
}

static void a_failing_price_is_passed_up(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_proposal p = {0};
    fixture_open(&f, TINY);
    nas_ask ask = test_ask(&f, 7, 0);
    ask.price = price_fails;
    assert_int_equal(nas_propose_uniform(&ask, &p, &err), NAS_E_INTERNAL);
    assert_string_equal(err.text, "no price today");
    fixture_close(&f);
}

/* Uniform means uniform: every assignment about as often. */
static void draws_are_uniform(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_proposal p = {0};
    int seen[6] = {0};
    uint64_t keys[6];
    fixture_open(&f, TINY);
    for (int i = 0; i < 6; i++)
        keys[i] = nas_space_key(f.space, nas_space_at(f.space, i, f.arena));
    for (int i = 0; i < 1200; i++) {
        nas_ask ask = test_ask(&f, 8, i);
        check_ok(nas_propose_uniform(&ask, &p, &err), err);
        uint64_t key = nas_space_key(f.space, p.candidate);
        for (int k = 0; k < 6; k++)
            seen[k] += keys[k] == key;
    }
    for (int k = 0; k < 6; k++)
        assert_true(seen[k] > 200 - 4 * 13 && seen[k] < 200 + 4 * 13);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_are_feasible_and_new),
        cmocka_unit_test(an_enumerable_space_is_exhausted_exactly),
        cmocka_unit_test(the_walk_finds_what_draws_do_not),
        cmocka_unit_test(two_limits_at_once),
        cmocka_unit_test(limits_nothing_meets_name_the_smallest),
        cmocka_unit_test(children_differ_and_know_their_parent),
        cmocka_unit_test(a_failing_price_is_passed_up),
        cmocka_unit_test(draws_are_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
