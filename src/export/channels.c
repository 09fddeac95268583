#include "export/channels.h"

/* How the channels of a node's inputs meet those of its output. */
typedef enum meeting {
    FIXED, /* all stay, on both sides */
    MIXED, /* each output weighs all inputs */
    ALIKE, /* channel c with channel c */
    CONCATENATED,
    SLICED,
    FLATTENED,
} meeting;

static const meeting meetings[NAS_OP_COUNT] = {
    [NAS_OP_CONV] = MIXED,
    [NAS_OP_DENSE] = MIXED,
    [NAS_OP_DEPTHWISE] = ALIKE,
    [NAS_OP_MAX_POOL] = ALIKE,
    [NAS_OP_AVG_POOL] = ALIKE,
    [NAS_OP_GLOBAL_AVG_POOL] = ALIKE,
    [NAS_OP_GLOBAL_MAX_POOL] = ALIKE,
    [NAS_OP_BATCH_NORM] = ALIKE,
    [NAS_OP_RELU] = ALIKE,
    [NAS_OP_RELU6] = ALIKE,
#define CURVE_MEETING(upper, lower) [NAS_OP_##upper] = ALIKE,
    NAS_CURVE_LIST(CURVE_MEETING)
#undef CURVE_MEETING
        [NAS_OP_ADD] = ALIKE,
    [NAS_OP_MUL] = ALIKE,
    [NAS_OP_DROPOUT] = ALIKE,
    [NAS_OP_CONCAT] = CONCATENATED,
    [NAS_OP_SLICE] = SLICED,
    [NAS_OP_FLATTEN] = FLATTENED,
};

bool nas_channels_mixes(const nas_node *node)
{
    return meetings[node->op] == MIXED &&
           (node->op != NAS_OP_CONV || node->attr[NAS_ATTR_CONV_GROUPS].i == 1);
}

static meeting meeting_of(const nas_node *node)
{
    return meetings[node->op] == MIXED && !nas_channels_mixes(node) ? FIXED
                                                                    : meetings[node->op];
}

static const nas_node *node_of(const nas_channels *k, int node)
{
    return nas_graph_node(k->facts->model->graph, node);
}

/* ---- aliases ------------------------------------------------------------------------
 */

static bool is_all(const nas_facts *facts, int node, double value)
{
    for (int64_t i = facts->first[node]; i < facts->first[node + 1]; i++)
        if (!facts->channel[i].known || facts->channel[i].value != value)
            return false;
    return true;
}

int nas_channels_inputs(nas_channels *k, int node)
{
    const nas_node *n = node_of(k, node);
    int count = 0;
    for (int i = 0; i < n->n_inputs; i++)
        if (n->op != NAS_OP_ADD || !is_all(k->facts, n->inputs[i], 0))
            k->inputs[count++] = k->alias[n->inputs[i]];
    if (count == 0 && n->n_inputs > 0)
        k->inputs[count++] = k->alias[n->inputs[0]];
    return count;
}

static int alias_of(nas_channels *k, int node)
{
    const nas_node *n = node_of(k, node);
    if (n->op == NAS_OP_ADD && nas_channels_inputs(k, node) == 1)
        return k->inputs[0];
    if (n->op == NAS_OP_MUL && is_all(k->facts, n->inputs[1], 1))
        return k->alias[n->inputs[0]];
    return node;
}

static void find_reached(nas_channels *k)
{
    const int output = nas_graph_output(k->facts->model->graph);
    k->reached[k->alias[output]] = true;
    for (int i = output; i >= 0; i--) {
        const int n = k->reached[i] ? nas_channels_inputs(k, i) : 0;
        for (int j = 0; j < n; j++)
            k->reached[k->inputs[j]] = true;
    }
}

/* ---- components ---------------------------------------------------------------------
 */

static int64_t root_of(nas_channels *k, int64_t channel)
{
    while (k->parent[channel] != channel) {
        k->parent[channel] = k->parent[k->parent[channel]];
        channel = k->parent[channel];
    }
    return channel;
}

static void join(nas_channels *k, int64_t a, int64_t b)
{
    a = root_of(k, a);
    b = root_of(k, b);
    k->parent[b] = a;
    k->fixed[a] = k->fixed[a] || k->fixed[b];
}

static void fix_all(nas_channels *k, int node)
{
    for (int64_t i = k->facts->first[node]; i < k->facts->first[node + 1]; i++)
        k->fixed[root_of(k, i)] = true;
}

/* Join n channels from `out` on with those from `in` on, one with each run of `block`. */
static void join_run(nas_channels *k, int64_t out, int64_t in, int64_t n, int64_t block)
{
    for (int64_t c = 0; c < n; c++)
        join(k, out + c, in + c / block);
}

static void meet(nas_channels *k, int node, int input, int64_t *done)
{
    const nas_node *n = node_of(k, node);
    const nas_shape in = node_of(k, input)->shape;
    const int64_t out = k->facts->first[node], from = k->facts->first[input];
    switch (meeting_of(n)) {
    case FIXED:
        fix_all(k, input);
        return;
    case MIXED:
        return;
    case ALIKE:
        join_run(k, out, from, in.c, 1);
        return;
    case CONCATENATED:
        join_run(k, out + *done, from, in.c, 1);
        *done += in.c;
        return;
    case SLICED:
        join_run(k, out, from + n->attr[NAS_ATTR_SLICE_FROM].i, n->shape.c, 1);
        return;
    case FLATTENED:
        join_run(k, out, from, n->shape.c, in.h * in.w);
        return;
    }
}

