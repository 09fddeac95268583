#include "data/make.h"

#include "data/sealed.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { N = 200 };

typedef struct parts {
    nas_data_summary summary;
    nas_dataset *search, *sealed;
} parts;

static parts prepare(const char *path, const nas_data_options *options,
                     const char *folder)
{
    nas_err err = {0};
    parts out = {.search = NULL};
    check_ok(nas_data_prepare(path, options, folder, &out.summary, &err), err);
    check_ok(nas_dataset_open(folder, &out.search, &err), err);
    check_ok(nas_sealed_open(folder, &out.sealed, &err), err);
    return out;
}

static void release(parts *p)
{
    nas_data_summary_free(&p->summary);
    nas_dataset_close(p->search);
    nas_dataset_close(p->sealed);
}

/* Every source row is in exactly one part, with its own label. */
static void no_row_is_lost_or_moved(void **state)
{
    int seen[N] = {0};
    nas_data_options options = nas_data_options_default();
    nas_text text = {0};
    nas_text_puts(&text, "square,x,y\n");
    for (int i = 0; i < N; i++)
        nas_text_printf(&text, "%d,%d,%c\n", i * i, i, "abcd"[i * i % 4]);
    const char *path = make_text(*state, "t.csv", nas_text_string(&text));
    parts p = prepare(path, &options, make_path(*state, "out"));
    assert_int_equal(p.search->n_rows + p.sealed->n_rows, N);
    const nas_dataset *const both[] = {p.search, p.sealed};
    for (int part = 0; part < 2; part++)
        for (int64_t i = 0; i < both[part]->n_rows; i++) {
            float row[2];
            nas_dataset_row(both[part], i, row);
            int x = (int)row[1];
            assert_true(row[0] == (float)(x * x));
            assert_int_equal(both[part]->label_names[both[part]->labels[i]][0],
                             "abcd"[x * x % 4]);
            seen[x]++;
        }
    for (int i = 0; i < N; i++)
        assert_int_equal(seen[i], 1);
    int64_t used = 0;
    bool taken[N] = {false};
    for (int64_t i = 0; i < p.search->n_train; i++, used++)
        taken[p.search->train[i]] = true;
    for (int64_t i = 0; i < p.search->n_validation; i++, used++) {
        assert_false(taken[p.search->validation[i]]);
        taken[p.search->validation[i]] = true;
        assert_true(i == 0 || p.search->validation[i] > p.search->validation[i - 1]);
    }
    assert_int_equal(used, p.search->n_rows);
    release(&p);
    nas_text_free(&text);
}

static void groups_stay_with_their_rows(void **state)
{
    unsigned char subjects[N];
    uint32_t n = N;
    nas_data_options options = nas_data_options_default();
    make_images(make_path(*state, "in"), "", N, 4);
    for (int i = 0; i < N; i++)
        subjects[i] = (unsigned char)(i / 10);
    make_idx(make_path(*state, "in"), "subjects", 8, 1, &n, subjects, sizeof subjects);
    parts p = prepare(make_path(*state, "in"), &options, make_path(*state, "out"));
    assert_int_equal(p.search->split, NAS_SPLIT_GROUP);
    for (int64_t i = 0; i < p.search->n_rows; i++)
        for (int64_t k = 0; k < p.sealed->n_rows; k++)
            assert_int_not_equal(p.search->groups[i], p.sealed->groups[k]);
    release(&p);
}

