/* Running calls of the shipped kernels in this process. */
#ifndef NASMITH_EXPORT_KERNELS_H
#define NASMITH_EXPORT_KERNELS_H

#include "export/calls.h"

/* Run one call.
 * @param arena  calls->program->arena_bytes
 * @param in, out  the caller's sample and result; read and written only by calls that say
 *                 NAS_AT_CALLER */
void nas_kernel_run(const nas_calls *calls, const nas_call *call, float *arena,
                    const float *in, float *out);

#endif
