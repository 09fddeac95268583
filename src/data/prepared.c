#include "data/prepared.h"

#include "data/folds.h"
#include "data/names.h"

#include "nasmith/rng.h"

#include <string.h>
#include <sys/mman.h>

enum { HEADER_BYTES = 64, TRAILER_BYTES = 64, CHUNK_BYTES = 1 << 20 };

static const char magic[8] = "NASDATA\n";
static const char end_magic[8] = "NASDEND\n";
static const uint32_t byte_order = 0x01020304;

typedef struct file_header {
    char magic[8];
    uint32_t version;
    uint32_t byte_order;
    char zero[48];
} file_header;

typedef struct file_trailer {
    uint64_t meta_offset;
    uint64_t meta_bytes;
    uint64_t checksum;
    char zero[32];
    char magic[8];
} file_trailer;

_Static_assert(sizeof(file_header) == HEADER_BYTES, "header layout");
_Static_assert(sizeof(file_trailer) == TRAILER_BYTES, "trailer layout");

/* Chained over chunks, so that a writer needs one chunk in memory.
 * @param forget  of a file's map: let go of each chunk, so that a process that only looks
 *                at the table does not grow by the size of the data */
static uint64_t checksum(const void *data, size_t bytes, bool forget)
{
    uint64_t hash = 0;
    for (size_t at = 0; at < bytes; at += CHUNK_BYTES) {
        size_t n = bytes - at < CHUNK_BYTES ? bytes - at : CHUNK_BYTES;
        const char *chunk = (const char *)data + at;
        hash = nas_hash64(chunk, n, hash);
        if (forget) /* advice only: a failure costs memory, nothing else */
            (void)madvise((void *)(uintptr_t)chunk, n, MADV_DONTNEED);
    }
    return hash;
}

uint64_t nas_prepared_checksum(const void *data, size_t bytes)
{
    return checksum(data, bytes, false);
}

/* ---- writing -------------------------------------------------------------------- */

static nas_status flush(nas_prepared_writer *writer, nas_err *err)
{
    if (writer->used == 0)
        return NAS_OK;
    writer->checksum = nas_hash64(writer->buffer, writer->used, writer->checksum);
    size_t used = writer->used;
    writer->used = 0;
    return nas_file_writer_put(&writer->file, writer->buffer, used, err);
}

nas_status nas_prepared_put(nas_prepared_writer *writer, const void *data, size_t bytes,
                            nas_err *err)
{
    const char *from = data;
    writer->offset += (int64_t)bytes;
    while (bytes > 0) {
        size_t room = CHUNK_BYTES - writer->used;
        size_t n = bytes < room ? bytes : room;
        memcpy(writer->buffer + writer->used, from, n);
        writer->used += n;
        from += n;
        bytes -= n;
        if (writer->used == CHUNK_BYTES)
            NAS_TRY(flush(writer, err));
    }
    return NAS_OK;
}

nas_status nas_prepared_open_writer(nas_prepared_writer *writer, const char *path,
                                    nas_err *err)
{
    file_header header = {.version = NAS_PREPARED_VERSION, .byte_order = byte_order};
    memcpy(header.magic, magic, sizeof magic);
    writer->buffer = nas_heap_alloc(1, CHUNK_BYTES);
    NAS_TRY_ALLOC(writer->buffer, err);
    NAS_TRY(nas_file_writer_open(&writer->file, path, err));
    return nas_prepared_put(writer, &header, sizeof header, err);
}

static void section_end(nas_prepared_writer *writer)
{
    if (writer->n_sections == 0)
        return;
    nas_prepared_section *last = &writer->sections[writer->n_sections - 1];
    last->bytes = writer->offset - last->offset;
}

static nas_status align(nas_prepared_writer *writer, nas_err *err)
{
    static const char zeros[NAS_PREPARED_ALIGN] = {0};
    size_t over = (size_t)writer->offset % NAS_PREPARED_ALIGN;
    return over == 0 ? NAS_OK
                     : nas_prepared_put(writer, zeros, NAS_PREPARED_ALIGN - over, err);
}

