/* A naive twin of the engine: the forward pass of a batch and its loss, in double,
 * written to be obviously right. Gradients are checked against its differences. */
#ifndef NASMITH_TESTS_REFERENCE_H
#define NASMITH_TESTS_REFERENCE_H

#include "nasmith/net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct reference {
    const nas_graph *graph;
    int n;               /* samples */
    const float *inputs; /* [n][C*H*W], before the front section */
    const int32_t *labels;
    const float *targets; /* [n][outputs] */
    const double *weights;
    nas_net_options options;
    bool training;  /* batch statistics */
    double **value; /* per node [n][C*H*W] */
} reference;

static int64_t reference_count(const reference *r, int node)
{
    return nas_shape_count(nas_graph_node(r->graph, node)->shape);
}

static const double *reference_weight(const reference *r, int node, nas_weight_role role)
{
    const nas_weight *weight = nas_graph_weight_of(r->graph, node, role);
    return weight == NULL ? NULL : r->weights + weight->offset;
}

static double reference_window(const reference *r, int index, int sample, int64_t o,
                               int64_t h, int64_t w)
{
    const nas_node *node = nas_graph_node(r->graph, index);
    const nas_value *a = node->attr;
    const nas_shape in = nas_graph_node(r->graph, node->inputs[0])->shape;
    const double *x = r->value[node->inputs[0]] + sample * nas_shape_count(in);
    const double *k = reference_weight(r, index, NAS_WEIGHT_KERNEL);
    const double *bias = reference_weight(r, index, NAS_WEIGHT_BIAS);
    const bool conv = node->op == NAS_OP_CONV;
    const bool weighted = conv || node->op == NAS_OP_DEPTHWISE;
    const int64_t dh = weighted ? a[NAS_ATTR_DILATION_H].i : 1;
    const int64_t dw = weighted ? a[NAS_ATTR_DILATION_W].i : 1;
    const int64_t kh = a[NAS_ATTR_KERNEL_H].i, kw = a[NAS_ATTR_KERNEL_W].i;
    const int pad = (int)a[NAS_ATTR_PAD].i;
    const int64_t groups = conv ? a[NAS_ATTR_CONV_GROUPS].i : in.c;
    const int64_t ic = in.c / groups, oc = node->shape.c / groups;
    double sum = bias == NULL ? 0 : bias[o], top = -HUGE_VAL;
    int64_t count = 0;
    for (int64_t c = 0; c < ic; c++)
        for (int64_t i = 0; i < kh; i++)
            for (int64_t j = 0; j < kw; j++) {
                int64_t y = h * a[NAS_ATTR_STRIDE_H].i + i * dh -
                            nas_window_pad_before(kh, dh, pad);
                int64_t v = w * a[NAS_ATTR_STRIDE_W].i + j * dw -
                            nas_window_pad_before(kw, dw, pad);
                if (y < 0 || y >= in.h || v < 0 || v >= in.w)
                    continue;
                int64_t channel = o / oc * ic + c;
                double value = x[(channel * in.h + y) * in.w + v];
                count++;
                top = value > top ? value : top;
                sum += weighted ? value * k[((o * ic + c) * kh + i) * kw + j] : value;
            }
    if (node->op == NAS_OP_MAX_POOL)
        return top;
    return node->op == NAS_OP_AVG_POOL ? sum / (double)count : sum;
}

static void reference_norm(const reference *r, int index)
{
    const nas_node *node = nas_graph_node(r->graph, index);
    const int64_t plane = node->shape.h * node->shape.w,
                  count = reference_count(r, index);
    const double *x = r->value[node->inputs[0]];
    const double *gamma = reference_weight(r, index, NAS_WEIGHT_SCALE);
    const double *beta = reference_weight(r, index, NAS_WEIGHT_SHIFT);
    for (int64_t c = 0; c < node->shape.c; c++) {
        double mean = reference_weight(r, index, NAS_WEIGHT_MEAN)[c];
        double variance = reference_weight(r, index, NAS_WEIGHT_VARIANCE)[c];
        if (r->training) {
            mean = variance = 0;
            for (int64_t i = 0; i < r->n * plane; i++)
                mean += x[i / plane * count + c * plane + i % plane];
            mean /= (double)(r->n * plane);
            for (int64_t i = 0; i < r->n * plane; i++) {
                double d = x[i / plane * count + c * plane + i % plane] - mean;
                variance += d * d;
            }
            variance /= (double)(r->n * plane);
        }
        double scale = gamma[c] / sqrt(variance + node->attr[NAS_ATTR_BN_EPSILON].f);
        for (int64_t i = 0; i < r->n * plane; i++) {
            int64_t at = i / plane * count + c * plane + i % plane;
            r->value[index][at] = (x[at] - mean) * scale + beta[c];
        }
    }
}

