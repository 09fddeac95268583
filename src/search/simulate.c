/* One search on a table, with a clock of its own. */
#include "nasmith/bench.h"

#include "nasmith/clock.h"
#include "nasmith/proxy.h"

#include <assert.h>
#include <math.h>

enum { STREAM = 201, FIRST_EVENTS = 64, MAX_WORKERS = 64 };

/* A training under way. */
typedef struct simulated_job {
    int64_t trial; /* index in the history; -1: the worker is free */
    int rung;
    double end_s;
} simulated_job;

typedef struct simulation {
    const nas_simulation *options;
    nas_history *history;
    nas_strategy *strategy;
    nas_arena *arena; /* of one question */
    simulated_job jobs[MAX_WORKERS];
    int64_t begun, asked;
    double clock_s, epochs, asking_s;
    double screened_s; /* spent on ranking, not yet on the clock of a worker */
    bool exhausted;    /* of new networks, or of a budget */
    bool full;         /* no training may begin any more */
} simulation;

static nas_status price(void *context, const nas_candidate *candidate, nas_cost *cost,
                        bool *feasible, nas_err *err)
{
    const nas_table *table = context;
    (void)err;
    int64_t network = nas_table_find(table, candidate);
    *feasible = network >= 0;
    *cost = *feasible ? nas_table_cost(table, network) : (nas_cost){0};
    return NAS_OK;
}

/* A nas_screen_fn: the log-rank sum of the table's proxies, at a price. */
static nas_status screen(void *context, nas_candidate *const *candidates, int64_t n,
                         double *out, nas_err *err)
{
    simulation *s = context;
    const nas_table *table = s->options->table;
    const int k = nas_table_proxy_count(table);
    double *scores = nas_heap_alloc((size_t)(n * k), sizeof *scores);
    NAS_TRY_ALLOC(scores, err);
    for (int64_t i = 0; i < n; i++) {
        const int64_t network = nas_table_find(table, candidates[i]);
        for (int p = 0; p < k; p++)
            scores[i * k + p] =
                network >= 0 ? nas_table_proxy(table, network, p) : (double)NAN;
    }
    const bool ranked = nas_proxy_log_rank(scores, n, k, out);
    nas_heap_free(scores);
    s->screened_s += (double)n * s->options->screen_s;
    return ranked ? NAS_OK : nas_fail(err, NAS_E_NOMEM, "out of memory");
}

static nas_status open_simulation(simulation *s, nas_err *err)
{
    const nas_space *space = nas_table_space(s->options->table);
    s->history = nas_history_new(space);
    NAS_TRY_ALLOC(s->history, err);
    s->arena = nas_arena_new();
    NAS_TRY_ALLOC(s->arena, err);
    NAS_TRY(nas_strategy_new(s->options->strategy, s->options->strategy_values, space,
                             &s->strategy, err));
    nas_strategy_set_uniform_every(s->strategy, 0);
    for (int w = 0; w < MAX_WORKERS; w++)
        s->jobs[w].trial = -1;
    return NAS_OK;
}

static void close_simulation(simulation *s)
{
    nas_strategy_free(s->strategy);
    nas_history_free(s->history);
    nas_arena_free(s->arena);
}

static int64_t network_of(const simulation *s, int64_t trial)
{
    return nas_table_find(s->options->table, s->history->trials[trial].candidate);
}

/* ---- beginning trainings ---- */

/* @param trial  out: index of the new trial; -1 when nothing new can be proposed */
static nas_status ask(simulation *s, int rung, int64_t *trial, nas_err *err)
{
    const nas_table *table = s->options->table;
    nas_rng rng = nas_rng_new(s->options->seed, STREAM);
    nas_proposal proposal = {0};
    bool objective = nas_table_options_of(table)->objective != NULL;
    nas_arena_reset(s->arena);
    nas_ask question = {.history = s->history,
                        .space = nas_table_space(table),
                        .price = price,
                        .price_context = (void *)(uintptr_t)table, /* only reads */
                        .objectives = objective ? 1U << NAS_LIMIT_LATENCY : 0,
                        .screen = s->options->screen > 0 ? screen : NULL,
                        .screen_context = s,
                        .screen_most = s->options->screen,
                        .arena = s->arena,
                        .rng = nas_rng_split(&rng, (uint64_t)s->asked),
                        .rung = rung,
                        .rungs = nas_table_ladder(table)->n};
    *trial = -1;
    NAS_TRY(nas_strategy_ask(s->strategy, s->asked, &question, &proposal, err));
    s->asked++;
    s->exhausted = question.exhausted;
    if (s->exhausted)
        return NAS_OK;
    nas_history_trial entry = {.id = s->history->n + 1,
                               .candidate = proposal.candidate,
                               .key = nas_space_key(question.space, proposal.candidate),
                               .parents = {proposal.parents[0], proposal.parents[1]},
                               .uniform = proposal.uniform,
                               .cost = proposal.cost,
                               .queued_rung = rung};
    *trial = nas_history_add(s->history, &entry);
    return *trial >= 0 ? NAS_OK : nas_fail(err, NAS_E_NOMEM, "out of memory");
}

