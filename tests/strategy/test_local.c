#include "fixture.h"

#include "strategy/strategies.h"

/* What the tests read out of a saved state. */
typedef struct place {
    int64_t id, order, next, told, best;
} place;

static place place_of(const nas_strategy *strategy)
{
    nas_err err = {0};
    nas_text text = {0};
    place p = {0};
    int64_t consumed = 0;
    check_ok(nas_strategy_save(strategy, &text, &err), err);
    size_t name = strlen("local") + 1;
    state_reader reader = {(const unsigned char *)text.data + name, text.length - name};
    assert_true(nas_state_get(&reader, &consumed) && nas_state_get(&reader, &p.id) &&
                nas_state_get(&reader, &p.order) && nas_state_get(&reader, &p.next) &&
                nas_state_get(&reader, &p.told) && nas_state_get(&reader, &p.best));
    assert_int_equal(reader.left, 0);
    nas_text_free(&text);
    return p;
}

static nas_strategy *make(const nas_space *space, int64_t draws, int64_t move)
{
    nas_err err = {0};
    nas_value values[] = {{.i = draws}, {.i = move}};
    nas_strategy *strategy = NULL;
    check_ok(nas_strategy_new(nas_strategy_find("local"), values, space, &strategy, &err),
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
    assert_non_null(p.candidate);
    return p;
}

/* Every neighbour of a trial is known, and none is better. */
static void check_minimum(fixture *f, int64_t id)
{
    nas_err err = {0};
    nas_candidate **list = NULL;
    int64_t n = 0, t = nas_history_find(f->history, id);
    const nas_history_trial *trials = f->history->trials;
    check_ok(
        nas_space_neighbours(f->space, trials[t].candidate, f->arena, &list, &n, &err),
        err);
    for (int64_t i = 0; i < n; i++) {
        uint64_t key = nas_space_key(f->space, list[i]);
        assert_true(nas_history_has_key(f->history, key));
        for (int64_t k = 0; k < f->history->n; k++)
            if (trials[k].key == key)
                assert_true(trials[k].score[0] <= trials[t].score[0]);
    }
}

/* Where a search leaves a place for new draws, there is nothing better next to it; until
 * then it stands on something better with every move. */
static void it_stops_at_minima_only(void **state)
{
    (void)state;
    for (int64_t move = 0; move < 2; move++) {
        fixture f;
        int minima = 0, moves = 0;
        fixture_open(&f, WIDE);
        nas_strategy *strategy = make(f.space, 4, move);
        place before = {0};
        for (int i = 0; i < 250; i++) {
            nas_proposal p = ask_once(&f, strategy);
            place now = place_of(strategy);
            if (before.id != 0 && now.id == 0) {
                check_minimum(&f, before.id);
                minima++;
            } else if (before.id != 0 && now.id != before.id) {
                const nas_history_trial *trials = f.history->trials;
                assert_true(trials[now.id - 1].score[0] > trials[before.id - 1].score[0]);
                moves++;
            }
            assert_int_equal(p.parents[0], now.id);
            assert_int_equal(p.uniform, now.id == 0);
            before = now;
            score_trial(&f, add_trial(&f, &p), 0);
        }
        assert_true(minima >= 2 && moves >= 2);
        nas_strategy_free(strategy);
        fixture_close(&f);
    }
}

/* The descent begins at the best of the draws. */
static void it_starts_at_the_best_draw(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, WIDE);
    nas_strategy *strategy = make(f.space, 6, 0);
    for (int i = 0; i < 6; i++) {
        nas_proposal p = ask_once(&f, strategy);
        assert_true(p.uniform);
        score_trial(&f, add_trial(&f, &p), 0);
    }
    nas_proposal p = ask_once(&f, strategy);
    assert_int_equal(p.parents[0], f.history->trials[nas_history_best(f.history)].id);
    nas_strategy_free(strategy);
    fixture_close(&f);
}

/* A place that was promoted is still left for a neighbour that is better at the rung that
 * both have. */
static void a_promotion_is_no_wall(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, WIDE);
    nas_strategy *strategy = make(f.space, 1, 0);
    nas_proposal p = ask_once(&f, strategy);
    int64_t t = add_trial(&f, &p);
    assert_true(nas_history_score(f.history, t, 0, 0.5, 0.01));
    assert_true(nas_history_score(f.history, t, 1, 0.6, 0.01));
    p = ask_once(&f, strategy);
    assert_int_equal(p.parents[0], 1);
    t = add_trial(&f, &p);
    assert_true(nas_history_score(f.history, t, 0, 0.55, 0.01));
    p = ask_once(&f, strategy);
    assert_int_equal(p.parents[0], 2);
    nas_strategy_free(strategy);
    fixture_close(&f);
}

/* The neighbourhood is not taken in its own order. */
static void neighbours_are_shuffled(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_candidate **list = NULL;
    int64_t n = 0, agreeing = 0;
    fixture_open(&f, "nasbench201");
    nas_strategy *strategy = make(f.space, 1, 0);
    nas_proposal p = ask_once(&f, strategy);
    int64_t t = add_trial(&f, &p);
    assert_true(nas_history_score(f.history, t, 0, 0.9, 0.01));
    check_ok(nas_space_neighbours(f.space, f.history->trials[t].candidate, f.arena, &list,
                                  &n, &err),
             err);
    for (int i = 0; i < 10; i++) {
        p = ask_once(&f, strategy);
        agreeing +=
            nas_space_key(f.space, p.candidate) == nas_space_key(f.space, list[i]);
        t = add_trial(&f, &p);
        assert_true(nas_history_score(f.history, t, 0, 0.1, 0.01));
    }
    assert_true(agreeing < 5);
    nas_strategy_free(strategy);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_stops_at_minima_only),
        cmocka_unit_test(it_starts_at_the_best_draw),
        cmocka_unit_test(a_promotion_is_no_wall),
        cmocka_unit_test(neighbours_are_shuffled),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
