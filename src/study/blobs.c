#include "study/study.h"

#include "nasmith/file.h"

#include <string.h>

static nas_status blob_path(const nas_study *study, const char *name, char *out,
                            size_t size, nas_err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
    size_t length = strlen(name);
    if (length == 0 || length > 128 || name[0] == '.' || strspn(name, allowed) != length)
        return nas_fail(err, NAS_E_INTERNAL,
                        "blob name `%s`: 1 to 128 of [a-z0-9._-], no dot first", name);
    int n = snprintf(out, size, "%s/%s", study->folder, name);
    if (n < 0 || (size_t)n >= size)
        return nas_fail(err, NAS_E_IO, "the path of blob `%s` is too long", name);
    return NAS_OK;
}

nas_status nas_study_put_blob(nas_study *study, const char *name, const void *data,
                              size_t bytes, nas_err *err)
{
    char path[1200];
    NAS_TRY(blob_path(study, name, path, sizeof path, err));
    return nas_file_write(path, data, bytes, err);
}

nas_status nas_study_get_blob(nas_study *study, const char *name, void **out,
                              size_t *bytes, nas_err *err)
{
    char path[1200];
    *out = NULL;
    *bytes = 0;
    NAS_TRY(blob_path(study, name, path, sizeof path, err));
    if (!nas_file_exists(path))
        return NAS_OK;
    char *data = NULL;
    NAS_TRY(nas_file_read(path, 0, &data, bytes, err));
    *out = data;
    return NAS_OK;
}

nas_status nas_study_drop_blob(nas_study *study, const char *name, nas_err *err)
{
    char path[1200];
    NAS_TRY(blob_path(study, name, path, sizeof path, err));
    return nas_file_remove(path, err);
}
