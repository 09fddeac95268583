/* covers: csv_reader.c, csv_columns.c */
#include "data/read.h"

static nas_data_summary summary_of(const char *path, const nas_data_options *options)
{
    nas_err err = {0};
    nas_data_summary summary;
    check_ok(nas_data_check(path, options, &summary, &err), err);
    return summary;
}

static void a_text_label_is_classes(void **state)
{
    nas_data_options options = nas_data_options_default();
    nas_data_summary s = summary_of(make_table(*state, "t.csv", 60, "class"), &options);
    assert_int_equal(s.task, NAS_TASK_CLASSIFICATION);
    assert_int_equal(s.n_outputs, 3);
    assert_string_equal(s.label_names[2], "c");
    assert_int_equal(s.class_counts[2], 20);
    assert_string_equal(s.kind, "table, 2 numeric columns");
    assert_true(nas_shape_equal(s.shape, (nas_shape){2, 1, 1}));
    nas_data_summary_free(&s);
}

/* Integers up to 20 different values are classes, more are quantities; so are fractions.
 */
static void number_labels_are_inferred(void **state)
{
    static const struct {
        int distinct;
        const char *format;
        nas_task task;
    } cases[] = {
        {3, "%d", NAS_TASK_CLASSIFICATION}, {20, "%d", NAS_TASK_CLASSIFICATION},
        {21, "%d", NAS_TASK_REGRESSION},    {3, "%d.0", NAS_TASK_CLASSIFICATION},
        {3, "%d.5", NAS_TASK_REGRESSION},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nas_data_options options = nas_data_options_default();
        nas_text text = {0};
        nas_text_puts(&text, "x,y\n");
        for (int k = 0; k < 200; k++) {
            char label[32];
            if (strcmp(cases[i].format, "%d") == 0)
                (void)snprintf(label, sizeof label, "%d", k % cases[i].distinct);
            else
                (void)snprintf(label, sizeof label, "%d%s", k % cases[i].distinct,
                               cases[i].format + 2);
            nas_text_printf(&text, "%d.25,%s\n", k * k, label);
        }
        const char *path = make_text(*state, "t.csv", nas_text_string(&text));
        nas_data_summary s = summary_of(path, &options);
        assert_int_equal(s.task, cases[i].task);
        if (s.task == NAS_TASK_CLASSIFICATION)
            assert_int_equal(s.n_outputs, cases[i].distinct);
        nas_data_summary_free(&s);
        options.task = "regression";
        s = summary_of(path, &options);
        assert_int_equal(s.task, NAS_TASK_REGRESSION);
        assert_string_equal(s.label_names[0], "y");
        nas_data_summary_free(&s);
        nas_text_free(&text);
    }
}

static void class_numbers_are_ordered_and_joined(void **state)
{
    nas_data_options options = nas_data_options_default();
    nas_data_summary s = summary_of(
        make_text(*state, "t.csv",
                  "x,y\n1,10\n2,9\n3,10.0\n4,9\n5,-1\n6,-1\n7,9.0\n8,10\n9,-1\n"),
        &options);
    assert_int_equal(s.n_outputs, 3);
    assert_string_equal(s.label_names[0], "-1");
    assert_string_equal(s.label_names[1], "9");
    assert_string_equal(s.label_names[2], "10");
    nas_data_summary_free(&s);
}

