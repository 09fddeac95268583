#include "check.h"

#include "base/doc.h"
#include "nasmith/text.h"

#include <string.h>

static nas_status load(const char *text, nas_doc *doc, nas_err *err)
{
    return nas_doc_load(doc, "f.yaml", text, strlen(text), err);
}

static void test_reads_lists_and_mappings(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_doc doc;
    check_ok(load("a: [x, {y: 2.385}]\nb: plain text\n", &doc, &err), err);
    const yaml_node_t *root = nas_doc_root(&doc);
    assert_int_equal(nas_doc_count(root), 2);
    assert_string_equal(nas_doc_scalar(nas_doc_key(&doc, root, 1)), "b");
    assert_string_equal(nas_doc_scalar(nas_doc_get(&doc, root, "b")), "plain text");
    assert_null(nas_doc_get(&doc, root, "c"));
    const yaml_node_t *list = nas_doc_value(&doc, root, 0);
    assert_null(nas_doc_scalar(list));
    assert_int_equal(nas_doc_count(list), 2);
    const yaml_node_t *inner = nas_doc_item(&doc, list, 1);
    assert_string_equal(nas_doc_scalar(nas_doc_get(&doc, inner, "y")), "2.385");
    assert_null(nas_doc_get(&doc, nas_doc_item(&doc, list, 0), "y"));
    assert_int_equal(nas_doc_count(nas_doc_item(&doc, list, 0)), 0);
    nas_doc_free(&doc);
    nas_doc_free(&doc);
}

static void test_messages_point_at_characters(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_doc doc;
    check_ok(load("first: 1\n\xc3\xa4\xc3\xb6: w\xc3\xb6rd\n", &doc, &err), err);
    yaml_node_t *value = nas_doc_value(&doc, nas_doc_root(&doc), 1);
    assert_int_equal(nas_doc_fail(&doc, value, &err, "bad %d", 7), NAS_E_CONFIG);
    assert_string_equal(err.text, "f.yaml:2:5: bad 7");
    assert_string_equal(err.source,
                        "   |\n 2 | \xc3\xa4\xc3\xb6: w\xc3\xb6rd\n   |     ^^^^\n");
    static const char *const WORDS[] = {"ward", "other"};
    (void)nas_doc_fail_unknown(&doc, value, &err, "thing", WORDS, 2);
    assert_string_equal(
        err.text, "f.yaml:2:5: unknown thing `w\xc3\xb6rd`, expected one of ward, other");
    nas_doc_free(&doc);
}

static void check_refused(const char *text, const char *message)
{
    nas_err err = {0};
    nas_doc doc;
    assert_int_equal(load(text, &doc, &err), NAS_E_CONFIG);
    assert_string_equal(err.text, message);
    assert_null(strchr(err.text, '\n'));
}

static void test_what_is_refused(void **state)
{
    (void)state;
    check_refused("a: 1\na: 2\n", "f.yaml:2:1: key `a` twice");
    check_refused("[1, 2]: x\n", "f.yaml:1:1: a key that is not a plain word");
    check_refused("a: \"x\\0y\"\n", "f.yaml:1:4: a text that contains a zero byte");
    check_refused("a: 1\n--- b\n", "f.yaml:2:5: a second document, expected one");
    nas_err err = {0};
    nas_doc doc;
    assert_int_equal(load("a: \xff\n", &doc, &err), NAS_E_CONFIG);
    assert_non_null(strstr(err.text, "not valid YAML"));
    nas_text many = {0};
    for (int i = 0; i < 257; i++)
        nas_text_printf(&many, "k%d: 1\n", i);
    check_refused(many.data, "f.yaml:1:1: 257 keys in one place, at most 256");
    nas_text_free(&many);
}

static void test_an_empty_file_has_no_root(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_doc doc;
    check_ok(load("# nothing\n", &doc, &err), err);
    assert_null(nas_doc_root(&doc));
    nas_doc_free(&doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_lists_and_mappings),
        cmocka_unit_test(test_messages_point_at_characters),
        cmocka_unit_test(test_what_is_refused),
        cmocka_unit_test(test_an_empty_file_has_no_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
