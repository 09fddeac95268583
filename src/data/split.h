/* Which row is trained on, validated on, tested on. */
#ifndef NASMITH_DATA_SPLIT_H
#define NASMITH_DATA_SPLIT_H

#include "data/source.h"
#include "nasmith/rng.h"

typedef struct nas_split_how {
    nas_split_kind kind;
    bool test_from_files;
} nas_split_how;

/* Decide the part of every row whose file does not say it: rows->part holds no
 * NAS_PART_ANY afterwards. Parts that files name stay; validation is taken from the rest
 * by options->validation, test too where no file is one.
 *
 * Rows without groups: systematic sampling, the i-th of n shuffled rows of class c has
 * the key (i + u_c) / n, and parts are cut from the rows in order of keys; so every part
 * has every class in proportion, to within one row. Rows with groups: whole groups at
 * random, the best of 64 draws by class proportions and sizes.
 * Rows with times: the first are trained on, the last tested on; rows of one time stay
 * together.
 * @param n_classes  1 for regression: plain shuffling
 * @return NAS_E_DATA when there are too few rows or groups */
nas_status nas_split_rows(nas_rows *rows, int64_t n_classes,
                          const nas_data_options *options, nas_arena *arena,
                          nas_split_how *out, nas_err *err);

/* Count test rows whose group also has rows in another part. */
nas_status nas_split_shared_groups(const nas_rows *rows, nas_arena *arena, int64_t *out,
                                   nas_err *err);

/* Put rows into an order whose every prefix is a stratified sample of them.
 * @param labels  by row; NULL: any order
 * @param pool    [n] rows, reordered in place */
nas_status nas_split_stratify(const int32_t *labels, int64_t n_classes, nas_rng rng,
                              int64_t *pool, int64_t n, nas_err *err);

/* Number the groups of some rows from 0.
 * @param group_of  out, [n] of the rows of `pool`, in the arena */
nas_status nas_split_number_groups(const int32_t *groups, const int64_t *pool, int64_t n,
                                   nas_arena *arena, int64_t **group_of,
                                   int64_t *n_groups, nas_err *err);

/* The training rows in an order whose every prefix is a stratified sample.
 * @param out  [*n] row indices in the arena */
nas_status nas_split_train_order(const nas_rows *rows, int64_t n_classes, uint64_t seed,
                                 nas_arena *arena, int64_t **out, int64_t *n,
                                 nas_err *err);

#endif
