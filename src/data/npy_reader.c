/* Reader of NumPy arrays: a .npz archive, a folder of .npy files, or one .npy file and
 * those beside it. Names say what an array is: x, images, data, ... are inputs, y,
 * labels, targets are labels, groups and subjects are groups; train, val and test name
 * parts. */
#include "data/labels.h"
#include "data/npy.h"
#include "data/part_words.h"
#include "data/source.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef enum npy_role {
    ROLE_NONE,
    ROLE_INPUTS,
    ROLE_LABELS,
    ROLE_GROUPS,
    N_ROLES
} npy_role;

typedef enum npy_axes { AXES_ANY, AXES_IMAGE, AXES_PLANE, AXES_SERIES } npy_axes;

static const struct {
    const char *word;
    npy_role role;
    npy_axes axes;
} words[] = {
    {"x", ROLE_INPUTS, AXES_ANY},         {"inputs", ROLE_INPUTS, AXES_ANY},
    {"input", ROLE_INPUTS, AXES_ANY},     {"data", ROLE_INPUTS, AXES_ANY},
    {"features", ROLE_INPUTS, AXES_ANY},  {"samples", ROLE_INPUTS, AXES_ANY},
    {"images", ROLE_INPUTS, AXES_IMAGE},  {"image", ROLE_INPUTS, AXES_IMAGE},
    {"mfcc", ROLE_INPUTS, AXES_PLANE},    {"spectrograms", ROLE_INPUTS, AXES_PLANE},
    {"series", ROLE_INPUTS, AXES_SERIES}, {"signals", ROLE_INPUTS, AXES_SERIES},
    {"audio", ROLE_INPUTS, AXES_SERIES},  {"y", ROLE_LABELS, AXES_ANY},
    {"labels", ROLE_LABELS, AXES_ANY},    {"label", ROLE_LABELS, AXES_ANY},
    {"targets", ROLE_LABELS, AXES_ANY},   {"target", ROLE_LABELS, AXES_ANY},
    {"classes", ROLE_LABELS, AXES_ANY},   {"groups", ROLE_GROUPS, AXES_ANY},
    {"subjects", ROLE_GROUPS, AXES_ANY},  {"group", ROLE_GROUPS, AXES_ANY},
    {"subject", ROLE_GROUPS, AXES_ANY},   {"xtrain", ROLE_INPUTS, AXES_ANY},
    {"ytrain", ROLE_LABELS, AXES_ANY},    {"xtest", ROLE_INPUTS, AXES_ANY},
    {"ytest", ROLE_LABELS, AXES_ANY},
};

/* An array by name. */
typedef struct npy_name {
    npy_role role;
    npy_axes axes;
    nas_part part;
    char set[128]; /* words that mean nothing else */
} npy_name;

/* An array: a file, or a member of the archive. */
typedef struct npy_place {
    const char *path, *member; /* member NULL = a file; path NULL = absent */
} npy_place;

/* Inputs and what belongs to them. */
typedef struct npy_set {
    npy_name name;
    npy_place place[N_ROLES];
    int64_t first_row, n_rows;
} npy_set;

typedef struct npy_state {
    npy_set *sets; /* train, validation, test, without a part */
    int64_t n_sets;
    bool channels_last; /* items are [H][W][C] or [T][C] */
} npy_state;

/* ---- names ----------------------------------------------------------------------- */

static void take_word(npy_name *out, const char *word, size_t length)
{
    nas_part part = nas_part_of_word(word, length);
    for (size_t i = 0; i < sizeof words / sizeof words[0] && out->role == ROLE_NONE;
         i++) {
        if (strlen(words[i].word) != length ||
            strncasecmp(words[i].word, word, length) != 0)
            continue;
        out->role = words[i].role;
        out->axes = words[i].axes;
        if (length > 2) /* xtrain, ytest */
            part = nas_part_of_word(word + 1, length - 1);
        if (part != NAS_PART_ANY)
            out->part = part;
        return;
    }
    if (part != NAS_PART_ANY) {
        out->part = part;
        return;
    }
    size_t used = strlen(out->set);
    if (used + length + 2 < sizeof out->set)
        (void)snprintf(out->set + used, sizeof out->set - used, "%s%.*s",
                       used > 0 ? "_" : "", (int)length, word);
}

