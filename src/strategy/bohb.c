/* BOHB: density models in the place of Hyperband's random draws.
 *
 * S. Falkner, A. Klein, F. Hutter: BOHB: Robust and Efficient Hyperparameter Optimization
 * at Scale. ICML 2018. arXiv:1807.01774
 *
 * The strategy's half; the other is the scheduler `hyperband`. They meet in the history
 * alone: whatever scheduler is used, the model stands on the highest rung that has
 * enough networks.
 *
 * Deviations
 * 1. All decisions are categorical (Aitchison and Aitken's kernel), also those that are
 *    numbers, as HpBandSter does with ordinal ones; an inactive decision is a category.
 * 2. A model needs d + 1 good and d + 1 bad networks, as in HpBandSter's code; the
 *    paper asks for d + 1 and two more in all.
 * 3. The draw with the smallest ratio that is new and within the limits is proposed.
 *
 * Notation
 *   paper       here              range       default  source
 *   d           decisions
 *   N_min       d + 1
 *   q           good_share        0.01..0.9   0.15     paper
 *   rho         random_share      0..1        1/3      paper
 *   N_s         draws             1..4096     64       paper
 *   b_w         -                 factor 1: categories have no width to stretch
 *   -           least_bandwidth   1e-6..1     0.001    HpBandSter
 *   l, g        good, bad         densities */
#include "strategy/strategies.h"

#include "nasmith/arena.h"

#include <math.h>
#include <stdlib.h>

enum { PARAM_GOOD, PARAM_RANDOM, PARAM_DRAWS, PARAM_BANDWIDTH };

typedef struct bohb {
    double good_share, random_share, least_bandwidth;
    int64_t draws;
} bohb;

/* Kernel density over networks. */
typedef struct density {
    const int16_t *points; /* [n][d] categories */
    int64_t n;
    double *bandwidth; /* [d] */
} density;

typedef struct model {
    int d;
    int *categories; /* [d] values, and one for inactive */
    density good, bad;
} model;

static nas_status bohb_init(void *state, const nas_value *values, nas_err *err)
{
    bohb *self = state;
    (void)err;
    self->good_share = values[PARAM_GOOD].f;
    self->random_share = values[PARAM_RANDOM].f;
    self->draws = values[PARAM_DRAWS].i;
    self->least_bandwidth = values[PARAM_BANDWIDTH].f;
    return NAS_OK;
}

/* ---- the model ---- */

static bool observed(const nas_history_trial *trial, int rung)
{
    return trial->rungs > rung && rung >= trial->first_rung && !isnan(trial->score[rung]);
}

/* "The largest budget for which enough observations are available." @return -1: none */
static int model_rung(const nas_history *history, int64_t least)
{
    int64_t counts[NAS_MAX_RUNGS] = {0};
    for (int64_t t = 0; t < history->n; t++)
        for (int k = 0; k < NAS_MAX_RUNGS; k++)
            counts[k] += observed(&history->trials[t], k);
    for (int k = NAS_MAX_RUNGS - 1; k >= 0; k--)
        if (counts[k] >= least)
            return k;
    return -1;
}

typedef struct scored {
    double score;
    int64_t trial;
} scored;

static int best_first(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->trial < y->trial ? -1 : x->trial > y->trial;
}

/* Trials of a rung, best first. */
static scored *rank_trials(const nas_ask *ask, int rung, int64_t *n)
{
    const nas_history *history = ask->history;
    scored *order = NAS_NEW(ask->arena, scored, history->n);
    *n = 0;
    for (int64_t t = 0; order != NULL && t < history->n; t++)
        if (observed(&history->trials[t], rung))
            order[(*n)++] = (scored){history->trials[t].score[rung], t};
    if (order != NULL && *n > 1)
        qsort(order, (size_t)*n, sizeof *order, best_first);
    return order;
}

static void categories_of(const nas_space *space, const nas_candidate *candidate, int d,
                          int16_t *out)
{
    for (int i = 0; i < d; i++)
        out[i] = (int16_t)(nas_space_choice(space, candidate, i) + 1);
}

/* Scott's rule on the category numbers, as statsmodels has it, within what the kernel
 * allows: from (almost) only this value to all values alike. */
static void set_bandwidths(const bohb *self, const model *m, density *of)
{
    for (int i = 0; i < m->d; i++) {
        double mean = 0, squares = 0, n = (double)of->n, c = m->categories[i];
        for (int64_t k = 0; k < of->n; k++)
            mean += of->points[k * m->d + i] / n;
        for (int64_t k = 0; k < of->n; k++) {
            double from_mean = of->points[k * m->d + i] - mean;
            squares += from_mean * from_mean / n;
        }
        double width = 1.06 * sqrt(squares) * pow(n, -1.0 / (4 + m->d));
        of->bandwidth[i] = fmin(fmax(width, self->least_bandwidth), (c - 1) / c);
    }
}

static nas_status fit(const bohb *self, const nas_ask *ask, const model *m,
                      const scored *order, int64_t n, density *out, nas_err *err)
{
    int16_t *points = NAS_NEW(ask->arena, int16_t, n * m->d);
    out->bandwidth = NAS_NEW(ask->arena, double, m->d);
    NAS_TRY_ALLOC(points, err);
    NAS_TRY_ALLOC(out->bandwidth, err);
    for (int64_t k = 0; k < n; k++)
        categories_of(ask->space, ask->history->trials[order[k].trial].candidate, m->d,
                      &points[k * m->d]);
    out->points = points;
    out->n = n;
    set_bandwidths(self, m, out);
    return NAS_OK;
}

