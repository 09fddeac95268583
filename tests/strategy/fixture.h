/* What the tests of strategies share: small spaces, a price and a made-up score. */
#ifndef NASMITH_TESTS_STRATEGY_FIXTURE_H
#define NASMITH_TESTS_STRATEGY_FIXTURE_H

#include "check.h"

#include "nasmith/strategy.h"

#include <math.h>
#include <string.h>

/* 6 assignments */
static const char TINY[] = "network:\n"
                           "  - conv: {out: [4, 8, 12], kernel: [1, 3]}\n"
                           "  - global_avg_pool\n";

/* about 10^7 */
static const char WIDE[] =
    "network:\n"
    "  - repeat:\n"
    "      times: 1..6\n"
    "      of:\n"
    "        - conv: {out: [4, 8, 16, 32, 64], kernel: [1, 3, 5]}\n"
    "  - global_avg_pool\n"
    "train:\n"
    "  learning_rate: [0.01, 0.02]\n";

typedef struct fixture {
    nas_space *space;
    nas_history *history;
    nas_arena *arena;
    nas_limits limits;
    int64_t priced; /* calls of the price */
} fixture;

__attribute__((unused)) static void fixture_open(fixture *f, const char *text)
{
    nas_err err = {0};
    nas_space_context context = {.input = {3, 16, 16}, .n_outputs = 10};
    *f = (fixture){.arena = nas_arena_new()};
    if (strchr(text, '\n') == NULL)
        check_ok(nas_space_load(text, &context, &f->space, &err), err);
    else
        check_ok(nas_space_parse(text, strlen(text), "test", &context, &f->space, &err),
                 err);
    f->history = nas_history_new(f->space);
    assert_non_null(f->history);
    assert_non_null(f->arena);
}

__attribute__((unused)) static void fixture_close(fixture *f)
{
    nas_history_free(f->history);
    nas_space_free(f->space);
    nas_arena_free(f->arena);
}

/* The price a search uses. */
static nas_status test_price(void *context, const nas_candidate *candidate,
                             nas_cost *cost, bool *feasible, nas_err *err)
{
    fixture *f = context;
    nas_graph *graph = NULL;
    nas_err why = {0};
    f->priced++;
    *feasible = false;
    *cost = (nas_cost){.latency_ms = -1};
    if (nas_space_decode(f->space, candidate, &graph, &why) != NAS_OK)
        return NAS_OK;
    nas_status status = nas_cost_of(graph, NAS_FLOAT32, NULL, &f->limits, cost, err);
    nas_graph_free(graph);
    *feasible = status == NAS_OK && nas_cost_violates(cost, &f->limits) == NAS_LIMIT_NONE;
    return status;
}

__attribute__((unused)) static nas_ask test_ask(fixture *f, uint64_t seed, int64_t index)
{
    nas_rng rng = nas_rng_new(seed, 7);
    return (nas_ask){.history = f->history,
                     .space = f->space,
                     .price = test_price,
                     .price_context = f,
                     .limits = &f->limits,
                     .arena = f->arena,
                     .rng = nas_rng_split(&rng, (uint64_t)index)};
}

/* @return index of the new trial */
__attribute__((unused)) static int64_t add_trial(fixture *f, const nas_proposal *p)
{
    nas_history_trial trial = {.id = f->history->n + 1,
                               .candidate = p->candidate,
                               .key = nas_space_key(f->space, p->candidate),
                               .parents = {p->parents[0], p->parents[1]},
                               .uniform = p->uniform,
                               .cost = p->cost,
                               .queued_rung = 0};
    int64_t t = nas_history_add(f->history, &trial);
    assert_true(t >= 0);
    return t;
}

__attribute__((unused)) static void score_trial(fixture *f, int64_t t, int rung)
{
    uint64_t key = f->history->trials[t].key;
    double score = (double)(nas_hash64(&key, sizeof key, (uint64_t)rung) >> 11) * 0x1p-53;
    assert_true(nas_history_score(f->history, t, rung, score, 0.01));
}

#endif
