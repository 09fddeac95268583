#include "nasmith/export.h"

#include "export/compare.h"
#include "export/onnx.h"
#include "export/onnx_run.h"
#include "export/onnx_tensor.h"
#include "export/quant.h"
#include "nasmith/file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Probabilities have a class; a regression's largest target means nothing. */
static bool has_classes(const Onnx__ModelProto *proto)
{
    const char *task = nas_onnx_property(proto, NAS_ONNX_KEY_TASK);
    return task != NULL && strcmp(task, "classification") == 0;
}

/* What a file is checked with. */
typedef struct check {
    const float *inputs, *expected;
    int64_t n;
    const float *units; /* [outputs] in which errors are counted; NULL: relative */
    double *mean;       /* out, with units: mean error */
} check;

static nas_status compare_rows(const nas_onnx_program *program, bool classes,
                               const check *with, nas_arena *arena,
                               nas_verify_result *out, nas_err *err)
{
    const int64_t outputs = nas_onnx_outputs(program);
    double largest = 0.0, sum = 0.0;
    float *found = NAS_NEW(arena, float, outputs);
    NAS_TRY_ALLOC(found, err);
    for (int64_t i = 0; i < with->n; i++) {
        const float *expected = with->expected + i * outputs;
        nas_onnx_run(program, with->inputs + i * nas_onnx_inputs(program), found);
        nas_compare_row(out, found, expected, outputs, classes);
        for (int64_t k = 0; k < outputs && with->units != NULL; k++) {
            const double error = fabs((double)found[k] - (double)expected[k]);
            largest = fmax(largest, error / (double)with->units[k]);
            sum += error / (double)with->units[k];
        }
    }
    if (with->units == NULL)
        return NAS_OK;
    out->max_error = largest / 256.0;
    *with->mean = sum / fmax(1.0, (double)(with->n * outputs));
    return NAS_OK;
}

/* Read a file and run rows through it, counting them in. */
static nas_status verify(const char *path, const check *with, nas_verify_result *out,
                         nas_err *err)
{
    char *data = NULL;
    size_t bytes = 0;
    Onnx__ModelProto *proto = NULL;
    nas_onnx_program *program = NULL;
    NAS_TRY(nas_file_read(path, 0, &data, &bytes, err));
    nas_status status = nas_onnx_unpack(data, bytes, path, &proto, err);
    nas_heap_free(data);
    NAS_TRY(status);
    nas_arena *arena = nas_arena_new();
    if (arena == NULL)
        status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    else
        status = nas_onnx_prepare(proto, arena, &program, err);
    if (status == NAS_OK)
        status = compare_rows(program, has_classes(proto), with, arena, out, err);
    nas_arena_free(arena);
    onnx__model_proto__free_unpacked(proto, NULL);
    return status;
}

nas_status nas_onnx_verify(const char *path, const float *inputs, const float *expected,
                           int64_t n, nas_verify_result *out, nas_err *err)
{
    *out = (nas_verify_result){0};
    (void)snprintf(out->compiler, sizeof out->compiler, "re-read");
    const check with = {inputs, expected, n, NULL, NULL};
    NAS_TRY(verify(path, &with, out, err));
    return nas_compare_status(out, path, err);
}

/* Outputs of the int8 kernels. */
static nas_status expect(const nas_quant *quant, const float *inputs, int64_t n,
                         float *out, nas_err *err)
{
    const nas_model *model = quant->model;
    const int64_t row = nas_shape_count(nas_graph_input_shape(model->graph));
    nas_runtime *runtime = NULL;
    NAS_TRY(nas_runtime_new_int8(quant, &runtime, err));
    for (int64_t i = 0; i < n; i++)
        nas_runtime_run(runtime, inputs + i * row, out + i * model->n_outputs);
    nas_runtime_free(runtime);
    return NAS_OK;
}

nas_status nas_onnx_verify_int8(const nas_quant *quant, const char *path,
                                const float *inputs, int64_t n, nas_verify_result *out,
                                nas_err *err)
{
    enum { FEW_ROWS = 50 };
    const double most_units = 4.0; /* on average: layers differ by one, and add up */
    *out = (nas_verify_result){0};
    (void)snprintf(out->compiler, sizeof out->compiler, "re-read");
    float *expected =
        nas_heap_alloc((size_t)(n * quant->model->n_outputs) + 1, sizeof *expected);
    NAS_TRY_ALLOC(expected, err);
    nas_status status = expect(quant, inputs, n, expected, err);
    double mean = 0.0;
    const check with = {inputs, expected, n, quant->output_factor, &mean};
    if (status == NAS_OK)
        status = verify(path, &with, out, err);
    nas_heap_free(expected);
    NAS_TRY(status);
    if (mean <= most_units && (n < FEW_ROWS || 50 * out->argmax_differs <= n))
        return NAS_OK;
    status = nas_fail(
        err, NAS_E_VERIFY,
        "%s: outputs differ from the int8 network's by %.1f units on average and in "
        "the class of %lld of %lld rows",
        path, mean, (long long)out->argmax_differs, (long long)n);
    nas_err_hint(err, "do not use this file; please report this with the network");
    return status;
}
