/* Architectures as tables write them. */
#include "evaluate/table_parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

nas_status nas_table_fail(const nas_csv_file *file, int64_t field, nas_err *err,
                          const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return nas_fail(err, NAS_E_DATA, "%s:%lld:%lld: %s", file->stream.path,
                    (long long)file->fields[field].line,
                    (long long)file->fields[field].column, text);
}

/* An object {"decision": "value"} in the making. */
typedef struct choices {
    const nas_table *table;
    json_t *object;
    int n; /* decisions in order that have their value */
} choices;

static bool set(choices *self, int decision, const char *value, size_t length)
{
    const char *name = nas_space_decision(self->table->space, decision).name;
    return json_object_set_new(self->object, name, json_stringn(value, length)) == 0;
}

/* |a~0|+|b~0|c~1|+...: operations in the order of the decisions.
 * @return false when it is not of this form */
static bool read_cell(choices *self, const char *text)
{
    int decisions = nas_space_decision_count(self->table->space);
    for (const char *p = text; *p != '\0';) {
        if (*p == '|' || *p == '+') {
            p++;
            continue;
        }
        size_t length = strcspn(p, "~|+"), edge = strcspn(p, "|+");
        if (p[length] != '~' || self->n == decisions || !set(self, self->n++, p, length))
            return false;
        p += edge;
    }
    return self->n == decisions;
}

/* 22212220: a digit per decision, the number of its value. */
static bool read_digits(choices *self, const char *text)
{
    int decisions = nas_space_decision_count(self->table->space);
    if (strlen(text) != (size_t)decisions)
        return false;
    for (; text[self->n] != '\0'; self->n++) {
        nas_decision_info info = nas_space_decision(self->table->space, self->n);
        int value = text[self->n] - '0';
        if (value < 0 || value >= info.n_values ||
            !set(self, self->n, info.values[value], strlen(info.values[value])))
            return false;
    }
    return true;
}

static bool read_columns(choices *self, const nas_csv_file *file,
                         const table_columns *columns)
{
    int decisions = nas_space_decision_count(self->table->space);
    for (int d = 0; d < decisions; d++) {
        const char *value = nas_csv_field(file, columns->decision[d]);
        if (*value != '\0' && !set(self, d, value, strlen(value)))
            return false;
    }
    return true;
}

static bool read_row_number(choices *self, int64_t row)
{
    char number[24];
    int n = snprintf(number, sizeof number, "%lld", (long long)row + 1);
    return set(self, 0, number, (size_t)n);
}

/* @param field  out: where the architecture stands */
static nas_status read_choices(choices *self, const nas_csv_file *file,
                               const table_columns *columns, int64_t row, int64_t *field,
                               nas_err *err)
{
    bool done = false;
    *field = columns->architecture >= 0 ? columns->architecture : 0;
    if (strcmp(self->table->options.space, "rows") == 0) {
        done = read_row_number(self, row);
    } else if (columns->architecture < 0) {
        done = read_columns(self, file, columns);
    } else {
        const char *text = nas_csv_field(file, *field);
        if (*text == '{') {
            json_decref(self->object);
            self->object = NULL;
            return nas_json_parse(text, strlen(text), "arch", &self->object, err);
        }
        done = *text == '|' ? read_cell(self, text) : read_digits(self, text);
        if (!done)
            return nas_table_fail(
                file, *field, err,
                "architecture `%.80s`, expected |op~0|+|op~0|op~1|..., one digit per "
                "decision, or {\"decision\": \"value\"}; space `%s` has %d decisions",
                text, nas_space_name(self->table->space),
                nas_space_decision_count(self->table->space));
    }
    return done ? NAS_OK : nas_fail(err, NAS_E_NOMEM, "out of memory");
}

nas_status nas_table_architecture(const nas_table *table, const nas_csv_file *file,
                                  const table_columns *columns, int64_t row,
                                  nas_candidate **out, nas_err *err)
{
    choices self = {.table = table, .object = json_object()};
    nas_err why = {0};
    int64_t field = 0;
    NAS_TRY_ALLOC(self.object, err);
    nas_status status = read_choices(&self, file, columns, row, &field, &why);
    if (status == NAS_OK)
        status =
            nas_candidate_read_json(table->space, self.object, table->arena, out, &why);
    if (status == NAS_E_CONFIG) /* knows the text, not the place */
        status = nas_table_fail(file, field, err, "%s", why.text);
    else if (status != NAS_OK && err != NULL)
        *err = why;
    json_decref(self.object);
    return status;
}