static double reference_gate(double x)
{
    return 1 / (1 + exp(-x));
}

/* One direction of a recurrent node for one sample. */
static void reference_direction(const reference *r, int index, int s, int64_t d)
{
    const nas_node *node = nas_graph_node(r->graph, index);
    const nas_shape in = nas_graph_node(r->graph, node->inputs[0])->shape;
    const bool lstm = node->op == NAS_OP_LSTM;
    const int64_t n = node->attr[NAS_ATTR_RECURRENT_OUT].i, gates = lstm ? 4 : 3;
    const double *x = r->value[node->inputs[0]] + s * nas_shape_count(in);
    const double *w =
        reference_weight(r, index, NAS_WEIGHT_KERNEL) + d * gates * n * in.c;
    const double *u =
        reference_weight(r, index, NAS_WEIGHT_RECURRENT) + d * gates * n * n;
    const double *b = reference_weight(r, index, NAS_WEIGHT_BIAS) + d * gates * n;
    double *y = r->value[index] + s * reference_count(r, index) + d * n * node->shape.w;
    double *h = calloc((size_t)(10 * n), sizeof *h), *c = h + n, *a = c + n,
           *v = a + 4 * n;
    for (int64_t step = 0; step < in.w; step++) {
        const int64_t t = d > 0 ? in.w - 1 - step : step;
        for (int64_t o = 0; o < gates * n; o++) {
            a[o] = b[o], v[o] = 0;
            for (int64_t i = 0; i < in.c; i++)
                a[o] += w[o * in.c + i] * x[i * in.w + t];
            for (int64_t j = 0; j < n; j++)
                v[o] += u[o * n + j] * h[j];
        }
        for (int64_t j = 0; j < n; j++) {
            const double first = reference_gate(a[j] + v[j]);
            const double second = reference_gate(a[n + j] + v[n + j]);
            if (lstm) {
                c[j] = reference_gate(a[2 * n + j] + v[2 * n + j]) * c[j] +
                       first * tanh(a[3 * n + j] + v[3 * n + j]);
                h[j] = second * tanh(c[j]);
                continue;
            }
            const double carry =
                reference_weight(r, index, NAS_WEIGHT_CARRY_BIAS)[d * n + j];
            h[j] = first * h[j] +
                   (1 - first) * tanh(a[2 * n + j] + second * (v[2 * n + j] + carry));
        }
        for (int64_t j = 0; j < n; j++)
            y[node->shape.w > 1 ? j * in.w + t : j] = h[j];
    }
    free(h);
}

static void reference_recurrent(const reference *r, int index)
{
    const nas_node *node = nas_graph_node(r->graph, index);
    for (int s = 0; s < r->n; s++)
        for (int64_t d = 0; d <= node->attr[NAS_ATTR_RECURRENT_BIDIRECTIONAL].i; d++)
            reference_direction(r, index, s, d);
}

