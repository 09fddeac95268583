/* covers: settings.c schema.c */
#include "fixture.h"

#include "nasmith/text.h"

#include <sqlite3.h>
#include <sys/stat.h>

/* ---- creating and opening ---- */

static void settings_survive(void **state)
{
    (void)state;
    fixture f = {0};
    nas_err err = {0};
    fixture_open(&f, "s.nas.db");
    nas_study_close(f.study);
    check_ok(nas_study_open(f.path, &f.study, &err), err);
    const nas_study_settings *s = nas_study_settings_of(f.study);
    nas_study_settings wanted = test_settings();
    check_ok(nas_study_same(f.study, &wanted, &err), err);
    assert_string_equal(s->data_path, "digits");
    assert_true(s->data_fingerprint == UINT64_C(0xfedcba9876543210));
    assert_true(s->space_hash == UINT64_C(0x9000000000000001));
    assert_string_equal(s->space_text, "layers: []\n");
    assert_int_equal(s->space_context.input.h, 14);
    assert_int_equal(s->space_context.n_outputs, 7);
    assert_int_equal(s->space_context.n_categories, 2);
    assert_int_equal(s->space_context.categories[1].from, 1);
    assert_int_equal(s->space_context.categories[1].count, 2);
    assert_int_equal(s->space_context.task, NAS_TASK_CLASSIFICATION);
    assert_true(s->limits.latency_ms == 2.385);
    assert_true(s->seed == UINT64_C(0xffffffffffffffff));
    assert_int_equal(s->ladder.n, 3);
    assert_true(s->ladder.rung[0].fraction == 1.0 / 3);
    assert_true(s->ladder.rung[1].keep == 0.25);
    assert_int_equal(s->ladder.folds[1], 2);
    assert_int_equal(nas_ladder_folds(&s->ladder, 2), 5);
    assert_int_equal(nas_ladder_repeats(&s->ladder, 2), 3);
    assert_true(s->latency.known);
    assert_true(s->latency.ns_per_step == 31.25);
    assert_true(s->latency.ns_per_unit[0][1] == 0.7);
    assert_true(s->seconds_per_mac_row == 3.3e-11);
    assert_string_equal(s->cpu, "test");
    assert_string_equal(nas_study_path(f.study), f.path);
    fixture_close(&f);
}

static void blobs_stand_beside_the_file(void **state)
{
    (void)state;
    fixture f = {0};
    char folder[200];
    fixture_open(&f, "s.nas.db");
    (void)snprintf(folder, sizeof folder, "%s/s.nas", f.folder);
    assert_string_equal(nas_study_folder(f.study), folder);
    assert_true(nas_file_is_directory(folder));
    fixture_close(&f);
    fixture_open(&f, "other.db");
    (void)snprintf(folder, sizeof folder, "%s/other.db.nas", f.folder);
    assert_string_equal(nas_study_folder(f.study), folder);
    fixture_close(&f);
}

static void creating_never_overwrites(void **state)
{
    (void)state;
    fixture f = {0};
    nas_err err = {0};
    nas_study *second = NULL;
    nas_study_settings settings = test_settings();
    fixture_open(&f, "s.nas.db");
    assert_int_equal(nas_study_create(f.path, &settings, &second, &err), NAS_E_STUDY);
    assert_non_null(strstr(err.text, "exists already"));
    assert_non_null(strstr(err.hint, "--new"));
    assert_null(second);
    /* Nothing temporary is left. */
    char **names = NULL;
    int64_t n = 0;
    check_ok(nas_file_list(f.folder, f.arena, &names, &n, &err), err);
    for (int64_t i = 0; i < n; i++)
        assert_null(strstr(names[i], ".new-"));
    fixture_close(&f);
}

static void a_stale_journal_is_not_replayed(void **state)
{
    (void)state;
    fixture f = {0};
    nas_err err = {0};
    char journal[200];
    nas_test_tmpdir(f.folder, sizeof f.folder);
    f.arena = nas_arena_new();
    (void)snprintf(f.path, sizeof f.path, "%s/s.nas.db", f.folder);
    (void)snprintf(journal, sizeof journal, "%s-wal", f.path);
    check_ok(nas_file_write(journal, "left over", 9, &err), err);
    nas_study_settings settings = test_settings();
    check_ok(nas_study_create(f.path, &settings, &f.study, &err), err);
    assert_int_equal(ask_trial(f.study, 1), 1);
    fixture_close(&f);
}

/* ---- what cannot be opened ---- */

static void check_refused(const fixture *f, nas_status expected, const char *text)
{
    nas_err err = {0};
    nas_study *study = NULL;
    assert_int_equal(nas_study_open(f->path, &study, &err), expected);
    assert_null(study);
    if (strstr(err.text, text) == NULL)
        fail_msg("`%s` expected in: %s", text, err.text);
}

