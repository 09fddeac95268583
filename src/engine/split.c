#include "engine/split.h"

enum {
    LINE = NAS_LANES,
    /* Lines written (elementwise) and multiply-adds of lines below which waking the
     * others costs more than they save; about 2 us. */
    LEAST_LINES = 2048,
    LEAST_PRODUCTS = 8192,
    TILE = 4, /* output channels that the widest tiles take at a time */
};

static _Thread_local nas_split now;

nas_split nas_split_enter(nas_split split)
{
    nas_split before = now;
    now = split;
    return before;
}

void nas_split_leave(nas_split before)
{
    now = before;
}

/* What all members of the crew read. */
typedef struct call {
    const nas_kernels *kernels;
    const void *job;
} call;

static void share(nas_crew_part part, const void *job)
{
    const call c = {now.kernels, job};
    nas_crew_run(now.crew, part, &c);
}

/* Cut [0, *count) into `of` parts at multiples of `step`. @return where part `index`
 * begins; *count becomes its length */
static int cut(int *count, int step, int index, int of)
{
    const int steps = (*count + step - 1) / step;
    const int from = (int)((int64_t)steps * index / of) * step;
    int to = (int)((int64_t)steps * (index + 1) / of) * step;
    if (to > *count)
        to = *count;
    *count = to - from;
    return from;
}

/* ---- jobs from some output channel on -------------------------------------------- */

/* Absent vectors stay absent. */
static const float *advance(const float *at, ptrdiff_t by)
{
    return at == NULL ? NULL : at + by;
}

static float *advance_own(float *at, ptrdiff_t by)
{
    return at == NULL ? NULL : at + by;
}

void nas_conv_job_move(nas_conv_job *job, int outputs)
{
    job->y += outputs * job->y_out;
    job->bias = advance(job->bias, outputs);
    job->ref = advance(job->ref, outputs * job->ref_out);
    job->scale = advance(job->scale, outputs);
    job->shift = advance(job->shift, outputs);
    job->sum = advance_own(job->sum, (ptrdiff_t)outputs * LINE);
    job->square = advance_own(job->square, (ptrdiff_t)outputs * LINE);
}

static void move_conv(nas_conv_job *job, int step, int index, int of)
{
    const int from = cut(&job->out, step, index, of);
    job->x += from * job->x_out;
    job->w += from * job->w_out;
    nas_conv_job_move(job, from);
}

static void move_reduce(nas_reduce_job *job, int step, int index, int of)
{
    const int from = cut(&job->out, step, index, of);
    job->d.data += from * job->d.plane;
    job->x += from * job->x_out;
    job->g += from * job->g_out;
}

static void move_view(nas_view *view, int from)
{
    view->data = advance_own(view->data, from * view->plane);
}

static void move_norm(nas_norm_job *job, int step, int index, int of)
{
    const int from = cut(&job->channels, step, index, of);
    move_view(&job->y, from);
    move_view(&job->z, from);
    move_view(&job->dy, from);
    job->scale = advance(job->scale, from);
    job->shift = advance(job->shift, from);
    job->a = advance(job->a, from);
    job->b = advance(job->b, from);
    job->c = advance(job->c, from);
    job->sum = advance_own(job->sum, (ptrdiff_t)from * LINE);
    job->square = advance_own(job->square, (ptrdiff_t)from * LINE);
}

static void move_copy(nas_copy_job *job, int step, int index, int of)
{
    const int from = cut(&job->channels, step, index, of);
    move_view(&job->from, from);
    move_view(&job->to, from);
}

static void move_halo(nas_halo_job *job, int step, int index, int of)
{
    move_view(&job->view, cut(&job->channels, step, index, of));
}

static void move_pool(nas_pool_job *job, int step, int index, int of)
{
    const int from = cut(&job->channels, step, index, of);
    move_view(&job->x, from);
    move_view(&job->y, from);
    move_view(&job->dx, from);
    move_view(&job->dy, from);
}

static void move_curve(nas_curve_job *job, int step, int index, int of)
{
    const int from = cut(&job->channels, step, index, of);
    move_view(&job->x, from);
    move_view(&job->y, from);
    move_view(&job->dx, from);
    move_view(&job->dy, from);
}

/* ---- work of a job --------------------------------------------------------------- */

static bool large_conv(const nas_conv_job *job)
{
    const int64_t terms = (int64_t)(job->chunks - 1) * job->n_terms + job->last_terms;
    return terms * job->out * job->rows * job->pixels >= LEAST_PRODUCTS;
}

static bool large_reduce(const nas_reduce_job *job)
{
    return (int64_t)job->out * job->in * job->blocks * job->rows * job->pixels >=
           LEAST_PRODUCTS;
}

static bool large(int64_t blocks, int64_t channels, int64_t height, int64_t width)
{
    return blocks * channels * height * width >= LEAST_LINES;
}

