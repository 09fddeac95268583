#include "study/study.h"

#include "nasmith/clock.h"

/* Who holds it is read first, so that waiting for a lease takes no write lock. */
static nas_status held_by_other(nas_study *study, const char *name, const char *owner,
                                int64_t now, int64_t *held, nas_err *err)
{
    return nas_db_get_int(study->database,
                          "SELECT COUNT(*) FROM leases"
                          " WHERE name = ?1 AND owner <> ?2 AND until_ms >= ?3",
                          DB(db_text(name), db_text(owner), db_int(now)), 0, held, err);
}

nas_status nas_study_lease(nas_study *study, const char *name, const char *owner,
                           double seconds, bool *got, nas_err *err)
{
    int64_t held = 0, now = nas_clock_unix_ms();
    *got = false;
    NAS_TRY(held_by_other(study, name, owner, now, &held, err));
    if (held > 0)
        return NAS_OK;
    NAS_TRY(nas_db_run(study->database,
                       "INSERT INTO leases (name, owner, until_ms) VALUES (?1, ?2, ?3)"
                       " ON CONFLICT (name) DO UPDATE SET owner = excluded.owner,"
                       " until_ms = excluded.until_ms"
                       " WHERE leases.owner = excluded.owner OR leases.until_ms < ?4",
                       DB(db_text(name), db_text(owner),
                          db_int(now + (int64_t)(seconds * 1000)), db_int(now)),
                       err));
    *got = study->database->ops->changes(study->database) == 1;
    return NAS_OK;
}

nas_status nas_study_unlease(nas_study *study, const char *name, const char *owner,
                             nas_err *err)
{
    return nas_db_run(study->database,
                      "DELETE FROM leases WHERE name = ?1 AND owner = ?2",
                      DB(db_text(name), db_text(owner)), err);
}
