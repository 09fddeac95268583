/* The inside of a space: a tree of blocks whose settings are constants or decisions.
 *
 * A candidate gives one value to each decision that its own choices make active. All that
 * is done with candidates is a walk over this tree: drawing (assign.c), counting
 * (enumerate.c) and lowering to a program of live operators (lower.c), from which both
 * key and network are made (key.c, build.c). */
#ifndef NASMITH_SPACE_SPACE_H
#define NASMITH_SPACE_SPACE_H

#include "nasmith/space.h"

/* Caps of one space: a file from outside cannot ask for more work than these imply. */
enum {
    SPACE_MAX_BYTES = 1 << 20,
    SPACE_MAX_DEPTH = 24,     /* of nested blocks */
    SPACE_MAX_BLOCKS = 20000, /* after repetition */
    SPACE_MAX_VALUES = 4096,  /* of one decision */
    SPACE_MAX_ALL_VALUES = 200000,
    SPACE_MAX_DECISIONS = 4096,
    SPACE_MAX_REPEAT = 64,
    SPACE_MAX_NODES = 12,   /* of a cell, without its inputs */
    SPACE_MAX_SETTINGS = 9, /* of a block */
    SPACE_MAX_NAME = 64,    /* of one part of a dotted name */
};

/* One value of a block: a constant, or the value chosen for a decision. Numbers, booleans
 * and indices of words are doubles; a width below zero is a multiple of the input's. */
typedef struct nas_setting {
    int decision; /* -1: constant */
    double value; /* of a constant */
} nas_setting;

typedef struct nas_decision {
    const char *name;
    uint64_t name_hash;
    int n_values;
    const double *values;
    const char *const *texts;
    bool ordered, training;
    bool shared;     /* may be met again by `share` */
    int occurrences; /* in the tree */
} nas_decision;

/* Every block of the language, in the order of the registry (blocks.c). */
#define NAS_BLOCK_LIST(X)                                                                \
    X(CONV, conv)                                                                        \
    X(DEPTHWISE, depthwise)                                                              \
    X(SEPARABLE, separable)                                                              \
    X(MBCONV, mbconv)                                                                    \
    X(DENSE, dense)                                                                      \
    X(LSTM, lstm)                                                                        \
    X(GRU, gru)                                                                          \
    X(SPECTROGRAM, spectrogram)                                                          \
    X(LOG_MEL, log_mel)                                                                  \
    X(MFCC, mfcc)                                                                        \
    X(EMBED, embed)                                                                      \
    X(TOKENS, tokens)                                                                    \
    X(POSITIONS, positions)                                                              \
    X(ATTENTION, attention)                                                              \
    X(TRANSFORMER, transformer)                                                          \
    X(MAX_POOL, max_pool)                                                                \
    X(AVG_POOL, avg_pool)                                                                \
    X(GLOBAL_AVG_POOL, global_avg_pool)                                                  \
    X(GLOBAL_MAX_POOL, global_max_pool)                                                  \
    X(SQUEEZE_EXCITE, squeeze_excite)                                                    \
    X(DROPOUT, dropout)                                                                  \
    X(FLATTEN, flatten)                                                                  \
    X(RELU, relu)                                                                        \
    X(RELU6, relu6)                                                                      \
    NAS_CURVE_LIST(X)                                                                    \
    X(BATCH_NORM, batch_norm)                                                            \
    X(LAYER_NORM, layer_norm)                                                            \
    X(GROUP_NORM, group_norm)                                                            \
    X(IDENTITY, identity)                                                                \
    X(NONE, none)                                                                        \
    X(CHOOSE, choose)                                                                    \
    X(REPEAT, repeat)                                                                    \
    X(RESIDUAL, residual)                                                                \
    X(BRANCHES, branches)                                                                \
    X(CELL, cell)                                                                        \
    X(CHAIN, chain) /* a list of blocks; has no word of its own */

