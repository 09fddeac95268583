#include "space/build.h"

#include <assert.h>

int nas_build_act(build *b, int act, int input)
{
    static const nas_op_kind ops[] = {[ACT_RELU] = NAS_OP_RELU,
                                      [ACT_RELU6] = NAS_OP_RELU6,
#define CURVE_OP(upper, lower) [ACT_##upper] = NAS_OP_##upper,
                                      NAS_CURVE_LIST(CURVE_OP)
#undef CURVE_OP
    };
    return act == ACT_NONE ? input : nas_build_unary(b, ops[act], input);
}

int nas_build_norm_act(build *b, int norm, int act, int input)
{
    if (norm != NORM_NONE)
        input = nas_build_unary(
            b, norm == NORM_BATCH ? NAS_OP_BATCH_NORM : NAS_OP_LAYER_NORM, input);
    return nas_build_act(b, act, input);
}

static bool has_bias(double bias, double norm)
{
    return (int)bias == BIAS_YES || ((int)bias == BIAS_AUTO && (int)norm == NORM_NONE);
}

/* The options that windows share. */
typedef struct window {
    double kernel, stride, pad, dilation;
    bool bias;
} window;

/* A window is flat where the input has one row: 1 x kernel. */
static void fill_window(const build *b, nas_op_kind op, int input, const window *w,
                        nas_value *attr)
{
    bool flat = nas_graph_builder_shape(b->builder, input).h == 1;
    nas_param_defaults(nas_op_get(op)->params, attr);
    attr[NAS_ATTR_KERNEL_H].i = flat ? 1 : (int64_t)w->kernel;
    attr[NAS_ATTR_KERNEL_W].i = (int64_t)w->kernel;
    attr[NAS_ATTR_STRIDE_H].i = flat ? 1 : (int64_t)w->stride;
    attr[NAS_ATTR_STRIDE_W].i = (int64_t)w->stride;
    attr[NAS_ATTR_PAD].i = (int64_t)w->pad;
    if (op != NAS_OP_CONV && op != NAS_OP_DEPTHWISE)
        return;
    attr[NAS_ATTR_DILATION_H].i = flat ? 1 : (int64_t)w->dilation;
    attr[NAS_ATTR_DILATION_W].i = (int64_t)w->dilation;
    attr[NAS_ATTR_WINDOW_BIAS].i = w->bias;
}

static int windowed(build *b, nas_op_kind op, int input, const window *w)
{
    nas_value attr[NAS_ATTR_MAX];
    fill_window(b, op, input, w, attr);
    return nas_graph_add(b->builder, op, attr, &input, 1, b->name);
}

static int convolve(build *b, int input, const window *w, int64_t out, double groups)
{
    nas_value attr[NAS_ATTR_MAX];
    fill_window(b, NAS_OP_CONV, input, w, attr);
    attr[NAS_ATTR_CONV_OUT].i = out;
    attr[NAS_ATTR_CONV_GROUPS].i = (int64_t)groups;
    return nas_graph_add(b->builder, NAS_OP_CONV, attr, &input, 1, b->name);
}

/* A 1x1 convolution, norm and activation. */
int nas_build_pointwise(build *b, int input, int64_t out, int norm, int act)
{
    window w = {1, 1, NAS_PAD_SAME, 1, norm == NORM_NONE};
    return nas_build_norm_act(b, norm, act, convolve(b, input, &w, out, 1));
}

static int64_t channels_of(const build *b, int input)
{
    return nas_graph_builder_shape(b->builder, input).c;
}

static int build_conv(build *b, const nas_instr *instr, int input)
{
    const double *arg = instr->arg;
    window w = {arg[CONV_KERNEL], arg[CONV_STRIDE], arg[CONV_PAD], arg[CONV_DILATION],
                has_bias(arg[CONV_BIAS], arg[CONV_NORM])};
    int64_t out = nas_build_width(channels_of(b, input), arg[CONV_OUT]);
    input = convolve(b, input, &w, out, arg[CONV_GROUPS]);
    return nas_build_norm_act(b, (int)arg[CONV_NORM], (int)arg[CONV_ACT], input);
}

static int build_depthwise(build *b, const nas_instr *instr, int input)
{
    const double *arg = instr->arg;
    window w = {arg[DEPTHWISE_KERNEL], arg[DEPTHWISE_STRIDE], arg[DEPTHWISE_PAD],
                arg[DEPTHWISE_DILATION],
                has_bias(arg[DEPTHWISE_BIAS], arg[DEPTHWISE_NORM])};
    input = windowed(b, NAS_OP_DEPTHWISE, input, &w);
    return nas_build_norm_act(b, (int)arg[DEPTHWISE_NORM], (int)arg[DEPTHWISE_ACT],
                              input);
}

