#include "nasmith/cost.h"

#include "graph/spectrum.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { INT8_CHANNEL_BYTES = 9 /* int32 bias, int32 multiplier, int8 shift */ };

static int64_t round_to_words(int64_t bytes)
{
    return (bytes + 3) / 4 * 4;
}

/* Constants of a step in flash. */
static int64_t step_flash(const nas_program *program, const nas_step *step)
{
    int64_t kernel;
    int64_t bias;
    const nas_node *node = nas_graph_node(program->graph, step->node);
    int64_t bytes = (int64_t)sizeof(float) * node->n_constants;
    if (step->kind == NAS_STEP_SPECTRUM) {
        const nas_rt_spectrum_plan plan = nas_spectrum_plan(node, step->in);
        bytes += (int64_t)sizeof(float) * nas_spectrum_table_floats(&plan);
    }
    nas_program_weight_sizes(program, step, &kernel, &bias);
    if (program->dtype == NAS_INT8)
        return bytes + round_to_words(kernel) + INT8_CHANNEL_BYTES * bias;
    return bytes + (int64_t)sizeof(float) * (kernel + bias);
}

/* Code of each kernel with its helpers: x86-64, gcc 12 -O2, rounded up; -Os and Thumb-2
 * are smaller. Every program has the start, load, store and softmax. */
static const int64_t kernel_code[NAS_STEP_KINDS] = {
    [NAS_STEP_ENCODE] = 256,     [NAS_STEP_STANDARDISE] = 96,
    [NAS_STEP_CONV] = 1024,      [NAS_STEP_DEPTHWISE] = 1024,
    [NAS_STEP_DENSE] = 320,      [NAS_STEP_MAX_POOL] = 384,
    [NAS_STEP_AVG_POOL] = 384,   [NAS_STEP_GLOBAL_AVG_POOL] = 96,
    [NAS_STEP_AFFINE] = 96,      [NAS_STEP_ACTIVATION] = 64,
    [NAS_STEP_ADD] = 160,        [NAS_STEP_LEAKY_RELU] = 64,
    [NAS_STEP_HARD_SWISH] = 128, [NAS_STEP_SIGMOID] = 320,
    [NAS_STEP_TANH] = 352,       [NAS_STEP_SILU] = 336,
    [NAS_STEP_GELU] = 368,       [NAS_STEP_SPECTRUM] = 2048,
    [NAS_STEP_LSTM] = 1280,      [NAS_STEP_GRU] = 1280,
    [NAS_STEP_LAYER_NORM] = 320, [NAS_STEP_GROUP_NORM] = 384,
    [NAS_STEP_TOKENS] = 96,      [NAS_STEP_POSITIONS] = 64,
    [NAS_STEP_ATTENTION] = 640,  [NAS_STEP_HARD_SIGMOID] = 128,
    [NAS_STEP_MUL] = 256,        [NAS_STEP_GLOBAL_MAX_POOL] = 96,
    [NAS_STEP_CONCAT] = 96,      [NAS_STEP_SOFTMAX] = 0,
};

enum {
    BASE_CODE = 1408,     /* start, load, store, softmax, dot products */
    STEP_CODE = 64,       /* a call */
    STEP_PARAMETERS = 72, /* and its constant parameters */
};

static int64_t count_code(const nas_program *program)
{
    bool used[NAS_STEP_KINDS] = {false};
    int64_t bytes = BASE_CODE;
    for (int s = 0; s < program->n_steps; s++) {
        const nas_step *step = &program->steps[s];
        int64_t calls = step->kind == NAS_STEP_CONCAT ? step->n_inputs
                        : step->kind == NAS_STEP_ADD  ? step->n_inputs - 1
                                                      : 1;
        bytes += calls * (STEP_CODE + STEP_PARAMETERS);
        if (!used[step->kind])
            bytes += kernel_code[step->kind];
        used[step->kind] = true;
    }
    return bytes;
}

/* Flash depends on the steps alone, so it is known even when the planner stopped early.
 */
static int64_t count_flash(const nas_program *program)
{
    int64_t bytes = count_code(program);
    for (int s = 0; s < program->n_steps; s++)
        bytes += step_flash(program, &program->steps[s]);
    return bytes;
}

static nas_status count(const nas_graph *graph, const nas_program_options *options,
                        const nas_latency_table *latency, nas_arena *arena, nas_cost *out,
                        nas_err *err)
{
    nas_program *program = NULL;
    NAS_TRY(nas_program_build(graph, options, arena, &program, err));
    out->arena_bytes = program->arena_bytes;
    out->ram_bytes = program->arena_bytes + NAS_COST_STACK_BYTES;
    out->flash_bytes = count_flash(program);
    bool rejected = options->reject_above_bytes > 0 &&
                    program->arena_bytes > options->reject_above_bytes;
    if (latency != NULL && !rejected)
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
    if (limits != NULL && limits->ram_bytes > 0) {
        int64_t room = limits->ram_bytes - NAS_COST_STACK_BYTES;
        options.reject_above_bytes = room > 0 ? room : 1;
    }
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
