#include "export/calls.h"

#include "export/call_lower.h"
#include "export/head.h"

#include <float.h>
#include <string.h>

static nas_status fold(lowering *l, step_view *v)
{
    int64_t kernel = 0, bias = 0;
    nas_program_weight_sizes(l->calls->program, v->step, &kernel, &bias);
    if (kernel == 0 || l->counts)
        return NAS_OK;
    v->kernel = NAS_NEW(l->arena, float, kernel);
    v->bias = NAS_NEW(l->arena, float, bias + 1); /* positions have none */
    NAS_TRY_ALLOC(v->kernel, l->err);
    NAS_TRY_ALLOC(v->bias, l->err);
    for (int64_t i = 0; l->quant != NULL && i < kernel; i++)
        v->kernel[i] = (float)l->quant->steps[v->index].kernel[i];
    if (l->quant == NULL)
        nas_program_fold(l->calls->program, v->step, l->model->weights, v->kernel,
                         v->bias);
    return NAS_OK;
}

static nas_status lower_step(lowering *l, int index)
{
    step_view v = {.step = &l->calls->program->steps[index], .index = index};
    layout out;
    v.node = nas_graph_node(l->model->graph, v.step->node);
    NAS_TRY(nas_call_input(l, &v, 0, &v.in));
    if (v.step->kind != NAS_STEP_STANDARDISE)
        NAS_TRY(fold(l, &v));
    NAS_TRY(nas_call_step(l, &v, &out));
    l->layouts[v.step->output] = out;
    l->calls->orders[index] = out.order;
    return NAS_OK;
}

/* ---- before and after the steps ---------------------------------------- */

static void lower_load(lowering *l)
{
    const nas_program *p = l->calls->program;
    const nas_shape in = nas_graph_input_shape(l->model->graph);
    nas_call *call = nas_call_add(l, NAS_KERNEL_LOAD, -1);
    call->map.pixels = (int32_t)(in.h * in.w);
    call->map.in_c = call->map.out_c = (int32_t)in.c;
    call->in[0] = NAS_AT_CALLER;
    call->out = nas_call_at(l, p->input_buffer);
    l->layouts[p->input_buffer] = (layout){in, NULL};
}

static nas_status lower_store(lowering *l)
{
    const nas_program *p = l->calls->program;
    const nas_shape shape = nas_graph_output_shape(l->model->graph);
    const layout natural = {shape, NULL};
    layout out;
    NAS_TRY(nas_call_view(l, l->layouts[p->output_buffer], shape, &out));
    nas_call *call = nas_call_add(
        l, out.order == NULL ? NAS_KERNEL_STORE : NAS_KERNEL_STORE_GATHER, -1);
    call->map.pixels = (int32_t)(shape.h * shape.w);
    call->map.in_c = call->map.out_c = (int32_t)shape.c;
    call->in[0] = nas_call_at(l, p->output_buffer);
    call->out = NAS_AT_CALLER;
    return out.order == NULL ? NAS_OK
                             : nas_call_put_indices(l, &natural, &out, &call->indices);
}

/* Softmax or the user's units, in place on the caller's result; int8 results stay in
 * units of their scale. */
static void lower_head(lowering *l)
{
    const nas_model *model = l->model;
    const bool scales = nas_head_has_scale(model) && l->quant == NULL;
    if (!nas_head_has_softmax(model) && !scales)
        return;
    nas_call *call = nas_call_add(
        l, nas_head_has_softmax(model) ? NAS_KERNEL_SOFTMAX : NAS_KERNEL_AFFINE, -1);
    call->map.pixels = 1;
    call->map.in_c = call->map.out_c = (int32_t)model->n_outputs;
    call->in[0] = call->out = NAS_AT_CALLER;
    if (l->quant != NULL) {
        call->int8.out_zero = l->quant->output.zero;
        call->int8.multiplier =
            nas_quant_softmax_multiplier(nas_quant_last(l->quant).scale);
    }
    if (!scales)
        return;
    call->weights[0] = nas_call_put(l, model->target_deviation, model->n_outputs);
    call->weights[1] = nas_call_put(l, model->target_mean, model->n_outputs);
}

