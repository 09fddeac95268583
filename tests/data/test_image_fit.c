#include "check.h"

#include "data/image.h"

#include <math.h>
#include <string.h>

static void fit_to(nas_image_fit *fit, const uint8_t *pixels, int64_t height,
                   int64_t width, uint8_t *out)
{
    nas_err err = {0};
    check_ok(nas_image_fit_planes(fit, pixels, height, width, out, &err), err);
    nas_image_fit_free(fit);
}

static void halving_takes_means(void **state)
{
    static const uint8_t pixels[16] = {0,  10, 100, 100, 20, 30, 100, 100,
                                       50, 50, 7,   9,   50, 50, 11,  13};
    nas_image_fit fit = {.height = 2, .width = 2, .channels = 1};
    uint8_t out[4];
    (void)state;
    fit_to(&fit, pixels, 4, 4, out);
    static const uint8_t expected[4] = {15, 100, 50, 10};
    assert_memory_equal(out, expected, 4);
}

/* 3 to 2: the middle pixel counts half for each. */
static void parts_of_pixels_count_in_part(void **state)
{
    static const uint8_t pixels[9] = {0, 90, 180, 0, 90, 180, 0, 90, 180};
    nas_image_fit fit = {.height = 2, .width = 2, .channels = 1};
    uint8_t out[4];
    (void)state;
    fit_to(&fit, pixels, 3, 3, out);
    static const uint8_t expected[4] = {30, 150, 30, 150};
    assert_memory_equal(out, expected, 4);
}

static void enlarging_interpolates(void **state)
{
    static const uint8_t pixels[4] = {0, 100, 0, 100};
    nas_image_fit fit = {.height = 4, .width = 4, .channels = 1};
    uint8_t out[16];
    (void)state;
    fit_to(&fit, pixels, 2, 2, out);
    static const uint8_t row[4] = {0, 25, 75, 100};
    for (int y = 0; y < 4; y++)
        assert_memory_equal(out + 4 * y, row, 4);
}

static void letterboxes_have_bars(void **state)
{
    static const uint8_t wide[8] = {10, 20, 30, 40, 10, 20, 30, 40};
    nas_image_fit fit = {.height = 4, .width = 4, .channels = 1};
    uint8_t out[16];
    (void)state;
    fit_to(&fit, wide, 2, 4, out);
    static const uint8_t bar[4] = {128, 128, 128, 128};
    assert_memory_equal(out, bar, 4);
    assert_memory_equal(out + 4, wide, 8);
    assert_memory_equal(out + 12, bar, 4);
}

static void crops_keep_the_middle(void **state)
{
    static const uint8_t wide[8] = {10, 20, 30, 40, 11, 21, 31, 41};
    nas_image_fit fit = {.height = 2, .width = 2, .channels = 1, .crop = true};
    uint8_t out[4];
    (void)state;
    fit_to(&fit, wide, 2, 4, out);
    static const uint8_t expected[4] = {20, 30, 21, 31};
    assert_memory_equal(out, expected, 4);
}

/* Any sizes: constant images stay constant, and channels do not mix. */
static void constants_stay(void **state)
{
    static uint8_t pixels[3 * 40 * 40], out[3 * 40 * 40];
    (void)state;
    for (int i = 0; i < 1600; i++)
        memcpy(pixels + 3 * i, "\1\200\377", 3);
    for (int64_t h = 1; h <= 40; h += 3)
        for (int64_t w = 1; w <= 40; w += 13)
            for (int crop = 0; crop < 2; crop++) {
                nas_image_fit fit = {
                    .height = 17, .width = 23, .channels = 3, .crop = crop == 1};
                fit_to(&fit, pixels, h, w, out);
                for (int p = 0; p < 17 * 23; p++) {
                    bool bar = out[p] == 128 && crop == 0;
                    assert_true(bar || out[p] == 1);
                    assert_true(out[17 * 23 + p] == 128);
                    assert_true(out[2 * 17 * 23 + p] == (bar ? 128 : 255));
                }
            }
}

static void the_same_size_is_copied(void **state)
{
    static const uint8_t pixels[6] = {1, 2, 3, 4, 5, 6};
    nas_image_fit fit = {.height = 1, .width = 2, .channels = 3};
    uint8_t out[6];
    (void)state;
    fit_to(&fit, pixels, 1, 2, out);
    assert_memory_equal(out, "\1\4\2\5\3\6", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(halving_takes_means),
        cmocka_unit_test(parts_of_pixels_count_in_part),
        cmocka_unit_test(enlarging_interpolates),
        cmocka_unit_test(letterboxes_have_bars),
        cmocka_unit_test(crops_keep_the_middle),
        cmocka_unit_test(constants_stay),
        cmocka_unit_test(the_same_size_is_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
