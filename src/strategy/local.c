/* Local search.
 *
 * C. White, S. Nolen, Y. Savani: Exploring the Loss Landscape in Neural Architecture
 * Search. UAI 2021. arXiv:2005.02960
 *
 * Deviations
 * 1. Asynchronous: the search moves when the score of a better network arrives, whoever
 *    proposed it; neighbours of the old place that still run are told like any other.
 * 2. Two networks are compared at the highest rung that both have finished. A place that
 *    was promoted since would otherwise stand above all of its neighbours.
 * 3. Networks known by key are passed over, as in the authors' code, and so are those
 *    that violate a limit.
 * 4. Of spaces without neighbours 64 mutations stand for a neighbourhood.
 *
 * Notation
 *   paper               here      range     default  source
 *   num_init            draws     1..1000   10       authors' code
 *   query_full_nbhd     move      first,    first    authors' code
 *                                 best
 *   v                   place     -         -        0 while drawing
 *   N(v), shuffled      order     -         -        seed of the shuffle */
#include "strategy/strategies.h"

enum { PARAM_DRAWS, PARAM_MOVE };
enum { MOVE_FIRST, MOVE_BEST };
enum { MUTATIONS = 64 };
static const uint64_t ORDER_STREAM = 0x6c6f63616c;

typedef struct local {
    int64_t draws, move;
    int64_t place; /* trial id whose neighbourhood is looked at, 0: drawing */
    int64_t order; /* seed of the shuffle of its neighbourhood, 0: not begun */
    int64_t next;  /* neighbours looked at */
    int64_t told;  /* scores since the last draw began, or since the last move */
    int64_t best;  /* trial id of the best of those, 0: none */
} local;

static nas_status local_init(void *state, const nas_value *values, nas_err *err)
{
    local *self = state;
    (void)err;
    self->draws = values[PARAM_DRAWS].i;
    self->move = values[PARAM_MOVE].i;
    return NAS_OK;
}

/* Whether trial `t` is better than the trial with this id; anything is better than none.
 */
static bool improves(const nas_history *history, int64_t t, int64_t id)
{
    int64_t than = nas_history_find(history, id);
    if (than < 0)
        return true;
    const nas_history_trial *a = &history->trials[t], *b = &history->trials[than];
    int shared = (a->rungs < b->rungs ? a->rungs : b->rungs) - 1;
    if (shared < a->first_rung || shared < b->first_rung)
        return nas_history_compare(history, t, than) > 0;
    return a->score[shared] > b->score[shared];
}

/* Stand on a trial; its neighbourhood is shuffled anew. */
static void move_to(local *self, int64_t id)
{
    self->place = id;
    self->order = self->next = self->told = self->best = 0;
}

static void draw_again(local *self)
{
    self->place = self->told = self->best = 0;
}

static nas_status local_tell(void *state, const nas_history *history, int64_t t, int rung,
                             nas_err *err)
{
    local *self = state;
    const nas_history_trial *trial = &history->trials[t];
    (void)err;
    if (rung != trial->first_rung)
        return NAS_OK;
    self->told++;
    if (improves(history, t, self->best))
        self->best = trial->id;
    if (self->place == 0 && self->told >= self->draws)
        move_to(self, self->best);
    else if (self->place != 0 && self->move == MOVE_FIRST &&
             improves(history, t, self->place))
        move_to(self, trial->id);
    return NAS_OK;
}

static nas_status neighbourhood(nas_ask *ask, const nas_candidate *of, nas_rng *rng,
                                nas_candidate ***out, int64_t *n, nas_err *err)
{
    if ((nas_space_abilities(ask->space) & NAS_SPACE_NEIGHBOURS) != 0)
        return nas_space_neighbours(ask->space, of, ask->arena, out, n, err);
    *out = NAS_NEW(ask->arena, nas_candidate *, MUTATIONS);
    NAS_TRY_ALLOC(*out, err);
    for (*n = 0; *n < MUTATIONS; ++*n) {
        (*out)[*n] = nas_space_mutate(ask->space, of, rng, ask->arena);
        NAS_TRY_ALLOC((*out)[*n], err);
    }
    return NAS_OK;
}