static int build_separable(build *b, const nas_instr *instr, int input)
{
    const double *arg = instr->arg;
    int norm = (int)arg[SEPARABLE_NORM];
    int act = (int)arg[SEPARABLE_ACT];
    window w = {arg[SEPARABLE_KERNEL], arg[SEPARABLE_STRIDE], NAS_PAD_SAME, 1,
                norm == NORM_NONE};
    int64_t out = nas_build_width(channels_of(b, input), arg[SEPARABLE_OUT]);
    input = nas_build_norm_act(b, norm, act, windowed(b, NAS_OP_DEPTHWISE, input, &w));
    return nas_build_pointwise(b, input, out, norm, act);
}

int nas_build_dense(build *b, int input, int64_t out, bool bias)
{
    nas_value attr[NAS_ATTR_MAX];
    nas_param_defaults(nas_op_get(NAS_OP_DENSE)->params, attr);
    attr[NAS_ATTR_DENSE_OUT].i = out;
    attr[NAS_ATTR_DENSE_BIAS].i = bias;
    return nas_graph_add(b->builder, NAS_OP_DENSE, attr, &input, 1, b->name);
}

/* Hu, Shen, Sun: Squeeze-and-Excitation Networks, CVPR 2018: each channel times a factor
 * that two dense layers make from the means of all channels. */
static int squeeze_excite(build *b, int input, int64_t ratio, int act, int gate)
{
    const int64_t channels = channels_of(b, input);
    const int64_t inside = channels / ratio > 0 ? channels / ratio : 1;
    int factors = nas_build_unary(b, NAS_OP_GLOBAL_AVG_POOL, input);
    factors = nas_build_act(b, act, nas_build_dense(b, factors, inside, true));
    factors = nas_build_dense(b, factors, channels, true);
    factors = nas_build_unary(
        b, gate == GATE_SIGMOID ? NAS_OP_SIGMOID : NAS_OP_HARD_SIGMOID, factors);
    return nas_graph_add(b->builder, NAS_OP_MUL, NULL, (int[]){input, factors}, 2,
                         b->name);
}

/* Sandler, Howard, Zhu, Zhmoginov, Chen: MobileNetV2, CVPR 2018: the last convolution is
 * linear, and the input is added where stride and channels allow it. Squeeze-and-excite
 * stands behind the depthwise part, with ReLU and hard sigmoid: Howard et al., Searching
 * for MobileNetV3, ICCV 2019. */
static int build_mbconv(build *b, const nas_instr *instr, int input)
{
    const double *arg = instr->arg;
    int act = (int)arg[MBCONV_ACT];
    int64_t in = channels_of(b, input);
    window w = {arg[MBCONV_KERNEL], arg[MBCONV_STRIDE], NAS_PAD_SAME, 1, false};
    int body = input;
    if (arg[MBCONV_EXPAND] > 1)
        body = nas_build_pointwise(b, body, in * (int64_t)arg[MBCONV_EXPAND], NORM_BATCH,
                                   act);
    body =
        nas_build_norm_act(b, NORM_BATCH, act, windowed(b, NAS_OP_DEPTHWISE, body, &w));
    if (arg[MBCONV_SE] > 0)
        body =
            squeeze_excite(b, body, (int64_t)arg[MBCONV_SE], ACT_RELU, GATE_HARD_SIGMOID);
    body = nas_build_pointwise(b, body, nas_build_width(in, arg[MBCONV_OUT]), NORM_BATCH,
                               ACT_NONE);
    if (!nas_shape_equal(nas_graph_builder_shape(b->builder, input),
                         nas_graph_builder_shape(b->builder, body)))
        return body;
    return nas_graph_add(b->builder, NAS_OP_ADD, NULL, (int[]){body, input}, 2, b->name);
}

/* Relative widths refer to the channels, also where rows and columns are read too. */
static int build_dense(build *b, const nas_instr *instr, int input)
{
    const int norm = (int)instr->arg[DENSE_NORM];
    const int64_t out = nas_build_width(channels_of(b, input), instr->arg[DENSE_OUT]);
    input = nas_build_dense(b, input, out, norm == NORM_NONE);
    return nas_build_norm_act(b, norm, (int)instr->arg[DENSE_ACT], input);
}

