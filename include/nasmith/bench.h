/* Searches on a table instead of trainings, repeated, and what they show together. */
#ifndef NASMITH_BENCH_H
#define NASMITH_BENCH_H

#include "nasmith/arena.h"
#include "nasmith/json.h"
#include "nasmith/schedule.h"
#include "nasmith/stats.h"
#include "nasmith/strategy.h"
#include "nasmith/table.h"

/* ---- one simulated search -------------------------------------------------------- */

/* When a search ends: trainings started, seconds of the simulated clock, epochs of all
 * trainings. 0 = no such limit; without any the table is searched through. */
typedef struct nas_bench_budget {
    int64_t queries;
    double seconds, epochs;
} nas_bench_budget;

typedef struct nas_simulation {
    const nas_table *table;
    const nas_strategy_ops *strategy;
    const nas_value *strategy_values; /* in the order of its parameters */
    const nas_scheduler_ops *scheduler;
    const nas_value *scheduler_values;
    nas_bench_budget budget;
    int workers;     /* trainings at the same time */
    int64_t screen;  /* networks ranked by the table's proxies for a proposal; 0: none */
    double screen_s; /* of the clock for each of them */
    uint64_t seed;
} nas_simulation;

/* A training that was finished within the budget. */
typedef struct nas_simulated {
    int64_t network; /* of the table */
    int rung;
    double seconds; /* of the clock, at its end */
    double epochs;  /* of all trainings begun before that */
} nas_simulated;

typedef struct nas_trace {
    nas_simulated *events; /* [n] in order of their ends, in the arena */
    int64_t n;
    double asking_s; /* spent by strategy and scheduler */
} nas_trace;

/* Search a table. Every fifth proposal is not made uniform; duplicates are never asked
 * for. A function of its arguments; test values are not read.
 * @return NAS_E_USAGE when the space lacks what the strategy needs */
nas_status nas_simulate(const nas_simulation *simulation, nas_arena *arena,
                        nas_trace *out, nas_err *err);

/* ---- many ------------------------------------------------------------------------- */

enum {
    NAS_BENCH_POINTS = 24,
    NAS_BENCH_TARGETS = 3, /* regret 0, 0.1 and 0.5 percent points */
};

typedef enum nas_bench_axis {
    NAS_BENCH_QUERIES,
    NAS_BENCH_SECONDS,
    NAS_BENCH_EPOCHS
} nas_bench_axis;

typedef struct nas_bench_method {
    const nas_strategy_ops *strategy;
    const nas_scheduler_ops *scheduler;
    const nas_value *strategy_values; /* in the order of its parameters; NULL: defaults */
    const char *name;                 /* of the strategy; NULL: its own */
} nas_bench_method;

typedef struct nas_bench_options {
    const nas_table *table;
    const nas_bench_method *methods; /* [n_methods]; the first is what others are held
                                        against */
    int n_methods;
    nas_bench_budget budget; /* one is needed: the axis */
    int runs, workers;
    int64_t screen; /* as in a simulation */
    double screen_s;
    uint64_t seed; /* of run i: seed + i */
    /* Called after each run; return false to stop. May be NULL. */
    bool (*on_run)(void *context, int method, int run);
    void *context;
} nas_bench_options;

/* Over the runs at one place of the axis, in the units of the file; NaN where a run has
 * no network yet. The incumbent is the best validation at the highest finished rung. */
typedef struct nas_bench_point {
    double test, deviation, interquartile;
    nas_band band; /* of the mean, bootstrap of 2,000 */
    double regret; /* of validation at the top rung, against the best of the table */
    nas_band regret_band;
    double hypervolume; /* ratio to that of the exact front; NaN without an objective */
} nas_bench_point;

typedef struct nas_bench_target {
    double regret;
    int64_t reached;      /* runs */
    double mean_when;     /* of these runs; NaN: none */
    double expected_when; /* all that was spent / runs that reached it; infinity: none */
} nas_bench_target;

typedef struct nas_bench_series {
    const char *name; /* "evolution", "random+asha", "most parameters" */
    bool reference;   /* deterministic baseline */
    int64_t runs;
    nas_bench_point points[NAS_BENCH_POINTS];
    nas_bench_target targets[NAS_BENCH_TARGETS];
    double area;         /* mean regret over the axis */
    double *test;        /* [runs][n_points] */
    double *regret;      /* [runs][n_points] */
    double p;            /* Wilcoxon on final regret against the first method, Holm */
    double superiority;  /* A12: probability of less final regret than the first method */
    double asking_s;     /* per run */
    uint64_t query_hash; /* of the networks and rungs in their order, all runs */
} nas_bench_series;

typedef struct nas_bench_result {
    nas_bench_axis axis;
    double at[NAS_BENCH_POINTS]; /* ascending; the last is the budget */
    int n_points;
    nas_bench_series *series; /* methods, then references */
    int n_series, n_methods;
    int64_t optimum; /* network with the best validation */
    double optimum_validation, optimum_test, best_test;
    double average_validation, average_test; /* of all networks */
    int64_t front;       /* networks on the exact front; 0 without an objective */
    double reference[2]; /* error and objective: where hypervolume begins */
    bool interrupted;
} nas_bench_result;

/* Run all methods and references. @param arena  holds the result */
nas_status nas_bench_run(const nas_bench_options *options, nas_arena *arena,
                         nas_bench_result *out, nas_err *err);

const char *nas_bench_axis_name(nas_bench_axis axis); /* "queries", ... */

/* The result as an object: docs/json.md. */
void nas_bench_write_json(const nas_bench_options *options,
                          const nas_bench_result *result, nas_json *json);

#endif
