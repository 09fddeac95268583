#include "data/npy.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zip.h>

enum { MAX_HEADER = 1 << 16, MAX_MEMBERS = 1 << 12 };

bool nas_npy_is_magic(const unsigned char *head, size_t n)
{
    return n >= 8 && memcmp(head, "\223NUMPY", 6) == 0;
}

/* "`a.npz`, array `x`" or "`x.npy`"; lives until the next call of the same buffer. */
static const char *place(const nas_npy_file *file, char out[512])
{
    if (file->name != NULL)
        (void)snprintf(out, 512, "`%s`, array `%s`", file->path, file->name);
    else
        (void)snprintf(out, 512, "`%s`", file->path);
    return out;
}

/* ---- bytes ----------------------------------------------------------------------- */

/* What the archive says of sizes may be wrong; what deflate can reach is a bound. */
static int64_t member_bound(const char *path, zip_uint64_t claimed)
{
    nas_stream stream;
    if (nas_stream_open(&stream, path, NULL) != NAS_OK)
        return 0;
    stream.compressed = true;
    int64_t bound = nas_stream_bound(&stream);
    nas_stream_close(&stream);
    return claimed < (zip_uint64_t)bound ? (int64_t)claimed : bound;
}

static nas_status open_member(nas_npy_file *file, int64_t *bytes, nas_err *err)
{
    int code = 0;
    char where[512];
    zip_stat_t st;
    file->archive = zip_open(file->path, ZIP_RDONLY, &code);
    if (file->archive == NULL)
        return nas_fail(err, NAS_E_DATA, "`%s` is no readable ZIP archive (error %d)",
                        file->path, code);
    file->member = zip_fopen(file->archive, file->name, 0);
    if (file->member == NULL || zip_stat(file->archive, file->name, 0, &st) != 0)
        return nas_fail(err, NAS_E_DATA, "%s: %s", place(file, where),
                        zip_strerror(file->archive));
    *bytes = member_bound(file->path, st.size);
    return NAS_OK;
}

static nas_status read_bytes(nas_npy_file *file, void *out, size_t bytes, size_t *got,
                             nas_err *err)
{
    char where[512];
    *got = 0;
    if (file->member == NULL)
        return nas_stream_read(&file->stream, out, bytes, got, err);
    while (*got < bytes) {
        zip_int64_t n = zip_fread(file->member, (char *)out + *got, bytes - *got);
        if (n < 0)
            return nas_fail(err, NAS_E_DATA, "%s is damaged: %s", place(file, where),
                            zip_file_strerror(file->member));
        if (n == 0)
            return NAS_OK;
        *got += (size_t)n;
    }
    return NAS_OK;
}

static nas_status read_exact(nas_npy_file *file, void *out, size_t bytes, nas_err *err)
{
    char where[512];
    size_t got = 0;
    NAS_TRY(read_bytes(file, out, bytes, &got, err));
    if (got < bytes)
        return nas_fail(err, NAS_E_DATA, "%s is cut off", place(file, where));
    return NAS_OK;
}

void nas_npy_close(nas_npy_file *file)
{
    nas_stream_close(&file->stream);
    if (file->member != NULL)
        (void)zip_fclose(file->member);
    if (file->archive != NULL)
        zip_discard(file->archive);
    file->member = file->archive = NULL;
}

/* ---- header ---------------------------------------------------------------------- */

/* The text after `'key':`, or NULL. */
static const char *value_of(const char *header, const char *key)
{
    char quoted[32];
    (void)snprintf(quoted, sizeof quoted, "'%s':", key);
    const char *at = strstr(header, quoted);
    if (at == NULL)
        return NULL;
    at += strlen(quoted);
    return at + strspn(at, " ");
}

static nas_status fail_header(const nas_npy_file *file, const char *what, nas_err *err)
{
    char where[512];
    return nas_fail(err, NAS_E_DATA, "%s: its NumPy header has no %s", place(file, where),
                    what);
}

static nas_status fail_type(const nas_npy_file *file, const char *descr, nas_err *err)
{
    char where[512];
    int length = (int)strcspn(descr, ",}");
    bool objects = strstr(descr, "O'") != NULL && strstr(descr, "O'") < descr + length;
    nas_status status = nas_fail(err, NAS_E_DATA, "%s: elements of type %.*s",
                                 place(file, where), length < 40 ? length : 40, descr);
    nas_err_hint(err, "%s",
                 objects ? "Python objects cannot be read: save x.astype(np.float32)"
                         : "readable are bool, (u)int8 to 64, float16 to 64 and texts");
    return status;
}

