/* Norms of each sample on its own, see nas_sample_norm_job, and the shift by a table.
 *
 * The statistics of a cell are taken in two passes, mean first: with one pass the
 * variance would be a difference of two large numbers. Rows are summed before they are
 * added up, so that large cells lose no more digits than small ones. */
#include "engine/kernels/kernel_list.h"

#include <math.h>

/* Channels, rows and columns of one cell of a block. */
typedef struct cell {
    int block;
    int channel, channels;
    int row, rows;
    int column, columns;
} cell;

ALWAYS_INLINE float *cell_row(const nas_view *view, const cell *at, int c, int h)
{
    return view_row(view, at->block, c, h) + at->column * LINE;
}

/* 1/sqrt(v), exactly rounded operations: the same on every instruction set. */
ALWAYS_INLINE vec inverse_root(vec v)
{
    float lane[NAS_WIDTH];
    vec_store(lane, v);
    for (int i = 0; i < NAS_WIDTH; i++)
        lane[i] = 1.0f / sqrtf(lane[i]);
    return vec_load(lane);
}

ALWAYS_INLINE vec cell_inverse_count(const cell *at)
{
    return vec_set(1.0f / ((float)at->channels * (float)at->rows * (float)at->columns));
}

/* Mean of x - centre or of its square over a cell. */
ALWAYS_INLINE vec cell_mean(const nas_view *x, const cell *at, int lane, vec centre,
                            bool squared)
{
    vec sum = vec_zero();
    for (int c = at->channel; c < at->channel + at->channels; c++) {
        for (int h = at->row; h < at->row + at->rows; h++) {
            const float *row = cell_row(x, at, c, h) + lane;
            vec part = vec_zero();
            for (int i = 0; i < at->columns; i++) {
                const vec d = vec_load(row + i * LINE) - centre;
                if (squared)
                    part = vec_fma(d, d, part);
                else
                    part = part + d;
            }
            sum = sum + part;
        }
    }
    return sum * cell_inverse_count(at);
}

/* What both passes need of a cell. */
typedef struct moments {
    vec mean, inverse;
} moments;

ALWAYS_INLINE moments cell_moments(const nas_sample_norm_job *job, const cell *at,
                                   int lane)
{
    moments m;
    m.mean = cell_mean(&job->x, at, lane, vec_zero(), false);
    m.inverse =
        inverse_root(cell_mean(&job->x, at, lane, m.mean, true) + vec_set(job->epsilon));
    return m;
}

static void forward_cell(const nas_sample_norm_job *job, const cell *at, int lane)
{
    const moments m = cell_moments(job, at, lane);
    for (int c = at->channel; c < at->channel + at->channels; c++) {
        const vec scale = vec_set(job->gamma[c]) * m.inverse;
        const vec shift = vec_set(job->beta[c]) - m.mean * scale;
        for (int h = at->row; h < at->row + at->rows; h++) {
            const float *x = cell_row(&job->x, at, c, h) + lane;
            float *y = cell_row(&job->y, at, c, h) + lane;
            for (int i = 0; i < at->columns; i++)
                vec_store(y + i * LINE, vec_fma(vec_load(x + i * LINE), scale, shift));
        }
    }
}

/* Means of g and g*u over a cell; dy and dy*u are added up per channel. */
ALWAYS_INLINE void gradient_means(const nas_sample_norm_job *job, const cell *at,
                                  int lane, moments m, vec means[2])
{
    vec sums[2] = {vec_zero(), vec_zero()};
    for (int c = at->channel; c < at->channel + at->channels; c++) {
        const vec gamma = vec_set(job->gamma[c]);
        vec part[2] = {vec_zero(), vec_zero()};
        for (int h = at->row; h < at->row + at->rows; h++) {
            const float *x = cell_row(&job->x, at, c, h) + lane;
            const float *dy = cell_row(&job->dy, at, c, h) + lane;
            for (int i = 0; i < at->columns; i++) {
                const vec d = vec_load(dy + i * LINE);
                const vec u = (vec_load(x + i * LINE) - m.mean) * m.inverse;
                part[0] = part[0] + d;
                part[1] = vec_fma(d, u, part[1]);
            }
        }
        float *sum = job->sum + c * LINE + lane, *square = job->square + c * LINE + lane;
        vec_store(sum, vec_load(sum) + part[0]);
        vec_store(square, vec_load(square) + part[1]);
        sums[0] = vec_fma(gamma, part[0], sums[0]);
        sums[1] = vec_fma(gamma, part[1], sums[1]);
    }
    for (int k = 0; k < 2; k++)
        means[k] = sums[k] * cell_inverse_count(at);
}

static void backward_cell(const nas_sample_norm_job *job, const cell *at, int lane)
{
    const moments m = cell_moments(job, at, lane);
    vec means[2];
    gradient_means(job, at, lane, m, means);
    if (job->dx.data == NULL)
        return;
    for (int c = at->channel; c < at->channel + at->channels; c++) {
        const vec gamma = vec_set(job->gamma[c]);
        for (int h = at->row; h < at->row + at->rows; h++) {
            const float *x = cell_row(&job->x, at, c, h) + lane;
            const float *dy = cell_row(&job->dy, at, c, h) + lane;
            float *dx = cell_row(&job->dx, at, c, h) + lane;
            for (int i = 0; i < at->columns; i++) {
                const vec u = (vec_load(x + i * LINE) - m.mean) * m.inverse;
                const vec g = gamma * vec_load(dy + i * LINE);
                const vec d = (g - means[0] - u * means[1]) * m.inverse;
                const vec old = job->accumulate ? vec_load(dx + i * LINE) : vec_zero();
                vec_store(dx + i * LINE, old + d);
            }
        }
    }
}

typedef void (*cell_function)(const nas_sample_norm_job *job, const cell *at, int lane);

static void for_each_cell(const nas_sample_norm_job *job, cell_function function)
{
    const bool pixels = job->groups == 0;
    const int cells = pixels ? job->height * job->width : job->groups;
    const int channels = pixels ? job->channels : job->channels / job->groups;
    for (int i = 0; i < job->blocks * cells; i++) {
        const int k = i % cells;
        cell at = {i / cells, k * channels, channels, 0, job->height, 0, job->width};
        if (pixels)
            at = (cell){i / cells, 0, channels, k / job->width, 1, k % job->width, 1};
        for (int lane = 0; lane < LINE; lane += NAS_WIDTH)
            function(job, &at, lane);
    }
}

void KERNEL(sample_norm)(const nas_sample_norm_job *job)
{
    for_each_cell(job, forward_cell);
}

void KERNEL(sample_norm_backward)(const nas_sample_norm_job *job)
{
    for_each_cell(job, backward_cell);
}

void KERNEL(shift)(const nas_shift_job *job)
{
    for (int i = 0; i < job->blocks * job->channels; i++) {
        const int b = i / job->channels, c = i % job->channels;
        const float *x = view_row(&job->x, b, c, 0);
        const float *table = job->table + (ptrdiff_t)c * job->width;
        float *y = view_row(&job->y, b, c, 0);
        for (int w = 0; w < job->width; w++) {
            const vec by = vec_set(table[w]);
            for (int lane = 0; lane < LINE; lane += NAS_WIDTH)
                vec_store(y + w * LINE + lane, vec_load(x + w * LINE + lane) + by);
        }
    }
}
