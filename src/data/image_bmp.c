/* Windows bitmaps: 1, 4, 8 bits with a palette, 16, 24, 32 bits, uncompressed, either way
 * up. Run-length coded ones are refused by name. */
#include "data/image.h"

#include <string.h>

enum {
    FILE_HEADER = 14,
    CORE_HEADER = 12, /* of OS/2 */
    RGB = 0,
    BITFIELDS = 3,
    ALPHA_BITFIELDS = 6
};

typedef struct bitmap {
    nas_image_info info;
    int64_t pixels; /* offset of the first row stored */
    int64_t stride;
    int bits;
    bool upside_down; /* first row stored is the first seen */
    int64_t palette, n_colours;
    int entry;        /* bytes of one palette colour */
    uint32_t mask[4]; /* red, green, blue, alpha */
} bitmap;

static bool is_magic(const unsigned char *head, size_t n)
{
    if (n < FILE_HEADER + 4 || head[0] != 'B' || head[1] != 'M')
        return false;
    return head[14] >= CORE_HEADER && head[14] <= 124 && head[15] == 0 && head[16] == 0;
}

static uint32_t number(const unsigned char *at, int bytes)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << 8 * i;
    return value;
}

/* ---- header ---------------------------------------------------------------------- */

static void default_masks(bitmap *b)
{
    static const uint32_t five[4] = {0x7c00, 0x03e0, 0x001f, 0};
    static const uint32_t eight[4] = {0xff0000, 0x00ff00, 0x0000ff, 0};
    memcpy(b->mask, b->bits == 16 ? five : eight, sizeof b->mask);
}

static nas_status read_core(bitmap *b, const unsigned char *bytes, nas_err *err)
{
    b->info.width = number(bytes + 18, 2);
    b->info.height = number(bytes + 20, 2);
    b->bits = (int)number(bytes + 24, 2);
    b->entry = 3;
    b->palette = FILE_HEADER + CORE_HEADER;
    b->n_colours = b->bits <= 8 ? (int64_t)1 << b->bits : 0;
    default_masks(b);
    return b->info.height == 0 ? nas_fail(err, NAS_E_DATA, "no rows") : NAS_OK;
}

static nas_status read_long(bitmap *b, const unsigned char *bytes, size_t n, nas_err *err)
{
    size_t header = number(bytes + 14, 4);
    if (header < 40 || n < FILE_HEADER + header)
        return nas_fail(err, NAS_E_DATA, "its header is cut off");
    uint32_t compression = number(bytes + 30, 4);
    int64_t height = (int32_t)number(bytes + 22, 4);
    b->info.width = (int32_t)number(bytes + 18, 4);
    b->info.height = height < 0 ? -height : height;
    b->upside_down = height < 0;
    b->bits = (int)number(bytes + 28, 2);
    b->entry = 4;
    b->palette = (int64_t)(FILE_HEADER + header);
    b->n_colours = b->bits <= 8 ? number(bytes + 46, 4) : 0;
    if (b->bits <= 8 && b->n_colours == 0)
        b->n_colours = (int64_t)1 << b->bits;
    default_masks(b);
    if (compression == RGB)
        return NAS_OK;
    if (compression != BITFIELDS && compression != ALPHA_BITFIELDS)
        return nas_fail(err, NAS_E_DATA, "its pixels are compressed (method %u)",
                        compression);
    if (n < FILE_HEADER + 40 + 16)
        return nas_fail(err, NAS_E_DATA, "its header is cut off");
    bool alpha = compression == ALPHA_BITFIELDS || header >= 56;
    for (int i = 0; i < (alpha ? 4 : 3); i++)
        b->mask[i] = number(bytes + FILE_HEADER + 40 + 4 * i, 4);
    return NAS_OK;
}

static nas_status check_bounds(bitmap *b, size_t n, nas_err *err)
{
    if (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 16 && b->bits != 24 &&
        b->bits != 32)
        return nas_fail(err, NAS_E_DATA, "%d bits in a pixel", b->bits);
    if (b->info.width < 1 || b->info.width > NAS_IMAGE_MAX_SIDE ||
        b->info.height > NAS_IMAGE_MAX_SIDE)
        return nas_fail(err, NAS_E_DATA, "%lld×%lld pixels", (long long)b->info.width,
                        (long long)b->info.height);
    b->stride = (b->info.width * b->bits + 31) / 32 * 4;
    if (b->pixels + b->stride * b->info.height > (int64_t)n)
        return nas_fail(err, NAS_E_DATA, "it is cut off");
    if (b->bits <= 8 &&
        (b->n_colours > 256 || b->palette + b->n_colours * b->entry > (int64_t)n))
        return nas_fail(err, NAS_E_DATA, "its palette is cut off");
    return NAS_OK;
}

