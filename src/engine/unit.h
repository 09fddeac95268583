/* A compiled network: the graph lowered to units, and what one training step runs.
 *
 * A unit is  y = core(inputs);  z = tail(clamp(scale*y + shift)):  a convolution (or
 * another core) with the batch norm, the activation and the pool that follow it. Where a
 * unit has neither norm nor tail, y and z are one tensor. The rules that decide what is
 * fused are in lower.c, one function each; memory is decided in layout.c. */
#ifndef NASMITH_ENGINE_UNIT_H
#define NASMITH_ENGINE_UNIT_H

#include "engine/split.h"
#include "nasmith/arena.h"
#include "nasmith/net.h"
#include "nasmith/spectrum.h"

/* Every core: (enum suffix, prefix of its functions). */
#define NAS_CORE_LIST(X)                                                                 \
    X(INPUT, input)                                                                      \
    X(CONV, conv)                                                                        \
    X(DEPTHWISE, depthwise)                                                              \
    X(DENSE, dense)                                                                      \
    X(RECURRENT, recurrent)                                                              \
    X(SAMPLE_NORM, sample_norm)                                                          \
    X(TOKENS, tokens)                                                                    \
    X(POSITIONS, positions)                                                              \
    X(ATTENTION, attention)                                                              \
    X(MAX_POOL, max_pool)                                                                \
    X(AVG_POOL, avg_pool)                                                                \
    X(VIEW, view) /* y is the input's z: a norm or activation that stands alone */       \
    X(ADD, add)                                                                          \
    X(MUL, mul)                                                                          \
    X(GATE, gate) /* an addition with a factor for each input */                         \
    X(CONCAT, concat)                                                                    \
    X(SLICE, slice)                                                                      \
    X(FLATTEN, flatten)                                                                  \
    X(DROPOUT, dropout)                                                                  \
    X(CURVE, curve)                                                                      \
    X(SOFTMAX, softmax)

typedef enum nas_core {
#define NAS_CORE_ENUM(upper, lower) NAS_CORE_##upper,
    NAS_CORE_LIST(NAS_CORE_ENUM)
#undef NAS_CORE_ENUM
        NAS_CORE_COUNT
} nas_core;

/* A lane tensor with margins of zeros; `view.data` is its first real element. */
typedef struct nas_tensor {
    int channels, height, width;
    int top, left, bottom, right; /* margins in rows and columns */
    nas_view view;
    int64_t lead; /* floats before the first real element */
} nas_tensor;

typedef struct nas_window {
    int kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w;
    int pad_h, pad_w; /* before the first row and column */
    int groups;
} nas_window;

/* Backward to the input of a strided window: input rows r, r+stride, ... see the same
 * taps, so each of stride_h*stride_w phases is a convolution of its own. */
typedef struct nas_phase {
    int row, column; /* first input row and column */
    nas_conv_job job;
} nas_phase;

/* A parameter tensor and its gradient, in the flat vectors; NULL when absent. */
typedef struct nas_parameter {
    float *w, *g;
    int64_t offset, count; /* offset -1: absent */
} nas_parameter;

typedef struct nas_norm {
    bool present;
    nas_parameter gamma, beta, mean, variance; /* mean, variance: running */
    float epsilon, momentum;
    double *batch_mean, *inverse; /* [channels] of the last training forward */
} nas_norm;

/* State of an LSTM or GRU core; shapes in recurrent_unit.c. */
typedef struct nas_recurrent {
    nas_op_kind op;
    int units, directions;
    bool sequence;
    nas_parameter carry, bias, carry_bias; /* weights from state to state, and biases */
    nas_tensor state;                      /* gates and states of all steps */
    nas_conv_job from_input, from_state, to_input, to_state, to_candidate;
    int32_t *input_lines, *state_lines; /* offsets of x and h, for weight gradients */
} nas_recurrent;

/* What the cores of series (series_unit.c) and sample_norm need besides their kernel: its
 * scale, table or nothing. */
typedef struct nas_series {
    int groups; /* of a norm; 0: every pixel on its own. Of attention: heads */
    float epsilon;
    nas_parameter shift; /* of a norm, or the biases of tokens */
    float *table;        /* sinusoids of positions, [channels][steps] */
} nas_series;

