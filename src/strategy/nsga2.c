/* NSGA-II: evolution towards a whole Pareto front.
 *
 * K. Deb, A. Pratap, S. Agarwal, T. Meyarivan: A Fast and Elitist Multiobjective Genetic
 * Algorithm: NSGA-II. IEEE Transactions on Evolutionary Computation 6 (2002) 182-197.
 * doi:10.1109/4235.996017
 *
 * Deviations
 * 1. Asynchronous: children that still run are born into a later generation; survivors
 *    are chosen whenever `offspring` new networks have a score.
 * 2. Feasible first is kept by construction: a child over a limit is never trained, so
 *    none competes. One that is, or is known by key, is bred again.
 * 3. Uniform crossover over decisions, and each decision of the child mutated with
 *    probability 1 / (their number), in place of the operators for real numbers.
 * 4. Scores of several rungs are brought to one level first (model/level.h).
 *
 * Notation
 *   paper         here        range      default  source
 *   N             population  4..1000    24       for budgets of some hundred networks
 *   |Q|           offspring   1..1000    24       equal to N
 *   p_c           CROSSOVER   -          0.9      the paper
 *   P             ids[0..P)   -          -        survivors, who are the parents
 *   i_rank        rank        0..        -        0 = the front
 *   i_distance    crowd       0..inf     -        */
#include "strategy/model/level.h"
#include "strategy/model/pareto.h"
#include "strategy/strategies.h"

#include <math.h>
#include <string.h>

enum { PARAM_POPULATION, PARAM_OFFSPRING };
enum { BIRTHS = 100 };
static const double CROSSOVER = 0.9;

typedef struct nsga2 {
    int64_t population, offspring;
    id_list ids; /* survivors, then what was scored since */
} nsga2;

/* Members with their objectives. */
typedef struct herd {
    int64_t n;
    int m;
    int64_t *t;    /* [n] trial indices */
    double *f;     /* [n][m] minimised: minus the score, then costs */
    int *rank;     /* [n] */
    double *crowd; /* [n] */
} herd;

static nas_status nsga2_init(void *state, const nas_value *values, nas_err *err)
{
    nsga2 *self = state;
    (void)err;
    self->population = values[PARAM_POPULATION].i;
    self->offspring = values[PARAM_OFFSPRING].i;
    return NAS_OK;
}

static void nsga2_free(void *state)
{
    nas_heap_free(((nsga2 *)state)->ids.id);
}

static nas_status nsga2_tell(void *state, const nas_history *history, int64_t t, int rung,
                             nas_err *err)
{
    if (rung != history->trials[t].first_rung)
        return NAS_OK;
    return nas_ids_add(&((nsga2 *)state)->ids, history->trials[t].id, err);
}

/* ---- ranking ---------------------------------------------------------------------- */

static int count_objectives(const nas_ask *ask)
{
    int m = 1;
    for (int kind = NAS_LIMIT_PARAMS; kind <= NAS_LIMIT_LATENCY; kind++)
        m += (int)(ask->objectives >> kind & 1U);
    return m;
}

static void objectives_of(const nas_ask *ask, const nas_history_trial *trial,
                          double level, double *out)
{
    *out++ = isnan(level) ? (double)INFINITY : -level;
    for (int kind = NAS_LIMIT_PARAMS; kind <= NAS_LIMIT_LATENCY; kind++)
        if ((ask->objectives >> kind & 1U) != 0)
            *out++ = nas_limit_cost(&trial->cost, (nas_limit_kind)kind);
}

/* The first n members, ranked. @param levels  of all trials */
static nas_status gather(const nsga2 *self, const nas_ask *ask, const double *levels,
                         int64_t n, herd *out, nas_err *err)
{
    int64_t *order = NAS_NEW(ask->arena, int64_t, n);
    *out = (herd){.n = n, .m = count_objectives(ask)};
    out->t = NAS_NEW(ask->arena, int64_t, n);
    out->f = NAS_NEW(ask->arena, double, n * out->m);
    out->rank = NAS_NEW(ask->arena, int, n);
    out->crowd = NAS_NEW(ask->arena, double, n);
    NAS_TRY_ALLOC(order, err);
    NAS_TRY_ALLOC(out->t, err);
    NAS_TRY_ALLOC(out->f, err);
    NAS_TRY_ALLOC(out->rank, err);
    NAS_TRY_ALLOC(out->crowd, err);
    for (int64_t i = 0; i < n; i++) {
        int64_t t = nas_history_find(ask->history, self->ids.id[i]);
        if (t < 0)
            return nas_fail(err, NAS_E_INTERNAL,
                            "nsga2: its population is not part of the history");
        out->t[i] = t;
        objectives_of(ask, &ask->history->trials[t], levels[t], out->f + i * out->m);
    }
    nas_pareto_rank(out->f, n, out->m, out->rank);
    nas_pareto_crowd(out->f, n, out->m, out->rank, out->crowd, order);
    return NAS_OK;
}

/* The crowded comparison: the better front, then the emptier place. */
static bool precedes(const herd *h, int64_t a, int64_t b)
{
    if (h->rank[a] != h->rank[b])
        return h->rank[a] < h->rank[b];
    return h->crowd[a] > h->crowd[b];
}

/* The end of a generation: of the first parents and children the best `population` are
 * the next parents; who was scored later is a child of theirs. */
