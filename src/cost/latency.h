/* What measuring and predicting share. */
#ifndef NASMITH_COST_LATENCY_H
#define NASMITH_COST_LATENCY_H

#include "nasmith/cost.h"

/* @param units  out: what the step's time is proportional to
 * @return the class of a step, see nas_latency_table */
int nas_latency_class(const nas_graph *graph, const nas_step *step, int64_t *units);

/* Milliseconds of one inference on a device with a clock. */
double nas_device_predict(const nas_device *device, const nas_program *program);

/* The key "device" with all of it, and back. @return NAS_E_CONFIG */
void nas_device_write_json(const nas_device *device, nas_json *json);
nas_status nas_device_read_json(const json_t *value, nas_device *out, nas_err *err);

#endif
