/* Running a compiled network. */
#ifndef NASMITH_ENGINE_PASS_H
#define NASMITH_ENGINE_PASS_H

#include "engine/unit.h"

/* @return mean loss of the valid samples; the output's gradient is set when training */
double nas_pass_forward(nas_net *net, bool training);
void nas_pass_backward(nas_net *net);

/* Seconds of the process before and after a step, when profiling; else nothing. */
double nas_profile_start(const nas_net *net);
void nas_profile_stop(const nas_net *net, double *seconds, double start);

#endif
