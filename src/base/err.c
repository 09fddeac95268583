#include "nasmith/err.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef nas_fail

static const struct {
    const char *name;
    int exit_code;
} STATUS[] = {
#define STATUS_ENTRY(code, name, exit_code) [code] = {name, exit_code},
    NAS_STATUS_LIST(STATUS_ENTRY)
#undef STATUS_ENTRY
};

_Static_assert(sizeof STATUS / sizeof STATUS[0] == NAS_STATUS_COUNT,
               "a status lacks text");

/* Messages quote what users wrote: keep them one line of whole UTF-8 characters, even
 * when the text was cut to fit. */
static void make_one_line(char *text)
{
    unsigned char *p = (unsigned char *)text;
    while (*p != '\0') {
        size_t length = nas_utf8_length(p, strlen((const char *)p));
        if (length == 0 || *p < 0x20 || *p == 0x7f) {
            *p = length == 0 ? '?' : ' ';
            length = 1;
        }
        p += length;
    }
}

/* The arguments may point into `out`, so the text is made elsewhere first. */
static void format_line(char *out, size_t size, const char *fmt, va_list args)
    NAS_PRINTF(3, 0);

static void format_line(char *out, size_t size, const char *fmt, va_list args)
{
    char line[1024];
    int n = vsnprintf(line, sizeof line, fmt, args);
    if (n < 0)
        line[0] = '\0';
    size_t length = strlen(line);
    if (length >= size)
        length = size - 1;
    memcpy(out, line, length);
    out[length] = '\0';
    make_one_line(out);
}

nas_status nas_fail(nas_err *err, nas_status code, const char *fmt, ...)
{
    assert(code != NAS_OK);
    if (err == NULL)
        return code;
    va_list args;
    va_start(args, fmt);
    format_line(err->text, sizeof err->text, fmt, args);
    va_end(args);
    err->code = code;
    err->hint[0] = '\0';
    err->source[0] = '\0';
    return code;
}

void nas_err_hint(nas_err *err, const char *fmt, ...)
{
    if (err == NULL)
        return;
    va_list args;
    va_start(args, fmt);
    format_line(err->hint, sizeof err->hint, fmt, args);
    va_end(args);
}

void nas_err_context(nas_err *err, const char *fmt, ...)
{
    if (err == NULL)
        return;
    char context[sizeof err->text];
    va_list args;
    va_start(args, fmt);
    format_line(context, sizeof context, fmt, args);
    va_end(args);

    size_t used = strlen(context);
    if (used > sizeof err->text - 3)
        used = sizeof err->text - 3;
    memmove(err->text + used + 2, err->text, sizeof err->text - used - 3);
    memcpy(err->text, context, used);
    memcpy(err->text + used, ": ", 2);
    err->text[sizeof err->text - 1] = '\0';
    make_one_line(err->text);
}

const char *nas_status_name(nas_status code)
{
    return code < NAS_STATUS_COUNT ? STATUS[code].name : "unknown";
}

int nas_status_exit_code(nas_status code)
{
    return code < NAS_STATUS_COUNT ? STATUS[code].exit_code : 70;
}

nas_status nas_status_of_exit_code(int exit_code)
{
    for (int i = 0; i < NAS_STATUS_COUNT; i++)
        if (STATUS[i].exit_code == exit_code)
            return (nas_status)i;
    return NAS_E_INTERNAL;
}
