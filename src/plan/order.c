/* The order of steps with the smallest peak of live bytes.
 *
 * Ref: E. Liberis, N. D. Lane, Neural networks on microcontrollers: saving memory at
 * inference via operator reordering, arXiv:1910.05110 (2019): dynamic programming over
 * sets of executed operators.
 *
 * Deviations: the network is first cut where a single tensor is alive, which leaves the
 * optimum as it is, and each segment is searched alone (most are single steps); forward
 * over sets in order of size instead of backward with memoisation; sets that cannot beat
 * the better of the given and the greedy order are dropped; beyond the cap, or 64 steps
 * in a segment, the better of these two is used. */
#include "plan/lower.h"

#include <string.h>

enum { MAX_SEGMENT = 64 };

/* What is alive between two steps. */
typedef struct live {
    int *reads_left; /* [n_steps + 1] */
    int64_t bytes;
} live;

/* Steps [first, first + n) of the given order. */
typedef struct segment {
    const nas_lowered *low;
    int first, n;
    const live *start;
    live now;     /* scratch */
    int *best;    /* [n] */
    int64_t peak; /* of best */
    int *attempt; /* [n] */
    nas_arena *arena;
    int64_t cap;
} segment;

/* Execute a step. @return bytes alive meanwhile */
static int64_t advance(const nas_lowered *low, int s, live *l)
{
    const nas_step *step = &low->steps[s];
    int64_t during = l->bytes + nas_step_growth(low, s, l->reads_left);
    l->bytes += low->bytes[step->output];
    for (int k = 0; k < step->n_inputs; k++)
        if (--l->reads_left[step->inputs[k]] == 0)
            l->bytes -= low->bytes[step->inputs[k]];
    return during;
}

static void rewind_to_start(segment *g)
{
    size_t n = (size_t)g->low->n_steps + 1;
    memcpy(g->now.reads_left, g->start->reads_left, n * sizeof(int));
    g->now.bytes = g->start->bytes;
}

static void keep(segment *g, const int *order, int64_t peak)
{
    if (peak >= g->peak)
        return;
    g->peak = peak;
    memcpy(g->best, order, (size_t)g->n * sizeof *order);
}

static void try_given(segment *g)
{
    int64_t peak = 0;
    rewind_to_start(g);
    for (int i = 0; i < g->n; i++) {
        g->attempt[i] = g->first + i;
        int64_t during = advance(g->low, g->first + i, &g->now);
        peak = during > peak ? during : peak;
    }
    keep(g, g->attempt, peak);
}

/* Change of live bytes when a ready step is executed now. */
static int64_t growth(const segment *g, int s)
{
    const nas_step *step = &g->low->steps[s];
    int64_t bytes = g->low->bytes[step->output];
    for (int k = 0; k < step->n_inputs; k++)
        if (g->now.reads_left[step->inputs[k]] == 1)
            bytes -= g->low->bytes[step->inputs[k]];
    return bytes;
}

static bool is_ready(const segment *g, int s, const bool *done)
{
    const nas_step *step = &g->low->steps[s];
    for (int k = 0; k < step->n_inputs; k++) {
        int producer = step->inputs[k] - 1;
        if (producer >= g->first && !done[producer - g->first])
            return false;
    }
    return !done[s - g->first];
}

static void try_greedy(segment *g, bool *done)
{
    int64_t peak = 0;
    rewind_to_start(g);
    memset(done, 0, (size_t)g->n * sizeof *done);
    for (int i = 0; i < g->n; i++) {
        int next = -1;
        int64_t least = 0;
        for (int s = g->first; s < g->first + g->n; s++) {
            if (!is_ready(g, s, done))
                continue;
            int64_t bytes = growth(g, s);
            if (next >= 0 && bytes >= least)
                continue;
            next = s;
            least = bytes;
        }
        done[next - g->first] = true;
        g->attempt[i] = next;
        int64_t during = advance(g->low, next, &g->now);
        peak = during > peak ? during : peak;
    }
    keep(g, g->attempt, peak);
}

/* No order can need less than its largest step. */
static int64_t lower_bound(const segment *g)
{
    int64_t bound = 0;
    for (int s = g->first; s < g->first + g->n; s++) {
        int64_t bytes = nas_step_working_bytes(g->low, s);
        bound = bytes > bound ? bytes : bound;
    }
    return bound;
}

/* ---- dynamic programming over sets of executed steps ----------------------------- */

