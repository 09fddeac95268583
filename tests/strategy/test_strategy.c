/* covers: registry.c random.c state.c
 *
 * What every strategy must do, over all of the registry and spaces of several kinds. */
#include "fixture.h"

enum { ASKS = 60, IN_FLIGHT = 2, LIFE = 19 /* asks until an interruption */ };

static const char *const SPACES[] = {TINY, WIDE, "nasbench201"};
static const uint64_t SEEDS[] = {3, 2, 1};
enum { N_SPACES = 3 };

static nas_strategy *make(const nas_strategy_ops *ops, const nas_space *space)
{
    nas_err err = {0};
    nas_value values[32];
    nas_strategy *strategy = NULL;
    nas_param_defaults(ops->params, values);
    const int epochs = nas_param_find(ops->params, "epochs");
    if (epochs >= 0) /* of models that train: contracts need no good ones */
        values[epochs].i = 3;
    check_ok(nas_strategy_new(ops, values, space, &strategy, &err), err);
    return strategy;
}

/* Replace a strategy by one that was saved and loaded. */
static nas_strategy *reborn(nas_strategy *strategy, const nas_strategy_ops *ops,
                            const nas_space *space)
{
    nas_err err = {0};
    nas_text before = {0}, after = {0};
    check_ok(nas_strategy_save(strategy, &before, &err), err);
    nas_strategy_free(strategy);
    strategy = make(ops, space);
    check_ok(nas_strategy_load(strategy, before.data, before.length, &err), err);
    check_ok(nas_strategy_save(strategy, &after, &err), err);
    assert_int_equal(before.length, after.length);
    assert_memory_equal(before.data, after.data, before.length);
    nas_text_free(&before);
    nas_text_free(&after);
    return strategy;
}

/* Hand the state over to the other of two living strategies. */
static void hand_over(nas_strategy *pair[2])
{
    nas_err err = {0};
    nas_text text = {0};
    nas_strategy *from = pair[0];
    check_ok(nas_strategy_save(from, &text, &err), err);
    check_ok(nas_strategy_load(pair[1], text.data, text.length, &err), err);
    pair[0] = pair[1];
    pair[1] = from;
    nas_text_free(&text);
}

/* How a strategy lives through a search. */
typedef enum life {
    LIFE_WHOLE,
    LIFE_INTERRUPTED, /* saved, ended and loaded again and again */
    LIFE_TURNS,       /* two take turns, each with what it remembers */
} life;

/* A space that lacks what a strategy needs refuses it (tested below). */
static bool fits(const nas_strategy_ops *ops, const char *text)
{
    fixture f;
    fixture_open(&f, text);
    bool all = (ops->needs & ~nas_space_abilities(f.space)) == 0;
    fixture_close(&f);
    return all;
}

/* A search of ASKS proposals with IN_FLIGHT running and some promotions.
 * @param keys  out: what was proposed
 * @return number of proposals */
static int simulate(const nas_strategy_ops *ops, const char *text, uint64_t seed,
                    life how, uint64_t *keys)
{
    fixture f;
    int n = 0;
    fixture_open(&f, text);
    f.limits.params = strcmp(text, WIDE) == 0 ? 25000 : 0;
    nas_strategy *pair[2] = {make(ops, f.space), make(ops, f.space)};
    for (; n < ASKS; n++) {
        nas_err err = {0};
        nas_proposal p = {0};
        nas_arena_reset(f.arena);
        nas_ask ask = test_ask(&f, seed, n);
        f.priced = 0;
        if (how == LIFE_INTERRUPTED && n % LIFE == LIFE - 1)
            pair[0] = reborn(pair[0], ops, f.space);
        if (how == LIFE_TURNS && n % 3 > 0)
            hand_over(pair);
        check_ok(nas_strategy_ask(pair[0], n, &ask, &p, &err), err);
        if (ask.exhausted)
            break;
        assert_true(f.priced <= 2100); /* draws and the walk */
        nas_graph *graph = NULL;
        check_ok(nas_space_decode(f.space, p.candidate, &graph, &err), err);
        nas_graph_free(graph);
        assert_int_equal(nas_cost_violates(&p.cost, &f.limits), NAS_LIMIT_NONE);
        keys[n] = nas_space_key(f.space, p.candidate);
        assert_false(nas_history_has_key(f.history, keys[n]));
        if (n % 5 == 4)
            assert_true(p.uniform && p.parents[0] == 0);
        (void)add_trial(&f, &p);
        if (n >= IN_FLIGHT)
            score_trial(&f, n - IN_FLIGHT, 0);
        if (n >= 10 && n % 3 == 0)
            score_trial(&f, n - 10, 1);
    }
    nas_strategy_free(pair[0]);
    nas_strategy_free(pair[1]);
    fixture_close(&f);
    return n;
}

