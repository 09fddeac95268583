/* NumPy files made on the spot. */
#ifndef NASMITH_TESTS_DATA_MAKE_NPY_H
#define NASMITH_TESTS_DATA_MAKE_NPY_H

#include "data/make.h"

#include <math.h>
#include <zip.h>

/* @return bytes of an array in a buffer that lives until the next call */
static const unsigned char *make_npy_bytes(const char *descr, const char *shape,
                                           const void *data, size_t n, size_t *bytes)
{
    static unsigned char out[1 << 16];
    assert_true(n + 256 < sizeof out);
    memcpy(out, "\223NUMPY\1\0", 8);
    int length =
        snprintf((char *)out + 10, 200,
                 "{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape);
    while ((10 + length) % 64 != 63)
        out[10 + length++] = ' ';
    out[10 + length++] = '\n';
    out[8] = (unsigned char)length;
    out[9] = 0;
    memcpy(out + 10 + length, data, n);
    *bytes = 10 + (size_t)length + n;
    return out;
}

__attribute__((unused)) static const char *make_npy(const char *folder, const char *name,
                                                    const char *descr, const char *shape,
                                                    const void *data, size_t n)
{
    size_t bytes = 0;
    const unsigned char *out = make_npy_bytes(descr, shape, data, n, &bytes);
    return make_file(folder, name, out, bytes);
}

static zip_t *make_npz_archive;
static const char *make_npz_path;

__attribute__((unused)) static void make_npz_begin(const char *folder, const char *name)
{
    int code = 0;
    make_npz_path = make_path(folder, name);
    make_npz_archive = zip_open(make_npz_path, ZIP_CREATE | ZIP_TRUNCATE, &code);
    assert_non_null(make_npz_archive);
}

__attribute__((unused)) static void make_npz_add(const char *name, const char *descr,
                                                 const char *shape, const void *data,
                                                 size_t n)
{
    char member[128];
    size_t bytes = 0;
    const unsigned char *out = make_npy_bytes(descr, shape, data, n, &bytes);
    unsigned char *copy = malloc(bytes);
    assert_non_null(copy);
    memcpy(copy, out, bytes);
    (void)snprintf(member, sizeof member, "%s.npy", name);
    zip_source_t *source = zip_source_buffer(make_npz_archive, copy, bytes, 1);
    assert_non_null(source);
    assert_true(zip_file_add(make_npz_archive, member, source, ZIP_FL_OVERWRITE) >= 0);
}

__attribute__((unused)) static const char *make_npz_end(void)
{
    assert_int_equal(zip_close(make_npz_archive), 0);
    return make_npz_path;
}

#endif
