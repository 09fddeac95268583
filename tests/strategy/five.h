/* A space of 4^5 networks with one best, for strategies that must find it. */
#ifndef NASMITH_TESTS_STRATEGY_FIVE_H
#define NASMITH_TESTS_STRATEGY_FIVE_H

#include "fixture.h"

#include <stdlib.h>

static const char FIVE[] = "network:\n"
                           "  - name: a\n    conv: {out: [4, 8, 12, 16], kernel: 1}\n"
                           "  - name: b\n    conv: {out: [4, 8, 12, 16], kernel: 1}\n"
                           "  - name: c\n    conv: {out: [4, 8, 12, 16], kernel: 1}\n"
                           "  - name: d\n    conv: {out: [4, 8, 12, 16], kernel: 1}\n"
                           "  - name: e\n    conv: {out: [4, 8, 12, 16], kernel: 1}\n"
                           "  - global_avg_pool\n";

/* 1 at (2, 0, 3, 1, 2), less everywhere else. */
__attribute__((unused)) static double five_score(const nas_space *space,
                                                 const nas_candidate *candidate)
{
    static const int best[] = {2, 0, 3, 1, 2};
    double score = 1;
    for (int d = 0; d < 5; d++)
        score -= 0.03 * (d + 1) * abs(nas_space_choice(space, candidate, d) - best[d]);
    return score;
}

/* Ask with objectives, add, score. @return index of the trial */
__attribute__((unused)) static int64_t five_step(fixture *f, nas_strategy *strategy,
                                                 uint64_t seed, unsigned objectives)
{
    nas_err err = {0};
    nas_proposal p = {0};
    nas_arena_reset(f->arena);
    nas_ask ask = test_ask(f, seed, f->history->n);
    ask.objectives = objectives;
    check_ok(nas_strategy_ask(strategy, f->history->n, &ask, &p, &err), err);
    assert_non_null(p.candidate);
    double score = five_score(f->space, p.candidate);
    int64_t t = add_trial(f, &p);
    assert_true(nas_history_score(f->history, t, 0, score, 0.01));
    return t;
}

__attribute__((unused)) static nas_strategy *five_strategy(const char *name,
                                                           const nas_space *space)
{
    nas_err err = {0};
    nas_value values[32];
    nas_strategy *strategy = NULL;
    nas_param_defaults(nas_strategy_find(name)->params, values);
    check_ok(nas_strategy_new(nas_strategy_find(name), values, space, &strategy, &err),
             err);
    nas_strategy_set_uniform_every(strategy, 0);
    return strategy;
}

#endif
