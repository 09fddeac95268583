/* Repeated searches on a table, side by side. */
#include "search/bench.h"

#include "evaluate/table_sealed.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 2000, N_REFERENCES = 2, BOOTSTRAP_STREAM = 0xb007 };

/* ---- the axis ---- */

const char *nas_bench_axis_name(nas_bench_axis axis)
{
    static const char *const names[] = {"queries", "seconds", "epochs"};
    return names[axis];
}

static nas_bench_axis axis_of(const nas_bench_budget *budget, double *length)
{
    *length = budget->seconds > 0  ? budget->seconds
              : budget->epochs > 0 ? budget->epochs
                                   : (double)budget->queries;
    return budget->seconds > 0  ? NAS_BENCH_SECONDS
           : budget->epochs > 0 ? NAS_BENCH_EPOCHS
                                : NAS_BENCH_QUERIES;
}

/* Round numbers up to the budget, and the budget. */
static int choose_points(nas_bench_axis axis, double budget, double *at)
{
    static const double QUERIES[] = {5,   10,  20,  30,  50,   75,   100,  150,
                                     200, 300, 500, 750, 1000, 2000, 5000, 10000};
    static const double DIGITS[] = {1, 2, 3, 5, 8};
    int n = 0;
    if (axis == NAS_BENCH_QUERIES) {
        for (size_t i = 0; i < sizeof QUERIES / sizeof QUERIES[0]; i++)
            if (QUERIES[i] < budget)
                at[n++] = QUERIES[i];
    } else {
        double decade = pow(10, floor(log10(budget / 100)));
        for (int i = 0; i < 20; i++) {
            double value = DIGITS[i % 5] * decade * pow(10, floor(i / 5.0));
            if (value >= budget / 100 && value < budget)
                at[n++] = value;
        }
    }
    at[n++] = budget;
    return n;
}

/* ---- what the table holds ---- */

static bool dominates(const double a[2], const double b[2])
{
    return a[0] <= b[0] && a[1] <= b[1] && (a[0] < b[0] || a[1] < b[1]);
}

static int64_t count_front(const double *points, int64_t n)
{
    int64_t count = 0;
    for (int64_t i = 0; i < n; i++) {
        bool on = true;
        for (int64_t k = 0; k < n && on; k++)
            on = !dominates(&points[2 * k], &points[2 * i]);
        count += on;
    }
    return count;
}

/* The exact front; its reference point is the worst of the table in both. */
static nas_status find_front(bench_truth *truth, nas_bench_result *out, nas_arena *arena,
                             nas_err *err)
{
    int64_t n = nas_table_networks(truth->table);
    double *points = NAS_NEW(arena, double, 2 * n);
    NAS_TRY_ALLOC(points, err);
    truth->reference[0] = truth->reference[1] = -(double)INFINITY;
    for (int64_t i = 0; i < n; i++) {
        nas_bench_coordinates(truth, i, &points[2 * i]);
        for (int k = 0; k < 2; k++)
            truth->reference[k] = fmax(truth->reference[k], points[2 * i + k]);
    }
    out->front = count_front(points, n);
    truth->hypervolume = nas_stats_hypervolume(points, n, truth->reference);
    memcpy(out->reference, truth->reference, sizeof out->reference);
    return NAS_OK;
}

static nas_status know(bench_truth *truth, nas_bench_result *out, nas_arena *arena,
                       nas_err *err)
{
    const nas_table *table = truth->table;
    int64_t n = nas_table_networks(table);
    truth->top = nas_table_ladder(table)->n - 1;
    truth->sign = nas_table_options_of(table)->lower_is_better ? -1 : 1;
    out->best_test = -truth->sign * (double)INFINITY;
    for (int64_t i = 0; i < n; i++) {
        double validation = nas_table_validation(table, i, truth->top);
        double test = nas_table_test(table, i);
        if (truth->sign * (validation - truth->best) > 0 || i == 0) {
            truth->best = validation;
            out->optimum = i;
        }
        if (truth->sign * (test - out->best_test) > 0)
            out->best_test = test;
        out->average_validation += validation / (double)n;
        out->average_test += test / (double)n;
    }
    out->optimum_validation = truth->best;
    out->optimum_test = nas_table_test(table, out->optimum);
    bool objective = nas_table_options_of(table)->objective != NULL;
    return objective ? find_front(truth, out, arena, err) : NAS_OK;
}

