/* Names of the layer's enumerations, as stored and shown. */
#ifndef NASMITH_DATA_NAMES_H
#define NASMITH_DATA_NAMES_H

#include "nasmith/data.h"

const char *nas_element_name(nas_element element);
const char *nas_split_name(nas_split_kind kind);

/* @param text  may be NULL
 * @return false when no value has this name */
bool nas_element_parse(const char *text, nas_element *out);
bool nas_split_parse(const char *text, nas_split_kind *out);

/* Sixteen hexadecimal digits. @param out  at least 17 bytes */
void nas_fingerprint_text(uint64_t fingerprint, char out[17]);
bool nas_fingerprint_parse(const char *text, uint64_t *out);

#endif
