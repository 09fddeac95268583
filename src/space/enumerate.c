/* Counting assignments, and the candidate of a number.
 *
 * Without shared decisions the count is a product over blocks and a sum over
 * alternatives. A decision that occurs in several places counts once, whichever of them
 * are active: so a count is a table from what a subtree fixes of the shared decisions (0
 * nothing, else 1 + value index) to the number of assignments of all other decisions
 * below it. */
#include "space/space.h"

#include <string.h>

enum { MAX_ROWS = 4096, MAX_SHARED = 256 };

typedef struct row {
    double count;
    int16_t fixed[]; /* [n_shared] */
} row;

typedef struct table {
    int n;
    char *rows;
} table;

typedef struct counter {
    const nas_space *space;
    const int16_t *pinned; /* or NULL */
    nas_arena *arena;
    int n_shared;
    int *slot;      /* [n_decisions], index into `fixed`, or -1 */
    bool *deciding; /* [n_decisions], decides what else is active */
    size_t stride;  /* bytes of a row */
    nas_err *err;
} counter;

static row *row_at(const counter *c, const table *t, int index)
{
    return (row *)(void *)(t->rows + (size_t)index * c->stride);
}

static nas_status new_table(const counter *c, int capacity, table *out)
{
    *out = (table){0, nas_arena_alloc(c->arena, (size_t)capacity, c->stride)};
    NAS_TRY_ALLOC(out->rows, c->err);
    return NAS_OK;
}

/* One row that fixes nothing. */
static nas_status constant(const counter *c, double count, table *out)
{
    NAS_TRY(new_table(c, 1, out));
    out->n = 1;
    row_at(c, out, 0)->count = count;
    return NAS_OK;
}

/* Add a row, or its count to the row that fixes the same. */
static nas_status put(const counter *c, table *t, int capacity, const row *item)
{
    for (int i = 0; i < t->n; i++) {
        row *r = row_at(c, t, i);
        if (memcmp(r->fixed, item->fixed, (size_t)c->n_shared * sizeof(int16_t)) == 0) {
            r->count += item->count;
            return NAS_OK;
        }
    }
    if (t->n == capacity)
        return nas_fail(c->err, NAS_E_CONFIG,
                        "%s: decisions tied by `share` meet in more than %d combinations",
                        c->space->name, MAX_ROWS);
    memcpy(row_at(c, t, t->n++), item, c->stride);
    return NAS_OK;
}

/* @return whether two rows agree on what both fix; `out` is both together */
static bool join_rows(const counter *c, const row *a, const row *b, row *out)
{
    out->count = a->count * b->count;
    for (int i = 0; i < c->n_shared; i++) {
        if (a->fixed[i] != 0 && b->fixed[i] != 0 && a->fixed[i] != b->fixed[i])
            return false;
        out->fixed[i] = a->fixed[i] != 0 ? a->fixed[i] : b->fixed[i];
    }
    return true;
}

/* Both subtrees are active: every pair of agreeing rows. `out` may be `a` or `b`. */
static nas_status product(const counter *c, const table *a, const table *b, table *out)
{
    int64_t most = (int64_t)a->n * b->n;
    int capacity = most < MAX_ROWS ? (int)most : MAX_ROWS;
    table result, scratch;
    NAS_TRY(new_table(c, capacity, &result));
    NAS_TRY(new_table(c, 1, &scratch));
    for (int i = 0; i < a->n; i++)
        for (int j = 0; j < b->n; j++)
            if (join_rows(c, row_at(c, a, i), row_at(c, b, j), row_at(c, &scratch, 0)))
                NAS_TRY(put(c, &result, capacity, row_at(c, &scratch, 0)));
    *out = result;
    return NAS_OK;
}

/* One of the subtrees is active. */
static nas_status sum(const counter *c, const table *parts, int n, table *out)
{
    int64_t most = 0;
    for (int i = 0; i < n; i++)
        most += parts[i].n;
    int capacity = most < MAX_ROWS ? (int)most : MAX_ROWS;
    NAS_TRY(new_table(c, capacity, out));
    for (int i = 0; i < n; i++)
        for (int j = 0; j < parts[i].n; j++)
            NAS_TRY(put(c, out, capacity, row_at(c, &parts[i], j)));
    return NAS_OK;
}