/* @param ready  out: there were enough networks for both densities */
static nas_status build(const bohb *self, const nas_ask *ask, model *m, bool *ready,
                        nas_err *err)
{
    int64_t n = 0, least = m->d + 1;
    int rung = model_rung(ask->history, 2 * least);
    *ready = rung >= 0;
    if (!*ready)
        return NAS_OK;
    const scored *order = rank_trials(ask, rung, &n);
    m->categories = NAS_NEW(ask->arena, int, m->d);
    NAS_TRY_ALLOC(order, err);
    NAS_TRY_ALLOC(m->categories, err);
    for (int i = 0; i < m->d; i++)
        m->categories[i] = nas_space_decision(ask->space, i).n_values + 1;
    int64_t n_good = (int64_t)(self->good_share * (double)n);
    n_good = n_good > least ? n_good : least;
    NAS_TRY(fit(self, ask, m, order, n_good, &m->good, err));
    return fit(self, ask, m, order + n_good, n - n_good, &m->bad, err);
}

/* Product of Aitchison and Aitken's kernels, averaged over the points. */
static double density_at(const model *m, const density *of, const int16_t *x)
{
    double sum = 0;
    for (int64_t k = 0; k < of->n; k++) {
        double product = 1;
        for (int i = 0; i < m->d; i++) {
            double width = of->bandwidth[i];
            bool same = of->points[k * m->d + i] == x[i];
            product *= same ? 1 - width : width / (m->categories[i] - 1);
        }
        sum += product;
    }
    return sum / (double)of->n;
}

/* ---- proposing ---- */

typedef struct draw {
    nas_candidate *candidate;
    double ratio; /* g / l */
} draw;

static int smallest_first(const void *a, const void *b)
{
    double x = ((const draw *)a)->ratio, y = ((const draw *)b)->ratio;
    return x < y ? -1 : x > y;
}

/* A good network; each value kept with probability 1 - bandwidth, else drawn. */
static nas_status draw_near(nas_ask *ask, const model *m, int16_t *scratch, draw *out,
                            nas_err *err)
{
    static const double TINY = 1e-32; /* as in HpBandSter */
    uint64_t k = nas_rng_below(&ask->rng, (uint64_t)m->good.n);
    const int16_t *near = &m->good.points[(int64_t)k * m->d];
    for (int i = 0; i < m->d; i++) {
        bool keep = nas_rng_uniform(&ask->rng) >= m->good.bandwidth[i];
        scratch[i] = (int16_t)(keep ? near[i] - 1 : -1);
    }
    out->candidate = nas_space_assign(ask->space, scratch, &ask->rng, ask->arena);
    NAS_TRY_ALLOC(out->candidate, err);
    categories_of(ask->space, out->candidate, m->d, scratch);
    out->ratio = fmax(density_at(m, &m->bad, scratch), TINY) /
                 fmax(density_at(m, &m->good, scratch), TINY);
    return NAS_OK;
}

static nas_status propose(const bohb *self, nas_ask *ask, const model *m,
                          nas_proposal *out, nas_err *err)
{
    draw *draws = NAS_NEW(ask->arena, draw, self->draws);
    int16_t *scratch = NAS_NEW(ask->arena, int16_t, m->d);
    NAS_TRY_ALLOC(draws, err);
    NAS_TRY_ALLOC(scratch, err);
    for (int64_t i = 0; i < self->draws; i++)
        NAS_TRY(draw_near(ask, m, scratch, &draws[i], err));
    qsort(draws, (size_t)self->draws, sizeof *draws, smallest_first);
    for (int64_t i = 0; i < self->draws; i++) {
        NAS_TRY(nas_propose_candidate(ask, draws[i].candidate, -1, out, err));
        if (out->candidate != NULL)
            return NAS_OK;
    }
    return nas_propose_uniform(ask, out, err);
}

static nas_status bohb_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    const bohb *self = state;
    model m = {.d = nas_space_decision_count(ask->space)};
    bool ready = false;
    if (nas_rng_uniform(&ask->rng) < self->random_share)
        return nas_propose_uniform(ask, out, err);
    NAS_TRY(build(self, ask, &m, &ready, err));
    return ready ? propose(self, ask, &m, out, err) : nas_propose_design(ask, out, err);
}

static const nas_param bohb_params[] = {
    [PARAM_GOOD] = {.name = "good_share",
                    .type = NAS_PARAM_REAL,
                    .default_text = "0.15",
                    .min = 0.01,
                    .max = 0.9,
                    .doc = "Share of the networks that count as good.",
                    .source = "Falkner et al. 2018"},
    [PARAM_RANDOM] = {.name = "random_share",
                      .type = NAS_PARAM_REAL,
                      .default_text = "0.3333333333333333",
                      .max = 1,
                      .doc = "Share of proposals that are uniform random.",
                      .source = "Falkner et al. 2018"},
    [PARAM_DRAWS] = {.name = "draws",
                     .type = NAS_PARAM_INT,
                     .unit = "networks",
                     .default_text = "64",
                     .min = 1,
                     .max = 4096,
                     .doc = "Drawn near good ones; the likeliest is proposed.",
                     .source = "Falkner et al. 2018"},
    [PARAM_BANDWIDTH] = {.name = "least_bandwidth",
                         .type = NAS_PARAM_REAL,
                         .default_text = "0.001",
                         .min = 1e-6,
                         .max = 1,
                         .doc = "Chance that a value on which all good ones agree is "
                                "drawn anew.",
                         .source = "HpBandSter"},
    {0},
};

const nas_strategy_ops nas_strategy_bohb = {
    .name = "bohb",
    .summary = "density models of good and bad networks; made for --scheduler hyperband",
    .cite = "falkner2018bohb",
    .params = bohb_params,
    .state_size = sizeof(bohb),
    .init = bohb_init,
    .ask = bohb_ask,
};
