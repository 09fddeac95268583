/* Post-training quantisation to 8-bit integers.
 *
 * Activations: int8 in [-128, 127], real = scale * (q - zero), one scale per tensor.
 * Weights: int8 in [-127, 127], symmetric, one scale per output channel; biases int32.
 * An accumulator becomes an output by a 31-bit multiplier and a shift, each rounded to
 * the nearest (the "double rounding" of TensorFlow Lite Micro and CMSIS-NN). The sample
 * is quantised after its standardisation, so that channels of unlike size share a scale.
 */
#ifndef NASMITH_QUANTISE_H
#define NASMITH_QUANTISE_H

#include "nasmith/err.h"
#include "nasmith/model.h"

#include <stdbool.h>
#include <stdint.h>

/* How the range of a tensor is chosen from what it held on the calibration rows. */
typedef enum nas_range_method {
    NAS_RANGE_BEST,       /* of the others: outputs closest to the float network's */
    NAS_RANGE_MIN_MAX,    /* all values */
    NAS_RANGE_PERCENTILE, /* all but 0.005 % at either end */
    NAS_RANGE_MSE,        /* least mean squared error of rounding and clipping */
    NAS_RANGE_METHODS
} nas_range_method;

/* "best", "min-max", "percentile", "mse" */
const char *nas_range_method_name(nas_range_method calibration);

typedef struct nas_quant_options {
    nas_range_method calibration;
    bool bias_correction; /* add the mean error of the rounded weights to the biases */
    bool equalise; /* scale channels between layers; NAS_RANGE_BEST tries it both ways */
} nas_quant_options;

nas_quant_options nas_quant_options_default(void); /* best, with both */

/* An int8 network. */
typedef struct nas_quant nas_quant;

/* Why a graph has no int8 form: the operator's no_int8, or NULL when it has one.
 * @param node  out: the node it is about; may be NULL */
const char *nas_quant_refusal(const nas_graph *graph, int *node);

/* Quantise a model.
 * @param model  must outlive *out
 * @param rows   [n][C*H*W] raw calibration samples of the training data, n >= 1
 * @param options  may be NULL: the default
 * @param out  Ownership: caller, nas_quant_free
 * @return NAS_E_UNSUPPORTED for operators without int8 form or sums that may overflow 32
 *         bits; NAS_E_GRAPH as for the float export
 * Cost: four runs of the float kernels per row, seven more for NAS_RANGE_BEST. */
nas_status nas_quantise(const nas_model *model, const float *rows, int64_t n,
                        const nas_quant_options *options, nas_quant **out, nas_err *err);
void nas_quant_free(nas_quant *quant);

/* The method that was used; never NAS_RANGE_BEST. And whether channels were scaled. */
nas_range_method nas_quant_calibration(const nas_quant *quant);
bool nas_quant_equalised(const nas_quant *quant);

/* Reference interpreter of the integers: plain loops in the graph's order, own of this
 * layer. The shipped kernels must give the same bits.
 * @param inputs   [n][C*H*W] raw; @param outputs  [n][n_outputs] int8 */
nas_status nas_quant_reference_run(const nas_quant *quant, const float *inputs, int64_t n,
                                   int8_t *outputs, nas_err *err);

/* Raw sample to the network's int8 input, [C][H][W] each; int8 outputs to probabilities
 * or targets in the user's units, [n_outputs] each. */
void nas_quant_input(const nas_quant *quant, const float *sample, int8_t *out);
void nas_quant_output(const nas_quant *quant, const int8_t *result, float *out);

#endif