/* "'<f4'" and the like. */
static nas_status read_type(nas_npy_file *file, const char *descr, nas_err *err)
{
    static const char *const known[] = {"b1", "u1", "u2", "u4", "u8", "i1",
                                        "i2", "i4", "i8", "f2", "f4", "f8"};
    if (descr[0] != '\'' || strchr("<>|=", descr[1]) == NULL || descr[1] == '\0' ||
        descr[2] == '\0')
        return fail_type(file, descr, err);
    int64_t bytes = strtol(descr + 3, NULL, 10);
    bool found = false;
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        found = found || (strncmp(descr + 2, known[i], 2) == 0 && descr[4] == '\'');
    bool text = (descr[2] == 'U' || descr[2] == 'S') && bytes >= 1 && bytes <= 4096;
    if (!found && !text)
        return fail_type(file, descr, err);
    file->kind = descr[2];
    file->element_bytes = (int)(descr[2] == 'U' ? 4 * bytes : bytes);
    file->swapped = descr[1] == '>'; /* this program runs on little-endian machines */
    return NAS_OK;
}

static nas_status read_shape(nas_npy_file *file, const char *shape, nas_err *err)
{
    char where[512];
    if (*shape != '(')
        return fail_header(file, "shape", err);
    shape++;
    for (int d = 0; d < NAS_NPY_MAX_RANK; d++)
        file->dim[d] = 1;
    for (file->rank = 0; *shape != ')'; file->rank++) {
        char *end = NULL;
        long long extent = strtoll(shape, &end, 10);
        if (end == shape || file->rank == NAS_NPY_MAX_RANK)
            return nas_fail(err, NAS_E_DATA, "%s: shape %.40s, expected 1 to %d extents",
                            place(file, where), shape, NAS_NPY_MAX_RANK);
        if (extent < 1 || extent > INT32_MAX)
            return nas_fail(err, NAS_E_DATA, "%s: an extent of its shape is %lld",
                            place(file, where), extent);
        file->dim[file->rank] = extent;
        shape = end + strspn(end, ", ");
    }
    if (file->rank == 0)
        return nas_fail(err, NAS_E_DATA, "%s is a single number, no array",
                        place(file, where));
    return NAS_OK;
}

static nas_element element_of(const nas_npy_file *file)
{
    bool integer = file->kind == 'u' || file->kind == 'i' || file->kind == 'b';
    if (!integer || file->element_bytes == 8)
        return NAS_ELEMENT_F32;
    if (file->element_bytes == 1)
        return file->kind == 'i' ? NAS_ELEMENT_I8 : NAS_ELEMENT_U8;
    if (file->element_bytes == 2)
        return file->kind == 'i' ? NAS_ELEMENT_I16 : NAS_ELEMENT_I32;
    return file->kind == 'i' ? NAS_ELEMENT_I32 : NAS_ELEMENT_F32;
}

static nas_status parse_header(nas_npy_file *file, const char *header, nas_err *err)
{
    char where[512];
    const char *descr = value_of(header, "descr");
    const char *order = value_of(header, "fortran_order");
    const char *shape = value_of(header, "shape");
    if (descr == NULL || order == NULL || shape == NULL)
        return fail_header(file, "descr, fortran_order and shape", err);
    NAS_TRY(read_type(file, descr, err));
    NAS_TRY(read_shape(file, shape, err));
    if (strncmp(order, "True", 4) == 0 && file->rank > 1) {
        nas_status status = nas_fail(err, NAS_E_DATA, "%s is stored column by column",
                                     place(file, where));
        nas_err_hint(err, "save np.ascontiguousarray(x)");
        return status;
    }
    file->element = element_of(file);
    return NAS_OK;
}

/* Do the elements fit into what the file can hold? */
static nas_status check_size(nas_npy_file *file, int64_t bound, nas_err *err)
{
    char where[512];
    double wanted = (double)file->element_bytes;
    bound -= file->header_bytes;
    for (int d = 0; d < file->rank; d++)
        wanted *= (double)file->dim[d];
    if (wanted > (double)bound)
        return nas_fail(err, NAS_E_DATA,
                        "%s is cut off: its shape needs %.0f bytes, it has at most %lld",
                        place(file, where), wanted, (long long)bound);
    file->item_count = file->dim[1] * file->dim[2] * file->dim[3];
    return NAS_OK;
}

