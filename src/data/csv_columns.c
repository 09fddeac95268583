#include "data/csv_columns.h"

#include <assert.h>
#include <string.h>

/* ---- header --------------------------------------------------------------------- */

static int64_t find_column(const nas_csv_columns *columns, const char *name)
{
    for (int64_t i = 0; i < columns->n; i++)
        if (strcmp(columns->names[i], name) == 0)
            return i;
    return -1;
}

nas_status nas_csv_columns_read(nas_csv_columns *columns, nas_csv_file *file,
                                nas_arena *arena, nas_err *err)
{
    bool more = false;
    int64_t numbers = 0;
    *columns = (nas_csv_columns){.group = -1, .time = -1};
    NAS_TRY(nas_csv_next(file, &more, err));
    if (!more)
        return nas_fail(err, NAS_E_DATA, "`%s` is empty", file->stream.path);
    columns->names = NAS_NEW(arena, char *, file->n_fields);
    NAS_TRY_ALLOC(columns->names, err);
    for (int64_t i = 0; i < file->n_fields; i++) {
        double value;
        const char *text = nas_csv_field(file, i);
        numbers += nas_csv_number(text, &value);
        char *name = *text != '\0'
                         ? nas_arena_strdup(arena, text)
                         : nas_arena_printf(arena, "column %lld", (long long)i + 1);
        NAS_TRY_ALLOC(name, err);
        if (find_column(columns, name) >= 0)
            return nas_fail(err, NAS_E_DATA, "%s:%lld:%lld: two columns are called `%s`",
                            file->stream.path, (long long)file->fields[i].line,
                            (long long)file->fields[i].column, name);
        columns->names[columns->n++] = name;
    }
    if (numbers < columns->n)
        return NAS_OK;
    nas_status status = nas_fail(
        err, NAS_E_DATA, "%s:1: the first line holds numbers, expected column names",
        file->stream.path);
    nas_err_hint(err, "put a header line before it");
    return status;
}

/* ---- columns by name ------------------------------------------------------------- */

static nas_status fail_absent(const nas_csv_columns *columns, const nas_source *source,
                              const char *flag, const char *name, nas_err *err)
{
    const char *const *names = (const char *const *)columns->names;
    const char *nearest = nas_text_nearest(name, names, (size_t)columns->n);
    nas_status status = nas_fail(err, NAS_E_USAGE, "`%s` has no column `%s` (--%s)",
                                 source->path, name, flag);
    nas_err_hint(err, nearest != NULL ? "did you mean `%s`?" : "its last column is `%s`",
                 nearest != NULL ? nearest : columns->names[columns->n - 1]);
    return status;
}

/* Columns named by one name or by several with commas between; a name may hold commas
 * itself when it stands alone.
 * @param may_lack  leave absent ones out
 * @param out       [columns->n + 1] room; the last is for a name too many */
static nas_status find_list(const nas_csv_columns *columns, const nas_source *source,
                            const char *flag, const char *list, bool may_lack,
                            int64_t *out, int64_t *n, nas_err *err)
{
    *n = 0;
    if (find_column(columns, list) >= 0) {
        out[(*n)++] = find_column(columns, list);
        return NAS_OK;
    }
    for (const char *at = list; at != NULL;) {
        const char *comma = strchr(at, ',');
        size_t length = comma != NULL ? (size_t)(comma - at) : strlen(at);
        const char *name = nas_arena_printf(source->arena, "%.*s", (int)length, at);
        NAS_TRY_ALLOC(name, err);
        int64_t column = find_column(columns, name);
        if (column < 0 && !may_lack)
            return fail_absent(columns, source, flag, name, err);
        for (int64_t k = 0; k < *n; k++)
            if (out[k] == column)
                return nas_fail(err, NAS_E_USAGE, "--%s names column `%s` twice", flag,
                                name);
        if (column >= 0)
            out[(*n)++] = column;
        at = comma != NULL ? comma + 1 : NULL;
    }
    return NAS_OK;
}

nas_status nas_csv_columns_find(const nas_csv_columns *columns, const nas_source *source,
                                const char *flag, const char *list, int64_t *out,
                                int64_t *n, nas_err *err)
{
    return find_list(columns, source, flag, list, false, out, n, err);
}

static nas_status find_one(const nas_csv_columns *columns, const nas_source *source,
                           const char *flag, const char *name, bool may_lack,
                           int64_t *out, nas_err *err)
{
    *out = name != NULL ? find_column(columns, name) : -1;
    if (name == NULL || *out >= 0 || may_lack)
        return NAS_OK;
    return fail_absent(columns, source, flag, name, err);
}

static nas_status find_dropped(nas_csv_columns *columns, const nas_source *source,
                               bool may_lack, nas_err *err)
{
    int64_t n = 0;
    int64_t *found = NAS_NEW(source->arena, int64_t, columns->n + 1);
    columns->dropped = NAS_NEW(source->arena, bool, columns->n);
    NAS_TRY_ALLOC(found, err);
    NAS_TRY_ALLOC(columns->dropped, err);
    if (source->options->drop == NULL)
        return NAS_OK;
    NAS_TRY(find_list(columns, source, "drop", source->options->drop, may_lack, found, &n,
                      err));
    for (int64_t k = 0; k < n; k++)
        columns->dropped[found[k]] = true;
    return NAS_OK;
}

