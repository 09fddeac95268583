/* Pictures of single rows of the data, for those who ask for them. */
#ifndef NASMITH_REPORT_EXAMPLE_H
#define NASMITH_REPORT_EXAMPLE_H

#include "report.h"

/* An image row as a PNG in a data URI, in the text of the report; channels beyond three
 * are left out, and so is everything when the prepared data are gone. Values are spread
 * over the row's own range.
 * @return NAS_E_NOMEM */
nas_status nas_example_draw(const nas_report *report, int64_t row, nas_err *err);

/* A grey or RGB picture as the bytes of a PNG file.
 * @param pixels  [height][width][channels], channels 1 or 3 */
nas_status nas_png_encode(const uint8_t *pixels, int64_t width, int64_t height,
                          int64_t channels, nas_text *out, nas_err *err);

#endif
