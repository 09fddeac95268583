/* layer: strategy
 *
 * Speed of asking: proposals a second of every strategy, answered at once, with a history
 * of 300 and of 100,000 scored networks; 2,000 questions or two seconds of them.
 *
 * `turns`: two workers take turns, so each question begins with the other's state.
 *
 *   bench_ask [STRATEGY] */
#include "nasmith/clock.h"
#include "nasmith/strategy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void stop(const char *what)
{
    (void)fprintf(stderr, "bench_ask: %s\n", what);
    exit(1);
}

static nas_status price_nothing(void *context, const nas_candidate *candidate,
                                nas_cost *cost, bool *feasible, nas_err *err)
{
    (void)context;
    (void)candidate;
    (void)err;
    *cost = (nas_cost){.macs = 1, .ram_bytes = 1};
    *feasible = true;
    return NAS_OK;
}

/* A strategy with its history, and one of another worker. */
typedef struct run {
    const nas_space *space;
    nas_history *history;
    nas_strategy *strategy, *other;
    nas_arena *arena;
} run;

static void run_begin(run *r, const nas_space *space, const nas_strategy_ops *ops)
{
    nas_err err = {0};
    nas_value values[32];
    nas_param_defaults(ops->params, values);
    r->space = space;
    r->history = nas_history_new(space);
    r->arena = nas_arena_new();
    if (nas_strategy_new(ops, values, space, &r->strategy, &err) != NAS_OK)
        stop(err.text);
    if (nas_strategy_new(ops, values, space, &r->other, &err) != NAS_OK)
        stop(err.text);
    nas_strategy_set_uniform_every(r->strategy, 0);
    nas_strategy_set_uniform_every(r->other, 0);
}

static void hand_over(run *r)
{
    nas_err err = {0};
    nas_text text = {0};
    nas_strategy *kept = r->strategy;
    if (nas_strategy_save(kept, &text, &err) != NAS_OK ||
        nas_strategy_load(r->other, text.data, text.length, &err) != NAS_OK)
        stop(err.text);
    r->strategy = r->other;
    r->other = kept;
    nas_text_free(&text);
}

static void run_end(run *r)
{
    nas_strategy_free(r->strategy);
    nas_strategy_free(r->other);
    nas_history_free(r->history);
    nas_arena_free(r->arena);
}

static nas_proposal run_ask(run *r, uint64_t seed)
{
    nas_err err = {0};
    nas_rng rng = nas_rng_new(seed, 201);
    nas_proposal proposal = {0};
    nas_arena_reset(r->arena);
    nas_ask ask = {.history = r->history,
                   .space = r->space,
                   .price = price_nothing,
                   .arena = r->arena,
                   .rng = nas_rng_split(&rng, (uint64_t)r->history->n)};
    if (nas_strategy_ask(r->strategy, r->history->n, &ask, &proposal, &err) != NAS_OK)
        stop(err.text);
    if (ask.exhausted)
        stop("the space is exhausted");
    return proposal;
}

static void run_tell(run *r, const nas_proposal *proposal, double score)
{
    nas_history_trial trial = {.id = r->history->n + 1,
                               .candidate = proposal->candidate,
                               .key = nas_space_key(r->space, proposal->candidate),
                               .cost = proposal->cost,
                               .queued_rung = 0};
    int64_t t = nas_history_add(r->history, &trial);
    if (t < 0 || !nas_history_score(r->history, t, 0, score, 0))
        stop("out of memory");
}

static const char WIDE[] =
    "network:\n"
    "  - repeat:\n"
    "      times: 2..6\n"
    "      of:\n"
    "        - conv: {out: [8, 12, 16, 24, 32], kernel: [1, 3, 5]}\n"
    "  - global_avg_pool\n";

static void speed(const nas_space *space, const nas_strategy_ops *ops, int64_t trials,
                  bool turns)
{
    run r = {0};
    if ((ops->needs & ~nas_space_abilities(space)) != 0)
        return;
    run_begin(&r, space, ops);
    nas_rng rng = nas_rng_new(1, 1);
    while (r.history->n < trials) {
        nas_arena_reset(r.arena);
        nas_proposal filler = {.candidate = nas_space_sample(space, &rng, r.arena)};
        run_tell(&r, &filler, nas_rng_uniform(&rng));
    }
    (void)run_ask(&r, 0); /* tells the strategy all that happened before */
    double start = nas_clock_monotonic_s(), seconds = 0;
    int asks = 0;
    for (; asks < 2000 && seconds < 2; asks++) {
        if (turns)
            hand_over(&r);
        nas_proposal proposal = run_ask(&r, (uint64_t)asks);
        run_tell(&r, &proposal, nas_rng_uniform(&rng));
        seconds = nas_clock_monotonic_s() - start;
    }
    (void)printf("%-10s %-12s %8lld trials  %10.1f asks/s%s\n", ops->name,
                 nas_space_name(space), (long long)trials, asks / seconds,
                 turns ? "  turns" : "");
    run_end(&r);
}

static void all_speeds(const nas_space *cells, const nas_space *wide, const char *only)
{
    for (int i = 0; nas_strategy_at(i) != NULL; i++) {
        const nas_strategy_ops *ops = nas_strategy_at(i);
        if (only != NULL && strcmp(only, ops->name) != 0)
            continue;
        for (int turns = 0; turns < 2; turns++) {
            speed(cells, ops, 300, turns != 0);
            speed(wide, ops, 300, turns != 0);
            speed(wide, ops, 100000, turns != 0);
        }
    }
}

int main(int argc, char **argv)
{
    nas_err err = {0};
    nas_space *cells = NULL, *wide = NULL;
    nas_space_context context = {.input = {3, 32, 32}, .n_outputs = 10};
    if (nas_space_load("nasbench201", &context, &cells, &err) != NAS_OK ||
        nas_space_parse(WIDE, strlen(WIDE), "wide", &context, &wide, &err) != NAS_OK)
        stop(err.text);
    all_speeds(cells, wide, argc > 1 ? argv[1] : NULL);
    nas_space_free(cells);
    nas_space_free(wide);
    return 0;
}
