#include "one_op.h"

#include "random_graph.h"

static nas_status finish(nas_graph_builder *b, int output, nas_err *err)
{
    nas_graph *graph = NULL;
    nas_status status = nas_graph_finish(b, output, &graph, err);
    nas_graph_free(graph);
    return status;
}

static void test_first_error_sticks(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 6, 5});
    int bad = nas_graph_add_conv(b, x, 0, 3, 1, "stem");
    assert_int_equal(bad, -1);
    assert_int_equal(nas_graph_add_dense(b, bad, 0, "head"), -1);
    assert_int_equal(nas_graph_builder_shape(b, x).c, 0);
    assert_int_equal(finish(b, bad, &err), NAS_E_GRAPH);
    assert_non_null(strstr(err.text, "node 1 'stem' (conv): out is 0"));
    /* the builder is empty again */
    x = nas_graph_add_input(b, (nas_shape){3, 6, 5});
    assert_int_equal(x, 0);
    check_ok(finish(b, nas_graph_add_conv(b, x, 4, 3, 1, ""), &err), err);
    nas_graph_builder_free(b);
    nas_graph_builder_free(NULL);
}

static void test_wrong_inputs(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 6, 5});
    assert_int_equal(nas_graph_add(b, NAS_OP_RELU, NULL, (int[]){x, x}, 2, ""), -1);
    assert_int_equal(finish(b, x, &err), NAS_E_GRAPH);
    assert_non_null(strstr(err.text, "2 inputs found, exactly 1 expected"));
    (void)nas_graph_add_input(b, (nas_shape){3, 6, 5});
    assert_int_equal(nas_graph_add_unary(b, NAS_OP_RELU, 7, ""), -1);
    assert_int_equal(finish(b, x, &err), NAS_E_GRAPH);
    assert_non_null(strstr(err.text, "input 0 is node 7"));
    nas_graph_builder_free(b);
}

static void test_shorthands_are_flat_on_series(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 1, 20});
    int conv = nas_graph_add_conv(b, x, 4, 5, 2, "");
    check_shape(nas_graph_builder_shape(b, conv), 4, 1, 10);
    int pool = nas_graph_add_pool(b, NAS_OP_MAX_POOL, conv, 3, 3, NAS_PAD_VALID, "");
    check_shape(nas_graph_builder_shape(b, pool), 4, 1, 3);
    int dw = nas_graph_add_depthwise(b, pool, 3, 2, "");
    check_shape(nas_graph_builder_shape(b, dw), 4, 1, 2);
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_graph_finish(b, dw, &graph, &err), err);
    assert_int_equal(nas_graph_node(graph, 1)->attr[NAS_ATTR_KERNEL_H].i, 1);
    assert_int_equal(nas_graph_params(graph), 4 * 3 * 5 + 4 * 3);
    nas_graph_free(graph);
    nas_graph_builder_free(b);
}

static void test_too_many_nodes(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 1, 1});
    for (int i = 1; i < 4096; i++)
        x = nas_graph_add_unary(b, NAS_OP_RELU, x, "");
    assert_int_equal(x, 4095);
    assert_int_equal(nas_graph_add_unary(b, NAS_OP_RELU, x, ""), -1);
    assert_int_equal(finish(b, x, &err), NAS_E_GRAPH);
    assert_non_null(strstr(err.text, "more than 4096 nodes"));
    nas_graph_builder_free(b);
}

/* The N-th allocation fails, for every N: an error, no leak, no crash. */
static void test_every_failed_allocation_is_reported(void **state)
{
    (void)state;
    int failures = 0;
    for (int nth = 1;; nth++) {
        nas_alloc_fail_nth(nth);
        nas_graph_builder *b = nas_graph_builder_new();
        if (b == NULL) {
            failures++;
            continue;
        }
        nas_err err = {0};
        const float one[3] = {1.0f, 1.0f, 1.0f};
        int x = nas_graph_add_input(b, (nas_shape){3, 6, 5});
        x = nas_graph_add_standardise(b, x, one, one, 3);
        int y = nas_graph_add_conv(b, x, 3, 3, 1, "conv");
        x = nas_graph_add(b, NAS_OP_ADD, NULL, (int[]){x, y}, 2, "");
        nas_status status = finish(b, x, &err);
        nas_alloc_fail_nth(0);
        nas_graph_builder_free(b);
        if (status == NAS_OK)
            break;
        assert_int_equal(status, NAS_E_NOMEM);
        failures++;
    }
    assert_true(failures > 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_error_sticks),
        cmocka_unit_test(test_wrong_inputs),
        cmocka_unit_test(test_shorthands_are_flat_on_series),
        cmocka_unit_test(test_too_many_nodes),
        cmocka_unit_test(test_every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
