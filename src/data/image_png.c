#include "data/image.h"

#include <png.h>
#include <string.h>

static bool is_magic(const unsigned char *head, size_t n)
{
    return n >= 8 && memcmp(head, "\211PNG\r\n\032\n", 8) == 0;
}

static nas_status fail(png_image *image, nas_err *err)
{
    nas_status status = nas_fail(err, NAS_E_DATA, "%s", image->message);
    png_image_free(image);
    return status;
}

static nas_status begin(const unsigned char *bytes, size_t n, png_image *image,
                        nas_err *err)
{
    *image = (png_image){.version = PNG_IMAGE_VERSION};
    if (png_image_begin_read_from_memory(image, bytes, n) == 0)
        return fail(image, err);
    return NAS_OK;
}

static nas_status info(const unsigned char *bytes, size_t n, nas_image_info *out,
                       nas_err *err)
{
    png_image image;
    NAS_TRY(begin(bytes, n, &image, err));
    *out = (nas_image_info){
        .width = image.width,
        .height = image.height,
        .colour = (image.format & PNG_FORMAT_FLAG_COLOR) != 0,
        .transparent = (image.format & PNG_FORMAT_FLAG_ALPHA) != 0,
    };
    png_image_free(&image);
    return NAS_OK;
}

static nas_status decode(const unsigned char *bytes, size_t n, int channels,
                         uint8_t *pixels, nas_err *err)
{
    static const png_color white = {255, 255, 255};
    png_image image;
    NAS_TRY(begin(bytes, n, &image, err));
    image.format = channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
    if (png_image_finish_read(&image, &white, pixels, 0, NULL) == 0)
        return fail(&image, err);
    return NAS_OK;
}

const nas_image_format nas_image_png = {
    .name = "PNG",
    .is_magic = is_magic,
    .info = info,
    .decode = decode,
};
