/* DEHB: differential evolution on the rungs of Hyperband.
 *
 * N. Awad, N. Mallik, F. Hutter: DEHB: Evolutionary Hyperband for Scalable, Robust and
 * Efficient Hyperparameter Optimization. IJCAI 2021. arXiv:2105.09821
 *
 * The strategy's half; the other is the scheduler `dehb`, which promotes in its first
 * sweep and then asks for a new network for every place of every bracket. Populations
 * are read off the history: the state is empty.
 *
 * Deviations
 * 1. Genes are the middles of the bins of the values, so what a vector had beyond its
 *    network is lost. Genes of decisions that are not active are drawn anew.
 * 2. Asynchronous: a child is held against its target when its score arrives.
 * 3. A network without a target (uniform, or promoted) enters a population that is not
 *    full, else in the place of the worst if it is better.
 *
 * Notation
 *   paper        here        range    default  source
 *   F            scale       0..2     0.5      paper
 *   p, CR        crossover   0..1     0.5      paper
 *   eta          eta         2..64    3        paper; as the scheduler's
 *   SP_b         population  of a rung: as many as any bracket has there
 *   x_r1 - r3    a, b, c     from the best of the rung below */
#include "strategy/bracket_sizes.h"
#include "strategy/strategies.h"

#include "nasmith/arena.h"

#include <math.h>

enum { PARAM_SCALE, PARAM_CROSSOVER, PARAM_ETA };
enum { ATTEMPTS = 20, PARENTS = 3 };

typedef struct dehb {
    double scale, crossover;
    int64_t eta;
} dehb;

/* Trial indices; `rung` says where their scores are. */
typedef struct population {
    int64_t *trials; /* [most] */
    int64_t n, most;
    int rung;
} population;

static nas_status dehb_init(void *state, const nas_value *values, nas_err *err)
{
    dehb *self = state;
    (void)err;
    self->scale = values[PARAM_SCALE].f;
    self->crossover = values[PARAM_CROSSOVER].f;
    self->eta = values[PARAM_ETA].i;
    return NAS_OK;
}

/* ---- populations ---- */

static double score_of(const nas_history *history, const population *p, int64_t slot)
{
    return history->trials[p->trials[slot]].score[p->rung];
}

static int64_t worst_slot(const nas_history *history, const population *p)
{
    int64_t worst = 0;
    for (int64_t i = 1; i < p->n; i++)
        if (score_of(history, p, i) < score_of(history, p, worst))
            worst = i;
    return worst;
}

/* The place of the target that a child was made for, or -1. */
static int64_t target_slot(const nas_history *history, const population *p,
                           const nas_history_trial *child)
{
    for (int64_t i = 0; child->parents[0] > 0 && i < p->n; i++)
        if (history->trials[p->trials[i]].id == child->parents[0])
            return i;
    return -1;
}

/* Selection: "replaces the target if it is not worse". */
static void enter(const nas_history *history, population *p, int64_t t)
{
    const nas_history_trial *trial = &history->trials[t];
    double score = trial->score[p->rung];
    int64_t slot = target_slot(history, p, trial);
    if (isnan(score))
        return;
    if (slot >= 0 && trial->first_rung == p->rung) {
        if (score >= score_of(history, p, slot))
            p->trials[slot] = t;
    } else if (p->n < p->most) {
        p->trials[p->n++] = t;
    } else {
        slot = worst_slot(history, p);
        if (score > score_of(history, p, slot))
            p->trials[slot] = t;
    }
}

static nas_status replay(const dehb *self, const nas_ask *ask, int rung, population *out,
                         nas_err *err)
{
    const nas_history *history = ask->history;
    int top = ask->rungs > 0 ? ask->rungs - 1 : 0;
    *out = (population){.rung = rung, .most = nas_bracket_widest(rung, top, self->eta)};
    if (out->most < PARENTS)
        out->most = PARENTS;
    int64_t room = out->most < history->n_events ? out->most : history->n_events;
    out->trials = NAS_NEW(ask->arena, int64_t, room);
    NAS_TRY_ALLOC(out->trials, err);
    for (int64_t e = 0; e < history->n_events; e++)
        if (history->events[e].rung == rung)
            enter(history, out, history->events[e].trial);
    return NAS_OK;
}

/* The best come first, as many as this rung's population has. */
static void keep_best(const nas_history *history, population *p, int64_t most)
{
    for (int64_t i = 1; i < p->n; i++) {
        int64_t t = p->trials[i], k = i;
        double score = score_of(history, p, i);
        for (; k > 0 && score_of(history, p, k - 1) < score; k--)
            p->trials[k] = p->trials[k - 1];
        p->trials[k] = t;
    }
    most = most > PARENTS ? most : PARENTS;
    p->n = p->n < most ? p->n : most;
}

/* ---- a child ---- */

