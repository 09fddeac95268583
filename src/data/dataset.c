#include "data/prepared.h"
#include "data/sealed.h"

#include <math.h>

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
    return open_part(folder, NAS_PREPARED_SEARCH, out, err);
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

/* Per element type: copy as float, sum, sum of squared distances from a mean. */
#define DEFINE_VALUES(suffix, type)                                                      \
    static void copy_##suffix(const void *from, int64_t n, float *out)                   \
    {                                                                                    \
        const type *values = from;                                                       \
        for (int64_t i = 0; i < n; i++)                                                  \
            out[i] = (float)values[i];                                                   \
    }                                                                                    \
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
DEFINE_VALUES(u8, uint8_t)
DEFINE_VALUES(i8, int8_t)
DEFINE_VALUES(i16, int16_t)
DEFINE_VALUES(i32, int32_t)
DEFINE_VALUES(f32, float)

static const struct {
    void (*copy)(const void *from, int64_t n, float *out);
    double (*sum)(const void *from, int64_t n);
    double (*squares)(const void *from, int64_t n, double mean);
} values[] = {
    [NAS_ELEMENT_U8] = {copy_u8, sum_u8, squares_u8},
    [NAS_ELEMENT_I8] = {copy_i8, sum_i8, squares_i8},
    [NAS_ELEMENT_I16] = {copy_i16, sum_i16, squares_i16},
    [NAS_ELEMENT_I32] = {copy_i32, sum_i32, squares_i32},
    [NAS_ELEMENT_F32] = {copy_f32, sum_f32, squares_f32},
};

static const char *channel_at(const nas_dataset *data, int64_t row, int64_t c)
{
    int64_t plane = data->shape.h * data->shape.w;
    int64_t element = (row * data->shape.c + c) * plane;
    return (const char *)data->inputs +
           (size_t)element * nas_element_bytes(data->element);
}

void nas_dataset_row(const nas_dataset *data, int64_t row, float *out)
{
    values[data->element].copy(channel_at(data, row, 0), nas_shape_count(data->shape),
                               out);
}

void nas_dataset_fit_standardise(const nas_dataset *data, const int64_t *rows, int64_t n,
                                 float *mean, float *inverse_deviation)
{
    int64_t plane = data->shape.h * data->shape.w;
    double count = (double)n * (double)plane;
    for (int64_t c = 0; c < data->shape.c; c++) {
        double sum = 0.0;
        double squares = 0.0;
        for (int64_t i = 0; i < n; i++)
            sum += values[data->element].sum(channel_at(data, rows[i], c), plane);
        double centre = sum / count;
        for (int64_t i = 0; i < n; i++)
            squares += values[data->element].squares(channel_at(data, rows[i], c), plane,
                                                     centre);
        double deviation = sqrt(squares / count);
        bool constant = deviation <= constant_ratio * fabs(centre);
        mean[c] = (float)centre;
        inverse_deviation[c] = constant ? 1.0f : (float)(1.0 / deviation);
    }
}
