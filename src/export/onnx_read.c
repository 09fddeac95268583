/* A model back from the ONNX file the writer made: the graph from its JSON form in the
 * metadata, every weight from the initialisers. */
#include "nasmith/export.h"

#include "export/head.h"
#include "export/onnx.h"
#include "export/onnx_build.h"
#include "export/onnx_tensor.h"
#include "nasmith/file.h"
#include "nasmith/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is being read. */
typedef struct onnx_reader {
    const Onnx__ModelProto *proto;
    const char *name; /* of the file */
    nas_arena *arena;
    nas_model *model;
} onnx_reader;

static nas_status require(const onnx_reader *r, const char *key, const char **out,
                          nas_err *err)
{
    *out = nas_onnx_property(r->proto, key);
    if (*out != NULL)
        return NAS_OK;
    nas_status status =
        nas_fail(err, NAS_E_CONFIG, "%s: ONNX metadata \"%s\" is missing", r->name, key);
    nas_err_hint(err, "only ONNX files written by nasmith can be read back");
    return status;
}

static nas_status copy_string(const char *text, char **out, nas_err *err)
{
    const size_t bytes = strlen(text) + 1;
    *out = nas_heap_alloc(bytes, 1);
    NAS_TRY_ALLOC(*out, err);
    memcpy(*out, text, bytes);
    return NAS_OK;
}

/* Fill an array of strings. @param n  expected number, or -1 for any; out: the number */
static nas_status fill_strings(const onnx_reader *r, const char *key, const json_t *array,
                               char ***out, int64_t *n, nas_err *err)
{
    const int64_t found = (int64_t)json_array_size(array);
    if (!json_is_array(array) || (*n >= 0 && found != *n))
        return nas_fail(err, NAS_E_CONFIG,
                        "%s: ONNX metadata \"%s\" has %lld entries, expected %lld",
                        r->name, key, (long long)found, (long long)*n);
    *n = 0;
    if (found == 0)
        return NAS_OK;
    *out = nas_heap_alloc((size_t)found, sizeof **out);
    NAS_TRY_ALLOC(*out, err);
    for (int64_t i = 0; i < found; i++) {
        const char *text = json_string_value(json_array_get(array, (size_t)i));
        NAS_TRY(copy_string(text == NULL ? "" : text, &(*out)[i], err));
        *n = i + 1;
    }
    return NAS_OK;
}

static nas_status read_strings(const onnx_reader *r, const char *key, char ***out,
                               int64_t *n, nas_err *err)
{
    const char *text = NULL;
    json_t *array = NULL;
    NAS_TRY(require(r, key, &text, err));
    NAS_TRY(nas_json_parse(text, strlen(text), r->name, &array, err));
    nas_status status = fill_strings(r, key, array, out, n, err);
    json_decref(array);
    return status;
}

/* Absent in networks of plain numbers. */
static nas_status read_columns(onnx_reader *r, nas_err *err)
{
    const char *text = nas_onnx_property(r->proto, NAS_ONNX_KEY_COLUMNS);
    json_t *array = NULL;
    if (text == NULL)
        return NAS_OK;
    NAS_TRY(nas_json_parse(text, strlen(text), r->name, &array, err));
    nas_status status =
        nas_columns_load(array, r->model->n_features, &r->model->columns, err);
    json_decref(array);
    return status;
}

static nas_status read_graph(onnx_reader *r, nas_err *err)
{
    const char *text = NULL;
    const char *dtype = nas_onnx_property(r->proto, NAS_ONNX_KEY_DTYPE);
    if (dtype != NULL && strcmp(dtype, "float") != 0)
        return nas_fail(err, NAS_E_CONFIG,
                        "%s: an %.16s network cannot be read back, only float ones",
                        r->name, dtype);
    NAS_TRY(require(r, NAS_ONNX_KEY_GRAPH, &text, err));
    return nas_graph_read_json(text, strlen(text), r->name, &r->model->graph, err);
}

