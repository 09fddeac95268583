/* layer: strategy
 *
 * Strategies on the table of NAS-Bench-201: mean test error (%) on CIFAR-10 of the
 * network with the best validation accuracy so far, one query per new network. Prints two
 * tables, and the speed of asking with a history of 100,000 trials.
 *
 *   bench_nb201 [RUNS [TABLE.csv.gz]]
 *
 * TABLE (nb201/nb201.csv.gz of NASMITH_DATA or ../shared/data) has the columns arch,
 * c10_valid_200 and c10_test_200. Exit code 1 when a mean leaves its gate. Uniform
 * proposals are not mixed in; there are no limits, and cells without a path count as
 * networks, as in the published tables. */
#include "nasmith/clock.h"
#include "nasmith/strategy.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { CELLS = 15625, EDGES = 6, QUERIES = 100, MAX_LINE = 4096 };

static const int CHECKPOINTS[] = {10, 20, 30, 50, 75, 100};
enum { N_CHECKPOINTS = 6 };

/* The table by number of the cell: operations as digits to base 5, first edge first. */
typedef struct table {
    double valid[CELLS], test[CELLS];
} table;

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
    int arch = column(line, "arch"), valid = column(line, "c10_valid_200"),
        test = column(line, "c10_test_200"), n = 0;
    while (gzgets(file, line, MAX_LINE) != NULL) {
        int cell = cell_of_text(field(line, arch));
        out->valid[cell] = strtod(field(line, valid), NULL);
        out->test[cell] = strtod(field(line, test), NULL);
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

/* @param error  out: [N_CHECKPOINTS] test error of the incumbent */
static void one_run(const nas_space *space, const table *results,
                    const nas_strategy_ops *ops, uint64_t seed, double *error)
{
    run r = {0};
    double best = -1, test = 0;
    int next = 0;
    run_begin(&r, space, ops);
    for (int query = 1; query <= QUERIES; query++) {
        nas_proposal proposal = run_ask(&r, seed);
        int cell = cell_of(space, proposal.candidate);
        if (results->valid[cell] > best) {
            best = results->valid[cell];
            test = results->test[cell];
        }
        run_tell(&r, &proposal, results->valid[cell]);
        if (query == CHECKPOINTS[next])
            error[next++] = 100 - test;
    }
    run_end(&r);
}

/* What a correct implementation reaches (500 runs of an independent one). */
static const struct {
    const char *strategy;
    int checkpoint; /* index */
    double error, tolerance;
} GATES[] = {
    {"random", 3, 6.40, 0.05},
    {"random", 5, 6.25, 0.05},
    {"evolution", 5, 5.92, 0.04},
    {"local", 5, 5.90, 0.04},
};

/* @return number of gates missed */
static int check_gates(const char *strategy, const double *mean)
{
    int missed = 0;
    for (size_t i = 0; i < sizeof GATES / sizeof GATES[0]; i++) {
        if (strcmp(GATES[i].strategy, strategy) != 0)
            continue;
        bool in = fabs(mean[GATES[i].checkpoint] - GATES[i].error) <= GATES[i].tolerance;
        (void)printf("           %.2f +- %.2f at %d queries: %s\n", GATES[i].error,
                     GATES[i].tolerance, CHECKPOINTS[GATES[i].checkpoint],
                     in ? "reached" : "MISSED");
        missed += !in;
    }
    return missed;
}

/* @return number of gates missed */
static int accuracy(const nas_space *space, const table *results,
                    const nas_strategy_ops *ops, int runs)
{
    double sum[N_CHECKPOINTS] = {0}, squares[N_CHECKPOINTS] = {0};
    for (int i = 0; i < runs; i++) {
        double error[N_CHECKPOINTS];
        one_run(space, results, ops, (uint64_t)i, error);
        for (int c = 0; c < N_CHECKPOINTS; c++) {
            sum[c] += error[c];
            squares[c] += error[c] * error[c];
        }
    }
    double mean[N_CHECKPOINTS];
    (void)printf("%-10s", ops->name);
    for (int c = 0; c < N_CHECKPOINTS; c++) {
        mean[c] = sum[c] / runs;
        double variance = squares[c] / runs - mean[c] * mean[c];
        (void)printf("  %.3f (%.2f)", mean[c], sqrt(fmax(0, variance)));
    }
    (void)printf("\n");
    return check_gates(ops->name, mean);
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
    enum { ASKS = 2000 };
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
    double start = nas_clock_monotonic_s();
    for (int i = 0; i < ASKS; i++)
        (void)run_ask(&r, (uint64_t)i);
    double seconds = nas_clock_monotonic_s() - start;
    (void)printf("%-10s %8lld trials  %10.0f asks/s\n", ops->name, (long long)trials,
                 ASKS / seconds);
    run_end(&r);
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
    (void)printf("NAS-Bench-201, CIFAR-10: test error %% (deviation) of %d runs\n%-10s",
                 runs, "queries");
    for (int c = 0; c < N_CHECKPOINTS; c++)
        (void)printf("  %12d", CHECKPOINTS[c]);
    (void)printf("\n");
    for (int i = 0; nas_strategy_at(i) != NULL; i++)
        missed += accuracy(cells, &results, nas_strategy_at(i), runs);
    (void)printf("\nspeed of asking\n");
    for (int i = 0; nas_strategy_at(i) != NULL; i++) {
        speed(wide, nas_strategy_at(i), 1000);
        speed(wide, nas_strategy_at(i), 100000);
    }
    nas_space_free(cells);
    nas_space_free(wide);
    return missed > 0;
}
