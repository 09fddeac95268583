/* Norm, activation and pool behind a convolution: z = tail(clamp(scale[c]*y + shift[c])),
 * its statistics and its backward pass (nas_norm_job tells the formulas).
 *
 *   u  scale[c]*y + shift[c], the value before the activation
 *   d  gradient at u
 *
 * y is [blocks][channels][height][width][16]; z and its gradient have the tail's shape.
 * Where rows lie one after another a plane is walked as a single row. */
#include "engine/kernels/kernel_list.h"

/* Constants of one channel in registers. */
typedef struct channel {
    vec scale, shift, low, high;
    vec a, b, c;
} channel;

ALWAYS_INLINE channel channel_forward(const nas_norm_job *job, int c)
{
    return (channel){
        .scale = vec_set(job->scale[c]),
        .shift = vec_set(job->shift[c]),
        .low = vec_set(job->low),
        .high = vec_set(job->high),
    };
}

ALWAYS_INLINE channel channel_backward(const nas_norm_job *job, int c)
{
    channel k = channel_forward(job, c);
    k.a = vec_set(job->a[c]);
    k.b = vec_set(job->b[c]);
    k.c = vec_set(job->c[c]);
    return k;
}

ALWAYS_INLINE vec before(const channel *k, vec y)
{
    return vec_fma(k->scale, y, k->shift);
}

ALWAYS_INLINE vec after(const channel *k, vec y)
{
    return vec_clamp(before(k, y), k->low, k->high);
}

ALWAYS_INLINE float *view_at(const nas_view *view, int b, int c)
{
    return view->data + b * view->block + c * view->plane;
}

/* Sums of one channel's d and d*y, added to the job's when the plane is done. */
typedef struct sums {
    vec sum[2], square[2];
} sums;

ALWAYS_INLINE sums sums_zero(void)
{
    return (sums){.sum = {vec_zero(), vec_zero()}, .square = {vec_zero(), vec_zero()}};
}

ALWAYS_INLINE void sums_take(sums *s, int i, vec d, vec y)
{
    s->sum[i] = s->sum[i] + d;
    s->square[i] = vec_fma(d, y, s->square[i]);
}

ALWAYS_INLINE void sums_add(const nas_norm_job *job, int c, int lane, const sums *s)
{
    float *sum = job->sum + c * LINE + lane, *square = job->square + c * LINE + lane;
    vec_store(sum, vec_load(sum) + (s->sum[0] + s->sum[1]));
    vec_store(square, vec_load(square) + (s->square[0] + s->square[1]));
}

/* ---- walking --------------------------------------------------------------------- */

typedef void (*plane_function)(const nas_norm_job *job, int b, int c, int lane);

ALWAYS_INLINE void each_plane(const nas_norm_job *job, plane_function plane)
{
    for (int b = 0; b < job->blocks; b++) {
        for (int c = 0; c < job->channels; c++) {
            UNROLL
            for (int part = 0; part < NAS_PARTS; part++)
                plane(job, b, c, part * NAS_WIDTH);
        }
    }
}

/* A copy of the job in which planes without gaps are one row. */
static nas_norm_job flattened(const nas_norm_job *job, bool uses_z, bool uses_dy)
{
    nas_norm_job flat = *job;
    const ptrdiff_t row = (ptrdiff_t)job->width * LINE;
    if (job->y.row == row && (!uses_z || job->z.row == row) &&
        (!uses_dy || job->dy.row == row)) {
        flat.width = job->width * job->height;
        flat.height = 1;
    }
    return flat;
}

/* ---- no tail --------------------------------------------------------------------- */

ALWAYS_INLINE void forward_plane(const nas_norm_job *job, int b, int c, int lane)
{
    const channel k = channel_forward(job, c);
    const float *y = view_at(&job->y, b, c) + lane;
    float *z = view_at(&job->z, b, c) + lane;
    for (int h = 0; h < job->height; h++) {
        for (int w = 0; w < job->width; w++)
            vec_store(z + w * LINE, after(&k, vec_load(y + w * LINE)));
        y += job->y.row;
        z += job->z.row;
    }
}

void KERNEL(norm_forward)(const nas_norm_job *job)
{
    nas_norm_job flat = flattened(job, true, false);
    each_plane(&flat, forward_plane);
}

