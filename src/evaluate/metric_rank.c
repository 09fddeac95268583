/* Metrics of order.
 *
 * AUC: J. A. Hanley, B. J. McNeil, "The meaning and use of the area under a receiver
 * operating characteristic (ROC) curve", Radiology 143(1), 1982,
 * doi:10.1148/radiology.143.1.7063747: the chance that a row of the class has a larger
 * output than another row, ties count half. With more than two classes: the mean of each
 * class against all others.
 * Spearman: C. Spearman, "The proof and measurement of association between two things",
 * Am. J. Psychol. 15(1), 1904, doi:10.2307/1412159: correlation of ranks, ties share
 * theirs. With several targets: their mean.
 *
 * Rows are sorted once; a resample only changes how often each row counts. */
#include "evaluate/metric.h"

#include <math.h>
#include <stdlib.h>

enum { ROWS_COMPARED = 1000 };

/* Rows of one column of numbers in ascending order. */
typedef struct ranked {
    float value;
    int64_t row;
} ranked;

typedef struct ranking {
    const nas_predictions *p;
    ranked *outputs; /* [n_outputs][n] */
    ranked *targets; /* [n_outputs][n], regression */
    double *rank;    /* [2][n] scratch of Spearman */
} ranking;

static int compare_ranked(const void *a, const void *b)
{
    const ranked *x = a;
    const ranked *y = b;
    if (x->value != y->value)
        return x->value < y->value ? -1 : 1;
    return (x->row > y->row) - (x->row < y->row);
}

/* @param values  [n][width], of which column k */
static void sort_column(const float *values, int64_t n, int64_t width, int64_t k,
                        ranked *out)
{
    for (int64_t i = 0; i < n; i++)
        out[i] = (ranked){values[i * width + k], i};
    qsort(out, (size_t)n, sizeof *out, compare_ranked);
}

static void end_ranking(ranking *r)
{
    nas_heap_free(r->outputs);
    nas_heap_free(r->targets);
    nas_heap_free(r->rank);
}

/* @return false when memory is out */
static bool begin_ranking(const nas_predictions *p, ranking *r)
{
    size_t n = (size_t)p->n;
    size_t k = (size_t)p->n_outputs;
    *r = (ranking){.p = p, .outputs = nas_heap_alloc(n * k, sizeof(ranked))};
    if (p->targets != NULL) {
        r->targets = nas_heap_alloc(n * k, sizeof(ranked));
        r->rank = nas_heap_alloc(2 * n, sizeof(double));
    }
    if (r->outputs == NULL ||
        (p->targets != NULL && (r->targets == NULL || r->rank == NULL)))
        return false;
    for (int64_t c = 0; c < p->n_outputs; c++) {
        sort_column(p->outputs, p->n, p->n_outputs, c, r->outputs + c * p->n);
        if (p->targets != NULL)
            sort_column(p->targets, p->n, p->n_outputs, c, r->targets + c * p->n);
    }
    return true;
}

static nas_score score_ranking(const nas_predictions *p,
                               double (*value)(const void *context, const int32_t *times),
                               nas_rng rng)
{
    ranking r;
    nas_score score = nas_score_none(p->n);
    if (p->n == 0)
        return score;
    if (begin_ranking(p, &r))
        score = nas_metric_bootstrap_rows(value, &r, p->n, rng);
    end_ranking(&r);
    return score;
}

/* ---- AUC ------------------------------------------------------------------------- */

static bool is_of(const nas_predictions *p, int64_t row, int32_t class)
{
    if (p->labels != NULL)
        return p->labels[row] == class;
    return p->targets[row * p->n_outputs + class] >= 0.5F;
}

/* Of one class against the rest. @return false when either is absent */
static bool class_auc(const ranking *r, const int32_t *times, int32_t class, double *out)
{
    const ranked *sorted = r->outputs + class * r->p->n;
    double below = 0.0; /* other rows with smaller outputs */
    double positive = 0.0;
    double pairs = 0.0; /* in the right order */
    for (int64_t i = 0; i < r->p->n;) {
        double inside = 0.0;
        double others = 0.0;
        int64_t end = i;
        for (; end < r->p->n && sorted[end].value == sorted[i].value; end++) {
            bool is_class = is_of(r->p, sorted[end].row, class);
            *(is_class ? &inside : &others) += times[sorted[end].row];
        }
        pairs += inside * (below + others / 2.0);
        positive += inside;
        below += others;
        i = end;
    }
    if (positive == 0.0 || below == 0.0)
        return false;
    *out = pairs / (positive * below);
    return true;
}

/* With two classes one says it all: the outputs of the other are the complement. */
static int32_t first_class(const nas_predictions *p)
{
    return p->labels != NULL && p->n_outputs == 2 ? 1 : 0;
}

static double auc_value(const void *context, const int32_t *times)
{
    const ranking *r = context;
    double sum = 0.0;
    int n = 0;
    for (int32_t k = first_class(r->p); k < r->p->n_outputs; k++) {
        double value;
        if (!class_auc(r, times, k, &value))
            continue;
        sum += value;
        n++;
    }
    return n > 0 ? sum / n : 0.5;
}

