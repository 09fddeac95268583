/* A trained network with rows to look at it by: what the parts of an explanation share.
 * Where a spectrum begins the network, both are looked at behind it: what mattered are
 * bands and frames, not samples. */
#ifndef NASMITH_EXPLAIN_SUBJECT_H
#define NASMITH_EXPLAIN_SUBJECT_H

#include "nasmith/evaluate.h"
#include "nasmith/explain.h"

/* What the rows are: decides which changes to them have a meaning. */
typedef enum nas_input_kind {
    NAS_INPUT_TABLE,  /* (C,1,1) */
    NAS_INPUT_SERIES, /* (C,1,T) */
    NAS_INPUT_IMAGE,
} nas_input_kind;

typedef struct nas_subject {
    const nas_model *model;
    nas_graph *behind; /* the model's graph if it is not the caller's, or NULL */
    const nas_metric *metric;
    nas_input_kind kind;
    nas_shape shape;
    int64_t size, n_outputs;
    int64_t n;
    float *inputs;           /* [n][size] as in the source, or behind the spectrum */
    nas_predictions truth;   /* its outputs are the network's answers for the rows */
    float *mean, *deviation; /* [C] over these rows; a constant channel has 1, a category
                                NaN and 0 */
    char **feature_names;    /* [C] of a table, or NULL */
    double macs; /* that one part of the explanation may spend; 1e9 unless set */
    nas_net *net;
    nas_arena *arena;
} nas_subject;

/* Compile the network, load the rows and answer them.
 * @param rows  of data; fewer are used when they would need more than 64 MiB
 * @param workspace  the subject's until it is closed
 * @param out   valid until nas_subject_close; arrays live in the arena */
nas_status nas_subject_open(const nas_model *model, const nas_dataset *data,
                            const int64_t *rows, int64_t n, nas_workspace *workspace,
                            nas_arena *arena, nas_subject *out, nas_err *err);
void nas_subject_close(nas_subject *subject);

/* Answers for other inputs.
 * @param inputs  [n][size]; @param outputs  [n][n_outputs] */
void nas_subject_answer(const nas_subject *subject, const float *inputs, int64_t n,
                        float *outputs);

/* Rows that fit into so many multiply-accumulates when each is answered `times` times;
 * at least `least`, at most n. */
int64_t nas_subject_rows_for(const nas_subject *subject, int64_t times, int64_t least);

/* Whether a channel holds codes of a category, which have no order and no mean. */
bool nas_subject_is_category(const nas_subject *subject, int64_t channel);

/* Class with the highest output of a row. */
int64_t nas_answer_of(const float *outputs, int64_t n_outputs);

#endif
