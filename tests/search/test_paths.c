#include "search/run.h"

#include "check.h"
#include "nasmith/file.h"

#include <string.h>

static void test_names(void **state)
{
    (void)state;
    static const char *const CASES[][2] = {
        {"digits", "digits.nas.db"},
        {"./data/digits/", "digits.nas.db"},
        {"/usr/share/fashion-mnist", "fashion-mnist.nas.db"},
        {"houses.csv", "houses.nas.db"},
        {"a/houses.csv.gz", "houses.nas.db"},
        {".", "study.nas.db"},
        {"..", "study.nas.db"},
        {".csv", ".csv.nas.db"},
    };
    nas_arena *arena = nas_arena_new();
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++)
        assert_string_equal(nas_path_of_study(arena, CASES[i][0]), CASES[i][1]);
    assert_string_equal(nas_path_of_folder(arena, "x/digits.nas.db"), "x/digits.nas");
    assert_string_equal(nas_path_of_folder(arena, "odd.db"), "odd.db.nas");
    nas_arena_free(arena);
}

static bool exists(nas_arena *arena, const char *folder, const char *name)
{
    return nas_file_exists(nas_file_join(arena, folder, name));
}

static void test_put_aside(void **state)
{
    (void)state;
    nas_err err = {0};
    char folder[64];
    nas_arena *arena = nas_arena_new();
    nas_test_tmpdir(folder, sizeof folder);
    const char *path = nas_file_join(arena, folder, "d.nas.db");
    check_ok(nas_path_put_aside(arena, path, &err), err); /* nothing there */
    for (int round = 1; round <= 2; round++) {
        check_ok(nas_file_write(path, "x", 1, &err), err);
        check_ok(
            nas_file_write(nas_file_join(arena, folder, "d.nas.db-wal"), "y", 1, &err),
            err);
        check_ok(nas_file_make_directory(nas_file_join(arena, folder, "d.nas"), &err),
                 err);
        check_ok(nas_path_put_aside(arena, path, &err), err);
        assert_false(exists(arena, folder, "d.nas.db"));
        assert_false(exists(arena, folder, "d.nas.db-wal"));
        assert_false(exists(arena, folder, "d.nas"));
    }
    assert_true(exists(arena, folder, "d.nas.db.1"));
    assert_true(exists(arena, folder, "d.nas.db.2"));
    assert_true(exists(arena, folder, "d.nas.db.2-wal"));
    assert_true(exists(arena, folder, "d.nas.db.2.nas"));
    check_ok(nas_file_remove(folder, &err), err);
    nas_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_put_aside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
