#include "study/study.h"

#include "nasmith/clock.h"
#include "nasmith/file.h"
#include "study/schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

nas_status nas_study_begin(nas_study *study, nas_err *err)
{
    return study->database->ops->begin(study->database, err);
}

nas_status nas_study_end(nas_study *study, nas_status status, nas_err *err)
{
    return nas_db_end(study->database, status, err);
}

nas_status nas_study_next_seq(nas_study *study, int64_t *out, nas_err *err)
{
    NAS_TRY(nas_db_get_int(study->database, "SELECT MAX(seq) FROM evaluations", DB_NONE,
                           0, out, err));
    ++*out;
    return NAS_OK;
}

nas_status nas_study_copy_text(nas_arena *arena, const char *text, const char **out,
                               nas_err *err)
{
    *out = NULL;
    if (text != NULL) {
        *out = nas_arena_strdup(arena, text);
        NAS_TRY_ALLOC(*out, err);
    }
    return NAS_OK;
}

/* ---- opening ---- */

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n > m && strcmp(text + n - m, end) == 0;
}

/* `digits.nas.db` has its blobs in `digits.nas`; the memory store in a temporary one. */
static nas_status set_paths(nas_study *study, const char *path, nas_err *err)
{
    study->path = nas_arena_strdup(study->arena, path);
    NAS_TRY_ALLOC(study->path, err);
    study->memory = strcmp(path, ":memory:") == 0;
    if (study->memory) {
        const char *root = getenv("TMPDIR");
        study->folder = nas_arena_printf(study->arena, "%s/nasmith-XXXXXX",
                                         root != NULL && *root != '\0' ? root : "/tmp");
        NAS_TRY_ALLOC(study->folder, err);
        if (mkdtemp(study->folder) == NULL)
            return nas_fail(err, NAS_E_IO, "cannot make the folder `%s`: %s",
                            study->folder, strerror(errno));
        return NAS_OK;
    }
    size_t length = strlen(path);
    study->folder = ends_with(path, ".nas.db")
                        ? nas_arena_printf(study->arena, "%.*s", (int)(length - 3), path)
                        : nas_arena_printf(study->arena, "%s.nas", path);
    NAS_TRY_ALLOC(study->folder, err);
    return nas_file_make_directory(study->folder, err);
}

static nas_status new_study(nas_study **out, nas_err *err)
{
    nas_study *study = nas_heap_alloc(1, sizeof *study);
    NAS_TRY_ALLOC(study, err);
    study->arena = nas_arena_new();
    if (study->arena == NULL) {
        nas_heap_free(study);
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    }
    *out = study;
    return NAS_OK;
}

void nas_study_close(nas_study *study)
{
    if (study == NULL)
        return;
    nas_db_close(study->database);
    if (study->memory && study->folder != NULL)
        (void)nas_file_remove(study->folder, NULL);
    nas_arena_free(study->arena);
    nas_heap_free(study);
}

static nas_status load_settings(nas_study *study, nas_err *err)
{
    db_rows *rows = NULL;
    bool found = false;
    db *database = study->database;
    NAS_TRY(nas_db_query(database, "SELECT json FROM settings WHERE id = 1", DB_NONE,
                         &rows, err));
    NAS_TRY(nas_db_next(database, rows, &found, err));
    nas_status status = NAS_OK;
    if (!found)
        status = nas_fail(err, NAS_E_STUDY, "study `%s` has no settings", study->path);
    else
        status = nas_settings_read(database->ops->get_text(rows, 0), study->arena,
                                   &study->settings, err);
    nas_db_done(database, rows);
    if (status == NAS_E_CONFIG) {
        nas_err_context(err, "study `%s` is corrupt", study->path);
        if (err != NULL)
            err->code = NAS_E_STUDY;
        return NAS_E_STUDY;
    }
    return status;
}

/* Tables and settings in one transaction. */
static nas_status fill(db *database, const nas_study_settings *settings, nas_err *err)
{
    nas_text json = {0};
    nas_status status = nas_settings_write(settings, &json, err);
    if (status == NAS_OK)
        status = database->ops->begin(database, err);
    if (status == NAS_OK) {
        status = nas_schema_upgrade(database, 0, err);
        if (status == NAS_OK)
            status =
                nas_db_run(database, "INSERT INTO settings (id, json) VALUES (1, ?1)",
                           DB(db_text(nas_text_string(&json))), err);
        status = nas_db_end(database, status, err);
    }
    nas_text_free(&json);
    return status;
}

static void remove_with_journals(const char *path)
{
    char name[1100];
    (void)unlink(path);
    (void)snprintf(name, sizeof name, "%s-wal", path);
    (void)unlink(name);
    (void)snprintf(name, sizeof name, "%s-shm", path);
    (void)unlink(name);
}

static nas_status fail_exists(const char *path, nas_err *err)
{
    (void)nas_fail(err, NAS_E_STUDY, "study `%s` exists already", path);
    nas_err_hint(err, "continue it with the command that made it, or start again: --new");
    return NAS_E_STUDY;
}

/* Give the finished file its name, unless something has that name. */
static nas_status put_in_place(const char *temporary, const char *path, nas_err *err)
{
    /* Journals without their database would be replayed into the new one. */
    char name[1100];
    if (nas_file_exists(path))
        return fail_exists(path, err);
    (void)snprintf(name, sizeof name, "%s-wal", path);
    (void)unlink(name);
    (void)snprintf(name, sizeof name, "%s-shm", path);
    (void)unlink(name);
    int failed = renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_NOREPLACE);
    if (failed != 0 && (errno == EINVAL || errno == ENOSYS)) /* an old file system */
        failed = rename(temporary, path);
    if (failed != 0 && errno == EEXIST)
        return fail_exists(path, err);
    if (failed != 0)
        return nas_fail(err, NAS_E_IO, "cannot write study `%s`: %s", path,
                        strerror(errno));
    return NAS_OK;
}

