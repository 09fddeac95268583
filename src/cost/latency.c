#include "cost/latency.h"

#include <math.h>
#include <string.h>

/* Names in JSON, by step kind. */
static const char *const kind_names[NAS_STEP_KINDS] = {
    [NAS_STEP_ENCODE] = "encode",
    [NAS_STEP_STANDARDISE] = "standardise",
    [NAS_STEP_SPECTRUM] = "spectrum",
    [NAS_STEP_CONV] = "conv",
    [NAS_STEP_DEPTHWISE] = "depthwise",
    [NAS_STEP_DENSE] = "dense",
    [NAS_STEP_MAX_POOL] = "max_pool",
    [NAS_STEP_AVG_POOL] = "avg_pool",
    [NAS_STEP_GLOBAL_AVG_POOL] = "global_avg_pool",
    [NAS_STEP_AFFINE] = "affine",
    [NAS_STEP_ACTIVATION] = "activation",
    [NAS_STEP_LSTM] = "lstm",
    [NAS_STEP_GRU] = "gru",
    [NAS_STEP_LAYER_NORM] = "layer_norm",
    [NAS_STEP_GROUP_NORM] = "group_norm",
    [NAS_STEP_TOKENS] = "tokens",
    [NAS_STEP_POSITIONS] = "positions",
    [NAS_STEP_ATTENTION] = "attention",
    [NAS_STEP_ADD] = "add",
    [NAS_STEP_MUL] = "mul",
    [NAS_STEP_GLOBAL_MAX_POOL] = "global_max_pool",
    [NAS_STEP_CONCAT] = "concat",
    [NAS_STEP_SLICE] = "slice",
#define CURVE_NAME(upper, lower) [NAS_STEP_##upper] = #lower,
    NAS_CURVE_LIST(CURVE_NAME)
#undef CURVE_NAME
        [NAS_STEP_SOFTMAX] = "softmax",
};

static int class_of(int64_t value, int64_t first, int64_t second, int64_t third)
{
    return value < first ? 0 : value < second ? 1 : value < third ? 2 : 3;
}

static int64_t window_of(const nas_value *attr)
{
    return attr[NAS_ATTR_KERNEL_H].i * attr[NAS_ATTR_KERNEL_W].i;
}

/* Length of the dot products the shipped kernel computes in one run. */
static int64_t dot_length(const nas_step *step, const nas_value *attr)
{
    if (step->kind == NAS_STEP_DENSE)
        return nas_shape_count(step->in);
    int64_t groups = attr[NAS_ATTR_CONV_GROUPS].i;
    int64_t depth = step->in.c / groups;
    bool joined = groups == 1 && attr[NAS_ATTR_DILATION_W].i == 1;
    return joined ? depth * attr[NAS_ATTR_KERNEL_W].i : depth;
}

static int dot_class(const nas_step *step, const nas_value *attr)
{
    int64_t outputs = step->kind == NAS_STEP_DENSE
                          ? step->out.c
                          : step->out.c / attr[NAS_ATTR_CONV_GROUPS].i;
    if (outputs < 8)
        return outputs < 4 ? 0 : 1;
    return dot_length(step, attr) < 24 ? 2 : 3;
}

int nas_latency_class(const nas_graph *graph, const nas_step *step, int64_t *units)
{
    const nas_value *attr = nas_graph_node(graph, step->node)->attr;
    int64_t out = nas_shape_count(step->out);
    switch (step->kind) {
    case NAS_STEP_CONV:
    case NAS_STEP_DENSE:
        *units = nas_graph_node_macs(graph, step->node);
        return dot_class(step, attr);
    case NAS_STEP_DEPTHWISE:
        *units = nas_graph_node_macs(graph, step->node);
        return step->out.c < 4 ? 0 : class_of(window_of(attr), 1, 6, 16);
    case NAS_STEP_SPECTRUM:
        *units = nas_graph_node_macs(graph, step->node);
        return class_of(attr[NAS_ATTR_SPECTRUM_WINDOW].i, 65, 257, 1025);
    case NAS_STEP_LSTM:
    case NAS_STEP_GRU:
        *units = nas_graph_node_macs(graph, step->node);
        return class_of(attr[NAS_ATTR_RECURRENT_OUT].i, 8, 16, 48);
    case NAS_STEP_ATTENTION: /* channels of a head */
        *units = nas_graph_node_macs(graph, step->node);
        return class_of(step->out.c / attr[NAS_ATTR_ATTENTION_HEADS].i, 5, 9, 17);
    case NAS_STEP_MAX_POOL:
    case NAS_STEP_AVG_POOL:
        *units = out * window_of(attr);
        return class_of(window_of(attr), 5, 10, 17);
    case NAS_STEP_GLOBAL_AVG_POOL:
    case NAS_STEP_GLOBAL_MAX_POOL:
        *units = nas_shape_count(step->in);
        return class_of(*units, 256, 1024, 4096);
    default:
        *units = out;
        return class_of(*units, 256, 1024, 4096);
    }
}

