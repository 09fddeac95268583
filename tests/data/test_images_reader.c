/* covers: images_reader.c, image_png.c, image_jpeg.c, items.c, items_list.c */
#include "data/read.h"

#include <turbojpeg.h>

static nas_data_summary summary_of(const char *path)
{
    nas_err err = {0};
    nas_data_summary summary;
    nas_data_options options = nas_data_options_default();
    options.folds = 1;
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
                  "--image-size 4x5 (the median");
    check_refused(*state, &options, NAS_E_DATA, "dog/wide.png` is 6×4",
                  "--image-size 4x5 (the median");
}

/* Test images of another size than the training images. */
static void a_fixed_size_is_proposed(void **state)
{
    nas_data_options options = nas_data_options_default();
    char train[1024];
    make_classes(*state, "train/", 6, PNG_FORMAT_GRAY);
    make_png(*state, "more/cat/wide.png", 7, 3, PNG_FORMAT_GRAY, 3);
    make_png(*state, "more/dog/wide.png", 7, 3, PNG_FORMAT_GRAY, 4);
    (void)snprintf(train, sizeof train, "%s", make_path(*state, "train"));
    options.test_path = make_path(*state, "more");
    check_refused(train, &options, NAS_E_DATA, "cat/wide.png` is 7×3, expected 5×4",
                  "--image-size 4x5");
}

static void damaged_images_are_named(void **state)
{
    nas_err err = {0};
    char *bytes = NULL;
    size_t n = 0;
    nas_data_options options = nas_data_options_default();
    make_classes(*state, "", 6, PNG_FORMAT_GRAY);
    make_text(*state, "cat/notes.png", "no image");
    check_refused(*state, &options, NAS_E_DATA,
                  "cat/notes.png` is no readable image: of no known format",
                  "convert it to PNG");
    make_text(*state, "cat/notes.png", "RIFF....WEBPVP8 ");
    check_refused(*state, &options, NAS_E_DATA, "is no readable image: WebP", "");
    make_text(*state, "cat/notes.png", "");
    check_refused(*state, &options, NAS_E_DATA, "is no readable image: empty", "");
    check_ok(nas_file_read(make_path(*state, "cat/001.png"), 0, &bytes, &n, &err), err);
    make_file(*state, "cat/notes.png", bytes, n - 20);
    check_refused(*state, &options, NAS_E_DATA, "cat/notes.png` is no readable PNG", "");
    nas_heap_free(bytes);
}

