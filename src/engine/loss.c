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

/* The loss of a sample that is mixed with another: of both classes, by their shares. */
static double mixed_sample(const nas_net *net, int b, int lane, bool training)
{
    const nas_unit *unit = &net->units[net->output];
    const int i = b * LINE + lane;
    const int32_t label = net->labels[i];
    const float share = net->share[i];
    net->labels[i] = net->labels[net->partner[i]];
    const double other = cross_entropy_sample(net, b, lane, training);
    for (int k = 0; k < net->outputs && training; k++)
        net->mixed_gradient[k] = output_line(&unit->dz, b, k)[lane];
    net->labels[i] = label;
    const double own = cross_entropy_sample(net, b, lane, training);
    for (int k = 0; k < net->outputs && training; k++) {
        float *dz = &output_line(&unit->dz, b, k)[lane];
        *dz = share * *dz + (1.0f - share) * net->mixed_gradient[k];
    }
    return (double)share * own + (1.0 - (double)share) * other;
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
    const bool gradient = training && net->units[net->output].gradient;
    double sum = 0;
    for (int b = 0; b < net->active; b++) {
        for (int lane = 0; lane < valid_lanes(net, b); lane++)
            sum += net->options.loss == NAS_LOSS_CROSS_ENTROPY
                       ? (net->mixed ? mixed_sample : cross_entropy_sample)(net, b, lane,
                                                                            gradient)
                       : regression_sample(net, b, lane, gradient);
        if (gradient)
            clear_masked(net, b);
    }
    const double mean = sum / net->valid;
    return isfinite(mean) ? mean : (double)NAN;
}

void nas_net_outputs(const nas_net *net, bool probabilities, float *out)
{
    const nas_tensor *z = &net->units[net->output].z;
    const int outputs = net->outputs;
    for (int n = 0; n < net->valid; n++) {
        float *row = out + (int64_t)n * outputs, top = -INFINITY, sum = 0.0f;
        for (int k = 0; k < outputs; k++) {
            row[k] = output_line(z, n / LINE, k)[n % LINE];
            top = row[k] > top ? row[k] : top;
        }
        if (!probabilities || net->options.loss != NAS_LOSS_CROSS_ENTROPY)
            continue;
        for (int k = 0; k < outputs; k++) {
            row[k] = expf(row[k] - top);
            sum += row[k];
        }
        for (int k = 0; k < outputs; k++)
            row[k] /= sum;
    }
}
