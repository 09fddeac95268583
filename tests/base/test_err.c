#include "check.h"

#include <string.h>

static void test_fail_fills_one_line(void **state)
{
    (void)state;
    nas_err err = {0};
    assert_int_equal(nas_fail(&err, NAS_E_DATA, "`%s` has %d rows", "a\nb", 3),
                     NAS_E_DATA);
    assert_int_equal(err.code, NAS_E_DATA);
    assert_string_equal(err.text, "`a b` has 3 rows");
    assert_string_equal(err.hint, "");
    nas_err_hint(&err, "try %d", 7);
    assert_string_equal(err.hint, "try 7");
    assert_int_equal(nas_fail(&err, NAS_E_IO, "again"), NAS_E_IO);
    assert_string_equal(err.hint, "");
    assert_int_equal(nas_fail(NULL, NAS_E_NOMEM, "x"), NAS_E_NOMEM);
    nas_err_hint(NULL, "x");
    nas_err_context(NULL, "x");
}

static void test_arguments_may_come_from_the_error_itself(void **state)
{
    (void)state;
    nas_err err = {0};
    (void)nas_fail(&err, NAS_E_IO, "disk");
    (void)nas_fail(&err, NAS_E_STUDY, "study: %s full", err.text);
    assert_string_equal(err.text, "study: disk full");
    nas_err_context(&err, "%s!", err.text);
    assert_string_equal(err.text, "study: disk full!: study: disk full");
    assert_int_equal(err.code, NAS_E_STUDY);
}

static void test_long_texts_are_cut_at_a_character(void **state)
{
    (void)state;
    char e_acute[2 * 700 + 1];
    for (size_t i = 0; i < 700; i++)
        memcpy(e_acute + 2 * i, "\xc3\xa9", 2);
    e_acute[sizeof e_acute - 1] = '\0';
    nas_err err = {0};
    (void)nas_fail(&err, NAS_E_DATA, "%s", e_acute);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_int_equal(err.text[sizeof err.text - 2], '?');
    nas_err_context(&err, "%s", "place");
    assert_memory_equal(err.text, "place: \xc3\xa9", 9);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    nas_err_context(&err, "%s", e_acute);
    assert_int_equal(strlen(err.text), sizeof err.text - 1);
    assert_memory_equal(err.text, "\xc3\xa9", 2);
}

static void test_every_status_has_name_and_exit_code(void **state)
{
    (void)state;
    for (int code = 0; code < NAS_STATUS_COUNT; code++)
        assert_true(strlen(nas_status_name((nas_status)code)) > 0);
    assert_string_equal(nas_status_name(NAS_E_VERIFY), "verification");
    assert_int_equal(nas_status_exit_code(NAS_OK), 0);
    assert_int_equal(nas_status_exit_code(NAS_E_LIMIT), 1);
    assert_int_equal(nas_status_exit_code(NAS_E_CONFIG), 2);
    assert_int_equal(nas_status_exit_code(NAS_E_DATA), 3);
    assert_int_equal(nas_status_exit_code(NAS_E_STUDY), 4);
    assert_int_equal(nas_status_exit_code(NAS_E_UNSUPPORTED), 5);
    assert_int_equal(nas_status_exit_code(NAS_E_INTERNAL), 70);
    assert_int_equal(nas_status_exit_code(NAS_E_INTERRUPTED), 130);
    assert_int_equal(nas_status_exit_code(NAS_STATUS_COUNT), 70);
    assert_int_equal(nas_status_of_exit_code(5), NAS_E_IO);
    assert_int_equal(nas_status_of_exit_code(0), NAS_OK);
    assert_int_equal(nas_status_of_exit_code(99), NAS_E_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fail_fills_one_line),
        cmocka_unit_test(test_arguments_may_come_from_the_error_itself),
        cmocka_unit_test(test_long_texts_are_cut_at_a_character),
        cmocka_unit_test(test_every_status_has_name_and_exit_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
