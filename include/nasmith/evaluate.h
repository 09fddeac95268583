/* Evaluators: what turns a network into a score. One training here; tables, supernets,
 * proxies and outside commands are further entries of the same registry. */
#ifndef NASMITH_EVALUATE_H
#define NASMITH_EVALUATE_H

#include "nasmith/arena.h"
#include "nasmith/data.h"
#include "nasmith/err.h"
#include "nasmith/export.h"
#include "nasmith/graph.h"
#include "nasmith/model.h"
#include "nasmith/net.h"
#include "nasmith/recipe.h"

#include <stdbool.h>
#include <stdint.h>

/* ---- metrics ---------------------------------------------------------------------- */

/* A score with its sample size and 95 % interval. */
typedef struct nas_score {
    double value; /* NaN: none */
    double low, high;
    double error; /* standard error */
    int64_t n;
} nas_score;

/* No score: NaN everywhere, `n` rows. */
nas_score nas_score_none(int64_t n);

enum { NAS_MAX_RUNS = 400 }; /* trainings of one rung: 20 folds, 20 times */

/* The score of several trainings of one network: the mean of their values. Folds are
 * scored on different rows, so their errors are independent and n adds up; repeats are
 * scored on the same rows again. The interval holds at least what the values themselves
 * vary by (Bengio and Grandvalet, JMLR 5, 2004: no estimate of it is unbiased), and
 * nothing beyond the intervals of the trainings.
 * Values that are not numbers are left out.
 * @param scores   [n]; 1 <= n <= NAS_MAX_RUNS
 * @param repeats  [n] which repeat each belongs to, ascending */
nas_score nas_score_mean(const nas_score *scores, const int *repeats, int n);

/* Outputs and truth of n rows, as the metric functions take them. */
typedef struct nas_predictions {
    nas_task task;
    int64_t n, n_outputs;
    const float *outputs;  /* [n][n_outputs]: probabilities, or targets in user units */
    const int32_t *labels; /* [n], classification */
    const uint8_t *anomalies; /* [n] 1 = anomalous, task anomaly; else NULL */
    const float *deviation;   /* [n_outputs] units in which an anomaly is far; NULL = 1 */
    const float *targets;     /* [n][n_outputs], regression, user units; labels 0 or 1 */
    const int64_t *class_rows; /* [n_outputs] rows of each class, or NULL: not counted,
                                  and row_goodness of balanced metrics is O(n) a row */
} nas_predictions;

typedef struct nas_metric {
    const char *name;
    const char *summary;
    nas_task task;
    bool larger_is_better;
    bool fraction; /* shown to people as a percentage */
    /* Value with interval: Wilson for accuracy, else a bootstrap of 1,000 resamples drawn
     * from `rng`. */
    nas_score (*score)(const nas_predictions *predictions, nas_rng rng);
    /* How good one row is, larger is better: what nas_metric_tied compares. */
    double (*row_goodness)(const nas_predictions *predictions, int64_t row);
    bool squared_rows;  /* row_goodness is minus a squared error */
    bool anomalies;     /* of classification: also of anomalies */
    bool labels;        /* of classification: also of tasks with several labels a row */
    bool classes_alike; /* a rare class counts as much as a frequent one */
} nas_metric;

/* Whether a metric is defined for a task. */
bool nas_metric_fits(const nas_metric *metric, nas_task task);

const nas_metric *nas_metric_at(int index); /* NULL past the end */
const nas_metric *nas_metric_find(const char *name);
const nas_metric *nas_metric_default(nas_task task); /* accuracy; rmse; macro_f1; auc */

/* Paired bootstrap of the difference of two networks on the same rows: true when its 95 %
 * interval holds 0. @param a, b  per-row goodness, [n] (1 = right for accuracy; minus the
 * squared error for rmse) */
bool nas_metric_tied(const double *a, const double *b, int64_t n, nas_rng rng);

/* ---- one training ------------------------------------------------------------------ */

