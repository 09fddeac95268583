#include "check.h"

#include "nasmith/err.h"

#include <string.h>

static nas_err quoted(const char *text, size_t line, size_t column, size_t width)
{
    nas_err err = {0};
    (void)nas_fail(&err, NAS_E_CONFIG, "unknown key");
    nas_err_source(&err, text, strlen(text), line, column, width);
    return err;
}

static void test_marks_the_word(void **state)
{
    (void)state;
    nas_err err = quoted("space: x\r\nbatchsize: 64\r\n", 2, 1, 9);
    assert_string_equal(err.source, "   |\n 2 | batchsize: 64\n   | ^^^^^^^^^\n");
    (void)nas_fail(&err, NAS_E_CONFIG, "something else");
    assert_string_equal(err.source, "");
}

static void test_marks_characters_not_bytes(void **state)
{
    (void)state;
    nas_err err = quoted("a\n\tna\xc3\xafve: \x01y", 2, 2, 6);
    assert_string_equal(err.source, "   |\n 2 |  na\xc3\xafve:  y\n   |  ^^^^^\n");
    err = quoted("bad \xff byte", 1, 5, 1);
    assert_string_equal(err.source, "   |\n 1 | bad ? byte\n   |     ^\n");
}

static void test_places_outside_the_text(void **state)
{
    (void)state;
    assert_string_equal(quoted("ab", 1, 9, 4).source, "   |\n 1 | ab\n   |   ^\n");
    assert_string_equal(quoted("ab\n", 12, 1, 1).source, "    |\n 12 | \n    | ^\n");
    assert_string_equal(quoted("ab", 0, 1, 1).source, "");
    nas_err_source(NULL, "ab", 2, 1, 1, 1);
}

static void test_long_lines_are_cut_around_the_place(void **state)
{
    (void)state;
    char line[1200];
    memset(line, 'x', sizeof line - 1);
    line[sizeof line - 1] = '\0';
    memcpy(line + 600, "here", 4);
    nas_err err = quoted(line, 1, 601, 4);
    assert_non_null(strstr(err.source, "xhere"));
    assert_non_null(strstr(err.source, " ^^^^"));
    assert_null(strstr(err.source, "^^^^^"));
    char wide[901];
    for (int i = 0; i < 300; i++)
        memcpy(wide + 3 * i, "\xe2\x82\xac", 3);
    wide[900] = '\0';
    err = quoted(wide, 1, 1, 900);
    assert_true(strlen(err.source) < sizeof err.source - 1);
    assert_null(strchr(err.source, '?'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks_the_word),
        cmocka_unit_test(test_marks_characters_not_bytes),
        cmocka_unit_test(test_places_outside_the_text),
        cmocka_unit_test(test_long_lines_are_cut_around_the_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
