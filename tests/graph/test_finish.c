#include "one_op.h"

static void test_unused_nodes_are_dropped(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 6, 5});
    (void)nas_graph_add_conv(b, x, 99, 3, 1, "dead");
    int conv = nas_graph_add_conv(b, x, 4, 3, 1, "alive");
    (void)nas_graph_add_input(b, (nas_shape){1, 1, 1});
    int relu = nas_graph_add_unary(b, NAS_OP_RELU, conv, "end");
    nas_graph *graph = NULL;
    check_ok(nas_graph_finish(b, relu, &graph, &err), err);
    assert_int_equal(nas_graph_count(graph), 3);
    assert_string_equal(nas_graph_node(graph, 1)->name, "alive");
    assert_int_equal(nas_graph_node(graph, 2)->inputs[0], 1);
    assert_int_equal(nas_graph_output(graph), 2);
    assert_int_equal(nas_graph_params(graph), 108);
    nas_graph_free(graph);
    nas_graph_builder_free(b);
}

static void expect_refused(nas_graph_builder *b, int output, const char *part)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    assert_int_equal(nas_graph_finish(b, output, &graph, &err), NAS_E_GRAPH);
    assert_null(graph);
    if (strstr(err.text, part) == NULL)
        fail_msg("message \"%s\" does not say \"%s\"", err.text, part);
}

static void test_two_inputs_are_refused(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 6, 5});
    int y = nas_graph_add_input(b, (nas_shape){3, 6, 5});
    int sum = nas_graph_add(b, NAS_OP_ADD, NULL, (int[]){x, y}, 2, "");
    expect_refused(b, sum, "node 1: a second input");
    nas_graph_builder_free(b);
}

static void test_output_must_be_an_operator(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    expect_refused(b, 0, "output is node 0, expected 0 to -1");
    (void)nas_graph_add_input(b, (nas_shape){3, 6, 5});
    expect_refused(b, 0, "output is node 0 (input)");
    (void)nas_graph_add_input(b, (nas_shape){3, 6, 5});
    expect_refused(b, 1, "output is node 1");
    nas_graph_builder_free(b);
}

static void test_front_section_is_at_the_start(void **state)
{
    (void)state;
    const float one[3] = {1.0f, 1.0f, 1.0f};
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 6, 5});
    int late = nas_graph_add_unary(b, NAS_OP_RELU, x, "");
    late = nas_graph_add_standardise(b, late, one, one, 3);
    expect_refused(b, nas_graph_add_unary(b, NAS_OP_RELU, late, ""),
                   "must stand directly after the input");
    x = nas_graph_add_input(b, (nas_shape){3, 6, 5});
    int front = nas_graph_add_standardise(b, x, one, one, 3);
    int sum = nas_graph_add(b, NAS_OP_ADD, NULL, (int[]){x, front}, 2, "");
    expect_refused(b, sum, "node 0 is read by the front section and also by others");
    nas_graph_builder_free(b);
}

/* Each node is within the cap, their sum is not. */
static void test_total_work_is_capped(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){1, 16384, 16384});
    nas_value attr[NAS_ATTR_MAX];
    set_attributes(NAS_OP_DEPTHWISE,
                   (attribute[]){{"kernel_h", 4096}, {"kernel_w", 4000}, {0}}, attr);
    x = nas_graph_add(b, NAS_OP_DEPTHWISE, attr, &x, 1, "");
    x = nas_graph_add(b, NAS_OP_DEPTHWISE, attr, &x, 1, "");
    expect_refused(b, x, "multiply-accumulates");
    nas_graph_builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unused_nodes_are_dropped),
        cmocka_unit_test(test_two_inputs_are_refused),
        cmocka_unit_test(test_output_must_be_an_operator),
        cmocka_unit_test(test_front_section_is_at_the_start),
        cmocka_unit_test(test_total_work_is_capped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
