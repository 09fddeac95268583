#include "data/make.h"

/* What `data check` prints, byte for byte. */
static void check_text(const nas_data_summary *summary, const char *expected)
{
    nas_text text = {0};
    nas_data_summary_text(summary, &text);
    assert_string_equal(nas_text_string(&text), expected);
    nas_text_free(&text);
}

static void classification_as_text(void **state)
{
    static char cat[] = "cat", dog[] = "dog", note[] = "2 files skipped";
    static char *labels[2] = {cat, dog};
    static char *warnings[1] = {note};
    static int64_t counts[2] = {1000, 797};
    nas_data_summary s = {.source = "./pets",
                          .kind = "8×8 grey images, PNG",
                          .n_outputs = 2,
                          .n_train = 1257,
                          .n_validation = 270,
                          .n_test = 270,
                          .seed = 7,
                          .label_names = labels,
                          .class_counts = counts,
                          .n_warnings = 1,
                          .warnings = warnings};
    (void)state;
    check_text(&s, "Data     ./pets  1,797 rows: 8×8 grey images, PNG, 2 classes\n"
                   "         train 1,257 · val 270 · test 270 (stratified, seed 7)\n"
                   "Task     classification\n"
                   "Classes  cat 1,000 · dog 797\n"
                   "Note     2 files skipped\n");
    s.test_from_files = true;
    s.from_cache = true;
    s.n_warnings = 0;
    s.split = NAS_SPLIT_GROUP;
    check_text(
        &s, "Data     ./pets  1,797 rows: 8×8 grey images, PNG, 2 classes (prepared "
            "before)\n"
            "         train 1,257 · val 270 (by group, seed 7) · test 270 (as the files "
            "say)\n"
            "Task     classification\n"
            "Classes  cat 1,000 · dog 797\n");
    s.folds = 5;
    s.from_cache = false;
    check_text(&s, "Data     ./pets  1,797 rows: 8×8 grey images, PNG, 2 classes\n"
                   "         5 folds of 1,527 rows (by group, seed 7) · test 270 (as the "
                   "files say)\n"
                   "Task     classification\n"
                   "Classes  cat 1,000 · dog 797\n");
    s.repeats = 3;
    s.test_from_files = false;
    check_text(&s, "Data     ./pets  1,797 rows: 8×8 grey images, PNG, 2 classes\n"
                   "         5 folds of 1,527 rows, 3 times · test 270 (by group, "
                   "seed 7)\n"
                   "Task     classification\n"
                   "Classes  cat 1,000 · dog 797\n");
    s.folds = s.repeats = 1;
    s.test_from_files = true;
    s.split = NAS_SPLIT_FILES;
    check_text(&s, "Data     ./pets  1,797 rows: 8×8 grey images, PNG, 2 classes\n"
                   "         train 1,257 · val 270 · test 270 (as the files say)\n"
                   "Task     classification\n"
                   "Classes  cat 1,000 · dog 797\n");
}

static void regression_as_text(void **state)
{
    static char y[] = "price";
    static char *labels[1] = {y};
    nas_data_summary s = {.source = "t.csv",
                          .kind = "table, 8 numeric columns",
                          .task = NAS_TASK_REGRESSION,
                          .n_outputs = 1,
                          .n_train = 1234567,
                          .n_validation = 2,
                          .n_test = 1,
                          .split = NAS_SPLIT_RANDOM,
                          .label_names = labels,
                          .target_min = -1.5,
                          .target_max = 2.385,
                          .target_mean = 0.25,
                          .target_deviation = 1.125};
    (void)state;
    check_text(&s, "Data     t.csv  1,234,570 rows: table, 8 numeric columns\n"
                   "         train 1,234,567 · val 2 · test 1 (random, seed 0)\n"
                   "Task     regression\n"
                   "Target   price  -1.5 to 2.385, mean 0.25, deviation 1.125\n");
}

static void labels_as_text(void **state)
{
    static char a[] = "rain", b[] = "wind";
    static char *labels[2] = {a, b};
    static int64_t counts[2] = {10, 36};
    nas_data_summary s = {.source = "t.csv",
                          .kind = "table, 1 numeric column",
                          .task = NAS_TASK_MULTILABEL,
                          .n_outputs = 2,
                          .n_train = 28,
                          .n_validation = 6,
                          .n_test = 6,
                          .split = NAS_SPLIT_RANDOM,
                          .label_names = labels,
                          .class_counts = counts};
    (void)state;
    check_text(&s, "Data     t.csv  40 rows: table, 1 numeric column, 2 labels\n"
                   "         train 28 · val 6 · test 6 (random, seed 0)\n"
                   "Task     multilabel\n"
                   "Given    1.15 labels a row\n"
                   "Labels   rain 10 · wind 36\n");
}

