#include "nasmith/clean.h"

#include "export/channels.h"
#include "nasmith/export.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { CHECK_ROWS = 8, MAX_CHANNELS = 1 << 24 };
static const double TOLERANCE = 1e-4; /* of exported files */

/* A model and what is left of it. */
typedef struct cleaning {
    const nas_model *model;
    nas_facts facts;
    nas_channels channels;
    bool *live;   /* [nodes] of the new graph */
    int *place;   /* [nodes] index in the new graph of who stands for a node */
    int *source;  /* [new nodes] */
    bool *biased; /* [nodes] has a bias in the new graph, of weights */
    int n;        /* new nodes */
    nas_graph *graph;
    float *weights;
} cleaning;

static const nas_node *node_of(const cleaning *c, int node)
{
    return nas_graph_node(c->model->graph, node);
}

/* ---- constants into biases -----------------------------------------------------------
 */

/* What channel `i` of the input gives to output `o` when it is gone. */
static double constant_part(cleaning *c, int node, int input, int64_t o, int64_t i)
{
    const nas_channel *channel = &c->facts.channel[c->facts.first[input] + i];
    if (!channel->known || channel->value == 0 ||
        nas_channels_keeps(&c->channels, input, i))
        return 0;
    const nas_weight *w = nas_graph_weight_of(c->model->graph, node, NAS_WEIGHT_KERNEL);
    const int64_t channels = node_of(c, input)->shape.c;
    const int64_t run = w->count / (channels * node_of(c, node)->shape.c);
    const float *kernel = c->model->weights + w->offset + (o * channels + i) * run;
    double sum = 0;
    for (int64_t t = 0; t < run; t++)
        sum += (double)kernel[t];
    return sum * channel->value;
}

/* What all channels that are gone give to output `o`. */
static double constant_of(cleaning *c, int node, int64_t o)
{
    nas_channels_inputs(&c->channels, node);
    const int input = c->channels.inputs[0];
    double sum = 0;
    for (int64_t i = 0; i < node_of(c, input)->shape.c; i++)
        sum += constant_part(c, node, input, o, i);
    return sum;
}

/* Whether an output that stays needs a bias for constants. */
static bool takes_constants(cleaning *c, int node)
{
    for (int64_t o = 0; o < node_of(c, node)->shape.c; o++)
        if (nas_channels_keeps(&c->channels, node, o) && constant_of(c, node, o) != 0)
            return true;
    return false;
}

/* ---- the new graph --------------------------------------------------------------------
 */

/* Inputs of a node that still have channels, in k->inputs. @return their number */
static int inputs_of(cleaning *c, int node)
{
    nas_channels *k = &c->channels;
    const int n = nas_channels_inputs(k, node);
    int left = 0;
    for (int i = 0; i < n; i++)
        if (nas_channels_kept(k, k->inputs[i]) > 0)
            k->inputs[left++] = k->inputs[i];
    return left;
}

static void find_live(cleaning *c)
{
    const int output = nas_graph_output(c->model->graph);
    c->live[c->channels.alias[output]] = true;
    for (int i = output; i >= 0; i--) {
        const int n = c->live[i] ? inputs_of(c, i) : 0;
        for (int j = 0; j < n; j++)
            c->live[c->channels.inputs[j]] = true;
    }
}

/* Channels of a sliced node before and among those it passes on. */
static void set_slice(cleaning *c, int node, nas_value *attr)
{
    const int input = node_of(c, node)->inputs[0];
    int64_t before = 0;
    for (int64_t i = 0; i < attr[NAS_ATTR_SLICE_FROM].i; i++)
        before += nas_channels_keeps(&c->channels, c->channels.alias[input], i);
    attr[NAS_ATTR_SLICE_FROM].i = before;
    attr[NAS_ATTR_SLICE_COUNT].i = nas_channels_kept(&c->channels, node);
}