nas_status nas_prepared_section_begin(nas_prepared_writer *writer, const char *name,
                                      nas_err *err)
{
    section_end(writer);
    NAS_TRY(align(writer, err));
    writer->sections[writer->n_sections++] =
        (nas_prepared_section){.name = name, .offset = writer->offset};
    return NAS_OK;
}

static void write_names(nas_json *json, const char *key, char *const *names, int64_t n)
{
    if (names == NULL)
        return;
    nas_json_key(json, key);
    nas_json_array_begin(json);
    for (int64_t i = 0; i < n; i++)
        nas_json_string(json, names[i]);
    nas_json_array_end(json);
}

static void write_forecast(nas_json *json, const nas_dataset *data)
{
    nas_json_key_int(json, "horizon", data->horizon);
    nas_json_key(json, "target_channels");
    nas_json_array_begin(json);
    for (int64_t k = 0; k < data->n_outputs / data->horizon; k++)
        nas_json_int(json, data->target_channels[k]);
    nas_json_array_end(json);
}

static void write_meta(nas_json *json, const nas_prepared_writer *writer,
                       const nas_dataset *data, const nas_data_summary *summary)
{
    char fingerprint[17];
    nas_fingerprint_text(data->fingerprint, fingerprint);
    nas_json_object_begin(json);
    nas_json_key_string(json, "task", nas_task_name(data->task));
    nas_json_key(json, "shape");
    nas_json_array_begin(json);
    nas_json_int(json, data->shape.c);
    nas_json_int(json, data->shape.h);
    nas_json_int(json, data->shape.w);
    nas_json_array_end(json);
    nas_json_key_string(json, "element", nas_element_name(data->element));
    nas_json_key_int(json, "rows", data->n_rows);
    nas_json_key_int(json, "train", data->n_train);
    nas_json_key_int(json, "validation", data->n_validation);
    nas_json_key_int(json, "folds", data->folds);
    nas_json_key_int(json, "repeats", data->repeats);
    nas_json_key_int(json, "outputs", data->n_outputs);
    write_names(json, "labels", data->label_names, data->n_outputs);
    write_names(json, "features", data->feature_names, data->shape.c);
    if (data->columns != NULL) {
        nas_json_key(json, "columns");
        nas_columns_write_json(data->columns, NULL, data->shape.c, json);
    }
    if (data->horizon > 0)
        write_forecast(json, data);
    nas_json_key_string(json, "split", nas_split_name(data->split));
    nas_json_key_bool(json, "flippable", data->flippable);
    nas_json_key_string(json, "fingerprint", fingerprint);
    nas_json_key(json, "sections");
    nas_json_object_begin(json);
    for (int i = 0; i < writer->n_sections; i++) {
        nas_json_key(json, writer->sections[i].name);
        nas_json_array_begin(json);
        nas_json_int(json, writer->sections[i].offset);
        nas_json_int(json, writer->sections[i].bytes);
        nas_json_array_end(json);
    }
    nas_json_object_end(json);
    if (summary != NULL) {
        nas_json_key(json, "summary");
        nas_data_summary_json(summary, json);
    }
    nas_json_object_end(json);
}

nas_status nas_prepared_finish(nas_prepared_writer *writer, const nas_dataset *data,
                               const nas_data_summary *summary, nas_err *err)
{
    section_end(writer);
    NAS_TRY(align(writer, err));
    nas_text meta = {0};
    nas_json json = nas_json_writer(&meta, 0);
    write_meta(&json, writer, data, summary);
    file_trailer trailer = {.meta_offset = (uint64_t)writer->offset,
                            .meta_bytes = meta.length};
    memcpy(trailer.magic, end_magic, sizeof end_magic);
    nas_status status = nas_text_status(&meta, err);
    if (status == NAS_OK)
        status = nas_prepared_put(writer, nas_text_string(&meta), meta.length, err);
    nas_text_free(&meta);
    NAS_TRY(status);
    NAS_TRY(nas_prepared_put(writer, &trailer, offsetof(file_trailer, checksum), err));
    NAS_TRY(flush(writer, err));
    trailer.checksum = writer->checksum;
    return nas_file_writer_put(&writer->file, &trailer.checksum,
                               sizeof trailer - offsetof(file_trailer, checksum), err);
}

