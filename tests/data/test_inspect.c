#include "data/make.h"

#include "data/inspect.h"

#include <math.h>

enum { N = 40, C = 3 };

/* A table source with classes 0, 1 and the columns `a`, `b`, `c`. */
static nas_source make_source(void)
{
    static char a[] = "a", b[] = "b", c[] = "c", yes[] = "yes", no[] = "no",
                path[] = "t.csv";
    static char *features[C] = {a, b, c};
    static char *labels[2] = {no, yes};
    nas_err err = {0};
    nas_source source = {.arena = nas_arena_new(),
                         .path = path,
                         .shape = {C, 1, 1},
                         .element = NAS_ELEMENT_F32,
                         .n_outputs = 2,
                         .label_names = labels,
                         .feature_names = features};
    check_ok(nas_rows_init(&source.rows, source.arena, N, &err), err);
    source.rows.labels = NAS_NEW(source.arena, int32_t, N);
    for (int64_t i = 0; i < N; i++) {
        source.rows.labels[i] = (int32_t)(i % 2);
        source.rows.part[i] = i < 30 ? NAS_PART_TRAIN : NAS_PART_TEST;
    }
    return source;
}

static nas_status inspect(nas_source *source, float (*row)[C], nas_err *err)
{
    nas_inspection inspection;
    NAS_TRY(nas_inspection_init(&inspection, source->arena, source->shape,
                                source->element, N, err));
    nas_status status = NAS_OK;
    for (int64_t i = 0; i < N && status == NAS_OK; i++)
        status = nas_inspection_add(&inspection, row[i], err);
    if (status == NAS_OK)
        status = nas_inspection_finish(&inspection, &source->rows, source, err);
    nas_inspection_free(&inspection);
    return status;
}

static void fill(float (*row)[C])
{
    for (int i = 0; i < N; i++) {
        row[i][0] = 2.385f * (float)i;
        row[i][1] = (float)(i * 7 % 13);
        row[i][2] = -0.5f * (float)(i % 5);
    }
}

static bool warns(const nas_source *source, const char *words)
{
    for (int64_t i = 0; i < source->n_warnings; i++)
        if (strstr(source->warnings[i], words) != NULL)
            return true;
    return false;
}

static void good_data_passes_in_silence(void **state)
{
    nas_err err = {0};
    float row[N][C];
    nas_source source = make_source();
    (void)state;
    fill(row);
    check_ok(inspect(&source, row, &err), err);
    assert_int_equal(source.n_warnings, 0);
    nas_arena_free(source.arena);
}

static void nan_and_infinity_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        nas_err err = {0};
        float row[N][C];
        nas_source source = make_source();
        fill(row);
        row[17][1] = i == 0 ? NAN : -INFINITY;
        assert_int_equal(inspect(&source, row, &err), NAS_E_DATA);
        assert_non_null(
            strstr(err.text, i == 0 ? "element 2 is NaN" : "element 2 is inf"));
        nas_arena_free(source.arena);
    }
}

static void constant_columns_warn_and_all_constant_fails(void **state)
{
    nas_err err = {0};
    float row[N][C];
    nas_source source = make_source();
    (void)state;
    fill(row);
    for (int i = 0; i < N; i++)
        row[i][1] = 2.385f;
    check_ok(inspect(&source, row, &err), err);
    assert_true(warns(&source, "column `b` the same in all rows"));
    for (int i = 0; i < N; i++)
        row[i][0] = row[i][2] = -1.0f;
    assert_int_equal(inspect(&source, row, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "every input is constant"));
    nas_arena_free(source.arena);
}

static void an_index_column_warns(void **state)
{
    nas_err err = {0};
    float row[N][C];
    nas_source source = make_source();
    (void)state;
    fill(row);
    for (int i = 0; i < N; i++)
        row[i][2] = (float)(i + 100);
    check_ok(inspect(&source, row, &err), err);
    assert_true(warns(&source, "`c` counting"));
    assert_int_equal(source.n_warnings, 1);
    nas_arena_free(source.arena);
}

static void duplicates_are_counted(void **state)
{
    nas_err err = {0};
    float row[N][C];
    nas_source source = make_source();
    (void)state;
    fill(row);
    memcpy(row[5], row[3], sizeof row[5]);   /* same class, both training */
    memcpy(row[35], row[4], sizeof row[35]); /* other class, one in test */
    source.rows.part[9] = NAS_PART_VALIDATION;
    memcpy(row[9], row[7], sizeof row[9]);
    check_ok(inspect(&source, row, &err), err);
    assert_true(warns(&source, "3 rows repeat an earlier row: kept"));
    assert_true(warns(&source, "1 test row is identical"));
    assert_true(warns(&source, "1 validation row is identical"));
    assert_true(warns(&source, "2 rows share their inputs with a row of another class"));
    nas_arena_free(source.arena);
}

