#include "evaluate/sample.h"

#include <math.h>
#include <string.h>

nas_status nas_sample_permutation(const nas_dataset *data, const int64_t *rows, int64_t n,
                                  nas_rng rng, nas_arena *arena, int64_t **out,
                                  nas_err *err)
{
    *out = NAS_NEW(arena, int64_t, n);
    NAS_TRY_ALLOC(*out, err);
    if (n == 0)
        return NAS_OK;
    memcpy(*out, rows, (size_t)n * sizeof **out);
    nas_rng order = nas_rng_split(&rng, 0);
    nas_rng_shuffle(&order, *out, n);
    if (data->labels == NULL)
        return NAS_OK;
    nas_rng deal = nas_rng_split(&rng, 1);
    return nas_data_deal(data->labels, data->n_outputs, &deal, *out, n, err);
}

int64_t nas_sample_size(int64_t n, double fraction)
{
    int64_t size = (int64_t)ceil(fraction * (double)n - 1e-9);
    return size < 1 ? 1 : size > n ? n : size;
}

void nas_sample_class_weights(const nas_dataset *data, const int64_t *rows, int64_t n,
                              float *out)
{
    int64_t classes = data->n_outputs;
    for (int64_t k = 0; k < classes; k++)
        out[k] = 0.0F;
    for (int64_t i = 0; i < n; i++)
        out[data->labels[rows[i]]] += 1.0F;
    double sum = 0.0; /* of the weights of all rows */
    for (int64_t k = 0; k < classes; k++) {
        double count = (double)out[k];
        if (count == 0.0) {
            out[k] = 1.0F;
            continue;
        }
        double weight = (double)n / ((double)classes * count);
        weight = fmin(10.0, fmax(0.1, weight));
        sum += weight * count;
        out[k] = (float)weight;
    }
    for (int64_t k = 0; k < classes; k++)
        out[k] = (float)((double)out[k] * (double)n / sum);
}

void nas_sample_targets(const nas_dataset *data, const int64_t *rows, int64_t n,
                        float *mean, float *deviation)
{
    int64_t outputs = data->n_outputs;
    for (int64_t k = 0; k < outputs; k++) {
        double sum = 0.0;
        for (int64_t i = 0; i < n; i++)
            sum += (double)data->targets[rows[i] * outputs + k];
        double centre = sum / (double)n;
        double squares = 0.0;
        for (int64_t i = 0; i < n; i++) {
            double d = (double)data->targets[rows[i] * outputs + k] - centre;
            squares += d * d;
        }
        double spread = sqrt(squares / (double)n);
        mean[k] = (float)centre;
        deviation[k] =
            spread > 1e-12 * fabs(centre) && spread > 0.0 ? (float)spread : 1.0F;
    }
}
