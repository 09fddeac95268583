/* A history by hand for the tests of schedulers: no candidates are needed. */
#ifndef NASMITH_TESTS_SCHEDULE_BENCH_H
#define NASMITH_TESTS_SCHEDULE_BENCH_H

#include "check.h"

#include "nasmith/rng.h"
#include "nasmith/schedule.h"

#include <math.h>

typedef struct bench {
    const nas_scheduler_ops *ops;
    nas_value values[32];
    nas_history *history;
    nas_schedule_view view;
} bench;

__attribute__((unused)) static bench bench_new(const char *name, const nas_ladder *ladder)
{
    bench b = {.ops = nas_scheduler_find(name), .history = nas_history_new(NULL)};
    assert_non_null(b.ops);
    assert_non_null(b.history);
    nas_param_defaults(b.ops->params, b.values);
    b.view = (nas_schedule_view){.history = b.history,
                                 .ladder = ladder,
                                 .remaining_core_s = (double)INFINITY,
                                 .workers = 1,
                                 .seconds_per_mac_row = 3e-11,
                                 .rows = 50000};
    return b;
}

__attribute__((unused)) static void bench_free(bench *b)
{
    nas_history_free(b->history);
}

__attribute__((unused)) static int64_t add(bench *b, int64_t macs, int rung)
{
    nas_history_trial trial = {.id = b->history->n + 1,
                               .key = (uint64_t)b->history->n + 77,
                               .cost = {.macs = macs, .params = macs / 2},
                               .queued_rung = rung};
    int64_t t = nas_history_add(b->history, &trial);
    assert_true(t >= 0);
    return t;
}

__attribute__((unused)) static void score(bench *b, int64_t t, int rung, double value)
{
    assert_true(nas_history_score(b->history, t, rung, value, 0.01));
}

__attribute__((unused)) static nas_next next(const bench *b)
{
    return b->ops->next(b->values, &b->view);
}

/* A new network that ends rung 0 at once. @return what comes next */
__attribute__((unused)) static nas_next arrives(bench *b, double value)
{
    score(b, add(b, 1000, 0), 0, value);
    return next(b);
}

__attribute__((unused)) static void goes_on(nas_next n, int64_t trial, int rung)
{
    assert_int_equal(n.kind, NAS_NEXT_PROMOTE);
    assert_int_equal(n.trial, trial);
    assert_int_equal(n.rung, rung);
}

#endif
