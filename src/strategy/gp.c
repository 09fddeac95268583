/* Bayesian optimisation: a Gaussian process on canonical networks, expected improvement.
 *
 * J. Mockus, V. Tiesis, A. Zilinskas: The application of Bayesian methods for seeking the
 * extremum. Towards Global Optimization 2 (1978) 117-129
 * B. Ru, X. Wan, X. Dong, M. Osborne: Interpretable Neural Architecture Search via
 * Bayesian Optimisation with Weisfeiler-Lehman Kernels. ICLR 2021. arXiv:2006.07556
 * D. Ginsbourger, R. Le Riche, L. Carraro: Kriging is well-suited to parallelize
 * optimization. 2010. doi:10.1007/978-3-642-10701-6_6
 *
 * Deviations
 * 1. The kernel is a sum of two over Hamming distance of canonical choices and cheap
 *    features of the live network, not one over subtrees; with kernel=wl these features
 *    are Weisfeiler-Lehman counts, scaled, under a Gaussian in place of the inner
 * product.
 * 2. Targets are -log(2 + (best - score) / (best - median)), standardised, in place of
 *    the logarithm of an error that only accuracies have (model/level.h, which also says
 *    how scores of several rungs become one).
 * 3. In a space of at most `exact` assignments the acquisition is computed for every
 *    network; in others for a pool, then two steps of hill climbing.
 * 4. Beyond `points` observations the model is of the best half and the latest half.
 * 5. Networks that still run count as observed at their posterior mean (kriging
 *    believer).
 * 6. With costs to minimise, the expected growth of the dominated area takes the place of
 *    the expected improvement; costs are known, the score alone is predicted, and several
 *    costs become one by random weights (model/volume.h). It is computed for a pool.
 *
 * Notation
 *   paper        here               range          default  source
 *   n_init       design             2..1000        10       lowest regret, NAS-Bench-201
 *   -            exact              0..1048576     50000    memory, time of one ask
 *   -            points             50..2000       400      time of one ask
 *   h            rounds             1..3           1        with kernel=wl
 *   k            process.kernel     fitted         -        (model/process.h)
 *   mu, sigma    field.mean,        -              -
 *                .variance
 *   EI           gaussian_log_      -              -        as logarithm
 *                improvement */
#include "strategy/model/level.h"
#include "strategy/model/process.h"
#include "strategy/model/volume.h"
#include "strategy/strategies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PARAM_DESIGN, PARAM_EXACT, PARAM_POINTS, PARAM_KERNEL, PARAM_ROUNDS };
enum { KERNEL_FEATURES, KERNEL_WL };
enum {
    SCREENED_DESIGN = 6, /* of 10 networks of the design */
    REFIT_EVERY = 10,    /* observations, at least; a share of them later: */
    REFIT_SHARE = 8,     /* 1/8 */
    PENDING = 64,        /* running networks that are believed, at most */
    TRIES = 1000,        /* candidates priced in one ask */
    MUTANTS = 300,       /* of the pool: of the best ten, one change */
    FAR_MUTANTS = 100,   /* two changes */
    CHILDREN = 100,      /* crossovers among the best ten */
    STRANGERS = 100,     /* random */
    ELITE = 10,
    CLIMBS = 2,
    CLIMB_NEIGHBOURS = 64,
};

typedef struct gp {
    int64_t design, exact;
    int points;
    int rounds; /* of Weisfeiler-Lehman labels; 0: features of the space */
    /* what is saved */
    process_kernel kernel;
    int64_t fitted_at; /* observations at the last fit, 0: never */
    id_list ids;       /* the observations, in order */
    /* what follows from it */
    nas_arena *arena; /* owns the rest; NULL until the first ask */
    view v;
    bool enumerated;
    view_set all;
    process process;
    process_field field; /* over all */
} gp;