static nas_status read_header(bitmap *b, const unsigned char *bytes, size_t n,
                              nas_err *err)
{
    *b = (bitmap){.pixels = 0};
    if (n < FILE_HEADER + CORE_HEADER)
        return nas_fail(err, NAS_E_DATA, "its header is cut off");
    b->pixels = number(bytes + 10, 4);
    if (number(bytes + 14, 4) == CORE_HEADER)
        NAS_TRY(read_core(b, bytes, err));
    else
        NAS_TRY(read_long(b, bytes, n, err));
    return check_bounds(b, n, err);
}

/* ---- pixels ---------------------------------------------------------------------- */

/* The bits of a mask, stretched to 0..255; an absent mask gives `absent`. */
static uint8_t masked(uint32_t pixel, uint32_t mask, uint8_t absent)
{
    if (mask == 0)
        return absent;
    uint32_t value = pixel & mask;
    while ((mask & 1) == 0) {
        mask >>= 1;
        value >>= 1;
    }
    return (uint8_t)(((uint64_t)value * 255 + mask / 2) / mask);
}

static uint8_t on_white(uint8_t value, uint8_t alpha)
{
    return (uint8_t)((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

/* @param out  red, green, blue */
static void pixel_at(const bitmap *b, const unsigned char *bytes,
                     const unsigned char *row, int64_t x, uint8_t out[3])
{
    if (b->bits <= 8) {
        int64_t bit = x * b->bits;
        int shift = 8 - b->bits - (int)(bit % 8);
        int64_t index = row[bit / 8] >> shift & ((1 << b->bits) - 1);
        const unsigned char *entry = bytes + b->palette + index * b->entry;
        for (int c = 0; c < 3; c++)
            out[c] = index < b->n_colours ? entry[2 - c] : 0;
        return;
    }
    uint32_t pixel = number(row + x * b->bits / 8, b->bits / 8);
    uint8_t alpha = masked(pixel, b->mask[3], 255);
    for (int c = 0; c < 3; c++)
        out[c] = on_white(masked(pixel, b->mask[c], 0), alpha);
}

static bool palette_is_grey(const bitmap *b, const unsigned char *bytes)
{
    for (int64_t i = 0; i < b->n_colours; i++) {
        const unsigned char *entry = bytes + b->palette + i * b->entry;
        if (entry[0] != entry[1] || entry[1] != entry[2])
            return false;
    }
    return true;
}

static nas_status info(const unsigned char *bytes, size_t n, nas_image_info *out,
                       nas_err *err)
{
    bitmap b;
    NAS_TRY(read_header(&b, bytes, n, err));
    *out = b.info;
    out->colour = b.bits > 8 || !palette_is_grey(&b, bytes);
    out->transparent = b.mask[3] != 0;
    return NAS_OK;
}

static nas_status decode(const unsigned char *bytes, size_t n, int channels,
                         uint8_t *pixels, nas_err *err)
{
    bitmap b;
    NAS_TRY(read_header(&b, bytes, n, err));
    for (int64_t y = 0; y < b.info.height; y++) {
        int64_t stored = b.upside_down ? y : b.info.height - 1 - y;
        const unsigned char *row = bytes + b.pixels + stored * b.stride;
        for (int64_t x = 0; x < b.info.width; x++) {
            uint8_t rgb[3];
            uint8_t *out = pixels + (y * b.info.width + x) * channels;
            pixel_at(&b, bytes, row, x, rgb);
            if (channels == 3)
                memcpy(out, rgb, 3);
            else
                *out = nas_image_grey(rgb[0], rgb[1], rgb[2]);
        }
    }
    return NAS_OK;
}

const nas_image_format nas_image_bmp = {
    .name = "BMP",
    .is_magic = is_magic,
    .info = info,
    .decode = decode,
};
