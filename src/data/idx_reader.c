/* Reader of IDX files: a directory with MNIST-style names, one data set of such a
 * directory (`DIRECTORY/NAME`, `DIRECTORY/NAME-train`), or one file and its labels. */
#include "data/idx.h"
#include "data/idx_names.h"
#include "data/labels.h"
#include "data/source.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Input file and what stands beside it. Paths are the arena's; labels and groups may be
 * NULL until checked. */
typedef struct idx_pair {
    nas_idx_name name;
    const char *inputs, *labels, *groups;
    int64_t first_row, n_rows;
} idx_pair;

typedef struct idx_state {
    idx_pair *pairs; /* train, validation, test, then those without a part */
    int64_t n_pairs;
} idx_state;

/* Which files of the directory are meant. */
typedef struct idx_query {
    const char *directory;
    const char *key; /* set or prefix; NULL = the only set of the directory */
} idx_query;

/* ---- which files ---------------------------------------------------------------- */

static bool is_idx_file(const char *path)
{
    unsigned char head[4];
    return nas_idx_is_magic(head, nas_stream_peek(path, head, sizeof head));
}

/* A damaged file must still be recognised, to be reported and not to be skipped. */
static bool names_idx(const char *name)
{
    const char *at = strstr(name, "idx");
    return at != NULL && at[3] >= '1' && at[3] <= '4';
}

static bool is_candidate(const char *directory, const char *name, nas_idx_name *parsed,
                         nas_arena *arena)
{
    if (!nas_idx_name_parse(name, parsed))
        return false;
    if (names_idx(name))
        return true;
    char *path = nas_file_join(arena, directory, name);
    return path != NULL && !nas_file_is_directory(path) && is_idx_file(path);
}

static void split_path(nas_arena *arena, const char *path, char **directory, char **name)
{
    const char *slash = strrchr(path, '/');
    *name = nas_arena_strdup(arena, slash != NULL ? slash + 1 : path);
    if (slash == NULL)
        *directory = nas_arena_strdup(arena, ".");
    else if (slash == path)
        *directory = nas_arena_strdup(arena, "/");
    else
        *directory = nas_arena_printf(arena, "%.*s", (int)(slash - path), path);
}

/* Does any file of the directory belong to the key? */
static bool directory_has(const char *directory, const char *key, nas_arena *arena)
{
    char **names = NULL;
    int64_t n = 0;
    nas_idx_name parsed;
    if (nas_file_list(directory, arena, &names, &n, NULL) != NAS_OK)
        return false;
    for (int64_t i = 0; i < n; i++)
        if (is_candidate(directory, names[i], &parsed, arena) &&
            (key == NULL || strcmp(parsed.set, key) == 0 ||
             strcmp(parsed.prefix, key) == 0))
            return true;
    return false;
}

static bool probe(const char *path, const nas_data_options *options)
{
    (void)options;
    nas_arena *arena = nas_arena_new();
    if (arena == NULL)
        return false;
    char *directory = NULL;
    char *name = NULL;
    split_path(arena, path, &directory, &name);
    bool found = false;
    if (nas_file_is_directory(path))
        found = directory_has(path, NULL, arena);
    else if (nas_file_exists(path))
        found = is_idx_file(path) || (name != NULL && names_idx(name));
    else if (directory != NULL && name != NULL && nas_file_is_directory(directory))
        found = directory_has(directory, name, arena);
    nas_arena_free(arena);
    return found;
}

/* ---- opening -------------------------------------------------------------------- */

static nas_status fail_many_sets(const nas_source *source, const char *first,
                                 const char *second, nas_err *err)
{
    nas_status status =
        nas_fail(err, NAS_E_DATA, "`%s` holds several data sets, such as `%s` and `%s`",
                 source->path, first, second);
    nas_err_hint(err, "name one: %s/%s", source->path, first);
    return status;
}

static bool is_set(const idx_query *query, const nas_idx_name *name)
{
    return query->key == NULL || strcmp(name->set, query->key) == 0;
}

