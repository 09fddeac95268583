#include "space/program.h"

#include <string.h>

/* State of one lowering. */
typedef struct lowering {
    const nas_space *space;
    const nas_candidate *candidate;
    nas_program *program;
    double shrink;     /* stride that the next window of this edge has to take; 1: none */
    int work;          /* blocks visited */
    nas_instr scratch; /* written to once the program has failed */
} lowering;

static bool failed(const lowering *l)
{
    return l->program->status != NAS_OK;
}

/* Count a visit. @return false once the candidate has become too large */
static bool visit(lowering *l)
{
    if (!failed(l) && ++l->work > PROGRAM_MAX_WORK)
        l->program->status = NAS_E_GRAPH;
    return !failed(l);
}

static double value_of(const lowering *l, const nas_block *block, int setting)
{
    return nas_setting_value(l->space, l->candidate, &block->set[setting]);
}

static bool grow(nas_program *p)
{
    int capacity = p->capacity == 0 ? 64 : 2 * p->capacity;
    nas_instr *instrs =
        nas_heap_grow(p->instrs, (size_t)p->capacity, (size_t)capacity, sizeof *instrs);
    if (instrs == NULL)
        return false;
    p->instrs = instrs;
    const nas_block **origins =
        nas_heap_grow(p->origins, (size_t)p->capacity, (size_t)capacity, sizeof *origins);
    if (origins == NULL)
        return false;
    p->origins = origins;
    p->capacity = capacity;
    return true;
}

/* @return the new instruction, zeroed */
static nas_instr *emit(lowering *l, int code, const nas_block *origin)
{
    nas_program *p = l->program;
    if (!failed(l) && p->n == PROGRAM_MAX)
        p->status = NAS_E_GRAPH;
    if (!failed(l) && p->n == p->capacity && !grow(p))
        p->status = NAS_E_NOMEM;
    if (failed(l))
        return &l->scratch;
    nas_instr *instr = &p->instrs[p->n];
    p->origins[p->n++] = origin;
    memset(instr, 0, sizeof *instr);
    instr->code = code;
    return instr;
}

static void emit_settings(lowering *l, int code, const nas_block *block)
{
    const nas_param *options = nas_block_get(block->kind)->options;
    nas_instr *instr = emit(l, code, block);
    for (int i = 0; options[i].name != NULL; i++)
        instr->arg[i] = value_of(l, block, i);
}

/* ---- what carries nothing --------------------------------------------------------- */

/* Live tensors of a cell: reached from an input and reaching the output. */
typedef struct liveness {
    unsigned nodes;    /* bit per tensor, inputs first */
    uint64_t edges[2]; /* bit per edge */
} liveness;

static bool is_zero(lowering *l, const nas_block *block);

static bool has_edge(const liveness *live, int edge)
{
    return live->edges[edge / 64] >> (edge % 64) & 1;
}

/* The tensor that edge number `k` of a node reads. */
static int source_of(const lowering *l, const nas_cell *cell, int node, int k)
{
    if (cell->picks == 0)
        return k;
    unsigned set =
        (unsigned)nas_setting_value(l->space, l->candidate, &cell->sources[node]);
    int source = 0;
    for (;; source++)
        if (set >> source & 1U && k-- == 0)
            return source;
}

static void reach_forward(lowering *l, const nas_cell *cell, liveness *live)
{
    int edge = 0;
    live->nodes = (1U << cell->inputs) - 1;
    for (int node = 0; node < cell->nodes; node++) {
        for (int k = 0; k < nas_cell_edge_count(cell, node); k++, edge++) {
            int from = source_of(l, cell, node, k);
            if (!(live->nodes >> from & 1U) || is_zero(l, cell->edges[edge]))
                continue;
            live->edges[edge / 64] |= UINT64_C(1) << (edge % 64);
            live->nodes |= 1U << (cell->inputs + node);
        }
    }
}

/* Keep what reaches the output. */
static void reach_back(const lowering *l, const nas_cell *cell, int output,
                       liveness *live)
{
    unsigned all = live->nodes & ~((1U << cell->inputs) - 1);
    unsigned wanted =
        output == OUTPUT_CONCAT ? all : all & 1U << (cell->inputs + cell->nodes - 1);
    int edge = cell->n_edges;
    for (int node = cell->nodes - 1; node >= 0; node--) {
        for (int k = nas_cell_edge_count(cell, node) - 1; k >= 0; k--) {
            edge--;
            if (!has_edge(live, edge))
                continue;
            if (wanted >> (cell->inputs + node) & 1U)
                wanted |= 1U << source_of(l, cell, node, k);
            else
                live->edges[edge / 64] &= ~(UINT64_C(1) << (edge % 64));
        }
    }
    live->nodes = wanted;
}

