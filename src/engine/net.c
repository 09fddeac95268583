/* Compiling a graph: lower, lay out, prepare jobs, bind to the workspace. */
#include "engine/denormal.h"
#include "engine/layout.h"
#include "engine/pass.h"
#include "engine/workspace.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

nas_net_options nas_net_options_default(void)
{
    return (nas_net_options){
        .batch = 64, .threads = 1, .isa = nas_isa_best(), .training = true};
}

/* ---- compiling ------------------------------------------------------------------- */

/* Constants of encode, and room for a block of raw and of encoded rows. */
static nas_status compile_encode(nas_net *net, const nas_node *node, nas_err *err)
{
    net->front_columns = nas_arena_copy(net->arena, node->constants,
                                        (size_t)node->n_constants * sizeof(float));
    net->front_raw = NAS_NEW(net->arena, float, net->raw);
    net->front_rows = NAS_NEW(net->arena, float, NAS_LANES * node->shape.c);
    NAS_TRY_ALLOC(net->front_columns, err);
    NAS_TRY_ALLOC(net->front_raw, err);
    NAS_TRY_ALLOC(net->front_rows, err);
    return NAS_OK;
}

/* Fold all standardise nodes into one mean and factor per input channel:
 * ((x - m1)*s1 - m2)*s2 = (x - (m1 + m2/s1)) * (s1*s2). */
static nas_status compile_front(nas_net *net, const nas_graph *graph, nas_err *err)
{
    const nas_shape input = nas_graph_inner_shape(graph);
    const int64_t channels = input.c;
    net->raw = nas_shape_count(nas_graph_input_shape(graph));
    net->plane = NAS_NEW(net->arena, float, input.h *input.w);
    NAS_TRY_ALLOC(net->plane, err);
    net->front_mean = NAS_NEW(net->arena, float, channels);
    net->front_inverse = NAS_NEW(net->arena, float, channels);
    NAS_TRY_ALLOC(net->front_mean, err);
    NAS_TRY_ALLOC(net->front_inverse, err);
    for (int64_t c = 0; c < channels; c++)
        net->front_inverse[c] = 1.0f;
    for (int i = 0; i < nas_graph_count(graph); i++) {
        const nas_node *node = nas_graph_node(graph, i);
        if (node->op == NAS_OP_ENCODE)
            NAS_TRY(compile_encode(net, node, err));
        if (node->op != NAS_OP_STANDARDISE)
            continue;
        for (int64_t c = 0; c < channels; c++) {
            net->front_mean[c] += node->constants[c] / net->front_inverse[c];
            net->front_inverse[c] *= node->constants[channels + c];
        }
    }
    return NAS_OK;
}

/* The computed part of the front section, for rows that come as in the source. */
static nas_status compile_spectrum(nas_net *net, const nas_graph *graph, nas_err *err)
{
    net->front_key = nas_graph_front_key(graph);
    NAS_TRY(nas_spectrum_new(graph, &net->spectrum, err));
    if (net->spectrum == NULL)
        return NAS_OK;
    const int64_t input = nas_shape_count(nas_spectrum_shape(net->spectrum));
    net->sound =
        NAS_NEW(net->arena, float, nas_shape_count(nas_graph_input_shape(graph)));
    net->spectrum_work = NAS_NEW(net->arena, float, nas_spectrum_work(net->spectrum));
    net->behind = NAS_NEW(net->arena, float, NAS_LANES *input);
    NAS_TRY_ALLOC(net->sound, err);
    NAS_TRY_ALLOC(net->spectrum_work, err);
    NAS_TRY_ALLOC(net->behind, err);
    return NAS_OK;
}

/* What the loss needs besides the output. */
static nas_status compile_loss(nas_net *net, nas_err *err)
{
    const size_t batch = (size_t)net->options.batch, outputs = (size_t)net->outputs;
    net->labels = NAS_NEW(net->arena, int32_t, batch);
    net->targets = NAS_NEW(net->arena, float, batch *outputs);
    net->partner = NAS_NEW(net->arena, int, batch);
    net->share = NAS_NEW(net->arena, float, batch);
    net->mixed_gradient = NAS_NEW(net->arena, float, outputs);
    net->target_mean = NAS_NEW(net->arena, float, outputs);
    net->target_deviation = NAS_NEW(net->arena, float, outputs);
    NAS_TRY_ALLOC(net->labels, err);
    NAS_TRY_ALLOC(net->targets, err);
    NAS_TRY_ALLOC(net->partner, err);
    NAS_TRY_ALLOC(net->share, err);
    NAS_TRY_ALLOC(net->mixed_gradient, err);
    NAS_TRY_ALLOC(net->target_mean, err);
    NAS_TRY_ALLOC(net->target_deviation, err);
    for (size_t k = 0; k < outputs; k++)
        net->target_deviation[k] = 1.0f;
    if (net->options.class_weights == NULL)
        return NAS_OK;
    net->class_weights =
        nas_arena_copy(net->arena, net->options.class_weights, outputs * sizeof(float));
    NAS_TRY_ALLOC(net->class_weights, err);
    net->options.class_weights = net->class_weights;
    return NAS_OK;
}

