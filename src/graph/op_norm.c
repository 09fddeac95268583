/* Batch normalisation per channel. MACs 0: it folds into the weights before it. */
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
