/* Norms with a learned scale and shift per channel. MACs 0: that of a batch folds into
 * the weights before it, those of a sample are additions and few products.
 *
 * layer_norm: Ba, Kiros, Hinton, Layer normalization, arXiv:1607.06450 (2016), over the
 * channels of each pixel or step. group_norm: Wu, He, Group normalization, ECCV 2018,
 * over the channels of a group with all their pixels. */
#include "graph/op.h"

static const nas_param norm_params[] = {
    {"epsilon", NAS_PARAM_REAL, NULL, "1e-5", 1e-12, 1, NULL,
     "added to the variance before its square root", NULL},
    {"momentum", NAS_PARAM_REAL, NULL, "0.1", 1e-6, 1, NULL,
     "weight of the newest batch in the running statistics", NULL},
    {0},
};

static int norm_weights(const nas_node *node, const nas_shape *inputs, nas_weight *out)
{
    static const nas_weight_role roles[] = {NAS_WEIGHT_SCALE, NAS_WEIGHT_SHIFT,
                                            NAS_WEIGHT_MEAN, NAS_WEIGHT_VARIANCE};
    (void)node;
    for (int i = 0; i < 4; i++)
        nas_weight_fill(&out[i], roles[i], 1, &inputs[0].c, 0);
    return 4;
}

const nas_op nas_operator_batch_norm = {
    .name = "batch_norm",
    .summary = "batch normalisation with a learned scale and shift per channel",
    .params = norm_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .shape = nas_shape_same,
    .weights = norm_weights,
    .macs = nas_macs_none,
};

/* ---- norms of one sample --------------------------------------------------------- */

#define EPSILON_PARAM                                                                    \
    {                                                                                    \
        "epsilon", NAS_PARAM_REAL, NULL, "1e-5", 1e-12, 1, NULL,                         \
            "added to the variance before its square root", NULL                         \
    }

static const nas_param layer_params[] = {EPSILON_PARAM, {0}};

static const nas_param group_params[] = {
    EPSILON_PARAM,
    {"groups", NAS_PARAM_INT, NULL, "1", 1, NAS_GRAPH_MAX_EXTENT, NULL,
     "groups of channels, each normalised with all its pixels", NULL},
    {0},
};

static const char no_int8[] = "the statistics of a sample are not known before it is "
                              "seen, so there is no 8-bit form";

static int sample_norm_weights(const nas_node *node, const nas_shape *inputs,
                               nas_weight *out)
{
    (void)node;
    nas_weight_fill(&out[0], NAS_WEIGHT_SCALE, 1, &inputs[0].c, 0);
    nas_weight_fill(&out[1], NAS_WEIGHT_SHIFT, 1, &inputs[0].c, 0);
    return 2;
}

static nas_status group_shape(const nas_node *node, const nas_shape *inputs,
                              nas_shape *out, nas_err *err)
{
    const int64_t groups = node->attr[NAS_ATTR_SAMPLE_NORM_GROUPS].i;
    *out = inputs[0];
    if (inputs[0].c % groups == 0)
        return NAS_OK;
    return nas_fail(err, NAS_E_GRAPH, "%lld groups do not divide %lld channels",
                    (long long)groups, (long long)inputs[0].c);
}

const nas_op nas_operator_layer_norm = {
    .name = "layer_norm",
    .summary = "normalisation over the channels of each pixel, with scale and shift",
    .params = layer_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .no_int8 = no_int8,
    .shape = nas_shape_same,
    .weights = sample_norm_weights,
    .macs = nas_macs_none,
};

const nas_op nas_operator_group_norm = {
    .name = "group_norm",
    .summary =
        "normalisation over groups of channels and all pixels, with scale and shift",
    .params = group_params,
    .min_inputs = 1,
    .max_inputs = 1,
    .no_int8 = no_int8,
    .shape = group_shape,
    .weights = sample_norm_weights,
    .macs = nas_macs_none,
};