static void several_columns_of_0_and_1_are_labels(void **state)
{
    nas_data_options options = nas_data_options_default();
    nas_text text = {0};
    nas_text_puts(&text, "x,rain,wind\n");
    for (int i = 0; i < 40; i++)
        nas_text_printf(&text, "%d,%d,%d\n", i, i % 4 == 0, i % 10 != 0);
    const char *path = make_text(*state, "t.csv", nas_text_string(&text));
    options.label = "rain,wind";
    nas_data_summary s = summary_of(path, &options);
    assert_int_equal(s.task, NAS_TASK_MULTILABEL);
    assert_int_equal(s.n_outputs, 2);
    assert_string_equal(s.label_names[1], "wind");
    assert_int_equal(s.class_counts[0], 10);
    assert_int_equal(s.class_counts[1], 36);
    nas_data_summary_free(&s);
    options.task = "regression";
    s = summary_of(path, &options);
    assert_int_equal(s.task, NAS_TASK_REGRESSION);
    nas_data_summary_free(&s);
    options.task = "multilabel";
    options.label = "rain";
    check_refused(path, &options, NAS_E_USAGE, "has one label a row", "--label a,b,c");
    nas_text_puts(&text, "5,2,1\n");
    path = make_text(*state, "u.csv", nas_text_string(&text));
    options.label = "wind,rain";
    check_refused(path, &options, NAS_E_DATA,
                  "row 41, column `rain`: 2, a label is 0 or 1", "");
    nas_text_free(&text);
}

static void a_class_may_be_called_none(void **state)
{
    nas_data_options options = nas_data_options_default();
    nas_data_summary s = summary_of(
        make_text(*state, "t.csv", "x,y\n1,none\n2,-\n3,none\n4,-\n5,none\n6,-\n"),
        &options);
    assert_int_equal(s.n_outputs, 2);
    assert_string_equal(s.label_names[0], "-");
    nas_data_summary_free(&s);
}

static void the_label_column_is_found_or_asked_for(void **state)
{
    nas_data_options options = nas_data_options_default();
    char path[1024];
    (void)snprintf(path, sizeof path, "%s", make_table(*state, "t.csv", 30, "species"));
    check_refused(path, &options, NAS_E_USAGE, "which column of", "--label species");
    options.label = "specis";
    check_refused(path, &options, NAS_E_USAGE, "has no column `specis`",
                  "did you mean `species`?");
    options.label = "zzzzzzzzzz";
    check_refused(path, &options, NAS_E_USAGE, "has no column",
                  "last column is `species`");
    options.label = "species";
    nas_data_summary s = summary_of(path, &options);
    assert_int_equal(s.n_outputs, 3);
    nas_data_summary_free(&s);
    options.label = NULL;
    s = summary_of(make_table(*state, "u.csv", 30, "Target"), &options);
    assert_int_equal(s.n_outputs, 3);
    nas_data_summary_free(&s);
}

static void bad_cells_are_placed(void **state)
{
    static const struct {
        const char *text, *words, *hint;
    } cases[] = {
        {"a,b,y\n1,2,u\n\n3,red,v\n4,5,u\n",
         "t.csv:4:3: row 2, column `b`: `red`, expected",
         "leave the column out: --drop 'b'"},
        {"a;b;y\n1;2,5;u\n", "`2,5`, expected a number", "--decimal-comma"},
        {"a,b,y\n1,3/11/2026,u\n", "`3/11/2026`, expected a number",
         "date: leave the column out with --drop 'b'"},
        {"a,b,y\n1,inf,u\n", "`inf`, expected a number", "--missing 'inf'"},
        {"a,b,y\n1,1e99,u\n", "`1e99`, expected a number", "--drop 'b'"},
        {"a,b,y\n1,2,\n", "t.csv:2:5: row 1, column `y`: the value is missing", "remove"},
        {"a,b,y\n1,2,u\n1,2\n", "t.csv:3: row 2 has 2 cells, the header has 3 columns",
         ""},
        {"a,a,y\n1,2,u\n", "t.csv:1:3: two columns are called `a`", ""},
        {"1,2,3\n1,2,3\n", "the first line holds numbers", "header line"},
        {"a,b,y\n", "has a header but no rows", ""},
        {"y\nu\nv\n", "has no column beside the label", ""},
        {"a,y\n1,u\n2,u\n3,u\n", "all 3 rows have class `u`", "two classes"},
        {"a,y\n1,u\n2,v\n3,v\n4,v\n", "class `u` has 1 sample,", "--task regression"},
        {"a,y\n7,u\n7,v\n7,u\n7,v\n7,v\n", "every input is constant", ""},
    };
    nas_data_options options = nas_data_options_default();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_refused(make_text(*state, "t.csv", cases[i].text), &options, NAS_E_DATA,
                      cases[i].words, cases[i].hint);
    options.task = "regression";
    check_refused(make_text(*state, "t.csv", "a,y\n1,2\n2,x\n3,4\n"), &options,
                  NAS_E_DATA, "t.csv:3: label `x`, regression needs a number", "");
}

