#include "one_op.h"

/* Join the input and a convolution of it. @return shape of the join, zeros if refused */
static nas_shape join(nas_op_kind op, int64_t channels, int64_t stride, nas_err *err)
{
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 6, 5});
    int y = nas_graph_add_conv(b, x, channels, 3, stride, "");
    int sum = nas_graph_add(b, op, NULL, (int[]){x, y}, 2, "");
    nas_shape shape = nas_graph_builder_shape(b, sum);
    nas_graph *graph = NULL;
    (void)nas_graph_finish(b, sum, &graph, err);
    nas_graph_free(graph);
    nas_graph_builder_free(b);
    return shape;
}

static void test_add(void **state)
{
    (void)state;
    nas_err err = {0};
    check_shape(join(NAS_OP_ADD, 3, 1, &err), 3, 6, 5);
    check_shape(join(NAS_OP_ADD, 4, 1, &err), 0, 0, 0);
    assert_non_null(strstr(err.text, "input 0 is 3x6x5 but input 1 is 4x6x5"));
    check_refused(NAS_OP_ADD, (nas_shape){3, 6, 5}, NULL, "at least 2 expected");
}

/* The input times a node of it. @return shape of the product, zeros if refused */
static nas_shape product(nas_op_kind op, nas_err *err)
{
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 6, 5});
    int y = nas_graph_add_unary(b, op, x, "");
    int output = nas_graph_add(b, NAS_OP_MUL, NULL, (int[]){x, y}, 2, "");
    nas_shape shape = nas_graph_builder_shape(b, output);
    nas_graph *graph = NULL;
    if (nas_graph_finish(b, output, &graph, err) == NAS_OK)
        assert_int_equal(nas_graph_macs(graph), 90);
    nas_graph_free(graph);
    nas_graph_builder_free(b);
    return shape;
}

static void test_mul(void **state)
{
    (void)state;
    nas_err err = {0};
    check_shape(product(NAS_OP_SIGMOID, &err), 3, 6, 5);
    check_shape(product(NAS_OP_GLOBAL_MAX_POOL, &err), 3, 6, 5);
    check_shape(product(NAS_OP_FLATTEN, &err), 0, 0, 0);
    assert_non_null(strstr(err.text, "or one value per channel"));
}

static void test_concat(void **state)
{
    (void)state;
    nas_err err = {0};
    check_shape(join(NAS_OP_CONCAT, 4, 1, &err), 7, 6, 5);
    check_shape(join(NAS_OP_CONCAT, 4, 2, &err), 0, 0, 0);
    assert_non_null(strstr(err.text, "the same rows and columns"));
}

static void test_slice(void **state)
{
    (void)state;
    const nas_shape shape = {6, 3, 2};
    check_op(NAS_OP_SLICE, shape, (attribute[]){{"from", 2}, {"count", 4}, {0}},
             (nas_shape){4, 3, 2}, 0, 0);
    check_refused(NAS_OP_SLICE, shape, (attribute[]){{"from", 3}, {"count", 4}, {0}},
                  "channels 3 to 6 of 6");
    check_refused(NAS_OP_SLICE, shape, NULL, "count is 0");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slice),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_mul),
        cmocka_unit_test(test_concat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
