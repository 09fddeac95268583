/* Where a graph begins: the input and the fitted constants of the front section. */
#include "graph/op.h"

static const nas_param no_params[] = {{0}};

/* The builder sets the shape of an input before it asks. */
static nas_status input_shape(const nas_node *node, const nas_shape *inputs,
                              nas_shape *out, nas_err *err)
{
    (void)inputs;
    (void)err;
    *out = node->shape;
    return NAS_OK;
}

const nas_op nas_operator_input = {
    .name = "input",
    .summary = "one sample",
    .params = no_params,
    .min_inputs = 0,
    .max_inputs = 0,
    .shape = input_shape,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};

static nas_status standardise_shape(const nas_node *node, const nas_shape *inputs,
                                    nas_shape *out, nas_err *err)
{
    if (node->n_constants != 2 * inputs[0].c)
        return nas_fail(err, NAS_E_GRAPH,
                        "standardise needs a mean and an inverse deviation for each of "
                        "%lld channels, found %lld numbers",
                        (long long)inputs[0].c, (long long)node->n_constants);
    *out = inputs[0];
    return NAS_OK;
}

const nas_op nas_operator_standardise = {
    .name = "standardise",
    .summary = "(x - mean) * inverse deviation, per channel, fitted on training rows",
    .params = no_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .front = true,
    .shape = standardise_shape,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};
