#include "one_op.h"

static void test_norm(void **state)
{
    (void)state;
    check_op(NAS_OP_BATCH_NORM, (nas_shape){6, 3, 2}, NULL, (nas_shape){6, 3, 2}, 12, 0);
    nas_err err = {0};
    nas_graph *graph = one_op(NAS_OP_BATCH_NORM, (nas_shape){6, 3, 2}, NULL, &err);
    assert_int_equal(nas_graph_floats(graph), 24);
    const nas_weight *mean = nas_graph_weight_of(graph, 1, NAS_WEIGHT_MEAN);
    assert_int_equal(mean->offset, 12);
    assert_false(mean->trained);
    const nas_value *attr = nas_graph_node(graph, 1)->attr;
    assert_true(attr[NAS_ATTR_BN_EPSILON].f > 0.99e-5);
    assert_true(attr[NAS_ATTR_BN_EPSILON].f < 1.01e-5);
    assert_true(attr[NAS_ATTR_BN_MOMENTUM].f > 0.0999);
    nas_graph_free(graph);
}

static void test_epsilon_is_positive(void **state)
{
    (void)state;
    check_refused(NAS_OP_BATCH_NORM, (nas_shape){6, 3, 2},
                  (attribute[]){{"epsilon", 0}, {0}}, "epsilon is 0");
}

/* Trained scale and shift, no running statistics. */
static void test_norms_of_a_sample(void **state)
{
    (void)state;
    const nas_shape shape = {6, 3, 2};
    nas_err err = {0};
    check_op(NAS_OP_LAYER_NORM, shape, NULL, shape, 12, 0);
    check_op(NAS_OP_GROUP_NORM, shape, (attribute[]){{"groups", 3}, {0}}, shape, 12, 0);
    nas_graph *graph = one_op(NAS_OP_LAYER_NORM, shape, NULL, &err);
    assert_int_equal(nas_graph_floats(graph), 12);
    nas_graph_free(graph);
    check_refused(NAS_OP_GROUP_NORM, shape, (attribute[]){{"groups", 4}, {0}},
                  "4 groups do not divide 6 channels");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norm),
        cmocka_unit_test(test_epsilon_is_positive),
        cmocka_unit_test(test_norms_of_a_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
