#include "graph/graph.h"
#include "graph/op.h"

#include <math.h>
#include <string.h>

nas_graph_builder *nas_graph_builder_new(void)
{
    nas_graph_builder *builder = nas_heap_alloc(1, sizeof *builder);
    if (builder == NULL)
        return NULL;
    builder->arena = nas_arena_new();
    if (builder->arena == NULL) {
        nas_heap_free(builder);
        return NULL;
    }
    return builder;
}

void nas_graph_builder_free(nas_graph_builder *builder)
{
    if (builder == NULL)
        return;
    nas_arena_free(builder->arena);
    nas_heap_free(builder->drafts);
    nas_heap_free(builder);
}

/* Remember the first failure; every later add does nothing. */
static int stop(nas_graph_builder *builder, const nas_node *node)
{
    const char *name = node->name == NULL ? "" : node->name;
    nas_err_context(&builder->err, "node %d%s%s%s (%s)", builder->count,
                    name[0] == '\0' ? "" : " '", name, name[0] == '\0' ? "" : "'",
                    nas_op_get(node->op)->name);
    return -1;
}

static nas_status check_inputs(const nas_graph_builder *builder, const nas_node *node,
                               nas_err *err)
{
    const nas_op *op = nas_op_get(node->op);
    int n = node->n_inputs;
    if (builder->count >= NAS_GRAPH_MAX_NODES)
        return nas_fail(err, NAS_E_GRAPH, "more than %d nodes", NAS_GRAPH_MAX_NODES);
    if (builder->n_edges + n > NAS_GRAPH_MAX_EDGES)
        return nas_fail(err, NAS_E_GRAPH, "more than %d connections",
                        NAS_GRAPH_MAX_EDGES);
    if (n < op->min_inputs || (op->max_inputs >= 0 && n > op->max_inputs))
        return nas_fail(err, NAS_E_GRAPH, "%d inputs found, %s %d expected", n,
                        op->max_inputs == op->min_inputs ? "exactly" : "at least",
                        op->min_inputs);
    for (int i = 0; i < n; i++)
        if (node->inputs[i] < 0 || node->inputs[i] >= builder->count)
            return nas_fail(err, NAS_E_GRAPH,
                            "input %d is node %d, expected a node before it (0 to %d)", i,
                            node->inputs[i], builder->count - 1);
    return NAS_OK;
}

static bool attribute_in_range(const nas_param *param, nas_value value)
{
    if (param->type == NAS_PARAM_BOOL)
        return value.i == 0 || value.i == 1;
    if (param->type == NAS_PARAM_CHOICE) {
        int64_t n = 0;
        while (param->choices[n] != NULL)
            n++;
        return value.i >= 0 && value.i < n;
    }
    if (param->type == NAS_PARAM_REAL)
        return value.f >= param->min && value.f <= param->max;
    return (double)value.i >= param->min && (double)value.i <= param->max;
}

static nas_status check_attributes(const nas_node *node, nas_err *err)
{
    const nas_param *params = nas_op_get(node->op)->params;
    for (int i = 0; params[i].name != NULL; i++) {
        if (attribute_in_range(&params[i], node->attr[i]))
            continue;
        double value =
            params[i].type == NAS_PARAM_REAL ? node->attr[i].f : (double)node->attr[i].i;
        return nas_fail(err, NAS_E_GRAPH, "%s is %g, expected %g to %g", params[i].name,
                        value, params[i].min, params[i].max);
    }
    return NAS_OK;
}

static nas_status check_constants(const nas_node *node, nas_err *err)
{
    for (int64_t i = 0; i < node->n_constants; i++)
        if (!isfinite(node->constants[i]))
            return nas_fail(err, NAS_E_GRAPH, "constant %lld is not a finite number",
                            (long long)i);
    return NAS_OK;
}

static nas_status check_size(nas_shape shape, nas_err *err)
{
    int64_t count = nas_count_mul(nas_count_mul(shape.c, shape.h), shape.w);
    if (shape.c >= 1 && shape.h >= 1 && shape.w >= 1 && count <= NAS_GRAPH_MAX_ELEMENTS)
        return NAS_OK;
    return nas_fail(err, NAS_E_GRAPH,
                    "an output of %lldx%lldx%lld, expected 1 to %lld elements",
                    (long long)shape.c, (long long)shape.h, (long long)shape.w,
                    (long long)NAS_GRAPH_MAX_ELEMENTS);
}

