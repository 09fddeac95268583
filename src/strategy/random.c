/* Random search.
 *
 * L. Li, A. Talwalkar: Random Search and Reproducibility for Neural Architecture Search.
 * UAI 2019. arXiv:1902.07638
 *
 * Deviations: no candidate is proposed twice (by key), and none that violates a limit.
 * There is nothing to remember: the state is empty. */
#include "strategy/strategies.h"

static nas_status random_init(void *state, const nas_value *values, nas_err *err)
{
    (void)state;
    (void)values;
    (void)err;
    return NAS_OK;
}

static nas_status random_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    (void)state;
    return nas_propose_uniform(ask, out, err);
}

static const nas_param random_params[] = {{0}};

const nas_strategy_ops nas_strategy_random = {
    .name = "random",
    .summary = "uniform random search, the baseline of everything else",
    .cite = "li2019random",
    .params = random_params,
    .init = random_init,
    .ask = random_ask,
};
