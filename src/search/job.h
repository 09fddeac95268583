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

/* Read w->state. */
nas_status nas_worker_look(worker *w, nas_err *err);

/* Train a claimed evaluation and store its result. Outcomes are no failures. */
nas_status nas_worker_run_job(worker *w, const nas_claim *claim, nas_err *err);

#endif
