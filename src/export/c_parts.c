/* Which files of the runtime a network's C consists of. */
#include "export/c_parts.h"

#include "nasmith/export.h"

bool nas_kernel_has_window(nas_kernel kernel)
{
    return kernel == NAS_KERNEL_CONV || kernel == NAS_KERNEL_DEPTHWISE ||
           kernel == NAS_KERNEL_MAX_POOL || kernel == NAS_KERNEL_AVG_POOL;
}

bool nas_kernel_has_recurrent(nas_kernel kernel)
{
    return kernel == NAS_KERNEL_LSTM || kernel == NAS_KERNEL_GRU;
}

bool nas_kernel_has_heads(nas_kernel kernel)
{
    return kernel == NAS_KERNEL_ATTENTION;
}

bool nas_kernel_has_spectrum(nas_kernel kernel)
{
    return kernel == NAS_KERNEL_SPECTRUM;
}

static bool has_dot(nas_kernel kernel)
{
    return kernel == NAS_KERNEL_CONV || kernel == NAS_KERNEL_DENSE ||
           nas_kernel_has_recurrent(kernel);
}

static bool is_conv(nas_kernel kernel)
{
    return kernel == NAS_KERNEL_CONV;
}

static bool is_depthwise(nas_kernel kernel)
{
    return kernel == NAS_KERNEL_DEPTHWISE;
}

static bool has_vector(nas_kernel kernel)
{
    return has_dot(kernel) || is_depthwise(kernel);
}

static bool has_logistic(nas_kernel kernel)
{
    return kernel == NAS_KERNEL_SIGMOID || kernel == NAS_KERNEL_TANH ||
           kernel == NAS_KERNEL_SILU || kernel == NAS_KERNEL_GELU ||
           nas_kernel_has_recurrent(kernel);
}

static bool has_exp(nas_kernel kernel)
{
    return kernel == NAS_KERNEL_SOFTMAX || has_logistic(kernel) ||
           nas_kernel_has_heads(kernel);
}

static bool has_inverse_root(nas_kernel kernel)
{
    return kernel == NAS_KERNEL_LAYER_NORM || kernel == NAS_KERNEL_GROUP_NORM;
}

static bool moves_only(nas_kernel kernel)
{
    return kernel == NAS_KERNEL_LOAD || kernel == NAS_KERNEL_STORE ||
           kernel == NAS_KERNEL_STORE_GATHER;
}

static bool has_clamp(nas_kernel kernel)
{
    switch (kernel) {
    case NAS_KERNEL_ENCODE:
    case NAS_KERNEL_GLOBAL_MAX_POOL:
    case NAS_KERNEL_LEAKY_RELU:
    case NAS_KERNEL_SPECTRUM:
    case NAS_KERNEL_MUL:
    case NAS_KERNEL_GATE:
    case NAS_KERNEL_GATE_GATHER:
    case NAS_KERNEL_SLICE:
    case NAS_KERNEL_LAYER_NORM:
    case NAS_KERNEL_GROUP_NORM:
    case NAS_KERNEL_TOKENS:
    case NAS_KERNEL_POSITIONS:
        return false;
    default:
        return !moves_only(kernel) && !has_exp(kernel);
    }
}

static bool has_clamp8(nas_kernel kernel)
{
    return !moves_only(kernel) && kernel != NAS_KERNEL_LUT &&
           kernel != NAS_KERNEL_GLOBAL_MAX_POOL;
}

static bool converts8(nas_kernel kernel)
{
    return kernel == NAS_KERNEL_ACTIVATION || kernel == NAS_KERNEL_CONCAT;
}

static bool rescales8(nas_kernel kernel)
{
    return has_dot(kernel) || kernel == NAS_KERNEL_DEPTHWISE || converts8(kernel) ||
           kernel == NAS_KERNEL_ADD || kernel == NAS_KERNEL_MUL ||
           kernel == NAS_KERNEL_GLOBAL_AVG_POOL;
}

/* What kernels are built from, in the order of emission; by type. */
typedef struct helper {
    const char *name;
    bool (*used)(nas_kernel kernel);
    bool host; /* of the host profile only */
} helper;

static const helper helpers[] = {
    {"recurrent_type", nas_kernel_has_recurrent, false},
    {"heads_type", nas_kernel_has_heads, false},
    {"inverse_root", has_inverse_root, false},
    {"spectrum_type", nas_kernel_has_spectrum, false},
    {"log", nas_kernel_has_spectrum, false},
    {"clamp", has_clamp, false},
    {"taps", nas_kernel_has_window, false},
    {"vector", has_vector, true},
    {"dot", has_dot, false},
    {"conv_pixel", is_conv, false},
    {"depthwise_pixel", is_depthwise, false},
    {"exp", has_exp, false},
    {"logistic", has_logistic, false},
    {"recurrent", nas_kernel_has_recurrent, false},
    {NULL, NULL, false},
};

