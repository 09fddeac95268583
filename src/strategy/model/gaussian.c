#include "strategy/model/gaussian.h"

#include "nasmith/arena.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static const double LOG_2_PI = 1.8378770664093453;
static const double SQRT_HALF = 0.7071067811865476;
static const double LEAST_VARIANCE = 1e-10;

nas_status nas_gaussian_init(gaussian *g, int capacity, nas_err *err)
{
    size_t entries = (size_t)capacity * ((size_t)capacity + 1) / 2;
    *g = (gaussian){.capacity = capacity};
    g->factor = nas_heap_alloc(entries, sizeof *g->factor);
    NAS_TRY_ALLOC(g->factor, err);
    return NAS_OK;
}

void nas_gaussian_free(gaussian *g)
{
    nas_heap_free(g->factor);
    *g = (gaussian){0};
}

/* Four sums side by side: one would wait for itself. */
double nas_gaussian_dot(const double *a, const double *b, int n)
{
    double s[4] = {0};
    int i = 0;
    for (; i + 4 <= n; i += 4)
        for (int k = 0; k < 4; k++)
            s[k] += a[i + k] * b[i + k];
    for (; i < n; i++)
        s[0] += a[i] * b[i];
    return s[0] + s[1] + (s[2] + s[3]);
}

static double *row_of(const gaussian *g, int i)
{
    return g->factor + (size_t)i * ((size_t)i + 1) / 2;
}

void nas_gaussian_append(gaussian *g, const double *row)
{
    assert(g->n < g->capacity);
    double *own = row_of(g, g->n);
    for (int j = 0; j < g->n; j++) {
        const double *other = row_of(g, j);
        own[j] = (row[j] - nas_gaussian_dot(own, other, j)) / other[j];
    }
    double rest = row[g->n] - nas_gaussian_dot(own, own, g->n);
    own[g->n] = sqrt(fmax(rest, LEAST_VARIANCE));
    g->n++;
}

void nas_gaussian_whiten(const gaussian *g, const double *y, double *out)
{
    for (int i = 0; i < g->n; i++) {
        const double *row = row_of(g, i);
        out[i] = (y[i] - nas_gaussian_dot(row, out, i)) / row[i];
    }
}

double nas_gaussian_log_likelihood(const gaussian *g, const double *whitened)
{
    double sum = -0.5 * nas_gaussian_dot(whitened, whitened, g->n);
    for (int i = 0; i < g->n; i++)
        sum -= log(row_of(g, i)[i]);
    return sum - 0.5 * g->n * LOG_2_PI;
}

double nas_gaussian_log_improvement(double mean, double deviation, double best)
{
    double z = (mean - best) / deviation;
    /* phi(z) / z^2 for very unlikely improvements: the next term is below 2 % */
    if (z < -12)
        return log(deviation) - 0.5 * z * z - 0.5 * LOG_2_PI - 2 * log(-z);
    double density = exp(-0.5 * z * z - 0.5 * LOG_2_PI);
    double share = 0.5 * erfc(-z * SQRT_HALF);
    double improvement = z * share + density;
    /* between -12 and -6 the difference cancels: take the first terms of the series */
    if (z < -6)
        improvement = density / (z * z) * (1 - 3 / (z * z));
    return log(deviation) + log(improvement);
}
