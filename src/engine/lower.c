/* Lowering: graph operators become units. Every fusion is one rule, `fuses_*`; an
 * operator that no rule accepts becomes a unit of its own. */
#include "engine/unit.h"

#include <assert.h>
#include <math.h>

/* How often a node's value is read; the loss reads the output. */
static int uses(const nas_graph *graph, int node)
{
    const int *unused;
    return nas_graph_consumers(graph, node, &unused) + (node == nas_graph_output(graph));
}

/* The unit whose z is `node`, and nobody else reads that value. */
static nas_unit *sole_producer(nas_net *net, const nas_graph *graph, int node)
{
    nas_unit *unit = &net->units[net->node_unit[node]];
    bool sole = unit->out_node == node && uses(graph, node) == 1;
    return sole && unit->core != NAS_CORE_INPUT ? unit : NULL;
}

/* Norm behind a core, before any activation or pool. */
static bool fuses_norm(const nas_unit *unit)
{
    return unit != NULL && !unit->norm.present && !unit->activated &&
           unit->tail == NAS_TAIL_NONE;
}

/* Activation behind a core or its norm. */
static bool fuses_activation(const nas_unit *unit)
{
    return unit != NULL && !unit->activated && unit->tail == NAS_TAIL_NONE;
}

/* Pool behind a convolution: y is stored anyway and the pooled z replaces the full one,
 * unless somebody wants to look at that. */
static bool fuses_tail(const nas_net *net, const nas_unit *unit)
{
    return unit != NULL && !net->options.taps && unit->tail == NAS_TAIL_NONE &&
           (unit->core == NAS_CORE_CONV || unit->core == NAS_CORE_DEPTHWISE);
}

/* Windows of 1 or 2 rows and columns that do not overlap. */
static bool pool_is_tail(const nas_node *node)
{
    int64_t h = node->attr[NAS_ATTR_KERNEL_H].i, w = node->attr[NAS_ATTR_KERNEL_W].i;
    return node->op == NAS_OP_MAX_POOL && h <= 2 && w <= 2 &&
           h == node->attr[NAS_ATTR_STRIDE_H].i && w == node->attr[NAS_ATTR_STRIDE_W].i;
}

/* ---- units ----------------------------------------------------------------------- */

static nas_parameter parameter_of(const nas_graph *graph, int node, nas_weight_role role)
{
    const nas_weight *weight = nas_graph_weight_of(graph, node, role);
    if (weight == NULL)
        return (nas_parameter){.offset = -1};
    return (nas_parameter){.offset = weight->offset, .count = weight->count};
}

static nas_tensor tensor_of(nas_shape shape)
{
    return (nas_tensor){
        .channels = (int)shape.c, .height = (int)shape.h, .width = (int)shape.w};
}

static nas_unit *unit_add(nas_net *net, const nas_graph *graph, int index, nas_core core)
{
    const nas_node *node = nas_graph_node(graph, index);
    nas_unit *unit = &net->units[net->n_units];
    unit->core = core;
    unit->node = unit->out_node = index;
    unit->kernel.offset = unit->bias.offset = -1;
    unit->low = -INFINITY;
    unit->high = INFINITY;
    unit->n_inputs = core == NAS_CORE_INPUT ? 0 : node->n_inputs;
    unit->inputs = NAS_NEW(net->arena, int, unit->n_inputs + 1);
    unit->first = NAS_NEW(net->arena, bool, unit->n_inputs + 1);
    if (unit->inputs == NULL || unit->first == NULL)
        return NULL;
    for (int i = 0; i < unit->n_inputs; i++)
        unit->inputs[i] = net->node_unit[node->inputs[i]];
    unit->y = unit->z =
        tensor_of(core == NAS_CORE_INPUT ? nas_graph_inner_shape(graph) : node->shape);
    net->node_unit[index] = net->n_units++;
    return unit;
}

