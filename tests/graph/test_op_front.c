#include "one_op.h"

#include <math.h>

static nas_status standardise(const float *mean, int64_t channels, nas_graph **out,
                              nas_err *err)
{
    const float inverse[4] = {0.5f, 0.25f, 2.385f, 1.0f};
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 2, 2});
    x = nas_graph_add_standardise(b, x, mean, inverse, channels);
    nas_status status =
        nas_graph_finish(b, nas_graph_add_unary(b, NAS_OP_RELU, x, ""), out, err);
    nas_graph_builder_free(b);
    return status;
}

static void test_standardise(void **state)
{
    (void)state;
    const float mean[4] = {1.5f, -2.0f, 0.125f, 0.0f};
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(standardise(mean, 3, &graph, &err), err);
    const nas_node *node = nas_graph_node(graph, 1);
    assert_int_equal(node->n_constants, 6);
    assert_memory_equal(node->constants, mean, 3 * sizeof(float));
    assert_true(node->constants[5] > 2.38f);
    assert_int_equal(nas_graph_params(graph), 0);
    nas_graph_free(graph);
}

static void test_constants_must_fit(void **state)
{
    (void)state;
    float mean[4] = {1.5f, -2.0f, 0.125f, 0.0f};
    nas_graph *graph = NULL;
    nas_err err = {0};
    assert_int_equal(standardise(mean, 4, &graph, &err), NAS_E_GRAPH);
    assert_non_null(strstr(err.text, "each of 3 channels, found 8 numbers"));
    mean[1] = (float)NAN;
    assert_int_equal(standardise(mean, 3, &graph, &err), NAS_E_GRAPH);
    assert_non_null(strstr(err.text, "constant 1 is not a finite number"));
}

static void test_input_extents(void **state)
{
    (void)state;
    check_refused(NAS_OP_RELU, (nas_shape){3, 0, 2}, NULL, "3x0x2");
    check_refused(NAS_OP_RELU, (nas_shape){3, 1, 65537}, NULL, "up to 65536");
    check_refused(NAS_OP_RELU, (nas_shape){65536, 65536, 1}, NULL, "268435456 elements");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_standardise),
        cmocka_unit_test(test_constants_must_fit),
        cmocka_unit_test(test_input_extents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