nas_status nas_prepared_commit(nas_prepared_writer *writer, nas_err *err)
{
    return nas_file_writer_commit(&writer->file, err);
}

void nas_prepared_abort(nas_prepared_writer *writer)
{
    if (writer->file.open)
        nas_file_writer_abort(&writer->file);
    nas_heap_free(writer->buffer);
    writer->buffer = NULL;
}

/* ---- reading -------------------------------------------------------------------- */

/* One parse: file bytes, the meta document and where complaints go. */
typedef struct parser {
    const char *bytes;
    size_t n_bytes; /* before the trailer */
    const char *name;
    bool forget; /* bytes are a file's map that is looked at once */
    json_t *meta;
    nas_arena *arena;
    nas_err *err;
} parser;

static nas_status damaged(const parser *p, const char *what)
{
    nas_status status =
        nas_fail(p->err, NAS_E_DATA, "prepared data `%s` is damaged: %s", p->name, what);
    nas_err_hint(p->err, "delete it; it is made again from the source");
    return status;
}

static nas_status check_envelope(parser *p, size_t bytes, file_trailer *trailer)
{
    file_header header;
    if (bytes < HEADER_BYTES + TRAILER_BYTES)
        return damaged(p, "too short");
    memcpy(&header, p->bytes, sizeof header);
    if (memcmp(header.magic, magic, sizeof magic) != 0)
        return damaged(p, "not a prepared file");
    if (header.version != NAS_PREPARED_VERSION || header.byte_order != byte_order)
        return nas_fail(p->err, NAS_E_DATA,
                        "prepared data `%s` has version %u, this program reads %d",
                        p->name, (unsigned)header.version, NAS_PREPARED_VERSION);
    p->n_bytes = bytes - TRAILER_BYTES;
    memcpy(trailer, p->bytes + p->n_bytes, sizeof *trailer);
    if (memcmp(trailer->magic, end_magic, sizeof end_magic) != 0)
        return damaged(p, "cut off");
    if (trailer->meta_offset < HEADER_BYTES || trailer->meta_offset > p->n_bytes ||
        trailer->meta_bytes != p->n_bytes - trailer->meta_offset)
        return damaged(p, "its table is misplaced");
    static const char zero[sizeof trailer->zero] = {0};
    if (memcmp(trailer->zero, zero, sizeof zero) != 0)
        return damaged(p, "its end is not as written");
    size_t covered = p->n_bytes + offsetof(file_trailer, checksum);
    if (trailer->checksum != checksum(p->bytes, covered, p->forget))
        return damaged(p, "its checksum does not match");
    return NAS_OK;
}

static nas_status get_int(const parser *p, const char *key, int64_t least, int64_t *out)
{
    const json_t *value = json_object_get(p->meta, key);
    if (!json_is_integer(value) || json_integer_value(value) < least)
        return damaged(p, key);
    *out = json_integer_value(value);
    return NAS_OK;
}

static nas_status get_shape(const parser *p, nas_shape *out)
{
    json_int_t c = 0, h = 0, w = 0;
    int64_t count = 1;
    if (json_unpack(json_object_get(p->meta, "shape"), "[III!]", &c, &h, &w) != 0)
        return damaged(p, "shape");
    *out = (nas_shape){c, h, w};
    if (c < 1 || h < 1 || w < 1 || __builtin_mul_overflow(c, h, &count) ||
        __builtin_mul_overflow(count, w, &count) || count > INT64_MAX / 8)
        return damaged(p, "shape");
    return NAS_OK;
}

static nas_status get_names(const parser *p, const char *key, int64_t n, char ***out)
{
    const json_t *array = json_object_get(p->meta, key);
    if (!json_is_array(array) || json_array_size(array) != (size_t)n)
        return damaged(p, key);
    *out = NAS_NEW(p->arena, char *, n);
    NAS_TRY_ALLOC(*out, p->err);
    for (int64_t i = 0; i < n; i++) {
        const char *text = json_string_value(json_array_get(array, (size_t)i));
        if (text == NULL)
            return damaged(p, key);
        (*out)[i] = nas_arena_strdup(p->arena, text);
        NAS_TRY_ALLOC((*out)[i], p->err);
    }
    return NAS_OK;
}

