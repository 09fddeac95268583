/* New, feasible candidates: what every strategy proposes through. */
#include "nasmith/strategy.h"

#include <math.h>
#include <stdio.h>

enum {
    MAX_DRAWS = 1000,    /* uniform draws before the walk */
    MAX_MUTATIONS = 100, /* of one parent before a uniform proposal */
    PER_LENGTH = 25,     /* mutations tried before they get one change longer */
    MAX_DESCENT = 200,   /* steps down to the limits */
    WALK_STEPS = 64,     /* enough to leave the neighbourhood of the smallest network */
    NEIGHBOURS = 64,     /* mutations that stand for a neighbourhood */
};

/* A candidate and what is known of it. */
typedef struct point {
    nas_candidate *candidate; /* NULL: none */
    nas_cost cost;
    bool feasible;
    double excess; /* over the limits; 0 when feasible, infinite without a network */
} point;

static bool has_network(const nas_cost *cost)
{
    return cost->arena_bytes > 0 || cost->ram_bytes > 0;
}

/* How far a cost is over the limits: the relative excess, summed over them. */
static double excess(const nas_cost *cost, const nas_limits *limits)
{
    double sum = 0;
    if (!has_network(cost) || limits == NULL)
        return (double)INFINITY;
    for (int kind = NAS_LIMIT_NONE + 1; kind <= NAS_LIMIT_LATENCY; kind++) {
        double bound = nas_limit_bound(limits, (nas_limit_kind)kind);
        double value = nas_limit_cost(cost, (nas_limit_kind)kind);
        if (bound > 0 && value > bound)
            sum += value / bound - 1;
    }
    /* Infeasible within the limits: for a reason no walk can see. */
    return sum > 0 ? sum : (double)INFINITY;
}

static nas_status price(const nas_ask *ask, nas_candidate *candidate, point *out,
                        nas_err *err)
{
    NAS_TRY_ALLOC(candidate, err);
    *out = (point){.candidate = candidate};
    NAS_TRY(ask->price(ask->price_context, candidate, &out->cost, &out->feasible, err));
    out->excess = out->feasible ? 0 : excess(&out->cost, ask->limits);
    return NAS_OK;
}

static bool is_new(const nas_ask *ask, const nas_candidate *candidate)
{
    return !nas_history_has_key(ask->history, nas_space_key(ask->space, candidate));
}

static void propose(nas_proposal *out, const point *from, int64_t parent, bool uniform)
{
    *out = (nas_proposal){.candidate = from->candidate,
                          .cost = from->cost,
                          .parents = {parent, 0},
                          .uniform = uniform};
}

/* ---- uniform draws ---- */

/* Rejection sampling. @param nearest  out: the draw nearest to the limits, feasible ones
 * being those that are known already */
static nas_status draw(nas_ask *ask, nas_proposal *out, point *nearest, nas_err *err)
{
    for (int i = 0; i < MAX_DRAWS; i++) {
        point p = {0};
        nas_candidate *candidate = nas_space_sample(ask->space, &ask->rng, ask->arena);
        NAS_TRY_ALLOC(candidate, err);
        if (!is_new(ask, candidate)) {
            ask->duplicates++;
            /* The history holds feasible candidates only. */
            if (nearest->candidate == NULL || !nearest->feasible)
                *nearest = (point){.candidate = candidate, .feasible = true};
            continue;
        }
        NAS_TRY(price(ask, candidate, &p, err));
        if (p.feasible) {
            propose(out, &p, 0, true);
            return NAS_OK;
        }
        ask->infeasible++;
        if (nearest->candidate == NULL || p.excess < nearest->excess)
            *nearest = p;
    }
    return NAS_OK;
}

/* ---- the walk ---- */

