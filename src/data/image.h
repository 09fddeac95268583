/* One image file as 8-bit pixels. A format is one file and one line in image.c. */
#ifndef NASMITH_DATA_IMAGE_H
#define NASMITH_DATA_IMAGE_H

#include "nasmith/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAS_IMAGE_MAX_SIDE = 1 << 14, NAS_IMAGE_MAX_PIXELS = 1 << 26 };

typedef struct nas_image_info {
    int64_t width, height; /* as seen: after the orientation that a camera noted */
    bool colour;
    bool transparent;
} nas_image_info;

/* A format. Errors say only what is wrong with the bytes. */
typedef struct nas_image_format {
    const char *name; /* "PNG" */
    bool (*is_magic)(const unsigned char *head, size_t n);
    nas_status (*info)(const unsigned char *bytes, size_t n, nas_image_info *out,
                       nas_err *err);
    /* Transparency is drawn on white.
     * @param channels  1 (grey) or 3
     * @param pixels    out, [height][width][channels] of info */
    nas_status (*decode)(const unsigned char *bytes, size_t n, int channels,
                         uint8_t *pixels, nas_err *err);
} nas_image_format;

extern const nas_image_format nas_image_png;
extern const nas_image_format nas_image_jpeg;
extern const nas_image_format nas_image_bmp;
extern const nas_image_format nas_image_pnm;

/* @return the format of these first bytes, or NULL */
const nas_image_format *nas_image_format_of(const unsigned char *head, size_t n);

/* An image file in memory. Zero-initialise. */
typedef struct nas_image {
    const nas_image_format *format;
    nas_image_info info;
    const char *path; /* borrowed */
    const void *map;  /* of the file */
    size_t bytes;
} nas_image;

/* Map a file and read its header; close also after a failure.
 * @return NAS_E_DATA naming the file and what is wrong */
nas_status nas_image_open(nas_image *image, const char *path, nas_err *err);
void nas_image_close(nas_image *image);

/* @param channels  1 or 3
 * @param pixels    out, [info.height][info.width][channels] */
nas_status nas_image_decode(const nas_image *image, int channels, uint8_t *pixels,
                            nas_err *err);

/* Grey of one pixel: ITU-R BT.601 luma in 16-bit fixed point, as JPEG's. */
uint8_t nas_image_grey(uint8_t red, uint8_t green, uint8_t blue);

/* ---- image_fit.c ---- */

typedef struct nas_image_fit {
    int64_t height, width; /* to fit to */
    int channels;          /* 1 or 3 */
    bool crop;             /* fill the rectangle and lose the rest; false: letterbox */
    float *scratch;        /* heap, grown when needed; nas_image_fit_free */
    int64_t capacity;
} nas_image_fit;

/* Scale keeping proportions: each pixel is the mean of the area it covers, or, enlarging,
 * interpolated between neighbours; bars are mid-grey.
 * @param pixels  [height][width][channels]
 * @param out     [channels][fit->height][fit->width] */
nas_status nas_image_fit_planes(nas_image_fit *fit, const uint8_t *pixels, int64_t height,
                                int64_t width, uint8_t *out, nas_err *err);
void nas_image_fit_free(nas_image_fit *fit);

#endif
