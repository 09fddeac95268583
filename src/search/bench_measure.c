/* From the trace of one simulated search to its values along the axis. */
#include "search/bench.h"

#include "evaluate/table_sealed.h"

#include <math.h>

const double nas_bench_target_regrets[NAS_BENCH_TARGETS] = {0, 0.1, 0.5};

/* Sums of decimals differ from decimals in the last bit. */
static const double SAME = 1e-9;

double nas_bench_regret(const bench_truth *truth, int64_t network)
{
    double value = nas_table_validation(truth->table, network, truth->top);
    return truth->sign * (truth->best - value);
}

void nas_bench_coordinates(const bench_truth *truth, int64_t network, double out[2])
{
    out[0] = -truth->sign * nas_table_validation(truth->table, network, truth->top);
    out[1] = nas_table_objective(truth->table, network);
}

static double place_of(const bench_truth *truth, const nas_trace *trace, int64_t event)
{
    switch (truth->axis) {
    case NAS_BENCH_SECONDS:
        return trace->events[event].seconds;
    case NAS_BENCH_EPOCHS:
        return trace->events[event].epochs;
    case NAS_BENCH_QUERIES:
    default:
        return (double)event + 1;
    }
}

/* The incumbent rule: the highest rung first, then the score there; the first of equals.
 */
static bool replaces(const nas_table *table, const nas_simulated *event,
                     const nas_simulated *best)
{
    if (best == NULL || event->rung != best->rung)
        return best == NULL || event->rung > best->rung;
    return nas_table_score(table, event->network, event->rung) >
           nas_table_score(table, best->network, best->rung);
}

static double ratio_so_far(const bench_truth *truth, const nas_trace *trace,
                           int64_t events, double *scratch)
{
    if (truth->hypervolume == 0)
        return (double)NAN;
    for (int64_t i = 0; i < events; i++)
        nas_bench_coordinates(truth, trace->events[i].network, &scratch[2 * i]);
    return nas_stats_hypervolume(scratch, events, truth->reference) / truth->hypervolume;
}

/* One run under measurement. */
typedef struct run_state {
    const bench_truth *truth;
    bench_runs *runs;
    int run, next_point;
    double since; /* place from which the regret has held */
    double regret;
} run_state;

static void write_points(run_state *s, const nas_trace *trace, int64_t events,
                         const nas_simulated *best, double until, double *scratch)
{
    const bench_truth *truth = s->truth;
    for (; s->next_point < truth->n_points && truth->at[s->next_point] < until;
         s->next_point++) {
        int64_t cell = (int64_t)s->run * truth->n_points + s->next_point;
        bool none = best == NULL;
        s->runs->test[cell] =
            none ? (double)NAN : nas_table_test(truth->table, best->network);
        s->runs->regret[cell] = none ? (double)NAN : s->regret;
        s->runs->hypervolume[cell] = ratio_so_far(truth, trace, events, scratch);
    }
}

static void note_targets(const run_state *s, double place)
{
    for (int k = 0; k < NAS_BENCH_TARGETS; k++) {
        double *reached = &s->runs->reached[k][s->run];
        if (isinf(*reached) && s->regret <= nas_bench_target_regrets[k] + SAME)
            *reached = place;
    }
}

nas_status nas_bench_measure(const bench_truth *truth, const nas_trace *trace, int run,
                             bench_runs *runs, nas_arena *scratch, nas_err *err)
{
    run_state s = {.truth = truth, .runs = runs, .run = run};
    const nas_simulated *best = NULL;
    double first = truth->budget, area = 0;
    double *points = NAS_NEW(scratch, double, 2 * trace->n);
    NAS_TRY_ALLOC(points, err);
    for (int k = 0; k < NAS_BENCH_TARGETS; k++)
        runs->reached[k][run] = (double)INFINITY;
    for (int64_t i = 0; i < trace->n; i++) {
        const nas_simulated *event = &trace->events[i];
        double place = place_of(truth, trace, i);
        write_points(&s, trace, i, best, place, points);
        if (!replaces(truth->table, event, best))
            continue;
        if (best == NULL)
            first = place;
        else
            area += s.regret * (place - s.since);
        best = event;
        s.since = place;
        s.regret = nas_bench_regret(truth, event->network);
        note_targets(&s, place);
    }
    write_points(&s, trace, trace->n, best, (double)INFINITY, points);
    area += s.regret * (truth->budget - s.since);
    runs->area[run] = best == NULL            ? (double)NAN
                      : truth->budget > first ? area / (truth->budget - first)
                                              : s.regret;
    return NAS_OK;
}
