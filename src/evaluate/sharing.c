/* What the networks of a space share, found by looking at some of them. */
#include "evaluate/bank.h"

#include <stdlib.h>

enum { MOST_NETWORKS = 600, TRIES = 4 };
static const uint64_t STREAM = 0x736861726564;

/* A tensor of some network. */
typedef struct seen {
    uint64_t meaning, key;
    int64_t count;
    int network, node; /* where, for its name */
} seen;

typedef struct looking {
    const nas_space *space;
    nas_arena *arena;
    nas_rng rng;
    nas_sharing *out;
    seen *tensors; /* [room], heap */
    size_t n, room;
    nas_candidate **networks; /* [MOST_NETWORKS] */
} looking;

static int compare(const void *a, const void *b)
{
    const seen *x = a;
    const seen *y = b;
    if (x->meaning != y->meaning)
        return x->meaning < y->meaning ? -1 : 1;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->network - y->network;
}

/* Forget what was seen more than once. */
static void compact(looking *l)
{
    size_t n = 0;
    if (l->n > 0)
        qsort(l->tensors, l->n, sizeof *l->tensors, compare);
    for (size_t i = 0; i < l->n; i++)
        if (n == 0 || l->tensors[n - 1].key != l->tensors[i].key ||
            l->tensors[n - 1].meaning != l->tensors[i].meaning)
            l->tensors[n++] = l->tensors[i];
    l->n = n;
}

static nas_status make_room(looking *l, size_t more, nas_err *err)
{
    if (l->n + more <= l->room)
        return NAS_OK;
    compact(l);
    size_t room = 2 * (l->n + more);
    if (l->n + more <= l->room / 2)
        return NAS_OK;
    seen *tensors = nas_heap_grow(l->tensors, l->room, room, sizeof *tensors);
    NAS_TRY_ALLOC(tensors, err);
    l->tensors = tensors;
    l->room = room;
    return NAS_OK;
}

static nas_status look_at(looking *l, const nas_graph *graph, nas_err *err)
{
    int n = nas_graph_weight_count(graph);
    nas_meaning *meanings =
        nas_heap_alloc((size_t)nas_graph_count(graph), sizeof *meanings);
    NAS_TRY_ALLOC(meanings, err);
    nas_bank_meanings(graph, meanings);
    nas_status status = make_room(l, (size_t)n, err);
    for (int i = 0; status == NAS_OK && i < n; i++) {
        const nas_weight *weight = nas_graph_weight(graph, i);
        const nas_meaning *node = &meanings[weight->node];
        if (nas_bank_shares(weight->role))
            l->tensors[l->n++] = (seen){nas_bank_key(weight, node, false),
                                        nas_bank_key(weight, node, true), weight->count,
                                        (int)l->out->networks, weight->node};
    }
    nas_heap_free(meanings);
    if (nas_graph_params(graph) > l->out->largest)
        l->out->largest = nas_graph_params(graph);
    return status;
}

/* @param found  out: the candidate is a network */
static nas_status look(looking *l, nas_candidate *candidate, bool *found, nas_err *err)
{
    nas_graph *graph = NULL;
    nas_err why = {0};
    NAS_TRY_ALLOC(candidate, err);
    nas_status status = nas_space_decode(l->space, candidate, &graph, &why);
    *found = status == NAS_OK;
    if (status == NAS_E_GRAPH)
        return NAS_OK;
    if (status != NAS_OK)
        return nas_fail(err, status, "%s", why.text);
    status = look_at(l, graph, err);
    nas_graph_free(graph);
    l->networks[l->out->networks++] = candidate;
    return status;
}

/* A network in which a decision has a value; decisions that are not active for it, or
 * values that leave no network, are given up after some tries. */
static nas_status look_for(looking *l, int decision, int value, nas_err *err)
{
    int n = nas_space_decision_count(l->space);
    int16_t *values = NAS_NEW(l->arena, int16_t, n);
    NAS_TRY_ALLOC(values, err);
    bool found = false;
    for (int d = 0; d < n; d++)
        values[d] = (int16_t)(d == decision ? value : -1);
    for (int i = 0; i < TRIES && !found; i++) {
        nas_candidate *candidate = nas_space_assign(l->space, values, &l->rng, l->arena);
        NAS_TRY_ALLOC(candidate, err);
        if (nas_space_choice(l->space, candidate, decision) == value)
            NAS_TRY(look(l, candidate, &found, err));
    }
    return NAS_OK;
}

static nas_status look_around(looking *l, nas_err *err)
{
    bool found = false;
    NAS_TRY(look(l, nas_space_smallest(l->space, l->arena), &found, err));
    for (int d = 0; d < nas_space_decision_count(l->space); d++) {
        nas_decision_info info = nas_space_decision(l->space, d);
        for (int v = 0; v < info.n_values && !info.training; v++)
            if (l->out->networks < MOST_NETWORKS)
                NAS_TRY(look_for(l, d, v, err));
    }
    return NAS_OK;
}

/* Name of the node of a tensor. */
static nas_status name_of(const looking *l, const seen *tensor, const char **out,
                          nas_err *err)
{
    nas_graph *graph = NULL;
    NAS_TRY(nas_space_decode(l->space, l->networks[tensor->network], &graph, err));
    *out = nas_arena_strdup(l->arena, nas_graph_node(graph, tensor->node)->name);
    nas_graph_free(graph);
    NAS_TRY_ALLOC(*out, err);
    return NAS_OK;
}

static nas_status sum_up(looking *l, nas_err *err)
{
    compact(l);
    l->out->tensors = (int64_t)l->n;
    for (size_t i = 0; i < l->n; i++) {
        l->out->floats += l->tensors[i].count;
        if (i == 0 || l->tensors[i].meaning != l->tensors[i - 1].meaning)
            continue;
        if (l->out->in_more_shapes++ == 0)
            NAS_TRY(name_of(l, &l->tensors[i], &l->out->example, err));
    }
    return NAS_OK;
}

nas_status nas_supernet_sharing(const nas_space *space, nas_arena *arena,
                                nas_sharing *out, nas_err *err)
{
    *out = (nas_sharing){0};
    looking l = {
        .space = space, .arena = arena, .rng = nas_rng_new(0, STREAM), .out = out};
    l.networks = NAS_NEW(arena, nas_candidate *, MOST_NETWORKS + 1);
    NAS_TRY_ALLOC(l.networks, err);
    nas_status status = look_around(&l, err);
    if (status == NAS_OK)
        status = sum_up(&l, err);
    nas_heap_free(l.tensors);
    return status;
}
