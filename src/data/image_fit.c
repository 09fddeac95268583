/* Scaling of images in two passes, along rows and then along columns. */
#include "data/image.h"

#include "nasmith/arena.h"

#include <math.h>
#include <string.h>

enum { BAR = 128 };

/* One axis: `n` pixels out of the stretch [begin, begin + length) of `size` pixels. */
typedef struct axis {
    double begin, length;
    int64_t size, n;
} axis;

/* Pixels [first, last] contribute to pixel i, by weight_of. */
static void taps(const axis *a, int64_t i, int64_t *first, int64_t *last)
{
    double ratio = a->length / (double)a->n;
    double low = a->begin + ratio * (double)i;
    double high = low + ratio;
    if (ratio < 1.0) { /* enlarge: neighbours of the centre */
        low = (low + high) / 2.0 - 0.5;
        high = low + 1.0;
    }
    *first = (int64_t)fmax(0.0, floor(low));
    *last = (int64_t)fmin((double)a->size - 1.0, ceil(high) - (ratio < 1.0 ? 0.0 : 1.0));
    *last = *last < *first ? *first : *last;
    *first = *first > a->size - 1 ? a->size - 1 : *first;
    *last = *last > a->size - 1 ? a->size - 1 : *last;
}

static double weight_of(const axis *a, int64_t i, int64_t pixel)
{
    double ratio = a->length / (double)a->n;
    double low = a->begin + ratio * (double)i;
    if (ratio < 1.0) { /* distance between centres */
        double distance = fabs(low + ratio / 2.0 - ((double)pixel + 0.5));
        return fmax(0.0, 1.0 - distance);
    }
    double covered = fmin(low + ratio, (double)pixel + 1.0) - fmax(low, (double)pixel);
    return fmax(0.0, covered);
}

/* out[i] for one axis, values `stride` apart, `width` values wide each. */
typedef struct lines {
    int64_t n;                      /* lines */
    int64_t from_line, from_stride; /* between lines, and between values of a line */
    int64_t to_line, to_stride;
} lines;

static void weighted_mean(const axis *a, int64_t i, const lines *l, const float *from,
                          float *to)
{
    int64_t first, last;
    double total = 0.0;
    taps(a, i, &first, &last);
    for (int64_t k = 0; k < l->n; k++)
        to[k * l->to_line + i * l->to_stride] = 0.0f;
    for (int64_t p = first; p <= last; p++)
        total += weight_of(a, i, p);
    for (int64_t p = first; p <= last; p++) {
        float w = (float)(total > 0.0 ? weight_of(a, i, p) / total
                                      : 1.0 / (double)(last - first + 1));
        for (int64_t k = 0; k < l->n; k++)
            to[k * l->to_line + i * l->to_stride] +=
                w * from[k * l->from_line + p * l->from_stride];
    }
}

static nas_status reserve(nas_image_fit *fit, int64_t floats, nas_err *err)
{
    if (floats <= fit->capacity)
        return NAS_OK;
    nas_heap_free(fit->scratch);
    fit->capacity = 0;
    fit->scratch = nas_heap_alloc((size_t)floats, sizeof *fit->scratch);
    NAS_TRY_ALLOC(fit->scratch, err);
    fit->capacity = floats;
    return NAS_OK;
}

/* Where the picture lies: `x` and `y` as stretches of the source, inner rectangle of the
 * target. */
static void place(const nas_image_fit *fit, int64_t height, int64_t width, axis *y,
                  axis *x)
{
    double by_height = (double)fit->height / (double)height;
    double by_width = (double)fit->width / (double)width;
    double scale = fit->crop ? fmax(by_height, by_width) : fmin(by_height, by_width);
    *y = (axis){.size = height, .n = fit->height, .length = (double)height};
    *x = (axis){.size = width, .n = fit->width, .length = (double)width};
    if (fit->crop) {
        y->length = fmin((double)height, (double)fit->height / scale);
        x->length = fmin((double)width, (double)fit->width / scale);
        y->begin = ((double)height - y->length) / 2.0;
        x->begin = ((double)width - x->length) / 2.0;
        return;
    }
    y->n = llround(fmin((double)fit->height, fmax(1.0, round((double)height * scale))));
    x->n = llround(fmin((double)fit->width, fmax(1.0, round((double)width * scale))));
}

static void copy_planes(const nas_image_fit *fit, const uint8_t *pixels, uint8_t *out)
{
    int64_t plane = fit->height * fit->width;
    for (int64_t c = 0; c < fit->channels; c++)
        for (int64_t p = 0; p < plane; p++)
            out[c * plane + p] = pixels[p * fit->channels + c];
}

/* One row of pixels to floats, scaled to x->n columns: [channels][x->n]. */
static void scale_row(const axis *x, const uint8_t *row, int channels, float *wide,
                      float *out)
{
    for (int64_t i = 0; i < x->size * channels; i++)
        wide[i] = (float)row[i];
    lines l = {.n = channels,
               .from_line = 1,
               .from_stride = channels,
               .to_line = x->n,
               .to_stride = 1};
    for (int64_t i = 0; i < x->n; i++)
        weighted_mean(x, i, &l, wide, out);
}

nas_status nas_image_fit_planes(nas_image_fit *fit, const uint8_t *pixels, int64_t height,
                                int64_t width, uint8_t *out, nas_err *err)
{
    axis y, x;
    if (height == fit->height && width == fit->width) {
        copy_planes(fit, pixels, out);
        return NAS_OK;
    }
    place(fit, height, width, &y, &x);
    int64_t line = x.n * fit->channels;
    NAS_TRY(reserve(fit, (height + y.n) * line + width * fit->channels, err));
    float *narrow = fit->scratch;          /* [height][channels][x.n] */
    float *small = narrow + height * line; /* [y.n][channels][x.n] */
    float *wide = small + y.n * line;      /* [width][channels] */
    for (int64_t row = 0; row < height; row++)
        scale_row(&x, pixels + row * width * fit->channels, fit->channels, wide,
                  narrow + row * line);
    lines l = {
        .n = line, .from_line = 1, .from_stride = line, .to_line = 1, .to_stride = line};
    for (int64_t i = 0; i < y.n; i++)
        weighted_mean(&y, i, &l, narrow, small);
    int64_t top = (fit->height - y.n) / 2;
    int64_t left = (fit->width - x.n) / 2;
    memset(out, BAR, (size_t)(fit->channels * fit->height * fit->width));
    for (int64_t c = 0; c < fit->channels; c++)
        for (int64_t i = 0; i < y.n; i++)
            for (int64_t k = 0; k < x.n; k++)
                out[(c * fit->height + top + i) * fit->width + left + k] =
                    (uint8_t)lrintf(small[(i * fit->channels + c) * x.n + k]);
    return NAS_OK;
}

void nas_image_fit_free(nas_image_fit *fit)
{
    nas_heap_free(fit->scratch);
    fit->scratch = NULL;
    fit->capacity = 0;
}
