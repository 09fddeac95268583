/* The kernels shipped with generated C, compiled into the library: tests, the latency
 * table and nas_runtime run exactly what a device will run. */
#include "export/kernels.h"

#include "export/runtime/once.h"

#include "export/runtime/clamp.h"
#include "export/runtime/dot.h"
#include "export/runtime/exp.h"
#include "export/runtime/inverse_root.h"
#include "export/runtime/logistic.h"
#include "export/runtime/recurrent.h"
#include "export/runtime/taps.h"
#include "graph/runtime/log.h"

#include "export/runtime/conv_pixel.h"
#include "export/runtime/depthwise_pixel.h"

#include "export/runtime/activation.h"
#include "export/runtime/add.h"
#include "export/runtime/add_gather.h"
#include "export/runtime/affine.h"
#include "export/runtime/attention.h"
#include "export/runtime/avg_pool.h"
#include "export/runtime/concat.h"
#include "export/runtime/conv.h"
#include "export/runtime/dense.h"
#include "export/runtime/depthwise.h"
#include "export/runtime/encode.h"
#include "export/runtime/gate.h"
#include "export/runtime/gate_gather.h"
#include "export/runtime/gelu.h"
#include "export/runtime/global_avg_pool.h"
#include "export/runtime/global_max_pool.h"
#include "export/runtime/group_norm.h"
#include "export/runtime/gru.h"
#include "export/runtime/hard_sigmoid.h"
#include "export/runtime/hard_swish.h"
#include "export/runtime/layer_norm.h"
#include "export/runtime/leaky_relu.h"
#include "export/runtime/load.h"
#include "export/runtime/lstm.h"
#include "export/runtime/max_pool.h"
#include "export/runtime/mul.h"
#include "export/runtime/positions.h"
#include "export/runtime/sigmoid.h"
#include "export/runtime/silu.h"
#include "export/runtime/slice.h"
#include "export/runtime/softmax.h"
#include "export/runtime/standardise.h"
#include "export/runtime/store.h"
#include "export/runtime/store_gather.h"
#include "export/runtime/tanh.h"
#include "export/runtime/tokens.h"
#include "graph/runtime/spectrum.h"

/* Pointers of one call. */
typedef struct operands {
    const nas_call *call;
    const float *w0, *w1, *a, *b;
    const uint32_t *indices;
    float *scratch, *out;
} operands;

/* One function per kernel with the same signature; the form says which arguments. */
#define ARGUMENTS_MAP(o) &(o)->call->map, (o)->a, (o)->out
#define ARGUMENTS_MAP_WEIGHTS(o) &(o)->call->map, (o)->w0, (o)->w1, (o)->a, (o)->out
#define ARGUMENTS_MAP_CONSTANTS(o) &(o)->call->map, (o)->w0, (o)->a, (o)->out
#define ARGUMENTS_HEADS(o) &(o)->call->heads, (o)->a, (o)->scratch, (o)->out
#define ARGUMENTS_MAP_GATHER(o) &(o)->call->map, (o)->indices, (o)->a, (o)->out
#define ARGUMENTS_MAP_PAIR(o) &(o)->call->map, (o)->a, (o)->b, (o)->out
#define ARGUMENTS_MAP_PAIR_GATHER(o)                                                     \
    &(o)->call->map, (o)->indices, (o)->a, (o)->b, (o)->out
#define ARGUMENTS_RECURRENT(o)                                                           \
    &(o)->call->recurrent, (o)->w0, (o)->w1, (o)->a, (o)->scratch, (o)->out
#define ARGUMENTS_SPECTRUM(o)                                                            \
    &(o)->call->spectrum, (o)->w0, (o)->w1, (o)->a, (o)->scratch, (o)->out
#define ARGUMENTS_WINDOW(o) &(o)->call->window, (o)->a, (o)->out
#define ARGUMENTS_WINDOW_WEIGHTS(o) &(o)->call->window, (o)->w0, (o)->w1, (o)->a, (o)->out

#define WRAPPER(upper, lower, form)                                                      \
    static void run_##lower(const operands *o)                                           \
    {                                                                                    \
        nas_rt_##lower(ARGUMENTS_##form(o));                                             \
    }
NAS_KERNEL_LIST(WRAPPER)
#undef WRAPPER

static void (*const functions[NAS_KERNEL_COUNT])(const operands *) = {
#define ENTRY(upper, lower, form) [NAS_KERNEL_##upper] = run_##lower,
    NAS_KERNEL_LIST(ENTRY)
#undef ENTRY
};

void nas_kernel_run(const nas_calls *calls, const nas_call *call, float *arena,
                    const float *in, float *out)
{
    float *to = call->out == NAS_AT_CALLER ? out : arena + call->out;
    operands o = {.call = call, .out = to, .a = in};
    /* The head works in place on the caller's result. */
    if (call->in[0] != NAS_AT_CALLER)
        o.a = arena + call->in[0];
    else if (call->out == NAS_AT_CALLER)
        o.a = out;
    o.b = o.scratch = arena + call->in[1];
    o.w0 = calls->weights + call->weights[0];
    o.w1 = calls->weights + call->weights[1];
    if (calls->indices != NULL)
        o.indices = calls->indices + call->indices;
    functions[call->kernel](&o);
}
