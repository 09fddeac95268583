/* Writing JSON. Reading is jansson's job; nas_json_parse wraps it for one-line errors. */
#ifndef NASMITH_JSON_H
#define NASMITH_JSON_H

#include "nasmith/err.h"
#include "nasmith/text.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* A writer appends one JSON document to a text, with commas and nesting taken care of.
 * Output is canonical: keys in the order written, no white space unless `indent`. Real
 * numbers are the shortest decimal that reads back equal; NaN and infinities become
 * null. */
typedef struct nas_json {
    nas_text *out;
    int indent; /* spaces per level, 0 = compact */
    int depth;
    uint64_t has_items; /* bit d: level d has an item */
    bool after_key;
} nas_json;

nas_json nas_json_writer(nas_text *out, int indent);
void nas_json_object_begin(nas_json *json);
void nas_json_object_end(nas_json *json);
void nas_json_array_begin(nas_json *json);
void nas_json_array_end(nas_json *json);
void nas_json_key(nas_json *json, const char *key);
void nas_json_string(nas_json *json, const char *value); /* NULL writes null */
void nas_json_int(nas_json *json, int64_t value);
void nas_json_real(nas_json *json, double value);
void nas_json_float(nas_json *json, float value); /* shortest that reads back as float */
void nas_json_bool(nas_json *json, bool value);
void nas_json_null(nas_json *json);
/* A document or fragment already in JSON, inserted as it is. */
void nas_json_raw(nas_json *json, const char *value);

/* key and value in one call */
void nas_json_key_string(nas_json *json, const char *key, const char *value);
void nas_json_key_int(nas_json *json, const char *key, int64_t value);
void nas_json_key_real(nas_json *json, const char *key, double value);
void nas_json_key_bool(nas_json *json, const char *key, bool value);

/* Parse a JSON text with jansson.
 * @param name  what the text is, for messages ("net.json")
 * @param out   new reference, release with json_decref
 * @return NAS_E_CONFIG with name:line:column */
nas_status nas_json_parse(const char *text, size_t bytes, const char *name, json_t **out,
                          nas_err *err);

#endif
