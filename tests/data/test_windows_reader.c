/* covers: windows_reader.c, table_steps.c */
#include "data/read.h"

static const char table[] = "who,t,x,z,label\n"
                            "a,1,0,100,walk\na,2,1,101,walk\na,3,2,102,walk\n"
                            "a,4,3,103,sit\na,5,4,104,sit\na,6,5,105,sit\n"
                            "a,7,6,106,\n" /* between activities */
                            "a,8,7,107,sit\na,9,8,108,sit\n"
                            "b,1,9,109,sit\nb,2,10,110,sit\n"
                            "b,1,11,111,walk\nb,2,12,112,walk\nb,3,13,113,walk\n"
                            "b,2,14,114,walk\nb,3,15,115,walk\n";

static nas_data_options options_of(int64_t window, int64_t step)
{
    nas_data_options options = nas_data_options_default();
    options.window = window;
    options.step = step;
    options.group = "who";
    options.time = "t";
    return options;
}

/* Recordings end at groups, classes, gaps and falling times. */
static void windows_stay_inside_recordings(void **state)
{
    static const float first[] = {0, 1, 3, 4, 7, 9, 11, 12, 14};
    const nas_data_options options = options_of(2, 1);
    read_set set = read_all(make_text(*state, "long.csv", table), &options);
    assert_string_equal(set.source->reader->name, "windows");
    assert_string_equal(set.source->kind,
                        "6 recordings, 2 channels × 2 steps, windows, CSV");
    check_shape(&set, 9, 2, 1, 2);
    for (int i = 0; i < 9; i++) {
        assert_true(set.values[4 * i] == first[i]);
        assert_true(set.values[4 * i + 1] == first[i] + 1);
        assert_true(set.values[4 * i + 2] == first[i] + 100);
        assert_int_equal(set.source->rows.labels[i], i < 2 || i > 5);
        assert_true(set.source->rows.groups[i] == set.source->rows.groups[i < 5 ? 0 : 5]);
    }
    assert_string_equal(set.source->label_names[1], "walk");
    assert_true(set.source->rows.groups[0] != set.source->rows.groups[5]);
    read_free(&set);
}

/* Without a column of groups, a recording is a group. */
static void recordings_are_groups(void **state)
{
    nas_data_options options = options_of(2, 1);
    options.group = options.time = NULL;
    read_set set = read_all(
        make_text(*state, "l.csv", "x,y\n1,a\n2,a\n3,a\n4,b\n5,b\n6,a\n7,a\n"), &options);
    check_shape(&set, 4, 1, 1, 2);
    static const int32_t groups[4] = {0, 0, 1, 2};
    assert_memory_equal(set.source->rows.groups, groups, sizeof groups);
    assert_true(set.source->own_groups);
    read_free(&set);
}

static void targets_are_those_of_the_last_step(void **state)
{
    const nas_data_options options = {
        .validation = 0.15, .test = 0.15, .window = 3, .step = 2};
    read_set set =
        read_all(make_text(*state, "r.csv",
                           "x,target\n1,0.5\n2,1.5\n3,2.5\n4,3.5\n5,4.5\n6,5.5\n"),
                 &options);
    check_shape(&set, 2, 1, 1, 3);
    assert_int_equal(set.source->task, NAS_TASK_REGRESSION);
    assert_true(set.source->rows.targets[0] == 2.5f);
    assert_true(set.source->rows.targets[1] == 4.5f);
    read_free(&set);
}

static void errors_have_a_place(void **state)
{
    nas_data_options options = options_of(2, 1);
    check_refused(make_text(*state, "x.csv", "who,t,x,y\na,1,1,p\na,2,?,p\n"), &options,
                  NAS_E_DATA, "x.csv:3:5: column `x`: `?`, expected a number", "");
    check_refused(make_text(*state, "x.csv", "who,t,x,y\na,1,1\n"), &options, NAS_E_DATA,
                  "x.csv:2: 3 cells, expected 4", "");
    check_refused(make_text(*state, "x.csv", "1,2\n3,4\n"), &options, NAS_E_DATA,
                  "expected column names", "");
    check_refused(make_text(*state, "x.csv", "whom,t,x,y\na,1,1,p\n"), &options,
                  NAS_E_USAGE, "no column `who` (--group)", "did you mean `whom`");
    check_refused(make_text(*state, "x.csv", "who,t,x,act\na,1,1,p\n"), &options,
                  NAS_E_USAGE, "which column", "--label act");
    check_refused(make_text(*state, "x.csv", "who,t,x,y\na,1,1,p\na,1,1,q\n"), &options,
                  NAS_E_DATA, "no recording has the 2 steps", "");
    check_refused(make_text(*state, "x.csv", "who,t,x,y\na,1,1,\n"), &options, NAS_E_DATA,
                  "no row with a label", "");
    options.task = "regression";
    check_refused(make_text(*state, "x.csv", "who,t,x,y\na,1,1,p\na,2,1,p\n"), &options,
                  NAS_E_DATA, "label `p`, regression needs a number", "");
}

/* The whole way: no group is in two parts. */
static void groups_do_not_straddle(void **state)
{
    nas_err err = {0};
    nas_text text = {0};
    nas_data_summary summary;
    nas_dataset *data = NULL;
    nas_data_options options = options_of(4, 2);
    nas_text_puts(&text, "who,t,x,label\n");
    for (int who = 0; who < 12; who++)
        for (int t = 0; t < 40; t++)
            nas_text_printf(&text, "p%d,%d,%d.5,%s\n", who, t, (who * 37 + t * t) % 97,
                            t < 20 ? "low" : "high");
    char folder[1024];
    (void)snprintf(folder, sizeof folder, "%s", make_path(*state, "out"));
    const char *path = make_text(*state, "l.csv", nas_text_string(&text));
    nas_text_free(&text);
    check_ok(nas_data_prepare(path, &options, folder, &summary, &err), err);
    assert_int_equal(summary.split, NAS_SPLIT_GROUP);
    check_ok(nas_dataset_open(folder, &data, &err), err);
    assert_int_equal(data->n_rows + summary.n_test, 12 * 2 * 9);
    for (int64_t i = 0; i < data->n_train; i++)
        for (int64_t k = 0; k < data->n_validation; k++)
            assert_int_not_equal(data->groups[data->train[i]],
                                 data->groups[data->validation[k]]);
    nas_dataset_close(data);
    nas_data_summary_free(&summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(windows_stay_inside_recordings),
        data_test(recordings_are_groups),
        data_test(targets_are_those_of_the_last_step),
        data_test(errors_have_a_place),
        data_test(groups_do_not_straddle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
