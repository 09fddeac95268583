/* Losses and their gradients at the network's output.
 *
 *   n  sample     k  output     z[n][k]  logit or standardised prediction
 *
 * The mean runs over valid samples; lanes of masked samples get gradient zero. */
#include "engine/unit.h"

#include <math.h>

enum { LINE = NAS_LANES };

/* Output k of block b: a line of samples. */
static float *output_line(const nas_tensor *t, int b, int k)
{
    const int plane = t->height * t->width;
    return t->view.data + b * t->view.block + k / plane * t->view.plane +
           k % plane / t->width * t->view.row + k % t->width * LINE;
}

static int valid_lanes(const nas_net *net, int b)
{
    const int left = net->valid - b * LINE;
    return left < LINE ? left : LINE;
}

/* -sum over k of q[k]*log p[k], with q = (1-smoothing)*onehot + smoothing/K and
 * p = softmax(z); gradient weight*(p - q)/n. */
static double cross_entropy_sample(const nas_net *net, int b, int lane, bool training)
{
    const nas_unit *unit = &net->units[net->output];
    const int outputs = net->outputs, label = net->labels[b * LINE + lane];
    const float smooth = net->options.label_smoothing;
    const float weight = net->class_weights == NULL ? 1.0f : net->class_weights[label];
    float top = -INFINITY, sum = 0.0f, mean = 0.0f;
    for (int k = 0; k < outputs; k++) {
        float z = output_line(&unit->z, b, k)[lane];
        top = z > top ? z : top;
        mean += z;
    }
    for (int k = 0; k < outputs; k++)
        sum += expf(output_line(&unit->z, b, k)[lane] - top);
    const float log_sum = logf(sum) + top;
    const float chosen = output_line(&unit->z, b, label)[lane];
    const float blend = (1.0f - smooth) * chosen + smooth * mean / (float)outputs;
    if (training) {
        const float share = weight / (float)net->valid;
        for (int k = 0; k < outputs; k++) {
            float p = expf(output_line(&unit->z, b, k)[lane] - log_sum);
            float q = (k == label ? 1.0f - smooth : 0.0f) + smooth / (float)outputs;
            output_line(&unit->dz, b, k)[lane] = share * (p - q);
        }
    }
    return (double)weight * (double)(log_sum - blend);
}

/* (1-p)^focal, and what its derivative adds to that of log p, p = exp(log_p):
 *   d/dz_k of (1-p_k)^g log p_k = (1-p_k)^g - g p_k (1-p_k)^(g-1) log p_k, times the
 * softmax's (delta - p). log(p)/(1-p) tends to -1 where p is 1. */
static float focal_slope(float log_p, float focal, float *modulation)
{
    const float p = expf(log_p);
    const float rest = p < 1.0f ? 1.0f - p : 0.0f;
    const float ratio = rest > 1e-6f ? log_p / rest : -1.0f;
    *modulation = powf(rest, focal);
    return *modulation * (1.0f - focal * p * ratio);
}

/* -sum over k of q[k]*(1-p[k])^focal*log p[k]: rows that are right already count less (T.
 * Lin, P. Goyal, R. Girshick, K. He, P. Dollar, "Focal loss for dense object detection",
 * ICCV 2017, arXiv:1708.02002; there for sigmoids, here for softmax). With
 * g[k] = q[k]*slope[k] and G their sum: gradient weight*(p*G - g)/n. */
static double focal_sample(const nas_net *net, int b, int lane, bool training)
{
    const nas_unit *unit = &net->units[net->output];
    const int outputs = net->outputs, label = net->labels[b * LINE + lane];
    const float smooth = net->options.label_smoothing / (float)outputs;
    const float weight = net->class_weights == NULL ? 1.0f : net->class_weights[label];
    float top = -INFINITY, sum = 0.0f, total = 0.0f, modulation;
    for (int k = 0; k < outputs; k++)
        top = fmaxf(top, output_line(&unit->z, b, k)[lane]);
    for (int k = 0; k < outputs; k++)
        sum += expf(output_line(&unit->z, b, k)[lane] - top);
    const float log_sum = logf(sum) + top;
    double loss = 0;
    for (int k = 0; k < outputs; k++) {
        const float log_p = output_line(&unit->z, b, k)[lane] - log_sum;
        const float q =
            smooth + (k == label ? 1.0f - net->options.label_smoothing : 0.0f);
        const float slope = focal_slope(log_p, net->options.focal, &modulation);
        loss -= (double)q * (double)modulation * (double)log_p;
        total += q * slope;
        if (training)
            output_line(&unit->dz, b, k)[lane] = q * slope;
    }
    const float share = weight / (float)net->valid;
    for (int k = 0; k < outputs && training; k++) {
        float *dz = &output_line(&unit->dz, b, k)[lane];
        const float p = expf(output_line(&unit->z, b, k)[lane] - log_sum);
        *dz = share * (p * total - *dz);
    }
    return (double)weight * loss;
}

static float sigmoid(float z)
{
    return 1.0f / (1.0f + expf(-z));
}

/* -sum over k of y[k]*log s(z[k]) + (1-y[k])*log(1-s(z[k])), over K, with the sigmoid s
 * and y in 0..1; gradient (s - y)/(n K). log(1+e^-|z|) does not overflow. */
