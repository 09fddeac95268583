/* What the columns of a table become, learned from its training rows. */
#ifndef NASMITH_DATA_LEARN_H
#define NASMITH_DATA_LEARN_H

#include "data/source.h"

/* Read the source once and fix the levels of its categories: the most frequent of the
 * training rows, at most 64, each in at least 3 rows; all others are one unknown level. A
 * column that lacks values in training rows gets an indicator. Sources that share the
 * columns give final codes from here on.
 * @param rows  parts of the source's rows
 * @param out   [shape.c] in the source's arena; NULL when all columns are plain numbers
 *              without missing values */
nas_status nas_columns_learn(nas_source *source, const nas_rows *rows, nas_column **out,
                             nas_err *err);

/* The other way: columns for reading rows for a model. *out NULL where `columns` is. */
nas_status nas_columns_known(const nas_column *columns, int64_t n, nas_arena *arena,
                             nas_source_column **out, nas_err *err);

#endif