static nas_status read_meaning(onnx_reader *r, nas_err *err)
{
    nas_model *model = r->model;
    const char *task = NULL;
    NAS_TRY(require(r, NAS_ONNX_KEY_TASK, &task, err));
    if (!nas_task_parse(task, &model->task))
        return nas_fail(err, NAS_E_CONFIG,
                        "%s: task is \"%.40s\", expected classification, regression, "
                        "multilabel or anomaly",
                        r->name, task);
    model->n_outputs = nas_shape_count(nas_graph_output_shape(model->graph));
    NAS_TRY(read_strings(r, NAS_ONNX_KEY_LABELS, &model->labels, &model->n_outputs, err));
    model->n_features = -1;
    NAS_TRY(read_strings(r, NAS_ONNX_KEY_FEATURES, &model->features, &model->n_features,
                         err));
    NAS_TRY(read_columns(r, err));
    const char *metric = nas_onnx_property(r->proto, NAS_ONNX_KEY_METRIC);
    const char *on = nas_onnx_property(r->proto, NAS_ONNX_KEY_SCORE_ON);
    const char *score = nas_onnx_property(r->proto, NAS_ONNX_KEY_SCORE);
    const char *data = nas_onnx_property(r->proto, NAS_ONNX_KEY_DATA);
    (void)snprintf(model->metric, sizeof model->metric, "%s", metric ? metric : "");
    (void)snprintf(model->score_on, sizeof model->score_on, "%s", on ? on : "");
    model->score = score != NULL ? strtod(score, NULL) : (double)NAN;
    model->data_fingerprint = data != NULL ? strtoull(data, NULL, 16) : 0;
    return NAS_OK;
}

static nas_status read_tensor(const onnx_reader *r, const char *name, int64_t count,
                              float *out, nas_err *err)
{
    const Onnx__TensorProto *tensor = nas_onnx_find(r->proto->graph, name);
    nas_status status =
        tensor != NULL ? nas_onnx_copy_floats(tensor, count, out, err)
                       : nas_fail(err, NAS_E_CONFIG, "tensor \"%s\" is missing", name);
    if (status != NAS_OK)
        nas_err_context(err, "%s", r->name);
    return status;
}

/* Every weight must be there before memory for all of them is taken: a damaged file may
 * claim any size. */
static nas_status check_weights(const onnx_reader *r, nas_err *err)
{
    const nas_graph *graph = r->model->graph;
    int64_t found = 0;
    for (size_t i = 0; i < r->proto->graph->n_initializer; i++) {
        const Onnx__TensorProto *t = r->proto->graph->initializer[i];
        found += (int64_t)(t->n_float_data + t->raw_data.len / sizeof(float));
    }
    if (found < nas_graph_floats(graph))
        return nas_fail(err, NAS_E_CONFIG, "%s: %lld weights, expected at least %lld",
                        r->name, (long long)found, (long long)nas_graph_floats(graph));
    return NAS_OK;
}

/* Rows of every direction in an ONNX recurrent bias: those of the input's products, then
 * as many of the state's. */
static int64_t bias_rows(const nas_graph *graph, const nas_weight *w)
{
    return 2 * nas_graph_weight_of(graph, w->node, NAS_WEIGHT_BIAS)->dim[1];
}

/* The part of it that is tensor `w`: the first rows, or the last of all. */
static nas_status read_recurrent_bias(const onnx_reader *r, const nas_weight *w,
                                      nas_err *err)
{
    const int64_t rows = bias_rows(r->model->graph, w), n = w->dim[1];
    const char *name = nas_onnx_weight_name(r->arena, w->node, NAS_WEIGHT_BIAS);
    float *all = NAS_NEW(r->arena, float, w->dim[0] * rows);
    NAS_TRY_ALLOC(name, err);
    NAS_TRY_ALLOC(all, err);
    NAS_TRY(read_tensor(r, name, w->dim[0] * rows, all, err));
    for (int64_t d = 0; d < w->dim[0]; d++)
        memcpy(r->model->weights + w->offset + d * n,
               all + (w->role == NAS_WEIGHT_BIAS ? d * rows : (d + 1) * rows - n),
               (size_t)n * sizeof *all);
    return NAS_OK;
}