static bool is_asked(const idx_query *query, const nas_idx_name *name)
{
    return is_set(query, name) || strcmp(name->prefix, query->key) == 0;
}

/* The pair of the file's prefix, new if need be. */
static idx_pair *pair_of(idx_state *state, const idx_query *query,
                         const nas_idx_name *name)
{
    for (int64_t i = 0; i < state->n_pairs; i++)
        if (strcmp(state->pairs[i].name.prefix, name->prefix) == 0)
            return &state->pairs[i];
    idx_pair *pair = &state->pairs[state->n_pairs++];
    pair->name = *name;
    if (!is_set(query, name)) /* one part alone: split it anew */
        pair->name.part = NAS_PART_ANY;
    return pair;
}

static const char **slot_of(idx_pair *pair, nas_idx_role role)
{
    return role == NAS_IDX_INPUTS   ? &pair->inputs
           : role == NAS_IDX_LABELS ? &pair->labels
                                    : &pair->groups;
}

static nas_status take_file(nas_source *source, const idx_query *query, const char *file,
                            const nas_idx_name *name, nas_err *err)
{
    idx_state *state = source->state;
    if (!is_asked(query, name))
        return NAS_OK;
    idx_pair *pair = name->role != NAS_IDX_OTHER ? pair_of(state, query, name) : NULL;
    if (pair == NULL || *slot_of(pair, name->role) != NULL) {
        nas_source_warn(source, "file `%s` is not used", file);
        return NAS_OK;
    }
    if (query->key == NULL && strcmp(state->pairs[0].name.set, name->set) != 0)
        return fail_many_sets(source, state->pairs[0].name.set, name->set, err);
    if (name->role == NAS_IDX_INPUTS) { /* only this name says what the axes mean */
        nas_part part = pair->name.part;
        pair->name = *name;
        pair->name.part = part;
    }
    char *path = nas_file_join(source->arena, query->directory, file);
    NAS_TRY_ALLOC(path, err);
    *slot_of(pair, name->role) = path;
    return nas_source_add_file(source, path, file, err);
}

static nas_status check_pairs(const nas_source *source, nas_err *err)
{
    const idx_state *state = source->state;
    if (state->n_pairs == 0)
        return nas_fail(err, NAS_E_DATA, "`%s` has neither images nor labels",
                        source->path);
    for (int64_t i = 0; i < state->n_pairs; i++) {
        const idx_pair *pair = &state->pairs[i];
        const char *dash = pair->name.prefix[0] != '\0' ? "-" : "";
        if (pair->inputs != NULL && pair->labels != NULL)
            continue;
        nas_status status =
            nas_fail(err, NAS_E_DATA, "`%s` has no %s file for `%s`", source->path,
                     pair->inputs == NULL ? "images" : "labels",
                     pair->inputs != NULL   ? pair->inputs
                     : pair->labels != NULL ? pair->labels
                                            : pair->groups);
        nas_err_hint(err, "expected a name such as %s%s%s", pair->name.prefix, dash,
                     pair->inputs == NULL ? "images-idx3-ubyte" : "labels-idx1-ubyte");
        return status;
    }
    return NAS_OK;
}

static int rank_of(const idx_pair *pair)
{
    return pair->name.part == NAS_PART_ANY ? NAS_PART_TEST + 1 : (int)pair->name.part;
}

/* Insertion sort: a handful of pairs, and equal parts keep the order of their names. */
static void sort_pairs(idx_state *state)
{
    for (int64_t i = 1; i < state->n_pairs; i++) {
        idx_pair moving = state->pairs[i];
        int64_t k = i;
        for (; k > 0 && rank_of(&state->pairs[k - 1]) > rank_of(&moving); k--)
            state->pairs[k] = state->pairs[k - 1];
        state->pairs[k] = moving;
    }
}

