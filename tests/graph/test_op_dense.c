#include "one_op.h"

static void test_dense(void **state)
{
    (void)state;
    check_op(NAS_OP_DENSE, (nas_shape){3, 4, 5}, (attribute[]){{"out", 7}, {0}},
             (nas_shape){7, 1, 1}, 7 * 60 + 7, 7 * 60);
    check_op(NAS_OP_DENSE, (nas_shape){11, 1, 1},
             (attribute[]){{"out", 2}, {"bias", 0}, {0}}, (nas_shape){2, 1, 1}, 22, 22);
    check_refused(NAS_OP_DENSE, (nas_shape){11, 1, 1}, NULL, "out is 0");
}

static void test_flatten(void **state)
{
    (void)state;
    check_op(NAS_OP_FLATTEN, (nas_shape){3, 4, 5}, NULL, (nas_shape){60, 1, 1}, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_flatten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
