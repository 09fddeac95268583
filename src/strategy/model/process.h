/* A Gaussian process over candidates: kernel, hyper-parameters, and the posterior over
 * whole sets of candidates. */
#ifndef NASMITH_STRATEGY_MODEL_PROCESS_H
#define NASMITH_STRATEGY_MODEL_PROCESS_H

#include "strategy/model/gaussian.h"
#include "strategy/model/view.h"

#include "nasmith/rng.h"

/* k(a,b) = share exp(-H(a,b) / near_choices)
 *          + (PROCESS_VARIANCE - share) exp(-|g_a - g_b|^2 / (d near_features^2)) */
typedef struct process_kernel {
    double share, near_choices, near_features, noise;
} process_kernel;

process_kernel nas_process_kernel_default(void); /* before the first fit */

/* The two variances together: a little above that of standardised targets. */
#define PROCESS_VARIANCE 1.2

typedef struct process {
    const view *v;
    process_kernel kernel;
    gaussian g;
    view_set seen; /* capacity rows */
    float *hamming,
        *squared; /* [capacity (capacity + 1) / 2] distances of what was seen */
    double *row;  /* [capacity] scratch */
} process;

/* @param arena  owns what does not belong to `g` */
nas_status nas_process_init(process *p, const view *v, int capacity, nas_arena *arena,
                            nas_err *err);
void nas_process_free(process *p);
/* Forget all observations, or those from number n on. */
void nas_process_truncate(process *p, int n);
/* Take a candidate as the next observation. Cost O(n^2) */
void nas_process_observe(process *p, nas_candidate *candidate);

/* Set the kernel of largest marginal likelihood among 15 draws, the present one, and 25
 * perturbations of the best so far.
 * @param y     [g.n] standardised targets
 * @param work  [g.n] scratch
 * Cost: 41 factorisations */
void nas_process_fit(process *p, const double *y, double *work, nas_rng *rng);
void nas_process_set_kernel(process *p, const process_kernel *kernel);

/* The posterior over a set of candidates, kept as the rows of L^-1 K*. */
typedef struct process_field {
    const view_set *set;
    int rows, marked_rows, capacity;
    float *solved;    /* [capacity][n] */
    double *variance; /* [n] of the posterior without noise */
    double *marked;   /* [n] variance at the mark */
    double *mean;     /* [n] */
} process_field;

nas_status nas_process_field_init(process_field *field, const view_set *set, int capacity,
                                  nas_arena *arena, nas_err *err);
/* Follow the process: forget all rows, */
void nas_process_field_clear(process_field *field);
/* or those after the mark, exactly; */
void nas_process_field_mark(process_field *field);
void nas_process_field_rewind(process_field *field);
/* add the rows of its new observations, */
void nas_process_field_extend(process_field *field, const process *p);
/* and compute the means. @param whitened  [rows] L^-1 y */
void nas_process_field_predict(process_field *field, const double *whitened);

#endif
