#include "strategy/model/volume.h"

#include "strategy/model/gaussian.h"

#include <math.h>
#include <stdlib.h>

static const double MARGIN = 0.05; /* of the range, beyond the worst observed */

static double logarithm(const nas_cost *cost, nas_limit_kind kind)
{
    return log(fmax(nas_limit_cost(cost, kind), 1e-9));
}

/* A random direction: exponential variates, the largest made 1. */
static void draw_weights(volume *v, nas_rng *rng)
{
    double most = 0;
    for (int k = 0; k < v->n_costs; k++) {
        v->weight[k] = -log(1 - nas_rng_uniform(rng));
        most = fmax(most, v->weight[k]);
    }
    for (int k = 0; k < v->n_costs; k++)
        v->weight[k] = most > 0 ? v->weight[k] / most : 1;
}

static void set_scale(volume *v, const nas_cost *const *costs, int64_t n)
{
    for (int k = 0; k < v->n_costs; k++) {
        double least = (double)INFINITY, most = -(double)INFINITY;
        for (int64_t i = 0; i < n; i++) {
            const double value = logarithm(costs[i], v->kind[k]);
            least = fmin(least, value);
            most = fmax(most, value);
        }
        v->least[k] = least;
        v->range[k] = most > least ? most - least : 1;
    }
}

double nas_volume_cost(const volume *v, const nas_cost *cost)
{
    double most = -(double)INFINITY;
    for (int k = 0; k < v->n_costs; k++)
        most = fmax(most, v->weight[k] * (logarithm(cost, v->kind[k]) - v->least[k]) /
                              v->range[k]);
    return most;
}

typedef struct observation {
    double cost, y;
    int64_t index;
} observation;

static int by_cost(const void *a, const void *b)
{
    const observation *x = a, *y = b;
    if (x->cost > y->cost || x->cost < y->cost)
        return x->cost > y->cost ? 1 : -1;
    return (x->y < y->y) - (x->y > y->y);
}

static void climb(volume *v, const observation *all, int64_t n)
{
    v->n = 0;
    for (int64_t i = 0; i < n; i++) {
        if (v->n > 0 && all[i].y <= v->level[v->n - 1])
            continue;
        v->cost[v->n] = all[i].cost;
        v->owner[v->n] = all[i].index;
        v->level[v->n++] = all[i].y;
    }
}

bool nas_volume_init(volume *v, unsigned objectives, const nas_cost *const *costs,
                     const double *y, int64_t n, nas_rng *rng, nas_arena *arena)
{
    *v = (volume){0};
    for (int kind = NAS_LIMIT_NONE + 1; kind <= NAS_LIMIT_LATENCY; kind++)
        if ((objectives >> kind & 1U) != 0 && v->n_costs < VOLUME_MOST)
            v->kind[v->n_costs++] = (nas_limit_kind)kind;
    draw_weights(v, rng);
    set_scale(v, costs, n);
    observation *all = NAS_NEW(arena, observation, n);
    v->cost = NAS_NEW(arena, double, n);
    v->level = NAS_NEW(arena, double, n);
    v->owner = NAS_NEW(arena, int64_t, n);
    if (all == NULL || v->cost == NULL || v->level == NULL || v->owner == NULL)
        return false;
    double least = (double)INFINITY, most = -(double)INFINITY;
    v->end = -(double)INFINITY;
    for (int64_t i = 0; i < n; i++) {
        all[i] = (observation){nas_volume_cost(v, costs[i]), y[i], i};
        least = fmin(least, y[i]);
        most = fmax(most, y[i]);
        v->end = fmax(v->end, all[i].cost + MARGIN);
    }
    v->floor = least - MARGIN * (most > least ? most - least : 1);
    qsort(all, (size_t)n, sizeof *all, by_cost);
    climb(v, all, n);
    return true;
}

double nas_volume_log_growth(const volume *v, double cost, double mean, double deviation)
{
    double sum = -(double)INFINITY, from = cost;
    for (int64_t i = 0; i <= v->n && from < v->end; i++) {
        const double to = i < v->n ? v->cost[i] : v->end;
        const double level = i > 0 ? v->level[i - 1] : v->floor;
        if (to <= from)
            continue;
        const double part =
            log(to - from) + nas_gaussian_log_improvement(mean, deviation, level);
        const double larger = fmax(sum, part);
        if (isinf(larger))
            continue;
        sum = larger + log(exp(sum - larger) + exp(part - larger));
        from = to;
    }
    return sum;
}
