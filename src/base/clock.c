#include "nasmith/clock.h"

#include <time.h>

static double read_clock(clockid_t id)
{
    struct timespec now = {0};
    (void)clock_gettime(id, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double nas_clock_monotonic_s(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

double nas_clock_cpu_s(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

int64_t nas_clock_unix_ms(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void nas_clock_sleep_s(double seconds)
{
    if (!(seconds > 0.0))
        return;
    time_t whole = (time_t)seconds;
    struct timespec left = {whole, (long)((seconds - (double)whole) * 1e9)};
    /* A signal may end the sleep early: the caller's loop wants to see why. */
    (void)clock_nanosleep(CLOCK_MONOTONIC, 0, &left, NULL);
}
