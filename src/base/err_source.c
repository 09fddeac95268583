#include "nasmith/err.h"

#include "base/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN = 76 /* bytes of the line that are quoted */, BEFORE = 40 };

/* The bytes of line number `line` without its end. */
static const char *find_line(const char *text, size_t bytes, size_t line, size_t *length)
{
    const char *end = text + bytes;
    for (size_t i = 1; i < line && text < end; i++) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        text = newline == NULL ? end : newline + 1;
    }
    const char *newline = memchr(text, '\n', (size_t)(end - text));
    *length = (size_t)((newline == NULL ? end : newline) - text);
    if (*length > 0 && text[*length - 1] == '\r')
        --*length;
    return text;
}

static bool continues(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* Copy at most SHOWN bytes, whole characters, with everything unprintable replaced, so
 * that one quoted column is one column on the terminal. */
static size_t quote(char *out, const char *line, size_t length)
{
    if (length > SHOWN) {
        length = SHOWN;
        while (length > 0 && continues(line[length]))
            length--;
    }
    memcpy(out, line, length);
    out[length] = '\0';
    for (size_t i = 0; i < length;) {
        size_t n = nas_utf8_length((const unsigned char *)out + i, length - i);
        if (n == 0 || (unsigned char)out[i] < 0x20 || out[i] == 0x7f) {
            out[i] = n == 0 ? '?' : ' ';
            n = 1;
        }
        i += n;
    }
    return length;
}

/* Spaces up to byte `from`, then a caret per character up to byte `to`. */
static void mark(char *out, const char *quoted, size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = 0; i < to; i++)
        if (quoted[i] == '\0' || !continues(quoted[i]))
            out[n++] = i < from ? ' ' : '^';
    out[n] = '\0';
}

void nas_err_source(nas_err *err, const char *text, size_t bytes, size_t line,
                    size_t column, size_t width)
{
    if (err == NULL || line == 0 || column == 0)
        return;
    size_t length;
    const char *start = find_line(text, bytes, line, &length);
    size_t from = column - 1 < length ? column - 1 : length;
    size_t skip = from > SHOWN - 16 ? from - BEFORE : 0;
    while (skip > 0 && continues(start[skip]))
        skip--;
    char quoted[SHOWN + 2] = {0};
    char carets[SHOWN + 2] = {0};
    size_t shown = quote(quoted, start + skip, length - skip);
    from -= skip;
    size_t to = width < shown - from ? from + width : shown;
    mark(carets, quoted, from, to > from ? to : from + 1);
    char number[24];
    int gutter = snprintf(number, sizeof number, "%zu", line);
    (void)snprintf(err->source, sizeof err->source, " %*s |\n %s | %s\n %*s | %s\n",
                   gutter, "", number, quoted, gutter, "", carets);
}