static void a_second_call_uses_the_folder(void **state)
{
    nas_data_options options = nas_data_options_default();
    char path[1024], folder[1024];
    struct timespec times[2] = {{.tv_sec = 2385}, {.tv_sec = 2385}};
    (void)snprintf(path, sizeof path, "%s", make_table(*state, "t.csv", 90, "class"));
    (void)snprintf(folder, sizeof folder, "%s", make_path(*state, "out"));
    parts a = prepare(path, &options, folder);
    assert_false(a.summary.from_cache);
    parts b = prepare(path, &options, folder);
    assert_true(b.summary.from_cache);
    assert_string_equal(b.summary.source, path);
    assert_string_equal(b.summary.kind, a.summary.kind);
    assert_int_equal(b.summary.n_train, a.summary.n_train);
    assert_int_equal(b.summary.n_test, a.summary.n_test);
    assert_int_equal(b.summary.class_counts[1], a.summary.class_counts[1]);
    assert_string_equal(b.summary.label_names[2], "c");
    assert_true(b.summary.fingerprint == a.summary.fingerprint);
    release(&b);
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    b = prepare(path, &options, folder); /* touched, not changed */
    assert_true(b.summary.from_cache);
    release(&b);
    options.seed = 1;
    b = prepare(path, &options, folder);
    assert_false(b.summary.from_cache);
    assert_true(b.summary.fingerprint != a.summary.fingerprint);
    release(&b);
    make_table(*state, "t.csv", 93, "class");
    b = prepare(path, &options, folder);
    assert_false(b.summary.from_cache);
    assert_int_equal(b.search->n_rows + b.sealed->n_rows, 93);
    release(&b);
    release(&a);
}

static void a_damaged_folder_is_made_again(void **state)
{
    static const char *const names[] = {"search.nasd", "sealed.nasd"};
    nas_data_options options = nas_data_options_default();
    char path[1024], folder[1024];
    (void)snprintf(path, sizeof path, "%s", make_table(*state, "t.csv", 90, "class"));
    (void)snprintf(folder, sizeof folder, "%s", make_path(*state, "out"));
    parts p = prepare(path, &options, folder);
    release(&p);
    for (int i = 0; i < 2; i++) {
        make_text(folder, names[i], "NASDATA\nrubbish");
        p = prepare(path, &options, folder);
        assert_false(p.summary.from_cache);
        release(&p);
        assert_int_equal(remove(make_path(folder, names[i])), 0);
        p = prepare(path, &options, folder);
        assert_false(p.summary.from_cache);
        release(&p);
    }
}

static void a_test_file_replaces_the_fraction(void **state)
{
    nas_data_options options = nas_data_options_default();
    char path[1024], test[1024];
    (void)snprintf(path, sizeof path, "%s", make_table(*state, "t.csv", 90, "class"));
    (void)snprintf(
        test, sizeof test, "%s",
        make_text(*state, "test.csv", "class,x2,x1\nb,1,2.5\na,7,3.5\nb,8,2.385\n"));
    options.test_path = test;
    parts p = prepare(path, &options, make_path(*state, "out"));
    assert_true(p.summary.test_from_files);
    assert_int_equal(p.search->n_rows, 90);
    assert_int_equal(p.sealed->n_rows, 3);
    assert_int_equal(p.sealed->labels[0], 1); /* columns and classes go by name */
    assert_true(((const float *)p.sealed->inputs)[4] == 2.385f);
    release(&p);
    make_text(*state, "test.csv", "x1,x2,class\n1,2,z\n");
    check_refused(path, &options, NAS_E_DATA, "class `z`, which the training data", "");
    make_text(*state, "test.csv", "x1,x3,class\n1,2,a\n");
    check_refused(path, &options, NAS_E_DATA, "lacks the column `x2`", "");
    make_images(make_path(*state, "img"), "train-", 40, 3);
    make_images(make_path(*state, "img"), "test-", 40, 3);
    check_refused(make_path(*state, "img"), &options, NAS_E_USAGE, "has its own",
                  "--test");
    options.test_path = make_path(*state, "img/test-images-idx3-ubyte");
    check_refused(path, &options, NAS_E_DATA, "does not fit", "");
}

static void regression_is_described(void **state)
{
    nas_data_options options = nas_data_options_default();
    char folder[1024], path[1024];
    nas_text text = {0};
    nas_text_puts(&text, "x,y\n");
    for (int i = 0; i < 101; i++)
        nas_text_printf(&text, "%d,%d.5\n", i * i % 17, i);
    (void)snprintf(path, sizeof path, "%s",
                   make_text(*state, "t.csv", nas_text_string(&text)));
    (void)snprintf(folder, sizeof folder, "%s", make_path(*state, "out"));
    for (int pass = 0; pass < 2; pass++) { /* written, then from the folder */
        parts p = prepare(path, &options, folder);
        assert_int_equal(p.summary.from_cache, pass == 1);
        assert_int_equal(p.summary.split, NAS_SPLIT_RANDOM);
        assert_true(p.summary.target_min == 0.5 && p.summary.target_max == 100.5);
        assert_true(p.summary.target_mean == 50.5);
        assert_true(p.summary.target_deviation > 29.154 &&
                    p.summary.target_deviation < 29.155);
        assert_string_equal(p.summary.label_names[0], "y");
        assert_null(p.search->labels);
        assert_non_null(p.search->targets);
        release(&p);
    }
    nas_text_free(&text);
}

