/* Small data files made on the spot for the tests of the data layer. */
#ifndef NASMITH_TESTS_DATA_MAKE_H
#define NASMITH_TESTS_DATA_MAKE_H

#include "check.h"

#include "nasmith/data.h"

#include <png.h>
#include <string.h>
#include <zlib.h>

/* Each test has one folder; paths made with make_path live until the next four calls. */
__attribute__((unused)) static const char *make_path(const char *folder, const char *name)
{
    static char paths[4][1024];
    static int next;
    char *path = paths[next++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

__attribute__((unused)) static const char *make_file(const char *folder, const char *name,
                                                     const void *bytes, size_t n)
{
    nas_err err = {0};
    const char *path = make_path(folder, name);
    char parent[1024];
    (void)snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    check_ok(nas_file_make_directory(parent, &err), err);
    check_ok(nas_file_write(path, bytes, n, &err), err);
    return path;
}

__attribute__((unused)) static const char *make_text(const char *folder, const char *name,
                                                     const char *text)
{
    return make_file(folder, name, text, strlen(text));
}

__attribute__((unused)) static const char *make_gzip(const char *folder, const char *name,
                                                     const void *bytes, size_t n)
{
    const char *path = make_path(folder, name);
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, bytes, (unsigned)n), (int)n);
    assert_int_equal(gzclose(file), Z_OK);
    return path;
}

/* IDX bytes: header for `rank` extents, then `n` payload bytes as they are. */
__attribute__((unused)) static size_t make_idx_bytes(unsigned char *out, int type,
                                                     int rank, const uint32_t *dim,
                                                     const void *payload, size_t n)
{
    size_t at = 0;
    out[at++] = 0;
    out[at++] = 0;
    out[at++] = (unsigned char)type;
    out[at++] = (unsigned char)rank;
    for (int d = 0; d < rank; d++)
        for (int shift = 24; shift >= 0; shift -= 8)
            out[at++] = (unsigned char)(dim[d] >> shift);
    memcpy(out + at, payload, n);
    return at + n;
}

__attribute__((unused)) static const char *make_idx(const char *folder, const char *name,
                                                    int type, int rank,
                                                    const uint32_t *dim,
                                                    const void *payload, size_t n)
{
    static unsigned char bytes[1 << 16];
    assert_true(n + 64 < sizeof bytes);
    size_t size = make_idx_bytes(bytes, type, rank, dim, payload, n);
    if (strlen(name) > 3 && strcmp(name + strlen(name) - 3, ".gz") == 0)
        return make_gzip(folder, name, bytes, size);
    return make_file(folder, name, bytes, size);
}

/* `n` grey images of 3x4 and their labels (i % classes) under `prefix`; pixel p of image
 * i is (7 i + 3 p) % 251, so all images differ. */
__attribute__((unused)) static void make_images(const char *folder, const char *prefix,
                                                uint32_t n, uint32_t classes)
{
    static unsigned char pixels[4000 * 12], labels[4000];
    uint32_t dim[3] = {n, 3, 4};
    char name[128];
    assert_true(n <= sizeof labels);
    for (uint32_t i = 0; i < n; i++) {
        labels[i] = (unsigned char)(i % classes);
        for (uint32_t p = 0; p < 12; p++)
            pixels[i * 12 + p] =
                (unsigned char)((7 * i + 3 * p + i / 251 * (p % 2)) % 251);
    }
    (void)snprintf(name, sizeof name, "%simages-idx3-ubyte", prefix);
    make_idx(folder, name, 0x08, 3, dim, pixels, (size_t)n * 12);
    (void)snprintf(name, sizeof name, "%slabels-idx1-ubyte", prefix);
    make_idx(folder, name, 0x08, 1, dim, labels, n);
}

/* A PNG of one colour model; pixel values from `seed`. */
__attribute__((unused)) static const char *make_png(const char *folder, const char *name,
                                                    uint32_t width, uint32_t height,
                                                    uint32_t format, unsigned seed)
{
    nas_err err = {0};
    unsigned char pixels[4096];
    char parent[1024];
    const char *path = make_path(folder, name);
    png_image image = {
        .version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = format};
    size_t n = PNG_IMAGE_SIZE(image);
    assert_true(n <= sizeof pixels);
    for (size_t i = 0; i < n; i++)
        pixels[i] = (unsigned char)(seed * 31 + i * 7);
    (void)snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    check_ok(nas_file_make_directory(parent, &err), err);
    assert_int_not_equal(png_image_write_to_file(&image, path, 0, pixels, 0, NULL), 0);
    return path;
}

/* A table of n rows: x1, x2 and a label column of the given name; classes a, b, c by
 * turns. */
__attribute__((unused)) static const char *
make_table(const char *folder, const char *name, int n, const char *label)
{
    nas_text text = {0};
    nas_text_printf(&text, "x1,x2,%s\n", label);
    for (int i = 0; i < n; i++)
        nas_text_printf(&text, "%.3f,%d,%c\n", 0.25 * i + 2.385, (i * 37) % 101,
                        "abc"[i % 3]);
    const char *path = make_text(folder, name, nas_text_string(&text));
    nas_text_free(&text);
    return path;
}

/* The data must be refused with this status, the text and the hint must contain these
 * words. */
__attribute__((unused)) static void check_refused(const char *path,
                                                  const nas_data_options *options,
                                                  nas_status status, const char *words,
                                                  const char *hint)
{
    nas_err err = {0};
    nas_data_summary summary;
    nas_status found = nas_data_check(path, options, &summary, &err);
    if (found != status || strstr(err.text, words) == NULL ||
        strchr(err.text, '\n') != NULL)
        fail_msg("got %s \"%s\", expected %s \"...%s...\"", nas_status_name(found),
                 err.text, nas_status_name(status), words);
    if (strstr(err.hint, hint) == NULL)
        fail_msg("got hint \"%s\", expected \"...%s...\"", err.hint, hint);
    assert_null(summary.arena);
}

/* A test folder for cmocka's setup and teardown. */
__attribute__((unused)) static int make_setup(void **state)
{
    char *folder = malloc(64);
    assert_non_null(folder);
    nas_test_tmpdir(folder, 64);
    *state = folder;
    return 0;
}

__attribute__((unused)) static int make_teardown(void **state)
{
    nas_err err = {0};
    check_ok(nas_file_remove(*state, &err), err);
    free(*state);
    return 0;
}

#define data_test(function)                                                              \
    cmocka_unit_test_setup_teardown(function, make_setup, make_teardown)

#endif