/* Weights of the node, with the total of the graph kept below its cap. */
static nas_status count_weights(nas_graph_builder *builder, nas_draft *draft,
                                const nas_shape *shapes, nas_err *err)
{
    nas_weight weights[4];
    const nas_op *op = nas_op_get(draft->node.op);
    draft->n_weights = op->weights(&draft->node, shapes, weights);
    for (int i = 0; i < draft->n_weights; i++)
        builder->floats = nas_count_add(builder->floats, weights[i].count);
    if (builder->floats > NAS_GRAPH_MAX_FLOATS)
        return nas_fail(err, NAS_E_GRAPH, "more than %lld parameters in all",
                        (long long)NAS_GRAPH_MAX_FLOATS);
    return NAS_OK;
}

static nas_status infer(nas_graph_builder *builder, nas_draft *draft, nas_err *err)
{
    nas_node *node = &draft->node;
    const nas_op *op = nas_op_get(node->op);
    nas_shape *shapes = NAS_NEW(builder->arena, nas_shape, node->n_inputs);
    NAS_TRY_ALLOC(shapes, err);
    for (int i = 0; i < node->n_inputs; i++)
        shapes[i] = builder->drafts[node->inputs[i]].node.shape;
    NAS_TRY(op->shape(node, shapes, &node->shape, err));
    NAS_TRY(check_size(node->shape, err));
    NAS_TRY(count_weights(builder, draft, shapes, err));
    if (op->macs(node, shapes) > NAS_GRAPH_MAX_MACS)
        return nas_fail(err, NAS_E_GRAPH, "more than %lld multiply-accumulates",
                        (long long)NAS_GRAPH_MAX_MACS);
    return NAS_OK;
}

/* Move what the node points to into the builder's arena. */
static nas_status own(nas_graph_builder *builder, nas_node *node, nas_err *err)
{
    node->name = nas_arena_strdup(builder->arena, node->name == NULL ? "" : node->name);
    NAS_TRY_ALLOC(node->name, err);
    if (node->n_inputs > 0) {
        node->inputs = nas_arena_copy(builder->arena, node->inputs,
                                      (size_t)node->n_inputs * sizeof *node->inputs);
        NAS_TRY_ALLOC(node->inputs, err);
    }
    if (node->n_constants > 0) {
        node->constants = nas_arena_copy(builder->arena, node->constants,
                                         (size_t)node->n_constants * sizeof(float));
        NAS_TRY_ALLOC(node->constants, err);
    }
    return NAS_OK;
}

static nas_status grow(nas_graph_builder *builder, nas_err *err)
{
    if (builder->count < builder->capacity)
        return NAS_OK;
    int capacity = builder->capacity == 0 ? 32 : 2 * builder->capacity;
    nas_draft *drafts = nas_heap_grow(builder->drafts, (size_t)builder->capacity,
                                      (size_t)capacity, sizeof *drafts);
    NAS_TRY_ALLOC(drafts, err);
    builder->drafts = drafts;
    builder->capacity = capacity;
    return NAS_OK;
}

static nas_status append(nas_graph_builder *builder, nas_draft *draft, nas_err *err)
{
    NAS_TRY(check_inputs(builder, &draft->node, err));
    NAS_TRY(check_attributes(&draft->node, err));
    NAS_TRY(check_constants(&draft->node, err));
    NAS_TRY(infer(builder, draft, err));
    NAS_TRY(own(builder, &draft->node, err));
    NAS_TRY(grow(builder, err));
    builder->n_edges += draft->node.n_inputs;
    builder->drafts[builder->count++] = *draft;
    return NAS_OK;
}

int nas_graph_add_again(nas_graph_builder *builder, const nas_node *node,
                        const int *inputs)
{
    if (builder->err.code != NAS_OK)
        return -1;
    nas_draft draft = {.node = *node};
    draft.node.inputs = inputs;
    if (append(builder, &draft, &builder->err) != NAS_OK)
        return stop(builder, node);
    return builder->count - 1;
}

int nas_graph_add_input(nas_graph_builder *builder, nas_shape shape)
{
    nas_node node = {.op = NAS_OP_INPUT, .shape = shape};
    if (builder->err.code == NAS_OK &&
        (shape.c > NAS_GRAPH_MAX_EXTENT || shape.h > NAS_GRAPH_MAX_EXTENT ||
         shape.w > NAS_GRAPH_MAX_EXTENT)) {
        (void)nas_fail(&builder->err, NAS_E_GRAPH,
                       "an input of %lldx%lldx%lld, expected extents up to %d",
                       (long long)shape.c, (long long)shape.h, (long long)shape.w,
                       NAS_GRAPH_MAX_EXTENT);
        return stop(builder, &node);
    }
    return nas_graph_add_again(builder, &node, NULL);
}

