#include "export/naive.h"

#include <math.h>

/* Sum of one row of one channel's window. @param x  column of its first element */
static double conv_row(const nas_naive_window *w, const float *kernel, const double *row,
                       int64_t x)
{
    double sum = 0;
    for (int64_t t = 0; t < w->kernel[1]; t++, x += w->dilation[1])
        if (x >= 0 && x < w->in.w)
            sum += row[x] * (double)kernel[t];
    return sum;
}

/* Sum of one output element.
 * @param kernel  of the output channel; @param in  the group's first channel
 * @param depth   channels of the group; @param at  row and column of the element */
static double conv_element(const nas_naive_window *w, const float *kernel,
                           const double *in, int64_t depth, const int64_t at[2])
{
    double sum = 0;
    const int64_t top = at[0] * w->stride[0] - w->pad[0];
    const int64_t left = at[1] * w->stride[1] - w->pad[1];
    for (int64_t i = 0; i < depth * w->kernel[0]; i++) {
        const int64_t c = i / w->kernel[0], y = top + i % w->kernel[0] * w->dilation[0];
        if (y >= 0 && y < w->in.h)
            sum += conv_row(w, kernel + i * w->kernel[1],
                            in + (c * w->in.h + y) * w->in.w, left);
    }
    return sum;
}

void nas_naive_conv(const nas_naive_window *w, const float *kernel, const float *bias,
                    const double *in, double *out)
{
    const int64_t depth = w->in.c / w->groups;
    const int64_t per_group = w->out.c / w->groups;
    const int64_t area = depth * w->kernel[0] * w->kernel[1];
    for (int64_t o = 0; o < w->out.c; o++) {
        const double *group = in + o / per_group * depth * w->in.h * w->in.w;
        for (int64_t i = 0; i < w->out.h * w->out.w; i++) {
            const int64_t at[2] = {i / w->out.w, i % w->out.w};
            double sum = conv_element(w, kernel + o * area, group, depth, at);
            *out++ = sum + (bias != NULL ? (double)bias[o] : 0);
        }
    }
}

/* Maximum, sum and number of the elements of one window that lie inside the input. */
typedef struct window_values {
    double max, sum;
    int64_t count;
} window_values;

static window_values pool_element(const nas_naive_window *w, const double *plane,
                                  int64_t oy, int64_t ox)
{
    window_values values = {-HUGE_VAL, 0, 0};
    for (int64_t t = 0; t < w->kernel[0] * w->kernel[1]; t++) {
        int64_t y = oy * w->stride[0] - w->pad[0] + t / w->kernel[1];
        int64_t x = ox * w->stride[1] - w->pad[1] + t % w->kernel[1];
        if (y < 0 || y >= w->in.h || x < 0 || x >= w->in.w)
            continue;
        double value = plane[y * w->in.w + x];
        values.max = value > values.max ? value : values.max;
        values.sum += value;
        values.count++;
    }
    return values;
}

void nas_naive_max_pool(const nas_naive_window *w, const double *in, double *out)
{
    for (int64_t c = 0; c < w->out.c; c++)
        for (int64_t i = 0; i < w->out.h * w->out.w; i++)
            *out++ =
                pool_element(w, in + c * w->in.h * w->in.w, i / w->out.w, i % w->out.w)
                    .max;
}

void nas_naive_avg_pool(const nas_naive_window *w, const double *in, double *out)
{
    for (int64_t c = 0; c < w->out.c; c++) {
        for (int64_t i = 0; i < w->out.h * w->out.w; i++) {
            window_values values =
                pool_element(w, in + c * w->in.h * w->in.w, i / w->out.w, i % w->out.w);
            *out++ = values.sum / (double)values.count;
        }
    }
}

void nas_naive_global_avg_pool(nas_shape shape, const double *in, double *out)
{
    const int64_t pixels = shape.h * shape.w;
    for (int64_t c = 0; c < shape.c; c++) {
        double sum = 0;
        for (int64_t i = 0; i < pixels; i++)
            sum += in[c * pixels + i];
        out[c] = sum / (double)pixels;
    }
}