#define LARGE_TENSOR(job)                                                                \
    large((job)->blocks, (job)->channels, (job)->height, (job)->width)
#define LARGE_POOL(job) large((job)->blocks, (job)->channels, (job)->in_h, (job)->in_w)

/* ---- kernels --------------------------------------------------------------------- */

/* NAME_shared: the whole job when it is small, else a part for everyone. */
#define SPLIT(NAME, FIELD, TYPE, IS_LARGE, MOVE, STEP, COUNT)                            \
    static void NAME##_part(const void *work, int index, int of)                         \
    {                                                                                    \
        const call *c = work;                                                            \
        TYPE job = *(const TYPE *)c->job;                                                \
        MOVE(&job, STEP, index, of);                                                     \
        if (job.COUNT > 0)                                                               \
            c->kernels->FIELD(&job);                                                     \
    }                                                                                    \
    static void NAME##_shared(const TYPE *job)                                           \
    {                                                                                    \
        if (IS_LARGE(job))                                                               \
            share(NAME##_part, job);                                                     \
        else                                                                             \
            now.kernels->FIELD(job);                                                     \
    }
#define SPLIT_NORM(NAME, FIELD)                                                          \
    SPLIT(NAME, FIELD, nas_norm_job, LARGE_TENSOR, move_norm, 1, channels)
#define SPLIT_POOL(NAME)                                                                 \
    SPLIT(NAME, NAME, nas_pool_job, LARGE_POOL, move_pool, 1, channels)

SPLIT(conv, conv, nas_conv_job, large_conv, move_conv, TILE, out)
SPLIT(depthwise, depthwise, nas_conv_job, large_conv, move_conv, 1, out)
SPLIT(reduce, reduce, nas_reduce_job, large_reduce, move_reduce, TILE, out)
SPLIT(reduce_depthwise, reduce_depthwise, nas_reduce_job, large_reduce, move_reduce, 1,
      out)
SPLIT_NORM(norm_forward, norm_forward[NAS_TAIL_NONE])
SPLIT_NORM(norm_forward_max, norm_forward[NAS_TAIL_MAX])
SPLIT_NORM(norm_forward_mean, norm_forward[NAS_TAIL_MEAN])
SPLIT_NORM(norm_sums, norm_sums[NAS_TAIL_NONE])
SPLIT_NORM(norm_sums_max, norm_sums[NAS_TAIL_MAX])
SPLIT_NORM(norm_sums_mean, norm_sums[NAS_TAIL_MEAN])
SPLIT_NORM(norm_backward, norm_backward[NAS_TAIL_NONE])
SPLIT_NORM(norm_backward_max, norm_backward[NAS_TAIL_MAX])
SPLIT_NORM(norm_backward_mean, norm_backward[NAS_TAIL_MEAN])
SPLIT_NORM(moments, moments)
SPLIT(copy, copy, nas_copy_job, LARGE_TENSOR, move_copy, 1, channels)
SPLIT(halo, halo, nas_halo_job, LARGE_TENSOR, move_halo, 1, channels)
SPLIT_POOL(max_pool)
SPLIT_POOL(max_pool_backward)
SPLIT_POOL(avg_pool)
SPLIT_POOL(avg_pool_backward)
SPLIT(curve, curve, nas_curve_job, LARGE_TENSOR, move_curve, 1, channels)
SPLIT(curve_backward, curve_backward, nas_curve_job, LARGE_TENSOR, move_curve, 1,
      channels)

nas_kernels nas_split_kernels(const nas_kernels *whole)
{
    nas_kernels table = *whole;
    table.conv = conv_shared;
    table.depthwise = depthwise_shared;
    table.reduce = reduce_shared;
    table.reduce_depthwise = reduce_depthwise_shared;
    table.norm_forward[NAS_TAIL_NONE] = norm_forward_shared;
    table.norm_forward[NAS_TAIL_MAX] = norm_forward_max_shared;
    table.norm_forward[NAS_TAIL_MEAN] = norm_forward_mean_shared;
    table.norm_sums[NAS_TAIL_NONE] = norm_sums_shared;
    table.norm_sums[NAS_TAIL_MAX] = norm_sums_max_shared;
    table.norm_sums[NAS_TAIL_MEAN] = norm_sums_mean_shared;
    table.norm_backward[NAS_TAIL_NONE] = norm_backward_shared;
    table.norm_backward[NAS_TAIL_MAX] = norm_backward_max_shared;
    table.norm_backward[NAS_TAIL_MEAN] = norm_backward_mean_shared;
    table.moments = moments_shared;
    table.copy = copy_shared;
    table.halo = halo_shared;
    table.max_pool = max_pool_shared;
    table.max_pool_backward = max_pool_backward_shared;
    table.avg_pool = avg_pool_shared;
    table.avg_pool_backward = avg_pool_backward_shared;
    table.curve = curve_shared;
    table.curve_backward = curve_backward_shared;
    return table;
}
