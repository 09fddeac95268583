/* Fitting the front section: encode and standardise. */
#include "nasmith/data.h"

#include <math.h>
#include <stdlib.h>

/* Medians are taken of so many rows: the training rows are shuffled. */
enum { MEDIAN_ROWS = 10000 };

/* Values so many deviations from the mean make a long tail. */
static const double tail_deviations = 8.0;

/* Half of the values that differ from the median end within 1/4 of the way to 1. */
static const double squash_factor = 3.0;

/* An indicator of rare levels would give values of tens; 0.2 limits them to 5. */
static const double least_deviation = 0.2;

typedef struct fitter {
    const nas_dataset *data;
    const int64_t *rows;
    int64_t n;
    float *row;             /* [shape.c] */
    float *sorted;          /* [MEDIAN_ROWS] */
    float *columns;         /* [n_columns][NAS_ENCODE_FIELDS] */
    float *medians;         /* [shape.c] */
    struct spread *spreads; /* [shape.c] */
    int64_t n_columns;
    bool plain, squashed;
} fitter;

nas_shape nas_dataset_inner_shape(const nas_dataset *data)
{
    if (data->columns == NULL)
        return data->shape;
    return (nas_shape){nas_columns_width(data->columns, data->shape.c), 1, 1};
}

/* ---- numbers ---------------------------------------------------------------------- */

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* The lower of the middle two. */
static float median_of(float *values, int64_t n)
{
    qsort(values, (size_t)n, sizeof *values, compare_floats);
    return n > 0 ? values[(n - 1) / 2] : 0.0f;
}

static float value_at(const fitter *f, int64_t i, int64_t source)
{
    if (f->data->element == NAS_ELEMENT_F32)
        return ((const float *)f->data->inputs)[f->rows[i] * f->data->shape.c + source];
    nas_dataset_row(f->data, f->rows[i], f->row);
    return f->row[source];
}

static float fit_median(const fitter *f, int64_t source)
{
    int64_t held = 0;
    for (int64_t i = 0; i < f->n && i < MEDIAN_ROWS; i++) {
        nas_dataset_touch(f->data, 1);
        const float x = value_at(f, i, source);
        if (!isnan(x))
            f->sorted[held++] = x;
    }
    return median_of(f->sorted, held);
}

/* Median distance of the values that differ from the median; 0 when none do. */
static float fit_distance(const fitter *f, int64_t source, float median)
{
    int64_t held = 0;
    for (int64_t i = 0; i < f->n && i < MEDIAN_ROWS; i++) {
        nas_dataset_touch(f->data, 1);
        const float d = fabsf(value_at(f, i, source) - median);
        if (d > 0.0f)
            f->sorted[held++] = d;
    }
    return median_of(f->sorted, held);
}

/* Distances of a column's values from its median. */
typedef struct spread {
    double sum, squares, low, high, n;
} spread;

static bool has_tail(const spread *s)
{
    const double mean = s->sum / fmax(s->n, 1);
    const double deviation = sqrt(fmax(0, s->squares / fmax(s->n, 1) - mean * mean));
    return fmax(s->high - mean, mean - s->low) > tail_deviations * deviation &&
           deviation > 0;
}

/* Medians of the raw row, and which columns have long tails; row by row, since the rows
 * of a large table come from the disk. */
static void find_tails(fitter *f)
{
    const int64_t n = f->data->shape.c;
    for (int64_t c = 0; c < n; c++)
        f->medians[c] = fit_median(f, c);
    for (int64_t i = 0; i < f->n && !f->plain; i++) {
        nas_dataset_touch(f->data, 1);
        for (int64_t c = 0; c < n; c++) {
            spread *s = &f->spreads[c];
            const double d = (double)value_at(f, i, c) - (double)f->medians[c];
            if (isnan(d))
                continue;
            s->sum += d;
            s->squares += d * d;
            s->low = fmin(s->low, d);
            s->high = fmax(s->high, d);
            s->n++;
        }
    }
}

/* ---- columns ---------------------------------------------------------------------- */

static void add(fitter *f, int64_t source, nas_encode_kind kind, double centre,
                double scale)
{
    float *column = f->columns + f->n_columns++ * NAS_ENCODE_FIELDS;
    column[NAS_ENCODE_SOURCE] = (float)source;
    column[NAS_ENCODE_KIND] = (float)kind;
    column[NAS_ENCODE_CENTRE] = (float)centre;
    column[NAS_ENCODE_SCALE] = (float)scale;
}

static void add_number(fitter *f, int64_t source)
{
    const float median = f->medians[source];
    const float distance = !f->plain && has_tail(&f->spreads[source])
                               ? fit_distance(f, source, median)
                               : 0.0f;
    const double scale = 1.0 / (squash_factor * (double)distance);
    if (distance > 0.0f && scale < 1e30) {
        f->squashed = true;
        add(f, source, NAS_ENCODE_SQUASH, (double)median, scale);
    } else {
        add(f, source, NAS_ENCODE_VALUE, (double)median, 1.0);
    }
}

