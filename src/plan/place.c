/* Placing buffers whose lifetimes are known: dynamic storage allocation offline.
 *
 * Ref: Y. Pisarchyk, J. Lee, Efficient Memory Management for Deep Neural Net Inference,
 * arXiv:2001.03288 (2020) for greedy by size. The exact search orders buffers by offset:
 * in some optimal placement every buffer rests on the floor or on one alive with it, so
 * placing them in order of offset, each on the skyline of what lies below, meets it.
 *
 * Sizes are rounded up to the alignment first; so every offset is aligned. */
#include "nasmith/plan.h"

#include <stdlib.h>
#include <string.h>

enum { UNPLACED = -1, MAX_EXACT = 64 };

typedef struct placing {
    nas_plan_buffer *buffers;
    int n;
    int64_t *size;   /* [n] rounded up */
    int64_t *offset; /* [n] of the attempt at hand, or UNPLACED */
    int *order;      /* [n] */
    int *near;       /* [n] neighbours of one buffer, by offset */
    bool *top;       /* [n] two-ended: lies at the top */
    int64_t bound;
    int64_t best; /* peak of the offsets in buffers */
    /* with pairs; see place_overlapping */
    const nas_plan_pair *pairs;
    int n_pairs;
    int64_t pair_bound;
} placing;