static int pinned_value(const counter *c, int decision)
{
    return c->pinned == NULL ? -1 : c->pinned[decision];
}

/* A decision whose value is `v`. Empty where it is pinned to another. */
static nas_status one_value(const counter *c, int d, int v, table *out)
{
    NAS_TRY(constant(c, 1, out));
    if (pinned_value(c, d) >= 0 && pinned_value(c, d) != v)
        out->n = 0;
    else if (c->slot[d] >= 0)
        row_at(c, out, 0)->fixed[c->slot[d]] = (int16_t)(1 + v);
    return NAS_OK;
}

/* A decision with any value. A shared one that decides nothing else gets the mark 1
 * alone; its values are multiplied in at the end. */
static nas_status any_value(const counter *c, int d, table *out)
{
    int n = c->space->decisions[d].n_values;
    if (c->slot[d] < 0)
        return constant(c, pinned_value(c, d) >= 0 ? 1 : n, out);
    if (!c->deciding[d])
        n = 1;
    NAS_TRY(new_table(c, n, out));
    for (int v = 0; v < n; v++) {
        if (c->deciding[d] && pinned_value(c, d) >= 0 && pinned_value(c, d) != v)
            continue;
        row *r = row_at(c, out, out->n++);
        r->count = 1;
        r->fixed[c->slot[d]] = (int16_t)(1 + v);
    }
    return NAS_OK;
}

static nas_status count_block(const counter *c, const nas_block *block, table *out);

static nas_status times_setting(const counter *c, const nas_setting *setting,
                                table *total)
{
    table factor;
    if (setting->decision < 0)
        return NAS_OK;
    NAS_TRY(any_value(c, setting->decision, &factor));
    return product(c, total, &factor, total);
}

static nas_status times_block(const counter *c, const nas_block *block, table *total)
{
    table factor;
    NAS_TRY(count_block(c, block, &factor));
    return product(c, total, &factor, total);
}

static nas_status times_graph(const counter *c, const nas_cell *cell, table *total)
{
    for (int i = 0; i < cell->nodes; i++)
        NAS_TRY(times_setting(c, &cell->sources[i], total));
    for (int i = 0; i < cell->n_edges; i++)
        NAS_TRY(times_block(c, cell->edges[i], total));
    return NAS_OK;
}

static nas_status times_children(const counter *c, const nas_block *block, int from,
                                 int to, table *total)
{
    for (int i = from; i < to && i < block->n_children; i++)
        NAS_TRY(times_block(c, block->children[i], total));
    return NAS_OK;
}

/* What lies between the stages of a cell. */
static nas_status times_reduction(const counter *c, const nas_block *block, table *total)
{
    if (block->reduction != NULL)
        NAS_TRY(times_graph(c, block->reduction, total));
    return times_children(c, block, 0, block->n_children, total);
}

/* What is active for the value `from` .. `value` of the deciding setting, on top of
 * `total`, which holds what is active for smaller values. */
static nas_status times_active(const counter *c, const nas_block *block, double value,
                               int from, table *total)
{
    if (block->kind == NAS_BLOCK_CHOOSE)
        return times_block(c, block->children[(int)value], total);
    if (block->kind == NAS_BLOCK_REPEAT)
        return times_children(c, block, from, (int)value, total);
    if (block->kind == NAS_BLOCK_CELL)
        return value >= 2 && from < 2 ? times_reduction(c, block, total) : NAS_OK;
    return times_children(c, block, 0, block->n_children, total);
}

/* The sum over the values of the deciding setting, times `total`. Numbers rise, and what
 * a smaller one makes active a larger one keeps. */
