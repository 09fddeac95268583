/* Statistics of repeated runs: means with intervals, paired tests, rank correlation,
 * hypervolume. Everything that is printed about several runs is computed here. */
#ifndef NASMITH_STATS_H
#define NASMITH_STATS_H

#include "nasmith/arena.h"
#include "nasmith/rng.h"

#include <stdbool.h>
#include <stdint.h>

/* Of n values; NaN when there are none (the deviation: fewer than two). */
double nas_stats_mean(const double *values, int64_t n);
double nas_stats_deviation(const double *values, int64_t n); /* n - 1 */

/* Quantile of sorted values, linear between neighbours. @param q  [0, 1] */
double nas_stats_quantile(const double *sorted, int64_t n, double q);

/* Sort ascending; values must not be NaN. Cost O(n log n). */
void nas_stats_sort(double *values, int64_t n);

/* Mean of the middle half of sorted values; those on the border count in part. */
double nas_stats_interquartile_mean(const double *sorted, int64_t n);

/* A 95 % interval. */
typedef struct nas_band {
    double low, high;
} nas_band;

/* Percentile bootstrap of the mean: `resamples` samples of n with replacement.
 * @param arena  for `resamples` doubles
 * @return NaN bounds when n is 0 or memory is out */
nas_band nas_stats_bootstrap_mean(const double *values, int64_t n, int resamples,
                                  nas_rng rng, nas_arena *arena);

/* Wilcoxon's signed-rank test of pairs, two-sided, normal approximation with continuity
 * and tie corrections; pairs that are equal do not count.
 * @param arena  for scratch
 * @return the p-value; 1 when fewer than six pairs differ; NaN when memory is out */
double nas_stats_wilcoxon(const double *a, const double *b, int64_t n, nas_arena *arena);

/* Holm's correction for n tests, in place. @param arena  for scratch
 * @return false when memory is out */
bool nas_stats_holm(double *p, int n, nas_arena *arena);

/* Vargha and Delaney's A12: probability that a value of `a` is larger than one of `b`,
 * ties counting half. Cost O(n m). */
double nas_stats_superiority(const double *a, int64_t n, const double *b, int64_t m);

/* Rank correlation of pairs: Kendall's tau-b (cost O(n^2)) and Spearman's rho.
 * @return NaN when either side is constant, or memory is out */
double nas_stats_kendall(const double *a, const double *b, int64_t n);
double nas_stats_spearman(const double *a, const double *b, int64_t n, nas_arena *arena);

/* Area dominated by points, both coordinates minimised, up to a reference point; points
 * beyond it count for nothing.
 * @param xy     [n][2]; sorted in place
 * Cost O(n log n) */
double nas_stats_hypervolume(double *xy, int64_t n, const double reference[2]);

#endif
