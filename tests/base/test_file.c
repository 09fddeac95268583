#include "check.h"

#include "nasmith/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static char directory[64];
static char path[128];

static int make_directory(void **state)
{
    (void)state;
    nas_test_tmpdir(directory, sizeof directory);
    (void)snprintf(path, sizeof path, "%s/net.json", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    nas_alloc_fail_nth(0);
    nas_file_fail_nth(0);
    nas_err err = {0};
    return nas_file_remove(directory, &err) == NAS_OK && !nas_file_exists(directory) ? 0
                                                                                     : -1;
}

static void check_content(const char *expected)
{
    nas_err err = {0};
    char *data = NULL;
    size_t bytes = 0;
    check_ok(nas_file_read(path, 0, &data, &bytes, &err), err);
    assert_int_equal(bytes, strlen(expected));
    assert_string_equal(data, expected);
    nas_heap_free(data);
}

static int64_t count_files(void)
{
    nas_err err = {0};
    nas_arena *arena = nas_arena_new();
    char **names = NULL;
    int64_t n = 0;
    check_ok(nas_file_list(directory, arena, &names, &n, &err), err);
    nas_arena_free(arena);
    return n;
}

static void test_write_then_read(void **state)
{
    (void)state;
    nas_err err = {0};
    check_ok(nas_file_write(path, "old", 3, &err), err);
    check_ok(nas_file_write(path, "newer", 5, &err), err);
    check_content("newer");
    check_ok(nas_file_write(path, "", 0, &err), err);
    check_content("");
    assert_int_equal(count_files(), 1);
}

static void test_read_refuses_large_and_missing_files(void **state)
{
    (void)state;
    nas_err err = {0};
    char *data = NULL;
    size_t bytes = 0;
    check_ok(nas_file_write(path, "12345", 5, &err), err);
    check_ok(nas_file_read(path, 5, &data, &bytes, &err), err);
    nas_heap_free(data);
    assert_int_equal(nas_file_read(path, 4, &data, &bytes, &err), NAS_E_IO);
    assert_null(data);
    assert_non_null(strstr(err.text, "has 5 bytes, at most 4"));
    assert_int_equal(nas_file_read("/nonexistent/x", 0, &data, &bytes, &err), NAS_E_IO);
    assert_string_equal(err.text,
                        "cannot read `/nonexistent/x`: No such file or directory");
    assert_int_equal(nas_file_read(directory, 0, &data, &bytes, &err), NAS_E_IO);
}

/* Files of /proc say they have 0 bytes: the length must not be trusted. */
static void test_read_files_of_unknown_length(void **state)
{
    (void)state;
    nas_err err = {0};
    char *data = NULL;
    size_t bytes = 0;
    check_ok(nas_file_read("/proc/self/maps", 0, &data, &bytes, &err), err);
    assert_true(bytes > 100 && data[bytes] == '\0');
    nas_heap_free(data);
    assert_int_equal(nas_file_read("/dev/zero", 100000, &data, &bytes, &err), NAS_E_IO);
    assert_null(data);
}

/* Whatever write or fsync fails: the old bytes or the new ones, and no litter. */
static void test_every_failing_write_keeps_old_or_new(void **state)
{
    (void)state;
    nas_err err = {0};
    for (int nth = 1; nth < 10; nth++) {
        check_ok(nas_file_write(path, "old", 3, &err), err);
        nas_file_fail_nth(nth);
        nas_status status = nas_file_write(path, "new", 3, &err);
        nas_file_fail_nth(0);
        char *data = NULL;
        size_t bytes = 0;
        check_ok(nas_file_read(path, 0, &data, &bytes, &err), err);
        assert_true(strcmp(data, "old") == 0 || strcmp(data, "new") == 0);
        if (nth <= 2)
            assert_string_equal(data, "old");
        nas_heap_free(data);
        assert_int_equal(count_files(), 1);
        if (status == NAS_OK) {
            assert_int_equal(nth, 4); /* write, fsync, fsync of the directory */
            return;
        }
        assert_int_equal(status, NAS_E_IO);
    }
    fail_msg("the write never succeeded");
}

static void test_disk_full_is_named(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_file_fail_nth(1);
    assert_int_equal(nas_file_write(path, "x", 1, &err), NAS_E_IO);
    assert_non_null(strstr(err.text, "No space left on device"));
    assert_true(strlen(err.hint) > 0);
    assert_false(nas_file_exists(path));
}

static void test_writer_appears_whole_or_not_at_all(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_file_writer writer = {0};
    check_ok(nas_file_writer_open(&writer, path, &err), err);
    check_ok(nas_file_writer_put(&writer, "ab", 2, &err), err);
    assert_false(nas_file_exists(path));
    check_ok(nas_file_writer_put(&writer, "cd", 2, &err), err);
    check_ok(nas_file_writer_commit(&writer, &err), err);
    check_content("abcd");
    struct stat info;
    assert_int_equal(stat(path, &info), 0);
    mode_t mask = umask(0);
    (void)umask(mask);
    assert_int_equal(info.st_mode & 0777, 0666 & ~mask);

    check_ok(nas_file_writer_open(&writer, path, &err), err);
    check_ok(nas_file_writer_put(&writer, "zz", 2, &err), err);
    nas_file_writer_abort(&writer);
    nas_file_writer_abort(&writer);
    nas_file_writer untouched = {0};
    nas_file_writer_abort(&untouched);
    check_content("abcd");
    assert_int_equal(count_files(), 1);
}

static void test_writer_refuses_bad_places(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_file_writer writer = {0};
    char long_path[2000];
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(nas_file_writer_open(&writer, long_path, &err), NAS_E_IO);
    assert_int_equal(nas_file_writer_open(&writer, "/nonexistent/a", &err), NAS_E_IO);
    assert_false(writer.open);
}

static void test_map(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_file_map map = {0};
    check_ok(nas_file_write(path, "mapped", 6, &err), err);
    check_ok(nas_file_map_open(path, &map, &err), err);
    assert_int_equal(map.bytes, 6);
    assert_memory_equal(map.data, "mapped", 6);
    nas_file_unmap(&map);
    assert_null(map.data);
    nas_file_unmap(&map);
    check_ok(nas_file_write(path, "", 0, &err), err);
    check_ok(nas_file_map_open(path, &map, &err), err);
    assert_int_equal(map.bytes, 0);
    assert_non_null(map.data);
    nas_file_unmap(&map);
    assert_int_equal(nas_file_map_open(directory, &map, &err), NAS_E_IO);
    assert_int_equal(nas_file_map_open("/nonexistent", &map, &err), NAS_E_IO);
}

static void test_directories(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_arena *arena = nas_arena_new();
    char *deep = nas_file_join(arena, directory, "a/b//c/");
    check_ok(nas_file_make_directory(deep, &err), err);
    check_ok(nas_file_make_directory(deep, &err), err);
    assert_true(nas_file_is_directory(deep));
    check_ok(nas_file_write(nas_file_join(arena, deep, "f"), "1", 1, &err), err);
    assert_string_equal(nas_file_join(arena, "x", "y"), "x/y");
    assert_string_equal(nas_file_join(arena, "/", "y"), "/y");
    assert_string_equal(nas_file_join(arena, "", "y"), "y");

    check_ok(nas_file_write(path, "x", 1, &err), err);
    assert_false(nas_file_is_directory(path));
    char *below_file = nas_file_join(arena, path, "d");
    assert_int_equal(nas_file_make_directory(below_file, &err), NAS_E_IO);
    assert_int_equal(nas_file_make_directory(path, &err), NAS_E_IO);
    assert_int_equal(nas_file_make_directory("", &err), NAS_E_IO);

    check_ok(nas_file_remove(nas_file_join(arena, directory, "a"), &err), err);
    check_ok(nas_file_remove(nas_file_join(arena, directory, "a"), &err), err);
    assert_int_equal(count_files(), 1);
    nas_arena_free(arena);
}

static void test_remove_leaves_what_a_link_points_to(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_arena *arena = nas_arena_new();
    check_ok(nas_file_write(path, "x", 1, &err), err);
    char *tree = nas_file_join(arena, directory, "tree");
    check_ok(nas_file_make_directory(tree, &err), err);
    assert_int_equal(symlink(directory, nas_file_join(arena, tree, "up")), 0);
    check_ok(nas_file_remove(tree, &err), err);
    check_content("x");
    nas_arena_free(arena);
}

static void test_list_is_sorted(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_arena *arena = nas_arena_new();
    static const char *const NAMES[] = {"b", "a10", "a2", "Z", ".hidden"};
    for (size_t i = 0; i < 5; i++)
        check_ok(nas_file_write(nas_file_join(arena, directory, NAMES[i]), "", 0, &err),
                 err);
    char **names = NULL;
    int64_t n = 0;
    check_ok(nas_file_list(directory, arena, &names, &n, &err), err);
    static const char *const SORTED[] = {".hidden", "Z", "a10", "a2", "b"};
    assert_int_equal(n, 5);
    for (int i = 0; i < 5; i++)
        assert_string_equal(names[i], SORTED[i]);
    assert_int_equal(nas_file_list(path, arena, &names, &n, &err), NAS_E_IO);
    assert_int_equal(n, 0);
    nas_arena_free(arena);
}

static void test_every_allocation_failure(void **state)
{
    (void)state;
    nas_err err = {0};
    check_ok(nas_file_write(path, "x", 1, &err), err);
    for (int nth = 1; nth <= 4; nth++) {
        nas_arena *arena = nas_arena_new();
        char **names = NULL;
        int64_t n = 0;
        nas_alloc_fail_nth(nth);
        nas_status status = nas_file_list(directory, arena, &names, &n, &err);
        nas_alloc_fail_nth(0);
        assert_int_equal(status, nth <= 3 ? NAS_E_NOMEM : NAS_OK);
        assert_int_equal(n, nth <= 3 ? 0 : 1);
        nas_arena_free(arena);
    }
    char *data = NULL;
    size_t bytes = 0;
    for (int nth = 1; nth <= 2; nth++) {
        nas_alloc_fail_nth(nth);
        assert_int_equal(nas_file_read("/proc/self/maps", 0, &data, &bytes, &err),
                         NAS_E_NOMEM);
        assert_null(data);
    }
}

static bool is_there(const char *name)
{
    char full[256];
    (void)snprintf(full, sizeof full, "%s/%s", directory, name);
    return nas_file_exists(full);
}

static void put(const char *name)
{
    char full[256];
    (void)snprintf(full, sizeof full, "%s/%s", directory, name);
    FILE *file = fopen(full, "w");
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
}

/* Only what nobody writes, and only files with names of writers. */
static void test_what_the_dead_left_is_removed(void **state)
{
    nas_err err = {0};
    nas_file_writer writer = {0};
    static const char *const dead[] = {"net.json.1.0.tmp", "search.nasd.4194303.17.tmp"};
    static const char *const others[] = {
        "a.tmp", "b.12.tmp", ".3.4.tmp", "c.5.x.tmp", "d.x.5.tmp", "e.1.2", "f.1.2.tmpx"};
    (void)state;
    check_ok(nas_file_writer_open(&writer, path, &err), err);
    check_ok(nas_file_writer_put(&writer, "23", 2, &err), err);
    for (size_t i = 0; i < sizeof dead / sizeof dead[0]; i++)
        put(dead[i]);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        put(others[i]);
    nas_file_remove_stale(directory);
    for (size_t i = 0; i < sizeof dead / sizeof dead[0]; i++)
        assert_false(is_there(dead[i]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        assert_true(is_there(others[i]));
    assert_true(nas_file_exists(writer.temporary)); /* this one is written */
    check_ok(nas_file_writer_put(&writer, "85", 2, &err), err);
    check_ok(nas_file_writer_commit(&writer, &err), err);
    check_content("2385");
    nas_file_remove_stale("/nonexistent/folder");
}

int main(void)
{
#define FILE_TEST(f) cmocka_unit_test_setup_teardown(f, make_directory, remove_directory)
    const struct CMUnitTest tests[] = {
        FILE_TEST(test_write_then_read),
        FILE_TEST(test_read_refuses_large_and_missing_files),
        FILE_TEST(test_read_files_of_unknown_length),
        FILE_TEST(test_every_failing_write_keeps_old_or_new),
        FILE_TEST(test_disk_full_is_named),
        FILE_TEST(test_writer_appears_whole_or_not_at_all),
        FILE_TEST(test_writer_refuses_bad_places),
        FILE_TEST(test_what_the_dead_left_is_removed),
        FILE_TEST(test_map),
        FILE_TEST(test_directories),
        FILE_TEST(test_remove_leaves_what_a_link_points_to),
        FILE_TEST(test_list_is_sorted),
        FILE_TEST(test_every_allocation_failure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
