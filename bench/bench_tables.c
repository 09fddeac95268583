/* layer: search
 *
 * What correct strategies and schedulers reach on published tables: every gate with what
 * was measured. The numbers are from independent implementations (docs/algorithms/).
 *
 *   bench_tables [RUNS [WORD]]
 *
 * RUNS (500) searches of each method, a fifth of that for those with a model. With fewer,
 * gates widen by what chance then does to a mean, and those that were never reached do
 * not count. WORD: only gates whose line holds it.
 * Tables are looked for in NASMITH_DATA or ../shared/data. Exit code 1 when a gate is
 * missed; in a full run also when what it is for does not exist. */
#include "nasmith/bench.h"
#include "nasmith/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FULL_RUNS = 500, MODEL_SHARE = 5, MAX_GATES = 4, WHOLE_SPACE = 1 << 20 };

#define NB201 "nb201/nb201.csv.gz"
#define NB201_HW "nb201/nb201-hw-cifar10.csv.gz"
#define NB201_PROXIES "nb201/nb201-zerocost-cifar10.csv.gz"
#define MACRO "nasbench-macro/nasbench-macro.csv.gz"
#define DARTS "darts-214/darts-214-curves.csv.gz"

typedef enum gate_kind {
    ERROR_AT,    /* 100 - test, mean */
    TEST_AT,     /* mean */
    SUCCESS,     /* share of runs that met the optimum */
    MEAN_WHEN,   /* query at which they did */
    VOLUME_AT,   /* ratio to the exact front */
    LESS_REGRET, /* own / random's */
} gate_kind;

static const char *const KIND_NAMES[] = {"error %",    "test %",       "optimum found",
                                         "queries to", "volume ratio", "regret ratio"};

typedef struct gate {
    gate_kind kind;
    double at; /* of the axis */
    double low, high;
} gate;

typedef struct experiment {
    const char *name, *file, *metric;
    const char *strategy, *scheduler;
    bool model; /* has a model: fewer runs */
    nas_bench_budget budget;
    const char *side, *objective;
    const char
        *proxies; /* of NB201_PROXIES: rank the initial design over the whole space */
    gate gates[MAX_GATES]; /* until high is 0 */
    bool unreached;        /* by any ladder that was tried: counts in a full run only */
} experiment;