static nas_status collect(nas_source *source, const idx_query *query, nas_err *err)
{
    char **names = NULL;
    int64_t n = 0;
    idx_state *state = NAS_NEW(source->arena, idx_state, 1);
    NAS_TRY_ALLOC(state, err);
    NAS_TRY(nas_file_list(query->directory, source->arena, &names, &n, err));
    state->pairs = NAS_NEW(source->arena, idx_pair, n);
    NAS_TRY_ALLOC(state->pairs, err);
    source->state = state;
    for (int64_t i = 0; i < n; i++) {
        nas_idx_name name;
        if (is_candidate(query->directory, names[i], &name, source->arena))
            NAS_TRY(take_file(source, query, names[i], &name, err));
    }
    NAS_TRY(check_pairs(source, err));
    sort_pairs(state);
    return NAS_OK;
}

/* One file: its pair is the prefix's; nothing else of the directory is read. */
static nas_status open_file(nas_source *source, const char *directory, const char *file,
                            nas_err *err)
{
    nas_idx_name name;
    if (!nas_idx_name_parse(file, &name)) {
        nas_status status = nas_fail(
            err, NAS_E_DATA, "the name of `%s` does not say what the IDX file holds",
            source->path);
        nas_err_hint(err, "expected a name such as train-images-idx3-ubyte beside "
                          "train-labels-idx1-ubyte");
        return status;
    }
    idx_query query = {.directory = directory, .key = name.prefix};
    NAS_TRY(collect(source, &query, err));
    idx_state *state = source->state;
    int64_t kept = 0;
    for (int64_t i = 0; i < state->n_pairs; i++)
        if (strcmp(state->pairs[i].name.prefix, name.prefix) == 0)
            state->pairs[kept++] = state->pairs[i];
    state->n_pairs = kept;
    state->pairs[0].name.part = NAS_PART_ANY;
    return NAS_OK;
}

static nas_status idx_source_open(nas_source *source, nas_err *err)
{
    char *directory = NULL;
    char *name = NULL;
    if (nas_file_is_directory(source->path)) {
        idx_query query = {.directory = source->path};
        return collect(source, &query, err);
    }
    split_path(source->arena, source->path, &directory, &name);
    NAS_TRY_ALLOC(directory, err);
    NAS_TRY_ALLOC(name, err);
    if (nas_file_exists(source->path))
        return open_file(source, directory, name, err);
    idx_query query = {.directory = directory, .key = name};
    return collect(source, &query, err);
}

/* ---- describing ----------------------------------------------------------------- */

static nas_shape shape_of(const nas_idx_file *file, nas_idx_axes axes)
{
    const int64_t *d = file->dim;
    if (file->rank <= 2)
        return (nas_shape){d[1], 1, 1};
    if (file->rank == 3 && axes == NAS_IDX_SERIES)
        return (nas_shape){d[1], 1, d[2]};
    if (file->rank == 3)
        return (nas_shape){1, d[1], d[2]};
    return (nas_shape){d[1], d[2], d[3]};
}

static void describe_kind(nas_source *source, const nas_idx_file *file,
                          const nas_idx_name *name)
{
    nas_shape s = source->shape;
    long long c = (long long)s.c, h = (long long)s.h, w = (long long)s.w;
    char *out = source->kind;
    size_t size = sizeof source->kind;
    if (file->rank <= 2)
        (void)snprintf(out, size, "vectors of %lld numbers, IDX", c);
    else if (s.h == 1 && name->axes == NAS_IDX_SERIES)
        (void)snprintf(out, size, "series, %lld channel%s × %lld steps, IDX", c,
                       c == 1 ? "" : "s", w);
    else if (name->axes == NAS_IDX_PLANE)
        (void)snprintf(out, size, "%lld×%lld planes (%s), IDX", h, w, name->word);
    else if (c == 1 || c == 3)
        (void)snprintf(out, size, "%lld×%lld %s images, IDX", h, w,
                       c == 1 ? "grey" : "colour");
    else
        (void)snprintf(out, size, "%lld×%lld images of %lld channels, IDX", h, w, c);
    source->flippable = file->rank >= 3 && name->axes == NAS_IDX_IMAGE && w > 1;
    if (file->rank == 4 && c > 4 && (w == 3 || w == 4 || w == 1))
        nas_source_warn(source,
                        "images have %lld channels of %lld×%lld: colour images must be "
                        "stored as planes (N × C × H × W)",
                        c, h, w);
}

