#include "example.h"

#include "nasmith/data.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

/* ---- PNG --------------------------------------------------------------- */

static void put_u32(uint8_t *out, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static void write_chunk(nas_text *out, const char type[4], const uint8_t *data, size_t n)
{
    uint8_t word[4];
    uLong crc = crc32(0, (const Bytef *)type, 4);
    if (n > 0)
        crc = crc32(crc, data, (uInt)n);
    put_u32(word, (uint32_t)n);
    nas_text_append(out, (const char *)word, 4);
    nas_text_append(out, type, 4);
    nas_text_append(out, (const char *)data, n);
    put_u32(word, (uint32_t)crc);
    nas_text_append(out, (const char *)word, 4);
}

/* Lines with filter 0 before each, as PNG wants them. */
static nas_status compress_lines(const uint8_t *pixels, int64_t line, int64_t height,
                                 uint8_t **out, uLongf *bytes, nas_err *err)
{
    uint8_t *raw = nas_heap_alloc((size_t)((line + 1) * height), 1);
    *bytes = compressBound((uLong)((line + 1) * height));
    *out = nas_heap_alloc(*bytes, 1);
    nas_status status = NAS_OK;
    if (raw == NULL || *out == NULL)
        status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int64_t y = 0; y < height && status == NAS_OK; y++)
        memcpy(raw + y * (line + 1) + 1, pixels + y * line, (size_t)line);
    if (status == NAS_OK &&
        compress(*out, bytes, raw, (uLong)((line + 1) * height)) != Z_OK)
        status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    nas_heap_free(raw);
    return status;
}

nas_status nas_png_encode(const uint8_t *pixels, int64_t width, int64_t height,
                          int64_t channels, nas_text *out, nas_err *err)
{
    static const uint8_t SIGNATURE[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    uint8_t head[13] = {[8] = 8, [9] = channels == 3 ? 2 : 0};
    uint8_t *data = NULL;
    uLongf bytes = 0;
    put_u32(head, (uint32_t)width);
    put_u32(head + 4, (uint32_t)height);
    nas_status status =
        compress_lines(pixels, width * channels, height, &data, &bytes, err);
    if (status == NAS_OK) {
        nas_text_append(out, (const char *)SIGNATURE, sizeof SIGNATURE);
        write_chunk(out, "IHDR", head, sizeof head);
        write_chunk(out, "IDAT", data, bytes);
        write_chunk(out, "IEND", NULL, 0);
        status = nas_text_status(out, err);
    }
    nas_heap_free(data);
    return status;
}

static void write_base64(nas_text *out, const nas_text *bytes)
{
    static const char DIGITS[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const uint8_t *b = (const uint8_t *)bytes->data;
    for (size_t i = 0; i < bytes->length; i += 3) {
        size_t left = bytes->length - i;
        uint32_t word = (uint32_t)b[i] << 16 | (left > 1 ? (uint32_t)b[i + 1] << 8 : 0) |
                        (left > 2 ? b[i + 2] : 0);
        nas_text_putc(out, DIGITS[word >> 18]);
        nas_text_putc(out, DIGITS[word >> 12 & 63]);
        nas_text_putc(out, left > 1 ? DIGITS[word >> 6 & 63] : '=');
        nas_text_putc(out, left > 2 ? DIGITS[word & 63] : '=');
    }
}

/* ---- a row ------------------------------------------------------------- */

static nas_status row_pixels(const nas_report *r, const nas_dataset *data, int64_t row,
                             uint8_t **out, nas_err *err)
{
    const int64_t plane = data->shape.h * data->shape.w;
    const int64_t channels = data->shape.c >= 3 ? 3 : 1;
    float *values = NAS_NEW(r->arena, float, nas_shape_count(data->shape));
    *out = NAS_NEW(r->arena, uint8_t, plane * channels);
    NAS_TRY_ALLOC(values, err);
    NAS_TRY_ALLOC(*out, err);
    nas_dataset_row(data, row, values);
    float low = values[0], high = values[0];
    for (int64_t i = 0; i < plane * channels; i++) {
        low = fminf(low, values[i]);
        high = fmaxf(high, values[i]);
    }
    for (int64_t i = 0; i < plane * channels; i++) {
        float share = high > low ? (values[i] - low) / (high - low) : 0;
        (*out)[i % plane * channels + i / plane] = (uint8_t)(255 * share + 0.5f);
    }
    return NAS_OK;
}

static nas_status draw_curves(const nas_report *r, const nas_dataset *data, int64_t row,
                              const double *map, nas_err *err)
{
    float *values = NAS_NEW(r->arena, float, nas_shape_count(data->shape));
    const char *title = nas_arena_printf(r->arena, "Row %lld", (long long)row);
    NAS_TRY_ALLOC(values, err);
    NAS_TRY_ALLOC(title, err);
    nas_dataset_row(data, row, values);
    return nas_example_series(r, title, values, data->shape, map, err);
}

static nas_status draw_image(const nas_report *r, const nas_dataset *data, int64_t row,
                             nas_err *err)
{
    uint8_t *pixels = NULL;
    nas_text png = {0};
    NAS_TRY(row_pixels(r, data, row, &pixels, err));
    nas_status status = nas_png_encode(pixels, data->shape.w, data->shape.h,
                                       data->shape.c >= 3 ? 3 : 1, &png, err);
    if (status == NAS_OK) {
        nas_text_printf(r->out,
                        "<img class=\"pixels\" alt=\"row %lld\" "
                        "src=\"data:image/png;base64,",
                        (long long)row);
        write_base64(r->out, &png);
        nas_text_puts(r->out, "\">\n");
    }
    nas_text_free(&png);
    return status;
}

nas_status nas_example_draw(const nas_report *r, int64_t row, const double *map,
                            int64_t n_map, nas_err *err)
{
    const char *folder = nas_file_join(r->arena, nas_study_folder(r->study), "data");
    nas_dataset *data = NULL;
    nas_err gone = {0};
    NAS_TRY_ALLOC(folder, err);
    if (nas_dataset_open(folder, &data, &gone) != NAS_OK)
        return NAS_OK;
    nas_status status = NAS_OK;
    bool known = row >= 0 && row < data->n_rows;
    if (known && data->shape.h > 1)
        status = draw_image(r, data, row, err);
    else if (known && data->shape.w > 1)
        status = draw_curves(r, data, row, n_map == data->shape.w ? map : NULL, err);
    nas_dataset_close(data);
    return status;
}
