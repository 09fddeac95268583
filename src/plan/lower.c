#include "plan/lower.h"

#include "graph/spectrum.h"

#include <assert.h>

/* Per graph node while lowering. */
typedef struct lowering {
    const nas_graph *graph;
    nas_lowered *low;
    int *root;    /* node whose result this node's reader sees: dropout and flatten are
                     transparent */
    int *uses;    /* reads of a root by nodes that compute, + 1 for the output */
    int *step_of; /* step that computes a root; -1 = the input */
} lowering;

/* Step kind of every operator that computes something; -1 for the rest. */
static const int step_kinds[NAS_OP_COUNT] = {
    [NAS_OP_INPUT] = -1,
    [NAS_OP_ENCODE] = NAS_STEP_ENCODE,
    [NAS_OP_STANDARDISE] = NAS_STEP_STANDARDISE,
    [NAS_OP_SPECTRUM] = NAS_STEP_SPECTRUM,
    [NAS_OP_CONV] = NAS_STEP_CONV,
    [NAS_OP_DEPTHWISE] = NAS_STEP_DEPTHWISE,
    [NAS_OP_DENSE] = NAS_STEP_DENSE,
    [NAS_OP_MAX_POOL] = NAS_STEP_MAX_POOL,
    [NAS_OP_AVG_POOL] = NAS_STEP_AVG_POOL,
    [NAS_OP_GLOBAL_AVG_POOL] = NAS_STEP_GLOBAL_AVG_POOL,
    [NAS_OP_BATCH_NORM] = NAS_STEP_AFFINE,
    [NAS_OP_RELU] = NAS_STEP_ACTIVATION,
    [NAS_OP_RELU6] = NAS_STEP_ACTIVATION,
#define CURVE_STEP(upper, lower) [NAS_OP_##upper] = NAS_STEP_##upper,
    NAS_CURVE_LIST(CURVE_STEP)
#undef CURVE_STEP
        [NAS_OP_MUL] = NAS_STEP_MUL,
    [NAS_OP_LSTM] = NAS_STEP_LSTM,
    [NAS_OP_GRU] = NAS_STEP_GRU,
    [NAS_OP_LAYER_NORM] = NAS_STEP_LAYER_NORM,
    [NAS_OP_GROUP_NORM] = NAS_STEP_GROUP_NORM,
    [NAS_OP_TOKENS] = NAS_STEP_TOKENS,
    [NAS_OP_POSITIONS] = NAS_STEP_POSITIONS,
    [NAS_OP_ATTENTION] = NAS_STEP_ATTENTION,
    [NAS_OP_GLOBAL_MAX_POOL] = NAS_STEP_GLOBAL_MAX_POOL,
    [NAS_OP_ADD] = NAS_STEP_ADD,
    [NAS_OP_CONCAT] = NAS_STEP_CONCAT,
    [NAS_OP_SLICE] = NAS_STEP_SLICE,
    [NAS_OP_DROPOUT] = -1,
    [NAS_OP_FLATTEN] = -1,
    [NAS_OP_SOFTMAX] = NAS_STEP_SOFTMAX,
};

_Static_assert(NAS_OP_SOFTMAX == NAS_OP_COUNT - 1,
               "a new operator needs its step kind in the table above");

int64_t nas_dtype_bytes(nas_dtype dtype)
{
    return dtype == NAS_INT8 ? 1 : 4;
}

static bool is_transparent(nas_op_kind op)
{
    return op == NAS_OP_DROPOUT || op == NAS_OP_FLATTEN;
}

static void find_roots(lowering *l)
{
    for (int i = 0; i < nas_graph_count(l->graph); i++) {
        const nas_node *node = nas_graph_node(l->graph, i);
        l->root[i] = is_transparent(node->op) ? l->root[node->inputs[0]] : i;
        for (int k = 0; k < node->n_inputs && !is_transparent(node->op); k++)
            l->uses[l->root[node->inputs[k]]]++;
    }
    l->uses[l->root[nas_graph_output(l->graph)]]++;
}

/* The step whose result only this node reads, or NULL. */
static nas_step *sole_producer(const lowering *l, const nas_node *node)
{
    int root = l->root[node->inputs[0]];
    if (l->uses[root] != 1 || l->step_of[root] < 0)
        return NULL;
    return &l->low->steps[l->step_of[root]];
}

/* Fold batch norm i into the weights of the step before it.
 * @return whether that is possible */
static bool fold_norm(const lowering *l, int i, const nas_node *node)
{
    nas_step *step = sole_producer(l, node);
    bool folds = step != NULL && step->norm_node < 0 &&
                 step->activation == NAS_ACT_NONE &&
                 (step->kind == NAS_STEP_CONV || step->kind == NAS_STEP_DEPTHWISE ||
                  step->kind == NAS_STEP_DENSE) &&
                 step->out.c == node->shape.c; /* no flatten in between */
    if (folds)
        step->norm_node = i;
    return folds;
}

