#include "check.h"

#include "data/split.h"

#include <math.h>
#include <string.h>

enum { N = 997, CLASSES = 3 };

typedef struct fixture {
    nas_arena *arena;
    nas_rows rows;
    nas_data_options options;
    nas_split_how how;
} fixture;

/* Class sizes about 6 : 3 : 1. */
static int32_t class_of(int64_t i)
{
    return i % 10 < 6 ? 0 : i % 10 < 9 ? 1 : 2;
}

static fixture make(int64_t n)
{
    nas_err err = {0};
    fixture f = {.arena = nas_arena_new(), .options = nas_data_options_default()};
    check_ok(nas_rows_init(&f.rows, f.arena, n, &err), err);
    f.rows.labels = NAS_NEW(f.arena, int32_t, n);
    for (int64_t i = 0; i < n; i++)
        f.rows.labels[i] = class_of(i);
    return f;
}

static void split(fixture *f)
{
    nas_err err = {0};
    check_ok(nas_split_rows(&f->rows, f->rows.labels != NULL ? CLASSES : 1, &f->options,
                            f->arena, &f->how, &err),
             err);
}

static int64_t count(const fixture *f, nas_part part, int32_t class)
{
    int64_t n = 0;
    for (int64_t i = 0; i < f->rows.n; i++)
        n += f->rows.part[i] == part && (class < 0 || f->rows.labels[i] == class);
    return n;
}

static void every_part_has_every_class_in_proportion(void **state)
{
    fixture f = make(N);
    (void)state;
    split(&f);
    assert_int_equal(f.how.kind, NAS_SPLIT_STRATIFIED);
    assert_false(f.how.test_from_files);
    assert_int_equal(count(&f, NAS_PART_TEST, -1), 150); /* 0.15 * 997 = 149.55 */
    assert_int_equal(count(&f, NAS_PART_VALIDATION, -1), 150);
    assert_int_equal(count(&f, NAS_PART_TRAIN, -1), 697);
    for (int part = NAS_PART_TRAIN; part <= NAS_PART_TEST; part++) {
        for (int32_t c = 0; c < CLASSES; c++) {
            int64_t all = 0;
            for (int64_t i = 0; i < N; i++)
                all += class_of(i) == c;
            double wanted = (double)all * (double)count(&f, (nas_part)part, -1) / N;
            assert_true(fabs((double)count(&f, (nas_part)part, c) - wanted) <= 1.5);
        }
    }
    nas_arena_free(f.arena);
}

static void the_seed_alone_decides(void **state)
{
    fixture a = make(N);
    fixture b = make(N);
    fixture c = make(N);
    (void)state;
    c.options.seed = 7;
    split(&a);
    split(&b);
    split(&c);
    assert_memory_equal(a.rows.part, b.rows.part, N);
    assert_int_not_equal(memcmp(a.rows.part, c.rows.part, N), 0);
    nas_arena_free(a.arena);
    nas_arena_free(b.arena);
    nas_arena_free(c.arena);
}

static void parts_of_files_stay(void **state)
{
    fixture f = make(N);
    (void)state;
    for (int64_t i = 0; i < N; i++)
        f.rows.part[i] = i < 600 ? NAS_PART_TRAIN : NAS_PART_TEST;
    split(&f);
    assert_true(f.how.test_from_files);
    assert_int_equal(f.how.kind, NAS_SPLIT_STRATIFIED);
    assert_int_equal(count(&f, NAS_PART_VALIDATION, -1), 90);
    for (int64_t i = 600; i < N; i++)
        assert_int_equal(f.rows.part[i], NAS_PART_TEST);
    for (int64_t i = 0; i < N; i++)
        f.rows.part[i] = i < 600   ? NAS_PART_TRAIN
                         : i < 700 ? NAS_PART_VALIDATION
                                   : NAS_PART_TEST;
    split(&f);
    assert_int_equal(f.how.kind, NAS_SPLIT_FILES);
    assert_int_equal(count(&f, NAS_PART_TRAIN, -1), 600);
    assert_int_equal(count(&f, NAS_PART_VALIDATION, -1), 100);
    nas_arena_free(f.arena);
}