ALWAYS_INLINE void moments_plane(const nas_norm_job *job, int b, int c, int lane)
{
    sums s = sums_zero();
    const float *y = view_at(&job->y, b, c) + lane;
    for (int h = 0; h < job->height; h++, y += job->y.row) {
        for (int w = 0; w < job->width; w++) {
            vec value = vec_load(y + w * LINE);
            sums_take(&s, 0, value, value);
        }
    }
    sums_add(job, c, lane, &s);
}

void KERNEL(moments)(const nas_norm_job *job)
{
    nas_norm_job flat = flattened(job, false, false);
    each_plane(&flat, moments_plane);
}

ALWAYS_INLINE void sums_plane(const nas_norm_job *job, int b, int c, int lane)
{
    const channel k = channel_forward(job, c);
    sums s = sums_zero();
    const float *y = view_at(&job->y, b, c) + lane;
    const float *dz = view_at(&job->z, b, c) + lane;
    for (int h = 0; h < job->height; h++, y += job->y.row, dz += job->z.row) {
        for (int w = 0; w < job->width; w++) {
            vec value = vec_load(y + w * LINE), gradient = vec_load(dz + w * LINE);
            vec d = vec_inside(before(&k, value), k.low, k.high, gradient);
            sums_take(&s, 0, d, value);
        }
    }
    sums_add(job, c, lane, &s);
}

void KERNEL(norm_sums)(const nas_norm_job *job)
{
    nas_norm_job flat = flattened(job, true, false);
    each_plane(&flat, sums_plane);
}

ALWAYS_INLINE void backward_plane(const nas_norm_job *job, int b, int c, int lane)
{
    const channel k = channel_backward(job, c);
    const float *y = view_at(&job->y, b, c) + lane;
    const float *dz = view_at(&job->z, b, c) + lane;
    float *dy = view_at(&job->dy, b, c) + lane;
    for (int h = 0; h < job->height; h++) {
        for (int w = 0; w < job->width; w++) {
            vec value = vec_load(y + w * LINE), d = vec_load(dz + w * LINE);
            if (!job->masked)
                d = vec_inside(before(&k, value), k.low, k.high, d);
            vec_store(dy + w * LINE, vec_fma(k.a, d, vec_fma(k.b, value, k.c)));
        }
        y += job->y.row;
        dz += job->z.row;
        dy += job->dy.row;
    }
}

void KERNEL(norm_backward)(const nas_norm_job *job)
{
    nas_norm_job flat = flattened(job, true, true);
    each_plane(&flat, backward_plane);
}

void KERNEL(fold)(float *lines, int channels, double *totals)
{
    for (int c = 0; c < channels; c++) {
        float *line = lines + c * LINE;
        double sum[4] = {0, 0, 0, 0};
        for (int lane = 0; lane < LINE; lane += 4) {
            for (int k = 0; k < 4; k++)
                sum[k] += (double)line[lane + k];
        }
        totals[c] += (sum[0] + sum[1]) + (sum[2] + sum[3]);
        for (int lane = 0; lane < LINE; lane += NAS_WIDTH)
            vec_store(line + lane, vec_zero());
    }
}

/* ---- mean of the plane ----------------------------------------------------------- */

ALWAYS_INLINE void forward_mean_plane(const nas_norm_job *job, int b, int c, int lane)
{
    const channel k = channel_forward(job, c);
    vec sum = vec_zero(), other = vec_zero();
    const float *y = view_at(&job->y, b, c) + lane;
    for (int h = 0; h < job->height; h++, y += job->y.row) {
        int w = 0;
        for (; w + 1 < job->width; w += 2) {
            sum = sum + after(&k, vec_load(y + w * LINE));
            other = other + after(&k, vec_load(y + (w + 1) * LINE));
        }
        if (w < job->width)
            sum = sum + after(&k, vec_load(y + w * LINE));
    }
    const float count = (float)job->height * (float)job->width;
    vec_store(view_at(&job->z, b, c) + lane, (sum + other) * vec_set(1.0f / count));
}

static float mean_factor(const nas_norm_job *job)
{
    return 1.0f / ((float)job->height * (float)job->width);
}

