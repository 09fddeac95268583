/* A space as one network: every choice among blocks becomes the sum of its alternatives.
 *
 * The walk is that of lower.c and build.c with all alternatives taken, so it names nodes
 * as they do; liveness plays no part, since everything is alive. */
#include "space/build.h"

#include <stdio.h>
#include <string.h>

enum { MAX_ALTERNATIVES = 256, MAX_MIXTURES = 4096 };

/* A node of a cell that picks its inputs. */
typedef struct target {
    const nas_cell *cell;
    int node;
} target;

typedef struct mixing {
    const nas_space *space;
    nas_arena *arena;
    build b;
    double shrink; /* stride that the next window of this edge has to take; 1: none */
    nas_mixed_choice *choices;
    nas_mixture *mixtures;
    int n_choices, n_mixtures;
    const target *picking; /* on an edge that may be picked */
    int from;              /* and what it reads */
    nas_status status;
    nas_err *err;
} mixing;

static bool failed(const mixing *m)
{
    return m->status != NAS_OK;
}

static int refuse(mixing *m, const char *name, const char *why)
{
    if (!failed(m))
        m->status = nas_fail(m->err, NAS_E_UNSUPPORTED, "`%s` %s", name, why);
    return -1;
}

static int out_of_memory(mixing *m)
{
    if (!failed(m))
        m->status = nas_fail(m->err, NAS_E_NOMEM, "out of memory");
    return -1;
}

/* A setting that must be the same for all networks. */
static double constant(mixing *m, const nas_block *block, int setting)
{
    const nas_setting *s = &block->set[setting];
    if (s->decision >= 0 && m->space->decisions[s->decision].n_values > 1)
        (void)refuse(m, m->space->decisions[s->decision].name,
                     "decides something else than which block stands in a place");
    return s->decision >= 0 ? m->space->decisions[s->decision].values[0] : s->value;
}

static int mix(mixing *m, const nas_block *block, int input);

/* ---- operators ------------------------------------------------------------------- */

/* As lower_operator: the first window of an edge that must shrink takes the stride. */
static int mix_operator(mixing *m, const nas_block *block, int input)
{
    const nas_param *options = nas_block_get(block->kind)->options;
    nas_instr instr = {.code = block->kind};
    for (int i = 0; options[i].name != NULL; i++)
        instr.arg[i] = constant(m, block, i);
    bool pool = block->kind == NAS_BLOCK_MAX_POOL || block->kind == NAS_BLOCK_AVG_POOL;
    if (pool && instr.arg[POOL_STRIDE] == 0)
        instr.arg[POOL_STRIDE] = instr.arg[POOL_KERNEL];
    int stride = nas_block_get(block->kind)->stride;
    if (stride >= 0) {
        instr.arg[stride] *= m->shrink;
        m->shrink = 1;
    }
    if (block->kind == NAS_BLOCK_DROPOUT && instr.arg[DROPOUT_RATE] <= 0)
        return input;
    nas_build_name(&m->b, block->name);
    return nas_build_operator(&m->b, &instr, input);
}

/* A body whose stride may be left to take. */
static int mix_body(mixing *m, const nas_block *block, int input, double shrink)
{
    m->shrink = shrink;
    int out = mix(m, block, input);
    nas_build_name(&m->b, block->name);
    if (m->shrink > 1 && out >= 0)
        out = nas_build_shrink(&m->b, out);
    m->shrink = 1;
    return out;
}

static int mix_residual(mixing *m, const nas_block *block, int input)
{
    int act = (int)constant(m, block, RESIDUAL_ACT);
    int body = mix(m, block->children[0], input);
    if (failed(m) || body == input)
        return body;
    nas_build_name(&m->b, block->name);
    nas_shape in = nas_graph_builder_shape(m->b.builder, input);
    nas_shape out = nas_graph_builder_shape(m->b.builder, body);
    int skip =
        nas_shape_equal(in, out) ? input : nas_build_project(&m->b, input, out.c, out);
    int sum = nas_build_join(&m->b, JOIN_ADD, (int[]){body, skip}, 2);
    return nas_build_act(&m->b, act, sum);
}

static int mix_branches(mixing *m, const nas_block *block, int input)
{
    int ends[64];
    double shrink = m->shrink;
    for (int i = 0; i < block->n_children && !failed(m); i++)
        ends[i] = mix_body(m, block->children[i], input, shrink);
    if (failed(m))
        return -1;
    nas_build_name(&m->b, block->name);
    return nas_build_join(&m->b, (int)constant(m, block, BRANCHES_JOIN), ends,
                          block->n_children);
}

static int mix_repeat(mixing *m, const nas_block *block, int input)
{
    int times = (int)constant(m, block, REPEAT_TIMES);
    for (int i = 0; i < times && !failed(m); i++) {
        int last = block->n_children - 1;
        input = mix(m, block->children[i < last ? i : last], input);
    }
    return input;
}

