/* Inside of an int8 network. */
#ifndef NASMITH_EXPORT_QUANT_H
#define NASMITH_EXPORT_QUANT_H

#include "nasmith/plan.h"
#include "nasmith/quantise.h"

/* real = scale * (q - zero). The scale is a float's value, as files hold it. */
typedef struct nas_quant_scale {
    double scale;
    int32_t zero;
} nas_quant_scale;

/* x * multiplier / 2^(31 + shift) */
typedef struct nas_rescale {
    int32_t multiplier, shift;
} nas_rescale;

/* Bits that single values, and products of two, are shifted up before they are rescaled;
 * see runtime8/convert.h, add.h and mul.h. */
enum { NAS_QUANT_HEADROOM = 20, NAS_QUANT_PRODUCT_HEADROOM = 15 };

enum { NAS_QUANT_TABLE = 256 };

enum { NAS_QUANT_SAMPLE = -1 };

/* A step of the program. Tensors are in the graph's order. */
typedef struct nas_quant_step {
    int *sources; /* [n_inputs] steps whose results it reads; NAS_QUANT_SAMPLE */
    nas_quant_scale out;
    int32_t low, high; /* the activation */
    int64_t n_kernel, channels;
    int8_t *kernel;        /* [channels][n_kernel / channels] */
    double *kernel_scale;  /* [channels]; a float's value */
    int32_t *bias;         /* [channels], of scale in * kernel_scale */
    nas_rescale *rescales; /* [channels] accumulator to output */
    nas_rescale *terms;    /* [n_inputs] add: operand to sum; concat: operand to output */
    nas_rescale whole;     /* add: sum to output; activation, mean: input to output; mul:
                              product to output */
    int8_t *table;         /* [256] curve: result of each value from -128 on */
} nas_quant_step;

struct nas_quant {
    nas_arena *arena; /* owns all below */
    const nas_model *model;
    nas_program *program; /* of NAS_INT8 */
    nas_range_method calibration;
    bool equalised;
    nas_quant_scale input, output;        /* output: after the head */
    float *input_factor, *input_offset;   /* [C]: q = x * factor + offset */
    float *output_factor, *output_offset; /* [n_outputs]: y = q * factor + offset */
    nas_quant_step *steps;                /* [program->n_steps] */
};

/* Scale of what input k of a step holds. */
nas_quant_scale nas_quant_source(const nas_quant *quant, int step, int k);

/* Scale of the last step's result: what the head reads. */
nas_quant_scale nas_quant_last(const nas_quant *quant);

/* A factor in [0, 1) as multiplier and shift; below 2^-32: 0. */
nas_rescale nas_rescale_of(double factor);

/* 65536 * scale / ln 2 for runtime8/softmax.h, capped where all but the largest are 0. */
int32_t nas_quant_softmax_multiplier(double scale);

#endif
