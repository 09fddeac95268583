/* Processes are killed at random moments; the same search goes on, and nothing finished
 * is lost or stored twice. */
#include "world.h"

#include "nasmith/clock.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

enum { ROUNDS = 10, TRIALS = 60, FOLDS = 3 };

/* What must never shrink. */
typedef struct tally {
    int64_t evaluations, done, trials;
} tally;

static tally read_study(const char *path)
{
    nas_err err = {0};
    nas_study *study = NULL;
    nas_trial_row *rows = NULL;
    int64_t n = 0;
    tally out = {0};
    nas_arena *arena = nas_arena_new();
    check_ok(nas_study_open(path, &study, &err), err);
    check_ok(nas_study_trials(study, arena, &rows, &n, &err), err);
    out.trials = n;
    for (int64_t i = 0; i < n; i++) {
        int searched = 0;
        for (int k = 0; k < rows[i].n_evaluations; k++) {
            const nas_evaluation_row *e = &rows[i].evaluations[k];
            searched += e->spec.purpose == NAS_PURPOSE_SEARCH;
            out.evaluations++;
            out.done += e->state == NAS_EVALUATION_DONE ? 1 : 0;
            for (int j = 0; j < k; j++) { /* none is stored twice */
                const nas_evaluation_spec *a = &rows[i].evaluations[j].spec;
                assert_false(a->purpose == e->spec.purpose && a->rung == e->spec.rung &&
                             a->fold == e->spec.fold && a->repeat == e->spec.repeat);
            }
        }
        assert_int_equal(searched % FOLDS, 0); /* folds come together */
    }
    nas_study_close(study);
    nas_arena_free(arena);
    return out;
}

/* A supervisor in a process of its own. */
static pid_t start_search(world *w)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    nas_err err = {0};
    nas_search_result result;
    w->sink = (nas_search_sink){0};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    _exit((int)nas_search_run(&w->options, &w->sink, &result, &err));
}

/* Children of a process, by /proc. @return their number */
static int children_of(pid_t parent, pid_t *out, int room)
{
    nas_arena *arena = nas_arena_new();
    char **names = NULL;
    int64_t n = 0;
    int found = 0;
    nas_err err = {0};
    check_ok(nas_file_list("/proc", arena, &names, &n, &err), err);
    for (int64_t i = 0; i < n && found < room; i++) {
        char path[64];
        char *text = NULL;
        size_t bytes = 0;
        int owner = 0;
        long pid = strtol(names[i], NULL, 10);
        (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
        if (pid <= 0 || nas_file_read(path, 0, &text, &bytes, NULL) != NAS_OK)
            continue;
        const char *end = strrchr(text, ')');
        if (end != NULL && sscanf(end + 1, " %*c %d", &owner) == 1 && owner == parent)
            out[found++] = (pid_t)pid;
        nas_heap_free(text);
    }
    nas_arena_free(arena);
    return found;
}

/* Wait for a random moment, then kill the supervisor or one of its workers; a supervisor
 * that only lost a worker is killed a little later. */
static void strike(pid_t supervisor, nas_rng *rng)
{
    nas_clock_sleep_s(0.05 + 1.2 * nas_rng_uniform(rng));
    pid_t children[8];
    int n = children_of(supervisor, children, 8);
    if (n > 0 && nas_rng_below(rng, 2) == 0) {
        (void)kill(children[nas_rng_below(rng, (uint64_t)n)], SIGKILL);
        nas_clock_sleep_s(0.5 * nas_rng_uniform(rng));
    }
    (void)kill(supervisor, SIGKILL);
    (void)waitpid(supervisor, NULL, 0);
}

static void test_kill_anything(void **state)
{
    (void)state;
    world w;
    world_open(&w);
    w.options.data.folds = FOLDS;
    w.options.trials = TRIALS;
    w.options.workers = 2;
    nas_rng rng = nas_rng_new((uint64_t)nas_clock_unix_ms(), 1);
    print_message("seed %llu\n", (unsigned long long)rng.key[0]);
    tally before = {0};
    for (int round = 0; round < ROUNDS; round++) {
        strike(start_search(&w), &rng);
        if (!nas_file_exists(w.study))
            continue;
        tally now = read_study(w.study);
        assert_true(now.done >= before.done && now.trials >= before.trials &&
                    now.evaluations >= before.evaluations);
        before = now;
    }
    nas_search_result r = world_run(&w);
    assert_int_equal(r.counts.scored, TRIALS);
    assert_int_equal(r.counts.running, 0);
    assert_true(read_study(w.study).done >= before.done);
    assert_true(r.n_finalists >= 1);
    nas_search_result_free(&r);
    world_close(&w);
}

int main(int argc, char **argv)
{
    int code = 0;
    if (world_is_worker(argc, argv, &code))
        return code;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_kill_anything)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