/* A norm of each sample on its own, over a group or over the channels of one pixel. */
static void reference_sample_norm(const reference *r, int index)
{
    const nas_node *node = nas_graph_node(r->graph, index);
    const nas_shape shape = node->shape;
    const int64_t count = nas_shape_count(shape), plane = shape.h * shape.w;
    const bool pixels = node->op == NAS_OP_LAYER_NORM;
    const int64_t cells = pixels ? plane : node->attr[NAS_ATTR_SAMPLE_NORM_GROUPS].i;
    const int64_t n = count / cells, step = pixels ? plane : 1;
    const double *gamma = reference_weight(r, index, NAS_WEIGHT_SCALE);
    const double *beta = reference_weight(r, index, NAS_WEIGHT_SHIFT);
    for (int64_t i = 0; i < r->n * cells; i++) {
        const int64_t first = i / cells * count + i % cells * (pixels ? 1 : n);
        const double *x = r->value[node->inputs[0]] + first;
        double *y = r->value[index] + first, mean = 0, variance = 0;
        for (int64_t k = 0; k < n; k++)
            mean += x[k * step] / (double)n;
        for (int64_t k = 0; k < n; k++)
            variance += (x[k * step] - mean) * (x[k * step] - mean) / (double)n;
        const double scale =
            1 / sqrt(variance + node->attr[NAS_ATTR_SAMPLE_NORM_EPSILON].f);
        for (int64_t k = 0; k < n; k++) {
            const int64_t c = (first + k * step) % count / plane;
            y[k * step] = (x[k * step] - mean) * scale * gamma[c] + beta[c];
        }
    }
}

/* One query of one head of one sample: x and y are the sample's. */
static void reference_query(const nas_node *node, const double *x, double *y,
                            int64_t head, int64_t t)
{
    const int64_t channels = node->shape.c, steps = node->shape.w;
    const int64_t d = channels / node->attr[NAS_ATTR_ATTENTION_HEADS].i;
    double *p = calloc((size_t)steps, sizeof *p), sum = 0;
    for (int64_t s = 0; s < steps; s++) {
        for (int64_t c = head * d; c < (head + 1) * d; c++)
            p[s] += x[c * steps + t] * x[(channels + c) * steps + s];
        p[s] = exp(p[s] / sqrt((double)d));
        sum += p[s];
    }
    for (int64_t c = head * d; c < (head + 1) * d; c++)
        for (int64_t s = 0; s < steps; s++)
            y[c * steps + t] += p[s] / sum * x[(2 * channels + c) * steps + s];
    free(p);
}

static void reference_attention(const reference *r, int index)
{
    const nas_node *node = nas_graph_node(r->graph, index);
    const int64_t heads = node->attr[NAS_ATTR_ATTENTION_HEADS].i, steps = node->shape.w;
    for (int s = 0; s < r->n; s++)
        for (int64_t i = 0; i < heads * steps; i++)
            reference_query(
                node, r->value[node->inputs[0]] + s * reference_count(r, node->inputs[0]),
                r->value[index] + s * reference_count(r, index), i / steps, i % steps);
}

static void reference_concat(const reference *r, int index)
{
    const nas_node *node = nas_graph_node(r->graph, index);
    for (int s = 0; s < r->n; s++) {
        double *to = r->value[index] + s * reference_count(r, index);
        for (int i = 0; i < node->n_inputs; i++) {
            int64_t count = reference_count(r, node->inputs[i]);
            memcpy(to, r->value[node->inputs[i]] + s * count,
                   (size_t)count * sizeof(double));
            to += count;
        }
    }
}

static void reference_softmax(const reference *r, int index)
{
    const int64_t count = reference_count(r, index);
    for (int s = 0; s < r->n; s++) {
        const double *x =
            r->value[nas_graph_node(r->graph, index)->inputs[0]] + s * count;
        double *y = r->value[index] + s * count, sum = 0, top = -HUGE_VAL;
        for (int64_t k = 0; k < count; k++)
            top = x[k] > top ? x[k] : top;
        for (int64_t k = 0; k < count; k++)
            sum += exp(x[k] - top);
        for (int64_t k = 0; k < count; k++)
            y[k] = exp(x[k] - top) / sum;
    }
}

static double reference_curve(const nas_node *node, double x)
{
    const double gate = 1 / (1 + exp(-x));
    switch (node->op) {
    case NAS_OP_LEAKY_RELU:
        return x > 0 ? x : node->attr[NAS_ATTR_LEAKY_SLOPE].f * x;
    case NAS_OP_HARD_SIGMOID:
        return x < -3 ? 0 : x > 3 ? 1 : (x + 3) / 6;
    case NAS_OP_HARD_SWISH:
        return x < -3 ? 0 : x > 3 ? x : x * (x + 3) / 6;
    case NAS_OP_SIGMOID:
        return gate;
    case NAS_OP_TANH:
        return tanh(x);
    case NAS_OP_SILU:
        return x * gate;
    default:
        return x / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
    }
}