/* Thousands of different numbers are kept as numbers; a text among them is a slip. */
static void many_different_labels_are_quantities(void **state)
{
    enum { ROWS = 9000 };
    nas_data_options options = nas_data_options_default();
    nas_text text = {0};
    nas_text_puts(&text, "x,y\n");
    for (int i = 0; i < ROWS; i++)
        nas_text_printf(&text, "%d,%d.25\n", i * 7 % 23, i);
    const char *path = make_text(*state, "t.csv", nas_text_string(&text));
    nas_data_summary s = summary_of(path, &options);
    assert_int_equal(s.task, NAS_TASK_REGRESSION);
    assert_true(s.target_min == 0.25 && s.target_max == ROWS - 0.75);
    assert_true(s.target_mean == (ROWS - 1) / 2.0 + 0.25);
    nas_data_summary_free(&s);
    nas_text_puts(&text, "2,up\n");
    path = make_text(*state, "t.csv", nas_text_string(&text));
    check_refused(path, &options, NAS_E_DATA, "t.csv:9002:3: label `up`, expected",
                  "--task classification");
    nas_text_free(&text);
}

static void gzip_and_names_of_columns_are_kept(void **state)
{
    nas_err err = {0};
    nas_data_summary s;
    nas_dataset *data = NULL;
    nas_data_options options = nas_data_options_default();
    char folder[1024];
    nas_text text = {0};
    nas_text_puts(&text, "\"width, mm\",,y\n");
    for (int i = 0; i < 50; i++)
        nas_text_printf(&text, "%d,%d.5,%s\n", i * i, i, i % 2 == 0 ? "even" : "odd");
    const char *path = make_gzip(*state, "t.csv.gz", nas_text_string(&text), text.length);
    (void)snprintf(folder, sizeof folder, "%s", make_path(*state, "prepared"));
    check_ok(nas_data_prepare(path, &options, folder, &s, &err), err);
    check_ok(nas_dataset_open(folder, &data, &err), err);
    assert_string_equal(data->feature_names[0], "width, mm");
    assert_string_equal(data->feature_names[1], "column 2");
    for (int64_t i = 0; i < data->n_rows; i++) {
        float row[2];
        nas_dataset_row(data, i, row);
        int original = (int)row[1];
        assert_true(row[0] == (float)(original * original));
        assert_int_equal(data->labels[i], original % 2);
    }
    nas_dataset_close(data);
    nas_data_summary_free(&s);
    nas_text_free(&text);
}

/* ---- what columns mean ----------------------------------------------------------- */

/* id, day, x, z, person, y1, y2; rows are not in the order of days. */
static const char *make_rich_table(const char *folder)
{
    nas_text text = {0};
    nas_text_puts(&text, "id,day,x,\"z, mm\",person,y1,y2\n");
    for (int i = 0; i < 120; i++)
        nas_text_printf(&text, "n%d,2026-%02d-%02d,%d,%g,p%d,%g,%d.5\n", i,
                        1 + i * 7 % 120 / 28, 1 + i * 7 % 120 % 28, i * i % 101, 0.25 * i,
                        i % 12, 2.385 * i, i % 5);
    const char *path = make_text(folder, "rich.csv", nas_text_string(&text));
    nas_text_free(&text);
    return path;
}

static nas_data_options rich_options(void)
{
    nas_data_options options = nas_data_options_default();
    options.label = "y1";
    options.drop = "id,day,person";
    return options;
}

