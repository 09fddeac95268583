#include "nasmith/json.h"

#include "base/utf8.h"

#include <assert.h>
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 63 }; /* bits of has_items */

nas_json nas_json_writer(nas_text *out, int indent)
{
    return (nas_json){.out = out, .indent = indent};
}

static void new_line(nas_json *json)
{
    if (json->indent == 0)
        return;
    nas_text_putc(json->out, '\n');
    for (int i = 0; i < json->depth * json->indent; i++)
        nas_text_putc(json->out, ' ');
}

/* Comma and line break before an item; nothing between a key and its value. */
static void begin_item(nas_json *json)
{
    if (json->after_key) {
        json->after_key = false;
        return;
    }
    uint64_t bit = UINT64_C(1) << json->depth;
    if ((json->has_items & bit) != 0)
        nas_text_putc(json->out, ',');
    json->has_items |= bit;
    if (json->depth > 0)
        new_line(json);
}

static void open_level(nas_json *json, char bracket)
{
    assert(json->depth < MAX_DEPTH);
    begin_item(json);
    nas_text_putc(json->out, bracket);
    json->depth++;
    json->has_items &= ~(UINT64_C(1) << json->depth);
}

static void close_level(nas_json *json, char bracket)
{
    assert(json->depth > 0 && !json->after_key);
    bool filled = (json->has_items >> json->depth & 1) != 0;
    json->depth--;
    if (filled)
        new_line(json);
    nas_text_putc(json->out, bracket);
}

void nas_json_object_begin(nas_json *json)
{
    open_level(json, '{');
}

void nas_json_object_end(nas_json *json)
{
    close_level(json, '}');
}

void nas_json_array_begin(nas_json *json)
{
    open_level(json, '[');
}

void nas_json_array_end(nas_json *json)
{
    close_level(json, ']');
}

static void write_escaped(nas_text *out, unsigned char c)
{
    static const char SHORT[][2] = {{'"', '"'},  {'\\', '\\'}, {'\n', 'n'}, {'\t', 't'},
                                    {'\r', 'r'}, {'\b', 'b'},  {'\f', 'f'}};
    for (size_t i = 0; i < sizeof SHORT / sizeof SHORT[0]; i++) {
        if (SHORT[i][0] == (char)c) {
            nas_text_putc(out, '\\');
            nas_text_putc(out, SHORT[i][1]);
            return;
        }
    }
    nas_text_printf(out, "\\u%04x", c);
}

/* Bytes that are not UTF-8 (file names may hold any) become U+FFFD, so that the document
 * stays valid. */
static void write_quoted(nas_text *out, const char *value)
{
    const unsigned char *p = (const unsigned char *)value;
    size_t left = strlen(value);
    nas_text_putc(out, '"');
    while (left > 0) {
        size_t length = nas_utf8_length(p, left);
        if (length == 0)
            nas_text_puts(out, "\xef\xbf\xbd");
        else if (*p < 0x20 || *p == '"' || *p == '\\')
            write_escaped(out, *p);
        else
            nas_text_append(out, (const char *)p, length);
        p += length == 0 ? 1 : length;
        left -= length == 0 ? 1 : length;
    }
    nas_text_putc(out, '"');
}

void nas_json_key(nas_json *json, const char *key)
{
    assert(json->depth > 0 && !json->after_key);
    begin_item(json);
    write_quoted(json->out, key);
    nas_text_puts(json->out, json->indent > 0 ? ": " : ":");
    json->after_key = true;
}

void nas_json_string(nas_json *json, const char *value)
{
    if (value == NULL) {
        nas_json_null(json);
        return;
    }
    begin_item(json);
    write_quoted(json->out, value);
}

void nas_json_int(nas_json *json, int64_t value)
{
    begin_item(json);
    nas_text_printf(json->out, "%lld", (long long)value);
}

/* Append what %g printed: a point whatever the locale says, an exponent without plus sign
 * and leading zeros. */
static void append_number(nas_text *out, const char *printed)
{
    const char *exponent = strchr(printed, 'e');
    for (const char *p = printed; *p != '\0' && p != exponent; p++)
        nas_text_putc(out, *p == ',' ? '.' : *p);
    if (exponent != NULL)
        nas_text_printf(out, "e%ld", strtol(exponent + 1, NULL, 10));
}

void nas_json_real(nas_json *json, double value)
{
    if (!isfinite(value)) {
        nas_json_null(json);
        return;
    }
    char printed[40];
    /* 15 digits identify every normal double that has so few; subnormals have fewer */
    int digits = fabs(value) < DBL_MIN ? 1 : DBL_DIG;
    do
        (void)snprintf(printed, sizeof printed, "%.*g", digits, value);
    while (strtod(printed, NULL) != value && ++digits <= DBL_DECIMAL_DIG);
    begin_item(json);
    append_number(json->out, printed);
}

void nas_json_float(nas_json *json, float value)
{
    if (!isfinite(value)) {
        nas_json_null(json);
        return;
    }
    char printed[40];
    int digits = fabsf(value) < FLT_MIN ? 1 : FLT_DIG;
    do
        (void)snprintf(printed, sizeof printed, "%.*g", digits, (double)value);
    while (strtof(printed, NULL) != value && ++digits <= FLT_DECIMAL_DIG);
    begin_item(json);
    append_number(json->out, printed);
}

void nas_json_bool(nas_json *json, bool value)
{
    begin_item(json);
    nas_text_puts(json->out, value ? "true" : "false");
}

void nas_json_null(nas_json *json)
{
    begin_item(json);
    nas_text_puts(json->out, "null");
}

void nas_json_raw(nas_json *json, const char *value)
{
    begin_item(json);
    nas_text_puts(json->out, value);
}

void nas_json_key_string(nas_json *json, const char *key, const char *value)
{
    nas_json_key(json, key);
    nas_json_string(json, value);
}

void nas_json_key_int(nas_json *json, const char *key, int64_t value)
{
    nas_json_key(json, key);
    nas_json_int(json, value);
}

void nas_json_key_real(nas_json *json, const char *key, double value)
{
    nas_json_key(json, key);
    nas_json_real(json, value);
}

void nas_json_key_bool(nas_json *json, const char *key, bool value)
{
    nas_json_key(json, key);
    nas_json_bool(json, value);
}

nas_status nas_json_parse(const char *text, size_t bytes, const char *name, json_t **out,
                          nas_err *err)
{
    json_error_t failure;
    *out = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &failure);
    if (*out != NULL)
        return NAS_OK;
    if (json_error_code(&failure) == json_error_out_of_memory)
        return nas_fail(err, NAS_E_NOMEM, "%s: out of memory", name);
    if (failure.line < 1) /* jansson has no position: the text ended or is empty */
        return nas_fail(err, NAS_E_CONFIG, "%s: %s", name, failure.text);
    return nas_fail(err, NAS_E_CONFIG, "%s:%d:%d: %s", name, failure.line, failure.column,
                    failure.text);
}