/* Absent where all are plain numbers. */
static nas_status get_columns(const parser *p, int64_t n, nas_column **out)
{
    const json_t *array = json_object_get(p->meta, "columns");
    if (array == NULL)
        return NAS_OK;
    nas_status status = nas_columns_read_json(array, n, p->arena, out, NULL);
    return status == NAS_E_CONFIG ? damaged(p, "columns") : status;
}

static nas_status get_section(const parser *p, const char *name, int64_t count,
                              size_t element, const void **out)
{
    const json_t *table = json_object_get(p->meta, "sections");
    json_int_t offset = 0;
    json_int_t bytes = 0;
    int64_t wanted = 0;
    if (json_unpack(json_object_get(table, name), "[II!]", &offset, &bytes) != 0)
        return damaged(p, name);
    if (__builtin_mul_overflow(count, (int64_t)element, &wanted) || bytes != wanted ||
        offset < HEADER_BYTES || offset % NAS_PREPARED_ALIGN != 0 ||
        offset > (int64_t)p->n_bytes || bytes > (int64_t)p->n_bytes - offset)
        return damaged(p, name);
    *out = p->bytes + offset;
    return NAS_OK;
}

static bool has_section(const parser *p, const char *name)
{
    return json_object_get(json_object_get(p->meta, "sections"), name) != NULL;
}

/* Indices come from a file: whatever uses them later may rely on their range. */
static nas_status check_indices(const parser *p, const char *name, const int64_t *rows,
                                int64_t n, int64_t n_rows)
{
    for (int64_t i = 0; i < n; i++)
        if (rows[i] < 0 || rows[i] >= n_rows)
            return damaged(p, name);
    return NAS_OK;
}

static nas_status parse_rows(const parser *p, nas_dataset *data)
{
    const void *at = NULL;
    int64_t n = data->n_rows;
    if (!has_section(p, "train"))
        return data->n_train + data->n_validation > 0 ? damaged(p, "train") : NAS_OK;
    NAS_TRY(get_section(p, "train", data->n_train, sizeof(int64_t), &at));
    data->train = at;
    NAS_TRY(get_section(p, "validation", data->n_validation, sizeof(int64_t), &at));
    data->validation = at;
    NAS_TRY(check_indices(p, "train", data->train, data->n_train, n));
    return check_indices(p, "validation", data->validation, data->n_validation, n);
}

static nas_status parse_folds(const parser *p, nas_dataset *data)
{
    int64_t folds = 1, repeats = 1, count = 0;
    const void *at = NULL;
    if (has_section(p, "folds")) {
        NAS_TRY(get_int(p, "folds", 2, &folds));
        NAS_TRY(get_int(p, "repeats", 1, &repeats));
        if (folds > NAS_MAX_FOLDS || repeats > NAS_MAX_FOLDS ||
            __builtin_mul_overflow(data->n_rows, repeats, &count))
            return damaged(p, "folds");
        NAS_TRY(get_section(p, "folds", count, 1, &at));
        data->fold_of = at;
    }
    for (int64_t i = 0; i < count; i++)
        if (data->fold_of[i] >= folds)
            return damaged(p, "folds");
    data->folds = (int)folds;
    data->repeats = (int)repeats;
    return NAS_OK;
}

/* Targets are the inputs: the same bytes where they are floats, else a copy. */
static nas_status parse_anomalies(const parser *p, nas_dataset *data)
{
    const void *at = NULL;
    int64_t n = data->n_rows;
    if (data->n_outputs != nas_shape_count(data->shape))
        return damaged(p, "outputs");
    NAS_TRY(get_section(p, "anomalies", n, 1, &at));
    data->anomalies = at;
    return nas_dataset_echo(data, p->err);
}

