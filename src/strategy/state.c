#include "strategy/strategies.h"

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
