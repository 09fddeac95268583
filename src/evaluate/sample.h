/* Which rows a training sees, in which order, and what is fitted on them. */
#ifndef NASMITH_EVALUATE_SAMPLE_H
#define NASMITH_EVALUATE_SAMPLE_H

#include "nasmith/arena.h"
#include "nasmith/data.h"
#include "nasmith/rng.h"

/* A random order of rows in which every prefix is a stratified sample of them
 * (classification; regression: any order). Prefixes are nested by construction.
 * @param out  [n], in the arena
 * @return NAS_E_NOMEM. Cost: O(n log n). */
nas_status nas_sample_permutation(const nas_dataset *data, const int64_t *rows, int64_t n,
                                  nas_rng rng, nas_arena *arena, int64_t **out,
                                  nas_err *err);

/* Rows of a fraction: at least one, at most all. */
int64_t nas_sample_size(int64_t n, double fraction);

/* Inverse class frequencies over rows: between 1/10 and 10 times the unweighted, mean 1
 * over the rows; classes without rows get 1. @param out  [data->n_outputs] */
void nas_sample_class_weights(const nas_dataset *data, const int64_t *rows, int64_t n,
                              float *out);

/* Mean and deviation of each target over rows; a constant target gets deviation 1.
 * @param mean, deviation  [data->n_outputs] each */
void nas_sample_targets(const nas_dataset *data, const int64_t *rows, int64_t n,
                        float *mean, float *deviation);

#endif
