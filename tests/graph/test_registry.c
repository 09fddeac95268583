#include "one_op.h"

static void test_every_operator_is_found_by_its_name(void **state)
{
    (void)state;
    for (int i = 0; i < NAS_OP_COUNT; i++) {
        const nas_op *op = nas_op_get((nas_op_kind)i);
        assert_int_equal(nas_op_find(op->name), i);
        assert_true(strlen(op->summary) > 5);
        assert_true(nas_param_count(op->params) <= NAS_ATTR_MAX);
    }
    assert_int_equal(nas_op_find("conv2"), NAS_OP_COUNT);
    assert_int_equal(nas_op_find(""), NAS_OP_COUNT);
}

/* The order of parameter tables is the order of attribute indices. */
static void test_tables_match_attribute_indices(void **state)
{
    (void)state;
    static const struct {
        nas_op_kind op;
        const char *name;
        int index;
    } expected[] = {
        {NAS_OP_CONV, "kernel_h", NAS_ATTR_KERNEL_H},
        {NAS_OP_CONV, "kernel_w", NAS_ATTR_KERNEL_W},
        {NAS_OP_CONV, "stride_h", NAS_ATTR_STRIDE_H},
        {NAS_OP_CONV, "stride_w", NAS_ATTR_STRIDE_W},
        {NAS_OP_CONV, "pad", NAS_ATTR_PAD},
        {NAS_OP_CONV, "dilation_h", NAS_ATTR_DILATION_H},
        {NAS_OP_CONV, "dilation_w", NAS_ATTR_DILATION_W},
        {NAS_OP_CONV, "bias", NAS_ATTR_WINDOW_BIAS},
        {NAS_OP_CONV, "out", NAS_ATTR_CONV_OUT},
        {NAS_OP_CONV, "groups", NAS_ATTR_CONV_GROUPS},
        {NAS_OP_DEPTHWISE, "bias", NAS_ATTR_WINDOW_BIAS},
        {NAS_OP_MAX_POOL, "pad", NAS_ATTR_PAD},
        {NAS_OP_AVG_POOL, "stride_w", NAS_ATTR_STRIDE_W},
        {NAS_OP_DENSE, "out", NAS_ATTR_DENSE_OUT},
        {NAS_OP_DENSE, "bias", NAS_ATTR_DENSE_BIAS},
        {NAS_OP_BATCH_NORM, "epsilon", NAS_ATTR_BN_EPSILON},
        {NAS_OP_BATCH_NORM, "momentum", NAS_ATTR_BN_MOMENTUM},
        {NAS_OP_DROPOUT, "rate", NAS_ATTR_DROPOUT_RATE},
        {NAS_OP_LAYER_NORM, "epsilon", NAS_ATTR_SAMPLE_NORM_EPSILON},
        {NAS_OP_GROUP_NORM, "epsilon", NAS_ATTR_SAMPLE_NORM_EPSILON},
        {NAS_OP_GROUP_NORM, "groups", NAS_ATTR_SAMPLE_NORM_GROUPS},
        {NAS_OP_SLICE, "from", NAS_ATTR_SLICE_FROM},
        {NAS_OP_SLICE, "count", NAS_ATTR_SLICE_COUNT},
        {NAS_OP_TOKENS, "out", NAS_ATTR_TOKENS_OUT},
        {NAS_OP_POSITIONS, "kind", NAS_ATTR_POSITIONS_KIND},
        {NAS_OP_ATTENTION, "heads", NAS_ATTR_ATTENTION_HEADS},
    };
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++)
        assert_int_equal(
            nas_param_find(nas_op_get(expected[i].op)->params, expected[i].name),
            expected[i].index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_operator_is_found_by_its_name),
        cmocka_unit_test(test_tables_match_attribute_indices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
