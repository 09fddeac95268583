/* covers: image.c, image_bmp.c, image_pnm.c */
#include "data/make.h"

#include "data/image.h"

/* Decode a file of these bytes. */
static void decode(const char *folder, const void *bytes, size_t n, int channels,
                   const nas_image_info *info, uint8_t *pixels)
{
    nas_err err = {0};
    nas_image image;
    const char *path = make_file(folder, "x", bytes, n);
    check_ok(nas_image_open(&image, path, &err), err);
    assert_int_equal(image.info.width, info->width);
    assert_int_equal(image.info.height, info->height);
    assert_int_equal(image.info.colour, info->colour);
    assert_int_equal(image.info.transparent, info->transparent);
    check_ok(nas_image_decode(&image, channels, pixels, &err), err);
    nas_image_close(&image);
}

static void check_bad(const char *folder, const void *bytes, size_t n, const char *words)
{
    nas_err err = {0};
    nas_image image;
    uint8_t pixels[4096];
    nas_status status = nas_image_open(&image, make_file(folder, "x", bytes, n), &err);
    if (status == NAS_OK)
        status = nas_image_decode(&image, 3, pixels, &err);
    nas_image_close(&image);
    assert_int_equal(status, NAS_E_DATA);
    if (strstr(err.text, words) == NULL)
        fail_msg("got \"%s\", expected \"%s\"", err.text, words);
}

/* ---- PNM ------------------------------------------------------------------------- */

static void text_maps_are_read(void **state)
{
    static const nas_image_info three = {.width = 3, .height = 1};
    static const nas_image_info colour = {.width = 1, .height = 2, .colour = true};
    uint8_t pixels[16];
    const char *bits = "P1 # black is 1\n3 1\n101\n";
    decode(*state, bits, strlen(bits), 1, &three, pixels);
    assert_memory_equal(pixels, "\0\377\0", 3);
    const char *grey = "P2\n3 1\n#max\n4\n0 2\n4\n";
    decode(*state, grey, strlen(grey), 3, &three, pixels);
    assert_memory_equal(pixels, "\0\0\0\200\200\200\377\377\377", 9);
    const char *rgb = "P3 1 2 255 255 0 0  1 2 3";
    decode(*state, rgb, strlen(rgb), 3, &colour, pixels);
    assert_memory_equal(pixels, "\377\0\0\1\2\3", 6);
    decode(*state, rgb, strlen(rgb), 1, &colour, pixels);
    assert_int_equal(pixels[0], 76); /* 0.299 * 255 */
}

static void binary_maps_are_read(void **state)
{
    static const nas_image_info nine = {.width = 9, .height = 2};
    static const nas_image_info two = {.width = 2, .height = 1};
    static const nas_image_info colour = {.width = 1, .height = 1, .colour = true};
    uint8_t pixels[18];
    decode(*state, "P4\n9 2\n\200\0\0\200", 11, 1, &nine, pixels);
    for (int i = 0; i < 18; i++)
        assert_int_equal(pixels[i], i == 0 || i == 17 ? 0 : 255);
    decode(*state, "P5 2 1 255\nab", 13, 1, &two, pixels);
    assert_memory_equal(pixels, "ab", 2);
    decode(*state, "P5 2 1 65535\n\377\377\200\0", 17, 1, &two, pixels);
    assert_memory_equal(pixels, "\377\200", 2);
    decode(*state, "P6 1 1 255\nabc", 14, 3, &colour, pixels);
    assert_memory_equal(pixels, "abc", 3);
}

static void damaged_maps_are_explained(void **state)
{
    check_bad(*state, "P5 2 1 255\na", 12, "PNM image: it is cut off");
    check_bad(*state, "P5 2 x 255\nab", 13, "its header is damaged at byte");
    check_bad(*state, "P5 99999 1 1\nab", 15, "99999×1 pixels");
    check_bad(*state, "P2 2 1 4 5 1 1", 14, "a pixel is no number from 0 to 4");
    check_bad(*state, "P1 2 1 2 1 1", 12, "a pixel is no number from 0 to 1");
    check_bad(*state, "P7 2 1 2 1 1", 12, "of no known format");
    check_bad(*state, "II*\0 2 1 2 1 1", 12, "no readable image: TIFF");
}

/* ---- BMP ------------------------------------------------------------------------- */

/* Header of 54 bytes, then what follows. */
static size_t make_bmp(uint8_t *out, int width, int height, int bits, uint32_t method,
                       const void *rest, size_t n)
{
    uint32_t fields[13] = {0, 0, 54, 40};
    fields[4] = (uint32_t)width;
    fields[5] = (uint32_t)height;
    memset(out, 0, 54);
    out[0] = 'B';
    out[1] = 'M';
    out[10] = 54;
    out[14] = 40;
    for (int i = 0; i < 4; i++) {
        out[18 + i] = (uint8_t)(fields[4] >> 8 * i);
        out[22 + i] = (uint8_t)(fields[5] >> 8 * i);
        out[30 + i] = (uint8_t)(method >> 8 * i);
    }
    out[26] = 1;
    out[28] = (uint8_t)bits;
    memcpy(out + 54, rest, n);
    return 54 + n;
}

