/* Running one claimed evaluation. */
#ifndef NASMITH_SEARCH_JOB_H
#define NASMITH_SEARCH_JOB_H

#include "search/ask.h"

#include <signal.h>

/* A worker process: what lives from one claim to the next. */
typedef struct worker {
    nas_study *study;
    const nas_study_settings *settings;
    char name[128];
    int64_t supervisor_pid; /* 0 = none */
    const volatile sig_atomic_t *interrupted;
    nas_dataset *data;
    nas_workspace *workspace;
    asker *ask;
    nas_strengths strengths; /* of a mixture, once it is trained; in the arena */
    nas_arena *supernet_arena;
    nas_bank *bank;        /* the supernet's weights, once they are there */
    screener *screener;    /* NULL: the study asks for none */
    nas_arena *arena;      /* of one claim */
    nas_arena *tick_arena; /* of one look at the study */
    run_state state;       /* as last read */
} worker;

/* @return whether the supervisor still lives (or there is none) */
bool nas_worker_followed(const worker *w);

/* Of a training: how long a lease holds, when it is renewed, from when on the state of
 * epochs is kept, and how long an interrupted one may go on to the end of its epoch. */
static const double LEASE_S = 30.0, HEARTBEAT_S = 2.0, CHECKPOINT_S = 60.0,
                    LINGER_S = 6.0;

/* Whether a training is no longer wanted at all. @param search  not of a finalist or a
 * baseline */
bool nas_worker_unwanted(const worker *w, bool search);

/* Whether trainings should end with their epoch.
 * @param since  in and out: when that was first seen; 0 = not */
bool nas_worker_leaving(const worker *w, double *since);

/* Read w->state. */
nas_status nas_worker_look(worker *w, nas_err *err);

/* Train a claimed evaluation and store its result. Outcomes are no failures. */
nas_status nas_worker_run_job(worker *w, const nas_claim *claim, nas_err *err);

#endif
