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

static void dates_are_known_and_ordered(void **state)
{
    static const char *const dates[] = {"2026-11-25", "25.11.2026", "1/2/99",
                                        "2026/1/2 10:00", "2026-11-25T07:43Z"};
    static const char *const none[] = {"1.5", "1-2",     "2026-11/25", "a-b-c",
                                       "",    "1.2.3.4", "-1-2-3",     "12345-1-2"};
    static const struct {
        const char *text;
        double seconds;
    } times[] = {
        {"1970-01-01", 0.0},
        {"1970-01-02T00:00:00.5Z", 86400.5},
        {"2000-02-29 12:34", 951827640.0},
        {"1969-12-31 23:59:59", -1.0},
        {"2016-07-01 00:00:00", 1467331200.0},
        {"-2.385", -2.385},
    };
    static const char *const broken[] = {
        "2026-13-01",   "2026-00-01",  "2026-1-1",   "12:30",
        "2026-11-25 7", "2026-11-25x", "25.11.2026", ""};
    double value = 0.0;
    (void)state;
    for (size_t i = 0; i < sizeof dates / sizeof dates[0]; i++)
        if (!nas_csv_is_date(dates[i]))
            fail_msg("\"%s\" is a date", dates[i]);
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        if (nas_csv_is_date(none[i]))
            fail_msg("\"%s\" is no date", none[i]);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
        if (!nas_csv_time(times[i].text, &value) || value != times[i].seconds)
            fail_msg("\"%s\" gave %.3f", times[i].text, value);
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        if (nas_csv_time(broken[i], &value))
            fail_msg("\"%s\" was taken for %g", broken[i], value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(dialects_are_read),
        data_test(places_are_known),
        data_test(broken_quotes_are_placed),
        data_test(binary_data_is_refused),
        data_test(records_may_cross_buffers),
        data_test(numbers_are_strict),
        cmocka_unit_test(dates_are_known_and_ordered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
