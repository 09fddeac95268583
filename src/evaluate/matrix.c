#include "evaluate/matrix.h"

#include <math.h>
#include <stdbool.h>

enum { SWEEPS = 40 };

/* Of the entries above the diagonal. */
static double off_diagonal(const double *a, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        for (int j = i + 1; j < n; j++)
            sum += a[i * n + j] * a[i * n + j];
    return sum;
}

/* a' = R^T a R with the rotation R of rows p and q that makes a'[p][q] zero. */
static void rotate(double *a, int n, int p, int q)
{
    const double theta = (a[q * n + q] - a[p * n + p]) / (2 * a[p * n + q]);
    const double t = copysign(1, theta) / (fabs(theta) + sqrt(theta * theta + 1));
    const double c = 1 / sqrt(t * t + 1), s = t * c;
    for (int k = 0; k < n; k++) {
        const double x = a[p * n + k], y = a[q * n + k];
        a[p * n + k] = c * x - s * y;
        a[q * n + k] = s * x + c * y;
    }
    for (int k = 0; k < n; k++) {
        const double x = a[k * n + p], y = a[k * n + q];
        a[k * n + p] = c * x - s * y;
        a[k * n + q] = s * x + c * y;
    }
}

void nas_matrix_eigenvalues(double *a, int n, double *values)
{
    double scale = 0;
    for (int i = 0; i < n * n; i++)
        scale += a[i] * a[i];
    for (int sweep = 0; sweep < SWEEPS && off_diagonal(a, n) > 1e-26 * scale; sweep++)
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++)
                if (a[p * n + q] * a[p * n + q] > 1e-34 * scale)
                    rotate(a, n, p, q);
    for (int i = 0; i < n; i++)
        values[i] = a[i * n + i];
}

static void swap_rows(double *a, int n, int i, int j)
{
    for (int k = 0; k < n; k++) {
        const double kept = a[i * n + k];
        a[i * n + k] = a[j * n + k];
        a[j * n + k] = kept;
    }
}

double nas_matrix_log_det(double *a, int n)
{
    double sum = 0, largest = 0;
    for (int i = 0; i < n * n; i++)
        largest = fmax(largest, fabs(a[i]));
    for (int p = 0; p < n; p++) {
        int best = p;
        for (int i = p + 1; i < n; i++)
            if (fabs(a[i * n + p]) > fabs(a[best * n + p]))
                best = i;
        swap_rows(a, n, p, best);
        const double pivot = a[p * n + p];
        if (!(fabs(pivot) > 1e-12 * largest))
            return -(double)INFINITY;
        sum += log(fabs(pivot));
        for (int i = p + 1; i < n; i++) {
            const double factor = a[i * n + p] / pivot;
            for (int k = p; k < n && factor != 0; k++)
                a[i * n + k] -= factor * a[p * n + k];
        }
    }
    return sum;
}

static double mean_of(const float *x, int64_t m)
{
    double sum = 0;
    for (int64_t k = 0; k < m; k++)
        sum += (double)x[k];
    return sum / (double)m;
}

void nas_matrix_correlations(const float *x, int n, int64_t m, double *out)
{
    for (int i = 0; i < n; i++) {
        const float *a = x + i * m;
        const double a_mean = mean_of(a, m);
        for (int j = 0; j <= i; j++) {
            const float *b = x + j * m;
            const double b_mean = mean_of(b, m);
            double sum = 0;
            for (int64_t k = 0; k < m; k++)
                sum += ((double)a[k] - a_mean) * ((double)b[k] - b_mean);
            out[i * n + j] = sum;
        }
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++) {
            out[i * n + j] /= sqrt(out[i * n + i] * out[j * n + j]);
            out[j * n + i] = out[i * n + j];
        }
    for (int i = 0; i < n; i++)
        out[i * n + i] = out[i * n + i] > 0 ? 1 : (double)NAN;
}
