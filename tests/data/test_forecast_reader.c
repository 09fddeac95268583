#include "data/read.h"

#include "data/sealed.h"

/* Step i: a = i, b = 10 i, c = 7 - i; 60 steps. */
static const char *write_series(const char *folder, const char *name, int n)
{
    nas_text text = {0};
    nas_text_puts(&text, "day,a,b,c\n");
    for (int i = 0; i < n; i++)
        nas_text_printf(&text, "2026-01-%02d %02d:00,%d,%d,%d\n", 1 + i / 24, i % 24, i,
                        10 * i, 7 - i);
    const char *path = make_text(folder, name, nas_text_string(&text));
    nas_text_free(&text);
    return path;
}

static nas_data_options options_of(int64_t horizon, int64_t window)
{
    nas_data_options options = nas_data_options_default();
    options.horizon = horizon;
    options.window = window;
    options.label = "b";
    return options;
}

/* Inputs are the past of all channels, targets what comes next of one. */
static void windows_and_what_comes_next(void **state)
{
    nas_data_options options = options_of(3, 4);
    read_set set = read_all(write_series(*state, "s.csv", 60), &options);
    assert_string_equal(set.source->reader->name, "forecast");
    assert_string_equal(set.source->kind, "series, 60 steps of 3 channels, CSV");
    assert_int_equal(set.source->n_outputs, 3);
    assert_string_equal(set.source->label_names[2], "b+3");
    assert_int_equal(set.source->horizon, 3);
    assert_int_equal(set.source->target_channels[0], 1);
    for (int64_t i = 0; i < set.source->rows.n; i++) {
        const float *row = set.values + i * 12;
        float first = row[0];
        for (int t = 0; t < 4; t++) {
            assert_true(row[t] == first + (float)t);
            assert_true(row[4 + t] == 10 * row[t]);
            assert_true(row[8 + t] == 7 - row[t]);
        }
        for (int h = 0; h < 3; h++)
            assert_true(set.source->rows.targets[3 * i + h] ==
                        10 * (first + 4 + (float)h));
    }
    read_free(&set);
}

/* Targets of 60 steps: 0..41 are trained on, 42..50 validated, 51..59 tested; none of a
 * window lies on both sides. */
static void parts_follow_in_time(void **state)
{
    nas_data_options options = options_of(3, 4);
    read_set set = read_all(write_series(*state, "s.csv", 60), &options);
    const nas_rows *rows = &set.source->rows;
    int count[NAS_PART_TEST + 1] = {0};
    for (int64_t i = 0; i < rows->n; i++) {
        int first = (int)set.values[i * 12] + 4; /* step of the first target */
        count[rows->part[i]]++;
        nas_part part = first + 3 <= 42                  ? NAS_PART_TRAIN
                        : first >= 42 && first + 3 <= 51 ? NAS_PART_VALIDATION
                        : first >= 51                    ? NAS_PART_TEST
                                                         : NAS_PART_ANY;
        assert_int_equal(rows->part[i], part);
    }
    assert_int_equal(count[NAS_PART_ANY], 0);
    assert_int_equal(count[NAS_PART_TRAIN], 36);
    assert_int_equal(count[NAS_PART_VALIDATION], 7);
    assert_int_equal(count[NAS_PART_TEST], 7);
    read_free(&set);
}

/* Prepared, described, opened again. */
static void the_horizon_is_kept(void **state)
{
    nas_data_options options = options_of(2, 0);
    options.label = "c,a";
    options.step = 2;
    const char *path = write_series(*state, "s.csv", 200);
    const char *folder = make_path(*state, "out");
    nas_data_summary s;
    nas_dataset *data = NULL, *sealed = NULL;
    nas_err err = {0};
    nas_text text = {0};
    check_ok(nas_data_prepare(path, &options, folder, &s, &err), err);
    assert_int_equal(s.split, NAS_SPLIT_TIME);
    assert_false(s.test_from_files);
    assert_int_equal(s.folds, 1);
    assert_int_equal(s.shape.w, 16); /* the shortest past */
    nas_data_summary_text(&s, &text);
    assert_non_null(
        strstr(nas_text_string(&text), "forecasting, the next 2 steps from 16"));
    nas_text_free(&text);
    check_ok(nas_dataset_open(folder, &data, &err), err);
    check_ok(nas_sealed_open(folder, &sealed, &err), err);
    assert_int_equal(data->horizon, 2);
    assert_int_equal(data->n_outputs, 4);
    assert_int_equal(sealed->horizon, 2);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(data->target_channels[i], i == 0 ? 2 : 0);
        assert_int_equal(sealed->target_channels[i], i == 0 ? 2 : 0);
    }
    assert_string_equal(data->label_names[3], "a+2");
    nas_data_summary_free(&s);
    check_ok(nas_data_prepare(path, &options, folder, &s, &err), err);
    assert_true(s.from_cache);
    assert_int_equal(s.horizon, 2);
    nas_data_summary_free(&s);
    nas_dataset_close(data);
    nas_dataset_close(sealed);
}

