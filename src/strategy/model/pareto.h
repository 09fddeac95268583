/* Points in several objectives, all minimised. Rows of m numbers. */
#ifndef NASMITH_STRATEGY_MODEL_PARETO_H
#define NASMITH_STRATEGY_MODEL_PARETO_H

#include <stdbool.h>
#include <stdint.h>

/* No worse in any objective and better in one. */
bool nas_pareto_dominates(const double *a, const double *b, int m);

/* Non-dominated sorting: 0 for the front, 1 for the front without it, and so on.
 * @param f     [n][m]
 * @param rank  out: [n]
 * Cost O(m n^2) for each front */
void nas_pareto_rank(const double *f, int64_t n, int m, int *rank);

/* Crowding distance within the points of equal rank: the sum over objectives of the gap
 * between both neighbours, as a share of the front's extent; infinite at the ends.
 * @param crowd  out: [n]
 * @param order  [n] scratch */
void nas_pareto_crowd(const double *f, int64_t n, int m, const int *rank, double *crowd,
                      int64_t *order);

/* Volume between the points and a reference that is worse in all objectives; points that
 * are not better than it in each count nothing. By slicing, in any number of objectives.
 * @param f     [n][m], reordered
 * @param room  scratch of n m (m - 1) numbers at least
 * Cost O(n^(m-1)) in the worst case */
double nas_pareto_volume(double *f, int64_t n, int m, const double *reference,
                         double *room);

#endif