static void set_attributes(cleaning *c, int node, nas_value *attr)
{
    const nas_op_kind op = node_of(c, node)->op;
    if (op == NAS_OP_SLICE)
        set_slice(c, node, attr);
    if (!nas_channels_mixes(node_of(c, node)))
        return;
    c->biased[node] = takes_constants(c, node);
    const int out = op == NAS_OP_CONV ? NAS_ATTR_CONV_OUT : NAS_ATTR_DENSE_OUT;
    const int bias = op == NAS_OP_CONV ? NAS_ATTR_WINDOW_BIAS : NAS_ATTR_DENSE_BIAS;
    attr[out].i = nas_channels_kept(&c->channels, node);
    attr[bias].i = attr[bias].i != 0 || c->biased[node];
}

/* Whether a node, its inputs in k->inputs, only repeats one of them. */
static bool passes_on(cleaning *c, const nas_node *node)
{
    if (node->op == NAS_OP_SLICE)
        return node->attr[NAS_ATTR_SLICE_COUNT].i ==
               nas_channels_kept(&c->channels, c->channels.inputs[0]);
    return node->op == NAS_OP_CONCAT && node->n_inputs == 1;
}

/* @param inputs  room for its inputs */
static void add_node(cleaning *c, int node, nas_graph_builder *builder, int *inputs)
{
    nas_node copy = *node_of(c, node);
    set_attributes(c, node, copy.attr);
    copy.n_inputs = inputs_of(c, node);
    for (int i = 0; i < copy.n_inputs; i++)
        inputs[i] = c->place[c->channels.inputs[i]];
    if (passes_on(c, &copy)) {
        c->place[node] = inputs[0];
        return;
    }
    c->place[node] = nas_graph_add_again(builder, &copy, inputs);
    c->source[c->n++] = node;
}

static nas_status build_graph(cleaning *c, nas_arena *arena, nas_err *err)
{
    nas_graph_builder *builder = nas_graph_builder_new();
    NAS_TRY_ALLOC(builder, err);
    const int n = nas_graph_count(c->model->graph);
    int *inputs = NAS_NEW(arena, int, c->channels.most_inputs);
    for (int i = 0; i < n && inputs != NULL; i++)
        if (c->live[i])
            add_node(c, i, builder, inputs);
    const int output = c->channels.alias[nas_graph_output(c->model->graph)];
    nas_status status = inputs == NULL
                            ? nas_fail(err, NAS_E_NOMEM, "out of memory")
                            : nas_graph_finish(builder, c->place[output], &c->graph, err);
    nas_graph_builder_free(builder);
    return status;
}

/* ---- its weights ----------------------------------------------------------------------
 */

/* Weights [O][I][run] of outputs and inputs that stay. */
static void copy_kernel(cleaning *c, int node, const float *from, int64_t count,
                        float *to)
{
    nas_channels_inputs(&c->channels, node);
    const int input = c->channels.inputs[0];
    const int64_t outputs = node_of(c, node)->shape.c;
    const int64_t inputs = node_of(c, input)->shape.c, run = count / outputs / inputs;
    for (int64_t at = 0; at < outputs * inputs; at++) {
        if (!nas_channels_keeps(&c->channels, node, at / inputs) ||
            !nas_channels_keeps(&c->channels, input, at % inputs))
            continue;
        memcpy(to, from + at * run, (size_t)run * sizeof *to);
        to += run;
    }
}

/* Weights [C][run] of channels that stay. */
static void copy_rows(cleaning *c, int node, const float *from, int64_t count, float *to)
{
    const int64_t channels = node_of(c, node)->shape.c, run = count / channels;
    for (int64_t i = 0; i < channels; i++) {
        if (!nas_channels_keeps(&c->channels, node, i))
            continue;
        memcpy(to, from + i * run, (size_t)run * sizeof *to);
        to += run;
    }
}

/* @param from  [O] or NULL: there was none */
static void copy_bias(cleaning *c, int node, const float *from, float *to)
{
    for (int64_t o = 0; o < node_of(c, node)->shape.c; o++) {
        if (!nas_channels_keeps(&c->channels, node, o))
            continue;
        const double before = from == NULL ? 0 : (double)from[o];
        *to++ = (float)(before + (c->biased[node] ? constant_of(c, node, o) : 0));
    }
}

