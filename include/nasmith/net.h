/* The training engine: a graph compiled for a batch size, its parameters and one training
 * step.
 *
 * One layout for all activations: the batch lies in the vector lanes,
 * [N/16][C][H+halo][W+halo][16], on every instruction set. Weights stay in the graph's
 * plain layout (nas_weight), in one flat vector. */
#ifndef NASMITH_NET_H
#define NASMITH_NET_H

#include "nasmith/data.h"
#include "nasmith/err.h"
#include "nasmith/graph.h"
#include "nasmith/rng.h"

#include <stdbool.h>
#include <stdint.h>

#define NAS_LANES 16 /* samples per block, on every instruction set */

typedef enum nas_isa { NAS_ISA_BASELINE, NAS_ISA_AVX2, NAS_ISA_AVX512 } nas_isa;

/* @return the best instruction set of this machine (NASMITH_ISA=baseline|avx2|avx512 may
 *         lower it) */
nas_isa nas_isa_best(void);
const char *nas_isa_name(nas_isa isa);

typedef enum nas_loss_kind {
    NAS_LOSS_CROSS_ENTROPY, /* on logits; label smoothing and class weights */
    NAS_LOSS_MSE,
    NAS_LOSS_HUBER,  /* delta 1, on standardised targets */
    NAS_LOSS_BINARY, /* cross-entropy of a sigmoid per output, on logits; smoothing */
} nas_loss_kind;

typedef enum nas_optimizer_kind {
    NAS_OPTIMIZER_ADAMW,
    NAS_OPTIMIZER_SGD
} nas_optimizer_kind;

/* Memory of all nets of one worker: one huge-page block, reused by every trial. */
typedef struct nas_workspace nas_workspace;
nas_workspace *nas_workspace_new(void); /* NULL when memory is out */
void nas_workspace_free(nas_workspace *workspace);
/* Bytes it holds now. */
int64_t nas_workspace_bytes(const nas_workspace *workspace);

typedef struct nas_net_options {
    int batch;     /* multiple of 16, default 64 */
    int threads;   /* that share each step; results do not depend on it; default 1 */
    nas_isa isa;   /* default nas_isa_best() */
    bool training; /* false: forward only, less memory */
    bool input_gradient; /* training: for nas_net_input_gradient */
    bool taps;           /* training: for nasmith/tap.h; nothing shares memory */
    nas_loss_kind loss;
    float label_smoothing;      /* cross-entropy */
    float focal;                /* its focusing exponent, 0 = off */
    const float *class_weights; /* [outputs], mean 1 over rows; NULL = 1; copied */
    /* Additions that weigh their inputs, for supernets: [nodes of the graph]; NULL =
     * none. Read while compiling only. */
    const bool *gated;
    bool plain_norms; /* scales and shifts of norms are not trained: no gradients */
} nas_net_options;

nas_net_options nas_net_options_default(void);

typedef struct nas_net nas_net;

/* Compile a graph. The front section is not compiled: it is applied while a batch is
 * gathered (nas_net_batch); its computed part only to data sets that are not behind it
 * (nas_dataset_front). A softmax at the output is left to the loss.
 * @param workspace  memory for activations; at most one net lives in it at a time
 * @param out  Ownership: caller, nas_net_free (before the workspace)
 * @return NAS_E_NOMEM; NAS_E_UNSUPPORTED when the machine lacks the instruction set
 * Cost: < 1 ms for preset networks. */
nas_status nas_net_compile(const nas_graph *graph, const nas_net_options *options,
                           nas_workspace *workspace, nas_net **out, nas_err *err);
void nas_net_free(nas_net *net);

/* Another number of threads for the steps that follow: no result depends on it.
 * @return NAS_E_NOMEM; NAS_E_IO when the system refuses a thread: the net then runs on
 *         one */
nas_status nas_net_set_threads(nas_net *net, int threads, nas_err *err);

/* Bytes the workspace needs for a graph, before compiling it: for memory limits. */
int64_t nas_net_memory_bytes(const nas_graph *graph, const nas_net_options *options);

/* Flat parameters, gradients and optimizer slots, all 64-byte aligned, layout of
 * nas_graph_weight: weights [floats], gradients [params]. Borrowed. */
float *nas_net_weights(nas_net *net);
float *nas_net_gradients(nas_net *net);
int64_t nas_net_params(const nas_net *net);
int64_t nas_net_floats(const nas_net *net);

/* First values of one parameter tensor: He-normal kernels (fan-in), zero biases, ones
 * where the graph says so. @param w  [count] */
void nas_weight_init(const nas_weight *tensor, nas_rng *rng, float *w);

/* He-normal kernels (fan-in), zero biases but for the forget gates of an LSTM, which
 * begin open (1), unit norms, running mean 0 and variance 1. */
void nas_net_init(nas_net *net, nas_rng rng);

/* Random changes to a gathered batch, per sample; 0 = off. Columns are time in series and
 * spectra. */
