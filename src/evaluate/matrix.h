/* Small dense matrices, row by row, for proxies. */
#ifndef NASMITH_EVALUATE_MATRIX_H
#define NASMITH_EVALUATE_MATRIX_H

#include <stdint.h>

/* Eigenvalues of a symmetric matrix by cyclic Jacobi rotations.
 * @param a       [n][n], destroyed
 * @param values  out: [n], in no order
 * Cost: about 10 n^3 */
void nas_matrix_eigenvalues(double *a, int n, double *values);

/* log|det a| by elimination with pivots; -infinity when a is singular.
 * @param a  [n][n], destroyed */
double nas_matrix_log_det(double *a, int n);

/* Correlations of the rows of x. A constant row has none: NaN.
 * @param x    [n][m]
 * @param out  [n][n] */
void nas_matrix_correlations(const float *x, int n, int64_t m, double *out);

#endif
