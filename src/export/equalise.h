/* Cross-layer equalisation before int8. */
#ifndef NASMITH_EXPORT_EQUALISE_H
#define NASMITH_EXPORT_EQUALISE_H

#include "export/calibrate.h"
#include "nasmith/plan.h"

/* Scale channels between layers, so that small ones do not share the scale of large ones;
 * what the network computes in floats stays.
 * @param statistics  of the network, by node
 * @param weights     the graph's flat vector, changed in place
 * @param channels    out: how many were scaled
 * @return NAS_E_NOMEM */
nas_status nas_equalise(const nas_program *program, const nas_statistics *statistics,
                        float *weights, int64_t *channels, nas_err *err);

#endif