typedef struct nas_unit {
    nas_core core;
    int node;     /* of the core */
    int out_node; /* last graph node it computes */
    int n_inputs;
    int *inputs; /* units */
    bool *first; /* [n_inputs] this unit is the first to write that input's gradient */
    int consumers, consumer; /* number of uses of z, and the last one's unit */
    int first_consumer;

    nas_window window;
    nas_parameter kernel, bias;
    nas_norm norm;
    float low, high; /* activation: bounds of z */
    bool activated;
    nas_tail tail;
    int pool_h, pool_w;
    nas_recurrent recurrent;
    nas_series series;
    float dropout_rate;
    int slice_from;    /* of a slice core */
    nas_op_kind curve; /* of a curve core */
    float slope;
    uint32_t dropout_seed;
    float *gates;           /* [n_inputs] of a gate core */
    double *gate_gradients; /* [n_inputs] of the last backward pass */

    bool live;     /* the output depends on it, gates being what they are */
    bool reached;  /* while live ones are found: a reader was */
    bool separate; /* y and z are two tensors */
    bool staged;   /* z is never stored: recomputed for a group of blocks at a time */
    bool masked;   /* the only consumer applies mask and sums to dz (see FINISH_MASK) */
    bool direct;   /* dy is dz */
    bool gradient; /* z has a gradient */
    bool sums;     /* needs sum(d), sum(d*y) */
    nas_tensor y, z, dz, dy;
    int group; /* blocks per piece, forward and backward */
    int slice; /* channels per piece: less than all for a depthwise unit only */

    float *scale, *shift; /* [channels] of y */
    float *a, *b, *c;
    float *sum, *square;  /* [channels][16] */
    double *totals;       /* [2][channels]: folded sum and square */
    nas_conv_job forward; /* pointers and bounds are filled when it runs */
    nas_phase *phases;    /* backward data */
    int n_phases;
    nas_reduce_job reduce;
    nas_conv_job rows_job; /* dense: weight gradient over rows of samples */
    double seconds[2];     /* forward and backward, when profiling */
} nas_unit;

/* Trained floats that share one weight decay. */
typedef struct nas_segment {
    int64_t offset, count;
    bool decayed;
} nas_segment;

struct nas_net {
    nas_arena *arena;
    nas_net_options options;
    const nas_kernels *kernels;
    nas_kernels shared_kernels; /* what `kernels` is with several threads */
    nas_split split; /* the kernels of this instruction set, and who shares the work */
    nas_workspace *workspace;
    nas_unit *units;
    int n_units, output; /* unit */
    int *node_unit;      /* [graph nodes] */
    int blocks;          /* of the compiled batch */
    int active;          /* blocks in use by the gathered batch */
    int valid;           /* samples in use */
    bool train;          /* the running forward pass trains */
    float norm_momentum; /* of all norms; below 0: their own */

    double macs; /* of one sample's forward pass */
    int64_t params, floats;
    float *weights, *gradients, *slot[2], *average;
    double average_weight;
    nas_weight *tensors; /* of the graph, for initialisation */
    int n_tensors;
    nas_segment *segments;
    int n_segments;

    float *gates; /* [n_gates], unit by unit */
    double *gate_gradients;
    int n_gates;

    float *z_stage, *dy_stage;         /* one group of z, one of dy */
    float *rows_x, *rows_d, *rows_g;   /* dense gradients: batch in rows */
    float *scratch;                    /* of one unit at a time */
    float *plane;                      /* [H*W] of the input, for augmentation */
    bool mixed;                        /* samples are mixed with their partners */
    int *partner;                      /* [batch] */
    float *share;                      /* [batch] of its own class in the loss */
    float *mixed_gradient;             /* [outputs] */
    float *front_mean, *front_inverse; /* [input channels] */
    const float *front_columns;        /* of encode, or NULL: rows are read as they are */
    float *front_raw, *front_rows;     /* encode: [raw], [16][input channels] */
    int64_t raw;                       /* elements of a row before the front section */
    nas_spectrum *spectrum;            /* before them, or NULL */
    uint64_t front_key;                /* of data sets that are behind it already */
    float *sound, *spectrum_work;      /* of one sample */
    float *behind;                     /* [NAS_LANES][input] */
    int32_t *labels;
    float *targets; /* [batch][outputs], standardised */
    float *target_mean, *target_deviation, *class_weights;
    int outputs;
    bool profile;
    int64_t passes;
};

/* ---- compiling --------------------------------------------------------- */

/* Graph to units: net->units, node_unit, output. */
nas_status nas_lower(nas_net *net, const nas_graph *graph, nas_err *err);