static nas_status gp_init(void *state, const nas_value *values, nas_err *err)
{
    gp *self = state;
    (void)err;
    self->design = values[PARAM_DESIGN].i;
    self->exact = values[PARAM_EXACT].i;
    self->points = (int)values[PARAM_POINTS].i;
    self->rounds = values[PARAM_KERNEL].i == KERNEL_WL ? (int)values[PARAM_ROUNDS].i : 0;
    self->kernel = nas_process_kernel_default();
    return NAS_OK;
}

static void drop_model(gp *self)
{
    nas_process_free(&self->process);
    nas_arena_free(self->arena);
    self->arena = NULL;
}

static void gp_free(void *state)
{
    gp *self = state;
    drop_model(self);
    nas_heap_free(self->ids.id);
}

/* ---- observations ----------------------------------------------------------------- */

static nas_status gp_tell(void *state, const nas_history *history, int64_t t, int rung,
                          nas_err *err)
{
    if (rung != history->trials[t].first_rung)
        return NAS_OK;
    return nas_ids_add(&((gp *)state)->ids, history->trials[t].id, err);
}

/* Level scores of the observations. @param out  [n] */
static nas_status scores_of(const gp *self, const nas_ask *ask, double *out, nas_err *err)
{
    double *levels = NAS_NEW(ask->arena, double, ask->history->n);
    NAS_TRY_ALLOC(levels, err);
    nas_model_level(ask->history, levels);
    double worst = (double)INFINITY;
    for (int64_t i = 0; i < self->ids.n; i++) {
        int64_t t = nas_history_find(ask->history, self->ids.id[i]);
        out[i] = t >= 0 ? levels[t] : (double)NAN;
        if (out[i] < worst)
            worst = out[i];
    }
    for (int64_t i = 0; i < self->ids.n; i++)
        if (isnan(out[i]))
            out[i] = isfinite(worst) ? worst : 0;
    return NAS_OK;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Keep three quarters of `points`: the best and the latest. The model begins anew. */
static nas_status forget(gp *self, const nas_ask *ask, double *scores, nas_err *err)
{
    int64_t keep = self->points * 3 / 4, best = keep / 2, latest = keep - best, kept = 0;
    double *sorted =
        nas_arena_copy(ask->arena, scores, (size_t)self->ids.n * sizeof *scores);
    NAS_TRY_ALLOC(sorted, err);
    qsort(sorted, (size_t)self->ids.n, sizeof *sorted, ascending);
    double bound = sorted[self->ids.n - best];
    for (int64_t i = 0; i < self->ids.n; i++) {
        bool is_late = self->ids.n - i <= latest;
        if (is_late || (scores[i] >= bound && best-- > 0)) {
            scores[kept] = scores[i];
            self->ids.id[kept++] = self->ids.id[i];
        }
    }
    self->ids.n = kept;
    self->fitted_at = 0;
    return NAS_OK;
}

/* ---- the model -------------------------------------------------------------------- */

/* What depends on the space alone, once. */
static nas_status look_at_space(gp *self, const nas_space *space, nas_err *err)
{
    self->arena = nas_arena_new();
    NAS_TRY_ALLOC(self->arena, err);
    int capacity = self->points + PENDING;
    self->enumerated = (nas_space_abilities(space) & NAS_SPACE_ENUMERABLE) != 0 &&
                       nas_space_size(space) <= (double)self->exact;
    if (!self->enumerated) {
        NAS_TRY(nas_view_sample(&self->v, space, self->rounds, self->arena, err));
        return nas_process_init(&self->process, &self->v, capacity, self->arena, err);
    }
    NAS_TRY(nas_view_all(&self->v, space, self->rounds, self->arena, &self->all, err));
    NAS_TRY(nas_process_init(&self->process, &self->v, capacity, self->arena, err));
    return nas_process_field_init(&self->field, &self->all, capacity, self->arena, err);
}

static void begin_anew(gp *self)
{
    nas_process_truncate(&self->process, 0);
    self->process.kernel = self->kernel;
    if (self->enumerated)
        nas_process_field_clear(&self->field);
}

/* Number of the member of the enumerated space with this key, or -1. */
static int64_t member_of(const gp *self, uint64_t key)
{
    int64_t low = 0, high = self->enumerated ? self->all.n : 0;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (self->all.key[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low < self->all.n && self->all.key[low] == key ? low : -1;
}

/* The canonical form of a trial's candidate, where the space is enumerated. */
static nas_candidate *canonical(const gp *self, const nas_history_trial *trial,
                                nas_arena *arena)
{
    int64_t m = member_of(self, trial->key);
    return m >= 0 ? self->all.candidate[m] : nas_candidate_copy(trial->candidate, arena);
}

static nas_status observe(gp *self, const nas_ask *ask, int64_t t, nas_err *err)
{
    nas_candidate *candidate = canonical(self, &ask->history->trials[t], ask->arena);
    NAS_TRY_ALLOC(candidate, err);
    nas_process_observe(&self->process, candidate);
    return NAS_OK;
}

static bool fit_is_due(const gp *self)
{
    int64_t every = self->ids.n / REFIT_SHARE;
    return self->fitted_at == 0 ||
           self->ids.n - self->fitted_at >= (every > REFIT_EVERY ? every : REFIT_EVERY);
}

static void standardise(double *y, int64_t n)
{
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < n; i++)
        sum += y[i];
    double mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++)
        squares += (y[i] - mean) * (y[i] - mean);
    double deviation = sqrt(squares / (double)n);
    for (int64_t i = 0; i < n; i++)
        y[i] = (y[i] - mean) / (deviation > 1e-12 ? deviation : 1);
}

/* Bring the model up to the observations. @param y  out: [n] targets
 * @param whitened  out: [n] */
static nas_status update(gp *self, nas_ask *ask, double *y, double *whitened,
                         nas_err *err)
{
    int known = self->process.g.n;
    for (int64_t i = known; i < self->ids.n; i++)
        NAS_TRY(observe(self, ask, nas_history_find(ask->history, self->ids.id[i]), err));
    nas_model_targets(y, self->ids.n, whitened);
    standardise(y, self->ids.n);
    if (fit_is_due(self)) {
        nas_process_fit(&self->process, y, whitened, &ask->rng);
        self->kernel = self->process.kernel;
        self->fitted_at = self->ids.n;
        if (self->enumerated)
            nas_process_field_clear(&self->field);
    }
    nas_gaussian_whiten(&self->process.g, y, whitened);
    return NAS_OK;
}

/* Networks that run, at their posterior mean: they move no mean but lower the variance
 * around them. @param whitened  out: zeros from n on */
static nas_status believe(gp *self, const nas_ask *ask, double *whitened, nas_err *err)
{
    int believed = 0;
    const nas_history *history = ask->history;
    for (int64_t t = history->n - 1; t >= 0 && believed < PENDING; t--) {
        const nas_history_trial *trial = &history->trials[t];
        if (trial->rungs > 0 || trial->failed)
            continue;
        NAS_TRY(observe(self, ask, t, err));
        whitened[self->ids.n + believed++] = 0;
        if (history->n - t > 4 * PENDING)
            break; /* whatever still runs so long after */
    }
    return NAS_OK;
}

/* ---- acquisition ------------------------------------------------------------------ */

static double best_target(const gp *self, const double *y)
{
    double best = y[0];
    for (int64_t i = 1; i < self->ids.n; i++)
        best = fmax(best, y[i]);
    return best;
}

/* The acquisition of every member of a set. @param out  [n] */
static void acquire(const process_field *field, double best, double *out)
{
    for (int64_t m = 0; m < field->set->n; m++) {
        double variance = fmax(field->variance[m], 1e-12);
        out[m] = nas_gaussian_log_improvement(field->mean[m], sqrt(variance), best);
    }
}

static int64_t largest(const double *values, const bool *closed, int64_t n)
{
    int64_t best = -1;
    for (int64_t m = 0; m < n; m++)
        if (!closed[m] && (best < 0 || values[m] > values[best]))
            best = m;
    return best;
}

/* Where an ask looks for its proposal. */
typedef struct hunt {
    gp *self;
    nas_ask *ask;
    const double *whitened;
    double best;        /* target to improve on */
    const volume *area; /* to enlarge instead; NULL: there are no costs to minimise */
} hunt;

/* How much each member may add to the area; what is known or infeasible adds nothing. */
static nas_status acquire_area(const hunt *h, const process_field *field, double *out,
                               nas_err *err)
{
    const nas_ask *ask = h->ask;
    for (int64_t m = 0; m < field->set->n; m++) {
        nas_cost cost;
        bool feasible = false;
        out[m] = -(double)INFINITY;
        if (nas_history_has_key(ask->history, field->set->key[m]))
            continue;
        NAS_TRY(ask->price(ask->price_context, field->set->candidate[m], &cost, &feasible,
                           err));
        if (feasible)
            out[m] = nas_volume_log_growth(h->area, nas_volume_cost(h->area, &cost),
                                           field->mean[m],
                                           sqrt(fmax(field->variance[m], 1e-12)));
    }
    return NAS_OK;
}

/* The member of largest acquisition that is new and within the limits; closes those that
 * are not. @param value  out: its acquisition */
static nas_status propose_best(const hunt *h, process_field *field, bool *closed,
                               nas_proposal *out, double *value, nas_err *err)
{
    const view_set *set = field->set;
    double *values = NAS_NEW(h->ask->arena, double, set->n);
    NAS_TRY_ALLOC(values, err);
    nas_process_field_predict(field, h->whitened);
    if (h->area != NULL)
        NAS_TRY(acquire_area(h, field, values, err));
    else
        acquire(field, h->best, values);
    for (int tries = 0; tries < TRIES;) {
        int64_t m = largest(values, closed, set->n);
        if (m < 0)
            return NAS_OK;
        if (!nas_history_has_key(h->ask->history, set->key[m])) {
            nas_candidate *copy = nas_candidate_copy(set->candidate[m], h->ask->arena);
            NAS_TRY(nas_propose_candidate(h->ask, copy, -1, out, err));
            tries++;
        }
        *value = values[m];
        if (out->candidate != NULL)
            return NAS_OK;
        closed[m] = true;
    }
    return NAS_OK;
}

static nas_status ask_all(const hunt *h, nas_proposal *out, nas_err *err)
{
    gp *self = h->self;
    const nas_history *history = h->ask->history;
    bool *closed = NAS_NEW(h->ask->arena, bool, self->all.n);
    double value = 0;
    NAS_TRY_ALLOC(closed, err);
    for (int64_t t = 0; t < history->n; t++) {
        int64_t m = member_of(self, history->trials[t].key);
        if (m >= 0)
            closed[m] = true;
    }
    return propose_best(h, &self->field, closed, out, &value, err);
}

/* ---- acquisition in a space that is not enumerated -------------------------------- */

/* Trial indices of the best observations, best first. @return their number */
static int find_elite(const gp *self, const nas_ask *ask, const double *y, int64_t *out)
{
    int n = 0;
    for (int64_t i = 0; i < self->ids.n; i++) {
        int place = n;
        while (place > 0 && y[i] > y[out[place - 1]])
            place--;
        if (place == ELITE)
            continue;
        n = n < ELITE ? n + 1 : n;
        memmove(out + place + 1, out + place, (size_t)(n - 1 - place) * sizeof *out);
        out[place] = i;
    }
    for (int k = 0; k < n; k++)
        out[k] = nas_history_find(ask->history, self->ids.id[out[k]]);
    return n;
}

static const nas_candidate *any_of(const nas_ask *ask, const int64_t *elite, int n,
                                   nas_rng *rng)
{
    return ask->history->trials[elite[nas_rng_below(rng, (uint64_t)n)]].candidate;
}

static nas_candidate *pool_member(nas_ask *ask, int i, const int64_t *elite, int n)
{
    nas_rng *rng = &ask->rng;
    const nas_candidate *a = any_of(ask, elite, n, rng);
    if (i < MUTANTS)
        return nas_space_mutate(ask->space, a, rng, ask->arena);
    if (i < MUTANTS + FAR_MUTANTS) {
        a = nas_space_mutate(ask->space, a, rng, ask->arena);
        return a != NULL ? nas_space_mutate(ask->space, a, rng, ask->arena) : NULL;
    }
    bool crosses = (nas_space_abilities(ask->space) & NAS_SPACE_CROSSOVER) != 0;
    if (crosses && i < MUTANTS + FAR_MUTANTS + CHILDREN)
        return nas_space_crossover(ask->space, a, any_of(ask, elite, n, rng), rng,
                                   ask->arena);
    return nas_space_sample(ask->space, rng, ask->arena);
}

/* Of the steps of the area as many, at random. */
static int find_steps(const hunt *h, int64_t *out)
{
    const volume *area = h->area;
    int n = 0;
    for (int64_t i = 0; i < area->n; i++) {
        const int64_t t =
            nas_history_find(h->ask->history, h->self->ids.id[area->owner[i]]);
        const int64_t place =
            n < ELITE ? n : (int64_t)nas_rng_below(&h->ask->rng, (uint64_t)i + 1);
        if (place < ELITE)
            out[place] = t;
        n += n < ELITE;
    }
    return n;
}

static nas_status make_pool(const hunt *h, const double *y, view_set *pool, nas_err *err)
{
    gp *self = h->self;
    nas_ask *ask = h->ask;
    int64_t elite[ELITE + 1];
    int n = h->area != NULL ? find_steps(h, elite) : find_elite(self, ask, y, elite);
    int size = MUTANTS + FAR_MUTANTS + CHILDREN + STRANGERS;
    NAS_TRY(nas_view_set_new(&self->v, size, ask->arena, pool, err));
    for (int i = 0; i < size; i++) {
        nas_candidate *member = pool_member(ask, i, elite, n);
        NAS_TRY_ALLOC(member, err);
        nas_view_add(&self->v, pool, member);
    }
    return NAS_OK;
}

/* Some mutations of the candidate, as a set. */
static nas_status around(gp *self, nas_ask *ask, const nas_candidate *at, view_set *out,
                         nas_err *err)
{
    NAS_TRY(nas_view_set_new(&self->v, CLIMB_NEIGHBOURS, ask->arena, out, err));
    for (int i = 0; i < CLIMB_NEIGHBOURS; i++) {
        nas_candidate *next = nas_space_mutate(ask->space, at, &ask->rng, ask->arena);
        NAS_TRY_ALLOC(next, err);
        nas_view_add(&self->v, out, next);
    }
    return NAS_OK;
}

static nas_status best_of_set(const hunt *h, const view_set *set, nas_proposal *out,
                              double *value, nas_err *err)
{
    process_field field;
    bool *closed = NAS_NEW(h->ask->arena, bool, set->n);
    NAS_TRY_ALLOC(closed, err);
    NAS_TRY(
        nas_process_field_init(&field, set, h->self->process.g.n, h->ask->arena, err));
    nas_process_field_extend(&field, &h->self->process);
    return propose_best(h, &field, closed, out, value, err);
}

static nas_status ask_pool(const hunt *h, const double *y, nas_proposal *out,
                           nas_err *err)
{
    view_set set;
    double value = 0, next_value = 0;
    NAS_TRY(make_pool(h, y, &set, err));
    NAS_TRY(best_of_set(h, &set, out, &value, err));
    for (int i = 0; i < CLIMBS && out->candidate != NULL; i++) {
        nas_proposal next = {0};
        NAS_TRY(around(h->self, h->ask, out->candidate, &set, err));
        NAS_TRY(best_of_set(h, &set, &next, &next_value, err));
        if (next.candidate == NULL || next_value <= value)
            return NAS_OK;
        *out = next;
        value = next_value;
    }
    return NAS_OK;
}

/* ---- asking ----------------------------------------------------------------------- */

/* The area that the observations dominate. */
static nas_status survey(const gp *self, nas_ask *ask, const double *y, volume *out,
                         nas_err *err)
{
    const nas_cost **costs = NAS_NEW(ask->arena, const nas_cost *, self->ids.n);
    NAS_TRY_ALLOC(costs, err);
    for (int64_t i = 0; i < self->ids.n; i++)
        costs[i] =
            &ask->history->trials[nas_history_find(ask->history, self->ids.id[i])].cost;
    return nas_volume_init(out, ask->objectives, costs, y, self->ids.n, &ask->rng,
                           ask->arena)
               ? NAS_OK
               : nas_fail(err, NAS_E_NOMEM, "out of memory");
}

static nas_status ask_model(gp *self, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    double *y = NAS_NEW(ask->arena, double, self->ids.n);
    double *whitened = NAS_NEW(ask->arena, double, self->ids.n + PENDING);
    NAS_TRY_ALLOC(y, err);
    NAS_TRY_ALLOC(whitened, err);
    NAS_TRY(scores_of(self, ask, y, err));
    if (self->ids.n > self->points) {
        NAS_TRY(forget(self, ask, y, err));
        begin_anew(self);
    }
    NAS_TRY(update(self, ask, y, whitened, err));
    volume area;
    hunt h = {self, ask, whitened, best_target(self, y), NULL};
    if (ask->objectives != 0) {
        NAS_TRY(survey(self, ask, y, &area, err));
        h.area = &area;
    }
    const bool exact = self->enumerated && h.area == NULL;
    if (exact) {
        nas_process_field_extend(&self->field, &self->process);
        nas_process_field_mark(&self->field);
    }
    NAS_TRY(believe(self, ask, whitened, err));
    if (!exact)
        return ask_pool(&h, y, out, err);
    nas_process_field_extend(&self->field, &self->process);
    return ask_all(&h, out, err);
}

/* Half of it screened, a smaller design is enough. */
static int64_t design_of(const gp *self, const nas_ask *ask)
{
    const int64_t screened = self->design * SCREENED_DESIGN / 10;
    if (ask->screen == NULL)
        return self->design;
    return screened > 2 ? screened : 2;
}

static nas_status gp_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    gp *self = state;
    if (self->ids.n < design_of(self, ask))
        return nas_propose_design(ask, out, err);
    if (self->arena == NULL) {
        nas_status looked = look_at_space(self, ask->space, err);
        if (looked != NAS_OK) {
            drop_model(self);
            return looked;
        }
        begin_anew(self);
    }
    nas_status status = ask_model(self, ask, out, err);
    /* What is only believed is forgotten before the next ask; after a failure all is. */
    if (status != NAS_OK || self->process.g.n < (int)self->ids.n) {
        begin_anew(self);
        return status;
    }
    nas_process_truncate(&self->process, (int)self->ids.n);
    if (self->enumerated)
        nas_process_field_rewind(&self->field);
    return out->candidate != NULL ? NAS_OK : nas_propose_uniform(ask, out, err);
}

