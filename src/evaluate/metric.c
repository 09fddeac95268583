/* Metrics with 95 % intervals.
 *
 * Accuracy: Wilson's score interval (E. B. Wilson, "Probable inference, the law of
 * succession, and statistical inference", JASA 22(158), 1927,
 * doi:10.1080/01621459.1927.10502953). All others: percentile bootstrap of rows (B.
 * Efron, "Bootstrap methods: another look at the jackknife", Ann. Statist. 7(1), 1979,
 * doi:10.1214/aos/1176344552). */
#include "evaluate/metric.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 1000 };

nas_score nas_score_none(int64_t n)
{
    const double none = (double)NAN;
    return (nas_score){none, none, none, none, n};
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The 2.5 % and 97.5 % percentiles; sorts `values`. */
static void interval(double *values, int n, double *low, double *high)
{
    qsort(values, (size_t)n, sizeof *values, compare_doubles);
    *low = values[n / 40];
    *high = values[n - 1 - n / 40];
}

static double deviation(const double *values, int n)
{
    double mean = 0.0;
    for (int i = 0; i < n; i++)
        mean += values[i] / n;
    double sum = 0.0;
    for (int i = 0; i < n; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return sqrt(sum / (n - 1));
}

/* @param values  [RESAMPLES] */
static void summarise(double *values, nas_score *score)
{
    score->error = deviation(values, RESAMPLES);
    interval(values, RESAMPLES, &score->low, &score->high);
}

static void add_terms(double *sums, const double *terms, int count)
{
    for (int k = 0; k < count; k++)
        sums[k] += terms[k];
}

/* @param terms  [n][count]; @param sums  room for count */
static nas_score resample(const nas_statistic *s, const double *terms, int64_t n,
                          int count, double *sums, nas_rng rng)
{
    memset(sums, 0, (size_t)count * sizeof *sums);
    for (int64_t i = 0; i < n; i++)
        add_terms(sums, terms + i * count, count);
    nas_score score = {.value = s->value(sums, count, (double)n), .n = n};
    double values[RESAMPLES];
    for (int b = 0; b < RESAMPLES; b++) {
        memset(sums, 0, (size_t)count * sizeof *sums);
        for (int64_t i = 0; i < n; i++) {
            int64_t row = (int64_t)nas_rng_below(&rng, (uint64_t)n);
            add_terms(sums, terms + row * count, count);
        }
        values[b] = s->value(sums, count, (double)n);
    }
    summarise(values, &score);
    return score;
}

nas_score nas_metric_bootstrap(const nas_statistic *s, const nas_predictions *p,
                               nas_rng rng)
{
    if (p->n == 0)
        return nas_score_none(0);
    int count = s->count(p);
    double *terms =
        nas_heap_alloc((size_t)p->n * (size_t)count + (size_t)count, sizeof *terms);
    if (terms == NULL)
        return nas_score_none(p->n);
    for (int64_t i = 0; i < p->n; i++)
        s->terms(p, i, terms + i * count);
    nas_score score = resample(s, terms, p->n, count, terms + p->n * count, rng);
    nas_heap_free(terms);
    return score;
}

nas_score nas_metric_bootstrap_rows(double (*value)(const void *context,
                                                    const int32_t *times),
                                    const void *context, int64_t n, nas_rng rng)
{
    double values[RESAMPLES];
    nas_score score = nas_score_none(n);
    int32_t *times = nas_heap_alloc((size_t)n, sizeof *times);
    if (times == NULL)
        return score;
    for (int64_t i = 0; i < n; i++)
        times[i] = 1;
    score.value = value(context, times);
    for (int b = 0; b < RESAMPLES; b++) {
        memset(times, 0, (size_t)n * sizeof *times);
        for (int64_t i = 0; i < n; i++)
            times[nas_rng_below(&rng, (uint64_t)n)]++;
        values[b] = value(context, times);
    }
    nas_heap_free(times);
    summarise(values, &score);
    return score;
}

static int one_term(const nas_predictions *p)
{
    (void)p;
    return 1;
}

static double mean_of_first(const double *sums, int count, double n)
{
    (void)count;
    return sums[0] / n;
}

/* ---- accuracy ------------------------------------------------------------ */

int32_t nas_metric_predicted(const nas_predictions *p, int64_t row)
{
    const float *y = p->outputs + row * p->n_outputs;
    int64_t best = 0;
    for (int64_t k = 1; k < p->n_outputs; k++)
        if (y[k] > y[best])
            best = k;
    return (int32_t)best;
}

bool nas_metric_label_right(const nas_predictions *p, int64_t row, int64_t k)
{
    int64_t at = row * p->n_outputs + k;
    return (p->outputs[at] >= 0.5F) == (p->targets[at] >= 0.5F);
}

double nas_metric_labels_row(const nas_predictions *p, int64_t row)
{
    double hits = 0.0;
    for (int64_t k = 0; k < p->n_outputs; k++)
        hits += nas_metric_label_right(p, row, k) ? 1.0 : 0.0;
    return hits / (double)p->n_outputs;
}

static void labels_terms(const nas_predictions *p, int64_t row, double *out)
{
    out[0] = nas_metric_labels_row(p, row);
}

static bool right(const nas_predictions *p, int64_t row)
{
    return nas_metric_predicted(p, row) == p->labels[row];
}

static nas_score accuracy(const nas_predictions *p, nas_rng rng)
{
    static const nas_statistic of_labels = {one_term, labels_terms, mean_of_first};
    if (p->n == 0)
        return nas_score_none(0);
    if (p->labels == NULL) /* labels of a row are not independent: by rows */
        return nas_metric_bootstrap(&of_labels, p, rng);
    const double z = 1.959963984540054; /* 97.5 % quantile of the normal */
    double n = (double)p->n;
    double hits = 0.0;
    for (int64_t i = 0; i < p->n; i++)
        hits += right(p, i) ? 1.0 : 0.0;
    double share = hits / n;
    double spread = z * z / n;
    double centre = (share + spread / 2.0) / (1.0 + spread);
    double half =
        z * sqrt(share * (1.0 - share) / n + spread / (4.0 * n)) / (1.0 + spread);
    return (nas_score){.value = share,
                       .low = fmax(0.0, centre - half),
                       .high = fmin(1.0, centre + half),
                       .error = sqrt(share * (1.0 - share) / n),
                       .n = p->n};
}

static double accuracy_row(const nas_predictions *p, int64_t row)
{
    if (p->labels == NULL)
        return nas_metric_labels_row(p, row);
    return right(p, row) ? 1.0 : 0.0;
}

/* ---- log loss ------------------------------------------------------------ */

/* Mean over the labels of a row. */
static double log_loss_labels(const nas_predictions *p, int64_t row)
{
    double sum = 0.0;
    for (int64_t k = 0; k < p->n_outputs; k++) {
        int64_t at = row * p->n_outputs + k;
        double chance = (double)p->outputs[at];
        sum += log(fmax(p->targets[at] >= 0.5F ? chance : 1.0 - chance, 1e-15));
    }
    return sum / (double)p->n_outputs;
}

static double log_loss_row(const nas_predictions *p, int64_t row)
{
    if (p->labels == NULL)
        return log_loss_labels(p, row);
    double chance = (double)p->outputs[row * p->n_outputs + p->labels[row]];
    return log(fmax(chance, 1e-15));
}

static void log_loss_terms(const nas_predictions *p, int64_t row, double *out)
{
    out[0] = -log_loss_row(p, row);
}

static nas_score log_loss(const nas_predictions *p, nas_rng rng)
{
    static const nas_statistic s = {one_term, log_loss_terms, mean_of_first};
    return nas_metric_bootstrap(&s, p, rng);
}

/* ---- errors of regression ---------------------------------------------- */

/* Mean over outputs of |error| or of its square. */
static double row_error(const nas_predictions *p, int64_t row, bool squared)
{
    const float *y = p->outputs + row * p->n_outputs;
    const float *t = p->targets + row * p->n_outputs;
    double sum = 0.0;
    for (int64_t k = 0; k < p->n_outputs; k++) {
        double d = (double)y[k] - (double)t[k];
        sum += squared ? d * d : fabs(d);
    }
    return sum / (double)p->n_outputs;
}

static double squared_row(const nas_predictions *p, int64_t row)
{
    return -row_error(p, row, true);
}

static double absolute_row(const nas_predictions *p, int64_t row)
{
    return -row_error(p, row, false);
}

static void squared_terms(const nas_predictions *p, int64_t row, double *out)
{
    out[0] = row_error(p, row, true);
}

static void absolute_terms(const nas_predictions *p, int64_t row, double *out)
{
    out[0] = row_error(p, row, false);
}

static double root_of_mean(const double *sums, int count, double n)
{
    return sqrt(mean_of_first(sums, count, n));
}

static nas_score rmse(const nas_predictions *p, nas_rng rng)
{
    static const nas_statistic s = {one_term, squared_terms, root_of_mean};
    return nas_metric_bootstrap(&s, p, rng);
}

static nas_score mae(const nas_predictions *p, nas_rng rng)
{
    static const nas_statistic s = {one_term, absolute_terms, mean_of_first};
    return nas_metric_bootstrap(&s, p, rng);
}

/* ---- r2 ------------------------------------------------------------------ */

/* Terms: squared error over all outputs; then target and squared target of each output,
 * both relative to row 0 so that a large mean costs no digits. */
static int r2_count(const nas_predictions *p)
{
    return (int)(1 + 2 * p->n_outputs);
}

static void r2_terms(const nas_predictions *p, int64_t row, double *out)
{
    out[0] = row_error(p, row, true) * (double)p->n_outputs;
    const float *t = p->targets + row * p->n_outputs;
    for (int64_t k = 0; k < p->n_outputs; k++) {
        double d = (double)t[k] - (double)p->targets[k];
        out[1 + 2 * k] = d;
        out[2 + 2 * k] = d * d;
    }
}

/* One minus error over the variance of all outputs together; 0 where nothing varies. */
static double r2_value(const double *sums, int count, double n)
{
    double total = 0.0;
    for (int k = 1; k < count; k += 2)
        total += sums[k + 1] - sums[k] * sums[k] / n;
    return total > 0.0 ? 1.0 - sums[0] / total : 0.0;
}

static nas_score r2(const nas_predictions *p, nas_rng rng)
{
    static const nas_statistic s = {r2_count, r2_terms, r2_value};
    return nas_metric_bootstrap(&s, p, rng);
}

/* ---- registry ---------------------------------------------------------- */

/* Fields after the row function: squared rows, anomalies, labels, classes alike. */
static const nas_metric METRICS[] = {
    {"accuracy", "share of rows whose most probable class is right, or of labels",
     NAS_TASK_CLASSIFICATION, true, true, accuracy, accuracy_row, false, false, true,
     false},
    {"balanced_accuracy", "mean over classes of the share of its rows that is right",
     NAS_TASK_CLASSIFICATION, true, true, nas_metric_balanced_accuracy,
     nas_metric_balanced_row, false, false, false, true},
    {"macro_f1", "mean over classes or labels of F1, from precision and recall",
     NAS_TASK_CLASSIFICATION, true, true, nas_metric_macro_f1, nas_metric_balanced_row,
     false, false, true, true},
    {"auc", "chance that a row of a class ranks above another, mean over classes",
     NAS_TASK_CLASSIFICATION, true, false, nas_metric_auc, nas_metric_auc_row, false,
     true, true, false},
    {"log_loss", "mean negative log-probability of the true class",
     NAS_TASK_CLASSIFICATION, false, false, log_loss, log_loss_row, false, false, true,
     false},
    {"rmse", "root mean squared error in units of the target", NAS_TASK_REGRESSION, false,
     false, rmse, squared_row, true, false, false, false},
    {"mae", "mean absolute error in units of the target", NAS_TASK_REGRESSION, false,
     false, mae, absolute_row, false, false, false, false},
    {"r2", "share of the target's variance that is explained", NAS_TASK_REGRESSION, true,
     false, r2, squared_row, true, false, false, false},
    {"spearman", "correlation of the ranks of outputs and targets", NAS_TASK_REGRESSION,
     true, false, nas_metric_spearman, squared_row, true, false, false, false},
};
enum { N_METRICS = sizeof METRICS / sizeof METRICS[0] };

const nas_metric *nas_metric_at(int index)
{
    return index >= 0 && index < N_METRICS ? &METRICS[index] : NULL;
}

const nas_metric *nas_metric_find(const char *name)
{
    for (int i = 0; i < N_METRICS; i++)
        if (strcmp(METRICS[i].name, name) == 0)
            return &METRICS[i];
    return NULL;
}

bool nas_metric_fits(const nas_metric *metric, nas_task task)
{
    return metric->task == task || (task == NAS_TASK_MULTILABEL && metric->labels) ||
           (task == NAS_TASK_ANOMALY && metric->anomalies);
}

const nas_metric *nas_metric_default(nas_task task)
{
    return nas_metric_find(task == NAS_TASK_REGRESSION   ? "rmse"
                           : task == NAS_TASK_MULTILABEL ? "macro_f1"
                           : task == NAS_TASK_ANOMALY    ? "auc"
                                                         : "accuracy");
}

bool nas_metric_tied(const double *a, const double *b, int64_t n, nas_rng rng)
{
    if (n == 0)
        return true;
    double means[RESAMPLES];
    for (int r = 0; r < RESAMPLES; r++) {
        double sum = 0.0;
        for (int64_t i = 0; i < n; i++) {
            int64_t row = (int64_t)nas_rng_below(&rng, (uint64_t)n);
            sum += a[row] - b[row];
        }
        means[r] = sum / (double)n;
    }
    double low;
    double high;
    interval(means, RESAMPLES, &low, &high);
    return low <= 0.0 && high >= 0.0;
}