static void set_window(nas_unit *unit, const nas_node *node, bool convolves)
{
    const nas_value *attr = node->attr;
    int pad = (int)attr[NAS_ATTR_PAD].i;
    nas_window w = {
        .kernel_h = (int)attr[NAS_ATTR_KERNEL_H].i,
        .kernel_w = (int)attr[NAS_ATTR_KERNEL_W].i,
        .stride_h = (int)attr[NAS_ATTR_STRIDE_H].i,
        .stride_w = (int)attr[NAS_ATTR_STRIDE_W].i,
        .dilation_h = convolves ? (int)attr[NAS_ATTR_DILATION_H].i : 1,
        .dilation_w = convolves ? (int)attr[NAS_ATTR_DILATION_W].i : 1,
        .groups = node->op == NAS_OP_CONV ? (int)attr[NAS_ATTR_CONV_GROUPS].i : 1,
    };
    w.pad_h = (int)nas_window_pad_before(w.kernel_h, w.dilation_h, pad);
    w.pad_w = (int)nas_window_pad_before(w.kernel_w, w.dilation_w, pad);
    unit->window = w;
}

static void lower_weighted(nas_unit *unit, const nas_graph *graph, int index)
{
    const nas_node *node = nas_graph_node(graph, index);
    unit->kernel = parameter_of(graph, index, NAS_WEIGHT_KERNEL);
    unit->bias = parameter_of(graph, index, NAS_WEIGHT_BIAS);
    if (unit->core != NAS_CORE_DENSE)
        set_window(unit, node, true);
}

/* The biases are its own: unit->bias is one per channel of y. */
static void lower_recurrent(nas_unit *unit, const nas_graph *graph, int index)
{
    const nas_node *node = nas_graph_node(graph, index);
    unit->kernel = parameter_of(graph, index, NAS_WEIGHT_KERNEL);
    unit->recurrent = (nas_recurrent){
        .op = node->op,
        .units = (int)node->attr[NAS_ATTR_RECURRENT_OUT].i,
        .directions = node->attr[NAS_ATTR_RECURRENT_BIDIRECTIONAL].i ? 2 : 1,
        .sequence = node->attr[NAS_ATTR_RECURRENT_SEQUENCE].i != 0,
        .carry = parameter_of(graph, index, NAS_WEIGHT_RECURRENT),
        .bias = parameter_of(graph, index, NAS_WEIGHT_BIAS),
        .carry_bias = parameter_of(graph, index, NAS_WEIGHT_CARRY_BIAS),
    };
}

/* Scale or table in the kernel's place, so that the unit counts as one with weights. */
static void lower_series(nas_unit *unit, const nas_graph *graph, int index)
{
    const nas_node *node = nas_graph_node(graph, index);
    const bool norm = unit->core == NAS_CORE_SAMPLE_NORM;
    unit->kernel = parameter_of(graph, index, norm ? NAS_WEIGHT_SCALE : NAS_WEIGHT_TABLE);
    unit->series.shift =
        parameter_of(graph, index, norm ? NAS_WEIGHT_SHIFT : NAS_WEIGHT_BIAS);
    if (norm)
        unit->series.epsilon = (float)node->attr[NAS_ATTR_SAMPLE_NORM_EPSILON].f;
    if (node->op == NAS_OP_GROUP_NORM)
        unit->series.groups = (int)node->attr[NAS_ATTR_SAMPLE_NORM_GROUPS].i;
    if (node->op == NAS_OP_ATTENTION)
        unit->series.groups = (int)node->attr[NAS_ATTR_ATTENTION_HEADS].i;
}

static bool is_series(nas_core core)
{
    return core == NAS_CORE_SAMPLE_NORM || core == NAS_CORE_TOKENS ||
           core == NAS_CORE_POSITIONS || core == NAS_CORE_ATTENTION;
}

static void lower_norm(nas_unit *unit, const nas_graph *graph, int index)
{
    const nas_node *node = nas_graph_node(graph, index);
    unit->norm = (nas_norm){
        .present = true,
        .gamma = parameter_of(graph, index, NAS_WEIGHT_SCALE),
        .beta = parameter_of(graph, index, NAS_WEIGHT_SHIFT),
        .mean = parameter_of(graph, index, NAS_WEIGHT_MEAN),
        .variance = parameter_of(graph, index, NAS_WEIGHT_VARIANCE),
        .epsilon = (float)node->attr[NAS_ATTR_BN_EPSILON].f,
        .momentum = (float)node->attr[NAS_ATTR_BN_MOMENTUM].f,
    };
}

