#include "data/make.h"

#include "data/source.h"

static nas_data_summary summary_of(const char *path)
{
    nas_err err = {0};
    nas_data_summary summary;
    nas_data_options options = nas_data_options_default();
    options.folds = 1;
    check_ok(nas_data_check(path, &options, &summary, &err), err);
    return summary;
}

static void parts_come_from_names(void **state)
{
    make_images(*state, "train-", 60, 3);
    make_images(*state, "t10k-", 20, 3);
    nas_data_summary s = summary_of(*state);
    assert_int_equal(s.n_test, 20);
    assert_int_equal(s.n_validation, 9);
    assert_int_equal(s.n_train, 51);
    assert_int_equal(s.split, NAS_SPLIT_STRATIFIED);
    assert_true(s.test_from_files);
    nas_data_summary_free(&s);
    make_images(*state, "valid-", 10, 3);
    s = summary_of(*state);
    assert_int_equal(s.n_train, 60);
    assert_int_equal(s.n_validation, 10);
    assert_int_equal(s.split, NAS_SPLIT_FILES);
    nas_data_summary_free(&s);
}

static void one_set_of_many_is_chosen_by_name(void **state)
{
    nas_data_options options = nas_data_options_default();
    make_images(*state, "ape-train-", 60, 3);
    make_images(*state, "ape-test-", 30, 3);
    make_images(*state, "bee-", 50, 5);
    check_refused(*state, &options, NAS_E_DATA,
                  "several data sets, such as `ape` and `bee`", "/ape");
    nas_data_summary s = summary_of(make_path(*state, "ape"));
    assert_int_equal(s.n_train + s.n_validation, 60);
    nas_data_summary_free(&s);
    s = summary_of(make_path(*state, "bee"));
    assert_int_equal(s.n_outputs, 5);
    nas_data_summary_free(&s);
    s = summary_of(make_path(*state, "ape-train")); /* one part is split anew */
    assert_int_equal(s.n_train + s.n_validation + s.n_test, 60);
    assert_false(s.test_from_files);
    nas_data_summary_free(&s);
    s = summary_of(make_path(*state, "ape-test-images-idx3-ubyte"));
    assert_int_equal(s.n_train + s.n_validation + s.n_test, 30);
    nas_data_summary_free(&s);
}

/* Shapes and words by name and rank: the payload is 24 bytes per row. */
static void axes_follow_the_name(void **state)
{
    static const struct {
        const char *name;
        int rank;
        uint32_t dim[4];
        nas_shape shape;
        const char *kind;
    } cases[] = {
        {"images", 3, {20, 4, 6}, {1, 4, 6}, "4×6 grey images, IDX"},
        {"images", 4, {20, 3, 2, 4}, {3, 2, 4}, "2×4 colour images, IDX"},
        {"images", 4, {20, 2, 3, 4}, {2, 3, 4}, "3×4 images of 2 channels, IDX"},
        {"signals", 3, {20, 2, 12}, {2, 1, 12}, "series, 2 channels × 12 steps, IDX"},
        {"series", 3, {20, 1, 24}, {1, 1, 24}, "series, 1 channel × 24 steps, IDX"},
        {"strokes", 3, {20, 2, 12}, {2, 1, 12}, "series, 2 channels × 12 steps, IDX"},
        {"mfcc", 3, {20, 6, 4}, {1, 6, 4}, "6×4 planes (mfcc), IDX"},
        {"features", 2, {20, 24}, {24, 1, 1}, "vectors of 24 numbers, IDX"},
    };
    unsigned char payload[20 * 24], labels[20];
    uint32_t n = 20;
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (unsigned char)(i * 13 % 255);
    for (int i = 0; i < 20; i++)
        labels[i] = (unsigned char)(i % 2);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char folder[16], path[1024];
        (void)snprintf(folder, sizeof folder, "case%d", (int)i);
        (void)snprintf(path, sizeof path, "%s", make_path(*state, folder));
        make_idx(path, "labels", 8, 1, &n, labels, sizeof labels);
        make_idx(path, cases[i].name, 8, cases[i].rank, cases[i].dim, payload,
                 sizeof payload);
        nas_data_summary s = summary_of(path);
        assert_true(nas_shape_equal(s.shape, cases[i].shape));
        assert_string_equal(s.kind, cases[i].kind);
        nas_data_summary_free(&s);
    }
}

