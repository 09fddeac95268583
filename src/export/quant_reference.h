/* One step of the int8 reference interpreter, for comparing layer by layer. */
#ifndef NASMITH_EXPORT_QUANT_REFERENCE_H
#define NASMITH_EXPORT_QUANT_REFERENCE_H

#include "export/quant.h"

/* @param inputs  [n_inputs] tensors in the graph's order; @param out  the result's */
void nas_quant_reference_step(const nas_quant *quant, int step,
                              const int8_t *const *inputs, int8_t *out);

#endif
