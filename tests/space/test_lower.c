/* covers: lower.c, key.c */
#include "space_check.h"

static const nas_shape IMAGE = {4, 16, 16};

/* Number of distinct keys of an enumerable space. */
static int64_t classes(const char *yaml)
{
    nas_space *space = space_of(yaml, IMAGE, 10);
    int64_t size = (int64_t)nas_space_size(space), distinct = 0;
    nas_arena *arena = nas_arena_new();
    uint64_t *keys = calloc((size_t)size, sizeof *keys);
    for (int64_t i = 0; i < size; i++) {
        uint64_t key = nas_space_key(space, nas_space_at(space, i, arena));
        int64_t j = 0;
        while (j < distinct && keys[j] != key)
            j++;
        if (j == distinct)
            keys[distinct++] = key;
    }
    free(keys);
    nas_arena_free(arena);
    nas_space_free(space);
    return distinct;
}

static void test_position_of_an_identity_has_no_meaning(void **state)
{
    (void)state;
    /* words of at most three letters over two: 1 + 2 + 4 + 8, of 27 */
    assert_int_equal(
        classes("network: {repeat: {times: 3, of: {choose: [identity, relu, conv]}}}"),
        15);
    /* the same chains, written with a free depth as well */
    assert_int_equal(
        classes("network: {repeat: {times: 0..3, of: {choose: [identity, relu, conv]}}}"),
        15);
    assert_int_equal(classes("network: [relu, {dropout: {rate: [0, 0.5]}}]"), 2);
}

static void test_unused_values_have_no_meaning(void **state)
{
    (void)state;
    /* three widths behind an edge that is not there */
    assert_int_equal(classes("network:\n"
                             "  residual:\n"
                             "    - conv: {out: [4, 8, 12]}\n"
                             "    - choose: [none, relu]\n"),
                     1 + 3);
    assert_int_equal(
        classes("network:\n"
                "  - {repeat: {times: [0, 2], tied: true, of: {conv: {kernel: "
                "[1, 3]}}}}\n"),
        1 + 2);
}

static void test_branches_keep_their_places(void **state)
{
    (void)state;
    /* zero, a, b, aa, ab, ba, bb, and one branch alone is no join */
    assert_int_equal(classes("network:\n"
                             "  - branches:\n"
                             "      - choose: &ops [none, relu, conv: {kernel: 3}]\n"
                             "      - choose: *ops\n"),
                     1 + 2 + 4);
}

static void test_dead_edges_of_cells(void **state)
{
    (void)state;
    /* node 1 takes relu or nothing from the input; node 2 from both */
    assert_int_equal(classes("network: {cell: {nodes: 2, ops: [none, relu]}}"), 4);
    /* with the output of both nodes, node 1 alone counts too */
    assert_int_equal(
        classes("network: {cell: {nodes: 2, output: concat, ops: [none, relu]}}"), 6);
}

static void test_recipes_are_part_of_the_key(void **state)
{
    (void)state;
    assert_int_equal(classes("network: {choose: [identity, [relu]]}\n"
                             "train: {batch: [32, 64], flip: [false, true]}\n"),
                     8);
}

/* All repetitions of a tied block are there, and they are the same. */
static void test_tied_repetitions(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_space *space =
        space_of("network: {repeat: {times: 3, tied: true, of: {conv: {out: "
                 "x2, kernel: [1, 3]}}}}",
                 IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    nas_graph *graph;
    check_ok(nas_space_decode(space, nas_space_at(space, 0, arena), &graph, &err), err);
    assert_int_equal(nas_graph_params(graph),
                     4 * 8 + 16 + 8 * 16 + 32 + 16 * 32 + 64 + 330);
    nas_graph_free(graph);
    nas_arena_free(arena);
    nas_space_free(space);
}

/* In a reduction cell each way from an input to the output has one stride of two. */
static void test_reduction_cells_halve_once(void **state)
{
    (void)state;
    nas_space *space = space_of(
        "network:\n"
        "  cell:\n"
        "    {nodes: 2, stages: 2, reduction: cell, channels: 6, output: concat,\n"
        "     ops: [identity, [relu, conv], {max_pool: {kernel: 3, stride: 1, pad: "
        "same}},\n"
        "           {residual: [conv, conv]}, {branches: [relu, conv]}, separable]}\n",
        IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new(2, 5);
    for (int i = 0; i < 300; i++) {
        nas_err err = {0};
        nas_graph *graph;
        nas_candidate *candidate = nas_space_sample(space, &rng, arena);
        check_ok(nas_space_decode(space, candidate, &graph, &err), err);
        int pool = nas_graph_node(graph, nas_graph_output(graph))->inputs[0];
        nas_shape last;
        nas_graph_input_shapes(graph, pool, &last);
        assert_true(nas_shape_equal(last, (nas_shape){24, 8, 8}));
        nas_graph_free(graph);
        nas_arena_reset(arena);
    }
    nas_arena_free(arena);
    nas_space_free(space);
}

/* Repetitions that do nothing cost no more than the cap on work. */
static void test_work_is_bounded(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_space *space = space_of(
        "network:\n"
        "  repeat: {times: 64, tied: true, of: {repeat: {times: 64, tied: true, of:\n"
        "  {repeat: {times: 64, tied: true, of: {repeat: {times: 64, tied: true, of:\n"
        "  {choose: [identity, none]}}}}}}}}\n",
        IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    nas_graph *graph;
    nas_candidate *a = nas_space_at(space, 0, arena);
    nas_candidate *b = nas_space_at(space, 1, arena);
    assert_int_equal(nas_space_decode(space, a, &graph, &err), NAS_E_GRAPH);
    assert_int_equal(nas_space_decode(space, b, &graph, &err), NAS_E_GRAPH);
    assert_true(nas_space_key(space, a) != nas_space_key(space, b));
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    nas_space *space = space_of("network: [conv, residual: [conv]]", IMAGE, 10);
    nas_arena *arena = nas_arena_new();
    nas_candidate *candidate = nas_space_smallest(space, arena);
    nas_status status = NAS_E_NOMEM;
    int failures = 0;
    for (int nth = 1; status != NAS_OK; nth++) {
        nas_err err = {0};
        nas_graph *graph;
        nas_alloc_fail_nth(nth);
        status = nas_space_decode(space, candidate, &graph, &err);
        nas_alloc_fail_nth(0);
        failures += status == NAS_E_NOMEM;
        assert_true(status == NAS_OK || status == NAS_E_NOMEM);
        nas_graph_free(graph);
    }
    assert_true(failures > 4);
    nas_arena_free(arena);
    nas_space_free(space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_position_of_an_identity_has_no_meaning),
        cmocka_unit_test(test_unused_values_have_no_meaning),
        cmocka_unit_test(test_branches_keep_their_places),
        cmocka_unit_test(test_dead_edges_of_cells),
        cmocka_unit_test(test_recipes_are_part_of_the_key),
        cmocka_unit_test(test_tied_repetitions),
        cmocka_unit_test(test_reduction_cells_halve_once),
        cmocka_unit_test(test_work_is_bounded),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
