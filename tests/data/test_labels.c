#include "check.h"

#include "data/labels.h"

#include <math.h>
#include <string.h>

static nas_source source_of(int64_t n)
{
    static char path[] = "x";
    nas_err err = {0};
    nas_source source = {.arena = nas_arena_new(), .path = path};
    check_ok(nas_rows_init(&source.rows, source.arena, n, &err), err);
    return source;
}

static void whole_numbers_are_classes(void **state)
{
    static const double values[4] = {7, -1, 7, 3};
    const nas_schema schema = {.task = NULL};
    nas_err err = {0};
    nas_source source = source_of(4);
    (void)state;
    check_ok(nas_labels_from_numbers(&source, &schema, values, 1, &err), err);
    assert_int_equal(source.task, NAS_TASK_CLASSIFICATION);
    assert_int_equal(source.n_outputs, 3);
    assert_string_equal(source.label_names[0], "-1");
    assert_int_equal(source.rows.labels[0], 2);
    nas_arena_free(source.arena);
}

static void fractions_and_columns_are_targets(void **state)
{
    static const double values[4] = {7, 2.385, 7, 3};
    static const double two[4] = {1, 2, 0, 1};
    const nas_schema schema = {.task = NULL};
    const nas_schema classes = {.task = "classification"};
    nas_err err = {0};
    nas_source source = source_of(4);
    (void)state;
    check_ok(nas_labels_from_numbers(&source, &schema, values, 1, &err), err);
    assert_int_equal(source.task, NAS_TASK_REGRESSION);
    assert_true(source.rows.targets[1] == 2.385f);
    assert_string_equal(source.label_names[0], "target");
    assert_int_equal(nas_labels_from_numbers(&source, &classes, values, 1, &err),
                     NAS_E_DATA);
    assert_non_null(strstr(err.text, "no class numbers (row 2: 2.385)"));
    source.rows.n = 2;
    check_ok(nas_labels_from_numbers(&source, &schema, two, 2, &err), err);
    assert_int_equal(source.n_outputs, 2);
    assert_string_equal(source.label_names[1], "target 2");
    nas_arena_free(source.arena);
}

static void zeros_and_ones_are_labels(void **state)
{
    static const double values[6] = {1, 1, 0, 0, 0, 1}; /* not one 1 in each row */
    static const double others[6] = {1, 1, 0, 0, 0, 2};
    nas_schema schema = {.task = NULL};
    nas_err err = {0};
    nas_source source = source_of(3);
    (void)state;
    check_ok(nas_labels_from_numbers(&source, &schema, values, 2, &err), err);
    assert_int_equal(source.task, NAS_TASK_MULTILABEL);
    assert_int_equal(source.n_outputs, 2);
    assert_string_equal(source.label_names[1], "label 2");
    assert_null(source.rows.labels);
    assert_true(source.rows.targets[1] == 1.0f && source.rows.targets[2] == 0.0f);
    schema.task = "regression";
    check_ok(nas_labels_from_numbers(&source, &schema, values, 2, &err), err);
    assert_int_equal(source.task, NAS_TASK_REGRESSION);
    schema.task = "multilabel";
    assert_int_equal(nas_labels_from_numbers(&source, &schema, others, 2, &err),
                     NAS_E_DATA);
    assert_non_null(strstr(err.text, "not all 0 or 1"));
    nas_arena_free(source.arena);
}

static void one_hot_rows_are_classes(void **state)
{
    static const double values[9] = {0, 1, 0, 1, 0, 0, 0, 0, 1};
    const nas_schema schema = {.task = NULL};
    nas_err err = {0};
    nas_source source = source_of(3);
    (void)state;
    check_ok(nas_labels_from_numbers(&source, &schema, values, 3, &err), err);
    assert_int_equal(source.task, NAS_TASK_CLASSIFICATION);
    assert_int_equal(source.n_outputs, 3);
    assert_int_equal(source.rows.labels[0], 1);
    assert_int_equal(source.rows.labels[2], 2);
    nas_arena_free(source.arena);
}

static void missing_numbers_are_refused(void **state)
{
    const double values[3] = {0, (double)NAN, 1};
    const nas_schema schema = {.task = NULL};
    nas_err err = {0};
    nas_source source = source_of(3);
    (void)state;
    assert_int_equal(nas_labels_from_numbers(&source, &schema, values, 1, &err),
                     NAS_E_DATA);
    assert_non_null(strstr(err.text, "row 2 is NaN"));
    nas_arena_free(source.arena);
}

static void check_order(bool declared, const char *const *texts, const char *first,
                        const char *last)
{
    static const int64_t codes[4] = {0, 1, 3, 1};
    const nas_schema schema = {.task = NULL};
    nas_err err = {0};
    nas_source source = source_of(4);
    nas_intern table = {.arena = source.arena};
    int64_t number;
    for (int i = 0; i < 4; i++)
        check_ok(nas_intern_add(&table, texts[i], &number, &err), err);
    check_ok(nas_labels_from_texts(&source, &schema, &table, codes, declared, &err), err);
    assert_int_equal(source.n_outputs, 3); /* number 2 has no row */
    assert_string_equal(source.label_names[0], first);
    assert_string_equal(source.label_names[2], last);
    for (int i = 0; i < 4; i++)
        assert_string_equal(source.label_names[source.rows.labels[i]], texts[codes[i]]);
    nas_arena_free(source.arena);
}

static void texts_are_sorted_unless_declared(void **state)
{
    static const char *const words[4] = {"dog", "cat", "x", "ant"};
    static const char *const numbers[4] = {"10", "9", "x", "-2"};
    static const char *const all_numbers[4] = {"10", "9", "5", "-2"};
    (void)state;
    check_order(false, words, "ant", "dog");
    check_order(true, words, "dog", "ant");
    check_order(false, numbers, "-2", "9"); /* by name */
    check_order(false, all_numbers, "-2", "10");
}

static void regression_wants_numbers(void **state)
{
    static const int64_t codes[2] = {1, 0};
    const nas_schema schema = {.task = "regression"};
    nas_err err = {0};
    nas_source source = source_of(2);
    nas_intern table = {.arena = source.arena};
    int64_t number;
    (void)state;
    check_ok(nas_intern_add(&table, "2.5", &number, &err), err);
    check_ok(nas_intern_add(&table, "1", &number, &err), err);
    check_ok(nas_labels_from_texts(&source, &schema, &table, codes, true, &err), err);
    assert_true(source.rows.targets[0] == 1.0f && source.rows.targets[1] == 2.5f);
    check_ok(nas_intern_add(&table, "big", &number, &err), err);
    assert_int_equal(nas_labels_from_texts(&source, &schema, &table, codes, true, &err),
                     NAS_E_DATA);
    assert_non_null(strstr(err.text, "label `big`, regression needs a number"));
    nas_arena_free(source.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_classes),
        cmocka_unit_test(fractions_and_columns_are_targets),
        cmocka_unit_test(zeros_and_ones_are_labels),
        cmocka_unit_test(one_hot_rows_are_classes),
        cmocka_unit_test(missing_numbers_are_refused),
        cmocka_unit_test(texts_are_sorted_unless_declared),
        cmocka_unit_test(regression_wants_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