static void every_element_type_is_ranged(void **state)
{
    static const uint8_t u8[4] = {3, 200, 7, 7};
    static const int8_t i8[4] = {-3, 100, 7, 7};
    static const int16_t i16[4] = {-300, 1000, 7, 7};
    static const int32_t i32[4] = {-70000, 70001, 7, 7};
    static const float f32[4] = {-2.385f, 0.5f, 7.0f, 7.0f};
    static const struct {
        nas_element element;
        const void *row;
        float low, high;
    } cases[] = {
        {NAS_ELEMENT_U8, u8, 3.0f, 200.0f},
        {NAS_ELEMENT_I8, i8, -3.0f, 100.0f},
        {NAS_ELEMENT_I16, i16, -300.0f, 1000.0f},
        {NAS_ELEMENT_I32, i32, -70000.0f, 70001.0f},
        {NAS_ELEMENT_F32, f32, -2.385f, 0.5f},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nas_err err = {0};
        nas_inspection inspection;
        nas_arena *arena = nas_arena_new();
        nas_shape shape = {2, 1, 2};
        check_ok(
            nas_inspection_init(&inspection, arena, shape, cases[i].element, 1, &err),
            err);
        check_ok(nas_inspection_add(&inspection, cases[i].row, &err), err);
        assert_true(inspection.low[0] == cases[i].low);
        assert_true(inspection.high[0] == cases[i].high);
        assert_true(inspection.low[1] == 7.0f && inspection.high[1] == 7.0f);
        nas_inspection_free(&inspection);
        nas_arena_free(arena);
    }
}

/* More rows than are compared at once. */
static void repeated_rows_of_a_large_set_are_counted(void **state)
{
    enum { ROWS = 1200000, REPEATED = 1000, FEATURES = 2 };
    nas_err err = {0};
    nas_inspection inspection;
    nas_source source = make_source();
    (void)state;
    source.shape.c = FEATURES;
    source.element = NAS_ELEMENT_I32;
    check_ok(nas_rows_init(&source.rows, source.arena, ROWS, &err), err);
    source.rows.labels = NAS_NEW(source.arena, int32_t, ROWS);
    memset(source.rows.part, NAS_PART_TRAIN, ROWS);
    check_ok(nas_inspection_init(&inspection, source.arena, source.shape, source.element,
                                 ROWS, &err),
             err);
    for (int32_t i = 0; i < ROWS; i++) {
        const int32_t same = i % (ROWS - REPEATED);
        const int32_t row[FEATURES] = {same, 23 - same % 7};
        check_ok(nas_inspection_add(&inspection, row, &err), err);
    }
    source.rows.part[3] = NAS_PART_TEST; /* and its copy is trained on */
    check_ok(nas_inspection_finish(&inspection, &source.rows, &source, &err), err);
    assert_true(warns(&source, "1000 rows repeat an earlier row"));
    assert_true(warns(&source, "1 test row is identical"));
    nas_inspection_free(&inspection);
    nas_arena_free(source.arena);
}

static void classes_are_checked(void **state)
{
    nas_err err = {0};
    int64_t counts[2];
    nas_source source = make_source();
    (void)state;
    check_ok(nas_inspect_labels(&source, &source.rows, counts, &err), err);
    assert_int_equal(counts[0], 20);
    assert_int_equal(source.n_warnings, 0);
    for (int64_t i = 3; i < N; i++)
        source.rows.labels[i] = 0;
    source.rows.labels[2] = 1;
    check_ok(nas_inspect_labels(&source, &source.rows, counts, &err), err);
    assert_true(
        warns(&source, "classes are imbalanced: `no` has 95.0 % of the rows, `yes` 5 %"));
    source.rows.labels[2] = 0;
    assert_int_equal(nas_inspect_labels(&source, &source.rows, counts, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "class `yes` has 1 sample,"));
    source.n_outputs = 1;
    source.rows.labels[1] = 0;
    assert_int_equal(nas_inspect_labels(&source, &source.rows, counts, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "all 40 rows have class `no`"));
    nas_arena_free(source.arena);
}

static void constant_targets_are_refused(void **state)
{
    nas_err err = {0};
    nas_source source = make_source();
    (void)state;
    source.task = NAS_TASK_REGRESSION;
    source.n_outputs = 2;
    source.rows.targets = NAS_NEW(source.arena, float, 2 * N);
    for (int i = 0; i < N; i++) {
        source.rows.targets[2 * i] = (float)i;
        source.rows.targets[2 * i + 1] = 2.5f;
    }
    assert_int_equal(nas_inspect_labels(&source, &source.rows, NULL, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "target `yes` is 2.5 in all 40 rows"));
    nas_arena_free(source.arena);
}

static void parts_need_their_classes(void **state)
{
    nas_err err = {0};
    nas_source source = make_source();
    (void)state;
    source.rows.part[29] = NAS_PART_VALIDATION;
    check_ok(nas_inspect_parts(&source, &source.rows, &err), err);
    assert_true(warns(&source, "class `no` has no row in the validation part"));
    for (int64_t i = 0; i < 30; i++)
        source.rows.labels[i] = 0;
    assert_int_equal(nas_inspect_parts(&source, &source.rows, &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "class `yes` has no row in the training part"));
    nas_arena_free(source.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_data_passes_in_silence),
        cmocka_unit_test(nan_and_infinity_are_refused),
        cmocka_unit_test(constant_columns_warn_and_all_constant_fails),
        cmocka_unit_test(an_index_column_warns),
        cmocka_unit_test(duplicates_are_counted),
        cmocka_unit_test(every_element_type_is_ranged),
        cmocka_unit_test(repeated_rows_of_a_large_set_are_counted),
        cmocka_unit_test(classes_are_checked),
        cmocka_unit_test(constant_targets_are_refused),
        cmocka_unit_test(parts_need_their_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
