#include "space_check.h"

#include <stdio.h>

typedef struct world {
    nas_arena *arena;
    nas_space *space;
    nas_mixed mixed;
} world;

static const nas_space_context CIFAR = {
    .input = {3, 32, 32}, .n_outputs = 10, .task = NAS_TASK_CLASSIFICATION};

static void open_world(world *w, const char *text)
{
    nas_err err = {0};
    w->arena = nas_arena_new();
    w->space = strchr(text, '\n') == NULL ? preset(text, &CIFAR)
                                          : space_of(text, CIFAR.input, 10);
    check_ok(nas_space_mix(w->space, w->arena, &w->mixed, &err), err);
}

static void close_world(world *w)
{
    nas_graph_free(w->mixed.graph);
    nas_space_free(w->space);
    nas_arena_free(w->arena);
}

static void nasbench201_has_six_choices(void **state)
{
    (void)state;
    world w;
    open_world(&w, "nasbench201");
    assert_int_equal(w.mixed.n_choices, 6);
    assert_int_equal(w.mixed.n_mixtures, 15 * 6);
    int last = 0;
    for (int i = 0; i < w.mixed.n_mixtures; i++) {
        const nas_mixture *mixture = &w.mixed.mixtures[i];
        const nas_node *node = nas_graph_node(w.mixed.graph, mixture->node);
        assert_int_equal(node->op, NAS_OP_ADD);
        assert_int_equal(node->n_inputs, 4);
        assert_int_equal(mixture->n, 4);
        assert_true(mixture->node > last);
        last = mixture->node;
        for (int k = 0; k < 4; k++)
            assert_int_equal(mixture->values[k], k + 1);
        /* The skip is the input itself. */
        assert_true(node->inputs[0] < node->inputs[1]);
    }
    for (int c = 0; c < 6; c++) {
        assert_int_equal(w.mixed.choices[c].n, 5);
        assert_int_equal(w.mixed.choices[c].none, 0);
        assert_int_equal(w.mixed.choices[c].skip, 1);
    }
    close_world(&w);
}

static void darts_has_an_edge_from_every_tensor(void **state)
{
    (void)state;
    world w;
    int halves = 0;
    open_world(&w, "darts");
    assert_int_equal(w.mixed.n_choices, 2 * 14);
    assert_int_equal(w.mixed.n_mixtures, 8 * 14);
    for (int c = 0; c < w.mixed.n_choices; c++) {
        assert_int_equal(w.mixed.choices[c].n, 7);
        assert_int_equal(w.mixed.choices[c].none, -1);
        assert_int_equal(w.mixed.choices[c].decision, -1);
        assert_int_equal(w.mixed.choices[c].skip, 0);
        halves += strstr(w.mixed.choices[c].name, "reduce") != NULL;
    }
    assert_int_equal(halves, 14);
    nas_shape out = nas_graph_output_shape(w.mixed.graph);
    assert_int_equal(out.c, 10);
    close_world(&w);
}

/* A strongest alternative of each decision is the candidate that has them. */
static void the_strongest_of_decisions(void **state)
{
    (void)state;
    world w;
    open_world(&w, "nasbench201");
    nas_rng rng = nas_rng_new(4, 2);
    for (int round = 0; round < 30; round++) {
        double strengths[6 * 5];
        for (int i = 0; i < 30; i++)
            strengths[i] = nas_rng_normal(&rng);
        const nas_candidate *c =
            nas_space_strongest(w.space, &w.mixed, strengths, 5, w.arena);
        for (int k = 0; k < 6; k++) {
            int pick = nas_space_choice(w.space, c, w.mixed.choices[k].decision);
            for (int v = 0; v < 5; v++)
                assert_true(strengths[5 * k + v] <= strengths[5 * k + pick]);
        }
    }
    close_world(&w);
}

/* Of four edges into the last node the two strongest are picked, each with its strongest
 * operation, in the order of what they read. */
