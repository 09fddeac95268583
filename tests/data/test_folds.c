#include "data/make.h"

#include "data/folds.h"

enum { N = 300 };

typedef struct table {
    nas_arena *arena;
    nas_rows rows;
    int32_t labels[N], groups[N];
    uint8_t part[N];
    nas_data_options options;
    nas_folds folds;
} table;

/* Every fifth row is tested on; class 2 is rare; groups are of 1 to 9 rows. */
static void fill_table(table *t, int64_t n, bool groups)
{
    *t = (table){.options = nas_data_options_default()};
    t->arena = nas_arena_new();
    assert_non_null(t->arena);
    for (int64_t i = 0, left = 0, group = -1; i < n; i++) {
        if (left-- == 0) {
            group++;
            left = group * 7 % 9;
        }
        t->part[i] = i % 5 == 4 ? NAS_PART_TEST : NAS_PART_TRAIN;
        t->labels[i] = i % 11 == 0 ? 2 : (int32_t)(i % 2);
        t->groups[i] = (int32_t)(1000 - group);
    }
    t->rows = (nas_rows){.n = n, .part = t->part, .labels = t->labels};
    if (groups)
        t->rows.groups = t->groups;
}

static nas_status make(table *t, nas_split_kind split, nas_err *err)
{
    return nas_folds_make(&t->rows, 3, split, &t->options, t->arena, &t->folds, err);
}

/* Rows of a class in a fold. */
static int64_t count(const table *t, int repeat, int fold, int32_t class)
{
    int64_t n = 0;
    for (int64_t i = 0; i < t->rows.n; i++)
        n += t->part[i] != NAS_PART_TEST && t->labels[i] == class &&
             t->folds.of[repeat * t->rows.n + i] == fold;
    return n;
}

static void classes_are_even(void **state)
{
    (void)state;
    table t;
    nas_err err = {0};
    fill_table(&t, N, false);
    t.options.folds = 7;
    t.options.repeats = 2;
    check_ok(make(&t, NAS_SPLIT_STRATIFIED, &err), err);
    assert_int_equal(t.folds.folds, 7);
    assert_int_equal(t.folds.repeats, 2);
    for (int repeat = 0; repeat < 2; repeat++)
        for (int32_t class = 0; class < 3; class ++) {
            int64_t least = N, most = 0;
            for (int fold = 0; fold < 7; fold++) {
                int64_t n = count(&t, repeat, fold, class);
                least = n < least ? n : least;
                most = n > most ? n : most;
            }
            assert_true(most - least <= 2);
        }
    assert_memory_not_equal(t.folds.of, t.folds.of + N, N); /* divided anew */
    for (int64_t i = 0; i < N; i++) {
        nas_part want = i % 5 == 4           ? NAS_PART_TEST
                        : t.folds.of[i] == 0 ? NAS_PART_VALIDATION
                                             : NAS_PART_TRAIN;
        assert_int_equal(t.part[i], want);
    }
    nas_arena_free(t.arena);
}

static void groups_stay_together(void **state)
{
    (void)state;
    table t;
    nas_err err = {0};
    fill_table(&t, N, true);
    t.options.repeats = 3;
    check_ok(make(&t, NAS_SPLIT_GROUP, &err), err);
    assert_int_equal(t.folds.folds, 5);
    for (int repeat = 0; repeat < 3; repeat++) {
        const uint8_t *of = t.folds.of + repeat * N;
        for (int64_t i = 0; i < N; i++)
            for (int64_t k = i + 1; k < N; k++)
                if (t.groups[i] == t.groups[k] && i % 5 != 4 && k % 5 != 4)
                    assert_int_equal(of[i], of[k]);
        for (int fold = 0; fold < 5; fold++) { /* 240 rows, 48 each */
            int64_t n = count(&t, repeat, fold, 0) + count(&t, repeat, fold, 1) +
                        count(&t, repeat, fold, 2);
            assert_in_range(n, 44, 52);
            assert_in_range(count(&t, repeat, fold, 2), 2, 7);
        }
    }
    nas_arena_free(t.arena);
}

static void the_same_seed_the_same_folds(void **state)
{
    (void)state;
    table a, b, c;
    nas_err err = {0};
    fill_table(&a, N, true);
    fill_table(&b, N, true);
    fill_table(&c, N, true);
    c.options.seed = 1;
    check_ok(make(&a, NAS_SPLIT_GROUP, &err), err);
    check_ok(make(&b, NAS_SPLIT_GROUP, &err), err);
    check_ok(make(&c, NAS_SPLIT_GROUP, &err), err);
    assert_memory_equal(a.folds.of, b.folds.of, N);
    assert_memory_not_equal(a.folds.of, c.folds.of, N);
    nas_arena_free(a.arena);
    nas_arena_free(b.arena);
    nas_arena_free(c.arena);
}

