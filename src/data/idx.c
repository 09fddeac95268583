#include "data/idx.h"

#include <string.h>

static const struct {
    int type;
    size_t bytes;
    nas_element element;
} types[] = {
    {0x08, 1, NAS_ELEMENT_U8},  {0x09, 1, NAS_ELEMENT_I8},  {0x0B, 2, NAS_ELEMENT_I16},
    {0x0C, 4, NAS_ELEMENT_I32}, {0x0D, 4, NAS_ELEMENT_F32}, {0x0E, 8, NAS_ELEMENT_F32},
};

enum { N_TYPES = sizeof types / sizeof types[0], TYPE_DOUBLE = 0x0E };

static int find_type(int byte)
{
    for (int i = 0; i < N_TYPES; i++)
        if (types[i].type == byte)
            return i;
    return -1;
}

bool nas_idx_is_magic(const unsigned char *head, size_t bytes)
{
    return bytes >= 4 && head[0] == 0 && head[1] == 0 && find_type(head[2]) >= 0 &&
           head[3] >= 1 && head[3] <= NAS_IDX_MAX_RANK;
}

static uint32_t big_endian_32(const unsigned char *b)
{
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static uint64_t big_endian_64(const unsigned char *b)
{
    return (uint64_t)big_endian_32(b) << 32 | big_endian_32(b + 4);
}

static nas_status check_size(const nas_idx_file *file, nas_err *err)
{
    const char *path = file->stream.path;
    int64_t head = 4 + 4 * (int64_t)file->rank;
    int64_t bytes = (int64_t)file->element_bytes;
    int64_t bound = nas_stream_bound(&file->stream);
    bool fits = true;
    for (int d = 0; d < file->rank; d++)
        fits = fits && !__builtin_mul_overflow(bytes, file->dim[d], &bytes);
    fits = fits && !__builtin_add_overflow(bytes, head, &bytes);
    if (!fits || bytes > bound)
        return nas_fail(err, NAS_E_DATA,
                        "`%s` is cut off: its header promises %lld items, "
                        "the file of %lld bytes cannot hold them",
                        path, (long long)file->dim[0],
                        (long long)file->stream.disk_bytes);
    if (!file->stream.compressed && bytes < bound)
        return nas_fail(err, NAS_E_DATA,
                        "`%s` has %lld bytes, its header promises %lld: "
                        "not IDX, or two files in one",
                        path, (long long)bound, (long long)bytes);
    return NAS_OK;
}

static nas_status read_header(nas_idx_file *file, nas_err *err)
{
    unsigned char head[4 + 4 * NAS_IDX_MAX_RANK];
    const char *path = file->stream.path;
    NAS_TRY(nas_stream_read_exact(&file->stream, head, 4, "its header", err));
    if (!nas_idx_is_magic(head, 4)) {
        nas_status status =
            nas_fail(err, NAS_E_DATA,
                     "`%s` is not an IDX file: it starts with %02x %02x %02x %02x", path,
                     head[0], head[1], head[2], head[3]);
        nas_err_hint(err,
                     "expected 00 00, a type of 08 09 0b 0c 0d 0e, a rank of 01 to 04");
        return status;
    }
    int type = find_type(head[2]);
    file->type = head[2];
    file->rank = head[3];
    file->element_bytes = types[type].bytes;
    file->element = types[type].element;
    NAS_TRY(nas_stream_read_exact(&file->stream, head + 4, 4 * (size_t)file->rank,
                                  "its header", err));
    for (int d = 0; d < NAS_IDX_MAX_RANK; d++)
        file->dim[d] = d < file->rank ? big_endian_32(head + 4 + 4 * d) : 1;
    for (int d = 0; d < file->rank; d++)
        if (file->dim[d] == 0)
            return nas_fail(err, NAS_E_DATA,
                            "`%s` holds no %s: extent %d of its header is 0", path,
                            d == 0 ? "items" : "elements", d + 1);
    NAS_TRY(check_size(file, err));
    file->item_count = file->dim[1] * file->dim[2] * file->dim[3];
    return NAS_OK;
}

nas_status nas_idx_open(nas_idx_file *file, const char *path, nas_err *err)
{
    *file = (nas_idx_file){.rank = 0};
    NAS_TRY(nas_stream_open(&file->stream, path, err));
    return read_header(file, err);
}

void nas_idx_close(nas_idx_file *file)
{
    nas_stream_close(&file->stream);
}

static void decode_16(const unsigned char *raw, int64_t n, int16_t *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (int16_t)(uint16_t)(raw[2 * i] << 8 | raw[2 * i + 1]);
}

static void decode_32(const unsigned char *raw, int64_t n, uint32_t *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = big_endian_32(raw + 4 * i);
}

static void decode_double(const unsigned char *raw, int64_t n, float *out)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits = big_endian_64(raw + 8 * i);
        double value;
        memcpy(&value, &bits, sizeof value);
        out[i] = (float)value;
    }
}