static void several_targets_as_text(void **state)
{
    static char a[] = "depth", b[] = "width", c[] = "mass";
    static char *labels[3] = {a, b, c};
    nas_data_summary s = {.source = "t.csv",
                          .kind = "table, 8 numeric columns",
                          .task = NAS_TASK_REGRESSION,
                          .n_outputs = 3,
                          .n_train = 8,
                          .n_validation = 2,
                          .n_test = 1,
                          .split = NAS_SPLIT_TIME,
                          .label_names = labels,
                          .target_max = 2.385};
    (void)state;
    check_text(&s, "Data     t.csv  11 rows: table, 8 numeric columns\n"
                   "         train 8 · val 2 · test 1 (by time)\n"
                   "Task     regression\n"
                   "Target   depth  0 to 2.385, mean 0, deviation 0\n"
                   "         and width\n"
                   "             mass\n");
}

static void many_classes_are_wrapped_and_cut(void **state)
{
    static char names[200][32];
    static char *labels[200];
    static int64_t counts[200];
    nas_text text = {0};
    (void)state;
    for (int i = 0; i < 200; i++) {
        (void)snprintf(names[i], sizeof names[i], "class number %d", i);
        labels[i] = names[i];
        counts[i] = 1000 + i;
    }
    nas_data_summary s = {
        .n_outputs = 200, .label_names = labels, .class_counts = counts};
    nas_data_summary_text(&s, &text);
    assert_non_null(strstr(nas_text_string(&text), "class number 19 1,019 · 180 more\n"));
    assert_null(strstr(nas_text_string(&text), "number 20 "));
    size_t width = 0;
    for (const char *c = nas_text_string(&text); *c != '\0'; c++) {
        width = *c == '\n' ? 0 : width + 1;
        assert_true(width <= 110);
    }
    nas_text_free(&text);
}

static void json_is_valid_and_complete(void **state)
{
    static char odd[] = "\"odd\"\n", even[] = "even", note[] = "50 % \\ look";
    static char *labels[2] = {odd, even};
    static char *warnings[1] = {note};
    static int64_t counts[2] = {7, 8};
    nas_err err = {0};
    nas_text text = {0};
    json_t *document = NULL;
    nas_data_summary s = {.source = "a \"b\"",
                          .kind = "table",
                          .shape = {3, 1, 1},
                          .n_outputs = 2,
                          .n_train = 11,
                          .n_validation = 2,
                          .n_test = 2,
                          .label_names = labels,
                          .class_counts = counts,
                          .n_warnings = 1,
                          .warnings = warnings,
                          .fingerprint = UINT64_C(0xfedcba9876543210)};
    (void)state;
    nas_json json = nas_json_writer(&text, 0);
    nas_data_summary_json(&s, &json);
    check_ok(
        nas_json_parse(nas_text_string(&text), text.length, "summary", &document, &err),
        err);
    const json_t *classes = json_object_get(document, "classes");
    assert_string_equal(
        json_string_value(json_object_get(json_array_get(classes, 0), "name")), odd);
    assert_int_equal(
        json_integer_value(json_object_get(json_array_get(classes, 1), "rows")), 8);
    assert_string_equal(json_string_value(json_object_get(document, "fingerprint")),
                        "fedcba9876543210");
    assert_string_equal(json_string_value(json_object_get(document, "source")),
                        "a \"b\"");
    assert_string_equal(
        json_string_value(json_array_get(json_object_get(document, "warnings"), 0)),
        note);
    json_decref(document);
    nas_text_free(&text);
}

static void free_accepts_nothing(void **state)
{
    nas_data_summary s = {.n_train = 3};
    (void)state;
    nas_data_summary_free(NULL);
    nas_data_summary_free(&s);
    assert_int_equal(s.n_train, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classification_as_text),
        cmocka_unit_test(regression_as_text),
        cmocka_unit_test(labels_as_text),
        cmocka_unit_test(several_targets_as_text),
        cmocka_unit_test(many_classes_are_wrapped_and_cut),
        cmocka_unit_test(json_is_valid_and_complete),
        cmocka_unit_test(free_accepts_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
