/* Reader of .arff files (Weka): series of the UCR and UEA archives, with one attribute
 * per step or one relational attribute for several channels, and plain numeric tables. */
#include "data/series_text.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Attributes whose names only differ in a number are steps when there are so many. */
enum { MIN_STEPS = 8 };

static char *after_word(char *text, const char *word)
{
    size_t n = strlen(word);
    if (strncasecmp(text, word, n) != 0 ||
        (text[n] != '\0' && !isspace((unsigned char)text[n])))
        return NULL;
    return text + n + strspn(text + n, " \t");
}

static bool probe(const char *path, const nas_data_options *options)
{
    char line[128];
    (void)options;
    return nas_series_text_first_line(path, '%', line, sizeof line) &&
           after_word(line, "@relation") != NULL;
}

/* ---- header ---------------------------------------------------------------------- */

/* Cut a name, perhaps in quotes, off the front. @return what follows it */
static char *cut_name(char *text, char **name)
{
    if (*text == '\'' || *text == '"') {
        char *end = strchr(text + 1, *text);
        *name = text + 1;
        if (end != NULL) {
            *end = '\0';
            return end + 1 + strspn(end + 1, " \t");
        }
    }
    *name = text;
    char *end = text + strcspn(text, " \t{");
    if (*end == '{')
        return end; /* without a blank before the classes, the name keeps its end */
    if (*end == '\0')
        return end;
    *end = '\0';
    return end + 1 + strspn(end + 1, " \t");
}

/* "{a, b, 'c d'}" */
static nas_status read_classes(nas_series_text *text, nas_series_line *line, char *list,
                               nas_err *err)
{
    int64_t number;
    char *end = strrchr(list, '}');
    if (end == NULL)
        return nas_series_line_fail(line, list, "`}` is missing", err);
    *end = '\0';
    if (text->label_column >= 0)
        text->label_column = text->n_columns;
    for (char *at = list + 1;;) {
        at += strspn(at, " \t");
        char *stop = at + strcspn(at, ",");
        bool last = *stop == '\0';
        *stop = '\0';
        char *tail = stop;
        while (tail > at && isspace((unsigned char)tail[-1]))
            *--tail = '\0';
        if (tail - at >= 2 && (*at == '\'' || *at == '"') && tail[-1] == *at) {
            *--tail = '\0';
            at++;
        }
        if (*at != '\0')
            NAS_TRY(nas_intern_add(&text->classes, at, &number, err));
        if (last)
            break;
        at = stop + 1;
    }
    text->declared = text->classes.n > 0;
    return NAS_OK;
}

/* How many attributes before the label differ only in a number? */
static bool are_steps(const nas_series_text *text)
{
    if (text->columns.n < MIN_STEPS)
        return false;
    size_t stem = strcspn(text->columns.texts[0], "0123456789");
    for (int64_t i = 0; i < text->columns.n; i++) {
        const char *name = text->columns.texts[i];
        if (strncmp(name, text->columns.texts[0], stem) != 0 ||
            name[stem + strspn(name + stem, "0123456789")] != '\0')
            return false;
    }
    return true;
}

static nas_status read_attribute(nas_series_text *text, nas_series_line *line, char *rest,
                                 nas_err *err)
{
    static const char *const numbers[] = {"numeric", "real", "integer"};
    char *name = NULL;
    int64_t number;
    char *type = cut_name(rest, &name);
    if (*type == '{') {
        if (text->declared)
            return nas_series_line_fail(
                line, type,
                "a second list of values: ARFF columns other than the class must be "
                "numeric (save the table as CSV)",
                err);
        NAS_TRY(read_classes(text, line, type, err));
        text->n_columns++;
        return NAS_OK;
    }
    if (after_word(type, "relational") != NULL) {
        text->table = false;
        text->label_column = -1; /* the series is one quoted field */
        text->n_columns = 1;
        return NAS_OK;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (after_word(type, numbers[i]) == NULL)
            continue;
        if (text->label_column >= 0) { /* the attributes of a relation are its steps */
            int64_t known = text->columns.n;
            NAS_TRY(nas_intern_add(&text->columns, name, &number, err));
            if (number < known)
                return nas_series_line_fail(line, rest, "two attributes of this name",
                                            err);
            text->n_columns++;
        }
        return NAS_OK;
    }
    return nas_series_line_fail(line, type,
                                "expected numeric, real, {classes} or "
                                "relational",
                                err);
}

