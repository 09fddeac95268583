/* Operators as plain loops in double precision, written to be obviously right: what the
 * reference interpreter and the ONNX interpreter compute with. Tensors are [C][H][W]. */
#ifndef NASMITH_EXPORT_NAIVE_H
#define NASMITH_EXPORT_NAIVE_H

#include "nasmith/graph.h"

/* A sliding window. Index 0 is for rows, 1 for columns; `pad` counts before the first
 * element. */
typedef struct nas_naive_window {
    nas_shape in, out;
    int64_t kernel[2], stride[2], pad[2], dilation[2];
    int64_t groups; /* convolution only */
} nas_naive_window;

/* @param kernel  [O][I/groups][KH][KW]; @param bias  [O] or NULL */
void nas_naive_conv(const nas_naive_window *window, const float *kernel,
                    const float *bias, const double *in, double *out);
void nas_naive_max_pool(const nas_naive_window *window, const double *in, double *out);
/* Mean over the elements inside the input. */
void nas_naive_avg_pool(const nas_naive_window *window, const double *in, double *out);
void nas_naive_global_avg_pool(nas_shape shape, const double *in, double *out);
/* One column of encode from a raw value. @param column  [NAS_ENCODE_FIELDS] */
double nas_naive_encode(const float *column, double x);
/* @param kernel  [O][I]; @param bias  [O] or NULL */
void nas_naive_dense(int64_t inputs, int64_t outputs, const float *kernel,
                     const float *bias, const double *in, double *out);
/* @param statistics  scale, shift, mean, variance: [C] each */
void nas_naive_batch_norm(nas_shape shape, const float *const statistics[4],
                          double epsilon, const double *in, double *out);
/* One direction of an LSTM or GRU, see op_recurrent.c. */
typedef struct nas_naive_recurrent {
    nas_op_kind op;
    int64_t steps, inputs, units;
    bool reverse, sequence;
    const float *kernel, *recurrent, *bias;
    const float *carry_bias; /* GRU: of the candidate's recurrent product */
} nas_naive_recurrent;

/* @param in   [inputs][steps]
 * @param work  [3 * units]
 * @param out  [units][steps] with `sequence`, else [units] */
void nas_naive_recurrent_run(const nas_naive_recurrent *r, const double *in, double *work,
                             double *out);
/* Norm of one sample. @param groups  of channels; 0: every pixel on its own */
void nas_naive_sample_norm(nas_shape shape, int64_t groups, const float *const affine[2],
                           double epsilon, const double *in, double *out);
/* @param in  queries, keys and values, [3][channels][steps]; @param work  [steps]
 * @param out  [channels][steps] */
void nas_naive_attention(int64_t channels, int64_t heads, int64_t steps, const double *in,
                         double *work, double *out);
/* An activation of NAS_CURVE_LIST. @param slope  of leaky ReLU */
double nas_naive_curve(nas_op_kind op, double slope, double x);
void nas_naive_global_max_pool(nas_shape shape, const double *in, double *out);
/* A spectrum, see nasmith/spectrum.h. @param in  shape of its input
 * @return numbers that it works with */
int64_t nas_naive_spectrum_work(const nas_node *node, nas_shape in);
void nas_naive_spectrum(const nas_node *node, nas_shape in_shape, const double *in,
                        double *work, double *out);
void nas_naive_softmax(int64_t n, const double *in, double *out);

#endif
