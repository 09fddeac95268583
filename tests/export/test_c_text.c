#include "check.h"

#include "export/c_text.h"

#include <float.h>
#include <string.h>

static void expect(nas_text *text, const char *expected)
{
    assert_string_equal(nas_text_string(text), expected);
    nas_text_clear(text);
}

static void floats_are_short_and_exact(void **state)
{
    (void)state;
    nas_text text = {0};
    nas_c_float(&text, 0.1f);
    expect(&text, "0.1f");
    nas_c_float(&text, 3);
    expect(&text, "3.0f");
    nas_c_float(&text, -0.0f);
    expect(&text, "-0.0f");
    nas_c_float(&text, 1e-20f);
    expect(&text, "1e-20f");
    uint32_t bits = 1;
    for (int i = 0; i < 20000; i++) {
        float value;
        bits = bits * 1664525u + 1013904223u;
        memcpy(&value, &bits, sizeof value);
        if (!(value >= -FLT_MAX && value <= FLT_MAX))
            continue;
        nas_c_float(&text, value);
        assert_true(strtof(nas_text_string(&text), NULL) == value);
        nas_text_clear(&text);
    }
    nas_text_free(&text);
}

static void rows_stay_narrow(void **state)
{
    (void)state;
    nas_text text = {0};
    float values[100];
    for (int i = 0; i < 100; i++)
        values[i] = (float)i * 1.2345678f;
    nas_c_float_rows(&text, values, 100);
    int column = 0, items = 0;
    for (const char *at = nas_text_string(&text); *at != '\0'; at++) {
        column = *at == '\n' ? 0 : column + 1;
        items += *at == ',';
        assert_true(column <= 90);
    }
    assert_int_equal(items, 100);
    nas_text_free(&text);
}

static void words_cannot_escape(void **state)
{
    (void)state;
    nas_text text = {0};
    nas_c_string(&text, "a\"b\\c?\n\xc3\xa4");
    expect(&text, "\"a\\\"b\\\\c\\?\\012\\303\\244\"");
    nas_c_comment(&text, "x */ y /* z\n?\?/");
    assert_null(strstr(nas_text_string(&text), "*/"));
    assert_null(strstr(nas_text_string(&text), "/*"));
    assert_null(strchr(nas_text_string(&text), '\n'));
    nas_text_free(&text);
}

static void names_are_c_names(void **state)
{
    (void)state;
    nas_c_names names;
    nas_err err = {0};
    check_ok(nas_c_names_make("my_Net2", &names, &err), err);
    assert_string_equal(names.upper, "MY_NET2");
    static const char *const bad[] = {"",    "2net", "_net",
                                      "a-b", "a/b",  "a23456789012345678901234567890123"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(nas_c_names_make(bad[i], &names, &err), NAS_E_USAGE);
    nas_text text = {0};
    check_ok(nas_c_names_make("kws", &names, &err), err);
    nas_c_template(&text, &names, "@p_run @P_OK @T @@ @return");
    expect(&text, "kws_run KWS_OK float @ @return");
    nas_c_kernel_text(&text, &names, "static int nas_rt_x(nas_rt_map *p);");
    expect(&text, "static int kws_x(kws_map *p);");
    nas_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(floats_are_short_and_exact),
        cmocka_unit_test(rows_stay_narrow),
        cmocka_unit_test(words_cannot_escape),
        cmocka_unit_test(names_are_c_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