static void other_files_are_counted(void **state)
{
    make_classes(*state, "", 6, PNG_FORMAT_GRAY);
    make_text(*state, "cat/list.txt", "x");
    make_text(*state, "dog/photo.gif", "x");
    make_text(*state, "dog/.hidden", "x");
    nas_data_summary s = summary_of(*state);
    assert_string_equal(s.warnings[0], "2 files skipped: no image (first: cat/list.txt)");
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

/* A JPEG of one colour per quarter, so that orientation shows. */
static const char *make_jpeg(const char *folder, const char *name, int width, int height,
                             int orientation)
{
    static const unsigned char exif[] = {
        0xff, 0xe1, 0,    34,   'E', 'x', 'i', 'f', 0, 0, 'M', 'M', 0, '*', 0, 0, 0, 8,
        0,    1,    0x01, 0x12, 0,   3,   0,   0,   0, 1, 0,   0,   0, 0,   0, 0, 0, 0};
    unsigned char pixels[3 * 64 * 64], bytes[8192];
    unsigned char *jpeg = NULL;
    unsigned long n = 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                pixels[(y * width + x) * 3 + c] =
                    (unsigned char)(c == (y >= height / 2) * 2 + (x >= width / 2) ? 250
                                                                                  : 5);
    tjhandle handle = tjInitCompress();
    assert_non_null(handle);
    assert_int_equal(tjCompress2(handle, pixels, width, 0, height, TJPF_RGB, &jpeg, &n,
                                 TJSAMP_444, 95, 0),
                     0);
    assert_true(n + sizeof exif < sizeof bytes);
    memcpy(bytes, jpeg, 2);
    memcpy(bytes + 2, exif, sizeof exif);
    bytes[2 + 29] = (unsigned char)orientation;
    memcpy(bytes + 2 + sizeof exif, jpeg + 2, n - 2);
    tjFree(jpeg);
    (void)tjDestroy(handle);
    return make_file(folder, name, bytes, n + sizeof exif);
}

/* Colours of the quarters, from left to right and top to bottom: 0 red, 1 green, 2 blue,
 * 3 black. */
static void quarters(const read_set *set, int64_t row, int out[4])
{
    nas_shape s = set->source->shape;
    for (int q = 0; q < 4; q++) {
        int64_t y = (q / 2 * 2 + 1) * s.h / 4;
        int64_t x = (q % 2 * 2 + 1) * s.w / 4;
        out[q] = 3;
        for (int c = 0; c < 3; c++)
            if (set->values[row * set->width + (c * s.h + y) * s.w + x] > 128.0f)
                out[q] = c;
    }
}

static void jpegs_are_turned_upright(void **state)
{
    static const int expected[8][4] = {{0, 1, 2, 3}, {1, 0, 3, 2}, {3, 2, 1, 0},
                                       {2, 3, 0, 1}, {0, 2, 1, 3}, {2, 0, 3, 1},
                                       {3, 1, 2, 0}, {1, 3, 0, 2}};
    for (int o = 1; o <= 8; o++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s/%c/%d.jpg", o < 5 ? "flat" : "turned",
                       'a' + o % 2, o);
        make_jpeg(*state, name, 32, 16, o);
    }
    for (int half = 0; half < 2; half++) {
        read_set set = read_plain(make_path(*state, half == 0 ? "flat" : "turned"));
        check_shape(&set, 4, 3, half == 0 ? 16 : 32, half == 0 ? 32 : 16);
        for (int64_t i = 0; i < 4; i++) {
            int found[4];
            const char *path = set.source->files[i].name;
            quarters(&set, i, found);
            assert_memory_equal(found, expected[path[2] - '1'], sizeof found);
        }
        read_free(&set);
    }
}

static void damaged_jpegs_are_named(void **state)
{
    nas_err err = {0};
    char *bytes = NULL;
    size_t n = 0;
    const nas_data_options options = nas_data_options_default();
    make_jpeg(*state, "a/1.jpg", 32, 16, 1);
    make_jpeg(*state, "b/1.jpg", 32, 16, 1);
    make_jpeg(*state, "a/2.jpg", 32, 16, 1);
    check_ok(nas_file_read(make_jpeg(*state, "b/2.jpg", 32, 16, 1), 0, &bytes, &n, &err),
             err);
    make_file(*state, "b/2.jpg", bytes, n - 60);
    check_refused(*state, &options, NAS_E_DATA,
                  "b/2.jpg` is no readable JPEG image: ", "");
    make_file(*state, "b/2.jpg", bytes, 30);
    check_refused(*state, &options, NAS_E_DATA,
                  "b/2.jpg` is no readable JPEG image: ", "");
    nas_heap_free(bytes);
}

/* Several formats and sizes: scaled when the user says to which. */
static void sizes_are_made_equal(void **state)
{
    nas_data_options options = nas_data_options_default();
    make_jpeg(*state, "a/1.jpg", 32, 16, 1);
    make_png(*state, "a/2.png", 8, 8, PNG_FORMAT_RGB, 3);
    make_text(*state, "b/3.pgm", "P2 4 2 255 9 9 9 9 9 9 9 9\n");
    options.image_size = "8x8";
    read_set set = read_all(*state, &options);
    check_shape(&set, 3, 3, 8, 8);
    assert_string_equal(set.source->kind, "8×8 colour images, JPEG, PNG, PNM, scaled");
    assert_true(set.values[0] == 128.0f);             /* the bar above */
    assert_true(set.values[2 * 8] > 200.0f);          /* red */
    assert_true(set.values[2 * 192 + 4 * 8] == 9.0f); /* of three equal channels */
    read_free(&set);
    options.image_fit = "crop";
    set = read_all(*state, &options);
    assert_string_equal(set.source->kind,
                        "8×8 colour images, JPEG, PNG, PNM, scaled and cropped");
    assert_true(set.values[0] > 200.0f);
    read_free(&set);
}