static bool is_recurrent_bias(const nas_graph *graph, const nas_weight *w)
{
    const nas_op_kind op = nas_graph_node(graph, w->node)->op;
    return (op == NAS_OP_LSTM || op == NAS_OP_GRU) &&
           (w->role == NAS_WEIGHT_BIAS || w->role == NAS_WEIGHT_CARRY_BIAS);
}

static nas_status read_weights(onnx_reader *r, nas_err *err)
{
    nas_model *model = r->model;
    NAS_TRY(check_weights(r, err));
    model->weights =
        nas_heap_alloc((size_t)nas_graph_floats(model->graph), sizeof(float));
    NAS_TRY_ALLOC(model->weights, err);
    for (int i = 0; i < nas_graph_weight_count(model->graph); i++) {
        const nas_weight *w = nas_graph_weight(model->graph, i);
        if (is_recurrent_bias(model->graph, w)) {
            NAS_TRY(read_recurrent_bias(r, w, err));
            continue;
        }
        const char *name = nas_onnx_weight_name(r->arena, w->node, w->role);
        NAS_TRY_ALLOC(name, err);
        NAS_TRY(read_tensor(r, name, w->count, model->weights + w->offset, err));
    }
    return NAS_OK;
}

static nas_status read_scale(onnx_reader *r, nas_err *err)
{
    nas_model *model = r->model;
    if (!nas_task_has_units(model->task) ||
        nas_onnx_find(r->proto->graph, NAS_ONNX_TARGET_MEAN) == NULL)
        return NAS_OK;
    const size_t n = (size_t)model->n_outputs;
    model->target_mean = nas_heap_alloc(n, sizeof(float));
    model->target_deviation = nas_heap_alloc(n, sizeof(float));
    NAS_TRY_ALLOC(model->target_mean, err);
    NAS_TRY_ALLOC(model->target_deviation, err);
    NAS_TRY(
        read_tensor(r, NAS_ONNX_TARGET_MEAN, model->n_outputs, model->target_mean, err));
    return read_tensor(r, NAS_ONNX_TARGET_DEVIATION, model->n_outputs,
                       model->target_deviation, err);
}

static nas_status read_model(onnx_reader *r, nas_err *err)
{
    NAS_TRY(read_graph(r, err));
    NAS_TRY(read_meaning(r, err));
    NAS_TRY(read_weights(r, err));
    NAS_TRY(read_scale(r, err));
    if (nas_head_check(r->model, err) == NAS_OK)
        return NAS_OK;
    nas_err_context(err, "%s", r->name);
    return NAS_E_CONFIG;
}

nas_status nas_onnx_parse(const void *data, size_t bytes, const char *name,
                          nas_model **out, nas_err *err)
{
    Onnx__ModelProto *proto = NULL;
    NAS_TRY(nas_onnx_unpack(data, bytes, name, &proto, err));
    onnx_reader reader = {proto, name, nas_arena_new(),
                          nas_heap_alloc(1, sizeof(nas_model))};
    nas_status status = NAS_OK;
    if (reader.arena == NULL || reader.model == NULL)
        status = nas_fail(err, NAS_E_NOMEM, "out of memory");
    else
        status = read_model(&reader, err);
    if (status == NAS_OK)
        *out = reader.model;
    else
        nas_model_free(reader.model);
    nas_arena_free(reader.arena);
    onnx__model_proto__free_unpacked(proto, NULL);
    return status;
}

nas_status nas_onnx_read(const char *path, nas_model **out, nas_err *err)
{
    char *data = NULL;
    size_t bytes = 0;
    NAS_TRY(nas_file_read(path, 0, &data, &bytes, err));
    nas_status status = nas_onnx_parse(data, bytes, path, out, err);
    nas_heap_free(data);
    return status;
}
