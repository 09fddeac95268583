/* Reader of the binary versions of CIFAR-10 and CIFAR-100 (A. Krizhevsky, "Learning
 * multiple layers of features from tiny images", 2009): records of one or two label bytes
 * and 3 x 32 x 32 pixels, planes red, green, blue. A folder of such files, or one. */
#include "data/source.h"
#include "data/stream.h"

#include "nasmith/text.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum {
    PIXELS = 3072,
    PROBED_RECORDS = 16,
    CLASSES_10 = 10,
    SUPERCLASSES = 20,
    CLASSES_100 = 100,
    MAX_NAMES_BYTES = 1 << 16
};

typedef struct cifar_state {
    int label_bytes; /* 1: CIFAR-10, 2: CIFAR-100, whose second byte counts */
    int64_t *n_rows; /* [source->n_files] */
    char *directory;
} cifar_state;

/* ---- which files ----------------------------------------------------------------- */

static int n_classes(int label_bytes)
{
    return label_bytes == 1 ? CLASSES_10 : CLASSES_100;
}

static bool labels_fit(const unsigned char *record, int label_bytes)
{
    return label_bytes == 1 ? record[0] < CLASSES_10
                            : record[0] < SUPERCLASSES && record[1] < CLASSES_100;
}

/* The size is a multiple of the record's, and labels stand where they should.
 * @return label bytes of a record, or 0 */
static int kind_of(const char *path)
{
    enum { LARGEST = PIXELS + 2 };

    struct stat st;
    unsigned char head[PROBED_RECORDS * LARGEST];
    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size == 0)
        return 0;
    size_t n = 0;
    for (int label_bytes = 1; label_bytes <= 2; label_bytes++) {
        size_t record = PIXELS + (size_t)label_bytes;
        if ((size_t)st.st_size % record != 0)
            continue;
        if (n == 0)
            n = nas_stream_peek_raw(path, head, sizeof head);
        bool fits = n >= record;
        for (size_t at = 0; at + record <= n && fits; at += record)
            fits = labels_fit(head + at, label_bytes);
        if (fits)
            return label_bytes;
    }
    return 0;
}

static bool probe(const char *path, const nas_data_options *options)
{
    char **names = NULL;
    int64_t n = 0;
    bool found = false;
    (void)options;
    if (!nas_file_is_directory(path))
        return kind_of(path) > 0;
    nas_arena *arena = nas_arena_new();
    if (arena != NULL && nas_file_list(path, arena, &names, &n, NULL) == NAS_OK)
        for (int64_t i = 0; i < n && !found; i++) {
            char *below = nas_file_join(arena, path, names[i]);
            found = below != NULL && kind_of(below) > 0;
        }
    nas_arena_free(arena);
    return found;
}

static nas_status open_folder(nas_source *source, nas_err *err)
{
    cifar_state *state = source->state;
    char **names = NULL;
    int64_t n = 0;
    NAS_TRY(nas_file_list(source->path, source->arena, &names, &n, err));
    for (int64_t i = 0; i < n; i++) {
        char *path = nas_file_join(source->arena, source->path, names[i]);
        NAS_TRY_ALLOC(path, err);
        int kind = kind_of(path);
        if (kind == 0)
            continue;
        if (state->label_bytes != 0 && kind != state->label_bytes)
            return nas_fail(err, NAS_E_DATA,
                            "`%s` holds files of CIFAR-10 and of CIFAR-100",
                            source->path);
        state->label_bytes = kind;
        NAS_TRY(nas_source_add_file(source, path, names[i], err));
    }
    return NAS_OK;
}

static nas_status cifar_open(nas_source *source, nas_err *err)
{
    cifar_state *state = NAS_NEW(source->arena, cifar_state, 1);
    NAS_TRY_ALLOC(state, err);
    source->state = state;
    if (nas_file_is_directory(source->path)) {
        state->directory = source->path;
        return open_folder(source, err);
    }
    const char *slash = strrchr(source->path, '/');
    state->label_bytes = kind_of(source->path);
    state->directory = slash == NULL
                           ? nas_arena_strdup(source->arena, ".")
                           : nas_arena_printf(source->arena, "%.*s",
                                              (int)(slash - source->path), source->path);
    NAS_TRY_ALLOC(state->directory, err);
    return nas_source_add_file(source, source->path, "", err);
}

/* ---- describing ------------------------------------------------------------------ */

/* Names of the classes, one a line, in a file beside the data; numbers without it. */
static nas_status name_classes(nas_source *source, nas_err *err)
{
    const cifar_state *state = source->state;
    char *text = NULL;
    size_t bytes = 0;
    int64_t n = 0;
    char *path = nas_file_join(source->arena, state->directory,
                               state->label_bytes == 1 ? "batches.meta.txt"
                                                       : "fine_label_names.txt");
    NAS_TRY_ALLOC(path, err);
    source->n_outputs = n_classes(state->label_bytes);
    source->label_names = NAS_NEW(source->arena, char *, source->n_outputs);
    NAS_TRY_ALLOC(source->label_names, err);
    if (nas_file_read(path, MAX_NAMES_BYTES, &text, &bytes, NULL) == NAS_OK) {
        for (char *at = text; n < source->n_outputs && *at != '\0';) {
            size_t length = strcspn(at, "\r\n");
            if (length > 0)
                source->label_names[n++] =
                    nas_arena_printf(source->arena, "%.*s", (int)length, at);
            at += length + strspn(at + length, "\r\n");
        }
        nas_heap_free(text);
    }
    for (int64_t k = 0; n < source->n_outputs && k < source->n_outputs; k++)
        source->label_names[k] = nas_arena_printf(source->arena, "%lld", (long long)k);
    for (int64_t k = 0; k < source->n_outputs; k++)
        NAS_TRY_ALLOC(source->label_names[k], err);
    return NAS_OK;
}