static void closed_file(fixture *f)
{
    fixture_open(f, "s.nas.db");
    nas_study_close(f->study);
    f->study = NULL;
}

static void a_missing_file(void **state)
{
    (void)state;
    fixture f = {.path = "/nonexistent/s.nas.db"};
    check_refused(&f, NAS_E_STUDY, "no study `/nonexistent/s.nas.db`");
}

static void what_is_no_study(void **state)
{
    (void)state;
    fixture f = {0};
    nas_err err = {0};
    closed_file(&f);
    check_ok(nas_file_write(f.path, "", 0, &err), err);
    check_refused(&f, NAS_E_STUDY, "is not a study file");
    char text[4096];
    memset(text, 'x', sizeof text);
    check_ok(nas_file_write(f.path, text, sizeof text, &err), err);
    check_refused(&f, NAS_E_STUDY, "is not a study file");
    (void)snprintf(f.path, sizeof f.path, "%s", f.folder);
    check_refused(&f, NAS_E_STUDY, "is not a study file");
    fixture_close(&f);
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *handle = NULL;
    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    (void)sqlite3_close(handle);
}

static void another_database(void **state)
{
    (void)state;
    fixture f = {0};
    nas_err err = {0};
    closed_file(&f);
    check_ok(nas_file_remove(f.path, &err), err);
    run_sql(f.path, "CREATE TABLE recipes (name TEXT)");
    check_refused(&f, NAS_E_STUDY, "is a database, but not a study");
    fixture_close(&f);
}

static void a_newer_schema(void **state)
{
    (void)state;
    fixture f = {0};
    closed_file(&f);
    run_sql(f.path, "UPDATE entries SET value = '7' WHERE key = 'schema'");
    check_refused(&f, NAS_E_STUDY, "has schema 7, this program knows 1");
    fixture_close(&f);
}

static void damaged_settings(void **state)
{
    (void)state;
    fixture f = {0};
    closed_file(&f);
    run_sql(f.path, "UPDATE settings SET json = '{\"ladder\":[]}'");
    check_refused(&f, NAS_E_STUDY, "is corrupt: settings: 0 rungs, 1 to 8 expected");
    run_sql(f.path, "UPDATE settings SET json = '{\"ladder\":'");
    check_refused(&f, NAS_E_STUDY, "is corrupt");
    run_sql(f.path, "DELETE FROM settings");
    check_refused(&f, NAS_E_STUDY, "has no settings");
    fixture_close(&f);
}

/* Bytes written over pages of the file: an error or an intact study, never a crash. */
static void a_damaged_file(void **state)
{
    (void)state;
    fixture f = {0};
    nas_err err = {0};
    char *bytes = NULL;
    size_t size = 0;
    int refused = 0;
    closed_file(&f);
    check_ok(nas_file_read(f.path, 0, &bytes, &size, &err), err);
    for (size_t at = 0; at + 512 <= size; at += 2048) {
        char *copy = nas_heap_alloc(size, 1);
        memcpy(copy, bytes, size);
        memset(copy + at, 0xa5, 512);
        check_ok(nas_file_write(f.path, copy, size, &err), err);
        nas_heap_free(copy);
        nas_study *study = NULL;
        nas_status status = nas_study_open(f.path, &study, &err);
        assert_true(status == NAS_OK || status == NAS_E_STUDY || status == NAS_E_IO);
        refused += status != NAS_OK;
        if (status == NAS_OK) {
            nas_study_counts counts;
            status = nas_study_count(study, &counts, &err);
            refused += status != NAS_OK;
        }
        nas_study_close(study);
    }
    assert_true(refused >= 3);
    nas_heap_free(bytes);
    fixture_close(&f);
}

static void an_unwritable_folder(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_study *study = NULL;
    nas_study_settings settings = test_settings();
    assert_int_equal(nas_study_create("/proc/nasmith/s.nas.db", &settings, &study, &err),
                     NAS_E_IO);
    assert_non_null(strstr(err.text, "/proc/nasmith/s.nas.db"));
    assert_non_null(strstr(err.hint, "--study"));
    assert_null(study);
}

/* ---- identity ---- */

static void check_differs(const nas_study *study, const nas_study_settings *wanted,
                          const char *text)
{
    nas_err err = {0};
    assert_int_equal(nas_study_same(study, wanted, &err), NAS_E_STUDY);
    if (strstr(err.text, text) == NULL)
        fail_msg("`%s` expected in: %s", text, err.text);
    assert_string_equal(err.hint, "continue with the old value, or start again: --new");
}

