/* SynFlow: how much flows through all weights when they are positive.
 *
 * H. Tanaka, D. Kunin, D. Yamins, S. Ganguli: Pruning neural networks without any data by
 * iteratively conserving synaptic flow. NeurIPS 2020. arXiv:2006.05467
 * M. Abdelfattah, A. Mehrotra, L. Dudziak, N. Lane: Zero-Cost Proxies for Lightweight
 * NAS. ICLR 2021. arXiv:2101.08134
 *
 * Deviations
 * 1. The logarithm of the score: ranks are the same.
 * 2. Activations are the identity, as ReLU is for what is positive. A network with an
 *    operator that is not linear then (recurrent layers) has no score.
 * 3. In place of double precision: tensors carry a power of two of their own, so that
 *    the flow of a deep network fits into floats. W * dR/dW does not change when a weight
 *    is scaled and its output scaled back; only where tensors of different powers meet, a
 *    factor per input brings them together.
 *
 * Notation
 *   R   sum of the outputs for an input of ones, all W replaced by |W|, without norms
 *   score: log sum |W * dR/dW|
 *   power, mean   of a tensor: true values are 2^power times those held, which are
 *                 `mean` on average (an estimate that ignores borders) */
#include "evaluate/probe.h"

#include <math.h>

enum { BATCH = NAS_LANES };

/* A node of the linear network. */
typedef struct flow {
    double power, mean;
} flow;

/* ---- the linear network ----------------------------------------------------------- */

typedef enum step { STEP_KEEP, STEP_SKIP, STEP_JOIN, STEP_NONE } step;

/* What becomes of an operator: it stays, it is the identity, its inputs meet. */
static step step_of(nas_op_kind op)
{
    switch (op) {
    case NAS_OP_CONV:
    case NAS_OP_DEPTHWISE:
    case NAS_OP_DENSE:
    case NAS_OP_MAX_POOL:
    case NAS_OP_AVG_POOL:
    case NAS_OP_GLOBAL_AVG_POOL:
    case NAS_OP_FLATTEN:
        return STEP_KEEP;
    case NAS_OP_STANDARDISE:
    case NAS_OP_BATCH_NORM:
    case NAS_OP_RELU:
    case NAS_OP_RELU6:
#define CURVE_CASE(upper, lower) case NAS_OP_##upper:
        NAS_CURVE_LIST(CURVE_CASE)
#undef CURVE_CASE
    case NAS_OP_DROPOUT:
    case NAS_OP_SOFTMAX:
        return STEP_SKIP;
    case NAS_OP_ADD:
    case NAS_OP_CONCAT:
        return STEP_JOIN;
    default:
        return STEP_NONE;
    }
}

static const char FACTOR[] = "factor";

/* Add node `index` of the network. @param at  [nodes] index in the builder
 * @return false when it cannot be part of a linear network */
static bool add_node(nas_graph_builder *builder, const nas_graph *graph, int index,
                     int *at, int *inputs)
{
    const nas_node *node = nas_graph_node(graph, index);
    if (node->op == NAS_OP_INPUT) {
        at[index] = nas_graph_add_input(builder, node->shape);
        return true;
    }
    const step part = step_of(node->op);
    for (int i = 0; i < node->n_inputs; i++)
        inputs[i] =
            part == STEP_JOIN
                ? nas_graph_add_depthwise(builder, at[node->inputs[i]], 1, 1, FACTOR)
                : at[node->inputs[i]];
    at[index] = part == STEP_SKIP ? inputs[0]
                                  : nas_graph_add(builder, node->op, node->attr, inputs,
                                                  node->n_inputs, NULL);
    return part != STEP_NONE;
}

/* @param out  NULL: there is none */
static nas_status make_linear(nas_arena *arena, const nas_graph *graph, nas_graph **out,
                              nas_err *err)
{
    const int n = nas_graph_count(graph);
    int most = 1;
    for (int i = 0; i < n; i++)
        most = nas_graph_node(graph, i)->n_inputs > most
                   ? nas_graph_node(graph, i)->n_inputs
                   : most;
    int *at = NAS_NEW(arena, int, n + most), *inputs = at + n;
    NAS_TRY_ALLOC(at, err);
    nas_graph_builder *builder = nas_graph_builder_new();
    NAS_TRY_ALLOC(builder, err);
    bool linear = true;
    for (int i = 0; i < n && linear; i++)
        linear = add_node(builder, graph, i, at, inputs);
    *out = NULL;
    nas_status status =
        linear ? nas_graph_finish(builder, at[nas_graph_output(graph)], out, err)
               : NAS_OK;
    nas_graph_builder_free(builder);
    return status;
}

static bool is_factor(const nas_node *node)
{
    return node->op == NAS_OP_DEPTHWISE && node->name[0] == FACTOR[0];
}

/* ---- powers ----------------------------------------------------------------------- */

