/* layer: strategy
 *
 * Strategies on the table of NAS-Bench-201: mean test error (%) of the network with the
 * best validation accuracy so far, one query per new network; on three data sets, and on
 * a clock that takes the seconds a training of 12 epochs took. Then the speed of asking.
 *
 *   bench_nb201 [RUNS [TABLE.csv.gz [STRATEGY]]]
 *
 * Strategies with a model have RUNS / 5. TABLE (nb201/nb201.csv.gz of NASMITH_DATA or
 * ../shared/data) holds one line per cell; `column` below names what is read. Exit code 1
 * when a number leaves its gate. Uniform proposals are not mixed in; there are no limits,
 * and cells without a path count as networks, as in the published tables. */
#include "nasmith/clock.h"
#include "nasmith/strategy.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { CELLS = 15625, EDGES = 6, MAX_LINE = 4096, MAX_QUERIES = 1000 };

/* What is read of the table. */
enum column {
    C10_VALID,
    C10_TEST,
    C100_TEST,
    IN16_VALID,
    IN16_TEST,
    C10_VALID_12,
    C10_SECONDS_12,
    COLUMNS
};
static const char *const COLUMN_NAMES[COLUMNS] = {
    "c10_valid_200", "c10_test_200", "c100_test_200", "in16_valid_200",
    "in16_test_200", "c10_valid_12", "c10_time_12"};

/* The table by number of the cell: operations as digits to base 5, first edge first. */
typedef struct table {
    double value[COLUMNS][CELLS];
} table;

enum { N_CHECKPOINTS = 6 };

/* What is searched for, what is reported, and when. */
typedef struct protocol {
    const char *name;
    enum column objective, report;
    bool seconds; /* checkpoints are simulated seconds, not queries */
    int checkpoints[N_CHECKPOINTS];
} protocol;

static const protocol PROTOCOLS[] = {
    {"C10", C10_VALID, C10_TEST, false, {10, 20, 30, 50, 75, 100}},
    {"C100", C100_TEST, C100_TEST, false, {10, 20, 30, 50, 75, 100}},
    {"IN16", IN16_VALID, IN16_TEST, false, {10, 20, 30, 50, 75, 100}},
    {"seconds", C10_VALID_12, C10_TEST, true, {1000, 2000, 3000, 5000, 8000, 12000}},
};
enum { N_PROTOCOLS = sizeof PROTOCOLS / sizeof PROTOCOLS[0] };

static const char *const OPERATIONS[] = {"none", "skip_connect", "nor_conv_1x1",
                                         "nor_conv_3x3", "avg_pool_3x3"};

static void stop(const char *what)
{
    (void)fprintf(stderr, "bench_nb201: %s\n", what);
    exit(1);
}

static int operation(const char *name, size_t length)
{
    for (int i = 0; i < 5; i++)
        if (strlen(OPERATIONS[i]) == length && strncmp(OPERATIONS[i], name, length) == 0)
            return i;
    stop("unknown operation");
    return 0;
}

/* |a~0|+|b~0|c~1|+|d~0|e~1|f~2| */
static int cell_of_text(const char *text)
{
    int cell = 0, edges = 0;
    for (const char *p = text; *p != '\0' && *p != ','; p++) {
        const char *end = strchr(p, '~');
        if (*p == '|' || *p == '+' || end == NULL)
            continue;
        cell = cell * 5 + operation(p, (size_t)(end - p));
        edges++;
        p = end + 1; /* the digit */
    }
    if (edges != EDGES)
        stop("a cell without six edges");
    return cell;
}

static int column(char *header, const char *name)
{
    int index = 0;
    for (char *p = header; p != NULL; p = strchr(p, ',')) {
        p += *p == ',';
        size_t length = strcspn(p, ",\r\n");
        if (length == strlen(name) && strncmp(p, name, length) == 0)
            return index;
        index++;
    }
    stop("a column is missing");
    return 0;
}

