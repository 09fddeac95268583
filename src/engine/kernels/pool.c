/* Pools of any window, stride and padding, forward and backward. Padding is outside the
 * maximum and outside the mean's count.
 *
 *   (h,w)  output pixel     [h0,h1) x [w0,w1)  its window, cut to the input */
#include "engine/kernels/kernel_list.h"

typedef struct window {
    int h0, h1, w0, w1;
} window;

/* An output pixel of one channel of one block, and the lanes of one part. */
typedef struct pixel {
    int b, c, h, w, lane;
} pixel;

ALWAYS_INLINE int least(int a, int b)
{
    return a < b ? a : b;
}

ALWAYS_INLINE int most(int a, int b)
{
    return a > b ? a : b;
}

ALWAYS_INLINE window window_of(const nas_pool_job *job, const pixel *at)
{
    const int h0 = at->h * job->stride_h - job->pad_h;
    const int w0 = at->w * job->stride_w - job->pad_w;
    return (window){most(h0, 0), least(h0 + job->kernel_h, job->in_h), most(w0, 0),
                    least(w0 + job->kernel_w, job->in_w)};
}

/* The part's lanes at the plane's first element. */
ALWAYS_INLINE float *plane_of(const nas_view *view, const pixel *at)
{
    return view->data + at->b * view->block + at->c * view->plane + at->lane;
}

ALWAYS_INLINE float *pixel_of(const nas_view *view, const pixel *at)
{
    return plane_of(view, at) + at->h * view->row + at->w * LINE;
}

typedef void (*pixel_function)(const nas_pool_job *job, const pixel *at, window win);

ALWAYS_INLINE void each_pixel(const nas_pool_job *job, pixel_function apply)
{
    const int planes = job->blocks * job->channels, pixels = job->out_h * job->out_w;
    for (int i = 0; i < planes; i++) {
        pixel at = {.b = i / job->channels, .c = i % job->channels};
        for (int k = 0; k < pixels; k++) {
            at.h = k / job->out_w;
            at.w = k % job->out_w;
            for (int part = 0; part < NAS_PARTS; part++) {
                at.lane = part * NAS_WIDTH;
                apply(job, &at, window_of(job, &at));
            }
        }
    }
}

ALWAYS_INLINE vec window_max(const float *x, ptrdiff_t row, window win)
{
    vec top = vec_load(x + win.h0 * row + win.w0 * LINE);
    for (int h = win.h0; h < win.h1; h++) {
        for (int w = win.w0; w < win.w1; w++)
            top = vec_max(vec_load(x + h * row + w * LINE), top);
    }
    return top;
}

ALWAYS_INLINE void max_pixel(const nas_pool_job *job, const pixel *at, window win)
{
    vec_store(pixel_of(&job->y, at), window_max(plane_of(&job->x, at), job->x.row, win));
}

void KERNEL(max_pool)(const nas_pool_job *job)
{
    each_pixel(job, max_pixel);
}

ALWAYS_INLINE void max_pixel_backward(const nas_pool_job *job, const pixel *at,
                                      window win)
{
    const float *x = plane_of(&job->x, at);
    float *dx = plane_of(&job->dx, at);
    const vec top = window_max(x, job->x.row, win), dy = vec_load(pixel_of(&job->dy, at));
    vec_mask taken = mask_none(); /* the first maximum gets all */
    for (int h = win.h0; h < win.h1; h++) {
        for (int w = win.w0; w < win.w1; w++) {
            vec_mask equal = vec_equal(vec_load(x + h * job->x.row + w * LINE), top);
            float *to = dx + h * job->dx.row + w * LINE;
            vec_store(to, vec_load(to) + vec_keep(mask_and_not(equal, taken), dy));
            taken = mask_or(taken, equal);
        }
    }
}

void KERNEL(max_pool_backward)(const nas_pool_job *job)
{
    each_pixel(job, max_pixel_backward);
}

ALWAYS_INLINE vec window_share(window win)
{
    return vec_set(1.0f / (float)((win.h1 - win.h0) * (win.w1 - win.w0)));
}

ALWAYS_INLINE void avg_pixel(const nas_pool_job *job, const pixel *at, window win)
{
    const float *x = plane_of(&job->x, at);
    vec sum = vec_zero();
    for (int h = win.h0; h < win.h1; h++) {
        for (int w = win.w0; w < win.w1; w++)
            sum = sum + vec_load(x + h * job->x.row + w * LINE);
    }
    vec_store(pixel_of(&job->y, at), sum * window_share(win));
}

void KERNEL(avg_pool)(const nas_pool_job *job)
{
    each_pixel(job, avg_pixel);
}

ALWAYS_INLINE void avg_pixel_backward(const nas_pool_job *job, const pixel *at,
                                      window win)
{
    float *dx = plane_of(&job->dx, at);
    const vec share = vec_load(pixel_of(&job->dy, at)) * window_share(win);
    for (int h = win.h0; h < win.h1; h++) {
        for (int w = win.w0; w < win.w1; w++) {
            float *to = dx + h * job->dx.row + w * LINE;
            vec_store(to, vec_load(to) + share);
        }
    }
}

void KERNEL(avg_pool_backward)(const nas_pool_job *job)
{
    each_pixel(job, avg_pixel_backward);
}
