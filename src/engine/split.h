/* Kernels whose work a crew shares. */
#ifndef NASMITH_ENGINE_SPLIT_H
#define NASMITH_ENGINE_SPLIT_H

#include "engine/crew.h"
#include "engine/kernels.h"

/* A table like `whole` whose kernels let a crew do large jobs, by output channels: no
 * kernel adds anything up across the channels it writes, so results are the same bits for
 * any number of threads. Kernels of this table run between nas_split_enter and
 * nas_split_leave of their thread only. */
nas_kernels nas_split_kernels(const nas_kernels *whole);

/* Move what a job writes, and the vectors of its outputs, on by so many output channels;
 * x and w are the caller's. */
void nas_conv_job_move(nas_conv_job *job, int outputs);

/* Kernels that do the parts, and who does them. @return what was set before */
typedef struct nas_split {
    const nas_kernels *kernels;
    nas_crew *crew;
} nas_split;
nas_split nas_split_enter(nas_split split);
void nas_split_leave(nas_split before);

#endif
