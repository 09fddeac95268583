/* What a supervisor tells the workers of its study, and the names of other entries. */
#ifndef NASMITH_SEARCH_STATE_H
#define NASMITH_SEARCH_STATE_H

#include "nasmith/study.h"

/* Entries of the study (nas_study_get). */
#define STATE_RUN "run"               /* struct run_state as JSON */
#define STATE_SUPERVISOR "supervisor" /* owner of that lease */
#define STATE_FINISHED_S "finished_s" /* --time of the last round that ended by time */
#define STATE_COMMAND "command"       /* as typed, of the last run */
#define STATE_ACTIVE_MS                                                                  \
    "active_ms"                     /* time the study was worked on, idle time excluded  \
                                     */
#define STATE_EXHAUSTED "exhausted" /* "1": nothing new can be proposed */
#define STATE_PLAN "plan"           /* finalists being refitted, as JSON */
#define STATE_RESULT "result"       /* of the last finished round, as JSON */
#define STATE_OPENINGS "openings"   /* of the sealed rows: "COUNT ROUND" */
#define STATE_ROUND "round"         /* last one that is finished */
#define STATE_SUPERNET "supernet"   /* supernet_state as JSON */

typedef enum run_phase {
    RUN_SEARCH, /* propose, promote, train */
    RUN_REFIT,  /* only finalists and baselines */
    RUN_STOP,   /* finish the epoch and leave */
    RUN_DONE,   /* leave */
} run_phase;

typedef struct run_state {
    run_phase phase;
    int64_t search_end_ms; /* wall clock; 0 = no clock */
    int64_t refit_end_ms;  /* likewise: refits and baselines that are not done are lost */
    int64_t trials;        /* scored ones wanted; 0 = no limit */
    int64_t memory_bytes;  /* of one training; 0 = no limit */
    int64_t max_macs;      /* costlier networks cannot pay in the time; 0 = no limit */
    int workers;
} run_state;

nas_status nas_run_state_write(nas_study *study, const run_state *state, nas_err *err);

/* @param out  RUN_DONE when no supervisor has ever said anything */
nas_status nas_run_state_read(nas_study *study, nas_arena *arena, run_state *out,
                              nas_err *err);

/* Core-seconds until searching ends; infinity without a clock. */
double nas_run_state_remaining_core_s(const run_state *state);

/* An entry that is an integer; 0 when absent. */
nas_status nas_state_int(nas_study *study, const char *key, nas_arena *arena,
                         int64_t *out, nas_err *err);
nas_status nas_state_put_int(nas_study *study, const char *key, int64_t value,
                             nas_err *err);

#endif