/* ---- choices --------------------------------------------------------------------- */

static int find_choice(const mixing *m, int decision)
{
    for (int c = 0; c < m->n_choices; c++) {
        const nas_mixed_choice *choice = &m->choices[c];
        const target *t = choice->target;
        bool same = m->picking != NULL
                        ? t != NULL && t->cell == m->picking->cell &&
                              t->node == m->picking->node && choice->pick_from == m->from
                        : t == NULL && choice->decision == decision;
        if (same)
            return c;
    }
    return -1;
}

static int add_choice(mixing *m, const nas_block *block)
{
    nas_mixed_choice *choice = &m->choices[m->n_choices];
    bool picking = m->picking != NULL;
    if (m->n_choices == MAX_MIXTURES)
        return refuse(m, block->name, "is one choice too many");
    *choice =
        (nas_mixed_choice){.n = block->n_children,
                           .none = -1,
                           .skip = -1,
                           .decision = picking ? -1 : block->set[CHOOSE_PICK].decision,
                           .pick_from = picking ? m->from : -1,
                           .target = m->picking};
    choice->name = nas_arena_strdup(m->arena, picking ? m->b.place : block->name);
    if (choice->name == NULL)
        return out_of_memory(m);
    for (int i = 0; i < block->n_children; i++) {
        if (block->children[i]->kind == NAS_BLOCK_NONE)
            choice->none = i;
        if (block->children[i]->kind == NAS_BLOCK_IDENTITY)
            choice->skip = i;
    }
    return m->n_choices++;
}

static bool add_mixture(mixing *m, int node, int choice, const int *values, int n)
{
    nas_mixture *mixture = &m->mixtures[m->n_mixtures];
    const int *kept = nas_arena_copy(m->arena, values, (size_t)n * sizeof *values);
    if (m->n_mixtures == MAX_MIXTURES || kept == NULL)
        return out_of_memory(m) >= 0;
    *mixture = (nas_mixture){.node = node, .choice = choice, .n = n, .values = kept};
    m->n_mixtures++;
    return true;
}

/* The alternatives of a choice, next to each other. @return their number */
static int build_alternatives(mixing *m, const nas_block *block, int input, int *ends,
                              int *values)
{
    int n = 0;
    double shrink = m->shrink;
    const target *picking = m->picking;
    m->picking = NULL; /* choices within are decisions of their own */
    for (int i = 0; i < block->n_children && !failed(m); i++) {
        if (block->children[i]->kind == NAS_BLOCK_NONE)
            continue;
        values[n] = i;
        ends[n++] = mix_body(m, block->children[i], input, shrink);
    }
    m->picking = picking;
    return n;
}

static bool agree_in_shape(mixing *m, const nas_block *block, const int *ends, int n)
{
    nas_shape first = nas_graph_builder_shape(m->b.builder, ends[0]);
    for (int i = 1; i < n && !failed(m); i++) {
        nas_shape other = nas_graph_builder_shape(m->b.builder, ends[i]);
        char why[160];
        if (ends[0] < 0 || ends[i] < 0 || nas_shape_equal(first, other))
            continue; /* what the builder refused, nas_graph_finish reports */
        (void)snprintf(why, sizeof why,
                       "has alternatives of different shape: %lldx%lldx%lld and "
                       "%lldx%lldx%lld",
                       (long long)first.c, (long long)first.h, (long long)first.w,
                       (long long)other.c, (long long)other.h, (long long)other.w);
        (void)refuse(m, block->name, why);
    }
    return !failed(m);
}

static int mix_choose(mixing *m, const nas_block *block, int input)
{
    int ends[MAX_ALTERNATIVES], values[MAX_ALTERNATIVES];
    int decision = block->set[CHOOSE_PICK].decision;
    if (decision < 0 && m->picking == NULL)
        return mix(m, block->children[(int)block->set[CHOOSE_PICK].value], input);
    int choice = find_choice(m, decision);
    if (choice < 0)
        choice = add_choice(m, block);
    if (failed(m))
        return -1;
    int n = build_alternatives(m, block, input, ends, values);
    m->shrink = 1;
    if (failed(m))
        return -1;
    if (n < 2)
        return refuse(m, block->name, "has fewer than two alternatives beside `none`");
    if (!agree_in_shape(m, block, ends, n))
        return -1;
    nas_build_name(&m->b, block->name);
    int sum = nas_graph_add(m->b.builder, NAS_OP_ADD, NULL, ends, n, m->b.name);
    return add_mixture(m, sum, choice, values, n) ? sum : -1;
}

/* ---- cells ----------------------------------------------------------------------- */

