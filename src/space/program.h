/* A candidate as a program: its live blocks in order, with all settings resolved.
 *
 * The program holds what the network is made from and nothing else: identities in a
 * chain, unused alternatives, edges that carry nothing and what only they reach are gone.
 * The key is the hash of the program and the network is built from it, so equal keys mean
 * equal networks. */
#ifndef NASMITH_SPACE_PROGRAM_H
#define NASMITH_SPACE_PROGRAM_H

#include "space/space.h"

/* Codes below PROGRAM_MARKS are block kinds that compute something. */
enum {
    PROGRAM_MARKS = NAS_BLOCK_IDENTITY,
    PROGRAM_RESIDUAL, /* arg: RESIDUAL_* settings; body; END */
    PROGRAM_BRANCHES, /* arg: BRANCHES_* settings, number of branches; each ends with END
                       */
    PROGRAM_STACK,    /* arg[0]: channels of the first stage; ends with END */
    PROGRAM_CELL,     /* arg: CELL_ARG_*; edges; END */
    PROGRAM_EDGE,     /* arg: from, to; body; END */
    PROGRAM_SHRINK,   /* an edge without window that must halve its input */
    PROGRAM_TRAIN,    /* arg: entry of the train section, value */
    PROGRAM_END,
};
enum { CELL_ARG_INPUTS, CELL_ARG_NODES, CELL_ARG_JOIN, CELL_ARG_OUTPUT, CELL_ARG_SCALE };

typedef struct nas_instr {
    int64_t code;
    double arg[SPACE_MAX_SETTINGS];
} nas_instr;

typedef struct nas_program {
    nas_instr *instrs;
    const nas_block **origins; /* the block each came from, for names */
    int n, capacity;
    bool zero; /* nothing reaches the output */
    nas_status status;
} nas_program;

enum {
    PROGRAM_MAX = 16384,        /* instructions */
    PROGRAM_MAX_WORK = 1 << 20, /* blocks visited */
};

/* out->status is NAS_E_GRAPH when the candidate is too large, or NAS_E_NOMEM. Release
 * with nas_program_free in any case. */
void nas_space_lower(const nas_space *space, const nas_candidate *candidate,
                     nas_program *out);
/* The key of a candidate that was lowered to this program. */
uint64_t nas_program_key(const nas_program *program, const nas_candidate *candidate);
/* Hash of the body of an edge. @param at  in: behind the EDGE; out: behind its END */
uint64_t nas_program_body_hash(const nas_program *program, int *at);
void nas_program_free(nas_program *program);

#endif