/* "x_train.npy", "train_images", "arr_0". @return false when it says no role */
static bool parse_name(const char *name, npy_name *out)
{
    *out = (npy_name){.role = ROLE_NONE};
    const char *slash = strrchr(name, '/');
    name = slash != NULL ? slash + 1 : name;
    size_t end = strlen(name);
    if (end > 4 && strcasecmp(name + end - 4, ".npy") == 0)
        end -= 4;
    if (end == 5 && strncmp(name, "arr_", 4) == 0) { /* np.savez without names */
        out->role = name[4] == '0'   ? ROLE_INPUTS
                    : name[4] == '1' ? ROLE_LABELS
                                     : ROLE_NONE;
        return out->role != ROLE_NONE;
    }
    for (size_t at = 0; at < end;) {
        size_t length = strcspn(name + at, "_-. ");
        length = at + length > end ? end - at : length;
        if (length > 0)
            take_word(out, name + at, length);
        at += length + 1;
    }
    return out->role != ROLE_NONE;
}

/* ---- opening --------------------------------------------------------------------- */

static bool is_zip(const unsigned char *head, size_t n)
{
    return n >= 4 && memcmp(head, "PK\003\004", 4) == 0;
}

static bool is_array_file(const char *path)
{
    unsigned char head[8];
    return nas_npy_is_magic(head, nas_stream_peek(path, head, sizeof head));
}

/* The archive's members must be arrays: other ZIP files are not ours. */
static bool is_archive(const char *path, nas_arena *arena)
{
    unsigned char head[4];
    char **names = NULL;
    int64_t n = 0;
    size_t got = nas_stream_peek_raw(path, head, sizeof head);
    if (!is_zip(head, got) || nas_npz_list(path, arena, &names, &n, NULL) != NAS_OK)
        return false;
    for (int64_t i = 0; i < n; i++) {
        size_t length = strlen(names[i]);
        if (length > 4 && strcmp(names[i] + length - 4, ".npy") == 0)
            return true;
    }
    return false;
}

static bool folder_has_array(const char *path, nas_arena *arena)
{
    char **names = NULL;
    int64_t n = 0;
    npy_name name;
    if (nas_file_list(path, arena, &names, &n, NULL) != NAS_OK)
        return false;
    for (int64_t i = 0; i < n; i++) {
        char *below = nas_file_join(arena, path, names[i]);
        if (below != NULL && parse_name(names[i], &name) &&
            !nas_file_is_directory(below) && is_array_file(below))
            return true;
    }
    return false;
}

static bool probe(const char *path, const nas_data_options *options)
{
    (void)options;
    nas_arena *arena = nas_arena_new();
    if (arena == NULL || !nas_file_exists(path)) {
        nas_arena_free(arena);
        return false;
    }
    bool found = nas_file_is_directory(path)
                     ? folder_has_array(path, arena)
                     : is_array_file(path) || is_archive(path, arena);
    nas_arena_free(arena);
    return found;
}

static npy_set *set_of(npy_state *state, const npy_name *name)
{
    for (int64_t i = 0; i < state->n_sets; i++)
        if (state->sets[i].name.part == name->part &&
            strcmp(state->sets[i].name.set, name->set) == 0)
            return &state->sets[i];
    npy_set *set = &state->sets[state->n_sets++];
    set->name = *name;
    return set;
}

/* @param file  name for people */
static nas_status take_array(nas_source *source, const char *file, npy_place place,
                             nas_err *err)
{
    npy_name name;
    npy_state *state = source->state;
    bool known = parse_name(file, &name);
    npy_set *set = known ? set_of(state, &name) : NULL;
    if (set == NULL || set->place[name.role].path != NULL) {
        nas_source_warn(source, "array `%s` is not used", file);
        return NAS_OK;
    }
    if (name.role == ROLE_INPUTS)
        set->name.axes = name.axes;
    set->place[name.role] = place;
    return place.member == NULL ? nas_source_add_file(source, place.path, file, err)
                                : NAS_OK;
}

