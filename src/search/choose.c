/* Choosing finalists: best, knee, smallest within one point. */
#include "search/front.h"
#include "search/keep.h"
#include "search/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What one point is: of accuracy a hundredth, of an error a twentieth of it. */
static double one_point(const search_run *run, double best)
{
    return run->metric->fraction ? 0.01 : 0.05 * fabs(best);
}

static double last_score(const nas_history_trial *trial)
{
    return trial->score[trial->rungs - 1];
}

/* ---- ties ---------------------------------------------------------------- */

static nas_status tied(const search_run *run, const nas_history_trial *a,
                       const nas_history_trial *b, nas_arena *arena, bool *out,
                       nas_err *err)
{
    double *x = NULL;
    double *y = NULL;
    int64_t n = 0;
    int64_t n_b = 0;
    int folds = nas_ladder_folds(&run->settings->ladder, a->rungs - 1);
    *out = false;
    NAS_TRY(nas_keep_load_rows(run->study, a->id, folds, arena, &x, &n, err));
    NAS_TRY(nas_keep_load_rows(run->study, b->id, folds, arena, &y, &n_b, err));
    if (x == NULL || y == NULL || n != n_b)
        return NAS_OK;
    nas_rng rng = nas_rng_new(run->settings->seed, (uint64_t)a->id);
    *out = nas_metric_tied(x, y, n, nas_rng_split(&rng, (uint64_t)b->id));
    return NAS_OK;
}

/* Among trials as far as the best, the one with fewest MACs that ties with it. */
static nas_status smallest_tied(const search_run *run, int64_t best, nas_arena *arena,
                                int64_t *out, nas_err *err)
{
    const nas_history *history = nas_asker_history(run->view);
    const nas_history_trial *top = &history->trials[best];
    *out = best;
    for (int64_t i = 0; i < history->n; i++) {
        const nas_history_trial *trial = &history->trials[i];
        if (trial->rungs != top->rungs ||
            trial->cost.macs >= history->trials[*out].cost.macs ||
            last_score(trial) < last_score(top) - one_point(run, last_score(top)))
            continue;
        bool tie = false;
        nas_arena_reset(arena);
        NAS_TRY(tied(run, top, trial, arena, &tie, err));
        if (tie)
            *out = i;
    }
    return NAS_OK;
}

/* ---- the front ----------------------------------------------------------- */

/* The member farthest above the line from the smallest to the best, in logarithmic MACs
 * and score, both scaled to the front. -1 with fewer than three members. */
static int64_t knee_of(const nas_history *history, const int64_t *front, int n)
{
    if (n < 3)
        return -1;
    const nas_history_trial *first = &history->trials[front[0]];
    const nas_history_trial *last = &history->trials[front[n - 1]];
    double width =
        log((double)(last->cost.macs + 1)) - log((double)(first->cost.macs + 1));
    double height = last_score(last) - last_score(first);
    int64_t knee = -1;
    double most = 0.0;
    for (int i = 1; i < n - 1 && width > 0.0 && height > 0.0; i++) {
        const nas_history_trial *trial = &history->trials[front[i]];
        double x =
            log((double)(trial->cost.macs + 1)) - log((double)(first->cost.macs + 1));
        double y = last_score(trial) - last_score(first);
        double above = y / height - x / width;
        if (above > most) {
            most = above;
            knee = front[i];
        }
    }
    return knee;
}

static int64_t smallest_within(const search_run *run, const int64_t *front, int n,
                               int64_t best)
{
    const nas_history *history = nas_asker_history(run->view);
    double score = last_score(&history->trials[best]);
    for (int i = 0; i < n; i++)
        if (last_score(&history->trials[front[i]]) >= score - one_point(run, score))
            return front[i];
    return best;
}

static void add(const search_run *run, int64_t t, const char *role, plan_entry *out,
                int *n)
{
    if (t < 0)
        return;
    int64_t id = nas_asker_history(run->view)->trials[t].id;
    for (int i = 0; i < *n; i++)
        if (out[i].trial == id)
            return;
    out[(*n)++] = (plan_entry){.trial = id, .role = role};
}

static nas_status choose(const search_run *run, bool ties, nas_arena *arena,
                         plan_entry *out, int *n, nas_err *err)
{
    const nas_history *history = nas_asker_history(run->view);
    const nas_study_settings *s = run->settings;
    int64_t best = nas_history_best(history);
    *n = 0;
    if (best < 0)
        return NAS_OK;
    int64_t *front = NULL;
    int size = 0;
    NAS_TRY(
        nas_search_front(history, &s->limits, s->minimise, arena, &front, &size, err));
    int64_t knee = knee_of(history, front, size);
    int64_t smallest = smallest_within(run, front, size, best);
    if (ties)
        NAS_TRY(smallest_tied(run, best, arena, &best, err));
    add(run, best, "best", out, n);
    add(run, knee, "knee", out, n);
    add(run, smallest, "smallest", out, n);
    return NAS_OK;
}

nas_status nas_plan_choose(const search_run *run, bool ties, plan_entry *out, int *n,
                           nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status = choose(run, ties, arena, out, n, err);
    nas_arena_free(arena);
    return status;
}
