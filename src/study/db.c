#include "study/db.h"

void nas_db_close(db *database)
{
    if (database != NULL)
        database->ops->close(database);
}

nas_status nas_db_query(db *database, const char *sql, const db_value *values, int n,
                        db_rows **out, nas_err *err)
{
    return database->ops->query(database, sql, values, n, out, err);
}

nas_status nas_db_next(db *database, db_rows *rows, bool *found, nas_err *err)
{
    return database->ops->next(rows, found, err);
}

void nas_db_done(db *database, db_rows *rows)
{
    database->ops->done(rows);
}

nas_status nas_db_run(db *database, const char *sql, const db_value *values, int n,
                      nas_err *err)
{
    db_rows *rows = NULL;
    bool found = false;
    NAS_TRY(nas_db_query(database, sql, values, n, &rows, err));
    NAS_TRY(nas_db_next(database, rows, &found, err));
    nas_db_done(database, rows);
    return NAS_OK;
}

nas_status nas_db_get_int(db *database, const char *sql, const db_value *values, int n,
                          int64_t otherwise, int64_t *out, nas_err *err)
{
    db_rows *rows = NULL;
    bool found = false;
    NAS_TRY(nas_db_query(database, sql, values, n, &rows, err));
    NAS_TRY(nas_db_next(database, rows, &found, err));
    *out = found && !database->ops->is_null(rows, 0) ? database->ops->get_int(rows, 0)
                                                     : otherwise;
    nas_db_done(database, rows);
    return NAS_OK;
}

nas_status nas_db_end(db *database, nas_status status, nas_err *err)
{
    if (status == NAS_OK)
        status = database->ops->commit(database, err);
    if (status != NAS_OK)
        database->ops->rollback(database);
    return status;
}
