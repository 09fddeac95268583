#include "nasmith/export.h"

#include "export/kernels.h"
#include "export/kernels8.h"

struct nas_runtime {
    nas_arena *memory;
    const nas_quant *quant; /* NULL: floats */
    nas_calls *calls;
    void *arena;
    int8_t *in8, *out8; /* int8: the caller's sample and result */
};

static nas_status make_room(nas_runtime *runtime, nas_err *err)
{
    const nas_program *program = runtime->calls->program;
    runtime->arena =
        nas_arena_alloc(runtime->memory, (size_t)program->arena_bytes + 1, 1);
    NAS_TRY_ALLOC(runtime->arena, err);
    if (runtime->quant == NULL)
        return NAS_OK;
    const int64_t inputs = nas_shape_count(nas_graph_input_shape(program->graph));
    runtime->in8 = NAS_NEW(runtime->memory, int8_t, inputs);
    runtime->out8 = NAS_NEW(runtime->memory, int8_t, runtime->quant->model->n_outputs);
    NAS_TRY_ALLOC(runtime->in8, err);
    NAS_TRY_ALLOC(runtime->out8, err);
    return NAS_OK;
}

/* One of both is given. */
static nas_status make(nas_runtime *runtime, const nas_model *model, nas_err *err)
{
    runtime->memory = nas_arena_new();
    NAS_TRY_ALLOC(runtime->memory, err);
    if (runtime->quant == NULL)
        NAS_TRY(nas_calls_build(model, runtime->memory, &runtime->calls, err));
    else
        NAS_TRY(
            nas_calls_build_int8(runtime->quant, runtime->memory, &runtime->calls, err));
    return make_room(runtime, err);
}

static nas_status create(const nas_model *model, const nas_quant *quant,
                         nas_runtime **out, nas_err *err)
{
    nas_runtime *runtime = nas_heap_alloc(1, sizeof *runtime);
    NAS_TRY_ALLOC(runtime, err);
    runtime->quant = quant;
    nas_status status = make(runtime, model, err);
    if (status == NAS_OK)
        *out = runtime;
    else
        nas_runtime_free(runtime);
    return status;
}

nas_status nas_runtime_new(const nas_model *model, nas_runtime **out, nas_err *err)
{
    return create(model, NULL, out, err);
}

nas_status nas_runtime_new_int8(const nas_quant *quant, nas_runtime **out, nas_err *err)
{
    return create(quant->model, quant, out, err);
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

static void run_call(nas_runtime *runtime, const nas_call *call, const float *in,
                     float *out)
{
    if (runtime->quant == NULL)
        nas_kernel_run(runtime->calls, call, runtime->arena, in, out);
    else
        nas_kernel8_run(runtime->calls, call, runtime->arena, runtime->in8,
                        runtime->out8);
}

void nas_runtime_run(nas_runtime *runtime, const float *in, float *out)
{
    if (runtime->quant != NULL)
        nas_quant_input(runtime->quant, in, runtime->in8);
    for (int i = 0; i < runtime->calls->n; i++)
        run_call(runtime, &runtime->calls->list[i], in, out);
    if (runtime->quant != NULL)
        nas_quant_output(runtime->quant, runtime->out8, out);
}

void nas_runtime_step(nas_runtime *runtime, int step)
{
    for (int i = 0; i < runtime->calls->n; i++)
        if (runtime->calls->list[i].step == step)
            run_call(runtime, &runtime->calls->list[i], NULL, NULL);
}
