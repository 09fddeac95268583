#ifndef NASMITH_STUDY_SCHEMA_H
#define NASMITH_STUDY_SCHEMA_H

#include "study/db.h"

/* Bring an empty database or an older study to NAS_STUDY_SCHEMA, one version after the
 * other; the caller has begun a transaction. */
nas_status nas_schema_upgrade(db *database, int64_t from, nas_err *err);

/* Version of a study. @return NAS_E_STUDY when it is none, or newer than this program */
nas_status nas_schema_version(db *database, const char *where, int64_t *out,
                              nas_err *err);

#endif
