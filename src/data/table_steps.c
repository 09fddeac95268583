#include "data/table_steps.h"

#include "data/items.h"
#include "nasmith/file.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static bool is_number(const char *text)
{
    double value;
    return nas_csv_number(text, &value);
}

nas_status nas_table_steps_begin(nas_table_steps *table, nas_csv_file *file,
                                 nas_arena *arena, bool *header, nas_err *err)
{
    bool more = false;
    int64_t numbers = 0;
    *table = (nas_table_steps){.names = NULL};
    NAS_TRY(nas_csv_next(file, &more, err));
    if (!more)
        return nas_fail(err, NAS_E_DATA, "`%s` is empty", file->stream.path);
    table->n_columns = file->n_fields;
    for (int64_t i = 0; i < file->n_fields; i++)
        numbers += is_number(nas_csv_field(file, i));
    *header = numbers == 0;
    if (!*header)
        return NAS_OK;
    table->names = NAS_NEW(arena, char *, table->n_columns);
    NAS_TRY_ALLOC(table->names, err);
    for (int64_t i = 0; i < table->n_columns; i++) {
        table->names[i] = nas_arena_strdup(arena, nas_csv_field(file, i));
        NAS_TRY_ALLOC(table->names[i], err);
    }
    return NAS_OK;
}

int64_t nas_table_steps_find(const nas_table_steps *table, const char *name)
{
    for (int64_t i = 0; table->names != NULL && name != NULL && i < table->n_columns; i++)
        if (strcmp(table->names[i], name) == 0)
            return i;
    return -1;
}

nas_status nas_table_steps_column(const nas_source *source, const nas_table_steps *table,
                                  const char *flag, const char *name, int64_t *out,
                                  nas_err *err)
{
    *out = nas_table_steps_find(table, name);
    if (name == NULL || *out >= 0)
        return NAS_OK;
    nas_status status = nas_fail(err, NAS_E_USAGE, "`%s` has no column `%s` (--%s)",
                                 source->path, name, flag);
    const char *nearest = nas_text_nearest(name, (const char *const *)table->names,
                                           (size_t)table->n_columns);
    if (nearest != NULL)
        nas_err_hint(err, "did you mean `%s`?", nearest);
    return status;
}

nas_status nas_table_steps_choose(nas_table_steps *table, const int64_t *without, int n,
                                  nas_arena *arena, nas_err *err)
{
    table->channel = NAS_NEW(arena, int64_t, table->n_columns);
    NAS_TRY_ALLOC(table->channel, err);
    table->n_channels = 0;
    for (int64_t i = 0; i < table->n_columns; i++) {
        bool left_out = false;
        for (int k = 0; k < n; k++)
            left_out = left_out || without[k] == i;
        if (!left_out)
            table->channel[table->n_channels++] = i;
    }
    return NAS_OK;
}

nas_status nas_table_steps_read(const nas_table_steps *table, const nas_csv_file *file,
                                float *out, nas_err *err)
{
    double value;
    if (file->n_fields != table->n_columns)
        return nas_fail(err, NAS_E_DATA, "%s:%lld: %lld cell%s, expected %lld",
                        file->stream.path, (long long)file->fields[0].line,
                        (long long)file->n_fields, file->n_fields == 1 ? "" : "s",
                        (long long)table->n_columns);
    for (int64_t k = 0; k < table->n_channels; k++) {
        int64_t column = table->channel[k];
        const char *text = nas_csv_field(file, column);
        if (nas_csv_number(text, &value)) {
            out[k] = (float)value;
            continue;
        }
        const char *name = table->names != NULL ? table->names[column] : "";
        return nas_fail(err, NAS_E_DATA, "%s:%lld:%lld: %s%s%s`%.60s`, expected a number",
                        file->stream.path, (long long)file->fields[column].line,
                        (long long)file->fields[column].column,
                        name[0] != '\0' ? "column `" : "", name,
                        name[0] != '\0' ? "`: " : "", text);
    }
    return NAS_OK;
}

/* ---- probing --------------------------------------------------------------------- */

/* All cells of a line are numbers? */
static bool line_is_numeric(const char *line, size_t length)
{
    char cell[64];
    size_t at = 0;
    while (at <= length) {
        size_t n = 0;
        while (at + n < length && strchr(",;\t", line[at + n]) == NULL)
            n++;
        size_t first = at;
        size_t end = at + n;
        while (first < end && line[first] == ' ')
            first++;
        while (end > first && (line[end - 1] == ' ' || line[end - 1] == '\r'))
            end--;
        if (end - first >= sizeof cell || end == first)
            return false;
        memcpy(cell, line + first, end - first);
        cell[end - first] = '\0';
        if (!is_number(cell))
            return false;
        at += n + 1;
    }
    return true;
}

bool nas_table_steps_probe(const char *path)
{
    unsigned char head[NAS_ITEM_HEAD];
    if (!nas_file_exists(path) || nas_file_is_directory(path))
        return false;
    size_t n = nas_stream_peek(path, head, sizeof head);
    return n > 0 && memchr(head, '\0', n) == NULL && memchr(head, '\n', n) != NULL;
}

bool nas_table_steps_is_text(const unsigned char *head, size_t n)
{
    const char *text = (const char *)head;
    if (memchr(text, '\0', n) != NULL)
        return false;
    const char *first = n > 0 ? memchr(text, '\n', n) : NULL;
    if (first == NULL)
        return false;
    if (line_is_numeric(text, (size_t)(first - text)))
        return true;
    const char *second = first + 1;
    const char *end = memchr(second, '\n', n - (size_t)(second - text));
    return end != NULL && line_is_numeric(second, (size_t)(end - second));
}
