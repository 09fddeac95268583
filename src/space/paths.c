/* Ways through the cells of a candidate: what an operator sequence from the input of a
 * cell to its output is made of, without where it lies. */
#include "space/program.h"

#include <string.h>

enum { ROOM = 256 /* paths to one tensor; what is more is left out */ };

typedef struct path {
    uint64_t hash;
    int length; /* edges */
} path;

typedef struct bundle {
    path paths[ROOM];
    int n;
} bundle;

/* Where hashes of complete paths go. */
typedef struct collection {
    uint64_t *out;
    int n, room;
} collection;

static void add_path(bundle *to, path p)
{
    for (int i = 0; i < to->n; i++)
        if (to->paths[i].hash == p.hash)
            return;
    if (to->n < ROOM)
        to->paths[to->n++] = p;
}

static void collect(collection *c, const bundle *from)
{
    for (int i = 0; i < from->n; i++) {
        bool known = false;
        for (int k = 0; k < c->n && !known; k++)
            known = c->out[k] == from->paths[i].hash;
        if (!known && c->n < c->room)
            c->out[c->n++] = from->paths[i].hash;
    }
}

static void extend(bundle *to, const bundle *from, uint64_t edge, int most)
{
    for (int i = 0; i < from->n; i++) {
        const path *p = &from->paths[i];
        const uint64_t parts[] = {p->hash, edge};
        if (p->length < most)
            add_path(to, (path){nas_hash64(parts, sizeof parts, 1), p->length + 1});
    }
}

/* @param at  in: behind the CELL; out: behind its END */
static void walk_cell(const nas_program *program, const nas_instr *head, int *at,
                      int most, bundle *tensors, collection *out)
{
    const int inputs = (int)head->arg[CELL_ARG_INPUTS];
    const int last = inputs + (int)head->arg[CELL_ARG_NODES] - 1;
    for (int i = 0; i <= last; i++) {
        tensors[i].n = 0;
        if (i < inputs)
            add_path(&tensors[i], (path){0, 0});
    }
    while (program->instrs[*at].code == PROGRAM_EDGE) {
        const nas_instr *edge = &program->instrs[(*at)++];
        const uint64_t body = nas_program_body_hash(program, at);
        extend(&tensors[(int)edge->arg[1]], &tensors[(int)edge->arg[0]], body, most);
    }
    ++*at;
    const bool concat = (int)head->arg[CELL_ARG_OUTPUT] == OUTPUT_CONCAT;
    for (int i = concat ? inputs : last; i <= last; i++)
        collect(out, &tensors[i]);
}

int nas_space_paths(const nas_space *space, const nas_candidate *candidate, int most,
                    uint64_t *out, int room)
{
    nas_program program;
    collection found = {.room = room};
    found.out = out;
    bundle *tensors = nas_heap_alloc(SPACE_MAX_NODES + 2, sizeof *tensors);
    if (tensors == NULL)
        return 0;
    nas_space_lower(space, candidate, &program);
    for (int at = 0; program.status == NAS_OK && at < program.n;) {
        const nas_instr *instr = &program.instrs[at++];
        if (instr->code == PROGRAM_CELL)
            walk_cell(&program, instr, &at, most, tensors, &found);
    }
    nas_program_free(&program);
    nas_heap_free(tensors);
    return found.n;
}