double nas_naive_encode(const float *column, double x)
{
    const double scale = (double)column[NAS_ENCODE_SCALE];
    const double d = isnan(x) ? 0 : x - (double)column[NAS_ENCODE_CENTRE];
    switch ((nas_encode_kind)column[NAS_ENCODE_KIND]) {
    case NAS_ENCODE_SQUASH:
        return d * scale / (1 + fabs(d * scale));
    case NAS_ENCODE_MISSING:
        return isnan(x) ? 1 : 0;
    case NAS_ENCODE_INSIDE:
        return !isnan(x) && fabs(d) < scale ? 1 : 0;
    case NAS_ENCODE_OUTSIDE:
        return !isnan(x) && fabs(d) >= scale ? 1 : 0;
    default:
        return d * scale;
    }
}

void nas_naive_dense(int64_t inputs, int64_t outputs, const float *kernel,
                     const float *bias, const double *in, double *out)
{
    for (int64_t o = 0; o < outputs; o++) {
        double sum = bias != NULL ? (double)bias[o] : 0;
        for (int64_t i = 0; i < inputs; i++)
            sum += in[i] * (double)kernel[o * inputs + i];
        out[o] = sum;
    }
}

void nas_naive_batch_norm(nas_shape shape, const float *const statistics[4],
                          double epsilon, const double *in, double *out)
{
    const int64_t pixels = shape.h * shape.w;
    for (int64_t i = 0; i < shape.c * pixels; i++) {
        const int64_t c = i / pixels;
        double normal =
            (in[i] - (double)statistics[2][c]) / sqrt((double)statistics[3][c] + epsilon);
        out[i] = normal * (double)statistics[0][c] + (double)statistics[1][c];
    }
}

double nas_naive_curve(nas_op_kind op, double slope, double x)
{
    switch (op) {
    case NAS_OP_LEAKY_RELU:
        return x > 0 ? x : slope * x;
    case NAS_OP_HARD_SIGMOID:
        return fmin(fmax(x / 6 + 0.5, 0), 1);
    case NAS_OP_HARD_SWISH:
        return x * fmin(fmax(x + 3, 0), 6) / 6;
    case NAS_OP_SIGMOID:
        return 1 / (1 + exp(-x));
    case NAS_OP_TANH:
        return tanh(x);
    case NAS_OP_SILU:
        return x / (1 + exp(-x));
    default: /* GELU */
        return 0.5 * x * (1 + tanh(0.79788456080286535588 * (x + 0.044715 * x * x * x)));
    }
}

static double naive_logistic(double x)
{
    return 1 / (1 + exp(-x));
}

/* Row o of the kernel times the series at time t. */
static double input_sum(const nas_naive_recurrent *r, int64_t o, const double *in,
                        int64_t t)
{
    double sum = 0;
    for (int64_t c = 0; c < r->inputs; c++)
        sum += (double)r->kernel[o * r->inputs + c] * in[c * r->steps + t];
    return sum + (double)r->bias[o];
}

static double state_sum(const nas_naive_recurrent *r, int64_t o, const double *h)
{
    double sum = 0;
    for (int64_t j = 0; j < r->units; j++)
        sum += (double)r->recurrent[o * r->units + j] * h[j];
    return sum;
}

/* New state of unit j. `c` is the cell of an LSTM. */
static double next_state(const nas_naive_recurrent *r, int64_t j, const double *in,
                         int64_t t, const double *h, double *c)
{
    const int64_t n = r->units;
    double x[4] = {0}, u[4] = {0};
    for (int64_t k = 0; k < (r->op == NAS_OP_LSTM ? 4 : 3); k++) {
        x[k] = input_sum(r, k * n + j, in, t);
        u[k] = state_sum(r, k * n + j, h);
    }
    if (r->op == NAS_OP_LSTM) {
        c[j] = naive_logistic(x[2] + u[2]) * c[j] +
               naive_logistic(x[0] + u[0]) * tanh(x[3] + u[3]);
        return naive_logistic(x[1] + u[1]) * tanh(c[j]);
    }
    const double z = naive_logistic(x[0] + u[0]), reset = naive_logistic(x[1] + u[1]);
    const double y = tanh(x[2] + reset * (u[2] + (double)r->carry_bias[j]));
    return (1 - z) * y + z * h[j];
}

