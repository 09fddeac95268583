/* The supervisor: phases, time, and workers that die. */
#include "nasmith/clock.h"
#include "search/budget.h"
#include "search/fleet.h"
#include "search/plan.h"
#include "search/price.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const double TICK_S = 0.03;
static const double LEASE_S = 4.0;
static const double ACCOUNT_S = 1.0;
static const double PLAN_S = 2.0;
/* Workers hear of a phase within a quarter of a second. */
static const double HEAR_S = 0.4;
static const double STOP_S = 8.0;

typedef struct supervisor {
    search_run *run;
    fleet workers;
    char owner[128];                  /* "HOST PID MILLISECONDS" */
    double search_end_s, refit_end_s; /* monotonic; infinity without a clock */
    double refit_s, most_refit_s;     /* share of the refits, at the start */
    double accounted_s, planned_s;    /* when last done */
    finalist_plan plan;
    int64_t waiting_for[BUDGET_FINALISTS + 2]; /* trials with a refit or baseline open */
    int n_waiting;
    bool over;
    nas_arena *scratch; /* of one tick */
} supervisor;

static int interruption(const search_run *run)
{
    return run->options->interrupted != NULL ? (int)*run->options->interrupted : 0;
}

/* ---- time ---------------------------------------------------------------- */

static void split_time(supervisor *s, bool resumed)
{
    const nas_search_options *o = s->run->options;
    double now = nas_clock_monotonic_s();
    double remaining = nas_run_remaining_s(s->run);
    s->search_end_s = (double)INFINITY;
    s->refit_end_s = (double)INFINITY;
    if (isinf(remaining))
        return;
    budget shares =
        nas_budget_split(remaining, nas_budget_finalist_s(o->export_onnx, o->export_c));
    s->refit_s = shares.refit_s;
    s->most_refit_s = shares.most_refit_s;
    s->search_end_s = resumed ? now : now + shares.search_s;
    s->refit_end_s = now + shares.search_s + shares.refit_s;
}

static void set_ends(supervisor *s)
{
    if (isinf(s->search_end_s))
        return;
    double now = nas_clock_monotonic_s();
    int64_t now_ms = nas_clock_unix_ms();
    run_state *state = &s->run->state;
    state->search_end_ms = now_ms + (int64_t)((s->search_end_s - now) * 1000.0);
    state->refit_end_ms = now_ms + (int64_t)((s->refit_end_s - now) * 1000.0);
}

/* Search on while the finalists as they are now cannot use their share. */
static nas_status plan_time(supervisor *s, nas_err *err)
{
    double now = nas_clock_monotonic_s();
    if (isinf(s->refit_end_s) || now - s->planned_s < PLAN_S)
        return NAS_OK;
    s->planned_s = now;
    double need = 0.0;
    NAS_TRY(nas_plan_need_s(s->run, s->refit_s, s->most_refit_s, &need, err));
    double end = s->refit_end_s - need;
    if (nas_asker_history(s->run->view)->n_scored == 0 ||
        fabs(end - s->search_end_s) < 0.5)
        return NAS_OK;
    s->search_end_s = end;
    set_ends(s);
    return nas_run_state_write(s->run->study, &s->run->state, err);
}

/* Count the time that was spent, and stay the only supervisor. */
static nas_status account(supervisor *s, bool force, nas_err *err)
{
    double now = nas_clock_monotonic_s();
    if (!force && now - s->accounted_s < ACCOUNT_S)
        return NAS_OK;
    bool got = false;
    NAS_TRY(nas_study_lease(s->run->study, "supervisor", s->owner, LEASE_S, &got, err));
    if (!got)
        return nas_fail(err, NAS_E_STUDY, "another search has taken over study `%s`",
                        s->run->study_path);
    s->accounted_s = now;
    return nas_state_put_int(s->run->study, STATE_ACTIVE_MS,
                             (int64_t)(nas_run_elapsed_s(s->run) * 1000.0), err);
}