static const experiment EXPERIMENTS[] = {
    {.name = "NB201 C10",
     .file = NB201,
     .strategy = "random",
     .budget = {.queries = 100},
     .gates = {{ERROR_AT, 50, 6.35, 6.45}, {ERROR_AT, 100, 6.20, 6.30}}},
    {.name = "NB201 C10",
     .file = NB201,
     .strategy = "evolution",
     .budget = {.queries = 100},
     .gates = {{ERROR_AT, 100, 5.88, 5.96}}},
    {.name = "NB201 C10",
     .file = NB201,
     .strategy = "local",
     .budget = {.queries = 100},
     .gates = {{ERROR_AT, 100, 5.86, 5.94}}},
    {.name = "NB201 C10",
     .file = NB201,
     .strategy = "bananas",
     .model = true,
     .budget = {.queries = 100},
     .gates = {{ERROR_AT, 100, 5.86, 5.98}}},
    {.name = "NB201 C10",
     .file = NB201,
     .strategy = "gp",
     .model = true,
     .budget = {.queries = 100},
     .gates = {{ERROR_AT, 50, 0, 5.78},
               {ERROR_AT, 100, 0, 5.72},
               {SUCCESS, 100, 0.95, 1},
               {MEAN_WHEN, 100, 0, 35}}},
    {.name = "NB201 C10, proxies",
     .file = NB201,
     .strategy = "gp",
     .model = true,
     .proxies = "macs,nwot,jacov",
     .budget = {.queries = 100},
     .gates = {{MEAN_WHEN, 100, 0, 27}, {SUCCESS, 100, 0.95, 1}}},
    {.name = "NB201 C100",
     .file = NB201,
     .metric = "c100",
     .strategy = "gp",
     .model = true,
     .budget = {.queries = 100},
     .gates = {{MEAN_WHEN, 100, 0, 32}}},
    {.name = "NB201 IN16",
     .file = NB201,
     .metric = "in16",
     .strategy = "gp",
     .model = true,
     .budget = {.queries = 100},
     .gates = {{SUCCESS, 100, 0.72, 1}}},
    {.name = "NB201 12 epochs",
     .file = NB201,
     .metric = "c10-12",
     .strategy = "gp",
     .model = true,
     .budget = {.seconds = 12000},
     .gates = {{TEST_AT, 3000, 94.00, 100}, {TEST_AT, 12000, 94.36, 100}}},
    {.name = "NB201 12 epochs",
     .file = NB201,
     .metric = "c10-12",
     .strategy = "random",
     .budget = {.seconds = 12000},
     .gates = {{TEST_AT, 12000, 93.72, 93.82}}},
    {.name = "NB201 12 epochs",
     .file = NB201,
     .metric = "c10-12",
     .strategy = "reinforce",
     .budget = {.seconds = 12000},
     .gates = {{TEST_AT, 12000, 93.48, 94.22}}}, /* published: 93.85 +- 0.37 */
    {.name = "Macro",
     .file = MACRO,
     .strategy = "local",
     .budget = {.queries = 50},
     .gates = {{TEST_AT, 50, 93.06, 93.08}}},
    {.name = "Macro",
     .file = MACRO,
     .strategy = "gp",
     .model = true,
     .budget = {.queries = 50},
     .gates = {{TEST_AT, 50, 93.10, 100}}},
    {.name = "NB201 error, edge GPU latency",
     .file = NB201,
     .side = NB201_HW,
     .objective = "edgegpu_latency",
     .strategy = "nsga2",
     .budget = {.queries = 500},
     .gates = {{VOLUME_AT, 500, 0.97, 1}}},
    {.name = "DARTS-214, 0.8 % of epochs",
     .file = DARTS,
     .strategy = "random",
     .scheduler = "asha",
     .budget = {.epochs = 1000},
     .gates = {{LESS_REGRET, 1000, 0, 0.8}}},
    {.name = "DARTS-214, 10 % of epochs",
     .file = DARTS,
     .strategy = "random",
     .scheduler = "asha",
     .budget = {.epochs = 12840},
     .gates = {{LESS_REGRET, 12840, 0, 0.999}},
     .unreached = true},
    {.name = "DARTS-214, 0.8 % of epochs",
     .file = DARTS,
     .strategy = "random",
     .scheduler = "hyperband",
     .budget = {.epochs = 1000},
     .gates = {{LESS_REGRET, 1000, 0, 0.8}}},
    {.name = "DARTS-214, 10 % of epochs",
     .file = DARTS,
     .strategy = "random",
     .scheduler = "hyperband",
     .budget = {.epochs = 12840},
     .gates = {{LESS_REGRET, 12840, 0, 0.999}},
     .unreached = true},
    {.name = "DARTS-214, 0.8 % of epochs",
     .file = DARTS,
     .strategy = "bohb",
     .scheduler = "hyperband",
     .budget = {.epochs = 1000},
     .gates = {{LESS_REGRET, 1000, 0, 0.8}}},
    {.name = "DARTS-214, 10 % of epochs",
     .file = DARTS,
     .strategy = "bohb",
     .scheduler = "hyperband",
     .budget = {.epochs = 12840},
     .gates = {{LESS_REGRET, 12840, 0, 0.999}},
     .unreached = true},
};
enum { N_EXPERIMENTS = sizeof EXPERIMENTS / sizeof EXPERIMENTS[0] };

/* What came of all gates. */
typedef struct tally {
    int passed, missed, unreached, absent;
} tally;

static void stop(const nas_err *err)
{
    (void)fprintf(stderr, "bench_tables: %s\n", err->text);
    exit(1);
}

static const char *data_path(const char *file, char *out, size_t size)
{
    const char *root = getenv("NASMITH_DATA");
    (void)snprintf(out, size, "%s/%s", root != NULL ? root : "../shared/data", file);
    return out;
}

/* ---- measuring ---- */

static int point_of(const nas_bench_result *r, double at)
{
    for (int i = 0; i < r->n_points; i++)
        if (r->at[i] == at)
            return i;
    return r->n_points - 1;
}

/* What was measured. @param deviation  out: of one run; for a share, of one draw */
static double measure(const gate *g, const nas_bench_result *r, double *deviation)
{
    const nas_bench_series *own = &r->series[r->n_methods - 1], *random = &r->series[0];
    const nas_bench_point *point = &own->points[point_of(r, g->at)];
    double share = (double)own->targets[0].reached / (double)own->runs;
    *deviation = point->deviation;
    switch (g->kind) {
    case ERROR_AT:
        return 100 - point->test;
    case TEST_AT:
        return point->test;
    case SUCCESS:
        *deviation = sqrt(share * (1 - share));
        return share;
    case MEAN_WHEN:
        *deviation = 0.5 * own->targets[0].mean_when;
        return own->targets[0].mean_when;
    case VOLUME_AT:
        *deviation = 0.01;
        return point->hypervolume;
    case LESS_REGRET:
    default:
        *deviation = 1;
        return point->regret / random->points[point_of(r, g->at)].regret;
    }
}

