/* Every set of the shared data is read as its README says, with at most one flag. Sets
 * that are absent are skipped by name; set NASMITH_DATA to where they are. */
#include "data/make.h"

#include "nasmith/text.h"

#include <string.h>

typedef struct expected {
    const char *path;
    const char *names; /* the one flag, or NULL */
    int64_t search, test;
    nas_shape shape;
    int64_t classes;
} expected;

/* @return false when the set is absent, which is said */
static bool find_set(const char *name, char *path, size_t size)
{
    const char *root = getenv("NASMITH_DATA");
    if (root == NULL)
        root = NASMITH_SOURCE_DIR "/../shared/data";
    (void)snprintf(path, size, "%s/%.*s", root, (int)strcspn(name, "/"), name);
    bool found = access(path, R_OK) == 0;
    if (!found)
        print_message("skipped: %s is absent (set NASMITH_DATA)\n", path);
    (void)snprintf(path, size, "%s/%s", root, name);
    return found;
}

static nas_data_summary summary_of(const char *path, const nas_data_options *options)
{
    nas_err err = {0};
    nas_data_summary summary;
    check_ok(nas_data_check(path, options, &summary, &err), err);
    return summary;
}

static void check_set(const expected *e)
{
    char path[1024];
    nas_data_options options = nas_data_options_default();
    options.names = e->names;
    if (!find_set(e->path, path, sizeof path))
        return;
    nas_data_summary s = summary_of(path, &options);
    if (s.n_train + s.n_validation + s.n_test != e->search + e->test ||
        (e->test > 0 && (s.n_test != e->test || !s.test_from_files)) ||
        !nas_shape_equal(s.shape, e->shape) || s.n_outputs != e->classes ||
        s.task != NAS_TASK_CLASSIFICATION)
        fail_msg("%s: %d + %d + %d rows of %d×%d×%d, %d classes (%s)", e->path,
                 (int)s.n_train, (int)s.n_validation, (int)s.n_test, (int)s.shape.c,
                 (int)s.shape.h, (int)s.shape.w, (int)s.n_outputs, s.kind);
    nas_data_summary_free(&s);
}

static void sets_are_read_as_described(void **state)
{
    static const expected sets[] = {
        {"fashion-mnist", NULL, 60000, 10000, {1, 28, 28}, 10},
        {"mnist", NULL, 60000, 10000, {1, 28, 28}, 10},
        {"cifar10", NULL, 4000, 0, {3, 32, 32}, 10},
        {"sign-digits", NULL, 1658, 404, {3, 32, 32}, 10},
        {"kws01", NULL, 1000, 0, {1, 49, 10}, 12},
        {"hapt", NULL, 7415, 2996, {6, 1, 128}, 6},
        {"wand-digits", NULL, 800, 200, {2, 1, 145}, 10},
        {"ucr/ACSF1", NULL, 100, 100, {1, 1, 1460}, 10},
        {"ucr/ArrowHead", NULL, 36, 175, {1, 1, 251}, 3},
        {"ucr/BasicMotions", NULL, 40, 40, {6, 1, 100}, 4},
        {"ucr/Chinatown", NULL, 20, 343, {1, 1, 24}, 2},
        {"ucr/ECG200", NULL, 100, 100, {1, 1, 96}, 2},
        {"ucr/ECG5000", NULL, 500, 1500, {1, 1, 140}, 5},
        {"ucr/FaceFour", NULL, 24, 88, {1, 1, 350}, 4},
        {"ucr/GunPoint", NULL, 50, 150, {1, 1, 150}, 2},
        {"ucr/JapaneseVowels", NULL, 270, 370, {12, 1, 29}, 9},
        {"ucr/NATOPS", NULL, 180, 180, {24, 1, 51}, 6},
        {"ucr/Plane", NULL, 105, 105, {1, 1, 144}, 7},
    };
    (void)state;
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
        check_set(&sets[i]);
}

