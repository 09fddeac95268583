/* Pieces of generated C: numbers, rows, strings, templates. */
#ifndef NASMITH_EXPORT_C_TEXT_H
#define NASMITH_EXPORT_C_TEXT_H

#include "nasmith/text.h"

#include <stdint.h>

enum { NAS_C_PREFIX_MAX = 32 };

/* The prefix of all symbols, as given and in capitals, and the type of elements:
 * "float" unless changed. */
typedef struct nas_c_names {
    char lower[NAS_C_PREFIX_MAX + 1];
    char upper[NAS_C_PREFIX_MAX + 1];
    const char *type;
} nas_c_names;

/* @return NAS_E_USAGE unless the prefix is a C identifier that may begin a file name */
nas_status nas_c_names_make(const char *prefix, nas_c_names *out, nas_err *err);

/* Append a template: `@p` becomes the prefix, `@P` the prefix in capitals, `@T` the type
 * of elements, `@@` an @; any other @ stays. */
void nas_c_template(nas_text *out, const nas_c_names *names, const char *text);

/* Append a runtime source: the names' common start `nas_rt_` becomes the prefix. */
void nas_c_kernel_text(nas_text *out, const nas_c_names *names, const char *text);

/* Append a float constant: the shortest decimal that reads back equal, with an f; NAN of
 * <math.h> for that. */
void nas_c_float(nas_text *out, float value);

/* Append rows of at most 90 columns, each ended by a newline. */
void nas_c_float_rows(nas_text *out, const float *values, int64_t n);
void nas_c_index_rows(nas_text *out, const uint32_t *values, int64_t n);
void nas_c_int8_rows(nas_text *out, const int8_t *values, int64_t n);
void nas_c_int32_rows(nas_text *out, const int32_t *values, int64_t n);

/* Append a string literal; everything but printable ASCII as octal escapes. */
void nas_c_string(nas_text *out, const char *text);

/* Append words to a comment: nothing in them can end it. */
void nas_c_comment(nas_text *out, const char *text);

#endif
