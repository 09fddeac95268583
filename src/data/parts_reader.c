/* Reader of a folder whose files or folders name the parts: train.csv and test.csv,
 * GunPoint_TRAIN.ts and GunPoint_TEST.ts, train/ and test/, each of any format; or one
 * set of several in a folder, as FOLDER/GunPoint. */
#include "data/anomaly.h"
#include "data/part_words.h"
#include "data/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A name taken apart at its part word: "Gun_TRAIN.ts" is "Gun", train, "ts". */
typedef struct part_name {
    char set[128];
    char rest[64];
    nas_part part;
} part_name;

typedef struct part_child {
    char *path, *name;
    nas_part part;
    nas_source *source;
    int64_t first_row;
} part_child;

typedef struct parts_state {
    part_child *children; /* train, validation, test */
    int64_t n;
} parts_state;

/* ---- names ----------------------------------------------------------------------- */

/* @return false when no word is a part */
static bool parse_name(const char *name, part_name *out)
{
    *out = (part_name){.part = NAS_PART_ANY};
    for (const char *at = name; *at != '\0';) {
        size_t n = strcspn(at, "_-. ");
        out->part = nas_part_of_word(at, n);
        if (out->part != NAS_PART_ANY) {
            size_t before = (size_t)(at - name);
            (void)snprintf(out->set, sizeof out->set, "%.*s",
                           (int)(before > 0 ? before - 1 : 0), name);
            (void)snprintf(out->rest, sizeof out->rest, "%s", at + n);
            return name[0] != '.';
        }
        at += n + (at[n] != '\0');
    }
    return false;
}

/* Files ending like a part but without a part word would be left out silently. */
static bool ends_like(const char *name, const char *rest)
{
    size_t n = strlen(name);
    size_t m = strlen(rest);
    return m > 0 && n > m && strcmp(name + n - m, rest) == 0;
}

/* The set and ending of the first training part, of this set or of any.
 * @param set  NULL = any
 * @param out  set "" and rest "" where there is none */
static bool find_train(char *const *names, int64_t n, const char *set, part_name *out)
{
    for (int64_t i = 0; i < n; i++)
        if (parse_name(names[i], out) && out->part == NAS_PART_TRAIN &&
            (set == NULL || strcmp(set, out->set) == 0))
            return true;
    return false;
}

static bool is_member(const char *name, const part_name *train, part_name *out)
{
    return parse_name(name, out) && strcmp(out->set, train->set) == 0 &&
           strcmp(out->rest, train->rest) == 0;
}

/* Do the names make one set of at least two parts, with nothing alike beside it? */
static bool are_parts(char *const *names, int64_t n, const char *set)
{
    part_name train, name;
    bool other = false;
    if (!find_train(names, n, set, &train))
        return false;
    for (int64_t i = 0; i < n; i++) {
        if (is_member(names[i], &train, &name))
            other = other || name.part != NAS_PART_TRAIN;
        else if (set == NULL && !parse_name(names[i], &name) &&
                 ends_like(names[i], train.rest))
            return false;
    }
    return other;
}

/* Where a path leads: the folder, and the set meant by its last word or NULL. */
static char *folder_of(nas_arena *arena, const char *path, const char **set)
{
    const char *slash = strrchr(path, '/');
    *set = NULL;
    if (nas_file_is_directory(path))
        return nas_arena_strdup(arena, path);
    *set = slash != NULL ? slash + 1 : path;
    if (slash == NULL)
        return nas_arena_strdup(arena, ".");
    return nas_arena_printf(arena, "%.*s", (int)(slash - path), path);
}

static bool probe(const char *path, const nas_data_options *options)
{
    char **names = NULL;
    const char *set = NULL;
    int64_t n = 0;
    (void)options;
    if (nas_file_exists(path) && !nas_file_is_directory(path))
        return false;
    nas_arena *arena = nas_arena_new();
    if (arena == NULL)
        return false;
    char *folder = folder_of(arena, path, &set);
    bool found = folder != NULL && (set == NULL || set[0] != '\0') &&
                 nas_file_list(folder, arena, &names, &n, NULL) == NAS_OK &&
                 are_parts(names, n, set);
    nas_arena_free(arena);
    return found;
}

/* ---- opening --------------------------------------------------------------------- */

static nas_status open_child(nas_source *source, part_child *child, nas_err *err)
{
    return nas_source_open_within(source->arena, child->path, source->options,
                                  &child->source, err);
}

static nas_status add_files(nas_source *source, const part_child *child, nas_err *err)
{
    for (int64_t i = 0; i < child->source->n_files; i++) {
        const nas_source_file *file = &child->source->files[i];
        char *name = nas_arena_printf(source->arena, "%s%s%s", child->name,
                                      file->name[0] != '\0' ? "/" : "", file->name);
        NAS_TRY_ALLOC(name, err);
        NAS_TRY(nas_source_add_file(source, file->path, name, err));
    }
    return NAS_OK;
}

