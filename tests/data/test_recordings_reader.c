/* covers: recordings_reader.c, table_steps.c, items_tree.c */
#include "data/read.h"

static void files_are_rows(void **state)
{
    make_text(*state, "up/1.csv", "time,x,z\n0.1,1,2\n0.2,3,4\n0.3,5,6\n");
    make_text(*state, "up/2.csv", "time,x,z\n0.1,7,8\n0.2,9,10\n");
    make_text(*state, "down/1.csv", "time,x,z\n0.1,-1,-2\n0.2,-3,-4\n0.3,-5,-6\n");
    make_text(*state, "down/notes", "see the manual");
    nas_data_options options = nas_data_options_default();
    options.time = "time";
    read_set set = read_all(*state, &options);
    assert_string_equal(set.source->reader->name, "recordings");
    assert_string_equal(set.source->kind, "recordings, 2 channels × 3 steps, CSV");
    check_shape(&set, 3, 2, 1, 3);
    static const float expected[18] = {-1, -3, -5, -2, -4, -6, 1, 3,  5,
                                       2,  4,  6,  7,  9,  0,  8, 10, 0};
    assert_memory_equal(set.values, expected, sizeof expected);
    assert_string_equal(set.source->label_names[0], "down");
    assert_int_equal(set.source->rows.labels[2], 1);
    check_warned(&set, "1 file skipped: no recording (first: down/notes)");
    read_free(&set);
}

/* Without header lines, in parts, cut into windows; recordings are groups. */
static void windows_are_cut_from_each(void **state)
{
    nas_data_options options = nas_data_options_default();
    make_text(*state, "train/a/r.tsv", "1\t2\n3\t4\n5\t6\n7\t8\n");
    make_text(*state, "train/b/r.tsv", "1\t2\n3\t4\n");
    make_text(*state, "test/a/r.tsv", "1\t2\n3\t4\n5\t6\n");
    options.window = 2;
    read_set set = read_all(*state, &options);
    check_shape(&set, 4, 2, 1, 2);
    static const int32_t groups[4] = {0, 1, 1, 2}; /* test stands before train */
    assert_memory_equal(set.source->rows.groups, groups, sizeof groups);
    assert_int_equal(set.source->rows.part[0], NAS_PART_TEST);
    assert_true(set.values[8] == 5.0f);
    read_free(&set);
}

static void names_may_say_all(void **state)
{
    nas_data_options options = nas_data_options_default();
    options.names = "group_class_*";
    make_text(*state, "p7_sit_1_x.csv", "1\n2\n3\n");
    make_text(*state, "p7_run_2.csv", "4\n5\n6\n");
    make_text(*state, "more/12_run_1.csv", "7\n8\n9\n");
    read_set set = read_all(*state, &options);
    check_shape(&set, 3, 1, 1, 3);
    assert_string_equal(set.source->label_names[0], "run");
    assert_int_equal(set.source->rows.labels[1], 1);
    assert_true(set.source->rows.groups[0] == set.source->rows.groups[1]);
    assert_int_equal(set.source->rows.groups[2], 12);
    assert_false(set.source->own_groups);
    read_free(&set);
}

static void errors_have_a_place(void **state)
{
    nas_data_options options = nas_data_options_default();
    make_text(*state, "a/1.csv", "1,2\n3,4\n");
    make_text(*state, "b/1.csv", "1,2\n3,x\n");
    check_refused(*state, &options, NAS_E_DATA, "b/1.csv:2:3: `x`, expected a number",
                  "");
    make_text(*state, "b/1.csv", "1,2,3\n3,4,5\n");
    check_refused(*state, &options, NAS_E_DATA, "b/1.csv` has 3", "");
    make_text(*state, "b/1.csv", "x,z\n");
    check_refused(*state, &options, NAS_E_DATA, "b/1.csv` has a header but no rows", "");
    make_text(*state, "b/1.csv", "");
    check_refused(*state, &options, NAS_E_DATA, "b/1.csv` is empty", "");
    options.time = "when";
    check_refused(*state, &options, NAS_E_USAGE, "a/1.csv` has no column `when`", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(files_are_rows),
        data_test(windows_are_cut_from_each),
        data_test(names_may_say_all),
        data_test(errors_have_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
