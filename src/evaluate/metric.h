/* What the metrics share: intervals by resampling rows. */
#ifndef NASMITH_EVALUATE_METRIC_H
#define NASMITH_EVALUATE_METRIC_H

#include "nasmith/evaluate.h"

/* A metric that is a function of sums over rows: a row gives a few terms, the sums of
 * which the value is computed from. A resample only has to add terms. */
typedef struct nas_statistic {
    int (*count)(const nas_predictions *p); /* terms per row */
    void (*terms)(const nas_predictions *p, int64_t row, double *out);
    double (*value)(const double *sums, int count, double n);
} nas_statistic;

/* Percentile bootstrap of 1,000 resamples. No score without rows or memory.
 * Cost: O(1000 n count) */
nas_score nas_metric_bootstrap(const nas_statistic *s, const nas_predictions *p,
                               nas_rng rng);

/* The same for a metric that needs all rows at once.
 * @param value  of the rows, each as often as `times` says
 * @param times  [n]
 * Cost: 1,000 calls of value */
nas_score nas_metric_bootstrap_rows(double (*value)(const void *context,
                                                    const int32_t *times),
                                    const void *context, int64_t n, nas_rng rng);

/* @return the class with the largest output of a row */
int32_t nas_metric_predicted(const nas_predictions *p, int64_t row);

/* Of several labels a row: whether label k is right; the share of them. */
bool nas_metric_label_right(const nas_predictions *p, int64_t row, int64_t k);
double nas_metric_labels_row(const nas_predictions *p, int64_t row);

/* ---- metric_classes.c: every class counts the same ---- */

nas_score nas_metric_balanced_accuracy(const nas_predictions *p, nas_rng rng);
nas_score nas_metric_macro_f1(const nas_predictions *p, nas_rng rng);
/* 0 where the row is wrong, else more for a rare class: the mean of these over rows is
 * the balanced accuracy. Cost: O(1) with class_rows, else O(n) */
double nas_metric_balanced_row(const nas_predictions *p, int64_t row);

/* ---- metric_rank.c: only the order of outputs counts ---- */

nas_score nas_metric_auc(const nas_predictions *p, nas_rng rng);
/* How well a row ranks against those of the other side, weighted so that the mean over
 * rows is the AUC, to within the sample of at most 1,000 rows it is compared with (the
 * placements of DeLong et al. 1988, doi:10.2307/2531595). Cost: O(1000 n_outputs) */
double nas_metric_auc_row(const nas_predictions *p, int64_t row);
nas_score nas_metric_spearman(const nas_predictions *p, nas_rng rng);

#endif