/* The candidates one decision away, or a sample of them. */
static nas_status neighbourhood(nas_ask *ask, const nas_candidate *of,
                                nas_candidate ***out, int64_t *n, nas_err *err)
{
    if ((nas_space_abilities(ask->space) & NAS_SPACE_NEIGHBOURS) != 0)
        return nas_space_neighbours(ask->space, of, ask->arena, out, n, err);
    *out = NAS_NEW(ask->arena, nas_candidate *, NEIGHBOURS);
    NAS_TRY_ALLOC(*out, err);
    for (*n = 0; *n < NEIGHBOURS; ++*n) {
        (*out)[*n] = nas_space_mutate(ask->space, of, &ask->rng, ask->arena);
        NAS_TRY_ALLOC((*out)[*n], err);
    }
    return NAS_OK;
}

/* Coordinate descent: always the single change that lowers the excess most. */
static nas_status descend(nas_ask *ask, point *at, nas_err *err)
{
    for (int step = 0; step < MAX_DESCENT && !at->feasible; step++) {
        nas_candidate **candidates = NULL;
        int64_t n = 0;
        point best = *at;
        NAS_TRY(neighbourhood(ask, at->candidate, &candidates, &n, err));
        for (int64_t i = 0; i < n; i++) {
            point p = {0};
            NAS_TRY(price(ask, candidates[i], &p, err));
            if (p.excess < best.excess)
                best = p;
        }
        if (best.candidate == at->candidate)
            return NAS_OK;
        *at = best;
    }
    return NAS_OK;
}

/* A random walk among feasible candidates from `at`; the last new one is proposed. */
static nas_status walk(nas_ask *ask, point at, nas_proposal *out, nas_err *err)
{
    if (is_new(ask, at.candidate))
        propose(out, &at, 0, false);
    for (int step = 0; step < MAX_DRAWS; step++) {
        if (step >= WALK_STEPS && out->candidate != NULL)
            return NAS_OK;
        point p = {0};
        nas_candidate *next =
            nas_space_mutate(ask->space, at.candidate, &ask->rng, ask->arena);
        NAS_TRY_ALLOC(next, err);
        if (!is_new(ask, next)) {
            at.candidate = next;
            continue;
        }
        NAS_TRY(price(ask, next, &p, err));
        if (!p.feasible)
            continue;
        at = p;
        propose(out, &p, 0, false);
    }
    return NAS_OK;
}

/* ---- the whole space ---- */

/* Every candidate once, from a random place on; the first that is new and feasible. */
static nas_status enumerate(nas_ask *ask, nas_arena *scratch, nas_proposal *out,
                            nas_err *err)
{
    int64_t size = (int64_t)nas_space_size(ask->space);
    int64_t from = (int64_t)nas_rng_below(&ask->rng, (uint64_t)size);
    for (int64_t i = 0; i < size; i++) {
        point p = {0};
        nas_arena_reset(scratch);
        nas_candidate *candidate = nas_space_at(ask->space, (from + i) % size, scratch);
        NAS_TRY_ALLOC(candidate, err);
        if (!is_new(ask, candidate))
            continue;
        NAS_TRY(price(ask, candidate, &p, err));
        if (!p.feasible)
            continue;
        p.candidate = nas_candidate_copy(candidate, ask->arena);
        NAS_TRY_ALLOC(p.candidate, err);
        propose(out, &p, 0, true);
        return NAS_OK;
    }
    return NAS_OK;
}

static nas_status search_all(nas_ask *ask, nas_proposal *out, nas_err *err)
{
    if ((nas_space_abilities(ask->space) & NAS_SPACE_ENUMERABLE) == 0)
        return NAS_OK;
    nas_arena *scratch = nas_arena_new();
    NAS_TRY_ALLOC(scratch, err);
    nas_status status = enumerate(ask, scratch, out, err);
    nas_arena_free(scratch);
    return status;
}

/* ---- proposals ---- */

