/* Blocks over the columns of a table. */
#include "space/build.h"

int nas_build_tokens(build *b, const nas_instr *instr, int input)
{
    nas_value attr[NAS_ATTR_MAX];
    nas_param_defaults(nas_op_get(NAS_OP_TOKENS)->params, attr);
    attr[NAS_ATTR_TOKENS_OUT].i = (int64_t)instr->arg[TOKENS_OUT];
    return nas_graph_add(b->builder, NAS_OP_TOKENS, attr, &input, 1, b->name);
}

/* Columns from..from+count of the table. */
static int columns(build *b, int input, int64_t from, int64_t count)
{
    const nas_value attr[NAS_ATTR_MAX] = {
        [NAS_ATTR_SLICE_FROM] = {.i = from}, [NAS_ATTR_SLICE_COUNT] = {.i = count}};
    return nas_graph_add(b->builder, NAS_OP_SLICE, attr, &input, 1, b->name);
}

/* Guo, Berkhahn, Entity embeddings of categorical variables, arXiv:1604.06737 (2016): a
 * dense layer without bias over the columns of a category picks the row of its level.
 * What lies between the categories stays as it is. */
int nas_build_embed(build *b, const nas_instr *instr, int input)
{
    const nas_space_context *context = b->context;
    const int64_t all = nas_graph_builder_shape(b->builder, input).c;
    int parts[2 * NAS_SPACE_CATEGORIES + 1], n = 0;
    int64_t at = 0;
    for (int k = 0; k < context->n_categories; k++) {
        const int64_t from = context->categories[k].from;
        const int64_t count = context->categories[k].count;
        const int64_t out = (int64_t)instr->arg[EMBED_OUT];
        if (from > at)
            parts[n++] = columns(b, input, at, from - at);
        parts[n++] = nas_build_dense(b, columns(b, input, from, count),
                                     out < count ? out : count, false);
        at = from + count;
    }
    if (at < all)
        parts[n++] = columns(b, input, at, all - at);
    return n == 1 ? parts[0]
                  : nas_graph_add(b->builder, NAS_OP_CONCAT, NULL, parts, n, b->name);
}
