/* The order of things. */
#include "search/run.h"

#include "nasmith/clock.h"
#include "nasmith/file.h"
#include "search/measure.h"
#include "search/plan.h"
#include "search/record.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Less time than this is not worth another round. */
static const double LEAST_S = 2.0;
static const double LEAST_SHARE = 0.03;

nas_search_options nas_search_options_default(void)
{
    return (nas_search_options){.data = nas_data_options_default(),
                                .limits = {.dtype = NAS_FLOAT32},
                                .export_onnx = true,
                                .export_c = true,
                                .program_path = "/proc/self/exe"};
}

double nas_run_elapsed_s(const search_run *run)
{
    return run->active_before_s + nas_clock_monotonic_s() - run->start_s;
}

double nas_run_remaining_s(const search_run *run)
{
    if (run->options->time_s <= 0.0)
        return (double)INFINITY;
    return run->options->time_s - run->options->reserve_s - nas_run_elapsed_s(run);
}

void nas_run_line(const search_run *run, const char *fmt, ...)
{
    if (run->sink == NULL || run->sink->line == NULL)
        return;
    char text[1024];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    run->sink->line(run->sink->context, text);
}

/* ---- the result ---------------------------------------------------------- */

void nas_search_result_free(nas_search_result *result)
{
    if (result == NULL)
        return;
    nas_arena *arena = result->arena;
    *result = (nas_search_result){0};
    nas_arena_free(arena);
}

/* Counts and front, from the study as it is. */
static nas_status fill_common(nas_study *study, const nas_history *history,
                              nas_search_result *out, nas_err *err)
{
    const nas_study_settings *s = nas_study_settings_of(study);
    int64_t *front = NULL;
    out->study_path = nas_arena_strdup(out->arena, nas_study_path(study));
    NAS_TRY_ALLOC(out->study_path, err);
    NAS_TRY(nas_study_count(study, &out->counts, err));
    NAS_TRY(nas_search_front(history, &s->limits, s->minimise, out->arena, &front,
                             &out->n_front, err));
    out->front = NAS_NEW(out->arena, int64_t, out->n_front);
    NAS_TRY_ALLOC(out->front, err);
    for (int i = 0; i < out->n_front; i++)
        out->front[i] = history->trials[front[i]].id;
    return NAS_OK;
}

static nas_status read_result(nas_study *study, nas_search_result *out, nas_err *err)
{
    bool found = false;
    asker *view = NULL;
    const char *report = NULL;
    NAS_TRY(nas_record_read(study, out, &found, err));
    NAS_TRY(nas_study_get(study, "report_path", out->arena, &report, err));
    out->report_path = report;
    NAS_TRY(nas_asker_new(study, "reader", 1, &view, err));
    nas_status status = nas_asker_sync(view, err);
    if (status == NAS_OK)
        status = fill_common(study, nas_asker_history(view), out, err);
    nas_asker_free(view);
    return status;
}

nas_status nas_search_read_result(nas_study *study, nas_search_result *out, nas_err *err)
{
    *out = (nas_search_result){.arena = nas_arena_new(), .random_estimate = (double)NAN};
    NAS_TRY_ALLOC(out->arena, err);
    nas_status status = read_result(study, out, err);
    if (status != NAS_OK)
        nas_search_result_free(out);
    return status;
}

/* Interrupted: the networks that would be finalists, as far as they are known. The sealed
 * rows stay sealed. */
static nas_status fill_unfinished(search_run *run, nas_search_result *result,
                                  nas_err *err)
{
    plan_entry entries[BUDGET_FINALISTS];
    int n = 0;
    NAS_TRY(nas_plan_choose(run, false, entries, &n, err));
    result->finalists = NAS_NEW(run->arena, nas_finalist, n);
    NAS_TRY_ALLOC(result->finalists, err);
    for (int i = 0; i < n; i++) {
        nas_trial_row *row = NULL;
        NAS_TRY(nas_study_trial(run->study, entries[i].trial, run->arena, &row, err));
        if (row == NULL)
            continue;
        result->finalists[result->n_finalists++] =
            (nas_finalist){.trial = entries[i].trial,
                           .role = entries[i].role,
                           .validation = nas_searched_score(row),
                           .as_searched_test = nas_score_none(0),
                           .test = nas_score_none(0),
                           .cost = row->cost,
                           .measured_latency_ms = -1.0};
    }
    return NAS_OK;
}

/* ---- the run ------------------------------------------------------------- */