static nas_status parse_sections(const parser *p, nas_dataset *data)
{
    int64_t n = data->n_rows;
    int64_t count = 0;
    const void *at = NULL;
    if (__builtin_mul_overflow(n, nas_shape_count(data->shape), &count))
        return damaged(p, "rows");
    NAS_TRY(
        get_section(p, "inputs", count, nas_element_bytes(data->element), &data->inputs));
    if (data->task == NAS_TASK_ANOMALY) {
        NAS_TRY(parse_anomalies(p, data));
    } else if (data->task == NAS_TASK_CLASSIFICATION) {
        NAS_TRY(get_section(p, "labels", n, sizeof(int32_t), &at));
        data->labels = at;
        for (int64_t i = 0; i < n; i++)
            if (data->labels[i] < 0 || data->labels[i] >= data->n_outputs)
                return damaged(p, "labels");
    } else {
        if (__builtin_mul_overflow(n, data->n_outputs, &count))
            return damaged(p, "targets");
        NAS_TRY(get_section(p, "targets", count, sizeof(float), &at));
        data->targets = at;
    }
    if (has_section(p, "groups")) {
        NAS_TRY(get_section(p, "groups", n, sizeof(int32_t), &at));
        data->groups = at;
    }
    NAS_TRY(parse_rows(p, data));
    return parse_folds(p, data);
}

static nas_status parse_forecast(const parser *p, nas_dataset *data)
{
    const json_t *array = json_object_get(p->meta, "target_channels");
    if (json_object_get(p->meta, "horizon") == NULL)
        return NAS_OK;
    NAS_TRY(get_int(p, "horizon", 1, &data->horizon));
    int64_t n = data->n_outputs / data->horizon;
    if (n * data->horizon != data->n_outputs || json_array_size(array) != (size_t)n)
        return damaged(p, "target_channels");
    int64_t *channels = NAS_NEW(p->arena, int64_t, n);
    NAS_TRY_ALLOC(channels, p->err);
    for (int64_t k = 0; k < n; k++) {
        const json_t *value = json_array_get(array, (size_t)k);
        channels[k] = json_integer_value(value);
        if (!json_is_integer(value) || channels[k] < 0 || channels[k] >= data->shape.c)
            return damaged(p, "target_channels");
    }
    data->target_channels = channels;
    return NAS_OK;
}

static nas_status parse_meta(const parser *p, nas_dataset *data)
{
    const char *task = json_string_value(json_object_get(p->meta, "task"));
    const char *element = json_string_value(json_object_get(p->meta, "element"));
    const char *split = json_string_value(json_object_get(p->meta, "split"));
    const char *hex = json_string_value(json_object_get(p->meta, "fingerprint"));
    if (!nas_task_parse(task, &data->task))
        return damaged(p, "task");
    if (!nas_element_parse(element, &data->element))
        return damaged(p, "element");
    if (!nas_split_parse(split, &data->split))
        return damaged(p, "split");
    if (!nas_fingerprint_parse(hex, &data->fingerprint))
        return damaged(p, "fingerprint");
    NAS_TRY(get_shape(p, &data->shape));
    NAS_TRY(get_int(p, "rows", 0, &data->n_rows));
    NAS_TRY(get_int(p, "train", 0, &data->n_train));
    NAS_TRY(get_int(p, "validation", 0, &data->n_validation));
    NAS_TRY(get_int(p, "outputs", 1, &data->n_outputs));
    NAS_TRY(get_names(p, "labels", data->n_outputs, &data->label_names));
    if (json_object_get(p->meta, "features") != NULL)
        NAS_TRY(get_names(p, "features", data->shape.c, &data->feature_names));
    NAS_TRY(get_columns(p, data->shape.c, &data->columns));
    if (data->columns != NULL &&
        (data->shape.h * data->shape.w != 1 || data->element != NAS_ELEMENT_F32))
        return damaged(p, "columns");
    NAS_TRY(parse_forecast(p, data));
    data->flippable = json_is_true(json_object_get(p->meta, "flippable"));
    return parse_sections(p, data);
}

static nas_status read_meta(parser *p, size_t bytes)
{
    file_trailer trailer;
    nas_err ignored = {0};
    NAS_TRY(check_envelope(p, bytes, &trailer));
    if (nas_json_parse(p->bytes + trailer.meta_offset, (size_t)trailer.meta_bytes,
                       p->name, &p->meta, &ignored) != NAS_OK)
        return damaged(p, "its table cannot be read");
    return NAS_OK;
}