static const char *field(const char *line, int index)
{
    for (; index > 0; index--)
        line = strchr(line, ',') + 1;
    return line;
}

static void read_table(const char *path, table *out)
{
    static char line[MAX_LINE];
    gzFile file = gzopen(path, "rb");
    if (file == NULL || gzgets(file, line, MAX_LINE) == NULL)
        stop("cannot read the table");
    int arch = column(line, "arch"), columns[COLUMNS], n = 0;
    for (int c = 0; c < COLUMNS; c++)
        columns[c] = column(line, COLUMN_NAMES[c]);
    while (gzgets(file, line, MAX_LINE) != NULL) {
        int cell = cell_of_text(field(line, arch));
        for (int c = 0; c < COLUMNS; c++)
            out->value[c][cell] = strtod(field(line, columns[c]), NULL);
        n++;
    }
    (void)gzclose(file);
    if (n != CELLS)
        stop("15,625 lines expected");
}

/* ---- one run ---- */

static int cell_of(const nas_space *space, const nas_candidate *candidate)
{
    int cell = 0;
    for (int edge = 0; edge < EDGES; edge++) {
        nas_decision_info info = nas_space_decision(space, edge);
        const char *name = info.values[nas_space_choice(space, candidate, edge)];
        cell = cell * 5 + operation(name, strlen(name));
    }
    return cell;
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

/* Cells with dead edges have no validation accuracy on ImageNet16-120: they are the same
 * network as one that has. */
static void complete(const nas_space *space, table *results)
{
    static uint64_t keys[CELLS];
    static int cells[CELLS];
    double *valid = results->value[IN16_VALID];
    nas_arena *arena = nas_arena_new();
    for (int i = 0; arena != NULL && i < CELLS; i++) {
        nas_candidate *candidate = nas_space_at(space, i, arena);
        if (candidate == NULL)
            stop("out of memory");
        keys[i] = nas_space_key(space, candidate);
        cells[i] = cell_of(space, candidate);
    }
    nas_arena_free(arena);
    for (int i = 0; i < CELLS; i++)
        for (int k = 0; k < CELLS && valid[cells[i]] <= 0; k++)
            if (keys[k] == keys[i])
                valid[cells[i]] = valid[cells[k]];
}

/* A strategy with its history. */
typedef struct run {
    const nas_space *space;
    nas_history *history;
    nas_strategy *strategy;
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
    nas_strategy_set_uniform_every(r->strategy, 0);
}

static void run_end(run *r)
{
    nas_strategy_free(r->strategy);
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

/* What a run, or the mean of many, gives. */
typedef struct result {
    double error[N_CHECKPOINTS]; /* test error (%) of the incumbent */
    double found;                /* whether the best cell was met, and */
    double queries;              /* at which query; of the runs that met it */
} result;

static double best_of(const double *values)
{
    double best = values[0];
    for (int i = 1; i < CELLS; i++)
        best = fmax(best, values[i]);
    return best;
}

static result one_run(run *r, const table *results, const protocol *p, uint64_t seed)
{
    result out = {0};
    const double *objective = results->value[p->objective];
    double best = -1, test = 0, clock = 0, optimum = best_of(objective);
    int next = 0;
    for (int query = 1; next < N_CHECKPOINTS && query <= MAX_QUERIES; query++) {
        nas_proposal proposal = run_ask(r, seed);
        int cell = cell_of(r->space, proposal.candidate);
        clock += p->seconds ? results->value[C10_SECONDS_12][cell] : 1;
        while (next < N_CHECKPOINTS && clock > p->checkpoints[next])
            out.error[next++] = 100 - test;
        if (objective[cell] > best) {
            best = objective[cell];
            test = results->value[p->report][cell];
            if (best >= optimum && next < N_CHECKPOINTS) {
                out.found = 1;
                out.queries = query;
            }
        }
        while (next < N_CHECKPOINTS && clock == p->checkpoints[next])
            out.error[next++] = 100 - test;
        run_tell(r, &proposal, objective[cell]);
    }
    return out;
}

/* What a correct implementation reaches (500 runs of an independent one). */
enum { AT_FOUND = N_CHECKPOINTS, AT_QUERIES };
static const struct {
    const char *strategy, *protocol;
    int at; /* index of a checkpoint, or AT_* */
    double least, most;
} GATES[] = {
    {"random", "C10", 3, 6.35, 6.45},
    {"random", "C10", 5, 6.20, 6.30},
    {"random", "seconds", 5, 100 - 93.82, 100 - 93.72},
    {"evolution", "C10", 5, 5.88, 5.96},
    {"local", "C10", 5, 5.86, 5.94},
    {"gp", "C10", 3, 0, 5.78},
    {"gp", "C10", 5, 0, 5.72},
    {"gp", "C10", AT_FOUND, 0.95, 1},
    {"gp", "C10", AT_QUERIES, 0, 35},
    {"gp", "C100", AT_QUERIES, 0, 32},
    {"gp", "IN16", AT_FOUND, 0.72, 1},
    {"gp", "seconds", 2, 0, 100 - 94.00},
    {"gp", "seconds", 5, 0, 100 - 94.36},
};

static double result_at(const result *r, int at)
{
    if (at < N_CHECKPOINTS)
        return r->error[at];
    return at == AT_FOUND ? r->found : r->queries;
}

/* @return number of gates missed */
static int check_gates(const char *strategy, const protocol *p, const result *mean)
{
    int missed = 0;
    for (size_t i = 0; i < sizeof GATES / sizeof GATES[0]; i++) {
        if (strcmp(GATES[i].strategy, strategy) != 0 ||
            strcmp(GATES[i].protocol, p->name) != 0)
            continue;
        double value = result_at(mean, GATES[i].at);
        bool in = value >= GATES[i].least && value <= GATES[i].most + 1e-9;
        (void)printf("  %s: ", in ? "reached" : "MISSED");
        if (GATES[i].at < N_CHECKPOINTS)
            (void)printf("error at %d", p->checkpoints[GATES[i].at]);
        else
            (void)printf(GATES[i].at == AT_FOUND ? "share of runs" : "queries");
        (void)printf(" %.3f in [%.2f, %.2f]\n", value, GATES[i].least, GATES[i].most);
        missed += !in;
    }
    return missed;
}

static void print_result(const char *name, const result *mean, const double *squares,
                         int runs)
{
    (void)printf("%-10s", name);
    for (int c = 0; c < N_CHECKPOINTS; c++) {
        double variance = squares[c] / runs - mean->error[c] * mean->error[c];
        (void)printf("  %.3f (%.2f)", mean->error[c], sqrt(fmax(0, variance)));
    }
    (void)printf("  %3.0f%% in %.1f\n", 100 * mean->found, mean->queries);
}

/* @return number of gates missed */
static int accuracy(const nas_space *space, const table *results, const protocol *p,
                    const nas_strategy_ops *ops, int runs)
{
    nas_err err = {0};
    nas_text fresh = {0};
    result sum = {0};
    double squares[N_CHECKPOINTS] = {0};
    run r = {0};
    run_begin(&r, space, ops);
    if (nas_strategy_save(r.strategy, &fresh, &err) != NAS_OK)
        stop(err.text);
    for (int i = 0; i < runs; i++) {
        nas_history_free(r.history);
        r.history = nas_history_new(space);
        if (nas_strategy_load(r.strategy, fresh.data, fresh.length, &err) != NAS_OK)
            stop(err.text);
        result one = one_run(&r, results, p, (uint64_t)i);
        for (int c = 0; c < N_CHECKPOINTS; c++) {
            sum.error[c] += one.error[c] / runs;
            squares[c] += one.error[c] * one.error[c];
        }
        sum.found += one.found / runs;
        sum.queries += one.queries;
    }
    sum.queries /= fmax(1, sum.found * runs);
    run_end(&r);
    nas_text_free(&fresh);
    print_result(ops->name, &sum, squares, runs);
    return check_gates(ops->name, p, &sum);
}

/* ---- speed ---- */

static const char WIDE[] =
    "network:\n"
    "  - repeat:\n"
    "      times: 2..6\n"
    "      of:\n"
    "        - conv: {out: [8, 12, 16, 24, 32], kernel: [1, 3, 5]}\n"
    "  - global_avg_pool\n";

static void speed(const nas_space *space, const nas_strategy_ops *ops, int64_t trials)
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
        nas_proposal proposal = run_ask(&r, (uint64_t)asks);
        run_tell(&r, &proposal, nas_rng_uniform(&rng));
        seconds = nas_clock_monotonic_s() - start;
    }
    (void)printf("%-10s %-12s %8lld trials  %10.0f asks/s\n", ops->name,
                 nas_space_name(space), (long long)trials, asks / seconds);
    run_end(&r);
}

