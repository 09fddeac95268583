/* covers: darts.c, gdas.c, rsps.c */
#include "five.h"

/* Choices of NAS-Bench-201 whose strengths favour one cell. */
typedef struct world {
    fixture f;
    nas_mixed mixed;
    nas_strengths strengths;
    double value[6 * 5];
    nas_arena *arena;
} world;

static const int FAVOURED[6] = {3, 3, 4, 1, 2, 3};

static void open_world(world *w)
{
    nas_err err = {0};
    fixture_open(&w->f, "nasbench201");
    w->arena = nas_arena_new();
    check_ok(nas_space_mix(w->f.space, w->arena, &w->mixed, &err), err);
    nas_graph_free(w->mixed.graph);
    for (int c = 0; c < 6; c++)
        for (int v = 0; v < 5; v++)
            w->value[5 * c + v] = v == FAVOURED[c] ? 0.3 : 0.01 * v;
    w->strengths = (nas_strengths){&w->mixed, w->value, 5};
}

static void close_world(world *w)
{
    nas_arena_free(w->arena);
    fixture_close(&w->f);
}

static nas_proposal ask(world *w, nas_strategy *strategy, int64_t index, bool trained)
{
    nas_err err = {0};
    nas_proposal p = {0};
    nas_ask ask = test_ask(&w->f, 3, index);
    ask.strengths = trained ? &w->strengths : NULL;
    check_ok(nas_strategy_ask(strategy, index, &ask, &p, &err), err);
    assert_non_null(p.candidate);
    return p;
}

static int favoured(const world *w, const nas_candidate *candidate)
{
    int n = 0;
    for (int c = 0; c < 6; c++)
        n += nas_space_choice(w->f.space, candidate, w->mixed.choices[c].decision) ==
             FAVOURED[c];
    return n;
}

/* The first is the network of the strongest, the next are around it, all are new. */
static void the_strongest_comes_first(void **state)
{
    (void)state;
    static const char *const NAMES[] = {"darts", "gdas"};
    for (int s = 0; s < 2; s++) {
        world w;
        int agree = 0;
        enum { N = 40 };
        open_world(&w);
        nas_strategy *strategy = five_strategy(NAMES[s], w.f.space);
        for (int i = 0; i < N; i++) {
            nas_proposal p = ask(&w, strategy, i, true);
            assert_false(
                nas_history_has_key(w.f.history, nas_space_key(w.f.space, p.candidate)));
            if (i == 0)
                assert_int_equal(favoured(&w, p.candidate), 6);
            agree += favoured(&w, p.candidate);
            (void)add_trial(&w.f, &p);
        }
        assert_true(agree > 4 * N); /* by chance 1.2 of 6 */
        nas_strategy_free(strategy);
        close_world(&w);
    }
}

static void without_a_mixture_it_is_random(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    nas_strategy *strategy = five_strategy("gdas", w.f.space);
    nas_proposal p = ask(&w, strategy, 0, false);
    assert_true(p.uniform);
    nas_strategy_free(strategy);
    close_world(&w);
}

/* Strengths do not lead over a limit. */
static void limits_are_respected(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    w.f.limits.params = 400000;
    nas_strategy *strategy = five_strategy("darts", w.f.space);
    for (int i = 0; i < 10; i++) {
        nas_proposal p = ask(&w, strategy, i, true);
        assert_true(p.cost.params <= 400000);
        (void)add_trial(&w.f, &p);
    }
    nas_strategy_free(strategy);
    close_world(&w);
}

/* What is scored in the supernet is random. */
static void rsps_is_random(void **state)
{
    (void)state;
    fixture f;
    fixture_open(&f, FIVE);
    nas_strategy *strategy = five_strategy("rsps", f.space);
    for (int n = 0; n < 30; n++) {
        int64_t t = five_step(&f, strategy, 3, 0);
        assert_true(f.history->trials[t].uniform);
    }
    nas_strategy_free(strategy);
    fixture_close(&f);
}

static void strategies_name_their_supernets(void **state)
{
    (void)state;
    assert_int_equal(nas_strategy_find("rsps")->supernet, NAS_SUPERNET_PATHS);
    assert_int_equal(nas_strategy_find("darts")->supernet, NAS_SUPERNET_SOFTMAX);
    assert_int_equal(nas_strategy_find("gdas")->supernet, NAS_SUPERNET_GUMBEL);
    assert_int_equal(nas_strategy_find("evolution")->supernet, NAS_SUPERNET_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_strongest_comes_first),
        cmocka_unit_test(without_a_mixture_it_is_random),
        cmocka_unit_test(limits_are_respected),
        cmocka_unit_test(rsps_is_random),
        cmocka_unit_test(strategies_name_their_supernets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
