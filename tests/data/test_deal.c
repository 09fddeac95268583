#include "check.h"

#include "nasmith/data.h"

#include <math.h>

enum { ROWS = 1000, CLASSES = 4 };

/* 500, 300, 199 rows, and 1 of the last class. */
static int32_t class_of(int64_t row)
{
    return row < 500 ? 0 : row < 800 ? 1 : row < 999 ? 2 : 3;
}

/* In every prefix each class has its share, to within one row; each keeps its order. */
static void every_prefix_is_stratified(void **state)
{
    (void)state;
    static const double total[CLASSES] = {500, 300, 199, 1};
    for (uint64_t seed = 0; seed < 20; seed++) {
        int32_t labels[ROWS];
        int64_t rows[ROWS], seen[CLASSES] = {0}, last[CLASSES] = {-1, -1, -1, -1};
        nas_err err = {0};
        nas_rng rng = nas_rng_new(seed, 1);
        for (int64_t i = 0; i < ROWS; i++) {
            rows[i] = i;
            labels[i] = class_of(i);
        }
        check_ok(nas_data_deal(labels, CLASSES, &rng, rows, ROWS, &err), err);
        for (int64_t i = 0; i < ROWS; i++) {
            const int32_t c = labels[rows[i]];
            assert_true(rows[i] > last[c]);
            last[c] = rows[i];
            seen[c]++;
            for (int k = 0; k < CLASSES; k++)
                assert_true(fabs((double)seen[k] - total[k] * (double)(i + 1) / ROWS) <
                            2.5);
        }
        for (int k = 0; k < CLASSES; k++)
            assert_true((double)seen[k] == total[k]);
    }
}

static void one_row_stays(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_rng rng = nas_rng_new(1, 1);
    int32_t labels[1] = {0};
    int64_t rows[1] = {0};
    check_ok(nas_data_deal(labels, 1, &rng, rows, 1, &err), err);
    assert_int_equal(rows[0], 0);
}

static void allocations_may_fail(void **state)
{
    (void)state;
    int32_t labels[3] = {0, 1, 0};
    for (int64_t nth = 1; nth <= 2; nth++) {
        nas_err err = {0};
        nas_rng rng = nas_rng_new(1, 1);
        int64_t rows[3] = {0, 1, 2};
        nas_alloc_fail_nth(nth);
        nas_status status = nas_data_deal(labels, 2, &rng, rows, 3, &err);
        nas_alloc_fail_nth(0);
        assert_int_equal(status, NAS_E_NOMEM);
        assert_true(rows[0] == 0 && rows[1] == 1 && rows[2] == 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_prefix_is_stratified),
        cmocka_unit_test(one_row_stays),
        cmocka_unit_test(allocations_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