static nas_status check_sets(nas_source *source, nas_err *err)
{
    npy_state *state = source->state;
    if (state->n_sets == 0) {
        nas_status status =
            nas_fail(err, NAS_E_DATA, "no array of `%s` is called x, images or data",
                     source->path);
        nas_err_hint(err, "save inputs and labels under the names x and y, or x_train, "
                          "y_train, x_test, y_test");
        return status;
    }
    for (int64_t i = 0; i < state->n_sets; i++) {
        const npy_set *set = &state->sets[i];
        if (set->name.set[0] != '\0' &&
            strcmp(set->name.set, state->sets[0].name.set) != 0)
            return nas_fail(err, NAS_E_DATA,
                            "`%s` holds several data sets, such as `%s` and `%s`",
                            source->path, state->sets[0].name.set, set->name.set);
        if (set->place[ROLE_INPUTS].path != NULL && set->place[ROLE_LABELS].path != NULL)
            continue;
        bool inputs = set->place[ROLE_INPUTS].path != NULL;
        return nas_fail(err, NAS_E_DATA, "`%s` has %s but no %s of the %s rows",
                        source->path, inputs ? "inputs (x)" : "labels (y)",
                        inputs ? "labels (y)" : "inputs (x)",
                        set->name.part == NAS_PART_TRAIN        ? "training"
                        : set->name.part == NAS_PART_TEST       ? "test"
                        : set->name.part == NAS_PART_VALIDATION ? "validation"
                                                                : "same");
    }
    return NAS_OK;
}

static nas_status collect_archive(nas_source *source, nas_err *err)
{
    npy_state *state = source->state;
    char **names = NULL;
    int64_t n = 0;
    NAS_TRY(nas_npz_list(source->path, source->arena, &names, &n, err));
    state->sets = NAS_NEW(source->arena, npy_set, n);
    NAS_TRY_ALLOC(state->sets, err);
    NAS_TRY(nas_source_add_file(source, source->path, "", err));
    for (int64_t i = 0; i < n; i++) {
        npy_place place = {.path = source->path, .member = names[i]};
        NAS_TRY(take_array(source, names[i], place, err));
    }
    return NAS_OK;
}

/* @param only  the file that was asked for: others must have its set and part; or NULL */
static nas_status collect_folder(nas_source *source, const char *folder, const char *only,
                                 nas_err *err)
{
    npy_state *state = source->state;
    char **names = NULL;
    int64_t n = 0;
    npy_name asked = {.role = ROLE_NONE};
    if (only != NULL)
        (void)parse_name(only, &asked);
    NAS_TRY(nas_file_list(folder, source->arena, &names, &n, err));
    state->sets = NAS_NEW(source->arena, npy_set, n);
    NAS_TRY_ALLOC(state->sets, err);
    for (int64_t i = 0; i < n; i++) {
        npy_name name;
        char *path = nas_file_join(source->arena, folder, names[i]);
        NAS_TRY_ALLOC(path, err);
        if (nas_file_is_directory(path) || !is_array_file(path))
            continue;
        if (only != NULL && (!parse_name(names[i], &name) || name.part != asked.part ||
                             strcmp(name.set, asked.set) != 0))
            continue;
        NAS_TRY(take_array(source, names[i], (npy_place){.path = path}, err));
    }
    for (int64_t i = 0; i < state->n_sets && only != NULL; i++)
        state->sets[i].name.part = NAS_PART_ANY; /* one part alone: split it anew */
    return NAS_OK;
}

static int rank_of(const npy_set *set)
{
    return set->name.part == NAS_PART_ANY ? NAS_PART_TEST + 1 : (int)set->name.part;
}

/* Insertion sort: a handful of sets. */
static void sort_sets(npy_state *state)
{
    for (int64_t i = 1; i < state->n_sets; i++) {
        npy_set moving = state->sets[i];
        int64_t k = i;
        for (; k > 0 && rank_of(&state->sets[k - 1]) > rank_of(&moving); k--)
            state->sets[k] = state->sets[k - 1];
        state->sets[k] = moving;
    }
}

