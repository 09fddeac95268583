#include "check.h"

#include "nasmith/text.h"

#include <math.h>
#include <string.h>

static void test_int(void **state)
{
    (void)state;
    nas_err err = {0};
    int64_t value = 0;
    check_ok(nas_parse_int("-2385", &value, &err), err);
    assert_int_equal(value, -2385);
    check_ok(nas_parse_int("9223372036854775807", &value, &err), err);
    assert_true(value == INT64_MAX);
    static const char *const WRONG[] = {
        "", " 1", "1 ", "1.5", "0x10", "--1", "+-1", "9223372036854775808", "12a"};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        assert_int_equal(nas_parse_int(WRONG[i], &value, &err), NAS_E_USAGE);
    assert_string_equal(err.text, "`12a` is not a whole number");
    (void)nas_parse_int("", &value, &err);
    assert_string_equal(err.text, "empty value: expected a whole number");
}

static void test_real(void **state)
{
    (void)state;
    nas_err err = {0};
    double value = 0;
    check_ok(nas_parse_real("-2.385e-3", &value, &err), err);
    assert_true(value == -2.385e-3);
    check_ok(nas_parse_real("+.5", &value, &err), err);
    assert_true(value == 0.5);
    static const char *const WRONG[] = {"",      "nan", "inf", "-inf", "0x1p3",
                                        "1e999", "1,5", ".",   "1 ",   "-"};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        assert_int_equal(nas_parse_real(WRONG[i], &value, &err), NAS_E_USAGE);
}

static void test_count(void **state)
{
    (void)state;
    nas_err err = {0};
    int64_t value = 0;
    check_ok(nas_parse_count("50k", &value, &err), err);
    assert_int_equal(value, 50000);
    check_ok(nas_parse_count("1.5M", &value, &err), err);
    assert_int_equal(value, 1500000);
    check_ok(nas_parse_count("4.1 k", &value, &err), err);
    assert_int_equal(value, 4100);
    check_ok(nas_parse_count("7", &value, &err), err);
    assert_int_equal(value, 7);
    static const char *const WRONG[] = {"1.5", "50kk",  "50KiB", "-5k",
                                        "k",   "1e300", "5  k"};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        assert_int_equal(nas_parse_count(WRONG[i], &value, &err), NAS_E_USAGE);
    (void)nas_parse_count("50q", &value, &err);
    assert_string_equal(err.text, "`50q` is not a count such as 500, 50k or 1.5M");
}

static void test_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t bytes;
    } RIGHT[] = {{"64KiB", 65536},     {"64k", 65536},  {"64K", 65536},
                 {"64 KiB", 65536},    {"512", 512},    {"512B", 512},
                 {"2KB", 2000},        {"2kB", 2000},   {"1.5MiB", 1572864},
                 {"3G", 3221225472LL}, {"2MB", 2000000}};
    nas_err err = {0};
    int64_t value = 0;
    for (size_t i = 0; i < sizeof RIGHT / sizeof RIGHT[0]; i++) {
        check_ok(nas_parse_bytes(RIGHT[i].text, &value, &err), err);
        assert_int_equal(value, RIGHT[i].bytes);
    }
    static const char *const WRONG[] = {"64Kib", "64kb", "0.5", "", "64KiB ", "-1"};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        assert_int_equal(nas_parse_bytes(WRONG[i], &value, &err), NAS_E_USAGE);
}

static void test_seconds(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double seconds;
    } RIGHT[] = {{"90", 90},      {"1.5", 1.5},    {"3m", 180},          {"1h30m", 5400},
                 {"250ms", 0.25}, {"1d2h", 93600}, {"1m30s500ms", 90.5}, {"0.5h", 1800}};
    nas_err err = {0};
    double value = 0;
    for (size_t i = 0; i < sizeof RIGHT / sizeof RIGHT[0]; i++) {
        check_ok(nas_parse_seconds(RIGHT[i].text, &value, &err), err);
        assert_true(fabs(value - RIGHT[i].seconds) < 1e-9);
    }
    static const char *const WRONG[] = {"",     "3x", "30m1h", "1h1h",
                                        "1h30", "m",  "-3m",   "3 m"};
    for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
        assert_int_equal(nas_parse_seconds(WRONG[i], &value, &err), NAS_E_USAGE);
    (void)nas_parse_seconds("3x", &value, &err);
    assert_string_equal(err.text,
                        "`3x` is not a duration such as 90, 3m, 1h30m or 250ms");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_int),     cmocka_unit_test(test_real),
        cmocka_unit_test(test_count),   cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_seconds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
