/* covers: study.c
 *
 * Three processes ask, claim and finish in one study and are killed with SIGKILL at
 * random moments. Nothing that was accepted may be lost or stored twice. */
#include "fixture.h"

#include "nasmith/clock.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

enum { PROCESSES = 3, KILLS = 30, MAX_LINES = 1 << 16 };

/* The score of an evaluation, known to everybody. */
static double score_of(int64_t evaluation)
{
    return 0.25 + (double)(evaluation % 997) / 1994.0;
}

/* ---- a worker ---- */

static bool ask_one(nas_study *study, const char *owner, nas_rng *rng, nas_err *err)
{
    bool got = false;
    if (nas_study_lease(study, "asker", owner, 0.02, &got, err) != NAS_OK)
        return false;
    if (!got)
        return true;
    nas_trial_spec trial = test_trial(nas_rng_below(rng, 500));
    nas_study_step step = {.owner = owner,
                           .trial = &trial,
                           .evaluation = test_rung(0),
                           .strategy_state = owner,
                           .strategy_bytes = strlen(owner)};
    return nas_study_step_commit(study, &step, &got, NULL, err) == NAS_OK;
}

static bool train_one(nas_study *study, const char *worker, nas_arena *arena, int log,
                      nas_err *err)
{
    nas_claim claim;
    bool found = false, held = false, accepted = false;
    if (nas_study_claim(study, worker, 0.05, arena, &claim, &found, err) != NAS_OK)
        return false;
    if (!found)
        return true;
    if (nas_study_heartbeat(study, worker, &claim, 0.05, 1, 0.5, &held, err) != NAS_OK)
        return false;
    nas_job_result result = test_result(score_of(claim.evaluation));
    if (nas_study_finish(study, worker, &claim, &result, &accepted, err) != NAS_OK)
        return false;
    char line[32];
    int n = snprintf(line, sizeof line, "%lld\n", (long long)claim.evaluation);
    return !accepted || write(log, line, (size_t)n) == n;
}

/* Never returns. Exit code 1: a call failed, which it never may. */
static void work(const char *path, const char *log_path, int number)
{
    nas_err err = {0};
    nas_study *study = NULL;
    char name[32];
    (void)snprintf(name, sizeof name, "worker-%d", number);
    nas_rng rng = nas_rng_new((uint64_t)number, 99);
    nas_arena *arena = nas_arena_new();
    int log = open(log_path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    bool ok = log >= 0 && nas_study_open(path, &study, &err) == NAS_OK;
    while (ok) {
        nas_arena_reset(arena);
        ok = ask_one(study, name, &rng, &err) && train_one(study, name, arena, log, &err);
    }
    print_error("%s: %s\n", name, err.text);
    _exit(1);
}

static pid_t start(const fixture *f, const char *log_path, int number)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        work(f->path, log_path, number);
    return pid;
}

/* ---- the killer ---- */

static int64_t count_done(const fixture *f)
{
    nas_err err = {0};
    nas_study *study = NULL;
    nas_study_counts counts;
    check_ok(nas_study_open(f->path, &study, &err), err);
    check_ok(nas_study_count(study, &counts, &err), err);
    nas_study_close(study);
    return counts.done;
}

/* As the supervisor does for workers it saw dying; others are found by their lease. */
static void release(const fixture *f, int number)
{
    nas_err err = {0};
    nas_study *study = NULL;
    char name[32];
    (void)snprintf(name, sizeof name, "worker-%d", number);
    check_ok(nas_study_open(f->path, &study, &err), err);
    check_ok(nas_study_release(study, name, "killed by signal 9", &err), err);
    nas_study_close(study);
}

static void kill_at_random(const fixture *f, const char *log_path)
{
    pid_t pids[PROCESSES];
    int numbers[PROCESSES], next = 0;
    int64_t done = 0;
    nas_rng rng = nas_rng_new((uint64_t)nas_clock_unix_ms(), 1);
    for (int i = 0; i < PROCESSES; i++) {
        numbers[i] = next++;
        pids[i] = start(f, log_path, numbers[i]);
    }
    for (int kills = 0; kills < KILLS; kills++) {
        int status = 0, i = (int)nas_rng_below(&rng, PROCESSES);
        nas_clock_sleep_s(0.002 + 0.04 * nas_rng_uniform(&rng));
        assert_int_equal(kill(pids[i], SIGKILL), 0);
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFSIGNALED(status)); /* it had not failed by itself */
        if (kills % 2 == 0)
            release(f, numbers[i]);
        int64_t now = count_done(f);
        assert_true(now >= done);
        done = now;
        numbers[i] = next++;
        pids[i] = start(f, log_path, numbers[i]);
    }
    for (int i = 0; i < PROCESSES; i++) {
        (void)kill(pids[i], SIGKILL);
        (void)waitpid(pids[i], NULL, 0);
    }
}

/* ---- what must hold afterwards ---- */

static void check_integrity(const fixture *f)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;
    assert_int_equal(sqlite3_open(f->path, &handle), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(handle, "PRAGMA integrity_check", -1, &statement, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(statement, 0), "ok");
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(handle);
}

static void check_rows(fixture *f)
{
    nas_err err = {0};
    nas_trial_row *trials = NULL;
    int64_t n = 0, done = 0;
    check_ok(nas_study_open(f->path, &f->study, &err), err);
    check_ok(nas_study_trials(f->study, f->arena, &trials, &n, &err), err);
    for (int64_t t = 0; t < n; t++) {
        assert_int_equal(trials[t].id, t + 1);
        assert_int_equal(trials[t].n_evaluations, 1); /* never a trial without */
        const nas_evaluation_row *e = &trials[t].evaluations[0];
        assert_in_range(e->attempt, 0, 3);
        if (e->state != NAS_EVALUATION_DONE)
            continue;
        done++;
        if (!e->from_study)
            assert_true(e->validation.value == score_of(e->id));
    }
    assert_true(done > 50);
}

/* No evaluation was accepted twice, and each that was is there. */
static void check_log(fixture *f, const char *log_path)
{
    nas_err err = {0};
    char *text = NULL;
    size_t size = 0;
    int64_t lines = 0;
    bool *seen = NAS_NEW(f->arena, bool, MAX_LINES);
    nas_trial_row *trials = NULL;
    int64_t n = 0;
    check_ok(nas_file_read(log_path, 0, &text, &size, &err), err);
    check_ok(nas_study_trials(f->study, f->arena, &trials, &n, &err), err);
    for (char *p = text; *p != '\0'; lines++) {
        int64_t id = strtoll(p, &p, 10);
        p++;
        assert_true(id > 0 && id < MAX_LINES);
        assert_false(seen[id]);
        seen[id] = true;
    }
    for (int64_t t = 0; t < n; t++) {
        int64_t id = trials[t].evaluations[0].id;
        if (id < MAX_LINES && seen[id])
            assert_int_equal(trials[t].evaluations[0].state, NAS_EVALUATION_DONE);
    }
    assert_true(lines > 50);
    nas_heap_free(text);
}

static void nothing_is_lost(void **state)
{
    (void)state;
    fixture f = {0};
    char log_path[100];
    fixture_open(&f, "s.nas.db");
    nas_study_close(f.study); /* no connection crosses a fork */
    f.study = NULL;
    (void)snprintf(log_path, sizeof log_path, "%s/log", f.folder);
    kill_at_random(&f, log_path);
    check_integrity(&f);
    check_rows(&f);
    check_log(&f, log_path);
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(nothing_is_lost)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