static void check_seed(const nas_strategy_ops *ops, const char *space, uint64_t seed)
{
    uint64_t first[ASKS], again[ASKS], interrupted[ASKS], other[ASKS];
    int n = simulate(ops, space, seed, LIFE_WHOLE, first);
    assert_int_equal(n, strcmp(space, TINY) == 0 ? 6 : ASKS);
    assert_int_equal(simulate(ops, space, seed, LIFE_TURNS, again), n);
    assert_memory_equal(first, again, (size_t)n * sizeof *first);
    assert_int_equal(simulate(ops, space, seed, LIFE_INTERRUPTED, interrupted), n);
    assert_memory_equal(first, interrupted, (size_t)n * sizeof *first);
    if (n == ASKS) {
        (void)simulate(ops, space, seed + 1000, LIFE_WHOLE, other);
        assert_memory_not_equal(first, other, (size_t)n * sizeof *first);
    }
}

static void every_strategy_on_every_space(void **state)
{
    (void)state;
    for (int i = 0; nas_strategy_at(i) != NULL; i++)
        for (int s = 0; s < N_SPACES; s++)
            for (uint64_t seed = 0; seed < SEEDS[s]; seed++)
                if (fits(nas_strategy_at(i), SPACES[s]))
                    check_seed(nas_strategy_at(i), SPACES[s], seed);
}

/* Options that make another algorithm of a strategy; small ones, contracts need no more.
 */
static const struct {
    const char *strategy, *option, *value;
} VARIANTS[] = {
    {"reinforce", "controller", "lstm"},
    {"reinforce", "hidden", "8"},
    {"reinforce", "samples", "4"},
};
enum { N_VARIANTS = sizeof VARIANTS / sizeof VARIANTS[0], PARAMS = 32 };

/* The strategy with other defaults. @param params  [PARAMS] */
static nas_strategy_ops variant_of(const char *name, nas_param *params)
{
    nas_strategy_ops ops = *nas_strategy_find(name);
    int n = nas_param_count(ops.params);
    assert_true(n < PARAMS);
    memcpy(params, ops.params, ((size_t)n + 1) * sizeof *params);
    for (int i = 0; i < N_VARIANTS; i++)
        if (strcmp(VARIANTS[i].strategy, name) == 0)
            params[nas_param_find(ops.params, VARIANTS[i].option)].default_text =
                VARIANTS[i].value;
    ops.params = params;
    return ops;
}

static void variants_keep_the_contracts_too(void **state)
{
    (void)state;
    nas_param params[PARAMS];
    nas_strategy_ops ops = variant_of("reinforce", params);
    for (int s = 0; s < N_SPACES; s++)
        check_seed(&ops, SPACES[s], 1);
}

static void entries_are_complete(void **state)
{
    (void)state;
    int n = 0;
    for (; nas_strategy_at(n) != NULL; n++) {
        const nas_strategy_ops *ops = nas_strategy_at(n);
        assert_ptr_equal(nas_strategy_find(ops->name), ops);
        assert_true(ops->summary[0] != '\0' && ops->cite != NULL);
        assert_true(nas_param_count(ops->params) <= 32);
        for (const nas_param *p = ops->params; p->name != NULL; p++)
            assert_true(p->doc != NULL && p->source != NULL);
    }
    assert_true(n >= 2);
    assert_null(nas_strategy_at(-1));
    assert_null(nas_strategy_find("evolutoin"));
}

