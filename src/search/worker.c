/* The life of a worker process. */
#include "nasmith/clock.h"
#include "nasmith/process.h"
#include "nasmith/search.h"
#include "search/job.h"
#include "search/supernet_job.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Idle workers look again after 1 ms, then twice as long, up to this. */
static const double MAX_NAP_S = 0.03;

/* What a worker may claim in a phase. */
static unsigned purposes_of(run_phase phase)
{
    if (phase == RUN_SEARCH)
        return 1U << NAS_PURPOSE_SEARCH;
    return 1U << NAS_PURPOSE_REFIT | 1U << NAS_PURPOSE_BASELINE;
}

static bool over(const worker *w)
{
    return w->state.phase == RUN_STOP || w->state.phase == RUN_DONE ||
           !nas_worker_followed(w) || (w->interrupted != NULL && *w->interrupted != 0);
}

/* Whether something may be proposed. While another worker trains the supernet, networks
 * are trained on their own only where a clock says how many. */
static bool may_ask(const worker *w)
{
    bool waits =
        nas_asker_has_supernet(w->ask) && nas_asker_supernet(w->ask) < SUPERNET_READY;
    return w->state.phase == RUN_SEARCH &&
           (!waits || (w->state.search_end_ms != 0 && w->state.trials == 0));
}

/* Claim and train, or queue something. @param idle  out: there was nothing to do */
static nas_status turn(worker *w, bool *idle, nas_err *err)
{
    nas_claim claim;
    bool found = false;
    nas_arena_reset(w->arena);
    NAS_TRY(nas_worker_supernet(w, &found, err));
    if (found) {
        *idle = false;
        return NAS_OK;
    }
    NAS_TRY(nas_study_claim_for(w->study, w->name, LEASE_S, purposes_of(w->state.phase),
                                w->arena, &claim, &found, err));
    if (found) {
        *idle = false;
        return nas_worker_run_job(w, &claim, err);
    }
    bool queued = false;
    if (may_ask(w))
        NAS_TRY(nas_asker_step(w->ask, &w->state, &queued, err));
    *idle = !queued;
    return NAS_OK;
}

static nas_status work(worker *w, nas_err *err)
{
    double nap = 0.0;
    for (;;) {
        NAS_TRY(nas_worker_look(w, err));
        if (over(w))
            return NAS_OK;
        bool idle = false;
        NAS_TRY(turn(w, &idle, err));
        if (!idle) {
            nap = 0.0;
            continue;
        }
        nap = nap == 0.0 ? 0.001 : nap * 2.0;
        nas_clock_sleep_s(nap < MAX_NAP_S ? nap : MAX_NAP_S);
    }
}

static nas_status open_worker(worker *w, const char *study_path, nas_err *err)
{
    NAS_TRY(nas_study_open(study_path, &w->study, err));
    w->settings = nas_study_settings_of(w->study);
    w->arena = nas_arena_new();
    NAS_TRY_ALLOC(w->arena, err);
    w->supernet_arena = nas_arena_new();
    NAS_TRY_ALLOC(w->supernet_arena, err);
    w->tick_arena = nas_arena_new();
    NAS_TRY_ALLOC(w->tick_arena, err);
    w->workspace = nas_workspace_new();
    NAS_TRY_ALLOC(w->workspace, err);
    const char *folder = nas_file_join(w->arena, nas_study_folder(w->study), "data");
    NAS_TRY_ALLOC(folder, err);
    NAS_TRY(nas_dataset_open(folder, &w->data, err));
    NAS_TRY(nas_asker_new(w->study, w->name, w->data->n_train, &w->ask, err));
    if (w->settings->proxies > 0) {
        NAS_TRY(nas_screener_new(nas_asker_space(w->ask), w->data, w->settings->seed,
                                 w->workspace, &w->screener, err));
        nas_asker_set_screener(w->ask, w->screener);
    }
    return nas_worker_look(w, err);
}

static void close_worker(worker *w)
{
    nas_asker_free(w->ask);
    nas_bank_free(w->bank);
    nas_arena_free(w->supernet_arena);
    nas_screener_free(w->screener);
    nas_dataset_close(w->data);
    nas_workspace_free(w->workspace);
    nas_arena_free(w->tick_arena);
    nas_arena_free(w->arena);
    nas_study_close(w->study);
}

nas_status nas_search_worker(const char *study_path, int index, int64_t supervisor_pid,
                             const volatile sig_atomic_t *interrupted, nas_err *err)
{
    worker w = {.supervisor_pid = supervisor_pid, .interrupted = interrupted};
    if (supervisor_pid != 0 && !nas_process_follow(supervisor_pid))
        return NAS_OK;
    nas_process_worker_name(index, w.name, sizeof w.name);
    if (supervisor_pid == 0) /* joined by hand: never mistaken for a supervised one */
        (void)snprintf(w.name + strlen(w.name), sizeof w.name - strlen(w.name), "-%ld",
                       (long)getpid());
    nas_status status = open_worker(&w, study_path, err);
    if (status == NAS_OK) {
        nas_process_limit_memory(w.state.memory_bytes);
        status = work(&w, err);
    }
    close_worker(&w);
    return status;
}