/* Of one row in the ranking of one class, see nas_metric_auc_row. */
static double placement(const nas_predictions *p, int64_t row, int32_t class)
{
    bool is_class = is_of(p, row, class);
    float own = p->outputs[row * p->n_outputs + class];
    int64_t stride = (p->n + ROWS_COMPARED - 1) / ROWS_COMPARED;
    double alike = 0.0;
    double other = 0.0;
    double in_order = 0.0;
    for (int64_t i = row % stride; i < p->n; i += stride) {
        float output = p->outputs[i * p->n_outputs + class];
        if (is_of(p, i, class) == is_class) {
            alike += 1.0;
            continue;
        }
        other += 1.0;
        if (own == output)
            in_order += 0.5;
        else if ((own > output) == is_class)
            in_order += 1.0;
    }
    double share = other > 0.0 ? in_order / other : 0.5;
    return share * (alike + other) / (2.0 * alike);
}

/* How far a row is from what the network makes of it: the mean squared error, in units of
 * each output's deviation. */
static double distance(const nas_predictions *p, int64_t row)
{
    const float *y = p->outputs + row * p->n_outputs;
    const float *t = p->targets + row * p->n_outputs;
    double sum = 0.0;
    for (int64_t k = 0; k < p->n_outputs; k++) {
        double d = (double)y[k] - (double)t[k];
        d /= p->deviation != NULL ? (double)p->deviation[k] : 1.0;
        sum += d * d;
    }
    return sum / (double)p->n_outputs;
}

/* Of distances as if they were the probability of being an anomaly. */
static nas_score anomaly_auc(const nas_predictions *p, nas_rng rng)
{
    nas_score score = nas_score_none(p->n);
    float *both = nas_heap_alloc((size_t)p->n * 2, sizeof *both);
    for (int64_t i = 0; both != NULL && i < p->n; i++) {
        both[i] = (float)distance(p, i);
        both[p->n + i] = (float)p->anomalies[i];
    }
    const nas_predictions distances = {.task = NAS_TASK_MULTILABEL,
                                       .n = p->n,
                                       .n_outputs = 1,
                                       .outputs = both,
                                       .targets = both != NULL ? both + p->n : NULL};
    if (both != NULL)
        score = score_ranking(&distances, auc_value, rng);
    nas_heap_free(both);
    return score;
}

double nas_metric_auc_row(const nas_predictions *p, int64_t row)
{
    /* The order of magnitude, not the place: that would take all rows for each. */
    if (p->anomalies != NULL)
        return (p->anomalies[row] != 0 ? 1.0 : -1.0) * log(distance(p, row) + 1e-12);
    double sum = 0.0;
    for (int32_t k = first_class(p); k < p->n_outputs; k++)
        sum += placement(p, row, k);
    return sum / (double)(p->n_outputs - first_class(p));
}

nas_score nas_metric_auc(const nas_predictions *p, nas_rng rng)
{
    return p->anomalies != NULL ? anomaly_auc(p, rng) : score_ranking(p, auc_value, rng);
}

/* ---- Spearman -------------------------------------------------------------------- */

/* @param rank  out, [n] by row; rows that count several times share their ranks */
static void rank_rows(const ranked *sorted, const int32_t *times, int64_t n, double *rank)
{
    double below = 0.0;
    for (int64_t i = 0; i < n;) {
        double inside = 0.0;
        int64_t end = i;
        for (; end < n && sorted[end].value == sorted[i].value; end++)
            inside += times[sorted[end].row];
        for (; i < end; i++)
            rank[sorted[i].row] = below + inside / 2.0;
        below += inside;
    }
}

/* 0 where nothing varies. The mean of the ranks is n / 2 whatever the ties. */
static double rank_correlation(const double *a, const double *b, const int32_t *times,
                               int64_t n)
{
    double mean = (double)n / 2.0;
    double ab = 0.0;
    double aa = 0.0;
    double bb = 0.0;
    for (int64_t i = 0; i < n; i++) {
        ab += times[i] * (a[i] - mean) * (b[i] - mean);
        aa += times[i] * (a[i] - mean) * (a[i] - mean);
        bb += times[i] * (b[i] - mean) * (b[i] - mean);
    }
    return aa > 0.0 && bb > 0.0 ? ab / sqrt(aa * bb) : 0.0;
}

static double spearman_value(const void *context, const int32_t *times)
{
    const ranking *r = context;
    int64_t n = r->p->n;
    double sum = 0.0;
    for (int64_t k = 0; k < r->p->n_outputs; k++) {
        rank_rows(r->outputs + k * n, times, n, r->rank);
        rank_rows(r->targets + k * n, times, n, r->rank + n);
        sum += rank_correlation(r->rank, r->rank + n, times, n);
    }
    return sum / (double)r->p->n_outputs;
}

nas_score nas_metric_spearman(const nas_predictions *p, nas_rng rng)
{
    return score_ranking(p, spearman_value, rng);
}