static bool fuse_activation(const lowering *l, const nas_node *node)
{
    nas_step *step = sole_producer(l, node);
    bool fuses = step != NULL && step->activation == NAS_ACT_NONE &&
                 (step->kind == NAS_STEP_CONV || step->kind == NAS_STEP_DEPTHWISE ||
                  step->kind == NAS_STEP_DENSE || step->kind == NAS_STEP_AFFINE ||
                  step->kind == NAS_STEP_ADD);
    if (fuses)
        step->activation = node->op == NAS_OP_RELU ? NAS_ACT_RELU : NAS_ACT_RELU6;
    return fuses;
}

static nas_status add_step(lowering *l, int i, const nas_node *node, nas_arena *arena,
                           nas_err *err)
{
    nas_lowered *low = l->low;
    int *inputs = NAS_NEW(arena, int, node->n_inputs);
    NAS_TRY_ALLOC(inputs, err);
    for (int k = 0; k < node->n_inputs; k++) {
        inputs[k] = l->step_of[l->root[node->inputs[k]]] + 1;
        low->uses[inputs[k]]++;
    }
    int s = low->n_steps++;
    assert(step_kinds[node->op] >= 0);
    low->steps[s] = (nas_step){
        .kind = (nas_step_kind)step_kinds[node->op],
        .node = i,
        .norm_node = -1,
        .n_inputs = node->n_inputs,
        .inputs = inputs,
        .output = s + 1,
        .in = nas_graph_node(l->graph, node->inputs[0])->shape,
        .out = node->shape,
    };
    if (node->op == NAS_OP_RELU || node->op == NAS_OP_RELU6)
        low->steps[s].activation = node->op == NAS_OP_RELU ? NAS_ACT_RELU : NAS_ACT_RELU6;
    low->shapes[s + 1] = node->shape;
    l->step_of[i] = s;
    return NAS_OK;
}

static nas_status lower_nodes(lowering *l, nas_arena *arena, nas_err *err)
{
    for (int i = 0; i < nas_graph_count(l->graph); i++) {
        const nas_node *node = nas_graph_node(l->graph, i);
        l->step_of[i] = -1;
        if (node->op == NAS_OP_INPUT || is_transparent(node->op))
            continue;
        bool merged = false;
        if (node->op == NAS_OP_BATCH_NORM)
            merged = fold_norm(l, i, node);
        else if (node->op == NAS_OP_RELU || node->op == NAS_OP_RELU6)
            merged = fuse_activation(l, node);
        if (merged)
            l->step_of[i] = l->step_of[l->root[node->inputs[0]]];
        else
            NAS_TRY(add_step(l, i, node, arena, err));
    }
    return NAS_OK;
}

/* Whether a vector of this graph may lie in an order of its own: generated C leaves an
 * image as it lies when it is flattened. */
static bool may_permute(const nas_graph *graph)
{
    for (int i = 0; i < nas_graph_count(graph); i++) {
        const nas_node *node = nas_graph_node(graph, i);
        if (node->op != NAS_OP_FLATTEN)
            continue;
        const nas_shape in = nas_graph_node(graph, node->inputs[0])->shape;
        if (in.c > 1 && in.h * in.w > 1)
            return true;
    }
    return false;
}

/* Room to bring a vector into the graph's order, for steps that need it so. */
static int64_t order_scratch(const nas_graph *graph, nas_shape in)
{
    return in.h * in.w == 1 && may_permute(graph) ? in.c : 0;
}

/* lstm and gru: gates of one step and the state, 4H and 2H or 4H and H. attention: the
 * softmax of one query. spectrum: a frame. */
int64_t nas_step_scratch(const nas_graph *graph, const nas_step *step)
{
    const nas_node *node = nas_graph_node(graph, step->node);
    switch (step->kind) {
    case NAS_STEP_SPECTRUM: {
        const nas_rt_spectrum_plan plan = nas_spectrum_plan(node, step->in);
        return nas_spectrum_work_floats(&plan);
    }
    case NAS_STEP_LSTM:
        return 6 * node->attr[NAS_ATTR_RECURRENT_OUT].i;
    case NAS_STEP_GRU:
        return 5 * node->attr[NAS_ATTR_RECURRENT_OUT].i;
    case NAS_STEP_GROUP_NORM:
        return node->attr[NAS_ATTR_SAMPLE_NORM_GROUPS].i > 1
                   ? order_scratch(graph, step->in)
                   : 0;
    case NAS_STEP_TOKENS:
        return order_scratch(graph, step->in);
    case NAS_STEP_ATTENTION:
        return step->in.w + order_scratch(graph, step->in);
    default:
        return 0;
    }
}

