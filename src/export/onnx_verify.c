#include "nasmith/export.h"

#include "export/compare.h"
#include "export/onnx.h"
#include "export/onnx_run.h"
#include "export/onnx_tensor.h"
#include "nasmith/file.h"

#include <stdio.h>
#include <string.h>

/* Probabilities have a class; a regression's largest target means nothing. */
static bool has_classes(const Onnx__ModelProto *proto)
{
    const char *task = nas_onnx_property(proto, NAS_ONNX_KEY_TASK);
    return task != NULL && strcmp(task, "classification") == 0;
}

static nas_status compare_rows(const nas_onnx_program *program, bool classes,
                               const float *inputs, const float *expected, int64_t n,
                               nas_arena *arena, nas_verify_result *out, nas_err *err)
{
    const int64_t outputs = nas_onnx_outputs(program);
    float *found = NAS_NEW(arena, float, outputs);
    NAS_TRY_ALLOC(found, err);
    for (int64_t i = 0; i < n; i++) {
        nas_onnx_run(program, inputs + i * nas_onnx_inputs(program), found);
        nas_compare_row(out, found, expected + i * outputs, outputs, classes);
    }
    return NAS_OK;
}

static nas_status verify(const char *path, const float *inputs, const float *expected,
                         int64_t n, nas_verify_result *out, nas_err *err)
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
        status = compare_rows(program, has_classes(proto), inputs, expected, n, arena,
                              out, err);
    nas_arena_free(arena);
    onnx__model_proto__free_unpacked(proto, NULL);
    return status == NAS_OK ? nas_compare_status(out, path, err) : status;
}

nas_status nas_onnx_verify(const char *path, const float *inputs, const float *expected,
                           int64_t n, nas_verify_result *out, nas_err *err)
{
    *out = (nas_verify_result){0};
    (void)snprintf(out->compiler, sizeof out->compiler, "re-read");
    return verify(path, inputs, expected, n, out, err);
}