typedef enum nas_block_kind {
#define NAS_BLOCK_ENUM(upper, lower) NAS_BLOCK_##upper,
    NAS_BLOCK_LIST(NAS_BLOCK_ENUM)
#undef NAS_BLOCK_ENUM
        NAS_BLOCK_COUNT
} nas_block_kind;

/* Settings by kind: indices into nas_block.set, in the order of the option tables. */
enum {
    CONV_OUT,
    CONV_KERNEL,
    CONV_STRIDE,
    CONV_NORM,
    CONV_ACT,
    CONV_PAD,
    CONV_DILATION,
    CONV_GROUPS,
    CONV_BIAS
};
enum {
    DEPTHWISE_KERNEL,
    DEPTHWISE_STRIDE,
    DEPTHWISE_NORM,
    DEPTHWISE_ACT,
    DEPTHWISE_PAD,
    DEPTHWISE_DILATION,
    DEPTHWISE_BIAS
};
enum { SEPARABLE_OUT, SEPARABLE_KERNEL, SEPARABLE_STRIDE, SEPARABLE_NORM, SEPARABLE_ACT };
enum {
    MBCONV_OUT,
    MBCONV_EXPAND,
    MBCONV_KERNEL,
    MBCONV_STRIDE,
    MBCONV_ACT,
    MBCONV_SE /* 0: none */
};
enum { SQUEEZE_RATIO, SQUEEZE_ACT, SQUEEZE_GATE };
enum { DENSE_OUT, DENSE_NORM, DENSE_ACT };
enum {
    SPECTROGRAM_WINDOW, /* 0: by milliseconds */
    SPECTROGRAM_HOP,
    SPECTROGRAM_WINDOW_MS,
    SPECTROGRAM_HOP_MS,
    SPECTROGRAM_LEVEL,
    SPECTROGRAM_AS
};
enum {
    LOG_MEL_BANDS,
    LOG_MEL_WINDOW_MS,
    LOG_MEL_HOP_MS,
    LOG_MEL_LOW_HZ,
    LOG_MEL_HIGH_HZ,
    LOG_MEL_LEVEL,
    LOG_MEL_AS
};
enum {
    MFCC_COEFFICIENTS,
    MFCC_BANDS,
    MFCC_WINDOW_MS,
    MFCC_HOP_MS,
    MFCC_LOW_HZ,
    MFCC_HIGH_HZ,
    MFCC_LEVEL,
    MFCC_AS
};
enum { RECURRENT_OUT, RECURRENT_BIDIRECTIONAL, RECURRENT_RESULT };
enum { EMBED_OUT };
enum { TOKENS_OUT };
enum { POSITIONS_KIND };
enum { ATTENTION_HEADS };
enum { TRANSFORMER_HEADS, TRANSFORMER_EXPAND, TRANSFORMER_ACT, TRANSFORMER_DROPOUT };
enum { GROUP_NORM_GROUPS };
enum { POOL_KERNEL, POOL_STRIDE /* 0: the kernel */, POOL_PAD };
enum { DROPOUT_RATE };
enum { CHOOSE_PICK };
enum { REPEAT_TIMES, REPEAT_TIED };
enum { RESIDUAL_ACT };
enum { BRANCHES_JOIN };
enum {
    CELL_NODES,
    CELL_INPUTS,
    CELL_PICKS,
    CELL_JOIN,
    CELL_OUTPUT,
    CELL_CHANNELS,
    CELL_STAGES,
    CELL_CELLS
};

enum { NORM_NONE, NORM_BATCH, NORM_LAYER };
enum { BIAS_AUTO /* where no norm follows */, BIAS_NO, BIAS_YES };
/* Words of `act`, in the order of ACTIVATIONS; see nas_build_act. */
enum {
    ACT_NONE,
    ACT_RELU,
    ACT_RELU6,
#define CURVE_ACT(upper, lower) ACT_##upper,
    NAS_CURVE_LIST(CURVE_ACT)
#undef CURVE_ACT
};
enum { GATE_SIGMOID, GATE_HARD_SIGMOID };
enum { JOIN_ADD, JOIN_CONCAT };
enum { RESULT_SEQUENCE, RESULT_LAST };
enum { OUTPUT_LAST, OUTPUT_CONCAT };
enum { LEVEL_REMOVE, LEVEL_KEEP };
enum { AS_IMAGE, AS_SERIES };

