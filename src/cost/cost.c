#include "nasmith/cost.h"

#include "cost/code.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Weights alone: what is known of a network whose planner stopped early. */
static int64_t count_weights(const nas_program *program)
{
    int64_t bytes = 0;
    for (int s = 0; s < program->n_steps; s++) {
        int64_t kernel, bias;
        nas_program_weight_sizes(program, &program->steps[s], &kernel, &bias);
        bytes += kernel + bias;
    }
    return program->dtype == NAS_INT8 ? bytes : (int64_t)sizeof(float) * bytes;
}

static nas_status count_code(nas_program *program, const char *column, nas_arena *arena,
                             nas_cost *out, nas_err *err)
{
    nas_c_size size;
    NAS_TRY(nas_c_count(program, arena, &size, err));
    nas_code code = nas_code_of(&size, program->dtype, column);
    out->ram_bytes = program->arena_bytes + code.stack_bytes;
    out->flash_bytes = size.table_bytes + code.flash_bytes;
    return NAS_OK;
}

static nas_status count(const nas_graph *graph, const nas_program_options *options,
                        const nas_latency_table *latency, nas_arena *arena, nas_cost *out,
                        nas_err *err)
{
    nas_program *program = NULL;
    NAS_TRY(nas_program_build(graph, options, arena, &program, err));
    out->arena_bytes = out->ram_bytes = program->arena_bytes;
    if (options->reject_above_bytes > 0 &&
        program->arena_bytes > options->reject_above_bytes) {
        out->flash_bytes = count_weights(program);
        return NAS_OK;
    }
    NAS_TRY(count_code(program, latency != NULL ? latency->device.code : "", arena, out,
                       err));
    if (latency != NULL)
        out->latency_ms = nas_latency_predict(latency, program);
    return NAS_OK;
}

nas_status nas_cost_of(const nas_graph *graph, nas_dtype dtype,
                       const nas_latency_table *latency, const nas_limits *limits,
                       nas_cost *out, nas_err *err)
{
    *out = (nas_cost){
        .params = nas_graph_params(graph),
        .macs = nas_graph_macs(graph),
        .latency_ms = -1.0,
    };
    nas_program_options options = nas_program_options_default();
    options.dtype = dtype;
    if (limits != NULL)
        options.reject_above_bytes = limits->ram_bytes;
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status = count(graph, &options, latency, arena, out, err);
    nas_arena_free(arena);
    return status;
}

/* ---- limits ---------------------------------------------------------------------- */

const char *nas_limit_name(nas_limit_kind kind)
{
    static const char *const names[] = {"none", "params", "macs",
                                        "ram",  "flash",  "latency"};
    return names[kind];
}

const char *nas_limit_title(nas_limit_kind kind)
{
    static const char *const titles[] = {"none", "parameters", "MACs",
                                         "RAM",  "flash",      "latency"};
    return titles[kind];
}

double nas_limit_cost(const nas_cost *cost, nas_limit_kind kind)
{
    const double values[] = {0.0,
                             (double)cost->params,
                             (double)cost->macs,
                             (double)cost->ram_bytes,
                             (double)cost->flash_bytes,
                             cost->latency_ms};
    return values[kind];
}

double nas_limit_bound(const nas_limits *limits, nas_limit_kind kind)
{
    const double values[] = {0.0,
                             (double)limits->params,
                             (double)limits->macs,
                             (double)limits->ram_bytes,
                             (double)limits->flash_bytes,
                             limits->latency_ms};
    return values[kind];
}

nas_limit_kind nas_cost_violates(const nas_cost *cost, const nas_limits *limits)
{
    for (int kind = NAS_LIMIT_PARAMS; kind <= NAS_LIMIT_LATENCY; kind++) {
        double bound = nas_limit_bound(limits, (nas_limit_kind)kind);
        if (bound > 0.0 && nas_limit_cost(cost, (nas_limit_kind)kind) > bound)
            return (nas_limit_kind)kind;
    }
    return NAS_LIMIT_NONE;
}

void nas_cost_text(nas_limit_kind kind, double value, char *out, size_t size)
{
    if (kind == NAS_LIMIT_RAM || kind == NAS_LIMIT_FLASH)
        nas_text_bytes(out, size, (int64_t)ceil(value));
    else if (kind != NAS_LIMIT_LATENCY)
        nas_text_count(out, size, value);
    else
        nas_text_ms(out, size, value);
}

nas_cost_words nas_cost_in_words(const nas_cost *cost)
{
    nas_cost_words words;
    char *const out[] = {words.params, words.macs, words.ram, words.flash, words.latency};
    for (int kind = NAS_LIMIT_PARAMS; kind <= NAS_LIMIT_LATENCY; kind++)
        nas_cost_text((nas_limit_kind)kind, nas_limit_cost(cost, (nas_limit_kind)kind),
                      out[kind - NAS_LIMIT_PARAMS], sizeof words.params);
    return words;
}

void nas_cost_write_json(const nas_cost *cost, nas_json *json)
{
    nas_json_key_int(json, "params", cost->params);
    nas_json_key_int(json, "macs", cost->macs);
    nas_json_key_int(json, "arena_bytes", cost->arena_bytes);
    nas_json_key_int(json, "ram_bytes", cost->ram_bytes);
    nas_json_key_int(json, "flash_bytes", cost->flash_bytes);
    nas_json_key(json, "latency_ms");
    if (cost->latency_ms < 0.0)
        nas_json_null(json);
    else
        nas_json_real(json, cost->latency_ms);
}