static nas_status times_alternatives(const counter *c, const nas_block *block, int d,
                                     table *total)
{
    const nas_decision *decision = &c->space->decisions[d];
    table *parts = NAS_NEW(c->arena, table, decision->n_values);
    NAS_TRY_ALLOC(parts, c->err);
    table active, all;
    int from = 0;
    NAS_TRY(constant(c, 1, &active));
    for (int v = 0; v < decision->n_values; v++) {
        if (block->kind == NAS_BLOCK_CHOOSE)
            NAS_TRY(constant(c, 1, &active));
        NAS_TRY(times_active(c, block, decision->values[v], from, &active));
        from = (int)decision->values[v];
        NAS_TRY(one_value(c, d, v, &parts[v]));
        NAS_TRY(product(c, &parts[v], &active, &parts[v]));
    }
    NAS_TRY(sum(c, parts, decision->n_values, &all));
    return product(c, total, &all, total);
}

static nas_status count_block(const counter *c, const nas_block *block, table *out)
{
    NAS_TRY(constant(c, 1, out));
    if (block->kind == NAS_BLOCK_CELL)
        NAS_TRY(times_graph(c, block->cell, out));
    int structure = nas_block_deciding(block);
    const nas_setting *deciding = structure < 0 ? NULL : &block->set[structure];
    if (deciding != NULL && deciding->decision >= 0 && block->decides)
        NAS_TRY(times_alternatives(c, block, deciding->decision, out));
    else if (block->decides)
        NAS_TRY(times_active(c, block, deciding == NULL ? 0 : deciding->value, 0, out));
    for (int i = 0; i < SPACE_MAX_SETTINGS; i++)
        if (i != structure || !block->decides)
            NAS_TRY(times_setting(c, &block->set[i], out));
    return NAS_OK;
}

/* ---- which decisions occur where ------------------------------------------------- */

int nas_block_deciding(const nas_block *block)
{
    switch (block->kind) {
    case NAS_BLOCK_CHOOSE:
        return CHOOSE_PICK;
    case NAS_BLOCK_REPEAT:
        return REPEAT_TIMES;
    case NAS_BLOCK_CELL:
        return CELL_STAGES;
    default:
        return -1;
    }
}

static bool occur_setting(nas_space *space, const nas_setting *setting)
{
    if (setting->decision < 0)
        return false;
    space->decisions[setting->decision].occurrences++;
    return true;
}

static bool occur(nas_space *space, nas_block *block);

static bool occur_graph(nas_space *space, const nas_cell *cell)
{
    bool any = false;
    for (int i = 0; i < cell->nodes; i++)
        any |= occur_setting(space, &cell->sources[i]);
    for (int i = 0; i < cell->n_edges; i++)
        any |= occur(space, cell->edges[i]);
    return any;
}

/* @return whether there are decisions in the block or below */
static bool occur(nas_space *space, nas_block *block)
{
    bool any = false;
    for (int i = 0; i < SPACE_MAX_SETTINGS; i++)
        any |= occur_setting(space, &block->set[i]);
    for (int i = 0; i < block->n_children; i++)
        block->decides |= occur(space, block->children[i]);
    if (block->reduction != NULL)
        block->decides |= occur_graph(space, block->reduction);
    if (block->cell != NULL)
        any |= occur_graph(space, block->cell);
    return any || block->decides;
}

void nas_space_count_occurrences(nas_space *space)
{
    (void)occur(space, space->root);
    for (int i = 0; i < space->n_train; i++)
        (void)occur_setting(space, &space->train[i].setting);
}

/* ---- counting --------------------------------------------------------------------- */

static void find_deciding(const counter *c, const nas_block *block)
{
    int structure = nas_block_deciding(block);
    if (structure >= 0 && block->decides && block->set[structure].decision >= 0)
        c->deciding[block->set[structure].decision] = true;
    for (int i = 0; i < block->n_children; i++)
        find_deciding(c, block->children[i]);
    for (int i = 0; block->cell != NULL && i < block->cell->n_edges; i++)
        find_deciding(c, block->cell->edges[i]);
    for (int i = 0; block->reduction != NULL && i < block->reduction->n_edges; i++)
        find_deciding(c, block->reduction->edges[i]);
}