/* A crash while creating leaves no file under the study's name. */
static nas_status create_file(const char *path, const nas_study_settings *settings,
                              nas_err *err)
{
    char temporary[1060];
    if (strlen(path) > 1000)
        return nas_fail(err, NAS_E_IO,
                        "the path of the study is longer than 1,000 bytes");
    if (nas_file_exists(path))
        return fail_exists(path, err);
    (void)snprintf(temporary, sizeof temporary, "%s.new-%ld", path, (long)getpid());
    remove_with_journals(temporary);
    db *database = NULL;
    nas_status status = nas_db_open_sqlite(temporary, path, true, &database, err);
    if (status == NAS_OK)
        status = fill(database, settings, err);
    nas_db_close(database);
    if (status == NAS_OK)
        status = put_in_place(temporary, path, err);
    if (status != NAS_OK)
        remove_with_journals(temporary);
    return status;
}

static nas_status open_file(nas_study *study, nas_err *err)
{
    int64_t version = 0;
    struct stat info;
    if (stat(study->path, &info) != 0) {
        (void)nas_fail(err, NAS_E_STUDY, "no study `%s`: %s", study->path,
                       strerror(errno));
        nas_err_hint(err, "`nasmith search DATA` makes one; list them: ls *.nas.db");
        return NAS_E_STUDY;
    }
    if (!S_ISREG(info.st_mode) || info.st_size == 0)
        return nas_fail(err, NAS_E_STUDY, "`%s` is not a study file", study->path);
    NAS_TRY(nas_db_open_sqlite(study->path, study->path, false, &study->database, err));
    NAS_TRY(nas_schema_version(study->database, study->path, &version, err));
    if (version < NAS_STUDY_SCHEMA) {
        NAS_TRY(nas_study_begin(study, err));
        NAS_TRY(
            nas_study_end(study, nas_schema_upgrade(study->database, version, err), err));
    }
    return NAS_OK;
}

nas_status nas_study_open(const char *path, nas_study **out, nas_err *err)
{
    nas_study *study = NULL;
    *out = NULL;
    NAS_TRY(new_study(&study, err));
    study->path = nas_arena_strdup(study->arena, path);
    nas_status status = study->path != NULL ? open_file(study, err)
                                            : nas_fail(err, NAS_E_NOMEM, "out of memory");
    if (status == NAS_OK)
        status = set_paths(study, path, err);
    if (status == NAS_OK)
        status = load_settings(study, err);
    if (status != NAS_OK) {
        nas_study_close(study);
        return status;
    }
    *out = study;
    return NAS_OK;
}

static nas_status create_memory(const nas_study_settings *settings, nas_study **out,
                                nas_err *err)
{
    nas_study *study = NULL;
    NAS_TRY(new_study(&study, err));
    nas_status status = set_paths(study, ":memory:", err);
    if (status == NAS_OK)
        status = nas_db_open_sqlite(":memory:", ":memory:", true, &study->database, err);
    if (status == NAS_OK)
        status = fill(study->database, settings, err);
    if (status == NAS_OK)
        status = load_settings(study, err);
    if (status != NAS_OK) {
        nas_study_close(study);
        return status;
    }
    *out = study;
    return NAS_OK;
}

nas_status nas_study_create(const char *path, const nas_study_settings *settings,
                            nas_study **out, nas_err *err)
{
    *out = NULL;
    if (strcmp(path, ":memory:") == 0)
        return create_memory(settings, out, err);
    NAS_TRY(create_file(path, settings, err));
    return nas_study_open(path, out, err);
}

const char *nas_study_path(const nas_study *study)
{
    return study->path;
}

const char *nas_study_folder(const nas_study *study)
{
    return study->folder;
}

const nas_study_settings *nas_study_settings_of(const nas_study *study)
{
    return &study->settings;
}

/* ---- small named values ---- */

nas_status nas_study_get(nas_study *study, const char *key, nas_arena *arena,
                         const char **out, nas_err *err)
{
    db_rows *rows = NULL;
    bool found = false;
    db *database = study->database;
    *out = NULL;
    NAS_TRY(nas_db_query(database, "SELECT value FROM entries WHERE key = ?1",
                         DB(db_text(key)), &rows, err));
    NAS_TRY(nas_db_next(database, rows, &found, err));
    nas_status status = NAS_OK;
    if (found)
        status = nas_study_copy_text(arena, database->ops->get_text(rows, 0), out, err);
    nas_db_done(database, rows);
    return status;
}

nas_status nas_study_put(nas_study *study, const char *key, const char *value,
                         nas_err *err)
{
    return nas_db_run(study->database,
                      "INSERT INTO entries (key, value) VALUES (?1, ?2)"
                      " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
                      DB(db_text(key), db_text(value)), err);
}

nas_status nas_study_add(nas_study *study, const char *key, int64_t by, int64_t *now,
                         nas_err *err)
{
    int64_t value = 0;
    NAS_TRY(
        nas_db_get_int(study->database,
                       "INSERT INTO entries (key, value) VALUES (?1, CAST(?2 AS TEXT))"
                       " ON CONFLICT (key) DO UPDATE SET value ="
                       " CAST(CAST(entries.value AS BIGINT) + ?2 AS TEXT)"
                       " RETURNING CAST(value AS BIGINT)",
                       DB(db_text(key), db_int(by)), 0, &value, err));
    if (now != NULL)
        *now = value;
    return NAS_OK;
}