static void copy_weight(cleaning *c, const nas_weight *w)
{
    const int node = c->source[w->node];
    const nas_weight *old = nas_graph_weight_of(c->model->graph, node, w->role);
    const float *from = old == NULL ? NULL : c->model->weights + old->offset;
    float *to = c->weights + w->offset;
    const bool mixes = nas_channels_mixes(node_of(c, node));
    if (mixes && w->role == NAS_WEIGHT_BIAS) {
        copy_bias(c, node, from, to);
        return;
    }
    assert(old != NULL); /* only biases are new */
    if (mixes)
        copy_kernel(c, node, from, old->count, to);
    else if (old->count == w->count)
        memcpy(to, from, (size_t)w->count * sizeof *to);
    else
        copy_rows(c, node, from, old->count, to);
}

static nas_status build_weights(cleaning *c, nas_err *err)
{
    c->weights = nas_heap_alloc((size_t)nas_graph_floats(c->graph) + 1, sizeof(float));
    NAS_TRY_ALLOC(c->weights, err);
    for (int i = 0; i < nas_graph_weight_count(c->graph); i++)
        copy_weight(c, nas_graph_weight(c->graph, i));
    return NAS_OK;
}

/* ---- proof
 * ----------------------------------------------------------------------------- */

static nas_status compare(const float *found, const float *expected, int64_t n,
                          nas_err *err)
{
    for (int64_t i = 0; i < n; i++) {
        const double e = (double)expected[i];
        if (!(fabs((double)found[i] - e) <= TOLERANCE * fmax(1, fabs(e))))
            return nas_fail(err, NAS_E_VERIFY,
                            "the network without dead channels gives %g instead of %g",
                            (double)found[i], e);
    }
    return NAS_OK;
}

