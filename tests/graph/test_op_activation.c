#include "one_op.h"

static void test_shapes_stay(void **state)
{
    (void)state;
    const nas_op_kind ops[] = {NAS_OP_RELU, NAS_OP_RELU6, NAS_OP_DROPOUT};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        check_op(ops[i], (nas_shape){5, 2, 3}, NULL, (nas_shape){5, 2, 3}, 0, 0);
    check_op(NAS_OP_SOFTMAX, (nas_shape){9, 1, 1}, NULL, (nas_shape){9, 1, 1}, 0, 0);
}

static void test_softmax_needs_a_vector(void **state)
{
    (void)state;
    check_refused(NAS_OP_SOFTMAX, (nas_shape){9, 1, 2}, NULL, "needs a vector");
}

static void test_dropout_rate(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    nas_value rate = {.f = 0.96};
    int x = nas_graph_add_input(b, (nas_shape){5, 2, 3});
    assert_int_equal(nas_graph_add(b, NAS_OP_DROPOUT, &rate, &x, 1, ""), -1);
    nas_graph *graph = NULL;
    nas_err err = {0};
    assert_int_equal(nas_graph_finish(b, 1, &graph, &err), NAS_E_GRAPH);
    assert_non_null(strstr(err.text, "rate is 0.96"));
    nas_graph_builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes_stay),
        cmocka_unit_test(test_softmax_needs_a_vector),
        cmocka_unit_test(test_dropout_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