typedef struct set_state {
    uint64_t done;
    int64_t bytes, peak; /* alive now, and the smallest peak of any order of the set */
    int parent, step;
} set_state;

typedef struct sets {
    segment *g;
    uint64_t needs[MAX_SEGMENT]; /* steps of the segment read by a step */
    uint64_t
        readers[MAX_SEGMENT + 1]; /* of each step's value; last: the value entering */
    bool stays[MAX_SEGMENT + 1];  /* read after the segment, too */
    int entering;                 /* value */
    set_state *states;
    int n_states;
    int *table; /* open addressing, index + 1 */
    size_t table_size;
    bool full;
} sets;

/* Index into readers of a value. */
static int local(const sets *d, int value)
{
    int producer = value - 1 - d->g->first;
    return producer >= 0 ? producer : d->g->n;
}

static void find_readers(sets *d)
{
    const segment *g = d->g;
    int reads[MAX_SEGMENT + 1] = {0};
    for (int i = 0; i < g->n; i++) {
        const nas_step *step = &g->low->steps[g->first + i];
        for (int k = 0; k < step->n_inputs; k++) {
            int v = local(d, step->inputs[k]);
            if (v < g->n)
                d->needs[i] |= UINT64_C(1) << v;
            else
                d->entering = step->inputs[k];
            d->readers[v] |= UINT64_C(1) << i;
            reads[v]++;
        }
    }
    for (int i = 0; i < g->n; i++)
        d->stays[i] = reads[i] < g->low->uses[g->first + i + 1];
    d->stays[g->n] = reads[g->n] < g->start->reads_left[d->entering];
}

/* Does the value die when step i is added to the set? */
static bool dies(const sets *d, int v, uint64_t done, int i)
{
    return !d->stays[v] && (d->readers[v] & ~(done | UINT64_C(1) << i)) == 0;
}

static int64_t grows(const sets *d, const nas_step *step, uint64_t done, int i)
{
    const nas_lowered *low = d->g->low;
    /* nas_step_growth looks at reads left; rebuild them for this step's operands */
    int *left = d->g->now.reads_left;
    for (int k = 0; k < step->n_inputs; k++)
        left[step->inputs[k]] = 0;
    for (int k = 0; k < step->n_inputs; k++)
        left[step->inputs[k]]++;
    for (int k = 0; k < step->n_inputs; k++)
        if (!dies(d, local(d, step->inputs[k]), done, i))
            left[step->inputs[k]] = step->n_inputs + 1;
    return nas_step_growth(low, d->g->first + i, left);
}

static set_state execute(const sets *d, int from, int i)
{
    const nas_lowered *low = d->g->low;
    const set_state *state = &d->states[from];
    const nas_step *step = &low->steps[d->g->first + i];
    int64_t out = low->bytes[step->output];
    int64_t during = state->bytes + grows(d, step, state->done, i);
    set_state next = {.done = state->done | UINT64_C(1) << i,
                      .bytes = state->bytes + out,
                      .peak = during > state->peak ? during : state->peak,
                      .parent = from,
                      .step = i};
    for (int k = 0; k < step->n_inputs; k++) {
        bool again = false;
        for (int j = 0; j < k; j++)
            again = again || step->inputs[j] == step->inputs[k];
        if (!again && dies(d, local(d, step->inputs[k]), state->done, i))
            next.bytes -= low->bytes[step->inputs[k]];
    }
    return next;
}

static void add_state(sets *d, const set_state *state)
{
    uint64_t hash = state->done * UINT64_C(0x9e3779b97f4a7c15);
    size_t at = (size_t)(hash >> 32) & (d->table_size - 1);
    while (d->table[at] != 0) {
        set_state *known = &d->states[d->table[at] - 1];
        if (known->done == state->done) {
            if (state->peak < known->peak)
                *known = *state;
            return;
        }
        at = (at + 1) & (d->table_size - 1);
    }
    if (d->n_states >= d->g->cap) {
        d->full = true;
        return;
    }
    d->states[d->n_states++] = *state;
    d->table[at] = d->n_states;
}

static void trace_back(sets *d)
{
    segment *g = d->g;
    const set_state *end = &d->states[d->n_states - 1];
    int64_t peak = end->peak;
    for (int i = g->n - 1; i >= 0; i--) {
        g->attempt[i] = g->first + end->step;
        end = &d->states[end->parent];
    }
    keep(g, g->attempt, peak);
}