int nas_graph_add(nas_graph_builder *builder, nas_op_kind op, const nas_value *attr,
                  const int *inputs, int n_inputs, const char *name)
{
    nas_node node = {.op = op, .n_inputs = n_inputs, .name = name};
    const nas_param *params = nas_op_get(op)->params;
    if (attr == NULL)
        nas_param_defaults(params, node.attr);
    else
        memcpy(node.attr, attr, (size_t)nas_param_count(params) * sizeof *attr);
    return nas_graph_add_again(builder, &node, inputs);
}

nas_shape nas_graph_builder_shape(const nas_graph_builder *builder, int node)
{
    if (builder->err.code != NAS_OK || node < 0 || node >= builder->count)
        return (nas_shape){0, 0, 0};
    return builder->drafts[node].node.shape;
}

/* Defaults of a window operator with a square window, flat where the input has one row.
 */
static void window_attributes(const nas_graph_builder *builder, nas_op_kind op, int input,
                              int64_t kernel, int64_t stride, nas_value *attr)
{
    bool flat = nas_graph_builder_shape(builder, input).h == 1;
    nas_param_defaults(nas_op_get(op)->params, attr);
    attr[NAS_ATTR_KERNEL_H].i = flat ? 1 : kernel;
    attr[NAS_ATTR_KERNEL_W].i = kernel;
    attr[NAS_ATTR_STRIDE_H].i = flat ? 1 : stride;
    attr[NAS_ATTR_STRIDE_W].i = stride;
}

int nas_graph_add_conv(nas_graph_builder *builder, int input, int64_t out, int64_t kernel,
                       int64_t stride, const char *name)
{
    nas_value attr[NAS_ATTR_MAX];
    window_attributes(builder, NAS_OP_CONV, input, kernel, stride, attr);
    attr[NAS_ATTR_CONV_OUT].i = out;
    return nas_graph_add(builder, NAS_OP_CONV, attr, &input, 1, name);
}

int nas_graph_add_depthwise(nas_graph_builder *builder, int input, int64_t kernel,
                            int64_t stride, const char *name)
{
    nas_value attr[NAS_ATTR_MAX];
    window_attributes(builder, NAS_OP_DEPTHWISE, input, kernel, stride, attr);
    return nas_graph_add(builder, NAS_OP_DEPTHWISE, attr, &input, 1, name);
}

int nas_graph_add_dense(nas_graph_builder *builder, int input, int64_t out,
                        const char *name)
{
    nas_value attr[NAS_ATTR_MAX];
    nas_param_defaults(nas_op_get(NAS_OP_DENSE)->params, attr);
    attr[NAS_ATTR_DENSE_OUT].i = out;
    return nas_graph_add(builder, NAS_OP_DENSE, attr, &input, 1, name);
}

int nas_graph_add_pool(nas_graph_builder *builder, nas_op_kind op, int input,
                       int64_t kernel, int64_t stride, int pad, const char *name)
{
    nas_value attr[NAS_ATTR_MAX];
    window_attributes(builder, op, input, kernel, stride, attr);
    attr[NAS_ATTR_PAD].i = pad;
    return nas_graph_add(builder, op, attr, &input, 1, name);
}

int nas_graph_add_unary(nas_graph_builder *builder, nas_op_kind op, int input,
                        const char *name)
{
    return nas_graph_add(builder, op, NULL, &input, 1, name);
}

/* A node of the front section that reads `input`; constants are copied. */
static int add_fitted(nas_graph_builder *builder, nas_op_kind op, int input,
                      const float *constants, int64_t n)
{
    nas_node node = {.op = op, .n_inputs = 1, .constants = constants, .n_constants = n};
    return nas_graph_add_again(builder, &node, &input);
}

int nas_graph_add_encode(nas_graph_builder *builder, int input, const float *columns,
                         int64_t n)
{
    return add_fitted(builder, NAS_OP_ENCODE, input, columns, n * NAS_ENCODE_FIELDS);
}

int nas_graph_add_standardise(nas_graph_builder *builder, int input, const float *mean,
                              const float *inverse_deviation, int64_t channels)
{
    if (builder->err.code != NAS_OK)
        return -1;
    float *constants = NAS_NEW(builder->arena, float, 2 * channels);
    if (constants == NULL) {
        (void)nas_fail(&builder->err, NAS_E_NOMEM, "out of memory");
        return stop(builder, &(nas_node){.op = NAS_OP_STANDARDISE});
    }
    memcpy(constants, mean, (size_t)channels * sizeof *mean);
    memcpy(constants + channels, inverse_deviation, (size_t)channels * sizeof *mean);
    return add_fitted(builder, NAS_OP_STANDARDISE, input, constants, 2 * channels);
}
