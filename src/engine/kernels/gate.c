/* Kernels of weighted sums: a scaled copy and the product of two tensors. Tensors are
 * [blocks][channels][height][width][16]. */
#include "engine/kernels/kernel_list.h"

static void scale_row(const nas_scale_job *job, const float *from, float *to)
{
    const vec low = vec_set(job->low), high = vec_set(job->high);
    const vec factor = vec_set(job->factor);
    for (int i = 0; i < job->width * LINE; i += NAS_WIDTH) {
        vec v = vec_load(from + i) * factor;
        if (job->accumulate)
            v = v + vec_load(to + i);
        vec_store(to + i, vec_clamp(v, low, high));
    }
}

void KERNEL(scale)(const nas_scale_job *job)
{
    for (int b = 0; b < job->blocks; b++) {
        for (int c = 0; c < job->channels; c++) {
            for (int h = 0; h < job->height; h++)
                scale_row(job, view_row(&job->from, b, c, h),
                          view_row(&job->to, b, c, h));
        }
    }
}

/* Adds to the sum of each lane. */
static void dot_row(const nas_scale_job *job, const float *x, const float *y, float *sum)
{
    for (int lane = 0; lane < LINE; lane += NAS_WIDTH) {
        vec s = vec_load(sum + lane);
        for (int i = lane; i < job->width * LINE; i += LINE)
            s = vec_fma(vec_load(x + i), vec_load(y + i), s);
        vec_store(sum + lane, s);
    }
}

/* Lanes of one plane in float, planes and lanes in double: as exact as it is used for,
 * and in the same order on every instruction set. */
double KERNEL(dot)(const nas_scale_job *job)
{
    double total = 0;
    for (int b = 0; b < job->blocks; b++) {
        for (int c = 0; c < job->channels; c++) {
            float sum[LINE] = {0};
            for (int h = 0; h < job->height; h++)
                dot_row(job, view_row(&job->from, b, c, h), view_row(&job->to, b, c, h),
                        sum);
            for (int lane = 0; lane < LINE; lane++)
                total += (double)sum[lane];
        }
    }
    return total;
}
