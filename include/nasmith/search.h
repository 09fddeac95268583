/* The run: a supervisor with worker processes, the time budget, finalists, the sealed
 * test and export. */
#ifndef NASMITH_SEARCH_H
#define NASMITH_SEARCH_H

#include "nasmith/clean.h"
#include "nasmith/err.h"
#include "nasmith/evaluate.h"
#include "nasmith/export.h"
#include "nasmith/log.h"
#include "nasmith/study.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct nas_search_options {
    const char *data_path;
    nas_data_options data;
    const char *study_path;    /* NULL: derived from the data's name, NAME.nas.db */
    const char *output_folder; /* where deliverables go; NULL: the study's folder */
    bool new_study;            /* start again even if it exists (the old file is kept as
                                  NAME.nas.db.1 ...) */
    double time_s;             /* total of the study; 0 = no clock */
    int64_t trials;            /* total scored; 0 = no limit */
    int64_t epochs;            /* of the top rung; 0 = planned */
    nas_limits limits;
    nas_latency_table latency; /* of a device; not known: this machine's, if needed */
    unsigned minimise;
    const char *metric;           /* NULL = default of the task */
    const char *space;            /* preset or path; NULL = auto */
    const char *strategy;         /* NULL = "evolution" */
    const char *strategy_options; /* "key=value,key=value" or NULL */
    const char *scheduler;        /* NULL = "asha" */
    int64_t proxies;              /* networks that zero-cost proxies rank for every other
                                     one of an initial design; 0 = none */
    int workers;                  /* 0 = one per core */
    uint64_t seed;                /* of the search and its trainings */
    int64_t memory_bytes;         /* per trial; 0 = computed from the machine */
    bool export_onnx, export_c;
    double reserve_s;         /* of --time kept for what the caller does after (report) */
    const char *program_path; /* for spawning workers (/proc/self/exe) */
    const char *command_line; /* as typed, for the report's reproduce box */
    const volatile sig_atomic_t *interrupted; /* 0, 1 = stop after epochs, 2 = now */
} nas_search_options;

nas_search_options nas_search_options_default(void);

/* Progress events for the terminal, --progress json and --events. */
typedef enum nas_search_phase {
    NAS_PHASE_PREPARE,
    NAS_PHASE_SEARCH,
    NAS_PHASE_REFIT,
    NAS_PHASE_FINISH, /* test, export, verification, report */
} nas_search_phase;

typedef struct nas_search_progress {
    nas_search_phase phase;
    double elapsed_s, total_s; /* of the study; total 0 = no clock */
    nas_study_counts counts;
    const nas_metric *metric;
    int64_t best_trial; /* 0 = none yet */
    double best_score;  /* metric, not oriented */
    nas_cost best_cost;
    bool best_changed;
    int front_size;
    double supernet_epoch;             /* of its training now; 0: none is trained */
    const nas_evaluation_row *running; /* what workers do now */
    int n_running;
} nas_search_progress;

typedef struct nas_search_sink {
    /* The opening block: data, task, limits, space, machine, study (one line each). */
    void (*line)(void *context, const char *text);
    void (*progress)(void *context, const nas_search_progress *progress);
    void *context;
} nas_search_sink;

/* One delivered network. */
typedef struct nas_finalist {
    int64_t trial;
    const char *role;           /* "best", "knee", "smallest" */
    nas_score validation;       /* as searched, on the validation rows */
    nas_score as_searched_test; /* NaN value when not measured */
    nas_score test;             /* of the refit, on the sealed rows */
    int opening;
    nas_cost cost;              /* of what is delivered */
    nas_clean_saved saved;      /* by the clean-up before it was tested and written */
    double measured_latency_ms; /* compiled C, workers idle; < 0 unknown */
    const char *model_path, *onnx_path, *c_path; /* NULL when not written */
    nas_verify_result onnx_check, c_check;
    int64_t refit_epochs;
} nas_finalist;

typedef struct nas_baseline_result {
    const char *name; /* "majority", "linear", "standard" */
    nas_score validation, test;
    int64_t params;
} nas_baseline_result;

/* What a search (or reading a finished study) results in. Lives in its arena. */
typedef struct nas_search_result {
    nas_study_counts counts;
    nas_finalist *finalists; /* [n_finalists], the chosen one first; 0 = nothing fits */
    int n_finalists;
    int64_t *front; /* trial ids on the Pareto front, by MACs */
    int n_front;
    nas_baseline_result *baselines;
    int n_baselines;
    double random_estimate; /* expected best of n uniform proposals; NaN unknown */
    const char
        *stop_reason; /* "time is up", "120 trials", "interrupted", "space exhausted" */
    const char *study_path;  /* NULL when no study was opened */
    const char *report_path; /* set by the caller that writes it; NULL */
    double seconds;
    nas_arena *arena;
} nas_search_result;

void nas_search_result_free(nas_search_result *result);

/* Prepare, search, finish. Creates or continues the study.
 * @param result  filled as far as it got, also on failure
 * @return NAS_E_LIMIT when no network met the limits or all failed */
nas_status nas_search_run(const nas_search_options *options, const nas_search_sink *sink,
                          nas_search_result *result, nas_err *err);

/* Only say what would be done: data, space size, plan, cost estimate; one training step.
 */
nas_status nas_search_dry_run(const nas_search_options *options,
                              const nas_search_sink *sink, nas_err *err);

/* The body of a worker process: claim, train, write, until the study is over or the
 * supervisor is gone.
 * @param supervisor_pid  0 = a worker started by hand */
nas_status nas_search_worker(const char *study_path, int index, int64_t supervisor_pid,
                             const volatile sig_atomic_t *interrupted, nas_err *err);

/* The Pareto front of a history: the metric plus every limited or minimised cost; with
 * none, metric and MACs. Only trials with the most rungs finished compete on score.
 * *out trial indices in the arena, by MACs. */
nas_status nas_search_front(const nas_history *history, const nas_limits *limits,
                            unsigned minimise, nas_arena *arena, int64_t **out, int *n,
                            nas_err *err);

/* The documents of --json (docs/json.md). */
nas_status nas_search_write_json(const nas_search_result *result, nas_study *study,
                                 nas_json *json, nas_err *err);
nas_status nas_trials_write_json(nas_study *study, nas_json *json, nas_err *err);

/* Read the result of a finished study back from its file. */
nas_status nas_search_read_result(nas_study *study, nas_search_result *out, nas_err *err);

#endif
