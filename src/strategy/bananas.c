/* BANANAS: an ensemble of networks predicts, mutations of the best are proposed.
 *
 * C. White, W. Neiswanger, Y. Savani: BANANAS: Bayesian Optimization with Neural
 * Architectures for Neural Architecture Search. AAAI 2021. arXiv:1910.11858
 *
 * Deviations
 * 1. Targets are (best - score) / (best - median) * SPREAD, in place of errors in
 * percent; the loss is the absolute error beyond 1 and squared below.
 * 2. Paths are those of live networks: one over an edge that carries nothing is none. The
 *    `paths` most frequent ones among random networks are looked at.
 * 3. In a space without cells the encoding is one-hot per decision.
 * 4. Beyond OBSERVATIONS scored networks the latest are learnt from.
 *
 * Notation
 *   paper      here            range       default  source
 *   t_0        design          2..1000     10       authors' code
 *   k          batch           1..1000     10       authors' code
 *   c          candidates      1..10000    100      authors' code
 *   M          members         2..50       5        paper, section 4
 *   -          paths           1..1000     30       paths of at most two operators,
 *                                                   NAS-Bench-201
 *   -          epochs          1..10000    150      authors' code
 *   phi        acquisition     its, ucb    its      paper, section 4 */
#include "strategy/model/ensemble.h"
#include "strategy/model/level.h"
#include "strategy/strategies.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARAM_DESIGN,
    PARAM_BATCH,
    PARAM_CANDIDATES,
    PARAM_MEMBERS,
    PARAM_PATHS,
    PARAM_EPOCHS,
    PARAM_ACQUISITION
};
enum { ACQUISITION_ITS, ACQUISITION_UCB };
enum {
    LAYERS = 10,
    WIDTH = 20,
    PARENTS = 5, /* the best ones that are mutated while candidates lack */
    OBSERVATIONS = 512,
    SAMPLE = 512, /* networks whose paths are counted */
    PATH_ROOM = 256,
};
static const double SPREAD = 4, UCB_SHARE = 0.5;
static const uint64_t SAMPLE_STREAM = 0x70617468;

typedef struct bananas {
    int64_t design, batch, candidates;
    int members, paths;
    int64_t epochs, acquisition;
    /* what is saved: proposals of the present model that were not asked for yet */
    int16_t *queue; /* [queued][decisions], nas_heap_free */
    int64_t queued, decisions;
    /* what follows from the space */
    bool looked;
    uint64_t *path; /* [inputs] sorted by frequency, nas_heap_free; NULL: one-hot */
    int inputs;
} bananas;

static nas_status bananas_init(void *state, const nas_value *values, nas_err *err)
{
    bananas *self = state;
    (void)err;
    self->design = values[PARAM_DESIGN].i;
    self->batch = values[PARAM_BATCH].i;
    self->candidates = values[PARAM_CANDIDATES].i;
    self->members = (int)values[PARAM_MEMBERS].i;
    self->paths = (int)values[PARAM_PATHS].i;
    self->epochs = values[PARAM_EPOCHS].i;
    self->acquisition = values[PARAM_ACQUISITION].i;
    return NAS_OK;
}

static void bananas_free(void *state)
{
    bananas *self = state;
    nas_heap_free(self->queue);
    nas_heap_free(self->path);
}

/* ---- encoding --------------------------------------------------------------------- */

typedef struct counted {
    uint64_t hash;
    int64_t count;
} counted;

