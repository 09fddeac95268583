#include "space/space.h"

int64_t nas_space_encoding_size(const nas_space *space)
{
    return space->encoding_size;
}

void nas_space_encode(const nas_space *space, const nas_candidate *candidate, float *out)
{
    for (int d = 0; d < space->n_decisions; d++)
        for (int v = 0; v < space->decisions[d].n_values; v++)
            *out++ = candidate->pick[d] == v ? 1.0F : 0.0F;
}
