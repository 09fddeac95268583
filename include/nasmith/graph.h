/* The network: an immutable directed acyclic graph of operators.
 *
 * Every tensor is (C,H,W) per sample: image (C,H,W), series (C,1,T), vector (C,1,1). The
 * batch is never in the graph. A graph begins with a *front section* without trained
 * weights: perhaps a spectrum, which is computed from its attributes alone, then fitted
 * constants (encode, standardise). Fitted constants are outside the hash; all of it is
 * inside every exported file. Its input is a row as it lies in the data, which may have
 * another shape than what the network behind it reads. */
#ifndef NASMITH_GRAPH_H
#define NASMITH_GRAPH_H

#include "nasmith/arena.h"
#include "nasmith/err.h"
#include "nasmith/json.h"
#include "nasmith/param.h"
#include "nasmith/rng.h"

#include <stdbool.h>
#include <stdint.h>

/* Extents of one sample's tensor, all >= 1. */
typedef struct nas_shape {
    int64_t c, h, w;
} nas_shape;

static inline int64_t nas_shape_count(nas_shape s)
{
    return s.c * s.h * s.w;
}

static inline bool nas_shape_equal(nas_shape a, nas_shape b)
{
    return a.c == b.c && a.h == b.h && a.w == b.w;
}

/* Activations with a formula of their own, where ReLU and ReLU6 only clamp. GELU is the
 * tanh form: x / (1 + exp(-2u)), u = sqrt(2/pi) (x + 0.044715 x^3). */
#define NAS_CURVE_LIST(X)                                                                \
    X(LEAKY_RELU, leaky_relu)                                                            \
    X(HARD_SIGMOID, hard_sigmoid)                                                        \
    X(HARD_SWISH, hard_swish)                                                            \
    X(SIGMOID, sigmoid)                                                                  \
    X(TANH, tanh)                                                                        \
    X(SILU, silu)                                                                        \
    X(GELU, gelu)

/* Every operator, in registry order: (enum suffix, name in JSON and of its files). Each
 * layer that must know all operators (engine, ONNX, C) expands this list into its own
 * table, so a missing implementation does not link. */
#define NAS_OP_LIST(X)                                                                   \
    X(INPUT, input)                                                                      \
    X(ENCODE, encode)                                                                    \
    X(STANDARDISE, standardise)                                                          \
    X(SPECTRUM, spectrum)                                                                \
    X(CONV, conv)                                                                        \
    X(DEPTHWISE, depthwise)                                                              \
    X(DENSE, dense)                                                                      \
    X(MAX_POOL, max_pool)                                                                \
    X(AVG_POOL, avg_pool)                                                                \
    X(GLOBAL_AVG_POOL, global_avg_pool)                                                  \
    X(GLOBAL_MAX_POOL, global_max_pool)                                                  \
    X(BATCH_NORM, batch_norm)                                                            \
    X(LAYER_NORM, layer_norm)                                                            \
    X(GROUP_NORM, group_norm)                                                            \
    X(RELU, relu)                                                                        \
    X(RELU6, relu6)                                                                      \
    NAS_CURVE_LIST(X)                                                                    \
    X(LSTM, lstm)                                                                        \
    X(GRU, gru)                                                                          \
    X(TOKENS, tokens)                                                                    \
    X(POSITIONS, positions)                                                              \
    X(ATTENTION, attention)                                                              \
    X(ADD, add)                                                                          \
    X(MUL, mul)                                                                          \
    X(CONCAT, concat)                                                                    \
    X(SLICE, slice)                                                                      \
    X(DROPOUT, dropout)                                                                  \
    X(FLATTEN, flatten)                                                                  \
    X(SOFTMAX, softmax)

typedef enum nas_op_kind {
#define NAS_OP_ENUM(upper, lower) NAS_OP_##upper,
    NAS_OP_LIST(NAS_OP_ENUM)
#undef NAS_OP_ENUM
        NAS_OP_COUNT
} nas_op_kind;

