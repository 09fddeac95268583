/* covers: learn.c, prepare.c */
#include "data/make.h"

#include "data/sealed.h"

#include <math.h>

enum { ROWS = 200 };

/* A table whose `kind` is a, b, or one of rare words; `size` is missing now and then. */
static const char *make_mixed(const char *folder, const char *name, int first, int n,
                              bool missing)
{
    nas_text text = {0};
    nas_text_puts(&text, "size,kind,y\n");
    for (int i = first; i < first + n; i++) {
        char kind[32], size[32];
        (void)snprintf(kind, sizeof kind, i % 20 == 7 ? "rare %d" : i % 3 ? "b" : "a", i);
        (void)snprintf(size, sizeof size, "%d", i * i % 97);
        if (missing && i % 5 == 0)
            size[0] = '\0';
        nas_text_printf(&text, "%s,%s,%s\n", size, kind, i % 2 ? "u" : "v");
    }
    const char *path = make_text(folder, name, nas_text_string(&text));
    nas_text_free(&text);
    return path;
}

static nas_dataset *prepare(const char *folder, const char *path,
                            const nas_data_options *options, nas_data_summary *summary)
{
    nas_err err = {0};
    nas_dataset *data = NULL;
    char prepared[1024];
    (void)snprintf(prepared, sizeof prepared, "%s", make_path(folder, "prepared"));
    check_ok(nas_data_prepare(path, options, prepared, summary, &err), err);
    check_ok(nas_dataset_open(prepared, &data, &err), err);
    return data;
}

static void levels_come_from_training_rows(void **state)
{
    nas_data_summary s;
    nas_data_options options = nas_data_options_default();
    nas_dataset *data =
        prepare(*state, make_mixed(*state, "t.csv", 0, ROWS, true), &options, &s);
    assert_non_null(data->columns);
    assert_null(data->columns[0].levels);
    assert_true(data->columns[0].indicator);
    assert_int_equal(data->columns[0].n_missing, 40);
    assert_int_equal(data->columns[1].n_levels, 2);
    assert_string_equal(data->columns[1].levels[0], "a");
    assert_string_equal(data->columns[1].levels[1], "b");
    assert_false(data->columns[1].indicator);
    assert_true(data->columns[1].n_rare > 3 && data->columns[1].n_rare <= 10);
    assert_int_equal(nas_dataset_inner_shape(data).c, 2 + 3);
    assert_int_equal(s.inner.c, 5);
    assert_int_equal(s.shape.c, 2);
    int seen[3] = {0}, missing = 0;
    for (int64_t i = 0; i < data->n_rows; i++) {
        float row[2];
        nas_dataset_row(data, i, row);
        missing += isnan(row[0]);
        assert_true(row[1] == 0.0f || row[1] == 1.0f || row[1] == -1.0f);
        seen[(int)row[1] + 1]++;
    }
    assert_true(seen[0] > 0 && seen[1] > 40 && seen[2] > 80 && missing > 20);
    nas_dataset_close(data);
    nas_data_summary again; /* from the cache */
    data = prepare(*state, make_path(*state, "t.csv"), &options, &again);
    assert_true(again.from_cache);
    assert_string_equal(again.feature_names[1], "kind");
    assert_string_equal(again.columns[1].levels[1], "b");
    assert_int_equal(again.inner.c, 5);
    nas_text a = {0}, b = {0};
    again.from_cache = false;
    nas_data_summary_text(&s, &a);
    nas_data_summary_text(&again, &b);
    assert_string_equal(nas_text_string(&a), nas_text_string(&b));
    assert_non_null(strstr(nas_text_string(&a), "2 encoded: 5 inputs of the network"));
    assert_non_null(strstr(nas_text_string(&a), "size: number; 40 missing: the median "
                                                "and an input that says so"));
    nas_text_free(&a);
    nas_text_free(&b);
    nas_dataset_close(data);
    nas_data_summary_free(&again);
    nas_data_summary_free(&s);
}