/* Whether a finished study has nothing more to do: no time, or no trials. */
static nas_status satisfied(search_run *run, bool *out, nas_err *err)
{
    const nas_search_options *o = run->options;
    finalist_plan plan;
    int64_t round = 0;
    *out = false;
    NAS_TRY(nas_state_int(run->study, STATE_ROUND, run->arena, &round, err));
    NAS_TRY(nas_plan_read(run->study, run->arena, &plan, err));
    if (round == 0 || plan.round > round)
        return NAS_OK;
    int64_t finished_s = 0;
    NAS_TRY(nas_state_int(run->study, STATE_FINISHED_S, run->arena, &finished_s, err));
    double least = fmax(LEAST_S, LEAST_SHARE * o->time_s);
    bool timed = o->time_s > 0.0 && o->time_s <= (double)finished_s;
    nas_next next = nas_asker_next(run->view, &run->state);
    *out = timed || nas_run_remaining_s(run) < least ||
           (o->trials > 0 && next.kind == NAS_NEXT_WAIT);
    return NAS_OK;
}

static nas_status search(search_run *run, nas_search_result *result, nas_err *err)
{
    bool done = false;
    NAS_TRY(satisfied(run, &done, err));
    if (done) {
        bool found = false;
        NAS_TRY(nas_record_read(run->study, result, &found, err));
        return fill_common(run->study, nas_asker_history(run->view), result, err);
    }
    NAS_TRY(nas_supervise(run, err));
    NAS_TRY(nas_asker_sync(run->view, err));
    NAS_TRY(fill_common(run->study, nas_asker_history(run->view), result, err));
    if (run->options->interrupted != NULL && *run->options->interrupted != 0)
        NAS_TRY(fill_unfinished(run, result, err));
    else
        NAS_TRY(nas_search_finish(run, result, err));
    result->stop_reason = run->stop_reason;
    return nas_study_count(run->study, &result->counts, err);
}

/* Why there is nothing to show. */
static nas_status nothing(const search_run *run, const nas_search_result *result,
                          nas_err *err)
{
    const nas_study_counts *c = &result->counts;
    nas_status status =
        c->failed > 0
            ? nas_fail(err, NAS_E_LIMIT, "all %lld networks that were trained failed",
                       (long long)c->failed)
            : nas_fail(err, NAS_E_LIMIT, "no network was trained in %.3g s",
                       nas_run_elapsed_s(run));
    nas_err_hint(err, c->failed > 0 ? "see why: nasmith trials --state failed"
                                    : "give it more --time");
    return status;
}

nas_status nas_search_run(const nas_search_options *options, const nas_search_sink *sink,
                          nas_search_result *result, nas_err *err)
{
    *result =
        (nas_search_result){.arena = nas_arena_new(), .random_estimate = (double)NAN};
    NAS_TRY_ALLOC(result->arena, err);
    search_run run = {.options = options,
                      .sink = sink,
                      .arena = result->arena,
                      .start_s = nas_clock_monotonic_s()};
    nas_status status = nas_setup_open(&run, err);
    if (status == NAS_OK)
        status = search(&run, result, err);
    if (run.study != NULL && result->seconds == 0.0)
        result->seconds = nas_run_elapsed_s(&run);
    if (status == NAS_OK && result->n_finalists == 0)
        status = nothing(&run, result, err);
    nas_setup_close(&run);
    return status;
}

/* ---- dry run ------------------------------------------------------------- */

static void say_plan(const search_run *run, const nas_study_settings *settings,
                     const throughput *speed)
{
    double row = speed->seconds_per_mac_row * (double)speed->macs;
    nas_run_line(run,
                 "Speed    a typical network (%.3g M MACs) trains at %.0f rows/s a core",
                 (double)speed->macs / 1e6, row > 0.0 ? 1.0 / row : 0.0);
    for (int i = 0; i < settings->ladder.n; i++) {
        const nas_rung *r = &settings->ladder.rung[i];
        if (r->epochs == 0) {
            nas_run_line(run, "Rung %d   weights inherited from the supernet", i);
            continue;
        }
        double seconds = row * r->fraction * (double)(r->epochs * run->data->n_train);
        int runs = nas_ladder_folds(&settings->ladder, i) *
                   nas_ladder_repeats(&settings->ladder, i);
        char folds[64] = "";
        if (runs > 1)
            (void)snprintf(folds, sizeof folds, " on %d folds",
                           nas_ladder_folds(&settings->ladder, i));
        nas_run_line(run,
                     "Rung %d   %.0f %% of the rows x %lld epochs%s, about %.2g s each",
                     i, 100.0 * r->fraction, (long long)r->epochs, folds, seconds * runs);
    }
}

nas_status nas_search_dry_run(const nas_search_options *options,
                              const nas_search_sink *sink, nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    search_run run = {.options = options,
                      .sink = sink,
                      .arena = arena,
                      .start_s = nas_clock_monotonic_s()};
    nas_study_settings settings;
    throughput speed = {0};
    nas_status status = nas_setup_dry(&run, &settings, &speed, err);
    if (status == NAS_OK)
        say_plan(&run, &settings, &speed);
    nas_setup_close(&run);
    nas_arena_free(arena);
    return status;
}
