/* JPEG through libturbojpeg, turned as the camera's orientation tag says (CIPA DC-008,
 * Exif 2.32, tag 0x0112). */
#include "data/image.h"

#include "nasmith/arena.h"

#include <string.h>
#include <turbojpeg.h>

enum { MARKER_APP1 = 0xe1, MARKER_SCAN = 0xda, TAG_ORIENTATION = 0x0112, MAX_TAGS = 512 };

static bool is_magic(const unsigned char *head, size_t n)
{
    return n >= 3 && memcmp(head, "\377\330\377", 3) == 0;
}

/* ---- orientation ----------------------------------------------------------------- */

static uint32_t read_number(const unsigned char *at, int bytes, bool big)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << 8 * (big ? bytes - 1 - i : i);
    return value;
}

/* Orientation in an Exif block (after "Exif\0\0"), 1 where it says nothing valid. */
static int exif_orientation(const unsigned char *block, size_t n)
{
    if (n < 8 || (memcmp(block, "II*\0", 4) != 0 && memcmp(block, "MM\0*", 4) != 0))
        return 1;
    bool big = block[0] == 'M';
    size_t at = read_number(block + 4, 4, big);
    if (at > n || n - at < 2)
        return 1;
    size_t tags = read_number(block + at, 2, big);
    at += 2;
    for (size_t i = 0; i < tags && i < MAX_TAGS && n - at >= 12; i++, at += 12) {
        if (read_number(block + at, 2, big) != TAG_ORIENTATION)
            continue;
        uint32_t value = read_number(block + at + 8, 2, big);
        return value >= 1 && value <= 8 ? (int)value : 1;
    }
    return 1;
}

/* Walk the segments before the first scan. */
static int find_orientation(const unsigned char *bytes, size_t n)
{
    size_t at = 2;
    while (n - at >= 4 && bytes[at] == 0xff && bytes[at + 1] != MARKER_SCAN) {
        size_t length = read_number(bytes + at + 2, 2, true);
        if (length < 2 || length > n - at - 2)
            return 1;
        if (bytes[at + 1] == MARKER_APP1 && length >= 8 &&
            memcmp(bytes + at + 4, "Exif\0\0", 6) == 0)
            return exif_orientation(bytes + at + 10, length - 8);
        at += 2 + length;
    }
    return 1;
}

/* Orientation o means: row y, column x of the picture as seen is stored at (from_y,
 * from_x) of the h x w pixels in the file. */
static void stored_place(int o, const nas_image_info *stored, int64_t y, int64_t x,
                         int64_t *from_y, int64_t *from_x)
{
    bool turned = o >= 5;
    bool mirror_x = o == 2 || o == 3 || o == 7 || o == 8;
    bool mirror_y = o == 3 || o == 4 || o == 6 || o == 7;
    *from_y = turned ? x : y;
    *from_x = turned ? y : x;
    if (mirror_y)
        *from_y = stored->height - 1 - *from_y;
    if (mirror_x)
        *from_x = stored->width - 1 - *from_x;
}

static void turn(int orientation, const nas_image_info *stored, int channels,
                 const uint8_t *from, uint8_t *to)
{
    int64_t height = orientation >= 5 ? stored->width : stored->height;
    int64_t width = orientation >= 5 ? stored->height : stored->width;
    for (int64_t y = 0; y < height; y++)
        for (int64_t x = 0; x < width; x++) {
            int64_t from_y, from_x;
            stored_place(orientation, stored, y, x, &from_y, &from_x);
            memcpy(to + (y * width + x) * channels,
                   from + (from_y * stored->width + from_x) * channels, (size_t)channels);
        }
}

/* ---- pixels ---------------------------------------------------------------------- */

typedef struct jpeg_reader {
    tjhandle handle;
    nas_image_info stored;
} jpeg_reader;

static nas_status open_jpeg(jpeg_reader *reader, const unsigned char *bytes, size_t n,
                            nas_err *err)
{
    int width = 0; /* left so where a file has no picture */
    int height = 0;
    int subsampling = 0;
    int colours = 0;
    *reader = (jpeg_reader){.handle = tjInitDecompress()};
    NAS_TRY_ALLOC(reader->handle, err);
    if (tjDecompressHeader3(reader->handle, bytes, n, &width, &height, &subsampling,
                            &colours) != 0)
        return nas_fail(err, NAS_E_DATA, "%s", tjGetErrorStr2(reader->handle));
    if (width < 1 || height < 1)
        return nas_fail(err, NAS_E_DATA, "it ends before its pixels");
    if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
        nas_status status =
            nas_fail(err, NAS_E_DATA, "its colours are those of a printer (CMYK)");
        nas_err_hint(err, "convert it to RGB");
        return status;
    }
    reader->stored = (nas_image_info){
        .width = width, .height = height, .colour = colours != TJCS_GRAY};
    return NAS_OK;
}

static void close_jpeg(jpeg_reader *reader)
{
    if (reader->handle != NULL)
        (void)tjDestroy(reader->handle);
}

static nas_status info(const unsigned char *bytes, size_t n, nas_image_info *out,
                       nas_err *err)
{
    jpeg_reader reader;
    nas_status status = open_jpeg(&reader, bytes, n, err);
    close_jpeg(&reader);
    NAS_TRY(status);
    *out = reader.stored;
    if (find_orientation(bytes, n) < 5)
        return NAS_OK;
    out->width = reader.stored.height;
    out->height = reader.stored.width;
    return NAS_OK;
}

/* Stray bytes are common and harmless; a file that ends early is not. */
static nas_status decompress(const jpeg_reader *reader, const unsigned char *bytes,
                             size_t n, int channels, uint8_t *pixels, nas_err *err)
{
    int format = channels == 1 ? TJPF_GRAY : TJPF_RGB;
    if (tjDecompress2(reader->handle, bytes, n, pixels, (int)reader->stored.width, 0,
                      (int)reader->stored.height, format, TJFLAG_ACCURATEDCT) == 0)
        return NAS_OK;
    const char *reason = tjGetErrorStr2(reader->handle);
    if (tjGetErrorCode(reader->handle) == TJERR_WARNING &&
        strstr(reason, "extraneous") != NULL)
        return NAS_OK;
    return nas_fail(err, NAS_E_DATA, "%s", reason);
}

static nas_status decode_turned(const jpeg_reader *reader, const unsigned char *bytes,
                                size_t n, int channels, uint8_t *pixels, nas_err *err)
{
    int orientation = find_orientation(bytes, n);
    if (orientation == 1)
        return decompress(reader, bytes, n, channels, pixels, err);
    uint8_t *stored = nas_heap_alloc(
        (size_t)(reader->stored.width * reader->stored.height), (size_t)channels);
    NAS_TRY_ALLOC(stored, err);
    nas_status status = decompress(reader, bytes, n, channels, stored, err);
    if (status == NAS_OK)
        turn(orientation, &reader->stored, channels, stored, pixels);
    nas_heap_free(stored);
    return status;
}

static nas_status decode(const unsigned char *bytes, size_t n, int channels,
                         uint8_t *pixels, nas_err *err)
{
    jpeg_reader reader;
    nas_status status = open_jpeg(&reader, bytes, n, err);
    if (status == NAS_OK)
        status = decode_turned(&reader, bytes, n, channels, pixels, err);
    close_jpeg(&reader);
    return status;
}

const nas_image_format nas_image_jpeg = {
    .name = "JPEG",
    .is_magic = is_magic,
    .info = info,
    .decode = decode,
};