/* With fewer runs a gate widens by three standard errors, less those of a full run. */
static double slack(double deviation, int64_t runs, int64_t full)
{
    if (runs >= full)
        return 0;
    return 3 * deviation * (1 / sqrt((double)runs) - 1 / sqrt((double)full));
}

static void judge(const experiment *e, const nas_bench_result *r, int full, tally *sum)
{
    const nas_bench_series *own = &r->series[r->n_methods - 1];
    for (int i = 0; i < MAX_GATES && e->gates[i].high > 0; i++) {
        const gate *g = &e->gates[i];
        double deviation = 0, value = measure(g, r, &deviation);
        double room = slack(deviation, own->runs, full);
        bool in = value >= g->low - room && value <= g->high + room;
        (void)printf("%s  %-30s %-18s %13s at %5.0f  %8.3f   in [%g, %g]%s\n",
                     in ? "pass" : "MISS", e->name, own->name, KIND_NAMES[g->kind], g->at,
                     value, g->low, g->high, room > 0 ? " widened" : "");
        sum->passed += in;
        sum->missed += !in && !e->unreached;
        sum->unreached += !in && e->unreached;
    }
}

static void run_experiment(const experiment *e, int runs, tally *sum)
{
    char file[1024], side[1024];
    nas_err err = {0};
    nas_table *table = NULL;
    nas_bench_result result = {0};
    int full = e->model ? FULL_RUNS / MODEL_SHARE : FULL_RUNS;
    nas_table_options columns = {.metric = e->metric, .objective = e->objective};
    if (e->side != NULL)
        columns.side = data_path(e->side, side, sizeof side);
    if (e->proxies != NULL) {
        columns.proxies = e->proxies;
        columns.proxies_file = data_path(NB201_PROXIES, side, sizeof side);
    }
    nas_bench_method methods[] = {
        {.strategy = nas_strategy_find("random"),
         .scheduler = nas_scheduler_find("none")},
        {.strategy = nas_strategy_find(e->strategy),
         .scheduler = nas_scheduler_find(e->scheduler != NULL ? e->scheduler : "none")}};
    bool alone = e->gates[0].kind != LESS_REGRET; /* nobody to be held against */
    nas_bench_options options = {.methods = alone ? &methods[1] : methods,
                                 .n_methods = alone ? 1 : 2,
                                 .budget = e->budget,
                                 .runs = e->model ? (runs + MODEL_SHARE - 1) / MODEL_SHARE
                                                  : runs,
                                 .screen = e->proxies != NULL ? WHOLE_SPACE : 0,
                                 .workers = 1};
    if (nas_table_load(data_path(e->file, file, sizeof file), &columns, &table, &err) !=
        NAS_OK)
        stop(&err);
    options.table = table;
    nas_arena *arena = nas_arena_new();
    if (arena == NULL || nas_bench_run(&options, arena, &result, &err) != NAS_OK)
        stop(&err);
    judge(e, &result, full, sum);
    nas_arena_free(arena);
    nas_table_free(table);
}

static bool exists(const experiment *e)
{
    return nas_strategy_find(e->strategy) != NULL &&
           (e->scheduler == NULL || nas_scheduler_find(e->scheduler) != NULL);
}

static bool wanted(const experiment *e, const char *word)
{
    return word == NULL || strstr(e->name, word) != NULL ||
           strstr(e->strategy, word) != NULL ||
           (e->scheduler != NULL && strstr(e->scheduler, word) != NULL);
}

int main(int argc, char **argv)
{
    char path[1024];
    tally sum = {0};
    int runs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : FULL_RUNS;
    if (access(data_path(NB201, path, sizeof path), R_OK) != 0) {
        (void)printf("skipped: %s is absent (set NASMITH_DATA)\n", path);
        return 0;
    }
    if (runs < 10) {
        (void)fprintf(stderr, "bench_tables: at least 10 runs\n");
        return 2;
    }
    double start = nas_clock_monotonic_s();
    for (int i = 0; i < N_EXPERIMENTS; i++) {
        const experiment *e = &EXPERIMENTS[i];
        if (!wanted(e, argc > 2 ? argv[2] : NULL))
            continue;
        if (exists(e)) {
            run_experiment(e, runs, &sum);
            (void)fflush(stdout);
            continue;
        }
        (void)printf("none  %-30s %s: no such method\n", e->name, e->strategy);
        sum.absent++;
    }
    (void)printf("%d passed, %d missed, %d missed as always, %d without their method; "
                 "%.0f s\n",
                 sum.passed, sum.missed, sum.unreached, sum.absent,
                 nas_clock_monotonic_s() - start);
    return sum.missed > 0 || (sum.unreached + sum.absent > 0 && runs >= FULL_RUNS);
}
