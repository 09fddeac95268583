/* The worker processes of a supervisor. */
#ifndef NASMITH_SEARCH_FLEET_H
#define NASMITH_SEARCH_FLEET_H

#include "search/run.h"

#include <sys/types.h>

typedef struct fleet_worker {
    pid_t pid; /* 0 = not running */
    double started_s;
} fleet_worker;

typedef struct fleet {
    const search_run *run;
    fleet_worker *workers; /* [n] */
    int n;
    int said;         /* error output of the workers: nas_process_open_said() */
    int early_deaths; /* in a row, of workers that lived for less than two seconds */
} fleet;

/* Return to the queue, without counting an attempt, what workers of a supervisor that is
 * no more have left behind. */
nas_status nas_fleet_recover(const search_run *run, nas_err *err);

nas_status nas_fleet_start(fleet *f, const search_run *run, nas_err *err);

/* Take note of workers that ended; what they held goes back to the queue.
 * @param restart  start others in their place
 * @return when they die again and again: their own error */
nas_status nas_fleet_watch(fleet *f, bool restart, nas_err *err);

/* Wait until all have left, at most some seconds; then kill the rest. */
nas_status nas_fleet_stop(fleet *f, double patience_s, nas_err *err);

#endif
