/* Scores of several trainings of one network. */
#include "nasmith/evaluate.h"

#include <assert.h>
#include <math.h>

/* Half of a 95 % interval, in standard errors. */
static const double HALF_WIDTH = 1.959964;

/* Of the folds of one repeat, whose rows differ. */
typedef struct pooled {
    double below, above, error; /* distances of the mean's interval; standard error */
} pooled;

static double root_mean(double squares, int n)
{
    return sqrt(squares) / (double)n;
}

static pooled pool(const nas_score *scores, int n)
{
    double below = 0.0;
    double above = 0.0;
    double error = 0.0;
    for (int i = 0; i < n; i++) {
        const nas_score *s = &scores[i];
        below += (s->value - s->low) * (s->value - s->low);
        above += (s->high - s->value) * (s->high - s->value);
        error += s->error * s->error;
    }
    return (pooled){root_mean(below, n), root_mean(above, n), root_mean(error, n)};
}

/* The error of the mean, as the values vary. */
static double spread(const nas_score *scores, int n, double mean)
{
    double squares = 0.0;
    for (int i = 0; i < n; i++)
        squares += (scores[i].value - mean) * (scores[i].value - mean);
    return n > 1 ? sqrt(squares / ((double)n * (double)(n - 1))) : 0.0;
}

static int length_of_repeat(const int *repeats, int n)
{
    int length = 1;
    while (length < n && repeats[length] == repeats[0])
        length++;
    return length;
}

static nas_score mean_of(const nas_score *scores, const int *repeats, int n)
{
    double sum = 0.0;
    double low = (double)INFINITY;
    double high = -(double)INFINITY;
    for (int i = 0; i < n; i++) {
        sum += scores[i].value;
        low = fmin(low, scores[i].low);
        high = fmax(high, scores[i].high);
    }
    nas_score out = {.value = sum / (double)n};
    pooled mean = {0};
    int count = 0;
    for (int i = 0; i < n; count++) {
        int length = length_of_repeat(repeats + i, n - i);
        pooled p = pool(scores + i, length);
        mean.below += p.below;
        mean.above += p.above;
        mean.error += p.error;
        for (int k = 0; k < length && count == 0; k++)
            out.n += scores[i + k].n;
        i += length;
    }
    double varies = spread(scores, n, out.value);
    out.error = fmax(varies, mean.error / (double)count);
    out.low = fmax(low, out.value - fmax(HALF_WIDTH * varies, mean.below / count));
    out.high = fmin(high, out.value + fmax(HALF_WIDTH * varies, mean.above / count));
    return out;
}

nas_score nas_score_mean(const nas_score *scores, const int *repeats, int n)
{
    assert(n >= 1 && n <= NAS_MAX_RUNS);
    nas_score known[NAS_MAX_RUNS];
    int of[NAS_MAX_RUNS];
    int count = 0;
    for (int i = 0; i < n; i++) {
        if (isnan(scores[i].value))
            continue;
        known[count] = scores[i];
        of[count++] = repeats[i];
    }
    return count == 0 ? scores[0] : count == 1 ? known[0] : mean_of(known, of, count);
}
