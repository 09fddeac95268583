#include "search/estimate.h"

#include "nasmith/arena.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST = 5 };

/* A uniform proposal with a score: better ones last, in the order of the search (more
 * rungs first, then the score). */
typedef struct draw {
    int rungs;
    double score;
} draw;

static int compare(const void *a, const void *b)
{
    const draw *x = a;
    const draw *y = b;
    if (x->rungs != y->rungs)
        return x->rungs < y->rungs ? -1 : 1;
    return (x->score > y->score) - (x->score < y->score);
}

double nas_estimate_random(const nas_history *history, int64_t n)
{
    draw *draws = nas_heap_alloc((size_t)history->n + 1, sizeof *draws);
    int64_t m = 0;
    for (int64_t i = 0; draws != NULL && i < history->n; i++) {
        const nas_history_trial *t = &history->trials[i];
        if (t->uniform && t->rungs > 0)
            draws[m++] = (draw){t->rungs, t->score[t->rungs - 1]};
    }
    double sum = (double)NAN;
    if (m >= LEAST) {
        qsort(draws, (size_t)m, sizeof *draws, compare);
        sum = 0.0;
        for (int64_t i = 0; i < m; i++)
            sum += draws[i].score * (pow((double)(i + 1) / (double)m, (double)n) -
                                     pow((double)i / (double)m, (double)n));
    }
    nas_heap_free(draws);
    return sum;
}
