/* covers: series_text.c, ts_reader.c, tsv_reader.c, arff_reader.c */
#include "data/read.h"

static const char ts[] = "# a comment\n@problemName Two\n@timeStamps false\n@univariate "
                         "false\n@classLabel true up down never\n@data\n"
                         "1,2.5,3:4,5,6:down\n-1,-2:7,8:up\n\n1,1,1:2,2,2:down\n";

static void ts_gives_channels_and_declared_classes(void **state)
{
    read_set set = read_plain(make_text(*state, "Two.ts", ts));
    check_shape(&set, 3, 2, 1, 3);
    assert_string_equal(set.source->reader->name, "ts");
    assert_string_equal(set.source->kind, "series, 2 channels × 3 steps, UCR .ts");
    assert_int_equal(set.source->n_outputs, 2); /* no row is `never` */
    assert_string_equal(set.source->label_names[0], "up");
    assert_int_equal(set.source->rows.labels[0], 1);
    static const float expected[18] = {1, 2.5f, 3, 4, 5, 6, -1, -2, 0,
                                       7, 8,    0, 1, 1, 1, 2,  2,  2};
    for (int i = 0; i < 18; i++)
        assert_true(set.values[i] == expected[i]);
    check_warned(&set, "2 to 3 steps");
    read_free(&set);
}

static void ts_targets_are_numbers(void **state)
{
    static const char text[] = "@problemName R\n@targetLabel true\n@data\n1,2:2.385\n"
                               "3,4:7\n";
    read_set set = read_plain(make_text(*state, "r.ts", text));
    check_shape(&set, 2, 1, 1, 2);
    assert_int_equal(set.source->task, NAS_TASK_REGRESSION);
    assert_true(set.source->rows.targets[0] == 2.385f);
    read_free(&set);
}

static void a_fixed_length_cuts_and_pads(void **state)
{
    const nas_data_options options = nas_data_options_default();
    const nas_schema schema = {.shape = {2, 1, 2}};
    read_set set = read_with(make_text(*state, "Two.ts", ts), &options, &schema);
    check_shape(&set, 3, 2, 1, 2);
    assert_true(set.values[1] == 2.5f && set.values[2] == 4.0f);
    check_warned(&set, "cut at the end");
    read_free(&set);
}

static void ts_errors_have_a_place(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"@problemName x\n@data\n1,2:a\n1,x:b\n", "x.ts:4:3: `x`, expected a number"},
        {"@problemName x\n@data\n1,?:a\n", "x.ts:3:3: `?`, expected a number: values"},
        {"@problemName x\n@data\n1,2:a\n1,2\n", "x.ts:4:1: no colon"},
        {"@problemName x\n@data\n1,2:a\n1:2:b\n", "x.ts:4:1: 2 channels"},
        {"@problemName x\n@data\n1,2:\n", "x.ts:3:1: the label is missing"},
        {"@problemName x\n@data\n::a\n", "x.ts:3:1: a series without values"},
        {"@problemName x\n@classLabel true a b\n@data\n1,2:c\n",
         "x.ts:4:5: class `c` is not among"},
        {"@problemName x\n@timeStamps true\n@data\n", "x.ts:2:13: series with time"},
        {"@problemName x\n1,2:a\n", "x.ts:2:1: expected a directive"},
        {"@problemName x\n", "ends before its data"},
        {"@problemName x\n@data\n", "holds no series"},
    };
    const nas_data_options options = nas_data_options_default();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_refused(make_text(*state, "x.ts", cases[i].text), &options, NAS_E_DATA,
                      cases[i].words, "");
}

static void tsv_has_the_class_first(void **state)
{
    read_set set = read_plain(
        make_text(*state, "a.dat", "2\t0.5\t1\t2\n-1\t3\t4\tNaN\n2\t5\t6\t7\n"));
    assert_string_equal(set.source->reader->name, "tsv");
    check_shape(&set, 3, 1, 1, 3);
    assert_string_equal(set.source->label_names[0], "-1");
    assert_int_equal(set.source->rows.labels[0], 1);
    assert_true(set.values[0] == 0.5f && set.values[4] == 4.0f && set.values[5] == 0.0f);
    read_free(&set);
}

/* The 2015 files: blanks or commas, numbers with exponents. */
static void old_text_files_are_read(void **state)
{
    read_set set = read_plain(make_text(*state, "b.dat",
                                        "  1.0000000e+00  -2.5e-01 1 2\n"
                                        "  1.2000000e+01   3.0e+00 4 5\n"));
    check_shape(&set, 2, 1, 1, 3);
    assert_string_equal(set.source->label_names[0], "1");
    assert_string_equal(set.source->label_names[1], "12");
    assert_true(set.values[0] == -0.25f && set.values[5] == 5.0f);
    read_free(&set);
    set = read_plain(make_text(*state, "Gun_TRAIN", "1,2,3,4.5\n0,3,4,5\n"));
    check_shape(&set, 2, 1, 1, 3);
    assert_true(set.values[2] == 4.5f);
    read_free(&set);
}