static nas_status read_header(nas_npy_file *file, nas_err *err)
{
    unsigned char fixed[12];
    char where[512];
    size_t got = 0;
    NAS_TRY(read_bytes(file, fixed, 8, &got, err));
    if (!nas_npy_is_magic(fixed, got))
        return nas_fail(err, NAS_E_DATA, "%s is no NumPy array", place(file, where));
    size_t digits = fixed[6] == 1 ? 2 : 4;
    size_t length = 0;
    NAS_TRY(read_exact(file, fixed + 8, digits, err));
    for (size_t i = 0; i < digits; i++)
        length |= (size_t)fixed[8 + i] << 8 * i;
    if (fixed[6] < 1 || fixed[6] > 3 || length > MAX_HEADER)
        return nas_fail(err, NAS_E_DATA,
                        "%s: NumPy format version %d.%d, header of %zu "
                        "bytes",
                        place(file, where), fixed[6], fixed[7], length);
    file->header_bytes = (int64_t)(8 + digits + length);
    char *header = nas_heap_alloc(length + 1, 1);
    NAS_TRY_ALLOC(header, err);
    nas_status status = read_exact(file, header, length, err);
    if (status == NAS_OK)
        status = parse_header(file, header, err);
    nas_heap_free(header);
    return status;
}

nas_status nas_npy_open(nas_npy_file *file, const char *path, const char *name,
                        nas_err *err)
{
    int64_t bound = 0;
    *file = (nas_npy_file){.path = path, .name = name};
    if (name != NULL) {
        NAS_TRY(open_member(file, &bound, err));
    } else {
        NAS_TRY(nas_stream_open(&file->stream, path, err));
        bound = nas_stream_bound(&file->stream);
    }
    NAS_TRY(read_header(file, err));
    return check_size(file, bound, err);
}

/* ---- elements -------------------------------------------------------------------- */

/* IEEE 754 binary16. */
static double half_value(uint64_t bits)
{
    int exponent = (int)(bits >> 10 & 31);
    double mantissa = (double)(bits & 1023);
    double value = exponent == 0    ? ldexp(mantissa, -24)
                   : exponent == 31 ? (mantissa == 0.0 ? HUGE_VAL : (double)NAN)
                                    : ldexp(1024.0 + mantissa, exponent - 25);
    return bits >> 15 != 0 ? -value : value;
}

static double float_value(uint64_t bits, int bytes)
{
    float single;
    double wide;
    uint32_t low = (uint32_t)bits;
    if (bytes == 2)
        return half_value(bits);
    memcpy(&single, &low, sizeof single);
    memcpy(&wide, &bits, sizeof wide);
    return bytes == 4 ? (double)single : wide;
}

static double value_at(const nas_npy_file *file, const unsigned char *raw)
{
    uint64_t bits = 0;
    int n = file->element_bytes;
    for (int i = 0; i < n; i++)
        bits |= (uint64_t)raw[file->swapped ? n - 1 - i : i] << 8 * i;
    if (file->kind == 'f')
        return float_value(bits, n);
    if (file->kind != 'i')
        return (double)bits;
    uint64_t sign = UINT64_C(1) << (8 * n - 1);
    return (double)(int64_t)((bits ^ sign) - sign);
}

static void store(nas_element element, double value, void *out, int64_t i)
{
    switch (element) {
    case NAS_ELEMENT_U8:
        ((uint8_t *)out)[i] = (uint8_t)value;
        break;
    case NAS_ELEMENT_I8:
        ((int8_t *)out)[i] = (int8_t)value;
        break;
    case NAS_ELEMENT_I16:
        ((int16_t *)out)[i] = (int16_t)value;
        break;
    case NAS_ELEMENT_I32:
        ((int32_t *)out)[i] = (int32_t)value;
        break;
    case NAS_ELEMENT_F32:
        ((float *)out)[i] = (float)value;
        break;
    }
}

nas_status nas_npy_read_item(nas_npy_file *file, void *raw, void *out, nas_err *err)
{
    size_t width = (size_t)file->element_bytes;
    size_t n = (size_t)file->item_count;
    NAS_TRY(read_exact(file, raw, n * width, err));
    bool float32 = file->kind == 'f' && width == 4;
    bool as_stored = width == 1 || float32 || (file->kind == 'i' && width < 8);
    if (as_stored && (!file->swapped || width == 1)) {
        memcpy(out, raw, n * width);
        return NAS_OK;
    }
    for (size_t i = 0; i < n; i++)
        store(file->element, value_at(file, (const unsigned char *)raw + i * width), out,
              (int64_t)i);
    return NAS_OK;
}

