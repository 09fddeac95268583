/* Checks that need to see every row: values, constant columns, duplicates, classes. */
#ifndef NASMITH_DATA_INSPECT_H
#define NASMITH_DATA_INSPECT_H

#include "data/source.h"

/* What one pass over the inputs collects. */
typedef struct nas_inspection {
    nas_shape shape;
    nas_element element;
    int64_t n_seen;
    const nas_column *columns; /* [shape.c] where values may be missing or codes of
                                  categories, else NULL; set by the caller */
    float *low, *high;         /* [shape.c] */
    float *last;               /* [shape.c] value of the row before, tables only */
    bool *counts_up;           /* [shape.c] every value is the one before plus 1 */
    uint64_t *hashes;          /* heap, [n] of each row's bytes */
} nas_inspection;

/* Release with nas_inspection_free. @param n  rows that will come */
nas_status nas_inspection_init(nas_inspection *inspection, nas_arena *arena,
                               nas_shape shape, nas_element element, int64_t n,
                               nas_err *err);
void nas_inspection_free(nas_inspection *inspection); /* a zeroed one is fine */

/* @return NAS_E_DATA naming the first of n values that is NaN or infinite */
nas_status nas_inspect_finite(const float *values, int64_t n, nas_err *err);

/* Add the next row. @return NAS_E_DATA for NaN and infinities */
nas_status nas_inspection_add(nas_inspection *inspection, const void *input,
                              nas_err *err);

/* After the last row: refuse data without any varying value; warn about constant and
 * index-like columns and about identical rows.
 * @param rows    final parts (no NAS_PART_ANY) and labels of the same rows
 * @param source  names the columns and takes the warnings */
nas_status nas_inspection_finish(const nas_inspection *inspection, const nas_rows *rows,
                                 nas_source *source, nas_err *err);

/* Check classes or targets before a split: at least two classes, at least two rows of
 * each, a target that varies; warn about imbalance.
 * @param counts  out, [source->n_outputs] rows of each class; may be NULL for regression
 */
nas_status nas_inspect_labels(nas_source *source, const nas_rows *rows, int64_t *counts,
                              nas_err *err);

/* After the split: every class must be in the training part; warn when validation or test
 * lack one. */
nas_status nas_inspect_parts(nas_source *source, const nas_rows *rows, nas_err *err);

#endif
