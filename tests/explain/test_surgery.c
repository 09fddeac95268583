#include "check.h"

#include "explain/surgery.h"

/* conv block a (strided), separable block b, conv block c, head */
static nas_graph *chain(void)
{
    nas_err err = {0};
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 12, 12});
    x = nas_graph_add_conv(b, x, 8, 3, 2, "a");
    x = nas_graph_add_unary(b, NAS_OP_RELU, x, "a");
    x = nas_graph_add_depthwise(b, x, 3, 1, "b");
    x = nas_graph_add_conv(b, x, 16, 1, 1, "b");
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, "b");
    x = nas_graph_add_pool(b, NAS_OP_MAX_POOL, x, 2, 2, NAS_PAD_SAME, "pool");
    x = nas_graph_add_conv(b, x, 24, 3, 1, "c");
    x = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, x, "head");
    x = nas_graph_add_dense(b, x, 10, "head");
    nas_graph *graph = NULL;
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

static void blocks_are_runs_with_weights(void **state)
{
    (void)state;
    nas_graph *graph = chain();
    nas_block block[16];
    assert_int_equal(nas_blocks_of(graph, block), 3);
    assert_string_equal(block[0].name, "a");
    assert_false(block[0].removable); /* halves the extents */
    assert_string_equal(block[1].name, "b");
    assert_true(block[1].removable);
    assert_int_equal(block[1].first, 3);
    assert_int_equal(block[1].last, 5);
    assert_int_equal(block[1].input, 2);
    assert_string_equal(block[2].name, "c");
    nas_graph_free(graph);
}

static void removing_leaves_the_rest(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph *graph = chain(), *cut = NULL;
    nas_arena *arena = nas_arena_new();
    nas_block block[16];
    (void)nas_blocks_of(graph, block);
    check_ok(nas_graph_cut(graph, &block[1], NAS_CUT_REMOVE, arena, &cut, &err), err);
    assert_non_null(cut);
    assert_int_equal(nas_graph_count(cut), nas_graph_count(graph) - 3);
    assert_int_equal(nas_graph_output_shape(cut).c, 10);
    assert_int_equal(nas_graph_node(cut, 3)->shape.c, 8); /* the pool sees block a */
    nas_graph_free(cut);
    check_ok(nas_graph_cut(graph, &block[0], NAS_CUT_HALVE, arena, &cut, &err), err);
    assert_int_equal(nas_graph_node(cut, 1)->shape.c, 4);
    assert_int_equal(nas_graph_node(cut, 3)->shape.c, 4); /* depthwise follows */
    assert_int_equal(nas_graph_node(cut, 4)->shape.c, 16);
    nas_graph_free(cut);
    nas_graph_free(graph);
    nas_arena_free(arena);
}

/* In a sum both sides must keep their channels: halving one of them leaves no network. */
static void impossible_cuts_give_nothing(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph_builder *b = nas_graph_builder_new();
    nas_arena *arena = nas_arena_new();
    nas_graph *graph = NULL, *cut = NULL;
    nas_block block[16];
    int x = nas_graph_add_input(b, (nas_shape){4, 6, 6});
    int branch = nas_graph_add_conv(b, x, 4, 3, 1, "branch");
    int sum = nas_graph_add(b, NAS_OP_ADD, NULL, (int[]){branch, x}, 2, "sum");
    int out = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, sum, "head");
    out = nas_graph_add_dense(b, out, 2, "head");
    check_ok(nas_graph_finish(b, out, &graph, &err), err);
    nas_graph_builder_free(b);
    assert_int_equal(nas_blocks_of(graph, block), 1);
    check_ok(nas_graph_cut(graph, &block[0], NAS_CUT_HALVE, arena, &cut, &err), err);
    assert_null(cut);
    check_ok(nas_graph_cut(graph, &block[0], NAS_CUT_REMOVE, arena, &cut, &err), err);
    assert_non_null(cut); /* x + x */
    nas_graph_free(cut);
    nas_graph_free(graph);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_runs_with_weights),
        cmocka_unit_test(removing_leaves_the_rest),
        cmocka_unit_test(impossible_cuts_give_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
