#include "data/read.h"

#include <math.h>

/* What a column holds, in the second pass. */
static void check_column(const read_set *set, int64_t column, const float *expected)
{
    for (int64_t i = 0; i < set->n; i++) {
        const float found = set->values[i * set->width + column];
        const bool same = isnan(expected[i]) ? isnan(found) : found == expected[i];
        if (!same)
            fail_msg("row %lld of column %lld is %g, expected %g", (long long)i,
                     (long long)column, (double)found, (double)expected[i]);
    }
}

static void missing_words_are_nan(void **state)
{
    nas_data_options options = nas_data_options_default();
    options.missing = "unknown,-999";
    const char *path =
        make_text(*state, "t.csv",
                  "a,b,c,y\n1,red,4,u\n,NA,?,u\nnone,none,-999,v\n2.5,-,nan,v\n"
                  "unknown,unknown,N/A,u\n-,null,7,v\n");
    read_set set = read_with(path, &options, NULL);
    const nas_source_column *columns = set.source->columns;
    assert_int_equal(set.width, 3);
    assert_true(!columns[0].category && columns[1].category && !columns[2].category);
    assert_int_equal(columns[0].n_missing, 4);
    assert_int_equal(columns[1].n_missing, 3);
    assert_int_equal(columns[2].n_missing, 4);
    check_column(&set, 0, (const float[]){1, NAN, NAN, 2.5f, NAN, NAN});
    check_column(&set, 1, (const float[]){0, NAN, 1, 2, NAN, NAN});
    check_column(&set, 2, (const float[]){4, NAN, NAN, NAN, NAN, 7});
    assert_string_equal(set.source->kind, "table, 2 numeric columns, 1 of categories");
    read_free(&set);
}

static void codes_may_be_categories(void **state)
{
    nas_data_options options = nas_data_options_default();
    const char *path = make_text(*state, "t.csv", "a,b,y\n3,1,u\n10,2,v\n3,1,v\n9,2,u\n");
    options.categories = "b";
    read_set set = read_with(path, &options, NULL);
    assert_true(!set.source->columns[0].category && set.source->columns[1].category);
    check_column(&set, 0, (const float[]){3, 10, 3, 9});
    check_column(&set, 1, (const float[]){0, 1, 0, 1});
    read_free(&set);
    options.categories = "*";
    set = read_with(path, &options, NULL);
    assert_true(set.source->columns[0].category && set.source->columns[1].category);
    check_column(&set, 0, (const float[]){0, 1, 0, 2});
    read_free(&set);
    options.categories = "y";
    check_refused(path, &options, NAS_E_USAGE, "`y`, which is no input", "");
    options.categories = "bb";
    check_refused(path, &options, NAS_E_USAGE, "has no column `bb` (--categories)",
                  "its last column is `y`");
}

static void columns_without_use_are_left_out(void **state)
{
    nas_text text = {0};
    nas_text_puts(&text, "x,name,empty,kind,y\n");
    for (int i = 0; i < 80; i++)
        nas_text_printf(&text, "%d,person %d,NA,%s,%s\n", i * i % 37, i,
                        i % 3 == 0 ? "a" : "b", i % 2 == 0 ? "u" : "v");
    nas_data_options options = nas_data_options_default();
    read_set set =
        read_with(make_text(*state, "t.csv", nas_text_string(&text)), &options, NULL);
    assert_int_equal(set.width, 2);
    assert_string_equal(set.source->feature_names[1], "kind");
    assert_int_equal(set.source->n_warnings, 2);
    assert_non_null(strstr(set.source->warnings[0],
                           "`name` holds 80 different texts in 80 rows, such as "
                           "`person 0`: left out"));
    assert_non_null(strstr(set.source->warnings[1], "`empty` holds no value: left out"));
    read_free(&set);
    nas_text_free(&text);
}

static void texts_among_quantities_are_refused(void **state)
{
    nas_data_options options = nas_data_options_default();
    nas_text text = {0};
    nas_text_puts(&text, "x,y\n");
    for (int i = 0; i < 60; i++)
        nas_text_printf(&text, "%d%s,%s\n", i * 7 % 30, i > 40 ? " kg" : "",
                        i % 2 == 0 ? "u" : "v");
    const char *path = make_text(*state, "t.csv", nas_text_string(&text));
    check_refused(path, &options, NAS_E_DATA,
                  "t.csv:43:1: row 42, column `x`: `17 kg`, expected a number",
                  "--missing '17 kg'");
    nas_text_free(&text);
    check_refused(make_text(*state, "t.csv", "d,y\n2026-11-25,u\n2026-11-26,v\n"),
                  &options, NAS_E_DATA, "`2026-11-25`, expected a number",
                  "it is a date: leave the column out with --drop 'd'");
    check_refused(make_text(*state, "t.csv", "d,y\n,u\nNA,v\n"), &options, NAS_E_DATA,
                  "no column to learn from: column `d` holds no value", "");
}

/* Few different numbers beside texts are codes, not quantities. */
static void numbers_may_be_levels(void **state)
{
    nas_data_options options = nas_data_options_default();
    nas_text text = {0};
    nas_text_puts(&text, "x,y\n");
    for (int i = 0; i < 60; i++)
        nas_text_printf(&text, "%s,%s\n",
                        i % 4 == 0   ? "3+"
                        : i % 4 == 1 ? "1"
                                     : "2",
                        i % 2 == 0 ? "u" : "v");
    read_set set =
        read_with(make_text(*state, "t.csv", nas_text_string(&text)), &options, NULL);
    assert_true(set.source->columns[0].category);
    assert_true(set.values[0] == 0 && set.values[4] == 0 &&
                set.values[2] == set.values[3]);
    read_free(&set);
    nas_text_free(&text);
}

static void labels_are_never_missing(void **state)
{
    nas_data_options options = nas_data_options_default();
    check_refused(make_text(*state, "t.csv", "a,b,y\n1,2,u\n3,4,\n"), &options,
                  NAS_E_DATA, "t.csv:3:5: row 2, column `y`: the value is missing",
                  "remove the row");
    options.missing = "v";
    check_refused(make_text(*state, "t.csv", "a,b,y\n1,2,u\n3,4,v\n"), &options,
                  NAS_E_DATA, "row 2, column `y`: the value is missing (`v`)",
                  "remove the row");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(missing_words_are_nan),
        data_test(codes_may_be_categories),
        data_test(columns_without_use_are_left_out),
        data_test(texts_among_quantities_are_refused),
        data_test(numbers_may_be_levels),
        data_test(labels_are_never_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
