/* Tree-structured Parzen estimator: what good networks have in common, and bad ones not.
 *
 * J. Bergstra, R. Bardenet, Y. Bengio, B. Kegl: Algorithms for Hyper-Parameter
 * Optimization. NIPS 2011
 * S. Falkner, A. Klein, F. Hutter: BOHB: Robust and Efficient Hyperparameter Optimization
 * at Scale. ICML 2018. arXiv:1807.01774
 *
 * Deviations
 * 1. As in BOHB both densities are of whole networks (a product of kernels around each
 *    observation), not one for each decision, so that choices that work together stay
 *    together.
 * 2. An inactive decision of an observation says nothing: its kernel is uniform.
 * 3. The good ones are at most the best 100, the bad ones the latest 400 of the rest.
 * 4. Scores of several rungs are brought to one level (model/level.h), in place of a
 *    model for the highest rung with enough observations.
 * There is nothing to remember: the state is empty, the history says it all.
 *
 * Notation
 *   paper     here        range        default  source
 *   n_init    design      2..1000      10       as the other strategies
 *   gamma     good        0.02..0.5    0.15     BOHB
 *   n_s       draws       1..10000     64       BOHB
 *   h         bandwidth   0.01..0.95   0.3      BOHB on NAS-Bench-201 (least bandwidth)
 *   l, g      log_density -            -        of good and of bad observations */
#include "strategy/model/level.h"
#include "strategy/strategies.h"

#include <math.h>
#include <stdlib.h>

enum { PARAM_DESIGN, PARAM_GOOD, PARAM_DRAWS, PARAM_BANDWIDTH };
enum { MOST_GOOD = 100, MOST_BAD = 400, TRIES = 100 };

typedef struct tpe {
    int64_t design, draws;
    double good, bandwidth;
} tpe;

/* Observations of one kind. */
typedef struct sample {
    int64_t n;
    const int16_t **pick; /* [n], each [decisions]; -1 inactive */
} sample;

/* What one ask works with. */
typedef struct densities {
    const tpe *self;
    nas_ask *ask;
    int decisions;
    nas_decision_info *info; /* [decisions] */
    sample good, bad;
    double *terms; /* scratch, one per observation */
} densities;

static nas_status tpe_init(void *state, const nas_value *values, nas_err *err)
{
    tpe *self = state;
    (void)err;
    self->design = values[PARAM_DESIGN].i;
    self->good = values[PARAM_GOOD].f;
    self->draws = values[PARAM_DRAWS].i;
    self->bandwidth = values[PARAM_BANDWIDTH].f;
    return NAS_OK;
}

/* ---- densities -------------------------------------------------------------------- */

/* Weight of a value some steps from the observed one: halves with each step where values
 * are ordered, else all others are alike (Aitchison and Aitken). */
static double weight(const nas_decision_info *info, int from, int to)
{
    if (from == to)
        return 0;
    return info->ordered ? ldexp(1, 1 - abs(from - to)) : 1;
}

/* Probability of value `to` around the observed value `from`. */
static double kernel(const densities *d, int decision, int from, int to)
{
    const nas_decision_info *info = &d->info[decision];
    double all = 0, h = d->self->bandwidth;
    if (from < 0 || info->n_values < 2)
        return 1.0 / info->n_values;
    if (from == to)
        return 1 - h;
    for (int v = 0; v < info->n_values; v++)
        all += weight(info, from, v);
    return h * weight(info, from, to) / all;
}

/* log of the mean over a sample of the product of kernels at a candidate. */
static double log_density(const densities *d, const sample *s, const int16_t *at)
{
    double most = -(double)INFINITY, sum = 0;
    for (int64_t i = 0; i < s->n; i++) {
        d->terms[i] = 0;
        for (int k = 0; k < d->decisions; k++)
            if (at[k] >= 0)
                d->terms[i] += log(kernel(d, k, s->pick[i][k], at[k]));
        most = fmax(most, d->terms[i]);
    }
    for (int64_t i = 0; i < s->n; i++)
        sum += exp(d->terms[i] - most);
    return most + log(sum / (double)s->n);
}

/* A draw from the density of the good ones: around one of them. */
static nas_candidate *draw(const densities *d, int16_t *values)
{
    nas_rng *rng = &d->ask->rng;
    const int16_t *centre = d->good.pick[nas_rng_below(rng, (uint64_t)d->good.n)];
    for (int k = 0; k < d->decisions; k++) {
        double u = nas_rng_uniform(rng);
        int v = 0, last = d->info[k].n_values - 1;
        for (; v < last; v++) {
            u -= kernel(d, k, centre[k], v);
            if (u < 0)
                break;
        }
        values[k] = (int16_t)v;
    }
    return nas_space_assign(d->ask->space, values, rng, d->ask->arena);
}

/* ---- observations ----------------------------------------------------------------- */

typedef struct scored {
    double level;
    int64_t t;
} scored;

static int best_first(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    if (x->level < y->level || x->level > y->level)
        return x->level > y->level ? -1 : 1;
    return (x->t > y->t) - (x->t < y->t);
}

static int latest_first(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    return (x->t < y->t) - (x->t > y->t);
}

static void picks_of(const densities *d, const nas_candidate *candidate, int16_t *out)
{
    for (int k = 0; k < d->decisions; k++)
        out[k] = (int16_t)nas_space_choice(d->ask->space, candidate, k);
}

