#include "check.h"

#include "nasmith/model.h"

#include <string.h>

static char *levels[] = {(char[]){"blue"}, (char[]){"a \"quoted\" green"}};
static nas_column columns[] = {
    {.levels = NULL},
    {.levels = levels, .n_levels = 2, .n_missing = 3, .n_rare = 5},
    {.indicator = true, .n_missing = 7},
    {.levels = levels, .n_levels = 0},
};
enum { N = 4 };

static void width_counts_what_encode_makes(void **state)
{
    (void)state;
    assert_int_equal(nas_columns_width(columns, 1), 1);
    assert_int_equal(nas_columns_width(columns, 2), 4);
    assert_int_equal(nas_columns_width(columns, 3), 6);
    assert_int_equal(nas_columns_width(columns, N), 7);
}

static json_t *write_and_parse(char *const *names)
{
    nas_err err = {0};
    json_t *array = NULL;
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_columns_write_json(columns, names, N, &json);
    check_ok(nas_json_parse(nas_text_string(&text), text.length, "columns", &array, &err),
             err);
    nas_text_free(&text);
    return array;
}

static void json_comes_back(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_column *back = NULL;
    nas_arena *arena = nas_arena_new();
    char *names[] = {(char[]){"w"}, (char[]){"x"}, (char[]){"y"}, (char[]){"z"}};
    json_t *array = write_and_parse(names);
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(array, 2), "name")), "y");
    check_ok(nas_columns_read_json(array, N, arena, &back, &err), err);
    for (int i = 0; i < N; i++) {
        assert_int_equal(back[i].levels != NULL, columns[i].levels != NULL);
        assert_int_equal(back[i].n_levels, columns[i].n_levels);
        assert_int_equal(back[i].indicator, columns[i].indicator);
        assert_int_equal(back[i].n_missing, columns[i].n_missing);
        assert_int_equal(back[i].n_rare, columns[i].n_rare);
    }
    assert_string_equal(back[1].levels[1], "a \"quoted\" green");
    assert_int_equal(nas_columns_read_json(array, N - 1, arena, &back, &err),
                     NAS_E_CONFIG);
    json_decref(array);
    static const char *const bad[] = {"[1]", "[{\"levels\":1}]", "[{\"levels\":[1]}]",
                                      "[{\"missing\":-1}]", "{}"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        check_ok(nas_json_parse(bad[i], strlen(bad[i]), "bad", &array, &err), err);
        assert_int_equal(nas_columns_read_json(array, 1, arena, &back, &err),
                         NAS_E_CONFIG);
        json_decref(array);
    }
    nas_arena_free(arena);
}

static void copies_stand_alone(void **state)
{
    (void)state;
    int failures = 0;
    nas_column *copy = NULL;
    for (int nth = 1; copy == NULL; nth++) {
        nas_alloc_fail_nth(nth);
        copy = nas_columns_clone(columns, N);
        nas_alloc_fail_nth(0);
        failures += copy == NULL;
    }
    assert_true(failures > 3);
    assert_true(copy[1].levels != levels && copy[1].levels[0] != levels[0]);
    assert_string_equal(copy[1].levels[0], "blue");
    assert_int_equal(nas_columns_width(copy, N), nas_columns_width(columns, N));
    nas_columns_free(copy, N);
    nas_columns_free(NULL, N);
    nas_err err = {0};
    json_t *array = write_and_parse(NULL);
    check_ok(nas_columns_load(array, N, &copy, &err), err);
    assert_string_equal(copy[1].levels[1], levels[1]);
    nas_columns_free(copy, N);
    check_ok(nas_columns_load(NULL, N, &copy, &err), err);
    assert_null(copy);
    json_decref(array);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(width_counts_what_encode_makes),
        cmocka_unit_test(json_comes_back),
        cmocka_unit_test(copies_stand_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
