#include "one_op.h"

static void test_windows(void **state)
{
    (void)state;
    const attribute halves[] = {
        {"kernel_h", 2}, {"kernel_w", 2}, {"stride_h", 2}, {"stride_w", 2}, {0}};
    check_op(NAS_OP_MAX_POOL, (nas_shape){3, 9, 8}, halves, (nas_shape){3, 5, 4}, 0, 0);
    const attribute valid[] = {
        {"kernel_h", 3}, {"kernel_w", 4}, {"stride_w", 2}, {"pad", NAS_PAD_VALID}, {0}};
    check_op(NAS_OP_AVG_POOL, (nas_shape){3, 9, 8}, valid, (nas_shape){3, 7, 3}, 0, 0);
    check_refused(NAS_OP_AVG_POOL, (nas_shape){3, 2, 8}, valid, "window of 3x4");
}

static void test_global_mean(void **state)
{
    (void)state;
    check_op(NAS_OP_GLOBAL_AVG_POOL, (nas_shape){6, 3, 11}, NULL, (nas_shape){6, 1, 1}, 0,
             0);
    check_op(NAS_OP_GLOBAL_MAX_POOL, (nas_shape){6, 3, 11}, NULL, (nas_shape){6, 1, 1}, 0,
             0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_global_mean),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
