/* Blocks over series: recurrent layers and Transformer encoders. */
#include "space/build.h"

static int64_t channels_of(const build *b, int input)
{
    return nas_graph_builder_shape(b->builder, input).c;
}

int nas_build_recurrent(build *b, nas_op_kind op, const nas_instr *instr, int input)
{
    nas_value attr[NAS_ATTR_MAX];
    nas_param_defaults(nas_op_get(op)->params, attr);
    attr[NAS_ATTR_RECURRENT_OUT].i =
        nas_build_width(channels_of(b, input), instr->arg[RECURRENT_OUT]);
    attr[NAS_ATTR_RECURRENT_BIDIRECTIONAL].i = instr->arg[RECURRENT_BIDIRECTIONAL] > 0;
    attr[NAS_ATTR_RECURRENT_SEQUENCE].i =
        (int)instr->arg[RECURRENT_RESULT] != RESULT_LAST;
    return nas_graph_add(b->builder, op, attr, &input, 1, b->name);
}

int nas_build_positions(build *b, const nas_instr *instr, int input)
{
    nas_value attr[NAS_ATTR_MAX];
    nas_param_defaults(nas_op_get(NAS_OP_POSITIONS)->params, attr);
    attr[NAS_ATTR_POSITIONS_KIND].i = (int64_t)instr->arg[POSITIONS_KIND];
    return nas_graph_add(b->builder, NAS_OP_POSITIONS, attr, &input, 1, b->name);
}

/* One convolution of width 1 makes queries, keys and values, another joins the heads. */
int nas_build_attention(build *b, int64_t heads, int input)
{
    const int64_t channels = channels_of(b, input);
    nas_value attr[NAS_ATTR_MAX];
    nas_param_defaults(nas_op_get(NAS_OP_ATTENTION)->params, attr);
    attr[NAS_ATTR_ATTENTION_HEADS].i = heads;
    input = nas_build_pointwise(b, input, 3 * channels, NORM_NONE, ACT_NONE);
    input = nas_graph_add(b->builder, NAS_OP_ATTENTION, attr, &input, 1, b->name);
    return nas_build_pointwise(b, input, channels, NORM_NONE, ACT_NONE);
}

static int sum(build *b, int input, double dropout, int body)
{
    const int both[2] = {nas_build_dropout(b, dropout, body), input};
    return nas_graph_add(b->builder, NAS_OP_ADD, NULL, both, 2, b->name);
}

/* Vaswani et al., Attention is all you need, NeurIPS 2017, with the norm before each half
 * instead of behind it: Xiong et al., On layer normalization in the Transformer
 * architecture, ICML 2020, which trains without a long warm-up. */
int nas_build_transformer(build *b, const nas_instr *instr, int input)
{
    const double *arg = instr->arg, dropout = arg[TRANSFORMER_DROPOUT];
    const int64_t channels = channels_of(b, input);
    int body = nas_build_unary(b, NAS_OP_LAYER_NORM, input);
    body = nas_build_attention(b, (int64_t)arg[TRANSFORMER_HEADS], body);
    input = sum(b, input, dropout, body);
    body = nas_build_unary(b, NAS_OP_LAYER_NORM, input);
    body = nas_build_pointwise(b, body, channels * (int64_t)arg[TRANSFORMER_EXPAND],
                               NORM_NONE, (int)arg[TRANSFORMER_ACT]);
    body = nas_build_pointwise(b, body, channels, NORM_NONE, ACT_NONE);
    return sum(b, input, dropout, body);
}