static void subjects_are_groups(void **state)
{
    unsigned char subjects[60];
    uint32_t n = 60;
    make_images(*state, "", 60, 3);
    for (int i = 0; i < 60; i++)
        subjects[i] = (unsigned char)(i / 6);
    make_idx(*state, "subjects-idx1-ubyte", 8, 1, &n, subjects, sizeof subjects);
    nas_data_summary s = summary_of(*state);
    assert_int_equal(s.split, NAS_SPLIT_GROUP);
    assert_int_equal(s.n_train % 6, 0);
    nas_data_summary_free(&s);
}

static void fractional_labels_are_targets(void **state)
{
    static const unsigned char values[12][4] = {
        {0x40, 0x18, 0xa3, 0xd7}, {0x3f, 0x80, 0, 0}, {0x40, 0, 0, 0},
        {0x40, 0x40, 0, 0},       {0x40, 0x80, 0, 0}, {0x40, 0xa0, 0, 0},
        {0x40, 0xc0, 0, 0},       {0x40, 0xe0, 0, 0}, {0x41, 0, 0, 0},
        {0x41, 0x10, 0, 0},       {0x41, 0x20, 0, 0}, {0x41, 0x30, 0, 0},
    };
    nas_err err = {0};
    nas_data_summary s;
    nas_data_options options = nas_data_options_default();
    uint32_t one[1] = {12};
    uint32_t two[2] = {6, 2};
    make_images(*state, "", 12, 2);
    make_idx(*state, "labels-idx1-ubyte", 0x0D, 1, one, values, sizeof values);
    s = summary_of(*state);
    assert_int_equal(s.task, NAS_TASK_REGRESSION);
    assert_true((float)s.target_min == 1.0f && (float)s.target_max == 11.0f);
    nas_data_summary_free(&s);
    options.task = "classification";
    check_refused(*state, &options, NAS_E_DATA, "no class numbers (row 1: 2.385)", "");
    make_images(*state, "", 6, 2);
    make_idx(*state, "labels-idx1-ubyte", 0x0D, 2, two, values, sizeof values);
    s = summary_of(*state);
    assert_int_equal(s.n_outputs, 2);
    assert_string_equal(s.label_names[1], "target 2");
    nas_data_summary_free(&s);
    make_images(*state, "", 40, 8);
    options.task = "regression";
    check_ok(nas_data_check(*state, &options, &s, &err), err);
    assert_int_equal(s.task, NAS_TASK_REGRESSION);
    assert_string_equal(s.label_names[0], "target");
    nas_data_summary_free(&s);
}

static void missing_partners_are_named(void **state)
{
    nas_data_options options = nas_data_options_default();
    make_images(*state, "train-", 30, 3);
    assert_int_equal(remove(make_path(*state, "train-labels-idx1-ubyte")), 0);
    check_refused(*state, &options, NAS_E_DATA, "has no labels file for",
                  "train-labels-idx1-ubyte");
    make_images(*state, "train-", 30, 3);
    assert_int_equal(remove(make_path(*state, "train-images-idx3-ubyte")), 0);
    check_refused(*state, &options, NAS_E_DATA, "has no images file for",
                  "train-images-idx3-ubyte");
}

static void counts_and_sizes_must_agree(void **state)
{
    static const unsigned char payload[600];
    uint32_t dim[3] = {20, 4, 3};
    uint32_t n = 19;
    nas_data_options options = nas_data_options_default();
    make_images(*state, "train-", 20, 2);
    make_idx(*state, "train-labels-idx1-ubyte", 8, 1, &n, payload, 19);
    check_refused(*state, &options, NAS_E_DATA, "holds 20 items but", "");
    make_images(*state, "train-", 20, 2);
    make_images(*state, "test-", 20, 2);
    make_idx(*state, "test-images-idx3-ubyte", 8, 3, dim, payload, 240);
    check_refused(*state, &options, NAS_E_DATA, "differ", "");
}

static void nan_is_refused_with_file_and_item(void **state)
{
    unsigned char payload[20 * 2 * 4] = {0};
    unsigned char labels[20];
    uint32_t dim[2] = {20, 2};
    nas_data_options options = nas_data_options_default();
    for (int i = 0; i < 20; i++) {
        labels[i] = (unsigned char)(i % 2);
        payload[i * 8] = 0x40;
        payload[i * 8 + 1] = (unsigned char)i;
    }
    memcpy(payload + 13 * 8 + 4, "\x7f\xc0\0\0", 4);
    make_idx(*state, "labels-idx1-ubyte", 8, 1, dim, labels, sizeof labels);
    make_idx(*state, "features-idx2-float.gz", 0x0D, 2, dim, payload, sizeof payload);
    check_refused(*state, &options, NAS_E_DATA,
                  "features-idx2-float.gz`: item 14: element 2 is NaN", "");
}

