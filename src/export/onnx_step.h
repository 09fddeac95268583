/* One step of the ONNX interpreter, and what its operators in onnx_run.c and
 * onnx_run_series.c share. */
#ifndef NASMITH_EXPORT_ONNX_STEP_H
#define NASMITH_EXPORT_ONNX_STEP_H

#include "export/naive.h"
#include "export/onnx_run.h"

/* A named tensor: computed (`data`, per sample) or an initialiser (`constant`, or
 * `whole`). */
typedef struct run_value {
    const char *name;
    nas_shape shape; /* of one sample; (C,1,1) for a vector */
    double *data;    /* NULL for an initialiser */
    float *constant; /* NULL for a computed tensor and for integers */
    int32_t *whole;  /* int8 and int32 initialisers */
    int64_t n_constant;
} run_value;

typedef struct run_step run_step;

/* An ONNX operator: `setup` checks what the node has and gives the output's shape. */
typedef struct run_operator {
    const char *name;
    size_t min_inputs, max_inputs; /* max 0: any */
    nas_status (*setup)(run_step *step, nas_shape *out, nas_err *err);
    void (*run)(const run_step *step);
} run_operator;

struct run_step {
    const Onnx__NodeProto *proto;
    const run_operator *op;
    const run_value **in; /* [proto->n_input] */
    nas_arena *arena;     /* of the program */
    run_value *out;
    nas_naive_window window;
    nas_naive_recurrent recurrent;
    double *work;           /* of a recurrent step and of attention */
    int64_t order[3], from; /* of Transpose: input axis of each output axis; of Slice */
    double epsilon, alpha, beta;
};

/* Attributes of the node; `fallback` where there is none. */
const Onnx__AttributeProto *nas_onnx_attribute(const run_step *step, const char *name);
int64_t nas_onnx_int_of(const run_step *step, const char *name, int64_t fallback);
double nas_onnx_float_of(const run_step *step, const char *name, double fallback);
/* Read n integers between low and 65536; absent leaves `out` as it is. */
nas_status nas_onnx_ints_of(const run_step *step, const char *name, int64_t low,
                            int64_t *out, size_t n, nas_err *err);

/* An input must be an initialiser of `count` floats, or a computed tensor. */
nas_status nas_onnx_need_constant(const run_step *step, size_t input, int64_t count,
                                  nas_err *err);
nas_status nas_onnx_need_computed(const run_step *step, size_t input, nas_err *err);

/* The output is the first input. */
void nas_onnx_run_copy(const run_step *step);

/* Operators of series; the last has no name. */
extern const run_operator nas_onnx_series_operators[];

#endif
