#include "fixture.h"

static int64_t run(const char *space, int64_t order, int64_t most, uint64_t *keys)
{
    fixture f;
    nas_err err = {0};
    nas_value values[] = {{.i = order}};
    nas_strategy *strategy = NULL;
    int64_t n = 0;
    fixture_open(&f, space);
    check_ok(
        nas_strategy_new(nas_strategy_find("grid"), values, f.space, &strategy, &err),
        err);
    nas_strategy_set_uniform_every(strategy, 0);
    for (; n < most; n++) {
        nas_proposal p = {0};
        nas_ask ask = test_ask(&f, 1, n);
        check_ok(nas_strategy_ask(strategy, n, &ask, &p, &err), err);
        assert_int_equal(ask.exhausted, p.candidate == NULL);
        if (ask.exhausted)
            break;
        keys[n] = nas_space_key(f.space, p.candidate);
        (void)add_trial(&f, &p);
    }
    nas_strategy_free(strategy);
    fixture_close(&f);
    return n;
}

/* Both orders propose each network once and then say that nothing is left. */
static void everything_once(void **state)
{
    (void)state;
    uint64_t a[8], b[8];
    assert_int_equal(run(TINY, 0, 8, a), 6);
    assert_int_equal(run(TINY, 1, 8, b), 6);
    for (int i = 0; i < 6; i++) {
        int found = 0;
        for (int j = 0; j < 6; j++)
            found += a[i] == b[j];
        assert_int_equal(found, 1);
    }
}

static void sequential_is_the_order_of_numbers(void **state)
{
    (void)state;
    fixture f;
    uint64_t keys[6];
    assert_int_equal(run(TINY, 1, 6, keys), 6);
    fixture_open(&f, TINY);
    for (int i = 0; i < 6; i++)
        assert_int_equal(keys[i],
                         nas_space_key(f.space, nas_space_at(f.space, i, f.arena)));
    fixture_close(&f);
}

/* The first hundred of the scattered order hold every operation of the first edge; the
 * first hundred of the sequential one hold only one. */
static void scattered_covers_early(void **state)
{
    (void)state;
    for (int order = 0; order < 2; order++) {
        fixture f;
        nas_err err = {0};
        nas_value values[] = {{.i = order}};
        nas_strategy *strategy = NULL;
        unsigned seen = 0;
        fixture_open(&f, "nasbench201");
        check_ok(
            nas_strategy_new(nas_strategy_find("grid"), values, f.space, &strategy, &err),
            err);
        nas_strategy_set_uniform_every(strategy, 0);
        for (int n = 0; n < 60; n++) {
            nas_proposal p = {0};
            nas_ask ask = test_ask(&f, 1, n);
            check_ok(nas_strategy_ask(strategy, n, &ask, &p, &err), err);
            seen |= 1U << nas_space_choice(f.space, p.candidate, 0);
            (void)add_trial(&f, &p);
        }
        assert_int_equal(seen, order == 0 ? 31U : 1U);
        nas_strategy_free(strategy);
        fixture_close(&f);
    }
}

static void a_large_space_is_refused(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_value values[] = {{.i = 0}};
    nas_strategy *strategy = NULL;
    fixture_open(&f, WIDE);
    assert_int_equal(
        nas_strategy_new(nas_strategy_find("grid"), values, f.space, &strategy, &err),
        NAS_E_USAGE);
    assert_non_null(strstr(err.text, "strategy `grid` needs enumeration"));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_once),
        cmocka_unit_test(sequential_is_the_order_of_numbers),
        cmocka_unit_test(scattered_covers_early),
        cmocka_unit_test(a_large_space_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