static nas_status fail_many_sets(const nas_source *source, const char *first,
                                 const char *second, nas_err *err)
{
    nas_status status =
        nas_fail(err, NAS_E_DATA, "`%s` holds several data sets, such as `%s` and `%s`",
                 source->path, first, second);
    nas_err_hint(err, "name one: %s/%s", source->path, first);
    return status;
}

static nas_status collect(nas_source *source, const char *folder, const char *set,
                          nas_err *err)
{
    parts_state *state = source->state;
    char **names = NULL;
    int64_t n = 0;
    part_name train, name;
    NAS_TRY(nas_file_list(folder, source->arena, &names, &n, err));
    state->children = NAS_NEW(source->arena, part_child, n);
    NAS_TRY_ALLOC(state->children, err);
    if (!find_train(names, n, set, &train))
        return nas_fail(err, NAS_E_DATA, "`%s` has no training part", source->path);
    for (int part = NAS_PART_TRAIN; part <= NAS_PART_TEST; part++) {
        for (int64_t i = 0; i < n; i++) {
            if (!is_member(names[i], &train, &name) || (int)name.part != part)
                continue;
            part_child *child = &state->children[state->n++];
            *child = (part_child){.name = names[i], .part = name.part};
            child->path = nas_file_join(source->arena, folder, names[i]);
            NAS_TRY_ALLOC(child->path, err);
        }
    }
    for (int64_t i = 0; i < n; i++) {
        if (is_member(names[i], &train, &name) || !parse_name(names[i], &name))
            continue;
        if (set == NULL && strcmp(name.set, train.set) != 0)
            return fail_many_sets(source, train.set, name.set, err);
        if (strcmp(name.set, train.set) == 0)
            nas_source_warn(source, "file `%s` is not used", names[i]);
    }
    return NAS_OK;
}

static nas_status parts_open(nas_source *source, nas_err *err)
{
    const char *set = NULL;
    parts_state *state = NAS_NEW(source->arena, parts_state, 1);
    NAS_TRY_ALLOC(state, err);
    source->state = state;
    char *folder = folder_of(source->arena, source->path, &set);
    NAS_TRY_ALLOC(folder, err);
    NAS_TRY(collect(source, folder, set, err));
    for (int64_t i = 0; i < state->n; i++) {
        NAS_TRY(open_child(source, &state->children[i], err));
        NAS_TRY(add_files(source, &state->children[i], err));
    }
    return NAS_OK;
}

/* ---- describing ------------------------------------------------------------------ */

/* @param schema  in and out: the normal class, where anomalies are asked for */
static nas_status describe_child(const part_child *child, nas_schema *schema,
                                 nas_err *err)
{
    NAS_TRY(child->source->reader->describe(child->source, schema, err));
    return nas_anomaly_mark(child->source, schema, err);
}

static nas_status check_alike(const part_child *a, const part_child *b, nas_err *err)
{
    const nas_source *x = a->source;
    const nas_source *y = b->source;
    if (nas_shape_equal(x->shape, y->shape) && x->element == y->element &&
        x->task == y->task &&
        (x->task == NAS_TASK_CLASSIFICATION || x->n_outputs == y->n_outputs))
        return NAS_OK;
    return nas_fail(err, NAS_E_DATA, "`%s` (%s) does not fit `%s` (%s)", y->path, y->kind,
                    x->path, x->kind);
}

/* All parts; what the first one fixes holds for the others.
 * @param fixed  in: of the caller; out: what the parts have in common
 * @param longest  out, most steps of a part where they are series */
static nas_status describe_children(nas_source *source, nas_schema *fixed,
                                    bool free_steps, int64_t *longest, nas_err *err)
{
    const parts_state *state = source->state;
    const part_child *first = &state->children[0];
    *longest = 0;
    for (int64_t i = 0; i < state->n; i++) {
        const part_child *child = &state->children[i];
        NAS_TRY(describe_child(child, fixed, err));
        nas_shape shape = child->source->shape;
        *longest = shape.w > *longest ? shape.w : *longest;
        if (i > 0)
            continue;
        fixed->task = nas_task_name(first->source->task);
        fixed->feature_names = first->source->feature_names;
        fixed->columns = first->source->columns;
        fixed->n_features = first->source->feature_names != NULL ? shape.c : 0;
        if (!free_steps || shape.h > 1)
            fixed->shape = shape;
    }
    return NAS_OK;
}

/* Series of different length in the parts: all get the longest. */
static nas_status describe_again(nas_source *source, const nas_schema *schema,
                                 int64_t longest, nas_err *err)
{
    parts_state *state = source->state;
    nas_schema fixed = *schema;
    nas_shape shape = state->children[0].source->shape;
    fixed.shape = (nas_shape){shape.c, 1, longest};
    for (int64_t i = 0; i < state->n; i++)
        NAS_TRY(open_child(source, &state->children[i], err));
    return describe_children(source, &fixed, false, &longest, err);
}