/* Upper bounds of calls and packed weights, so that each is one allocation. */
static nas_status make_room(lowering *l)
{
    const nas_program *p = l->calls->program;
    int64_t floats = 2 * l->model->n_outputs, calls = 4, scales = 0;
    for (int i = 0; i < p->n_steps; i++) {
        const nas_node *node = nas_graph_node(l->model->graph, p->steps[i].node);
        int64_t kernel = 0, bias = 0;
        nas_program_weight_sizes(p, &p->steps[i], &kernel, &bias);
        const int64_t groups =
            p->steps[i].kind == NAS_STEP_CONV ? node->attr[NAS_ATTR_CONV_GROUPS].i : 1;
        floats += kernel * groups + bias + node->n_constants;
        if (p->steps[i].kind == NAS_STEP_SPECTRUM) {
            const nas_rt_spectrum_plan plan = nas_spectrum_plan(node, p->steps[i].in);
            floats += nas_spectrum_table_floats(&plan);
        }
        floats += p->steps[i].kind == NAS_STEP_ADD ? 2 * node->shape.c : 0;
        floats += l->quant != NULL ? NAS_QUANT_TABLE : 0; /* a curve */
        calls += p->steps[i].n_inputs + 1; /* a recurrent step has two directions */
        scales += 2 * bias + 5 * p->steps[i].n_inputs;
    }
    if (!l->counts && (floats > INT32_MAX || p->arena_bytes > INT32_MAX))
        return nas_fail(l->err, NAS_E_UNSUPPORTED,
                        "the network has %lld weights and %lld bytes of activations; "
                        "generated C can address 2147483647 of each",
                        (long long)floats, (long long)p->arena_bytes);
    l->calls->list = NAS_NEW(l->arena, nas_call, calls);
    l->calls->weights =
        NAS_NEW(l->arena, float, l->counts ? 1 : floats + NAS_TABLE_ROUND);
    l->layouts = NAS_NEW(l->arena, layout, p->n_buffers);
    l->calls->scales =
        NAS_NEW(l->arena, int32_t, l->quant == NULL ? 1 : scales + NAS_TABLE_ROUND);
    l->calls->orders = NAS_NEW(l->arena, const uint32_t *, p->n_steps);
    NAS_TRY_ALLOC(l->calls->list, l->err);
    NAS_TRY_ALLOC(l->calls->weights, l->err);
    NAS_TRY_ALLOC(l->calls->scales, l->err);
    NAS_TRY_ALLOC(l->calls->orders, l->err);
    NAS_TRY_ALLOC(l->layouts, l->err);
    return NAS_OK;
}

/* Bytes of n values with what rounding adds; not of none. */
static int64_t rounded(int64_t n, int64_t size)
{
    const int64_t bytes = n > 0 ? n * size : 1;
    return (bytes + NAS_TABLE_ROUND - 1) / NAS_TABLE_ROUND * NAS_TABLE_ROUND;
}

/* Tables end at multiples of 16 bytes, so that between them nothing is lost to
 * alignment, whatever their order, and they are as large as counted. */
static void round_tables(lowering *l)
{
    nas_calls *c = l->calls;
    const int64_t size = l->quant != NULL ? 1 : (int64_t)sizeof(float);
    c->n_weights = rounded(c->n_weights, size) / size;
    c->n_indices = (c->n_indices + NAS_TABLE_ROUND / 4 - 1) / (NAS_TABLE_ROUND / 4) *
                   (NAS_TABLE_ROUND / 4);
    if (l->quant == NULL)
        return;
    c->n_scales = (c->n_scales + NAS_TABLE_ROUND / 4 - 1) / (NAS_TABLE_ROUND / 4) *
                  (NAS_TABLE_ROUND / 4);
    c->n_scales = c->n_scales > 0 ? c->n_scales : NAS_TABLE_ROUND / 4;
}

static nas_status share_tables(lowering *l)
{
    nas_calls *c = l->calls;
    const int64_t n = c->n_weights;
    NAS_TRY(nas_calls_share(l));
    const int64_t size = l->quant != NULL ? 1 : (int64_t)sizeof(float);
    c->shared_bytes = rounded(n, size) - rounded(c->n_weights, size);
    return NAS_OK;
}

static nas_status narrow_weights(lowering *l)
{
    nas_calls *calls = l->calls;
    calls->weights8 = NAS_NEW(l->arena, int8_t, calls->n_weights);
    NAS_TRY_ALLOC(calls->weights8, l->err);
    for (int64_t i = 0; i < calls->n_weights; i++)
        calls->weights8[i] = (int8_t)calls->weights[i];
    return NAS_OK;
}

