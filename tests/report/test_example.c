/* covers: example.c, example_series.c */
#include "check.h"

#include "report/example.h"

#include <string.h>
#include <zlib.h>

static uint32_t u32(const char *at)
{
    const uint8_t *b = (const uint8_t *)at;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Chunks with right lengths and checksums, and the pixels inside. */
static void a_png_holds_its_pixels(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_text png = {0};
    const uint8_t pixels[] = {0, 50, 100, 150, 200, 250};
    check_ok(nas_png_encode(pixels, 3, 2, 1, &png, &err), err);
    assert_memory_equal(png.data, "\x89PNG\r\n\x1a\n", 8);
    size_t at = 8;
    int chunks = 0;
    while (at < png.length) {
        uint32_t n = u32(png.data + at);
        uLong crc = crc32(0, (const Bytef *)png.data + at + 4, n + 4);
        assert_int_equal((uint32_t)crc, u32(png.data + at + 8 + n));
        if (memcmp(png.data + at + 4, "IHDR", 4) == 0) {
            assert_int_equal(u32(png.data + at + 8), 3);
            assert_int_equal(u32(png.data + at + 12), 2);
            assert_int_equal(png.data[at + 17], 0); /* grey */
        }
        if (memcmp(png.data + at + 4, "IDAT", 4) == 0) {
            uint8_t raw[8];
            uLongf bytes = sizeof raw;
            assert_int_equal(uncompress(raw, &bytes, (const Bytef *)png.data + at + 8, n),
                             Z_OK);
            assert_int_equal(bytes, 8);
            assert_int_equal(raw[0] + raw[4], 0); /* filters */
            assert_memory_equal(raw + 1, pixels, 3);
            assert_memory_equal(raw + 5, pixels + 3, 3);
        }
        at += 12 + n;
        chunks++;
    }
    assert_int_equal(chunks, 3);
    nas_text_free(&png);
}

/* A lane for each channel and one for the map, which reaches 1 where it is largest. */
static void a_series_has_a_lane_for_each_channel(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_text text = {0};
    nas_report r = {.out = &text, .arena = nas_arena_new()};
    float values[2 * 100];
    double map[100];
    for (int i = 0; i < 100; i++) {
        values[i] = (float)i;
        values[100 + i] = i < 50 ? -3 : 7;
        map[i] = i >= 40 && i < 60 ? 0.385 : 0;
    }
    const nas_shape shape = {2, 1, 100};
    check_ok(nas_example_series(&r, "Row 7", values, shape, map, &err), err);
    const char *svg = nas_text_string(&text);
    assert_non_null(strstr(svg, "<title>Row 7</title>"));
    assert_non_null(strstr(svg, ">channel 0<"));
    assert_non_null(strstr(svg, ">channel 1<"));
    assert_non_null(strstr(svg, "class=\"band\""));
    assert_non_null(strstr(svg, "<td>0<td>3<td>1.5<td>-3<td>0"));
    assert_null(strstr(svg, "nan"));
    nas_text_clear(&text);
    check_ok(nas_example_series(&r, "Row 7", values, shape, NULL, &err), err);
    assert_null(strstr(nas_text_string(&text), "class=\"band\""));
    nas_text_free(&text);
    nas_arena_free(r.arena);
}

/* A row of 2,000 steps is drawn by extremes of stretches of five: a lone peak stays. */
static void a_long_row_keeps_its_peaks(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_text text = {0};
    nas_report r = {.out = &text, .arena = nas_arena_new()};
    float *values = NAS_NEW(r.arena, float, 2000);
    assert_non_null(values);
    values[1003] = 1; /* no multiple of five */
    check_ok(nas_example_series(&r, "Row 1", values, (nas_shape){1, 1, 2000}, NULL, &err),
             err);
    const char *line = strstr(nas_text_string(&text), "class=\"series\" d=\"M");
    assert_non_null(line);
    double lowest = 1e9, highest = 0; /* pixels: y points down */
    int points = 0;
    for (const char *at = line; *at != '\0' && *at != '/'; at++)
        if (*at == 'M' || *at == 'L') {
            double y = strtod(strchr(at, ' ') + 1, NULL);
            lowest = y < lowest ? y : lowest;
            highest = y > highest ? y : highest;
            points++;
        }
    assert_int_equal(points, 800);
    assert_true(highest - lowest > 5);
    nas_text_free(&text);
    nas_arena_free(r.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_png_holds_its_pixels),
        cmocka_unit_test(a_series_has_a_lane_for_each_channel),
        cmocka_unit_test(a_long_row_keeps_its_peaks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
