/* Lowering: from a graph to steps that read values. */
#ifndef NASMITH_PLAN_LOWER_H
#define NASMITH_PLAN_LOWER_H

#include "nasmith/plan.h"
#include "plan/overlap.h"

/* Steps in a topological order, reading values: 0 is the network's input, i + 1 the
 * result of step i. `output` of a step is its own value. */
typedef struct nas_lowered {
    nas_step *steps;
    int n_steps;
    int64_t *bytes;        /* [n_steps + 1] per value */
    int *uses;             /* [n_steps + 1] reads of a value; the network's output has one
                              more */
    nas_shape *shapes;     /* [n_steps + 1] as produced */
    nas_overlap *overlaps; /* [n_steps + 1] of the step that computes a value */
    int output;            /* value */
} nas_lowered;

/* Bytes of one element of an activation. */
int64_t nas_dtype_bytes(nas_dtype dtype);

nas_status nas_plan_lower(const nas_graph *graph, nas_dtype dtype, nas_arena *arena,
                          nas_lowered *out, nas_err *err);

/* Operand that step `s` may overwrite with its result, when reads left tell that it dies
 * here.
 * @param reads_left  [n_steps + 1] reads of each value by this step and later ones
 * @return its value, or -1 */
int nas_step_overwrites(const nas_lowered *low, int s, const int *reads_left);

/* Whether a step reads one value, for the last time, so that its result may overlap it.
 * @param reads_left  as above */
bool nas_step_may_overlap(const nas_lowered *low, int s, const int *reads_left);

/* Bytes that a step needs beside those alive before it. @param reads_left  as above */
int64_t nas_step_growth(const nas_lowered *low, int s, const int *reads_left);

/* Bytes alive while a step runs, whatever the order: its operands, and as much of its
 * result as cannot overlap one. */
int64_t nas_step_working_bytes(const nas_lowered *low, int s);

/* Permute `low->steps` into the order with the smallest peak of live bytes that was
 * found.
 * @param cap  states of the exact search per segment */
nas_status nas_order_steps(nas_lowered *low, int64_t cap, nas_arena *arena, nas_err *err);

#endif
