/* A list of samples: a CSV file with a column of paths, relative to the list. */
#include "data/csv_text.h"
#include "data/items.h"
#include "data/part_words.h"

#include <string.h>
#include <strings.h>

typedef struct list_columns {
    int64_t path, label, part, group; /* -1 = absent */
    int64_t n;
} list_columns;

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strcasecmp(text, *words) == 0)
            return true;
    return false;
}

static bool is_path_column(const char *name)
{
    static const char *const words[] = {"path",  "file",       "filename", "file_name",
                                        "image", "filepath",   "audio",    "recording",
                                        "img",   "image_path", NULL};
    return is_one_of(name, words);
}

static bool is_label_column(const char *name)
{
    static const char *const words[] = {"label", "class", "target", "y", NULL};
    return is_one_of(name, words);
}

static bool is_part_column(const char *name)
{
    static const char *const words[] = {"part", "split", "set", NULL};
    return is_one_of(name, words);
}

/* A path of the list, from its folder. */
static char *resolve(nas_arena *arena, const char *list, const char *path)
{
    const char *slash = strrchr(list, '/');
    if (path[0] == '/' || slash == NULL)
        return nas_arena_strdup(arena, path);
    return nas_arena_printf(arena, "%.*s/%s", (int)(slash - list), list, path);
}

/* ---- probing --------------------------------------------------------------------- */

static bool first_row_names(const nas_item_kind *kind, nas_csv_file *file,
                            const char *path)
{
    bool more = false;
    int64_t column = -1;
    if (nas_csv_open(file, path, NULL) != NAS_OK ||
        nas_csv_next(file, &more, NULL) != NAS_OK || !more)
        return false;
    for (int64_t i = 0; i < file->n_fields && column < 0; i++)
        if (is_path_column(nas_csv_field(file, i)))
            column = i;
    if (column < 0 || nas_csv_next(file, &more, NULL) != NAS_OK || !more ||
        column >= file->n_fields)
        return false;
    nas_arena *arena = nas_arena_new();
    if (arena == NULL)
        return false;
    char *sample = resolve(arena, path, nas_csv_field(file, column));
    bool found = sample != NULL && nas_item_is(kind, sample);
    nas_arena_free(arena);
    return found;
}

bool nas_items_probe_list(const nas_item_kind *kind, const char *path)
{
    nas_csv_file file = {.n = 0};
    if (!nas_file_exists(path) || nas_file_is_directory(path))
        return false;
    bool found = first_row_names(kind, &file, path);
    nas_csv_close(&file);
    return found;
}

/* ---- header ---------------------------------------------------------------------- */

static int64_t find_named(const nas_csv_file *file, const char *name)
{
    for (int64_t i = 0; name != NULL && i < file->n_fields; i++)
        if (strcmp(nas_csv_field(file, i), name) == 0)
            return i;
    return -1;
}

static nas_status fail_column(const nas_source *source, const char *flag,
                              const char *name, nas_err *err)
{
    return nas_fail(err, NAS_E_USAGE, "`%s` has no column `%s` (--%s)", source->path,
                    name, flag);
}

static nas_status find_columns(const nas_source *source, const nas_csv_file *file,
                               list_columns *out, nas_err *err)
{
    const nas_data_options *options = source->options;
    *out = (list_columns){.path = -1,
                          .label = find_named(file, options->label),
                          .part = -1,
                          .group = find_named(file, options->group),
                          .n = file->n_fields};
    for (int64_t i = 0; i < file->n_fields; i++) {
        const char *name = nas_csv_field(file, i);
        if (out->path < 0 && is_path_column(name))
            out->path = i;
        if (out->label < 0 && options->label == NULL && is_label_column(name))
            out->label = i;
        if (out->part < 0 && is_part_column(name))
            out->part = i;
    }
    if (options->group != NULL && out->group < 0)
        return fail_column(source, "group", options->group, err);
    if (options->label != NULL && out->label < 0)
        return fail_column(source, "label", options->label, err);
    if (out->path < 0)
        return nas_fail(err, NAS_E_DATA, "`%s` has no column of paths", source->path);
    if (out->label >= 0)
        return NAS_OK;
    nas_status status = nas_fail(
        err, NAS_E_USAGE, "which column of `%s` is to be predicted?", source->path);
    nas_err_hint(err, "name it, for example --label %s",
                 nas_csv_field(file, file->n_fields - 1));
    return status;
}

/* ---- rows ------------------------------------------------------------------------ */

static nas_status fail_cell(const nas_csv_file *file, int64_t column, const char *what,
                            nas_err *err)
{
    return nas_fail(err, NAS_E_DATA, "%s:%lld:%lld: `%.200s`%s", file->stream.path,
                    (long long)file->fields[column].line,
                    (long long)file->fields[column].column, nas_csv_field(file, column),
                    what);
}

static nas_status take_part(const nas_csv_file *file, int64_t column, nas_item *item,
                            nas_err *err)
{
    const char *text = nas_csv_field(file, column);
    nas_part part = nas_part_of_word(text, strlen(text));
    if (part == NAS_PART_ANY && text[0] != '\0')
        return fail_cell(file, column, ", expected train, val or test", err);
    item->part = (uint8_t)part;
    return NAS_OK;
}

static nas_status take_row(nas_source *source, nas_items *items, const nas_csv_file *file,
                           const list_columns *columns, nas_err *err)
{
    nas_item item = {.group = -1};
    if (file->n_fields != columns->n)
        return nas_fail(err, NAS_E_DATA, "%s:%lld: %lld cells, the header has %lld",
                        source->path, (long long)file->fields[0].line,
                        (long long)file->n_fields, (long long)columns->n);
    const char *name = nas_csv_field(file, columns->path);
    const char *label = nas_csv_field(file, columns->label);
    char *path = resolve(source->arena, source->path, name);
    NAS_TRY_ALLOC(path, err);
    if (!nas_file_exists(path) || nas_file_is_directory(path))
        return fail_cell(file, columns->path, " is no file", err);
    if (label[0] == '\0')
        return fail_cell(file, columns->label, ": the label is missing", err);
    NAS_TRY(nas_intern_add(&items->labels, label, &item.label, err));
    if (columns->group >= 0)
        NAS_TRY(nas_intern_add(&items->groups, nas_csv_field(file, columns->group),
                               &item.group, err));
    if (columns->part >= 0)
        NAS_TRY(take_part(file, columns->part, &item, err));
    return nas_items_add(source, items, path, name, item, err);
}

static nas_status read_list(nas_source *source, nas_items *items, nas_csv_file *file,
                            nas_err *err)
{
    list_columns columns;
    bool more = false;
    NAS_TRY(nas_csv_open(file, source->path, err));
    NAS_TRY(nas_csv_next(file, &more, err));
    if (!more)
        return nas_fail(err, NAS_E_DATA, "`%s` is empty", source->path);
    NAS_TRY(find_columns(source, file, &columns, err));
    NAS_TRY(nas_csv_next(file, &more, err));
    while (more) {
        NAS_TRY(take_row(source, items, file, &columns, err));
        NAS_TRY(nas_csv_next(file, &more, err));
    }
    if (items->n == 0)
        return nas_fail(err, NAS_E_DATA, "`%s` has a header but no rows", source->path);
    return NAS_OK;
}

nas_status nas_items_from_list(nas_source *source, nas_items *items, nas_err *err)
{
    nas_csv_file file = {.n = 0};
    NAS_TRY(nas_source_add_file(source, source->path, "", err));
    nas_status status = read_list(source, items, &file, err);
    nas_csv_close(&file);
    return status;
}
