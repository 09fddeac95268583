/* Lowering a program to calls of kernels: what calls.c (before and after the steps),
 * call_steps.c (the steps), call_parts.c (what they are made from) and call_share.c
 * share. */
#ifndef NASMITH_EXPORT_CALL_LOWER_H
#define NASMITH_EXPORT_CALL_LOWER_H

#include "export/calls.h"

/* Tables are multiples of so many bytes. */
enum { NAS_TABLE_ROUND = 16 };

/* How a tensor lies in its buffer. `order` is NULL when it lies as [h][w][c] of `shape`;
 * otherwise the tensor is a vector and order[i] is the index of the element at i. */
typedef struct layout {
    nas_shape shape;
    const uint32_t *order;
} layout;

typedef struct lowering {
    const nas_model *model;
    const nas_quant *quant; /* NULL: floats */
    nas_arena *arena;
    nas_calls *calls;
    layout *layouts; /* [buffers]: of the tensor each holds now */
    bool counts;     /* weights are counted, not packed; there are none */
    nas_err *err;
} lowering;

/* The step being lowered. */
typedef struct step_view {
    const nas_step *step;
    const nas_node *node;
    int index;
    layout in;            /* of the first input, as the node sees it */
    float *kernel, *bias; /* folded, in the graph's order; NULL where there are none */
} step_view;

/* Calls of a step. @param out  the layout of its result */
nas_status nas_call_step(lowering *l, const step_view *v, layout *out);

/* Those of Transformer encoders (call_series.c). */
nas_status nas_call_layer_norm(lowering *l, const step_view *v, layout *out);
nas_status nas_call_group_norm(lowering *l, const step_view *v, layout *out);
nas_status nas_call_tokens(lowering *l, const step_view *v, layout *out);
nas_status nas_call_positions(lowering *l, const step_view *v, layout *out);
nas_status nas_call_attention(lowering *l, const step_view *v, layout *out);

/* Store equal tables of weights once, after all calls are there. */
nas_status nas_calls_share(lowering *l);

/* ---- layouts ---------------------------------------------------------------------- */

/* A tensor as its reader sees it: an image that is read as a vector becomes a permuted
 * vector. out->order stays NULL where both orders are the same. */
nas_status nas_call_view(lowering *l, layout held, nas_shape wanted, layout *out);
/* View of input k of a step. */
nas_status nas_call_input(lowering *l, const step_view *v, int k, layout *out);

static inline int64_t nas_call_logical(const uint32_t *order, int64_t i)
{
    return order == NULL ? i : (int64_t)order[i];
}

bool nas_call_same_order(const layout *a, const layout *b);

/* ---- emitting calls ---------------------------------------------------------------- */

/* Where a buffer begins, in elements of the arena. */
int64_t nas_call_at(const lowering *l, int buffer);
/* Append a call without clamp. @param step  of the program, or -1 */
nas_call *nas_call_add(lowering *l, nas_kernel kernel, int step);
/* Zeros and clamp of an int8 call's first input and its result. */
void nas_call_set_int8(const lowering *l, int step, nas_call *call);
/* The activation of a step. */
void nas_call_clamp(const nas_step *step, float *low, float *high);
/* A call of the step's kernel on its first input; `in` and `out` are channels. */
nas_call *nas_call_map(lowering *l, const step_view *v, nas_kernel kernel, int64_t pixels,
                       int64_t in, int64_t out);
/* A call that treats each channel on its own. */
nas_call *nas_call_channels(lowering *l, const step_view *v, nas_kernel kernel);

/* ---- packed weights ---------------------------------------------------------------- */

/* values + offset, also of none. */
static inline const float *nas_call_part(const float *values, int64_t offset)
{
    return values == NULL ? NULL : values + offset;
}

/* Append floats. @return their offset */
int64_t nas_call_put(lowering *l, const float *values, int64_t n);
/* The same with element i taken from values[order[i]]. */
int64_t nas_call_put_ordered(lowering *l, const float *values, const uint32_t *order,
                             int64_t n);
/* Biases of the step, or int8: biases, multipliers and shifts.
 * @param order  of the channels, or NULL */
void nas_call_put_biases(lowering *l, const step_view *v, nas_call *call,
                         const uint32_t *order, int64_t n);
/* Append an int8 curve's table of 256 values. @return its offset */
int64_t nas_call_put_table(lowering *l, const int8_t *table);
/* Table of indices: where in `to`'s memory each element of `from`'s memory lies; `from`
 * may be a part of `to`. */
nas_status nas_call_put_indices(lowering *l, const layout *from, const layout *to,
                                int64_t *offset);
/* Pack `outputs` rows of [I][taps] as blocks of [taps][I][block].
 * @param order  of the inputs, or NULL */
void nas_call_pack(lowering *l, const float *kernel, int64_t outputs, int64_t inputs,
                   int64_t taps, const uint32_t *order);

#endif
