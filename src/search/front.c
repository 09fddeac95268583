#include "search/front.h"

#include "nasmith/search.h"

#include <stdlib.h>

unsigned nas_front_objectives(const nas_limits *limits, unsigned minimise)
{
    unsigned bits = minimise;
    for (int kind = NAS_LIMIT_PARAMS; kind <= NAS_LIMIT_LATENCY; kind++)
        if (nas_limit_bound(limits, (nas_limit_kind)kind) > 0.0)
            bits |= 1U << kind;
    return bits != 0 ? bits : 1U << NAS_LIMIT_MACS;
}

int nas_front_rungs(const nas_history *history)
{
    int most = 0;
    for (int64_t i = 0; i < history->n; i++)
        if (history->trials[i].rungs > most)
            most = history->trials[i].rungs;
    return most;
}

static double score_of(const nas_history_trial *trial)
{
    return trial->score[trial->rungs - 1];
}

/* At least as good in everything and better in something; of equals the older one. */
static bool dominates(const nas_history_trial *a, const nas_history_trial *b,
                      unsigned objectives)
{
    if (score_of(a) < score_of(b))
        return false;
    bool better = score_of(a) > score_of(b);
    for (int kind = NAS_LIMIT_PARAMS; kind <= NAS_LIMIT_LATENCY; kind++) {
        if ((objectives >> kind & 1U) == 0)
            continue;
        double x = nas_limit_cost(&a->cost, (nas_limit_kind)kind);
        double y = nas_limit_cost(&b->cost, (nas_limit_kind)kind);
        if (x > y)
            return false;
        better = better || x < y;
    }
    return better || a->id < b->id;
}

static bool undominated(const nas_history *history, unsigned objectives, int rungs,
                        int64_t t)
{
    const nas_history_trial *trials = history->trials;
    for (int64_t i = 0; i < history->n; i++)
        if (i != t && trials[i].rungs == rungs &&
            dominates(&trials[i], &trials[t], objectives))
            return false;
    return true;
}

bool nas_front_holds(const nas_history *history, const nas_limits *limits,
                     unsigned minimise, int64_t t)
{
    int rungs = nas_front_rungs(history);
    return rungs > 0 && history->trials[t].rungs == rungs &&
           undominated(history, nas_front_objectives(limits, minimise), rungs, t);
}

/* ---- the whole front --------------------------------------------------- */

static int by_macs(const void *a, const void *b)
{
    const nas_history_trial *x = *(const nas_history_trial *const *)a;
    const nas_history_trial *y = *(const nas_history_trial *const *)b;
    if (x->cost.macs != y->cost.macs)
        return x->cost.macs < y->cost.macs ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

static int by_score(const void *a, const void *b)
{
    const nas_history_trial *x = *(const nas_history_trial *const *)a;
    const nas_history_trial *y = *(const nas_history_trial *const *)b;
    if (score_of(x) != score_of(y))
        return score_of(x) > score_of(y) ? -1 : 1;
    return by_macs(a, b);
}

/* Trials that compete, best score first: a dominator then never comes after what it
 * dominates, except among equal scores. */
static int64_t competitors(const nas_history *history, const nas_history_trial **out)
{
    int rungs = nas_front_rungs(history);
    int64_t n = 0;
    for (int64_t i = 0; i < history->n; i++)
        if (rungs > 0 && history->trials[i].rungs == rungs)
            out[n++] = &history->trials[i];
    if (n > 0)
        qsort(out, (size_t)n, sizeof *out, by_score);
    return n;
}

/* Drop those dominated by a member found so far, and members that a later one of equal
 * score dominates. @return size of the front, at the start of `trials` */
static int64_t filter(const nas_history_trial **trials, int64_t n, unsigned objectives)
{
    int64_t size = 0;
    for (int64_t i = 0; i < n; i++) {
        bool out = false;
        for (int64_t k = 0; k < size && !out; k++)
            out = dominates(trials[k], trials[i], objectives);
        if (out)
            continue;
        int64_t left = 0;
        for (int64_t k = 0; k < size; k++)
            if (!dominates(trials[i], trials[k], objectives))
                trials[left++] = trials[k];
        trials[left++] = trials[i];
        size = left;
    }
    return size;
}

nas_status nas_search_front(const nas_history *history, const nas_limits *limits,
                            unsigned minimise, nas_arena *arena, int64_t **out, int *n,
                            nas_err *err)
{
    *n = 0;
    const nas_history_trial **trials =
        nas_arena_alloc(arena, (size_t)history->n, sizeof(const nas_history_trial *));
    NAS_TRY_ALLOC(trials, err);
    int64_t size = competitors(history, trials);
    size = filter(trials, size, nas_front_objectives(limits, minimise));
    if (size > 0)
        qsort(trials, (size_t)size, sizeof *trials, by_macs);
    *out = NAS_NEW(arena, int64_t, size);
    NAS_TRY_ALLOC(*out, err);
    for (int64_t i = 0; i < size; i++)
        (*out)[i] = trials[i] - history->trials;
    *n = (int)size;
    return NAS_OK;
}
