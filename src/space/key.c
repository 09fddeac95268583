#include "space/program.h"

/* Only a candidate too large to have a network is told apart by its raw choices. */
uint64_t nas_program_key(const nas_program *program, const nas_candidate *candidate)
{
    if (program->status != NAS_OK)
        return nas_hash64(candidate->pick,
                          (size_t)candidate->n * sizeof candidate->pick[0], 2);
    return nas_hash64(program->instrs, (size_t)program->n * sizeof *program->instrs,
                      program->zero);
}

uint64_t nas_program_body_hash(const nas_program *program, int *at)
{
    uint64_t hash = 0;
    for (int depth = 1; depth > 0; ++*at) {
        const nas_instr *instr = &program->instrs[*at];
        if (instr->code == PROGRAM_END)
            depth--;
        else if (instr->code == PROGRAM_RESIDUAL || instr->code == PROGRAM_STACK ||
                 instr->code == PROGRAM_CELL || instr->code == PROGRAM_EDGE)
            depth++;
        else if (instr->code == PROGRAM_BRANCHES) /* an END for each */
            depth += (int)instr->arg[BRANCHES_JOIN + 1];
        if (depth > 0)
            hash = nas_hash64(instr, sizeof *instr, hash);
    }
    return hash;
}

uint64_t nas_space_key(const nas_space *space, const nas_candidate *candidate)
{
    nas_program program;
    nas_space_lower(space, candidate, &program);
    uint64_t key = nas_program_key(&program, candidate);
    nas_program_free(&program);
    return key;
}
