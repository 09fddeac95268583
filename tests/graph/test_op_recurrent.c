#include "one_op.h"

/* 5 channels, 7 units: products per step, weights with their biases. */
static void test_lstm(void **state)
{
    (void)state;
    check_op(NAS_OP_LSTM, (nas_shape){5, 1, 9}, (attribute[]){{"out", 7}, {0}},
             (nas_shape){7, 1, 9}, 4 * 7 * (5 + 7 + 1), 9 * 4 * 7 * (5 + 7));
    check_op(NAS_OP_LSTM, (nas_shape){5, 1, 9},
             (attribute[]){{"out", 7}, {"bidirectional", 1}, {"sequence", 0}, {0}},
             (nas_shape){14, 1, 1}, 2 * 4 * 7 * (5 + 7 + 1), 2 * 9 * 4 * 7 * (5 + 7));
    check_refused(NAS_OP_LSTM, (nas_shape){5, 1, 9}, NULL, "out is 0");
}

static void test_gru(void **state)
{
    (void)state;
    check_op(NAS_OP_GRU, (nas_shape){5, 1, 9}, (attribute[]){{"out", 7}, {0}},
             (nas_shape){7, 1, 9}, 3 * 7 * (5 + 7 + 1) + 7, 9 * 3 * 7 * (5 + 7));
    check_refused(NAS_OP_GRU, (nas_shape){5, 2, 9}, (attribute[]){{"out", 7}, {0}},
                  "reads a series");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lstm),
        cmocka_unit_test(test_gru),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
