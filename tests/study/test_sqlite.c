/* covers: db.c */
#include "fixture.h"

#include "nasmith/clock.h"
#include "study/db.h"

#include <sqlite3.h>

typedef struct bench {
    char folder[64];
    char path[100];
    db *database;
} bench;

static void bench_open(bench *b)
{
    nas_err err = {0};
    nas_test_tmpdir(b->folder, sizeof b->folder);
    (void)snprintf(b->path, sizeof b->path, "%s/t.db", b->folder);
    check_ok(nas_db_open_sqlite(b->path, b->path, true, &b->database, &err), err);
    check_ok(nas_db_run(b->database,
                        "CREATE TABLE t (i BIGINT, f DOUBLE PRECISION, s TEXT, "
                        "b BLOB)",
                        DB_NONE, &err),
             err);
}

static void bench_close(bench *b)
{
    nas_err err = {0};
    nas_db_close(b->database);
    check_ok(nas_file_remove(b->folder, &err), err);
}

static const char INSERT[] = "INSERT INTO t (i, f, s, b) VALUES (?1, ?2, ?3, ?4)";
static const char COUNT[] = "SELECT COUNT(*) FROM t";

static int64_t count(db *database)
{
    nas_err err = {0};
    int64_t n = -1;
    check_ok(nas_db_get_int(database, COUNT, DB_NONE, -1, &n, &err), err);
    return n;
}

static void every_type_survives(void **state)
{
    (void)state;
    bench b = {0};
    nas_err err = {0};
    bool found = false;
    size_t size = 0;
    db_rows *rows = NULL;
    bench_open(&b);
    check_ok(nas_db_run(b.database, INSERT,
                        DB(db_hash(UINT64_C(0xfedcba9876543210)), db_real(0.1),
                           db_text("zeile\n\xc3\xa4"), db_blob("a\0b", 3)),
                        &err),
             err);
    check_ok(
        nas_db_run(b.database, INSERT,
                   DB(db_int(-5), db_real((double)NAN), db_text(NULL), db_blob(NULL, 0)),
                   &err),
        err);
    const db_ops *ops = b.database->ops;
    check_ok(nas_db_query(b.database, "SELECT i, f, s, b FROM t ORDER BY rowid", DB_NONE,
                          &rows, &err),
             err);
    check_ok(nas_db_next(b.database, rows, &found, &err), err);
    assert_true(found);
    assert_true((uint64_t)ops->get_int(rows, 0) == UINT64_C(0xfedcba9876543210));
    assert_true(ops->get_real(rows, 1) == 0.1);
    assert_string_equal(ops->get_text(rows, 2), "zeile\n\xc3\xa4");
    const void *bytes = ops->get_blob(rows, 3, &size);
    assert_int_equal(size, 3);
    assert_memory_equal(bytes, "a\0b", 3);
    check_ok(nas_db_next(b.database, rows, &found, &err), err);
    assert_true(found);
    assert_int_equal(ops->get_int(rows, 0), -5);
    assert_true(isnan(ops->get_real(rows, 1)));
    assert_true(ops->is_null(rows, 1));
    assert_null(ops->get_text(rows, 2));
    check_ok(nas_db_next(b.database, rows, &found, &err), err);
    assert_false(found);
    bench_close(&b);
}

static void the_first_failure_rolls_back(void **state)
{
    (void)state;
    bench b = {0};
    nas_err err = {0};
    bench_open(&b);
    check_ok(b.database->ops->begin(b.database, &err), err);
    check_ok(nas_db_run(b.database, INSERT,
                        DB(db_int(1), db_real(1), db_text("a"), db_blob("", 0)), &err),
             err);
    assert_int_equal(nas_db_end(b.database, NAS_E_DATA, &err), NAS_E_DATA);
    assert_int_equal(count(b.database), 0);
    check_ok(b.database->ops->begin(b.database, &err), err);
    check_ok(nas_db_run(b.database, INSERT,
                        DB(db_int(1), db_real(1), db_text("a"), db_blob("", 0)), &err),
             err);
    assert_int_equal(b.database->ops->changes(b.database), 1);
    check_ok(nas_db_end(b.database, NAS_OK, &err), err);
    assert_int_equal(count(b.database), 1);
    bench_close(&b);
}

static void a_full_disk_is_an_io_error(void **state)
{
    (void)state;
    bench b = {0};
    nas_err err = {0};
    nas_status status = NAS_OK;
    static char block[4096];
    bench_open(&b);
    check_ok(b.database->ops->script(b.database, "PRAGMA max_page_count = 20", &err),
             err);
    for (int i = 0; i < 100 && status == NAS_OK; i++)
        status = nas_db_run(b.database, INSERT,
                            DB(db_int(i), db_real(0), db_text(""), db_blob(block, 4096)),
                            &err);
    assert_int_equal(status, NAS_E_IO);
    assert_non_null(strstr(err.text, "the disk is full"));
    assert_non_null(strstr(err.hint, "run the same command again"));
    int64_t n = count(b.database); /* and it can still be read */
    assert_true(n > 0 && n < 100);
    bench_close(&b);
}

static void wrong_sql_is_an_error(void **state)
{
    (void)state;
    bench b = {0};
    nas_err err = {0};
    bench_open(&b);
    assert_int_equal(nas_db_run(b.database, "SELECT a FROM nowhere", DB_NONE, &err),
                     NAS_E_STUDY);
    assert_non_null(strstr(err.text, "no such table: nowhere"));
    bench_close(&b);
}

/* The 10 s are not waited for here: what counts is the message. */
static void a_lock_names_the_file(void **state)
{
    (void)state;
    bench b = {0};
    nas_err err = {0};
    sqlite3 *other = NULL;
    bench_open(&b);
    check_ok(b.database->ops->script(b.database, "PRAGMA busy_timeout = 50", &err), err);
    assert_int_equal(sqlite3_open(b.path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    double start = nas_clock_monotonic_s();
    assert_int_equal(b.database->ops->begin(b.database, &err), NAS_E_STUDY);
    assert_true(nas_clock_monotonic_s() - start > 0.04);
    assert_non_null(strstr(err.text, "was locked by another program for more than 10 s"));
    assert_non_null(strstr(err.text, b.path));
    assert_int_equal(count(b.database), 0); /* readers are not kept out */
    (void)sqlite3_close(other);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_survives),
        cmocka_unit_test(the_first_failure_rolls_back),
        cmocka_unit_test(a_full_disk_is_an_io_error),
        cmocka_unit_test(wrong_sql_is_an_error),
        cmocka_unit_test(a_lock_names_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
