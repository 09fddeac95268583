#include "space/space.h"

#include <string.h>

/* A walk that settles every decision it meets. */
typedef struct walk {
    const nas_space *space;
    const int16_t *proposal; /* or NULL */
    nas_rng *rng;            /* or NULL: first values */
    int16_t *pick;
    int first_open; /* the first decision met that the proposal leaves open, or -1 */
} walk;

static int16_t draw(walk *w, int d)
{
    if (w->first_open < 0)
        w->first_open = d;
    if (w->rng == NULL)
        return 0;
    return (int16_t)nas_rng_below(w->rng, (uint64_t)w->space->decisions[d].n_values);
}

static double settle(walk *w, const nas_setting *setting)
{
    if (setting->decision < 0)
        return setting->value;
    int d = setting->decision;
    const nas_decision *decision = &w->space->decisions[d];
    if (w->pick[d] < 0) {
        if (w->proposal != NULL && w->proposal[d] >= 0)
            w->pick[d] = w->proposal[d];
        else
            w->pick[d] = draw(w, d);
    }
    return decision->values[w->pick[d]];
}

static void visit(walk *w, const nas_block *block);

static void visit_graph(walk *w, const nas_cell *cell)
{
    for (int i = 0; i < cell->nodes; i++)
        (void)settle(w, &cell->sources[i]);
    for (int i = 0; i < cell->n_edges; i++)
        visit(w, cell->edges[i]);
}

static void visit_cell(walk *w, const nas_block *block)
{
    visit_graph(w, block->cell);
    if (settle(w, &block->set[CELL_STAGES]) < 2)
        return;
    if (block->reduction != NULL)
        visit_graph(w, block->reduction);
    for (int i = 0; i < block->n_children; i++)
        visit(w, block->children[i]);
}

static void visit(walk *w, const nas_block *block)
{
    for (int i = 0; i < SPACE_MAX_SETTINGS; i++)
        (void)settle(w, &block->set[i]);
    if (block->kind == NAS_BLOCK_CHOOSE) {
        visit(w, block->children[(int)settle(w, &block->set[CHOOSE_PICK])]);
        return;
    }
    if (block->kind == NAS_BLOCK_CELL) {
        visit_cell(w, block);
        return;
    }
    int n = block->n_children;
    if (block->kind == NAS_BLOCK_REPEAT) {
        int times = (int)settle(w, &block->set[REPEAT_TIMES]);
        n = times < n ? times : n;
    }
    for (int i = 0; i < n; i++)
        visit(w, block->children[i]);
}

static nas_candidate *new_candidate(const nas_space *space, nas_arena *arena)
{
    size_t n = (size_t)space->n_decisions;
    nas_candidate *candidate =
        nas_arena_alloc(arena, 1, sizeof *candidate + n * sizeof candidate->pick[0]);
    if (candidate == NULL)
        return NULL;
    candidate->n = space->n_decisions;
    for (size_t i = 0; i < n; i++)
        candidate->pick[i] = -1;
    return candidate;
}

static nas_candidate *complete(const nas_space *space, walk *w, nas_arena *arena)
{
    nas_candidate *candidate = new_candidate(space, arena);
    if (candidate == NULL)
        return NULL;
    w->space = space;
    w->pick = candidate->pick;
    w->first_open = -1;
    visit(w, space->root);
    for (int i = 0; i < space->n_train; i++)
        (void)settle(w, &space->train[i].setting);
    return candidate;
}

nas_candidate *nas_candidate_complete(const nas_space *space, const int16_t *proposal,
                                      nas_rng *rng, nas_arena *arena)
{
    walk w = {.proposal = proposal, .rng = rng};
    return complete(space, &w, arena);
}

nas_candidate *nas_candidate_first_open(const nas_space *space, const int16_t *proposal,
                                        nas_arena *arena, int *decision)
{
    walk w = {.proposal = proposal};
    nas_candidate *candidate = complete(space, &w, arena);
    *decision = w.first_open;
    return candidate;
}

nas_candidate *nas_space_sample(const nas_space *space, nas_rng *rng, nas_arena *arena)
{
    return nas_candidate_complete(space, NULL, rng, arena);
}

nas_candidate *nas_space_assign(const nas_space *space, const int16_t *values,
                                nas_rng *rng, nas_arena *arena)
{
    return nas_candidate_complete(space, values, rng, arena);
}

