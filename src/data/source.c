#include "data/source.h"

#include "data/idx_names.h"
#include "data/stream.h"

#include "nasmith/rng.h"
#include "nasmith/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char readable[] =
    "readable are IDX files (MNIST style), CSV tables with a header line, NumPy arrays, "
    "CIFAR and UCR files, and folders of images, sound or recordings, one subfolder per "
    "class";

/* Formats that people try and that no reader knows: a name is a better answer. */
static const struct {
    const char *magic;
    size_t offset;
    const char *name;
} foreign[] = {
    {"PK\003\004", 0, "a ZIP archive without arrays"},
    {"\377\330\377", 0, "a single JPEG image"},
    {"WAVE", 8, "a single WAV recording"},
    {"fLaC", 0, "a single FLAC recording"},
    {"ustar", 257, "a tar archive"},
    {"\211PNG", 0, "a single PNG image"},
    {"%PDF", 0, "a PDF document"},
    {"\211HDF", 0, "an HDF5 file"},
    {"PAR1", 0, "a Parquet file"},
    {"SQLite format 3", 0, "an SQLite database"},
    {"NASDATA\n", 0, "a prepared data set"},
    {"JPK1", 0, "a JPK image archive"},
};

/* ---- opening -------------------------------------------------------------------- */

/* The entry of the same directory with the nearest name, as a hint. */
static void hint_sibling(const char *path, nas_arena *arena, nas_err *err)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    char *directory = slash != NULL ? nas_arena_printf(arena, "%.*s", (int)(slash - path),
                                                       slash == path ? "/" : path)
                                    : nas_arena_strdup(arena, ".");
    char **names = NULL;
    int64_t n = 0;
    if (directory == NULL || nas_file_list(directory, arena, &names, &n, NULL) != NAS_OK)
        return;
    for (int64_t i = 0; i < n; i++) { /* one set of many is meant by its name alone */
        nas_idx_name parsed;
        if (nas_idx_name_parse(names[i], &parsed) && parsed.set[0] != '\0')
            names[i] = nas_arena_strdup(arena, parsed.set);
        if (names[i] == NULL)
            return;
    }
    const char *nearest = nas_text_nearest(name, (const char *const *)names, (size_t)n);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nas_file_join(arena, directory, nearest));
}

static nas_status fail_absent(const nas_source *source, nas_err *err)
{
    nas_status status =
        nas_fail(err, NAS_E_DATA, "cannot read `%s`: %s", source->path, strerror(errno));
    hint_sibling(source->path, source->arena, err);
    return status;
}

static bool is_table_name(const char *name)
{
    const char *at = strstr(name, ".csv");
    return at != NULL && (at[4] == '\0' || strcmp(at + 4, ".gz") == 0);
}

static nas_status fail_folder(const nas_source *source, nas_err *err)
{
    char **names = NULL;
    int64_t n = 0;
    NAS_TRY(nas_file_list(source->path, source->arena, &names, &n, err));
    nas_status status =
        nas_fail(err, NAS_E_DATA, "folder `%s` %s", source->path,
                 n == 0 ? "is empty" : "holds no data that can be read as a whole");
    nas_err_hint(err, "%s", readable);
    for (int64_t i = n - 1; i >= 0; i--)
        if (is_table_name(names[i]))
            nas_err_hint(err, "name one table: %s/%s", source->path, names[i]);
    return status;
}

static nas_status fail_file(const nas_source *source, nas_err *err)
{
    nas_stream stream;
    char head[300] = {0};
    size_t got = 0;
    NAS_TRY(nas_stream_open(&stream, source->path, err));
    nas_status status = nas_stream_read(&stream, head, sizeof head, &got, err);
    nas_stream_close(&stream);
    NAS_TRY(status);
    const char *found = got == 0 ? "empty" : "of no known format";
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        size_t length = strlen(foreign[i].magic);
        if (memcmp(head + foreign[i].offset, foreign[i].magic, length) == 0)
            found = foreign[i].name;
    }
    status = nas_fail(err, NAS_E_DATA, "`%s` is %s", source->path, found);
    nas_err_hint(err, "%s", readable);
    return status;
}

static nas_status fail_unknown(const nas_source *source, nas_err *err)
{
    struct stat st;
    if (stat(source->path, &st) != 0)
        return fail_absent(source, err);
    return S_ISDIR(st.st_mode) ? fail_folder(source, err) : fail_file(source, err);
}

static nas_status open_with_reader(nas_source *source, nas_err *err)
{
    for (int i = 0; i < nas_n_readers; i++) {
        if (nas_readers[i]->probe(source->path, source->options)) {
            source->reader = nas_readers[i];
            return source->reader->open(source, err);
        }
    }
    return fail_unknown(source, err);
}

nas_status nas_source_open_within(nas_arena *arena, const char *path,
                                  const nas_data_options *options, nas_source **out,
                                  nas_err *err)
{
    nas_source *source = NAS_NEW(arena, nas_source, 1);
    char *copy = nas_arena_strdup(arena, path);
    *out = NULL;
    NAS_TRY_ALLOC(source, err);
    NAS_TRY_ALLOC(copy, err);
    size_t length = strlen(copy);
    while (length > 1 && copy[length - 1] == '/')
        copy[--length] = '\0';
    source->arena = arena;
    source->options = options;
    source->path = copy;
    NAS_TRY(open_with_reader(source, err));
    *out = source;
    return NAS_OK;
}

