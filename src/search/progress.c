#include "nasmith/clock.h"
#include "search/run.h"

#include <math.h>

/* At most ten times a second, and never more than a twentieth of the time. */
static const double INTERVAL_S = 0.1;
static const double COST_TIMES = 20.0;

static void fill_best(search_run *run, nas_search_progress *out)
{
    const nas_history *history = nas_asker_history(run->view);
    int64_t best = nas_history_best(history);
    if (best < 0)
        return;
    const nas_history_trial *trial = &history->trials[best];
    double score = trial->score[trial->rungs - 1];
    out->best_trial = trial->id;
    out->best_score = run->metric->larger_is_better ? score : -score;
    out->best_cost = trial->cost;
    out->best_changed = trial->id != run->told.best || score != run->told.score;
    run->told.best = trial->id;
    run->told.score = score;
}

static nas_status fill(search_run *run, nas_arena *arena, nas_search_progress *out,
                       nas_err *err)
{
    const nas_study_settings *s = run->settings;
    nas_evaluation_row *running = NULL;
    int64_t *front = NULL;
    int64_t n = 0;
    NAS_TRY(nas_study_count(run->study, &out->counts, err));
    run->told.counts = out->counts;
    NAS_TRY(nas_study_running(run->study, arena, &running, &n, err));
    NAS_TRY(nas_search_front(nas_asker_history(run->view), &s->limits, s->minimise, arena,
                             &front, &out->front_size, err));
    out->running = running;
    out->n_running = (int)n;
    fill_best(run, out);
    return NAS_OK;
}

nas_status nas_progress_tell(search_run *run, nas_search_phase phase, bool force,
                             nas_err *err)
{
    double now = nas_clock_monotonic_s();
    if (run->sink == NULL || run->sink->progress == NULL ||
        (!force && now < run->told.next_s))
        return NAS_OK;
    nas_search_progress progress = {.phase = phase,
                                    .elapsed_s = nas_run_elapsed_s(run),
                                    .total_s = run->options->time_s};
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status = fill(run, arena, &progress, err);
    if (status == NAS_OK)
        run->sink->progress(run->sink->context, &progress);
    nas_arena_free(arena);
    double cost = nas_clock_monotonic_s() - now;
    run->told.next_s = now + fmax(INTERVAL_S, COST_TIMES * cost);
    return status;
}
