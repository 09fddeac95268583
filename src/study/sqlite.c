#include "study/db.h"

#include "nasmith/arena.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

enum { BUSY_MS = 10000, MAX_STATEMENTS = 96 };

struct db_rows {
    sqlite3_stmt *statement;
    const char *sql; /* identity of the cache entry */
    struct sqlite_db *owner;
    bool running;
};

typedef struct sqlite_db {
    db base;
    sqlite3 *handle;
    char where[1024];
    db_rows cache[MAX_STATEMENTS];
    int n_cached;
} sqlite_db;

static const db_ops sqlite_ops;

/* ---- errors ---- */

static nas_status fail_code(const char *where, int code, const char *detail, nas_err *err)
{
    nas_status status;
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        status = nas_fail(err, NAS_E_STUDY,
                          "study `%s` was locked by another program for more than %d s",
                          where, BUSY_MS / 1000);
        nas_err_hint(err, "stop the program that holds it (fuser `%s`), then try again",
                     where);
        return status;
    case SQLITE_NOTADB:
        status = nas_fail(err, NAS_E_STUDY, "`%s` is not a study file", where);
        nas_err_hint(err, "name a file made by `nasmith search`, or another --study");
        return status;
    case SQLITE_CORRUPT:
        status = nas_fail(err, NAS_E_STUDY, "study `%s` is corrupt: %s", where, detail);
        nas_err_hint(err, "restore it from a copy, or start again: --new");
        return status;
    case SQLITE_FULL:
        status =
            nas_fail(err, NAS_E_IO, "cannot write study `%s`: the disk is full", where);
        nas_err_hint(err, "free some space, then run the same command again");
        return status;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_IOERR:
    case SQLITE_AUTH:
        status = nas_fail(err, NAS_E_IO, "cannot use study `%s`: %s", where, detail);
        nas_err_hint(err, "check the permissions of the file and its folder, or choose "
                          "another --study");
        return status;
    default:
        return nas_fail(err, NAS_E_STUDY, "study `%s`: %s", where, detail);
    }
}

static nas_status fail_sqlite(sqlite_db *sqlite, int code, nas_err *err)
{
    /* Shared memory that cannot grow is an I/O error to SQLite. */
    if ((code & 0xff) == SQLITE_IOERR && sqlite3_system_errno(sqlite->handle) == ENOSPC)
        code = SQLITE_FULL;
    return fail_code(sqlite->where, code, sqlite3_errmsg(sqlite->handle), err);
}

/* ---- opening ---- */

static void sqlite_close(db *database)
{
    sqlite_db *sqlite = (sqlite_db *)database;
    for (int i = 0; i < sqlite->n_cached; i++)
        (void)sqlite3_finalize(sqlite->cache[i].statement);
    (void)sqlite3_close(sqlite->handle);
    nas_heap_free(sqlite);
}

