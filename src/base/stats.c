#include "nasmith/stats.h"

#include <math.h>
#include <stdlib.h>

enum { FEWEST_PAIRS = 6 }; /* with fewer, no result is below 5 % */

double nas_stats_mean(const double *values, int64_t n)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += values[i];
    return n > 0 ? sum / (double)n : (double)NAN;
}

double nas_stats_deviation(const double *values, int64_t n)
{
    double mean = nas_stats_mean(values, n), squares = 0;
    for (int64_t i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return n > 1 ? sqrt(squares / (double)(n - 1)) : (double)NAN;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

void nas_stats_sort(double *values, int64_t n)
{
    if (n > 1)
        qsort(values, (size_t)n, sizeof *values, ascending);
}

double nas_stats_quantile(const double *sorted, int64_t n, double q)
{
    if (n < 1)
        return (double)NAN;
    double place = q * (double)(n - 1);
    int64_t below = (int64_t)floor(place);
    if (below >= n - 1)
        return sorted[n - 1];
    return sorted[below] + (place - (double)below) * (sorted[below + 1] - sorted[below]);
}

double nas_stats_interquartile_mean(const double *sorted, int64_t n)
{
    double from = (double)n / 4, to = (double)n - from, sum = 0;
    for (int64_t i = 0; i < n; i++) {
        double share = fmin((double)i + 1, to) - fmax((double)i, from);
        sum += share > 0 ? share * sorted[i] : 0;
    }
    return n > 0 ? sum / (to - from) : (double)NAN;
}

nas_band nas_stats_bootstrap_mean(const double *values, int64_t n, int resamples,
                                  nas_rng rng, nas_arena *arena)
{
    double *means = NAS_NEW(arena, double, resamples);
    if (means == NULL || n < 1)
        return (nas_band){(double)NAN, (double)NAN};
    for (int r = 0; r < resamples; r++) {
        double sum = 0;
        for (int64_t i = 0; i < n; i++)
            sum += values[nas_rng_below(&rng, (uint64_t)n)];
        means[r] = sum / (double)n;
    }
    nas_stats_sort(means, resamples);
    return (nas_band){nas_stats_quantile(means, resamples, 0.025),
                      nas_stats_quantile(means, resamples, 0.975)};
}

/* ---- ranks ---- */

typedef struct ranked {
    double value;
    int64_t index;
} ranked;

static int by_value(const void *a, const void *b)
{
    return ascending(&((const ranked *)a)->value, &((const ranked *)b)->value);
}

/* Ranks from 1, ties share their mean.
 * @param ties  out: sum of t^3 - t over groups of t ties; may be NULL
 * @return [n], or NULL when memory is out */
static double *ranks_of(const double *values, int64_t n, double *ties, nas_arena *arena)
{
    ranked *order = NAS_NEW(arena, ranked, n);
    double *ranks = NAS_NEW(arena, double, n);
    if (order == NULL || ranks == NULL)
        return NULL;
    for (int64_t i = 0; i < n; i++)
        order[i] = (ranked){values[i], i};
    if (n > 1)
        qsort(order, (size_t)n, sizeof *order, by_value);
    for (int64_t i = 0, end = 0; i < n; i = end) {
        for (end = i; end < n && order[end].value == order[i].value; end++)
            ;
        double t = (double)(end - i);
        for (int64_t k = i; k < end; k++)
            ranks[order[k].index] = (double)i + (t + 1) / 2;
        if (ties != NULL)
            *ties += t * t * t - t;
    }
    return ranks;
}

double nas_stats_wilcoxon(const double *a, const double *b, int64_t n, nas_arena *arena)
{
    double *size = NAS_NEW(arena, double, n), *sign = NAS_NEW(arena, double, n);
    double ties = 0, positive = 0;
    int64_t m = 0;
    if (size == NULL || sign == NULL)
        return (double)NAN;
    for (int64_t i = 0; i < n; i++) {
        double difference = a[i] - b[i];
        if (difference == 0)
            continue;
        size[m] = fabs(difference);
        sign[m++] = difference;
    }
    if (m < FEWEST_PAIRS)
        return 1;
    const double *ranks = ranks_of(size, m, &ties, arena);
    if (ranks == NULL)
        return (double)NAN;
    for (int64_t i = 0; i < m; i++)
        positive += sign[i] > 0 ? ranks[i] : 0;
    double k = (double)m, mean = k * (k + 1) / 4;
    double variance = k * (k + 1) * (2 * k + 1) / 24 - ties / 48;
    double z = fmax(0, fabs(positive - mean) - 0.5) / sqrt(variance);
    return erfc(z / sqrt(2));
}

bool nas_stats_holm(double *p, int n, nas_arena *arena)
{
    ranked *order = NAS_NEW(arena, ranked, n);
    double largest = 0;
    if (order == NULL)
        return false;
    for (int i = 0; i < n; i++)
        order[i] = (ranked){p[i], i};
    if (n > 1)
        qsort(order, (size_t)n, sizeof *order, by_value);
    for (int i = 0; i < n; i++) {
        largest = fmax(largest, fmin(1, order[i].value * (n - i)));
        p[order[i].index] = largest;
    }
    return true;
}

double nas_stats_superiority(const double *a, int64_t n, const double *b, int64_t m)
{
    double wins = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < m; k++)
            wins += a[i] > b[k] ? 1 : a[i] == b[k] ? 0.5 : 0;
    return n > 0 && m > 0 ? wins / ((double)n * (double)m) : (double)NAN;
}

/* ---- correlation ---- */

static int sign_of(double x)
{
    return x > 0 ? 1 : x < 0 ? -1 : 0;
}

double nas_stats_kendall(const double *a, const double *b, int64_t n)
{
    double balance = 0, in_a = 0, in_b = 0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t k = 0; k < i; k++) {
            int x = sign_of(a[i] - a[k]), y = sign_of(b[i] - b[k]);
            balance += x * y;
            in_a += x != 0;
            in_b += y != 0;
        }
    return in_a > 0 && in_b > 0 ? balance / sqrt(in_a * in_b) : (double)NAN;
}

double nas_stats_spearman(const double *a, const double *b, int64_t n, nas_arena *arena)
{
    const double *x = ranks_of(a, n, NULL, arena), *y = ranks_of(b, n, NULL, arena);
    double xy = 0, xx = 0, yy = 0, mean = ((double)n + 1) / 2;
    if (x == NULL || y == NULL)
        return (double)NAN;
    for (int64_t i = 0; i < n; i++) {
        xy += (x[i] - mean) * (y[i] - mean);
        xx += (x[i] - mean) * (x[i] - mean);
        yy += (y[i] - mean) * (y[i] - mean);
    }
    return xx > 0 && yy > 0 ? xy / sqrt(xx * yy) : (double)NAN;
}

/* ---- fronts ---- */

static int by_point(const void *a, const void *b)
{
    const double *p = a, *q = b;
    int first = ascending(&p[0], &q[0]);
    return first != 0 ? first : ascending(&p[1], &q[1]);
}

double nas_stats_hypervolume(double *xy, int64_t n, const double reference[2])
{
    double area = 0, lowest = reference[1];
    if (n > 1)
        qsort(xy, (size_t)n, 2 * sizeof *xy, by_point);
    for (int64_t i = 0; i < n; i++) {
        const double *point = &xy[2 * i];
        if (!(point[0] < reference[0]) || !(point[1] < lowest))
            continue;
        area += (reference[0] - point[0]) * (lowest - point[1]);
        lowest = point[1];
    }
    return area;
}
