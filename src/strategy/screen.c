/* Proposals that were ranked without training.
 *
 * Every other network of an initial design is the best of a pool by what ask->screen
 * says; the rest stays uniform, because proxies sort out bad networks and rank good ones
 * badly. */
#include "nasmith/strategy.h"

#include "strategy/keys.h"

enum { DRAWS_EACH = 10 };

typedef struct pool {
    nas_candidate **candidate;
    int64_t n, most;
    key_set keys;
} pool;

static nas_status add(pool *p, nas_ask *ask, nas_candidate *candidate, nas_err *err)
{
    nas_cost cost;
    bool feasible = false;
    NAS_TRY_ALLOC(candidate, err);
    const uint64_t key = nas_space_key(ask->space, candidate);
    if (nas_history_has_key(ask->history, key)) {
        ask->duplicates++;
        return NAS_OK;
    }
    if (!nas_keys_enter(&p->keys, key))
        return NAS_OK;
    NAS_TRY(ask->price(ask->price_context, candidate, &cost, &feasible, err));
    if (feasible)
        p->candidate[p->n++] = candidate;
    else
        ask->infeasible++;
    return NAS_OK;
}

static bool fits_whole(const nas_ask *ask)
{
    return (nas_space_abilities(ask->space) & NAS_SPACE_ENUMERABLE) != 0 &&
           nas_space_size(ask->space) <= (double)ask->screen_most;
}

/* Different networks that are new and feasible: all of a small space, or draws. */
static nas_status fill(pool *p, nas_ask *ask, nas_err *err)
{
    const int64_t size = fits_whole(ask) ? (int64_t)nas_space_size(ask->space) : 0;
    const int64_t tries = size > 0 ? size : DRAWS_EACH * ask->screen_most;
    p->most = size > 0 ? size : ask->screen_most;
    p->candidate = NAS_NEW(ask->arena, nas_candidate *, p->most);
    NAS_TRY_ALLOC(p->candidate, err);
    if (!nas_keys_new(&p->keys, tries, ask->arena))
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int64_t i = 0; i < tries && p->n < p->most; i++)
        NAS_TRY(add(p, ask,
                    size > 0 ? nas_space_at(ask->space, i, ask->arena)
                             : nas_space_sample(ask->space, &ask->rng, ask->arena),
                    err));
    return NAS_OK;
}

nas_status nas_propose_screened(nas_ask *ask, nas_proposal *out, nas_err *err)
{
    pool p = {0};
    *out = (nas_proposal){0};
    NAS_TRY(fill(&p, ask, err));
    if (p.n == 0)
        return nas_propose_uniform(ask, out, err);
    double *score = NAS_NEW(ask->arena, double, p.n);
    NAS_TRY_ALLOC(score, err);
    NAS_TRY(ask->screen(ask->screen_context, p.candidate, p.n, score, err));
    int64_t best = 0;
    for (int64_t i = 1; i < p.n; i++)
        if (score[i] > score[best])
            best = i;
    return nas_propose_candidate(ask, p.candidate[best], -1, out, err);
}

nas_status nas_propose_design(nas_ask *ask, nas_proposal *out, nas_err *err)
{
    const bool screened = ask->screen != NULL && ask->history->n % 2 == 0;
    return screened ? nas_propose_screened(ask, out, err)
                    : nas_propose_uniform(ask, out, err);
}