/* ---- series ---- */

static nas_status series_begin(nas_bench_series *series, int runs, int n_points,
                               bench_runs *values, nas_arena *arena, nas_err *err)
{
    int64_t cells = (int64_t)runs * n_points;
    values->test = series->test = NAS_NEW(arena, double, cells);
    values->regret = series->regret = NAS_NEW(arena, double, cells);
    values->hypervolume = NAS_NEW(arena, double, cells);
    values->area = NAS_NEW(arena, double, runs);
    NAS_TRY_ALLOC(values->test, err);
    NAS_TRY_ALLOC(values->regret, err);
    NAS_TRY_ALLOC(values->hypervolume, err);
    NAS_TRY_ALLOC(values->area, err);
    for (int k = 0; k < NAS_BENCH_TARGETS; k++) {
        values->reached[k] = NAS_NEW(arena, double, runs);
        NAS_TRY_ALLOC(values->reached[k], err);
    }
    return NAS_OK;
}

/* Values of one point over the runs. */
static double *gather(const double *cells, int64_t runs, int n_points, int point,
                      nas_arena *arena)
{
    double *column = NAS_NEW(arena, double, runs);
    for (int64_t r = 0; column != NULL && r < runs; r++)
        column[r] = cells[r * n_points + point];
    return column;
}

static nas_status summarise_point(const nas_bench_series *series,
                                  const bench_runs *values, int n_points, int point,
                                  nas_bench_point *out, nas_err *err)
{
    int64_t runs = series->runs;
    nas_arena *arena = nas_arena_new();
    nas_rng rng = nas_rng_new((uint64_t)point, BOOTSTRAP_STREAM);
    NAS_TRY_ALLOC(arena, err);
    double *test = gather(values->test, runs, n_points, point, arena);
    double *regret = gather(values->regret, runs, n_points, point, arena);
    double *volume = gather(values->hypervolume, runs, n_points, point, arena);
    bool ok = test != NULL && regret != NULL && volume != NULL;
    if (ok) {
        *out = (nas_bench_point){
            .test = nas_stats_mean(test, runs),
            .deviation = nas_stats_deviation(test, runs),
            .regret = nas_stats_mean(regret, runs),
            .hypervolume = nas_stats_mean(volume, runs),
        };
        out->band = nas_stats_bootstrap_mean(test, runs, RESAMPLES, rng, arena);
        out->regret_band = nas_stats_bootstrap_mean(regret, runs, RESAMPLES, rng, arena);
        out->interquartile = (double)NAN;
        if (!isnan(out->test)) {
            nas_stats_sort(test, runs);
            out->interquartile = nas_stats_interquartile_mean(test, runs);
        }
    }
    nas_arena_free(arena);
    return ok ? NAS_OK : nas_fail(err, NAS_E_NOMEM, "out of memory");
}

static void summarise_targets(nas_bench_series *series, const bench_runs *values,
                              double budget)
{
    for (int k = 0; k < NAS_BENCH_TARGETS; k++) {
        nas_bench_target *target = &series->targets[k];
        double when = 0, spent = 0;
        *target = (nas_bench_target){.regret = nas_bench_target_regrets[k]};
        for (int64_t r = 0; r < series->runs; r++) {
            double place = values->reached[k][r];
            bool reached = isfinite(place);
            target->reached += reached;
            when += reached ? place : 0;
            spent += reached ? place : budget;
        }
        double n = (double)target->reached;
        target->mean_when = n > 0 ? when / n : (double)NAN;
        target->expected_when = n > 0 ? spent / n : (double)INFINITY;
    }
}

static nas_status summarise(nas_bench_series *series, const bench_runs *values,
                            const bench_truth *truth, nas_err *err)
{
    for (int i = 0; i < truth->n_points; i++)
        NAS_TRY(
            summarise_point(series, values, truth->n_points, i, &series->points[i], err));
    summarise_targets(series, values, truth->budget);
    series->area = nas_stats_mean(values->area, series->runs);
    return NAS_OK;
}

