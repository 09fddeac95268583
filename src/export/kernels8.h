/* Running int8 calls of the shipped kernels in this process. */
#ifndef NASMITH_EXPORT_KERNELS8_H
#define NASMITH_EXPORT_KERNELS8_H

#include "export/calls.h"

/* Run one call of an int8 network; otherwise as nas_kernel_run. */
void nas_kernel8_run(const nas_calls *calls, const nas_call *call, int8_t *arena,
                     const int8_t *in, int8_t *out);

/* The conversions around the network, as shipped. */
void nas_kernel8_quantise(nas_shape shape, const float *factor, const float *offset,
                          const float *in, int8_t *out);
void nas_kernel8_dequantise(int64_t count, const float *factor, const float *offset,
                            const int8_t *in, float *out);

#endif