static liveness find_live(lowering *l, const nas_block *block, const nas_cell *cell)
{
    liveness live = {0};
    reach_forward(l, cell, &live);
    reach_back(l, cell, (int)value_of(l, block, CELL_OUTPUT), &live);
    return live;
}

static bool is_cell_zero(lowering *l, const nas_block *block)
{
    if (find_live(l, block, block->cell).nodes == 0)
        return true;
    if (value_of(l, block, CELL_STAGES) < 2)
        return false;
    if (block->reduction != NULL)
        return find_live(l, block, block->reduction).nodes == 0;
    return block->n_children > 0 && is_zero(l, block->children[0]);
}

static int repeated(const lowering *l, const nas_block *block)
{
    return (int)value_of(l, block, REPEAT_TIMES);
}

/* Repetition `i`; tied ones share one child. */
static const nas_block *repetition(const nas_block *block, int i)
{
    return block->children[i < block->n_children ? i : block->n_children - 1];
}

/* Zero times anything is zero; a sum is zero when all its terms are. */
static bool is_zero(lowering *l, const nas_block *block)
{
    int n = block->n_children;
    if (!visit(l))
        return false;
    switch (block->kind) {
    case NAS_BLOCK_NONE:
        return true;
    case NAS_BLOCK_CHOOSE:
        return is_zero(l, block->children[(int)value_of(l, block, CHOOSE_PICK)]);
    case NAS_BLOCK_BRANCHES:
        for (int i = 0; i < n; i++)
            if (!is_zero(l, block->children[i]))
                return false;
        return true;
    case NAS_BLOCK_CELL:
        return is_cell_zero(l, block);
    case NAS_BLOCK_RESIDUAL:
        return false;
    case NAS_BLOCK_REPEAT:
        n = repeated(l, block) < n ? repeated(l, block) : n;
        break;
    default:
        break;
    }
    for (int i = 0; i < n; i++)
        if (is_zero(l, block->children[i]))
            return true;
    return false;
}

/* ---- lowering --------------------------------------------------------------------- */

static void lower(lowering *l, const nas_block *block);

/* An operator; the first window of an edge that must shrink takes the stride. */
static void lower_operator(lowering *l, const nas_block *block)
{
    emit_settings(l, (int)block->kind, block);
    nas_program *p = l->program;
    if (failed(l))
        return;
    double *arg = p->instrs[p->n - 1].arg;
    bool pool = block->kind == NAS_BLOCK_MAX_POOL || block->kind == NAS_BLOCK_AVG_POOL;
    if (pool && arg[POOL_STRIDE] == 0)
        arg[POOL_STRIDE] = arg[POOL_KERNEL];
    int stride = nas_block_get(block->kind)->stride;
    if (stride >= 0) {
        arg[stride] *= l->shrink;
        l->shrink = 1;
    }
}

/* A body that does nothing leaves no residual: x, not x + x. */
static void lower_residual(lowering *l, const nas_block *block)
{
    if (is_zero(l, block->children[0]))
        return;
    int start = l->program->n;
    emit_settings(l, PROGRAM_RESIDUAL, block);
    lower(l, block->children[0]);
    if (l->program->n == start + 1)
        l->program->n = start;
    else
        (void)emit(l, PROGRAM_END, block);
}

static void lower_branches(lowering *l, const nas_block *block)
{
    int live = 0;
    const nas_block *last = NULL;
    for (int i = 0; i < block->n_children; i++) {
        if (is_zero(l, block->children[i]))
            continue;
        live++;
        last = block->children[i];
    }
    if (live == 1) {
        lower(l, last);
        return;
    }
    nas_instr *head = emit(l, PROGRAM_BRANCHES, block);
    head->arg[BRANCHES_JOIN] = value_of(l, block, BRANCHES_JOIN);
    head->arg[BRANCHES_JOIN + 1] = live;
    double shrink = l->shrink;
    for (int i = 0; i < block->n_children; i++) {
        if (is_zero(l, block->children[i]))
            continue;
        l->shrink = shrink;
        lower(l, block->children[i]);
        if (l->shrink > 1)
            (void)emit(l, PROGRAM_SHRINK, block);
        (void)emit(l, PROGRAM_END, block);
    }
    l->shrink = 1;
}

static void lower_edge(lowering *l, const nas_block *block, int from, int to)
{
    nas_instr *head = emit(l, PROGRAM_EDGE, block);
    head->arg[0] = from;
    head->arg[1] = to;
    lower(l, block);
    if (l->shrink > 1)
        (void)emit(l, PROGRAM_SHRINK, block);
    l->shrink = 1;
    (void)emit(l, PROGRAM_END, block);
}

