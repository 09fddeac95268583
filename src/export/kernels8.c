/* The int8 kernels shipped with generated C, compiled into the library. */
#include "export/kernels8.h"

/* The shipped text calls its structures the same for both types; here both are known. */
#define nas_rt_map nas_rt_map8
#define nas_rt_window nas_rt_window8

#include "export/runtime/once.h"
#include "export/runtime8/types.h"

#include "export/runtime/taps.h"
#include "export/runtime8/clamp.h"
#include "export/runtime8/dot.h"
#include "export/runtime8/rescale.h"

#include "export/runtime8/convert.h"

#include "export/runtime8/activation.h"
#include "export/runtime8/add.h"
#include "export/runtime8/avg_pool.h"
#include "export/runtime8/concat.h"
#include "export/runtime8/conv.h"
#include "export/runtime8/dense.h"
#include "export/runtime8/depthwise.h"
#include "export/runtime8/dequantise.h"
#include "export/runtime8/global_avg_pool.h"
#include "export/runtime8/global_max_pool.h"
#include "export/runtime8/load.h"
#include "export/runtime8/lut.h"
#include "export/runtime8/max_pool.h"
#include "export/runtime8/mul.h"
#include "export/runtime8/quantise.h"
#include "export/runtime8/softmax.h"
#include "export/runtime8/store.h"
#include "export/runtime8/store_gather.h"

/* One call with its pointers. */
typedef struct operands {
    nas_rt_map map;
    nas_rt_window window;
    const int8_t *w, *shifts;
    const int32_t *scales;
    const uint32_t *indices;
    const int8_t *in;
    int8_t *out;
} operands;

#define ARGUMENTS_MAP(o) &(o)->map, (o)->in, (o)->out
#define ARGUMENTS_MAP_WEIGHTS(o)                                                         \
    &(o)->map, (o)->w, (o)->shifts, (o)->scales, (o)->in, (o)->out
#define ARGUMENTS_MAP_CONSTANTS(o) &(o)->map, (o)->w, (o)->in, (o)->out
#define ARGUMENTS_MAP_GATHER(o) &(o)->map, (o)->indices, (o)->in, (o)->out
#define ARGUMENTS_WINDOW(o) &(o)->window, (o)->in, (o)->out
#define ARGUMENTS_WINDOW_WEIGHTS(o)                                                      \
    &(o)->window, (o)->w, (o)->shifts, (o)->scales, (o)->in, (o)->out
#define ARGUMENTS_TERMS(o) &(o)->map, (o)->scales, (o)->indices, (o)->in, (o)->out

#define WRAPPER(upper, lower, form)                                                      \
    static void run_##lower(const operands *o)                                           \
    {                                                                                    \
        nas_rt_##lower(ARGUMENTS_##form(o));                                             \
    }
NAS_KERNEL8_LIST(WRAPPER)
NAS_KERNEL8_ONLY_LIST(WRAPPER)
#undef WRAPPER

static void (*const functions[NAS_KERNEL_COUNT])(const operands *) = {
#define ENTRY(upper, lower, form) [NAS_KERNEL_##upper] = run_##lower,
    NAS_KERNEL8_LIST(ENTRY) NAS_KERNEL8_ONLY_LIST(ENTRY)
#undef ENTRY
};

static nas_rt_map map_of(const nas_call *call)
{
    return (nas_rt_map){.pixels = call->map.pixels,
                        .in_c = call->map.in_c,
                        .out_c = call->map.out_c,
                        .in_zero = call->int8.in_zero,
                        .out_zero = call->int8.out_zero,
                        .low = call->int8.low,
                        .high = call->int8.high,
                        .multiplier = call->int8.multiplier,
                        .shift = call->int8.shift};
}

static nas_rt_window window_of(const nas_call *call)
{
    return (nas_rt_window){.in_h = call->window.in_h,
                           .in_w = call->window.in_w,
                           .in_c = call->window.in_c,
                           .out_h = call->window.out_h,
                           .out_w = call->window.out_w,
                           .out_c = call->window.out_c,
                           .kernel_h = call->window.kernel_h,
                           .kernel_w = call->window.kernel_w,
                           .stride_h = call->window.stride_h,
                           .stride_w = call->window.stride_w,
                           .pad_h = call->window.pad_h,
                           .pad_w = call->window.pad_w,
                           .dilation_h = call->window.dilation_h,
                           .dilation_w = call->window.dilation_w,
                           .groups = call->window.groups,
                           .backward = call->window.backward,
                           .in_zero = call->int8.in_zero,
                           .out_zero = call->int8.out_zero,
                           .low = call->int8.low,
                           .high = call->int8.high};
}

void nas_kernel8_run(const nas_calls *calls, const nas_call *call, int8_t *arena,
                     const int8_t *in, int8_t *out)
{
    operands o = {.map = map_of(call), .window = window_of(call), .in = in};
    o.out = call->out == NAS_AT_CALLER ? out : arena + call->out;
    /* The head works in place on the caller's result. */
    if (call->in[0] != NAS_AT_CALLER)
        o.in = arena + call->in[0];
    else if (call->out == NAS_AT_CALLER)
        o.in = out;
    o.w = calls->weights8 + call->weights[0];
    o.shifts = calls->weights8 + call->weights[1];
    o.scales = calls->scales + call->int8.scales;
    if (calls->indices != NULL)
        o.indices = calls->indices + call->indices;
    functions[call->kernel](&o);
}

void nas_kernel8_quantise(nas_shape shape, const float *factor, const float *offset,
                          const float *in, int8_t *out)
{
    nas_rt_quantise((int32_t)shape.c, (int32_t)(shape.h * shape.w), factor, offset, in,
                    out);
}

void nas_kernel8_dequantise(int64_t count, const float *factor, const float *offset,
                            const int8_t *in, float *out)
{
    nas_rt_dequantise((int32_t)count, factor, offset, in, out);
}