typedef struct nas_block nas_block;

/* The directed acyclic graph of a cell: inputs are 0 .. inputs-1, nodes follow. */
typedef struct nas_cell {
    int inputs, nodes;
    int picks; /* edges into a node, at most; 0: one from each tensor before it */
    int n_edges;
    nas_block **edges;    /* by node, then by source or pick */
    nas_setting *sources; /* [nodes], set of sources as a bit mask */
} nas_cell;

struct nas_block {
    nas_block_kind kind;
    const char *name; /* dotted path */
    nas_setting set[SPACE_MAX_SETTINGS];
    int n_children;
    nas_block **children; /* alternatives, items, repetitions, branches, or the body; of a
                             cell the block between stages, if there is one */
    nas_cell *cell;       /* of a CELL */
    nas_cell *reduction;  /* the cell between stages, or NULL */
    bool decides; /* there are decisions in what the deciding setting makes active */
};

/* What the language knows of a kind of block. */
typedef struct nas_block_info {
    const char *name;
    const char *summary;
    const nas_param
        *options; /* in the order of the settings; widths are NAS_PARAM_STRING */
    int stride;   /* index of the option `stride`, or -1 */
} nas_block_info;

const nas_block_info *nas_block_get(nas_block_kind kind);
/* @return the kind with this word, or NAS_BLOCK_COUNT */
nas_block_kind nas_block_find(const char *name);

/* A constant or decision of the `train:` section. */
typedef struct nas_train_entry {
    const char *name; /* in nas_recipe_params */
    const char *text; /* of a constant */
    nas_setting setting;
} nas_train_entry;

struct nas_space {
    nas_arena *arena;
    const char *name, *text;
    size_t bytes;
    nas_space_context context;
    nas_block *root;
    nas_decision *decisions;
    int n_decisions, decision_capacity;
    nas_train_entry *train;
    int n_train;
    double size;
    int64_t encoding_size;
    uint64_t hash;
};

/* Index of the chosen value by decision; -1 where it is inactive. */
struct nas_candidate {
    int n;
    int16_t pick[];
};

/* @return the value of a setting of a candidate */
static inline double nas_setting_value(const nas_space *space,
                                       const nas_candidate *candidate,
                                       const nas_setting *setting)
{
    if (setting->decision < 0)
        return setting->value;
    int pick = candidate->pick[setting->decision];
    return space->decisions[setting->decision].values[pick < 0 ? 0 : pick];
}

/* Index of the set of sources of a cell's node and the number of its edges. */
int nas_cell_edge_count(const nas_cell *cell, int node);

/* The setting that decides what is active inside a block (pick, times, stages), or -1. */
int nas_block_deciding(const nas_block *block);

/* Count where each decision occurs, and mark the blocks that decide. */
void nas_space_count_occurrences(nas_space *space);

/* Number of assignments.
 * @return NAS_E_CONFIG when shared decisions are too entangled to count */
nas_status nas_space_count(const nas_space *space, double *out, nas_err *err);

/* The candidate that takes the proposed value wherever a decision turns out active, else
 * a draw of `rng`, or without rng the first value.
 * @param proposal  value index per decision or -1, or NULL */
nas_candidate *nas_candidate_complete(const nas_space *space, const int16_t *proposal,
                                      nas_rng *rng, nas_arena *arena);

/* The same without rng, and the first active decision the proposal leaves open (-1:
 * none). What makes that decision active is not open. */
nas_candidate *nas_candidate_first_open(const nas_space *space, const int16_t *proposal,
                                        nas_arena *arena, int *decision);

#endif