/* The lease of a supervisor of this machine that was killed need not run out first. */
static nas_status bury_predecessor(supervisor *s, nas_err *err)
{
    const char *owner = NULL;
    long pid = 0;
    char host[65] = "";
    NAS_TRY(nas_study_get(s->run->study, STATE_SUPERVISOR, s->run->arena, &owner, err));
    if (owner == NULL || sscanf(owner, "%64s %ld", host, &pid) != 2)
        return NAS_OK;
    bool here = strncmp(s->owner, host, strlen(host)) == 0;
    if (!here || kill((pid_t)pid, 0) == 0 || errno != ESRCH)
        return NAS_OK;
    return nas_study_unlease(s->run->study, "supervisor", owner, err);
}

static nas_status wait_for_lease(supervisor *s, nas_err *err)
{
    double until = nas_clock_monotonic_s() + LEASE_S + 1.0;
    bool got = false;
    for (;;) {
        NAS_TRY(
            nas_study_lease(s->run->study, "supervisor", s->owner, LEASE_S, &got, err));
        if (got)
            return NAS_OK;
        if (nas_clock_monotonic_s() > until || interruption(s->run) != 0)
            break;
        nas_clock_sleep_s(0.1);
    }
    nas_status status =
        nas_fail(err, NAS_E_STUDY, "another `nasmith search` works on study `%s`",
                 s->run->study_path);
    nas_err_hint(err, "to help it: nasmith worker --study %s", s->run->study_path);
    return status;
}

static nas_status become_supervisor(supervisor *s, nas_err *err)
{
    char host[65] = "localhost";
    if (gethostname(host, sizeof host - 1) != 0)
        (void)snprintf(host, sizeof host, "localhost");
    (void)snprintf(s->owner, sizeof s->owner, "%s %ld %" PRId64, host, (long)getpid(),
                   nas_clock_unix_ms());
    NAS_TRY(bury_predecessor(s, err));
    NAS_TRY(wait_for_lease(s, err));
    return nas_study_put(s->run->study, STATE_SUPERVISOR, s->owner, err);
}

/* ---- refits -------------------------------------------------------------- */

static nas_status queue_refits(supervisor *s, nas_err *err)
{
    nas_evaluation_spec spec = {.purpose = NAS_PURPOSE_REFIT,
                                .rung = -s->plan.round,
                                .fraction = 1.0,
                                .epochs = s->plan.epochs};
    for (int i = 0; i < s->plan.n && s->plan.epochs > 0; i++) {
        NAS_TRY(nas_study_queue(s->run->study, NULL, s->plan.entry[i].trial, &spec, NULL,
                                err));
        s->waiting_for[s->n_waiting++] = s->plan.entry[i].trial;
    }
    return NAS_OK;
}

typedef nas_status (*baseline_fn)(nas_shape input, int64_t n_outputs, nas_graph **out,
                                  nas_err *err);

static nas_status queue_baseline(supervisor *s, const char *name, baseline_fn make,
                                 nas_err *err)
{
    search_run *run = s->run;
    const nas_space_context *context = &run->settings->space_context;
    nas_graph *graph = NULL;
    nas_trial_spec trial;
    nas_evaluation_spec spec = {.purpose = NAS_PURPOSE_BASELINE,
                                .rung = -1,
                                .fraction = 1.0,
                                .epochs = s->plan.baseline_epochs};
    NAS_TRY(make(context->input, context->n_outputs, &graph, err));
    nas_status status =
        nas_trial_of_graph(graph, name, run->settings, run->arena, &trial, err);
    nas_graph_free(graph);
    NAS_TRY(status);
    int64_t *id = &s->waiting_for[s->n_waiting++];
    for (; spec.fold < run->data->folds; spec.fold++)
        NAS_TRY(nas_study_queue(run->study, &trial, 0, &spec, id, err));
    return NAS_OK;
}

static void announce_plan(const supervisor *s)
{
    nas_text text = {0};
    for (int i = 0; i < s->plan.n; i++)
        nas_text_printf(&text, "%s#%" PRId64 " (%s)", i > 0 ? ", " : "",
                        s->plan.entry[i].trial, s->plan.entry[i].role);
    if (s->plan.epochs > 0)
        nas_run_line(s->run, "Finalists %s: %" PRId64 " epochs on train + validation",
                     nas_text_string(&text), s->plan.epochs);
    else
        nas_run_line(s->run, "Finalists %s: as searched, no time for more",
                     nas_text_string(&text));
    nas_text_free(&text);
}