static nas_status fill(densities *d, const scored *from, int64_t n, sample *out,
                       nas_err *err)
{
    nas_arena *arena = d->ask->arena;
    *out = (sample){n, NAS_NEW(arena, const int16_t *, n)};
    NAS_TRY_ALLOC(out->pick, err);
    for (int64_t i = 0; i < n; i++) {
        int16_t *pick = NAS_NEW(arena, int16_t, d->decisions);
        NAS_TRY_ALLOC(pick, err);
        picks_of(d, d->ask->history->trials[from[i].t].candidate, pick);
        out->pick[i] = pick;
    }
    return NAS_OK;
}

/* The best share of what is scored is good, the rest bad. */
static nas_status split(densities *d, nas_err *err)
{
    const nas_history *history = d->ask->history;
    nas_arena *arena = d->ask->arena;
    double *levels = NAS_NEW(arena, double, history->n);
    scored *all = NAS_NEW(arena, scored, history->n);
    int64_t n = 0;
    NAS_TRY_ALLOC(levels, err);
    NAS_TRY_ALLOC(all, err);
    nas_model_level(history, levels);
    for (int64_t t = 0; t < history->n; t++)
        if (!isnan(levels[t]))
            all[n++] = (scored){levels[t], t};
    if (n < 2)
        return NAS_OK;
    qsort(all, (size_t)n, sizeof *all, best_first);
    int64_t good = (int64_t)ceil(d->self->good * (double)n);
    good = good < n ? good : n - 1;
    good = good < MOST_GOOD ? good : MOST_GOOD;
    int64_t bad = n - good;
    qsort(all + good, (size_t)bad, sizeof *all, latest_first);
    bad = bad < MOST_BAD ? bad : MOST_BAD;
    d->terms = NAS_NEW(arena, double, n);
    NAS_TRY_ALLOC(d->terms, err);
    NAS_TRY(fill(d, all, good, &d->good, err));
    return fill(d, all + good, bad, &d->bad, err);
}

/* ---- asking ----------------------------------------------------------------------- */

static nas_status begin(densities *d, nas_err *err)
{
    d->decisions = nas_space_decision_count(d->ask->space);
    d->info = NAS_NEW(d->ask->arena, nas_decision_info, d->decisions);
    NAS_TRY_ALLOC(d->info, err);
    for (int k = 0; k < d->decisions; k++)
        d->info[k] = nas_space_decision(d->ask->space, k);
    return split(d, err);
}

typedef struct rated {
    double ratio; /* log l - log g */
    nas_candidate *candidate;
} rated;

static int largest_ratio(const void *a, const void *b)
{
    const rated *x = a, *y = b;
    return (x->ratio < y->ratio) - (x->ratio > y->ratio);
}

/* Draws in order of how much likelier they are among the good. */
static nas_status rate(const densities *d, rated **out, nas_err *err)
{
    int64_t n = d->self->draws;
    int16_t *values = NAS_NEW(d->ask->arena, int16_t, d->decisions);
    rated *all = NAS_NEW(d->ask->arena, rated, n);
    NAS_TRY_ALLOC(values, err);
    NAS_TRY_ALLOC(all, err);
    for (int64_t i = 0; i < n; i++) {
        all[i].candidate = draw(d, values);
        NAS_TRY_ALLOC(all[i].candidate, err);
        picks_of(d, all[i].candidate, values);
        all[i].ratio = log_density(d, &d->good, values) - log_density(d, &d->bad, values);
    }
    qsort(all, (size_t)n, sizeof *all, largest_ratio);
    *out = all;
    return NAS_OK;
}

static nas_status tpe_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    const tpe *self = state;
    densities d = {.self = self, .ask = ask};
    rated *draws = NULL;
    if (ask->history->n_scored < self->design)
        return nas_propose_design(ask, out, err);
    NAS_TRY(begin(&d, err));
    if (d.good.n == 0)
        return nas_propose_uniform(ask, out, err);
    NAS_TRY(rate(&d, &draws, err));
    for (int64_t i = 0; i < self->draws && i < TRIES && out->candidate == NULL; i++)
        NAS_TRY(nas_propose_candidate(ask, draws[i].candidate, -1, out, err));
    if (out->candidate != NULL)
        return NAS_OK;
    int64_t best = nas_history_best(ask->history);
    return nas_propose_mutation(ask, best, out, err);
}

static const nas_param tpe_params[] = {
    [PARAM_DESIGN] = {.name = "design",
                      .type = NAS_PARAM_INT,
                      .unit = "networks",
                      .default_text = "10",
                      .min = 2,
                      .max = 1000,
                      .doc = "Random networks before the densities are asked.",
                      .source = "as gp"},
    [PARAM_GOOD] = {.name = "good",
                    .type = NAS_PARAM_REAL,
                    .default_text = "0.15",
                    .min = 0.02,
                    .max = 0.5,
                    .doc = "Share of the scored networks that counts as good.",
                    .source = "Falkner et al. 2018"},
    [PARAM_DRAWS] = {.name = "draws",
                     .type = NAS_PARAM_INT,
                     .unit = "networks",
                     .default_text = "64",
                     .min = 1,
                     .max = 10000,
                     .doc = "Networks drawn around good ones in each ask.",
                     .source = "Falkner et al. 2018"},
    [PARAM_BANDWIDTH] = {.name = "bandwidth",
                         .type = NAS_PARAM_REAL,
                         .default_text = "0.3",
                         .min = 0.01,
                         .max = 0.95,
                         .doc = "Probability that a decision differs from the observed "
                                "value.",
                         .source = "BOHB on NAS-Bench-201"},
    {0},
};

const nas_strategy_ops nas_strategy_tpe = {
    .name = "tpe",
    .summary = "tree-structured Parzen estimator: what good networks have in common",
    .cite = "bergstra2011algorithms",
    .params = tpe_params,
    .state_size = sizeof(tpe),
    .init = tpe_init,
    .ask = tpe_ask,
};
