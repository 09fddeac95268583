/* Pooling. Padding never takes part: it is ignored by the maximum, and the mean is over
 * the elements inside. MACs 0: nothing is multiplied. */
#include "graph/op.h"

static const nas_param pool_params[] = {NAS_WINDOW_PARAMS("window"), {0}};
static const nas_param no_params[] = {{0}};

static nas_status pool_shape(const nas_node *node, const nas_shape *inputs,
                             nas_shape *out, nas_err *err)
{
    out->c = inputs[0].c;
    return nas_window_shape(node, inputs[0], false, out, err);
}

const nas_op nas_operator_max_pool = {
    .name = "max_pool",
    .summary = "largest element of each window",
    .params = pool_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = pool_shape,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};

const nas_op nas_operator_avg_pool = {
    .name = "avg_pool",
    .summary = "mean of each window",
    .params = pool_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = pool_shape,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};

static nas_status global_shape(const nas_node *node, const nas_shape *inputs,
                               nas_shape *out, nas_err *err)
{
    (void)node;
    (void)err;
    *out = (nas_shape){inputs[0].c, 1, 1};
    return NAS_OK;
}

const nas_op nas_operator_global_max_pool = {
    .name = "global_max_pool",
    .summary = "largest element of each channel",
    .params = no_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = global_shape,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};

const nas_op nas_operator_global_avg_pool = {
    .name = "global_avg_pool",
    .summary = "mean of each channel",
    .params = no_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = global_shape,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};
