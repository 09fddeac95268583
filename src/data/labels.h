/* Labels as arrays of numbers or texts: classes or targets. */
#ifndef NASMITH_DATA_LABELS_H
#define NASMITH_DATA_LABELS_H

#include "data/intern.h"
#include "data/source.h"

/* Fill labels or targets of a source whose rows are allocated. One whole number a row is
 * a class, several of which exactly one is 1 and the others 0 a class too; several that
 * are all 0 or 1 are labels; all else are targets.
 * @param values  [rows.n][width]
 * @return NAS_E_DATA for NaN, and where the schema wants classes and finds none */
nas_status nas_labels_from_numbers(nas_source *source, const nas_schema *schema,
                                   const double *values, int64_t width, nas_err *err);

/* The same from texts: numbers with a fraction are targets when the schema wants them.
 * @param texts     distinct labels
 * @param codes     [rows.n] number of each row's text
 * @param declared  the texts' order is that of the classes; false: by number or name */
nas_status nas_labels_from_texts(nas_source *source, const nas_schema *schema,
                                 const nas_intern *texts, const int64_t *codes,
                                 bool declared, nas_err *err);

#endif
