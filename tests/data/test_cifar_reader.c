#include "data/read.h"

/* n records of which record i has class i % classes and pixel p the value i + p. */
static const char *make_batch(const char *folder, const char *name, int n, int labels,
                              int classes)
{
    static unsigned char bytes[40 * 3074];
    size_t at = 0;
    assert_true(n <= 40);
    for (int i = 0; i < n; i++) {
        if (labels == 2)
            bytes[at++] = (unsigned char)(i % 20);
        bytes[at++] = (unsigned char)(i % classes);
        for (int p = 0; p < 3072; p++)
            bytes[at++] = (unsigned char)(i + p);
    }
    return make_file(folder, name, bytes, at);
}

static void batches_make_one_set(void **state)
{
    static const char names[] =
        "plane\ncar\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n";
    make_batch(*state, "data_batch_1.bin", 30, 1, 10);
    make_batch(*state, "data_batch_2.bin", 20, 1, 10);
    make_batch(*state, "test_batch.bin", 10, 1, 10);
    make_text(*state, "batches.meta.txt", names);
    make_text(*state, "readme.html", "<html>");
    read_set set = read_plain(*state);
    check_shape(&set, 60, 3, 32, 32);
    assert_string_equal(set.source->kind, "32×32 colour images, CIFAR-10");
    assert_int_equal(set.source->n_outputs, 10);
    assert_string_equal(set.source->label_names[9], "truck");
    assert_int_equal(set.source->rows.labels[33], 3);
    assert_int_equal(set.source->rows.part[49], NAS_PART_ANY);
    assert_int_equal(set.source->rows.part[50], NAS_PART_TEST);
    assert_true(set.values[3072 * 31 + 5] == 6.0f);
    read_free(&set);
}

static void the_second_byte_is_the_class_of_cifar_100(void **state)
{
    read_set set = read_plain(make_batch(*state, "x", 40, 2, 37));
    check_shape(&set, 40, 3, 32, 32);
    assert_int_equal(set.source->n_outputs, 100);
    assert_string_equal(set.source->label_names[36], "36");
    assert_int_equal(set.source->rows.labels[36], 36);
    read_free(&set);
}

static void wrong_classes_are_named(void **state)
{
    static unsigned char bytes[40 * 3073];
    nas_data_options options = nas_data_options_default();
    bytes[3073 * 20] = 11;
    const char *path = make_file(*state, "x.bin", bytes, sizeof bytes);
    check_refused(path, &options, NAS_E_DATA, "x.bin`: image 21 has class 11", "");
    bytes[3073 * 20] = 0;
    options.task = "regression";
    path = make_file(*state, "x.bin", bytes, sizeof bytes);
    check_refused(path, &options, NAS_E_USAGE, "task regression", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(batches_make_one_set),
        data_test(the_second_byte_is_the_class_of_cifar_100),
        data_test(wrong_classes_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
