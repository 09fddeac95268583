#include "check.h"

#include "base/utf8.h"

#include <string.h>

static size_t length_of(const char *bytes)
{
    return nas_utf8_length((const unsigned char *)bytes, strlen(bytes));
}

static void test_valid_characters(void **state)
{
    (void)state;
    assert_int_equal(length_of("z"), 1);
    assert_int_equal(length_of("\xc3\xa9"), 2);         /* U+00E9 */
    assert_int_equal(length_of("\xe2\x82\xac..."), 3);  /* U+20AC */
    assert_int_equal(length_of("\xef\xbf\xbf"), 3);     /* U+FFFF */
    assert_int_equal(length_of("\xf0\x9f\x98\x80"), 4); /* U+1F600 */
    assert_int_equal(length_of("\xf4\x8f\xbf\xbf"), 4); /* U+10FFFF */
}

static void test_invalid_bytes(void **state)
{
    (void)state;
    static const char *const INVALID[] = {
        "\x80",             /* continuation alone */
        "\xc3",             /* cut */
        "\xe2\x82",         /* cut */
        "\xc3z",            /* no continuation */
        "\xc0\xaf",         /* overlong */
        "\xe0\x80\xaf",     /* overlong */
        "\xf0\x80\x80\xaf", /* overlong */
        "\xed\xa0\x80",     /* surrogate */
        "\xf4\x90\x80\x80", /* beyond U+10FFFF */
        "\xff",
    };
    for (size_t i = 0; i < sizeof INVALID / sizeof INVALID[0]; i++)
        assert_int_equal(length_of(INVALID[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid_characters),
        cmocka_unit_test(test_invalid_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
