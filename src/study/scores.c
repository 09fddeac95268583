#include "study/study.h"

#include <assert.h>

nas_status nas_study_put_test(nas_study *study, const nas_test_row *row, nas_err *err)
{
    const nas_score *test = &row->test;
    return nas_db_run(
        study->database,
        "INSERT INTO tests (trial, opening, kind, value, low, high, error, n)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"
        " ON CONFLICT (trial, opening, kind) DO NOTHING",
        DB(db_int(row->trial), db_int(row->opening), db_text(row->kind),
           db_real(test->value), db_real(test->low), db_real(test->high),
           db_real(test->error), db_int(test->n)),
        err);
}

static nas_status read_tests(nas_study *study, nas_arena *arena, nas_test_row **out,
                             int64_t *n, nas_err *err)
{
    const db_ops *ops = study->database->ops;
    db_rows *rows = NULL;
    NAS_TRY(nas_db_get_int(study->database, "SELECT COUNT(*) FROM tests", DB_NONE, 0, n,
                           err));
    *out = NAS_NEW(arena, nas_test_row, *n);
    NAS_TRY_ALLOC(*out, err);
    NAS_TRY(
        nas_db_query(study->database,
                     "SELECT trial, opening, value, low, high, error, n, kind FROM tests"
                     " ORDER BY opening, trial, kind",
                     DB_NONE, &rows, err));
    for (int64_t i = 0; i < *n; i++) {
        bool found = false;
        NAS_TRY(nas_db_next(study->database, rows, &found, err));
        assert(found); /* counted in the same transaction */
        nas_test_row *row = &(*out)[i];
        *row = (nas_test_row){
            .trial = ops->get_int(rows, 0),
            .opening = (int)ops->get_int(rows, 1),
            .test = {.value = ops->get_real(rows, 2),
                     .low = ops->get_real(rows, 3),
                     .high = ops->get_real(rows, 4),
                     .error = ops->get_real(rows, 5),
                     .n = ops->get_int(rows, 6)},
        };
        NAS_TRY(nas_study_copy_text(arena, ops->get_text(rows, 7), &row->kind, err));
    }
    nas_db_done(study->database, rows);
    return NAS_OK;
}

nas_status nas_study_tests(nas_study *study, nas_arena *arena, nas_test_row **out,
                           int64_t *n, nas_err *err)
{
    NAS_TRY(study->database->ops->read(study->database, err));
    return nas_study_end(study, read_tests(study, arena, out, n, err), err);
}