static nas_status survive(nsga2 *self, const nas_ask *ask, const double *levels,
                          nas_err *err)
{
    herd all;
    int64_t n = self->population + self->offspring;
    NAS_TRY(gather(self, ask, levels, n, &all, err));
    int64_t *order = NAS_NEW(ask->arena, int64_t, n);
    NAS_TRY_ALLOC(order, err);
    for (int64_t i = 0; i < n; i++) {
        int64_t place = i;
        for (; place > 0 && precedes(&all, i, order[place - 1]); place--)
            order[place] = order[place - 1];
        order[place] = i;
    }
    for (int64_t i = 0; i < self->population; i++)
        self->ids.id[i] = ask->history->trials[all.t[order[i]]].id;
    memmove(self->ids.id + self->population, self->ids.id + n,
            (size_t)(self->ids.n - n) * sizeof *self->ids.id);
    self->ids.n -= self->offspring;
    return NAS_OK;
}

/* ---- breeding --------------------------------------------------------------------- */

/* Binary tournament. @return trial index */
static int64_t select_parent(const herd *parents, nas_rng *rng)
{
    int64_t a = (int64_t)nas_rng_below(rng, (uint64_t)parents->n);
    int64_t b = (int64_t)nas_rng_below(rng, (uint64_t)parents->n);
    return parents->t[precedes(parents, b, a) ? b : a];
}

static int active_decisions(const nas_space *space, const nas_candidate *candidate)
{
    int active = 0;
    for (int d = 0; d < nas_space_decision_count(space); d++)
        active += nas_space_choice(space, candidate, d) >= 0;
    return active;
}

static nas_candidate *mutate(nas_ask *ask, nas_candidate *child)
{
    int n = active_decisions(ask->space, child);
    for (int i = 0; i < n && child != NULL; i++)
        if (nas_rng_below(&ask->rng, (uint64_t)n) == 0)
            child = nas_space_mutate(ask->space, child, &ask->rng, ask->arena);
    return child;
}

static nas_status breed(nas_ask *ask, const herd *parents, nas_proposal *out,
                        nas_err *err)
{
    const nas_history_trial *trials = ask->history->trials;
    for (int birth = 0; birth < BIRTHS && out->candidate == NULL; birth++) {
        int64_t a = select_parent(parents, &ask->rng);
        int64_t b = select_parent(parents, &ask->rng);
        bool crossed = nas_rng_uniform(&ask->rng) < CROSSOVER;
        nas_candidate *child =
            crossed ? nas_space_crossover(ask->space, trials[a].candidate,
                                          trials[b].candidate, &ask->rng, ask->arena)
                    : nas_candidate_copy(trials[a].candidate, ask->arena);
        NAS_TRY_ALLOC(child, err);
        NAS_TRY(nas_propose_candidate(ask, mutate(ask, child), a, out, err));
        if (out->candidate != NULL && crossed && a != b)
            out->parents[1] = trials[b].id;
    }
    if (out->candidate != NULL)
        return NAS_OK;
    return nas_propose_mutation(ask, select_parent(parents, &ask->rng), out, err);
}

static nas_status nsga2_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    nsga2 *self = state;
    herd parents;
    if (self->ids.n < self->population)
        return nas_propose_design(ask, out, err);
    double *levels = NAS_NEW(ask->arena, double, ask->history->n);
    NAS_TRY_ALLOC(levels, err);
    nas_model_level(ask->history, levels);
    while (self->ids.n >= self->population + self->offspring)
        NAS_TRY(survive(self, ask, levels, err));
    NAS_TRY(gather(self, ask, levels, self->population, &parents, err));
    return breed(ask, &parents, out, err);
}

static nas_status nsga2_save(const void *state, nas_text *out, nas_err *err)
{
    const nsga2 *self = state;
    nas_ids_put(out, &self->ids);
    return nas_text_status(out, err);
}

static nas_status nsga2_load(void *state, const void *bytes, size_t n, nas_err *err)
{
    nsga2 *self = state;
    state_reader reader = {bytes, n};
    if (n % 8 != 0)
        return nas_fail(err, NAS_E_STUDY,
                        "state of strategy `nsga2`: %zu bytes found, a multiple of 8 "
                        "expected",
                        n);
    return nas_ids_get(&reader, &self->ids, err);
}

static const nas_param nsga2_params[] = {
    [PARAM_POPULATION] = {.name = "population",
                          .type = NAS_PARAM_INT,
                          .unit = "networks",
                          .default_text = "24",
                          .min = 4,
                          .max = 1000,
                          .doc = "Survivors of a generation, who are the parents of the "
                                 "next.",
                          .source = "budgets of some hundred networks; 40 in the "
                                    "literature"},
    [PARAM_OFFSPRING] = {.name = "offspring",
                         .type = NAS_PARAM_INT,
                         .unit = "networks",
                         .default_text = "24",
                         .min = 1,
                         .max = 1000,
                         .doc = "New networks with a score that end a generation.",
                         .source = "as many as parents (Deb et al. 2002)"},
    {0},
};

const nas_strategy_ops nas_strategy_nsga2 = {
    .name = "nsga2",
    .summary = "NSGA-II: evolution towards the front of metric and costs",
    .cite = "deb2002nsga2",
    .params = nsga2_params,
    .needs = NAS_SPACE_CROSSOVER,
    .state_size = sizeof(nsga2),
    .init = nsga2_init,
    .free = nsga2_free,
    .tell = nsga2_tell,
    .ask = nsga2_ask,
    .save = nsga2_save,
    .load = nsga2_load,
};
