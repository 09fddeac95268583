#include "nasmith/evaluate.h"

int64_t nas_int8_validation_rows(const int64_t *rows, int64_t n, int64_t *out)
{
    const int64_t count = n < NAS_INT8_RANK_ROWS ? n : NAS_INT8_RANK_ROWS;
    for (int64_t i = 0; i < count; i++)
        out[i] = rows[i * n / count];
    return count;
}

nas_status nas_quantise_on(const nas_model *model, const nas_dataset *data,
                           const int64_t *rows, int64_t n, nas_quant **out, nas_err *err)
{
    const int64_t count = n < NAS_CALIBRATION_ROWS ? n : NAS_CALIBRATION_ROWS;
    const int64_t size = nas_shape_count(data->shape);
    float *samples = nas_heap_alloc((size_t)(count * size), sizeof *samples);
    NAS_TRY_ALLOC(samples, err);
    for (int64_t i = 0; i < count; i++)
        nas_dataset_row(data, rows[i], samples + i * size);
    nas_status status = nas_quantise(model, samples, count, NULL, out, err);
    nas_heap_free(samples);
    return status;
}

nas_status nas_predict_int8(const nas_quant *quant, const nas_dataset *data,
                            const int64_t *rows, int64_t n, float *outputs, nas_err *err)
{
    nas_runtime *runtime = NULL;
    float *sample = nas_heap_alloc((size_t)nas_shape_count(data->shape), sizeof *sample);
    NAS_TRY_ALLOC(sample, err);
    nas_status status = nas_runtime_new_int8(quant, &runtime, err);
    for (int64_t i = 0; i < n && status == NAS_OK; i++) {
        nas_dataset_row(data, rows[i], sample);
        nas_runtime_run(runtime, sample, outputs + i * data->n_outputs);
    }
    nas_runtime_free(runtime);
    nas_heap_free(sample);
    return status;
}