/* Trained tensors as runs of one weight decay. */
static nas_status compile_weights(nas_net *net, const nas_graph *graph, nas_err *err)
{
    net->params = nas_graph_params(graph);
    net->floats = nas_graph_floats(graph);
    net->n_tensors = nas_graph_weight_count(graph);
    net->tensors = NAS_NEW(net->arena, nas_weight, net->n_tensors);
    net->segments = NAS_NEW(net->arena, nas_segment, net->n_tensors);
    NAS_TRY_ALLOC(net->tensors, err);
    NAS_TRY_ALLOC(net->segments, err);
    for (int i = 0; i < net->n_tensors; i++) {
        const nas_weight *weight = nas_graph_weight(graph, i);
        net->tensors[i] = *weight;
        if (!weight->trained)
            continue;
        const bool decayed =
            weight->role == NAS_WEIGHT_KERNEL || weight->role == NAS_WEIGHT_RECURRENT;
        nas_segment *last = &net->segments[net->n_segments - (net->n_segments > 0)];
        if (net->n_segments > 0 && last->decayed == decayed &&
            last->offset + last->count == weight->offset)
            last->count += weight->count;
        else
            net->segments[net->n_segments++] =
                (nas_segment){weight->offset, weight->count, decayed};
    }
    return NAS_OK;
}

static nas_status prepare_units(nas_net *net, nas_err *err)
{
    for (int u = 0; u < net->n_units; u++) {
        nas_unit *unit = &net->units[u];
        const int64_t channels = unit->y.channels;
        unit->totals = NAS_NEW(net->arena, double, 2 * channels);
        unit->norm.batch_mean = NAS_NEW(net->arena, double, channels);
        unit->norm.inverse = NAS_NEW(net->arena, double, channels);
        NAS_TRY_ALLOC(unit->totals, err);
        NAS_TRY_ALLOC(unit->norm.batch_mean, err);
        NAS_TRY_ALLOC(unit->norm.inverse, err);
        if (unit->core == NAS_CORE_CONV || unit->core == NAS_CORE_DEPTHWISE)
            NAS_TRY(nas_prepare_window(net, unit, err));
        if (unit->core == NAS_CORE_RECURRENT)
            NAS_TRY(nas_prepare_recurrent(net, unit, err));
        if (unit->core == NAS_CORE_DENSE)
            NAS_TRY(nas_prepare_dense(net, unit, err));
        if (unit->core == NAS_CORE_POSITIONS)
            NAS_TRY(nas_prepare_positions(net, unit, err));
    }
    return NAS_OK;
}

/* Everything that needs no memory of the workspace. */
static nas_status compile_layout(nas_net *net, const nas_graph *graph,
                                 nas_memory_map *map, nas_err *err)
{
    NAS_TRY(nas_lower(net, graph, err));
    NAS_TRY(compile_weights(net, graph, err));
    nas_layout(net);
    return nas_layout_map(net, map, err);
}

static void bind_parameter(const nas_net *net, nas_parameter *parameter)
{
    if (parameter->count == 0)
        return;
    parameter->w = net->weights + parameter->offset;
    if (net->options.training && parameter->offset < net->params)
        parameter->g = net->gradients + parameter->offset;
}

void nas_unit_parameters(nas_unit *unit, nas_parameter *out[NAS_UNIT_PARAMETERS])
{
    nas_recurrent *r = &unit->recurrent;
    nas_parameter *all[NAS_UNIT_PARAMETERS] = {
        &unit->kernel,    &unit->bias,          &unit->norm.gamma, &unit->norm.beta,
        &unit->norm.mean, &unit->norm.variance, &r->carry,         &r->bias,
        &r->carry_bias,   &unit->series.shift};
    memcpy(out, all, sizeof all);
}