/* Whichever write fails: an error, and the folder of before or none. */
static void a_full_disk_keeps_the_old_folder(void **state)
{
    nas_data_options options = nas_data_options_default();
    char path[1024], folder[1024];
    int failures = 0;
    (void)snprintf(path, sizeof path, "%s", make_table(*state, "t.csv", 90, "class"));
    (void)snprintf(folder, sizeof folder, "%s", make_path(*state, "out"));
    for (int64_t nth = 1;; nth++) {
        nas_err err = {0};
        nas_data_summary summary;
        nas_dataset *data = NULL;
        nas_file_fail_nth(nth);
        nas_status status = nas_data_prepare(path, &options, folder, &summary, &err);
        nas_file_fail_nth(0);
        nas_data_summary_free(&summary);
        if (status == NAS_OK)
            break;
        failures++;
        assert_int_equal(status, NAS_E_IO);
        if (nas_file_exists(make_path(folder, "search.nasd")))
            check_ok(nas_dataset_open(folder, &data, &err), err);
        nas_dataset_close(data);
        check_ok(nas_file_remove(folder, &err), err);
    }
    assert_true(failures > 3);
}

/* Whichever allocation fails: an error or a result, no crash, no leak. */
static void memory_may_run_out_anywhere(void **state)
{
    nas_data_options options = nas_data_options_default();
    char paths[3][1024], folder[1024];
    (void)snprintf(paths[0], 1024, "%s", make_table(*state, "t.csv", 30, "class"));
    (void)snprintf(paths[1], 1024, "%s", make_path(*state, "idx"));
    make_images(paths[1], "train-", 30, 3);
    make_images(paths[1], "test-", 9, 3);
    (void)snprintf(paths[2], 1024, "%s", make_path(*state, "png"));
    for (int i = 0; i < 12; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%d/%d.png", i % 2, i);
        make_png(paths[2], name, 3, 3, PNG_FORMAT_GRAY, (unsigned)i);
    }
    (void)snprintf(folder, sizeof folder, "%s", make_path(*state, "out"));
    for (int i = 0; i < 3; i++) {
        int failures = 0;
        for (int64_t nth = 1; nth <= 60; nth++) {
            nas_err err = {0};
            nas_data_summary summary;
            nas_alloc_fail_nth(nth);
            nas_status status =
                nas_data_prepare(paths[i], &options, folder, &summary, &err);
            nas_alloc_fail_nth(0);
            failures += status != NAS_OK;
            assert_true(status == NAS_OK || status == NAS_E_NOMEM ||
                        status == NAS_E_DATA);
            nas_data_summary_free(&summary);
            check_ok(nas_file_remove(folder, &err), err);
        }
        assert_true(failures >= 5 && failures < 60);
    }
}

/* ---- interruptions ---------------------------------------------------------------- */

typedef struct stopper {
    int64_t calls_left; /* 0: go on */
    bool kill;
    int64_t calls;
    nas_data_progress last;
} stopper;

static bool on_progress(void *context, const nas_data_progress *progress)
{
    stopper *s = context;
    assert_true(progress->done >= 0 && progress->done <= progress->total);
    assert_true(s->calls == 0 || progress->step >= s->last.step);
    s->last = *progress;
    s->calls++;
    if (s->calls_left == 0 || --s->calls_left > 0)
        return true;
    if (s->kill)
        (void)raise(SIGKILL);
    return false;
}

/* Files of a folder, without "." and "..". */
static int64_t files_in(const char *folder)
{
    nas_err err = {0};
    char **names = NULL;
    int64_t n = 0;
    nas_arena *arena = nas_arena_new();
    check_ok(nas_file_list(folder, arena, &names, &n, &err), err);
    nas_arena_free(arena);
    return n;
}