/* ---- labels ---------------------------------------------------------------------- */

static bool is_usual_label(const char *name)
{
    static const char *const usual[] = {"target", "label", "class", "y"};
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        if (strcasecmp(name, usual[i]) == 0)
            return true;
    return false;
}

static bool is_wanted(const nas_schema *schema, const char *name)
{
    assert(schema->feature_names != NULL || schema->n_features == 0);
    for (int64_t i = 0; i < schema->n_features; i++)
        if (strcmp(schema->feature_names[i], name) == 0)
            return true;
    return false;
}

/* The only column without another meaning, or -1. */
static int64_t find_remaining(const nas_csv_columns *columns, const nas_schema *schema)
{
    int64_t found = -1;
    for (int64_t i = 0; i < columns->n; i++) {
        if (is_wanted(schema, columns->names[i]) || columns->dropped[i] ||
            i == columns->group || i == columns->time)
            continue;
        if (found >= 0)
            return -1;
        found = i;
    }
    return found;
}

/* All targets of the schema by name. @return false when one is absent */
static bool find_targets(nas_csv_columns *columns, const nas_schema *schema)
{
    columns->n_labels = 0;
    for (int64_t k = 0; k < schema->n_targets; k++) {
        int64_t column = find_column(columns, schema->target_names[k]);
        if (column < 0 || k >= columns->n)
            return false;
        columns->label[columns->n_labels++] = column;
    }
    return schema->n_targets > 0;
}

static nas_status find_labels(nas_csv_columns *columns, const nas_source *source,
                              const nas_schema *schema, nas_err *err)
{
    const char *last = columns->names[columns->n - 1];
    int64_t column = -1;
    columns->label = NAS_NEW(source->arena, int64_t, columns->n + 1);
    NAS_TRY_ALLOC(columns->label, err);
    if (schema->label != NULL)
        return find_list(columns, source, "label", schema->label, false, columns->label,
                         &columns->n_labels, err);
    if (find_targets(columns, schema))
        return NAS_OK;
    if (schema->n_features > 0)
        column = find_remaining(columns, schema);
    if (column < 0 && is_usual_label(last))
        column = columns->n - 1;
    columns->n_labels = 1;
    columns->label[0] = column;
    if (column >= 0)
        return NAS_OK;
    nas_status status = nas_fail(
        err, NAS_E_USAGE, "which column of `%s` is to be predicted?", source->path);
    nas_err_hint(err, "name it, for example --label %s", last);
    return status;
}

static bool is_label(const nas_csv_columns *columns, int64_t column)
{
    for (int64_t k = 0; k < columns->n_labels; k++)
        if (columns->label[k] == column)
            return true;
    return false;
}

/* ---- inputs ---------------------------------------------------------------------- */

static nas_status find_features(nas_csv_columns *columns, const nas_source *source,
                                const nas_schema *schema, nas_err *err)
{
    columns->feature = NAS_NEW(source->arena, int64_t, columns->n);
    NAS_TRY_ALLOC(columns->feature, err);
    for (int64_t i = 0; schema->feature_names == NULL && i < columns->n; i++) {
        if (!is_label(columns, i) && !columns->dropped[i] && i != columns->group &&
            i != columns->time)
            columns->feature[columns->n_features++] = i;
    }
    for (int64_t k = 0; schema->feature_names != NULL && k < schema->n_features; k++) {
        const char *name = schema->feature_names[k];
        int64_t column = find_column(columns, name);
        if (column < 0 || is_label(columns, column) || k >= columns->n)
            return nas_fail(err, NAS_E_DATA, "`%s` lacks the column `%s`", source->path,
                            name);
        columns->feature[columns->n_features++] = column;
    }
    if (columns->n_features == 0)
        return nas_fail(err, NAS_E_DATA, "`%s` has no column beside the label `%s`",
                        source->path, columns->names[columns->label[0]]);
    return NAS_OK;
}

static nas_status check_meanings(const nas_csv_columns *columns, nas_err *err)
{
    for (int64_t k = 0; k < columns->n_labels; k++) {
        int64_t label = columns->label[k];
        const char *flag = columns->dropped[label]  ? "drop"
                           : label == columns->time ? "time-column"
                                                    : NULL;
        if (label == columns->group)
            flag = "group";
        if (flag != NULL)
            return nas_fail(err, NAS_E_USAGE,
                            "column `%s` is to be predicted, so it cannot stand in --%s",
                            columns->names[label], flag);
    }
    if (columns->group >= 0 && columns->time >= 0)
        return nas_fail(err, NAS_E_USAGE,
                        "rows of a table are split by --group or by --time-column, "
                        "not by both");
    return NAS_OK;
}

nas_status nas_csv_columns_choose(nas_csv_columns *columns, const nas_source *source,
                                  const nas_schema *schema, nas_err *err)
{
    bool fixed = schema->feature_names != NULL;
    NAS_TRY(find_dropped(columns, source, fixed, err));
    NAS_TRY(find_one(columns, source, "group", source->options->group, fixed,
                     &columns->group, err));
    NAS_TRY(find_one(columns, source, "time-column", source->options->time, fixed,
                     &columns->time, err));
    NAS_TRY(find_labels(columns, source, schema, err));
    NAS_TRY(check_meanings(columns, err));
    return find_features(columns, source, schema, err);
}
