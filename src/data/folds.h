/* Cross-validation: rows that are not tested on, divided into folds. */
#ifndef NASMITH_DATA_FOLDS_H
#define NASMITH_DATA_FOLDS_H

#include "data/split.h"

enum { NAS_MAX_FOLDS = 20 };

typedef struct nas_folds {
    int folds, repeats; /* 1 and 1: no folds */
    uint8_t *of;        /* [repeats][rows->n], test rows 0; NULL without folds */
} nas_folds;

/* Decide on folds and divide the rows; rows->part then says what fold 0 of repeat 0 is
 * trained and validated on. Rows without groups are cut from a stratified order; whole
 * groups go, in random order, each to the fold where sizes and classes stay nearest to
 * even, and the best of 64 draws counts.
 * @param rows       after nas_split_rows
 * @param n_classes  1 for regression
 * @return NAS_E_USAGE, NAS_E_DATA when folds were asked for and cannot be */
nas_status nas_folds_make(nas_rows *rows, int64_t n_classes, nas_split_kind split,
                          const nas_data_options *options, nas_arena *arena,
                          nas_folds *out, nas_err *err);

#endif
