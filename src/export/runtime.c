#include "nasmith/export.h"

#include "export/kernels.h"

struct nas_runtime {
    nas_arena *memory;
    nas_calls *calls;
    float *arena;
};

nas_status nas_runtime_new(const nas_model *model, nas_runtime **out, nas_err *err)
{
    nas_runtime *runtime = nas_heap_alloc(1, sizeof *runtime);
    NAS_TRY_ALLOC(runtime, err);
    nas_status status = NAS_OK;
    runtime->memory = nas_arena_new();
    if (runtime->memory == NULL)
        status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    else
        status = nas_calls_build(model, runtime->memory, &runtime->calls, err);
    if (status == NAS_OK) {
        const int64_t bytes = runtime->calls->program->arena_bytes;
        runtime->arena = nas_arena_alloc(runtime->memory, (size_t)bytes, 1);
        if (runtime->arena == NULL)
            status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    }
    if (status == NAS_OK)
        *out = runtime;
    else
        nas_runtime_free(runtime);
    return status;
}

void nas_runtime_free(nas_runtime *runtime)
{
    if (runtime == NULL)
        return;
    nas_arena_free(runtime->memory);
    nas_heap_free(runtime);
}

const nas_program *nas_runtime_program(const nas_runtime *runtime)
{
    return runtime->calls->program;
}

void nas_runtime_run(nas_runtime *runtime, const float *in, float *out)
{
    for (int i = 0; i < runtime->calls->n; i++)
        nas_kernel_run(runtime->calls, &runtime->calls->list[i], runtime->arena, in, out);
}

void nas_runtime_step(nas_runtime *runtime, int step)
{
    for (int i = 0; i < runtime->calls->n; i++)
        if (runtime->calls->list[i].step == step)
            nas_kernel_run(runtime->calls, &runtime->calls->list[i], runtime->arena, NULL,
                           NULL);
}