/* How an evaluation ended. An outcome, not a status. */
#define NAS_OUTCOME_LIST(X)                                                              \
    X(NAS_OUTCOME_DONE, "done")                                                          \
    X(NAS_OUTCOME_DIVERGED, "diverged") /* NaN or infinite loss or weight */             \
    X(NAS_OUTCOME_TIMEOUT, "out of time")                                                \
    X(NAS_OUTCOME_MEMORY, "out of memory") /* computed before start, or malloc */        \
    X(NAS_OUTCOME_CRASHED, "crashed")      /* signal of the worker */                    \
    X(NAS_OUTCOME_INFEASIBLE, "infeasible")                                              \
    X(NAS_OUTCOME_STOPPED, "stopped") /* by the user or the end of time */

typedef enum nas_outcome {
#define NAS_OUTCOME_ENUM(code, text) code,
    NAS_OUTCOME_LIST(NAS_OUTCOME_ENUM)
#undef NAS_OUTCOME_ENUM
        NAS_OUTCOME_COUNT
} nas_outcome;

const char *nas_outcome_name(nas_outcome outcome);
nas_outcome nas_outcome_find(const char *name); /* NAS_OUTCOME_COUNT when unknown */

/* One point of a learning curve: after an epoch. Validation only on the last epoch unless
 * asked (no best epoch is ever picked). */
typedef struct nas_curve_point {
    double epoch;
    double train_loss;
    double validation; /* metric; NaN where not measured */
} nas_curve_point;

typedef struct nas_job nas_job;

/* Called after each epoch with the state a resumption needs. Return false to stop
 * (outcome stopped). */
typedef bool (*nas_epoch_fn)(void *context, const nas_job *job,
                             const nas_curve_point *point, int64_t epochs_done,
                             const void *checkpoint, size_t bytes);

/* One training, fully described. What the result depends on is exactly: graph hash,
 * recipe hash, data fingerprint, fold, repeat, fraction, epochs, seed. */
struct nas_job {
    const nas_graph *graph; /* without fitted front section */
    nas_recipe recipe;
    const nas_dataset *data;
    const int64_t *train_rows; /* before `fraction` is applied (a fixed, stratified,
                                  nested subset: the first rows of a permutation that
                                  depends on the seed, fold and repeat only) */
    int64_t n_train;
    const int64_t *validation_rows; /* may be empty: refit */
    int64_t n_validation;
    double fraction;
    int64_t epochs;
    int fold, repeat;
    uint64_t seed; /* the study's */
    const nas_metric *metric;
    double max_seconds; /* of wall clock; 0 = none */
    /* Seconds of wall clock from the call by which training must have ended: when the
     * pace shows that not all epochs fit, fewer steps walk through the whole schedule of
     * the learning rate. 0 = all epochs, whatever they take. */
    double finish_by_s;
    int64_t max_memory_bytes;  /* 0 = none */
    int threads;               /* that share each step; no result depends on it; 0 = 1 */
    bool validate_every_epoch; /* for curves; costs time */
    bool int8;             /* score the network as int8, calibrated on training rows */
    nas_epoch_fn on_epoch; /* may be NULL */
    /* Called about four times a second within epochs, to renew leases and hear of
     * interruptions. May change the number of threads. Return false to stop (outcome
     * stopped). May be NULL. */
    bool (*on_tick)(void *context, const nas_job *job, double epoch, int *threads);
    void *context;
    const void *resume; /* checkpoint given to on_epoch before, or NULL */
    size_t resume_bytes;
};

typedef struct nas_job_result {
    nas_outcome outcome;
    char reason[256]; /* one line when not done */
    nas_score validation;
    double train_loss;      /* of the last epoch */
    nas_curve_point *curve; /* [n_curve], in the arena */
    int64_t n_curve;
    double seconds, cpu_seconds;
    int64_t rows_seen;
    nas_model *model;     /* when asked: trained, with front section; Ownership: caller */
    double *row_goodness; /* [n_validation] when asked, in the arena; nas_metric_tied */
} nas_job_result;

