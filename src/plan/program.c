#include "plan/lower.h"

#include <string.h>

nas_program_options nas_program_options_default(void)
{
    return (nas_program_options){.dtype = NAS_FLOAT32, .node_cap = 2000};
}

/* A buffer per value, except where a step overwrites its operand. Steps read values; from
 * here on they read buffers. */
typedef struct assignment {
    nas_program *program;
    const nas_lowered *low;
    int *buffer_of;       /* [n_steps + 1] per value */
    int *left;            /* [n_steps + 1] reads */
    nas_plan_pair *pairs; /* [n_steps] buffers that may overlap, and the step of each */
    int *pair_step;
    int n_pairs;
} assignment;

static int add_buffer(assignment *a, int value, int step)
{
    nas_program *p = a->program;
    int index = p->n_buffers++;
    p->buffers[index] = (nas_plan_buffer){.bytes = a->low->bytes[value], .first = step};
    p->buffer_shapes[index] = a->low->shapes[value];
    return index;
}

static void assign_step(assignment *a, int s, int *inputs)
{
    nas_step *step = &a->program->steps[s];
    int over = nas_step_overwrites(a->low, s, a->left);
    bool overlaps = over < 0 && nas_step_may_overlap(a->low, s, a->left);
    const nas_overlap reach = a->low->overlaps[step->output];
    int output = over >= 0 ? a->buffer_of[over] : add_buffer(a, step->output, s);
    a->buffer_of[step->output] = output;
    for (int k = 0; k < step->n_inputs; k++) {
        a->left[step->inputs[k]]--;
        inputs[k] = a->buffer_of[step->inputs[k]];
        a->program->buffers[inputs[k]].last = s;
    }
    step->inputs = inputs;
    step->output = output;
    a->program->buffers[output].last = s;
    if (!overlaps)
        return;
    a->pair_step[a->n_pairs] = s;
    a->pairs[a->n_pairs++] = (nas_plan_pair){inputs[0], output, reach.below, reach.above};
}

static nas_status assign(assignment *a, nas_arena *arena, nas_err *err)
{
    nas_program *p = a->program;
    const nas_lowered *low = a->low;
    int n = low->n_steps;
    a->buffer_of = NAS_NEW(arena, int, n + 1);
    a->left = NAS_NEW(arena, int, n + 1);
    p->buffers = NAS_NEW(arena, nas_plan_buffer, n + 1);
    p->buffer_shapes = NAS_NEW(arena, nas_shape, n + 1);
    a->pairs = NAS_NEW(arena, nas_plan_pair, n);
    a->pair_step = NAS_NEW(arena, int, n);
    if (!a->buffer_of || !a->left || !p->buffers || !p->buffer_shapes || !a->pairs ||
        !a->pair_step)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    memcpy(a->left, low->uses, ((size_t)n + 1) * sizeof(int));
    p->input_buffer = add_buffer(a, 0, 0);
    for (int s = 0; s < n; s++) {
        int *inputs = NAS_NEW(arena, int, p->steps[s].n_inputs);
        NAS_TRY_ALLOC(inputs, err);
        assign_step(a, s, inputs);
    }
    p->output_buffer = a->buffer_of[low->output];
    if (n > 0)
        p->buffers[p->output_buffer].last = n - 1;
    return NAS_OK;
}

/* Bytes that must coexist at the worst step, overlaps used to the full. */
static int64_t live_bound(const assignment *a)
{
    const nas_program *p = a->program;
    int64_t bound = 0;
    for (int s = 0, pair = 0; s < p->n_steps; s++) {
        int64_t alive = 0;
        for (int b = 0; b < p->n_buffers; b++)
            if (p->buffers[b].first <= s && s <= p->buffers[b].last)
                alive += p->buffers[b].bytes;
        if (pair < a->n_pairs && a->pair_step[pair] == s) {
            const nas_plan_pair *x = &a->pairs[pair++];
            int64_t in = p->buffers[x->before].bytes, out = p->buffers[x->after].bytes;
            nas_overlap overlap = {x->below, x->above};
            alive += nas_overlap_extent(overlap, in, out) - in - out;
        }
        bound = alive > bound ? alive : bound;
    }
    return p->n_steps == 0 ? p->buffers[0].bytes : bound;
}

/* A result that begins inside its input is computed from the end. */
static void set_directions(const assignment *a)
{
    for (int i = 0; i < a->n_pairs; i++) {
        const nas_plan_buffer *in = &a->program->buffers[a->pairs[i].before];
        const nas_plan_buffer *out = &a->program->buffers[a->pairs[i].after];
        a->program->steps[a->pair_step[i]].backward =
            out->offset > in->offset && out->offset < in->offset + in->bytes;
    }
}

/* The largest step alone, before any order is searched. */
static int64_t largest_step(const nas_lowered *low)
{
    int64_t largest = 0;
    for (int s = 0; s < low->n_steps; s++) {
        int64_t bytes = nas_step_working_bytes(low, s);
        largest = bytes > largest ? bytes : largest;
    }
    return largest;
}

static void keep_apart(nas_lowered *low)
{
    for (int s = 0; s < low->n_steps; s++)
        if (low->steps[s].n_inputs == 1)
            low->overlaps[s + 1] =
                (nas_overlap){low->bytes[s + 1], low->bytes[low->steps[s].inputs[0]]};
}

static bool rejects(const nas_program_options *options, nas_program *p, int64_t bytes)
{
    if (options->reject_above_bytes <= 0 || bytes <= options->reject_above_bytes)
        return false;
    p->live_bound_bytes = bytes;
    p->arena_bytes = bytes;
    return true;
}

nas_status nas_program_build(const nas_graph *graph, const nas_program_options *options,
                             nas_arena *arena, nas_program **out, nas_err *err)
{
    nas_lowered low;
    nas_program *p = NAS_NEW(arena, nas_program, 1);
    NAS_TRY_ALLOC(p, err);
    *out = p;
    p->graph = graph;
    p->dtype = options->dtype;
    NAS_TRY(nas_plan_lower(graph, options->dtype, arena, &low, err));
    p->steps = low.steps;
    p->n_steps = low.n_steps;
    if (options->apart)
        keep_apart(&low);
    if (rejects(options, p, largest_step(&low)))
        return NAS_OK;
    NAS_TRY(nas_order_steps(&low, options->node_cap, arena, err));
    p->steps = low.steps;
    assignment a = {.program = p, .low = &low};
    NAS_TRY(assign(&a, arena, err));
    p->live_bound_bytes = live_bound(&a);
    if (rejects(options, p, p->live_bound_bytes))
        return NAS_OK;
    const nas_plan_pairs pairs = {a.pairs, a.n_pairs, p->live_bound_bytes};
    NAS_TRY(nas_plan_place_pairs(p->buffers, p->n_buffers, &pairs,
                                 nas_dtype_bytes(options->dtype), options->node_cap,
                                 &p->arena_bytes, err));
    set_directions(&a);
    return NAS_OK;
}