static void unused_files_are_mentioned(void **state)
{
    make_images(*state, "", 30, 3);
    uint32_t n = 3;
    make_idx(*state, "lengths-idx1-ubyte", 8, 1, &n, "abc", 3);
    nas_data_summary s = summary_of(*state);
    assert_int_equal(s.n_warnings, 1);
    assert_string_equal(s.warnings[0], "file `lengths-idx1-ubyte` is not used");
    nas_data_summary_free(&s);
}

static void channels_last_is_suspected(void **state)
{
    unsigned char payload[20 * 96];
    unsigned char labels[20];
    uint32_t dim[4] = {20, 8, 4, 3};
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (unsigned char)(i % 253);
    for (int i = 0; i < 20; i++)
        labels[i] = (unsigned char)(i % 2);
    make_idx(*state, "labels", 8, 1, dim, labels, sizeof labels);
    make_idx(*state, "images", 8, 4, dim, payload, sizeof payload);
    nas_data_summary s = summary_of(*state);
    assert_non_null(strstr(s.warnings[0], "stored as planes"));
    nas_data_summary_free(&s);
}

/* Real sets, with the counts that their descriptions give. */
static void real_sets_are_understood(void **state)
{
    static const struct {
        const char *name;
        int64_t train_and_validation, test, classes;
        nas_shape shape;
    } cases[] = {
        {"fashion-mnist", 60000, 10000, 10, {1, 28, 28}},
        {"hapt", 7415, 2996, 6, {6, 1, 128}},
        {"sign-digits", 1658, 404, 10, {3, 32, 32}},
        {"ucr/BasicMotions", 40, 40, 4, {6, 1, 100}},
        {"ucr/JapaneseVowels", 270, 370, 9, {12, 1, 29}},
        {"wand-digits", 800, 200, 10, {2, 1, 145}},
    };
    (void)state;
    (void)nas_test_data("README.md");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[2048];
        (void)snprintf(path, sizeof path, "%.*s%s",
                       (int)(strlen(nas_test_data("README.md")) - strlen("README.md")),
                       nas_test_data("README.md"), cases[i].name);
        nas_data_summary s = summary_of(path);
        assert_int_equal(s.n_train + s.n_validation, cases[i].train_and_validation);
        assert_int_equal(s.n_test, cases[i].test);
        assert_int_equal(s.n_outputs, cases[i].classes);
        assert_true(nas_shape_equal(s.shape, cases[i].shape));
        nas_data_summary_free(&s);
    }
}

static void the_bundled_images(void **state)
{
    (void)state;
    nas_data_summary s = summary_of(nas_test_source("tests/data-sets/digits8x8"));
    assert_int_equal(s.n_train, 1257);
    assert_int_equal(s.n_validation, 270);
    assert_int_equal(s.n_test, 270);
    assert_true(nas_shape_equal(s.shape, (nas_shape){1, 8, 8}));
    assert_int_equal(s.class_counts[3], 183);
    nas_data_summary_free(&s);
}

/* The package of a distribution, where it is installed. */
static void the_distribution_package_works(void **state)
{
    static const char path[] = "/usr/share/datasets/fashion-mnist";
    (void)state;
    if (access(path, R_OK) != 0) {
        print_message("skipped: %s is absent (package dataset-fashion-mnist)\n", path);
        skip();
    }
    nas_data_summary s = summary_of(path);
    assert_int_equal(s.n_train, 51000);
    assert_int_equal(s.n_validation, 9000);
    assert_int_equal(s.n_test, 10000);
    for (int64_t k = 0; k < s.n_outputs; k++)
        assert_int_equal(s.class_counts[k], 7000);
    nas_data_summary_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(parts_come_from_names),
        data_test(one_set_of_many_is_chosen_by_name),
        data_test(axes_follow_the_name),
        data_test(subjects_are_groups),
        data_test(fractional_labels_are_targets),
        data_test(missing_partners_are_named),
        data_test(counts_and_sizes_must_agree),
        data_test(nan_is_refused_with_file_and_item),
        data_test(unused_files_are_mentioned),
        data_test(channels_last_is_suspected),
        cmocka_unit_test(real_sets_are_understood),
        cmocka_unit_test(the_bundled_images),
        cmocka_unit_test(the_distribution_package_works),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