nas_status nas_idx_read_item(nas_idx_file *file, int64_t item, void *raw, void *out,
                             nas_err *err)
{
    int64_t n = file->item_count;
    size_t bytes = (size_t)n * file->element_bytes;
    size_t got = 0;
    NAS_TRY(nas_stream_read(&file->stream, raw, bytes, &got, err));
    if (got < bytes)
        return nas_fail(err, NAS_E_DATA,
                        "`%s` is cut off: it ends inside item %lld of %lld",
                        file->stream.path, (long long)item + 1, (long long)file->dim[0]);
    if (file->element_bytes == 1)
        memcpy(out, raw, bytes);
    else if (file->element_bytes == 2)
        decode_16(raw, n, out);
    else if (file->element_bytes == 4)
        decode_32(raw, n, out); /* int32 and float share the byte swap */
    else
        decode_double(raw, n, out);
    return NAS_OK;
}

nas_status nas_idx_expect_end(nas_idx_file *file, nas_err *err)
{
    char extra;
    size_t got = 0;
    NAS_TRY(nas_stream_read(&file->stream, &extra, 1, &got, err));
    if (got > 0)
        return nas_fail(err, NAS_E_DATA,
                        "`%s` goes on after the %lld items that its header promises",
                        file->stream.path, (long long)file->dim[0]);
    return NAS_OK;
}

static double number_at(const nas_idx_file *file, const void *item, int64_t i)
{
    switch (file->element) {
    case NAS_ELEMENT_U8:
        return ((const uint8_t *)item)[i];
    case NAS_ELEMENT_I8:
        return ((const int8_t *)item)[i];
    case NAS_ELEMENT_I16:
        return ((const int16_t *)item)[i];
    case NAS_ELEMENT_I32:
        return ((const int32_t *)item)[i];
    case NAS_ELEMENT_F32:
        break;
    }
    return (double)((const float *)item)[i];
}

static nas_status read_all(nas_idx_file *file, nas_arena *arena, double *out,
                           nas_err *err)
{
    int64_t n = file->item_count;
    void *raw = nas_arena_alloc(arena, (size_t)n, file->element_bytes);
    void *item = nas_arena_alloc(arena, (size_t)n, sizeof(float));
    NAS_TRY_ALLOC(raw, err);
    NAS_TRY_ALLOC(item, err);
    for (int64_t i = 0; i < file->dim[0]; i++) {
        NAS_TRY(nas_idx_read_item(file, i, raw, item, err));
        for (int64_t k = 0; k < n; k++)
            out[i * n + k] = number_at(file, item, k);
    }
    return nas_idx_expect_end(file, err);
}

nas_status nas_idx_read_numbers(const char *path, nas_arena *arena, nas_idx_file *header,
                                double **out, nas_err *err)
{
    nas_status status = nas_idx_open(header, path, err);
    *out = NULL;
    if (status == NAS_OK) {
        *out = nas_arena_alloc(arena, (size_t)header->dim[0],
                               (size_t)header->item_count * sizeof **out);
        status = *out == NULL ? nas_fail(err, NAS_E_NOMEM, "out of memory")
                              : read_all(header, arena, *out, err);
    }
    nas_idx_close(header);
    return status;
}
