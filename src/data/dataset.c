#include "data/prepared.h"
#include "data/sealed.h"
#include "data/source.h"

#include <math.h>
#include <stdatomic.h>
#include <sys/mman.h>

/* Deviations below this share of the mean are rounding, not information. */
static const double constant_ratio = 1e-7;

size_t nas_element_bytes(nas_element element)
{
    static const size_t bytes[] = {
        [NAS_ELEMENT_U8] = 1,  [NAS_ELEMENT_I8] = 1,  [NAS_ELEMENT_I16] = 2,
        [NAS_ELEMENT_I32] = 4, [NAS_ELEMENT_F32] = 4,
    };
    return bytes[element];
}

/* ---- opening -------------------------------------------------------------------- */

static nas_status open_part(const char *folder, const char *name, nas_dataset **out,
                            nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    *out = NULL;
    NAS_TRY_ALLOC(arena, err);
    char *path = nas_file_join(arena, folder, name);
    nas_status status = path == NULL ? nas_fail(err, NAS_E_NOMEM, "out of memory")
                                     : nas_prepared_map(path, out, err);
    nas_arena_free(arena);
    return status;
}

nas_status nas_dataset_open(const char *folder, nas_dataset **out, nas_err *err)
{
    NAS_TRY(open_part(folder, NAS_PREPARED_SEARCH, out, err));
    (*out)->folder = nas_arena_strdup((*out)->arena, folder);
    if ((*out)->folder != NULL)
        return NAS_OK;
    nas_dataset_close(*out);
    *out = NULL;
    return nas_fail(err, NAS_E_NOMEM, "out of memory");
}

nas_status nas_sealed_open(const char *folder, nas_dataset **out, nas_err *err)
{
    return open_part(folder, NAS_PREPARED_SEALED, out, err);
}

void nas_dataset_close(nas_dataset *data)
{
    if (data == NULL)
        return;
    nas_file_unmap(&data->map);
    nas_arena_free(data->arena);
}

/* ---- values --------------------------------------------------------------------- */

#define DEFINE_COPY(suffix, type)                                                        \
    static void copy_##suffix(const void *from, int64_t n, float *out)                   \
    {                                                                                    \
        const type *values = from;                                                       \
        for (int64_t i = 0; i < n; i++)                                                  \
            out[i] = (float)values[i];                                                   \
    }

/* Sum, and sum of squared distances from a mean. */
#define DEFINE_SUMS(suffix, type)                                                        \
    static double sum_##suffix(const void *from, int64_t n)                              \
    {                                                                                    \
        const type *values = from;                                                       \
        double sum = 0.0;                                                                \
        for (int64_t i = 0; i < n; i++)                                                  \
            sum += (double)values[i];                                                    \
        return sum;                                                                      \
    }                                                                                    \
    static double squares_##suffix(const void *from, int64_t n, double mean)             \
    {                                                                                    \
        const type *values = from;                                                       \
        double sum = 0.0;                                                                \
        for (int64_t i = 0; i < n; i++)                                                  \
            sum += ((double)values[i] - mean) * ((double)values[i] - mean);              \
        return sum;                                                                      \
    }

DEFINE_COPY(u8, uint8_t)
DEFINE_COPY(i8, int8_t)
DEFINE_COPY(i16, int16_t)
DEFINE_COPY(i32, int32_t)
DEFINE_COPY(f32, float)
DEFINE_SUMS(i32, int32_t)
DEFINE_SUMS(f32, float)

/* Exact sums of small integers: one pass, and no chain of floating-point additions.
 * 2^63 / 2^30 values of 16 bits are more than any memory. */
#define DEFINE_MOMENTS(suffix, type)                                                     \
    static void moments_##suffix(const void *from, int64_t n, int64_t *sum,              \
                                 int64_t *squares)                                       \
    {                                                                                    \
        const type *values = from;                                                       \
        int64_t first = 0;                                                               \
        int64_t second = 0;                                                              \
        for (int64_t i = 0; i < n; i++) {                                                \
            int64_t value = (int)values[i];                                              \
            first += value;                                                              \
            second += value * value;                                                     \
        }                                                                                \
        *sum += first;                                                                   \
        *squares += second;                                                              \
    }
DEFINE_MOMENTS(u8, uint8_t)
DEFINE_MOMENTS(i8, int8_t)
DEFINE_MOMENTS(i16, int16_t)

/* Small integers have exact moments, the others sums in two passes. */
static const struct {
    void (*copy)(const void *from, int64_t n, float *out);
    void (*moments)(const void *from, int64_t n, int64_t *sum, int64_t *squares);
    double (*sum)(const void *from, int64_t n);
    double (*squares)(const void *from, int64_t n, double mean);
} values[] = {
    [NAS_ELEMENT_U8] = {.copy = copy_u8, .moments = moments_u8},
    [NAS_ELEMENT_I8] = {.copy = copy_i8, .moments = moments_i8},
    [NAS_ELEMENT_I16] = {.copy = copy_i16, .moments = moments_i16},
    [NAS_ELEMENT_I32] = {.copy = copy_i32, .sum = sum_i32, .squares = squares_i32},
    [NAS_ELEMENT_F32] = {.copy = copy_f32, .sum = sum_f32, .squares = squares_f32},
};

static const char *channel_at(const nas_dataset *data, int64_t row, int64_t c)
{
    int64_t plane = data->shape.h * data->shape.w;
    int64_t element = (row * data->shape.c + c) * plane;
    return (const char *)data->inputs +
           (size_t)element * nas_element_bytes(data->element);
}

/* ---- pages ----------------------------------------------------------------------- */