static double gene(nas_ask *ask, int64_t trial, int d)
{
    const nas_candidate *candidate = ask->history->trials[trial].candidate;
    int n = nas_space_decision(ask->space, d).n_values;
    int choice = nas_space_choice(ask->space, candidate, d);
    return choice < 0 ? nas_rng_uniform(&ask->rng) : (choice + 0.5) / n;
}

/* Three different ones. */
static void choose_parents(nas_ask *ask, const population *pool, int64_t *parents)
{
    for (int i = 0; i < PARENTS;) {
        parents[i] = pool->trials[nas_rng_below(&ask->rng, (uint64_t)pool->n)];
        bool fresh = true;
        for (int k = 0; k < i; k++)
            fresh &= parents[k] != parents[i];
        i += fresh;
    }
}

/* rand/1 mutation, binomial crossover, and back to values. */
static void breed(const dehb *self, nas_ask *ask, const population *pool, int64_t target,
                  int16_t *values)
{
    int64_t parents[PARENTS];
    int n = nas_space_decision_count(ask->space);
    choose_parents(ask, pool, parents);
    int always = (int)nas_rng_below(&ask->rng, (uint64_t)n);
    for (int d = 0; d < n; d++) {
        int n_values = nas_space_decision(ask->space, d).n_values;
        double v = gene(ask, parents[0], d) +
                   self->scale * (gene(ask, parents[1], d) - gene(ask, parents[2], d));
        if (v < 0 || v >= 1)
            v = nas_rng_uniform(&ask->rng);
        if (nas_rng_uniform(&ask->rng) >= self->crossover && d != always)
            v = gene(ask, target, d);
        values[d] = (int16_t)(v * n_values);
    }
}

/* Which place of the population is next: as many children of this rung came before. */
static int64_t next_target(const nas_history *history, const population *p)
{
    int64_t born = 0;
    for (int64_t t = 0; t < history->n; t++) {
        const nas_history_trial *trial = &history->trials[t];
        int rung = trial->rungs > 0 ? trial->first_rung : trial->queued_rung;
        born += trial->parents[0] > 0 && rung == p->rung;
    }
    return p->trials[born % p->n];
}

static nas_status evolve(const dehb *self, nas_ask *ask, const population *own,
                         const population *pool, nas_proposal *out, nas_err *err)
{
    int64_t target = next_target(ask->history, own);
    int16_t *values = NAS_NEW(ask->arena, int16_t, nas_space_decision_count(ask->space));
    NAS_TRY_ALLOC(values, err);
    for (int i = 0; i < ATTEMPTS; i++) {
        breed(self, ask, pool, target, values);
        nas_candidate *child =
            nas_space_assign(ask->space, values, &ask->rng, ask->arena);
        NAS_TRY_ALLOC(child, err);
        NAS_TRY(nas_propose_candidate(ask, child, target, out, err));
        if (out->candidate != NULL)
            return NAS_OK;
    }
    return nas_propose_mutation(ask, target, out, err);
}

static nas_status dehb_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    const dehb *self = state;
    population own, pool;
    NAS_TRY(replay(self, ask, ask->rung, &own, err));
    NAS_TRY(replay(self, ask, ask->rung > 0 ? ask->rung - 1 : 0, &pool, err));
    keep_best(ask->history, &pool, own.most);
    bool filling = ask->rung == 0 && own.n < own.most;
    if (filling || own.n == 0 || pool.n < PARENTS ||
        nas_space_decision_count(ask->space) == 0)
        return nas_propose_uniform(ask, out, err);
    return evolve(self, ask, &own, &pool, out, err);
}

static const nas_param dehb_params[] = {
    [PARAM_SCALE] = {.name = "scale",
                     .type = NAS_PARAM_REAL,
                     .default_text = "0.5",
                     .max = 2,
                     .doc = "Of the difference of two networks that is added to a third.",
                     .source = "Awad et al. 2021"},
    [PARAM_CROSSOVER] = {.name = "crossover",
                         .type = NAS_PARAM_REAL,
                         .default_text = "0.5",
                         .max = 1,
                         .doc = "Chance that a decision comes from the mutant.",
                         .source = "Awad et al. 2021"},
    [PARAM_ETA] = {.name = "eta",
                   .type = NAS_PARAM_INT,
                   .default_text = "3",
                   .min = 2,
                   .max = 64,
                   .doc = "As the scheduler's: sizes of the populations follow from it.",
                   .source = "Awad et al. 2021"},
    {0},
};

const nas_strategy_ops nas_strategy_dehb = {
    .name = "dehb",
    .summary = "differential evolution on every rung; made for --scheduler dehb",
    .cite = "awad2021dehb",
    .params = dehb_params,
    .state_size = sizeof(dehb),
    .init = dehb_init,
    .ask = dehb_ask,
};