static nas_status allocate_rows(nas_source *source, int64_t n, bool groups, nas_err *err)
{
    NAS_TRY(nas_rows_init(&source->rows, source->arena, n, err));
    if (source->task == NAS_TASK_CLASSIFICATION) {
        source->rows.labels = NAS_NEW(source->arena, int32_t, n);
        NAS_TRY_ALLOC(source->rows.labels, err);
    } else {
        source->rows.targets = NAS_NEW(source->arena, float, n * source->n_outputs);
        NAS_TRY_ALLOC(source->rows.targets, err);
    }
    if (groups) {
        source->rows.groups = NAS_NEW(source->arena, int32_t, n);
        NAS_TRY_ALLOC(source->rows.groups, err);
    }
    const parts_state *state = source->state;
    if (state->children[0].source->rows.times != NULL) {
        source->rows.times = NAS_NEW(source->arena, double, n);
        NAS_TRY_ALLOC(source->rows.times, err);
    }
    return NAS_OK;
}

static void copy_rows(nas_source *source, const part_child *child)
{
    const nas_rows *from = &child->source->rows;
    nas_rows *to = &source->rows;
    int64_t first = child->first_row;
    int64_t k = source->n_outputs;
    memset(to->part + first, (int)child->part, (size_t)from->n);
    if (to->labels != NULL)
        memcpy(to->labels + first, from->labels, (size_t)from->n * sizeof *to->labels);
    else
        memcpy(to->targets + first * k, from->targets,
               (size_t)(from->n * k) * sizeof *to->targets);
    if (to->times != NULL && from->times != NULL)
        memcpy(to->times + first, from->times, (size_t)from->n * sizeof *to->times);
    for (int64_t i = 0; i < from->n && to->groups != NULL && from->groups != NULL; i++)
        to->groups[first + i] =
            from->groups[i] + (child->source->own_groups ? (int32_t)first : 0);
}

static nas_status join_children(nas_source *source, nas_err *err)
{
    parts_state *state = source->state;
    const nas_source *first = state->children[0].source;
    int64_t n = 0;
    bool groups = true;
    for (int64_t i = 0; i < state->n; i++) {
        part_child *child = &state->children[i];
        NAS_TRY(check_alike(&state->children[0], child, err));
        if (i > 0 && first->task == NAS_TASK_CLASSIFICATION)
            NAS_TRY(nas_source_relabel(child->source, first->label_names,
                                       first->n_outputs, "the training part", err));
        child->first_row = n;
        n += child->source->rows.n;
        groups = groups && child->source->rows.groups != NULL;
        for (int64_t k = 0; k < child->source->n_warnings; k++)
            nas_source_warn(source, "%s", child->source->warnings[k]);
    }
    source->own_groups = first->own_groups;
    NAS_TRY(allocate_rows(source, n, groups, err));
    for (int64_t i = 0; i < state->n; i++)
        copy_rows(source, &state->children[i]);
    return NAS_OK;
}

static nas_status describe(nas_source *source, const nas_schema *schema, nas_err *err)
{
    const parts_state *state = source->state;
    nas_schema fixed = *schema;
    int64_t longest = 0;
    bool differ = false;
    NAS_TRY(describe_children(source, &fixed, schema->shape.c == 0, &longest, err));
    for (int64_t i = 0; i < state->n; i++) {
        nas_shape shape = state->children[i].source->shape;
        differ = differ || (shape.h == 1 && shape.w != longest);
    }
    if (differ)
        NAS_TRY(describe_again(source, schema, longest, err));
    const nas_source *first = state->children[0].source;
    source->task = first->task;
    source->shape = first->shape;
    source->element = first->element;
    source->n_outputs = first->n_outputs;
    source->label_names = first->label_names;
    source->feature_names = first->feature_names;
    source->columns = first->columns;
    source->marked = first->marked;
    source->horizon = first->horizon;
    source->target_channels = first->target_channels;
    source->flippable = first->flippable;
    source->sample_rate = first->sample_rate;
    (void)snprintf(source->kind, sizeof source->kind, "%s", first->kind);
    return join_children(source, err);
}

/* ---- rows ------------------------------------------------------------------------ */

typedef struct shifted_sink {
    const nas_sink *sink;
    int64_t first_row;
} shifted_sink;

static nas_status pass_row(void *context, int64_t row, const void *input, nas_err *err)
{
    const shifted_sink *shifted = context;
    return shifted->sink->row(shifted->sink->context, shifted->first_row + row, input,
                              err);
}

static nas_status stream_rows(nas_source *source, const nas_sink *sink, nas_err *err)
{
    const parts_state *state = source->state;
    for (int64_t i = 0; i < state->n; i++) {
        const part_child *child = &state->children[i];
        shifted_sink shifted = {.sink = sink, .first_row = child->first_row};
        nas_sink through = {.row = pass_row, .context = &shifted};
        NAS_TRY(child->source->reader->rows(child->source, &through, err));
    }
    return NAS_OK;
}

const nas_reader nas_reader_parts = {
    .name = "parts",
    .summary = "files or folders called train, val and test, each of any other format",
    .probe = probe,
    .open = parts_open,
    .describe = describe,
    .rows = stream_rows,
};
