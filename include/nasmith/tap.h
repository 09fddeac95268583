/* Looking inside a network: what its operators put out, gradients there, and passes from
 * gradients of one's own. For measures of untrained networks.
 *
 * A net compiled with `training` and `taps` keeps every tensor of a pass until the next
 * one, so any number of backward passes may follow one forward pass. A tap is one
 * operator that computes, with the norm and the activation behind it. Values are read in
 * the layout of the engine: [batch/16][C][H][W][16], a line of 16 samples per element. */
#ifndef NASMITH_TAP_H
#define NASMITH_TAP_H

#include "nasmith/net.h"

typedef enum nas_tap_what {
    NAS_TAP_CORE,          /* before norm and activation */
    NAS_TAP_CORE_GRADIENT, /* dL/d of that */
    NAS_TAP_VALUE,         /* behind them */
    NAS_TAP_VALUE_GRADIENT,
} nas_tap_what;

typedef struct nas_tap {
    int node;        /* of the graph: the operator */
    int out_node;    /* the last one behind it that belongs to the tap */
    nas_shape shape; /* of core and value alike */
    bool weighted;   /* the operator has a kernel */
    bool normed;     /* a batch norm belongs to it */
    bool activation; /* it ends in one; then: */
    float middle;    /* values above lie on the active side: 0, or 1/2 for a sigmoid */
    bool gradient;   /* gradients reach it */
    bool alone;      /* every path from the input to the output leads through it */
} nas_tap;

/* Taps in the order of the forward pass; the first is the input. */
int nas_net_tap_count(const nas_net *net);
nas_tap nas_net_tap(const nas_net *net, int tap);

/* What the last forward (values) or backward pass (gradients) left.
 * @param out  [batch/16][C][H][W][16] */
void nas_net_tap_read(nas_net *net, int tap, nas_tap_what what, float *out);

/* On which side of its middle the value of an activation lies.
 * @param out  [batch/16][C][H][W], bit l of a word: sample l of its block */
void nas_net_tap_signs(const nas_net *net, int tap, uint16_t *out);

/* Variance of the batch before the norm of a tap. @param out  [C] */
void nas_net_tap_variance(const nas_net *net, int tap, double *out);

/* Backward pass of the last training forward from dL/d(outputs) in place of the loss's:
 * fills all gradients. @param gradient  [batch][outputs] */
void nas_net_backward_from(nas_net *net, const float *gradient);

/* The part of a backward pass between two taps that are `alone`: from dL/d(value) of the
 * later one to dL/d(value) of the earlier, for nas_net_tap_read.
 * @param gradient  of tap `from`, [batch/16][C][H][W][16] */
void nas_net_backward_between(nas_net *net, int from, const float *gradient, int to);

#endif
