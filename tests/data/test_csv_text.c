#include "data/make.h"

#include "data/csv_text.h"

static void open_text(void **state, const char *text, nas_csv_file *file)
{
    nas_err err = {0};
    static char path[1024];
    (void)snprintf(path, sizeof path, "%s", make_text(*state, "t.csv", text));
    check_ok(nas_csv_open(file, path, &err), err);
}

/* Fields joined by '|', records by '/'. */
static void check_records(void **state, const char *text, const char *expected)
{
    nas_err err = {0};
    nas_csv_file file;
    nas_text out = {0};
    bool more = true;
    open_text(state, text, &file);
    for (;;) {
        check_ok(nas_csv_next(&file, &more, &err), err);
        if (!more)
            break;
        for (int64_t i = 0; i < file.n_fields; i++)
            nas_text_printf(&out, "%s%s", i > 0 ? "|" : "", nas_csv_field(&file, i));
        nas_text_putc(&out, '/');
    }
    assert_string_equal(nas_text_string(&out), expected);
    nas_text_free(&out);
    nas_csv_close(&file);
}

static void dialects_are_read(void **state)
{
    check_records(state, "a,b\n1,2\n", "a|b/1|2/");
    check_records(state, "a;b\r\n1,5;2\r\n", "a|b/1,5|2/");
    check_records(state, "a\tb\n1\t\n\t2", "a|b/1|/|2/");
    check_records(state, "\357\273\277a,b\n\n\n1,2", "a|b/1|2/");
    check_records(state, "a , \"b, c\" ,d\n 1,\"say \"\"hi\"\"\",\"two\nlines\"\n",
                  "a|b, c|d/1|say \"hi\"|two\nlines/");
    check_records(state, "one\n\n2.385\n", "one/2.385/");
    check_records(state, "a,b,\n,,\n", "a|b|/||/");
    check_records(state, "a,b\n1,2\n  \t \n \r\n3,4\n ", "a|b/1|2/3|4/");
    check_records(state, "", "");
    check_records(state, " \n\n", "");
}

static void places_are_known(void **state)
{
    nas_err err = {0};
    nas_csv_file file;
    bool more = false;
    open_text(state, "a,b\n\"x\ny\", 7\n1,2\n", &file);
    for (int i = 0; i < 2; i++)
        check_ok(nas_csv_next(&file, &more, &err), err);
    assert_int_equal(file.fields[0].line, 2);
    assert_int_equal(file.fields[0].column, 1);
    assert_int_equal(file.fields[1].line, 3);
    assert_int_equal(file.fields[1].column, 5);
    check_ok(nas_csv_next(&file, &more, &err), err);
    assert_int_equal(file.fields[1].line, 4);
    assert_int_equal(file.fields[1].column, 3);
    nas_csv_close(&file);
}

static void check_broken(void **state, const char *text, const char *words)
{
    nas_err err = {0};
    nas_csv_file file;
    bool more = true;
    nas_status status = NAS_OK;
    open_text(state, text, &file);
    while (status == NAS_OK && more)
        status = nas_csv_next(&file, &more, &err);
    assert_int_equal(status, NAS_E_DATA);
    if (strstr(err.text, words) == NULL)
        fail_msg("got \"%s\", expected \"%s\"", err.text, words);
    nas_csv_close(&file);
}

static void broken_quotes_are_placed(void **state)
{
    check_broken(state, "a,b\n1,\"2\n3,4\n", "t.csv:2:3: the quote that opens here");
    check_broken(state, "a,b\n\"1\"x,2\n", "t.csv:2:1: text follows the closing quote");
}

static void binary_data_is_refused(void **state)
{
    nas_err err = {0};
    nas_csv_file file;
    bool more = true;
    const char *path = make_file(*state, "b.csv", "a,b\n1,\0002\n", 9);
    check_ok(nas_csv_open(&file, path, &err), err);
    check_ok(nas_csv_next(&file, &more, &err), err);
    assert_int_equal(nas_csv_next(&file, &more, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "b.csv:2:3: binary data"));
    nas_csv_close(&file);
}

static void records_may_cross_buffers(void **state)
{
    nas_err err = {0};
    nas_csv_file file;
    nas_text text = {0};
    bool more = true;
    int64_t n = 0;
    nas_text_puts(&text, "name,value\n");
    for (int i = 0; i < 20000; i++)
        nas_text_printf(&text, "\"row %d\",%d.5\n", i, i);
    open_text(state, nas_text_string(&text), &file);
    check_ok(nas_csv_next(&file, &more, &err), err);
    for (;; n++) {
        char expected[32];
        check_ok(nas_csv_next(&file, &more, &err), err);
        if (!more)
            break;
        (void)snprintf(expected, sizeof expected, "%d.5", (int)n);
        assert_string_equal(nas_csv_field(&file, 1), expected);
    }
    assert_int_equal(n, 20000);
    nas_csv_close(&file);
    nas_text_free(&text);
}

static void numbers_are_strict(void **state)
{
    static const char *const bad[] = {"",      "1,5", "0x10", "nan", "inf", "1e39", "1 2",
                                      "2.3.4", "-",   "e5",   "1e",  "abc", "--1"};
    double value = 0.0;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (nas_csv_number(bad[i], &value))
            fail_msg("\"%s\" was taken for %g", bad[i], value);
    assert_true(nas_csv_number("-2.385e-2", &value));
    assert_true(value == -2.385e-2);
    assert_true(nas_csv_number("+7", &value));
    assert_true(value == 7.0);
    assert_true(nas_csv_number(".5", &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(dialects_are_read),         data_test(places_are_known),
        data_test(broken_quotes_are_placed),  data_test(binary_data_is_refused),
        data_test(records_may_cross_buffers), data_test(numbers_are_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