/* How many, where nobody says it. */
static void automatic_numbers(void **state)
{
    (void)state;
    static const struct {
        int64_t n; /* a fifth is tested on */
        nas_split_kind split;
        int folds, repeats;
    } cases[] = {
        {300, NAS_SPLIT_STRATIFIED, 5, 1}, {200, NAS_SPLIT_STRATIFIED, 5, 3},
        {11, NAS_SPLIT_STRATIFIED, 1, 1},  {300, NAS_SPLIT_FILES, 1, 1},
        {300, NAS_SPLIT_TIME, 1, 1},
    };
    nas_err err = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        table t;
        fill_table(&t, cases[i].n, false);
        check_ok(make(&t, cases[i].split, &err), err);
        assert_int_equal(t.folds.folds, cases[i].folds);
        assert_int_equal(t.folds.repeats, cases[i].repeats);
        assert_true((t.folds.of != NULL) == (cases[i].folds > 1));
        nas_arena_free(t.arena);
    }
    table t; /* three groups make three folds */
    fill_table(&t, 100, true);
    for (int i = 0; i < 100; i++)
        t.groups[i] = i / 40;
    check_ok(make(&t, NAS_SPLIT_GROUP, &err), err);
    assert_int_equal(t.folds.folds, 3);
    nas_arena_free(t.arena);
}

static void impossible_wishes(void **state)
{
    (void)state;
    static const struct {
        int64_t folds, repeats;
        bool groups;
        nas_split_kind split;
        nas_status status;
        const char *message;
    } cases[] = {
        {5, 0, false, NAS_SPLIT_FILES, NAS_E_USAGE, "the files say which rows"},
        {5, 0, false, NAS_SPLIT_TIME, NAS_E_USAGE, "in the order of time"},
        {20, 0, true, NAS_SPLIT_GROUP, NAS_E_DATA, "only 4 groups"},
        {1, 3, false, NAS_SPLIT_STRATIFIED, NAS_E_USAGE, "there are none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        table t;
        nas_err err = {0};
        fill_table(&t, 40, cases[i].groups);
        for (int k = 0; k < 40; k++)
            t.groups[k] = k / 10;
        t.options.folds = cases[i].folds;
        t.options.repeats = cases[i].repeats;
        assert_int_equal(make(&t, cases[i].split, &err), cases[i].status);
        if (strstr(err.text, cases[i].message) == NULL)
            fail_msg("%s", err.text);
        nas_arena_free(t.arena);
    }
}

/* Through the prepared file: each row of a fold is on one side, on both sides overall. */
static void rows_of_a_fold(void **state)
{
    nas_text text = {0};
    nas_text_puts(&text, "a,b,y\n");
    for (int i = 0; i < 150; i++)
        nas_text_printf(&text, "%d,%d,%c\n", i, i * i, "uvw"[i % 3]);
    const char *path = make_text(*state, "t.csv", nas_text_string(&text));
    nas_text_free(&text);
    nas_data_options options = nas_data_options_default();
    nas_data_summary summary;
    nas_dataset *data = NULL;
    nas_err err = {0};
    const char *folder = make_path(*state, "out");
    check_ok(nas_data_prepare(path, &options, folder, &summary, &err), err);
    check_ok(nas_dataset_open(folder, &data, &err), err);
    assert_int_equal(summary.folds, 5);
    assert_int_equal(summary.repeats, 3);
    assert_int_equal(data->folds, 5);
    nas_arena *arena = nas_arena_new();
    for (int repeat = 0; repeat < data->repeats; repeat++) {
        int validated[150] = {0};
        for (int f = 0; f < data->folds; f++) {
            int trained[150] = {0};
            nas_fold fold;
            check_ok(nas_dataset_fold(data, f, repeat, arena, &fold, &err), err);
            assert_int_equal(fold.n_train + fold.n_validation, data->n_rows);
            for (int64_t i = 0; i < fold.n_train; i++)
                trained[fold.train[i]]++;
            for (int64_t i = 0; i < fold.n_validation; i++) {
                assert_int_equal(trained[fold.validation[i]], 0);
                validated[fold.validation[i]]++;
            }
            for (int64_t i = 0; i < data->n_rows; i++)
                assert_true(trained[i] <= 1);
            for (int64_t i = 1; i < fold.n_validation; i++)
                assert_true(fold.validation[i] > fold.validation[i - 1]);
            int classes[3] = {0}; /* of a prefix */
            for (int64_t i = 0; i < 30; i++)
                classes[data->labels[fold.train[i]]]++;
            assert_true(classes[0] >= 9 && classes[1] >= 9 && classes[2] >= 9);
            if (f == 0 && repeat == 0)
                assert_ptr_equal(fold.train, data->train);
        }
        for (int64_t i = 0; i < data->n_rows; i++)
            assert_int_equal(validated[i], 1);
    }
    nas_arena_free(arena);
    nas_dataset_close(data);
    nas_data_summary_free(&summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes_are_even),
        cmocka_unit_test(groups_stay_together),
        cmocka_unit_test(the_same_seed_the_same_folds),
        cmocka_unit_test(automatic_numbers),
        cmocka_unit_test(impossible_wishes),
        data_test(rows_of_a_fold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