static void lower_activation(nas_unit *unit, const nas_node *node)
{
    unit->activated = true;
    unit->low = 0.0f;
    unit->high = node->op == NAS_OP_RELU6 ? 6.0f : INFINITY;
}

static void lower_curve(nas_unit *unit, const nas_node *node)
{
    unit->curve = node->op;
    if (node->op == NAS_OP_LEAKY_RELU)
        unit->slope = (float)node->attr[NAS_ATTR_LEAKY_SLOPE].f;
}

/* Fused into `unit`: its z is now node `index`. */
static void absorb(nas_net *net, nas_unit *unit, const nas_graph *graph, int index)
{
    unit->out_node = index;
    unit->z = tensor_of(nas_graph_node(graph, index)->shape);
    net->node_unit[index] = (int)(unit - net->units);
}

/* The node computes nothing here: its value is its input's. */
static void lower_alias(nas_net *net, const nas_graph *graph, int index)
{
    int input = nas_graph_node(graph, index)->inputs[0];
    nas_unit *unit = &net->units[net->node_unit[input]];
    net->node_unit[index] = net->node_unit[input];
    if (unit->out_node == input && uses(graph, input) == 1)
        unit->out_node = index;
}

static void lower_tail(nas_net *net, nas_unit *unit, const nas_graph *graph, int index)
{
    const nas_node *node = nas_graph_node(graph, index);
    unit->tail = NAS_TAIL_MEAN;
    if (node->op == NAS_OP_MAX_POOL) {
        unit->tail = NAS_TAIL_MAX;
        unit->pool_h = (int)node->attr[NAS_ATTR_KERNEL_H].i;
        unit->pool_w = (int)node->attr[NAS_ATTR_KERNEL_W].i;
    }
    absorb(net, unit, graph, index);
}

/* ---- nodes ----------------------------------------------------------------------- */

static bool feeds_only_dense(const nas_graph *graph, int index)
{
    const int *consumers;
    int n = nas_graph_consumers(graph, index, &consumers);
    for (int i = 0; i < n; i++) {
        if (nas_graph_node(graph, consumers[i])->op != NAS_OP_DENSE)
            return false;
    }
    return index != nas_graph_output(graph);
}

/* Operators whose value is their input's in this network. */
static bool is_alias(const nas_net *net, const nas_graph *graph, int index)
{
    const nas_node *node = nas_graph_node(graph, index);
    switch (node->op) {
    case NAS_OP_ENCODE: /* applied while a batch is gathered */
    case NAS_OP_STANDARDISE:
        return true;
    case NAS_OP_FLATTEN: { /* a dense core reads (C,H,W) in that order itself */
        nas_shape in = nas_graph_node(graph, node->inputs[0])->shape;
        return (in.h == 1 && in.w == 1) || feeds_only_dense(graph, index);
    }
    case NAS_OP_DROPOUT:
        return !net->options.training || node->attr[NAS_ATTR_DROPOUT_RATE].f <= 0;
    case NAS_OP_SOFTMAX: /* cross-entropy takes logits */
        return index == nas_graph_output(graph) &&
               net->options.loss == NAS_LOSS_CROSS_ENTROPY;
    default:
        return false;
    }
}

