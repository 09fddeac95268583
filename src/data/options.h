/* What the user may ask of the data. */
#ifndef NASMITH_DATA_OPTIONS_H
#define NASMITH_DATA_OPTIONS_H

#include "nasmith/data.h"

/* @return NAS_E_USAGE for a value outside its range */
nas_status nas_data_options_check(const nas_data_options *options, nas_err *err);

#endif
