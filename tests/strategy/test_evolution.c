#include "fixture.h"

#include "strategy/strategies.h"

enum { P = 5 };

/* The population, oldest first, out of a saved state. @return its size */
static int64_t population(const nas_strategy *strategy, int64_t *ids)
{
    nas_err err = {0};
    nas_text text = {0};
    int64_t n = 0, consumed = 0;
    check_ok(nas_strategy_save(strategy, &text, &err), err);
    size_t name = strlen("evolution") + 1;
    state_reader reader = {(const unsigned char *)text.data + name, text.length - name};
    assert_true(nas_state_get(&reader, &consumed));
    while (n < P && nas_state_get(&reader, &ids[n]))
        n++;
    assert_int_equal(reader.left, 0);
    nas_text_free(&text);
    return n;
}

static nas_strategy *small(const nas_space *space, int64_t tournament)
{
    nas_err err = {0};
    nas_value values[] = {{.i = P}, {.i = tournament}};
    nas_strategy *strategy = NULL;
    check_ok(
        nas_strategy_new(nas_strategy_find("evolution"), values, space, &strategy, &err),
        err);
    nas_strategy_set_uniform_every(strategy, 0);
    return strategy;
}

static nas_proposal ask_once(fixture *f, nas_strategy *strategy)
{
    nas_err err = {0};
    nas_proposal p = {0};
    nas_ask ask = test_ask(f, 3, f->history->n);
    check_ok(nas_strategy_ask(strategy, f->history->n, &ask, &p, &err), err);
    return p;
}

/* Every individual leaves after exactly P births, the worst and the best alike. */
static void the_oldest_leaves(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, WIDE);
    nas_strategy *strategy = small(f.space, 3);
    for (int64_t n = 0; n < 40; n++) {
        nas_proposal p = ask_once(&f, strategy);
        int64_t ids[P], size = population(strategy, ids);
        assert_int_equal(size, n < P ? n : P);
        for (int64_t i = 0; i < size; i++)
            assert_int_equal(ids[i], n - size + i + 1);
        assert_int_equal(p.uniform, n < P);
        score_trial(&f, add_trial(&f, &p), 0);
    }
    nas_strategy_free(strategy);
    fixture_close(&f);
}

/* Age counts from the first score, and a promotion is no birth. */
static void age_counts_from_the_first_score(void **state)
{
    (void)state;
    fixture f;
    int64_t ids[P];
    fixture_open(&f, WIDE);
    nas_strategy *strategy = small(f.space, 3);
    for (int i = 0; i < 8; i++) {
        nas_proposal p = ask_once(&f, strategy);
        assert_true(p.uniform); /* nothing is scored yet */
        (void)add_trial(&f, &p);
    }
    static const int64_t order[] = {3, 1, 7, 5, 0, 2};
    for (int i = 0; i < 6; i++) {
        score_trial(&f, order[i], 0);
        score_trial(&f, order[i], 1);
    }
    nas_proposal p = ask_once(&f, strategy);
    assert_int_equal(population(strategy, ids), P);
    for (int i = 0; i < P; i++)
        assert_int_equal(ids[i], order[i + 1] + 1);
    assert_true(p.parents[0] > 0);
    nas_strategy_free(strategy);
    fixture_close(&f);
}

/* A large tournament nearly always finds the best of the population; one draw does not.
 */
static void a_tournament_selects(void **state)
{
    (void)state;
    for (int large = 0; large < 2; large++) {
        fixture f;
        int best = 0;
        fixture_open(&f, WIDE);
        nas_strategy *strategy = small(f.space, large ? 40 : 1);
        for (int i = 0; i < P; i++) {
            nas_proposal p = ask_once(&f, strategy);
            score_trial(&f, add_trial(&f, &p), 0);
        }
        int64_t expected = f.history->trials[nas_history_best(f.history)].id;
        for (int i = 0; i < 100; i++) {
            nas_err err = {0};
            nas_proposal p = {0};
            nas_ask ask = test_ask(&f, 5, 100 + i);
            check_ok(nas_strategy_ask(strategy, 100 + i, &ask, &p, &err), err);
            best += p.parents[0] == expected;
        }
        assert_true(large ? best >= 99 : best > 5 && best < 40);
        nas_strategy_free(strategy);
        fixture_close(&f);
    }
}

static void wrong_states_are_refused(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_text text = {0};
    fixture_open(&f, WIDE);
    nas_strategy *strategy = small(f.space, 3);
    nas_text_append(&text, "evolution", 10);
    for (int i = 0; i < P + 2; i++)
        nas_state_put(&text, i);
    assert_int_equal(nas_strategy_load(strategy, text.data, text.length, &err),
                     NAS_E_STUDY); /* one too many */
    check_ok(nas_strategy_load(strategy, text.data, text.length - 8, &err), err);
    assert_int_equal(nas_strategy_load(strategy, text.data, text.length - 11, &err),
                     NAS_E_STUDY);
    nas_text_free(&text);
    /* Ids the history does not know. */
    nas_proposal p = {0};
    nas_ask ask = test_ask(&f, 1, 0);
    nas_strategy_free(strategy);
    strategy = small(f.space, 3);
    nas_text_append(&text, "evolution", 10);
    nas_state_put(&text, 0);
    for (int i = 0; i < P; i++)
        nas_state_put(&text, 77 + i);
    check_ok(nas_strategy_load(strategy, text.data, text.length, &err), err);
    assert_int_equal(nas_strategy_ask(strategy, 0, &ask, &p, &err), NAS_E_INTERNAL);
    nas_text_free(&text);
    nas_strategy_free(strategy);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_leaves),
        cmocka_unit_test(age_counts_from_the_first_score),
        cmocka_unit_test(a_tournament_selects),
        cmocka_unit_test(wrong_states_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