static int build_pool(build *b, nas_op_kind op, const nas_instr *instr, int input)
{
    const double *arg = instr->arg;
    window w = {arg[POOL_KERNEL], arg[POOL_STRIDE], arg[POOL_PAD], 1, false};
    return windowed(b, op, input, &w);
}

int nas_build_dropout(build *b, double rate, int input)
{
    nas_value attr[NAS_ATTR_MAX] = {[NAS_ATTR_DROPOUT_RATE] = {.f = rate}};
    return rate > 0 ? nas_graph_add(b->builder, NAS_OP_DROPOUT, attr, &input, 1, b->name)
                    : input;
}

static int build_group_norm(build *b, const nas_instr *instr, int input)
{
    nas_value attr[NAS_ATTR_MAX];
    nas_param_defaults(nas_op_get(NAS_OP_GROUP_NORM)->params, attr);
    attr[NAS_ATTR_SAMPLE_NORM_GROUPS].i = (int64_t)instr->arg[GROUP_NORM_GROUPS];
    return nas_graph_add(b->builder, NAS_OP_GROUP_NORM, attr, &input, 1, b->name);
}

int nas_build_operator(build *b, const nas_instr *instr, int input)
{
    switch (instr->code) {
    case NAS_BLOCK_CONV:
        return build_conv(b, instr, input);
    case NAS_BLOCK_DEPTHWISE:
        return build_depthwise(b, instr, input);
    case NAS_BLOCK_SEPARABLE:
        return build_separable(b, instr, input);
    case NAS_BLOCK_MBCONV:
        return build_mbconv(b, instr, input);
    case NAS_BLOCK_DENSE:
        return build_dense(b, instr, input);
    case NAS_BLOCK_LSTM:
        return nas_build_recurrent(b, NAS_OP_LSTM, instr, input);
    case NAS_BLOCK_GRU:
        return nas_build_recurrent(b, NAS_OP_GRU, instr, input);
    case NAS_BLOCK_SPECTROGRAM:
    case NAS_BLOCK_LOG_MEL:
    case NAS_BLOCK_MFCC:
        return nas_build_spectrum(b, instr, input);
    case NAS_BLOCK_EMBED:
        return nas_build_embed(b, instr, input);
    case NAS_BLOCK_TOKENS:
        return nas_build_tokens(b, instr, input);
    case NAS_BLOCK_POSITIONS:
        return nas_build_positions(b, instr, input);
    case NAS_BLOCK_ATTENTION:
        return nas_build_attention(b, (int64_t)instr->arg[ATTENTION_HEADS], input);
    case NAS_BLOCK_TRANSFORMER:
        return nas_build_transformer(b, instr, input);
    case NAS_BLOCK_LAYER_NORM:
        return nas_build_unary(b, NAS_OP_LAYER_NORM, input);
    case NAS_BLOCK_GROUP_NORM:
        return build_group_norm(b, instr, input);
    case NAS_BLOCK_MAX_POOL:
        return build_pool(b, NAS_OP_MAX_POOL, instr, input);
    case NAS_BLOCK_AVG_POOL:
        return build_pool(b, NAS_OP_AVG_POOL, instr, input);
    case NAS_BLOCK_GLOBAL_AVG_POOL:
        return nas_build_unary(b, NAS_OP_GLOBAL_AVG_POOL, input);
    case NAS_BLOCK_GLOBAL_MAX_POOL:
        return nas_build_unary(b, NAS_OP_GLOBAL_MAX_POOL, input);
    case NAS_BLOCK_SQUEEZE_EXCITE:
        return squeeze_excite(b, input, (int64_t)instr->arg[SQUEEZE_RATIO],
                              (int)instr->arg[SQUEEZE_ACT],
                              (int)instr->arg[SQUEEZE_GATE]);
    case NAS_BLOCK_DROPOUT:
        return nas_build_dropout(b, instr->arg[DROPOUT_RATE], input);
    case NAS_BLOCK_FLATTEN:
        return nas_build_unary(b, NAS_OP_FLATTEN, input);
    case NAS_BLOCK_RELU:
        return nas_build_unary(b, NAS_OP_RELU, input);
    case NAS_BLOCK_RELU6:
        return nas_build_unary(b, NAS_OP_RELU6, input);
#define CURVE_CASE(upper, lower)                                                         \
    case NAS_BLOCK_##upper:                                                              \
        return nas_build_unary(b, NAS_OP_##upper, input);
        NAS_CURVE_LIST(CURVE_CASE)
#undef CURVE_CASE
    default:
        assert(instr->code == NAS_BLOCK_BATCH_NORM);
        return nas_build_unary(b, NAS_OP_BATCH_NORM, input);
    }
}