static nas_status read_header(nas_series_text *text, nas_series_line *line, bool *data,
                              nas_err *err)
{
    char *rest = after_word(line->text, "@attribute");
    *data = after_word(line->text, "@data") != NULL;
    if (rest != NULL)
        return read_attribute(text, line, rest, err);
    if (*data && !text->declared &&
        text->columns.n > 1) { /* the last one is the target */
        text->quantities = true;
        text->label_column = --text->columns.n;
    }
    if (*data)
        text->table = text->label_column >= 0 && text->n_columns > 1 && !are_steps(text);
    if (line->text[0] != '@')
        return nas_series_line_fail(line, line->text, "expected @attribute or @data",
                                    err);
    return NAS_OK;
}

/* ---- rows ------------------------------------------------------------------------ */

/* '1,2,3\n4,5,6',label : channels apart by a backslash and an n. */
static nas_status read_relation(nas_series_line *line, nas_err *err)
{
    char quote = *line->text;
    char *end = strrchr(line->text + 1, quote);
    char *label = end != NULL ? strchr(end, ',') : NULL;
    if (label == NULL)
        return nas_series_line_fail(line, line->text, "the quote is not closed", err);
    for (char *at = line->text + 1; at < end;) {
        char *stop = strstr(at, "\\n");
        stop = stop == NULL || stop > end ? end : stop;
        NAS_TRY(nas_series_line_numbers(line, at, stop, ",\\'\"", err));
        at = stop < end ? stop + 2 : end;
    }
    line->label = label + 1 + strspn(label + 1, " \t");
    return NAS_OK;
}

/* The label's field, cut out; the others closed up around it. */
static nas_status cut_label(nas_series_line *line, int64_t column, char **before_end,
                            char **after, nas_err *err)
{
    char *at = line->text;
    for (int64_t i = 0; i < column; i++) {
        at = strchr(at, ',');
        if (at == NULL)
            return nas_series_line_fail(line, line->text, "too few values", err);
        at++;
    }
    char *end = strchr(at, ',');
    *before_end = at > line->text ? at - 1 : at;
    *after = end != NULL ? end + 1 : at + strlen(at);
    if (end != NULL)
        *end = '\0';
    at += strspn(at, " \t");
    size_t n = strlen(at);
    while (n > 0 && isspace((unsigned char)at[n - 1]))
        at[--n] = '\0';
    if (n >= 2 && (*at == '\'' || *at == '"') && at[n - 1] == *at) {
        at[n - 1] = '\0';
        at++;
    }
    line->label = at;
    return NAS_OK;
}

static nas_status read_row(const nas_series_text *text, nas_series_line *line,
                           nas_err *err)
{
    char *before_end = line->text;
    char *after = line->text;
    if (*line->text == '{')
        return nas_series_line_fail(line, line->text, "sparse rows cannot be read", err);
    if (text->label_column < 0) {
        if (*line->text != '\'' && *line->text != '"')
            return nas_series_line_fail(line, line->text, "expected a quoted series",
                                        err);
        return read_relation(line, err);
    }
    NAS_TRY(cut_label(line, text->label_column, &before_end, &after, err));
    if (text->label_column > 0)
        NAS_TRY(nas_series_line_numbers(line, line->text, before_end, ",", err));
    assert(after != NULL);
    if (*after != '\0') { /* one channel, whatever the label's place */
        int64_t channels = line->n_channels;
        NAS_TRY(nas_series_line_numbers(line, after, after + strlen(after), ",", err));
        if (channels > 0) {
            line->ends[0] = line->ends[1];
            line->n_channels = 1;
        }
    }
    if (line->n_values + 1 != text->n_columns)
        return nas_series_line_fail(
            line, line->text, "the number of values is not that of attributes", err);
    return NAS_OK;
}

static const nas_series_format format = {
    .name = "ARFF", .header = read_header, .row = read_row, .comment = '%'};

static nas_status arff_open(nas_source *source, nas_err *err)
{
    return nas_series_text_open(source, &format, err);
}

const nas_reader nas_reader_arff = {
    .name = "arff",
    .summary = "series or numeric tables of Weka, .arff",
    .probe = probe,
    .open = arff_open,
    .describe = nas_series_text_describe,
    .rows = nas_series_text_rows,
};
