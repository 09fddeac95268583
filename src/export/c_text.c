#include "export/c_text.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROW_WIDTH = 90 };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

nas_status nas_c_names_make(const char *prefix, nas_c_names *out, nas_err *err)
{
    const size_t length = strlen(prefix);
    bool good = length > 0 && length <= NAS_C_PREFIX_MAX && is_letter(prefix[0]);
    for (size_t i = 0; i < length && good; i++) {
        const char c = prefix[i];
        good = is_letter(c) || (c >= '0' && c <= '9') || c == '_';
        out->lower[i] = c;
        out->upper[i] = (char)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    if (!good) {
        nas_status status = nas_fail(
            err, NAS_E_USAGE, "prefix \"%.64s\" is no C name of 1 to %d characters",
            prefix, NAS_C_PREFIX_MAX);
        nas_err_hint(err, "use letters, digits and _, beginning with a letter");
        return status;
    }
    out->lower[length] = out->upper[length] = '\0';
    out->type = "float";
    return NAS_OK;
}

void nas_c_template(nas_text *out, const nas_c_names *names, const char *text)
{
    for (const char *at; (at = strchr(text, '@')) != NULL;) {
        nas_text_append(out, text, (size_t)(at - text));
        const bool name = at[1] == 'p' || at[1] == 'P' || at[1] == 'T';
        if (name)
            nas_text_puts(out, at[1] == 'p'   ? names->lower
                               : at[1] == 'P' ? names->upper
                                              : names->type);
        else
            nas_text_putc(out, '@');
        text = at + (name || at[1] == '@' ? 2 : 1);
    }
    nas_text_puts(out, text);
}

void nas_c_kernel_text(nas_text *out, const nas_c_names *names, const char *text)
{
    static const char common[] = "nas_rt_";
    for (const char *at; (at = strstr(text, common)) != NULL;
         text = at + sizeof common - 1) {
        nas_text_append(out, text, (size_t)(at - text));
        nas_text_puts(out, names->lower);
        nas_text_putc(out, '_');
    }
    nas_text_puts(out, text);
}

/* Six digits always survive the way to a float and back, so fewer need no trial. */
static void float_text(char *out, size_t size, float value)
{
    if (isnan(value)) {
        (void)snprintf(out, size, "NAN");
        return;
    }
    for (int digits = FLT_DIG; digits <= FLT_DECIMAL_DIG; digits++) {
        (void)snprintf(out, size, "%.*g", digits, (double)value);
        if (strtof(out, NULL) == value)
            break;
    }
    if (strpbrk(out, ".e") == NULL)
        (void)strncat(out, ".0", size - strlen(out) - 1);
    (void)strncat(out, "f", size - strlen(out) - 1);
}

void nas_c_float(nas_text *out, float value)
{
    char text[32];
    float_text(text, sizeof text, value);
    nas_text_puts(out, text);
}

/* Append one item to a row that is *column wide, or begin the next. */
static void row_item(nas_text *out, int *column, const char *item)
{
    const int width = (int)strlen(item) + 1;
    if (*column > 0 && *column + 1 + width > ROW_WIDTH) {
        nas_text_putc(out, '\n');
        *column = 0;
    }
    nas_text_puts(out, *column == 0 ? "    " : " ");
    *column += (*column == 0 ? 4 : 1) + width;
    nas_text_puts(out, item);
    nas_text_putc(out, ',');
}

static void end_rows(nas_text *out, int column)
{
    if (column > 0)
        nas_text_putc(out, '\n');
}

void nas_c_float_rows(nas_text *out, const float *values, int64_t n)
{
    int column = 0;
    for (int64_t i = 0; i < n; i++) {
        char item[32];
        float_text(item, sizeof item, values[i]);
        row_item(out, &column, item);
    }
    end_rows(out, column);
}

static void whole_item(nas_text *out, int *column, long long value)
{
    char item[32];
    (void)snprintf(item, sizeof item, "%lld", value);
    row_item(out, column, item);
}

void nas_c_index_rows(nas_text *out, const uint32_t *values, int64_t n)
{
    int column = 0;
    for (int64_t i = 0; i < n; i++)
        whole_item(out, &column, values[i]);
    end_rows(out, column);
}

void nas_c_int8_rows(nas_text *out, const int8_t *values, int64_t n)
{
    int column = 0;
    for (int64_t i = 0; i < n; i++)
        whole_item(out, &column, values[i]);
    end_rows(out, column);
}

void nas_c_int32_rows(nas_text *out, const int32_t *values, int64_t n)
{
    int column = 0;
    for (int64_t i = 0; i < n; i++)
        whole_item(out, &column, values[i]);
    end_rows(out, column);
}

void nas_c_string(nas_text *out, const char *text)
{
    nas_text_putc(out, '"');
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\' || c == '?') /* ? could begin a trigraph */
            nas_text_printf(out, "\\%c", c);
        else if (c < ' ' || c > '~')
            nas_text_printf(out, "\\%03o", (unsigned)c);
        else
            nas_text_putc(out, *text);
    }
    nas_text_putc(out, '"');
}

void nas_c_comment(nas_text *out, const char *text)
{
    char last = ' ';
    for (; *text != '\0'; text++) {
        const unsigned char byte = (unsigned char)*text;
        char c = byte < ' ' || byte == '\\' || byte == 0x7f ? ' ' : *text;
        if ((last == '*' && c == '/') || (last == '/' && c == '*') ||
            (last == '?' && c == '?'))
            nas_text_putc(out, ' ');
        nas_text_putc(out, c);
        last = c;
    }
}
