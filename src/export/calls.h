/* A planned program as calls of the shipped kernels: what the generated C contains and
 * what nas_runtime runs in this process.
 *
 * Tensors lie as [H][W][C] on the device, while the graph's order is C,H,W. So a
 * flattened image is a permuted vector there; the permutation is followed to whoever
 * reads it and goes into the order of its weights, at no cost at run time. Only an add of
 * vectors that were flattened from different shapes, and such a vector as the network's
 * output, need a table of indices. */
#ifndef NASMITH_EXPORT_CALLS_H
#define NASMITH_EXPORT_CALLS_H

#include "nasmith/model.h"
#include "nasmith/plan.h"

#include "export/quant.h"
#include "export/runtime/heads_type.h"
#include "export/runtime/recurrent_type.h"
#include "export/runtime/types.h"
#include "graph/spectrum.h"

/* Kernels: (enum suffix, name, form). The form is the list of arguments, see
 * nas_kernel_form. */
#define NAS_KERNEL_LIST(X)                                                               \
    X(LOAD, load, MAP)                                                                   \
    X(ENCODE, encode, MAP_CONSTANTS)                                                     \
    X(STANDARDISE, standardise, MAP_WEIGHTS)                                             \
    X(SPECTRUM, spectrum, SPECTRUM)                                                      \
    X(CONV, conv, WINDOW_WEIGHTS)                                                        \
    X(DEPTHWISE, depthwise, WINDOW_WEIGHTS)                                              \
    X(DENSE, dense, MAP_WEIGHTS)                                                         \
    X(LSTM, lstm, RECURRENT)                                                             \
    X(GRU, gru, RECURRENT)                                                               \
    X(LAYER_NORM, layer_norm, MAP_WEIGHTS)                                               \
    X(GROUP_NORM, group_norm, MAP_WEIGHTS)                                               \
    X(TOKENS, tokens, MAP_WEIGHTS)                                                       \
    X(POSITIONS, positions, MAP_CONSTANTS)                                               \
    X(ATTENTION, attention, HEADS)                                                       \
    X(MAX_POOL, max_pool, WINDOW)                                                        \
    X(AVG_POOL, avg_pool, WINDOW)                                                        \
    X(GLOBAL_AVG_POOL, global_avg_pool, MAP)                                             \
    X(AFFINE, affine, MAP_WEIGHTS)                                                       \
    X(ACTIVATION, activation, MAP)                                                       \
    X(GLOBAL_MAX_POOL, global_max_pool, MAP)                                             \
    X(MUL, mul, MAP_PAIR)                                                                \
    X(GATE, gate, MAP_PAIR)                                                              \
    X(GATE_GATHER, gate_gather, MAP_PAIR_GATHER)                                         \
    X(ADD, add, MAP_PAIR)                                                                \
    X(ADD_GATHER, add_gather, MAP_PAIR_GATHER)                                           \
    X(CONCAT, concat, MAP)                                                               \
    X(SLICE, slice, MAP)                                                                 \
    X(LEAKY_RELU, leaky_relu, MAP)                                                       \
    X(HARD_SIGMOID, hard_sigmoid, MAP)                                                   \
    X(HARD_SWISH, hard_swish, MAP)                                                       \
    X(SIGMOID, sigmoid, MAP)                                                             \
    X(TANH, tanh, MAP)                                                                   \
    X(SILU, silu, MAP)                                                                   \
    X(GELU, gelu, MAP)                                                                   \
    X(SOFTMAX, softmax, MAP)                                                             \
    X(STORE, store, MAP)                                                                 \
    X(STORE_GATHER, store_gather, MAP_GATHER)

/* Kernels that only int8 networks have: any function of one value is a table. */
#define NAS_KERNEL8_ONLY_LIST(X) X(LUT, lut, MAP_CONSTANTS)

/* Those of int8 networks; sums and products have terms instead of two operands. */
#define NAS_KERNEL8_LIST(X)                                                              \
    X(LOAD, load, MAP)                                                                   \
    X(CONV, conv, WINDOW_WEIGHTS)                                                        \
    X(DEPTHWISE, depthwise, WINDOW_WEIGHTS)                                              \
    X(DENSE, dense, MAP_WEIGHTS)                                                         \
    X(MAX_POOL, max_pool, WINDOW)                                                        \
    X(AVG_POOL, avg_pool, WINDOW)                                                        \
    X(GLOBAL_AVG_POOL, global_avg_pool, MAP)                                             \
    X(GLOBAL_MAX_POOL, global_max_pool, MAP)                                             \
    X(ACTIVATION, activation, MAP)                                                       \
    X(MUL, mul, TERMS)                                                                   \
    X(ADD, add, TERMS)                                                                   \
    X(CONCAT, concat, MAP)                                                               \
    X(SOFTMAX, softmax, MAP)                                                             \
    X(STORE, store, MAP)                                                                 \
    X(STORE_GATHER, store_gather, MAP_GATHER)

