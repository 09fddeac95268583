#include "study/schema.h"

#include "nasmith/study.h"

#include <string.h>

/* Script i leads from version i to i + 1. A script that has been released never changes.
 *
 * entries      small named values
 * settings     one row: what defines the study, as JSON
 * strategy     one row: its state, and counters that belong to the same transaction
 * evaluations  seq numbers every insertion and every end, in order of commit; it is what
 *              a history is synchronised by. source: the evaluation that answered this
 *              one, 0 = trained. priority: claimed from the highest down. */
static const char *const UPGRADES[NAS_STUDY_SCHEMA] = {
    "CREATE TABLE entries (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL);"
    "CREATE TABLE settings (id BIGINT NOT NULL PRIMARY KEY, json TEXT NOT NULL);"
    "CREATE TABLE strategy (id BIGINT NOT NULL PRIMARY KEY, state BLOB,"
    "  asks BIGINT NOT NULL, infeasible BIGINT NOT NULL, duplicates BIGINT NOT NULL);"
    "INSERT INTO strategy VALUES (1, NULL, 0, 0, 0);"
    "CREATE TABLE leases (name TEXT NOT NULL PRIMARY KEY, owner TEXT NOT NULL,"
    "  until_ms BIGINT NOT NULL);"
    "CREATE TABLE trials (id BIGINT NOT NULL PRIMARY KEY, origin BIGINT NOT NULL,"
    "  name TEXT, decisions TEXT, graph TEXT NOT NULL, recipe TEXT NOT NULL,"
    "  key BIGINT NOT NULL, graph_hash BIGINT NOT NULL, recipe_hash BIGINT NOT NULL,"
    "  params BIGINT NOT NULL, macs BIGINT NOT NULL, arena_bytes BIGINT NOT NULL,"
    "  ram_bytes BIGINT NOT NULL, flash_bytes BIGINT NOT NULL,"
    "  latency_ms DOUBLE PRECISION, parent1 BIGINT NOT NULL, parent2 BIGINT NOT NULL,"
    "  uniform BIGINT NOT NULL, created_ms BIGINT NOT NULL);"
    "CREATE UNIQUE INDEX trials_name ON trials (name) WHERE name IS NOT NULL;"
    "CREATE INDEX trials_result ON trials (graph_hash, recipe_hash);"
    "CREATE TABLE evaluations (id BIGINT NOT NULL PRIMARY KEY,"
    "  trial BIGINT NOT NULL REFERENCES trials (id), purpose BIGINT NOT NULL,"
    "  rung BIGINT NOT NULL, fraction DOUBLE PRECISION NOT NULL, epochs BIGINT NOT NULL,"
    "  fold BIGINT NOT NULL, repeat BIGINT NOT NULL, state BIGINT NOT NULL,"
    "  attempt BIGINT NOT NULL, priority BIGINT NOT NULL, seq BIGINT NOT NULL,"
    "  source BIGINT NOT NULL, worker TEXT, until_ms BIGINT NOT NULL,"
    "  started_ms BIGINT NOT NULL, finished_ms BIGINT NOT NULL,"
    "  epochs_done BIGINT NOT NULL, last_value DOUBLE PRECISION,"
    "  outcome BIGINT NOT NULL, reason TEXT, value DOUBLE PRECISION,"
    "  low DOUBLE PRECISION, high DOUBLE PRECISION, error DOUBLE PRECISION,"
    "  n BIGINT NOT NULL, train_loss DOUBLE PRECISION, seconds DOUBLE PRECISION NOT NULL,"
    "  cpu_seconds DOUBLE PRECISION NOT NULL, rows_seen BIGINT NOT NULL, curve TEXT,"
    "  UNIQUE (trial, purpose, rung, fold, repeat));"
    "CREATE INDEX evaluations_seq ON evaluations (seq);"
    "CREATE INDEX evaluations_state ON evaluations (purpose, state, trial, rung);"
    "CREATE INDEX evaluations_open ON evaluations (state, priority DESC, id);"
    "CREATE TABLE tests (trial BIGINT NOT NULL REFERENCES trials (id),"
    "  opening BIGINT NOT NULL, kind TEXT NOT NULL, value DOUBLE PRECISION,"
    "  low DOUBLE PRECISION, high DOUBLE PRECISION, error DOUBLE PRECISION,"
    "  n BIGINT NOT NULL, PRIMARY KEY (trial, opening, kind));",
};

nas_status nas_schema_upgrade(db *database, int64_t from, nas_err *err)
{
    for (int64_t version = from; version < NAS_STUDY_SCHEMA; version++)
        NAS_TRY(database->ops->script(database, UPGRADES[version], err));
    return nas_db_run(database,
                      "INSERT INTO entries (key, value) VALUES ('schema', ?1)"
                      " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                      DB(db_int(NAS_STUDY_SCHEMA)), err);
}

nas_status nas_schema_version(db *database, const char *where, int64_t *out, nas_err *err)
{
    nas_err why = {0};
    nas_status status = nas_db_get_int(
        database, "SELECT CAST(value AS BIGINT) FROM entries WHERE key = 'schema'",
        DB_NONE, 0, out, &why);
    /* Only an error of SQL itself (no such table) says that it is something else. */
    if (status != NAS_OK && strstr(why.text, "no such table") == NULL) {
        if (err != NULL)
            *err = why;
        return status;
    }
    if (status != NAS_OK || *out < 1) {
        (void)nas_fail(err, NAS_E_STUDY, "`%s` is a database, but not a study", where);
        nas_err_hint(err, "name a file made by `nasmith search`, or another --study");
        return NAS_E_STUDY;
    }
    if (*out > NAS_STUDY_SCHEMA) {
        (void)nas_fail(err, NAS_E_STUDY,
                       "study `%s` has schema %lld, this program knows %d", where,
                       (long long)*out, NAS_STUDY_SCHEMA);
        nas_err_hint(err, "use the newer nasmith that wrote it, or start again: --new");
        return NAS_E_STUDY;
    }
    return NAS_OK;
}
