#include "space/program.h"

/* Only a candidate too large to have a network is told apart by its raw choices. */
uint64_t nas_space_key(const nas_space *space, const nas_candidate *candidate)
{
    nas_program program;
    nas_space_lower(space, candidate, &program);
    size_t bytes = (size_t)program.n * sizeof *program.instrs;
    uint64_t key = program.status == NAS_OK
                       ? nas_hash64(program.instrs, bytes, program.zero)
                       : nas_hash64(candidate->pick,
                                    (size_t)candidate->n * sizeof candidate->pick[0], 2);
    nas_program_free(&program);
    return key;
}
