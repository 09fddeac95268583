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
} build;

/* Channels of a width setting, which may be a multiple of the input's. */
int64_t nas_build_width(int64_t channels, double width);

int nas_build_unary(build *b, nas_op_kind op, int input);
/* ACT_*; none adds nothing. */
int nas_build_act(build *b, int act, int input);

/* The nodes of an instruction that computes something. */
int nas_build_operator(build *b, const nas_instr *instr, int input);

/* The instruction at b->at with what belongs to it; moves b->at behind it. */
int nas_build_step(build *b, int input);

#endif
