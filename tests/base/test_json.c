#include "check.h"

#include "nasmith/arena.h"
#include "nasmith/json.h"

#include <float.h>
#include <math.h>
#include <string.h>

static void write_sample(nas_json *json)
{
    nas_json_object_begin(json);
    nas_json_key_string(json, "name", "a\"b\\\n\x01\xc3\xa9\xff");
    nas_json_key_int(json, "n", INT64_MIN);
    nas_json_key_real(json, "loss", 2.385);
    nas_json_key_bool(json, "ok", false);
    nas_json_key(json, "shape");
    nas_json_array_begin(json);
    nas_json_int(json, 3);
    nas_json_float(json, 0.1f);
    nas_json_null(json);
    nas_json_string(json, NULL);
    nas_json_array_end(json);
    nas_json_key(json, "none");
    nas_json_array_begin(json);
    nas_json_array_end(json);
    nas_json_key(json, "raw");
    nas_json_raw(json, "{\"x\":1}");
    nas_json_object_end(json);
}

static void test_compact_document(void **state)
{
    (void)state;
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    write_sample(&json);
    assert_string_equal(nas_text_string(&text),
                        "{\"name\":\"a\\\"b\\\\\\n\\u0001\xc3\xa9\xef\xbf\xbd\","
                        "\"n\":-9223372036854775808,\"loss\":2.385,\"ok\":false,"
                        "\"shape\":[3,0.1,null,null],\"none\":[],\"raw\":{\"x\":1}}");
    nas_text_free(&text);
}

static void test_indented_document_parses_to_the_same(void **state)
{
    (void)state;
    nas_text compact = {0}, indented = {0};
    nas_json json = nas_json_writer(&compact, 0);
    write_sample(&json);
    json = nas_json_writer(&indented, 2);
    write_sample(&json);
    assert_memory_equal(nas_text_string(&indented), "{\n  \"name\": ", 12);
    assert_non_null(strstr(nas_text_string(&indented), "\n  \"shape\": [\n    3,\n"));
    assert_non_null(strstr(nas_text_string(&indented), "\"none\": [],\n"));
    nas_err err = {0};
    json_t *a = NULL, *b = NULL;
    check_ok(nas_json_parse(compact.data, compact.length, "a", &a, &err), err);
    check_ok(nas_json_parse(indented.data, indented.length, "b", &b, &err), err);
    assert_true(json_equal(a, b));
    json_decref(a);
    json_decref(b);
    nas_text_free(&compact);
    nas_text_free(&indented);
}

static void check_real(double value, const char *expected)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_real(&json, value);
    if (expected != NULL)
        assert_string_equal(nas_text_string(&text), expected);
    if (isfinite(value))
        assert_true(strtod(nas_text_string(&text), NULL) == value);
    nas_text_free(&text);
}

static void test_reals_are_shortest_and_exact(void **state)
{
    (void)state;
    check_real(0.1, "0.1");
    check_real(1.0, "1");
    check_real(-0.0, "-0");
    check_real(0.1 + 0.2, "0.30000000000000004");
    check_real(2.5e-7, "2.5e-7");
    check_real(1e22, "1e22");
    check_real(5e-324, "5e-324");
    check_real(DBL_MAX, "1.7976931348623157e308");
    check_real((double)NAN, "null");
    check_real((double)-INFINITY, "null");
    for (int i = 1; i < 3000; i++) {
        check_real(2.385 / i, NULL);
        check_real(ldexp(1.0 + 1.0 / i, i % 2000 - 1000), NULL);
    }
}

static void test_floats_are_shortest_and_exact(void **state)
{
    (void)state;
    static const struct {
        float value;
        const char *text;
    } CASES[] = {{0.1f, "0.1"},          {16777216.0f, "16777216"},
                 {1.1754944e-38f, NULL}, {1e-45f, "1e-45"},
                 {3.4028235e38f, NULL},  {0.333333343f, "0.33333334"},
                 {NAN, "null"}};
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        nas_text text = {0};
        nas_json json = nas_json_writer(&text, 0);
        nas_json_float(&json, CASES[i].value);
        if (CASES[i].text != NULL)
            assert_string_equal(nas_text_string(&text), CASES[i].text);
        if (isfinite(CASES[i].value))
            assert_true(strtof(nas_text_string(&text), NULL) == CASES[i].value);
        nas_text_free(&text);
    }
}

static void check_refused(const char *text, const char *start)
{
    nas_err err = {0};
    json_t *out = NULL;
    assert_int_equal(nas_json_parse(text, strlen(text), "net.json", &out, &err),
                     NAS_E_CONFIG);
    assert_null(out);
    if (strncmp(err.text, start, strlen(start)) != 0)
        fail_msg("`%s` does not start with `%s`", err.text, start);
    assert_null(strchr(err.text, '\n'));
}

static void test_parse_names_the_place(void **state)
{
    (void)state;
    check_refused("{\"a\": 1,\n  \"b\" 2}", "net.json:2:7: ");
    check_refused("{\"a\":1,\"a\":2}", "net.json:1:");
    check_refused("", "net.json:1:0: ");
    check_refused("{\"a\":[1,2", "net.json:1:9: ");
    check_refused("{\"a\":1} x", "net.json:1:");
    check_refused("{\"a\":1e999}", "net.json:1:");
    check_refused("{\"a\":\"\xff\"}", "net.json:1:");
}

static void test_writer_survives_every_allocation_failure(void **state)
{
    (void)state;
    nas_err err = {0};
    for (int nth = 1; nth < 20; nth++) {
        nas_text text = {0};
        nas_json json = nas_json_writer(&text, 1);
        nas_alloc_fail_nth(nth);
        write_sample(&json);
        nas_alloc_fail_nth(0);
        nas_status status = nas_text_status(&text, &err);
        nas_text_free(&text);
        if (status == NAS_OK) {
            assert_true(nth > 1);
            return;
        }
        assert_int_equal(status, NAS_E_NOMEM);
    }
    fail_msg("no allocation count was enough");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compact_document),
        cmocka_unit_test(test_indented_document_parses_to_the_same),
        cmocka_unit_test(test_reals_are_shortest_and_exact),
        cmocka_unit_test(test_floats_are_shortest_and_exact),
        cmocka_unit_test(test_parse_names_the_place),
        cmocka_unit_test(test_writer_survives_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
