/* Single path one-shot: evolution over the weights of one supernet.
 *
 * Z. Guo, X. Zhang, H. Mu, W. Heng, Z. Liu, Y. Wei, J. Sun: Single Path One-Shot Neural
 * Architecture Search with Uniform Sampling. ECCV 2020. doi:10.1007/978-3-030-58517-4_32
 *
 * Deviations
 * 1. Asynchronous: no generations. When P networks have scores, every proposal is a
 *    crossover of two, or a mutation of one, of the K best at that moment. The budget,
 * not a number of generations, ends the search.
 * 2. The best are the best of the search: a network that went on to a training of its own
 *    and was confirmed there stands above those that were only scored with inherited
 *    weights. So a supernet that misleads does not decide.
 * 3. A child is a new network that meets the limits; after 100 futile ones a uniform one
 *    is proposed.
 * 4. Mutation draws every decision anew with probability p, as there, but at least one.
 *
 * Notation
 *   paper          here        range      default  source
 *   P              population  2..10000   50       paper
 *   k (top)        parents     2..1000    10       paper
 *   n/2, n/2       half        -          1/2      paper: 25 crossovers, 25 mutations
 *   prob           mutation    0.001..1   0.1      paper
 *   W_A            the bank    -          -        evaluate/supernet_train.c */
#include "strategy/strategies.h"

enum {
    PARAM_POPULATION,
    PARAM_PARENTS,
    PARAM_MUTATION,
    PARAM_FAIR,
    PARAM_EPOCHS,
    PARAM_SHARE
};
enum { MAX_PARENTS = 1000, TRIES = 100 };

typedef struct spos {
    int64_t population; /* P */
    int64_t parents;    /* k */
    double mutation;    /* prob */
} spos;

static nas_status spos_init(void *state, const nas_value *values, nas_err *err)
{
    (void)err;
    spos *self = state;
    self->population = values[PARAM_POPULATION].i;
    self->parents = values[PARAM_PARENTS].i;
    self->mutation = values[PARAM_MUTATION].f;
    return NAS_OK;
}

/* The K best of the history, best first. @return their number, <= K */
static int64_t top_k(const nas_history *history, int64_t k, int64_t *out)
{
    int64_t n = 0;
    for (int64_t t = 0; t < history->n; t++) {
        if (history->trials[t].rungs == 0)
            continue;
        int64_t at = n < k ? n++ : k;
        if (at == k && nas_history_compare(history, t, out[k - 1]) <= 0)
            continue;
        at = at == k ? k - 1 : at;
        for (; at > 0 && nas_history_compare(history, t, out[at - 1]) > 0; at--)
            out[at] = out[at - 1];
        out[at] = t;
    }
    return n;
}

/* "Each choice block is re-sampled with probability prob." */
static nas_candidate *mutate(const spos *self, nas_ask *ask, const nas_candidate *parent)
{
    int n = nas_space_decision_count(ask->space);
    int16_t *values = NAS_NEW(ask->arena, int16_t, n);
    if (values == NULL)
        return NULL;
    bool changed = false;
    for (int d = 0; d < n; d++) {
        bool again = nas_rng_uniform(&ask->rng) < self->mutation;
        changed = changed || again;
        values[d] = (int16_t)(again ? -1 : nas_space_choice(ask->space, parent, d));
    }
    return changed ? nas_space_assign(ask->space, values, &ask->rng, ask->arena)
                   : nas_space_mutate(ask->space, parent, &ask->rng, ask->arena);
}

/* A child of the K best. @param parents  out: index in the history, the second -1 for a
 * mutation */
static nas_candidate *breed(const spos *self, nas_ask *ask, const int64_t *top, int64_t n,
                            int64_t parents[2])
{
    const nas_history_trial *trials = ask->history->trials;
    parents[0] = top[nas_rng_below(&ask->rng, (uint64_t)n)];
    parents[1] = -1;
    if (nas_rng_below(&ask->rng, 2) == 0)
        return mutate(self, ask, trials[parents[0]].candidate);
    parents[1] = top[nas_rng_below(&ask->rng, (uint64_t)n)];
    return nas_space_crossover(ask->space, trials[parents[0]].candidate,
                               trials[parents[1]].candidate, &ask->rng, ask->arena);
}

static nas_status spos_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    const spos *self = state;
    const nas_history *history = ask->history;
    int64_t top[MAX_PARENTS];
    if (history->n_scored < self->population)
        return nas_propose_uniform(ask, out, err);
    int64_t n = top_k(history, self->parents, top);
    for (int i = 0; i < TRIES; i++) {
        int64_t parents[2];
        nas_candidate *child = breed(self, ask, top, n, parents);
        NAS_TRY(nas_propose_candidate(ask, child, parents[0], out, err));
        if (out->candidate == NULL)
            continue;
        out->parents[1] = parents[1] < 0 ? 0 : history->trials[parents[1]].id;
        return NAS_OK;
    }
    return nas_propose_uniform(ask, out, err);
}

static const nas_param spos_params[] = {
    [PARAM_POPULATION] = {.name = "population",
                          .type = NAS_PARAM_INT,
                          .unit = "networks",
                          .default_text = "50",
                          .min = 2,
                          .max = 10000,
                          .doc = "Random networks before evolution begins.",
                          .source = "paper"},
    [PARAM_PARENTS] = {.name = "parents",
                       .type = NAS_PARAM_INT,
                       .unit = "networks",
                       .default_text = "10",
                       .min = 2,
                       .max = MAX_PARENTS,
                       .doc = "The best so many have children.",
                       .source = "paper"},
    [PARAM_MUTATION] = {.name = "mutation",
                        .type = NAS_PARAM_REAL,
                        .unit = "probability",
                        .default_text = "0.1",
                        .min = 0.001,
                        .max = 1,
                        .doc = "That a decision of a mutant is drawn anew.",
                        .source = "paper"},
    [PARAM_FAIR] = {.name = NAS_SUPERNET_FAIR,
                    .type = NAS_PARAM_BOOL,
                    .default_text = "false",
                    .doc = "Strict fairness: each step trains every value of every "
                           "decision once, then updates.",
                    .source = "Chu et al. 2021"},
    [PARAM_EPOCHS] = SUPERNET_EPOCHS_PARAM,
    [PARAM_SHARE] = SUPERNET_SHARE_PARAM,
    {0},
};

const nas_strategy_ops nas_strategy_spos = {
    .name = "spos",
    .summary = "one supernet of shared weights, evolution over the networks in it",
    .cite = "guo2020single",
    .params = spos_params,
    .needs = NAS_SPACE_CROSSOVER,
    .supernet = NAS_SUPERNET_PATHS,
    .state_size = sizeof(spos),
    .init = spos_init,
    .ask = spos_ask,
};
