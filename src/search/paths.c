#include "nasmith/file.h"
#include "search/run.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool ends_with(const char *text, size_t length, const char *end)
{
    size_t n = strlen(end);
    return length > n && strncmp(text + length - n, end, n) == 0;
}

const char *nas_path_of_study(nas_arena *arena, const char *data_path)
{
    static const char *const SUFFIXES[] = {".gz", ".csv", ".tsv", ".idx", ".npy"};
    size_t length = strlen(data_path);
    while (length > 1 && data_path[length - 1] == '/')
        length--;
    size_t first = length;
    while (first > 0 && data_path[first - 1] != '/')
        first--;
    const char *name = data_path + first;
    length -= first;
    for (size_t i = 0; i < sizeof SUFFIXES / sizeof SUFFIXES[0]; i++)
        if (ends_with(name, length, SUFFIXES[i]))
            length -= strlen(SUFFIXES[i]);
    bool dots = strspn(name, ".") >= length; /* "." and ".." are no names */
    return dots ? nas_arena_strdup(arena, "study.nas.db")
                : nas_arena_printf(arena, "%.*s.nas.db", (int)length, name);
}

const char *nas_path_of_folder(nas_arena *arena, const char *study_path)
{
    size_t length = strlen(study_path);
    if (ends_with(study_path, length, ".nas.db"))
        return nas_arena_printf(arena, "%.*s", (int)(length - 3), study_path);
    return nas_arena_printf(arena, "%s.nas", study_path);
}

static nas_status move(const char *from, const char *to, nas_err *err)
{
    if (from == NULL || to == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    if (nas_file_exists(from) && rename(from, to) != 0)
        return nas_fail(err, NAS_E_IO, "cannot move `%s` to `%s`: %s", from, to,
                        strerror(errno));
    return NAS_OK;
}

nas_status nas_path_put_aside(nas_arena *arena, const char *study_path, nas_err *err)
{
    static const char *const PARTS[] = {"-wal", "-shm", ""}; /* the study itself last */
    if (!nas_file_exists(study_path))
        return NAS_OK;
    const char *target = NULL;
    for (int k = 1; target == NULL || nas_file_exists(target); k++) {
        target = nas_arena_printf(arena, "%s.%d", study_path, k);
        NAS_TRY_ALLOC(target, err);
    }
    NAS_TRY(move(nas_path_of_folder(arena, study_path), nas_path_of_folder(arena, target),
                 err));
    for (int i = 0; i < 3; i++)
        NAS_TRY(move(nas_arena_printf(arena, "%s%s", study_path, PARTS[i]),
                     nas_arena_printf(arena, "%s%s", target, PARTS[i]), err));
    return NAS_OK;
}
