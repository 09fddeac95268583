#include "data/image.h"

#include "nasmith/file.h"

#include <errno.h>
#include <string.h>

static const nas_image_format *const formats[] = {
    &nas_image_png,
    &nas_image_jpeg,
    &nas_image_bmp,
    &nas_image_pnm,
};

enum { N_FORMATS = sizeof formats / sizeof formats[0] };

static const char advice[] = "convert it to PNG, JPEG, BMP or PNM";

/* Images of formats that no line above reads: a name is a better answer. */
static const struct {
    const char *magic;
    size_t offset;
    const char *name;
} foreign[] = {
    {"GIF8", 0, "GIF"},   {"WEBP", 8, "WebP"},     {"II*\0", 0, "TIFF"},
    {"MM\0*", 0, "TIFF"}, {"ftyphe", 4, "HEIC"},   {"ftypavif", 4, "AVIF"},
    {"8BPS", 0, "PSD"},   {"ftypmif1", 4, "HEIC"}, {"<svg", 0, "SVG"},
};

const nas_image_format *nas_image_format_of(const unsigned char *head, size_t n)
{
    for (int i = 0; i < N_FORMATS; i++)
        if (formats[i]->is_magic(head, n))
            return formats[i];
    return NULL;
}

static nas_status fail_unknown(const nas_image *image, nas_err *err)
{
    const char *found = "of no known format";
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        size_t length = strlen(foreign[i].magic);
        if (length < 4) /* the NUL of TIFF's magic counts */
            length = 4;
        if (image->bytes >= foreign[i].offset + length &&
            memcmp((const char *)image->map + foreign[i].offset, foreign[i].magic,
                   length) == 0)
            found = foreign[i].name;
    }
    nas_status status = nas_fail(err, NAS_E_DATA, "`%s` is no readable image: %s",
                                 image->path, image->bytes == 0 ? "empty" : found);
    nas_err_hint(err, "%s", advice);
    return status;
}

static nas_status name_file(const nas_image *image, nas_status status, nas_err *err)
{
    if (status == NAS_E_DATA)
        nas_err_context(err, "`%s` is no readable %s image", image->path,
                        image->format->name);
    return status;
}

static nas_status check_size(const nas_image *image, nas_err *err)
{
    int64_t w = image->info.width;
    int64_t h = image->info.height;
    if (w < 1 || h < 1)
        return nas_fail(err, NAS_E_DATA, "`%s` has no pixels", image->path);
    if (w > NAS_IMAGE_MAX_SIDE || h > NAS_IMAGE_MAX_SIDE)
        return nas_fail(err, NAS_E_DATA, "`%s` is %lld×%lld, more than %d on a side",
                        image->path, (long long)w, (long long)h, NAS_IMAGE_MAX_SIDE);
    if (w * h > NAS_IMAGE_MAX_PIXELS)
        return nas_fail(err, NAS_E_DATA, "`%s` has %lld pixels, more than %d",
                        image->path, (long long)(w * h), NAS_IMAGE_MAX_PIXELS);
    return NAS_OK;
}

nas_status nas_image_open(nas_image *image, const char *path, nas_err *err)
{
    nas_file_map map = {0};
    *image = (nas_image){.path = path};
    nas_status status = nas_file_map_open(path, &map, err);
    if (status == NAS_E_IO)
        return nas_fail(err, NAS_E_DATA, "cannot read `%s`: %s", path, strerror(errno));
    NAS_TRY(status);
    image->map = map.data;
    image->bytes = map.bytes;
    image->format = nas_image_format_of(image->map, image->bytes);
    if (image->format == NULL)
        return fail_unknown(image, err);
    NAS_TRY(name_file(
        image, image->format->info(image->map, image->bytes, &image->info, err), err));
    return check_size(image, err);
}

void nas_image_close(nas_image *image)
{
    nas_file_map map = {.data = image->map, .bytes = image->bytes};
    nas_file_unmap(&map);
    image->map = NULL;
}

nas_status nas_image_decode(const nas_image *image, int channels, uint8_t *pixels,
                            nas_err *err)
{
    return name_file(
        image, image->format->decode(image->map, image->bytes, channels, pixels, err),
        err);
}

uint8_t nas_image_grey(uint8_t red, uint8_t green, uint8_t blue)
{
    return (uint8_t)((19595u * red + 38470u * green + 7471u * blue + 32768u) >> 16);
}
