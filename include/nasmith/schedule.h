/* Schedulers decide how much training each network gets: which rung is evaluated next. */
#ifndef NASMITH_SCHEDULE_H
#define NASMITH_SCHEDULE_H

#include "nasmith/param.h"
#include "nasmith/strategy.h"

/* One level of fidelity: a training of its own, from scratch. */
typedef struct nas_rung {
    double fraction; /* of the training rows, (0, 1] */
    int64_t epochs;  /* 0: no training, weights of a supernet */
    double keep;     /* share of this rung's trials that go on; 0 at the top */
} nas_rung;

/* The ladder, fixed when a study is created. */
typedef struct nas_ladder {
    nas_rung rung[NAS_MAX_RUNGS];
    int n; /* >= 1 */
    /* Trainings of a rung: folds 0..folds - 1, at the top `repeats` times each; 0 = 1. */
    int folds[NAS_MAX_RUNGS];
    int repeats;
} nas_ladder;

/* How a data set is divided for cross-validation. */
typedef struct nas_fold_counts {
    int folds, repeats; /* 1 and 1: not at all */
    int64_t rows;       /* that one fold is validated on */
} nas_fold_counts;

/* The ladder of a study: by default 1/3 of the rows x 1 epoch, 1/3 x 4, all x 4, keeping
 * 1/3 and 1/4.
 *
 * With `epochs` > 0 (asked by the user) the top rung has exactly that many. Few rows get
 * more epochs; below 2,000 rows every rung takes all of them, and only epochs differ.
 * With a time limit and a measured throughput the ladder must let a few networks reach
 * its top: rungs above that are dropped (never the top the user asked for), then
 * fractions shrink; where very many reach it, a rung of three times the epochs is added.
 * @param rows              training rows
 * @param budget_core_s     core-seconds for searching; 0 = no clock
 * @param seconds_per_row   of a typical network, forward + backward
 * Pure function of its arguments. */
nas_ladder nas_ladder_plan(int64_t rows, int64_t epochs, double budget_core_s,
                           double seconds_per_row);

/* The same below a rung of 0 epochs, at which networks are scored with weights they
 * inherit from a supernet; one in eight goes on to the ladder. The supernet trains on the
 * rows of fold 0, so that rung has this fold alone. */
nas_ladder nas_ladder_with_supernet(const nas_ladder *ladder);

/* The same for cross-validation: a rung is trained on as many folds as score 200 rows,
 * and a rung of all folds and repeats follows at the top, where they are more and the
 * budget lets them. Trainings of the rung below are not done again there. */
nas_ladder nas_ladder_plan_folds(const nas_fold_counts *folds, int64_t rows,
                                 int64_t epochs, double budget_core_s,
                                 double seconds_per_row);

/* Folds and repeats of a rung, at least 1 each; and the trainings that are not the same
 * as one of the rung below. */
int nas_ladder_folds(const nas_ladder *ladder, int rung);
int nas_ladder_repeats(const nas_ladder *ladder, int rung);
int nas_ladder_new_runs(const nas_ladder *ladder, int rung);

/* MACs above which a network cannot pay: one core would need more than 45 % of the
 * wall-clock seconds of the search to take it from the bottom to the top. Infinity
 * without a clock. A search treats costlier candidates as infeasible. Pure function of
 * its arguments. */
double nas_ladder_max_macs(const nas_ladder *ladder, int64_t rows, double search_wall_s,
                           double seconds_per_mac_row);

/* What to do next. */
typedef enum nas_next_kind {
    NAS_NEXT_ASK,
    NAS_NEXT_PROMOTE,
    NAS_NEXT_WAIT
} nas_next_kind;

typedef struct nas_next {
    nas_next_kind kind;
    int64_t trial; /* index in the history, for promote */
    int rung;      /* to evaluate next */
} nas_next;

/* What a scheduler may look at. */
typedef struct nas_schedule_view {
    const nas_history *history;
    const nas_ladder *ladder;
    double remaining_core_s;    /* until searching ends; infinity = no clock */
    int workers;                /* that share it; 0 = 1 */
    double seconds_per_mac_row; /* measured: training seconds per MAC and row */
    int64_t rows;               /* training rows */
    bool drain;                 /* nothing new may start at rung 0 */
} nas_schedule_view;

/* One scheduler; stateless over the history. */
typedef struct nas_scheduler_ops {
    const char *name;
    const char *summary;
    const char *cite;
    const nas_param *params;
    nas_next (*next)(const nas_value *values, const nas_schedule_view *view);
} nas_scheduler_ops;

const nas_scheduler_ops *nas_scheduler_at(int index);
const nas_scheduler_ops *nas_scheduler_find(const char *name); /* "asha", "none" */

/* Wall-clock seconds of the trainings of a trial at a rung, predicted from its MACs: as
 * many at once as there are workers. */
double nas_rung_seconds(const nas_schedule_view *view, const nas_cost *cost, int rung);

#endif