static nas_status prepare(counter *c)
{
    const nas_space *space = c->space;
    c->slot = NAS_NEW(c->arena, int, space->n_decisions);
    c->deciding = NAS_NEW(c->arena, bool, space->n_decisions);
    NAS_TRY_ALLOC(c->slot, c->err);
    NAS_TRY_ALLOC(c->deciding, c->err);
    for (int d = 0; d < space->n_decisions; d++)
        c->slot[d] = space->decisions[d].occurrences > 1 ? c->n_shared++ : -1;
    if (c->n_shared > MAX_SHARED)
        return nas_fail(c->err, NAS_E_CONFIG,
                        "%s: %d decisions tied by `share`, expected at most %d",
                        space->name, c->n_shared, MAX_SHARED);
    if (c->n_shared > 0)
        find_deciding(c, space->root);
    size_t align = sizeof(double);
    size_t bytes = sizeof(row) + (size_t)c->n_shared * sizeof(int16_t);
    c->stride = (bytes + align - 1) / align * align;
    return NAS_OK;
}

static nas_status total(const counter *c, double *out)
{
    table all;
    NAS_TRY(count_block(c, c->space->root, &all));
    for (int i = 0; i < c->space->n_train; i++)
        NAS_TRY(times_setting(c, &c->space->train[i].setting, &all));
    *out = 0;
    for (int i = 0; i < all.n; i++) {
        const row *r = row_at(c, &all, i);
        double count = r->count;
        for (int d = 0; d < c->space->n_decisions; d++)
            if (c->slot[d] >= 0 && r->fixed[c->slot[d]] != 0 && !c->deciding[d] &&
                pinned_value(c, d) < 0)
                count *= c->space->decisions[d].n_values;
        *out += count;
    }
    return NAS_OK;
}

static nas_status count(const nas_space *space, const int16_t *pinned, nas_arena *arena,
                        double *out, nas_err *err)
{
    counter c = {.space = space, .pinned = pinned, .arena = arena, .err = err};
    NAS_TRY(prepare(&c));
    return total(&c, out);
}

nas_status nas_space_count(const nas_space *space, double *out, nas_err *err)
{
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status = count(space, NULL, arena, out, err);
    nas_arena_free(arena);
    return status;
}

double nas_space_size(const nas_space *space)
{
    return space->size;
}

/* ---- the candidate of a number ---------------------------------------------------- */

/* Give decision `d` the value under which assignment number *index lies. */
static nas_status pin(const nas_space *space, int d, int16_t *pinned, double *index,
                      nas_arena *arena)
{
    for (int v = 0; v < space->decisions[d].n_values; v++) {
        double below;
        pinned[d] = (int16_t)v;
        nas_arena_reset(arena);
        NAS_TRY(count(space, pinned, arena, &below, NULL));
        if (*index < below)
            return NAS_OK;
        *index -= below;
    }
    return NAS_OK;
}

/* Pin the open decisions one after the other, in the order in which a walk meets them. */
static nas_candidate *unrank(const nas_space *space, double index, nas_arena *arena,
                             nas_arena *scratch)
{
    int16_t *pinned = NAS_NEW(arena, int16_t, space->n_decisions);
    if (pinned == NULL)
        return NULL;
    for (int d = 0; d < space->n_decisions; d++)
        pinned[d] = -1;
    for (;;) {
        int open;
        nas_candidate *candidate =
            nas_candidate_first_open(space, pinned, scratch, &open);
        if (candidate == NULL)
            return NULL;
        if (open < 0)
            return nas_candidate_copy(candidate, arena);
        if (pin(space, open, pinned, &index, scratch) != NAS_OK)
            return NULL;
    }
}

nas_candidate *nas_space_at(const nas_space *space, int64_t index, nas_arena *arena)
{
    bool enumerable = nas_space_abilities(space) & NAS_SPACE_ENUMERABLE;
    if (!enumerable || index < 0 || (double)index >= space->size)
        return NULL;
    nas_arena *scratch = nas_arena_new();
    if (scratch == NULL)
        return NULL;
    nas_candidate *candidate = unrank(space, (double)index, arena, scratch);
    nas_arena_free(scratch);
    return candidate;
}