static void find_components(nas_channels *k)
{
    const int n = nas_graph_count(k->facts->model->graph);
    for (int64_t i = 0; i < k->facts->first[n]; i++)
        k->parent[i] = i;
    fix_all(k, k->alias[nas_graph_output(k->facts->model->graph)]);
    for (int i = 0; i < n; i++) {
        if (!k->reached[i])
            continue;
        if (meeting_of(node_of(k, i)) == FIXED)
            fix_all(k, i);
        const int inputs = nas_channels_inputs(k, i);
        int64_t done = 0;
        for (int j = 0; j < inputs; j++)
            meet(k, i, k->inputs[j], &done);
    }
}

/* ---- readers ------------------------------------------------------------------------
 */

bool nas_channels_keeps(nas_channels *k, int node, int64_t c)
{
    const int64_t root = root_of(k, k->facts->first[node] + c);
    return k->fixed[root] || k->needed[root];
}

int64_t nas_channels_kept(nas_channels *k, int node)
{
    int64_t kept = 0;
    for (int64_t c = 0; c < node_of(k, node)->shape.c; c++)
        kept += nas_channels_keeps(k, node, c);
    return kept;
}

static bool is_zero(const float *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (values[i] != 0)
            return false;
    return true;
}

/* Whether an output that stays weighs input channel c of a node that mixes.
 * @param run  weights of one output and one channel */
static bool reads(nas_channels *k, int node, int64_t c, int64_t channels, int64_t run)
{
    const float *kernel = nas_facts_weights(k->facts, node, NAS_WEIGHT_KERNEL);
    for (int64_t o = 0; o < node_of(k, node)->shape.c; o++)
        if (nas_channels_keeps(k, node, o) &&
            !is_zero(kernel + (o * channels + c) * run, run))
            return true;
    return false;
}

/* Whether a constant may go from a node's input into its bias. */
static bool absorbs(const nas_channels *k, int node, const nas_channel *c)
{
    const nas_node *n = node_of(k, node);
    return c->known &&
           (c->value == 0 || n->op == NAS_OP_DENSE || !nas_window_is_padded(n));
}

/* Mark what a node that stays needs. @return whether that was new */
static bool need(nas_channels *k, int node)
{
    bool found = false;
    nas_channels_inputs(k, node);
    const int input = k->inputs[0];
    const int64_t channels = node_of(k, input)->shape.c;
    const int64_t run =
        nas_graph_weight_of(k->facts->model->graph, node, NAS_WEIGHT_KERNEL)->count /
        (channels * node_of(k, node)->shape.c);
    for (int64_t c = 0; c < channels; c++) {
        const int64_t at = k->facts->first[input] + c, root = root_of(k, at);
        if (k->fixed[root] || k->needed[root] ||
            absorbs(k, node, &k->facts->channel[at]) || !reads(k, node, c, channels, run))
            continue;
        k->needed[root] = true;
        found = true;
    }
    return found;
}

/* A layer that stays must read something. @return whether something new */
static bool need_one(nas_channels *k, int node)
{
    nas_channels_inputs(k, node);
    const int input = k->inputs[0];
    if (nas_channels_kept(k, node) == 0 || nas_channels_kept(k, input) > 0)
        return false;
    k->needed[root_of(k, k->facts->first[input])] = true;
    return true;
}

/* From the output back, until nothing more is needed. */
static void find_needed(nas_channels *k)
{
    const int n = nas_graph_count(k->facts->model->graph);
    for (bool found = true; found;) {
        found = false;
        for (int i = n - 1; i >= 0; i--)
            if (k->reached[i] && nas_channels_mixes(node_of(k, i)))
                found = need(k, i) || found;
        for (int i = n - 1; i >= 0 && !found; i--)
            if (k->reached[i] && nas_channels_mixes(node_of(k, i)))
                found = need_one(k, i);
    }
}

nas_status nas_channels_find(const nas_facts *facts, nas_arena *arena, nas_channels *out,
                             nas_err *err)
{
    const nas_graph *graph = facts->model->graph;
    const int n = nas_graph_count(graph);
    int most = 1;
    for (int i = 0; i < n; i++)
        if (nas_graph_node(graph, i)->n_inputs > most)
            most = nas_graph_node(graph, i)->n_inputs;
    *out = (nas_channels){.facts = facts,
                          .alias = NAS_NEW(arena, int, n),
                          .reached = NAS_NEW(arena, bool, n),
                          .parent = NAS_NEW(arena, int64_t, facts->first[n]),
                          .fixed = NAS_NEW(arena, bool, facts->first[n]),
                          .needed = NAS_NEW(arena, bool, facts->first[n]),
                          .inputs = NAS_NEW(arena, int, most),
                          .most_inputs = most};
    if (out->alias == NULL || out->reached == NULL || out->parent == NULL ||
        out->fixed == NULL || out->needed == NULL || out->inputs == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int i = 0; i < n; i++)
        out->alias[i] = alias_of(out, i);
    find_reached(out);
    find_components(out);
    find_needed(out);
    return NAS_OK;
}