nas_status nas_npy_expect_end(nas_npy_file *file, nas_err *err)
{
    char byte;
    char where[512];
    size_t got = 0;
    NAS_TRY(read_bytes(file, &byte, 1, &got, err));
    if (got > 0)
        return nas_fail(err, NAS_E_DATA, "%s: bytes follow the last element",
                        place(file, where));
    return NAS_OK;
}

/* ---- whole arrays ---------------------------------------------------------------- */

nas_status nas_npy_read_numbers(nas_npy_file *file, nas_arena *arena, double **out,
                                nas_err *err)
{
    char where[512];
    size_t width = (size_t)file->element_bytes;
    size_t items = (size_t)file->item_count;
    if (file->kind == 'U' || file->kind == 'S')
        return nas_fail(err, NAS_E_DATA, "%s holds texts, expected numbers",
                        place(file, where));
    unsigned char *raw = nas_arena_alloc(arena, items, width);
    *out = nas_arena_alloc(arena, (size_t)file->dim[0], items * sizeof(double));
    NAS_TRY_ALLOC(raw, err);
    NAS_TRY_ALLOC(*out, err);
    for (size_t i = 0; i < (size_t)file->dim[0]; i++) {
        NAS_TRY(read_exact(file, raw, items * width, err));
        for (size_t k = 0; k < items; k++)
            (*out)[i * items + k] = value_at(file, raw + k * width);
    }
    return nas_npy_expect_end(file, err);
}

static size_t put_utf8(uint32_t code, char *out)
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    out[0] = (char)(n == 1 ? code : (lead[n] | code));
    return n;
}

/* One text of fixed width, NUL-padded: bytes, or four bytes for each character. */
static char *text_at(const nas_npy_file *file, const unsigned char *raw, nas_arena *arena)
{
    size_t n = (size_t)file->element_bytes;
    char *out = nas_arena_alloc(arena, n + 1, 1);
    size_t at = 0;
    for (size_t i = 0; out != NULL && file->kind == 'S' && i < n && raw[i] != 0; i++)
        out[at++] = (char)raw[i];
    for (size_t i = 0; out != NULL && file->kind == 'U' && i < n; i += 4) {
        uint32_t code = 0;
        for (size_t k = 0; k < 4; k++)
            code |= (uint32_t)raw[i + (file->swapped ? 3 - k : k)] << 8 * k;
        if (code == 0 || code > 0x10ffff)
            break;
        at += put_utf8(code, out + at);
    }
    return out;
}

nas_status nas_npy_read_texts(nas_npy_file *file, nas_arena *arena, char ***out,
                              nas_err *err)
{
    char where[512];
    if (file->item_count != 1)
        return nas_fail(err, NAS_E_DATA, "%s holds %lld texts for each row, expected one",
                        place(file, where), (long long)file->item_count);
    unsigned char *raw = nas_arena_alloc(arena, 1, (size_t)file->element_bytes);
    *out = NAS_NEW(arena, char *, file->dim[0]);
    NAS_TRY_ALLOC(raw, err);
    NAS_TRY_ALLOC(*out, err);
    for (int64_t i = 0; i < file->dim[0]; i++) {
        NAS_TRY(read_exact(file, raw, (size_t)file->element_bytes, err));
        (*out)[i] = text_at(file, raw, arena);
        NAS_TRY_ALLOC((*out)[i], err);
    }
    return nas_npy_expect_end(file, err);
}

/* ---- archives -------------------------------------------------------------------- */

nas_status nas_npz_list(const char *path, nas_arena *arena, char ***out, int64_t *n,
                        nas_err *err)
{
    int code = 0;
    *n = 0;
    zip_t *archive = zip_open(path, ZIP_RDONLY, &code);
    if (archive == NULL)
        return nas_fail(err, NAS_E_DATA, "`%s` is no readable ZIP archive (error %d)",
                        path, code);
    zip_int64_t members = zip_get_num_entries(archive, 0);
    members = members > MAX_MEMBERS ? MAX_MEMBERS : members;
    *out = NAS_NEW(arena, char *, members);
    bool full = *out == NULL;
    for (zip_int64_t i = 0; i < members && !full; i++) {
        const char *name = zip_get_name(archive, (zip_uint64_t)i, 0);
        if (name == NULL)
            continue;
        (*out)[*n] = nas_arena_strdup(arena, name);
        full = (*out)[(*n)++] == NULL;
    }
    zip_discard(archive);
    return full ? nas_fail(err, NAS_E_NOMEM, "out of memory") : NAS_OK;
}