static const char *const MODELS[] = {"gp", "bananas"};

static int runs_of(const char *strategy, int runs)
{
    for (size_t i = 0; i < sizeof MODELS / sizeof MODELS[0]; i++)
        if (strcmp(MODELS[i], strategy) == 0)
            return runs < 5 ? 1 : runs / 5;
    return runs;
}

static int all_accuracies(const nas_space *space, const table *results, const char *only,
                          int runs)
{
    int missed = 0;
    for (int k = 0; k < N_PROTOCOLS; k++) {
        const protocol *p = &PROTOCOLS[k];
        (void)printf("\n%-10s", p->name);
        for (int c = 0; c < N_CHECKPOINTS; c++)
            (void)printf("  %12d", p->checkpoints[c]);
        (void)printf("  best cell found\n");
        for (int i = 0; nas_strategy_at(i) != NULL; i++) {
            const nas_strategy_ops *ops = nas_strategy_at(i);
            if (only == NULL || strcmp(only, ops->name) == 0)
                missed += accuracy(space, results, p, ops, runs_of(ops->name, runs));
            (void)fflush(stdout);
        }
    }
    return missed;
}

static void all_speeds(const nas_space *cells, const nas_space *wide, const char *only)
{
    (void)printf("\nspeed of asking\n");
    for (int i = 0; nas_strategy_at(i) != NULL; i++) {
        const nas_strategy_ops *ops = nas_strategy_at(i);
        if (only != NULL && strcmp(only, ops->name) != 0)
            continue;
        speed(cells, ops, 300);
        speed(wide, ops, 300);
        speed(wide, ops, 100000);
    }
}