/* The next neighbour of the place that is new; none when all have been looked at. */
static nas_status next_neighbour(local *self, nas_ask *ask, nas_proposal *out,
                                 nas_err *err)
{
    int64_t t = nas_history_find(ask->history, self->place), n = 0;
    nas_candidate **list = NULL;
    if (t < 0)
        return nas_fail(err, NAS_E_INTERNAL,
                        "local search: its place is not part of the history");
    /* The order belongs to the place, not to the ask. */
    if (self->order == 0)
        self->order = (int64_t)(nas_rng_u64(&ask->rng) >> 2) + 1;
    nas_rng rng = nas_rng_new((uint64_t)self->order, ORDER_STREAM);
    NAS_TRY(neighbourhood(ask, ask->history->trials[t].candidate, &rng, &list, &n, err));
    int64_t *order = NAS_NEW(ask->arena, int64_t, n);
    NAS_TRY_ALLOC(order, err);
    for (int64_t i = 0; i < n; i++)
        order[i] = i;
    nas_rng_shuffle(&rng, order, n);
    while (self->next < n && out->candidate == NULL)
        NAS_TRY(nas_propose_candidate(ask, list[order[self->next++]], t, out, err));
    return NAS_OK;
}

static nas_status local_ask(void *state, nas_ask *ask, nas_proposal *out, nas_err *err)
{
    local *self = state;
    while (self->place != 0) {
        NAS_TRY(next_neighbour(self, ask, out, err));
        if (out->candidate != NULL)
            return NAS_OK;
        int64_t best = nas_history_find(ask->history, self->best);
        if (self->best != 0 && improves(ask->history, best, self->place))
            move_to(self, self->best);
        else
            draw_again(self); /* a local minimum */
    }
    return nas_propose_uniform(ask, out, err);
}

static int64_t *fields(local *self, int index)
{
    int64_t *const all[] = {&self->place, &self->order, &self->next, &self->told,
                            &self->best};
    return index < (int)(sizeof all / sizeof all[0]) ? all[index] : NULL;
}

static nas_status local_save(const void *state, nas_text *out, nas_err *err)
{
    local copy = *(const local *)state;
    for (int i = 0; fields(&copy, i) != NULL; i++)
        nas_state_put(out, *fields(&copy, i));
    return nas_text_status(out, err);
}

static nas_status local_load(void *state, const void *bytes, size_t n, nas_err *err)
{
    state_reader reader = {bytes, n};
    bool complete = true;
    for (int i = 0; fields(state, i) != NULL; i++)
        complete = complete && nas_state_get(&reader, fields(state, i));
    if (!complete || reader.left != 0)
        return nas_fail(err, NAS_E_STUDY,
                        "state of strategy `local`: %zu bytes found, 40 expected", n);
    return NAS_OK;
}

static const char *const moves[] = {"first", "best", NULL};

static const nas_param local_params[] = {
    [PARAM_DRAWS] = {.name = "draws",
                     .type = NAS_PARAM_INT,
                     .unit = "networks",
                     .default_text = "10",
                     .min = 1,
                     .max = 1000,
                     .doc = "Random networks before each descent; it starts at the best.",
                     .source = "White et al. 2021, code (num_init)"},
    [PARAM_MOVE] = {.name = "move",
                    .type = NAS_PARAM_CHOICE,
                    .default_text = "first",
                    .choices = moves,
                    .doc = "To the first neighbour that is better, or to the best of all "
                           "of them.",
                    .source = "White et al. 2021, code (query_full_nbhd)"},
    {0},
};

const nas_strategy_ops nas_strategy_local = {
    .name = "local",
    .summary = "local search: to a better neighbour, and again from a random place",
    .cite = "white2021exploring",
    .params = local_params,
    .state_size = sizeof(local),
    .init = local_init,
    .tell = local_tell,
    .ask = local_ask,
    .save = local_save,
    .load = local_load,
};
