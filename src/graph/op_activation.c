/* Operators that act on each element alone, dropout, and softmax. MACs 0. */
#include "graph/op.h"

static const nas_param no_params[] = {{0}};

const nas_op nas_operator_relu = {
    .name = "relu",
    .summary = "max(x, 0)",
    .params = no_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = nas_shape_same,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};

const nas_op nas_operator_relu6 = {
    .name = "relu6",
    .summary = "min(max(x, 0), 6)",
    .params = no_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = nas_shape_same,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};

static const nas_param leaky_relu_params[] = {
    {"slope", NAS_PARAM_REAL, NULL, "0.01", 0, 1, NULL, "factor of negative values",
     NULL},
    {0},
};

#define CURVE(word, table, formula)                                                      \
    const nas_op nas_operator_##word = {                                                 \
        .name = #word,                                                                   \
        .summary = (formula),                                                            \
        .params = (table),                                                               \
        .min_inputs = 1,                                                                 \
        .max_inputs = 1,                                                                 \
        .shape = nas_shape_same,                                                         \
        .weights = nas_weights_none,                                                     \
        .macs = nas_macs_none,                                                           \
    };

CURVE(leaky_relu, leaky_relu_params, "x > 0 ? x : slope*x")
CURVE(hard_sigmoid, no_params, "min(max(x/6 + 1/2, 0), 1)")
CURVE(hard_swish, no_params, "x * min(max(x+3, 0), 6) / 6")
CURVE(sigmoid, no_params, "1 / (1 + exp(-x))")
CURVE(tanh, no_params, "2 / (1 + exp(-2x)) - 1")
CURVE(silu, no_params, "x / (1 + exp(-x))")
CURVE(gelu, no_params, "x / (1 + exp(-2u)), u = sqrt(2/pi) (x + 0.044715 x^3)")

static const nas_param dropout_params[] = {
    {"rate", NAS_PARAM_REAL, NULL, "0.2", 0, 0.95, NULL,
     "probability that an element is zeroed in training", NULL},
    {0},
};

const nas_op nas_operator_dropout = {
    .name = "dropout",
    .summary = "zero random elements in training, scale the rest by 1/(1-rate)",
    .params = dropout_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = nas_shape_same,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};

static nas_status softmax_shape(const nas_node *node, const nas_shape *inputs,
                                nas_shape *out, nas_err *err)
{
    (void)node;
    if (inputs[0].h != 1 || inputs[0].w != 1) {
        nas_status status = nas_fail(
            err, NAS_E_GRAPH, "softmax needs a vector, found %lldx%lldx%lld",
            (long long)inputs[0].c, (long long)inputs[0].h, (long long)inputs[0].w);
        nas_err_hint(err, "put a dense, flatten or global_avg_pool before it");
        return status;
    }
    *out = inputs[0];
    return NAS_OK;
}

const nas_op nas_operator_softmax = {
    .name = "softmax",
    .summary = "exp(x) / sum of exp(x) over a vector",
    .params = no_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = softmax_shape,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};
