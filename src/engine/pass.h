/* Running a compiled network. */
#ifndef NASMITH_ENGINE_PASS_H
#define NASMITH_ENGINE_PASS_H

#include "engine/unit.h"

/* @return mean loss of the valid samples; the output's gradient is set when training */
double nas_pass_forward(nas_net *net, bool training);
void nas_pass_backward(nas_net *net);
/* Units `from` down to `to`. */
void nas_pass_backward_units(nas_net *net, int from, int to);

/* The piece after `at`, channels first; the one before all has count 0.
 * @return false when there is none */
bool nas_pass_next_piece(const nas_unit *unit, int blocks, nas_piece *at);
/* dy of a piece of a unit whose backward pass has run: in the stage, or dz itself. */
nas_view nas_pass_core_gradient(nas_net *net, nas_unit *unit, const nas_piece *at);

/* Seconds of the process before and after a step, when profiling; else nothing. */
double nas_profile_start(const nas_net *net);
void nas_profile_stop(const nas_net *net, double *seconds, double start);

#endif