/* Pointers of parameters; vectors of units without a norm stand for the identity. */
static void bind_units(nas_net *net)
{
    for (int u = 0; u < net->n_units; u++) {
        nas_unit *unit = &net->units[u];
        nas_parameter *all[NAS_UNIT_PARAMETERS];
        nas_unit_parameters(unit, all);
        for (int i = 0; i < NAS_UNIT_PARAMETERS; i++)
            bind_parameter(net, all[i]);
        for (int c = 0; c < unit->y.channels; c++) {
            unit->scale[c] = unit->a[c] = 1.0f;
            unit->shift[c] = unit->b[c] = unit->c[c] = 0.0f;
        }
        memset(unit->sum, 0, (size_t)unit->y.channels * NAS_LANES * sizeof(float));
        memset(unit->square, 0, (size_t)unit->y.channels * NAS_LANES * sizeof(float));
    }
}

static nas_status compile_memory(nas_net *net, const nas_memory_map *map,
                                 nas_workspace *workspace, nas_err *err)
{
    void *base;
    NAS_TRY(nas_workspace_reserve(workspace, map->bytes, &base, err));
    nas_layout_bind(net, map, base);
    bind_units(net);
    /* The input's margins stay zero: nothing else is placed there. */
    const nas_tensor *input = &net->units[0].z;
    memset(input->view.data - input->lead, 0,
           (size_t)(net->blocks * input->view.block) * sizeof(float));
    memset(net->weights, 0, (size_t)net->floats * sizeof(float));
    if (net->options.training) {
        const size_t params = (size_t)net->params * sizeof(float);
        memset(net->gradients, 0, params);
        memset(net->slot[0], 0, params);
        memset(net->slot[1], 0, params);
        memset(net->average, 0, params);
    }
    return NAS_OK;
}

static nas_status net_new(const nas_net_options *options, nas_net **out, nas_err *err)
{
    assert(options->batch > 0 && options->batch % NAS_LANES == 0);
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_net *net = NAS_NEW(arena, nas_net, 1);
    if (net == NULL) {
        nas_arena_free(arena);
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    }
    net->arena = arena;
    net->options = *options;
    net->blocks = options->batch / NAS_LANES;
    net->norm_momentum = -1.0f;
    net->profile = getenv("NASMITH_PROFILE") != NULL;
    *out = net;
    return NAS_OK;
}

/* A step of fewer products takes less than a millisecond; handing its data from core to
 * core costs more than sharing it saves. */
static const double LEAST_SHARED_MACS = 16e6;

/* With several threads the kernels are those that share their work. */
nas_status nas_net_set_threads(nas_net *net, int threads, nas_err *err)
{
    net->kernels = net->split.kernels;
    net->options.threads = 1;
    if (threads <= 1 || net->macs * (double)net->options.batch < LEAST_SHARED_MACS)
        return NAS_OK;
    NAS_TRY(nas_workspace_crew(net->workspace, threads, &net->split.crew, err));
    net->kernels = &net->shared_kernels;
    net->options.threads = threads;
    return NAS_OK;
}

static nas_status compile(nas_net *net, const nas_graph *graph, nas_workspace *workspace,
                          nas_err *err)
{
    net->split.kernels = nas_kernels_get(net->options.isa);
    if (net->split.kernels == NULL)
        return nas_fail(err, NAS_E_UNSUPPORTED, "this machine has no %s instructions",
                        nas_isa_name(net->options.isa));
    net->shared_kernels = nas_split_kernels(net->split.kernels);
    net->workspace = workspace;
    net->macs = (double)nas_graph_macs(graph);
    NAS_TRY(nas_net_set_threads(net, net->options.threads, err));
    nas_memory_map map;
    NAS_TRY(compile_front(net, graph, err));
    NAS_TRY(compile_layout(net, graph, &map, err));
    NAS_TRY(compile_loss(net, err));
    NAS_TRY(prepare_units(net, err));
    NAS_TRY(nas_prepare_gates(net, err));
    net->options.gated = NULL; /* the caller's */
    return compile_memory(net, &map, workspace, err);
}

/* A network with a spectrum is compiled as what stands behind it. */
static nas_status compile_behind(nas_net *net, const nas_graph *graph,
                                 nas_workspace *workspace, nas_err *err)
{
    nas_graph *behind = NULL;
    NAS_TRY(compile_spectrum(net, graph, err));
    if (net->spectrum == NULL)
        return compile(net, graph, workspace, err);
    NAS_TRY(nas_graph_behind(graph, &behind, err));
    nas_status status = compile(net, behind, workspace, err);
    nas_graph_free(behind);
    return status;
}