static double binary_sample(const nas_net *net, int b, int lane, bool training)
{
    const nas_unit *unit = &net->units[net->output];
    const int outputs = net->outputs;
    const float smooth = net->options.label_smoothing;
    const float share = 1.0f / ((float)net->valid * (float)outputs);
    double loss = 0;
    for (int k = 0; k < outputs; k++) {
        const float z = output_line(&unit->z, b, k)[lane];
        const float y = (1.0f - smooth) * net->targets[(b * LINE + lane) * outputs + k] +
                        0.5f * smooth;
        loss += (double)(fmaxf(z, 0.0f) - z * y + log1pf(expf(-fabsf(z))));
        if (training)
            output_line(&unit->dz, b, k)[lane] = share * (sigmoid(z) - y);
    }
    return loss / outputs;
}

/* Mean over outputs of e^2 (MSE), or of e^2/2 inside and |e|-1/2 outside 1 (Huber). */
static double regression_sample(const nas_net *net, int b, int lane, bool training)
{
    const nas_unit *unit = &net->units[net->output];
    const int outputs = net->outputs;
    const bool huber = net->options.loss == NAS_LOSS_HUBER;
    const float share = 1.0f / ((float)net->valid * (float)outputs);
    double loss = 0;
    for (int k = 0; k < outputs; k++) {
        const float target = net->targets[(b * LINE + lane) * outputs + k];
        const float error = output_line(&unit->z, b, k)[lane] - target;
        const bool far = huber && fabsf(error) > 1.0f;
        const double square = (double)error * (double)error;
        loss += !huber ? square : far ? (double)fabsf(error) - 0.5 : 0.5 * square;
        if (training)
            output_line(&unit->dz, b, k)[lane] = share * (!huber ? 2.0f * error
                                                          : far  ? copysignf(1.0f, error)
                                                                 : error);
    }
    return loss / outputs;
}

typedef double (*sample_loss)(const nas_net *net, int b, int lane, bool training);

/* The loss of a sample that is mixed with another: of both classes, by their shares. */
static double mixed_sample(const nas_net *net, int b, int lane, bool training)
{
    const nas_unit *unit = &net->units[net->output];
    const int i = b * LINE + lane;
    const int32_t label = net->labels[i];
    const float share = net->share[i];
    const sample_loss sample =
        net->options.focal > 0.0f ? focal_sample : cross_entropy_sample;
    net->labels[i] = net->labels[net->partner[i]];
    const double other = sample(net, b, lane, training);
    for (int k = 0; k < net->outputs && training; k++)
        net->mixed_gradient[k] = output_line(&unit->dz, b, k)[lane];
    net->labels[i] = label;
    const double own = sample(net, b, lane, training);
    for (int k = 0; k < net->outputs && training; k++) {
        float *dz = &output_line(&unit->dz, b, k)[lane];
        *dz = share * *dz + (1.0f - share) * net->mixed_gradient[k];
    }
    return (double)share * own + (1.0 - (double)share) * other;
}

static sample_loss loss_of(const nas_net *net)
{
    switch (net->options.loss) {
    case NAS_LOSS_CROSS_ENTROPY:
        if (net->mixed)
            return mixed_sample;
        return net->options.focal > 0.0f ? focal_sample : cross_entropy_sample;
    case NAS_LOSS_BINARY:
        return binary_sample;
    case NAS_LOSS_MSE:
    case NAS_LOSS_HUBER:
        break;
    }
    return regression_sample;
}

static void clear_masked(const nas_net *net, int b)
{
    for (int k = 0; k < net->outputs; k++) {
        float *line = output_line(&net->units[net->output].dz, b, k);
        for (int lane = valid_lanes(net, b); lane < LINE; lane++)
            line[lane] = 0.0f;
    }
}

void nas_loss_set_gradient(nas_net *net, const float *gradient)
{
    const nas_unit *unit = &net->units[net->output];
    for (int n = 0; n < net->valid; n++)
        for (int k = 0; k < net->outputs; k++)
            output_line(&unit->dz, n / LINE, k)[n % LINE] =
                gradient[(int64_t)n * net->outputs + k];
    for (int b = 0; b < net->active; b++)
        clear_masked(net, b);
}

double nas_loss(nas_net *net, bool training)
{
    const sample_loss sample = loss_of(net);
    const bool gradient = training && net->units[net->output].gradient;
    double sum = 0;
    for (int b = 0; b < net->active; b++) {
        for (int lane = 0; lane < valid_lanes(net, b); lane++)
            sum += sample(net, b, lane, gradient);
        if (gradient)
            clear_masked(net, b);
    }
    const double mean = sum / net->valid;
    return isfinite(mean) ? mean : (double)NAN;
}

/* Of a row of logits, in place. */
static void softmax_row(float *row, int outputs)
{
    float top = -INFINITY, sum = 0.0f;
    for (int k = 0; k < outputs; k++)
        top = row[k] > top ? row[k] : top;
    for (int k = 0; k < outputs; k++) {
        row[k] = expf(row[k] - top);
        sum += row[k];
    }
    for (int k = 0; k < outputs; k++)
        row[k] /= sum;
}

void nas_net_outputs(const nas_net *net, bool probabilities, float *out)
{
    const nas_tensor *z = &net->units[net->output].z;
    const int outputs = net->outputs;
    for (int n = 0; n < net->valid; n++) {
        float *row = out + (int64_t)n * outputs;
        for (int k = 0; k < outputs; k++)
            row[k] = output_line(z, n / LINE, k)[n % LINE];
        if (probabilities && net->options.loss == NAS_LOSS_CROSS_ENTROPY)
            softmax_row(row, outputs);
        for (int k = 0;
             k < outputs && probabilities && net->options.loss == NAS_LOSS_BINARY; k++)
            row[k] = sigmoid(row[k]);
    }
}