static nas_status sqlite_script(db *database, const char *sql, nas_err *err)
{
    sqlite_db *sqlite = (sqlite_db *)database;
    int code = sqlite3_exec(sqlite->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? NAS_OK : fail_sqlite(sqlite, code, err);
}

nas_status nas_db_open_sqlite(const char *where, const char *shown, bool create, db **out,
                              nas_err *err)
{
    sqlite_db *sqlite = nas_heap_alloc(1, sizeof *sqlite);
    NAS_TRY_ALLOC(sqlite, err);
    sqlite->base.ops = &sqlite_ops;
    (void)snprintf(sqlite->where, sizeof sqlite->where, "%s", shown);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int code = sqlite3_open_v2(where, &sqlite->handle,
                               create ? flags | SQLITE_OPEN_CREATE : flags, NULL);
    nas_status status = NAS_OK;
    if (code != SQLITE_OK) {
        status = sqlite->handle != NULL ? fail_sqlite(sqlite, code, err)
                                        : fail_code(shown, code, "", err);
    } else {
        (void)sqlite3_busy_timeout(sqlite->handle, BUSY_MS);
        /* NORMAL: after kill -9 nothing is lost, after a power cut at most the last
         * transactions, never the order of what is there. */
        status = sqlite_script(
            &sqlite->base, "PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON", err);
        /* The mode is kept in the file; somebody else's database keeps its own. */
        if (status == NAS_OK && create)
            status = sqlite_script(&sqlite->base, "PRAGMA journal_mode = WAL", err);
    }
    if (status != NAS_OK) {
        sqlite_close(&sqlite->base);
        return status;
    }
    *out = &sqlite->base;
    return NAS_OK;
}

/* ---- statements ---- */

static void sqlite_done(db_rows *rows)
{
    assert(rows != NULL);
    (void)sqlite3_reset(rows->statement);
    (void)sqlite3_clear_bindings(rows->statement);
    rows->running = false;
}

static nas_status cached(sqlite_db *sqlite, const char *sql, db_rows **out, nas_err *err)
{
    for (int i = 0; i < sqlite->n_cached; i++) {
        if (sqlite->cache[i].sql == sql) {
            *out = &sqlite->cache[i];
            return NAS_OK;
        }
    }
    assert(sqlite->n_cached < MAX_STATEMENTS);
    db_rows *rows = &sqlite->cache[sqlite->n_cached];
    int code = sqlite3_prepare_v3(sqlite->handle, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                  &rows->statement, NULL);
    if (code != SQLITE_OK)
        return fail_sqlite(sqlite, code, err);
    rows->sql = sql;
    rows->owner = sqlite;
    sqlite->n_cached++;
    *out = rows;
    return NAS_OK;
}

static int bind(sqlite3_stmt *statement, int index, const db_value *value)
{
    switch (value->type) {
    case DB_INT:
        return sqlite3_bind_int64(statement, index, value->i);
    case DB_REAL:
        return sqlite3_bind_double(statement, index, value->f); /* NaN becomes NULL */
    case DB_TEXT:
        return sqlite3_bind_text(statement, index, value->bytes, -1, SQLITE_TRANSIENT);
    case DB_BLOB:
        break;
    }
    return sqlite3_bind_blob64(statement, index, value->bytes, value->size,
                               SQLITE_TRANSIENT);
}

static nas_status sqlite_query(db *database, const char *sql, const db_value *values,
                               int n, db_rows **out, nas_err *err)
{
    sqlite_db *sqlite = (sqlite_db *)database;
    db_rows *rows = NULL;
    NAS_TRY(cached(sqlite, sql, &rows, err));
    sqlite_done(rows);
    for (int i = 0; i < n; i++) {
        int code = bind(rows->statement, i + 1, &values[i]);
        if (code != SQLITE_OK)
            return fail_sqlite(sqlite, code, err);
    }
    rows->running = true;
    *out = rows;
    return NAS_OK;
}

static nas_status sqlite_next(db_rows *rows, bool *found, nas_err *err)
{
    int code = sqlite3_step(rows->statement);
    *found = code == SQLITE_ROW;
    if (*found)
        return NAS_OK;
    nas_status status =
        code == SQLITE_DONE ? NAS_OK : fail_sqlite(rows->owner, code, err);
    sqlite_done(rows);
    return status;
}

static int64_t sqlite_changes(db *database)
{
    return sqlite3_changes64(((sqlite_db *)database)->handle);
}

static bool sqlite_is_null(db_rows *rows, int column)
{
    return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}

static int64_t sqlite_get_int(db_rows *rows, int column)
{
    return sqlite3_column_int64(rows->statement, column);
}

static double sqlite_get_real(db_rows *rows, int column)
{
    return sqlite_is_null(rows, column) ? (double)NAN
                                        : sqlite3_column_double(rows->statement, column);
}

static const char *sqlite_get_text(db_rows *rows, int column)
{
    return (const char *)sqlite3_column_text(rows->statement, column);
}

static const void *sqlite_get_blob(db_rows *rows, int column, size_t *size)
{
    const void *bytes = sqlite3_column_blob(rows->statement, column);
    *size = (size_t)sqlite3_column_bytes(rows->statement, column);
    return bytes;
}

/* ---- transactions ---- */

/* A statement left in the middle of its rows would keep its snapshot. */
static void reset_all(sqlite_db *sqlite)
{
    for (int i = 0; i < sqlite->n_cached; i++)
        if (sqlite->cache[i].running)
            sqlite_done(&sqlite->cache[i]);
}

static nas_status sqlite_begin(db *database, nas_err *err)
{
    return sqlite_script(database, "BEGIN IMMEDIATE", err);
}

static nas_status sqlite_read(db *database, nas_err *err)
{
    return sqlite_script(database, "BEGIN DEFERRED", err);
}

static nas_status sqlite_commit(db *database, nas_err *err)
{
    reset_all((sqlite_db *)database);
    return sqlite_script(database, "COMMIT", err);
}

static void sqlite_rollback(db *database)
{
    sqlite_db *sqlite = (sqlite_db *)database;
    reset_all(sqlite);
    if (!sqlite3_get_autocommit(sqlite->handle))
        (void)sqlite3_exec(sqlite->handle, "ROLLBACK", NULL, NULL, NULL);
}

static const db_ops sqlite_ops = {
    .name = "sqlite",
    .close = sqlite_close,
    .script = sqlite_script,
    .begin = sqlite_begin,
    .read = sqlite_read,
    .commit = sqlite_commit,
    .rollback = sqlite_rollback,
    .query = sqlite_query,
    .next = sqlite_next,
    .done = sqlite_done,
    .changes = sqlite_changes,
    .is_null = sqlite_is_null,
    .get_int = sqlite_get_int,
    .get_real = sqlite_get_real,
    .get_text = sqlite_get_text,
    .get_blob = sqlite_get_blob,
};
