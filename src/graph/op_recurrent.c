/* Recurrent layers over a series (C,1,T): `out` units per direction, H below.
 *
 * Hochreiter, Schmidhuber, Long short-term memory, Neural Computation 9, 1997; Cho et
 * al., Learning phrase representations using RNN encoder-decoder, EMNLP 2014, with the
 * reset gate behind the product as in the common frameworks. The forget gate's bias
 * begins at 1, so that a cell remembers before it has learned to: Jozefowicz, Zaremba,
 * Sutskever, An empirical exploration of recurrent network architectures, ICML 2015. The
 * second direction reads the series backwards.
 *
 * Weights by direction, gates in the order of ONNX:
 *
 * lstm  kernel [D][4H][C], recurrent [D][4H][H], bias [D][4H]: input, output, forget,
 * cell
 *
 * gru   kernel [D][3H][C], recurrent [D][3H][H], bias [D][3H]: update, reset, candidate;
 *       carry_bias [D][H] of the candidate's recurrent product
 *
 * MACs: every product of every step.
 */
#include "graph/op.h"

enum { MAX_UNITS = NAS_GRAPH_MAX_EXTENT / 2 };

static const nas_param recurrent_params[] = {
    {"out", NAS_PARAM_INT, "units", NULL, 1, MAX_UNITS, NULL, "units of each direction",
     NULL},
    {"bidirectional", NAS_PARAM_BOOL, NULL, "false", 0, 0, NULL,
     "read the series backwards too; the results are concatenated", NULL},
    {"sequence", NAS_PARAM_BOOL, NULL, "true", 0, 0, NULL,
     "give the state after every step, not only after the last one", NULL},
    {0},
};

static const char no_int8[] =
    "its state would be rounded at every step; export it as float";

static int64_t directions(const nas_node *node)
{
    return node->attr[NAS_ATTR_RECURRENT_BIDIRECTIONAL].i ? 2 : 1;
}

static int64_t gates(const nas_node *node)
{
    return node->op == NAS_OP_LSTM ? 4 : 3;
}

static nas_status recurrent_shape(const nas_node *node, const nas_shape *inputs,
                                  nas_shape *out, nas_err *err)
{
    if (inputs[0].h != 1)
        return nas_fail(err, NAS_E_GRAPH,
                        "a recurrent layer reads a series, (C,1,T); its input has %lld "
                        "rows: flatten or pool them",
                        (long long)inputs[0].h);
    const bool sequence = node->attr[NAS_ATTR_RECURRENT_SEQUENCE].i != 0;
    *out = (nas_shape){directions(node) * node->attr[NAS_ATTR_RECURRENT_OUT].i, 1,
                       sequence ? inputs[0].w : 1};
    return NAS_OK;
}

static int recurrent_weights(const nas_node *node, const nas_shape *inputs,
                             nas_weight *out)
{
    const int64_t units = node->attr[NAS_ATTR_RECURRENT_OUT].i;
    int64_t dim[3] = {directions(node), gates(node) * units, inputs[0].c};
    /* Twice the fan-in: gates are no rectifiers, variance 1/fan-in keeps their scale. */
    nas_weight_fill(&out[0], NAS_WEIGHT_KERNEL, 3, dim, 2 * dim[2]);
    dim[2] = units;
    nas_weight_fill(&out[1], NAS_WEIGHT_RECURRENT, 3, dim, 2 * units);
    nas_weight_fill(&out[2], NAS_WEIGHT_BIAS, 2, dim, 0);
    if (node->op == NAS_OP_LSTM) {
        out[2].ones_from = 2 * units; /* the forget gate */
        out[2].ones_count = units;
        return 3;
    }
    dim[1] = units;
    nas_weight_fill(&out[3], NAS_WEIGHT_CARRY_BIAS, 2, dim, 0);
    return 4;
}

static int64_t recurrent_macs(const nas_node *node, const nas_shape *inputs)
{
    const int64_t units = node->attr[NAS_ATTR_RECURRENT_OUT].i;
    const int64_t rows = directions(node) * gates(node) * units;
    return nas_count_mul(nas_count_mul(inputs[0].w, rows), inputs[0].c + units);
}

#define RECURRENT(upper, lower, what)                                                    \
    const nas_op nas_operator_##lower = {                                                \
        .name = #lower,                                                                  \
        .summary = (what),                                                               \
        .params = recurrent_params,                                                      \
        .min_inputs = 1,                                                                 \
        .max_inputs = 1,                                                                 \
        .no_int8 = no_int8,                                                              \
        .shape = recurrent_shape,                                                        \
        .weights = recurrent_weights,                                                    \
        .macs = recurrent_macs,                                                          \
    };
RECURRENT(LSTM, lstm, "long short-term memory over a series")
RECURRENT(GRU, gru, "gated recurrent units over a series")
