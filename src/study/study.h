/* What the files of this layer share. */
#ifndef NASMITH_STUDY_STUDY_H
#define NASMITH_STUDY_STUDY_H

#include "nasmith/study.h"
#include "study/db.h"

enum { STUDY_MAX_ATTEMPTS = 3 };

struct nas_study {
    db *database;
    nas_arena *arena; /* path, folder, settings */
    char *path;
    char *folder;
    bool memory; /* the folder is temporary too */
    nas_study_settings settings;
};

/* Run `status = action` between begin and end of a transaction. */
nas_status nas_study_begin(nas_study *study, nas_err *err);
nas_status nas_study_end(nas_study *study, nas_status status, nas_err *err);

/* Next number in the order of changes; inside a transaction. */
nas_status nas_study_next_seq(nas_study *study, int64_t *out, nas_err *err);

/* Copy a text or bytes into the arena; NULL stays NULL. */
nas_status nas_study_copy_text(nas_arena *arena, const char *text, const char **out,
                               nas_err *err);

/* Settings as JSON, and back (strings in the arena). */
nas_status nas_settings_write(const nas_study_settings *settings, nas_text *out,
                              nas_err *err);
nas_status nas_settings_read(const char *text, nas_arena *arena, nas_study_settings *out,
                             nas_err *err);

/* End an evaluation that has been tried too often; inside a transaction. */
nas_status nas_study_give_up(nas_study *study, int64_t evaluation, const char *reason,
                             nas_err *err);

#endif