/* @param scale  width as a multiple of the first stage's
 * @param reduce  edges from the inputs halve them */
static void lower_graph(lowering *l, const nas_block *block, const nas_cell *cell,
                        double scale, bool reduce)
{
    liveness live = find_live(l, block, cell);
    nas_instr *head = emit(l, PROGRAM_CELL, block);
    head->arg[CELL_ARG_INPUTS] = cell->inputs;
    head->arg[CELL_ARG_NODES] = cell->nodes;
    head->arg[CELL_ARG_JOIN] = value_of(l, block, CELL_JOIN);
    head->arg[CELL_ARG_OUTPUT] = value_of(l, block, CELL_OUTPUT);
    head->arg[CELL_ARG_SCALE] = scale;
    int edge = 0;
    for (int node = 0; node < cell->nodes; node++) {
        for (int k = 0; k < nas_cell_edge_count(cell, node); k++, edge++) {
            if (!has_edge(&live, edge))
                continue;
            int from = source_of(l, cell, node, k);
            l->shrink = reduce && from < cell->inputs ? 2 : 1;
            lower_edge(l, cell->edges[edge], from, cell->inputs + node);
        }
    }
    (void)emit(l, PROGRAM_END, block);
}

static void lower_cell(lowering *l, const nas_block *block)
{
    int stages = (int)value_of(l, block, CELL_STAGES);
    int cells = (int)value_of(l, block, CELL_CELLS);
    double scale = 1;
    emit(l, PROGRAM_STACK, block)->arg[0] = value_of(l, block, CELL_CHANNELS);
    for (int stage = 0; stage < stages; stage++) {
        if (stage > 0) {
            scale *= 2;
            if (block->reduction != NULL)
                lower_graph(l, block, block->reduction, scale, true);
            else if (block->n_children > 0)
                lower(l, block->children[0]);
        }
        for (int i = 0; i < cells && !failed(l); i++)
            lower_graph(l, block, block->cell, scale, false);
    }
    (void)emit(l, PROGRAM_END, block);
}

static void lower_children(lowering *l, const nas_block *block)
{
    for (int i = 0; i < block->n_children; i++)
        lower(l, block->children[i]);
}

static void lower(lowering *l, const nas_block *block)
{
    if (!visit(l))
        return;
    switch (block->kind) {
    case NAS_BLOCK_IDENTITY:
    case NAS_BLOCK_NONE:
        return;
    case NAS_BLOCK_DROPOUT:
        if (value_of(l, block, DROPOUT_RATE) > 0)
            lower_operator(l, block);
        return;
    case NAS_BLOCK_EMBED:
        if (l->space->context.n_categories > 0)
            lower_operator(l, block);
        return;
    case NAS_BLOCK_CHAIN:
        lower_children(l, block);
        return;
    case NAS_BLOCK_CHOOSE:
        lower(l, block->children[(int)value_of(l, block, CHOOSE_PICK)]);
        return;
    case NAS_BLOCK_REPEAT:
        for (int i = 0; i < repeated(l, block) && !failed(l); i++)
            lower(l, repetition(block, i));
        return;
    case NAS_BLOCK_RESIDUAL:
        lower_residual(l, block);
        return;
    case NAS_BLOCK_BRANCHES:
        lower_branches(l, block);
        return;
    case NAS_BLOCK_CELL:
        lower_cell(l, block);
        return;
    default:
        lower_operator(l, block);
        return;
    }
}

/* Constants of the train section are the same for all candidates. */
static void lower_train(lowering *l)
{
    for (int i = 0; i < l->space->n_train; i++) {
        const nas_setting *setting = &l->space->train[i].setting;
        if (setting->decision < 0)
            continue;
        nas_instr *instr = emit(l, PROGRAM_TRAIN, l->space->root);
        instr->arg[0] = i;
        instr->arg[1] = nas_setting_value(l->space, l->candidate, setting);
    }
}

void nas_space_lower(const nas_space *space, const nas_candidate *candidate,
                     nas_program *out)
{
    *out = (nas_program){0};
    lowering l = {.space = space, .candidate = candidate, .program = out, .shrink = 1};
    out->zero = is_zero(&l, space->root);
    if (!out->zero)
        lower(&l, space->root);
    lower_train(&l);
}

void nas_program_free(nas_program *program)
{
    nas_heap_free(program->instrs);
    nas_heap_free(program->origins);
    *program = (nas_program){0};
}