/* Several series: no window holds steps of two, each is divided by its own time. */
static void series_stay_apart(void **state)
{
    nas_text text = {0};
    nas_text_puts(&text, "x,who\n");
    for (int i = 0; i < 120; i++)
        nas_text_printf(&text, "%d,%s\n", i, i < 50 ? "ann" : "bob");
    nas_data_options options = options_of(2, 5);
    options.label = NULL;
    options.group = "who";
    options.validation = options.test = 0.2;
    const char *path = make_text(*state, "two.csv", nas_text_string(&text));
    nas_text_free(&text);
    options.label = "x";
    read_set set = read_all(path, &options);
    int tests = 0;
    for (int64_t i = 0; i < set.source->rows.n; i++) {
        int first = (int)set.values[i * 5];
        assert_true(first + 7 <= 50 || first >= 50);
        tests += first < 50 && set.source->rows.part[i] == NAS_PART_TEST;
    }
    assert_int_equal(tests, 9); /* targets within the last 10 of 50 steps */
    assert_string_equal(set.source->kind, "2 series, 120 steps of 1 channel, CSV");
    read_free(&set);
}

/* Rows for a model: its window, its columns, all windows. */
static void a_model_fixes_the_window(void **state)
{
    static char first[] = "b+1", second[] = "b+2";
    char *const names[] = {first, second};
    const nas_schema schema = {
        .task = "regression", .n_targets = 2, .target_names = names, .shape = {3, 1, 9}};
    nas_data_options options = options_of(2, 0);
    options.label = NULL;
    read_set set = read_with(write_series(*state, "s.csv", 60), &options, &schema);
    check_shape(&set, 60 - 11 + 1, 3, 1, 9);
    for (int64_t i = 0; i < set.source->rows.n; i++)
        assert_int_equal(set.source->rows.part[i], NAS_PART_ANY);
    assert_true(set.source->rows.targets[1] == 100);
    read_free(&set);
}

static void what_cannot_be_forecast(void **state)
{
    nas_data_options options = options_of(3, 4);
    const char *path = write_series(*state, "s.csv", 15);
    check_refused(path, &options, NAS_E_DATA, "15 steps leave no window of 4 + 3 to",
                  "a shorter --horizon");
    options.horizon = 30;
    check_refused(path, &options, NAS_E_DATA, "no series of 34 steps", "");
    options = options_of(3, 4);
    options.label = NULL;
    check_refused(path, &options, NAS_E_USAGE, "is to be forecast?", "--label c");
    options.label = "dai";
    check_refused(path, &options, NAS_E_USAGE, "no column `dai` (--label)",
                  "did you mean `day`?");
    options.label = "b";
    options.drop = "b";
    check_refused(path, &options, NAS_E_USAGE, "is to be forecast, so it cannot", "");
    options.drop = NULL;
    options.task = "classification";
    check_refused(path, &options, NAS_E_USAGE, "--task classification does not fit", "");
    options.task = NULL;
    path = make_text(*state, "back.csv", "t,b\n1,1\n2,2\n2,3\n3,4\n");
    options.time = "t";
    check_refused(path, &options, NAS_E_DATA, "back.csv:4:1: `2` is not after", "");
    path = make_text(*state, "word.csv", "t,b\n1,1\n2,two\n");
    check_refused(path, &options, NAS_E_DATA, "word.csv:3:3: column `b`: `two`", "");
    options.folds = 5;
    path = write_series(*state, "s.csv", 100);
    options.time = NULL;
    check_refused(path, &options, NAS_E_USAGE, "in the order of time", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(windows_and_what_comes_next), data_test(parts_follow_in_time),
        data_test(the_horizon_is_kept),         data_test(series_stay_apart),
        data_test(a_model_fixes_the_window),    data_test(what_cannot_be_forecast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
