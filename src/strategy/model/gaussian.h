/* Regression with a Gaussian process, one observation at a time. Knows numbers only: the
 * kernel is the caller's. */
#ifndef NASMITH_STRATEGY_MODEL_GAUSSIAN_H
#define NASMITH_STRATEGY_MODEL_GAUSSIAN_H

#include "nasmith/err.h"

#include <stdbool.h>
#include <stdint.h>

/* Cholesky factor L of K + noise, row by row: row i has i + 1 entries and begins at
 * i (i + 1) / 2. Adding a row leaves the others as they are, so a factor that grew equals
 * one made at once, bit for bit. */
typedef struct gaussian {
    int n, capacity;
    double *factor;
} gaussian;

nas_status nas_gaussian_init(gaussian *g, int capacity, nas_err *err);
void nas_gaussian_free(gaussian *g);

/* Append an observation.
 * @param row   [n + 1] covariances with the earlier ones, then its own variance with the
 *              noise
 * A variance that is left over below 1e-10 (a duplicate without noise) is set to that.
 * Cost O(n^2) */
void nas_gaussian_append(gaussian *g, const double *row);

/* z = L^-1 y. @param out  [n], may be y */
void nas_gaussian_whiten(const gaussian *g, const double *y, double *out);

/* log p(y) of the zero-mean process. @param whitened  L^-1 y */
double nas_gaussian_log_likelihood(const gaussian *g, const double *whitened);

/* Logarithm of the expected improvement of N(mean, deviation) over `best`; finite where
 * the improvement itself would underflow. */
double nas_gaussian_log_improvement(double mean, double deviation, double best);

/* a . b, in an order of additions that does not depend on the machine */
double nas_gaussian_dot(const double *a, const double *b, int n);

#endif
