#include "data/make.h"

#include "data/source.h"

static void formats_are_found_by_content(void **state)
{
    uint32_t dim = 3;
    static const char *const expected[] = {"csv", "idx", "images", "idx"};
    char paths[4][1024];
    const nas_data_options options = nas_data_options_default();
    (void)snprintf(paths[0], 1024, "%s", make_table(*state, "t/data.dat", 9, "y"));
    make_idx(*state, "i/labels", 8, 1, &dim, "abc", 3);
    (void)snprintf(paths[1], 1024, "%s",
                   make_idx(*state, "i/images", 8, 1, &dim, "abc", 3));
    make_png(*state, "p/cat/1.PNG", 3, 2, PNG_FORMAT_GRAY, 1);
    (void)snprintf(paths[2], 1024, "%s/", make_path(*state, "p"));
    (void)snprintf(paths[3], 1024, "%s///", make_path(*state, "i"));
    for (int i = 0; i < 4; i++) {
        nas_err err = {0};
        nas_source *source = NULL;
        check_ok(nas_source_open(paths[i], &options, &source, &err), err);
        assert_string_equal(source->reader->name, expected[i]);
        nas_source_close(source);
    }
    nas_source_close(NULL);
}

static void foreign_formats_are_named(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *name;
    } cases[] = {
        {"PK\003\004....", 8, "a ZIP archive without arrays"},
        {"RIFF\0\0\0\0WAVEfmt ", 16, "a single WAV recording"},
        {"\377\330\377\340", 4, "a single JPEG image"},
        {"\211PNG\r\n\032\n", 8, "a single PNG image"},
        {"\1\2\3\4", 4, "of no known format"},
        {"", 0, "empty"},
    };
    nas_data_options options = nas_data_options_default();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_refused(make_file(*state, "x", cases[i].bytes, cases[i].n), &options,
                      NAS_E_DATA, cases[i].name, "readable are IDX");
}

static void absent_paths_get_a_suggestion(void **state)
{
    nas_data_options options = nas_data_options_default();
    make_table(*state, "measured.csv", 9, "y");
    check_refused(make_path(*state, "measurd.csv"), &options, NAS_E_DATA,
                  "No such file or directory", "measured.csv");
    make_images(*state, "GunPoint-train-", 9, 3);
    check_refused(make_path(*state, "GunPont"), &options, NAS_E_DATA,
                  "No such file or directory", "/GunPoint`?");
    check_refused(make_path(*state, "nothing/like/it"), &options, NAS_E_DATA,
                  "No such file or directory", "");
}

static void folders_without_data_are_refused(void **state)
{
    nas_data_options options = nas_data_options_default();
    check_refused(*state, &options, NAS_E_DATA, "is empty", "readable are");
    make_text(*state, "README", "hello");
    check_refused(*state, &options, NAS_E_DATA, "holds no data", "readable are");
    make_table(*state, "b.csv", 9, "y");
    make_table(*state, "a.csv", 9, "y");
    check_refused(*state, &options, NAS_E_DATA, "holds no data", "/a.csv");
}

static void damaged_gzip_is_reported_as_such(void **state)
{
    static const char bytes[] = "\037\213\010\0\0\0\0\0\0\003not deflate at all";
    nas_data_options options = nas_data_options_default();
    check_refused(make_file(*state, "x.csv.gz", bytes, sizeof bytes - 1), &options,
                  NAS_E_DATA, "is damaged: gzip", "");
}

static void labels_are_renamed(void **state)
{
    static char zero[] = "0", one[] = "1", seven[] = "7", model_a[] = "7",
                model_b[] = "0", model_c[] = "1";
    static char *names[3] = {zero, one, seven};
    static char *model[3] = {model_a, model_b, model_c};
    nas_err err = {0};
    nas_source source = {.arena = nas_arena_new(), .path = zero};
    static const int64_t values[5] = {7, 0, 1, 7, 0};
    (void)state;
    check_ok(nas_rows_init(&source.rows, source.arena, 5, &err), err);
    check_ok(nas_source_classes_from_integers(&source, values, &err), err);
    assert_int_equal(source.n_outputs, 3);
    for (int i = 0; i < 3; i++)
        assert_string_equal(source.label_names[i], names[i]);
    assert_int_equal(source.rows.labels[0], 2);
    assert_int_equal(source.rows.labels[2], 1);
    check_ok(nas_source_relabel(&source, model, 3, "the model", &err), err);
    assert_int_equal(source.rows.labels[0], 0);
    assert_int_equal(source.rows.labels[1], 1);
    assert_int_equal(source.rows.labels[2], 2);
    assert_int_equal(nas_source_relabel(&source, names, 2, "the model", &err),
                     NAS_E_DATA);
    assert_non_null(strstr(err.text, "class `7`, which the model does not have"));
    nas_arena_free(source.arena);
}

static void negative_numbers_are_classes_too(void **state)
{
    nas_err err = {0};
    nas_source source = {.arena = nas_arena_new()};
    static const int64_t values[3] = {1, -1, 1};
    (void)state;
    check_ok(nas_rows_init(&source.rows, source.arena, 3, &err), err);
    check_ok(nas_source_classes_from_integers(&source, values, &err), err);
    assert_string_equal(source.label_names[0], "-1");
    assert_int_equal(source.rows.labels[0], 1);
    nas_arena_free(source.arena);
}

static void many_warnings_are_kept(void **state)
{
    nas_source source = {.arena = nas_arena_new()};
    (void)state;
    for (int i = 0; i < 30; i++)
        nas_source_warn(&source, "warning %d", i);
    assert_int_equal(source.n_warnings, 30);
    assert_string_equal(source.warnings[0], "warning 0");
    assert_string_equal(source.warnings[29], "warning 29");
    nas_arena_free(source.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(formats_are_found_by_content),
        data_test(foreign_formats_are_named),
        data_test(absent_paths_get_a_suggestion),
        data_test(folders_without_data_are_refused),
        data_test(damaged_gzip_is_reported_as_such),
        cmocka_unit_test(labels_are_renamed),
        cmocka_unit_test(negative_numbers_are_classes_too),
        cmocka_unit_test(many_warnings_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
