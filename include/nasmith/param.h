/* The parameter table: one description of an option that feeds defaults, validation,
 * command-line flags, --help, documentation and what is stored. Used by operators,
 * strategies, schedulers, recipes and the program's verbs alike. */
#ifndef NASMITH_PARAM_H
#define NASMITH_PARAM_H

#include "nasmith/err.h"
#include "nasmith/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum nas_param_type {
    NAS_PARAM_BOOL,    /* int: 0 or 1 */
    NAS_PARAM_INT,     /* int64 */
    NAS_PARAM_COUNT,   /* int64, "50k", "5M" */
    NAS_PARAM_BYTES,   /* int64, "64KiB" */
    NAS_PARAM_REAL,    /* double */
    NAS_PARAM_SECONDS, /* double, "3m" */
    NAS_PARAM_CHOICE,  /* int: index into `choices` */
    NAS_PARAM_STRING,  /* borrowed string or NULL */
} nas_param_type;

typedef union nas_value {
    int64_t i;
    double f;
    const char *s;
} nas_value;

/* One parameter. Tables end with an entry whose name is NULL. */
typedef struct nas_param {
    const char *name; /* snake_case; the flag is --with-dashes */
    nas_param_type type;
    const char *unit;           /* "epochs", "bytes", or NULL */
    const char *default_text;   /* as a user would type it; NULL = unset */
    double min, max;            /* inclusive range of numbers; min == max == 0: none */
    const char *const *choices; /* NULL-terminated, for NAS_PARAM_CHOICE */
    const char *doc;            /* one sentence */
    const char *source;         /* where the default is from: paper, measurement */
} nas_param;

/* @return number of entries of a NULL-terminated table */
int nas_param_count(const nas_param *table);

/* @return index of `name` (dashes equal underscores), or -1 */
int nas_param_find(const nas_param *table, const char *name);

/* Fill `values[0 .. count)` with defaults; unset ones become 0, 0.0 or NULL. */
void nas_param_defaults(const nas_param *table, nas_value *values);

/* Parse `text` as the user typed it into values[index], range checked. Strings are
 * borrowed from `text`.
 * @return NAS_E_USAGE: what was found, what is accepted */
nas_status nas_param_parse(const nas_param *table, int index, const char *text,
                           nas_value *values, nas_err *err);

/* Read an object {"name": value, ...}; absent keys keep what `values` holds; an unknown
 * key or a wrong type is NAS_E_CONFIG with did-you-mean. Strings are borrowed from
 * `object`. Counts, bytes and seconds may also be strings as a user types them.
 * @param what  names the thing in messages ("conv", "recipe") */
nas_status nas_param_from_json(const nas_param *table, const json_t *object,
                               const char *what, nas_value *values, nas_err *err);

/* Write key and value of every parameter into an object already begun. A number that is
 * unset (no default, 0, and 0 is out of range) becomes null, which reads back as unset.
 */
void nas_param_to_json(const nas_param *table, const nas_value *values, nas_json *json);

#endif