/* One column per level, and one for codes beyond them. */
static void add_category(fitter *f, int64_t source, int64_t n_levels)
{
    for (int64_t k = 0; k < n_levels; k++)
        add(f, source, NAS_ENCODE_INSIDE, (double)k, 0.5);
    if (n_levels > 0)
        add(f, source, NAS_ENCODE_OUTSIDE, 0.5 * (double)(n_levels - 1),
            0.5 * (double)n_levels);
    else
        add(f, source, NAS_ENCODE_OUTSIDE, -2.0, 0.5);
}

static void add_columns(fitter *f)
{
    static const nas_column number = {.levels = NULL};
    for (int64_t c = 0; c < f->data->shape.c; c++) {
        const nas_column *column =
            f->data->columns != NULL ? &f->data->columns[c] : &number;
        if (column->levels != NULL)
            add_category(f, c, column->n_levels);
        else
            add_number(f, c);
        if (column->indicator)
            add(f, c, NAS_ENCODE_MISSING, 0.0, 0.0);
    }
}

/* ---- standardising what encode gives ------------------------------------------------
 */

/* An indicator that no training row sets stays without effect. */
static float inverse_of(double deviation, nas_encode_kind kind)
{
    const bool number = kind == NAS_ENCODE_VALUE || kind == NAS_ENCODE_SQUASH;
    if (deviation <= 0)
        return number ? 1.0f : 0.0f;
    return (float)(1.0 / (number ? deviation : fmax(deviation, least_deviation)));
}

static nas_status standardise(const fitter *f, nas_arena *arena, float *mean,
                              float *inverse, nas_err *err)
{
    double *sum = NAS_NEW(arena, double, f->n_columns);
    double *squares = NAS_NEW(arena, double, f->n_columns);
    float *encoded = NAS_NEW(arena, float, f->n_columns);
    NAS_TRY_ALLOC(sum, err);
    NAS_TRY_ALLOC(squares, err);
    NAS_TRY_ALLOC(encoded, err);
    for (int64_t i = 0; i < f->n; i++) {
        nas_dataset_row(f->data, f->rows[i], f->row);
        nas_encode_row(f->columns, f->n_columns, f->row, encoded);
        for (int64_t k = 0; k < f->n_columns; k++) {
            sum[k] += (double)encoded[k];
            squares[k] += (double)encoded[k] * (double)encoded[k];
        }
    }
    for (int64_t k = 0; k < f->n_columns; k++) {
        const double centre = sum[k] / (double)f->n;
        const double variance = squares[k] / (double)f->n - centre * centre;
        const float kind = f->columns[k * NAS_ENCODE_FIELDS + NAS_ENCODE_KIND];
        mean[k] = (float)centre;
        inverse[k] = inverse_of(sqrt(fmax(0, variance)), (nas_encode_kind)kind);
    }
    return NAS_OK;
}

nas_status nas_dataset_fit_front(const nas_dataset *data, const int64_t *rows, int64_t n,
                                 bool plain, nas_arena *arena, nas_front *out,
                                 nas_err *err)
{
    const int64_t width = nas_dataset_inner_shape(data).c;
    const bool table = data->columns != NULL || (!plain && data->feature_names != NULL &&
                                                 data->shape.h * data->shape.w == 1);
    float *mean = NAS_NEW(arena, float, width);
    float *inverse = NAS_NEW(arena, float, width);
    fitter f = {.data = data, .rows = rows, .n = n, .plain = plain};
    f.row = NAS_NEW(arena, float, nas_shape_count(data->shape));
    f.sorted = NAS_NEW(arena, float, MEDIAN_ROWS);
    f.columns = NAS_NEW(arena, float, width *NAS_ENCODE_FIELDS);
    if (mean == NULL || inverse == NULL || f.row == NULL || f.sorted == NULL ||
        f.columns == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    *out = (nas_front){.mean = mean, .inverse_deviation = inverse};
    if (table) {
        f.medians = NAS_NEW(arena, float, data->shape.c);
        f.spreads = NAS_NEW(arena, spread, data->shape.c);
        NAS_TRY_ALLOC(f.medians, err);
        NAS_TRY_ALLOC(f.spreads, err);
        find_tails(&f);
        add_columns(&f);
    }
    if (data->columns == NULL && !f.squashed) {
        nas_dataset_fit_standardise(data, rows, n, mean, inverse);
        return NAS_OK;
    }
    out->n_raw = data->shape.c;
    out->columns = f.columns;
    out->n_columns = f.n_columns;
    return standardise(&f, arena, mean, inverse, err);
}