/* A fault may bring in so much around it (fault_around_bytes of the kernel). */
enum { FAULT_BYTES = 1 << 16 };
static const size_t large_map = (size_t)256 << 20;
static const int64_t most_resident = INT64_C(128) << 20;

struct nas_dataset_pages {
    _Atomic int64_t left; /* rows until pages are let go of */
    int64_t rows;
};

nas_status nas_dataset_watch_pages(nas_dataset *data, nas_err *err)
{
    const int64_t row =
        nas_shape_count(data->shape) * (int64_t)nas_element_bytes(data->element);
    data->pages = NULL;
    if (data->map.bytes <= large_map)
        return NAS_OK;
    data->pages = NAS_NEW(data->arena, struct nas_dataset_pages, 1);
    NAS_TRY_ALLOC(data->pages, err);
    data->pages->rows = most_resident / (row + FAULT_BYTES) + 1;
    atomic_store(&data->pages->left, data->pages->rows);
    return NAS_OK;
}

void nas_dataset_touch(const nas_dataset *data, int64_t n)
{
    struct nas_dataset_pages *pages = data->pages;
    if (pages == NULL ||
        atomic_fetch_sub_explicit(&pages->left, n, memory_order_relaxed) > n)
        return;
    atomic_store_explicit(&pages->left, pages->rows, memory_order_relaxed);
    /* advice only: a failure costs memory, nothing else */
    (void)madvise((void *)(uintptr_t)data->map.data, data->map.bytes, MADV_DONTNEED);
}

/* ---- rows ------------------------------------------------------------------------ */

void nas_dataset_row(const nas_dataset *data, int64_t row, float *out)
{
    nas_dataset_touch(data, 1);
    values[data->element].copy(channel_at(data, row, 0), nas_shape_count(data->shape),
                               out);
}

/* Rows of some channels: as many at once as fit on the stack, so that a large file is
 * gone through row by row. */
enum { CHANNELS = 64 };

typedef struct channel_rows {
    const nas_dataset *data;
    const int64_t *rows;
    int64_t n;
    int64_t channel, n_channels;
} channel_rows;

typedef struct moments {
    double mean[CHANNELS], variance[CHANNELS];
} moments;

static void fit_in_two_passes(const channel_rows *r, moments *out)
{
    const nas_dataset *data = r->data;
    int64_t plane = data->shape.h * data->shape.w;
    double count = (double)r->n * (double)plane;
    *out = (moments){.mean = {0}};
    for (int64_t i = 0; i < r->n; i++) {
        nas_dataset_touch(data, 1);
        for (int64_t c = 0; c < r->n_channels; c++)
            out->mean[c] += values[data->element].sum(
                channel_at(data, r->rows[i], r->channel + c), plane);
    }
    for (int64_t c = 0; c < r->n_channels; c++)
        out->mean[c] /= count;
    for (int64_t i = 0; i < r->n; i++) {
        nas_dataset_touch(data, 1);
        for (int64_t c = 0; c < r->n_channels; c++)
            out->variance[c] += values[data->element].squares(
                channel_at(data, r->rows[i], r->channel + c), plane, out->mean[c]);
    }
    for (int64_t c = 0; c < r->n_channels; c++)
        out->variance[c] /= count;
}

static void fit_exactly(const channel_rows *r, moments *out)
{
    const nas_dataset *data = r->data;
    int64_t plane = data->shape.h * data->shape.w;
    double count = (double)r->n * (double)plane;
    int64_t sum[CHANNELS] = {0};
    int64_t squares[CHANNELS] = {0};
    for (int64_t i = 0; i < r->n; i++) {
        nas_dataset_touch(data, 1);
        for (int64_t c = 0; c < r->n_channels; c++)
            values[data->element].moments(channel_at(data, r->rows[i], r->channel + c),
                                          plane, &sum[c], &squares[c]);
    }
    for (int64_t c = 0; c < r->n_channels; c++) {
        double mean = (double)sum[c] / count;
        out->mean[c] = mean;
        out->variance[c] = fmax(0.0, (double)squares[c] / count - mean * mean);
    }
}

void nas_dataset_fit_standardise(const nas_dataset *data, const int64_t *rows, int64_t n,
                                 float *mean, float *inverse_deviation)
{
    bool exact = values[data->element].moments != NULL;
    for (int64_t first = 0; first < data->shape.c; first += CHANNELS) {
        int64_t left = data->shape.c - first;
        channel_rows some = {.data = data, .rows = rows, .n = n, .channel = first};
        some.n_channels = left < CHANNELS ? left : CHANNELS;
        moments fitted;
        if (exact)
            fit_exactly(&some, &fitted);
        else
            fit_in_two_passes(&some, &fitted);
        for (int64_t c = 0; c < some.n_channels; c++) {
            double centre = fitted.mean[c];
            double deviation = sqrt(fitted.variance[c]);
            bool constant = deviation <= constant_ratio * fabs(centre);
            mean[first + c] = (float)centre;
            inverse_deviation[first + c] = constant ? 1.0f : (float)(1.0 / deviation);
        }
    }
}

nas_status nas_dataset_echo(nas_dataset *data, nas_err *err)
{
    int64_t count = nas_shape_count(data->shape);
    if (data->element == NAS_ELEMENT_F32) {
        data->targets = data->inputs;
        return NAS_OK;
    }
    float *targets = NAS_NEW(data->arena, float, data->n_rows *count);
    NAS_TRY_ALLOC(targets, err);
    for (int64_t i = 0; i < data->n_rows; i++)
        nas_dataset_row(data, i, targets + i * count);
    data->targets = targets;
    return NAS_OK;
}
