/* Operators of Transformer encoders, over a series (C,1,T).
 *
 * Vaswani et al., Attention is all you need, NeurIPS 2017. attention has no weights: its
 * input holds queries, keys and values, C channels each, one after the other; the
 * projections to them and behind it are convolutions of width 1. Per head of d = C/heads
 * channels  out[t] = sum over s of softmax_s(q[t].k[s] / sqrt(d)) v[s].
 *
 * positions  adds a value per channel and step: learned [C][T], or sinusoids
 * tokens     a row of C columns becomes a series of C steps with `out` channels, step j =
 *            x[j] * table[j] + bias[j]; table, bias [C][out]. Gorishniy et al.,
 * Revisiting deep learning models for tabular data, NeurIPS 2021 */
#include "graph/op.h"

#include <math.h>

static nas_status need_series(const char *what, nas_shape in, nas_err *err)
{
    if (in.h == 1)
        return NAS_OK;
    return nas_fail(err, NAS_E_GRAPH,
                    "%s read a series, (C,1,T); the input has %lld rows: flatten or pool "
                    "them",
                    what, (long long)in.h);
}

/* ---- tokens ---------------------------------------------------------------------- */

static const nas_param tokens_params[] = {
    {"out", NAS_PARAM_INT, "channels", NULL, 1, NAS_GRAPH_MAX_EXTENT, NULL,
     "channels that each column becomes", NULL},
    {0},
};

static nas_status tokens_shape(const nas_node *node, const nas_shape *inputs,
                               nas_shape *out, nas_err *err)
{
    if (inputs[0].h != 1 || inputs[0].w != 1)
        return nas_fail(err, NAS_E_GRAPH,
                        "tokens are made from a row of columns; the input is "
                        "%lldx%lldx%lld: flatten it",
                        (long long)inputs[0].c, (long long)inputs[0].h,
                        (long long)inputs[0].w);
    *out = (nas_shape){node->attr[NAS_ATTR_TOKENS_OUT].i, 1, inputs[0].c};
    return NAS_OK;
}

static int tokens_weights(const nas_node *node, const nas_shape *inputs, nas_weight *out)
{
    const int64_t dim[2] = {inputs[0].c, node->attr[NAS_ATTR_TOKENS_OUT].i};
    /* Deviation 1/sqrt(3 out), biases too: equal columns would otherwise begin alike. */
    nas_weight_fill(&out[0], NAS_WEIGHT_TABLE, 2, dim, 6 * dim[1]);
    nas_weight_fill(&out[1], NAS_WEIGHT_BIAS, 2, dim, 6 * dim[1]);
    return 2;
}

static int64_t tokens_macs(const nas_node *node, const nas_shape *inputs)
{
    return nas_count_mul(inputs[0].c, node->attr[NAS_ATTR_TOKENS_OUT].i);
}

const nas_op nas_operator_tokens = {
    .name = "tokens",
    .summary = "each column of a row becomes a step of a series",
    .params = tokens_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .no_int8 = "tokens have no 8-bit kernel",
    .shape = tokens_shape,
    .weights = tokens_weights,
    .macs = tokens_macs,
};

/* ---- positions ------------------------------------------------------------------- */

static const char *const kinds[] = {"learned", "sinusoidal", NULL};

static const nas_param positions_params[] = {
    {"kind", NAS_PARAM_CHOICE, NULL, "learned", 0, 0, kinds,
     "trained, or sines and cosines of the step", NULL},
    {0},
};

double nas_position(int64_t channel, int64_t channels, int64_t step)
{
    const int64_t even = channel - channel % 2;
    const double angle = (double)step / pow(10000.0, (double)even / (double)channels);
    return channel % 2 == 0 ? sin(angle) : cos(angle);
}

static nas_status positions_shape(const nas_node *node, const nas_shape *inputs,
                                  nas_shape *out, nas_err *err)
{
    (void)node;
    *out = inputs[0];
    return need_series("positions", inputs[0], err);
}

static int positions_weights(const nas_node *node, const nas_shape *inputs,
                             nas_weight *out)
{
    enum { SMALL = 5000 }; /* deviation 0.02 */
    const int64_t dim[2] = {inputs[0].c, inputs[0].w};
    if (node->attr[NAS_ATTR_POSITIONS_KIND].i != NAS_POSITIONS_LEARNED)
        return 0;
    nas_weight_fill(&out[0], NAS_WEIGHT_TABLE, 2, dim, SMALL);
    return 1;
}

const nas_op nas_operator_positions = {
    .name = "positions",
    .summary = "adds to each step of a series what tells it from the others",
    .params = positions_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .no_int8 = "positions have no 8-bit kernel",
    .shape = positions_shape,
    .weights = positions_weights,
    .macs = nas_macs_none,
};

/* ---- attention ------------------------------------------------------------------- */

static const nas_param attention_params[] = {
    {"heads", NAS_PARAM_INT, NULL, "1", 1, 1024, NULL,
     "parts of the channels that attend on their own", NULL},
    {0},
};

static nas_status attention_shape(const nas_node *node, const nas_shape *inputs,
                                  nas_shape *out, nas_err *err)
{
    const int64_t heads = node->attr[NAS_ATTR_ATTENTION_HEADS].i;
    NAS_TRY(need_series("queries, keys and values", inputs[0], err));
    if (inputs[0].c % (3 * heads) != 0)
        return nas_fail(err, NAS_E_GRAPH,
                        "%lld channels are no queries, keys and values for %lld heads, "
                        "expected a multiple of %lld",
                        (long long)inputs[0].c, (long long)heads, (long long)(3 * heads));
    *out = (nas_shape){inputs[0].c / 3, 1, inputs[0].w};
    return NAS_OK;
}

static int64_t attention_macs(const nas_node *node, const nas_shape *inputs)
{
    (void)node;
    const int64_t pairs = nas_count_mul(inputs[0].w, inputs[0].w);
    return nas_count_mul(2 * (inputs[0].c / 3), pairs);
}

const nas_op nas_operator_attention = {
    .name = "attention",
    .summary = "every step looks at all steps: softmax of queries and keys, times values",
    .params = attention_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .no_int8 = "attention has no 8-bit form",
    .shape = attention_shape,
    .weights = nas_weights_none,
    .macs = attention_macs,
};
