/* How a training fits into its time: the schedule is walked through faster, so that its
 * end, where the learning rate is zero, is reached with fewer steps. */
#ifndef NASMITH_EVALUATE_PACE_H
#define NASMITH_EVALUATE_PACE_H

#include <stdint.h>

typedef struct nas_pace {
    int64_t full;    /* steps of the whole schedule */
    int64_t total;   /* steps as planned now, <= full */
    int64_t from;    /* first step of the present stretch */
    double position; /* where in the schedule it began, 0..1 */
} nas_pace;

nas_pace nas_pace_new(int64_t full);

/* Where in the whole schedule a step stands: the step itself while nothing was cut.
 * @param step  < total
 * @return 0..full - 1 */
int64_t nas_pace_scheduled(const nas_pace *pace, int64_t step);

/* Plan as many further steps as the time that is left allows, at most the whole
 * schedule's. With no time left the training is over: total = step.
 * @param step  the next one */
void nas_pace_fit(nas_pace *pace, int64_t step, double seconds_per_step, double left_s);

#endif