static nas_status parse(parser p, size_t bytes, nas_dataset **out, nas_err *err)
{
    p.arena = nas_arena_new();
    *out = NULL;
    NAS_TRY_ALLOC(p.arena, err);
    nas_dataset *dataset = NAS_NEW(p.arena, nas_dataset, 1);
    nas_status status = dataset == NULL ? nas_fail(err, NAS_E_NOMEM, "out of memory")
                                        : read_meta(&p, bytes);
    if (dataset != NULL)
        dataset->arena = p.arena;
    if (status == NAS_OK)
        status = parse_meta(&p, dataset);
    json_decref(p.meta);
    if (status != NAS_OK) {
        nas_arena_free(p.arena);
        return status;
    }
    *out = dataset;
    return NAS_OK;
}

nas_status nas_prepared_parse(const void *data, size_t bytes, const char *name,
                              nas_dataset **out, nas_err *err)
{
    return parse((parser){.bytes = data, .name = name, .err = err}, bytes, out, err);
}

/* Pages come back from the cache when their rows are read: a process that reads few rows
 * stays small. */
nas_status nas_prepared_map(const char *path, nas_dataset **out, nas_err *err)
{
    nas_file_map map = {0};
    *out = NULL;
    NAS_TRY(nas_file_map_open(path, &map, err));
    parser p = {.bytes = map.data, .name = path, .err = err, .forget = true};
    nas_status status = parse(p, map.bytes, out, err);
    if (status != NAS_OK) {
        nas_file_unmap(&map);
        return status;
    }
    (*out)->map = map;
    (void)madvise((void *)(uintptr_t)map.data, map.bytes, MADV_DONTNEED);
    status = nas_dataset_watch_pages(*out, err);
    if (status != NAS_OK) {
        nas_dataset_close(*out);
        *out = NULL;
    }
    return status;
}

/* ---- the stored summary --------------------------------------------------------- */

static nas_status parse_class_counts(const parser *p, nas_data_summary *out)
{
    const json_t *classes = json_object_get(p->meta, "classes");
    int64_t n = (int64_t)json_array_size(classes);
    out->n_outputs = n;
    out->label_names = NAS_NEW(p->arena, char *, n);
    out->class_counts = NAS_NEW(p->arena, int64_t, n);
    NAS_TRY_ALLOC(out->label_names, p->err);
    NAS_TRY_ALLOC(out->class_counts, p->err);
    for (int64_t i = 0; i < n; i++) {
        const char *name = NULL;
        json_int_t rows = 0;
        if (json_unpack(json_array_get(classes, (size_t)i), "{s:s,s:I}", "name", &name,
                        "rows", &rows) != 0)
            return damaged(p, "classes");
        out->label_names[i] = nas_arena_strdup(p->arena, name);
        NAS_TRY_ALLOC(out->label_names[i], p->err);
        out->class_counts[i] = rows;
    }
    return n > 0 ? NAS_OK : damaged(p, "classes");
}

static nas_status parse_target(const parser *p, nas_data_summary *out)
{
    json_t *target = json_object_get(p->meta, "target");
    if (json_unpack(target, "{s:F,s:F,s:F,s:F}", "min", &out->target_min, "max",
                    &out->target_max, "mean", &out->target_mean, "deviation",
                    &out->target_deviation) != 0)
        return damaged(p, "target");
    NAS_TRY(get_int(p, "outputs", 1, &out->n_outputs));
    return get_names(p, "targets", out->n_outputs, &out->label_names);
}

/* The names of a summary's columns stand beside what they hold. */
static nas_status get_column_names(const parser *p, int64_t n, char ***out)
{
    const json_t *array = json_object_get(p->meta, "columns");
    *out = NAS_NEW(p->arena, char *, n);
    NAS_TRY_ALLOC(*out, p->err);
    for (int64_t i = 0; i < n; i++) {
        const json_t *object = json_array_get(array, (size_t)i);
        const char *name = json_string_value(json_object_get(object, "name"));
        if (name == NULL)
            return damaged(p, "columns");
        (*out)[i] = nas_arena_strdup(p->arena, name);
        NAS_TRY_ALLOC((*out)[i], p->err);
    }
    return NAS_OK;
}

