/* Which networks become finalists, and how long they are trained. */
#ifndef NASMITH_SEARCH_PLAN_H
#define NASMITH_SEARCH_PLAN_H

#include "search/budget.h"
#include "search/run.h"

typedef struct plan_entry {
    int64_t trial;
    const char *role;         /* "best", "knee", "smallest" */
    double seconds_per_epoch; /* of a refit */
} plan_entry;

/* One round of finalists; recorded in the study before anything of it is trained. */
typedef struct finalist_plan {
    int round;      /* 1, 2, ...: also the opening of the sealed rows */
    int64_t epochs; /* of every refit; 0: as searched, there is no time */
    int64_t baseline_epochs;
    int n;
    plan_entry entry[BUDGET_FINALISTS]; /* the chosen one first */
} finalist_plan;

/* Best (of networks that tie with it by paired bootstrap, the one with fewest MACs), knee
 * of the front, and the smallest within one point of the best; each once.
 * @param ties  false: leave out the bootstrap, which reads rows from disk
 * @param n     out: 0 when no network has a score */
nas_status nas_plan_choose(const search_run *run, bool ties, plan_entry *out, int *n,
                           nas_err *err);

/* Choose, and fit into the time.
 * @param available_s  for refits; infinity without a clock */
nas_status nas_plan_make(const search_run *run, double available_s, finalist_plan *out,
                         nas_err *err);

/* Seconds that the refits of the finalists as they are now can use: less than their share
 * when they reach the most epochs sooner, next to none when not even one epoch fits, and
 * up to `most_s` when the best needs that for a training of a good length. */
nas_status nas_plan_need_s(const search_run *run, double share_s, double most_s,
                           double *out, nas_err *err);

nas_status nas_plan_write(nas_study *study, const finalist_plan *plan, nas_err *err);
/* @param out  round 0 when there is none */
nas_status nas_plan_read(nas_study *study, nas_arena *arena, finalist_plan *out,
                         nas_err *err);

#endif
