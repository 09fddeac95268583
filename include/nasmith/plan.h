/* The inference program of a graph and where its tensors lie in memory.
 *
 * The one planner: the search prices candidates with it before training, and the exported
 * C code is its steps, in its order, at its offsets. The engine uses nas_plan_place for
 * its training arena. */
#ifndef NASMITH_PLAN_H
#define NASMITH_PLAN_H

#include "nasmith/arena.h"
#include "nasmith/err.h"
#include "nasmith/graph.h"

#include <stdint.h>

/* ---- placing buffers ------------------------------------------------------------- */

/* One buffer: live from step `first` to step `last`, both inclusive. */
typedef struct nas_plan_buffer {
    int64_t bytes; /* >= 0 */
    int first, last;
    int64_t offset; /* out */
} nas_plan_buffer;

typedef enum nas_plan_method {
    NAS_PLAN_BEST,      /* the least of all below, exact only where it can still win */
    NAS_PLAN_TWO_ENDED, /* alternate bottom and top: exact on chains */
    NAS_PLAN_BY_SIZE,   /* greedy, largest first, lowest gap */
    NAS_PLAN_EXACT,     /* branch and bound; the best found so far at node_cap, and of the
                           others beyond 64 buffers */
} nas_plan_method;

/* Place buffers so that no two alive together overlap.
 * @param align     power of two
 * @param node_cap  search nodes of the exact method
 * @param peak      out: bytes needed, max(offset + size)
 * @return NAS_E_NOMEM
 * Cost: O(n^2) greedy; exact is exponential, capped. */
nas_status nas_plan_place(nas_plan_buffer *buffers, int n, int64_t align,
                          nas_plan_method method, int64_t node_cap, int64_t *peak,
                          nas_err *err);

/* Two buffers that may share bytes although both are alive in one step: `after`, which
 * that step writes, may begin `below` or more bytes below `before`, which it reads, or
 * `above` or more bytes above it. */
typedef struct nas_plan_pair {
    int before, after;
    int64_t below, above;
} nas_plan_pair;

typedef struct nas_plan_pairs {
    const nas_plan_pair *pair; /* [n] */
    int n;
    int64_t bound; /* of any placement, to stop early; 0 = unknown */
} nas_plan_pairs;

/* Place buffers of which some may overlap. Never worse than nas_plan_place by the best
 * method. */
nas_status nas_plan_place_pairs(nas_plan_buffer *buffers, int n,
                                const nas_plan_pairs *pairs, int64_t align,
                                int64_t node_cap, int64_t *peak, nas_err *err);

/* Lower bound of any placement without pairs: the largest sum of sizes alive at one step.
 */
int64_t nas_plan_live_bound(const nas_plan_buffer *buffers, int n, int64_t align);

/* ---- inference program ------------------------------------------------------------ */

typedef enum nas_dtype { NAS_FLOAT32, NAS_INT8 } nas_dtype;

/* What a step computes. Dropout is gone and flatten is an alias; batch norm is folded
 * into the convolution or dense that produces its only input, or becomes NAS_STEP_AFFINE;
 * ReLU/ReLU6 is the `activation` of the conv, depthwise, dense, affine or add that
 * produces its only input, or becomes NAS_STEP_ACTIVATION (with its kind in
 * `activation`). Standardise, affine, activation, curves, layer and group norm,
 * positions, add, mul and softmax overwrite an operand of the same size that nobody reads
 * later. The result of a convolution or pool may overlap an input that nobody reads
 * later: its pixels are computed in an order in which what is overwritten has been read.
 * The buffer that a step writes has its scratch behind the result: nas_step_scratch. */