/* Attribute indices: nas_node.attr[...], described by the operator's parameter table.
 * Windows: `same` pads (k-1)*dilation in total, floor(half) of it before, and gives
 * ceil(H/stride) rows; `valid` pads nothing. Padding counts as zero for convolutions, is
 * ignored by max and by the mean of average pooling. In JSON `kernel`, `stride` and
 * `dilation` may stand for both directions (only the width when H is 1). */
enum { NAS_PAD_SAME, NAS_PAD_VALID };
enum {
    NAS_ATTR_KERNEL_H, /* conv, depthwise, pools share the window attributes */
    NAS_ATTR_KERNEL_W,
    NAS_ATTR_STRIDE_H,
    NAS_ATTR_STRIDE_W,
    NAS_ATTR_PAD,
    NAS_ATTR_DILATION_H, /* conv and depthwise only from here */
    NAS_ATTR_DILATION_W,
    NAS_ATTR_WINDOW_BIAS, /* bool; default false: a norm follows */
    NAS_ATTR_CONV_OUT,    /* conv only: output channels */
    NAS_ATTR_CONV_GROUPS, /* conv only */
    NAS_ATTR_MAX = 12
};
enum { NAS_ATTR_DENSE_OUT, NAS_ATTR_DENSE_BIAS /* default true */ };
enum {
    NAS_ATTR_BN_EPSILON /* 1e-5 */,
    NAS_ATTR_BN_MOMENTUM /* 0.1: weight of the new */
};
enum { /* layer_norm and group_norm */
       NAS_ATTR_SAMPLE_NORM_EPSILON,
       NAS_ATTR_SAMPLE_NORM_GROUPS /* group_norm only */
};
enum { NAS_ATTR_DROPOUT_RATE };
enum { /* lstm and gru */
       NAS_ATTR_RECURRENT_OUT,
       NAS_ATTR_RECURRENT_BIDIRECTIONAL,
       NAS_ATTR_RECURRENT_SEQUENCE
};
enum { NAS_ATTR_SLICE_FROM, NAS_ATTR_SLICE_COUNT };
enum { NAS_ATTR_TOKENS_OUT };
enum { NAS_POSITIONS_LEARNED, NAS_POSITIONS_SINUSOIDAL };
enum { NAS_ATTR_POSITIONS_KIND };
enum { NAS_ATTR_ATTENTION_HEADS };
enum { /* spectrum */
       NAS_ATTR_SPECTRUM_WINDOW,
       NAS_ATTR_SPECTRUM_HOP,
       NAS_ATTR_SPECTRUM_BANDS,
       NAS_ATTR_SPECTRUM_COEFFICIENTS,
       NAS_ATTR_SPECTRUM_RATE,
       NAS_ATTR_SPECTRUM_LOW_HZ,
       NAS_ATTR_SPECTRUM_HIGH_HZ,
       NAS_ATTR_SPECTRUM_RELATIVE,
       NAS_ATTR_SPECTRUM_SERIES
};
enum { NAS_ATTR_LEAKY_SLOPE /* of the negative half, 0.01 */ };

/* How `encode` makes one of its columns from a value x of a raw row; NaN stands for a
 * missing value. d = x - centre, or 0 where x is missing. */
typedef enum nas_encode_kind {
    NAS_ENCODE_VALUE,   /* d * scale */
    NAS_ENCODE_SQUASH,  /* u / (1 + |u|) with u = d * scale: for long tails */
    NAS_ENCODE_MISSING, /* 1 where x is missing, else 0 */
    NAS_ENCODE_INSIDE,  /* 1 where |d| < scale, else 0; 0 where x is missing */
    NAS_ENCODE_OUTSIDE, /* 1 where |d| >= scale, else 0; 0 where x is missing */
    NAS_ENCODE_KINDS
} nas_encode_kind;