/* Most frequent first; equal ones by hash, so that the order is one. */
static int by_count(const void *a, const void *b)
{
    const counted *x = a, *y = b;
    if (x->count != y->count)
        return x->count < y->count ? 1 : -1;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static int by_hash(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* All paths of random networks, one entry a network, sorted. @return their number */
static int64_t sample_paths(const nas_space *space, nas_arena *arena, uint64_t *out)
{
    int64_t n = 0;
    nas_rng rng = nas_rng_new(0, SAMPLE_STREAM);
    for (int i = 0; i < SAMPLE; i++) {
        const nas_candidate *candidate = nas_space_sample(space, &rng, arena);
        if (candidate != NULL)
            n += nas_space_paths(space, candidate, PATH_ROOM, out + n, PATH_ROOM);
    }
    qsort(out, (size_t)n, sizeof *out, by_hash);
    return n;
}

/* "Truncate the path encoding": the most frequent ones stay. */
static nas_status count_paths(bananas *self, const nas_space *space, nas_arena *arena,
                              nas_err *err)
{
    uint64_t *all = NAS_NEW(arena, uint64_t, SAMPLE * PATH_ROOM);
    counted *counts = NAS_NEW(arena, counted, SAMPLE * PATH_ROOM);
    NAS_TRY_ALLOC(all, err);
    NAS_TRY_ALLOC(counts, err);
    int64_t n = sample_paths(space, arena, all), kinds = 0;
    for (int64_t i = 0; i < n; i++) {
        if (kinds == 0 || counts[kinds - 1].hash != all[i])
            counts[kinds++].hash = all[i];
        counts[kinds - 1].count++;
    }
    if (kinds == 0) {
        self->inputs = (int)nas_space_encoding_size(space);
        return NAS_OK;
    }
    qsort(counts, (size_t)kinds, sizeof *counts, by_count);
    self->inputs = kinds < self->paths ? (int)kinds : self->paths;
    self->path = nas_heap_alloc((size_t)self->inputs, sizeof *self->path);
    NAS_TRY_ALLOC(self->path, err);
    for (int i = 0; i < self->inputs; i++)
        self->path[i] = counts[i].hash;
    return NAS_OK;
}

static nas_status look_at_space(bananas *self, const nas_space *space, nas_err *err)
{
    if (self->looked)
        return NAS_OK;
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status = count_paths(self, space, arena, err);
    nas_arena_free(arena);
    self->looked = status == NAS_OK;
    return status;
}

/* @param out  [inputs] */
static void encode(const bananas *self, const nas_space *space,
                   const nas_candidate *candidate, float *out)
{
    uint64_t found[PATH_ROOM];
    if (self->path == NULL) {
        nas_space_encode(space, candidate, out);
        return;
    }
    const int n = nas_space_paths(space, candidate, PATH_ROOM, found, PATH_ROOM);
    for (int i = 0; i < self->inputs; i++) {
        out[i] = 0;
        for (int k = 0; k < n; k++)
            if (found[k] == self->path[i])
                out[i] = 1;
    }
}

/* ---- the model -------------------------------------------------------------------- */

/* Scored networks, the latest OBSERVATIONS of them, by score, best first. */
typedef struct scored {
    int64_t trial;
    double score;
} scored;

static int by_score(const void *a, const void *b)
{
    const scored *x = a, *y = b;
    if (x->score > y->score || x->score < y->score)
        return x->score < y->score ? 1 : -1;
    return (x->trial > y->trial) - (x->trial < y->trial);
}

static nas_status gather(const nas_ask *ask, scored **out, int64_t *n, nas_err *err)
{
    const int64_t most = ask->history->n;
    double *levels = NAS_NEW(ask->arena, double, most);
    *out = NAS_NEW(ask->arena, scored, OBSERVATIONS);
    NAS_TRY_ALLOC(levels, err);
    NAS_TRY_ALLOC(*out, err);
    nas_model_level(ask->history, levels);
    *n = 0;
    for (int64_t t = most - 1; t >= 0 && *n < OBSERVATIONS; t--)
        if (!isnan(levels[t]))
            (*out)[(*n)++] = (scored){t, levels[t]};
    qsort(*out, (size_t)*n, sizeof **out, by_score);
    return NAS_OK;
}

/* What the ensemble is told, and what it is asked about. */
static nas_status describe(const bananas *self, const nas_ask *ask, const scored *all,
                           int64_t n, nas_candidate *const *candidates, int64_t n_asked,
                           ensemble_task *out, nas_err *err)
{
    float *x = NAS_NEW(ask->arena, float, n * self->inputs);
    float *y = NAS_NEW(ask->arena, float, n);
    float *asked = NAS_NEW(ask->arena, float, n_asked * self->inputs);
    NAS_TRY_ALLOC(x, err);
    NAS_TRY_ALLOC(y, err);
    NAS_TRY_ALLOC(asked, err);
    double spread = all[0].score - all[n / 2].score;
    if (!(spread > 0))
        spread = all[0].score > all[n - 1].score ? all[0].score - all[n - 1].score : 1;
    for (int64_t i = 0; i < n; i++) {
        encode(self, ask->space, ask->history->trials[all[i].trial].candidate,
               x + i * self->inputs);
        y[i] = (float)(SPREAD * (all[0].score - all[i].score) / spread);
    }
    for (int64_t i = 0; i < n_asked; i++)
        encode(self, ask->space, candidates[i], asked + i * self->inputs);
    *out = (ensemble_task){x, y, n, asked, n_asked};
    return NAS_OK;
}

/* ---- candidates ------------------------------------------------------------------- */

static bool is_known(const nas_ask *ask, const uint64_t *keys, int64_t n, uint64_t key)
{
    for (int64_t i = 0; i < n; i++)
        if (keys[i] == key)
            return true;
    return nas_history_has_key(ask->history, key);
}

/* Mutations of the best; of the next best while there are fewer than `candidates`. */
static nas_status mutate_best(const bananas *self, nas_ask *ask, const scored *all,
                              int64_t n, nas_candidate ***out, int64_t *found,
                              nas_err *err)
{
    uint64_t *keys = NAS_NEW(ask->arena, uint64_t, self->candidates);
    *out = NAS_NEW(ask->arena, nas_candidate *, self->candidates);
    NAS_TRY_ALLOC(keys, err);
    NAS_TRY_ALLOC(*out, err);
    *found = 0;
    for (int64_t p = 0; p < PARENTS && p < n && *found < self->candidates; p++) {
        const nas_candidate *parent = ask->history->trials[all[p].trial].candidate;
        for (int64_t i = 0; i < self->candidates && *found < self->candidates; i++) {
            nas_candidate *child =
                nas_space_mutate(ask->space, parent, &ask->rng, ask->arena);
            NAS_TRY_ALLOC(child, err);
            const uint64_t key = nas_space_key(ask->space, child);
            if (is_known(ask, keys, *found, key))
                continue;
            keys[*found] = key;
            (*out)[(*found)++] = child;
        }
    }
    return NAS_OK;
}

/* ---- acquisition ------------------------------------------------------------------ */

typedef struct rated {
    double value; /* predicted error; the lowest is proposed first */
    nas_candidate *candidate;
} rated;

static int by_value(const void *a, const void *b)
{
    const rated *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* "Independent Thompson sampling": one draw for each candidate. */
static double acquire(const bananas *self, double mean, double deviation, nas_rng *rng)
{
    if (self->acquisition == ACQUISITION_UCB)
        return mean - UCB_SHARE * deviation;
    return mean + deviation * nas_rng_normal(rng);
}

static nas_status enqueue(bananas *self, const nas_ask *ask, const rated *all, int64_t n,
                          nas_err *err)
{
    const int d = nas_space_decision_count(ask->space);
    const int64_t keep = n < self->batch ? n : self->batch;
    int16_t *queue = nas_heap_alloc((size_t)(keep * d) + 1, sizeof *queue);
    NAS_TRY_ALLOC(queue, err);
    for (int64_t i = 0; i < keep; i++)
        for (int k = 0; k < d; k++)
            queue[i * d + k] = (int16_t)nas_space_choice(ask->space, all[i].candidate, k);
    nas_heap_free(self->queue);
    self->queue = queue;
    self->queued = keep;
    self->decisions = d;
    return NAS_OK;
}

/* Fit the model, rate candidates, queue the best. */
static nas_status refill(bananas *self, nas_ask *ask, nas_err *err)
{
    scored *all = NULL;
    nas_candidate **candidates = NULL;
    int64_t n = 0, found = 0;
    ensemble_task task;
    NAS_TRY(look_at_space(self, ask->space, err));
    NAS_TRY(gather(ask, &all, &n, err));
    if (n == 0)
        return NAS_OK;
    NAS_TRY(mutate_best(self, ask, all, n, &candidates, &found, err));
    if (found == 0)
        return NAS_OK;
    double *mean = NAS_NEW(ask->arena, double, 2 * found), *deviation = mean + found;
    rated *rates = NAS_NEW(ask->arena, rated, found);
    NAS_TRY_ALLOC(mean, err);
    NAS_TRY_ALLOC(rates, err);
    NAS_TRY(describe(self, ask, all, n, candidates, found, &task, err));
    const ensemble_shape shape = {self->inputs, self->members, LAYERS, WIDTH,
                                  self->epochs};
    NAS_TRY(nas_ensemble_predict(&shape, &task, nas_rng_split(&ask->rng, 1), mean,
                                 deviation, err));
    for (int64_t i = 0; i < found; i++)
        rates[i] =
            (rated){acquire(self, mean[i], deviation[i], &ask->rng), candidates[i]};
    qsort(rates, (size_t)found, sizeof *rates, by_value);
    return enqueue(self, ask, rates, found, err);
}

static nas_status propose_queued(bananas *self, nas_ask *ask, nas_proposal *out,
                                 nas_err *err)
{
    while (self->queued > 0 && out->candidate == NULL) {
        nas_candidate *next =
            nas_space_assign(ask->space, self->queue, &ask->rng, ask->arena);
        self->queued--;
        memmove(self->queue, self->queue + self->decisions,
                (size_t)(self->queued * self->decisions) * sizeof *self->queue);
        NAS_TRY(nas_propose_candidate(ask, next, -1, out, err));
    }
    return NAS_OK;
}

static nas_status bananas_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    bananas *self = state;
    if (ask->history->n_scored < self->design)
        return nas_propose_design(ask, out, err);
    NAS_TRY(propose_queued(self, ask, out, err));
    if (out->candidate != NULL)
        return NAS_OK;
    NAS_TRY(refill(self, ask, err));
    NAS_TRY(propose_queued(self, ask, out, err));
    return out->candidate != NULL ? NAS_OK : nas_propose_uniform(ask, out, err);
}

/* ---- state ------------------------------------------------------------------------ */

static nas_status bananas_save(const void *state, nas_text *out, nas_err *err)
{
    const bananas *self = state;
    nas_state_put(out, self->decisions);
    for (int64_t i = 0; i < self->queued * self->decisions; i++)
        nas_state_put(out, self->queue[i]);
    return nas_text_status(out, err);
}

static nas_status bananas_load(void *state, const void *bytes, size_t n, nas_err *err)
{
    bananas *self = state;
    state_reader reader = {bytes, n};
    int64_t decisions = 0, pick = 0;
    const bool headed = n % 8 == 0 && nas_state_get(&reader, &decisions);
    const int64_t picks = (int64_t)(reader.left / 8);
    if (!headed || decisions < 0 || (decisions == 0 ? picks > 0 : picks % decisions > 0))
        return nas_fail(err, NAS_E_STUDY,
                        "state of strategy `bananas`: %zu bytes found, 8 and 8 for each "
                        "decision of a proposal expected",
                        n);
    int16_t *queue = nas_heap_alloc((size_t)picks + 1, sizeof *queue);
    NAS_TRY_ALLOC(queue, err);
    for (int64_t i = 0; i < picks && nas_state_get(&reader, &pick); i++)
        queue[i] = (int16_t)pick;
    nas_heap_free(self->queue);
    self->queue = queue;
    self->decisions = decisions;
    self->queued = decisions > 0 ? picks / decisions : 0;
    return NAS_OK;
}

static const char *const acquisitions[] = {"its", "ucb", NULL};

static const nas_param bananas_params[] = {
    [PARAM_DESIGN] = {.name = "design",
                      .type = NAS_PARAM_INT,
                      .unit = "networks",
                      .default_text = "10",
                      .min = 2,
                      .max = 1000,
                      .doc = "Random networks before the model is asked.",
                      .source = "White et al. 2021, code"},
    [PARAM_BATCH] = {.name = "batch",
                     .type = NAS_PARAM_INT,
                     .unit = "networks",
                     .default_text = "10",
                     .min = 1,
                     .max = 1000,
                     .doc = "Proposals of one model.",
                     .source = "White et al. 2021, code"},
    [PARAM_CANDIDATES] = {.name = "candidates",
                          .type = NAS_PARAM_INT,
                          .unit = "networks",
                          .default_text = "100",
                          .min = 1,
                          .max = 10000,
                          .doc = "Mutations of the best that the model rates.",
                          .source = "White et al. 2021, code"},
    [PARAM_MEMBERS] = {.name = "members",
                       .type = NAS_PARAM_INT,
                       .unit = "networks",
                       .default_text = "5",
                       .min = 2,
                       .max = 50,
                       .doc = "Predictors of the ensemble.",
                       .source = "White et al. 2021, section 4"},
    [PARAM_PATHS] = {.name = "paths",
                     .type = NAS_PARAM_INT,
                     .unit = "paths",
                     .default_text = "30",
                     .min = 1,
                     .max = 1000,
                     .doc = "Most frequent paths through a cell that are looked at.",
                     .source = "White et al. 2021: short paths suffice"},
    [PARAM_EPOCHS] = {.name = "epochs",
                      .type = NAS_PARAM_INT,
                      .unit = "epochs",
                      .default_text = "150",
                      .min = 1,
                      .max = 10000,
                      .doc = "Training of a predictor.",
                      .source = "White et al. 2021, code"},
    [PARAM_ACQUISITION] = {.name = "acquisition",
                           .type = NAS_PARAM_CHOICE,
                           .default_text = "its",
                           .choices = acquisitions,
                           .doc =
                               "its: a draw from the predicted error of each; ucb: its "
                               "mean less half a deviation.",
                           .source = "White et al. 2021, section 4"},
    {0},
};

const nas_strategy_ops nas_strategy_bananas = {
    .name = "bananas",
    .summary = "an ensemble of networks predicts from paths; mutations of the best",
    .cite = "white2021bananas",
    .params = bananas_params,
    .needs = NAS_SPACE_ENCODES,
    .state_size = sizeof(bananas),
    .init = bananas_init,
    .free = bananas_free,
    .ask = bananas_ask,
    .save = bananas_save,
    .load = bananas_load,
};