/* Kernels become |W| divided by a power of two that keeps the output's mean near 1. */
static flow flow_of_weighted(nas_net *net, const nas_graph *graph, int index, flow in)
{
    const nas_weight *kernel = nas_graph_weight_of(graph, index, NAS_WEIGHT_KERNEL);
    float *w = nas_net_weights(net) + kernel->offset;
    double sum = 0;
    for (int64_t k = 0; k < kernel->count; k++) {
        w[k] = fabsf(w[k]);
        sum += (double)w[k];
    }
    const double mean = in.mean * sum / (double)kernel->dim[0];
    if (!(mean > 0))
        return (flow){in.power, mean};
    const double power = round(log2(mean));
    for (int64_t k = 0; k < kernel->count; k++)
        w[k] = (float)ldexp((double)w[k], -(int)power);
    return (flow){in.power + power, ldexp(mean, -(int)power)};
}

/* The factors before node `index` bring its inputs to one power. */
static flow flow_of_join(nas_net *net, const nas_graph *graph, int index, flow *flows)
{
    const nas_node *node = nas_graph_node(graph, index);
    const bool concat = node->op == NAS_OP_CONCAT;
    flow out = {-(double)INFINITY, 0};
    for (int i = 0; i < node->n_inputs; i++) {
        const flow in = flows[node->inputs[i]];
        if (in.mean > 0)
            out.power = fmax(out.power, round(in.power + log2(in.mean)));
    }
    if (isinf(out.power))
        out.power = 0;
    for (int i = 0; i < node->n_inputs; i++) {
        const flow in = flows[node->inputs[i]];
        const double factor = exp2(in.power - out.power);
        const nas_weight *kernel =
            nas_graph_weight_of(graph, node->inputs[i], NAS_WEIGHT_KERNEL);
        for (int64_t c = 0; c < kernel->count; c++)
            nas_net_weights(net)[kernel->offset + c] = (float)factor;
        const double share = concat ? (double)kernel->count / (double)node->shape.c : 1;
        out.mean += share * factor * in.mean;
    }
    return out;
}

static void set_weights(nas_net *net, const nas_graph *graph, flow *flows)
{
    for (int i = 0; i < nas_graph_count(graph); i++) {
        const nas_node *node = nas_graph_node(graph, i);
        const flow in = i > 0 ? flows[node->inputs[0]] : (flow){0, 1};
        const bool through = i == 0 || is_factor(node) || node->op == NAS_OP_FLATTEN;
        flows[i] = in; /* of pools too */
        if (!through && step_of(node->op) == STEP_JOIN)
            flows[i] = flow_of_join(net, graph, i, flows);
        else if (!through && nas_graph_weight_of(graph, i, NAS_WEIGHT_KERNEL) != NULL)
            flows[i] = flow_of_weighted(net, graph, i, in);
    }
}

/* ---- the score -------------------------------------------------------------------- */

/* One of the samples flows; the batch is what the engine takes at least. */
static nas_status pass_ones(nas_probe *probe, int64_t outputs, nas_err *err)
{
    const int64_t size = nas_shape_count(probe->batch->shape);
    float *ones = NAS_NEW(probe->arena, float, BATCH *size);
    float *gradient = NAS_NEW(probe->arena, float, BATCH *outputs);
    NAS_TRY_ALLOC(ones, err);
    NAS_TRY_ALLOC(gradient, err);
    for (int64_t i = 0; i < BATCH * size; i++)
        ones[i] = 1.0f;
    for (int64_t k = 0; k < outputs; k++)
        gradient[k] = 1.0f;
    nas_probe_pass(probe, ones);
    nas_net_backward_from(probe->net, gradient);
    return NAS_OK;
}

static double sum_flow(const nas_probe *probe, const nas_graph *graph)
{
    double sum = 0;
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *weight = nas_graph_weight(graph, i);
        if (!nas_probe_weighs(weight) || is_factor(nas_graph_node(graph, weight->node)))
            continue;
        const float *w = nas_net_weights(probe->net) + weight->offset;
        const float *g = nas_net_gradients(probe->net) + weight->offset;
        for (int64_t k = 0; k < weight->count; k++)
            sum += fabs((double)w[k] * (double)g[k]);
    }
    return sum;
}

static nas_status score_linear(nas_probe *probe, const nas_graph *graph, double *out,
                               nas_err *err)
{
    flow *flows = NAS_NEW(probe->arena, flow, nas_graph_count(graph));
    NAS_TRY_ALLOC(flows, err);
    NAS_TRY(nas_probe_compile(probe, graph, BATCH, err));
    nas_net_init(probe->net, nas_probe_stream(probe, PROBE_USE_SYNFLOW));
    set_weights(probe->net, graph, flows);
    NAS_TRY(pass_ones(probe, nas_shape_count(nas_graph_output_shape(graph)), err));
    const double power = flows[nas_graph_output(graph)].power;
    *out = log(sum_flow(probe, graph)) + power * log(2);
    return NAS_OK;
}

static nas_status score_synflow(nas_probe *probe, double *out, nas_err *err)
{
    nas_graph *graph = NULL;
    NAS_TRY(make_linear(probe->arena, probe->graph, &graph, err));
    if (graph == NULL)
        return NAS_OK;
    nas_status status = score_linear(probe, graph, out, err);
    nas_graph_free(graph);
    return status;
}

const nas_proxy nas_proxy_synflow = {
    .name = "synflow",
    .summary = "flow through positive weights, as a logarithm",
    .cite = "tanaka2020synflow",
    .drawn = true,
    .score = score_synflow,
};