void KERNEL(norm_forward_mean)(const nas_norm_job *job)
{
    nas_norm_job flat = flattened(job, false, false);
    each_plane(&flat, forward_mean_plane);
}

ALWAYS_INLINE void sums_mean_plane(const nas_norm_job *job, int b, int c, int lane)
{
    const channel k = channel_forward(job, c);
    sums s = sums_zero();
    const vec dz = vec_load(view_at(&job->z, b, c) + lane) * vec_set(mean_factor(job));
    const float *y = view_at(&job->y, b, c) + lane;
    for (int h = 0; h < job->height; h++, y += job->y.row) {
        for (int w = 0; w < job->width; w++) {
            vec value = vec_load(y + w * LINE);
            sums_take(&s, 0, vec_inside(before(&k, value), k.low, k.high, dz), value);
        }
    }
    sums_add(job, c, lane, &s);
}

void KERNEL(norm_sums_mean)(const nas_norm_job *job)
{
    nas_norm_job flat = flattened(job, false, false);
    each_plane(&flat, sums_mean_plane);
}

ALWAYS_INLINE void backward_mean_plane(const nas_norm_job *job, int b, int c, int lane)
{
    const channel k = channel_backward(job, c);
    const vec dz = vec_load(view_at(&job->z, b, c) + lane) * vec_set(mean_factor(job));
    const float *y = view_at(&job->y, b, c) + lane;
    float *dy = view_at(&job->dy, b, c) + lane;
    for (int h = 0; h < job->height; h++, y += job->y.row, dy += job->dy.row) {
        for (int w = 0; w < job->width; w++) {
            vec value = vec_load(y + w * LINE);
            vec d = vec_inside(before(&k, value), k.low, k.high, dz);
            vec_store(dy + w * LINE, vec_fma(k.a, d, vec_fma(k.b, value, k.c)));
        }
    }
}

void KERNEL(norm_backward_mean)(const nas_norm_job *job)
{
    nas_norm_job flat = flattened(job, false, true);
    each_plane(&flat, backward_mean_plane);
}

/* ---- max over windows of 1 or 2 rows and columns --------------------------------- */

/* One window: the four values (an absent row or column repeats the one before it) and
 * which of them is the first maximum. */
typedef struct window {
    const float *y[4];
    vec value[4];
    vec_mask chosen[4];
    vec d; /* gradient at the chosen one */
} window;

/* Distances from the first value of a window to the others, 0 where there is none. */
typedef struct window_step {
    ptrdiff_t right, below;
} window_step;

ALWAYS_INLINE window_step window_step_at(const nas_norm_job *job, int h, int w)
{
    bool right = job->pool_w == 2 && w * 2 + 1 < job->width;
    bool below = job->pool_h == 2 && h * 2 + 1 < job->height;
    return (window_step){right ? LINE : 0, below ? job->y.row : 0};
}

ALWAYS_INLINE void window_load(window *win, const float *y, window_step step)
{
    win->y[0] = y;
    win->y[1] = y + step.right;
    win->y[2] = y + step.below;
    win->y[3] = y + step.below + step.right;
    UNROLL
    for (int i = 0; i < 4; i++)
        win->value[i] = vec_load(win->y[i]);
}

ALWAYS_INLINE vec window_max(const channel *k, const window *win)
{
    vec upper = vec_max(before(k, win->value[0]), before(k, win->value[1]));
    vec lower = vec_max(before(k, win->value[2]), before(k, win->value[3]));
    return vec_clamp(vec_max(upper, lower), k->low, k->high);
}

/* Find which value the gradient dz goes to: the first that equals the maximum. A maximum
 * at a bound of the activation passes nothing. */
ALWAYS_INLINE void window_choose(const channel *k, window *win, vec dz)
{
    vec u[4];
    UNROLL
    for (int i = 0; i < 4; i++)
        u[i] = before(k, win->value[i]);
    vec top = vec_max(vec_max(u[0], u[1]), vec_max(u[2], u[3]));
    win->d = vec_inside(top, k->low, k->high, dz);
    vec_mask taken = mask_none();
    UNROLL
    for (int i = 0; i < 4; i++) {
        vec_mask equal = vec_equal(u[i], top);
        win->chosen[i] = mask_and_not(equal, taken);
        taken = mask_or(taken, equal);
    }
}

