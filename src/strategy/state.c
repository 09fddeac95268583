#include "strategy/strategies.h"

#include <string.h>

enum { NUMBER_BYTES = 8 };

void nas_state_put(nas_text *out, int64_t value)
{
    char bytes[NUMBER_BYTES];
    for (int i = 0; i < NUMBER_BYTES; i++)
        bytes[i] = (char)(unsigned char)((uint64_t)value >> (8 * i));
    nas_text_append(out, bytes, sizeof bytes);
}

bool nas_state_get(state_reader *reader, int64_t *out)
{
    if (reader->left < NUMBER_BYTES)
        return false;
    uint64_t value = 0;
    for (int i = 0; i < NUMBER_BYTES; i++)
        value |= (uint64_t)reader->bytes[i] << (8 * i);
    reader->bytes += NUMBER_BYTES;
    reader->left -= NUMBER_BYTES;
    *out = (int64_t)value;
    return true;
}

void nas_state_put_real(nas_text *out, double value)
{
    int64_t bits;
    memcpy(&bits, &value, sizeof bits);
    nas_state_put(out, bits);
}

bool nas_state_get_real(state_reader *reader, double *out)
{
    int64_t bits = 0;
    if (!nas_state_get(reader, &bits))
        return false;
    memcpy(out, &bits, sizeof bits);
    return true;
}
