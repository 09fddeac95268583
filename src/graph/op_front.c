/* Where a graph begins: the input and the fitted constants of the front section. */
#include "graph/op.h"

#include <math.h>

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

static bool column_is_sound(const float *column, int64_t n_raw)
{
    const float source = column[NAS_ENCODE_SOURCE], kind = column[NAS_ENCODE_KIND];
    const bool bounds =
        kind == (float)NAS_ENCODE_INSIDE || kind == (float)NAS_ENCODE_OUTSIDE;
    return source >= 0 && source < (float)n_raw && source == floorf(source) &&
           kind >= 0 && kind < (float)NAS_ENCODE_KINDS && kind == floorf(kind) &&
           column[NAS_ENCODE_SCALE] >= 0 && (!bounds || column[NAS_ENCODE_SCALE] > 0);
}

static nas_status encode_shape(const nas_node *node, const nas_shape *inputs,
                               nas_shape *out, nas_err *err)
{
    const int64_t n = node->n_constants / NAS_ENCODE_FIELDS;
    if (inputs[0].h != 1 || inputs[0].w != 1)
        return nas_fail(err, NAS_E_GRAPH,
                        "encode reads rows of a table, not images or "
                        "series");
    if (n < 1 || n > NAS_GRAPH_MAX_EXTENT || node->n_constants % NAS_ENCODE_FIELDS != 0)
        return nas_fail(err, NAS_E_GRAPH,
                        "encode has %lld constants, expected %d for each column",
                        (long long)node->n_constants, NAS_ENCODE_FIELDS);
    for (int64_t i = 0; i < n; i++)
        if (!column_is_sound(node->constants + i * NAS_ENCODE_FIELDS, inputs[0].c))
            return nas_fail(err, NAS_E_GRAPH,
                            "column %lld of encode does not fit a row of %lld values",
                            (long long)i, (long long)inputs[0].c);
    *out = (nas_shape){n, 1, 1};
    return NAS_OK;
}

const nas_op nas_operator_encode = {
    .name = "encode",
    .summary = "columns from a raw row: numbers, missing values, categories",
    .params = no_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .front = true,
    .fitted = true,
    .no_int8 = "categories, missing values and long tails need floats",
    .shape = encode_shape,
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
    .fitted = true,
    .shape = standardise_shape,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};
