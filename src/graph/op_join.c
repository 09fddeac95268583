/* Operators that join tensors or take one apart. MACs: one per element of a product, else
 * 0. */
#include "graph/op.h"

static const nas_param no_params[] = {{0}};

static nas_status mismatch(const char *what, nas_shape a, nas_shape b, int index,
                           nas_err *err)
{
    return nas_fail(err, NAS_E_GRAPH,
                    "%s: input 0 is %lldx%lldx%lld but input %d is %lldx%lldx%lld", what,
                    (long long)a.c, (long long)a.h, (long long)a.w, index, (long long)b.c,
                    (long long)b.h, (long long)b.w);
}

static nas_status add_shape(const nas_node *node, const nas_shape *inputs, nas_shape *out,
                            nas_err *err)
{
    for (int i = 1; i < node->n_inputs; i++)
        if (!nas_shape_equal(inputs[0], inputs[i]))
            return mismatch("all inputs must have one shape", inputs[0], inputs[i], i,
                            err);
    *out = inputs[0];
    return NAS_OK;
}

const nas_op nas_operator_add = {
    .name = "add",
    .summary = "sum of inputs of one shape",
    .params = no_params,
    .min_inputs = 2,
    .max_inputs = -1,
    .commutative = true,
    .shape = add_shape,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};

/* The second input has the first one's shape or is one factor per channel. */
static nas_status mul_shape(const nas_node *node, const nas_shape *inputs, nas_shape *out,
                            nas_err *err)
{
    const nas_shape gate = {inputs[0].c, 1, 1};
    (void)node;
    if (!nas_shape_equal(inputs[0], inputs[1]) && !nas_shape_equal(gate, inputs[1]))
        return mismatch("input 1 must have the shape of input 0 or one value per channel",
                        inputs[0], inputs[1], 1, err);
    *out = inputs[0];
    return NAS_OK;
}

static int64_t mul_macs(const nas_node *node, const nas_shape *inputs)
{
    (void)node;
    return nas_shape_count(inputs[0]);
}

const nas_op nas_operator_mul = {
    .name = "mul",
    .summary = "product with a tensor of one shape, or with one factor per channel",
    .params = no_params,
    .min_inputs = 2,
    .max_inputs = 2,
    .shape = mul_shape,
    .weights = nas_weights_none,
    .macs = mul_macs,
};

static nas_status concat_shape(const nas_node *node, const nas_shape *inputs,
                               nas_shape *out, nas_err *err)
{
    *out = inputs[0];
    for (int i = 1; i < node->n_inputs; i++) {
        if (inputs[i].h != out->h || inputs[i].w != out->w)
            return mismatch("all inputs must have the same rows and columns", inputs[0],
                            inputs[i], i, err);
        out->c = nas_count_add(out->c, inputs[i].c);
    }
    return NAS_OK;
}

const nas_op nas_operator_concat = {
    .name = "concat",
    .summary = "channels of all inputs, one after the other",
    .params = no_params,
    .min_inputs = 2,
    .max_inputs = -1,
    .shape = concat_shape,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};

static const nas_param slice_params[] = {
    {"from", NAS_PARAM_INT, "channels", "0", 0, NAS_GRAPH_MAX_EXTENT, NULL,
     "first channel", NULL},
    {"count", NAS_PARAM_INT, "channels", NULL, 1, NAS_GRAPH_MAX_EXTENT, NULL,
     "number of channels", NULL},
    {0},
};

static nas_status slice_shape(const nas_node *node, const nas_shape *inputs,
                              nas_shape *out, nas_err *err)
{
    const int64_t from = node->attr[NAS_ATTR_SLICE_FROM].i;
    const int64_t count = node->attr[NAS_ATTR_SLICE_COUNT].i;
    *out = (nas_shape){count, inputs[0].h, inputs[0].w};
    if (from + count <= inputs[0].c)
        return NAS_OK;
    return nas_fail(err, NAS_E_GRAPH, "channels %lld to %lld of %lld", (long long)from,
                    (long long)(from + count - 1), (long long)inputs[0].c);
}

const nas_op nas_operator_slice = {
    .name = "slice",
    .summary = "some channels, one after the other",
    .params = slice_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .no_int8 = "a part of the channels has no 8-bit kernel",
    .shape = slice_shape,
    .weights = nas_weights_none,
    .macs = nas_macs_none,
};