void nas_naive_recurrent_run(const nas_naive_recurrent *r, const double *in, double *work,
                             double *out)
{
    const int64_t n = r->units;
    double *h = work, *next = work + n, *c = work + 2 * n;
    for (int64_t j = 0; j < 3 * n; j++)
        work[j] = 0;
    for (int64_t s = 0; s < r->steps; s++) {
        const int64_t t = r->reverse ? r->steps - 1 - s : s;
        for (int64_t j = 0; j < n; j++)
            next[j] = next_state(r, j, in, t, h, c);
        for (int64_t j = 0; j < n; j++) {
            h[j] = next[j];
            out[r->sequence ? j * r->steps + t : j] = h[j];
        }
    }
}

void nas_naive_global_max_pool(nas_shape shape, const double *in, double *out)
{
    const int64_t pixels = shape.h * shape.w;
    for (int64_t i = 0; i < shape.c * pixels; i++)
        if (i % pixels == 0 || in[i] > out[i / pixels])
            out[i / pixels] = in[i];
}

/* One group, or one pixel: elements first, first + step, ... */
static void normalise(double *out, int64_t first, int64_t step, int64_t n, double epsilon)
{
    double mean = 0, variance = 0;
    for (int64_t i = 0; i < n; i++)
        mean += out[first + i * step] / (double)n;
    for (int64_t i = 0; i < n; i++) {
        const double d = out[first + i * step] - mean;
        variance += d * d / (double)n;
    }
    for (int64_t i = 0; i < n; i++)
        out[first + i * step] = (out[first + i * step] - mean) / sqrt(variance + epsilon);
}

void nas_naive_sample_norm(nas_shape shape, int64_t groups, const float *const affine[2],
                           double epsilon, const double *in, double *out)
{
    const int64_t pixels = shape.h * shape.w, count = nas_shape_count(shape);
    for (int64_t i = 0; i < count; i++)
        out[i] = in[i];
    for (int64_t g = 0; g < groups; g++)
        normalise(out, g * (count / groups), 1, count / groups, epsilon);
    for (int64_t i = 0; groups == 0 && i < pixels; i++)
        normalise(out, i, pixels, shape.c, epsilon);
    for (int64_t i = 0; i < count; i++)
        out[i] = out[i] * (double)affine[0][i / pixels] + (double)affine[1][i / pixels];
}

void nas_naive_attention(int64_t channels, int64_t heads, int64_t steps, const double *in,
                         double *work, double *out)
{
    const int64_t depth = channels / heads;
    for (int64_t i = 0; i < heads * steps; i++) {
        const int64_t first = i / steps * depth, t = i % steps;
        for (int64_t s = 0; s < steps; s++) {
            work[s] = 0;
            for (int64_t c = first; c < first + depth; c++)
                work[s] += in[c * steps + t] * in[(channels + c) * steps + s] /
                           sqrt((double)depth);
        }
        nas_naive_softmax(steps, work, work);
        for (int64_t c = first; c < first + depth; c++) {
            double sum = 0;
            for (int64_t s = 0; s < steps; s++)
                sum += work[s] * in[(2 * channels + c) * steps + s];
            out[c * steps + t] = sum;
        }
    }
}

void nas_naive_softmax(int64_t n, const double *in, double *out)
{
    double top = in[0], sum = 0;
    for (int64_t i = 1; i < n; i++)
        top = in[i] > top ? in[i] : top;
    for (int64_t i = 0; i < n; i++) {
        out[i] = exp(in[i] - top);
        sum += out[i];
    }
    for (int64_t i = 0; i < n; i++)
        out[i] /= sum;
}
