#include "space_check.h"

static const char YAML[] =
    "network:\n"
    "  - conv: {out: [4, 8], act: [relu, none]}\n"
    "  - choose: {flat: identity, deep: {conv: {kernel: [3, 5]}}}\n"
    "  - dropout: {rate: [0.1, 0.25]}\n";

static nas_status read_text(const nas_space *space, const char *text, nas_arena *arena,
                            nas_candidate **out, nas_err *err)
{
    json_t *document;
    check_ok(nas_json_parse(text, strlen(text), "text", &document, err), *err);
    nas_status status = nas_candidate_read_json(space, document, arena, out, err);
    json_decref(document);
    return status;
}

static void test_active_decisions_are_written(void **state)
{
    (void)state;
    nas_space *space = space_of(YAML, (nas_shape){3, 8, 8}, 10);
    nas_arena *arena = nas_arena_new();
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_candidate_write_json(space, nas_space_smallest(space, arena), &json);
    assert_string_equal(text.data, "{\"conv1.out\":\"4\",\"conv1.act\":\"relu\","
                                   "\"choose1\":\"flat\",\"dropout1.rate\":\"0.1\"}");
    nas_text_free(&text);
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_numbers_are_read_too(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_space *space = space_of(YAML, (nas_shape){3, 8, 8}, 10);
    nas_arena *arena = nas_arena_new();
    nas_candidate *candidate;
    check_ok(read_text(space,
                       "{\"dropout1.rate\":0.25,\"conv1.out\":8,\"conv1.act\":\"none\","
                       "\"choose1\":\"deep\",\"choose1.deep.kernel\":5}",
                       arena, &candidate, &err),
             err);
    assert_string_equal(value_of(space, candidate, "conv1.out"), "8");
    assert_string_equal(value_of(space, candidate, "dropout1.rate"), "0.25");
    assert_string_equal(value_of(space, candidate, "choose1.deep.kernel"), "5");
    nas_arena_free(arena);
    nas_space_free(space);
}

static void check_refused(const char *json, const char *text, const char *hint)
{
    nas_err err = {0};
    nas_space *space = space_of(YAML, (nas_shape){3, 8, 8}, 10);
    nas_arena *arena = nas_arena_new();
    nas_candidate *candidate;
    assert_int_equal(read_text(space, json, arena, &candidate, &err), NAS_E_CONFIG);
    assert_string_equal(err.text, text);
    assert_string_equal(err.hint, hint);
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_what_is_refused(void **state)
{
    (void)state;
    check_refused("[]", "candidate: expected an object {\"decision\": \"value\"}", "");
    check_refused("{\"conv1.outs\":\"8\"}",
                  "candidate: the space `test.yaml` has no decision `conv1.outs`",
                  "did you mean `conv1.out`?");
    check_refused("{\"conv1.out\":\"12\"}",
                  "candidate: `conv1.out` is \"12\", expected one of 4, 8", "");
    check_refused("{\"conv1.act\":1}",
                  "candidate: `conv1.act` is 1, expected one of relu, none", "");
    check_refused("{\"conv1.out\":\"8\",\"conv1.act\":\"relu\",\"choose1\":\"flat\"}",
                  "candidate: no value for `dropout1.rate`", "");
    check_refused("{\"conv1.out\":8,\"conv1.act\":\"relu\",\"choose1\":\"flat\","
                  "\"choose1.deep.kernel\":3,\"dropout1.rate\":0.1}",
                  "candidate: `choose1.deep.kernel` has a value, but the other choices "
                  "leave it without meaning",
                  "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_active_decisions_are_written),
        cmocka_unit_test(test_numbers_are_read_too),
        cmocka_unit_test(test_what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