nas_status nas_net_compile(const nas_graph *graph, const nas_net_options *options,
                           nas_workspace *workspace, nas_net **out, nas_err *err)
{
    nas_net *net;
    *out = NULL;
    NAS_TRY(net_new(options, &net, err));
    nas_status status = compile_behind(net, graph, workspace, err);
    if (status != NAS_OK) {
        nas_net_free(net);
        return status;
    }
    *out = net;
    return NAS_OK;
}

void nas_net_free(nas_net *net)
{
    if (net == NULL)
        return;
    nas_spectrum_free(net->spectrum);
    nas_arena_free(net->arena);
}

int64_t nas_net_memory_bytes(const nas_graph *graph, const nas_net_options *options)
{
    nas_net *net;
    nas_memory_map map = {.bytes = INT64_MAX};
    if (net_new(options, &net, NULL) != NAS_OK)
        return INT64_MAX;
    nas_graph *behind = NULL;
    nas_status status = NAS_OK;
    if (nas_graph_front_key(graph) != 0)
        status = nas_graph_behind(graph, &behind, NULL);
    if (status == NAS_OK)
        status = compile_layout(net, behind == NULL ? graph : behind, &map, NULL);
    nas_graph_free(behind);
    nas_net_free(net);
    return status == NAS_OK ? map.bytes : INT64_MAX;
}

/* ---- parameters ------------------------------------------------------------------ */

float *nas_net_weights(nas_net *net)
{
    return net->weights;
}

float *nas_net_gradients(nas_net *net)
{
    return net->gradients;
}

int64_t nas_net_params(const nas_net *net)
{
    return net->params;
}

int64_t nas_net_floats(const nas_net *net)
{
    return net->floats;
}

static bool is_one(const nas_weight *tensor, int64_t at)
{
    return at >= tensor->ones_from && at < tensor->ones_from + tensor->ones_count;
}

void nas_weight_init(const nas_weight *tensor, nas_rng *rng, float *w)
{
    const int64_t run = tensor->dim[tensor->rank - 1];
    const double deviation =
        tensor->fan_in > 0 ? sqrt(2.0 / (double)tensor->fan_in) : 0.0;
    for (int64_t k = 0; k < tensor->count; k++) {
        if (tensor->fan_in > 0)
            w[k] = (float)(nas_rng_normal(rng) * deviation);
        else
            w[k] = is_one(tensor, k % run) ? 1.0f : 0.0f;
    }
}

void nas_net_init(nas_net *net, nas_rng rng)
{
    for (int i = 0; i < net->n_tensors; i++)
        nas_weight_init(&net->tensors[i], &rng, net->weights + net->tensors[i].offset);
    net->average_weight = 0;
    if (!net->options.training)
        return;
    const size_t params = (size_t)net->params * sizeof(float);
    memset(net->slot[0], 0, params);
    memset(net->slot[1], 0, params);
    memset(net->average, 0, params);
}

/* ---- passes ---------------------------------------------------------------------- */

double nas_net_forward(nas_net *net, bool training, nas_rng *rng)
{
    assert(!training || (net->options.training && net->valid == net->options.batch));
    for (int u = 0; u < net->n_units && training; u++) {
        if (net->units[u].core == NAS_CORE_DROPOUT)
            net->units[u].dropout_seed = nas_rng_u32(rng);
    }
    nas_float_mode mode = nas_flush_denormals();
    nas_split before = nas_split_enter(net->split);
    double loss = nas_pass_forward(net, training);
    nas_split_leave(before);
    nas_restore_float_mode(mode);
    return loss;
}

void nas_net_set_norm_momentum(nas_net *net, float momentum)
{
    net->norm_momentum = momentum;
}

void nas_net_input_gradient(const nas_net *net, float *out)
{
    const nas_tensor *dz = &net->units[0].dz;
    assert(net->options.training && net->options.input_gradient);
    const int plane = dz->height * dz->width, size = dz->channels * plane;
    for (int n = 0; n < net->valid; n++) {
        const float *block = dz->view.data + n / NAS_LANES * dz->view.block;
        for (int i = 0; i < size; i++)
            out[(int64_t)n * size + i] =
                block[i / plane * dz->view.plane + i % plane / dz->width * dz->view.row +
                      i % dz->width * NAS_LANES + n % NAS_LANES];
    }
}

void nas_net_backward(nas_net *net)
{
    assert(net->train);
    nas_float_mode mode = nas_flush_denormals();
    nas_split before = nas_split_enter(net->split);
    nas_pass_backward(net);
    nas_split_leave(before);
    nas_restore_float_mode(mode);
}
