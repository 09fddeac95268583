/* Time and energy of the generated C on a microcontroller, from cycles per operation.
 *
 * cycles = run + sum over steps of (step + units * kind + outputs * output)
 *
 * as cost models of published measurements have it: latency is linear in operations
 * within a kind of layer (Banbury et al., "MicroNets", MLSys 2021), and power hardly
 * depends on the network, so energy is latency times power (the same). */
#include "cost/latency.h"

#include "nasmith/target.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Multiply-accumulates as kernels compute them: four output channels together. */
static double macs_of(const nas_program *program, const nas_step *step)
{
    double macs = (double)nas_graph_node_macs(program->graph, step->node);
    double channels = (double)step->out.c;
    return macs * ceil(channels / 4.0) * 4.0 / channels;
}

static nas_cycle_kind kind_of(const nas_step *step, const nas_value *attr)
{
    switch (step->kind) {
    case NAS_STEP_CONV:
        return attr[NAS_ATTR_KERNEL_H].i * attr[NAS_ATTR_KERNEL_W].i == 1
                   ? NAS_CYCLES_POINTWISE
                   : NAS_CYCLES_CONV;
    case NAS_STEP_DEPTHWISE:
        return NAS_CYCLES_DEPTHWISE;
    case NAS_STEP_DENSE:
        return NAS_CYCLES_DENSE;
    case NAS_STEP_LSTM:
    case NAS_STEP_GRU:
        return NAS_CYCLES_RECURRENT;
    case NAS_STEP_MAX_POOL:
    case NAS_STEP_AVG_POOL:
    case NAS_STEP_GLOBAL_AVG_POOL:
        return NAS_CYCLES_POOL;
    default:
        return NAS_CYCLES_VALUE;
    }
}

/* Elements that a pool reads. */
static double window_elements(const nas_step *step, const nas_value *attr)
{
    if (step->kind == NAS_STEP_GLOBAL_AVG_POOL)
        return (double)nas_shape_count(step->in);
    int64_t window = attr[NAS_ATTR_KERNEL_H].i * attr[NAS_ATTR_KERNEL_W].i;
    return (double)(nas_shape_count(step->out) * window);
}

static double step_cycles(const nas_device *d, const nas_program *program,
                          const nas_step *step)
{
    const nas_value *attr = nas_graph_node(program->graph, step->node)->attr;
    const nas_cycle_kind kind = kind_of(step, attr);
    const double outputs = (double)nas_shape_count(step->out);
    double cycles = d->cycles[NAS_CYCLES_STEP];
    if (kind == NAS_CYCLES_VALUE)
        return cycles + outputs * d->cycles[kind];
    double units =
        kind == NAS_CYCLES_POOL ? window_elements(step, attr) : macs_of(program, step);
    return cycles + units * d->cycles[kind] + outputs * d->cycles[NAS_CYCLES_OUTPUT];
}

double nas_device_predict(const nas_device *device, const nas_program *program)
{
    double cycles = device->cycles[NAS_CYCLES_RUN];
    for (int s = 0; s < program->n_steps; s++)
        cycles += step_cycles(device, program, &program->steps[s]);
    if (program->dtype == NAS_FLOAT32)
        cycles *= device->float_factor;
    return cycles / (1000.0 * device->clock_mhz);
}

nas_device_estimate nas_device_estimate_of(const nas_device *device, double latency_ms)
{
    return (nas_device_estimate){
        .low_ms = latency_ms * (1.0 - device->spread),
        .high_ms = latency_ms * (1.0 + device->spread),
        .millijoules =
            device->milliwatts > 0.0 ? latency_ms * device->milliwatts / 1000.0 : -1.0};
}

void nas_device_text(const nas_device *device, double latency_ms, char *out, size_t size)
{
    nas_device_estimate e = nas_device_estimate_of(device, latency_ms);
    char energy[32] = "";
    if (e.millijoules >= 0.0)
        (void)snprintf(energy, sizeof energy, ", %.3g mJ", e.millijoules);
    (void)snprintf(out, size, "%.3g ms (%.3g to %.3g)%s an inference on %s, estimated",
                   latency_ms, e.low_ms, e.high_ms, energy, device->name);
}

/* ---- JSON ------------------------------------------------------------------------- */

void nas_device_write_json(const nas_device *device, nas_json *json)
{
    nas_json_key(json, "device");
    nas_json_object_begin(json);
    nas_json_key_string(json, "name", device->name);
    nas_json_key_real(json, "clock_mhz", device->clock_mhz);
    nas_json_key_real(json, "power_mw", device->milliwatts);
    nas_json_key_real(json, "spread", device->spread);
    nas_json_key_real(json, "float", device->float_factor);
    nas_json_key_string(json, "code", device->code);
    for (int kind = 0; kind < NAS_CYCLE_KINDS; kind++)
        nas_json_key_real(json, nas_target_cycle_params[kind].name, device->cycles[kind]);
    nas_json_object_end(json);
}

static nas_status read_number(const json_t *object, const char *key, double *out,
                              nas_err *err)
{
    const json_t *value = json_object_get(object, key);
    *out = json_number_value(value);
    if (!json_is_number(value) || !isfinite(*out) || *out < 0.0)
        return nas_fail(err, NAS_E_CONFIG, "device: %s is not a number from 0 on", key);
    return NAS_OK;
}

nas_status nas_device_read_json(const json_t *value, nas_device *out, nas_err *err)
{
    const char *name = json_string_value(json_object_get(value, "name"));
    const char *code = json_string_value(json_object_get(value, "code"));
    (void)snprintf(out->name, sizeof out->name, "%s", name != NULL ? name : "");
    (void)snprintf(out->code, sizeof out->code, "%s", code != NULL ? code : "");
    NAS_TRY(read_number(value, "clock_mhz", &out->clock_mhz, err));
    if (!(out->clock_mhz > 0.0))
        return nas_fail(err, NAS_E_CONFIG, "device: clock_mhz is not above 0");
    NAS_TRY(read_number(value, "power_mw", &out->milliwatts, err));
    NAS_TRY(read_number(value, "spread", &out->spread, err));
    NAS_TRY(read_number(value, "float", &out->float_factor, err));
    for (int kind = 0; kind < NAS_CYCLE_KINDS; kind++)
        NAS_TRY(read_number(value, nas_target_cycle_params[kind].name, &out->cycles[kind],
                            err));
    return NAS_OK;
}
