/* The database under a study, behind a table of functions: one driver per file.
 *
 * SQL here is the part that SQLite and PostgreSQL share. Parameters are written ?1, ?2,
 * ... and bytes have the type BLOB; a driver for another database translates these two.
 * Inside a transaction begun here nobody else writes, so MAX(id) + 1 is free. */
#ifndef NASMITH_STUDY_DB_H
#define NASMITH_STUDY_DB_H

#include "nasmith/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum db_type { DB_INT, DB_REAL, DB_TEXT, DB_BLOB } db_type;

/* A value bound to a statement. NaN and NULL pointers become NULL. */
typedef struct db_value {
    db_type type;
    int64_t i;
    double f;
    const void *bytes;
    size_t size;
} db_value;

static inline db_value db_int(int64_t value)
{
    return (db_value){.type = DB_INT, .i = value};
}

/* Hashes keep their bits. */
static inline db_value db_hash(uint64_t value)
{
    return (db_value){.type = DB_INT, .i = (int64_t)value};
}

static inline db_value db_real(double value)
{
    return (db_value){.type = DB_REAL, .f = value};
}

static inline db_value db_text(const char *value)
{
    return (db_value){.type = DB_TEXT, .bytes = value};
}

static inline db_value db_blob(const void *bytes, size_t size)
{
    return (db_value){.type = DB_BLOB, .bytes = bytes, .size = size};
}

/* Two arguments of nas_db_run and friends: the values of ?1, ?2, ... */
#define DB(...)                                                                          \
    (const db_value[]){__VA_ARGS__},                                                     \
        (int)(sizeof((const db_value[]){__VA_ARGS__}) / sizeof(db_value))
#define DB_NONE NULL, 0

typedef struct db db;
typedef struct db_rows db_rows; /* a statement that is running */

/* What a driver does. Statements are cached by the address of their text, so `sql` must
 * be a literal. Text and bytes of a row live until the next call on its statement. */
typedef struct db_ops {
    const char *name;
    void (*close)(db *database);
    /* Several statements without values. */
    nas_status (*script)(db *database, const char *sql, nas_err *err);
    /* A transaction that may write; waits up to 10 s for others. */
    nas_status (*begin)(db *database, nas_err *err);
    /* A transaction that only reads, of one moment; never waits. */
    nas_status (*read)(db *database, nas_err *err);
    nas_status (*commit)(db *database, nas_err *err);
    void (*rollback)(db *database);
    nas_status (*query)(db *database, const char *sql, const db_value *values, int n,
                        db_rows **out, nas_err *err);
    nas_status (*next)(db_rows *rows, bool *found, nas_err *err);
    void (*done)(db_rows *rows);      /* forget the rest */
    int64_t (*changes)(db *database); /* rows the last statement wrote */
    bool (*is_null)(db_rows *rows, int column);
    int64_t (*get_int)(db_rows *rows, int column);
    double (*get_real)(db_rows *rows, int column); /* NULL reads as NaN */
    const char *(*get_text)(db_rows *rows, int column);
    const void *(*get_blob)(db_rows *rows, int column, size_t *size);
} db_ops;

/* Every driver's database begins with its table. */
struct db {
    const db_ops *ops;
};

/* Open a database that exists, or an empty new one.
 * @param where   path, or ":memory:" with `create`
 * @param shown   its name in messages
 * @return NAS_E_STUDY when it is no database, NAS_E_IO when it cannot be opened */
nas_status nas_db_open_sqlite(const char *where, const char *shown, bool create, db **out,
                              nas_err *err);

void nas_db_close(db *database); /* NULL is fine */

/* Run a statement that gives no rows. */
nas_status nas_db_run(db *database, const char *sql, const db_value *values, int n,
                      nas_err *err);

/* Begin a query; then nas_db_next until *found is false, or nas_db_done. */
nas_status nas_db_query(db *database, const char *sql, const db_value *values, int n,
                        db_rows **out, nas_err *err);
nas_status nas_db_next(db *database, db_rows *rows, bool *found, nas_err *err);
void nas_db_done(db *database, db_rows *rows);

/* One integer of one row; `otherwise` when there is no row or it is NULL. */
nas_status nas_db_get_int(db *database, const char *sql, const db_value *values, int n,
                          int64_t otherwise, int64_t *out, nas_err *err);

/* Commit when `status` is NAS_OK, else roll back. @return the first failure */
nas_status nas_db_end(db *database, nas_status status, nas_err *err);

#endif
