#include "report_child.h"

#include "nasmith/clock.h"
#include "nasmith/process.h"

#include <unistd.h>

/* How often the end of the child is looked for, seconds. */
#define POLL_S 0.01

typedef struct outcome {
    bool stopped; /* by Ctrl-C */
    nas_process_end end;
    char error[512], warning[512];
} outcome;

static nas_status start(const nas_report_child *child, int said, pid_t *pid, nas_err *err)
{
    char explain[32], ablate[32];
    (void)snprintf(explain, sizeof explain, "%.3fs", child->explain_s);
    (void)snprintf(ablate, sizeof ablate, "%.3fs", child->ablate_s);
    const char *const argv[] = {child->program,
                                "report",
                                child->study,
                                "--output",
                                child->path,
                                "--explain",
                                explain,
                                "--ablate",
                                ablate,
                                child->examples ? "--examples" : NULL,
                                NULL};
    return nas_process_spawn(child->program, argv, said, pid, err);
}

static nas_status run_once(const nas_report_child *child, bool stoppable, outcome *out,
                           nas_err *err)
{
    pid_t pid = 0;
    int said = nas_process_open_said();
    *out = (outcome){0};
    nas_status status = start(child, said, &pid, err);
    while (status == NAS_OK && !out->stopped && !nas_process_ended(pid, &out->end)) {
        if (stoppable && nas_cli_interrupted != 0) {
            nas_process_kill(pid);
            out->stopped = true;
        } else {
            nas_clock_sleep_s(POLL_S);
        }
    }
    nas_process_last_said(said, "error: ", out->error, sizeof out->error);
    nas_process_last_said(said, "warning: ", out->warning, sizeof out->warning);
    if (said >= 0)
        (void)close(said);
    return status;
}

static const char *reason(const outcome *o)
{
    return o->error[0] != '\0' ? o->error : o->end.how;
}

nas_status nas_report_child_run(const nas_cli *cli, const nas_report_child *child,
                                nas_err *err)
{
    nas_report_child plain = *child;
    plain.explain_s = plain.ablate_s = 0;
    bool explains = child->explain_s > 0 && nas_cli_interrupted == 0;
    outcome o;
    NAS_TRY(run_once(explains ? child : &plain, explains, &o, err));
    if (explains && (o.stopped || o.end.exit_code != 0)) {
        if (!o.stopped)
            nas_cli_warn(cli, "the network was not explained: %s", reason(&o));
        NAS_TRY(run_once(&plain, false, &o, err));
    }
    if (o.warning[0] != '\0')
        nas_cli_warn(cli, "%s", o.warning);
    if (o.end.exit_code != 0)
        return nas_fail(err,
                        o.end.exit_code > 0 ? nas_status_of_exit_code(o.end.exit_code)
                                            : NAS_E_INTERNAL,
                        "the report was not written: %s", reason(&o));
    return NAS_OK;
}
