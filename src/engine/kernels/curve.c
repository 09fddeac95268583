/* Activations with a formula of their own, element by element. The loops are plain: lanes
 * become vectors by the compiler, because nothing in them branches. */
#include "engine/kernels/kernel_list.h"
#include "engine/kernels/logistic.h"

/* ---- values and derivatives ------------------------------------------------------ */

static const float gelu_scale = 1.5957691216f; /* 2 sqrt(2/pi) */
static const float gelu_cubic = 0.044715f;

ALWAYS_INLINE float leaky_relu(float x, float slope)
{
    return x > 0.0f ? x : slope * x;
}

ALWAYS_INLINE float leaky_relu_slope(float x, float slope)
{
    return x > 0.0f ? 1.0f : slope;
}

ALWAYS_INLINE float hard_sigmoid(float x, float slope)
{
    (void)slope;
    float gate = x * (1.0f / 6.0f) + 0.5f;
    gate = gate < 0.0f ? 0.0f : gate;
    return gate > 1.0f ? 1.0f : gate;
}

ALWAYS_INLINE float hard_sigmoid_slope(float x, float slope)
{
    (void)slope;
    const float above = x < 3.0f ? 1.0f / 6.0f : 0.0f;
    return x > -3.0f ? above : 0.0f;
}

ALWAYS_INLINE float hard_swish(float x, float slope)
{
    (void)slope;
    float gate = x + 3.0f;
    gate = gate < 0.0f ? 0.0f : gate;
    gate = gate > 6.0f ? 6.0f : gate;
    return x * gate * (1.0f / 6.0f);
}

ALWAYS_INLINE float hard_swish_slope(float x, float slope)
{
    (void)slope;
    const float inner = (2.0f * x + 3.0f) * (1.0f / 6.0f);
    const float above = x < 3.0f ? inner : 1.0f;
    return x > -3.0f ? above : 0.0f;
}

ALWAYS_INLINE float sigmoid(float x, float slope)
{
    (void)slope;
    return logistic(x);
}

ALWAYS_INLINE float sigmoid_slope(float x, float slope)
{
    (void)slope;
    const float s = logistic(x);
    return s * (1.0f - s);
}

ALWAYS_INLINE float hyperbolic(float x, float slope)
{
    (void)slope;
    return 2.0f * logistic(2.0f * x) - 1.0f;
}

ALWAYS_INLINE float hyperbolic_slope(float x, float slope)
{
    const float t = hyperbolic(x, slope);
    return 1.0f - t * t;
}

ALWAYS_INLINE float silu(float x, float slope)
{
    (void)slope;
    return x * logistic(x);
}

ALWAYS_INLINE float silu_slope(float x, float slope)
{
    (void)slope;
    const float s = logistic(x);
    return s + x * s * (1.0f - s);
}

ALWAYS_INLINE float gelu(float x, float slope)
{
    (void)slope;
    return x * logistic(gelu_scale * (x + gelu_cubic * x * x * x));
}

ALWAYS_INLINE float gelu_slope(float x, float slope)
{
    (void)slope;
    const float s = logistic(gelu_scale * (x + gelu_cubic * x * x * x));
    return s + x * s * (1.0f - s) * gelu_scale * (1.0f + 3.0f * gelu_cubic * x * x);
}

/* ---- rows ------------------------------------------------------------------------ */

typedef void (*row_function)(const nas_curve_job *job, const float *x, const float *dy,
                             float *to);

#define ROWS(name)                                                                       \
    static void name##_forward(const nas_curve_job *job, const float *restrict x,        \
                               const float *restrict dy, float *restrict to)             \
    {                                                                                    \
        const int count = job->width * LINE;                                             \
        const float slope = job->slope;                                                  \
        (void)dy;                                                                        \
        for (int i = 0; i < count; i++)                                                  \
            to[i] = name(x[i], slope);                                                   \
    }                                                                                    \
    static void name##_backward(const nas_curve_job *job, const float *restrict x,       \
                                const float *restrict dy, float *restrict to)            \
    {                                                                                    \
        const int count = job->width * LINE;                                             \
        const float slope = job->slope;                                                  \
        if (job->accumulate)                                                             \
            for (int i = 0; i < count; i++)                                              \
                to[i] += name##_slope(x[i], slope) * dy[i];                              \
        else                                                                             \
            for (int i = 0; i < count; i++)                                              \
                to[i] = name##_slope(x[i], slope) * dy[i];                               \
    }

ROWS(leaky_relu)
ROWS(hard_sigmoid)
ROWS(hard_swish)
ROWS(sigmoid)
ROWS(hyperbolic)
ROWS(silu)
ROWS(gelu)

/* [operator][forward, backward] */
static const row_function rows[NAS_OP_COUNT][2] = {
    [NAS_OP_LEAKY_RELU] = {leaky_relu_forward, leaky_relu_backward},
    [NAS_OP_HARD_SIGMOID] = {hard_sigmoid_forward, hard_sigmoid_backward},
    [NAS_OP_HARD_SWISH] = {hard_swish_forward, hard_swish_backward},
    [NAS_OP_SIGMOID] = {sigmoid_forward, sigmoid_backward},
    [NAS_OP_TANH] = {hyperbolic_forward, hyperbolic_backward},
    [NAS_OP_SILU] = {silu_forward, silu_backward},
    [NAS_OP_GELU] = {gelu_forward, gelu_backward},
};

static void run(const nas_curve_job *job, row_function row, const nas_view *dy,
                const nas_view *to)
{
    for (int b = 0; b < job->blocks; b++) {
        for (int c = 0; c < job->channels; c++) {
            for (int h = 0; h < job->height; h++)
                row(job, view_row(&job->x, b, c, h), view_row(dy, b, c, h),
                    view_row(to, b, c, h));
        }
    }
}

void KERNEL(curve)(const nas_curve_job *job)
{
    run(job, rows[job->op][0], &job->x, &job->y);
}

void KERNEL(curve_backward)(const nas_curve_job *job)
{
    run(job, rows[job->op][1], &job->dy, &job->dx);
}
