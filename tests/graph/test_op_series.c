#include "one_op.h"

#include <math.h>

static void test_tokens(void **state)
{
    (void)state;
    check_op(NAS_OP_TOKENS, (nas_shape){5, 1, 1}, (attribute[]){{"out", 7}, {0}},
             (nas_shape){7, 1, 5}, 2 * 5 * 7, 5 * 7);
    check_refused(NAS_OP_TOKENS, (nas_shape){5, 1, 2}, (attribute[]){{"out", 7}, {0}},
                  "5x1x2: flatten it");
    check_refused(NAS_OP_TOKENS, (nas_shape){5, 1, 1}, NULL, "out is 0");
}

static void test_positions(void **state)
{
    (void)state;
    check_op(NAS_OP_POSITIONS, (nas_shape){4, 1, 9}, NULL, (nas_shape){4, 1, 9}, 36, 0);
    check_op(NAS_OP_POSITIONS, (nas_shape){4, 1, 9},
             (attribute[]){{"kind", NAS_POSITIONS_SINUSOIDAL}, {0}}, (nas_shape){4, 1, 9},
             0, 0);
    check_refused(NAS_OP_POSITIONS, (nas_shape){4, 2, 9}, NULL, "read a series");
}

static void close_to(double found, double expected)
{
    if (!(fabs(found - expected) < 1e-12))
        fail_msg("found %g, expected %g", found, expected);
}

/* Channel pairs turn at speeds from 1 down to 1/10000. */
static void test_sinusoids(void **state)
{
    (void)state;
    close_to(nas_position(0, 8, 3), sin(3.0));
    close_to(nas_position(1, 8, 3), cos(3.0));
    close_to(nas_position(4, 8, 5), sin(0.05));
    close_to(nas_position(7, 8, 1000), cos(1.0));
}

/* Queries and keys, then weights and values: T*T products per channel each. */
static void test_attention(void **state)
{
    (void)state;
    check_op(NAS_OP_ATTENTION, (nas_shape){36, 1, 10}, (attribute[]){{"heads", 4}, {0}},
             (nas_shape){12, 1, 10}, 0, 2 * 12 * 100);
    check_refused(NAS_OP_ATTENTION, (nas_shape){36, 1, 10},
                  (attribute[]){{"heads", 5}, {0}}, "a multiple of 15");
    check_refused(NAS_OP_ATTENTION, (nas_shape){36, 3, 10}, NULL, "read a series");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tokens),
        cmocka_unit_test(test_positions),
        cmocka_unit_test(test_sinusoids),
        cmocka_unit_test(test_attention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