static nas_status begin_refit(supervisor *s, nas_err *err)
{
    search_run *run = s->run;
    run->state.phase = RUN_REFIT;
    NAS_TRY(nas_run_state_write(run->study, &run->state, err));
    if (s->plan.n == 0) { /* not resumed from a plan made before */
        int round = s->plan.round;
        double available = s->refit_end_s - nas_clock_monotonic_s() - HEAR_S;
        NAS_TRY(nas_plan_make(run, available, &s->plan, err));
        s->plan.round = round + 1;
        if (s->plan.n == 0) {
            s->over = true;
            return NAS_OK;
        }
        NAS_TRY(nas_plan_write(run->study, &s->plan, err));
    }
    NAS_TRY(nas_progress_say_check(run, err));
    announce_plan(s);
    NAS_TRY(queue_refits(s, err));
    NAS_TRY(queue_baseline(s, "linear", nas_baseline_linear, err));
    return queue_baseline(s, "standard", nas_baseline_standard, err);
}

/* Whether a trial has nothing left to wait for. */
static nas_status settled(supervisor *s, int64_t trial, bool *out, nas_err *err)
{
    nas_trial_row *row = NULL;
    NAS_TRY(nas_study_trial(s->run->study, trial, s->scratch, &row, err));
    *out = true;
    for (int i = 0; row != NULL && i < row->n_evaluations; i++)
        if (row->evaluations[i].spec.purpose != NAS_PURPOSE_SEARCH &&
            row->evaluations[i].state < NAS_EVALUATION_DONE)
            *out = false;
    return NAS_OK;
}

static nas_status tick_refit(supervisor *s, nas_err *err)
{
    if (nas_clock_monotonic_s() >= s->refit_end_s - HEAR_S) {
        s->over = true;
        return NAS_OK;
    }
    bool done = true;
    for (int i = 0; i < s->n_waiting && done; i++)
        NAS_TRY(settled(s, s->waiting_for[i], &done, err));
    s->over = done;
    return NAS_OK;
}

/* ---- searching ----------------------------------------------------------- */

static const char *trials_text(const search_run *run)
{
    const char *text =
        nas_arena_printf(run->arena, "%lld trials", (long long)run->options->trials);
    return text != NULL ? text : "all trials";
}

/* Nothing runs, nothing waits, and the scheduler wants nothing more. */
static nas_status drained(supervisor *s, bool *out, nas_err *err)
{
    search_run *run = s->run;
    int64_t exhausted = 0;
    nas_study_counts counts;
    *out = false;
    NAS_TRY(nas_state_int(run->study, STATE_EXHAUSTED, s->scratch, &exhausted, err));
    if (exhausted != 0)
        nas_asker_set_exhausted(run->view);
    if (nas_asker_next(run->view, &run->state).kind != NAS_NEXT_WAIT)
        return NAS_OK;
    NAS_TRY(nas_study_count(run->study, &counts, err));
    if (counts.queued + counts.running > 0)
        return NAS_OK;
    NAS_TRY(nas_asker_sync(run->view, err)); /* something may have ended in between */
    *out = nas_asker_next(run->view, &run->state).kind == NAS_NEXT_WAIT;
    if (*out)
        run->stop_reason = exhausted != 0          ? "space exhausted"
                           : run->state.trials > 0 ? trials_text(run)
                                                   : "time is up";
    return NAS_OK;
}

static nas_status tick_search(supervisor *s, nas_err *err)
{
    NAS_TRY(plan_time(s, err));
    double now = nas_clock_monotonic_s();
    bool scored = nas_asker_history(s->run->view)->n_scored > 0;
    if (now >= s->search_end_s && (scored || now >= s->refit_end_s)) {
        s->run->stop_reason = "time is up";
        return begin_refit(s, err);
    }
    bool done = false;
    if (now < s->search_end_s)
        NAS_TRY(drained(s, &done, err));
    return done ? begin_refit(s, err) : NAS_OK;
}

/* ---- the loop
 * --------------------------------------------------------------------------------------
 */

static nas_status stop_workers(supervisor *s, run_phase phase, double patience_s,
                               nas_err *err)
{
    s->run->state.phase = phase;
    NAS_TRY(nas_run_state_write(s->run->study, &s->run->state, err));
    return nas_fleet_stop(&s->workers, patience_s, err);
}

