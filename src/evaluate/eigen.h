/* The curvature of a loss over strengths, and when it says to stop (R-DARTS). */
#ifndef NASMITH_EVALUATE_EIGEN_H
#define NASMITH_EVALUATE_EIGEN_H

#include <stdbool.h>
#include <stdint.h>

/* A loss by its gradient. */
typedef struct nas_curved {
    int64_t size;
    /* @param at  [size]; @param gradient  out, [size] */
    void (*gradient)(void *context, const double *at, double *gradient);
    void *context;
    double *scratch; /* [3 * size] */
} nas_curved;

/* Dominant eigenvalue of the Hessian: power iteration from `vector`, products with the
 * Hessian by central differences of the gradient.
 * @param at      [size], where
 * @param vector  [size], in: where to begin, not 0; out: the eigenvector, of length 1
 * @return its Rayleigh quotient; 0 where the Hessian is 0; NaN where the gradient is */
double nas_dominant_eigenvalue(const nas_curved *curved, const double *at,
                               double *vector);

/* Measured every so many epochs. */
enum { NAS_EIGEN_EVERY = 2 };

/* The rule of A. Zela et al.: means over the last five measurements; from epoch 10 on,
 * stop when the mean has grown by more than 1.3 since four measurements ago, and take the
 * strengths of that time.
 * @param eigenvalue  [n] measured after the epochs 2, 4, ...
 * @param epoch       out: whose strengths to take
 * @return whether to stop now */
bool nas_eigen_stop(const double *eigenvalue, int64_t n, int64_t *epoch);

#endif