static uint64_t hash_trace(const nas_trace *trace, uint64_t seed)
{
    for (int64_t i = 0; i < trace->n; i++) {
        int64_t pair[] = {trace->events[i].network, trace->events[i].rung};
        seed = nas_hash64(pair, sizeof pair, seed);
    }
    return seed;
}

static nas_status method_name(const nas_bench_method *method, nas_arena *arena,
                              const char **out, nas_err *err)
{
    bool plain = strcmp(method->scheduler->name, "none") == 0;
    const char *name = method->name != NULL ? method->name : method->strategy->name;
    *out = nas_arena_printf(arena, "%s%s%s", name, plain ? "" : "+",
                            plain ? "" : method->scheduler->name);
    NAS_TRY_ALLOC(*out, err);
    return NAS_OK;
}

/* One search of a method, measured. @param arena  emptied before */
static nas_status one_run(const bench_truth *truth, const nas_simulation *simulation,
                          nas_bench_series *series, bench_runs *values, nas_arena *arena,
                          nas_err *err)
{
    nas_trace trace = {0};
    nas_arena_reset(arena);
    NAS_TRY(nas_simulate(simulation, arena, &trace, err));
    NAS_TRY(nas_bench_measure(truth, &trace, (int)series->runs, values, arena, err));
    series->query_hash = hash_trace(&trace, series->query_hash);
    series->asking_s += trace.asking_s;
    series->runs++;
    return NAS_OK;
}

static nas_status run_method(const nas_bench_options *options, int m,
                             const bench_truth *truth, nas_bench_series *series,
                             nas_bench_result *out, nas_arena *arena, nas_err *err)
{
    const nas_bench_method *method = &options->methods[m];
    nas_value strategy_values[32], scheduler_values[32];
    bench_runs values = {0};
    nas_param_defaults(method->strategy->params, strategy_values);
    nas_param_defaults(method->scheduler->params, scheduler_values);
    nas_simulation simulation = {.table = options->table,
                                 .strategy = method->strategy,
                                 .strategy_values = method->strategy_values != NULL
                                                        ? method->strategy_values
                                                        : strategy_values,
                                 .scheduler = method->scheduler,
                                 .scheduler_values = scheduler_values,
                                 .budget = options->budget,
                                 .workers = options->workers,
                                 .screen = options->screen,
                                 .screen_s = options->screen_s};
    NAS_TRY(method_name(method, arena, &series->name, err));
    NAS_TRY(series_begin(series, options->runs, truth->n_points, &values, arena, err));
    nas_arena *scratch = nas_arena_new();
    NAS_TRY_ALLOC(scratch, err);
    nas_status status = NAS_OK;
    for (int r = 0; r < options->runs && status == NAS_OK && !out->interrupted; r++) {
        simulation.seed = options->seed + (uint64_t)r;
        status = one_run(truth, &simulation, series, &values, scratch, err);
        if (status == NAS_OK && options->on_run != NULL)
            out->interrupted = !options->on_run(options->context, m, r);
    }
    nas_arena_free(scratch);
    NAS_TRY(status);
    if (series->runs > 0)
        series->asking_s /= (double)series->runs;
    return summarise(series, &values, truth, err);
}

/* ---- references: the networks with most parameters, and most MACs ---- */

typedef struct sized {
    int64_t network;
    int64_t size;
} sized;

static int larger_first(const void *a, const void *b)
{
    const sized *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return x->network < y->network ? -1 : x->network > y->network;
}

/* Trains them in this order at the top rung. */
static nas_status reference_trace(const nas_bench_options *options, bool by_macs, int top,
                                  nas_trace *out, nas_arena *arena, nas_err *err)
{
    const nas_table *table = options->table;
    const nas_bench_budget *budget = &options->budget;
    int64_t n = nas_table_networks(table);
    sized *order = NAS_NEW(arena, sized, n);
    out->events = NAS_NEW(arena, nas_simulated, n);
    NAS_TRY_ALLOC(order, err);
    NAS_TRY_ALLOC(out->events, err);
    for (int64_t i = 0; i < n; i++) {
        nas_cost cost = nas_table_cost(table, i);
        order[i] = (sized){i, by_macs ? cost.macs : cost.params};
    }
    qsort(order, (size_t)n, sizeof *order, larger_first);
    double seconds = 0, epochs = 0;
    for (int64_t i = 0; i < n; i++) {
        seconds += nas_table_seconds(table, order[i].network, -1, top);
        epochs += nas_table_epochs(table, -1, top);
        if ((budget->queries > 0 && i >= budget->queries) ||
            (budget->seconds > 0 && seconds > budget->seconds) ||
            (budget->epochs > 0 && epochs > budget->epochs))
            break;
        out->events[out->n++] = (nas_simulated){order[i].network, top, seconds, epochs};
    }
    return NAS_OK;
}

