#include "check.h"

#include "report/diagram.h"

#include <string.h>

static int count_of(const char *text, const char *word)
{
    int n = 0;
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        n++;
    return n;
}

/* input -> conv bn relu -> (conv bn | skip) -> add -> gap -> flatten dense */
static nas_graph *residual(void)
{
    nas_err err = {0};
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 14, 14});
    int stem = nas_graph_add_conv(b, x, 8, 3, 2, "stem");
    stem = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, stem, NULL);
    stem = nas_graph_add_unary(b, NAS_OP_RELU, stem, NULL);
    int branch = nas_graph_add_conv(b, stem, 8, 3, 1, "branch");
    branch = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, branch, NULL);
    int both[] = {branch, stem};
    int sum = nas_graph_add(b, NAS_OP_ADD, NULL, both, 2, NULL);
    int pooled = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, sum, NULL);
    int out = nas_graph_add_dense(b, pooled, 7, NULL);
    nas_graph *graph = NULL;
    check_ok(nas_graph_finish(b, out, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

static void draws_a_box_for_each_unit_and_all_edges(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_arena *arena = nas_arena_new();
    nas_graph *graph = residual();
    nas_text text = {0};
    check_ok(nas_diagram_draw(graph, arena, &text, &err), err);
    const char *svg = nas_text_string(&text);
    const char *boxes = strstr(svg, "class=\"box\""),
               *edges = strstr(svg, "class=\"edge\"");
    assert_true(boxes != NULL && edges != NULL && edges < boxes);
    assert_int_equal(count_of(edges, "M") - count_of(boxes, "M"), 6);
    assert_int_equal(count_of(boxes, "M"), 6);
    assert_int_equal(count_of(svg, "<text"), 2 * 6);
    assert_non_null(strstr(svg, "conv 3×3 /2 · bn · relu"));
    assert_non_null(strstr(svg, "conv 3×3 · bn"));
    assert_non_null(strstr(svg, "8 × 7 × 7"));
    nas_text_free(&text);
    nas_graph_free(graph);
    nas_arena_free(arena);
}

static void runs_out_of_memory_cleanly(void **state)
{
    (void)state;
    nas_graph *graph = residual();
    bool succeeded = false;
    for (int n = 1; !succeeded && n < 100; n++) {
        nas_err err = {0};
        nas_text text = {0};
        nas_arena *arena = nas_arena_new();
        nas_alloc_fail_nth(n);
        nas_status status = nas_diagram_draw(graph, arena, &text, &err);
        nas_alloc_fail_nth(0);
        succeeded = status == NAS_OK;
        if (!succeeded)
            assert_int_equal(status, NAS_E_NOMEM);
        nas_text_free(&text);
        nas_arena_free(arena);
    }
    assert_true(succeeded);
    nas_graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(draws_a_box_for_each_unit_and_all_edges),
        cmocka_unit_test(runs_out_of_memory_cleanly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
