#include "base/utf8.h"

#include <stdint.h>

size_t nas_utf8_length(const unsigned char *text, size_t left)
{
    /* smallest code point that needs so many bytes */
    static const uint32_t SMALLEST[] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned first = text[0];
    if (first < 0x80)
        return 1;
    size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc0 || first > 0xf4 || length > left)
        return 0;
    uint32_t point = first & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0u) != 0x80)
            return 0;
        point = point << 6 | (text[i] & 0x3fu);
    }
    if (point < SMALLEST[length] || point > 0x10ffff)
        return 0;
    return point >= 0xd800 && point <= 0xdfff ? 0 : length;
}
