/* Pictures of single rows of the data, for those who ask for them. */
#ifndef NASMITH_REPORT_EXAMPLE_H
#define NASMITH_REPORT_EXAMPLE_H

#include "report.h"

/* A row in the text of the report: an image as a PNG in a data URI, channels beyond three
 * left out, values spread over the row's own range; a series as curves. Nothing for a
 * table, or when the prepared data are gone.
 * @param map  [n_map] what the answer hangs on, drawn with a series of as many steps;
 * NULL = none
 * @return NAS_E_NOMEM */
nas_status nas_example_draw(const nas_report *report, int64_t row, const double *map,
                            int64_t n_map, nas_err *err);

/* The curves of a series, with their table; the first six channels.
 * @param values  [C][W]; @param map  [W] or NULL */
nas_status nas_example_series(const nas_report *report, const char *title,
                              const float *values, nas_shape shape, const double *map,
                              nas_err *err);

/* A grey or RGB picture as the bytes of a PNG file.
 * @param pixels  [height][width][channels], channels 1 or 3 */
nas_status nas_png_encode(const uint8_t *pixels, int64_t width, int64_t height,
                          int64_t channels, nas_text *out, nas_err *err);

#endif