static void picked_are_the_two_strongest(void **state)
{
    (void)state;
    static const char PICKS[] = "network:\n"
                                "  - name: c\n"
                                "    cell:\n"
                                "      nodes: 3\n"
                                "      inputs: 2\n"
                                "      picks: 2\n"
                                "      output: concat\n"
                                "      channels: 8\n"
                                "      ops:\n"
                                "        none: none\n"
                                "        skip: identity\n"
                                "        conv1: {conv: {kernel: 1}}\n"
                                "        conv3: {conv: {kernel: 3}}\n";
    world w;
    double strengths[16 * 4] = {0};
    open_world(&w, PICKS);
    assert_int_equal(w.mixed.n_choices, 2 + 3 + 4);
    for (int c = 0; c < w.mixed.n_choices; c++) {
        int from = w.mixed.choices[c].pick_from;
        double *own = strengths + 4 * c;
        own[0] = 9; /* none, which does not count where inputs are picked */
        if (strstr(w.mixed.choices[c].name, "node4") == NULL)
            continue;
        own[1 + from % 3] = from == 1 ? 3 : from == 3 ? 2 : 0.5;
    }
    const nas_candidate *c =
        nas_space_strongest(w.space, &w.mixed, strengths, 4, w.arena);
    assert_string_equal(value_of(w.space, c, "c.node4.inputs"), "1+3");
    assert_string_equal(value_of(w.space, c, "c.node4.op1"), "conv1");
    assert_string_equal(value_of(w.space, c, "c.node4.op2"), "skip");
    nas_err err = {0};
    nas_graph *graph = NULL;
    check_ok(nas_space_decode(w.space, c, &graph, &err), err);
    nas_graph_free(graph);
    close_world(&w);
}

/* Choices in chains, in residuals and in one another; tied repetitions share one. */
static void choices_stand_anywhere(void **state)
{
    (void)state;
    static const char TEXT[] =
        "network:\n"
        "  - name: stem\n    conv: {out: 8}\n"
        "  - name: body\n    repeat:\n      times: 2\n      tied: true\n      of:\n"
        "        - residual:\n            of:\n"
        "              - choose:\n"
        "                  small: {conv: {kernel: 1}}\n"
        "                  large:\n"
        "                    - choose: [conv: {kernel: 3}, conv: {kernel: 5}]\n"
        "  - name: down\n    choose:\n"
        "      pool: {max_pool: {kernel: 2}}\n"
        "      stride: {conv: {kernel: 2, stride: 2, pad: valid}}\n";
    world w;
    open_world(&w, TEXT);
    assert_int_equal(w.mixed.n_choices, 3);
    assert_int_equal(w.mixed.n_mixtures, 5);
    for (int i = 1; i < w.mixed.n_mixtures; i++)
        assert_true(w.mixed.mixtures[i].node > w.mixed.mixtures[i - 1].node);
    close_world(&w);
}

static void refuse(const char *text, const char *why)
{
    nas_err err = {0};
    nas_mixed mixed;
    nas_arena *arena = nas_arena_new();
    nas_space *space = space_of(text, CIFAR.input, 10);
    assert_int_equal(nas_space_mix(space, arena, &mixed, &err), NAS_E_UNSUPPORTED);
    assert_null(mixed.graph);
    if (strstr(err.text, why) == NULL)
        fail_msg("`%s` lacks `%s`", err.text, why);
    nas_space_free(space);
    nas_arena_free(arena);
}

static void what_cannot_be_mixed_is_named(void **state)
{
    (void)state;
    refuse("network:\n  - name: stem\n    conv: {out: [4, 8]}\n",
           "`stem.out` decides something else than which block");
    refuse("network:\n  - name: body\n    repeat: {times: 1..3, of: [conv: {out: 4}]}\n",
           "`body.times` decides");
    refuse("network:\n  - name: a\n    choose: [conv: {out: 4}, conv: {out: 6}]\n",
           "`a` has alternatives of different shape: 4x32x32 and 6x32x32");
    refuse("network:\n  - name: a\n    choose: [none, conv: {out: 4}]\n",
           "`a` has fewer than two alternatives beside `none`");
    refuse("network:\n  - conv: {out: 4}\n", "has no choice among blocks");
}

static void failed_allocations_are_reported(void **state)
{
    (void)state;
    nas_space *space = preset("nasbench201", &CIFAR);
    int failures = 0;
    for (int nth = 1; nth < 100000; nth += 1 + nth / 4) {
        nas_err err = {0};
        nas_mixed mixed;
        nas_arena *arena = nas_arena_new();
        nas_alloc_fail_nth(nth);
        nas_status status = nas_space_mix(space, arena, &mixed, &err);
        nas_alloc_fail_nth(0);
        nas_graph_free(mixed.graph);
        nas_arena_free(arena);
        if (status == NAS_OK)
            break;
        if (status != NAS_E_NOMEM)
            fail_msg("allocation %d: %s", nth, err.text);
        failures++;
    }
    assert_true(failures > 5);
    nas_space_free(space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nasbench201_has_six_choices),
        cmocka_unit_test(darts_has_an_edge_from_every_tensor),
        cmocka_unit_test(the_strongest_of_decisions),
        cmocka_unit_test(picked_are_the_two_strongest),
        cmocka_unit_test(choices_stand_anywhere),
        cmocka_unit_test(what_cannot_be_mixed_is_named),
        cmocka_unit_test(failed_allocations_are_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