static nas_status parse_summary(const parser *p, nas_data_summary *out)
{
    const char *kind = json_string_value(json_object_get(p->meta, "kind"));
    const char *task = json_string_value(json_object_get(p->meta, "task"));
    const char *element = json_string_value(json_object_get(p->meta, "element"));
    const char *split = json_string_value(json_object_get(p->meta, "split"));
    const char *hex = json_string_value(json_object_get(p->meta, "fingerprint"));
    const char *quick = json_string_value(json_object_get(p->meta, "quick_fingerprint"));
    const json_t *warnings = json_object_get(p->meta, "warnings");
    json_int_t seed = 0;
    if (kind == NULL || !nas_task_parse(task, &out->task) ||
        !nas_element_parse(element, &out->element) ||
        !nas_split_parse(split, &out->split) ||
        !nas_fingerprint_parse(hex, &out->fingerprint) ||
        !nas_fingerprint_parse(quick, &out->quick_fingerprint) ||
        json_unpack(p->meta, "{s:I}", "seed", &seed) != 0)
        return damaged(p, "summary");
    (void)snprintf(out->kind, sizeof out->kind, "%s", kind);
    out->seed = (uint64_t)seed;
    out->sample_rate = json_integer_value(json_object_get(p->meta, "sample_rate"));
    out->test_from_files = json_is_true(json_object_get(p->meta, "test_from_files"));
    NAS_TRY(get_shape(p, &out->shape));
    NAS_TRY(get_columns(p, out->shape.c, &out->columns));
    out->inner = out->shape;
    if (out->columns != NULL) {
        out->inner.c = nas_columns_width(out->columns, out->shape.c);
        NAS_TRY(get_column_names(p, out->shape.c, &out->feature_names));
    }
    NAS_TRY(get_int(p, "train", 0, &out->n_train));
    NAS_TRY(get_int(p, "validation", 0, &out->n_validation));
    NAS_TRY(get_int(p, "test", 0, &out->n_test));
    out->folds = out->repeats = 1;
    if (json_object_get(p->meta, "horizon") != NULL)
        NAS_TRY(get_int(p, "horizon", 1, &out->horizon));
    if (json_object_get(p->meta, "folds") != NULL) {
        NAS_TRY(get_int(p, "folds", 1, &out->folds));
        NAS_TRY(get_int(p, "repeats", 1, &out->repeats));
    }
    out->n_warnings = (int64_t)json_array_size(warnings);
    NAS_TRY(get_names(p, "warnings", out->n_warnings, &out->warnings));
    if (out->task == NAS_TASK_ANOMALY) {
        NAS_TRY(get_int(p, "anomalies", 0, &out->n_anomalies));
        NAS_TRY(get_int(p, "outputs", 1, &out->n_outputs));
        return get_names(p, "targets", out->n_outputs, &out->label_names);
    }
    return out->task != NAS_TASK_REGRESSION ? parse_class_counts(p, out)
                                            : parse_target(p, out);
}

static nas_status parse_stored_summary(parser *p, size_t bytes, nas_data_summary *out)
{
    NAS_TRY(read_meta(p, bytes));
    parser inner = *p;
    inner.meta = json_object_get(p->meta, "summary");
    return inner.meta == NULL ? damaged(p, "summary") : parse_summary(&inner, out);
}

nas_status nas_prepared_read_summary(const char *path, nas_data_summary *out,
                                     nas_err *err)
{
    nas_file_map map = {0};
    *out = (nas_data_summary){.arena = NULL};
    NAS_TRY(nas_file_map_open(path, &map, err));
    parser p = {.bytes = map.data,
                .name = path,
                .forget = true,
                .arena = nas_arena_new(),
                .err = err};
    nas_status status = p.arena == NULL ? nas_fail(err, NAS_E_NOMEM, "out of memory")
                                        : parse_stored_summary(&p, map.bytes, out);
    json_decref(p.meta);
    nas_file_unmap(&map);
    out->arena = p.arena;
    if (status != NAS_OK)
        nas_data_summary_free(out);
    return status;
}