/* Offset of window (h,w) in a plane of y. */
ALWAYS_INLINE ptrdiff_t window_at(const nas_norm_job *job, int h, int w)
{
    return (ptrdiff_t)h * job->pool_h * job->y.row + (ptrdiff_t)w * job->pool_w * LINE;
}

ALWAYS_INLINE void forward_max_plane(const nas_norm_job *job, int b, int c, int lane)
{
    const channel k = channel_forward(job, c);
    const float *y = view_at(&job->y, b, c) + lane;
    float *z = view_at(&job->z, b, c) + lane;
    for (int h = 0; h < job->out_h; h++) {
        for (int w = 0; w < job->out_w; w++) {
            window win;
            window_load(&win, y + window_at(job, h, w), window_step_at(job, h, w));
            vec_store(z + h * job->z.row + w * LINE, window_max(&k, &win));
        }
    }
}

void KERNEL(norm_forward_max)(const nas_norm_job *job)
{
    each_plane(job, forward_max_plane);
}

ALWAYS_INLINE void sums_max_plane(const nas_norm_job *job, int b, int c, int lane)
{
    const channel k = channel_forward(job, c);
    sums s = sums_zero();
    const float *y = view_at(&job->y, b, c) + lane;
    const float *dz = view_at(&job->z, b, c) + lane;
    for (int h = 0; h < job->out_h; h++) {
        for (int w = 0; w < job->out_w; w++) {
            window win;
            window_load(&win, y + window_at(job, h, w), window_step_at(job, h, w));
            window_choose(&k, &win, vec_load(dz + h * job->z.row + w * LINE));
            vec value = vec_zero();
            UNROLL
            for (int i = 0; i < 4; i++)
                value = value + vec_keep(win.chosen[i], win.value[i]);
            sums_take(&s, 0, win.d, value);
        }
    }
    sums_add(job, c, lane, &s);
}

void KERNEL(norm_sums_max)(const nas_norm_job *job)
{
    each_plane(job, sums_max_plane);
}

/* dy = b*y + c for what no window covers: rows from `h0` and columns from `w0` on. */
ALWAYS_INLINE void backward_uncovered(const nas_norm_job *job, const channel *k,
                                      const float *y, float *dy)
{
    const int h0 = job->out_h * job->pool_h, w0 = job->out_w * job->pool_w;
    for (int h = 0; h < job->height; h++) {
        for (int w = h < h0 ? w0 : 0; w < job->width; w++)
            vec_store(dy + h * job->dy.row + w * LINE,
                      vec_fma(k->b, vec_load(y + h * job->y.row + w * LINE), k->c));
    }
}

ALWAYS_INLINE void window_store(const channel *k, const window *win, int i, float *dy)
{
    vec d = vec_keep(win->chosen[i], win->d);
    vec_store(dy, vec_fma(k->a, d, vec_fma(k->b, win->value[i], k->c)));
}

ALWAYS_INLINE void backward_max_plane(const nas_norm_job *job, int b, int c, int lane)
{
    const channel k = channel_backward(job, c);
    const float *y = view_at(&job->y, b, c) + lane;
    const float *dz = view_at(&job->z, b, c) + lane;
    float *dy = view_at(&job->dy, b, c) + lane;
    backward_uncovered(job, &k, y, dy);
    for (int h = 0; h < job->out_h; h++) {
        for (int w = 0; w < job->out_w; w++) {
            window_step step = window_step_at(job, h, w);
            window win;
            window_load(&win, y + window_at(job, h, w), step);
            window_choose(&k, &win, vec_load(dz + h * job->z.row + w * LINE));
            float *to = dy + (ptrdiff_t)h * job->pool_h * job->dy.row +
                        (ptrdiff_t)w * job->pool_w * LINE;
            window_store(&k, &win, 0, to);
            if (step.right != 0)
                window_store(&k, &win, 1, to + LINE);
            if (step.below != 0)
                window_store(&k, &win, 2, to + job->dy.row);
            if (step.right != 0 && step.below != 0)
                window_store(&k, &win, 3, to + job->dy.row + LINE);
        }
    }
}

void KERNEL(norm_backward_max)(const nas_norm_job *job)
{
    each_plane(job, backward_max_plane);
}