/* One element of operators that work on one element or window at a time. */
static double reference_element(const reference *r, int index, int s, int64_t at)
{
    const nas_node *node = nas_graph_node(r->graph, index);
    const int64_t count = reference_count(r, index);
    if (node->op == NAS_OP_INPUT)
        return (double)r->inputs[s * count + at];
    const int64_t in = reference_count(r, node->inputs[0]);
    const double *x = r->value[node->inputs[0]] + s * in;
    const nas_shape shape = node->shape;
    const int64_t plane = shape.h * shape.w, c = at / plane;
    double sum = 0;
    switch (node->op) {
    case NAS_OP_ENCODE: { /* the rows of these tests are read as they are */
        const float *column = node->constants + at * NAS_ENCODE_FIELDS;
        float row[NAS_ENCODE_FIELDS], out;
        for (int f = 0; f < NAS_ENCODE_FIELDS; f++)
            row[f] = column[f];
        row[NAS_ENCODE_SOURCE] = 0;
        const float value = (float)x[(int64_t)column[NAS_ENCODE_SOURCE]];
        nas_encode_row(row, 1, &value, &out);
        return (double)out;
    }
    case NAS_OP_STANDARDISE:
        return (x[at] - (double)node->constants[c]) *
               (double)node->constants[shape.c + c];
    case NAS_OP_DENSE:
        for (int64_t i = 0; i < in; i++)
            sum += x[i] * reference_weight(r, index, NAS_WEIGHT_KERNEL)[at * in + i];
        return node->attr[NAS_ATTR_DENSE_BIAS].i
                   ? sum + reference_weight(r, index, NAS_WEIGHT_BIAS)[at]
                   : sum;
    case NAS_OP_GLOBAL_AVG_POOL:
        for (int64_t i = 0; i < in / count; i++)
            sum += x[at * (in / count) + i];
        return sum * (double)count / (double)in;
    case NAS_OP_RELU:
        return x[at] > 0 ? x[at] : 0;
    case NAS_OP_RELU6:
        return x[at] > 6 ? 6 : x[at] > 0 ? x[at] : 0;
#define REFERENCE_CURVE(upper, lower) case NAS_OP_##upper:
        NAS_CURVE_LIST(REFERENCE_CURVE)
#undef REFERENCE_CURVE
        return reference_curve(node, x[at]);
    case NAS_OP_SLICE:
        return x[at + node->attr[NAS_ATTR_SLICE_FROM].i * plane];
    case NAS_OP_TOKENS: { /* [columns][channels] */
        const int64_t i = at % shape.w * shape.c + c;
        return x[at % shape.w] * reference_weight(r, index, NAS_WEIGHT_TABLE)[i] +
               reference_weight(r, index, NAS_WEIGHT_BIAS)[i];
    }
    case NAS_OP_POSITIONS:
        if (node->attr[NAS_ATTR_POSITIONS_KIND].i == NAS_POSITIONS_LEARNED)
            return x[at] + reference_weight(r, index, NAS_WEIGHT_TABLE)[at];
        sum = (double)(at % shape.w) / pow(10000, (double)(c - c % 2) / (double)shape.c);
        return x[at] + (c % 2 == 0 ? sin(sum) : cos(sum));
    case NAS_OP_GLOBAL_MAX_POOL:
        sum = -HUGE_VAL;
        for (int64_t i = 0; i < in / count; i++)
            sum = fmax(sum, x[at * (in / count) + i]);
        return sum;
    case NAS_OP_MUL: {
        const int64_t gates = reference_count(r, node->inputs[1]);
        return x[at] * r->value[node->inputs[1]][s * gates + at / (count / gates)];
    }
    case NAS_OP_ADD:
        for (int i = 0; i < node->n_inputs; i++)
            sum += r->value[node->inputs[i]][s * count + at];
        return sum;
    case NAS_OP_DROPOUT:
    case NAS_OP_FLATTEN:
        return x[at];
    default:
        return reference_window(r, index, s, c, at % plane / shape.w, at % shape.w);
    }
}