typedef struct nas_augment {
    int shift;      /* pixels (images: both axes; series and spectra: time), uniform in
                       [-shift, shift], zeros (after standardising) move in */
    bool flip;      /* mirror left-right with probability 1/2 */
    int mask_time;  /* set up to so many columns in a row to the mean */
    int mask_bands; /* and so many rows */
    float noise;    /* normal, in deviations of the channel */
    float
        time_warp; /* stretch one part of the columns against the other: share of width */
    float rotate;  /* degrees, uniform to either side; images */
    float erase;   /* share of the area, up to; set to the mean with probability 1/2 */
    float mixup;  /* average pairs, and their loss: a of the Beta(a, a) of their shares */
    float cutmix; /* exchange boxes between pairs: the same; 0..1 both */
} nas_augment;

/* @return whether it changes anything */
bool nas_augment_any(const nas_augment *augment);

/* Gather rows into the input and remember their labels or targets. Applies the front
 * section. Rows beyond `n` in the last block are masked: they change no loss, gradient or
 * batch statistic.
 * @param rows  indices into data, 1 <= n <= batch. In training n must be batch.
 * @param augment  NULL = none; @param rng  of this step's augmentation
 * Targets are standardised with mean/deviation of nas_net_set_targets. */
void nas_net_batch(nas_net *net, const nas_dataset *data, const int64_t *rows, int n,
                   const nas_augment *augment, nas_rng *rng);
/* The same from floats, raw rows [n][C*H*W], but behind the computed part of the front
 * section (fitted constants are applied), and optional labels [n] or
 * targets [n][outputs]; for tests and verification. */
void nas_net_batch_floats(nas_net *net, const float *inputs, const int32_t *labels,
                          const float *targets, int n);
void nas_net_set_targets(nas_net *net, const float *mean, const float *deviation);

/* Forward pass of the gathered batch.
 * @param training  batch statistics and dropout (dropout draws from `rng`), else running
 * @return mean loss of the batch's valid samples (class-weighted), NaN if diverged */
double nas_net_forward(nas_net *net, bool training, nas_rng *rng);

/* How much a training forward moves the running statistics of norms towards those of its
 * batch, instead of what the graph says; 1, 1/2, 1/3, ... leaves their mean over batches.
 * @param momentum  below 0: as the graph says again */
void nas_net_set_norm_momentum(nas_net *net, float momentum);

/* Outputs of the last forward: logits or standardised targets, [n][outputs], and with
 * softmax (cross-entropy) or sigmoid (binary) applied when `probabilities`. */
void nas_net_outputs(const nas_net *net, bool probabilities, float *out);

/* Backward pass of the last training forward: fills all gradients (overwrites). */
void nas_net_backward(nas_net *net);

/* dL/dx of the last backward pass, for the input behind the front section; a net compiled
 * with `input_gradient` only. @param out  [n][C*H*W] of nas_graph_inner_shape, of the
 * gathered rows */
void nas_net_input_gradient(const nas_net *net, float *out);

/* Gates: a factor for each input of each gated addition, by node, then by input; 1 after
 * compiling. A branch whose gate is 0 is not computed, and what only it needs gets
 * gradient 0. */
int nas_net_gate_count(const nas_net *net);
/* @param gates  [nas_net_gate_count] */
void nas_net_set_gates(nas_net *net, const float *gates);
/* dL/dgate of the last backward pass; 0 where the gate was 0.
 * @param out  [nas_net_gate_count] */
void nas_net_gate_gradients(const nas_net *net, double *out);

/* Optimizer step over the flat vectors. Weight decay is decoupled (AdamW) or L2 (SGD) and
 * spares biases and norms. */
typedef struct nas_optimizer {
    nas_optimizer_kind kind;
    float weight_decay;
    float momentum;     /* SGD: Nesterov 0.9 */
    float beta1, beta2; /* AdamW 0.9, 0.99 */
    float epsilon;      /* 1e-8 */
    float clip_norm;    /* global gradient norm; 0 = off */
    float ema;          /* decay of averaged weights per step; 0 = off */
} nas_optimizer;

nas_optimizer nas_optimizer_default(nas_optimizer_kind kind);

/* One step. @param step  counts from 0 (bias correction)
 * @return false if a weight became NaN or infinite (checked on the gradient norm) */
bool nas_net_update(nas_net *net, const nas_optimizer *optimizer, float learning_rate,
                    int64_t step);

/* Replace the weights by their moving average (bias corrected), for evaluation; batch
 * norm statistics are not averaged. Only if `ema` was on. */
void nas_net_use_average(nas_net *net);

/* Everything a training needs to go on: weights, optimizer slots, averages.
 * nas_net_state_bytes / save / load; byte-equal continuation. */
size_t nas_net_state_bytes(const nas_net *net);
void nas_net_state_save(const nas_net *net, void *out);
void nas_net_state_load(nas_net *net, const void *state);

/* Average milliseconds and GFLOP/s of each compiled step of the last passes, as text
 * lines (bench only); empty unless NASMITH_PROFILE is set when compiling the net. */
void nas_net_profile(const nas_net *net, nas_text *out);

#endif