static nas_status check_same(const idx_pair *first, const nas_idx_file *a,
                             const idx_pair *other, const nas_idx_file *b, nas_err *err)
{
    if (a->rank == b->rank && a->dim[1] == b->dim[1] && a->dim[2] == b->dim[2] &&
        a->dim[3] == b->dim[3] && a->type == b->type)
        return NAS_OK;
    return nas_fail(err, NAS_E_DATA,
                    "items of `%s` (type %02x, %lld×%lld×%lld) and `%s` (type %02x, "
                    "%lld×%lld×%lld) differ",
                    first->inputs, (unsigned)a->type, (long long)a->dim[1],
                    (long long)a->dim[2], (long long)a->dim[3], other->inputs,
                    (unsigned)b->type, (long long)b->dim[1], (long long)b->dim[2],
                    (long long)b->dim[3]);
}

/* Headers of all input files: shape, element type, number of rows. */
static nas_status describe_inputs(nas_source *source, nas_err *err)
{
    idx_state *state = source->state;
    nas_idx_file first = {.rank = 0};
    int64_t n = 0;
    for (int64_t i = 0; i < state->n_pairs; i++) {
        nas_idx_file file;
        idx_pair *pair = &state->pairs[i];
        nas_status status = nas_idx_open(&file, pair->inputs, err);
        nas_idx_close(&file);
        NAS_TRY(status);
        if (i == 0)
            first = file;
        NAS_TRY(check_same(&state->pairs[0], &first, pair, &file, err));
        pair->first_row = n;
        pair->n_rows = file.dim[0];
        n += file.dim[0];
    }
    source->shape = shape_of(&first, state->pairs[0].name.axes);
    source->element = first.element;
    describe_kind(source, &first, &state->pairs[0].name);
    NAS_TRY(nas_rows_init(&source->rows, source->arena, n, err));
    for (int64_t i = 0; i < state->n_pairs; i++)
        memset(source->rows.part + state->pairs[i].first_row,
               (int)state->pairs[i].name.part, (size_t)state->pairs[i].n_rows);
    return NAS_OK;
}

/* Numbers beside each row, [rows.n][*width], joined over all pairs. */
static nas_status read_beside(nas_source *source, bool groups, double **out,
                              int64_t *width, nas_err *err)
{
    const idx_state *state = source->state;
    double *all = NULL;
    assert(state->n_pairs > 0); /* check_pairs */
    *width = 0;
    for (int64_t i = 0; i < state->n_pairs; i++) {
        const idx_pair *pair = &state->pairs[i];
        const char *path = groups ? pair->groups : pair->labels;
        nas_idx_file file;
        double *values = NULL;
        NAS_TRY(nas_idx_read_numbers(path, source->arena, &file, &values, err));
        if (file.dim[0] != pair->n_rows)
            return nas_fail(err, NAS_E_DATA, "`%s` holds %lld items but `%s` holds %lld",
                            pair->inputs, (long long)pair->n_rows, path,
                            (long long)file.dim[0]);
        if (i > 0 && file.item_count != *width)
            return nas_fail(err, NAS_E_DATA, "`%s` has %lld numbers per row, others %lld",
                            path, (long long)file.item_count, (long long)*width);
        if (i == 0) {
            *width = file.item_count;
            all = nas_arena_alloc(source->arena, (size_t)source->rows.n,
                                  (size_t)*width * sizeof *all);
            NAS_TRY_ALLOC(all, err);
        }
        for (int64_t k = 0; k < pair->n_rows * *width; k++)
            if (!isfinite(values[k]))
                return nas_fail(err, NAS_E_DATA, "`%s`: row %lld is NaN or infinite",
                                path, (long long)(k / *width) + 1);
        memcpy(all + pair->first_row * *width, values,
               (size_t)(pair->n_rows * *width) * sizeof *all);
    }
    *out = all;
    return NAS_OK;
}