static void reference_node(const reference *r, int index)
{
    const nas_op_kind op = nas_graph_node(r->graph, index)->op;
    if (op == NAS_OP_BATCH_NORM)
        reference_norm(r, index);
    else if (op == NAS_OP_LSTM || op == NAS_OP_GRU)
        reference_recurrent(r, index);
    else if (op == NAS_OP_LAYER_NORM || op == NAS_OP_GROUP_NORM)
        reference_sample_norm(r, index);
    else if (op == NAS_OP_ATTENTION)
        reference_attention(r, index);
    else if (op == NAS_OP_CONCAT)
        reference_concat(r, index);
    else if (op == NAS_OP_SOFTMAX)
        reference_softmax(r, index);
    else
        for (int s = 0; s < r->n; s++)
            for (int64_t i = 0; i < reference_count(r, index); i++)
                r->value[index][s * reference_count(r, index) + i] =
                    reference_element(r, index, s, i);
}

/* The node whose values the engine calls outputs: softmax is the loss's. */
static int reference_output(const reference *r)
{
    int output = nas_graph_output(r->graph);
    const nas_node *node = nas_graph_node(r->graph, output);
    if (node->op == NAS_OP_SOFTMAX && r->options.loss == NAS_LOSS_CROSS_ENTROPY)
        return node->inputs[0];
    return output;
}

static double reference_sample_loss(const reference *r, const double *z, int s)
{
    const int64_t k = reference_count(r, reference_output(r));
    double sum = 0, mean = 0, loss = 0;
    if (r->options.loss == NAS_LOSS_CROSS_ENTROPY) {
        const int label = r->labels[s];
        const double smooth = (double)r->options.label_smoothing;
        for (int64_t i = 0; i < k; i++) {
            sum += exp(z[i]);
            mean += z[i] / (double)k;
        }
        double weight = r->options.class_weights == NULL
                            ? 1
                            : (double)r->options.class_weights[label];
        for (int64_t i = 0; i < k && r->options.focal > 0; i++) {
            double p = exp(z[i]) / sum;
            double q = (i == label ? 1 - smooth : 0) + smooth / (double)k;
            loss -= weight * q * pow(1 - p, (double)r->options.focal) * log(p);
        }
        if (r->options.focal > 0)
            return loss;
        return weight * (log(sum) - (1 - smooth) * z[label] - smooth * mean);
    }
    for (int64_t i = 0; i < k; i++) {
        double e = z[i] - (double)r->targets[s * k + i];
        if (r->options.loss == NAS_LOSS_BINARY) {
            double smooth = (double)r->options.label_smoothing;
            double y = (1 - smooth) * (double)r->targets[s * k + i] + smooth / 2;
            loss += y * log1p(exp(-z[i])) + (1 - y) * log1p(exp(z[i]));
        } else if (r->options.loss == NAS_LOSS_MSE)
            loss += e * e;
        else
            loss += fabs(e) > 1 ? fabs(e) - 0.5 : e * e / 2;
    }
    return loss / (double)k;
}

/* @param outputs  [n][outputs] or NULL  @return mean loss */
static double reference_loss(reference *r, double *outputs)
{
    const int nodes = nas_graph_count(r->graph);
    double loss = 0, *z;
    r->value = calloc((size_t)nodes, sizeof *r->value);
    for (int i = 0; i < nodes; i++) {
        r->value[i] = calloc((size_t)(r->n * reference_count(r, i)), sizeof(double));
        reference_node(r, i);
    }
    const int64_t k = reference_count(r, reference_output(r));
    z = r->value[reference_output(r)];
    for (int s = 0; s < r->n; s++)
        loss += reference_sample_loss(r, z + s * k, s) / r->n;
    if (outputs != NULL)
        memcpy(outputs, z, (size_t)(r->n * k) * sizeof(double));
    for (int i = 0; i < nodes; i++)
        free(r->value[i]);
    free(r->value);
    return loss;
}

#endif
