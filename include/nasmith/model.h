/* A model: a graph, its weights and the meaning of its inputs and outputs. What train
 * writes, eval and export read, and a study keeps for its finalists. */
#ifndef NASMITH_MODEL_H
#define NASMITH_MODEL_H

#include "nasmith/arena.h"
#include "nasmith/err.h"
#include "nasmith/graph.h"

typedef enum nas_task { NAS_TASK_CLASSIFICATION, NAS_TASK_REGRESSION } nas_task;

typedef struct nas_model {
    nas_graph *graph; /* owned; with its fitted front section */
    float *weights;   /* owned; nas_graph_floats(graph), batch norm statistics included */
    nas_task task;
    int64_t n_outputs;       /* classes, or targets */
    char **labels;           /* [n_outputs] class or target names; owned */
    int64_t n_features;      /* 0 or input channels */
    char **features;         /* [n_features] names of table columns; owned */
    float *target_mean;      /* regression: y = output * target_deviation + target_mean */
    float *target_deviation; /* [n_outputs] each, owned; NULL for classification */
    char metric[32];         /* "accuracy", "rmse", ... */
    double score;      /* of that metric, on the rows named in score_on; NaN if none */
    char score_on[16]; /* "validation", "test" or "" */
    uint64_t data_fingerprint;
} nas_model;

void nas_model_free(nas_model *model); /* frees contents and the struct; NULL is fine */

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
