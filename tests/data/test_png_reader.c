#include "data/make.h"

#include "data/sealed.h"

static nas_data_summary summary_of(const char *path)
{
    nas_err err = {0};
    nas_data_summary summary;
    nas_data_options options = nas_data_options_default();
    check_ok(nas_data_check(path, &options, &summary, &err), err);
    return summary;
}

/* n images of each class under folder/prefix. */
static void make_classes(const char *folder, const char *prefix, int n, uint32_t format)
{
    static const char *const classes[] = {"cat", "dog"};
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < n; i++) {
            char name[128];
            (void)snprintf(name, sizeof name, "%s%s/%03d.png", prefix, classes[c], i);
            make_png(folder, name, 5, 4, format, (unsigned)(1 + 2 * i + c));
        }
}

static void folders_are_classes(void **state)
{
    make_classes(*state, "", 20, PNG_FORMAT_GRAY);
    nas_data_summary s = summary_of(*state);
    assert_string_equal(s.kind, "4×5 grey images, PNG");
    assert_true(nas_shape_equal(s.shape, (nas_shape){1, 4, 5}));
    assert_int_equal(s.n_outputs, 2);
    assert_string_equal(s.label_names[1], "dog");
    assert_int_equal(s.class_counts[0], 20);
    assert_int_equal(s.n_train, 28);
    assert_int_equal(s.split, NAS_SPLIT_STRATIFIED);
    nas_data_summary_free(&s);
}

static void top_folders_may_be_parts(void **state)
{
    make_classes(*state, "train/", 20, PNG_FORMAT_GRAY);
    make_classes(*state, "test/", 5, PNG_FORMAT_GRAY);
    nas_data_summary s = summary_of(*state);
    assert_int_equal(s.n_test, 10);
    assert_int_equal(s.n_train + s.n_validation, 40);
    assert_true(s.test_from_files);
    nas_data_summary_free(&s);
    make_classes(*state, "val/", 3, PNG_FORMAT_GRAY);
    s = summary_of(*state);
    assert_int_equal(s.n_train, 40);
    assert_int_equal(s.n_validation, 6);
    assert_int_equal(s.split, NAS_SPLIT_FILES);
    nas_data_summary_free(&s);
}

static void one_colour_image_makes_all_colour(void **state)
{
    make_classes(*state, "", 6, PNG_FORMAT_GRAY);
    make_png(*state, "dog/x.png", 5, 4, PNG_FORMAT_RGB, 3);
    nas_data_summary s = summary_of(*state);
    assert_int_equal(s.shape.c, 3);
    assert_string_equal(s.kind, "4×5 colour images, PNG");
    nas_data_summary_free(&s);
}

/* Interleaved pixels come out as planes, with the value of each colour. */
static void colours_become_planes(void **state)
{
    nas_err err = {0};
    nas_data_summary s;
    nas_dataset *data = NULL;
    nas_data_options options = nas_data_options_default();
    char folder[1024];
    make_classes(*state, "in/", 6, PNG_FORMAT_RGB);
    (void)snprintf(folder, sizeof folder, "%s", make_path(*state, "out"));
    check_ok(nas_data_prepare(make_path(*state, "in"), &options, folder, &s, &err), err);
    check_ok(nas_dataset_open(folder, &data, &err), err);
    for (int64_t row = 0; row < data->n_rows; row++) {
        float out[60];
        nas_dataset_row(data, row, out);
        for (int c = 0; c < 3; c++)
            for (int p = 0; p < 20; p++) { /* make_png: seed * 31 + index * 7 */
                int expected = ((int)out[0] + (p * 3 + c) * 7) % 256;
                assert_int_equal((int)out[c * 20 + p], expected);
            }
    }
    nas_dataset_close(data);
    nas_data_summary_free(&s);
}

static void another_size_names_both_files(void **state)
{
    nas_data_options options = nas_data_options_default();
    make_classes(*state, "", 6, PNG_FORMAT_GRAY);
    make_png(*state, "dog/wide.png", 6, 4, PNG_FORMAT_GRAY, 3);
    check_refused(*state, &options, NAS_E_DATA, "cat/000.png` is 5×4, `",
                  "scale all images");
    check_refused(*state, &options, NAS_E_DATA, "dog/wide.png` is 6×4",
                  "scale all images");
}