static nas_status prove(const cleaning *c, nas_arena *arena, nas_err *err)
{
    const nas_model *model = c->model;
    const int64_t size = nas_shape_count(nas_graph_input_shape(model->graph));
    const int64_t outputs = model->n_outputs;
    float *rows = NAS_NEW(arena, float, size *CHECK_ROWS);
    float *expected = NAS_NEW(arena, float, outputs *CHECK_ROWS);
    float *found = NAS_NEW(arena, float, outputs *CHECK_ROWS);
    if (rows == NULL || expected == NULL || found == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    nas_rng rng = nas_rng_new(0, nas_graph_hash(model->graph));
    for (int64_t i = 0; i < CHECK_ROWS; i++)
        nas_graph_draw_row(model->graph, &rng, rows + i * size);
    nas_model cleaned = *model;
    cleaned.graph = c->graph;
    cleaned.weights = c->weights;
    NAS_TRY(nas_reference_run(model, rows, CHECK_ROWS, expected, err));
    NAS_TRY(nas_reference_run(&cleaned, rows, CHECK_ROWS, found, err));
    return compare(found, expected, CHECK_ROWS * outputs, err);
}

/* ---- all
 * ------------------------------------------------------------------------------- */

/* Channels of convolutions and dense layers that are gone. */
static int64_t count_gone(cleaning *c)
{
    int64_t gone = 0;
    for (int i = 0; i < nas_graph_count(c->model->graph); i++)
        if (nas_channels_mixes(node_of(c, i)))
            gone += node_of(c, i)->shape.c -
                    (c->live[i] ? nas_channels_kept(&c->channels, i) : 0);
    return gone;
}

static bool is_finite(const nas_model *model)
{
    for (int64_t i = 0; i < nas_graph_floats(model->graph); i++)
        if (!isfinite(model->weights[i]))
            return false;
    return true;
}

static bool is_worth_it(const nas_model *model)
{
    int64_t channels = 0;
    for (int i = 0; i < nas_graph_count(model->graph); i++)
        channels += nas_graph_node(model->graph, i)->shape.c;
    return channels <= MAX_CHANNELS && is_finite(model);
}

static nas_status analyse(cleaning *c, nas_arena *arena, nas_err *err)
{
    const size_t n = (size_t)nas_graph_count(c->model->graph);
    NAS_TRY(nas_facts_find(c->model, arena, &c->facts, err));
    NAS_TRY(nas_channels_find(&c->facts, arena, &c->channels, err));
    c->live = NAS_NEW(arena, bool, n);
    c->biased = NAS_NEW(arena, bool, n);
    c->place = NAS_NEW(arena, int, n);
    c->source = NAS_NEW(arena, int, n);
    if (c->live == NULL || c->biased == NULL || c->place == NULL || c->source == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    find_live(c);
    return NAS_OK;
}

static nas_status clean(cleaning *c, nas_arena *arena, nas_clean_saved *saved,
                        nas_err *err)
{
    NAS_TRY(analyse(c, arena, err));
    int64_t dead_nodes = 0;
    for (int i = 0; i < nas_graph_count(c->model->graph); i++)
        dead_nodes += !c->live[i];
    saved->channels = count_gone(c);
    if (saved->channels + dead_nodes == 0)
        return NAS_OK;
    NAS_TRY(build_graph(c, arena, err));
    assert(nas_graph_count(c->graph) == c->n);
    NAS_TRY(build_weights(c, err));
    NAS_TRY(prove(c, arena, err));
    saved->nodes = nas_graph_count(c->model->graph) - c->n;
    saved->params = nas_graph_params(c->model->graph) - nas_graph_params(c->graph);
    saved->macs = nas_graph_macs(c->model->graph) - nas_graph_macs(c->graph);
    return NAS_OK;
}

static void take(nas_model *model, const cleaning *c)
{
    nas_graph_free(model->graph);
    nas_heap_free(model->weights);
    model->graph = c->graph;
    model->weights = c->weights;
}

/* One round. @param saved  0s when there was nothing to remove */
static nas_status clean_once(nas_model *model, nas_clean_saved *saved, nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    cleaning c = {.model = model};
    *saved = (nas_clean_saved){0};
    const nas_status status = clean(&c, arena, saved, err);
    nas_arena_free(arena);
    if (status == NAS_OK && c.graph != NULL) {
        take(model, &c);
    } else {
        nas_graph_free(c.graph);
        nas_heap_free(c.weights);
    }
    return status;
}

/* What is gone may leave a sum with nothing but zeros, so there are rounds until one
 * finds nothing. */
nas_status nas_model_clean(nas_model *model, nas_clean_saved *saved, nas_err *err)
{
    nas_clean_saved round;
    *saved = (nas_clean_saved){0};
    if (!is_worth_it(model))
        return NAS_OK;
    do {
        NAS_TRY(clean_once(model, &round, err));
        saved->channels += round.channels;
        saved->nodes += round.nodes;
        saved->params += round.params;
        saved->macs += round.macs;
    } while (round.channels + round.nodes > 0);
    return NAS_OK;
}

void nas_clean_text(const nas_clean_saved *saved, char *out, size_t size)
{
    *out = '\0';
    if (saved->channels + saved->nodes == 0)
        return;
    (void)snprintf(out, size,
                   "%lld dead channel%s and %lld operator%s; %lld parameters and %lld "
                   "MACs less",
                   (long long)saved->channels, saved->channels == 1 ? "" : "s",
                   (long long)saved->nodes, saved->nodes == 1 ? "" : "s",
                   (long long)saved->params, (long long)saved->macs);
}

void nas_clean_write_json(const nas_clean_saved *saved, nas_json *json)
{
    nas_json_object_begin(json);
    nas_json_key_int(json, "channels", saved->channels);
    nas_json_key_int(json, "operators", saved->nodes);
    nas_json_key_int(json, "params", saved->params);
    nas_json_key_int(json, "macs", saved->macs);
    nas_json_object_end(json);
}
