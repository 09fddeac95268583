#include "check.h"

#include "export/compare.h"

#include <math.h>
#include <string.h>

static nas_verify_result one(const float *found, const float *expected)
{
    nas_verify_result result = {0};
    nas_compare_row(&result, found, expected, 2, true);
    return result;
}

static void small_differences_pass(void **state)
{
    (void)state;
    const float expected[2] = {1000, 2}, found[2] = {1000.05f, 2.00009f};
    const nas_verify_result result = one(found, expected);
    assert_true(result.max_error > 4e-5 && result.max_error < 9e-5);
    assert_int_equal(nas_compare_status(&result, "x", NULL), NAS_OK);
}

static void large_ones_and_nan_fail(void **state)
{
    (void)state;
    nas_err err = {0};
    const float expected[2] = {1, 2}, far[2] = {1, 2.0003f}, nan[2] = {NAN, 2};
    nas_verify_result result = one(far, expected);
    assert_int_equal(nas_compare_status(&result, "net.c", &err), NAS_E_VERIFY);
    assert_non_null(strstr(err.text, "net.c"));
    result = one(nan, expected);
    assert_int_equal(nas_compare_status(&result, "net.c", &err), NAS_E_VERIFY);
}

static void another_class_fails_unless_tied(void **state)
{
    (void)state;
    const float expected[2] = {0.50002f, 0.5f}, found[2] = {0.49999f, 0.50001f};
    nas_verify_result result = one(found, expected);
    assert_int_equal(result.argmax_differs, 1);
    assert_int_equal(nas_compare_status(&result, "x", NULL), NAS_E_VERIFY);
    const float tied[2] = {0.5000001f, 0.5f};
    result = one(found, tied);
    assert_int_equal(result.argmax_differs, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_differences_pass),
        cmocka_unit_test(large_ones_and_nan_fail),
        cmocka_unit_test(another_class_fails_unless_tied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
