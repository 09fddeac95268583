/* Differentiable architecture search.
 *
 * H. Liu, K. Simonyan, Y. Yang: DARTS: Differentiable Architecture Search. ICLR 2019.
 * arXiv:1806.09055
 *
 * The study trains a mixture of all alternatives, weighted by a softmax of their
 * strengths (evaluate/mixture_learner.c, where the notation and further deviations are).
 * The first proposal is the network of the strongest; limits are respected then.
 *
 * Deviations
 * 1. Further proposals are networks around it, drawn with noise on the strengths; all are
 *    trained on their own, and these trainings decide.
 * 2. On known failure (alternatives that do nothing win most choices) strengths of an
 *    earlier epoch are used, and the result raises an alarm. */
#include "strategy/strategies.h"

static const nas_param darts_params[] = {
    SUPERNET_EPOCHS_PARAM,
    SUPERNET_SHARE_PARAM,
    {.name = NAS_SUPERNET_EARLY_STOP,
     .type = NAS_PARAM_BOOL,
     .default_text = "true",
     .doc = "End the training when the curvature of the loss over the strengths grows "
            "(R-DARTS).",
     .source = "Zela et al. 2020"},
    {.name = NAS_SUPERNET_SECOND_ORDER,
     .type = NAS_PARAM_BOOL,
     .default_text = "false",
     .doc = "Look one step of the weights ahead; a step costs two and a half times as "
            "much.",
     .source = "Liu et al. 2019"},
    {0},
};

const nas_strategy_ops nas_strategy_darts = {
    .name = "darts",
    .summary = "gradient search in a mixture of all alternatives, then trainings around "
               "its choice",
    .cite = "liu2019darts",
    .params = darts_params,
    .supernet = NAS_SUPERNET_SOFTMAX,
    .init = nas_mixture_init,
    .ask = nas_mixture_ask,
};