static nas_status fail_limits(const nas_ask *ask, const point *smallest, nas_err *err)
{
    char found[32], bound[32];
    const char *space = nas_space_name(ask->space);
    nas_limit_kind kind = isfinite(smallest->excess)
                              ? nas_cost_violates(&smallest->cost, ask->limits)
                              : NAS_LIMIT_NONE;
    if (kind == NAS_LIMIT_NONE) {
        (void)nas_fail(err, NAS_E_LIMIT, "space `%s` has no network that %s", space,
                       has_network(&smallest->cost) ? "meets the limits"
                                                    : "fits the data");
        nas_err_hint(err, "choose another --space, or wider limits");
        return NAS_E_LIMIT;
    }
    nas_cost_text(kind, nas_limit_cost(&smallest->cost, kind), found, sizeof found);
    nas_cost_text(kind, nas_limit_bound(ask->limits, kind), bound, sizeof bound);
    (void)nas_fail(err, NAS_E_LIMIT,
                   "no network of space `%s` meets the limits: %s is limited to %s, "
                   "smallest found: %s",
                   space, nas_limit_name(kind), bound, found);
    nas_err_hint(err, "raise --max-%s to %s or more, or choose another --space",
                 nas_limit_name(kind), found);
    return NAS_E_LIMIT;
}

/* From the smallest candidate or from the draw nearest to the limits, whichever gets
 * there. */
static nas_status find_feasible(nas_ask *ask, point *nearest, nas_err *err)
{
    point smallest = {0};
    if (nearest->feasible)
        return NAS_OK;
    NAS_TRY(price(ask, nas_space_smallest(ask->space, ask->arena), &smallest, err));
    NAS_TRY(descend(ask, &smallest, err));
    if (!smallest.feasible && nearest->candidate != NULL)
        NAS_TRY(descend(ask, nearest, err));
    if (nearest->candidate == NULL || smallest.excess <= nearest->excess)
        *nearest = smallest;
    return NAS_OK;
}

nas_status nas_propose_uniform(nas_ask *ask, nas_proposal *out, nas_err *err)
{
    point nearest = {0};
    *out = (nas_proposal){0};
    NAS_TRY(draw(ask, out, &nearest, err));
    if (out->candidate != NULL)
        return NAS_OK;
    NAS_TRY(find_feasible(ask, &nearest, err));
    if (nearest.feasible)
        NAS_TRY(walk(ask, nearest, out, err));
    if (out->candidate == NULL)
        NAS_TRY(search_all(ask, out, err));
    if (out->candidate != NULL)
        return NAS_OK;
    if (!nearest.feasible && ask->history->n == 0)
        return fail_limits(ask, &nearest, err);
    ask->exhausted = true;
    return NAS_OK;
}

nas_status nas_propose_candidate(nas_ask *ask, nas_candidate *candidate, int64_t parent,
                                 nas_proposal *out, nas_err *err)
{
    point p = {0};
    *out = (nas_proposal){0};
    NAS_TRY_ALLOC(candidate, err);
    if (!is_new(ask, candidate)) {
        ask->duplicates++;
        return NAS_OK;
    }
    NAS_TRY(price(ask, candidate, &p, err));
    if (p.feasible)
        propose(out, &p, parent < 0 ? 0 : ask->history->trials[parent].id, false);
    else
        ask->infeasible++;
    return NAS_OK;
}

nas_status nas_propose_mutation(nas_ask *ask, int64_t parent, nas_proposal *out,
                                nas_err *err)
{
    const nas_history_trial *trial = &ask->history->trials[parent];
    for (int i = 0; i < MAX_MUTATIONS; i++) {
        point p = {0};
        nas_candidate *child = NULL;
        const nas_candidate *from = trial->candidate;
        for (int change = 0; change < 1 + i / PER_LENGTH; change++) {
            child = nas_space_mutate(ask->space, from, &ask->rng, ask->arena);
            NAS_TRY_ALLOC(child, err);
            from = child;
        }
        if (!is_new(ask, child)) {
            ask->duplicates++;
            continue;
        }
        NAS_TRY(price(ask, child, &p, err));
        if (p.feasible) {
            propose(out, &p, trial->id, false);
            return NAS_OK;
        }
        ask->infeasible++;
    }
    return nas_propose_uniform(ask, out, err);
}
