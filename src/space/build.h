/* Building a graph from a program: what build.c (structure) and build_op.c (operators)
 * share. */
#ifndef NASMITH_SPACE_BUILD_H
#define NASMITH_SPACE_BUILD_H

#include "space/program.h"

typedef struct build {
    const nas_program *program;
    nas_graph_builder *builder;
    int at;           /* next instruction */
    const char *name; /* of the nodes being added */
    int64_t rate;     /* samples per second of the data; 0: not known */
} build;

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

/* Blocks over series, among them those of Transformer encoders (build_series.c). */
int nas_build_recurrent(build *b, nas_op_kind op, const nas_instr *instr, int input);
int nas_build_tokens(build *b, const nas_instr *instr, int input);
int nas_build_positions(build *b, const nas_instr *instr, int input);
int nas_build_attention(build *b, int64_t heads, int input);
int nas_build_transformer(build *b, const nas_instr *instr, int input);

/* Attributes of a spectrogram, log_mel or mfcc. @param attr  out, of the spectrum */
void nas_build_spectrum_attributes(const nas_instr *instr, int64_t rate, nas_value *attr);
int nas_build_spectrum(build *b, const nas_instr *instr, int input);

/* The nodes of an instruction that computes something. */
int nas_build_operator(build *b, const nas_instr *instr, int input);

/* The instruction at b->at with what belongs to it; moves b->at behind it. */
int nas_build_step(build *b, int input);

#endif
