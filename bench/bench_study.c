/* layer: study
 *
 * Time of every call of a study while it grows: median, 99th percentile and maximum in
 * milliseconds. The promise is 50 ms each.
 *
 *   bench_study [TRIALS] */
#include "nasmith/clock.h"
#include "nasmith/file.h"
#include "nasmith/study.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char SPACE[] = "network:\n"
                            "  - repeat:\n"
                            "      times: 2..6\n"
                            "      of:\n"
                            "        - conv: {out: [8, 12, 16, 24], kernel: [1, 3, 5]}\n"
                            "  - global_avg_pool\n";

/* Milliseconds of one kind of call. */
typedef struct timing {
    const char *name;
    double *ms;
    int64_t n;
} timing;

enum { LEASE, STEP, CLAIM, HEARTBEAT, FINISH, SYNC, COUNT, CALLS };

static timing timings[CALLS] = {{.name = "lease"},  {.name = "step commit"},
                                {.name = "claim"},  {.name = "heartbeat"},
                                {.name = "finish"}, {.name = "sync, one trial"},
                                {.name = "count"}};

static void stop(const nas_err *err)
{
    (void)fprintf(stderr, "bench_study: %s\n", err->text);
    exit(1);
}

static double started;

static void begin(void)
{
    started = nas_clock_monotonic_s();
}

static void end(int call, nas_status status, const nas_err *err)
{
    timings[call].ms[timings[call].n++] = (nas_clock_monotonic_s() - started) * 1e3;
    if (status != NAS_OK)
        stop(err);
}

/* All a trial goes through. */
static void one_trial(nas_study *study, nas_history *history, nas_rng *rng,
                      nas_arena *arena)
{
    nas_err err = {0};
    nas_text decisions = {0};
    nas_json json = nas_json_writer(&decisions, 0);
    nas_candidate *candidate = nas_space_sample(history->space, rng, arena);
    nas_candidate_write_json(history->space, candidate, &json);
    nas_trial_spec trial = {.decisions = nas_text_string(&decisions),
                            .graph = "{\"nodes\":[]}",
                            .recipe = "{}",
                            .key = nas_rng_u64(rng),
                            .graph_hash = nas_rng_u64(rng)};
    nas_study_step step = {.owner = "bench",
                           .trial = &trial,
                           .evaluation = {.fraction = 1.0 / 3, .epochs = 1},
                           .strategy_state = SPACE,
                           .strategy_bytes = 256};
    nas_claim claim = {0};
    nas_job_result result = {.validation = {.value = nas_rng_uniform(rng)}};
    nas_study_counts counts;
    bool ok = false;
    begin();
    end(LEASE, nas_study_lease(study, "asker", "bench", 30, &ok, &err), &err);
    begin();
    end(STEP, nas_study_step_commit(study, &step, &ok, NULL, &err), &err);
    begin();
    end(CLAIM, nas_study_claim(study, "bench", 30, arena, &claim, &ok, &err), &err);
    begin();
    end(HEARTBEAT, nas_study_heartbeat(study, "bench", &claim, 30, 1, 0.5, &ok, &err),
        &err);
    begin();
    end(FINISH, nas_study_finish(study, "bench", &claim, &result, &ok, &err), &err);
    begin();
    end(SYNC, nas_study_sync(study, history, &err), &err);
    if (history->n % 50 == 0) {
        begin();
        end(COUNT, nas_study_count(study, &counts, &err), &err);
    }
    nas_text_free(&decisions);
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print(void)
{
    (void)printf("%-16s %8s %8s %8s\n", "ms", "median", "99 %", "maximum");
    for (int i = 0; i < CALLS; i++) {
        timing *t = &timings[i];
        if (t->n == 0)
            continue;
        qsort(t->ms, (size_t)t->n, sizeof *t->ms, by_value);
        (void)printf("%-16s %8.3f %8.3f %8.3f\n", t->name, t->ms[t->n / 2],
                     t->ms[t->n * 99 / 100], t->ms[t->n - 1]);
    }
}

static void run(nas_study *study, const nas_space *space, int64_t trials)
{
    nas_err err = {0};
    nas_rng rng = nas_rng_new(1, 1);
    nas_arena *arena = nas_arena_new();
    nas_history *history = nas_history_new(space), *fresh = nas_history_new(space);
    for (int i = 0; i < CALLS; i++)
        timings[i].ms = nas_heap_alloc((size_t)trials, sizeof(double));
    for (int64_t i = 0; i < trials; i++) {
        nas_arena_reset(arena);
        one_trial(study, history, &rng, arena);
    }
    print();
    double start = nas_clock_monotonic_s();
    if (nas_study_sync(study, fresh, &err) != NAS_OK)
        stop(&err);
    (void)printf("reading a history of %lld trials: %.0f ms\n", (long long)fresh->n,
                 (nas_clock_monotonic_s() - start) * 1e3);
    for (int i = 0; i < CALLS; i++)
        nas_heap_free(timings[i].ms);
    nas_history_free(history);
    nas_history_free(fresh);
    nas_arena_free(arena);
}

int main(int argc, char **argv)
{
    nas_err err = {0};
    nas_space *space = NULL;
    nas_study *study = NULL;
    char folder[] = "/tmp/bench-study-XXXXXX", path[64];
    int64_t trials = argc > 1 ? strtol(argv[1], NULL, 10) : 20000;
    nas_study_settings settings = {
        .space_context = {.input = {3, 32, 32}, .n_outputs = 10},
        .metric = "accuracy",
        .ladder = {.rung = {{1, 4, 0}}, .n = 1}};
    if (mkdtemp(folder) == NULL)
        return 1;
    (void)snprintf(path, sizeof path, "%s/s.nas.db", folder);
    if (nas_space_parse(SPACE, strlen(SPACE), "bench", &settings.space_context, &space,
                        &err) != NAS_OK ||
        nas_study_create(path, &settings, &study, &err) != NAS_OK)
        stop(&err);
    run(study, space, trials);
    nas_study_close(study);
    nas_space_free(space);
    return nas_file_remove(folder, &err) != NAS_OK;
}
