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

/* Say once what became of the supernet. */
static void say_supernet(search_run *run, const supernet_state *state)
{
    char seconds[32];
    char weights[32];
    if (state->phase == run->told.supernet)
        return;
    run->told.supernet = state->phase;
    nas_text_duration(seconds, sizeof seconds, state->seconds);
    nas_text_count(weights, sizeof weights, (double)state->weights);
    if (state->phase == SUPERNET_READY && state->weights == 0)
        nas_run_line(run, "Supernet trained %.3g epochs in %s, loss %.3g", state->epoch,
                     seconds, state->train_loss);
    else if (state->phase == SUPERNET_READY)
        nas_run_line(run, "Supernet %s weights, trained %.3g epochs in %s, loss %.3g",
                     weights, state->epoch, seconds, state->train_loss);
    if (state->phase == SUPERNET_FAILED)
        nas_run_line(run, "Supernet failed (%s): networks are trained on their own",
                     state->reason);
}

static nas_status look_at_supernet(search_run *run, nas_arena *arena,
                                   nas_search_progress *out, nas_err *err)
{
    supernet_state state;
    if (!nas_asker_has_supernet(run->view) || run->told.supernet >= SUPERNET_READY)
        return NAS_OK;
    NAS_TRY(nas_supernet_state_read(run->study, arena, &state, err));
    if (state.phase == SUPERNET_TRAINING)
        out->supernet_epoch = state.epoch;
    say_supernet(run, &state);
    return NAS_OK;
}

nas_status nas_progress_say_check(search_run *run, nas_err *err)
{
    supernet_check check;
    if (!nas_asker_has_supernet(run->view))
        return NAS_OK;
    NAS_TRY(nas_supernet_check(run->study, run->arena, &check, err));
    if (!isnan(check.tau))
        nas_run_line(run,
                     "Supernet ranks %lld networks as their own trainings do with "
                     "Kendall's tau %.2f",
                     (long long)check.networks, check.tau);
    if (check.alarm != NULL)
        nas_run_line(run, "Alarm    %s", check.alarm);
    return NAS_OK;
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
    NAS_TRY(look_at_supernet(run, arena, out, err));
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
                                    .total_s = run->options->time_s,
                                    .metric = run->metric};
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
