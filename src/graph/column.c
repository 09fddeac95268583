/* Columns of raw rows: how many inputs they become, copies, JSON. */
#include "nasmith/model.h"

#include <string.h>

int64_t nas_columns_width(const nas_column *columns, int64_t n)
{
    int64_t width = 0;
    for (int64_t i = 0; i < n; i++)
        width += (columns[i].levels != NULL ? columns[i].n_levels + 1 : 1) +
                 columns[i].indicator;
    return width;
}

/* ---- copies ---------------------------------------------------------------------- */

void nas_columns_free(nas_column *columns, int64_t n)
{
    for (int64_t i = 0; columns != NULL && i < n; i++) {
        for (int64_t k = 0; columns[i].levels != NULL && k < columns[i].n_levels; k++)
            nas_heap_free(columns[i].levels[k]);
        nas_heap_free(columns[i].levels);
    }
    nas_heap_free(columns);
}

/* @return whether memory sufficed */
static bool clone_levels(const nas_column *from, nas_column *to)
{
    to->levels = nas_heap_alloc((size_t)from->n_levels + 1, sizeof *to->levels);
    if (to->levels == NULL)
        return false;
    to->n_levels = from->n_levels;
    for (int64_t k = 0; k < from->n_levels; k++) {
        const size_t bytes = strlen(from->levels[k]) + 1;
        to->levels[k] = nas_heap_alloc(bytes, 1);
        if (to->levels[k] == NULL)
            return false;
        memcpy(to->levels[k], from->levels[k], bytes);
    }
    return true;
}

nas_column *nas_columns_clone(const nas_column *columns, int64_t n)
{
    nas_column *out = nas_heap_alloc((size_t)n, sizeof *out);
    for (int64_t i = 0; out != NULL && i < n; i++) {
        out[i].indicator = columns[i].indicator;
        if (columns[i].levels == NULL || clone_levels(&columns[i], &out[i]))
            continue;
        nas_columns_free(out, n);
        return NULL;
    }
    return out;
}

/* ---- JSON ------------------------------------------------------------------------ */

void nas_columns_write_json(const nas_column *columns, char *const *names, int64_t n,
                            nas_json *json)
{
    nas_json_array_begin(json);
    for (int64_t i = 0; i < n; i++) {
        const nas_column *column = &columns[i];
        nas_json_object_begin(json);
        if (names != NULL)
            nas_json_key_string(json, "name", names[i]);
        nas_json_key_string(json, "kind", column->levels != NULL ? "category" : "number");
        if (column->levels != NULL) {
            nas_json_key(json, "levels");
            nas_json_array_begin(json);
            for (int64_t k = 0; k < column->n_levels; k++)
                nas_json_string(json, column->levels[k]);
            nas_json_array_end(json);
        }
        if (column->indicator)
            nas_json_key_bool(json, "indicator", true);
        if (column->n_missing > 0)
            nas_json_key_int(json, "missing", column->n_missing);
        if (column->n_rare > 0)
            nas_json_key_int(json, "rare", column->n_rare);
        nas_json_object_end(json);
    }
    nas_json_array_end(json);
}

static nas_status read_levels(const json_t *levels, nas_arena *arena, nas_column *out,
                              nas_err *err)
{
    out->n_levels = (int64_t)json_array_size(levels);
    out->levels = NAS_NEW(arena, char *, out->n_levels + 1);
    NAS_TRY_ALLOC(out->levels, err);
    for (int64_t k = 0; k < out->n_levels; k++) {
        const char *text = json_string_value(json_array_get(levels, (size_t)k));
        if (text == NULL)
            return nas_fail(err, NAS_E_CONFIG, "level %lld is no text", (long long)k);
        out->levels[k] = nas_arena_strdup(arena, text);
        NAS_TRY_ALLOC(out->levels[k], err);
    }
    return NAS_OK;
}

/* An absent number is 0. */
static nas_status read_count(const json_t *object, const char *key, int64_t *out,
                             nas_err *err)
{
    const json_t *value = json_object_get(object, key);
    *out = value != NULL ? json_integer_value(value) : 0;
    if (value == NULL || (json_is_integer(value) && *out >= 0))
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG, "\"%s\" is no number of rows", key);
}

nas_status nas_columns_read_json(const json_t *array, int64_t n, nas_arena *arena,
                                 nas_column **out, nas_err *err)
{
    if (!json_is_array(array) || (int64_t)json_array_size(array) != n)
        return nas_fail(err, NAS_E_CONFIG, "expected an array of %lld columns",
                        (long long)n);
    *out = NAS_NEW(arena, nas_column, n);
    NAS_TRY_ALLOC(*out, err);
    for (int64_t i = 0; i < n; i++) {
        const json_t *object = json_array_get(array, (size_t)i);
        const json_t *levels = json_object_get(object, "levels");
        if (!json_is_object(object) || (levels != NULL && !json_is_array(levels)))
            return nas_fail(err, NAS_E_CONFIG, "column %lld is not described",
                            (long long)i);
        if (levels != NULL)
            NAS_TRY(read_levels(levels, arena, &(*out)[i], err));
        (*out)[i].indicator = json_is_true(json_object_get(object, "indicator"));
        NAS_TRY(read_count(object, "missing", &(*out)[i].n_missing, err));
        NAS_TRY(read_count(object, "rare", &(*out)[i].n_rare, err));
    }
    return NAS_OK;
}

nas_status nas_columns_load(const json_t *array, int64_t n, nas_column **out,
                            nas_err *err)
{
    nas_column *columns = NULL;
    *out = NULL;
    if (array == NULL)
        return NAS_OK;
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status = nas_columns_read_json(array, n, arena, &columns, err);
    if (status == NAS_OK) {
        *out = nas_columns_clone(columns, n);
        if (*out == NULL)
            status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    }
    nas_arena_free(arena);
    return status;
}