/* A column of `encode` as four constants. */
enum {
    NAS_ENCODE_SOURCE, /* index in the raw row */
    NAS_ENCODE_KIND,
    NAS_ENCODE_CENTRE,
    NAS_ENCODE_SCALE, /* >= 0; INSIDE and OUTSIDE: > 0 */
    NAS_ENCODE_FIELDS
};

/* Caps, so that a file from outside cannot ask for more memory than they imply: extents
 * of the input, channels and units 65,536; 2^28 elements per tensor; 4,096 nodes; 65,536
 * connections; 2^31 weights; 2^52 multiply-accumulates. */
typedef struct nas_graph nas_graph;

/* One operator of a graph. Read-only to everybody but the builder. */
typedef struct nas_node {
    nas_op_kind op;
    int n_inputs;
    const int *inputs; /* node indices, all smaller than the node's own */
    nas_value attr[NAS_ATTR_MAX];
    const float *constants; /* standardise: [2][C] = mean, then 1/deviation; encode:
                               [C][NAS_ENCODE_FIELDS] */
    int64_t n_constants;
    const char *name; /* where it comes from ("stage2.block1.conv"), or "" */
    nas_shape shape;  /* of its one output */
} nas_node;

/* A parameter tensor of a node. Layouts: conv [O][I/groups][KH][KW], depthwise
 * [C][KH][KW], dense [O][I] with I in C,H,W order, lstm and gru see op_recurrent.c,
 * tokens and positions see op_series.c; vectors [C]. */
typedef enum nas_weight_role {
    NAS_WEIGHT_KERNEL,
    NAS_WEIGHT_BIAS,
    NAS_WEIGHT_SCALE, /* gamma of a norm */
    NAS_WEIGHT_SHIFT, /* beta of a norm */
    NAS_WEIGHT_MEAN,  /* running statistics: state, not trained */
    NAS_WEIGHT_VARIANCE,
    NAS_WEIGHT_RECURRENT,  /* from the state of the step before */
    NAS_WEIGHT_CARRY_BIAS, /* of the recurrent product of a GRU's candidate */
    NAS_WEIGHT_TABLE,      /* rows that stand for columns or steps */
} nas_weight_role;

typedef struct nas_weight {
    int node;
    nas_weight_role role;
    int rank;
    int64_t dim[4];
    int64_t count;  /* product of dim */
    int64_t fan_in; /* for initialisation; 0 where there is none */
    int64_t offset; /* floats from the start of the flat vector */
    bool trained;   /* trained tensors fill [0, n_params), state follows */
    /* Without fan_in: elements of each run of the last dimension that begin at 1; the
     * others begin at 0. */
    int64_t ones_from, ones_count;
} nas_weight;

/* What the graph layer knows of an operator. */
typedef struct nas_op {
    const char *name;
    const char *summary;
    const nas_param *params;    /* its attributes, in attr[] order */
    int min_inputs, max_inputs; /* max -1: any */
    bool commutative;           /* order of inputs has no meaning */
    bool front;                 /* of the front section: at the start, without weights */
    bool fitted;                /* its constants are fitted to rows, outside the hash */
    const char *no_int8;        /* why it has no int8 form, or NULL */
    /* Output shape, or NAS_E_GRAPH saying what does not fit. */
    nas_status (*shape)(const nas_node *node, const nas_shape *inputs, nas_shape *out,
                        nas_err *err);
    /* Fill at most 4 tensors (node, offset and trained offsets are the caller's).
     * @return their number */
    int (*weights)(const nas_node *node, const nas_shape *inputs, nas_weight *out);
    /* Multiply-accumulates of one sample's forward pass: conv, depthwise, dense, lstm
     * and gru count every product, also those on padding, attention both its products,
     * tokens and mul each element; spectrum see op_spectrum.c; everything else counts 0
     * (batch norm folds into the weights, the other norms and curves are not counted,
     * pools and additions multiply nothing). */
    int64_t (*macs)(const nas_node *node, const nas_shape *inputs);
} nas_op;