static void columns_are_dropped(void **state)
{
    nas_data_options options = rich_options();
    read_set set = read_all(make_rich_table(*state), &options);
    check_shape(&set, 120, 3, 1, 1);
    assert_string_equal(set.source->feature_names[1], "z, mm");
    assert_string_equal(set.source->feature_names[2], "y2");
    assert_true(set.values[3 * 7 + 1] == 1.75F);
    read_free(&set);
    options.drop = "z, mm"; /* a name with a comma stands alone */
    check_refused(make_rich_table(*state), &options, NAS_E_DATA,
                  "column `day`: `2026-01-01`", "--drop 'day'");
    options.drop = "id,daz";
    check_refused(make_rich_table(*state), &options, NAS_E_USAGE,
                  "has no column `daz` (--drop)", "did you mean `day`?");
    options.drop = "id,id";
    check_refused(make_rich_table(*state), &options, NAS_E_USAGE,
                  "names column `id` twice", "");
    options.drop = "y1";
    check_refused(make_rich_table(*state), &options, NAS_E_USAGE,
                  "column `y1` is to be predicted", "");
}

static void decimals_may_have_a_comma(void **state)
{
    nas_data_options options = nas_data_options_default();
    options.decimal_comma = true;
    read_set set = read_all(
        make_text(*state, "t.csv", "a;1.5;y\n1,25;-2;3,5\n7;4e-1;-1,5\n2,385;3;10\n"),
        &options);
    check_shape(&set, 3, 2, 1, 1);
    assert_string_equal(set.source->feature_names[1], "1.5");
    assert_int_equal(set.source->task, NAS_TASK_REGRESSION);
    assert_true(set.values[0] == 1.25F && set.values[4] == 2.385F);
    assert_true(set.source->rows.targets[0] == 3.5F);
    assert_true(set.source->rows.targets[1] == -1.5F);
    read_free(&set);
}

static void several_targets_are_predicted_together(void **state)
{
    nas_data_options options = rich_options();
    options.label = "y2,y1";
    read_set set = read_all(make_rich_table(*state), &options);
    check_shape(&set, 120, 2, 1, 1);
    assert_int_equal(set.source->task, NAS_TASK_REGRESSION);
    assert_int_equal(set.source->n_outputs, 2);
    assert_string_equal(set.source->label_names[0], "y2");
    assert_true(set.source->rows.targets[2 * 8] == 3.5F);
    assert_true(set.source->rows.targets[2 * 8 + 1] == 2.385F * 8);
    /* the same columns, elsewhere and in another order, as a model wants them */
    nas_data_options plain = nas_data_options_default();
    const nas_schema schema = {.task = "regression",
                               .n_features = 2,
                               .feature_names = set.source->feature_names,
                               .n_targets = 2,
                               .target_names = set.source->label_names};
    read_set again =
        read_with(make_text(*state, "again.csv", "y1,z,x,\"z, mm\",y2\n7,?,3,5,11\n"),
                  &plain, &schema);
    check_shape(&again, 1, 2, 1, 1);
    assert_true(again.values[0] == 3.0F && again.values[1] == 5.0F);
    assert_true(again.source->rows.targets[0] == 11.0F);
    assert_true(again.source->rows.targets[1] == 7.0F);
    read_free(&again);
    read_free(&set);
    options.task = "classification";
    check_refused(make_rich_table(*state), &options, NAS_E_USAGE, "names 2 columns", "");
    options.task = NULL;
    options.label = "y1,person";
    options.drop = "id,day";
    check_refused(make_rich_table(*state), &options, NAS_E_DATA,
                  "column `person`: `p0`, expected a number", "predicted together");
}

