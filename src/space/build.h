/* Building a graph from a program: what build.c (structure) and build_op.c (operators)
 * share. */
#ifndef NASMITH_SPACE_BUILD_H
#define NASMITH_SPACE_BUILD_H

#include "space/program.h"

enum { BUILD_NAME = 1200 };

typedef struct build {
    const nas_space_context *context;
    const nas_program *program;
    nas_graph_builder *builder;
    int at;           /* next instruction */
    const char *name; /* of the nodes being added */
    int cells;        /* built so far */
    const char *edge; /* block of the edge being built; NULL outside of edges */
    char place[BUILD_NAME], text[BUILD_NAME]; /* that edge by its ends; a name on it */
} build;

/* Name the nodes that follow after a block, on an edge by what the edge connects. So
 * nodes have equal names in two candidates where they mean the same operation in the same
 * place. */
void nas_build_name(build *b, const char *block);

/* On an edge of a cell from now on: a node that picks its inputs names it by what it
 * picked. @param edge  name of its block */
void nas_build_enter_edge(build *b, const char *edge, int from);
void nas_build_leave_edge(build *b);

/* Channels of a width setting, which may be a multiple of the input's. */
int64_t nas_build_width(int64_t channels, double width);

int nas_build_unary(build *b, nas_op_kind op, int input);
/* ACT_*; none adds nothing. */
int nas_build_act(build *b, int act, int input);

/* Norm of a block, and its activation. */
int nas_build_norm_act(build *b, int norm, int act, int input);
/* A 1x1 convolution with bias, unless a norm follows, norm and activation. */
int nas_build_pointwise(build *b, int input, int64_t out, int norm, int act);
int nas_build_dropout(build *b, double rate, int input);
int nas_build_dense(build *b, int input, int64_t out, bool bias);

/* Blocks over series, among them those of Transformer encoders (build_series.c). */
int nas_build_recurrent(build *b, nas_op_kind op, const nas_instr *instr, int input);
int nas_build_positions(build *b, const nas_instr *instr, int input);
int nas_build_attention(build *b, int64_t heads, int input);
int nas_build_transformer(build *b, const nas_instr *instr, int input);

/* Attributes of a spectrogram, log_mel or mfcc. @param attr  out, of the spectrum */
void nas_build_spectrum_attributes(const nas_instr *instr, int64_t rate, nas_value *attr);
int nas_build_spectrum(build *b, const nas_instr *instr, int input);
/* A 1x1 convolution and norm that give `channels`, and rows and columns of at most
 * `target`. */
int nas_build_project(build *b, int input, int64_t channels, nas_shape target);

/* An edge that must halve rows and columns and has no window to do it. */
int nas_build_shrink(build *b, int input);

/* Sum or concatenation (JOIN_*) of n >= 1 nodes; of one, itself. */
int nas_build_join(build *b, int kind, const int *inputs, int n);

/* Input `which` of the cell being built, made to have `channels` and the rows and columns
 * of the newest. @param cell  its name */
int nas_build_adapt(build *b, const char *cell, int which, int input, nas_shape target);

/* Classes or targets from whatever the blocks left: the mean of each channel, then a
 * dense layer. */
int nas_build_head(build *b, int input, int64_t n_outputs);
/* Blocks over the columns of a table (build_table.c). */
int nas_build_embed(build *b, const nas_instr *instr, int input);
int nas_build_tokens(build *b, const nas_instr *instr, int input);

/* The nodes of an instruction that computes something. */
int nas_build_operator(build *b, const nas_instr *instr, int input);

/* The instruction at b->at with what belongs to it; moves b->at behind it. */
int nas_build_step(build *b, int input);

#endif