/* What sinusoidal positions add to channel `channel` of `channels` at step `step`. */
double nas_position(int64_t channel, int64_t channels, int64_t step);

/* @return the operator of a kind; never NULL */
const nas_op *nas_op_get(nas_op_kind kind);

/* @return the kind with this name, or NAS_OP_COUNT */
nas_op_kind nas_op_find(const char *name);

/* Pad rows/columns before the first element for a window; see NAS_PAD_*. */
int64_t nas_window_pad_before(int64_t kernel, int64_t dilation, int pad);
/* Output extent, or 0 when the window does not fit. */
int64_t nas_window_extent(int64_t in, int64_t kernel, int64_t stride, int64_t dilation,
                          int pad);

/* ---- building ------------------------------------------------------------------- */

/* Collects nodes, then validates. Errors are sticky: add returns -1 after the first and
 * finish reports it, so callers check once. */
typedef struct nas_graph_builder nas_graph_builder;

nas_graph_builder *nas_graph_builder_new(void); /* NULL when memory is out */
void nas_graph_builder_free(nas_graph_builder *builder);

/* Add the input node of a sample. @return its index, or -1 */
int nas_graph_add_input(nas_graph_builder *builder, nas_shape shape);

/* Add a node.
 * @param attr    attributes in the operator's order, or NULL for its defaults
 * @param inputs  `n_inputs` indices returned before
 * @param name    copied; NULL = ""
 * @return its index, or -1 */
int nas_graph_add(nas_graph_builder *builder, nas_op_kind op, const nas_value *attr,
                  const int *inputs, int n_inputs, const char *name);

/* Shorthands for what presets and tests write most (one input each). */
int nas_graph_add_conv(nas_graph_builder *builder, int input, int64_t out, int64_t kernel,
                       int64_t stride,
                       const char *name); /* square; width only if H is 1 */
int nas_graph_add_depthwise(nas_graph_builder *builder, int input, int64_t kernel,
                            int64_t stride, const char *name);
int nas_graph_add_dense(nas_graph_builder *builder, int input, int64_t out,
                        const char *name);
int nas_graph_add_pool(nas_graph_builder *builder, nas_op_kind op, int input,
                       int64_t kernel, int64_t stride, int pad, const char *name);
int nas_graph_add_unary(nas_graph_builder *builder, nas_op_kind op, int input,
                        const char *name);
int nas_graph_add_standardise(nas_graph_builder *builder, int input, const float *mean,
                              const float *inverse_deviation, int64_t channels);

/* @param columns  [n][NAS_ENCODE_FIELDS]; reads the input node, a vector */
int nas_graph_add_encode(nas_graph_builder *builder, int input, const float *columns,
                         int64_t n);

/* Add a node of another graph again: operator, attributes, constants and name.
 * @param inputs  [node->n_inputs] of this builder */
int nas_graph_add_again(nas_graph_builder *builder, const nas_node *node,
                        const int *inputs);

/* @return the inferred shape of a node added before; {0,0,0} after an error */
nas_shape nas_graph_builder_shape(const nas_graph_builder *builder, int node);

/* Validate (shapes, arity, one input, `output` reachable, front section only at the
 * start), drop what does not reach `output`, and freeze. The builder is empty afterwards
 * and may be reused.
 * @param out  Ownership: caller, nas_graph_free
 * @return NAS_E_GRAPH naming the node */
nas_status nas_graph_finish(nas_graph_builder *builder, int output, nas_graph **out,
                            nas_err *err);
void nas_graph_free(nas_graph *graph);

/* A fitted front section; what is NULL is left out. */
typedef struct nas_front {
    int64_t n_raw;        /* elements of a raw row, with `columns` only */
    const float *columns; /* of encode, [n_columns][NAS_ENCODE_FIELDS] */
    int64_t n_columns;    /* channels of the network behind it */
    const float *mean, *inverse_deviation; /* of standardise, [C] each */
} nas_front;