static void damaged_images_are_named(void **state)
{
    nas_err err = {0};
    char *bytes = NULL;
    size_t n = 0;
    nas_data_options options = nas_data_options_default();
    make_classes(*state, "", 6, PNG_FORMAT_GRAY);
    make_text(*state, "cat/notes.png", "no image");
    check_refused(*state, &options, NAS_E_DATA, "cat/notes.png` is no readable PNG", "");
    check_ok(nas_file_read(make_path(*state, "cat/001.png"), 0, &bytes, &n, &err), err);
    make_file(*state, "cat/notes.png", bytes, n - 20);
    check_refused(*state, &options, NAS_E_DATA, "cat/notes.png` is no readable PNG", "");
    nas_heap_free(bytes);
}

static void other_files_are_counted(void **state)
{
    make_classes(*state, "", 6, PNG_FORMAT_GRAY);
    make_text(*state, "cat/list.txt", "x");
    make_text(*state, "dog/photo.jpg", "x");
    make_text(*state, "dog/.hidden", "x");
    nas_data_summary s = summary_of(*state);
    assert_string_equal(s.warnings[0], "2 files skipped: not PNG (first: cat/list.txt)");
    nas_data_summary_free(&s);
}

static void transparency_is_drawn_on_white(void **state)
{
    static const unsigned char clear[8] = {9, 0, 9, 0, 9, 0, 9, 255};
    nas_err err = {0};
    nas_data_summary s;
    nas_dataset *data = NULL;
    nas_data_options options = nas_data_options_default();
    char folder[1024];
    for (int i = 0; i < 12; i++) {
        char name[64];
        unsigned char pixels[8];
        png_image image = {.version = PNG_IMAGE_VERSION,
                           .width = 2,
                           .height = 2,
                           .format = PNG_FORMAT_GA};
        memcpy(pixels, clear, sizeof pixels);
        pixels[6] = (unsigned char)(i * 3);
        (void)snprintf(name, sizeof name, "in/%d/%d.png", i % 2, i);
        make_png(*state, name, 2, 2, PNG_FORMAT_GRAY, 1);
        assert_int_not_equal(
            png_image_write_to_file(&image, make_path(*state, name), 0, pixels, 0, NULL),
            0);
    }
    (void)snprintf(folder, sizeof folder, "%s", make_path(*state, "out"));
    check_ok(nas_data_prepare(make_path(*state, "in"), &options, folder, &s, &err), err);
    assert_non_null(strstr(s.warnings[0], "12 images are transparent"));
    check_ok(nas_dataset_open(folder, &data, &err), err);
    for (int64_t row = 0; row < data->n_rows; row++) {
        float out[4];
        nas_dataset_row(data, row, out);
        assert_true(out[0] == 255.0f && out[3] < 60.0f);
    }
    nas_dataset_close(data);
    nas_data_summary_free(&s);
}

static void useless_folders_are_explained(void **state)
{
    nas_data_options options = nas_data_options_default();
    make_png(*state, "flat/1.png", 5, 4, PNG_FORMAT_GRAY, 1);
    check_refused(make_path(*state, "flat"), &options, NAS_E_DATA, "no class folders",
                  "subfolder named after it");
    make_classes(*state, "one/", 3, PNG_FORMAT_GRAY);
    nas_err err = {0};
    check_ok(nas_file_remove(make_path(*state, "one/dog"), &err), err);
    check_refused(make_path(*state, "one"), &options, NAS_E_DATA,
                  "all 3 rows have class `cat`", "");
    check_ok(nas_file_make_directory(make_path(*state, "one/empty"), &err), err);
    check_refused(make_path(*state, "one"), &options, NAS_E_DATA,
                  "class `empty` has 0 samples", "");
    options.task = "regression";
    check_refused(make_path(*state, "one"), &options, NAS_E_USAGE, "task regression", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(folders_are_classes),
        data_test(top_folders_may_be_parts),
        data_test(one_colour_image_makes_all_colour),
        data_test(colours_become_planes),
        data_test(another_size_names_both_files),
        data_test(damaged_images_are_named),
        data_test(other_files_are_counted),
        data_test(transparency_is_drawn_on_white),
        data_test(useless_folders_are_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
