#include "search/fleet.h"

#include "nasmith/clock.h"
#include "nasmith/process.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const double EARLY_S = 2.0;
enum { MAX_EARLY_DEATHS = 6, NAME = 128 };

/* ---- leftovers ----------------------------------------------------------- */

/* A supervised worker of this machine: "host/INDEX" and nothing more. */
static bool is_ours(const char *worker)
{
    char name[NAME];
    nas_process_worker_name(0, name, sizeof name);
    size_t prefix = strlen(name) - 1; /* without the index */
    return worker != NULL && strncmp(worker, name, prefix) == 0 &&
           strspn(worker + prefix, "0123456789") == strlen(worker + prefix);
}

nas_status nas_fleet_recover(const search_run *run, nas_err *err)
{
    nas_evaluation_row *rows = NULL;
    int64_t n = 0;
    NAS_TRY(nas_study_running(run->study, run->arena, &rows, &n, err));
    for (int64_t i = 0; i < n; i++) {
        if (!is_ours(rows[i].worker))
            continue;
        nas_claim claim = {.evaluation = rows[i].id,
                           .trial = rows[i].trial,
                           .attempt = rows[i].attempt,
                           .spec = rows[i].spec};
        nas_job_result stopped = {.outcome = NAS_OUTCOME_STOPPED};
        bool accepted = false;
        NAS_TRY(nas_study_finish(run->study, rows[i].worker, &claim, &stopped, &accepted,
                                 err));
    }
    return NAS_OK;
}

/* ---- starting ------------------------------------------------------------ */

static nas_status start_one(fleet *f, int index, nas_err *err)
{
    char number[16];
    char parent[32];
    (void)snprintf(number, sizeof number, "%d", index);
    (void)snprintf(parent, sizeof parent, "%ld", (long)getpid());
    const char *program = f->run->options->program_path;
    const char *const argv[] = {program,   "worker", "--study",      f->run->study_path,
                                "--index", number,   "--supervisor", parent,
                                NULL};
    f->workers[index].started_s = nas_clock_monotonic_s();
    return nas_process_spawn(program, argv, f->said, &f->workers[index].pid, err);
}

nas_status nas_fleet_start(fleet *f, const search_run *run, nas_err *err)
{
    *f = (fleet){.run = run, .n = run->workers, .said = nas_process_open_said()};
    f->workers = NAS_NEW(run->arena, fleet_worker, run->workers);
    NAS_TRY_ALLOC(f->workers, err);
    for (int i = 0; i < f->n; i++)
        NAS_TRY(start_one(f, i, err));
    return NAS_OK;
}

/* ---- watching ------------------------------------------------------------ */

static nas_status give_up(const fleet *f, const nas_process_end *end, nas_err *err)
{
    char text[512];
    nas_process_last_said(f->said, "error: ", text, sizeof text);
    if (text[0] != '\0' && end->exit_code > 0)
        return nas_fail(err, nas_status_of_exit_code(end->exit_code), "%s", text);
    nas_status status =
        nas_fail(err, NAS_E_INTERNAL, "workers die as soon as they start (%s)", end->how);
    nas_err_hint(err, "see what one says: nasmith worker --study %s", f->run->study_path);
    return status;
}

static nas_status bury(fleet *f, int index, const nas_process_end *end, nas_err *err)
{
    fleet_worker *w = &f->workers[index];
    bool failed = end->exit_code != 0;
    bool early = nas_clock_monotonic_s() - w->started_s < EARLY_S;
    w->pid = 0;
    f->early_deaths = failed && early ? f->early_deaths + 1 : 0;
    if (!failed)
        return NAS_OK;
    if (f->early_deaths >= MAX_EARLY_DEATHS)
        return give_up(f, end, err);
    if (!early)
        nas_run_line(f->run, "Worker %d: %s; another one takes its place", index,
                     end->how);
    char name[NAME];
    char reason[192];
    nas_process_worker_name(index, name, sizeof name);
    (void)snprintf(reason, sizeof reason, "the worker was %s", end->how);
    return nas_study_release(f->run->study, name, reason, err);
}

nas_status nas_fleet_watch(fleet *f, bool restart, nas_err *err)
{
    for (int i = 0; i < f->n; i++) {
        nas_process_end end;
        if (f->workers[i].pid != 0 && nas_process_ended(f->workers[i].pid, &end))
            NAS_TRY(bury(f, i, &end, err));
        if (f->workers[i].pid == 0 && restart)
            NAS_TRY(start_one(f, i, err));
    }
    return NAS_OK;
}

static bool any_left(const fleet *f)
{
    for (int i = 0; i < f->n; i++)
        if (f->workers[i].pid != 0)
            return true;
    return false;
}

nas_status nas_fleet_stop(fleet *f, double patience_s, nas_err *err)
{
    double until = nas_clock_monotonic_s() + patience_s;
    while (any_left(f) && nas_clock_monotonic_s() < until) {
        NAS_TRY(nas_fleet_watch(f, false, err));
        nas_clock_sleep_s(0.01);
    }
    for (int i = 0; i < f->n; i++) {
        if (f->workers[i].pid == 0)
            continue;
        nas_process_kill(f->workers[i].pid);
        f->workers[i].pid = 0;
    }
    if (f->said >= 0)
        (void)close(f->said);
    f->said = -1;
    return nas_fleet_recover(f->run, err);
}