/* ---- running ----------------------------------------------------------- */

/* What is worked on at a time: some blocks and, for a depthwise unit, some channels. */
typedef struct nas_piece {
    int first, count;      /* blocks */
    int channel, channels; /* of y; all of them but for depthwise */
} nas_piece;

/* What a core does with one piece. */
typedef struct nas_core_ops {
    /* y from the inputs' z; x is the first input's z, its data the piece's first element.
     */
    void (*forward)(nas_net *net, nas_unit *unit, nas_view x, const nas_piece *at);
    /* Gradients of weights and inputs from dy, whose data is the piece's first element;
     * x as in forward. */
    void (*backward)(nas_net *net, nas_unit *unit, nas_view x, nas_view dy,
                     const nas_piece *at);
} nas_core_ops;

#define NAS_CORE_DECLARE(upper, lower)                                                   \
    void nas_core_##lower##_forward(nas_net *net, nas_unit *unit, nas_view x,            \
                                    const nas_piece *at);                                \
    void nas_core_##lower##_backward(nas_net *net, nas_unit *unit, nas_view x,           \
                                     nas_view dy, const nas_piece *at);
NAS_CORE_LIST(NAS_CORE_DECLARE)
#undef NAS_CORE_DECLARE

/* Jobs of windowed cores (conv_unit.c), recurrent (recurrent_unit.c) and dense ones
 * (dense_unit.c), tables of positions (series_unit.c). */
nas_status nas_prepare_window(nas_net *net, nas_unit *unit, nas_err *err);
nas_status nas_prepare_recurrent(nas_net *net, nas_unit *unit, nas_err *err);
nas_status nas_prepare_dense(nas_net *net, nas_unit *unit, nas_err *err);
nas_status nas_prepare_positions(nas_net *net, nas_unit *unit, nas_err *err);

/* Room for gates, all open, and which units are live. */
nas_status nas_prepare_gates(nas_net *net, nas_err *err);

/* All that a unit may have of parameters; absent ones have count 0. */
enum { NAS_UNIT_PARAMETERS = 10 };
void nas_unit_parameters(nas_unit *unit, nas_parameter *out[NAS_UNIT_PARAMETERS]);

/* Whether a unit reads an input at all. */
bool nas_unit_is_open(const nas_unit *unit, int input);

/* Floats of one block that a recurrent unit keeps from forward to backward. */
int64_t nas_recurrent_floats(const nas_unit *unit, int64_t steps);

/* Floats of scratch an attention unit works in. */
int64_t nas_attention_floats(const nas_unit *unit);

/* Change the gathered samples, and mix their targets. */
void nas_augment_batch(nas_net *net, const nas_augment *augment, nas_rng *rng);

/* Loss of the valid samples; fills the output's gradient when training. */
double nas_loss(nas_net *net, bool training);
/* Set the output's gradient. @param gradient  [n][outputs] of the gathered rows */
void nas_loss_set_gradient(nas_net *net, const float *gradient);

/* ---- small helpers ----------------------------------------------------- */

/* View of a tensor from block `first` on. */
static inline nas_view nas_view_block(const nas_tensor *tensor, int first)
{
    nas_view view = tensor->view;
    if (view.data != NULL)
        view.data += first * view.block;
    return view;
}

/* How a unit writes y: STATS while batch statistics are wanted, CLAMP when y is z. */
nas_finish nas_unit_finish(const nas_net *net, const nas_unit *unit);

/* Fill a backward-data job's end: plain, accumulating, or the input's mask and sums.
 * @param y  of the job relative to the input's dz, in floats */
void nas_job_to_gradient(nas_net *net, const nas_unit *unit, nas_conv_job *job,
                         int first);

/* Fold sum (and, for a norm, square) of some channels into the totals and clear them. */
void nas_unit_fold(const nas_net *net, nas_unit *unit, int channel, int channels);

/* Add dy to (or store it in) the gradient of input `slot`. */
void nas_pass_gradient(nas_net *net, nas_unit *unit, int slot, nas_view dy,
                       const nas_piece *at);

/* Clamp y in place to the unit's activation: cores whose kernel cannot. */
void nas_clamp_output(nas_net *net, nas_unit *unit, const nas_piece *at);

/* Cut a sum over `channels` channels of `terms` terms each into chunks that stay in the
 * first-level cache. @param lines  lines of x one channel touches in one strip of pixels
 * @return channels per chunk */
int nas_chunk_channels(int channels, int lines);

#endif
