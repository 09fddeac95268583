/* A model: a graph, its weights and the meaning of its inputs and outputs. What train
 * writes, eval and export read, and a study keeps for its finalists. */
#ifndef NASMITH_MODEL_H
#define NASMITH_MODEL_H

#include "nasmith/arena.h"
#include "nasmith/err.h"
#include "nasmith/graph.h"

typedef enum nas_task {
    NAS_TASK_CLASSIFICATION, /* one of several classes a row */
    NAS_TASK_REGRESSION,     /* one or several quantities a row */
    NAS_TASK_MULTILABEL,     /* any of several labels a row: each 0 or 1 */
    NAS_TASK_ANOMALY,        /* outputs are the inputs again; far from them: anomalous */
} nas_task;

const char *nas_task_name(nas_task task); /* "classification", "regression", ... */
bool nas_task_parse(const char *text, nas_task *out); /* NULL is no name */
/* Whether outputs are quantities, in units of their own. */
bool nas_task_has_units(nas_task task);

/* What the values of one column of raw rows mean. NaN stands for a missing value. */
typedef struct nas_column {
    char **levels; /* [n_levels] of a category: code k stands for levels[k], every other
                      code for a level that is not known; NULL: the values are numbers */
    int64_t n_levels;
    bool indicator;    /* the network sees whether the value is missing */
    int64_t n_missing; /* rows of the data without a value; 0 in a model */
    int64_t n_rare;    /* training rows whose level is not among `levels`; 0 in a model */
} nas_column;

/* Columns of the network for raw columns, in this order: a number is itself, a category
 * one column per level and one for levels that are not known; each with an indicator one
 * more. */
int64_t nas_columns_width(const nas_column *columns, int64_t n);

/* A copy on the heap for a model. @return NULL when memory is out */
nas_column *nas_columns_clone(const nas_column *columns, int64_t n);
void nas_columns_free(nas_column *columns, int64_t n); /* of a clone; NULL is fine */

/* An array of objects with "kind" and what is not 0. @param names  [n] or NULL */
void nas_columns_write_json(const nas_column *columns, char *const *names, int64_t n,
                            nas_json *json);
/* @param out  [n], in the arena
 * @return NAS_E_CONFIG unless it is an array of n such objects */
nas_status nas_columns_read_json(const json_t *array, int64_t n, nas_arena *arena,
                                 nas_column **out, nas_err *err);

/* The same on the heap, for a model. @param array  NULL gives NULL */
nas_status nas_columns_load(const json_t *array, int64_t n, nas_column **out,
                            nas_err *err);

typedef struct nas_model {
    nas_graph *graph; /* owned; with its fitted front section */
    float *weights;   /* owned; nas_graph_floats(graph), batch norm statistics included */
    nas_task task;
    int64_t n_outputs;       /* classes, targets or labels */
    char **labels;           /* [n_outputs] class or target names; owned */
    int64_t n_features;      /* 0 or input channels */
    char **features;         /* [n_features] names of table columns; owned */
    nas_column *columns;     /* [n_features]; NULL: numbers, none may be missing; owned */
    float *target_mean;      /* regression: y = output * target_deviation + target_mean */
    float *target_deviation; /* [n_outputs] each, owned; NULL for classification */
    char metric[32];         /* "accuracy", "rmse", ... */
    double score;      /* of that metric, on the rows named in score_on; NaN if none */
    char score_on[16]; /* "validation", "test" or "" */
    uint64_t data_fingerprint;
} nas_model;

void nas_model_free(nas_model *model); /* frees contents and the struct; NULL is fine */

/* Temperature scaling: divide a classifier's logits by `temperature`, by its last layer.
 * Its answers stay the same; its probabilities become more modest above 1, surer below.
 * @param temperature  > 0
 * @return NAS_E_USAGE for a regression, or when the last layer is not dense
 * Ref: guo2017 */
nas_status nas_model_temper(nas_model *model, double temperature, nas_err *err);

/* One file: a JSON header and the raw weights, checksummed, written atomically.
 * @return NAS_E_IO */
nas_status nas_model_write(const nas_model *model, const char *path, nas_err *err);

/* @param out  Ownership: caller, nas_model_free
 * @return NAS_E_IO, or NAS_E_CONFIG when it is no model file, truncated or damaged */
nas_status nas_model_read(const char *path, nas_model **out, nas_err *err);
/* The same from bytes in memory (used by the fuzz target and by study blobs). */
nas_status nas_model_parse(const void *data, size_t bytes, const char *name,
                           nas_model **out, nas_err *err);
/* The bytes nas_model_write would write. *out heap memory, nas_heap_free. */
nas_status nas_model_serialise(const nas_model *model, void **out, size_t *bytes,
                               nas_err *err);

#endif
