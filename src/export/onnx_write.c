#include "nasmith/export.h"

#include "export/head.h"
#include "export/onnx.h"
#include "export/onnx_emit.h"
#include "export/onnx_int8.h"
#include "export/quant.h"
#include "nasmith/file.h"
#include "nasmith/text.h"
#include "nasmith/version.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const nas_onnx_emitter emitters[NAS_OP_COUNT] = {
#define EMITTER(upper, lower) [NAS_OP_##upper] = nas_onnx_emit_##lower,
    NAS_OP_LIST(EMITTER)
#undef EMITTER
};

/* Softmax of logits, or targets back in the user's units. Int8 too ends with a softmax in
 * floats: versions of ONNX Runtime fuse a rounded one into a kernel in which the
 * probability 1 wraps from 127 to -128 (microsoft/onnxruntime#29727).
 * @return the last name */
static const char *emit_head(nas_onnx_builder *b, const char *last)
{
    if (nas_head_has_softmax(b->model)) {
        nas_onnx_int(b, nas_onnx_add_unary(b, "Softmax", "softmax", last, "softmax"),
                     "axis", 1);
        return "softmax";
    }
    if (!nas_head_has_scale(b->model))
        return last;
    const int64_t dims[2] = {1, b->model->n_outputs};
    const char *mul[2] = {last, NAS_ONNX_TARGET_DEVIATION};
    const char *add[2] = {"scaled", NAS_ONNX_TARGET_MEAN};
    (void)nas_onnx_floats(b, mul[1], dims, 2, b->model->target_deviation);
    (void)nas_onnx_floats(b, add[1], dims, 2, b->model->target_mean);
    (void)nas_onnx_add(b, "Mul", "target scale", mul, 2, "scaled");
    (void)nas_onnx_add(b, "Add", "target shift", add, 2, "shifted");
    return "shifted";
}

static void emit_graph(nas_onnx_builder *b)
{
    const nas_graph *graph = b->model->graph;
    for (int i = 0; i < nas_graph_count(graph) && !b->failed; i++) {
        if (b->quant == NULL || !nas_onnx_int8_replaces(b, i))
            emitters[nas_graph_node(graph, i)->op](b, i);
        if (b->quant != NULL)
            nas_onnx_int8_end_node(b, i);
    }
    if (b->failed)
        return;
    const char *last = emit_head(b, nas_onnx_flat(b, nas_graph_output(graph)));
    (void)nas_onnx_add_unary(b, "Identity", "output", last, "output");
}

/* All parts of a tensor's type, so that one allocation holds them. */
typedef struct tensor_type {
    Onnx__ValueInfoProto info;
    Onnx__TypeProto type;
    Onnx__TypeProto__Tensor tensor;
    Onnx__TensorShapeProto shape;
    Onnx__TensorShapeProto__Dimension dims[4], *list[4];
    char batch[6];
} tensor_type;

/* A tensor's type: float [batch, dims...]; dims are per sample, at most 3. */
static Onnx__ValueInfoProto *value_info(nas_onnx_builder *b, char *name,
                                        const int64_t *dims, size_t rank)
{
    tensor_type *t = NAS_NEW(b->arena, tensor_type, 1);
    b->failed = b->failed || t == NULL;
    if (t == NULL)
        return NULL;
    onnx__value_info_proto__init(&t->info);
    onnx__type_proto__init(&t->type);
    onnx__type_proto__tensor__init(&t->tensor);
    onnx__tensor_shape_proto__init(&t->shape);
    for (size_t i = 0; i <= rank; i++) {
        onnx__tensor_shape_proto__dimension__init(&t->dims[i]);
        t->dims[i].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        if (i > 0)
            t->dims[i].dim_value = dims[i - 1];
        t->list[i] = &t->dims[i];
    }
    memcpy(t->batch, "batch", sizeof t->batch);
    t->dims[0].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    t->dims[0].dim_param = t->batch;
    t->shape.dim = t->list;
    t->shape.n_dim = rank + 1;
    t->tensor.has_elem_type = 1;
    t->tensor.elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT;
    t->tensor.shape = &t->shape;
    t->type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    t->type.tensor_type = &t->tensor;
    t->info.name = name;
    t->info.type = &t->type;
    return &t->info;
}

enum { MAX_PROPERTIES = 16 };

