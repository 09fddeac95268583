/* Fully connected layer over all elements of a sample, and flatten. Weights [O][I] with I
 * in C,H,W order; MACs O*I. */
#include "graph/op.h"

static const nas_param dense_params[] = {
    {"out", NAS_PARAM_INT, "units", NULL, 1, NAS_GRAPH_MAX_EXTENT, NULL, "output units",
     NULL},
    {"bias", NAS_PARAM_BOOL, NULL, "true", 0, 0, NULL, "add a bias", NULL},
    {0},
};

static const nas_param no_params[] = {{0}};

static nas_status dense_shape(const nas_node *node, const nas_shape *inputs,
                              nas_shape *out, nas_err *err)
{
    (void)inputs;
    (void)err;
    *out = (nas_shape){node->attr[NAS_ATTR_DENSE_OUT].i, 1, 1};
    return NAS_OK;
}

static int dense_weights(const nas_node *node, const nas_shape *inputs, nas_weight *out)
{
    int64_t dim[2] = {node->attr[NAS_ATTR_DENSE_OUT].i, nas_shape_count(inputs[0])};
    nas_weight_fill(&out[0], NAS_WEIGHT_KERNEL, 2, dim, dim[1]);
    if (node->attr[NAS_ATTR_DENSE_BIAS].i == 0)
        return 1;
    nas_weight_fill(&out[1], NAS_WEIGHT_BIAS, 1, dim, 0);
    return 2;
}

static int64_t dense_macs(const nas_node *node, const nas_shape *inputs)
{
    return nas_count_mul(node->attr[NAS_ATTR_DENSE_OUT].i, nas_shape_count(inputs[0]));
}

const nas_op nas_operator_dense = {
    .name = "dense",
    .summary = "fully connected layer",
    .params = dense_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = dense_shape,
    .weights = dense_weights,
    .macs = dense_macs,
};

static nas_status flatten_shape(const nas_node *node, const nas_shape *inputs,
                                nas_shape *out, nas_err *err)
{
    (void)node;
    (void)err;
    *out = (nas_shape){nas_shape_count(inputs[0]), 1, 1};
    return NAS_OK;
}

const nas_op nas_operator_flatten = {
    .name = "flatten",
    .summary = "all elements as one vector, in C,H,W order",
    .params = no_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = flatten_shape,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};
