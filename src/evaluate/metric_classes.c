/* Metrics that are means over classes: rare classes count as much as frequent ones.
 *
 * A row's terms are, for each class k: is it the truth, is it the prediction, is it both.
 * Classes that a resample lacks are left out of its mean. */
#include "evaluate/metric.h"

#include <string.h>

enum { TRUE_ROWS, PREDICTED_ROWS, RIGHT_ROWS, N_COUNTS };

static int class_count(const nas_predictions *p)
{
    return (int)(N_COUNTS * p->n_outputs);
}

/* Each label is a class of its own, which a row may have beside others. */
static void label_terms(const nas_predictions *p, int64_t row, double *out)
{
    for (int64_t k = 0; k < p->n_outputs; k++, out += N_COUNTS) {
        bool truth = p->targets[row * p->n_outputs + k] >= 0.5F;
        bool right = nas_metric_label_right(p, row, k);
        out[TRUE_ROWS] = truth ? 1.0 : 0.0;
        out[PREDICTED_ROWS] = truth == right ? 1.0 : 0.0;
        out[RIGHT_ROWS] = truth && right ? 1.0 : 0.0;
    }
}

static void class_terms(const nas_predictions *p, int64_t row, double *out)
{
    if (p->labels == NULL) {
        label_terms(p, row, out);
        return;
    }
    int32_t label = p->labels[row];
    int32_t guess = nas_metric_predicted(p, row);
    memset(out, 0, (size_t)class_count(p) * sizeof *out);
    out[N_COUNTS * label + TRUE_ROWS] = 1.0;
    out[N_COUNTS * guess + PREDICTED_ROWS] = 1.0;
    out[N_COUNTS * label + RIGHT_ROWS] = label == guess ? 1.0 : 0.0;
}

/* Mean share of a class's rows that are right. */
static double balanced_value(const double *sums, int count, double n)
{
    double sum = 0.0;
    double classes = 0.0;
    (void)n;
    for (int k = 0; k < count; k += N_COUNTS) {
        if (sums[k + TRUE_ROWS] == 0.0)
            continue;
        sum += sums[k + RIGHT_ROWS] / sums[k + TRUE_ROWS];
        classes += 1.0;
    }
    return sum / classes;
}

/* Mean over classes that occur of 2 right / (true + predicted). */
static double f1_value(const double *sums, int count, double n)
{
    double sum = 0.0;
    double classes = 0.0;
    (void)n;
    for (int k = 0; k < count; k += N_COUNTS) {
        double both = sums[k + TRUE_ROWS] + sums[k + PREDICTED_ROWS];
        if (both == 0.0)
            continue;
        sum += 2.0 * sums[k + RIGHT_ROWS] / both;
        classes += 1.0;
    }
    return classes > 0.0 ? sum / classes : 0.0;
}

nas_score nas_metric_balanced_accuracy(const nas_predictions *p, nas_rng rng)
{
    static const nas_statistic s = {class_count, class_terms, balanced_value};
    return nas_metric_bootstrap(&s, p, rng);
}

nas_score nas_metric_macro_f1(const nas_predictions *p, nas_rng rng)
{
    static const nas_statistic s = {class_count, class_terms, f1_value};
    return nas_metric_bootstrap(&s, p, rng);
}

double nas_metric_balanced_row(const nas_predictions *p, int64_t row)
{
    int64_t alike = 0;
    if (p->labels == NULL)
        return nas_metric_labels_row(p, row);
    if (nas_metric_predicted(p, row) != p->labels[row])
        return 0.0;
    if (p->class_rows != NULL)
        alike = p->class_rows[p->labels[row]];
    for (int64_t i = 0; i < p->n && p->class_rows == NULL; i++)
        alike += p->labels[i] == p->labels[row];
    return (double)p->n / ((double)p->n_outputs * (double)alike);
}