nas_status nas_plan_lower(const nas_graph *graph, nas_dtype dtype, nas_arena *arena,
                          nas_lowered *out, nas_err *err)
{
    int n = nas_graph_count(graph);
    lowering l = {.graph = graph, .low = out};
    *out = (nas_lowered){0};
    l.root = NAS_NEW(arena, int, n);
    l.uses = NAS_NEW(arena, int, n);
    l.step_of = NAS_NEW(arena, int, n);
    out->steps = NAS_NEW(arena, nas_step, n);
    out->bytes = NAS_NEW(arena, int64_t, n);
    out->uses = NAS_NEW(arena, int, n);
    out->shapes = NAS_NEW(arena, nas_shape, n);
    out->overlaps = NAS_NEW(arena, nas_overlap, n);
    if (!l.root || !l.uses || !l.step_of || !out->steps || !out->bytes || !out->uses ||
        !out->shapes || !out->overlaps)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    find_roots(&l);
    out->shapes[0] = nas_graph_input_shape(graph);
    NAS_TRY(lower_nodes(&l, arena, err));
    for (int v = 0; v <= out->n_steps; v++) {
        int64_t scratch = v == 0 ? 0 : nas_step_scratch(graph, &out->steps[v - 1]);
        out->bytes[v] =
            (nas_shape_count(out->shapes[v]) + scratch) * nas_dtype_bytes(dtype);
    }
    for (int s = 0; s < out->n_steps; s++)
        if (out->steps[s].n_inputs == 1)
            out->overlaps[s + 1] =
                nas_step_overlap(graph, &out->steps[s], nas_dtype_bytes(dtype));
    out->output = l.step_of[l.root[nas_graph_output(graph)]] + 1;
    out->uses[out->output]++;
    return NAS_OK;
}

static bool may_overwrite(nas_step_kind kind)
{
#define IS_CURVE(upper, lower) kind == NAS_STEP_##upper ||
    return NAS_CURVE_LIST(IS_CURVE) kind == NAS_STEP_STANDARDISE ||
           kind == NAS_STEP_AFFINE || kind == NAS_STEP_ACTIVATION ||
           kind == NAS_STEP_LAYER_NORM || kind == NAS_STEP_GROUP_NORM ||
           kind == NAS_STEP_POSITIONS || kind == NAS_STEP_ADD || kind == NAS_STEP_MUL ||
           kind == NAS_STEP_SOFTMAX;
#undef IS_CURVE
}

static int count_reads(const nas_step *step, int value)
{
    int n = 0;
    for (int k = 0; k < step->n_inputs; k++)
        n += step->inputs[k] == value;
    return n;
}

int nas_step_overwrites(const nas_lowered *low, int s, const int *reads_left)
{
    const nas_step *step = &low->steps[s];
    for (int k = 0; k < step->n_inputs && may_overwrite(step->kind); k++) {
        int value = step->inputs[k];
        if (reads_left[value] == count_reads(step, value) &&
            low->bytes[value] >= low->bytes[step->output]) /* it may have scratch */
            return value;
    }
    return -1;
}

bool nas_step_may_overlap(const nas_lowered *low, int s, const int *reads_left)
{
    const nas_step *step = &low->steps[s];
    return step->n_inputs == 1 && reads_left[step->inputs[0]] == 1;
}

/* Bytes of the one input and the result of a step when they overlap as far as they may.
 */
static int64_t extent(const nas_lowered *low, const nas_step *step)
{
    return nas_overlap_extent(low->overlaps[step->output], low->bytes[step->inputs[0]],
                              low->bytes[step->output]);
}

int64_t nas_step_growth(const nas_lowered *low, int s, const int *reads_left)
{
    const nas_step *step = &low->steps[s];
    if (nas_step_overwrites(low, s, reads_left) >= 0)
        return 0;
    if (nas_step_may_overlap(low, s, reads_left))
        return extent(low, step) - low->bytes[step->inputs[0]];
    return low->bytes[step->output];
}

int64_t nas_step_working_bytes(const nas_lowered *low, int s)
{
    const nas_step *step = &low->steps[s];
    if (step->n_inputs == 1 && !may_overwrite(step->kind))
        return extent(low, step);
    int64_t bytes = may_overwrite(step->kind) ? 0 : low->bytes[step->output];
    for (int k = 0; k < step->n_inputs; k++) {
        bool again = false;
        for (int j = 0; j < k && !again; j++)
            again = step->inputs[j] == step->inputs[k];
        bytes += again ? 0 : low->bytes[step->inputs[k]];
    }
    return bytes;
}