static void tsv_errors_have_a_place(void **state)
{
    const nas_data_options options = nas_data_options_default();
    check_refused(make_text(*state, "x", "1\t2\t3\t4\n1.5\t2\t3\t4\n"), &options,
                  NAS_E_DATA, "x:2:1: expected a class number", "");
    check_refused(make_text(*state, "x", "1\t2\t3\t4\n1\t2\tNaN\t4\n"), &options,
                  NAS_E_DATA, "x:2:5: `NaN`, expected a number: values may not", "");
    check_refused(make_text(*state, "x", "1\t2\t3\t4\n1\n"), &options, NAS_E_DATA,
                  "x:2:1: a label without series", "");
}

/* Commas without a header are a table that lacks its header, as before. */
static void other_tables_are_not_claimed(void **state)
{
    const nas_data_options options = nas_data_options_default();
    check_refused(make_text(*state, "x.csv", "1,2,3,4\n1,3,4,5\n"), &options, NAS_E_DATA,
                  "expected column names", "");
}

static const char steps[] =
    "% archive\n@relation 'Gun Point'\n@attribute a0 numeric\n@attribute a1 numeric\n"
    "@attribute a2 numeric\n@attribute a3 numeric\n@attribute a4 numeric\n@attribute a5 "
    "numeric\n@attribute a6 numeric\n@attribute a7 numeric\n@attribute target "
    "{2,'1 b'}\n\n@data\n1,2,3,4,5,6,7,8,2\n8,7,6,5,4,3,2,1,'1 b'\n";

static void arff_steps_are_a_series(void **state)
{
    read_set set = read_plain(make_text(*state, "g.arff", steps));
    assert_string_equal(set.source->reader->name, "arff");
    check_shape(&set, 2, 1, 1, 8);
    assert_string_equal(set.source->label_names[0], "2");
    assert_string_equal(set.source->label_names[1], "1 b");
    assert_true(set.values[7] == 8.0f && set.values[8] == 8.0f);
    read_free(&set);
}

static void arff_relations_are_channels(void **state)
{
    static const char text[] = "@relation m\n@attribute r relational\n@attribute t1 "
                               "numeric\n@attribute t2 numeric\n@end r\n@attribute c "
                               "{p,q}\n@data\n'1,2\\n3,4',q\n'5,6\\n7,8',p\n";
    read_set set = read_plain(make_text(*state, "m.arff", text));
    check_shape(&set, 2, 2, 1, 2);
    assert_int_equal(set.source->rows.labels[0], 1);
    for (int i = 0; i < 8; i++)
        assert_true(set.values[i] == (float)(i + 1));
    read_free(&set);
}

static void arff_tables_keep_their_columns(void **state)
{
    static const char text[] = "@RELATION t\n@ATTRIBUTE kind {a, b}\n@ATTRIBUTE 'size of "
                               "it' REAL\n@ATTRIBUTE weight INTEGER\n@DATA\na,2.5,3\nb, "
                               "4,5\n";
    read_set set = read_plain(make_text(*state, "t.arff", text));
    check_shape(&set, 2, 2, 1, 1);
    assert_string_equal(set.source->feature_names[0], "size of it");
    assert_string_equal(set.source->kind, "table, 2 numeric columns, ARFF");
    assert_true(set.values[0] == 2.5f && set.values[3] == 5.0f);
    read_free(&set);
    set = read_plain(make_text(*state, "r.arff",
                               "@relation r\n@attribute x real\n@attribute z real\n"
                               "@attribute y real\n@data\n1,2,3.5\n4,5,6.5\n"));
    check_shape(&set, 2, 2, 1, 1);
    assert_int_equal(set.source->task, NAS_TASK_REGRESSION);
    assert_true(set.source->rows.targets[1] == 6.5f);
    read_free(&set);
}

static void arff_errors_have_a_place(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"@relation x\n@attribute a string\n", "x:2:14: expected numeric"},
        {"@relation x\n@attribute a {1,2\n", "x:2:14: `}` is missing"},
        {"@relation x\n@attribute a {1}\n@attribute b {2}\n", "x:3:14: a second list"},
        {"@relation x\n@attribute a real\n@attribute a real\n", "two attributes"},
        {"@relation x\n@attribute a real\n@attribute b {u}\n@data\n1,2\n",
         "class `2` is not among"},
        {"@relation x\n@attribute a real\n@attribute b {u}\n@data\n{0 1,1 u}\n",
         "x:5:1: sparse rows"},
        {"@relation x\n@attribute a real\n@attribute b {u}\n@data\nu\n",
         "x:5:1: too few values"},
        {"@relation x\n@attribute r relational\n@end r\n@attribute c {u}\n@data\n'1,2\n",
         "x:6:1: the quote is not closed"},
        {"@relation x\n@attribute r relational\n@end r\n@attribute c {u}\n@data\n1,u\n",
         "x:6:1: expected a quoted series"},
    };
    const nas_data_options options = nas_data_options_default();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_refused(make_text(*state, "x", cases[i].text), &options, NAS_E_DATA,
                      cases[i].words, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(ts_gives_channels_and_declared_classes),
        data_test(ts_targets_are_numbers),
        data_test(a_fixed_length_cuts_and_pads),
        data_test(ts_errors_have_a_place),
        data_test(tsv_has_the_class_first),
        data_test(old_text_files_are_read),
        data_test(tsv_errors_have_a_place),
        data_test(other_tables_are_not_claimed),
        data_test(arff_steps_are_a_series),
        data_test(arff_relations_are_channels),
        data_test(arff_tables_keep_their_columns),
        data_test(arff_errors_have_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