/* ---- state ------------------------------------------------------------------------ */

static nas_status gp_save(const void *state, nas_text *out, nas_err *err)
{
    const gp *self = state;
    nas_state_put_real(out, self->kernel.share);
    nas_state_put_real(out, self->kernel.near_choices);
    nas_state_put_real(out, self->kernel.near_features);
    nas_state_put_real(out, self->kernel.noise);
    nas_state_put(out, self->fitted_at);
    nas_ids_put(out, &self->ids);
    return nas_text_status(out, err);
}

/* Go on with the model of `known` observations: those that are still the first ones stay,
 * distances are kept when the kernel has changed. Bit for bit what a new model would be,
 * since rows of the factor depend on earlier ones only. */
static void follow_state(gp *self, const int64_t *known, int n)
{
    int same = 0;
    const process_kernel *k = &self->kernel, *old = &self->process.kernel;
    const bool kernel_same = k->share == old->share && k->noise == old->noise &&
                             k->near_choices == old->near_choices &&
                             k->near_features == old->near_features;
    while (same < n && same < self->ids.n && known[same] == self->ids.id[same])
        same++;
    nas_process_truncate(&self->process, same);
    if (!kernel_same)
        nas_process_set_kernel(&self->process, k);
    if (self->enumerated && (same < n || !kernel_same))
        nas_process_field_clear(&self->field);
}

