/* Whole searches with real worker processes: the test program starts itself again. */
#ifndef NASMITH_TESTS_SEARCH_WORLD_H
#define NASMITH_TESTS_SEARCH_WORLD_H

#include "nasmith/file.h"
#include "nasmith/rng.h"
#include "nasmith/search.h"

#include "check.h"

#include <string.h>

typedef struct world {
    char folder[64];
    char data[128];
    char study[128];
    nas_search_options options;
    nas_search_sink sink;
    nas_text lines; /* what the sink was told */
    int n_progress;
    void (*hook)(struct world *w, const nas_search_progress *progress);
} world;

/* `worker --study FILE --index I --supervisor PID`; call it first in main. */
static inline bool world_is_worker(int argc, char **argv, int *code)
{
    if (argc != 8 || strcmp(argv[1], "worker") != 0)
        return false;
    nas_err err = {0};
    *code = (int)nas_search_worker(argv[3], (int)strtol(argv[5], NULL, 10),
                                   strtol(argv[7], NULL, 10), NULL, &err);
    return true;
}

/* Rows around three centres. */
static inline void world_write_data(world *w, int rows, uint64_t seed)
{
    nas_text csv = {0};
    nas_err err = {0};
    nas_rng rng = nas_rng_new(seed, 1);
    nas_text_puts(&csv, "a,b,c,d,class\n");
    for (int i = 0; i < rows; i++) {
        static const char *const NAMES[] = {"red", "green", "blue"};
        int label = i % 3;
        for (int k = 0; k < 4; k++)
            nas_text_printf(&csv, "%.4f,",
                            nas_rng_normal(&rng) + (k % 3 == label ? 2.0 : 0.0));
        nas_text_printf(&csv, "%s\n", NAMES[label]);
    }
    check_ok(nas_file_write(w->data, csv.data, csv.length, &err), err);
    nas_text_free(&csv);
}

static inline void world_on_line(void *context, const char *text)
{
    world *w = context;
    nas_text_printf(&w->lines, "%s\n", text);
}

static inline void world_on_progress(void *context, const nas_search_progress *progress)
{
    world *w = context;
    w->n_progress++;
    if (w->hook != NULL)
        w->hook(w, progress);
}

/* One worker, two epochs, four trials, no clock, nothing exported. */
static inline void world_open(world *w)
{
    *w = (world){0};
    nas_test_tmpdir(w->folder, sizeof w->folder);
    (void)snprintf(w->data, sizeof w->data, "%s/flowers.csv", w->folder);
    (void)snprintf(w->study, sizeof w->study, "%s/flowers.nas.db", w->folder);
    world_write_data(w, 240, 5);
    w->options = nas_search_options_default();
    w->options.data_path = w->data;
    w->options.data.label = "class";
    w->options.study_path = w->study;
    w->options.data.folds = 1;
    w->options.trials = 4;
    w->options.epochs = 2;
    w->options.workers = 1;
    w->options.seed = 7;
    w->options.export_onnx = false;
    w->options.export_c = false;
    w->options.command_line = "nasmith search flowers.csv";
    w->sink = (nas_search_sink){world_on_line, world_on_progress, w};
}

static inline void world_close(world *w)
{
    nas_err err = {0};
    nas_text_free(&w->lines);
    check_ok(nas_file_remove(w->folder, &err), err);
}

static inline nas_search_result world_run(world *w)
{
    nas_err err = {0};
    nas_search_result result;
    check_ok(nas_search_run(&w->options, &w->sink, &result, &err), err);
    return result;
}

static inline bool world_has(const world *w, const char *name)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", w->folder, name);
    return nas_file_exists(path);
}

/* A world whose search must fail. */
static inline void world_fail(world *w, nas_status status, const char *text,
                              const char *hint)
{
    nas_err err = {0};
    nas_search_result result;
    assert_int_equal(nas_search_run(&w->options, &w->sink, &result, &err), status);
    if (strstr(err.text, text) == NULL)
        fail_msg("`%s` lacks `%s`", err.text, text);
    if (strstr(err.hint, hint) == NULL)
        fail_msg("`%s` lacks `%s`", err.hint, hint);
    nas_search_result_free(&result);
}

#endif
