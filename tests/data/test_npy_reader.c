#include "data/make_npy.h"
#include "data/read.h"

static const unsigned char ramp[256] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10,
                                        11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                                        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32,
                                        33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43};

static void archives_have_parts(void **state)
{
    make_npz_begin(*state, "mnist.npz");
    make_npz_add("x_test", "|u1", "(1, 2, 3)", ramp + 20, 6);
    make_npz_add("x_train", "|u1", "(2, 2, 3)", ramp, 12);
    make_npz_add("y_train", "|u1", "(2,)", "\7\5", 2);
    make_npz_add("y_test", "<i8", "(1, 1)", "\5\0\0\0\0\0\0\0", 8);
    make_npz_add("extra", "|u1", "(1,)", "\1", 1);
    read_set set = read_plain(make_npz_end());
    check_shape(&set, 3, 1, 2, 3);
    assert_string_equal(set.source->kind, "2×3 grey images, NumPy");
    assert_int_equal(set.source->rows.part[1], NAS_PART_TRAIN);
    assert_int_equal(set.source->rows.part[2], NAS_PART_TEST);
    assert_int_equal(set.source->rows.labels[0], 1);
    assert_int_equal(set.source->rows.labels[2], 0);
    assert_string_equal(set.source->label_names[1], "7");
    assert_true(set.values[12] == 20.0f);
    check_warned(&set, "array `extra.npy` is not used");
    read_free(&set);
}

static void channels_may_be_last(void **state)
{
    make_npy(*state, "images.npy", "|u1", "(2, 2, 2, 3)", ramp, 24);
    make_npy(*state, "labels.npy", "<U2", "(2,)", "u\0\0\0p\0\0\0n\0\0\0o\0\0\0", 16);
    read_set set = read_plain(*state);
    check_shape(&set, 2, 3, 2, 2);
    assert_string_equal(set.source->label_names[1], "up");
    assert_int_equal(set.source->rows.labels[0], 1);
    for (int c = 0; c < 3; c++)
        for (int p = 0; p < 4; p++)
            assert_true(set.values[12 + c * 4 + p] == (float)(12 + p * 3 + c));
    read_free(&set);
}

/* The longer axis of a series is time; planes come first as they are. */
static void axes_of_series_are_found(void **state)
{
    static const float values[24] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    make_npy(*state, "a/X.npy", "<f4", "(2, 4, 3)", values, sizeof values);
    make_npy(*state, "a/y.npy", "|b1", "(2,)", "\0\1", 2);
    read_set set = read_plain(make_path(*state, "a"));
    check_shape(&set, 2, 3, 1, 4);
    assert_true(set.values[0] == 1.0f && set.values[1] == 4.0f && set.values[4] == 2.0f);
    read_free(&set);
    make_npy(*state, "b/X.npy", "<f4", "(2, 3, 4)", values, sizeof values);
    make_npy(*state, "b/y.npy", "|b1", "(2,)", "\0\1", 2);
    set = read_plain(make_path(*state, "b/X.npy"));
    check_shape(&set, 2, 3, 1, 4);
    assert_true(set.values[1] == 2.0f && set.values[4] == 5.0f);
    read_free(&set);
}

static void one_file_takes_those_beside_it(void **state)
{
    static const float targets[3] = {2.385f, 1, 0};
    make_npy(*state, "x_train.npy", "<i2", "(3, 2)", ramp, 12);
    make_npy(*state, "y_train.npy", "<f4", "(3,)", targets, sizeof targets);
    make_npy(*state, "subjects_train.npy", "<i4", "(3,)", ramp, 12);
    make_npy(*state, "x_test.npy", "<i2", "(1, 2)", ramp, 4);
    make_npy(*state, "y_test.npy", "<f4", "(1,)", targets, 4);
    read_set set = read_plain(make_path(*state, "x_train.npy"));
    check_shape(&set, 3, 2, 1, 1);
    assert_int_equal(set.source->task, NAS_TASK_REGRESSION);
    assert_int_equal(set.source->rows.part[0], NAS_PART_ANY);
    assert_non_null(set.source->rows.groups);
    read_free(&set);
    make_npy(*state, "subjects_test.npy", "<i4", "(1,)", ramp, 4);
    set = read_plain(*state);
    check_shape(&set, 4, 2, 1, 1);
    assert_int_equal(set.source->rows.groups[0], 0x03020100);
    read_free(&set);
}

static void what_does_not_fit_is_refused(void **state)
{
    const nas_data_options options = nas_data_options_default();
    make_npy(*state, "x.npy", "|u1", "(3, 2)", ramp, 6);
    check_refused(*state, &options, NAS_E_DATA, "has inputs (x) but no labels (y)", "");
    make_npy(*state, "y.npy", "|u1", "(2,)", ramp, 2);
    check_refused(*state, &options, NAS_E_DATA, "2 labels for 3 inputs", "");
    make_npy(*state, "y.npy", "|u1", "(3,)", ramp, 3);
    make_npy(*state, "x.npy", "<U1", "(3,)", ramp, 12);
    check_refused(*state, &options, NAS_E_DATA, "inputs are texts", "");
    make_npy(*state, "y.npy", "|u1", "(4,)", "\0\1\0\1", 4);
    make_npy(*state, "x.npy", "<f4", "(4,)", "\0\0\200\177\0\0\0\0\0\0\0\0\0\0\0\0", 16);
    check_refused(*state, &options, NAS_E_DATA, "is infinite", "");
    check_refused(make_npy(*state, "z/thing.npy", "|u1", "(3,)", ramp, 3), &options,
                  NAS_E_DATA, "no array of", "x_train");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(archives_have_parts),
        data_test(channels_may_be_last),
        data_test(axes_of_series_are_found),
        data_test(one_file_takes_those_beside_it),
        data_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