/* Metadata under construction. */
typedef struct properties {
    nas_arena *arena;
    Onnx__StringStringEntryProto entry[MAX_PROPERTIES];
    Onnx__StringStringEntryProto *list[MAX_PROPERTIES];
    size_t n;
    bool failed;
} properties;

static void property(properties *p, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *entry = &p->entry[p->n];
    onnx__string_string_entry_proto__init(entry);
    entry->key = nas_arena_strdup(p->arena, key);
    entry->value = nas_arena_strdup(p->arena, value);
    p->failed = p->failed || entry->key == NULL || entry->value == NULL;
    p->list[p->n++] = entry;
}

static void property_format(properties *p, const char *key, const char *fmt, ...)
    NAS_PRINTF(3, 4);

static void property_format(properties *p, const char *key, const char *fmt, ...)
{
    va_list args;
    char value[64];
    va_start(args, fmt);
    (void)vsnprintf(value, sizeof value, fmt, args);
    va_end(args);
    property(p, key, value);
}

static void property_strings(properties *p, const char *key, char *const *strings,
                             int64_t n)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_array_begin(&json);
    for (int64_t i = 0; i < n; i++)
        nas_json_string(&json, strings[i]);
    nas_json_array_end(&json);
    p->failed = p->failed || text.failed;
    property(p, key, nas_text_string(&text));
    nas_text_free(&text);
}

/* What the codes of a raw row stand for. */
static void property_columns(properties *p, const nas_model *model)
{
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    if (model->columns == NULL)
        return;
    nas_columns_write_json(model->columns, model->features, model->n_features, &json);
    p->failed = p->failed || text.failed;
    property(p, NAS_ONNX_KEY_COLUMNS, nas_text_string(&text));
    nas_text_free(&text);
}

static void describe(properties *p, const nas_onnx_builder *b)
{
    const nas_model *model = b->model;
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_graph_write_json(model->graph, &json);
    p->failed = p->failed || text.failed;
    property(p, NAS_ONNX_KEY_GRAPH, nas_text_string(&text));
    nas_text_free(&text);
    property(p, NAS_ONNX_KEY_TASK, nas_task_name(model->task));
    property_strings(p, NAS_ONNX_KEY_LABELS, model->labels, model->n_outputs);
    property_strings(p, NAS_ONNX_KEY_FEATURES, model->features, model->n_features);
    property_columns(p, model);
    property(p, NAS_ONNX_KEY_METRIC, model->metric);
    property(p, NAS_ONNX_KEY_SCORE_ON, model->score_on);
    if (isfinite(model->score))
        property_format(p, NAS_ONNX_KEY_SCORE, "%.17g", model->score);
    property_format(p, NAS_ONNX_KEY_DATA, "%016" PRIx64, model->data_fingerprint);
    property_format(p, NAS_ONNX_KEY_HASH, "%016" PRIx64, nas_graph_hash(model->graph));
    property_format(p, NAS_ONNX_KEY_PARAMS, "%" PRId64, nas_graph_params(model->graph));
    property_format(p, NAS_ONNX_KEY_MACS, "%" PRId64, nas_graph_macs(model->graph));
    property(p, NAS_ONNX_KEY_DTYPE, b->quant == NULL ? "float" : "int8");
}

/* The result first; with `inner` then all int8 tensors. @return their number */
static size_t outputs(nas_onnx_builder *b, bool inner, char *name,
                      Onnx__ValueInfoProto ***out)
{
    size_t n = 0;
    const int steps = inner ? b->quant->program->n_steps : -1;
    Onnx__ValueInfoProto **list = NAS_NEW(b->arena, Onnx__ValueInfoProto *, steps + 2);
    b->failed = b->failed || list == NULL;
    if (list == NULL)
        return 0;
    list[n++] = value_info(b, name, &b->model->n_outputs, 1);
    for (int s = NAS_QUANT_SAMPLE; s < steps; s++) {
        const bool standardised =
            inner && b->quant->program->n_steps > 0 &&
            b->quant->program->steps[0].kind == NAS_STEP_STANDARDISE;
        if (s == NAS_QUANT_SAMPLE && standardised)
            continue;
        char *text = nas_arena_strdup(b->arena, nas_onnx_int8_name(b, s));
        list[n] = value_info(b, text, NULL, 0);
        b->failed = b->failed || text == NULL;
        if (list[n] == NULL)
            return 0;
        list[n]->type->tensor_type->shape = NULL;
        list[n++]->type->tensor_type->elem_type = ONNX__TENSOR_PROTO__DATA_TYPE__INT8;
    }
    *out = list;
    return n;
}

