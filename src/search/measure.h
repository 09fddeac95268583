/* How fast this machine trains networks of a space. */
#ifndef NASMITH_SEARCH_MEASURE_H
#define NASMITH_SEARCH_MEASURE_H

#include "nasmith/study.h"

/* What one training costs on this machine. */
typedef struct throughput {
    double seconds_per_mac_row;
    int64_t macs; /* of the typical network that was timed */
} throughput;

/* Time a few steps of a typical network of the space: of up to nine feasible draws the
 * one with the median MACs. */
nas_status nas_measure_throughput(const nas_dataset *data, const nas_space *space,
                                  const nas_study_settings *settings, throughput *out,
                                  nas_err *err);

#endif
