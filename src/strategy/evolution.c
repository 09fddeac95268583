/* Regularised (aging) evolution.
 *
 * E. Real, A. Aggarwal, Y. Huang, Q. V. Le: Regularized Evolution for Image Classifier
 * Architecture Search. AAAI 2019. doi:10.1609/aaai.v33i01.33014780
 *
 * Deviations
 * 1. Asynchronous: an individual enters the population when its first score arrives, and
 *    age counts from there. Until P have entered, proposals are random.
 * 2. Fitness is looked up when parents are chosen, not stored: a trial that was promoted
 *    to a higher rung since then stands above those that were not.
 * 3. A child is a new network: one known by key is mutated again, with growing length.
 *    Known networks would be answered from the study and teach nothing.
 *
 * Notation
 *   paper        here          range       default  source
 *   P            population    2..10000    30       lowest regret on NAS-Bench-201
 *   S            tournament    1..10000    10       (docs/algorithms/evolution.md)
 *   population   queue         <= P        -        oldest first
 *   history      ask->history  -           -        */
#include "strategy/strategies.h"

#include "nasmith/arena.h"

#include <assert.h>

enum { PARAM_POPULATION, PARAM_TOURNAMENT };

typedef struct evolution {
    int64_t population; /* P */
    int64_t tournament; /* S */
    int64_t *queue;     /* [P] ring of trial ids */
    int64_t oldest;     /* slot of the oldest */
    int64_t size;       /* individuals alive, <= P */
} evolution;

static nas_status evolution_init(void *state, const nas_value *values, nas_err *err)
{
    evolution *self = state;
    self->population = values[PARAM_POPULATION].i;
    self->tournament = values[PARAM_TOURNAMENT].i;
    self->queue = nas_heap_alloc((size_t)self->population, sizeof *self->queue);
    NAS_TRY_ALLOC(self->queue, err);
    return NAS_OK;
}

static void evolution_free(void *state)
{
    evolution *self = state;
    nas_heap_free(self->queue);
}

/* "Remove the oldest model from the left, append the child to the right." */
static void enter(evolution *self, int64_t id)
{
    int64_t slot = (self->oldest + self->size) % self->population;
    self->queue[slot] = id;
    if (self->size < self->population)
        self->size++;
    else
        self->oldest = (self->oldest + 1) % self->population;
}

/* "Sample S candidates with replacement; the parent is the most accurate of them."
 * @return its index in the history */
static int64_t select_parent(const evolution *self, const nas_history *history,
                             nas_rng *rng)
{
    int64_t parent = -1;
    for (int64_t i = 0; i < self->tournament; i++) {
        uint64_t place = nas_rng_below(rng, (uint64_t)self->size);
        int64_t slot = (self->oldest + (int64_t)place) % self->population;
        int64_t t = nas_history_find(history, self->queue[slot]);
        if (t >= 0 && (parent < 0 || nas_history_compare(history, t, parent) > 0))
            parent = t;
    }
    return parent;
}

static nas_status evolution_tell(void *state, const nas_history *history, int64_t t,
                                 int rung, nas_err *err)
{
    (void)err;
    if (rung == history->trials[t].first_rung)
        enter(state, history->trials[t].id);
    return NAS_OK;
}

static nas_status evolution_ask(void *state, nas_ask *ask, nas_proposal *out,
                                nas_err *err)
{
    const evolution *self = state;
    if (self->size < self->population)
        return nas_propose_design(ask, out, err);
    int64_t parent = select_parent(self, ask->history, &ask->rng);
    if (parent < 0)
        return nas_fail(err, NAS_E_INTERNAL,
                        "evolution: its population is not part of the history");
    return nas_propose_mutation(ask, parent, out, err);
}

static nas_status evolution_save(const void *state, nas_text *out, nas_err *err)
{
    const evolution *self = state;
    for (int64_t i = 0; i < self->size; i++)
        nas_state_put(out, self->queue[(self->oldest + i) % self->population]);
    return nas_text_status(out, err);
}

static nas_status evolution_load(void *state, const void *bytes, size_t n, nas_err *err)
{
    evolution *self = state;
    state_reader reader = {bytes, n};
    int64_t id = 0;
    self->oldest = self->size = 0;
    while (self->size < self->population && nas_state_get(&reader, &id))
        enter(self, id);
    if (reader.left != 0)
        return nas_fail(err, NAS_E_STUDY,
                        "state of strategy `evolution`: %zu bytes found, at most %lld "
                        "expected (population %lld)",
                        n, (long long)self->population * 8, (long long)self->population);
    return NAS_OK;
}

static const nas_param evolution_params[] = {
    [PARAM_POPULATION] = {.name = "population",
                          .type = NAS_PARAM_INT,
                          .unit = "networks",
                          .default_text = "30",
                          .min = 2,
                          .max = 10000,
                          .doc = "Networks alive; the oldest leaves when one enters.",
                          .source =
                              "NAS-Bench-201, 100 queries: 5.92 against 6.00 % error "
                              "with 10/3"},
    [PARAM_TOURNAMENT] = {.name = "tournament",
                          .type = NAS_PARAM_INT,
                          .unit = "networks",
                          .default_text = "10",
                          .min = 1,
                          .max = 10000,
                          .doc = "Networks drawn, with replacement, to find a parent.",
                          .source = "as population"},
    {0},
};

const nas_strategy_ops nas_strategy_evolution = {
    .name = "evolution",
    .summary = "regularised (aging) evolution: children of good networks, old ones leave",
    .cite = "real2019regularized",
    .params = evolution_params,
    .state_size = sizeof(evolution),
    .init = evolution_init,
    .free = evolution_free,
    .tell = evolution_tell,
    .ask = evolution_ask,
    .save = evolution_save,
    .load = evolution_load,
};