typedef enum nas_kernel_form {
    NAS_FORM_MAP,             /* (map, in, out) */
    NAS_FORM_MAP_WEIGHTS,     /* (map, weights, weights, in, out) */
    NAS_FORM_MAP_CONSTANTS,   /* (map, weights, in, out) */
    NAS_FORM_MAP_GATHER,      /* (map, indices, in, out) */
    NAS_FORM_MAP_PAIR,        /* (map, a, b, out) */
    NAS_FORM_MAP_PAIR_GATHER, /* (map, indices, a, b, out) */
    NAS_FORM_WINDOW,          /* (window, in, out) */
    NAS_FORM_RECURRENT,       /* (recurrent, weights, weights, in, scratch, out) */
    NAS_FORM_HEADS,           /* (heads, in, scratch, out) */
    NAS_FORM_SPECTRUM,        /* (spectrum, table, cosines, in, scratch, out) */
    NAS_FORM_WINDOW_WEIGHTS,  /* (window, weights, weights, in, out) */
    NAS_FORM_TERMS,           /* (map, terms, indices, arena, out) */
} nas_kernel_form;

typedef enum nas_kernel {
#define NAS_KERNEL_ENUM(upper, lower, form) NAS_KERNEL_##upper,
    NAS_KERNEL_LIST(NAS_KERNEL_ENUM) NAS_KERNEL8_ONLY_LIST(NAS_KERNEL_ENUM)
#undef NAS_KERNEL_ENUM
        NAS_KERNEL_COUNT
} nas_kernel;

const char *nas_kernel_name(nas_kernel kernel);

/* Where a call reads or writes: elements from the arena's start, or the caller's sample
 * or result. */
enum { NAS_AT_CALLER = -1 };

/* What an int8 call needs besides. */
typedef struct nas_call_int8 {
    int32_t in_zero, out_zero, low, high;
    int32_t multiplier, shift;
    int64_t scales; /* from the start of the scales */
} nas_call_int8;

typedef struct nas_call {
    nas_kernel kernel;
    int step; /* of the program, or -1: load, store and head */
    nas_rt_map map;
    nas_rt_window window; /* one of the four, by form */
    nas_rt_recurrent recurrent;
    nas_rt_heads heads;
    nas_rt_spectrum_plan spectrum;
    int64_t in[2], out; /* recurrent, heads, spectrum: in[1] is scratch */
    int64_t weights[2]; /* elements from the start of the packed weights; int8: the
                           second are the shifts */
    int64_t indices;    /* from the start of the index table */
    nas_call_int8 int8;
} nas_call;

typedef struct nas_calls {
    const nas_program *program;
    nas_call *list;
    int n;
    float *weights; /* packed in the order the kernels read them; int8: whole numbers */
    int64_t n_weights;
    int64_t shared_bytes;   /* of tables that others stand for; 0 where only counted */
    const nas_quant *quant; /* NULL: 32-bit floats */
    bool host;              /* for the kernels of runtime_host */
    int8_t *weights8;       /* [n_weights] of int8 */
    int32_t *scales;        /* int8: biases and multipliers, terms of additions */
    int64_t n_scales;
    const uint32_t **orders; /* [n_steps] the order of a step's result, a permuted vector
                                (see nas_call_logical), or NULL: [H][W][C] */
    uint32_t *indices;
    int64_t n_indices;
} nas_calls;

nas_kernel_form nas_kernel_form_of(const nas_calls *calls, nas_kernel kernel);

/* Plan and lower a model for 32-bit floats.
 * @param arena  owns everything in *out; the model must outlive it
 * @return NAS_E_GRAPH when the model cannot be exported, NAS_E_UNSUPPORTED when it is too
 *         large for 32-bit indices */
nas_status nas_calls_build(const nas_model *model, nas_arena *arena, nas_calls **out,
                           nas_err *err);

/* The same with results and inputs apart, for the kernels of runtime_host. */
nas_status nas_calls_build_host(const nas_model *model, nas_arena *arena, nas_calls **out,
                                nas_err *err);

/* The same for an int8 network, which must outlive it. */
nas_status nas_calls_build_int8(const nas_quant *quant, nas_arena *arena, nas_calls **out,
                                nas_err *err);

/* The calls of a planned network that has no weights yet, taken for a classifier: all
 * there is except the values of tables, whose lengths alone are right. */
nas_status nas_calls_count(nas_program *program, nas_arena *arena, nas_calls **out,
                           nas_err *err);

/* Bytes of all constant tables; with shared_bytes as many as counted. */
int64_t nas_calls_table_bytes(const nas_calls *calls);

#endif