static int edge_of(const nas_cell *cell, int node)
{
    int edge = 0;
    for (int i = 0; i < node; i++)
        edge += nas_cell_edge_count(cell, i);
    return edge;
}

/* A node reads all tensors before it; where it picks some, the choice of its first edge
 * stands for every edge that it could have. */
static int mix_node(mixing *m, const nas_block *block, const nas_cell *cell, int node,
                    const int *tensor, bool reduce)
{
    int ends[2 + SPACE_MAX_NODES];
    int n = cell->inputs + node;
    int first = edge_of(cell, node);
    target *picks = NULL;
    if (cell->picks > 0) {
        picks = NAS_NEW(m->arena, target, 1);
        if (picks == NULL)
            return out_of_memory(m);
        *picks = (target){cell, node};
    }
    for (int from = 0; from < n && !failed(m); from++) {
        const nas_block *edge = cell->edges[picks != NULL ? first : first + from];
        m->picking = picks;
        m->from = from;
        nas_build_enter_edge(&m->b, edge->name, from);
        ends[from] =
            mix_body(m, edge, tensor[from], reduce && from < cell->inputs ? 2 : 1);
        nas_build_leave_edge(&m->b);
        m->picking = NULL;
    }
    if (failed(m))
        return -1;
    nas_build_name(&m->b, block->name);
    return nas_build_join(&m->b, (int)constant(m, block, CELL_JOIN), ends, n);
}

/* @param previous  what the cell before this one read */
static int mix_cell(mixing *m, const nas_block *block, const nas_cell *cell, int previous,
                    int input, int64_t channels)
{
    int tensor[2 + SPACE_MAX_NODES];
    int last = cell->inputs - 1;
    nas_shape shape = nas_graph_builder_shape(m->b.builder, input);
    shape.c = channels;
    for (int i = 0; i < cell->inputs; i++)
        tensor[i] =
            nas_build_adapt(&m->b, block->name, i, i == last ? input : previous, shape);
    for (int node = 0; node < cell->nodes && !failed(m); node++)
        tensor[cell->inputs + node] =
            mix_node(m, block, cell, node, tensor, cell == block->reduction);
    if (failed(m))
        return -1;
    nas_build_name(&m->b, block->name);
    m->b.cells++;
    if ((int)constant(m, block, CELL_OUTPUT) == OUTPUT_LAST)
        return tensor[last + cell->nodes];
    return nas_build_join(&m->b, JOIN_CONCAT, tensor + cell->inputs, cell->nodes);
}

static int mix_stack(mixing *m, const nas_block *block, int input)
{
    nas_shape in = nas_graph_builder_shape(m->b.builder, input);
    int64_t channels = nas_build_width(in.c, constant(m, block, CELL_CHANNELS));
    int stages = (int)constant(m, block, CELL_STAGES);
    int cells = (int)constant(m, block, CELL_CELLS);
    int previous = input;
    for (int stage = 0; stage < stages && !failed(m); stage++, channels *= 2) {
        for (int i = stage > 0 ? -1 : 0; i < cells && !failed(m); i++) {
            int before = input;
            if (i >= 0)
                input = mix_cell(m, block, block->cell, previous, input, channels);
            else if (block->reduction != NULL)
                input = mix_cell(m, block, block->reduction, previous, input, channels);
            else if (block->n_children > 0)
                input = mix(m, block->children[0], input);
            else
                continue;
            if (i >= 0 || block->reduction != NULL)
                previous = before;
        }
    }
    return input;
}

/* ---- the whole ------------------------------------------------------------------- */

static int mix(mixing *m, const nas_block *block, int input)
{
    if (failed(m) || input < 0)
        return -1;
    switch (block->kind) {
    case NAS_BLOCK_IDENTITY:
        return input;
    case NAS_BLOCK_NONE:
        return refuse(m, block->name, "is `none` outside of a choice");
    case NAS_BLOCK_CHAIN:
        for (int i = 0; i < block->n_children; i++)
            input = mix(m, block->children[i], input);
        return input;
    case NAS_BLOCK_CHOOSE:
        return mix_choose(m, block, input);
    case NAS_BLOCK_REPEAT:
        return mix_repeat(m, block, input);
    case NAS_BLOCK_RESIDUAL:
        return mix_residual(m, block, input);
    case NAS_BLOCK_BRANCHES:
        return mix_branches(m, block, input);
    case NAS_BLOCK_CELL:
        return mix_stack(m, block, input);
    default:
        return mix_operator(m, block, input);
    }
}

