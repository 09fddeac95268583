/* Comparing outputs of an exported network with the engine's. */
#ifndef NASMITH_EXPORT_COMPARE_H
#define NASMITH_EXPORT_COMPARE_H

#include "nasmith/export.h"

/* Count one row in. `out` starts zeroed. */
void nas_compare_row(nas_verify_result *out, const float *found, const float *expected,
                     int64_t outputs, bool classes);

/* @return NAS_E_VERIFY when the errors are beyond what may be called equal */
nas_status nas_compare_status(const nas_verify_result *result, const char *what,
                              nas_err *err);

#endif
