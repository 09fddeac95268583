/* Strings that grow, and small string helpers. */
#ifndef NASMITH_TEXT_H
#define NASMITH_TEXT_H

#include "nasmith/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing, always NUL-terminated byte string. Zero-initialise, release with
 * nas_text_free. After an allocation failure `failed` stays true and appends do nothing,
 * so a writer checks once at the end (nas_text_status). */
typedef struct nas_text {
    char *data; /* NULL until the first append */
    size_t length;
    size_t capacity;
    bool failed;
} nas_text;

void nas_text_free(nas_text *text);
void nas_text_clear(nas_text *text); /* keeps the memory */
void nas_text_append(nas_text *text, const char *bytes, size_t n);
void nas_text_puts(nas_text *text, const char *string);
void nas_text_putc(nas_text *text, char c);
void nas_text_printf(nas_text *text, const char *fmt, ...) NAS_PRINTF(2, 3);

/* @return NAS_OK, or NAS_E_NOMEM if any append failed */
nas_status nas_text_status(const nas_text *text, nas_err *err);

/* @return the contents, "" when empty; borrowed until the next append */
const char *nas_text_string(const nas_text *text);

/* Did-you-mean: the candidate nearest to `word` (Damerau-Levenshtein, at most a third of
 * its length plus one), or NULL.
 * @param candidates  `n` strings */
const char *nas_text_nearest(const char *word, const char *const *candidates, size_t n);

/* "1.5 k", "412 k", "3.2 M": counts for people. */
void nas_text_count(char *out, size_t size, double value);

/* "10,000": whole numbers for people. @param size  28 bytes hold any */
void nas_text_integer(char *out, size_t size, int64_t value);

/* "55,198", "2.385", "0.0123": numbers for people, without exponents between 1e-4 and
 * 1e15.
 * @param digits  significant ones, of numbers below a thousand; others have no fraction
 */
void nas_text_number(char *out, size_t size, double value, int digits);

/* "61 KiB", "1.2 MiB", "512 B". */
void nas_text_bytes(char *out, size_t size, int64_t bytes);

/* "2.39 ms", "41.2 µs" below a tenth of one, "54.3 ns" below a ten-thousandth,
 * "1.25 s" from a second on; "-" below 0.
 * @param size  12 bytes hold any */
void nas_text_ms(char *out, size_t size, double ms);

/* "4:12", "1:02:03". */
void nas_text_duration(char *out, size_t size, double seconds);

/* Strict parsers of what a user types; the whole string must be used.
 * nas_parse_count takes k, M, G (powers of 1000); nas_parse_bytes takes B, KB, MB, GB
 * (1000) and KiB, MiB, GiB (1024), k/M/G alone = KiB...; nas_parse_seconds takes s, m, h,
 * d, ms and plain seconds ("90", "1h30m").
 * @return NAS_OK, or NAS_E_USAGE with what was found and what is accepted */
nas_status nas_parse_int(const char *text, int64_t *out, nas_err *err);
nas_status nas_parse_real(const char *text, double *out, nas_err *err);
nas_status nas_parse_count(const char *text, int64_t *out, nas_err *err);
nas_status nas_parse_bytes(const char *text, int64_t *out, nas_err *err);
nas_status nas_parse_seconds(const char *text, double *out, nas_err *err);

#endif
