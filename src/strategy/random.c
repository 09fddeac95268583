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

static nas_status random_tell(void *state, const nas_history *history, int64_t t,
                              int rung, nas_err *err)
{
    (void)state;
    (void)history;
    (void)t;
    (void)rung;
    (void)err;
    return NAS_OK;
}

static nas_status random_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    (void)state;
    return nas_propose_uniform(ask, out, err);
}

static nas_status random_save(const void *state, nas_text *out, nas_err *err)
{
    (void)state;
    (void)out;
    (void)err;
    return NAS_OK;
}

static nas_status random_load(void *state, const void *bytes, size_t n, nas_err *err)
{
    (void)state;
    (void)bytes;
    if (n != 0)
        return nas_fail(err, NAS_E_STUDY,
                        "state of strategy `random`: %zu bytes found, none expected", n);
    return NAS_OK;
}

static const nas_param random_params[] = {{0}};

const nas_strategy_ops nas_strategy_random = {
    .name = "random",
    .summary = "uniform random search, the baseline of everything else",
    .cite = "li2019random",
    .params = random_params,
    .init = random_init,
    .tell = random_tell,
    .ask = random_ask,
    .save = random_save,
    .load = random_load,
};