/* @return false when the budget has no room for it */
static bool begin(simulation *s, int worker, int64_t trial, int rung)
{
    const nas_table *table = s->options->table;
    const nas_bench_budget *budget = &s->options->budget;
    const nas_history_trial *entry = &s->history->trials[trial];
    int from = entry->rungs - 1;
    double epochs = nas_table_epochs(table, from, rung);
    if (budget->epochs > 0 && s->epochs + epochs > budget->epochs)
        return false;
    s->begun++;
    s->epochs += epochs;
    s->jobs[worker] =
        (simulated_job){trial, rung,
                        s->clock_s + s->screened_s +
                            nas_table_seconds(table, network_of(s, trial), from, rung)};
    s->screened_s = 0;
    return true;
}

static nas_next what_next(const simulation *s)
{
    nas_schedule_view view = {.history = s->history,
                              .ladder = nas_table_ladder(s->options->table),
                              .remaining_core_s = (double)INFINITY,
                              .workers = s->options->workers,
                              .rows = 1,
                              .drain = s->exhausted};
    return s->options->scheduler->next(s->options->scheduler_values, &view);
}

/* Give a free worker something to do. @param idle  out: there is nothing */
static nas_status employ(simulation *s, int worker, bool *idle, nas_err *err)
{
    *idle = false;
    for (;;) {
        nas_next next = what_next(s);
        int64_t trial = next.trial;
        if (next.kind == NAS_NEXT_WAIT || (next.kind == NAS_NEXT_ASK && s->exhausted)) {
            *idle = true;
            return NAS_OK;
        }
        if (next.kind == NAS_NEXT_ASK) {
            NAS_TRY(ask(s, next.rung, &trial, err));
            if (trial < 0)
                continue; /* perhaps something can be promoted */
        }
        s->history->trials[trial].queued_rung = next.rung;
        s->full = !begin(s, worker, trial, next.rung);
        *idle = s->full;
        return NAS_OK;
    }
}

static nas_status employ_all(simulation *s, nas_err *err)
{
    int64_t most = s->options->budget.queries;
    double start = nas_clock_monotonic_s();
    bool idle = false;
    nas_status status = NAS_OK;
    for (int w = 0; w < s->options->workers && !idle && status == NAS_OK; w++) {
        if (s->full || (most > 0 && s->begun >= most))
            break;
        if (s->jobs[w].trial < 0)
            status = employ(s, w, &idle, err);
    }
    s->asking_s += nas_clock_monotonic_s() - start;
    return status;
}

/* ---- ending them ---- */

/* @return the worker that is done first, or -1 */
static int first_done(const simulation *s)
{
    int first = -1;
    for (int w = 0; w < s->options->workers; w++)
        if (s->jobs[w].trial >= 0 &&
            (first < 0 || s->jobs[w].end_s < s->jobs[first].end_s))
            first = w;
    return first;
}

static nas_status append(nas_trace *trace, const nas_simulated *event, int64_t *capacity,
                         nas_arena *arena, nas_err *err)
{
    if (trace->n == *capacity) {
        int64_t more = *capacity > 0 ? 2 * *capacity : FIRST_EVENTS;
        nas_simulated *events = NAS_NEW(arena, nas_simulated, more);
        NAS_TRY_ALLOC(events, err);
        for (int64_t i = 0; i < trace->n; i++)
            events[i] = trace->events[i];
        trace->events = events;
        *capacity = more;
    }
    trace->events[trace->n++] = *event;
    return NAS_OK;
}

static nas_status finish(simulation *s, int worker, nas_simulated *event, nas_err *err)
{
    simulated_job job = s->jobs[worker];
    int64_t network = network_of(s, job.trial);
    s->clock_s = job.end_s;
    s->jobs[worker].trial = -1;
    *event = (nas_simulated){network, job.rung, job.end_s, s->epochs};
    double score = nas_table_score(s->options->table, network, job.rung);
    return nas_history_score(s->history, job.trial, job.rung, score, 0)
               ? NAS_OK
               : nas_fail(err, NAS_E_NOMEM, "out of memory");
}

static nas_status run(simulation *s, nas_trace *out, nas_arena *arena, nas_err *err)
{
    int64_t capacity = 0;
    double most_s = s->options->budget.seconds;
    for (;;) {
        nas_simulated event = {0};
        NAS_TRY(employ_all(s, err));
        int worker = first_done(s);
        if (worker < 0 || (most_s > 0 && s->jobs[worker].end_s > most_s))
            break;
        NAS_TRY(finish(s, worker, &event, err));
        NAS_TRY(append(out, &event, &capacity, arena, err));
    }
    out->asking_s = s->asking_s;
    return NAS_OK;
}

nas_status nas_simulate(const nas_simulation *options, nas_arena *arena, nas_trace *out,
                        nas_err *err)
{
    simulation s = {.options = options};
    assert(options->workers >= 1 && options->workers <= MAX_WORKERS);
    *out = (nas_trace){0};
    nas_status status = open_simulation(&s, err);
    if (status == NAS_OK)
        status = run(&s, out, arena, err);
    close_simulation(&s);
    return status;
}
