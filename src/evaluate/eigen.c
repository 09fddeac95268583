/* A. Zela, T. Elsken, T. Saikia, Y. Marrakchi, T. Brox, F. Hutter: Understanding and
 * Robustifying Differentiable Architecture Search. ICLR 2020. arXiv:1909.09656
 *
 * Deviation: the eigenvalue is found by a few power iterations, each going on from the
 * vector of the measurement before, on one batch; the authors build the whole Hessian. */
#include "evaluate/eigen.h"

#include <math.h>

enum { ITERATIONS = 8, WINDOW = 5, BACK = 4, FIRST_EPOCH = 10 };
static const double GROWTH = 1.3;
/* Of the step of central differences: strengths move by about as much in an epoch. */
static const double STEP = 0.02;

static double dot(const double *a, const double *b, int64_t n)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* out = H v, for |v| = 1 */
static void multiply(const nas_curved *curved, const double *at, const double *v,
                     double *out)
{
    const int64_t n = curved->size;
    double *moved = curved->scratch + n;
    double *other = curved->scratch + 2 * n;
    for (int64_t i = 0; i < n; i++)
        moved[i] = at[i] + STEP * v[i];
    curved->gradient(curved->context, moved, out);
    for (int64_t i = 0; i < n; i++)
        moved[i] = at[i] - STEP * v[i];
    curved->gradient(curved->context, moved, other);
    for (int64_t i = 0; i < n; i++)
        out[i] = (out[i] - other[i]) / (2.0 * STEP);
}

double nas_dominant_eigenvalue(const nas_curved *curved, const double *at, double *vector)
{
    const int64_t n = curved->size;
    double *product = curved->scratch;
    double value = 0.0;
    double length = sqrt(dot(vector, vector, n));
    for (int k = 0; k < ITERATIONS; k++) {
        for (int64_t i = 0; i < n; i++)
            vector[i] /= length;
        multiply(curved, at, vector, product);
        value = dot(vector, product, n);
        length = sqrt(dot(product, product, n));
        if (!(length > 0.0)) /* the vector stays */
            return isnan(length) ? (double)NAN : 0.0;
        for (int64_t i = 0; i < n && k + 1 < ITERATIONS; i++)
            vector[i] = product[i];
    }
    return value;
}

/* Mean of the last measurements up to number `last`. */
static double mean_before(const double *eigenvalue, int64_t last)
{
    int64_t first = last + 1 > WINDOW ? last + 1 - WINDOW : 0;
    double sum = 0.0;
    for (int64_t i = first; i <= last; i++)
        sum += eigenvalue[i];
    return sum / (double)(last + 1 - first);
}

bool nas_eigen_stop(const double *eigenvalue, int64_t n, int64_t *epoch)
{
    int64_t now = n - 1;
    if (now < BACK || n * NAS_EIGEN_EVERY < FIRST_EPOCH)
        return false;
    double ratio = mean_before(eigenvalue, now) / mean_before(eigenvalue, now - BACK);
    if (!(ratio > GROWTH))
        return false;
    *epoch = (now - BACK + 1) * NAS_EIGEN_EVERY;
    return true;
}