/* The caller's sample is copied in and the result out: each like a concat. */
static double copy_ns(const nas_latency_table *table, nas_shape shape)
{
    int64_t units = nas_shape_count(shape);
    int size = class_of(units, 256, 1024, 4096);
    return table->ns_per_step + (double)units * table->ns_per_unit[NAS_STEP_CONCAT][size];
}

static double step_ns(const nas_latency_table *table, const nas_program *program, int s)
{
    const nas_step *step = &program->steps[s];
    int64_t units = 0;
    int size = nas_latency_class(program->graph, step, &units);
    return table->ns_per_step + (double)units * table->ns_per_unit[step->kind][size];
}

double nas_latency_step(const nas_latency_table *table, const nas_program *program,
                        int step)
{
    return table->known ? step_ns(table, program, step) * 1e-6 : -1.0;
}

double nas_latency_predict(const nas_latency_table *table, const nas_program *program)
{
    if (!table->known)
        return -1.0;
    if (table->device.clock_mhz > 0.0)
        return nas_device_predict(&table->device, program);
    double ns = copy_ns(table, nas_graph_input_shape(program->graph)) +
                copy_ns(table, nas_graph_output_shape(program->graph));
    for (int s = 0; s < program->n_steps; s++)
        ns += step_ns(table, program, s);
    return ns * 1e-6;
}

/* ---- JSON ------------------------------------------------------------------------ */

void nas_latency_write_json(const nas_latency_table *table, nas_json *json)
{
    if (!table->known) {
        nas_json_null(json);
        return;
    }
    nas_json_object_begin(json);
    if (table->device.clock_mhz > 0.0) {
        nas_device_write_json(&table->device, json);
        nas_json_object_end(json);
        return;
    }
    nas_json_key_real(json, "ns_per_step", table->ns_per_step);
    nas_json_key(json, "ns_per_unit");
    nas_json_object_begin(json);
    for (int kind = 0; kind < NAS_STEP_KINDS; kind++) {
        nas_json_key(json, kind_names[kind]);
        nas_json_array_begin(json);
        for (int size = 0; size < NAS_LATENCY_CLASSES; size++)
            nas_json_real(json, table->ns_per_unit[kind][size]);
        nas_json_array_end(json);
    }
    nas_json_object_end(json);
    nas_json_object_end(json);
}

static nas_status read_time(const json_t *value, const char *what, double *out,
                            nas_err *err)
{
    *out = json_number_value(value);
    if (!json_is_number(value) || !isfinite(*out) || *out < 0.0)
        return nas_fail(err, NAS_E_CONFIG,
                        "latency table: %s is not a time in nanoseconds", what);
    return NAS_OK;
}

static nas_status read_table(const json_t *value, nas_latency_table *out, nas_err *err)
{
    const json_t *device = json_object_get(value, "device");
    out->known = true;
    if (device != NULL)
        return nas_device_read_json(device, &out->device, err);
    const json_t *units = json_object_get(value, "ns_per_unit");
    NAS_TRY(read_time(json_object_get(value, "ns_per_step"), "ns_per_step",
                      &out->ns_per_step, err));
    if (!json_is_object(units))
        return nas_fail(err, NAS_E_CONFIG, "latency table: no `ns_per_unit`");
    for (int kind = 0; kind < NAS_STEP_KINDS; kind++) {
        const json_t *row = json_object_get(units, kind_names[kind]);
        if (row == NULL) /* written before this kind was known: its networks lack it */
            continue;
        for (int size = 0; size < NAS_LATENCY_CLASSES; size++)
            NAS_TRY(read_time(json_array_get(row, (size_t)size), kind_names[kind],
                              &out->ns_per_unit[kind][size], err));
    }
    return NAS_OK;
}

nas_status nas_latency_read_json(const json_t *value, nas_latency_table *out,
                                 nas_err *err)
{
    *out = (nas_latency_table){0};
    if (value == NULL || json_is_null(value))
        return NAS_OK;
    nas_latency_table table = {0};
    NAS_TRY(read_table(value, &table, err));
    *out = table;
    return NAS_OK;
}