static nas_core core_of(const nas_net *net, nas_op_kind op, int index)
{
    static const nas_core cores[NAS_OP_COUNT] = {
        [NAS_OP_INPUT] = NAS_CORE_INPUT,
        [NAS_OP_ENCODE] = NAS_CORE_VIEW,
        [NAS_OP_STANDARDISE] = NAS_CORE_VIEW,
        [NAS_OP_SPECTRUM] = NAS_CORE_VIEW, /* never met: compiled nets begin behind it */
        [NAS_OP_CONV] = NAS_CORE_CONV,
        [NAS_OP_DEPTHWISE] = NAS_CORE_DEPTHWISE,
        [NAS_OP_DENSE] = NAS_CORE_DENSE,
        [NAS_OP_LSTM] = NAS_CORE_RECURRENT,
        [NAS_OP_GRU] = NAS_CORE_RECURRENT,
        [NAS_OP_LAYER_NORM] = NAS_CORE_SAMPLE_NORM,
        [NAS_OP_GROUP_NORM] = NAS_CORE_SAMPLE_NORM,
        [NAS_OP_TOKENS] = NAS_CORE_TOKENS,
        [NAS_OP_POSITIONS] = NAS_CORE_POSITIONS,
        [NAS_OP_ATTENTION] = NAS_CORE_ATTENTION,
        [NAS_OP_MAX_POOL] = NAS_CORE_MAX_POOL,
        [NAS_OP_AVG_POOL] = NAS_CORE_AVG_POOL,
        [NAS_OP_GLOBAL_AVG_POOL] = NAS_CORE_AVG_POOL,
        [NAS_OP_BATCH_NORM] = NAS_CORE_VIEW,
        [NAS_OP_RELU] = NAS_CORE_VIEW,
        [NAS_OP_RELU6] = NAS_CORE_VIEW,
#define CURVE_CORE(upper, lower) [NAS_OP_##upper] = NAS_CORE_CURVE,
        NAS_CURVE_LIST(CURVE_CORE)
#undef CURVE_CORE
            [NAS_OP_MUL] = NAS_CORE_MUL,
        [NAS_OP_GLOBAL_MAX_POOL] = NAS_CORE_MAX_POOL,
        [NAS_OP_ADD] = NAS_CORE_ADD,
        [NAS_OP_CONCAT] = NAS_CORE_CONCAT,
        [NAS_OP_SLICE] = NAS_CORE_SLICE,
        [NAS_OP_DROPOUT] = NAS_CORE_DROPOUT,
        [NAS_OP_FLATTEN] = NAS_CORE_FLATTEN,
        [NAS_OP_SOFTMAX] = NAS_CORE_SOFTMAX,
    };
    const bool gated = op == NAS_OP_ADD && net->options.gated != NULL;
    return gated && net->options.gated[index] ? NAS_CORE_GATE : cores[op];
}

/* @return true when the node became part of its producer's unit */
static bool lower_fused(nas_net *net, const nas_graph *graph, int index)
{
    const nas_node *node = nas_graph_node(graph, index);
    if (node->n_inputs == 0)
        return false;
    nas_unit *producer = sole_producer(net, graph, node->inputs[0]);
    bool norm = node->op == NAS_OP_BATCH_NORM && fuses_norm(producer);
    bool activation = (node->op == NAS_OP_RELU || node->op == NAS_OP_RELU6) &&
                      fuses_activation(producer);
    bool tail = (node->op == NAS_OP_GLOBAL_AVG_POOL || pool_is_tail(node)) &&
                fuses_tail(net, producer);
    if (norm)
        lower_norm(producer, graph, index);
    if (activation)
        lower_activation(producer, node);
    if (tail)
        lower_tail(net, producer, graph, index);
    else if (norm || activation)
        absorb(net, producer, graph, index);
    return norm || activation || tail;
}

static nas_status lower_alone(nas_net *net, const nas_graph *graph, int index,
                              nas_err *err)
{
    const nas_node *node = nas_graph_node(graph, index);
    nas_unit *unit = unit_add(net, graph, index, core_of(net, node->op, index));
    NAS_TRY_ALLOC(unit, err);
    if (unit->core == NAS_CORE_RECURRENT)
        lower_recurrent(unit, graph, index);
    else if (is_series(unit->core))
        lower_series(unit, graph, index);
    else if (nas_graph_weight_of(graph, index, NAS_WEIGHT_KERNEL) != NULL)
        lower_weighted(unit, graph, index);
    else if (node->op == NAS_OP_BATCH_NORM)
        lower_norm(unit, graph, index);
    else if (node->op == NAS_OP_RELU || node->op == NAS_OP_RELU6)
        lower_activation(unit, node);
    else if (node->op == NAS_OP_MAX_POOL || node->op == NAS_OP_AVG_POOL)
        set_window(unit, node, false);
    else if (unit->core == NAS_CORE_CURVE)
        lower_curve(unit, node);
    else if (node->op == NAS_OP_SLICE)
        unit->slice_from = (int)node->attr[NAS_ATTR_SLICE_FROM].i;
    else if (node->op == NAS_OP_DROPOUT)
        unit->dropout_rate = (float)node->attr[NAS_ATTR_DROPOUT_RATE].f;
    else if (node->op == NAS_OP_GLOBAL_AVG_POOL || node->op == NAS_OP_GLOBAL_MAX_POOL) {
        nas_shape in = nas_graph_node(graph, node->inputs[0])->shape;
        unit->window = (nas_window){(int)in.h, (int)in.w, 1, 1, 1, 1, 0, 0, 1};
    }
    return NAS_OK;
}