static bool overlap(const nas_plan_buffer *a, const nas_plan_buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static int64_t round_up(int64_t bytes, int64_t align)
{
    return (bytes + align - 1) / align * align;
}

/* The sum alive can only grow at a first step, so those are all that matter. */
int64_t nas_plan_live_bound(const nas_plan_buffer *buffers, int n, int64_t align)
{
    int64_t bound = 0;
    for (int i = 0; i < n; i++) {
        int64_t alive = 0;
        int step = buffers[i].first;
        for (int k = 0; k < n; k++)
            if (buffers[k].first <= step && step <= buffers[k].last)
                alive += round_up(buffers[k].bytes, align);
        bound = alive > bound ? alive : bound;
    }
    return bound;
}

/* Keep the attempt if it is better. */
static void keep(placing *p)
{
    int64_t peak = 0;
    for (int i = 0; i < p->n; i++)
        if (p->offset[i] + p->size[i] > peak)
            peak = p->offset[i] + p->size[i];
    if (peak >= p->best)
        return;
    p->best = peak;
    for (int i = 0; i < p->n; i++)
        p->buffers[i].offset = p->offset[i];
}

/* Placed buffers alive together with i, by offset. @return their number */
static int find_near(placing *p, int i)
{
    int n = 0;
    for (int k = 0; k < p->n; k++) {
        if (k == i || p->offset[k] == UNPLACED || p->size[k] == 0 ||
            !overlap(&p->buffers[i], &p->buffers[k]))
            continue;
        int at = n++;
        for (; at > 0 && p->offset[p->near[at - 1]] > p->offset[k]; at--)
            p->near[at] = p->near[at - 1];
        p->near[at] = k;
    }
    return n;
}

static int64_t lowest_gap(const placing *p, int i, int n_near)
{
    int64_t at = 0;
    for (int k = 0; k < n_near; k++) {
        int other = p->near[k];
        if (p->offset[other] >= at + p->size[i])
            break;
        if (p->offset[other] + p->size[other] > at)
            at = p->offset[other] + p->size[other];
    }
    return at;
}

/* Highest offset of a gap below `ceiling`, or UNPLACED. */
static int64_t highest_gap(const placing *p, int i, int n_near, int64_t ceiling)
{
    int64_t end = ceiling;
    for (int k = n_near - 1; k >= 0; k--) {
        int other = p->near[k];
        if (p->offset[other] + p->size[other] <= end - p->size[i])
            break;
        if (p->offset[other] < end)
            end = p->offset[other];
    }
    return end >= p->size[i] ? end - p->size[i] : UNPLACED;
}

static void clear(placing *p)
{
    for (int i = 0; i < p->n; i++)
        p->offset[i] = UNPLACED;
}

static void sort_order(placing *p, bool (*before)(const placing *, int, int))
{
    for (int i = 0; i < p->n; i++) {
        int at = i;
        for (; at > 0 && before(p, i, p->order[at - 1]); at--)
            p->order[at] = p->order[at - 1];
        p->order[at] = i;
    }
}

static bool is_earlier(const placing *p, int a, int b)
{
    return p->buffers[a].first < p->buffers[b].first;
}

static bool is_larger(const placing *p, int a, int b)
{
    return p->size[a] > p->size[b];
}

/* In order of birth, each at the end that its largest neighbour does not hold, below the
 * live bound where possible. On a chain this meets the bound exactly. */
static void place_two_ended(placing *p)
{
    clear(p);
    sort_order(p, is_earlier);
    for (int o = 0; o < p->n; o++) {
        int i = p->order[o];
        int n_near = find_near(p, i);
        int largest = -1;
        for (int k = 0; k < n_near; k++)
            if (largest < 0 || p->size[p->near[k]] > p->size[largest])
                largest = p->near[k];
        p->top[i] = largest >= 0 && !p->top[largest];
        int64_t at = p->top[i] ? highest_gap(p, i, n_near, p->bound) : UNPLACED;
        p->offset[i] = at == UNPLACED ? lowest_gap(p, i, n_near) : at;
    }
    keep(p);
}

static void place_by_size(placing *p)
{
    clear(p);
    sort_order(p, is_larger);
    for (int o = 0; o < p->n; o++) {
        int i = p->order[o];
        p->offset[i] = lowest_gap(p, i, find_near(p, i));
    }
    keep(p);
}

/* ---- branch and bound ------------------------------------------------------------ */

/* Time is cut down to the moments at which a buffer is born. */
typedef struct exact {
    placing *p;
    int n_moments;
    int first[MAX_EXACT], last[MAX_EXACT]; /* moments of a buffer's life */
    int64_t sky[MAX_EXACT];                /* per moment: top of what is placed */
    int64_t left[MAX_EXACT];               /* per moment: bytes alive, not yet placed */
    int64_t nodes, cap;
} exact;

static void find_moments(exact *e)
{
    const placing *p = e->p;
    int time[MAX_EXACT];
    sort_order(e->p, is_earlier);
    for (int o = 0; o < p->n; o++) {
        int first = p->buffers[p->order[o]].first;
        if (e->n_moments == 0 || time[e->n_moments - 1] != first)
            time[e->n_moments++] = first;
    }
    for (int i = 0; i < p->n; i++) {
        for (int t = 0; t < e->n_moments; t++) {
            e->first[i] = time[t] == p->buffers[i].first ? t : e->first[i];
            e->last[i] = time[t] <= p->buffers[i].last ? t : e->last[i];
        }
        for (int t = e->first[i]; t <= e->last[i]; t++)
            e->left[t] += p->size[i];
    }
}

/* Where buffer i would rest on what is placed. */
static int64_t rest(const exact *e, int i)
{
    int64_t at = 0;
    for (int t = e->first[i]; t <= e->last[i]; t++)
        at = e->sky[t] > at ? e->sky[t] : at;
    return at;
}

static bool can_win(const exact *e)
{
    for (int t = 0; t < e->n_moments; t++)
        if (e->sky[t] + e->left[t] >= e->p->best)
            return false;
    return true;
}

static void settle(exact *e, int i, int64_t at)
{
    for (int t = e->first[i]; t <= e->last[i]; t++) {
        e->sky[t] = at + e->p->size[i];
        e->left[t] -= e->p->size[i];
    }
    e->p->offset[i] = at;
}

/* Place the remaining buffers at `floor` or above, larger ones first. */
static void branch(exact *e, int placed, int64_t floor)
{
    placing *p = e->p;
    if (placed == p->n) {
        keep(p);
        return;
    }
    int64_t sky[MAX_EXACT];
    memcpy(sky, e->sky, sizeof sky);
    for (int o = 0; o < p->n && p->best > p->bound; o++) {
        int i = p->order[o];
        int64_t at = p->offset[i] == UNPLACED ? rest(e, i) : UNPLACED;
        if (at < floor)
            continue;
        if (e->nodes++ >= e->cap)
            return;
        settle(e, i, at);
        if (can_win(e))
            branch(e, placed + 1, at);
        for (int t = e->first[i]; t <= e->last[i]; t++)
            e->left[t] += p->size[i];
        memcpy(e->sky, sky, sizeof sky);
        p->offset[i] = UNPLACED;
    }
}

static void place_exact(placing *p, int64_t node_cap)
{
    if (p->n > MAX_EXACT || p->best <= p->bound)
        return;
    exact e = {.p = p, .cap = node_cap};
    find_moments(&e);
    clear(p);
    sort_order(p, is_larger);
    branch(&e, 0, 0);
}

/* ---- overlapping ------------------------------------------------------------------ */

/* Offsets of buffer i that another, placed one forbids: between *low and *high, both
 * allowed. */
static void forbidden(const placing *p, int i, int other, int64_t *low, int64_t *high)
{
    int64_t below = p->size[i], above = p->size[other];
    for (int k = 0; k < p->n_pairs; k++) {
        const nas_plan_pair *pair = &p->pairs[k];
        if (pair->before == other && pair->after == i) {
            below = pair->below < below ? pair->below : below;
            above = pair->above < above ? pair->above : above;
        } else if (pair->before == i && pair->after == other) {
            below = pair->above < below ? pair->above : below;
            above = pair->below < above ? pair->below : above;
        }
    }
    *low = p->offset[other] - below;
    *high = p->offset[other] + above;
}

/* The lowest offset that no placed buffer forbids. */
static int64_t lowest_allowed(placing *p, int i)
{
    int64_t at = 0;
    const int n_near = find_near(p, i);
    for (int k = 0; k < n_near;) {
        int64_t low, high;
        forbidden(p, i, p->near[k], &low, &high);
        if (at > low && at < high) {
            at = high;
            k = 0;
        } else {
            k++;
        }
    }
    return at;
}

static void place_in_order(placing *p)
{
    clear(p);
    for (int o = 0; o < p->n; o++) {
        const int i = p->order[o];
        p->offset[i] = lowest_allowed(p, i);
    }
    keep(p);
}

/* Move the buffer whose end is highest to the front of the order.
 * @return false when it is there already */
static bool promote_highest(placing *p)
{
    int highest = 0;
    for (int o = 1; o < p->n; o++) {
        const int i = p->order[o], best = p->order[highest];
        if (p->offset[i] + p->size[i] > p->offset[best] + p->size[best])
            highest = o;
    }
    const int moved = p->order[highest];
    memmove(p->order + 1, p->order, (size_t)highest * sizeof *p->order);
    p->order[0] = moved;
    return highest > 0;
}

static bool is_later(const placing *p, int a, int b)
{
    return p->buffers[a].first > p->buffers[b].first;
}

/* Each buffer as low as its placed neighbours allow, in several orders; each order is
 * improved by placing what sticks out first. */
static void place_overlapping(placing *p)
{
    enum { ROUNDS = 12 };
    bool (*const orders[])(const placing *, int, int) = {is_larger, is_earlier, is_later};
    for (size_t k = 0; k < sizeof orders / sizeof orders[0]; k++) {
        sort_order(p, orders[k]);
        place_in_order(p);
        for (int r = 0; r < ROUNDS && p->best > p->pair_bound && promote_highest(p); r++)
            place_in_order(p);
        if (p->best <= p->pair_bound)
            return;
    }
}

/* ---- entry ----------------------------------------------------------------------- */

static void *carve(char **cursor, size_t count, size_t size)
{
    void *out = *cursor;
    *cursor += (count * size + 15) / 16 * 16;
    return out;
}

static void run(placing *p, nas_plan_method method, int64_t node_cap)
{
    if (p->n_pairs > 0)
        place_overlapping(p);
    if (p->n_pairs > 0 && p->best <= p->pair_bound)
        return;
    if (method != NAS_PLAN_BY_SIZE)
        place_two_ended(p);
    if (method == NAS_PLAN_BY_SIZE ||
        (method != NAS_PLAN_TWO_ENDED && p->best > p->bound))
        place_by_size(p);
    if (method == NAS_PLAN_EXACT || method == NAS_PLAN_BEST)
        place_exact(p, node_cap);
}

/* `p` holds what is asked for. */
static nas_status place(placing p, int64_t align, nas_plan_method method,
                        int64_t node_cap, int64_t *peak, nas_err *err)
{
    const int n = p.n;
    *peak = 0;
    if (n == 0)
        return NAS_OK;
    size_t each = 2 * sizeof(int64_t) + 2 * sizeof(int) + sizeof(bool);
    char *block = nas_heap_alloc((size_t)n + 16, each);
    NAS_TRY_ALLOC(block, err);
    char *cursor = block;
    p.best = INT64_MAX;
    p.size = carve(&cursor, (size_t)n, sizeof(int64_t));
    p.offset = carve(&cursor, (size_t)n, sizeof(int64_t));
    p.order = carve(&cursor, (size_t)n, sizeof(int));
    p.near = carve(&cursor, (size_t)n, sizeof(int));
    p.top = carve(&cursor, (size_t)n, sizeof(bool));
    for (int i = 0; i < n; i++)
        p.size[i] = round_up(p.buffers[i].bytes, align);
    p.bound = nas_plan_live_bound(p.buffers, n, align);
    run(&p, method, node_cap);
    *peak = p.best;
    nas_heap_free(block);
    return NAS_OK;
}

nas_status nas_plan_place(nas_plan_buffer *buffers, int n, int64_t align,
                          nas_plan_method method, int64_t node_cap, int64_t *peak,
                          nas_err *err)
{
    const placing p = {.buffers = buffers, .n = n};
    return place(p, align, method, node_cap, peak, err);
}

nas_status nas_plan_place_pairs(nas_plan_buffer *buffers, int n,
                                const nas_plan_pairs *pairs, int64_t align,
                                int64_t node_cap, int64_t *peak, nas_err *err)
{
    const placing p = {.buffers = buffers,
                       .n = n,
                       .pairs = pairs->pair,
                       .n_pairs = pairs->n,
                       .pair_bound = pairs->bound};
    return place(p, align, NAS_PLAN_BEST, node_cap, peak, err);
}