/* Train from scratch (or resume), evaluate on the validation rows.
 * @param workspace  of this worker
 * @param keep_model  fill result->model and row_goodness
 * @return NAS_OK with an outcome; a failure only for programmer or system errors */
nas_status nas_job_run(const nas_job *job, nas_workspace *workspace, bool keep_model,
                       nas_arena *arena, nas_job_result *result, nas_err *err);

/* One way of turning networks into scores. */
typedef struct nas_evaluator_ops {
    const char *name;
    const char *summary;
    nas_status (*run)(const nas_job *job, nas_workspace *workspace, bool keep_model,
                      nas_arena *arena, nas_job_result *result, nas_err *err);
} nas_evaluator_ops;

const nas_evaluator_ops *nas_evaluator_at(int index); /* NULL past the end */
const nas_evaluator_ops *nas_evaluator_find(const char *name);

/* Predict rows of a data set with a model, through the engine.
 * @param outputs  [n][n_outputs] probabilities, or targets in user units */
nas_status nas_predict(const nas_model *model, const nas_dataset *data,
                       const int64_t *rows, int64_t n, nas_workspace *workspace,
                       float *outputs, nas_err *err);

/* Score of a model on rows. */
nas_status nas_evaluate_model(const nas_model *model, const nas_dataset *data,
                              const int64_t *rows, int64_t n, const nas_metric *metric,
                              nas_workspace *workspace, nas_score *out, nas_err *err);

/* ---- int8 -------------------------------------------------------------------------- */

/* Rows that ranges are calibrated on, and rows that rank int8 networks in a search: the
 * kernels of the device run them, one at a time. */
enum { NAS_CALIBRATION_ROWS = 256, NAS_INT8_RANK_ROWS = 2000 };

/* Evenly spaced rows to rank on.
 * @param out  room for min(n, NAS_INT8_RANK_ROWS)
 * @return their number */
int64_t nas_int8_validation_rows(const int64_t *rows, int64_t n, int64_t *out);

/* Quantise a model, calibrated on the first rows of a training part (see nas_quantise).
 * @param out  Ownership: caller, nas_quant_free */
nas_status nas_quantise_on(const nas_model *model, const nas_dataset *data,
                           const int64_t *rows, int64_t n, nas_quant **out, nas_err *err);

/* Outputs of rows by the shipped int8 kernels. @param outputs  [n][n_outputs] as of
 * nas_predict */
nas_status nas_predict_int8(const nas_quant *quant, const nas_dataset *data,
                            const int64_t *rows, int64_t n, float *outputs, nas_err *err);

/* Score of an int8 network on rows. */
nas_status nas_evaluate_int8(const nas_quant *quant, const nas_dataset *data,
                             const int64_t *rows, int64_t n, const nas_metric *metric,
                             nas_score *out, nas_err *err);

/* ---- baselines --------------------------------------------------------------------- */

/* Majority class or mean target fitted on train, scored on rows. */
nas_score nas_baseline_constant(const nas_dataset *data, const int64_t *train, int64_t n,
                                const nas_dataset *on, const int64_t *rows, int64_t m,
                                const nas_metric *metric);
/* Forecasts that repeat the past: step h is what it was a whole number of periods before.
 * Period 1 is the last value.
 * @param data    with a horizon
 * @param period  1 .. steps of a row */
nas_score nas_baseline_seasonal(const nas_dataset *data, const int64_t *rows, int64_t n,
                                int64_t period, const nas_metric *metric);
/* The period of 2 and more steps that repeats best on some rows, by squared error; 1 when
 * rows have a single step. Cost: at most 128 rows x steps x outputs */
int64_t nas_baseline_season(const nas_dataset *data, const int64_t *rows, int64_t n);
/* A linear model as a graph (one dense layer), and a fixed standard network of about 30 k
 * parameters for the input kind (image, series, vector): trained like any other. */
nas_status nas_baseline_linear(nas_shape input, int64_t n_outputs, nas_graph **out,
                               nas_err *err);
nas_status nas_baseline_standard(nas_shape input, int64_t n_outputs, nas_graph **out,
                                 nas_err *err);

#endif
