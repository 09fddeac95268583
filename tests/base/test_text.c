#include "check.h"

#include "nasmith/arena.h"
#include "nasmith/text.h"

#include <math.h>
#include <string.h>

static void test_text_grows(void **state)
{
    (void)state;
    nas_text text = {0};
    assert_string_equal(nas_text_string(&text), "");
    nas_text_puts(&text, "");
    for (int i = 0; i < 500; i++) {
        nas_text_printf(&text, "%d", i % 10);
        nas_text_putc(&text, ';');
    }
    nas_text_append(&text, "end!", 3);
    assert_int_equal(text.length, 1003);
    assert_int_equal(strlen(nas_text_string(&text)), 1003);
    assert_string_equal(nas_text_string(&text) + 996, "8;9;end");
    nas_err err = {0};
    check_ok(nas_text_status(&text, &err), err);
    nas_text_clear(&text);
    assert_string_equal(nas_text_string(&text), "");
    nas_text_free(&text);
    assert_null(text.data);
}

static void test_failure_is_remembered(void **state)
{
    (void)state;
    nas_text text = {0};
    nas_text_puts(&text, "kept");
    nas_alloc_fail_nth(1);
    nas_text_printf(&text, "%200d", 1);
    nas_text_puts(&text, "lost");
    nas_err err = {0};
    assert_int_equal(nas_text_status(&text, &err), NAS_E_NOMEM);
    assert_string_equal(nas_text_string(&text), "kept");
    nas_text_free(&text);
}

static void test_nearest(void **state)
{
    (void)state;
    static const char *const KEYS[] = {"batch_size", "epochs", "lr", "label_smoothing"};
    assert_string_equal(nas_text_nearest("batchsize", KEYS, 4), "batch_size");
    assert_string_equal(nas_text_nearest("epcohs", KEYS, 4), "epochs"); /* one swap */
    assert_string_equal(nas_text_nearest("epoch", KEYS, 4), "epochs");
    assert_string_equal(nas_text_nearest("l", KEYS, 4), "lr");
    assert_null(nas_text_nearest("zz", KEYS, 4));
    assert_null(nas_text_nearest("momentum", KEYS, 4));
    assert_null(nas_text_nearest("epochs", KEYS, 0));
    char long_word[200];
    memset(long_word, 'a', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = '\0';
    assert_null(nas_text_nearest(long_word, KEYS, 4));
}

#define check_format(call, expected)                                                     \
    do {                                                                                 \
        char out[32];                                                                    \
        call;                                                                            \
        assert_string_equal(out, expected);                                              \
    } while (0)

static void test_counts_for_people(void **state)
{
    (void)state;
    check_format(nas_text_count(out, sizeof out, 0), "0");
    check_format(nas_text_count(out, sizeof out, 412), "412");
    check_format(nas_text_count(out, sizeof out, 1500), "1.5 k");
    check_format(nas_text_count(out, sizeof out, 31049), "31.0 k");
    check_format(nas_text_count(out, sizeof out, 412385), "412 k");
    check_format(nas_text_count(out, sizeof out, 999400), "999 k");
    check_format(nas_text_count(out, sizeof out, 999600), "1.0 M");
    check_format(nas_text_count(out, sizeof out, 3.2e6), "3.2 M");
    check_format(nas_text_count(out, sizeof out, 7.5e15), "7500 T");
    check_format(nas_text_count(out, sizeof out, (double)INFINITY), "inf");
    check_format(nas_text_count(out, sizeof out, -2385), "-2.4 k");
}

static void test_integers_for_people(void **state)
{
    (void)state;
    check_format(nas_text_integer(out, sizeof out, 0), "0");
    check_format(nas_text_integer(out, sizeof out, 999), "999");
    check_format(nas_text_integer(out, sizeof out, 1000), "1,000");
    check_format(nas_text_integer(out, sizeof out, -23850), "-23,850");
    check_format(nas_text_integer(out, sizeof out, 1234567), "1,234,567");
    char large[28];
    nas_text_integer(large, sizeof large, INT64_MIN);
    assert_string_equal(large, "-9,223,372,036,854,775,808");
}

static void test_numbers_for_people(void **state)
{
    (void)state;
    check_format(nas_text_number(out, sizeof out, 55198.4, 4), "55,198");
    check_format(nas_text_number(out, sizeof out, -2385, 3), "-2,385");
    check_format(nas_text_number(out, sizeof out, 753.84, 4), "753.8");
    check_format(nas_text_number(out, sizeof out, 0.0123456, 3), "0.0123");
    check_format(nas_text_number(out, sizeof out, 0, 3), "0");
    check_format(nas_text_number(out, sizeof out, 999.7, 4), "1,000");
}

static void test_bytes_for_people(void **state)
{
    (void)state;
    check_format(nas_text_bytes(out, sizeof out, 512), "512 B");
    check_format(nas_text_bytes(out, sizeof out, 1023), "1023 B");
    check_format(nas_text_bytes(out, sizeof out, 1024), "1 KiB");
    check_format(nas_text_bytes(out, sizeof out, 62464), "61 KiB");
    check_format(nas_text_bytes(out, sizeof out, 3174), "3.1 KiB");
    check_format(nas_text_bytes(out, sizeof out, 1048575), "1 MiB");
    check_format(nas_text_bytes(out, sizeof out, 1258291), "1.2 MiB");
    check_format(nas_text_bytes(out, sizeof out, INT64_C(5) << 30), "5 GiB");
    check_format(nas_text_bytes(out, sizeof out, -2048), "-2 KiB");
}

static void test_durations_for_people(void **state)
{
    (void)state;
    check_format(nas_text_ms(out, sizeof out, 2.38549), "2.39 ms");
    check_format(nas_text_ms(out, sizeof out, 0.27), "0.27 ms");
    check_format(nas_text_ms(out, sizeof out, 0.0412345), "41.2 µs");
    check_format(nas_text_ms(out, sizeof out, 0.0000543), "54.3 ns");
    check_format(nas_text_ms(out, sizeof out, 1250), "1.25 s");
    check_format(nas_text_ms(out, sizeof out, 0), "0 ms");
    check_format(nas_text_ms(out, sizeof out, -1), "-");
    check_format(nas_text_ms(out, sizeof out, (double)NAN), "-");
    check_format(nas_text_duration(out, sizeof out, 7.4), "0:07");
    check_format(nas_text_duration(out, sizeof out, 252), "4:12");
    check_format(nas_text_duration(out, sizeof out, 3599.6), "1:00:00");
    check_format(nas_text_duration(out, sizeof out, 3723), "1:02:03");
    check_format(nas_text_duration(out, sizeof out, -1), "?");
    check_format(nas_text_duration(out, sizeof out, (double)NAN), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_grows),
        cmocka_unit_test(test_failure_is_remembered),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_counts_for_people),
        cmocka_unit_test(test_integers_for_people),
        cmocka_unit_test(test_numbers_for_people),
        cmocka_unit_test(test_bytes_for_people),
        cmocka_unit_test(test_durations_for_people),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
