#include "check.h"

#include "data/intern.h"

#include <string.h>

static void equal_texts_have_one_number(void **state)
{
    nas_err err = {0};
    nas_intern table = {.arena = nas_arena_new()};
    static const char *const texts[] = {"b", "a", "b", "", "a", "c", ""};
    static const int64_t expected[] = {0, 1, 0, 2, 1, 3, 2};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t number = -1;
        check_ok(nas_intern_add(&table, texts[i], &number, &err), err);
        assert_int_equal(number, expected[i]);
    }
    assert_int_equal(table.n, 4);
    assert_int_equal(nas_intern_find(&table, "c"), 3);
    assert_int_equal(nas_intern_find(&table, "d"), -1);
    const nas_intern empty = {.arena = table.arena};
    assert_int_equal(nas_intern_find(&empty, "c"), -1);
    assert_string_equal(table.texts[3], "c");
    nas_arena_free(table.arena);
}

static void numbers_survive_growth(void **state)
{
    nas_err err = {0};
    nas_intern table = {.arena = nas_arena_new()};
    char text[32];
    (void)state;
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 5000; i++) {
            int64_t number = -1;
            (void)snprintf(text, sizeof text, "label %d", i * 7919);
            check_ok(nas_intern_add(&table, text, &number, &err), err);
            assert_int_equal(number, i);
        }
    }
    assert_int_equal(table.n, 5000);
    nas_arena_free(table.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_have_one_number),
        cmocka_unit_test(numbers_survive_growth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
