#include "one_op.h"

static void test_conv(void **state)
{
    (void)state;
    check_op(
        NAS_OP_CONV, (nas_shape){3, 9, 8},
        (attribute[]){{"out", 5}, {"kernel_h", 3}, {"kernel_w", 2}, {"stride_h", 2}, {0}},
        (nas_shape){5, 5, 8}, 5 * 3 * 6, 5 * 5 * 8 * 3 * 6);
    check_op(NAS_OP_CONV, (nas_shape){4, 9, 8},
             (attribute[]){{"out", 6},
                           {"kernel_h", 3},
                           {"kernel_w", 3},
                           {"dilation_h", 2},
                           {"groups", 2},
                           {"pad", NAS_PAD_VALID},
                           {"bias", 1},
                           {0}},
             (nas_shape){6, 5, 6}, 6 * 2 * 9 + 6, 6 * 5 * 6 * 2 * 9);
}

static void test_depthwise(void **state)
{
    (void)state;
    check_op(NAS_OP_DEPTHWISE, (nas_shape){7, 1, 20},
             (attribute[]){{"kernel_w", 5}, {"stride_w", 3}, {"bias", 1}, {0}},
             (nas_shape){7, 1, 7}, 7 * 5 + 7, 7 * 7 * 5);
}

static void test_weights_and_fan_in(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph *graph =
        one_op(NAS_OP_CONV, (nas_shape){4, 5, 5},
               (attribute[]){{"out", 6}, {"kernel_w", 3}, {"groups", 2}, {0}}, &err);
    const nas_weight *w = nas_graph_weight_of(graph, 1, NAS_WEIGHT_KERNEL);
    assert_int_equal(w->rank, 4);
    assert_int_equal(w->dim[0], 6);
    assert_int_equal(w->dim[1], 2);
    assert_int_equal(w->dim[2], 1);
    assert_int_equal(w->dim[3], 3);
    assert_int_equal(w->fan_in, 6);
    assert_null(nas_graph_weight_of(graph, 1, NAS_WEIGHT_BIAS));
    nas_graph_free(graph);
}

static void test_what_does_not_fit(void **state)
{
    (void)state;
    const nas_shape in = {4, 5, 5};
    check_refused(NAS_OP_CONV, in, NULL, "out is 0");
    check_refused(NAS_OP_CONV, in, (attribute[]){{"out", 6}, {"groups", 3}, {0}},
                  "3 groups do not divide 4 input");
    check_refused(NAS_OP_CONV, in,
                  (attribute[]){{"out", 6}, {"kernel_h", 6}, {"pad", NAS_PAD_VALID}, {0}},
                  "window of 6x1");
    check_refused(NAS_OP_DEPTHWISE, in, (attribute[]){{"stride_h", 0}, {0}},
                  "stride_h is 0");
    check_refused(NAS_OP_CONV, (nas_shape){60000, 1, 1},
                  (attribute[]){{"out", 60000}, {0}}, "parameters");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv),
        cmocka_unit_test(test_depthwise),
        cmocka_unit_test(test_weights_and_fan_in),
        cmocka_unit_test(test_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