static void regression_is_shuffled(void **state)
{
    fixture f = make(N);
    (void)state;
    f.rows.labels = NULL;
    split(&f);
    assert_int_equal(f.how.kind, NAS_SPLIT_RANDOM);
    assert_int_equal(count(&f, NAS_PART_TEST, -1), 150);
    int64_t early = 0;
    for (int64_t i = 0; i < N / 2; i++)
        early += f.rows.part[i] == NAS_PART_TEST;
    assert_true(early > 45 && early < 105);
    nas_arena_free(f.arena);
}

static void the_last_are_tested(void **state)
{
    fixture f = make(N);
    (void)state;
    f.rows.times = NAS_NEW(f.arena, double, N);
    for (int64_t i = 0; i < N; i++) /* 100 moments of about ten rows */
        f.rows.times[i] = -2.385 * (double)(i * 13 % N / 10);
    split(&f);
    assert_int_equal(f.how.kind, NAS_SPLIT_TIME);
    double first[NAS_PART_TEST + 1] = {HUGE_VAL, HUGE_VAL, HUGE_VAL, HUGE_VAL};
    double last[NAS_PART_TEST + 1] = {-HUGE_VAL, -HUGE_VAL, -HUGE_VAL, -HUGE_VAL};
    for (int64_t i = 0; i < N; i++) {
        int part = f.rows.part[i];
        first[part] = fmin(first[part], f.rows.times[i]);
        last[part] = fmax(last[part], f.rows.times[i]);
    }
    assert_true(last[NAS_PART_TRAIN] < first[NAS_PART_VALIDATION]);
    assert_true(last[NAS_PART_VALIDATION] < first[NAS_PART_TEST]);
    int64_t n_test = count(&f, NAS_PART_TEST, -1);
    assert_true(n_test >= 150 && n_test < 160);
    for (int64_t i = 0; i < N; i++) {
        f.rows.times[i] = i < 20;
        f.rows.part[i] = NAS_PART_ANY;
    }
    nas_err err = {0};
    assert_int_equal(nas_split_rows(&f.rows, CLASSES, &f.options, f.arena, &f.how, &err),
                     NAS_E_DATA);
    assert_non_null(strstr(err.text, "too few different times"));
    nas_arena_free(f.arena);
}

static void groups_are_never_divided(void **state)
{
    fixture f = make(N);
    int part_of_group[20];
    (void)state;
    f.rows.groups = NAS_NEW(f.arena, int32_t, N);
    for (int64_t i = 0; i < N; i++)
        f.rows.groups[i] = (int32_t)(i * 13 / 7 % 20);
    split(&f);
    assert_int_equal(f.how.kind, NAS_SPLIT_GROUP);
    memset(part_of_group, 0, sizeof part_of_group);
    for (int64_t i = 0; i < N; i++) {
        int *part = &part_of_group[f.rows.groups[i]];
        assert_true(*part == 0 || *part == f.rows.part[i]);
        *part = f.rows.part[i];
    }
    for (int part = NAS_PART_TRAIN; part <= NAS_PART_TEST; part++)
        for (int32_t c = 0; c < CLASSES; c++)
            assert_true(count(&f, (nas_part)part, c) > 0);
    nas_arena_free(f.arena);
}

static void too_little_is_refused(void **state)
{
    nas_err err = {0};
    fixture f = make(2);
    (void)state;
    assert_int_equal(nas_split_rows(&f.rows, CLASSES, &f.options, f.arena, &f.how, &err),
                     NAS_E_DATA);
    assert_non_null(strstr(err.text, "too few"));
    nas_arena_free(f.arena);
    f = make(50);
    f.rows.groups = NAS_NEW(f.arena, int32_t, 50);
    f.rows.groups[7] = 1;
    assert_int_equal(nas_split_rows(&f.rows, CLASSES, &f.options, f.arena, &f.how, &err),
                     NAS_E_DATA);
    assert_non_null(strstr(err.text, "2 groups; 3 are needed"));
    nas_arena_free(f.arena);
}