/* Pack the finished parts into one buffer. */
static nas_status pack(nas_onnx_builder *b, properties *p, bool inner, void **out,
                       size_t *bytes, nas_err *err)
{
    const nas_shape in = nas_graph_input_shape(b->model->graph);
    const int64_t dims[3] = {in.c, in.h, in.w};
    char in_name[] = "input", out_name[] = "output", empty[] = "", name[] = "network";
    Onnx__ValueInfoProto *input = value_info(b, in_name, dims, 3);
    char producer[] = "nasmith", version[] = NASMITH_VERSION;
    Onnx__OperatorSetIdProto opset = ONNX__OPERATOR_SET_ID_PROTO__INIT;
    Onnx__OperatorSetIdProto *opsets = &opset;
    opset.domain = empty;
    opset.has_version = 1;
    opset.version = NAS_ONNX_OPSET;
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    graph.name = name;
    graph.node = b->nodes;
    graph.n_node = b->n_nodes;
    graph.initializer = b->tensors;
    graph.n_initializer = b->n_tensors;
    graph.input = &input;
    graph.n_input = 1;
    graph.n_output = outputs(b, inner, out_name, &graph.output);
    Onnx__ModelProto model = ONNX__MODEL_PROTO__INIT;
    model.has_ir_version = 1;
    model.ir_version = NAS_ONNX_IR;
    model.opset_import = &opsets;
    model.n_opset_import = 1;
    model.producer_name = producer;
    model.producer_version = version;
    model.graph = &graph;
    model.metadata_props = p->list;
    model.n_metadata_props = p->n;
    if (b->failed || p->failed)
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    *bytes = onnx__model_proto__get_packed_size(&model);
    *out = nas_arena_alloc(b->arena, *bytes, 1);
    NAS_TRY_ALLOC(*out, err);
    (void)onnx__model_proto__pack(&model, *out);
    return NAS_OK;
}

static nas_status serialise(nas_onnx_builder *b, bool inner, void **out, size_t *bytes,
                            nas_err *err)
{
    assert(b->model != NULL);
    NAS_TRY(nas_head_check(b->model, err));
    properties *p = NAS_NEW(b->arena, properties, 1);
    b->values = NAS_NEW(b->arena, nas_onnx_value, nas_graph_count(b->model->graph));
    NAS_TRY_ALLOC(b->values, err);
    NAS_TRY_ALLOC(p, err);
    p->arena = b->arena;
    if (b->quant != NULL && !nas_onnx_int8_begin(b))
        return nas_fail(err, NAS_E_NOMEM, "out of memory");
    emit_graph(b);
    describe(p, b);
    return pack(b, p, inner, out, bytes, err);
}

nas_status nas_onnx_serialise(const nas_model *model, nas_arena *arena, void **out,
                              size_t *bytes, nas_err *err)
{
    nas_onnx_builder b = {.arena = arena, .model = model};
    return serialise(&b, false, out, bytes, err);
}

nas_status nas_onnx_serialise_int8(const nas_quant *quant, bool inner, nas_arena *arena,
                                   void **out, size_t *bytes, nas_err *err)
{
    nas_onnx_builder b = {
        .arena = arena, .model = quant->model, .quant = quant, .inner = inner};
    return serialise(&b, inner, out, bytes, err);
}

/* One of both is given. */
static nas_status write_file(const nas_model *model, const nas_quant *quant,
                             const char *path, nas_err *err)
{
    void *data = NULL;
    size_t bytes = 0;
    nas_arena *arena = nas_arena_new();
    NAS_TRY_ALLOC(arena, err);
    nas_status status =
        quant == NULL ? nas_onnx_serialise(model, arena, &data, &bytes, err)
                      : nas_onnx_serialise_int8(quant, false, arena, &data, &bytes, err);
    if (status == NAS_OK)
        status = nas_file_write(path, data, bytes, err);
    nas_arena_free(arena);
    return status;
}

nas_status nas_onnx_write(const nas_model *model, const char *path, nas_err *err)
{
    return write_file(model, NULL, path, err);
}

nas_status nas_onnx_write_int8(const nas_quant *quant, const char *path, nas_err *err)
{
    return write_file(NULL, quant, path, err);
}
