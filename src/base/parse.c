/* The nas_parse_* half of text.h: numbers as people type them. */
#include "nasmith/text.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One unit a number may carry. */
typedef struct unit {
    const char *name;
    double factor;
} unit;

static const unit COUNT_UNITS[] = {
    {"k", 1e3}, {"K", 1e3}, {"M", 1e6}, {"G", 1e9}, {NULL, 0}};

static const unit BYTE_UNITS[] = {
    {"B", 1},    {"KB", 1e3},   {"kB", 1e3},      {"MB", 1e6},
    {"GB", 1e9}, {"KiB", 1024}, {"MiB", 1048576}, {"GiB", 1073741824},
    {"k", 1024}, {"K", 1024},   {"M", 1048576},   {"G", 1073741824},
    {NULL, 0}};

/* From long to short: that is also the order in which they may follow one another. */
static const unit SECOND_UNITS[] = {{"d", 86400}, {"h", 3600},  {"m", 60},
                                    {"s", 1},     {"ms", 1e-3}, {NULL, 0}};

static nas_status refuse(const char *text, const char *expected, nas_err *err)
{
    if (text[0] == '\0')
        return nas_fail(err, NAS_E_USAGE, "empty value: expected %s", expected);
    return nas_fail(err, NAS_E_USAGE, "`%s` is not %s", text, expected);
}

/* A decimal number without sign at `*text`, which moves behind it. Hexadecimal, "inf",
 * "nan" and leading space, which strtod would take, are refused. */
static bool take_number(const char **text, double *out)
{
    const char *p = *text;
    if (!isdigit((unsigned char)p[0]) && !(p[0] == '.' && isdigit((unsigned char)p[1])))
        return false;
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X'))
        return false;
    char *end = NULL;
    *out = strtod(p, &end);
    *text = end;
    return isfinite(*out) != 0;
}

/* The letters at `*text` as one of `units`; the text moves behind them. */
static const unit *take_unit(const char **text, const unit *units)
{
    size_t length = 0;
    while (isalpha((unsigned char)(*text)[length]))
        length++;
    for (const unit *u = units; u->name != NULL; u++) {
        if (strlen(u->name) == length && strncmp(u->name, *text, length) == 0) {
            *text += length;
            return u;
        }
    }
    return NULL;
}

nas_status nas_parse_int(const char *text, int64_t *out, nas_err *err)
{
    const char *digits = text + (text[0] == '-' || text[0] == '+');
    char *end = NULL;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (!isdigit((unsigned char)digits[0]) || *end != '\0' || errno != 0)
        return refuse(text, "a whole number", err);
    *out = value;
    return NAS_OK;
}

nas_status nas_parse_real(const char *text, double *out, nas_err *err)
{
    const char *p = text + (text[0] == '-' || text[0] == '+');
    double value;
    if (!take_number(&p, &value) || *p != '\0')
        return refuse(text, "a number", err);
    *out = text[0] == '-' ? -value : value;
    return NAS_OK;
}

/* A number, one optional space, an optional unit; the result must be whole. */
static nas_status parse_scaled(const char *text, const unit *units, const char *expected,
                               int64_t *out, nas_err *err)
{
    const char *p = text;
    double value;
    if (!take_number(&p, &value))
        return refuse(text, expected, err);
    if (*p == ' ')
        p++;
    if (*p != '\0') {
        const unit *found = take_unit(&p, units);
        if (found == NULL || *p != '\0')
            return refuse(text, expected, err);
        value *= found->factor;
    }
    double whole = round(value);
    if (fabs(value - whole) > 1e-9 * fabs(value) || whole > 9e18)
        return refuse(text, expected, err);
    *out = (int64_t)whole;
    return NAS_OK;
}

nas_status nas_parse_count(const char *text, int64_t *out, nas_err *err)
{
    return parse_scaled(text, COUNT_UNITS, "a count such as 500, 50k or 1.5M", out, err);
}

nas_status nas_parse_bytes(const char *text, int64_t *out, nas_err *err)
{
    return parse_scaled(text, BYTE_UNITS, "a size such as 512B, 64KiB, 1.5MiB or 2GB",
                        out, err);
}

nas_status nas_parse_seconds(const char *text, double *out, nas_err *err)
{
    static const char EXPECTED[] = "a duration such as 90, 3m, 1h30m or 250ms";
    const char *p = text;
    const unit *last = NULL;
    double total = 0.0;
    do {
        double value;
        if (!take_number(&p, &value))
            return refuse(text, EXPECTED, err);
        if (*p == '\0' && last == NULL) {
            *out = value;
            return NAS_OK;
        }
        const unit *found = take_unit(&p, SECOND_UNITS);
        if (found == NULL || (last != NULL && found <= last))
            return refuse(text, EXPECTED, err);
        total += value * found->factor;
        last = found;
    } while (*p != '\0');
    *out = total;
    return NAS_OK;
}
