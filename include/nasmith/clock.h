/* Clocks. Every value that steers a search is read here, so that it can be recorded. */
#ifndef NASMITH_CLOCK_H
#define NASMITH_CLOCK_H

#include <stdint.h>

double nas_clock_monotonic_s(void); /* seconds since an arbitrary start, never jumps */
double nas_clock_cpu_s(void);       /* CPU seconds of this thread */
int64_t nas_clock_unix_ms(void);    /* wall clock, milliseconds since 1970 */
void nas_clock_sleep_s(double seconds);

#endif