static bool is_test_name(const char *name)
{
    for (; *name != '\0'; name++)
        if (strncasecmp(name, "test", 4) == 0)
            return true;
    return false;
}

static nas_status read_labels(nas_source *source, int64_t file, int64_t first_row,
                              nas_err *err)
{
    const cifar_state *state = source->state;
    unsigned char record[PIXELS + 2];
    size_t bytes = PIXELS + (size_t)state->label_bytes;
    nas_stream stream;
    nas_status status = nas_stream_open(&stream, source->files[file].path, err);
    for (int64_t i = 0; i < state->n_rows[file] && status == NAS_OK; i++) {
        status = nas_stream_read_exact(&stream, record, bytes, "an image", err);
        if (status == NAS_OK && !labels_fit(record, state->label_bytes))
            status = nas_fail(err, NAS_E_DATA, "`%s`: image %lld has class %d",
                              source->files[file].path, (long long)i + 1,
                              record[state->label_bytes - 1]);
        source->rows.labels[first_row + i] = record[state->label_bytes - 1];
    }
    nas_stream_close(&stream);
    return status;
}

static nas_status count_rows(nas_source *source, int64_t *total, nas_err *err)
{
    cifar_state *state = source->state;
    state->n_rows = NAS_NEW(source->arena, int64_t, source->n_files);
    NAS_TRY_ALLOC(state->n_rows, err);
    *total = 0;
    for (int64_t i = 0; i < source->n_files; i++) {
        nas_stream stream;
        NAS_TRY(nas_stream_open(&stream, source->files[i].path, err));
        state->n_rows[i] = stream.disk_bytes / (PIXELS + state->label_bytes);
        nas_stream_close(&stream);
        *total += state->n_rows[i];
    }
    return NAS_OK;
}

static nas_status describe(nas_source *source, const nas_schema *schema, nas_err *err)
{
    const cifar_state *state = source->state;
    int64_t n = 0;
    int64_t row = 0;
    if (schema->task != NULL && strcmp(schema->task, "classification") != 0)
        return nas_fail(err, NAS_E_USAGE, "task %s is not possible with CIFAR images",
                        schema->task);
    NAS_TRY(count_rows(source, &n, err));
    NAS_TRY(nas_rows_init(&source->rows, source->arena, n, err));
    source->rows.labels = NAS_NEW(source->arena, int32_t, n);
    NAS_TRY_ALLOC(source->rows.labels, err);
    source->task = NAS_TASK_CLASSIFICATION;
    NAS_TRY(name_classes(source, err));
    for (int64_t i = 0; i < source->n_files; i++) {
        NAS_TRY(read_labels(source, i, row, err));
        bool test = is_test_name(source->files[i].name);
        memset(source->rows.part + row, test ? NAS_PART_TEST : NAS_PART_ANY,
               (size_t)state->n_rows[i]);
        row += state->n_rows[i];
    }
    source->shape = (nas_shape){3, 32, 32};
    source->element = NAS_ELEMENT_U8;
    source->flippable = true;
    (void)snprintf(source->kind, sizeof source->kind, "32×32 colour images, CIFAR-%d",
                   n_classes(state->label_bytes));
    return NAS_OK;
}

/* ---- rows ------------------------------------------------------------------------ */

static nas_status stream_file(nas_source *source, int64_t file, nas_stream *stream,
                              int64_t *row, const nas_sink *sink, nas_err *err)
{
    const cifar_state *state = source->state;
    unsigned char record[PIXELS + 2];
    size_t bytes = PIXELS + (size_t)state->label_bytes;
    NAS_TRY(nas_stream_open(stream, source->files[file].path, err));
    for (int64_t i = 0; i < state->n_rows[file]; i++) {
        NAS_TRY(nas_stream_read_exact(stream, record, bytes, "an image", err));
        NAS_TRY(sink->row(sink->context, (*row)++, record + state->label_bytes, err));
    }
    return NAS_OK;
}

static nas_status stream_rows(nas_source *source, const nas_sink *sink, nas_err *err)
{
    int64_t row = 0;
    for (int64_t i = 0; i < source->n_files; i++) {
        nas_stream stream = {.gz = NULL};
        nas_status status = stream_file(source, i, &stream, &row, sink, err);
        nas_stream_close(&stream);
        NAS_TRY(status);
    }
    return NAS_OK;
}

const nas_reader nas_reader_cifar = {
    .name = "cifar",
    .summary = "CIFAR-10 and CIFAR-100, binary version",
    .probe = probe,
    .open = cifar_open,
    .describe = describe,
    .rows = stream_rows,
};