nas_status nas_source_open(const char *path, const nas_data_options *options,
                           nas_source **out, nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    *out = NULL;
    NAS_TRY_ALLOC(arena, err);
    nas_status status = nas_source_open_within(arena, path, options, out, err);
    if (status != NAS_OK)
        nas_arena_free(arena);
    return status;
}

void nas_source_close(nas_source *source)
{
    if (source != NULL)
        nas_arena_free(source->arena);
}

/* ---- filling -------------------------------------------------------------------- */

void *nas_source_grow(nas_arena *arena, void *items, int64_t n, int64_t *capacity,
                      size_t size)
{
    if (n < *capacity)
        return items;
    int64_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    void *larger = nas_arena_alloc(arena, (size_t)wanted, size);
    if (larger == NULL)
        return NULL;
    if (n > 0)
        memcpy(larger, items, (size_t)n * size);
    *capacity = wanted;
    return larger;
}

nas_status nas_source_add_file(nas_source *source, const char *path, const char *name,
                               nas_err *err)
{
    nas_source_file *files =
        nas_source_grow(source->arena, source->files, source->n_files,
                        &source->files_capacity, sizeof *files);
    NAS_TRY_ALLOC(files, err);
    source->files = files;
    nas_source_file file = {.path = nas_arena_strdup(source->arena, path),
                            .name = nas_arena_strdup(source->arena, name)};
    NAS_TRY_ALLOC(file.path, err);
    NAS_TRY_ALLOC(file.name, err);
    files[source->n_files++] = file;
    return NAS_OK;
}

void nas_source_warn(nas_source *source, const char *fmt, ...)
{
    char line[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    char **warnings = nas_source_grow(source->arena, source->warnings, source->n_warnings,
                                      &source->warnings_capacity, sizeof *warnings);
    char *copy = nas_arena_strdup(source->arena, line);
    if (warnings == NULL || copy == NULL)
        return;
    source->warnings = warnings;
    warnings[source->n_warnings++] = copy;
}

nas_status nas_rows_init(nas_rows *rows, nas_arena *arena, int64_t n, nas_err *err)
{
    *rows = (nas_rows){.n = n, .part = NAS_NEW(arena, uint8_t, n)};
    NAS_TRY_ALLOC(rows->part, err);
    return NAS_OK;
}

int32_t nas_source_group_number(const char *name)
{
    int64_t value;
    if (nas_parse_int(name, &value, NULL) == NAS_OK && value > INT32_MIN &&
        value < INT32_MAX)
        return (int32_t)value;
    return (int32_t)(nas_hash64(name, strlen(name), 0) & INT32_MAX);
}

/* ---- labels --------------------------------------------------------------------- */

nas_status nas_source_relabel(nas_source *source, char *const *names, int64_t n,
                              const char *whose, nas_err *err)
{
    int32_t *map = NAS_NEW(source->arena, int32_t, source->n_outputs);
    NAS_TRY_ALLOC(map, err);
    for (int64_t i = 0; i < source->n_outputs; i++) {
        map[i] = -1;
        for (int64_t k = 0; k < n && map[i] < 0; k++)
            if (strcmp(source->label_names[i], names[k]) == 0)
                map[i] = (int32_t)k;
        if (map[i] >= 0)
            continue;
        nas_status status =
            nas_fail(err, NAS_E_DATA, "`%s` has class `%s`, which %s does not have",
                     source->path, source->label_names[i], whose);
        const char *nearest = nas_text_nearest(source->label_names[i],
                                               (const char *const *)names, (size_t)n);
        if (nearest != NULL)
            nas_err_hint(err, "did you mean `%s`?", nearest);
        return status;
    }
    for (int64_t i = 0; i < source->rows.n; i++)
        source->rows.labels[i] = map[source->rows.labels[i]];
    source->n_outputs = n;
    source->label_names = NAS_NEW(source->arena, char *, n);
    NAS_TRY_ALLOC(source->label_names, err);
    for (int64_t k = 0; k < n; k++) {
        source->label_names[k] = nas_arena_strdup(source->arena, names[k]);
        NAS_TRY_ALLOC(source->label_names[k], err);
    }
    return NAS_OK;
}

static int compare_integers(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

nas_status nas_source_classes_from_integers(nas_source *source, const int64_t *values,
                                            nas_err *err)
{
    int64_t n = source->rows.n;
    int64_t *sorted = NAS_NEW(source->arena, int64_t, n);
    source->rows.labels = NAS_NEW(source->arena, int32_t, n);
    NAS_TRY_ALLOC(sorted, err);
    NAS_TRY_ALLOC(source->rows.labels, err);
    memcpy(sorted, values, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, compare_integers);
    int64_t distinct = 0;
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || sorted[i] != sorted[distinct - 1])
            sorted[distinct++] = sorted[i];
    source->n_outputs = distinct;
    source->label_names = NAS_NEW(source->arena, char *, distinct);
    NAS_TRY_ALLOC(source->label_names, err);
    for (int64_t k = 0; k < distinct; k++) {
        source->label_names[k] =
            nas_arena_printf(source->arena, "%lld", (long long)sorted[k]);
        NAS_TRY_ALLOC(source->label_names[k], err);
    }
    for (int64_t i = 0; i < n; i++) {
        const int64_t *found = bsearch(&values[i], sorted, (size_t)distinct,
                                       sizeof *sorted, compare_integers);
        source->rows.labels[i] = (int32_t)(found - sorted);
    }
    return NAS_OK;
}
