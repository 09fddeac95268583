/* Convolutions. Weights: conv [O][I/groups][KH][KW], depthwise [C][KH][KW].
 * MACs count every tap, also those that fall on padding:
 * conv oh*ow*O*(I/groups)*kh*kw, depthwise oh*ow*C*kh*kw. */
#include "graph/op.h"

#define KERNEL_PARAMS                                                                    \
    NAS_WINDOW_PARAMS("kernel"),                                                         \
        {"dilation_h", NAS_PARAM_INT,           NULL, "1", 1, 4096,                      \
         NULL,         "rows between two taps", NULL},                                   \
        {"dilation_w",                                                                   \
         NAS_PARAM_INT,                                                                  \
         NULL,                                                                           \
         "1",                                                                            \
         1,                                                                              \
         4096,                                                                           \
         NULL,                                                                           \
         "columns between two taps",                                                     \
         NULL},                                                                          \
    {                                                                                    \
        "bias", NAS_PARAM_BOOL, NULL, "false", 0, 0, NULL,                               \
            "add a bias; off because a norm usually follows", NULL                       \
    }

static const nas_param conv_params[] = {
    KERNEL_PARAMS,
    {"out", NAS_PARAM_INT, "channels", NULL, 1, NAS_GRAPH_MAX_EXTENT, NULL,
     "output channels", NULL},
    {"groups", NAS_PARAM_INT, NULL, "1", 1, NAS_GRAPH_MAX_EXTENT, NULL,
     "independent groups of channels", NULL},
    {0},
};

static const nas_param depthwise_params[] = {KERNEL_PARAMS, {0}};

static int64_t taps(const nas_node *node)
{
    return node->attr[NAS_ATTR_KERNEL_H].i * node->attr[NAS_ATTR_KERNEL_W].i;
}

static nas_status conv_shape(const nas_node *node, const nas_shape *inputs,
                             nas_shape *out, nas_err *err)
{
    int64_t groups = node->attr[NAS_ATTR_CONV_GROUPS].i;
    out->c = node->attr[NAS_ATTR_CONV_OUT].i;
    if (inputs[0].c % groups != 0 || out->c % groups != 0)
        return nas_fail(err, NAS_E_GRAPH,
                        "%lld groups do not divide %lld input and %lld output channels",
                        (long long)groups, (long long)inputs[0].c, (long long)out->c);
    return nas_window_shape(node, inputs[0], true, out, err);
}

static int conv_weights(const nas_node *node, const nas_shape *inputs, nas_weight *out)
{
    const nas_value *a = node->attr;
    int64_t dim[4] = {a[NAS_ATTR_CONV_OUT].i, inputs[0].c / a[NAS_ATTR_CONV_GROUPS].i,
                      a[NAS_ATTR_KERNEL_H].i, a[NAS_ATTR_KERNEL_W].i};
    nas_weight_fill(&out[0], NAS_WEIGHT_KERNEL, 4, dim, dim[1] * taps(node));
    if (a[NAS_ATTR_WINDOW_BIAS].i == 0)
        return 1;
    nas_weight_fill(&out[1], NAS_WEIGHT_BIAS, 1, dim, 0);
    return 2;
}

static int64_t conv_macs(const nas_node *node, const nas_shape *inputs)
{
    int64_t per_output = inputs[0].c / node->attr[NAS_ATTR_CONV_GROUPS].i * taps(node);
    return nas_count_mul(nas_shape_count(node->shape), per_output);
}

const nas_op nas_operator_conv = {
    .name = "conv",
    .summary = "convolution over rows and columns",
    .params = conv_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = conv_shape,
    .weights = conv_weights,
    .macs = conv_macs,
};

static nas_status depthwise_shape(const nas_node *node, const nas_shape *inputs,
                                  nas_shape *out, nas_err *err)
{
    out->c = inputs[0].c;
    return nas_window_shape(node, inputs[0], true, out, err);
}

static int depthwise_weights(const nas_node *node, const nas_shape *inputs,
                             nas_weight *out)
{
    const nas_value *a = node->attr;
    int64_t dim[3] = {inputs[0].c, a[NAS_ATTR_KERNEL_H].i, a[NAS_ATTR_KERNEL_W].i};
    nas_weight_fill(&out[0], NAS_WEIGHT_KERNEL, 3, dim, taps(node));
    if (a[NAS_ATTR_WINDOW_BIAS].i == 0)
        return 1;
    nas_weight_fill(&out[1], NAS_WEIGHT_BIAS, 1, dim, 0);
    return 2;
}

static int64_t depthwise_macs(const nas_node *node, const nas_shape *inputs)
{
    (void)inputs;
    return nas_count_mul(nas_shape_count(node->shape), taps(node));
}

const nas_op nas_operator_depthwise = {
    .name = "depthwise",
    .summary = "convolution of each channel with its own kernel",
    .params = depthwise_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = depthwise_shape,
    .weights = depthwise_weights,
    .macs = depthwise_macs,
};