static void rows_are_split_by_group_or_time(void **state)
{
    nas_data_options options = rich_options();
    options.drop = "id,day";
    options.group = "person";
    nas_data_summary s = summary_of(make_rich_table(*state), &options);
    assert_int_equal(s.split, NAS_SPLIT_GROUP);
    assert_int_equal(s.shape.c, 3);
    assert_int_equal(s.n_test % 10, 0); /* each person has ten rows */
    assert_int_equal(s.n_validation % 10, 0);
    nas_data_summary_free(&s);
    options.drop = "id,person";
    options.group = NULL;
    options.time = "day";
    s = summary_of(make_rich_table(*state), &options);
    assert_int_equal(s.split, NAS_SPLIT_TIME);
    assert_int_equal(s.n_test, 18);
    nas_data_summary_free(&s);
    options.drop = "id";
    options.group = "person";
    check_refused(make_rich_table(*state), &options, NAS_E_USAGE, "not by both", "");
    options.group = "parson";
    check_refused(make_rich_table(*state), &options, NAS_E_USAGE,
                  "has no column `parson` (--group)", "`person`");
    options.group = NULL;
    options.drop = "id,day";
    options.time = "person";
    check_refused(make_rich_table(*state), &options, NAS_E_DATA,
                  "column `person`: `p0`, expected a number or a date", "order rows");
    options.time = "y1";
    check_refused(make_rich_table(*state), &options, NAS_E_USAGE,
                  "it cannot stand in --time-column", "");
}

/* Real tables: what fits is understood, the rest is refused by place. */
static void real_tables(void **state)
{
    nas_data_options options = nas_data_options_default();
    (void)state;
    options.label = "diagnosis";
    nas_data_summary s = summary_of(nas_test_data("tables/wdbc.csv.gz"), &options);
    assert_int_equal(s.n_train + s.n_validation + s.n_test, 569);
    assert_int_equal(s.class_counts[0], 357);
    nas_data_summary_free(&s);
    options.label = "progression";
    s = summary_of(nas_test_data("tables/diabetes.csv.gz"), &options);
    assert_int_equal(s.task, NAS_TASK_REGRESSION);
    assert_true(s.target_mean > 152.133 && s.target_mean < 152.134);
    assert_true(s.target_min == 25.0 && s.target_max == 346.0);
    nas_data_summary_free(&s);
    options.label = "digit";
    options.folds = 1;
    s = summary_of(nas_test_data("tables/digits8x8.csv.gz"), &options);
    assert_int_equal(s.n_outputs, 10);
    assert_int_equal(s.shape.c, 64);
    assert_int_equal(s.n_train, 1257);
    nas_data_summary_free(&s);
    options.label = "median_house_value";
    options.drop = "ocean_proximity,total_bedrooms";
    s = summary_of(nas_test_data("tables/california-housing.csv.gz"), &options);
    assert_int_equal(s.n_train + s.n_validation + s.n_test, 20640);
    assert_int_equal(s.shape.c, 7);
    nas_data_summary_free(&s);
}

/* The repository's own tables. */
static void bundled_tables(void **state)
{
    nas_data_options options = nas_data_options_default();
    (void)state;
    options.label = "diagnosis";
    nas_data_summary s =
        summary_of(nas_test_source("tests/data-sets/wdbc.csv.gz"), &options);
    assert_int_equal(s.n_outputs, 2);
    assert_int_equal(s.shape.c, 30);
    nas_data_summary_free(&s);
    options.label = "progression";
    s = summary_of(nas_test_source("tests/data-sets/diabetes.csv.gz"), &options);
    assert_int_equal(s.task, NAS_TASK_REGRESSION);
    nas_data_summary_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(a_text_label_is_classes),
        data_test(number_labels_are_inferred),
        data_test(class_numbers_are_ordered_and_joined),
        data_test(several_columns_of_0_and_1_are_labels),
        data_test(a_class_may_be_called_none),
        data_test(the_label_column_is_found_or_asked_for),
        data_test(bad_cells_are_placed),
        data_test(columns_are_dropped),
        data_test(decimals_may_have_a_comma),
        data_test(several_targets_are_predicted_together),
        data_test(rows_are_split_by_group_or_time),
        data_test(many_different_labels_are_quantities),
        data_test(gzip_and_names_of_columns_are_kept),
        cmocka_unit_test(real_tables),
        cmocka_unit_test(bundled_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