/* A copy whose fitted constants are replaced, or removed when `front` is NULL; what is
 * computed stays, and means and deviations are of what it gives. Fitting
 * happens in the data layer, after the search has hashed the graph.
 * @return NAS_E_GRAPH when the section does not give what the network reads */
nas_status nas_graph_with_front(const nas_graph *graph, const nas_front *front,
                                nas_graph **out, nas_err *err);

/* The encode operator on one row.
 * @param columns  [n][NAS_ENCODE_FIELDS]
 * @param out      [n] */
void nas_encode_row(const float *columns, int64_t n, const float *row, float *out);

/* A random raw row such as the front section was fitted on: normal in each channel, codes
 * of categories, and here and there a missing value where encode takes them.
 * @param out  [count of nas_graph_input_shape] */
void nas_graph_draw_row(const nas_graph *graph, nas_rng *rng, float *out);

/* ---- reading -------------------------------------------------------------------- */

int nas_graph_count(const nas_graph *graph); /* nodes, in topological order */
const nas_node *nas_graph_node(const nas_graph *graph, int index);
int nas_graph_output(const nas_graph *graph);            /* index of the output node */
nas_shape nas_graph_input_shape(const nas_graph *graph); /* of a row as it is */
nas_shape nas_graph_inner_shape(const nas_graph *graph); /* behind encode, if rows are
                                                            encoded; else the same */
nas_shape nas_graph_output_shape(const nas_graph *graph);

/* Shapes of a node's inputs. @param out  room for n_inputs */
void nas_graph_input_shapes(const nas_graph *graph, int index, nas_shape *out);

/* Consumers of a node, one entry per use: add(x, x) stands twice in the list of x.
 * @return their number; *out borrowed */
int nas_graph_consumers(const nas_graph *graph, int index, const int **out);

/* All parameter tensors, trained ones first, each group in node order. */
int nas_graph_weight_count(const nas_graph *graph);
const nas_weight *nas_graph_weight(const nas_graph *graph, int index);
/* The tensor of a node with a role, or NULL. */
const nas_weight *nas_graph_weight_of(const nas_graph *graph, int node,
                                      nas_weight_role role);

int64_t nas_graph_params(const nas_graph *graph); /* trained floats */
int64_t nas_graph_floats(const nas_graph *graph); /* trained + state: the flat vector */
int64_t nas_graph_macs(const nas_graph *graph);   /* one sample, forward */
int64_t nas_graph_node_macs(const nas_graph *graph, int index);

/* ---- identity ------------------------------------------------------------------- */

/* Isomorphism hash: equal for graphs that differ only in node numbering, names, front
 * section and the order of inputs of commutative operators. Computed once, when the graph
 * is finished: O(V log V + E) and a search only among symmetric nodes. */
uint64_t nas_graph_hash(const nas_graph *graph);

/* A copy with nodes in canonical order: isomorphic graphs give byte-equal JSON (apart
 * from names and front). */
nas_status nas_graph_canonical(const nas_graph *graph, nas_graph **out, nas_err *err);

/* Self-contained JSON: {"format":"nasmith-graph","version":1,"nodes":[{"op":"conv",
 * "inputs":[0],"name":"..","out":16,"kernel_h":3,...},...],"output":7}. Attributes at
 * their default are left out. Node 0 is the input: {"op":"input","shape":[1,28,28]}. */
void nas_graph_write_json(const nas_graph *graph, nas_json *json);

/* Read the JSON form.
 * @param name  of the file, for messages
 * @return NAS_E_CONFIG or NAS_E_GRAPH with name:line:column or the node's index */
nas_status nas_graph_read_json(const char *text, size_t bytes, const char *name,
                               nas_graph **out, nas_err *err);

#endif
