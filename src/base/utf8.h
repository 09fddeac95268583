/* UTF-8 validation, shared by messages and JSON. */
#ifndef NASMITH_BASE_UTF8_H
#define NASMITH_BASE_UTF8_H

#include <stddef.h>

/* @return bytes of the valid UTF-8 character at `text` (`left` >= 1 bytes readable), or 0
 *         if there is none: stray or missing continuation, overlong form, surrogate, or
 *         beyond U+10FFFF */
size_t nas_utf8_length(const unsigned char *text, size_t left);

#endif
