#include "data/read.h"

static void two_files_are_two_parts(void **state)
{
    make_table(*state, "train.csv", 12, "class");
    make_table(*state, "test.csv", 6, "class");
    make_text(*state, "README.md", "about");
    read_set set = read_plain(*state);
    check_shape(&set, 18, 2, 1, 1);
    assert_string_equal(set.source->reader->name, "parts");
    assert_int_equal(set.source->n_files, 2);
    assert_int_equal(set.source->rows.part[11], NAS_PART_TRAIN);
    assert_int_equal(set.source->rows.part[12], NAS_PART_TEST);
    assert_int_equal(set.source->rows.labels[13], 1);
    assert_string_equal(set.source->feature_names[1], "x2");
    assert_true(set.values[2 * 12] == 2.385f); /* the first row of each file */
    read_free(&set);
}

/* Series of the parts may differ in length: all get the longest. */
static void a_set_is_named_by_its_prefix(void **state)
{
    make_text(*state, "u/Gun_TRAIN.ts", "@problemName a\n@data\n1,2:a\n3,4:b\n");
    make_text(*state, "u/Gun_TEST.ts", "@problemName a\n@data\n5,6,7:a\n");
    make_text(*state, "u/Car_TRAIN.ts", "@problemName a\n@data\n1,2:a\n3,4:b\n");
    make_text(*state, "u/Car_TEST.ts", "@problemName a\n@data\n5,6:a\n");
    read_set set = read_plain(make_path(*state, "u/Gun"));
    check_shape(&set, 3, 1, 1, 3);
    assert_true(set.values[2] == 0.0f && set.values[8] == 7.0f);
    read_free(&set);
    set = read_plain(make_path(*state, "u/Car"));
    check_shape(&set, 3, 1, 1, 2);
    read_free(&set);
    const nas_data_options options = nas_data_options_default();
    check_refused(make_path(*state, "u"), &options, NAS_E_DATA,
                  "several data sets, such as `Car` and `Gun`", "u/Car");
}

static void folders_are_parts_too(void **state)
{
    make_images(make_path(*state, "train"), "", 8, 2);
    make_images(make_path(*state, "test"), "", 4, 2);
    read_set set = read_plain(*state);
    check_shape(&set, 12, 1, 3, 4);
    assert_int_equal(set.source->rows.part[8], NAS_PART_TEST);
    assert_int_equal(set.source->n_files, 4);
    assert_string_equal(set.source->files[0].name, "train/images-idx3-ubyte");
    read_free(&set);
}

/* A file of the same kind without a part is not silently left out. */
static void other_files_of_the_kind_are_no_parts(void **state)
{
    const nas_data_options options = nas_data_options_default();
    make_table(*state, "adult-train.csv", 12, "class");
    make_table(*state, "adult-test.csv", 6, "class");
    make_table(*state, "iris.csv", 6, "class");
    check_refused(*state, &options, NAS_E_DATA, "holds no data", "/adult-test.csv");
    read_set set = read_plain(make_path(*state, "adult"));
    check_shape(&set, 18, 2, 1, 1);
    read_free(&set);
}

static void parts_must_be_alike(void **state)
{
    const nas_data_options options = nas_data_options_default();
    make_table(*state, "train.csv", 12, "class");
    make_text(*state, "test.csv", "x1,class\n1,a\n2,b\n");
    check_refused(*state, &options, NAS_E_DATA, "test.csv` lacks the column `x2`", "");
    make_text(*state, "test.csv", "x1,x2,class\n1,1,a\n2,2,z\n");
    check_refused(*state, &options, NAS_E_DATA,
                  "class `z`, which the training part does not have", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(two_files_are_two_parts),
        data_test(a_set_is_named_by_its_prefix),
        data_test(folders_are_parts_too),
        data_test(other_files_of_the_kind_are_no_parts),
        data_test(parts_must_be_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