nas_status nas_space_next_decision(const nas_space *space, const int16_t *values,
                                   nas_arena *scratch, int *out, nas_err *err)
{
    NAS_TRY_ALLOC(nas_candidate_first_open(space, values, scratch, out), err);
    return NAS_OK;
}

nas_candidate *nas_space_smallest(const nas_space *space, nas_arena *arena)
{
    return nas_candidate_complete(space, NULL, NULL, arena);
}

nas_candidate *nas_candidate_copy(const nas_candidate *candidate, nas_arena *arena)
{
    size_t bytes = sizeof *candidate + (size_t)candidate->n * sizeof candidate->pick[0];
    return nas_arena_copy(arena, candidate, bytes);
}

int nas_space_choice(const nas_space *space, const nas_candidate *candidate, int index)
{
    (void)space;
    return candidate->pick[index];
}

/* ---- moves ---------------------------------------------------------------------- */

/* The `k`-th active decision. */
static int active_decision(const nas_candidate *candidate, int k)
{
    int d = 0;
    while (candidate->pick[d] < 0 || k-- > 0)
        d++;
    return d;
}

static int count_active(const nas_candidate *candidate)
{
    int n = 0;
    for (int d = 0; d < candidate->n; d++)
        n += candidate->pick[d] >= 0;
    return n;
}

/* A different value: of numbers the next or the one before in half of the cases. */
static int16_t other_value(const nas_decision *decision, int value, nas_rng *rng)
{
    int n = decision->n_values;
    if (decision->ordered && nas_rng_below(rng, 2) == 0) {
        bool up = value == 0 || (value < n - 1 && nas_rng_below(rng, 2) == 0);
        return (int16_t)(up ? value + 1 : value - 1);
    }
    int other = (int)nas_rng_below(rng, (uint64_t)n - 1);
    return (int16_t)(other < value ? other : other + 1);
}

nas_candidate *nas_space_mutate(const nas_space *space, const nas_candidate *parent,
                                nas_rng *rng, nas_arena *arena)
{
    int active = count_active(parent);
    if (active == 0)
        return nas_candidate_copy(parent, arena);
    nas_candidate *proposal = nas_candidate_copy(parent, arena);
    if (proposal == NULL)
        return NULL;
    int d = active_decision(parent, (int)nas_rng_below(rng, (uint64_t)active));
    proposal->pick[d] = other_value(&space->decisions[d], parent->pick[d], rng);
    return nas_candidate_complete(space, proposal->pick, rng, arena);
}

nas_status nas_space_neighbours(const nas_space *space, const nas_candidate *candidate,
                                nas_arena *arena, nas_candidate ***out, int64_t *n,
                                nas_err *err)
{
    int64_t count = 0;
    for (int d = 0; d < candidate->n; d++)
        if (candidate->pick[d] >= 0)
            count += space->decisions[d].n_values - 1;
    nas_candidate **list = NAS_NEW(arena, nas_candidate *, count);
    nas_candidate *proposal = nas_candidate_copy(candidate, arena);
    NAS_TRY_ALLOC(list, err);
    NAS_TRY_ALLOC(proposal, err);
    int64_t i = 0;
    for (int d = 0; d < candidate->n; d++) {
        int own = candidate->pick[d];
        for (int v = 0; own >= 0 && v < space->decisions[d].n_values; v++) {
            if (v == own)
                continue;
            proposal->pick[d] = (int16_t)v;
            list[i] = nas_candidate_complete(space, proposal->pick, NULL, arena);
            NAS_TRY_ALLOC(list[i], err);
            i++;
        }
        proposal->pick[d] = (int16_t)own;
    }
    *out = list;
    *n = count;
    return NAS_OK;
}

nas_candidate *nas_space_crossover(const nas_space *space, const nas_candidate *a,
                                   const nas_candidate *b, nas_rng *rng, nas_arena *arena)
{
    nas_candidate *proposal = nas_candidate_copy(a, arena);
    if (proposal == NULL)
        return NULL;
    for (int d = 0; d < proposal->n; d++) {
        bool both = a->pick[d] >= 0 && b->pick[d] >= 0;
        if (a->pick[d] < 0 || (both && nas_rng_below(rng, 2) == 1))
            proposal->pick[d] = b->pick[d];
    }
    return nas_candidate_complete(space, proposal->pick, rng, arena);
}