/* @return whether there is a table at the default place */
static bool default_table(char *out, size_t size)
{
    const char *root = getenv("NASMITH_DATA");
    (void)snprintf(out, size, "%s/nb201/nb201.csv.gz",
                   root != NULL ? root : "../shared/data");
    return access(out, R_OK) == 0;
}

int main(int argc, char **argv)
{
    static table results;
    static char path[2048];
    nas_err err = {0};
    nas_space *cells = NULL, *wide = NULL;
    nas_space_context context = {.input = {3, 32, 32}, .n_outputs = 10};
    int runs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 500, missed = 0;
    if (argc < 3 && !default_table(path, sizeof path)) {
        (void)printf("skipped: %s is absent (set NASMITH_DATA)\n", path);
        return 0;
    }
    read_table(argc > 2 ? argv[2] : path, &results);
    if (nas_space_load("nasbench201", &context, &cells, &err) != NAS_OK ||
        nas_space_parse(WIDE, strlen(WIDE), "wide", &context, &wide, &err) != NAS_OK)
        stop(err.text);
    complete(cells, &results);
    const char *only = argc > 3 ? argv[3] : NULL;
    (void)printf("NAS-Bench-201: test error %% (deviation), %d runs\n", runs);
    missed = all_accuracies(cells, &results, only, runs);
    all_speeds(cells, wide, only);
    nas_space_free(cells);
    nas_space_free(wide);
    return missed > 0;
}
