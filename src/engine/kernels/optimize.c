/* Optimizer steps over flat vectors. */
#include "engine/kernels/kernel_list.h"

#include <math.h>

/* Decoupled weight decay: Loshchilov, Hutter, "Decoupled Weight Decay Regularization",
 * ICLR 2019, with bias corrections 1/(1-beta^t) given. */
void KERNEL(adamw)(const nas_adamw_job *job)
{
    float *restrict w = job->w, *restrict m = job->m, *restrict v = job->v;
    const float *restrict g = job->g;
    const float b1 = job->beta1, b2 = job->beta2, shrink = 1.0f - job->rate * job->decay;
    for (int64_t i = 0; i < job->n; i++) {
        const float gradient = g[i] * job->gradient_scale;
        m[i] = b1 * m[i] + (1.0f - b1) * gradient;
        v[i] = b2 * v[i] + (1.0f - b2) * gradient * gradient;
        const float root = sqrtf(v[i] * job->correction2) + job->epsilon;
        w[i] = w[i] * shrink - job->rate * (m[i] * job->correction1) / root;
    }
}

/* Nesterov momentum as in Sutskever et al., ICML 2013, in the form of the common
 * frameworks: m = momentum*m + g, step along g + momentum*m. */
void KERNEL(sgd)(const nas_sgd_job *job)
{
    float *restrict w = job->w, *restrict m = job->m;
    const float *restrict g = job->g;
    for (int64_t i = 0; i < job->n; i++) {
        const float gradient = g[i] * job->gradient_scale + job->decay * w[i];
        m[i] = job->momentum * m[i] + gradient;
        w[i] -= job->rate * (gradient + job->momentum * m[i]);
    }
}

void KERNEL(average)(float *restrict average, const float *restrict w, int64_t n,
                     float decay)
{
    for (int64_t i = 0; i < n; i++)
        average[i] = decay * average[i] + (1.0f - decay) * w[i];
}

/* Sum of squares: float lanes within a run, double across runs, which is exact enough for
 * clipping; NaN or infinity anywhere shows in the result. */
double KERNEL(square_sum)(const float *g, int64_t n)
{
    enum { RUN = 1024, CHAINS = 4, STEP = CHAINS * NAS_WIDTH };
    double total = 0;
    int64_t i = 0;
    while (i + STEP <= n) {
        vec sum[CHAINS] = {vec_zero(), vec_zero(), vec_zero(), vec_zero()};
        const int64_t end = n - i < RUN ? n : i + RUN;
        for (; i + STEP <= end; i += STEP) {
            UNROLL
            for (int k = 0; k < CHAINS; k++) {
                vec x = vec_load(g + i + k * NAS_WIDTH);
                sum[k] = vec_fma(x, x, sum[k]);
            }
        }
        total += (double)vec_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
    }
    for (; i < n; i++)
        total += (double)g[i] * (double)g[i];
    return total;
}
