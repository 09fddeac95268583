/* How the time of a study is shared. Pure functions: every clock is read by the caller.
 */
#ifndef NASMITH_SEARCH_BUDGET_H
#define NASMITH_SEARCH_BUDGET_H

#include "nasmith/schedule.h"
#include "nasmith/search.h"

enum { BUDGET_FINALISTS = 3, BUDGET_GOOD_EPOCHS = 8 };

/* A training may be so much slower than predicted. */
#define BUDGET_SAFETY 1.06

/* Shares of the seconds that are left, in their order. */
typedef struct budget {
    double search_s;
    double refit_s;
    double most_refit_s; /* refits may begin this early for a costly network */
    double finish_s;     /* sealed test, export, verification */
} budget;

/* @param remaining_s  until everything must be written
 * @param per_finalist_s  seconds of testing and exporting one network */
budget nas_budget_split(double remaining_s, double per_finalist_s);

/* Seconds to test and export one network; most of it is the C compiler. */
double nas_budget_finalist_s(bool onnx, bool c);

/* Seconds until all tasks are done, each taken in order by the first free worker.
 * @param seconds  [n] */
double nas_budget_makespan(const double *seconds, int n, int workers);

/* Wall-clock seconds of one epoch of all refits together. Where there are fewer of them
 * than workers, the others train the standard network, and then share their work.
 * @param seconds_per_epoch  [n], of each finalist, on one core
 * @param standard_s         the same of the standard network */
double nas_budget_refit_epoch_s(const double *seconds_per_epoch, int n, int workers,
                                double standard_s);

/* Epochs of the refits that are affordable for all together, at most `most`; 0 = none.
 * @param available_s  wall clock */
int64_t nas_budget_refit_epochs(const double *seconds_per_epoch, int n, int workers,
                                double standard_s, double available_s, int64_t most);

/* Most epochs that a refit may have: those of the top rung where the user asked for them;
 * else more, because a short search rung is too short for a final network. */
int64_t nas_budget_most_epochs(const nas_ladder *ladder, int64_t asked);

#endif
