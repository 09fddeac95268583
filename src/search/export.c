#include "search/export.h"

#include "nasmith/clock.h"
#include "nasmith/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHECK_ROWS = 256, SELFTEST_ROWS = 4, TIMINGS = 15 };
static const double TIMING_S = 0.005; /* of one timing */

/* ---- rows ---------------------------------------------------------------- */

static nas_status make_rows(const search_run *run, const nas_model *model,
                            nas_workspace *workspace, nas_arena *arena, check_rows *out,
                            nas_err *err)
{
    const nas_dataset *data = run->data;
    int64_t size = nas_shape_count(data->shape);
    out->n = data->n_validation < CHECK_ROWS ? data->n_validation : CHECK_ROWS;
    out->inputs = NAS_NEW(arena, float, out->n *size);
    out->expected = NAS_NEW(arena, float, out->n * data->n_outputs);
    if (out->inputs == NULL || out->expected == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int64_t i = 0; i < out->n; i++)
        nas_dataset_row(data, data->validation[i], out->inputs + i * size);
    return nas_predict(model, data, data->validation, out->n, workspace, out->expected,
                       err);
}

/* ---- files --------------------------------------------------------------- */

static nas_status write_onnx(const search_run *run, const nas_model *model,
                             const nas_quant *quant, const check_rows *rows,
                             nas_finalist *finalist, nas_err *err)
{
    nas_verify_result *check = &finalist->onnx_check;
    const char *path =
        nas_arena_printf(run->arena, "%s/%s.onnx", run->output_folder, finalist->role);
    NAS_TRY_ALLOC(path, err);
    NAS_TRY(quant == NULL ? nas_onnx_write(model, path, err)
                          : nas_onnx_write_int8(quant, path, err));
    nas_status status =
        quant == NULL
            ? nas_onnx_verify(path, rows->inputs, rows->expected, rows->n, check, err)
            : nas_onnx_verify_int8(quant, path, rows->inputs, rows->n, check, err);
    if (status == NAS_OK)
        finalist->onnx_path = path;
    else if (status == NAS_E_VERIFY)
        (void)nas_file_remove(path, NULL);
    return status;
}

static const char *note_of(const search_run *run, const nas_finalist *f)
{
    return nas_arena_printf(run->arena, "nasmith trial %lld (%s), %s on test %.4f",
                            (long long)f->trial, f->role, run->metric->name,
                            f->test.value);
}

static nas_status write_c(const search_run *run, const nas_model *model,
                          const nas_quant *quant, const check_rows *rows,
                          nas_finalist *finalist, nas_err *err)
{
    const char *folder =
        nas_arena_printf(run->arena, "%s/%s_c", run->output_folder, finalist->role);
    NAS_TRY_ALLOC(folder, err);
    nas_c_options options = {.prefix = "net",
                             .quant = quant,
                             .sample = rows->inputs,
                             .n_samples =
                                 rows->n < SELFTEST_ROWS ? (int)rows->n : SELFTEST_ROWS,
                             .note = note_of(run, finalist)};
    NAS_TRY(nas_c_write(model, &options, folder, err));
    nas_status status = nas_c_verify(model, &options, folder, rows->inputs,
                                     rows->expected, rows->n, &finalist->c_check, err);
    if (status == NAS_OK)
        finalist->c_path = folder;
    else if (status == NAS_E_VERIFY)
        (void)nas_file_remove(folder, NULL);
    return status;
}

/* ---- time of one inference ----------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median over timings of the shipped kernels, one sample at a time. */
static double time_runs(nas_runtime *runtime, const float *in, float *out)
{
    double ms[TIMINGS];
    for (int i = 0; i < TIMINGS; i++) {
        double start = nas_clock_monotonic_s();
        double end;
        int runs = 0;
        do {
            nas_runtime_run(runtime, in, out);
            runs++;
            end = nas_clock_monotonic_s();
        } while (end - start < TIMING_S);
        ms[i] = 1000.0 * (end - start) / runs;
    }
    qsort(ms, TIMINGS, sizeof *ms, by_value);
    return ms[TIMINGS / 2];
}

static nas_status measure_latency(const nas_model *model, const nas_quant *quant,
                                  const check_rows *rows, nas_arena *arena, double *out,
                                  nas_err *err)
{
    nas_runtime *runtime = NULL;
    float *answer = NAS_NEW(arena, float, model->n_outputs);
    NAS_TRY_ALLOC(answer, err);
    if (rows->n == 0)
        return NAS_OK;
    NAS_TRY(quant == NULL ? nas_runtime_new(model, &runtime, err)
                          : nas_runtime_new_int8(quant, &runtime, err));
    *out = time_runs(runtime, rows->inputs, answer);
    nas_runtime_free(runtime);
    return NAS_OK;
}

/* ---- all ----------------------------------------------------------------- */

static nas_status export_files(const search_run *run, const nas_model *model,
                               const nas_quant *quant, const check_rows *rows,
                               nas_arena *arena, nas_finalist *finalist, nas_err *err)
{
    const char *path =
        nas_arena_printf(run->arena, "%s/%s.nasm", run->output_folder, finalist->role);
    NAS_TRY_ALLOC(path, err);
    NAS_TRY(nas_model_write(model, path, err));
    finalist->model_path = path;
    NAS_TRY(
        measure_latency(model, quant, rows, arena, &finalist->measured_latency_ms, err));
    if (run->options->export_onnx)
        NAS_TRY(write_onnx(run, model, quant, rows, finalist, err));
    return run->options->export_c ? write_c(run, model, quant, rows, finalist, err)
                                  : NAS_OK;
}

static nas_status export_all(const search_run *run, const nas_model *model,
                             const check_rows *rows, nas_arena *arena,
                             nas_finalist *finalist, nas_err *err)
{
    nas_quant *quant = NULL;
    if (run->settings->limits.dtype == NAS_INT8)
        NAS_TRY(nas_quantise_on(model, run->data, run->data->train, run->data->n_train,
                                &quant, err));
    int64_t shared = 0;
    nas_status status = nas_c_shared_bytes(model, quant, &shared, err);
    finalist->cost.flash_bytes -= shared;
    if (status == NAS_OK)
        status = export_files(run, model, quant, rows, arena, finalist, err);
    nas_quant_free(quant);
    return status;
}

nas_status nas_export_finalist(const search_run *run, const nas_model *model,
                               nas_workspace *workspace, nas_finalist *finalist,
                               nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    check_rows rows;
    nas_status status = nas_file_make_directory(run->output_folder, err);
    if (status == NAS_OK)
        status = make_rows(run, model, workspace, arena, &rows, err);
    if (status == NAS_OK)
        status = export_all(run, model, &rows, arena, finalist, err);
    nas_arena_free(arena);
    return status;
}