/* ---- what units need of each other ----------------------------------------------- */

static void count_consumers(nas_net *net)
{
    for (int u = net->n_units - 1; u >= 0; u--) {
        nas_unit *unit = &net->units[u];
        for (int i = 0; i < unit->n_inputs; i++) {
            nas_unit *input = &net->units[unit->inputs[i]];
            /* Backward runs from the last unit to the first, inputs in order. */
            unit->first[i] = input->consumers == 0;
            if (input->consumers == 0)
                input->consumer = u;
            input->first_consumer = u;
            input->consumers++;
        }
    }
    nas_unit *output = &net->units[net->output];
    if (output->consumers == 0)
        output->consumer = output->first_consumer = net->n_units;
    else /* the loss writes the gradient before any unit */
        for (int u = 0; u < net->n_units; u++)
            for (int i = 0; i < net->units[u].n_inputs; i++)
                if (net->units[u].inputs[i] == net->output)
                    net->units[u].first[i] = false;
    output->consumers++;
}

static bool is_windowed(nas_core core)
{
    return core == NAS_CORE_CONV || core == NAS_CORE_DEPTHWISE;
}

/* z is recomputed from y, a group of blocks at a time, where only one convolution reads
 * it: memory traffic, not arithmetic, bounds large planes. */
static bool is_staged(const nas_net *net, const nas_unit *unit)
{
    return !net->options.taps && unit->norm.present && unit->tail == NAS_TAIL_NONE &&
           unit->consumers == 1 && unit->consumer < net->n_units &&
           is_windowed(net->units[unit->consumer].core);
}

/* The only consumer's backward-data kernel has the sums in registers: it applies the mask
 * and adds up what the norm or bias needs. With taps gradients stay whole. */
static bool is_masked(const nas_net *net, const nas_unit *unit)
{
    if (net->options.taps || unit->tail != NAS_TAIL_NONE || unit->consumers != 1 ||
        unit->consumer >= net->n_units)
        return false;
    nas_core core = net->units[unit->consumer].core;
    return (unit->sums || unit->activated) &&
           (is_windowed(core) || core == NAS_CORE_DENSE);
}

static void connect(nas_net *net)
{
    count_consumers(net);
    for (int u = 0; u < net->n_units; u++) {
        nas_unit *unit = &net->units[u];
        unit->gradient = unit->kernel.offset >= 0 || unit->norm.present ||
                         (unit->core == NAS_CORE_INPUT && net->options.input_gradient);
        for (int i = 0; i < unit->n_inputs; i++)
            unit->gradient |= net->units[unit->inputs[i]].gradient;
        unit->gradient |= unit->core == NAS_CORE_GATE;
        unit->gradient &= net->options.training;
        unit->sums = unit->norm.present || unit->bias.offset >= 0;
        unit->separate = unit->norm.present || unit->tail != NAS_TAIL_NONE ||
                         unit->core == NAS_CORE_VIEW;
        unit->staged = is_staged(net, unit);
        unit->masked = is_masked(net, unit);
    }
}

nas_status nas_lower(nas_net *net, const nas_graph *graph, nas_err *err)
{
    int n = nas_graph_count(graph);
    net->units = NAS_NEW(net->arena, nas_unit, n);
    net->node_unit = NAS_NEW(net->arena, int, n);
    NAS_TRY_ALLOC(net->units, err);
    NAS_TRY_ALLOC(net->node_unit, err);
    for (int i = 0; i < n; i++) {
        if (is_alias(net, graph, i))
            lower_alias(net, graph, i);
        else if (!lower_fused(net, graph, i))
            NAS_TRY(lower_alone(net, graph, i, err));
    }
    net->output = net->node_unit[nas_graph_output(graph)];
    net->outputs = (int)nas_shape_count(nas_graph_output_shape(graph));
    connect(net);
    return NAS_OK;
}