static void every_change_is_shown(void **state)
{
    (void)state;
    fixture f = {0};
    fixture_open(&f, ":memory:");
#define DIFFERS(field, new_value, text)                                                  \
    do {                                                                                 \
        nas_study_settings wanted = test_settings();                                     \
        wanted.field = (new_value);                                                      \
        check_differs(f.study, &wanted, text);                                           \
    } while (0)
    DIFFERS(data_fingerprint, 5,
            "contents of the data (fingerprint) fedcba9876543210, now");
    DIFFERS(space_hash, 5, "contents of the space 9000000000000001, now");
    DIFFERS(limits.ram_bytes, 32768, "made with --max-ram 64 KiB, now it is 32 KiB");
    DIFFERS(limits.flash_bytes, 0, "--max-flash 256 KiB, now it is none");
    DIFFERS(limits.params, 50000, "--max-params none, now it is 50");
    DIFFERS(limits.latency_ms, 3.5, "--max-latency 2.385 ms, now it is 3.5 ms");
    DIFFERS(limits.dtype, NAS_INT8, "--dtype float, now it is int8");
    DIFFERS(minimise, 1U << NAS_LIMIT_MACS, "--minimize none, now it is macs");
    DIFFERS(proxies, 12, "--proxies 0, now it is 12");
    DIFFERS(metric, "log_loss", "--metric accuracy, now it is log_loss");
    DIFFERS(strategy, "random", "--strategy evolution, now it is random");
    DIFFERS(strategy_json, "{\"population\":9}", "{\"population\":30}, now it is");
    DIFFERS(scheduler, "none", "scheduler asha, now it is none");
    DIFFERS(recipe_json, "{}", "recipe {\"learning_rate\":0.02}, now it is {}");
    DIFFERS(seed, 7, "--seed -1, now it is 7");
    DIFFERS(epochs, 12, "--epochs 0, now it is 12");
    nas_study_settings wanted = test_settings();
    wanted.data_path = "mnist";
    wanted.data_fingerprint = 3;
    check_differs(f.study, &wanted, "data digits, now it is mnist");
    wanted = test_settings();
    wanted.space_name = "resnet";
    wanted.space_hash = 3;
    check_differs(f.study, &wanted, "--space tiny, now it is resnet");
    fixture_close(&f);
}

static void what_a_clock_gave_may_differ(void **state)
{
    (void)state;
    fixture f = {0};
    nas_err err = {0};
    fixture_open(&f, ":memory:");
    nas_study_settings wanted = test_settings();
    wanted.data_path = "/elsewhere/digits"; /* the same bytes */
    wanted.ladder.n = 1;
    wanted.seconds_per_mac_row = 1;
    wanted.cpu = "another";
    wanted.version = "9";
    check_ok(nas_study_same(f.study, &wanted, &err), err);
    fixture_close(&f);
}

/* ---- small named values ---- */

static void test_values(fixture *f)
{
    nas_err err = {0};
    const char *text = "x";
    int64_t now = 0;
    check_ok(nas_study_get(f->study, "state", f->arena, &text, &err), err);
    assert_null(text);
    check_ok(nas_study_put(f->study, "state", "it's \"here\"", &err), err);
    check_ok(nas_study_put(f->study, "state", "there", &err), err);
    check_ok(nas_study_get(f->study, "state", f->arena, &text, &err), err);
    assert_string_equal(text, "there");
    check_ok(nas_study_add(f->study, "openings", 1, &now, &err), err);
    assert_int_equal(now, 1);
    check_ok(nas_study_add(f->study, "openings", -4, NULL, &err), err);
    check_ok(nas_study_add(f->study, "openings", 10, &now, &err), err);
    assert_int_equal(now, 7);
    check_ok(nas_study_get(f->study, "openings", f->arena, &text, &err), err);
    assert_string_equal(text, "7");
}

static void values(void **state)
{
    (void)state;
    check_both(test_values);
}

/* ---- memory ---- */

static void every_allocation_may_fail(void **state)
{
    (void)state;
    fixture f = {0};
    nas_err err = {0};
    closed_file(&f);
    int64_t nth = 1;
    for (; nth < 1000; nth++) {
        nas_study *study = NULL;
        nas_alloc_fail_nth(nth);
        nas_status status = nas_study_open(f.path, &study, &err);
        nas_alloc_fail_nth(0);
        nas_study_close(study);
        if (status == NAS_OK)
            break;
        assert_int_equal(status, NAS_E_NOMEM);
        assert_null(study);
    }
    assert_true(nth > 5 && nth < 1000);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_survive),
        cmocka_unit_test(blobs_stand_beside_the_file),
        cmocka_unit_test(creating_never_overwrites),
        cmocka_unit_test(a_stale_journal_is_not_replayed),
        cmocka_unit_test(a_missing_file),
        cmocka_unit_test(what_is_no_study),
        cmocka_unit_test(another_database),
        cmocka_unit_test(a_newer_schema),
        cmocka_unit_test(damaged_settings),
        cmocka_unit_test(a_damaged_file),
        cmocka_unit_test(an_unwritable_folder),
        cmocka_unit_test(every_change_is_shown),
        cmocka_unit_test(what_a_clock_gave_may_differ),
        cmocka_unit_test(values),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
