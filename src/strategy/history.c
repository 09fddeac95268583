#include "nasmith/strategy.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Two hash tables with open addressing, linear probing and at most half full: trial
 * indices by key (the first of equal keys) and by id; -1 marks a free slot. */
typedef struct nas_history_index {
    int64_t *by_key, *by_id; /* [slots] */
    int64_t slots;           /* a power of two */
} nas_history_index;

enum { FIRST_SLOTS = 64, FIRST_CAPACITY = 32 };

/* Keys are hashes already, ids are not: mix both (splitmix64's finaliser). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static int64_t slot_of_key(const nas_history *history, uint64_t key)
{
    const nas_history_index *index = history->index;
    uint64_t mask = (uint64_t)index->slots - 1, slot = mix(key) & mask;
    while (index->by_key[slot] >= 0 && history->trials[index->by_key[slot]].key != key)
        slot = (slot + 1) & mask;
    return (int64_t)slot;
}

static int64_t slot_of_id(const nas_history *history, int64_t id)
{
    const nas_history_index *index = history->index;
    uint64_t mask = (uint64_t)index->slots - 1, slot = mix((uint64_t)id) & mask;
    while (index->by_id[slot] >= 0 && history->trials[index->by_id[slot]].id != id)
        slot = (slot + 1) & mask;
    return (int64_t)slot;
}

static void enter(nas_history *history, int64_t t)
{
    nas_history_index *index = history->index;
    int64_t slot = slot_of_key(history, history->trials[t].key);
    if (index->by_key[slot] < 0)
        index->by_key[slot] = t;
    slot = slot_of_id(history, history->trials[t].id);
    index->by_id[slot] = t;
}

static bool make_index(nas_history *history, int64_t slots)
{
    nas_history_index *index = history->index;
    int64_t *both = nas_heap_alloc((size_t)slots * 2, sizeof *both);
    if (both == NULL)
        return false;
    memset(both, 0xff, (size_t)slots * 2 * sizeof *both); /* -1 everywhere */
    nas_heap_free(index->by_key);
    index->by_key = both;
    index->by_id = both + slots;
    index->slots = slots;
    for (int64_t t = 0; t < history->n; t++)
        enter(history, t);
    return true;
}

nas_history *nas_history_new(const nas_space *space)
{
    nas_history *history = nas_heap_alloc(1, sizeof *history);
    if (history == NULL)
        return NULL;
    history->space = space;
    history->arena = nas_arena_new();
    history->index = nas_heap_alloc(1, sizeof *history->index);
    if (history->arena == NULL || history->index == NULL ||
        !make_index(history, FIRST_SLOTS)) {
        nas_history_free(history);
        return NULL;
    }
    return history;
}

void nas_history_free(nas_history *history)
{
    if (history == NULL)
        return;
    if (history->index != NULL)
        nas_heap_free(history->index->by_key);
    nas_heap_free(history->index);
    nas_heap_free(history->trials);
    nas_heap_free(history->events);
    nas_arena_free(history->arena);
    nas_heap_free(history);
}

int64_t nas_history_add(nas_history *history, const nas_history_trial *trial)
{
    assert(history->n == 0 || trial->id > history->trials[history->n - 1].id);
    if (history->n == history->capacity) {
        int64_t capacity = history->n > 0 ? history->n * 2 : FIRST_CAPACITY;
        nas_history_trial *more = nas_heap_grow(history->trials, (size_t)history->n,
                                                (size_t)capacity, sizeof *more);
        if (more == NULL)
            return -1;
        history->trials = more;
        history->capacity = capacity;
    }
    if (history->n * 2 >= history->index->slots &&
        !make_index(history, history->index->slots * 2))
        return -1;
    nas_candidate *copy = NULL;
    if (trial->candidate != NULL) {
        copy = nas_candidate_copy(trial->candidate, history->arena);
        if (copy == NULL)
            return -1;
    }
    int64_t t = history->n;
    history->trials[t] = *trial;
    history->trials[t].candidate = copy;
    history->n++;
    enter(history, t);
    return t;
}

bool nas_history_score(nas_history *history, int64_t t, int rung, double score,
                       double error)
{
    nas_history_trial *trial = &history->trials[t];
    assert(rung >= trial->rungs && rung < NAS_MAX_RUNGS);
    if (history->n_events == history->events_capacity) {
        int64_t capacity = history->n_events > 0 ? history->n_events * 2 : FIRST_CAPACITY;
        nas_history_event *more = nas_heap_grow(
            history->events, (size_t)history->n_events, (size_t)capacity, sizeof *more);
        if (more == NULL)
            return false;
        history->events = more;
        history->events_capacity = capacity;
    }
    if (trial->rungs == 0) {
        trial->first_rung = rung;
        history->n_scored++;
    }
    for (int r = trial->rungs; r < rung; r++)
        trial->score[r] = trial->error[r] = (double)NAN;
    trial->score[rung] = score;
    trial->error[rung] = error;
    trial->rungs = rung + 1;
    if (trial->queued_rung < rung)
        trial->queued_rung = rung;
    history->events[history->n_events++] = (nas_history_event){t, rung};
    return true;
}

int64_t nas_history_find(const nas_history *history, int64_t id)
{
    return history->index->by_id[slot_of_id(history, id)];
}

int64_t nas_history_find_key(const nas_history *history, uint64_t key)
{
    return history->index->by_key[slot_of_key(history, key)];
}

bool nas_history_has_key(const nas_history *history, uint64_t key)
{
    return nas_history_find_key(history, key) >= 0;
}

int nas_history_compare(const nas_history *history, int64_t a, int64_t b)
{
    const nas_history_trial *x = &history->trials[a], *y = &history->trials[b];
    if (x->rungs != y->rungs)
        return x->rungs > y->rungs ? 1 : -1;
    if (x->rungs > 0) {
        double p = x->score[x->rungs - 1], q = y->score[y->rungs - 1];
        if (p > q || p < q)
            return p > q ? 1 : -1;
        if (isnan(p) != isnan(q))
            return isnan(q) ? 1 : -1;
    }
    if (x->cost.macs != y->cost.macs)
        return x->cost.macs < y->cost.macs ? 1 : -1;
    return x->id < y->id ? 1 : x->id > y->id ? -1 : 0;
}

int64_t nas_history_best(const nas_history *history)
{
    int64_t best = -1;
    for (int64_t t = 0; t < history->n; t++)
        if (history->trials[t].rungs > 0 &&
            (best < 0 || nas_history_compare(history, t, best) > 0))
            best = t;
    return best;
}