/* Three sources that tell of all steps. */
static void make_sources(const char *folder, char paths[3][1024])
{
    nas_text text = {0};
    nas_text_puts(&text, "x,colour,class\n");
    for (int i = 0; i < 2385; i++)
        nas_text_printf(&text, "%d,%s,%c\n", i * i % 1009, i % 3 == 0 ? "red" : "blue",
                        "ab"[i % 7 > 2]);
    (void)snprintf(paths[0], 1024, "%s",
                   make_text(folder, "t.csv", nas_text_string(&text)));
    nas_text_free(&text);
    (void)snprintf(paths[1], 1024, "%s", make_path(folder, "png"));
    for (int i = 0; i < 12; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "%d/%d.png", i % 2, i);
        make_png(paths[1], name, 3, 3, PNG_FORMAT_GRAY, (unsigned)i);
    }
    (void)snprintf(paths[2], 1024, "%s", make_path(folder, "idx"));
    make_images(paths[2], "train-", 200, 3);
    make_images(paths[2], "test-", 80, 3);
}

static void a_caller_may_stop_at_any_moment(void **state)
{
    nas_data_options options = nas_data_options_default();
    char paths[3][1024], folder[1024];
    stopper s = {0};
    options.progress = on_progress;
    options.progress_context = &s;
    make_sources(*state, paths);
    (void)snprintf(folder, sizeof folder, "%s", make_path(*state, "out"));
    for (int i = 0; i < 3; i++) {
        int stopped = 0;
        for (int64_t nth = 1;; nth++) {
            nas_err err = {0};
            nas_data_summary summary;
            s = (stopper){.calls_left = nth};
            nas_status status =
                nas_data_prepare(paths[i], &options, folder, &summary, &err);
            nas_data_summary_free(&summary);
            if (status == NAS_OK)
                break;
            assert_int_equal(status, NAS_E_INTERRUPTED);
            stopped++;
            if (nas_file_exists(folder))
                assert_int_equal(files_in(folder), 0);
        }
        assert_true(stopped >= 3);
        assert_int_equal(s.last.step, NAS_DATA_TAKE_OVER);
        assert_int_equal(files_in(folder), 2);
        nas_err err = {0};
        check_ok(nas_file_remove(folder, &err), err);
    }
}

/* Killed in the middle: what is left is what was there before, and the next run removes
 * what was half written. */
static void a_kill_leaves_nothing_that_counts(void **state)
{
    nas_data_options options = nas_data_options_default();
    char paths[3][1024], folder[1024];
    stopper s = {0};
    make_sources(*state, paths);
    (void)snprintf(folder, sizeof folder, "%s", make_path(*state, "out"));
    options.progress_context = &s;
    for (int pass = 0; pass < 2; pass++) { /* first into nothing, then over another */
        options.seed = (uint64_t)pass;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            nas_err err = {0};
            nas_data_summary summary;
            s = (stopper){.calls_left = 30, .kill = true};
            options.progress = on_progress;
            (void)nas_data_prepare(paths[0], &options, folder, &summary, &err);
            _exit(0);
        }
        int how = 0;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGKILL);
        assert_int_equal(files_in(folder), 2 + 2 * pass); /* both half written */
        if (pass == 1) {
            options.seed = 0;
            parts old = prepare(paths[0], &options, folder);
            assert_true(old.summary.from_cache);
            release(&old);
            options.seed = 1;
        }
        parts p = prepare(paths[0], &options, folder);
        assert_false(p.summary.from_cache);
        assert_int_equal(p.search->n_rows + p.sealed->n_rows, 2385);
        assert_int_equal(files_in(folder), 2);
        release(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        data_test(no_row_is_lost_or_moved),
        data_test(groups_stay_with_their_rows),
        data_test(a_second_call_uses_the_folder),
        data_test(a_damaged_folder_is_made_again),
        data_test(a_test_file_replaces_the_fraction),
        data_test(regression_is_described),
        data_test(a_full_disk_keeps_the_old_folder),
        data_test(memory_may_run_out_anywhere),
        data_test(a_caller_may_stop_at_any_moment),
        data_test(a_kill_leaves_nothing_that_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
