/* Netpbm images, P1 to P6: bitmaps, grey and colour, as text or as bytes, 1 or 2 bytes a
 * value. */
#include "data/image.h"

#include <ctype.h>
#include <string.h>

typedef struct portable_map {
    nas_image_info info;
    int kind;    /* the digit after P */
    int64_t max; /* value of white */
    size_t at;   /* of the first pixel */
} portable_map;

static bool is_magic(const unsigned char *head, size_t n)
{
    return n >= 7 && head[0] == 'P' && head[1] >= '1' && head[1] <= '6' &&
           (isspace(head[2]) || head[2] == '#');
}

/* ---- text ------------------------------------------------------------------------ */

static void skip_space(const unsigned char *bytes, size_t n, size_t *at)
{
    while (*at < n && (isspace(bytes[*at]) || bytes[*at] == '#')) {
        if (bytes[*at] == '#')
            while (*at < n && bytes[*at] != '\n')
                (*at)++;
        else
            (*at)++;
    }
}

/* @return the next number, or -1 */
static int64_t next_number(const unsigned char *bytes, size_t n, size_t *at)
{
    int64_t value = 0;
    skip_space(bytes, n, at);
    if (*at == n || !isdigit(bytes[*at]))
        return -1;
    for (; *at < n && isdigit(bytes[*at]) && value < INT32_MAX; (*at)++)
        value = value * 10 + (bytes[*at] - '0');
    return value;
}

/* Text bitmaps may leave out the blanks between digits. */
static int64_t next_bit(const unsigned char *bytes, size_t n, size_t *at)
{
    skip_space(bytes, n, at);
    if (*at == n || (bytes[*at] != '0' && bytes[*at] != '1'))
        return -1;
    return bytes[(*at)++] - '0';
}

/* ---- header ---------------------------------------------------------------------- */

static nas_status read_header(portable_map *p, const unsigned char *bytes, size_t n,
                              nas_err *err)
{
    size_t at = 2;
    *p = (portable_map){.kind = bytes[1] - '0', .max = 1};
    p->info.width = next_number(bytes, n, &at);
    p->info.height = next_number(bytes, n, &at);
    if (p->kind % 3 != 1)
        p->max = next_number(bytes, n, &at);
    p->info.colour = p->kind % 3 == 0;
    if (p->info.width < 1 || p->info.height < 1 || p->max < 1 || p->max > 65535)
        return nas_fail(err, NAS_E_DATA, "its header is damaged at byte %zu", at);
    if (p->info.width > NAS_IMAGE_MAX_SIDE || p->info.height > NAS_IMAGE_MAX_SIDE)
        return nas_fail(err, NAS_E_DATA, "%lld×%lld pixels", (long long)p->info.width,
                        (long long)p->info.height);
    p->at = at + 1; /* one blank ends the header */
    int64_t values = p->info.width * p->info.height * (p->info.colour ? 3 : 1);
    int64_t needed = p->kind <= 3   ? values /* a digit each, at least */
                     : p->kind == 4 ? (p->info.width + 7) / 8 * p->info.height
                                    : values * (p->max > 255 ? 2 : 1);
    if (p->at > n || (int64_t)(n - p->at) < needed)
        return nas_fail(err, NAS_E_DATA, "it is cut off");
    return NAS_OK;
}

static nas_status info(const unsigned char *bytes, size_t n, nas_image_info *out,
                       nas_err *err)
{
    portable_map p;
    NAS_TRY(read_header(&p, bytes, n, err));
    *out = p.info;
    return NAS_OK;
}

/* ---- pixels ---------------------------------------------------------------------- */

/* Value k of row y: k counts values of a row, three a pixel in colour. */
static int64_t value_at(const portable_map *p, const unsigned char *bytes, size_t n,
                        int64_t y, int64_t k, size_t *at)
{
    const unsigned char *data = bytes + p->at;
    int64_t width = p->info.width * (p->info.colour ? 3 : 1);
    switch (p->kind) {
    case 1:
        return next_bit(bytes, n, at);
    case 4: /* rows begin at whole bytes */
        return data[y * ((width + 7) / 8) + k / 8] >> (7 - k % 8) & 1;
    case 5:
    case 6:
        if (p->max <= 255)
            return data[y * width + k];
        return data[(y * width + k) * 2] << 8 | data[(y * width + k) * 2 + 1];
    default:
        return next_number(bytes, n, at);
    }
}

static nas_status read_value(const portable_map *p, int64_t value, uint8_t *out,
                             nas_err *err)
{
    if (value < 0 || value > p->max)
        return nas_fail(err, NAS_E_DATA, "a pixel is no number from 0 to %lld",
                        (long long)p->max);
    *out = (uint8_t)((value * 255 + p->max / 2) / p->max);
    if (p->kind % 3 == 1) /* in bitmaps 1 is black */
        *out = (uint8_t)(255 - *out);
    return NAS_OK;
}

static nas_status decode(const unsigned char *bytes, size_t n, int channels,
                         uint8_t *pixels, nas_err *err)
{
    portable_map p;
    NAS_TRY(read_header(&p, bytes, n, err));
    size_t at = p.at;
    for (int64_t y = 0; y < p.info.height; y++) {
        for (int64_t x = 0; x < p.info.width; x++) {
            uint8_t rgb[3];
            uint8_t *out = pixels + (y * p.info.width + x) * channels;
            int stored = p.info.colour ? 3 : 1;
            for (int c = 0; c < stored; c++)
                NAS_TRY(read_value(&p, value_at(&p, bytes, n, y, x * stored + c, &at),
                                   &rgb[c], err));
            for (int c = stored; c < 3; c++)
                rgb[c] = rgb[0];
            if (channels == 3)
                memcpy(out, rgb, 3);
            else
                *out = stored == 1 ? rgb[0] : nas_image_grey(rgb[0], rgb[1], rgb[2]);
        }
    }
    return NAS_OK;
}

const nas_image_format nas_image_pnm = {
    .name = "PNM",
    .is_magic = is_magic,
    .info = info,
    .decode = decode,
};
