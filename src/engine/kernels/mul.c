/* Products of two tensors [blocks][channels][height][width][16], or of a tensor and one
 * line per channel. */
#include "engine/kernels/kernel_list.h"

/* @param step  floats from one line of b to the next: 0 for a gate */
ALWAYS_INLINE void product_row(const float *a, const float *b, int step, float *to,
                               const nas_mul_job *job)
{
    for (int i = 0; i < job->width; i++) {
        for (int lane = 0; lane < LINE; lane += NAS_WIDTH) {
            float *at = to + i * LINE + lane;
            const vec old = job->accumulate ? vec_load(at) : vec_zero();
            vec_store(at, vec_fma(vec_load(a + i * LINE + lane),
                                  vec_load(b + i * step + lane), old));
        }
    }
}

void KERNEL(mul)(const nas_mul_job *job)
{
    for (int i = 0; i < job->blocks * job->channels * job->height; i++) {
        const int h = i % job->height, c = i / job->height % job->channels;
        const int b = i / job->height / job->channels;
        const float *a = view_row(&job->a, b, c, h);
        float *to = view_row(&job->to, b, c, h);
        if (job->gate)
            product_row(a, view_row(&job->b, b, c, 0), 0, to, job);
        else
            product_row(a, view_row(&job->b, b, c, h), LINE, to, job);
    }
}

static void sum_plane(const nas_mul_job *job, int b, int c)
{
    float *to = view_row(&job->to, b, c, 0);
    for (int lane = 0; lane < LINE; lane += NAS_WIDTH) {
        vec sum = job->accumulate ? vec_load(to + lane) : vec_zero();
        for (int i = 0; i < job->height * job->width; i++) {
            const int h = i / job->width, w = i % job->width * LINE + lane;
            sum = vec_fma(vec_load(view_row(&job->a, b, c, h) + w),
                          vec_load(view_row(&job->b, b, c, h) + w), sum);
        }
        vec_store(to + lane, sum);
    }
}

void KERNEL(mul_sum)(const nas_mul_job *job)
{
    for (int i = 0; i < job->blocks * job->channels; i++)
        sum_plane(job, i / job->channels, i % job->channels);
}