/* Test files may lack values that training rows have, and have levels that they lack. */
static void test_files_follow_the_training_part(void **state)
{
    nas_err err = {0};
    nas_data_summary s;
    nas_dataset *sealed = NULL;
    nas_data_options options = nas_data_options_default();
    char test[1024];
    (void)snprintf(test, sizeof test, "%s",
                   make_mixed(*state, "other.csv", 1000, 60, true));
    options.test_path = test;
    nas_dataset *data =
        prepare(*state, make_mixed(*state, "t.csv", 0, ROWS, false), &options, &s);
    assert_false(data->columns[0].indicator);
    assert_int_equal(data->columns[0].n_missing, 12);
    assert_int_equal(nas_dataset_inner_shape(data).c, 1 + 3);
    check_ok(nas_sealed_open(make_path(*state, "prepared"), &sealed, &err), err);
    assert_int_equal(sealed->n_rows, 60);
    for (int64_t i = 0; i < 60; i++) {
        float row[2];
        const int at = 1000 + (int)i;
        nas_dataset_row(sealed, i, row);
        assert_int_equal(isnan(row[0]) != 0, at % 5 == 0);
        assert_true(row[1] == (at % 20 == 7 ? -1.0f : at % 3 ? 1.0f : 0.0f));
    }
    nas_dataset_close(sealed);
    nas_dataset_close(data);
    nas_data_summary_free(&s);
}

/* A folder of train.csv and test.csv is one table. */
static void parts_share_their_columns(void **state)
{
    nas_data_summary s;
    nas_data_options options = nas_data_options_default();
    (void)make_mixed(*state, "both/test.csv", 1000, 60, false);
    (void)make_mixed(*state, "both/train.csv", 0, ROWS, true);
    char folder[1024];
    (void)snprintf(folder, sizeof folder, "%s", make_path(*state, "both"));
    nas_dataset *data = prepare(*state, folder, &options, &s);
    assert_int_equal(s.n_test, 60);
    assert_int_equal(data->columns[1].n_levels, 2);
    assert_int_equal(data->columns[0].n_missing, 40);
    nas_dataset_close(data);
    nas_data_summary_free(&s);
}

static void plain_tables_stay_plain(void **state)
{
    nas_data_summary s;
    nas_data_options options = nas_data_options_default();
    nas_dataset *data =
        prepare(*state, make_table(*state, "t.csv", 60, "class"), &options, &s);
    assert_null(data->columns);
    assert_null(s.columns);
    assert_true(nas_shape_equal(s.inner, s.shape));
    nas_dataset_close(data);
    nas_data_summary_free(&s);
}

/* At most 64 levels, each with three rows, ordered by number where they are numbers. */
static void many_levels_are_cut(void **state)
{
    nas_data_summary s;
    nas_data_options options = nas_data_options_default();
    nas_text text = {0};
    options.categories = "code";
    nas_text_puts(&text, "code,x,y\n");
    for (int i = 0; i < 2000; i++)
        nas_text_printf(&text, "%d,%d,%s\n", i % 90, i * i % 31, i % 2 ? "u" : "v");
    nas_dataset *data =
        prepare(*state, make_text(*state, "t.csv", nas_text_string(&text)), &options, &s);
    assert_int_equal(data->columns[0].n_levels, 64);
    for (int k = 1; k < 64; k++)
        assert_true(strtol(data->columns[0].levels[k], NULL, 10) >
                    strtol(data->columns[0].levels[k - 1], NULL, 10));
    assert_true(data->columns[0].n_rare > 200);
    nas_dataset_close(data);
    nas_data_summary_free(&s);
    nas_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(levels_come_from_training_rows),
        data_test(test_files_follow_the_training_part),
        data_test(parts_share_their_columns),
        data_test(plain_tables_stay_plain),
        data_test(many_levels_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
