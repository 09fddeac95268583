/* Time per unit, for benchmarks: on when NASMITH_PROFILE is set at compile time. */
#include "engine/pass.h"

#include "nasmith/text.h"

#include <time.h>

double nas_profile_start(const nas_net *net)
{
    if (!net->profile)
        return 0;
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void nas_profile_stop(const nas_net *net, double *seconds, double start)
{
    if (net->profile)
        *seconds += nas_profile_start(net) - start;
}

/* Multiply-adds of a unit's core in one forward pass. */
static double core_macs(const nas_net *net, const nas_unit *unit)
{
    if (unit->core == NAS_CORE_ATTENTION)
        return 2.0 * unit->y.channels * unit->y.width * unit->y.width *
               net->options.batch;
    if (unit->kernel.offset < 0 || unit->core == NAS_CORE_SAMPLE_NORM ||
        unit->core == NAS_CORE_POSITIONS)
        return 0;
    const double per_pixel =
        unit->core == NAS_CORE_DENSE
            ? (double)unit->kernel.count
            : (double)unit->kernel.count * unit->y.height * unit->y.width;
    return per_pixel * net->options.batch;
}

void nas_net_profile(const nas_net *net, nas_text *out)
{
    static const char *const names[] = {
#define NAS_CORE_NAME(upper, lower) #lower,
        NAS_CORE_LIST(NAS_CORE_NAME)
#undef NAS_CORE_NAME
    };
    if (!net->profile || net->passes == 0)
        return;
    for (int u = 0; u < net->n_units; u++) {
        const nas_unit *unit = &net->units[u];
        const double forward = unit->seconds[0] / (double)net->passes;
        const double backward = unit->seconds[1] / (double)net->passes;
        const double flops = 2 * core_macs(net, unit);
        nas_text_printf(out,
                        "%-11s %4dx%dx%d%s: forward %8.1f us (%5.1f GFLOP/s), "
                        "backward %8.1f us (%5.1f GFLOP/s)\n",
                        names[unit->core], unit->y.channels, unit->y.height,
                        unit->y.width, unit->norm.present ? " norm" : "", forward * 1e6,
                        forward > 0 ? flops / forward * 1e-9 : 0.0, backward * 1e6,
                        backward > 0 ? 2 * flops / backward * 1e-9 : 0.0);
    }
}
