#include "nasmith/text.h"

#include "nasmith/arena.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void nas_text_free(nas_text *text)
{
    nas_heap_free(text->data);
    *text = (nas_text){0};
}

void nas_text_clear(nas_text *text)
{
    text->length = 0;
    if (text->data != NULL)
        text->data[0] = '\0';
}

/* Room for `more` bytes and the NUL. */
static bool reserve(nas_text *text, size_t more)
{
    if (text->failed)
        return false;
    if (more < text->capacity - text->length)
        return true;
    size_t capacity = text->capacity < 64 ? 64 : text->capacity;
    while (capacity - text->length <= more && capacity < SIZE_MAX / 2)
        capacity *= 2;
    char *data = nas_heap_grow(text->data, text->capacity, capacity, 1);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data = data;
    text->capacity = capacity;
    return true;
}

void nas_text_append(nas_text *text, const char *bytes, size_t n)
{
    if (n == 0 || !reserve(text, n))
        return;
    memcpy(text->data + text->length, bytes, n);
    text->length += n;
    text->data[text->length] = '\0';
}

void nas_text_puts(nas_text *text, const char *string)
{
    nas_text_append(text, string, strlen(string));
}

void nas_text_putc(nas_text *text, char c)
{
    nas_text_append(text, &c, 1);
}

void nas_text_printf(nas_text *text, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int length = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (length < 0) {
        text->failed = true;
        return;
    }
    if (!reserve(text, (size_t)length))
        return;
    va_start(args, fmt);
    (void)vsnprintf(text->data + text->length, (size_t)length + 1, fmt, args);
    va_end(args);
    text->length += (size_t)length;
}

nas_status nas_text_status(const nas_text *text, nas_err *err)
{
    if (text->failed)
        return nas_fail(err, NAS_E_NOMEM, "out of memory for a text of %zu bytes",
                        text->length);
    return NAS_OK;
}

const char *nas_text_string(const nas_text *text)
{
    return text->data != NULL ? text->data : "";
}

enum { WORD_MAX = 64 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace, swap of neighbours.
 * Three rows of the table suffice. Both words have at most WORD_MAX bytes. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1] = {{0}};
    size_t m = strlen(b);
    for (size_t j = 0; j <= m; j++)
        rows[0][j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t *now = rows[i % 3];
        const size_t *above = rows[(i + 2) % 3];
        const size_t *two_above = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t replace = above[j - 1] + (a[i - 1] != b[j - 1]);
            now[j] = smaller(smaller(above[j], now[j - 1]) + 1, replace);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = smaller(now[j], two_above[j - 2] + 1);
        }
    }
    return rows[strlen(a) % 3][m];
}

const char *nas_text_nearest(const char *word, const char *const *candidates, size_t n)
{
    size_t length = strlen(word);
    if (length > WORD_MAX)
        return NULL;
    const char *nearest = NULL;
    size_t best = length / 3 + 2;
    for (size_t i = 0; i < n; i++) {
        if (strlen(candidates[i]) > WORD_MAX)
            continue;
        size_t distance = edit_distance(word, candidates[i]);
        if (distance < best && distance < strlen(candidates[i])) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}

void nas_text_count(char *out, size_t size, double value)
{
    static const char UNITS[] = "kMGT";
    if (!isfinite(value) || fabs(value) < 999.5) {
        (void)snprintf(out, size, "%.0f", value);
        return;
    }
    int unit = -1;
    do {
        value /= 1000.0;
        unit++;
    } while (unit < 3 && fabs(value) >= 999.5);
    (void)snprintf(out, size, "%.*f %c", fabs(value) < 99.95 ? 1 : 0, value, UNITS[unit]);
}

void nas_text_integer(char *out, size_t size, int64_t value)
{
    char digits[24];
    size_t used = 0;
    int n = snprintf(digits, sizeof digits, "%" PRId64, value);
    for (int i = 0; i < n && used + 2 < size; i++) {
        out[used++] = digits[i];
        if (digits[i] != '-' && i + 1 < n && (n - 1 - i) % 3 == 0)
            out[used++] = ',';
    }
    out[used] = '\0';
}

void nas_text_number(char *out, size_t size, double value, int digits)
{
    if (fabs(value) >= 999.5 && fabs(value) < 1e15)
        nas_text_integer(out, size, (int64_t)llround(value));
    else
        (void)snprintf(out, size, "%.*g", digits, value);
}

void nas_text_bytes(char *out, size_t size, int64_t bytes)
{
    static const char UNITS[] = "KMGT";
    if (bytes > -1024 && bytes < 1024) {
        (void)snprintf(out, size, "%d B", (int)bytes);
        return;
    }
    double value = (double)bytes;
    int unit = -1;
    do {
        value /= 1024.0;
        unit++;
    } while (unit < 3 && fabs(value) >= 1023.5);
    double tenths = round(value * 10.0);
    bool whole = fabs(tenths) >= 100.0 || fmod(tenths, 10.0) == 0.0;
    (void)snprintf(out, size, "%.*f %ciB", whole ? 0 : 1, value, UNITS[unit]);
}

void nas_text_ms(char *out, size_t size, double ms)
{
    if (!(ms >= 0.0))
        (void)snprintf(out, size, "-");
    else if (ms >= 1000.0)
        (void)snprintf(out, size, "%.3g s", ms / 1000.0);
    else if (ms >= 0.1 || ms == 0.0)
        (void)snprintf(out, size, "%.3g ms", ms);
    else if (ms >= 1e-4)
        (void)snprintf(out, size, "%.3g µs", ms * 1e3);
    else
        (void)snprintf(out, size, "%.3g ns", ms * 1e6);
}

void nas_text_duration(char *out, size_t size, double seconds)
{
    if (!(seconds >= 0.0 && seconds < 3.6e9)) {
        (void)snprintf(out, size, "?");
        return;
    }
    int64_t total = (int64_t)(seconds + 0.5);
    int hours = (int)(total / 3600);
    int minutes = (int)(total / 60 % 60);
    int rest = (int)(total % 60);
    if (hours > 0)
        (void)snprintf(out, size, "%d:%02d:%02d", hours, minutes, rest);
    else
        (void)snprintf(out, size, "%d:%02d", minutes, rest);
}
