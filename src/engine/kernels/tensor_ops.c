/* Whole-tensor kernels: copy and accumulate, margins, dropout, softmax. Tensors are
 * [blocks][channels][height][width][16]. */
#include "engine/kernels/kernel_list.h"
#include "engine/kernels/logistic.h"

#include <string.h>

static void copy_row(const nas_copy_job *job, const float *from, float *to)
{
    const vec low = vec_set(job->low), high = vec_set(job->high);
    for (int i = 0; i < job->width * LINE; i += NAS_WIDTH) {
        vec v = vec_load(from + i);
        if (job->accumulate)
            v = v + vec_load(to + i);
        vec_store(to + i, vec_clamp(v, low, high));
    }
}

void KERNEL(copy)(const nas_copy_job *job)
{
    for (int b = 0; b < job->blocks; b++) {
        for (int c = 0; c < job->channels; c++) {
            for (int h = 0; h < job->height; h++)
                copy_row(job, view_row(&job->from, b, c, h), view_row(&job->to, b, c, h));
        }
    }
}

static void clear(float *at, ptrdiff_t lines)
{
    for (ptrdiff_t i = 0; i < lines * LINE; i += NAS_WIDTH)
        vec_store(at + i, vec_zero());
}

static void halo_plane(const nas_halo_job *job, float *plane)
{
    const ptrdiff_t row = job->view.row, lines = row / LINE;
    float *start = plane - job->left * LINE;
    if (job->top > 0)
        clear(start - job->top * row, job->top * lines);
    if (job->bottom > 0)
        clear(start + job->height * row, job->bottom * lines);
    for (int h = 0; h < job->height; h++) {
        clear(start + h * row, job->left);
        clear(plane + h * row + job->width * LINE, job->right);
    }
}

void KERNEL(halo)(const nas_halo_job *job)
{
    for (int b = 0; b < job->blocks; b++) {
        for (int c = 0; c < job->channels; c++)
            halo_plane(job, view_row(&job->view, b, c, 0));
    }
}

/* ---- dropout --------------------------------------------------------------------- */

/* Wellons' "lowbias32" integer hash: the same mask forward and backward, on every
 * instruction set, without storing it. */
ALWAYS_INLINE uint32_t hash32(uint32_t x)
{
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    return x ^ (x >> 16);
}

static void dropout_row(const nas_dropout_job *job, uint32_t position, const float *x,
                        float *y)
{
    for (int i = 0; i < job->width * LINE; i++) {
        bool keep = hash32(job->seed + position + (uint32_t)i) >= job->threshold;
        float value = keep ? x[i] * job->factor : 0.0f;
        y[i] = job->accumulate ? y[i] + value : value;
    }
}

void KERNEL(dropout)(const nas_dropout_job *job)
{
    uint32_t position = 0;
    for (int b = 0; b < job->blocks; b++) {
        for (int c = 0; c < job->channels; c++) {
            for (int h = 0; h < job->height; h++) {
                dropout_row(job, position, view_row(&job->x, b, c, h),
                            view_row(&job->y, b, c, h));
                position += (uint32_t)(job->width * LINE);
            }
        }
    }
}

/* ---- softmax --------------------------------------------------------------------- */

/* All lanes side by side, so that the loops over them become vectors. x may be y. */
static void softmax_pixel(const nas_softmax_job *job, const float *x, float *y)
{
    float top[LINE], sum[LINE] = {0};
    memcpy(top, x, sizeof top);
    for (int c = 1; c < job->channels; c++) {
        const float *at = x + c * job->x.plane;
        for (int lane = 0; lane < LINE; lane++)
            top[lane] = at[lane] > top[lane] ? at[lane] : top[lane];
    }
    for (int c = 0; c < job->channels; c++) {
        const float *at = x + c * job->x.plane;
        float e[LINE];
        for (int lane = 0; lane < LINE; lane++) {
            e[lane] = exp_negative(at[lane] - top[lane]);
            sum[lane] += e[lane];
        }
        memcpy(y + c * job->y.plane, e, sizeof e);
    }
    for (int lane = 0; lane < LINE; lane++)
        sum[lane] = 1.0f / sum[lane];
    for (int c = 0; c < job->channels; c++) {
        float *at = y + c * job->y.plane;
        for (int lane = 0; lane < LINE; lane++)
            at[lane] *= sum[lane];
    }
}

void KERNEL(softmax)(const nas_softmax_job *job)
{
    for (int b = 0; b < job->blocks; b++) {
        for (int h = 0; h < job->height; h++) {
            for (int w = 0; w < job->width; w++)
                softmax_pixel(job, view_row(&job->x, b, 0, h) + w * LINE,
                              view_row(&job->y, b, 0, h) + w * LINE);
        }
    }
}

/* dy may be dx. */
static void softmax_backward_pixel(const nas_softmax_job *job, const float *y,
                                   const float *dy, float *dx)
{
    float dot[LINE] = {0};
    for (int c = 0; c < job->channels; c++) {
        const float *p = y + c * job->y.plane, *d = dy + c * job->dy.plane;
        for (int lane = 0; lane < LINE; lane++)
            dot[lane] += p[lane] * d[lane];
    }
    for (int c = 0; c < job->channels; c++) {
        const float *p = y + c * job->y.plane, *d = dy + c * job->dy.plane;
        float *to = dx + c * job->dx.plane, g[LINE];
        for (int lane = 0; lane < LINE; lane++)
            g[lane] = p[lane] * (d[lane] - dot[lane]);
        for (int lane = 0; job->accumulate && lane < LINE; lane++)
            g[lane] += to[lane];
        memcpy(to, g, sizeof g);
    }
}

void KERNEL(softmax_backward)(const nas_softmax_job *job)
{
    for (int b = 0; b < job->blocks; b++) {
        for (int h = 0; h < job->height; h++) {
            for (int w = 0; w < job->width; w++)
                softmax_backward_pixel(job, view_row(&job->y, b, 0, h) + w * LINE,
                                       view_row(&job->dy, b, 0, h) + w * LINE,
                                       view_row(&job->dx, b, 0, h) + w * LINE);
        }
    }
}