/* First Ctrl-C: the epochs end; second: now. */
static nas_status interrupt(supervisor *s, nas_err *err)
{
    s->run->stop_reason = "interrupted";
    s->over = true;
    s->run->state.phase = RUN_STOP;
    NAS_TRY(nas_run_state_write(s->run->study, &s->run->state, err));
    double until = nas_clock_monotonic_s() + STOP_S;
    while (interruption(s->run) < 2 && nas_clock_monotonic_s() < until) {
        nas_clock_sleep_s(TICK_S);
        NAS_TRY(nas_fleet_watch(&s->workers, false, err));
        bool left = false;
        for (int i = 0; i < s->workers.n; i++)
            left = left || s->workers.workers[i].pid != 0;
        if (!left)
            break;
    }
    return nas_fleet_stop(&s->workers, 0.0, err);
}

static nas_status tick(supervisor *s, nas_err *err)
{
    search_run *run = s->run;
    nas_arena_reset(s->scratch);
    if (interruption(run) != 0)
        return interrupt(s, err);
    NAS_TRY(account(s, false, err));
    NAS_TRY(nas_fleet_watch(&s->workers, true, err));
    NAS_TRY(nas_asker_sync(run->view, err));
    bool refit = run->state.phase == RUN_REFIT;
    NAS_TRY(
        nas_progress_tell(run, refit ? NAS_PHASE_REFIT : NAS_PHASE_SEARCH, false, err));
    return refit ? tick_refit(s, err) : tick_search(s, err);
}

static nas_status loop(supervisor *s, nas_err *err)
{
    while (!s->over) {
        NAS_TRY(tick(s, err));
        if (!s->over)
            nas_clock_sleep_s(TICK_S);
    }
    if (interruption(s->run) != 0)
        return NAS_OK;
    return stop_workers(s, RUN_DONE, 1.0, err);
}

/* A plan that was made but not finished goes on, unless more time was given since: then
 * there is time to search for better ones. */
static nas_status take_up_plan(supervisor *s, bool *resumed, nas_err *err)
{
    search_run *run = s->run;
    int64_t finished = 0;
    *resumed = false;
    NAS_TRY(nas_plan_read(run->study, run->arena, &s->plan, err));
    NAS_TRY(nas_state_int(run->study, STATE_ROUND, run->arena, &finished, err));
    if (s->plan.round <= finished) {
        s->plan = (finalist_plan){.round = (int)finished};
        return NAS_OK;
    }
    double remaining = nas_run_remaining_s(run);
    if (!isinf(remaining) && remaining > 0.6 * run->options->time_s) {
        s->plan = (finalist_plan){.round = s->plan.round};
        return NAS_OK;
    }
    *resumed = true;
    return NAS_OK;
}

static nas_status begin(supervisor *s, nas_err *err)
{
    search_run *run = s->run;
    bool resumed = false;
    NAS_TRY(nas_fleet_recover(run, err));
    NAS_TRY(nas_state_put_int(run->study, STATE_EXHAUSTED, 0, err));
    NAS_TRY(take_up_plan(s, &resumed, err));
    split_time(s, resumed);
    set_ends(s);
    run->state.phase = RUN_SEARCH;
    if (resumed)
        NAS_TRY(begin_refit(s, err));
    else
        NAS_TRY(nas_run_state_write(run->study, &run->state, err));
    return nas_fleet_start(&s->workers, run, err);
}

static nas_status run_all(supervisor *s, nas_err *err)
{
    NAS_TRY(become_supervisor(s, err));
    nas_status status = begin(s, err);
    if (status == NAS_OK)
        status = loop(s, err);
    if (status != NAS_OK && s->workers.workers != NULL)
        (void)nas_fleet_stop(&s->workers, 0.0, NULL);
    nas_err ignored = {0}; /* the lease runs out by itself */
    (void)account(s, true, &ignored);
    (void)nas_study_unlease(s->run->study, "supervisor", s->owner, &ignored);
    return status;
}

nas_status nas_supervise(search_run *run, nas_err *err)
{
    supervisor s = {.run = run, .scratch = nas_arena_new()};
    NAS_TRY_ALLOC(s.scratch, err);
    nas_status status = run_all(&s, err);
    nas_arena_free(s.scratch);
    return status;
}