static nas_status describe_labels(nas_source *source, const nas_schema *schema,
                                  nas_err *err)
{
    double *values = NULL;
    int64_t width = 0;
    NAS_TRY(read_beside(source, false, &values, &width, err));
    return nas_labels_from_numbers(source, schema, values, width, err);
}

static nas_status describe_groups(nas_source *source, nas_err *err)
{
    const idx_state *state = source->state;
    int64_t with = 0;
    for (int64_t i = 0; i < state->n_pairs; i++)
        with += state->pairs[i].groups != NULL;
    if (with < state->n_pairs) {
        if (with > 0)
            nas_source_warn(source, "groups are not used: a part of the data has none");
        return NAS_OK;
    }
    double *values = NULL;
    int64_t width = 0;
    NAS_TRY(read_beside(source, true, &values, &width, err));
    source->rows.groups = NAS_NEW(source->arena, int32_t, source->rows.n);
    NAS_TRY_ALLOC(source->rows.groups, err);
    for (int64_t i = 0; i < source->rows.n; i++) {
        double value = values[i * width];
        if (width != 1 || value != floor(value) || fabs(value) > INT32_MAX)
            return nas_fail(err, NAS_E_DATA, "`%s`: row %lld is no group number",
                            state->pairs[0].groups, (long long)i + 1);
        source->rows.groups[i] = (int32_t)value;
    }
    return NAS_OK;
}

static nas_status describe(nas_source *source, const nas_schema *schema, nas_err *err)
{
    NAS_TRY(describe_inputs(source, err));
    NAS_TRY(describe_labels(source, schema, err));
    return describe_groups(source, err);
}

/* ---- rows ----------------------------------------------------------------------- */

static nas_status stream_pair(nas_source *source, const idx_pair *pair,
                              nas_idx_file *file, const nas_sink *sink, nas_err *err)
{
    NAS_TRY(nas_idx_open(file, pair->inputs, err));
    size_t n = (size_t)file->item_count;
    void *raw = nas_arena_alloc(source->arena, n, file->element_bytes);
    void *item = nas_arena_alloc(source->arena, n, nas_element_bytes(file->element));
    NAS_TRY_ALLOC(raw, err);
    NAS_TRY_ALLOC(item, err);
    if (file->dim[0] != pair->n_rows || file->element != source->element ||
        file->item_count != nas_shape_count(source->shape))
        return nas_fail(err, NAS_E_DATA, "`%s` changed while it was read", pair->inputs);
    for (int64_t i = 0; i < pair->n_rows; i++) {
        NAS_TRY(nas_idx_read_item(file, i, raw, item, err));
        nas_status status = sink->row(sink->context, pair->first_row + i, item, err);
        if (status == NAS_E_DATA)
            nas_err_context(err, "`%s`: item %lld", pair->inputs, (long long)i + 1);
        NAS_TRY(status);
    }
    return nas_idx_expect_end(file, err);
}

static nas_status stream_rows(nas_source *source, const nas_sink *sink, nas_err *err)
{
    const idx_state *state = source->state;
    for (int64_t i = 0; i < state->n_pairs; i++) {
        nas_idx_file file;
        nas_status status = stream_pair(source, &state->pairs[i], &file, sink, err);
        nas_idx_close(&file);
        NAS_TRY(status);
    }
    return NAS_OK;
}

const nas_reader nas_reader_idx = {
    .name = "idx",
    .summary = "IDX files with MNIST-style names, gzipped or not",
    .probe = probe,
    .open = idx_source_open,
    .describe = describe,
    .rows = stream_rows,
};
