#include "evaluate/forward.h"

#include <math.h>
#include <string.h>

static void to_user_units(float *y, int64_t n, int64_t outputs, const float *mean,
                          const float *deviation)
{
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < outputs; k++)
            y[i * outputs + k] = y[i * outputs + k] * deviation[k] + mean[k];
}

void nas_forward_rows(nas_net *net, int64_t batch, const nas_dataset *data,
                      const int64_t *rows, int64_t n, const float *mean,
                      const float *deviation, float *outputs)
{
    for (int64_t first = 0; first < n; first += batch) {
        int64_t count = n - first < batch ? n - first : batch;
        nas_net_batch(net, data, rows + first, (int)count, NULL, NULL);
        (void)nas_net_forward(net, false, NULL);
        nas_net_outputs(net, mean == NULL, outputs + first * data->n_outputs);
    }
    if (mean != NULL)
        to_user_units(outputs, n, data->n_outputs, mean, deviation);
}

nas_status nas_predictions_new(const nas_dataset *data, const int64_t *rows, int64_t n,
                               nas_arena *arena, nas_predictions *out, float **outputs,
                               nas_err *err)
{
    int64_t k = data->n_outputs;
    *outputs = NAS_NEW(arena, float, n *k);
    NAS_TRY_ALLOC(*outputs, err);
    *out = (nas_predictions){
        .task = data->task, .n = n, .n_outputs = k, .outputs = *outputs};
    if (data->labels != NULL) {
        int32_t *labels = NAS_NEW(arena, int32_t, n);
        int64_t *class_rows = NAS_NEW(arena, int64_t, k);
        NAS_TRY_ALLOC(labels, err);
        NAS_TRY_ALLOC(class_rows, err);
        for (int64_t i = 0; i < n; i++) {
            labels[i] = data->labels[rows[i]];
            class_rows[labels[i]]++;
        }
        out->labels = labels;
        out->class_rows = class_rows;
        return NAS_OK;
    }
    if (data->anomalies != NULL) {
        uint8_t *anomalies = NAS_NEW(arena, uint8_t, n);
        NAS_TRY_ALLOC(anomalies, err);
        for (int64_t i = 0; i < n; i++)
            anomalies[i] = data->anomalies[rows[i]];
        out->anomalies = anomalies;
    }
    float *targets = NAS_NEW(arena, float, n *k);
    NAS_TRY_ALLOC(targets, err);
    for (int64_t i = 0; i < n; i++)
        memcpy(targets + i * k, data->targets + rows[i] * k, (size_t)k * sizeof *targets);
    out->targets = targets;
    return NAS_OK;
}

bool nas_predictions_finite(const nas_predictions *predictions)
{
    int64_t count = predictions->n * predictions->n_outputs;
    for (int64_t i = 0; i < count; i++)
        if (!isfinite(predictions->outputs[i]))
            return false;
    return true;
}