static nas_status lower_all(lowering *l, const nas_program *program)
{
    l->calls = NAS_NEW(l->arena, nas_calls, 1);
    NAS_TRY_ALLOC(l->calls, l->err);
    l->calls->program = program;
    l->calls->quant = l->quant;
    NAS_TRY(make_room(l));
    lower_load(l);
    for (int i = 0; i < program->n_steps; i++)
        NAS_TRY(lower_step(l, i));
    NAS_TRY(lower_store(l));
    lower_head(l);
    if (!l->counts)
        NAS_TRY(share_tables(l));
    round_tables(l);
    return l->quant == NULL || l->counts ? NAS_OK : narrow_weights(l);
}

static nas_status build(const nas_model *model, bool host, nas_arena *arena,
                        nas_calls **out, nas_err *err)
{
    NAS_TRY(nas_head_check(model, err));
    nas_program *program = NULL;
    nas_program_options options = nas_program_options_default();
    options.apart = host;
    NAS_TRY(nas_program_build(model->graph, &options, arena, &program, err));
    lowering l = {.model = model, .arena = arena, .err = err};
    NAS_TRY(lower_all(&l, program));
    *out = l.calls;
    l.calls->host = host;
    return NAS_OK;
}

nas_status nas_calls_build(const nas_model *model, nas_arena *arena, nas_calls **out,
                           nas_err *err)
{
    return build(model, false, arena, out, err);
}

nas_status nas_calls_build_host(const nas_model *model, nas_arena *arena, nas_calls **out,
                                nas_err *err)
{
    return build(model, true, arena, out, err);
}

nas_status nas_calls_build_int8(const nas_quant *quant, nas_arena *arena, nas_calls **out,
                                nas_err *err)
{
    lowering l = {.model = quant->model, .quant = quant, .arena = arena, .err = err};
    NAS_TRY(lower_all(&l, quant->program));
    *out = l.calls;
    return NAS_OK;
}

/* An int8 network of zeros, as far as lowering looks at one. */
static nas_status make_blank(const nas_program *program, const nas_model *model,
                             nas_arena *arena, nas_quant **out, nas_err *err)
{
    nas_quant *quant = NAS_NEW(arena, nas_quant, 1);
    nas_quant_step *steps = NAS_NEW(arena, nas_quant_step, program->n_steps);
    int most = 1;
    for (int s = 0; s < program->n_steps; s++)
        most = program->steps[s].n_inputs > most ? program->steps[s].n_inputs : most;
    int *sources = NAS_NEW(arena, int, most);
    nas_rescale *terms = NAS_NEW(arena, nas_rescale, most);
    if (quant == NULL || steps == NULL || sources == NULL || terms == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int k = 0; k < most; k++)
        sources[k] = NAS_QUANT_SAMPLE;
    for (int s = 0; s < program->n_steps; s++)
        steps[s] = (nas_quant_step){.sources = sources, .terms = terms};
    quant->model = model;
    quant->steps = steps;
    *out = quant;
    return NAS_OK;
}

nas_status nas_calls_count(nas_program *program, nas_arena *arena, nas_calls **out,
                           nas_err *err)
{
    nas_model *model = NAS_NEW(arena, nas_model, 1);
    NAS_TRY_ALLOC(model, err);
    lowering l = {.model = model, .arena = arena, .counts = true, .err = err};
    nas_quant *quant = NULL;
    /* Read only, as a model's graph is by every exporter. */
    model->graph = (nas_graph *)(uintptr_t)program->graph;
    model->task = NAS_TASK_CLASSIFICATION;
    model->n_outputs = nas_shape_count(nas_graph_output_shape(program->graph));
    if (program->dtype == NAS_INT8) {
        NAS_TRY(make_blank(program, model, arena, &quant, err));
        quant->program = program;
        l.quant = quant;
    }
    NAS_TRY(lower_all(&l, program));
    *out = l.calls;
    return NAS_OK;
}

int64_t nas_calls_table_bytes(const nas_calls *calls)
{
    const int64_t weight = calls->quant == NULL ? (int64_t)sizeof(float) : 1;
    return weight * calls->n_weights + (int64_t)sizeof(int32_t) * calls->n_scales +
           (int64_t)sizeof(uint32_t) * calls->n_indices;
}