static void classes_have_the_counts_described(void **state)
{
    static const int64_t fashion[10] = {7000, 7000, 7000, 7000, 7000,
                                        7000, 7000, 7000, 7000, 7000};
    static const int64_t hapt[6] = {1722, 1544, 1407, 1801, 1979, 1958};
    static const int64_t first4000[10] = {396, 366, 420, 384, 422,
                                          393, 414, 385, 407, 413};
    static const struct {
        const char *path;
        const int64_t *counts;
    } cases[] = {{"fashion-mnist", fashion}, {"hapt", hapt}, {"cifar10", first4000}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[1024];
        nas_data_options options = nas_data_options_default();
        if (!find_set(cases[i].path, path, sizeof path))
            continue;
        nas_data_summary s = summary_of(path, &options);
        for (int64_t k = 0; k < s.n_outputs; k++)
            assert_int_equal(s.class_counts[k], cases[i].counts[k]);
        nas_data_summary_free(&s);
    }
}

/* 3,000 WAV files: the digit is the class, indices 0 to 4 are the official test part. */
static void spoken_digits_are_read_by_name(void **state)
{
    char path[1024];
    nas_data_options options = nas_data_options_default();
    (void)state;
    if (!find_set("fsdd/wav", path, sizeof path))
        return;
    options.names = "class_*_test=0-4";
    nas_data_summary s = summary_of(path, &options);
    assert_int_equal(s.n_test, 300);
    assert_int_equal(s.n_train + s.n_validation, 2700);
    assert_true(s.test_from_files);
    assert_int_equal(s.n_outputs, 10);
    for (int k = 0; k < 10; k++) {
        char digit[2] = {(char)('0' + k), '\0'};
        assert_string_equal(s.label_names[k], digit);
        assert_int_equal(s.class_counts[k], 300);
    }
    assert_true(s.shape.c == 1 && s.shape.h == 1 && s.shape.w > 4000);
    assert_non_null(strstr(s.kind, "at 8000 Hz"));
    nas_data_summary_free(&s);
    options.names = "class_group_*"; /* a speaker is in one part only */
    s = summary_of(path, &options);
    assert_int_equal(s.split, NAS_SPLIT_GROUP);
    assert_int_equal((s.n_train + s.n_validation + s.n_test) % 500, 0);
    assert_int_equal(s.n_test % 500, 0);
    nas_data_summary_free(&s);
}

/* ---- tables ---------------------------------------------------------------------- */

/* One line of tables/INDEX.csv. */
typedef struct table_line {
    char file[64], task[32], target[64];
    int rows, numeric, categorical, missing, incomplete, classes;
} table_line;

/* The one flag that some need beside their label. */
static void set_flag(const char *file, nas_data_options *options, table_line *t)
{
    if (strcmp(file, "soybean.csv.gz") == 0) { /* its numbers are codes */
        options->categories = "*";
        t->categorical = 35;
        t->numeric = 0;
    } else if (strcmp(file, "cells.csv.gz") == 0) {
        options->drop = "split";
        t->categorical = 0;
    } else if (strcmp(file, "protein-casp.csv.gz") == 0) {
        options->group = "fold";
        t->numeric = 9;
    } else if (strcmp(file, "wine-quality.csv.gz") == 0) {
        options->task = "regression";
    }
}

static void check_table(table_line *t)
{
    char name[128], path[1024];
    int categories = 0, missing = 0;
    nas_data_options options = nas_data_options_default();
    (void)snprintf(name, sizeof name, "tables/%s", t->file);
    assert_true(find_set(name, path, sizeof path));
    options.label = t->target;
    set_flag(t->file, &options, t);
    nas_data_summary s = summary_of(path, &options);
    int64_t n = s.n_train + s.n_validation + s.n_test;
    bool classes = strcmp(t->task, "classification") == 0;
    for (int64_t k = 0; s.columns != NULL && k < s.shape.c; k++) {
        categories += s.columns[k].levels != NULL;
        missing += (int)s.columns[k].n_missing;
    }
    if (n != t->rows || s.shape.c != t->numeric + t->categorical ||
        categories != t->categorical || missing != t->missing ||
        (s.task == NAS_TASK_CLASSIFICATION) != classes ||
        s.n_outputs != (classes ? t->classes : 1))
        fail_msg("%s: %d rows, %d columns, %d of categories, %d missing, %d outputs",
                 t->file, (int)n, (int)s.shape.c, categories, missing, (int)s.n_outputs);
    nas_data_summary_free(&s);
}

