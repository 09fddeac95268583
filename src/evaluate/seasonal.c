/* Baselines of forecasts: nothing is learned but how long a season is. */
#include "evaluate/forward.h"

#include <assert.h>
#include <math.h>

enum { ROWS_COMPARED = 128 };
static const double NEARLY = 1.2;

/* @param row  [C][T] the past; @param out  [n_outputs] */
static void repeat(const nas_dataset *data, const float *row, int64_t period, float *out)
{
    int64_t steps = data->shape.w;
    for (int64_t k = 0; k < data->n_outputs; k++) {
        const float *past = row + data->target_channels[k / data->horizon] * steps;
        out[k] = past[steps - period + k % data->horizon % period];
    }
}

nas_score nas_baseline_seasonal(const nas_dataset *data, const int64_t *rows, int64_t n,
                                int64_t period, const nas_metric *metric)
{
    assert(data->horizon > 0 && period >= 1 && period <= data->shape.w);
    nas_score score = nas_score_none(n);
    nas_arena *arena = nas_arena_new();
    nas_predictions predictions;
    float *outputs;
    float *row =
        arena == NULL ? NULL : NAS_NEW(arena, float, nas_shape_count(data->shape));
    if (row != NULL && nas_predictions_new(data, rows, n, arena, &predictions, &outputs,
                                           NULL) == NAS_OK) {
        for (int64_t i = 0; i < n; i++) {
            nas_dataset_row(data, rows[i], row);
            repeat(data, row, period, outputs + i * data->n_outputs);
        }
        score = metric->score(&predictions, nas_rng_new(data->fingerprint, 2));
    }
    nas_arena_free(arena);
    return score;
}

/* Squared error of a row. @param out  room for [n_outputs] */
static double error_of(const nas_dataset *data, int64_t index, const float *row,
                       int64_t period, float *out)
{
    const float *targets = data->targets + index * data->n_outputs;
    double sum = 0.0;
    repeat(data, row, period, out);
    for (int64_t k = 0; k < data->n_outputs; k++) {
        double d = (double)out[k] - (double)targets[k];
        sum += d * d;
    }
    return sum;
}

static int64_t best_period(const nas_dataset *data, const int64_t *rows, int64_t n,
                           nas_arena *arena)
{
    int64_t steps = data->shape.w;
    double *errors = NAS_NEW(arena, double, steps + 1);
    float *row = NAS_NEW(arena, float, nas_shape_count(data->shape));
    float *out = NAS_NEW(arena, float, data->n_outputs);
    int64_t stride = (n + ROWS_COMPARED - 1) / ROWS_COMPARED;
    int64_t best = 2;
    if (errors == NULL || row == NULL || out == NULL)
        return 1;
    for (int64_t i = 0; i < n; i += stride) {
        nas_dataset_row(data, rows[i], row);
        for (int64_t period = 2; period <= steps; period++)
            errors[period] += error_of(data, rows[i], row, period, out);
    }
    for (int64_t period = 3; period <= steps; period++)
        best = errors[period] < errors[best] ? period : best;
    /* Twice a season is as good but for noise: the shortest that is nearly so. */
    for (int64_t period = 2; period < best; period++)
        if (errors[period] <= NEARLY * errors[best])
            return period;
    return best;
}

int64_t nas_baseline_season(const nas_dataset *data, const int64_t *rows, int64_t n)
{
    assert(data->horizon > 0 && n >= 1);
    nas_arena *arena = nas_arena_new();
    int64_t period = 1;
    if (arena != NULL && data->shape.w > 1)
        period = best_period(data, rows, n, arena);
    nas_arena_free(arena);
    return period;
}
