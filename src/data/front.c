/* Rows behind the computed front section of a network: made once, kept in a file beside
 * the prepared data and mapped by every worker.
 *
 *   header, 64 bytes   "NASFRONT", u64 key, u64 rows, u64 floats of a row
 *   rows               floats as they are in memory
 *   trailer, 8 bytes   checksum of the rows
 *
 * A file is a cache: one that is damaged or of other data is made again. */
#include "data/prepared.h"
#include "data/source.h"

#include "nasmith/rng.h"
#include "nasmith/spectrum.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { HEADER_BYTES = 64 };
static const char magic[8] = "NASFRON1";
/* Of one file, and of all files of a folder together. */
static const int64_t MOST_BYTES = INT64_C(1) << 30;
static const char prefix[] = "front-";

typedef struct file_header {
    char magic[8];
    uint64_t key, rows, floats;
    char zero[32];
} file_header;

_Static_assert(sizeof(file_header) == HEADER_BYTES, "header layout");

/* A row on its way through the front section. */
typedef struct maker {
    const nas_dataset *data;
    nas_spectrum *spectrum;
    int64_t floats;    /* of a result */
    float *raw, *work; /* in the result's arena */
    file_header header;
    char *path; /* of the file, or NULL */
} maker;

static void make_row(const maker *m, int64_t row, float *out)
{
    nas_dataset_row(m->data, row, m->raw);
    nas_spectrum_run(m->spectrum, m->raw, m->work, out);
}

static uint64_t checksum(const float *rows, int64_t n, int64_t floats)
{
    uint64_t hash = 0;
    for (int64_t i = 0; i < n; i++)
        hash = nas_hash64(rows + i * floats, (size_t)floats * sizeof *rows, hash);
    return hash;
}

/* ---- the file -------------------------------------------------------------------- */

/* @return whether the file is there and what it should be */
static bool map_file(const maker *m, nas_file_map *map)
{
    const size_t rows = (size_t)(m->data->n_rows * m->floats) * sizeof(float);
    uint64_t stored = 0;
    if (m->path == NULL || !nas_file_exists(m->path) ||
        nas_file_map_open(m->path, map, NULL) != NAS_OK)
        return false;
    const char *bytes = map->data;
    if (map->bytes == HEADER_BYTES + rows + sizeof stored &&
        memcmp(bytes, &m->header, HEADER_BYTES) == 0) {
        const float *values = (const float *)(const void *)(bytes + HEADER_BYTES);
        memcpy(&stored, bytes + HEADER_BYTES + rows, sizeof stored);
        if (stored == checksum(values, m->data->n_rows, m->floats))
            return true;
    }
    nas_file_unmap(map);
    *map = (nas_file_map){.data = NULL};
    return false;
}

/* Remove the files of other settings when this one would not fit beside them. */
static void make_space(const maker *m, nas_arena *arena)
{
    char **names = NULL;
    int64_t n = 0;
    int64_t bytes = m->data->n_rows * m->floats * (int64_t)sizeof(float);
    if (nas_file_list(m->data->folder, arena, &names, &n, NULL) != NAS_OK)
        return;
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t i = 0; i < n; i++) {
            struct stat st;
            char *path = nas_file_join(arena, m->data->folder, names[i]);
            if (path == NULL || strncmp(names[i], prefix, sizeof prefix - 1) != 0)
                continue;
            if (pass == 1)
                (void)nas_file_remove(path, NULL);
            else if (stat(path, &st) == 0)
                bytes += (int64_t)st.st_size;
        }
        if (bytes <= MOST_BYTES)
            return;
    }
}

static nas_status write_rows(const maker *m, nas_file_writer *writer, float *row,
                             nas_err *err)
{
    const size_t bytes = (size_t)m->floats * sizeof *row;
    uint64_t hash = 0;
    NAS_TRY(nas_file_writer_put(writer, &m->header, HEADER_BYTES, err));
    for (int64_t i = 0; i < m->data->n_rows; i++) {
        make_row(m, i, row);
        hash = nas_hash64(row, bytes, hash);
        NAS_TRY(nas_file_writer_put(writer, row, bytes, err));
    }
    return nas_file_writer_put(writer, &hash, sizeof hash, err);
}

/* @return whether there is a file now; a full disk is no error, the rows can be kept in
 *         memory */
static bool write_file(const maker *m, nas_arena *arena)
{
    float *row = NAS_NEW(arena, float, m->floats);
    nas_file_writer writer = {.fd = -1};
    if (m->path == NULL || row == NULL)
        return false;
    nas_file_remove_stale(m->data->folder);
    make_space(m, arena);
    if (nas_file_writer_open(&writer, m->path, NULL) != NAS_OK)
        return false;
    if (write_rows(m, &writer, row, NULL) == NAS_OK &&
        nas_file_writer_commit(&writer, NULL) == NAS_OK)
        return true;
    nas_file_writer_abort(&writer);
    return false;
}

/* ---- the data set ---------------------------------------------------------------- */

