/* Gradient search with a differentiable architecture sampler.
 *
 * X. Dong, Y. Yang: Searching for a Robust Neural Architecture in Four GPU Hours. CVPR
 * 2019. doi:10.1109/CVPR.2019.00186
 *
 * The study trains one alternative of each choice at a time, drawn by strength with
 * Gumbel noise, with straight-through gradients to the strengths
 * (evaluate/mixture_learner.c, where the notation and further deviations are). The first
 * proposal is the network of the strongest; limits are respected then.
 *
 * Deviations: as darts. */
#include "strategy/strategies.h"

static const nas_param gdas_params[] = {SUPERNET_EPOCHS_PARAM, SUPERNET_SHARE_PARAM, {0}};

const nas_strategy_ops nas_strategy_gdas = {
    .name = "gdas",
    .summary = "gradient search that draws one alternative at a time, then trainings "
               "around its choice",
    .cite = "dong2019gdas",
    .params = gdas_params,
    .supernet = NAS_SUPERNET_GUMBEL,
    .init = nas_mixture_init,
    .ask = nas_mixture_ask,
};
