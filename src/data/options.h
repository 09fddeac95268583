/* What the user may ask of the data. */
#ifndef NASMITH_DATA_OPTIONS_H
#define NASMITH_DATA_OPTIONS_H

#include "nasmith/data.h"

/* @return NAS_E_USAGE for a value outside its range */
nas_status nas_data_options_check(const nas_data_options *options, nas_err *err);

/* Tell the caller how far a step is.
 * @return NAS_E_INTERRUPTED when it wants to stop */
nas_status nas_data_tell(const nas_data_options *options, nas_data_progress progress,
                         nas_err *err);

/* "32x48" (height, width) or "32". @param text  NULL gives 0 and 0
 * @return NAS_E_USAGE */
nas_status nas_image_size_parse(const char *text, int64_t *height, int64_t *width,
                                nas_err *err);

#endif