static nas_status mix_graph(mixing *m, nas_mixed *out)
{
    const nas_space *space = m->space;
    int input = nas_graph_add_input(m->b.builder, space->context.input);
    int body = mix(m, space->root, input);
    if (failed(m))
        return m->status;
    if (m->n_choices == 0 && body >= 0)
        return nas_fail(m->err, NAS_E_UNSUPPORTED,
                        "space `%s` has no choice among blocks", space->name);
    int output = nas_build_head(&m->b, body, space->context.n_outputs);
    NAS_TRY(nas_graph_finish(m->b.builder, output, &out->graph, m->err));
    out->choices = m->choices;
    out->n_choices = m->n_choices;
    out->mixtures = m->mixtures;
    out->n_mixtures = m->n_mixtures;
    return NAS_OK;
}

nas_status nas_space_mix(const nas_space *space, nas_arena *arena, nas_mixed *out,
                         nas_err *err)
{
    mixing m = {.space = space, .arena = arena, .shrink = 1, .err = err};
    *out = (nas_mixed){0};
    m.choices = NAS_NEW(arena, nas_mixed_choice, MAX_MIXTURES);
    m.mixtures = NAS_NEW(arena, nas_mixture, MAX_MIXTURES);
    NAS_TRY_ALLOC(m.choices, err);
    NAS_TRY_ALLOC(m.mixtures, err);
    m.b.context = &space->context;
    m.b.builder = nas_graph_builder_new();
    NAS_TRY_ALLOC(m.b.builder, err);
    nas_status status = mix_graph(&m, out);
    nas_graph_builder_free(m.b.builder);
    return status;
}

/* ---- back to a candidate --------------------------------------------------------- */

/* The strongest alternative of a choice. @param none  it may be `none` */
static int strongest(const nas_mixed_choice *choice, const double *strengths, bool none)
{
    int best = -1;
    for (int v = 0; v < choice->n; v++)
        if ((none || v != choice->none) && (best < 0 || strengths[v] > strengths[best]))
            best = v;
    return best;
}

/* Choices of the edges into one node that picks, and how strong each is. */
typedef struct edges {
    int n;
    int from[2 + SPACE_MAX_NODES], value[2 + SPACE_MAX_NODES];
    double strength[2 + SPACE_MAX_NODES];
} edges;

static edges edges_into(const nas_mixed *mixed, const target *into,
                        const double *strengths, int stride)
{
    edges e = {0};
    for (int c = 0; c < mixed->n_choices; c++) {
        const nas_mixed_choice *choice = &mixed->choices[c];
        const target *t = choice->target;
        if (t == NULL || t->cell != into->cell || t->node != into->node)
            continue;
        const double *own = strengths + (int64_t)c * stride;
        e.from[e.n] = choice->pick_from;
        e.value[e.n] = strongest(choice, own, false);
        e.strength[e.n] = own[e.value[e.n]];
        e.n++;
    }
    return e;
}

/* The value of a decision that stands for a set of sources. */
static int value_of_set(const nas_decision *decision, unsigned set)
{
    for (int v = 0; v < decision->n_values; v++)
        if ((unsigned)decision->values[v] == set)
            return v;
    return 0;
}

/* Let a node pick its strongest edges. */
static void pick_inputs(const nas_space *space, const target *t, edges *e,
                        int16_t *values)
{
    int picks = nas_cell_edge_count(t->cell, t->node);
    int op[2 + SPACE_MAX_NODES] = {0};
    unsigned set = 0;
    for (int k = 0; k < picks; k++) {
        int best = -1;
        for (int i = 0; i < e->n; i++)
            if (!(set >> e->from[i] & 1U) &&
                (best < 0 || e->strength[i] > e->strength[best]))
                best = i;
        set |= 1U << e->from[best];
        op[e->from[best]] = e->value[best];
    }
    int sources = t->cell->sources[t->node].decision;
    if (sources >= 0)
        values[sources] = (int16_t)value_of_set(&space->decisions[sources], set);
    int edge = edge_of(t->cell, t->node);
    for (int from = 0; set >> from != 0; from++) {
        if (!(set >> from & 1U))
            continue;
        int decision = t->cell->edges[edge++]->set[CHOOSE_PICK].decision;
        if (decision >= 0)
            values[decision] = (int16_t)op[from];
    }
}

nas_candidate *nas_space_strongest(const nas_space *space, const nas_mixed *mixed,
                                   const double *strengths, int stride, nas_arena *arena)
{
    int16_t *values = NAS_NEW(arena, int16_t, space->n_decisions);
    if (values == NULL)
        return NULL;
    for (int c = 0; c < mixed->n_choices; c++) {
        const nas_mixed_choice *choice = &mixed->choices[c];
        const double *own = strengths + (int64_t)c * stride;
        if (choice->decision >= 0)
            values[choice->decision] = (int16_t)strongest(choice, own, true);
        if (choice->target == NULL)
            continue;
        edges e = edges_into(mixed, choice->target, strengths, stride);
        pick_inputs(space, choice->target, &e, values);
    }
    return nas_candidate_complete(space, values, NULL, arena);
}