/* Sets are met in order of size, so a set's peak is final when it is expanded. */
static void search_sets(sets *d)
{
    segment *g = d->g;
    find_readers(d);
    set_state empty = {.bytes = g->start->bytes, .parent = -1, .step = -1};
    add_state(d, &empty);
    for (int from = 0; from < d->n_states && !d->full; from++) {
        for (int i = 0; i < g->n && !d->full; i++) {
            uint64_t done = d->states[from].done;
            if ((done >> i & 1) != 0 || (d->needs[i] & ~done) != 0)
                continue;
            set_state next = execute(d, from, i);
            if (next.peak < g->peak)
                add_state(d, &next);
        }
    }
    uint64_t all = g->n == 64 ? UINT64_MAX : (UINT64_C(1) << g->n) - 1;
    if (!d->full && d->states[d->n_states - 1].done == all)
        trace_back(d);
}

static nas_status try_sets(segment *g, nas_err *err)
{
    if (g->n > MAX_SEGMENT || g->cap < 1 || g->peak <= lower_bound(g))
        return NAS_OK;
    sets *d = NAS_NEW(g->arena, sets, 1);
    NAS_TRY_ALLOC(d, err);
    d->g = g;
    d->table_size = 16;
    while (d->table_size < 2 * (size_t)g->cap)
        d->table_size *= 2;
    d->states = NAS_NEW(g->arena, set_state, g->cap);
    d->table = NAS_NEW(g->arena, int, d->table_size);
    if (d->states == NULL || d->table == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    search_sets(d);
    return NAS_OK;
}

/* ---- segments -------------------------------------------------------------------- */

static nas_status order_segment(segment *g, nas_err *err)
{
    g->peak = INT64_MAX;
    try_given(g);
    if (g->n < 3)
        return NAS_OK;
    bool *done = NAS_NEW(g->arena, bool, g->n);
    NAS_TRY_ALLOC(done, err);
    try_greedy(g, done);
    return try_sets(g, err);
}

/* cut[s] = true: after step s exactly one value is alive. */
static nas_status find_cuts(const nas_lowered *low, nas_arena *arena, bool **out,
                            nas_err *err)
{
    int n = low->n_steps;
    int *left = NAS_NEW(arena, int, n + 1);
    *out = NAS_NEW(arena, bool, n);
    if (left == NULL || *out == NULL)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    memcpy(left, low->uses, ((size_t)n + 1) * sizeof *left);
    int alive = 1;
    for (int s = 0; s < n; s++) {
        const nas_step *step = &low->steps[s];
        alive++;
        for (int k = 0; k < step->n_inputs; k++)
            alive -= --left[step->inputs[k]] == 0;
        (*out)[s] = alive == 1;
    }
    return NAS_OK;
}

static nas_status order_all(segment *g, const bool *cut, live *start, nas_err *err)
{
    int n = g->low->n_steps;
    while (g->first < n) {
        g->n = 1;
        while (!cut[g->first + g->n - 1])
            g->n++;
        if (g->n == 1)
            g->best[0] = g->first;
        else
            NAS_TRY(order_segment(g, err));
        for (int i = 0; i < g->n; i++)
            (void)advance(g->low, g->best[i], start);
        g->best += g->n;
        g->first += g->n;
    }
    return NAS_OK;
}

nas_status nas_order_steps(nas_lowered *low, int64_t cap, nas_arena *arena, nas_err *err)
{
    int n = low->n_steps;
    bool *cut = NULL;
    NAS_TRY(find_cuts(low, arena, &cut, err));
    int *order = NAS_NEW(arena, int, n);
    nas_step *steps = NAS_NEW(arena, nas_step, n);
    live start = {NAS_NEW(arena, int, n + 1), low->bytes[0]};
    segment g = {.low = low, .start = &start, .best = order, .arena = arena, .cap = cap};
    g.now.reads_left = NAS_NEW(arena, int, n + 1);
    g.attempt = NAS_NEW(arena, int, n);
    if (!order || !steps || !start.reads_left || !g.now.reads_left || !g.attempt)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    memcpy(start.reads_left, low->uses, ((size_t)n + 1) * sizeof(int));
    NAS_TRY(order_all(&g, cut, &start, err));
    for (int i = 0; i < n; i++)
        steps[i] = low->steps[order[i]];
    low->steps = steps;
    return NAS_OK;
}