static nas_status npy_source_open(nas_source *source, nas_err *err)
{
    unsigned char head[4];
    npy_state *state = NAS_NEW(source->arena, npy_state, 1);
    NAS_TRY_ALLOC(state, err);
    source->state = state;
    const char *slash = strrchr(source->path, '/');
    if (nas_file_is_directory(source->path)) {
        NAS_TRY(collect_folder(source, source->path, NULL, err));
    } else if (is_zip(head, nas_stream_peek_raw(source->path, head, sizeof head))) {
        NAS_TRY(collect_archive(source, err));
    } else {
        char *folder = slash == NULL
                           ? nas_arena_strdup(source->arena, ".")
                           : nas_arena_printf(source->arena, "%.*s",
                                              (int)(slash - source->path), source->path);
        NAS_TRY_ALLOC(folder, err);
        NAS_TRY(collect_folder(source, folder, slash != NULL ? slash + 1 : source->path,
                               err));
    }
    NAS_TRY(check_sets(source, err));
    sort_sets(state);
    return NAS_OK;
}

/* ---- shape ----------------------------------------------------------------------- */

static bool are_channels(int64_t extent)
{
    return extent == 1 || extent == 3 || extent == 4;
}

/* How axes are meant: by name, else bytes and squares are images, other cubes series with
 * the longer axis as time.
 * @param last  out, channels are the last axis */
static nas_shape shape_of(const nas_npy_file *file, npy_axes *axes, bool *last)
{
    const int64_t *d = file->dim;
    *last = false;
    if (file->rank <= 2)
        return (nas_shape){d[1], 1, 1};
    if (*axes == AXES_ANY) {
        bool image = file->rank == 4 || file->element_bytes == 1 || d[1] == d[2];
        *axes = image ? AXES_IMAGE : AXES_SERIES;
    }
    if (file->rank == 3 && *axes != AXES_SERIES)
        return (nas_shape){1, d[1], d[2]};
    if (file->rank == 3) {
        *last = d[1] > d[2];
        return *last ? (nas_shape){d[2], 1, d[1]} : (nas_shape){d[1], 1, d[2]};
    }
    *last = are_channels(d[3]) && !are_channels(d[1]);
    return *last ? (nas_shape){d[3], d[1], d[2]} : (nas_shape){d[1], d[2], d[3]};
}

static void describe_kind(nas_source *source, const nas_npy_file *file, npy_axes axes)
{
    nas_shape s = source->shape;
    long long c = (long long)s.c, h = (long long)s.h, w = (long long)s.w;
    char *out = source->kind;
    size_t size = sizeof source->kind;
    if (file->rank <= 2)
        (void)snprintf(out, size, "vectors of %lld numbers, NumPy", c);
    else if (axes == AXES_SERIES && s.h == 1)
        (void)snprintf(out, size, "series, %lld channel%s × %lld steps, NumPy", c,
                       c == 1 ? "" : "s", w);
    else if (axes == AXES_PLANE)
        (void)snprintf(out, size, "%lld×%lld planes, NumPy", h, w);
    else if (c == 1 || c == 3)
        (void)snprintf(out, size, "%lld×%lld %s images, NumPy", h, w,
                       c == 1 ? "grey" : "colour");
    else
        (void)snprintf(out, size, "%lld×%lld images of %lld channels, NumPy", h, w, c);
    source->flippable = file->rank >= 3 && axes == AXES_IMAGE && w > 1;
}

static nas_status open_array(const npy_set *set, npy_role role, nas_npy_file *file,
                             nas_err *err)
{
    return nas_npy_open(file, set->place[role].path, set->place[role].member, err);
}

static bool same_items(const nas_npy_file *a, const nas_npy_file *b)
{
    return a->rank == b->rank && a->dim[1] == b->dim[1] && a->dim[2] == b->dim[2] &&
           a->dim[3] == b->dim[3] && a->element == b->element;
}

