/* Random search with parameter sharing.
 *
 * L. Li, A. Talwalkar: Random Search and Reproducibility for Neural Architecture Search.
 * UAI 2019. arXiv:1902.07638
 *
 * The supernet of spos; the networks scored in it are uniform random ones.
 *
 * Deviations
 * 1. The budget, not a number of 1,000, ends the scoring; every network is scored on all
 *    validation rows, not one batch.
 * 2. The best in eight go on to trainings of their own, where the paper evaluates ten. */
#include "strategy/strategies.h"

static nas_status rsps_init(void *state, const nas_value *values, nas_err *err)
{
    (void)state;
    (void)values;
    (void)err;
    return NAS_OK;
}

static nas_status rsps_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    (void)state;
    return nas_propose_uniform(ask, out, err);
}

static const nas_param rsps_params[] = {SUPERNET_EPOCHS_PARAM, SUPERNET_SHARE_PARAM, {0}};

const nas_strategy_ops nas_strategy_rsps = {
    .name = "rsps",
    .summary = "random networks scored in one supernet of shared weights",
    .cite = "li2019random",
    .params = rsps_params,
    .supernet = NAS_SUPERNET_PATHS,
    .init = rsps_init,
    .ask = rsps_ask,
};