static void what_a_space_lacks_is_named(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_strategy *strategy = NULL;
    nas_value values[32] = {{0}};
    fixture_open(&f, WIDE);
    nas_strategy_ops needy = *nas_strategy_find("random");
    needy.name = "needy";
    needy.needs = NAS_SPACE_ENUMERABLE;
    assert_int_equal(nas_strategy_new(&needy, values, f.space, &strategy, &err),
                     NAS_E_USAGE);
    assert_non_null(strstr(err.text, "strategy `needy` needs enumeration"));
    assert_non_null(strstr(err.text, "space `test` does not have"));
    assert_null(strategy);
    fixture_close(&f);
}

static void mixing_can_be_changed(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_value values[] = {{.i = 2}, {.i = 2}};
    nas_strategy *strategy = NULL;
    fixture_open(&f, WIDE);
    check_ok(nas_strategy_new(nas_strategy_find("evolution"), values, f.space, &strategy,
                              &err),
             err);
    for (int every = 0; every < 4; every++) {
        nas_strategy_set_uniform_every(strategy, every);
        for (int i = 0; i < 12; i++) {
            nas_proposal p = {0};
            nas_ask ask = test_ask(&f, 9, f.history->n);
            check_ok(nas_strategy_ask(strategy, i, &ask, &p, &err), err);
            if (f.history->n >= 2)
                assert_int_equal(p.uniform, every > 0 && i % every == every - 1);
            score_trial(&f, add_trial(&f, &p), 0);
        }
    }
    nas_strategy_free(strategy);
    fixture_close(&f);
}

static void foreign_states_are_refused(void **state)
{
    (void)state;
    fixture f;
    nas_err err = {0};
    nas_text text = {0};
    fixture_open(&f, TINY);
    nas_strategy *random = make(nas_strategy_find("random"), f.space);
    nas_strategy *evolution = make(nas_strategy_find("evolution"), f.space);
    check_ok(nas_strategy_save(random, &text, &err), err);
    assert_int_equal(nas_strategy_load(evolution, text.data, text.length, &err),
                     NAS_E_STUDY);
    for (size_t n = 0; n < text.length; n++)
        assert_int_equal(nas_strategy_load(random, text.data, n, &err), NAS_E_STUDY);
    nas_text_putc(&text, 'x');
    assert_int_equal(nas_strategy_load(random, text.data, text.length, &err),
                     NAS_E_STUDY);
    nas_text_free(&text);
    nas_strategy_free(random);
    nas_strategy_free(evolution);
    fixture_close(&f);
}

/* A state that has seen more than the history holds belongs to another study. */
static void a_state_from_the_future_is_refused(void **state)
{
    (void)state;
    fixture f, g;
    nas_err err = {0};
    nas_proposal p = {0};
    fixture_open(&f, WIDE);
    fixture_open(&g, WIDE);
    nas_strategy *strategy = make(nas_strategy_find("random"), f.space);
    nas_ask ask = test_ask(&f, 1, 0);
    check_ok(nas_strategy_ask(strategy, 0, &ask, &p, &err), err);
    score_trial(&f, add_trial(&f, &p), 0);
    ask = test_ask(&f, 1, 1);
    check_ok(nas_strategy_ask(strategy, 1, &ask, &p, &err), err);
    ask = test_ask(&g, 1, 2);
    assert_int_equal(nas_strategy_ask(strategy, 2, &ask, &p, &err), NAS_E_STUDY);
    nas_strategy_free(strategy);
    fixture_close(&f);
    fixture_close(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_strategy_on_every_space),
        cmocka_unit_test(variants_keep_the_contracts_too),
        cmocka_unit_test(entries_are_complete),
        cmocka_unit_test(what_a_space_lacks_is_named),
        cmocka_unit_test(mixing_can_be_changed),
        cmocka_unit_test(foreign_states_are_refused),
        cmocka_unit_test(a_state_from_the_future_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