static void lists_name_images(void **state)
{
    nas_data_options options = nas_data_options_default();
    make_png(*state, "pictures/1.png", 4, 4, PNG_FORMAT_GRAY, 1);
    make_png(*state, "pictures/2.png", 4, 4, PNG_FORMAT_GRAY, 2);
    make_png(*state, "pictures/3.png", 4, 4, PNG_FORMAT_GRAY, 3);
    const char *path =
        make_text(*state, "list.csv",
                  "id,path,label,split,who\n1,pictures/2.png,10,train,p\n"
                  "2,pictures/1.png,9,test,q\n3,pictures/3.png,10,val,p\n");
    options.group = "who";
    read_set set = read_all(path, &options);
    check_shape(&set, 3, 1, 4, 4);
    assert_int_equal(set.source->n_files, 4);
    assert_string_equal(set.source->label_names[0], "9");
    assert_int_equal(set.source->rows.labels[1], 0);
    assert_int_equal(set.source->rows.part[0], NAS_PART_TRAIN);
    assert_int_equal(set.source->rows.part[1], NAS_PART_TEST);
    assert_int_equal(set.source->rows.part[2], NAS_PART_VALIDATION);
    assert_true(set.source->rows.groups[0] == set.source->rows.groups[2]);
    assert_true(set.values[0] == 62.0f);
    read_free(&set);
    options = nas_data_options_default();
    path = make_text(*state, "list.csv",
                     "file,age\npictures/2.png,10.5\npictures/1.png,9\n");
    options.label = "age";
    set = read_all(path, &options);
    assert_int_equal(set.source->task, NAS_TASK_REGRESSION);
    assert_string_equal(set.source->label_names[0], "age");
    assert_true(set.source->rows.targets[0] == 10.5f);
    read_free(&set);
}

static void errors_of_lists_have_a_place(void **state)
{
    nas_data_options options = nas_data_options_default();
    make_png(*state, "1.png", 4, 4, PNG_FORMAT_GRAY, 1);
    check_refused(make_text(*state, "l.csv", "path,label\n1.png,a\n2.png,b\n"), &options,
                  NAS_E_DATA, "l.csv:3:1: `2.png` is no file", "");
    check_refused(make_text(*state, "l.csv", "path,label\n1.png,a\n1.png,\n"), &options,
                  NAS_E_DATA, "l.csv:3:7: ``: the label is missing", "");
    check_refused(make_text(*state, "l.csv", "path,label\n1.png,a\n1.png\n"), &options,
                  NAS_E_DATA, "l.csv:3: 1 cells, the header has 2", "");
    check_refused(make_text(*state, "l.csv", "path,label,part\n1.png,a,tset\n"), &options,
                  NAS_E_DATA, "l.csv:2:9: `tset`, expected train, val or test", "");
    check_refused(make_text(*state, "l.csv", "path,kind\n1.png,a\n"), &options,
                  NAS_E_USAGE, "which column", "--label kind");
    options.label = "kin";
    check_refused(make_text(*state, "l.csv", "path,kind\n1.png,a\n"), &options,
                  NAS_E_USAGE, "no column `kin`", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(folders_are_classes),
        data_test(top_folders_may_be_parts),
        data_test(one_colour_image_makes_all_colour),
        data_test(colours_become_planes),
        data_test(another_size_names_both_files),
        data_test(a_fixed_size_is_proposed),
        data_test(damaged_images_are_named),
        data_test(other_files_are_counted),
        data_test(transparency_is_drawn_on_white),
        data_test(useless_folders_are_explained),
        data_test(jpegs_are_turned_upright),
        data_test(damaged_jpegs_are_named),
        data_test(sizes_are_made_equal),
        data_test(lists_name_images),
        data_test(errors_of_lists_have_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