static nas_status gp_load(void *state, const void *bytes, size_t n, nas_err *err)
{
    gp *self = state;
    state_reader reader = {bytes, n};
    process_kernel *k = &self->kernel;
    if (!nas_state_get_real(&reader, &k->share) ||
        !nas_state_get_real(&reader, &k->near_choices) ||
        !nas_state_get_real(&reader, &k->near_features) ||
        !nas_state_get_real(&reader, &k->noise) ||
        !nas_state_get(&reader, &self->fitted_at) || reader.left % 8 != 0)
        return nas_fail(err, NAS_E_STUDY,
                        "state of strategy `gp`: %zu bytes found, 40 and 8 for each "
                        "observation expected",
                        n);
    const int known_n = self->arena != NULL ? self->process.g.n : 0;
    int64_t *known = nas_heap_alloc((size_t)known_n + 1, sizeof *known);
    NAS_TRY_ALLOC(known, err);
    if (known_n > 0)
        memcpy(known, self->ids.id, (size_t)known_n * sizeof *known);
    nas_status status = nas_ids_get(&reader, &self->ids, err);
    if (status == NAS_OK && self->arena != NULL)
        follow_state(self, known, known_n);
    nas_heap_free(known);
    return status;
}

static const char *const kernels[] = {"features", "wl", NULL};

