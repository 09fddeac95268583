#include "strategy/model/pareto.h"

#include <math.h>
#include <string.h>

bool nas_pareto_dominates(const double *a, const double *b, int m)
{
    bool better = false;
    for (int k = 0; k < m; k++) {
        if (a[k] > b[k])
            return false;
        better = better || a[k] < b[k];
    }
    return better;
}

/* Whether a point without a smaller rank dominates point i. */
static bool is_dominated(const double *f, int64_t n, int m, const int *rank, int front,
                         int64_t i)
{
    for (int64_t j = 0; j < n; j++)
        if ((rank[j] < 0 || rank[j] == front) &&
            nas_pareto_dominates(f + j * m, f + i * m, m))
            return true;
    return false;
}

void nas_pareto_rank(const double *f, int64_t n, int m, int *rank)
{
    int64_t left = n;
    for (int64_t i = 0; i < n; i++)
        rank[i] = -1;
    for (int front = 0; left > 0; front++)
        for (int64_t i = 0; i < n; i++)
            if (rank[i] < 0 && !is_dominated(f, n, m, rank, front, i)) {
                rank[i] = front;
                left--;
            }
}

/* Numbers of the points of a front in rising order of objective k (insertion: fronts are
 * short, and equal points stay in order). @return their number */
static int64_t sort_front(const double *f, int64_t n, int m, int k, const int *rank,
                          int front, int64_t *order)
{
    int64_t size = 0;
    for (int64_t i = 0; i < n; i++) {
        if (rank[i] != front)
            continue;
        int64_t place = size++;
        for (; place > 0 && f[order[place - 1] * m + k] > f[i * m + k]; place--)
            order[place] = order[place - 1];
        order[place] = i;
    }
    return size;
}

void nas_pareto_crowd(const double *f, int64_t n, int m, const int *rank, double *crowd,
                      int64_t *order)
{
    int fronts = 0;
    for (int64_t i = 0; i < n; i++) {
        crowd[i] = 0;
        fronts = rank[i] >= fronts ? rank[i] + 1 : fronts;
    }
    for (int front = 0; front < fronts; front++)
        for (int k = 0; k < m; k++) {
            int64_t size = sort_front(f, n, m, k, rank, front, order);
            double least = f[order[0] * m + k], most = f[order[size - 1] * m + k];
            crowd[order[0]] = crowd[order[size - 1]] = (double)INFINITY;
            for (int64_t i = 1; i + 1 < size && most > least; i++)
                crowd[order[i]] +=
                    (f[order[i + 1] * m + k] - f[order[i - 1] * m + k]) / (most - least);
        }
}

static void swap(double *a, double *b, int m)
{
    for (int k = 0; k < m; k++) {
        double kept = a[k];
        a[k] = b[k];
        b[k] = kept;
    }
}

/* Points from the best to the worst in the last objective. */
static void sort_last(double *f, int64_t n, int m)
{
    for (int64_t i = 1; i < n; i++)
        for (int64_t j = i; j > 0 && f[j * m + m - 1] < f[(j - 1) * m + m - 1]; j--)
            swap(f + j * m, f + (j - 1) * m, m);
}

double nas_pareto_volume(double *f, int64_t n, int m, const double *reference,
                         double *room)
{
    int64_t inside = 0;
    for (int64_t i = 0; i < n; i++) {
        bool in = true;
        for (int k = 0; k < m; k++)
            in = in && f[i * m + k] < reference[k];
        if (in && inside++ != i)
            memcpy(f + (inside - 1) * m, f + i * m, (size_t)m * sizeof *f);
    }
    if (inside == 0)
        return 0;
    sort_last(f, inside, m);
    if (m == 1)
        return reference[0] - f[0];
    /* Between two levels of the last objective: all points up to it, without it. */
    double volume = 0;
    for (int64_t i = 0; i < inside; i++) {
        double end = i + 1 < inside ? f[(i + 1) * m + m - 1] : reference[m - 1];
        double depth = end - f[i * m + m - 1];
        if (!(depth > 0))
            continue;
        for (int64_t j = 0; j <= i; j++)
            memcpy(room + j * (m - 1), f + j * m, (size_t)(m - 1) * sizeof *f);
        volume += depth * nas_pareto_volume(room, i + 1, m - 1, reference,
                                            room + (i + 1) * (m - 1));
    }
    return volume;
}
