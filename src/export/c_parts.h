/* Which files of the runtime a network's C consists of. */
#ifndef NASMITH_EXPORT_C_PARTS_H
#define NASMITH_EXPORT_C_PARTS_H

#include "export/calls.h"
#include "nasmith/export.h"

/* Names of runtime files in the order of emission: `helpers` of them are what kernels are
 * built from, then come the kernels. */
typedef struct nas_c_parts {
    const char *names[NAS_C_MOST_PARTS];
    int n, helpers;
} nas_c_parts;

void nas_c_parts_of(const nas_calls *calls, nas_c_parts *out);

bool nas_kernel_has_window(nas_kernel kernel);
bool nas_kernel_has_recurrent(nas_kernel kernel);
bool nas_kernel_has_heads(nas_kernel kernel);
bool nas_kernel_has_spectrum(nas_kernel kernel);

#endif
