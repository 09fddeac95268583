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

nas_status nas_ids_add(id_list *ids, int64_t id, nas_err *err)
{
    if (ids->n == ids->room) {
        int64_t room = ids->room == 0 ? 64 : 2 * ids->room;
        int64_t *grown =
            nas_heap_grow(ids->id, (size_t)ids->n, (size_t)room, sizeof *grown);
        NAS_TRY_ALLOC(grown, err);
        ids->id = grown;
        ids->room = room;
    }
    ids->id[ids->n++] = id;
    return NAS_OK;
}

void nas_ids_put(nas_text *out, const id_list *ids)
{
    for (int64_t i = 0; i < ids->n; i++)
        nas_state_put(out, ids->id[i]);
}

nas_status nas_ids_get(state_reader *reader, id_list *ids, nas_err *err)
{
    int64_t id = 0;
    ids->n = 0;
    while (nas_state_get(reader, &id))
        NAS_TRY(nas_ids_add(ids, id, err));
    return NAS_OK;
}