static nas_status describe_inputs(nas_source *source, nas_err *err)
{
    npy_state *state = source->state;
    nas_npy_file first = {.rank = 0};
    int64_t n = 0;
    for (int64_t i = 0; i < state->n_sets; i++) {
        nas_npy_file file;
        npy_set *set = &state->sets[i];
        nas_status status = open_array(set, ROLE_INPUTS, &file, err);
        nas_npy_close(&file);
        NAS_TRY(status);
        if (i == 0)
            first = file;
        if (file.kind == 'U' || file.kind == 'S')
            return nas_fail(err, NAS_E_DATA, "`%s`: inputs are texts, expected numbers",
                            source->path);
        if (!same_items(&first, &file))
            return nas_fail(err, NAS_E_DATA,
                            "`%s`: inputs of the parts differ: %lld×%lld×%lld and "
                            "%lld×%lld×%lld, or in type",
                            source->path, (long long)first.dim[1],
                            (long long)first.dim[2], (long long)first.dim[3],
                            (long long)file.dim[1], (long long)file.dim[2],
                            (long long)file.dim[3]);
        set->first_row = n;
        set->n_rows = file.dim[0];
        n += file.dim[0];
    }
    npy_axes axes = state->sets[0].name.axes;
    source->shape = shape_of(&first, &axes, &state->channels_last);
    source->element = first.element;
    describe_kind(source, &first, axes);
    NAS_TRY(nas_rows_init(&source->rows, source->arena, n, err));
    for (int64_t i = 0; i < state->n_sets; i++)
        memset(source->rows.part + state->sets[i].first_row,
               (int)state->sets[i].name.part, (size_t)state->sets[i].n_rows);
    return NAS_OK;
}

/* ---- labels and groups ----------------------------------------------------------- */

static nas_status check_rows(const nas_source *source, const npy_set *set,
                             const nas_npy_file *file, const char *what, nas_err *err)
{
    if (file->dim[0] == set->n_rows)
        return NAS_OK;
    return nas_fail(err, NAS_E_DATA, "`%s`: %lld %s for %lld inputs", source->path,
                    (long long)file->dim[0], what, (long long)set->n_rows);
}

/* Numbers beside the rows, joined over all sets: [rows.n][*width]. */
static nas_status read_numbers(nas_source *source, npy_role role, const char *what,
                               double **out, int64_t *width, nas_err *err)
{
    const npy_state *state = source->state;
    *out = NULL;
    for (int64_t i = 0; i < state->n_sets; i++) {
        nas_npy_file file;
        double *values = NULL;
        const npy_set *set = &state->sets[i];
        nas_status status = open_array(set, role, &file, err);
        if (status == NAS_OK)
            status = check_rows(source, set, &file, what, err);
        if (status == NAS_OK)
            status = nas_npy_read_numbers(&file, source->arena, &values, err);
        nas_npy_close(&file);
        NAS_TRY(status);
        if (i == 0) {
            *width = file.item_count;
            *out = nas_arena_alloc(source->arena, (size_t)source->rows.n,
                                   (size_t)*width * sizeof **out);
            NAS_TRY_ALLOC(*out, err);
        }
        if (file.item_count != *width)
            return nas_fail(err, NAS_E_DATA, "`%s`: %lld and %lld %s a row", source->path,
                            (long long)*width, (long long)file.item_count, what);
        memcpy(*out + set->first_row * *width, values,
               (size_t)(set->n_rows * *width) * sizeof **out);
    }
    return NAS_OK;
}

static nas_status take_texts(nas_source *source, const npy_set *set, nas_npy_file *file,
                             nas_intern *texts, int64_t *codes, nas_err *err)
{
    char **labels = NULL;
    NAS_TRY(check_rows(source, set, file, "labels", err));
    NAS_TRY(nas_npy_read_texts(file, source->arena, &labels, err));
    for (int64_t i = 0; i < set->n_rows; i++)
        NAS_TRY(nas_intern_add(texts, labels[i], &codes[set->first_row + i], err));
    return NAS_OK;
}

static nas_status describe_text_labels(nas_source *source, const nas_schema *schema,
                                       nas_err *err)
{
    const npy_state *state = source->state;
    nas_intern texts = {.arena = source->arena};
    int64_t *codes = NAS_NEW(source->arena, int64_t, source->rows.n);
    NAS_TRY_ALLOC(codes, err);
    for (int64_t i = 0; i < state->n_sets; i++) {
        nas_npy_file file;
        nas_status status = open_array(&state->sets[i], ROLE_LABELS, &file, err);
        if (status == NAS_OK && file.kind != 'U' && file.kind != 'S')
            status = nas_fail(err, NAS_E_DATA, "`%s`: labels are texts in one part only",
                              source->path);
        if (status == NAS_OK)
            status = take_texts(source, &state->sets[i], &file, &texts, codes, err);
        nas_npy_close(&file);
        NAS_TRY(status);
    }
    return nas_labels_from_texts(source, schema, &texts, codes, false, err);
}