static const nas_param gp_params[] = {
    [PARAM_DESIGN] = {.name = "design",
                      .type = NAS_PARAM_INT,
                      .unit = "networks",
                      .default_text = "10",
                      .min = 2,
                      .max = 1000,
                      .doc = "Random networks before the model is asked.",
                      .source = "lowest regret on NAS-Bench-201"},
    [PARAM_EXACT] = {.name = "exact",
                     .type = NAS_PARAM_COUNT,
                     .unit = "assignments",
                     .default_text = "50000",
                     .min = 0,
                     .max = 1048576,
                     .doc = "Largest space of which every network is looked at in each "
                            "ask.",
                     .source = "memory and time of an ask"},
    [PARAM_POINTS] = {.name = "points",
                      .type = NAS_PARAM_INT,
                      .unit = "networks",
                      .default_text = "400",
                      .min = 50,
                      .max = 2000,
                      .doc = "Most observations in the model; beyond, the best and the "
                             "latest.",
                      .source = "20 asks a second with 300"},
    [PARAM_KERNEL] = {.name = "kernel",
                      .type = NAS_PARAM_CHOICE,
                      .default_text = "features",
                      .choices = kernels,
                      .doc = "Second part of the kernel: features of the network, or "
                             "counts of neighbourhoods of operators (Weisfeiler-Lehman).",
                      .source = "lowest regret on NAS-Bench-201"},
    [PARAM_ROUNDS] = {.name = "rounds",
                      .type = NAS_PARAM_INT,
                      .unit = "refinements",
                      .default_text = "1",
                      .min = 1,
                      .max = 3,
                      .doc = "Of the labels, with kernel=wl.",
                      .source = "Ru et al. 2021"},
    {0},
};

const nas_strategy_ops nas_strategy_gp = {
    .name = "gp",
    .summary = "Bayesian optimisation: Gaussian process and expected improvement",
    .cite = "ru2021nasbowl",
    .params = gp_params,
    .state_size = sizeof(gp),
    .init = gp_init,
    .free = gp_free,
    .tell = gp_tell,
    .ask = gp_ask,
    .save = gp_save,
    .load = gp_load,
};
