/* What the files of the bench share. */
#ifndef NASMITH_SEARCH_BENCH_H
#define NASMITH_SEARCH_BENCH_H

#include "nasmith/bench.h"

/* What is known of a table as a whole; for reports, never for strategies. */
typedef struct bench_truth {
    const nas_table *table;
    nas_bench_axis axis;
    double budget;
    const double *at; /* [n_points] */
    int n_points, top;
    double best;         /* validation at the top rung */
    double sign;         /* 1: larger validation is better, -1: smaller */
    double reference[2]; /* where hypervolume begins: error, objective */
    double hypervolume;  /* of the exact front; 0 without an objective */
} bench_truth;

/* Values of the runs of one series. */
typedef struct bench_runs {
    double *test, *regret, *hypervolume; /* [runs][n_points] */
    double *area;                        /* [runs] */
    double *reached[NAS_BENCH_TARGETS];  /* [runs] place on the axis; infinity: never */
} bench_runs;

extern const double nas_bench_target_regrets[NAS_BENCH_TARGETS];

/* Turn the trace of run `run` into its values. */
nas_status nas_bench_measure(const bench_truth *truth, const nas_trace *trace, int run,
                             bench_runs *runs, nas_arena *scratch, nas_err *err);

/* Regret of a network at the top rung, in the units of the file. */
double nas_bench_regret(const bench_truth *truth, int64_t network);

/* Error and objective of a network, both to be minimised. */
void nas_bench_coordinates(const bench_truth *truth, int64_t network, double out[2]);

#endif
