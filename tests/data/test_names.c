#include "check.h"

#include "data/names.h"

static void names_read_back(void **state)
{
    (void)state;
    for (int i = NAS_ELEMENT_U8; i <= NAS_ELEMENT_F32; i++) {
        nas_element found;
        assert_true(nas_element_parse(nas_element_name((nas_element)i), &found));
        assert_int_equal(found, i);
    }
    for (int i = NAS_SPLIT_STRATIFIED; i <= NAS_SPLIT_FILES; i++) {
        nas_split_kind found;
        assert_true(nas_split_parse(nas_split_name((nas_split_kind)i), &found));
        assert_int_equal(found, i);
    }
}

static void unknown_names_are_refused(void **state)
{
    nas_element element;
    nas_split_kind split;
    (void)state;
    assert_false(nas_element_parse("f64", &element));
    assert_false(nas_split_parse("", &split));
}

static void fingerprints_are_sixteen_digits(void **state)
{
    char text[17];
    uint64_t value = 0;
    (void)state;
    nas_fingerprint_text(UINT64_C(0x0123456789abcdef), text);
    assert_string_equal(text, "0123456789abcdef");
    assert_true(nas_fingerprint_parse(text, &value));
    assert_true(value == UINT64_C(0x0123456789abcdef));
    assert_false(nas_fingerprint_parse("0123456789abcde", &value));
    assert_false(nas_fingerprint_parse("0123456789abcdeg", &value));
    assert_false(nas_fingerprint_parse(NULL, &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_read_back),
        cmocka_unit_test(unknown_names_are_refused),
        cmocka_unit_test(fingerprints_are_sixteen_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