static void shared_groups_are_counted(void **state)
{
    nas_err err = {0};
    fixture f = make(10);
    int64_t shared = -1;
    (void)state;
    f.rows.groups = NAS_NEW(f.arena, int32_t, 10);
    for (int64_t i = 0; i < 10; i++) {
        f.rows.groups[i] = (int32_t)(i < 6 ? i / 2 : i - 5); /* 0 0 1 1 2 2 1 2 3 4 */
        f.rows.part[i] = i < 6 ? NAS_PART_TRAIN : NAS_PART_TEST;
    }
    check_ok(nas_split_shared_groups(&f.rows, f.arena, &shared, &err), err);
    assert_int_equal(shared, 2);
    nas_arena_free(f.arena);
}

/* A third, or any other head, of the training order has the classes of the whole. */
static void prefixes_are_stratified(void **state)
{
    nas_err err = {0};
    fixture f = make(N);
    int64_t *order = NULL;
    int64_t n = 0;
    int64_t total[CLASSES] = {0};
    int64_t seen[CLASSES] = {0};
    (void)state;
    split(&f);
    check_ok(nas_split_train_order(&f.rows, CLASSES, 0, f.arena, &order, &n, &err), err);
    assert_int_equal(n, count(&f, NAS_PART_TRAIN, -1));
    for (int64_t i = 0; i < n; i++)
        total[f.rows.labels[order[i]]]++;
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(f.rows.part[order[i]], NAS_PART_TRAIN);
        f.rows.part[order[i]] = NAS_PART_ANY; /* a second visit fails above */
        seen[f.rows.labels[order[i]]]++;
        for (int32_t c = 0; c < CLASSES; c++) {
            double wanted = (double)total[c] * (double)(i + 1) / (double)n;
            assert_true(fabs((double)seen[c] - wanted) <= 2.0);
        }
    }
    nas_arena_free(f.arena);
}

/* Row i of n_k rows of class k belongs at (i + u_k) / n_k. */
typedef struct keyed {
    double key;
    int32_t class;
    int64_t row;
} keyed;

static int compare_keyed(const void *a, const void *b)
{
    const keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->class - y->class;
}

/* The order is that of a sort by key. */
static void classes_are_spread_evenly(void **state)
{
    enum { ROWS = 2385, MANY = 40 };
    static int32_t labels[ROWS];
    static int64_t pool[ROWS], shuffled[ROWS];
    static keyed wanted[ROWS];
    (void)state;
    for (int n_classes = 1; n_classes <= MANY; n_classes += 13) {
        nas_err err = {0};
        nas_rng rng = nas_rng_new(7, (uint64_t)n_classes), again = rng;
        double offset[MANY];
        int64_t counts[MANY] = {0}, next[MANY] = {0};
        for (int i = 0; i < ROWS; i++) {
            labels[i] = (int32_t)(i * i % 101 % n_classes);
            pool[i] = shuffled[i] = i;
            counts[labels[i]]++;
        }
        nas_rng_shuffle(&again, shuffled, ROWS);
        for (int k = 0; k < n_classes; k++)
            offset[k] = nas_rng_uniform(&again);
        for (int i = 0; i < ROWS; i++) {
            const int32_t k = labels[shuffled[i]];
            const double at = (double)next[k]++ + offset[k];
            wanted[i] = (keyed){at / (double)counts[k], k, shuffled[i]};
        }
        qsort(wanted, ROWS, sizeof wanted[0], compare_keyed);
        check_ok(nas_split_stratify(labels, n_classes, rng, pool, ROWS, &err), err);
        for (int i = 0; i < ROWS; i++)
            assert_int_equal(pool[i], wanted[i].row);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_part_has_every_class_in_proportion),
        cmocka_unit_test(the_seed_alone_decides),
        cmocka_unit_test(parts_of_files_stay),
        cmocka_unit_test(regression_is_shuffled),
        cmocka_unit_test(the_last_are_tested),
        cmocka_unit_test(groups_are_never_divided),
        cmocka_unit_test(too_little_is_refused),
        cmocka_unit_test(shared_groups_are_counted),
        cmocka_unit_test(prefixes_are_stratified),
        cmocka_unit_test(classes_are_spread_evenly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