typedef enum nas_step_kind {
    NAS_STEP_ENCODE,
    NAS_STEP_STANDARDISE,
    NAS_STEP_SPECTRUM,
    NAS_STEP_CONV,
    NAS_STEP_DEPTHWISE,
    NAS_STEP_DENSE,
    NAS_STEP_MAX_POOL,
    NAS_STEP_AVG_POOL,
    NAS_STEP_GLOBAL_AVG_POOL,
    NAS_STEP_GLOBAL_MAX_POOL,
    NAS_STEP_AFFINE, /* y = x*a[c] + b[c]: a batch norm with nothing to fold into */
    NAS_STEP_ACTIVATION,
    NAS_STEP_LSTM,
    NAS_STEP_GRU,
    NAS_STEP_LAYER_NORM,
    NAS_STEP_GROUP_NORM,
    NAS_STEP_TOKENS,
    NAS_STEP_POSITIONS,
    NAS_STEP_ATTENTION,
    NAS_STEP_ADD,
    NAS_STEP_MUL,
    NAS_STEP_CONCAT,
    NAS_STEP_SLICE,
#define NAS_CURVE_STEP(upper, lower) NAS_STEP_##upper,
    NAS_CURVE_LIST(NAS_CURVE_STEP)
#undef NAS_CURVE_STEP
        NAS_STEP_SOFTMAX,
    NAS_STEP_KINDS
} nas_step_kind;

typedef enum nas_activation { NAS_ACT_NONE, NAS_ACT_RELU, NAS_ACT_RELU6 } nas_activation;

/* A step reads buffers and writes one. Buffer 0 is the network's input. */
typedef struct nas_step {
    nas_step_kind kind;
    int node;      /* graph node it stands for (attributes, weights) */
    int norm_node; /* batch norm folded into it, or -1 */
    nas_activation activation;
    int n_inputs;
    const int *inputs; /* buffer indices, in graph order */
    int output;        /* buffer index; may equal inputs[i] when done in place */
    bool backward;     /* pixels must be computed from the last on; else from the first */
    nas_shape in, out; /* of the first input and of the output */
} nas_step;

typedef struct nas_program {
    const nas_graph *graph; /* borrowed */
    nas_dtype dtype;
    nas_step *steps; /* in execution order */
    int n_steps;
    nas_plan_buffer *buffers; /* [n_buffers]; offsets from the arena's start, multiples of
                                 an element */
    nas_shape
        *buffer_shapes; /* as first written; a flatten shows in `in` of its reader */
    int n_buffers;
    int input_buffer, output_buffer;
    int64_t arena_bytes; /* activations, scratch, input and output */
    int64_t live_bound_bytes;
} nas_program;

typedef struct nas_program_options {
    nas_dtype dtype;
    int64_t reject_above_bytes; /* > 0: stop early with arena_bytes set to a lower bound
                                   when that is already larger; of the steps only kind,
                                   node, norm_node and shapes are then of use */
    int64_t node_cap;           /* of order and placement search, default 2000 */
    bool apart; /* results do not overlap inputs, so that several pixels may be computed
                   at once; in place where elements stand alone */
} nas_program_options;

nas_program_options nas_program_options_default(void);

/* Lower a graph and plan it. Order: among topological orders, the one with the smallest
 * peak (exact for few branches, greedy within node_cap otherwise).
 * @param arena  owns everything in *out
 * Cost: median <= 200 us for networks of the presets. */
nas_status nas_program_build(const nas_graph *graph, const nas_program_options *options,
                             nas_arena *arena, nas_program **out, nas_err *err);

/* Floats a step works with besides its operands; they lie behind its result. */
int64_t nas_step_scratch(const nas_graph *graph, const nas_step *step);

/* Weights of a step with batch norm folded in, as float.
 * @param weights  the graph's flat vector
 * @param kernel   out, layout of the node's kernel; room for its count (affine, layer and
 *                 group norm: [C]; lstm and gru: kernel, then recurrent; tokens and
 *                 positions: the table)
 * @param bias     out, [out.c]; zeros where there is none (lstm and gru: bias, then
 *                 carry_bias; tokens: like the table; positions: nothing) */
void nas_program_fold(const nas_program *program, const nas_step *step,
                      const float *weights, float *kernel, float *bias);
/* Floats of a step's kernel and bias (0 where it has none). */
void nas_program_weight_sizes(const nas_program *program, const nas_step *step,
                              int64_t *kernel, int64_t *bias);

#endif