static const helper helpers8[] = {
    {"clamp", has_clamp8, false},  {"rescale", rescales8, false},
    {"convert", converts8, false}, {"taps", nas_kernel_has_window, false},
    {"dot", has_dot, false},       {NULL, NULL, false},
};

void nas_c_parts_of(const nas_calls *calls, nas_c_parts *out)
{
    bool used[NAS_KERNEL_COUNT] = {0};
    const helper *all = calls->quant == NULL ? helpers : helpers8;
    *out = (nas_c_parts){.names = {"once", "types"}, .n = 2};
    for (int i = 0; i < calls->n; i++)
        used[calls->list[i].kernel] = true;
    for (const helper *h = all; h->name != NULL; h++) {
        bool needed = false;
        for (int k = 0; k < NAS_KERNEL_COUNT && (calls->host || !h->host); k++)
            needed = needed || (used[k] && h->used((nas_kernel)k));
        if (needed)
            out->names[out->n++] = h->name;
    }
    out->helpers = out->n;
    for (int k = 0; k < NAS_KERNEL_COUNT; k++)
        if (used[k])
            out->names[out->n++] = nas_kernel_name((nas_kernel)k);
}

/* ---- counting --------------------------------------------------------------------- */

/* Arguments of a call, by form; int8 calls with weights have scales besides. */
static int arguments_of(const nas_calls *calls, nas_kernel kernel)
{
    const bool int8 = calls->quant != NULL;
    switch (nas_kernel_form_of(calls, kernel)) {
    case NAS_FORM_MAP_WEIGHTS:
    case NAS_FORM_WINDOW_WEIGHTS:
        return int8 ? 6 : 5;
    case NAS_FORM_MAP_CONSTANTS:
    case NAS_FORM_HEADS:
    case NAS_FORM_MAP_GATHER:
    case NAS_FORM_MAP_PAIR:
        return 4;
    case NAS_FORM_MAP_PAIR_GATHER:
    case NAS_FORM_TERMS:
        return 5;
    case NAS_FORM_RECURRENT:
    case NAS_FORM_SPECTRUM:
        return 6;
    default:
        return 3;
    }
}

/* Numbers of the constant parameters of a call: 4 bytes each on every device. */
static int64_t parameter_bytes(const nas_calls *calls, nas_kernel kernel)
{
    const bool int8 = calls->quant != NULL;
    if (nas_kernel_has_recurrent(kernel))
        return (int64_t)sizeof(nas_rt_recurrent);
    if (nas_kernel_has_heads(kernel))
        return (int64_t)sizeof(nas_rt_heads);
    if (nas_kernel_has_spectrum(kernel))
        return (int64_t)sizeof(nas_rt_spectrum_plan);
    if (nas_kernel_has_window(kernel))
        return (int64_t)sizeof(nas_rt_window) + (int8 ? 8 : 0);
    return (int64_t)sizeof(nas_rt_map) + (int8 ? 16 : 0);
}

nas_status nas_c_count(nas_program *program, nas_arena *arena, nas_c_size *out,
                       nas_err *err)
{
    nas_calls *calls = NULL;
    nas_c_parts parts;
    NAS_TRY(nas_calls_count(program, arena, &calls, err));
    nas_c_parts_of(calls, &parts);
    *out = (nas_c_size){.table_bytes = nas_calls_table_bytes(calls),
                        .n_parts = parts.n,
                        .helpers = parts.helpers};
    for (int i = 0; i < parts.n; i++)
        out->parts[i] = parts.names[i];
    for (int i = 0; i < calls->n; i++) {
        out->calls[arguments_of(calls, calls->list[i].kernel)]++;
        const int64_t bytes = parameter_bytes(calls, calls->list[i].kernel);
        out->parameter_bytes += bytes;
        out->parameter_bytes_32 += (bytes + 31) / 32 * 32;
    }
    return NAS_OK;
}

nas_status nas_c_shared_bytes(const nas_model *model, const nas_quant *quant,
                              int64_t *out, nas_err *err)
{
    nas_calls *calls = NULL;
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status = quant == NULL ? nas_calls_build(model, arena, &calls, err)
                                      : nas_calls_build_int8(quant, arena, &calls, err);
    *out = status == NAS_OK ? calls->shared_bytes : 0;
    nas_arena_free(arena);
    return status;
}
