#include "data/read.h"

#include "data/anomaly.h"
#include "data/sealed.h"

/* n rows; those whose number ends in 7 are odd, those in 8 strange. */
static const char *write_table(const char *folder, int n)
{
    nas_text text = {0};
    nas_text_puts(&text, "x,y,what\n");
    for (int i = 0; i < n; i++)
        nas_text_printf(&text, "%d,%d,%s\n", i, i * i,
                        i % 10 == 7   ? "odd"
                        : i % 10 == 8 ? "strange"
                                      : "fine");
    const char *path = make_text(folder, "t.csv", nas_text_string(&text));
    nas_text_free(&text);
    return path;
}

static nas_data_options options_of(void)
{
    nas_data_options options = nas_data_options_default();
    options.task = "anomaly";
    options.label = "what";
    return options;
}

/* x tells the row: outputs are the inputs, only normal ones are trained on. */
static void check_part(const nas_dataset *data, int *n_anomalies)
{
    *n_anomalies = 0;
    for (int64_t i = 0; i < data->n_rows; i++) {
        float row[2];
        nas_dataset_row(data, i, row);
        assert_true(data->targets[2 * i] == row[0] && data->targets[2 * i + 1] == row[1]);
        int last = (int)row[0] % 10;
        assert_int_equal(data->anomalies[i], last == 7 || last == 8);
        *n_anomalies += data->anomalies[i];
    }
    for (int64_t i = 0; i < data->n_train; i++)
        assert_int_equal(data->anomalies[data->train[i]], 0);
}

static void only_normal_rows_are_trained_on(void **state)
{
    nas_data_options options = options_of();
    nas_data_summary s;
    nas_dataset *data = NULL, *sealed = NULL;
    nas_err err = {0};
    nas_text text = {0};
    int seen = 0, tested = 0;
    const char *path = write_table(*state, 200);
    const char *folder = make_path(*state, "out");
    for (int again = 0; again < 2; again++) {
        check_ok(nas_data_prepare(path, &options, folder, &s, &err), err);
        assert_int_equal(s.from_cache, again);
        assert_int_equal(s.task, NAS_TASK_ANOMALY);
        assert_int_equal(s.n_anomalies, 40);
        assert_int_equal(s.folds, 1);
        assert_int_equal(s.n_outputs, 2);
        nas_data_summary_text(&s, &text);
        assert_non_null(
            strstr(nas_text_string(&text), "anomaly: 160 rows are normal, 40 are not"));
        nas_data_summary_free(&s);
    }
    nas_text_free(&text);
    check_ok(nas_dataset_open(folder, &data, &err), err);
    check_ok(nas_sealed_open(folder, &sealed, &err), err);
    assert_null(data->labels);
    assert_int_equal(data->n_outputs, 2);
    assert_string_equal(data->label_names[1], "y");
    check_part(data, &seen);
    check_part(sealed, &tested);
    assert_int_equal(seen + tested, 40);
    assert_in_range(tested, 15, 25);
    assert_in_range(sealed->n_rows - tested, 20, 28); /* 15 % of the normal ones */
    nas_dataset_close(data);
    nas_dataset_close(sealed);
}

/* Bytes become floats: they are the targets. */
static void images_are_copied(void **state)
{
    nas_data_options options = nas_data_options_default();
    nas_data_summary s;
    nas_dataset *data = NULL;
    nas_err err = {0};
    options.task = "anomaly";
    options.normal = "2";
    make_images(make_path(*state, "in"), "", 90, 3);
    check_ok(nas_data_prepare(make_path(*state, "in"), &options, make_path(*state, "out"),
                              &s, &err),
             err);
    assert_int_equal(s.n_anomalies, 60);
    check_ok(nas_dataset_open(make_path(*state, "out"), &data, &err), err);
    assert_int_equal(data->n_outputs, 12);
    assert_string_equal(data->label_names[11], "input 12");
    for (int64_t i = 0; i < data->n_rows; i++) {
        float row[12];
        nas_dataset_row(data, i, row);
        assert_memory_equal(row, data->targets + 12 * i, sizeof row);
    }
    nas_dataset_close(data);
    nas_data_summary_free(&s);
}

/* The parts of files: classes that only the test part has are anomalies. */
static void parts_of_files(void **state)
{
    nas_data_options options = options_of();
    nas_data_summary s;
    nas_err err = {0};
    nas_text text = {0};
    nas_text_puts(&text, "x,what\n");
    for (int i = 0; i < 40; i++)
        nas_text_printf(&text, "%d,good\n", i);
    (void)make_text(*state, "in/train.csv", nas_text_string(&text));
    for (int i = 0; i < 10; i++)
        nas_text_printf(&text, "%d,%s\n", 90 + i, i % 2 ? "bent" : "scratched");
    (void)make_text(*state, "in/val.csv", nas_text_string(&text));
    (void)make_text(*state, "in/test.csv", nas_text_string(&text));
    nas_text_free(&text);
    check_ok(nas_data_check(make_path(*state, "in"), &options, &s, &err), err);
    assert_int_equal(s.n_train, 40);
    assert_int_equal(s.n_validation, 50);
    assert_int_equal(s.n_test, 50);
    assert_int_equal(s.n_anomalies, 20);
    nas_data_summary_free(&s);
}

static void what_is_no_anomaly(void **state)
{
    nas_data_options options = options_of();
    const char *path = write_table(*state, 100);
    options.normal = "usual";
    check_refused(path, &options, NAS_E_USAGE, "no class `usual` (--normal)", "`fine`");
    options.normal = NULL;
    options.folds = 5;
    check_refused(path, &options, NAS_E_USAGE, "only normal rows are trained on", "");
    options.folds = 0;
    options.label = "y";
    options.drop = "what";
    check_refused(path, &options, NAS_E_DATA, "sample", "");
    options.task = "regression";
    options.normal = "5";
    check_refused(path, &options, NAS_E_USAGE, "--normal 5 goes with --task anomaly", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(only_normal_rows_are_trained_on),
        data_test(images_are_copied),
        data_test(parts_of_files),
        data_test(what_is_no_anomaly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