static nas_status begin(maker *m, const nas_graph *graph, nas_arena *arena, nas_err *err)
{
    const nas_dataset *data = m->data;
    const uint64_t words[2] = {nas_graph_front_key(graph), data->fingerprint};
    m->floats = nas_shape_count(nas_spectrum_shape(m->spectrum));
    m->header = (file_header){.key = nas_hash64(words, sizeof words, 3),
                              .rows = (uint64_t)data->n_rows,
                              .floats = (uint64_t)m->floats};
    memcpy(m->header.magic, magic, sizeof magic);
    m->raw = NAS_NEW(arena, float, nas_shape_count(data->shape));
    m->work = NAS_NEW(arena, float, nas_spectrum_work(m->spectrum));
    NAS_TRY_ALLOC(m->raw, err);
    NAS_TRY_ALLOC(m->work, err);
    if (data->folder == NULL)
        return NAS_OK;
    m->path = nas_arena_printf(arena, "%s/%s%016" PRIx64 ".nasf", data->folder, prefix,
                               m->header.key);
    NAS_TRY_ALLOC(m->path, err);
    return NAS_OK;
}

/* Rows from the file, or into memory where none can be. */
static nas_status fill(maker *m, nas_dataset *out, nas_err *err)
{
    nas_arena *arena = out->arena;
    if (map_file(m, &out->map) || (write_file(m, arena) && map_file(m, &out->map))) {
        out->inputs = (const char *)out->map.data + HEADER_BYTES;
        return nas_dataset_watch_pages(out, err);
    }
    float *rows = NAS_NEW(arena, float, out->n_rows * m->floats);
    NAS_TRY_ALLOC(rows, err);
    for (int64_t i = 0; i < out->n_rows; i++)
        make_row(m, i, rows + i * m->floats);
    out->inputs = rows;
    return NAS_OK;
}

static nas_status derive(maker *m, const nas_graph *graph, nas_dataset **out,
                         nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_dataset *data = NAS_NEW(arena, nas_dataset, 1);
    nas_status status = data == NULL ? nas_fail(err, NAS_E_NOMEM, "out of memory")
                                     : begin(m, graph, arena, err);
    if (status == NAS_OK) {
        *data = *m->data;
        data->map = (nas_file_map){.data = NULL};
        data->pages = NULL;
        data->arena = arena;
        data->element = NAS_ELEMENT_F32;
        data->shape = nas_spectrum_shape(m->spectrum);
        data->feature_names = NULL;
        data->flippable = false;
        data->front = nas_graph_front_key(graph);
        status = fill(m, data, err);
    }
    if (status != NAS_OK) {
        nas_arena_free(arena);
        return status;
    }
    *out = data;
    return NAS_OK;
}

nas_status nas_dataset_front(const nas_dataset *data, const nas_graph *graph,
                             nas_dataset **out, nas_err *err)
{
    maker m = {.data = data};
    *out = NULL;
    if (nas_graph_front_key(graph) == data->front)
        return NAS_OK;
    NAS_TRY(nas_spectrum_new(graph, &m.spectrum, err));
    nas_status status = NAS_OK;
    if (m.spectrum != NULL) {
        const int64_t row = nas_shape_count(nas_spectrum_shape(m.spectrum));
        const int64_t most = MOST_BYTES / (int64_t)sizeof(float) / row;
        if (data->n_rows <= most)
            status = derive(&m, graph, out, err);
    }
    nas_spectrum_free(m.spectrum);
    return status;
}

/* ---- fitting --------------------------------------------------------------------- */

/* On as many rows as are kept in memory. */
static nas_status fit_sample(const maker *m, const int64_t *rows, int64_t n, bool plain,
                             nas_arena *arena, nas_front *out, nas_err *err)
{
    enum { MOST_ROWS = 2048 };
    const int64_t count = n < MOST_ROWS ? n : MOST_ROWS;
    nas_dataset sample = {.element = NAS_ELEMENT_F32,
                          .shape = nas_spectrum_shape(m->spectrum),
                          .n_rows = count};
    float *inputs = NAS_NEW(arena, float, count * m->floats);
    int64_t *order = NAS_NEW(arena, int64_t, count);
    NAS_TRY_ALLOC(inputs, err);
    NAS_TRY_ALLOC(order, err);
    for (int64_t i = 0; i < count; i++) {
        order[i] = i;
        make_row(m, rows[i], inputs + i * m->floats);
    }
    sample.inputs = inputs;
    return nas_dataset_fit_front(&sample, order, count, plain, arena, out, err);
}

nas_status nas_dataset_front_fit(const nas_dataset *data, const nas_graph *graph,
                                 const int64_t *rows, int64_t n, bool plain,
                                 nas_arena *arena, nas_front *out, nas_err *err)
{
    maker m = {.data = data};
    if (nas_graph_front_key(graph) == data->front)
        return nas_dataset_fit_front(data, rows, n, plain, arena, out, err);
    NAS_TRY(nas_spectrum_new(graph, &m.spectrum, err));
    nas_status status = begin(&m, graph, arena, err);
    if (status == NAS_OK)
        status = fit_sample(&m, rows, n, plain, arena, out, err);
    nas_spectrum_free(m.spectrum);
    return status;
}