/* As its index says, by their label and at most one flag. */
static void tables_are_read_as_described(void **state)
{
    char path[1024], line[512];
    int n = 0;
    (void)state;
    if (!find_set("tables/INDEX.csv", path, sizeof path))
        return;
    FILE *index = fopen(path, "r");
    assert_non_null(index);
    while (fgets(line, sizeof line, index) != NULL) {
        table_line t = {.rows = 0};
        int found = sscanf(line, "%63[^,],%31[^,],%63[^,],%d,%d,%d,%d,%d,%d", t.file,
                           t.task, t.target, &t.rows, &t.numeric, &t.categorical,
                           &t.missing, &t.incomplete, &t.classes);
        if (found < 8)
            continue;
        check_table(&t);
        n++;
    }
    (void)fclose(index);
    assert_true(n >= 32);
}

/* Two files of one set, with the official test part. */
static void adult_is_one_table(void **state)
{
    char path[1024];
    nas_data_options options = nas_data_options_default();
    (void)state;
    if (!find_set("tables/adult", path, sizeof path))
        return;
    options.label = "income";
    nas_data_summary s = summary_of(path, &options);
    assert_int_equal(s.n_test, 16281);
    assert_int_equal(s.n_train + s.n_validation, 32561);
    assert_true(s.test_from_files);
    assert_int_equal(s.shape.c, 14);
    assert_true(s.inner.c > 100 && s.inner.c < 120);
    nas_data_summary_free(&s);
}

/* ---- CIFAR-10 as JPEG ------------------------------------------------------------ */

/* "JPK1", count, then label, length and a JPEG each; unpacked into class folders. */
static void unpack(const char *path, const char *folder, int64_t wanted)
{
    static unsigned char jpeg[65536];
    unsigned char head[8];
    gzFile file = gzopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(gzread(file, head, 8), 8);
    assert_memory_equal(head, "JPK1", 4);
    uint32_t n = (uint32_t)head[4] << 24 | (uint32_t)head[5] << 16 |
                 (uint32_t)head[6] << 8 | head[7];
    assert_int_equal(n, wanted);
    for (uint32_t i = 0; i < n; i++) {
        char name[256];
        assert_int_equal(gzread(file, head, 3), 3);
        unsigned length = (unsigned)head[1] << 8 | head[2];
        assert_int_equal(gzread(file, jpeg, length), (int)length);
        (void)snprintf(name, sizeof name, "%s/%d/%05d.jpg", folder, head[0], (int)i);
        FILE *out = fopen(name, "wb");
        assert_non_null(out);
        assert_int_equal(fwrite(jpeg, 1, length, out), length);
        assert_int_equal(fclose(out), 0);
    }
    assert_int_equal(gzclose(file), Z_OK);
}

static void jpeg_photos_are_read_from_folders(void **state)
{
    char path[1024];
    nas_err err = {0};
    nas_data_options options = nas_data_options_default();
    if (!find_set("cifar10/cifar10-test.jpk.gz", path, sizeof path))
        return;
    for (int k = 0; k < 10; k++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%d", k);
        check_ok(nas_file_make_directory(make_path(*state, name), &err), err);
    }
    unpack(path, *state, 10000);
    nas_data_summary s = summary_of(*state, &options);
    assert_string_equal(s.kind, "32×32 colour images, JPEG");
    assert_int_equal(s.n_train + s.n_validation + s.n_test, 10000);
    for (int k = 0; k < 10; k++)
        assert_int_equal(s.class_counts[k], 1000);
    nas_data_summary_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sets_are_read_as_described),
        cmocka_unit_test(classes_have_the_counts_described),
        cmocka_unit_test(spoken_digits_are_read_by_name),
        cmocka_unit_test(tables_are_read_as_described),
        cmocka_unit_test(adult_is_one_table),
        data_test(jpeg_photos_are_read_from_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