static nas_status describe_labels(nas_source *source, const nas_schema *schema,
                                  nas_err *err)
{
    const npy_state *state = source->state;
    nas_npy_file file;
    double *values = NULL;
    int64_t width = 0;
    nas_status status = open_array(&state->sets[0], ROLE_LABELS, &file, err);
    nas_npy_close(&file);
    NAS_TRY(status);
    if (file.kind == 'U' || file.kind == 'S')
        return describe_text_labels(source, schema, err);
    NAS_TRY(read_numbers(source, ROLE_LABELS, "labels", &values, &width, err));
    return nas_labels_from_numbers(source, schema, values, width, err);
}

static nas_status describe_groups(nas_source *source, nas_err *err)
{
    const npy_state *state = source->state;
    double *values = NULL;
    int64_t width = 0;
    for (int64_t i = 0; i < state->n_sets; i++)
        if (state->sets[i].place[ROLE_GROUPS].path == NULL)
            return NAS_OK;
    NAS_TRY(read_numbers(source, ROLE_GROUPS, "groups", &values, &width, err));
    source->rows.groups = NAS_NEW(source->arena, int32_t, source->rows.n);
    NAS_TRY_ALLOC(source->rows.groups, err);
    assert(values != NULL || source->rows.n == 0);
    for (int64_t i = 0; i < source->rows.n; i++) {
        double value = values[i * width];
        if (width != 1 || value != floor(value) || fabs(value) >= INT32_MAX)
            return nas_fail(err, NAS_E_DATA, "`%s`: the group of row %lld is no number",
                            source->path, (long long)i + 1);
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

/* ---- rows ------------------------------------------------------------------------ */

/* [places][channels] to [channels][places]. */
static void to_planes(const char *from, int64_t places, int64_t channels, size_t bytes,
                      char *to)
{
    for (int64_t p = 0; p < places; p++)
        for (int64_t c = 0; c < channels; c++)
            memcpy(to + (size_t)(c * places + p) * bytes,
                   from + (size_t)(p * channels + c) * bytes, bytes);
}

static nas_status stream_set(nas_source *source, const npy_set *set, nas_npy_file *file,
                             const nas_sink *sink, nas_err *err)
{
    const npy_state *state = source->state;
    NAS_TRY(open_array(set, ROLE_INPUTS, file, err));
    size_t n = (size_t)file->item_count;
    size_t bytes = nas_element_bytes(source->element);
    void *raw = nas_arena_alloc(source->arena, n, (size_t)file->element_bytes);
    void *item = nas_arena_alloc(source->arena, n, bytes);
    void *planes = nas_arena_alloc(source->arena, n, bytes);
    NAS_TRY_ALLOC(raw, err);
    NAS_TRY_ALLOC(item, err);
    NAS_TRY_ALLOC(planes, err);
    if (file->dim[0] != set->n_rows || file->element != source->element ||
        file->item_count != nas_shape_count(source->shape))
        return nas_fail(err, NAS_E_DATA, "`%s` changed while it was read", source->path);
    for (int64_t i = 0; i < set->n_rows; i++) {
        NAS_TRY(nas_npy_read_item(file, raw, item, err));
        if (state->channels_last)
            to_planes(item, source->shape.h * source->shape.w, source->shape.c, bytes,
                      planes);
        nas_status status = sink->row(sink->context, set->first_row + i,
                                      state->channels_last ? planes : item, err);
        if (status == NAS_E_DATA)
            nas_err_context(err, "`%s`: item %lld", source->path, (long long)i + 1);
        NAS_TRY(status);
    }
    return nas_npy_expect_end(file, err);
}

static nas_status stream_rows(nas_source *source, const nas_sink *sink, nas_err *err)
{
    const npy_state *state = source->state;
    for (int64_t i = 0; i < state->n_sets; i++) {
        nas_npy_file file = {.rank = 0};
        nas_status status = stream_set(source, &state->sets[i], &file, sink, err);
        nas_npy_close(&file);
        NAS_TRY(status);
    }
    return NAS_OK;
}

const nas_reader nas_reader_npy = {
    .name = "npy",
    .summary =
        "NumPy arrays: .npz, or .npy files called x and y, perhaps with train, test",
    .probe = probe,
    .open = npy_source_open,
    .describe = describe,
    .rows = stream_rows,
};
