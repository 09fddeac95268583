/* Reader of .ts files (UEA & UCR archive, sktime): a header of @directives, then a line
 * per sample, channels apart by colons, the label last. */
#include "data/series_text.h"

#include <string.h>
#include <strings.h>

static const char *const directives[] = {
    "@problemname", "@timestamps",  "@missing",     "@univariate",
    "@dimension",   "@dimensions",  "@equallength", "@serieslength",
    "@classlabel",  "@targetlabel", "@data",
};

/* Does the line begin with this word? @return what follows it, or NULL */
static char *after_word(char *text, const char *word)
{
    size_t n = strlen(word);
    if (strncasecmp(text, word, n) != 0 ||
        (text[n] != '\0' && strchr(" \t", text[n]) == NULL))
        return NULL;
    return text + n + strspn(text + n, " \t");
}

static bool probe(const char *path, const nas_data_options *options)
{
    char line[128];
    (void)options;
    if (!nas_series_text_first_line(path, '#', line, sizeof line))
        return false;
    line[strcspn(line, "\r")] = '\0';
    for (size_t i = 0; i < sizeof directives / sizeof directives[0]; i++)
        if (after_word(line, directives[i]) != NULL)
            return true;
    return false;
}

/* "true a b c" */
static nas_status read_classes(nas_series_text *text, char *rest, nas_err *err)
{
    int64_t number;
    char *names = after_word(rest, "true");
    while (names != NULL && *names != '\0') {
        size_t n = strcspn(names, " \t");
        bool last = names[n] == '\0';
        names[n] = '\0';
        NAS_TRY(nas_intern_add(&text->classes, names, &number, err));
        names += last ? n : n + 1 + strspn(names + n + 1, " \t");
    }
    text->declared = text->classes.n > 0;
    return NAS_OK;
}

static nas_status read_header(nas_series_text *text, nas_series_line *line, bool *data,
                              nas_err *err)
{
    char *rest = after_word(line->text, "@classlabel");
    *data = after_word(line->text, "@data") != NULL;
    if (rest != NULL)
        return read_classes(text, rest, err);
    rest = after_word(line->text, "@timestamps");
    if (rest != NULL && strncasecmp(rest, "true", 4) == 0)
        return nas_series_line_fail(
            line, rest, "series with time stamps, expected @timeStamps false", err);
    rest = after_word(line->text, "@targetlabel");
    if (rest != NULL && strncasecmp(rest, "true", 4) == 0)
        text->quantities = true;
    if (line->text[0] != '@')
        return nas_series_line_fail(line, line->text, "expected a directive or @data",
                                    err);
    return NAS_OK;
}

static nas_status read_row(const nas_series_text *text, nas_series_line *line,
                           nas_err *err)
{
    (void)text;
    char *label = strrchr(line->text, ':');
    if (label == NULL)
        return nas_series_line_fail(line, line->text, "no colon, expected values:label",
                                    err);
    char *at = line->text;
    while (at < label) {
        char *end = strchr(at, ':');
        NAS_TRY(nas_series_line_numbers(line, at, end, ",", err));
        at = end + 1;
    }
    line->label = label + 1 + strspn(label + 1, " ");
    return NAS_OK;
}

static const nas_series_format format = {
    .name = "UCR .ts", .header = read_header, .row = read_row, .comment = '#'};

static nas_status ts_open(nas_source *source, nas_err *err)
{
    return nas_series_text_open(source, &format, err);
}

const nas_reader nas_reader_ts = {
    .name = "ts",
    .summary = "series of the UCR and UEA archives, .ts",
    .probe = probe,
    .open = ts_open,
    .describe = nas_series_text_describe,
    .rows = nas_series_text_rows,
};