static void bitmaps_of_true_colour_are_read(void **state)
{
    static const nas_image_info info = {.width = 1, .height = 2, .colour = true};
    uint8_t bytes[256], pixels[6];
    /* blue, green, red; the bottom row first; rows of four bytes */
    size_t n = make_bmp(bytes, 1, 2, 24, 0, "\1\2\3\0\4\5\6\0", 8);
    decode(*state, bytes, n, 3, &info, pixels);
    assert_memory_equal(pixels, "\6\5\4\3\2\1", 6);
    n = make_bmp(bytes, 1, -2, 24, 0, "\1\2\3\0\4\5\6\0", 8);
    decode(*state, bytes, n, 3, &info, pixels);
    assert_memory_equal(pixels, "\3\2\1\6\5\4", 6);
    n = make_bmp(bytes, 1, 2, 32, 0, "\1\2\3\0\4\5\6\0", 8);
    decode(*state, bytes, n, 3, &info, pixels);
    assert_memory_equal(pixels, "\6\5\4\3\2\1", 6);
    n = make_bmp(bytes, 1, 2, 16, 0, "\0\174\0\0\37\0\0\0", 8); /* red, blue */
    decode(*state, bytes, n, 3, &info, pixels);
    assert_memory_equal(pixels, "\0\0\377\377\0\0", 6);
}

static void palettes_and_masks_are_read(void **state)
{
    static const nas_image_info grey = {.width = 3, .height = 1};
    static const nas_image_info one = {
        .width = 1, .height = 1, .colour = true, .transparent = true};
    uint8_t bytes[2048], pixels[9];
    static const uint8_t two[12] = {9, 9, 9, 0, 200, 200, 200, 0, 0xa0};
    size_t n = make_bmp(bytes, 3, 1, 1, 0, two, sizeof two);
    bytes[10] = 62;
    bytes[46] = 2;
    decode(*state, bytes, n, 1, &grey, pixels);
    assert_memory_equal(pixels, "\310\11\310", 3);
    static const uint8_t four[12] = {9, 9, 9, 0, 200, 200, 200, 0, 0x10, 0x10};
    n = make_bmp(bytes, 3, 1, 4, 0, four, sizeof four);
    bytes[10] = 62;
    bytes[46] = 2;
    decode(*state, bytes, n, 1, &grey, pixels);
    assert_memory_equal(pixels, "\310\11\310", 3);
    /* masks of red, green, blue, alpha; half-transparent red on white */
    static const uint8_t masked[20] = {0xff, 0, 0, 0, 0, 0xff, 0,   0, 0, 0,
                                       0xff, 0, 0, 0, 0, 0xff, 255, 0, 0, 128};
    n = make_bmp(bytes, 1, 1, 32, 6, masked, sizeof masked);
    bytes[10] = 70;
    decode(*state, bytes, n, 3, &one, pixels);
    assert_memory_equal(pixels, "\377\177\177", 3);
}

static void damaged_bitmaps_are_explained(void **state)
{
    uint8_t bytes[256];
    size_t n = make_bmp(bytes, 1, 2, 24, 0, "\1\2\3\0\4\5\6\0", 8);
    check_bad(*state, bytes, n - 1, "BMP image: it is cut off");
    check_bad(*state, bytes, 30, "its header is cut off");
    n = make_bmp(bytes, 1, 2, 8, 1, "\1\2\3\0\4\5\6\0", 8);
    check_bad(*state, bytes, n, "its pixels are compressed (method 1)");
    n = make_bmp(bytes, 1, 2, 7, 0, "\1\2\3\0\4\5\6\0", 8);
    check_bad(*state, bytes, n, "7 bits in a pixel");
    n = make_bmp(bytes, 1, 2, 8, 0, "\1\2\3\0\4\5\6\0", 8);
    check_bad(*state, bytes, n, "its palette is cut off");
    n = make_bmp(bytes, 0, 2, 24, 0, "\1\2\3\0\4\5\6\0", 8);
    check_bad(*state, bytes, n, "0×2 pixels");
}

static void absent_files_are_named(void **state)
{
    nas_err err = {0};
    nas_image image;
    assert_int_equal(nas_image_open(&image, make_path(*state, "none"), &err), NAS_E_DATA);
    assert_non_null(strstr(err.text, "none`: No such file"));
    nas_image_close(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(text_maps_are_read),
        data_test(binary_maps_are_read),
        data_test(damaged_maps_are_explained),
        data_test(bitmaps_of_true_colour_are_read),
        data_test(palettes_and_masks_are_read),
        data_test(damaged_bitmaps_are_explained),
        data_test(absent_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