static nas_status run_reference(const nas_bench_options *options, bool by_macs,
                                const bench_truth *truth, nas_bench_series *series,
                                nas_arena *arena, nas_err *err)
{
    bench_runs values = {0};
    nas_trace trace = {0};
    series->name = by_macs ? "most MACs" : "most parameters";
    series->reference = true;
    series->runs = 1;
    NAS_TRY(series_begin(series, 1, truth->n_points, &values, arena, err));
    NAS_TRY(reference_trace(options, by_macs, truth->top, &trace, arena, err));
    NAS_TRY(nas_bench_measure(truth, &trace, 0, &values, arena, err));
    series->query_hash = hash_trace(&trace, 0);
    return summarise(series, &values, truth, err);
}

/* ---- all together ---- */

/* Final regrets against those of the first method. */
static nas_status compare(nas_bench_result *out, nas_arena *arena, nas_err *err)
{
    int last = out->n_points - 1, n = out->n_methods;
    const nas_bench_series *first = &out->series[0];
    double *p = NAS_NEW(arena, double, n);
    const double *base = gather(first->regret, first->runs, out->n_points, last, arena);
    NAS_TRY_ALLOC(p, err);
    NAS_TRY_ALLOC(base, err);
    for (int m = 1; m < n; m++) {
        nas_bench_series *series = &out->series[m];
        int64_t runs = series->runs < first->runs ? series->runs : first->runs;
        const double *own = gather(series->regret, runs, out->n_points, last, arena);
        NAS_TRY_ALLOC(own, err);
        p[m] = nas_stats_wilcoxon(own, base, runs, arena);
        series->superiority = nas_stats_superiority(base, runs, own, runs);
    }
    if (n > 1 && !nas_stats_holm(&p[1], n - 1, arena))
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    for (int m = 1; m < n; m++)
        out->series[m].p = p[m];
    out->series[0].p = 1;
    out->series[0].superiority = 0.5;
    return NAS_OK;
}

static bool has_sizes(const nas_table *table, bool by_macs)
{
    const nas_table_options *o = nas_table_options_of(table);
    return (by_macs ? o->macs : o->params) != NULL;
}

nas_status nas_bench_run(const nas_bench_options *options, nas_arena *arena,
                         nas_bench_result *out, nas_err *err)
{
    assert(options->n_methods >= 1 && options->runs >= 1);
    bench_truth truth = {.table = options->table, .at = out->at};
    *out = (nas_bench_result){.n_methods = options->n_methods};
    out->axis = truth.axis = axis_of(&options->budget, &truth.budget);
    if (!(truth.budget > 0))
        return nas_fail(err, NAS_E_USAGE,
                        "a budget of queries, seconds or epochs is "
                        "needed");
    out->n_points = truth.n_points = choose_points(truth.axis, truth.budget, out->at);
    out->series = NAS_NEW(arena, nas_bench_series, options->n_methods + N_REFERENCES);
    NAS_TRY_ALLOC(out->series, err);
    NAS_TRY(know(&truth, out, arena, err));
    for (int m = 0; m < options->n_methods && !out->interrupted; m++)
        NAS_TRY(run_method(options, m, &truth, &out->series[out->n_series++], out, arena,
                           err));
    out->n_methods = out->n_series;
    for (int by_macs = 0; by_macs < N_REFERENCES; by_macs++)
        if (has_sizes(options->table, by_macs))
            NAS_TRY(run_reference(options, by_macs, &truth, &out->series[out->n_series++],
                                  arena, err));
    return compare(out, arena, err);
}
