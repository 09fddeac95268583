/* Model files: magic, version, sizes, JSON header, weights, checksum of all before it.
 * Numbers are little-endian. */
#include "nasmith/model.h"

#include "graph/graph.h"

#include "nasmith/file.h"
#include "nasmith/rng.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "weights are stored as they are");

enum { VERSION = 1, MAX_HEADER = 1 << 28 };

static const char magic[8] = {'N', 'A', 'S', 'M', 'O', 'D', 'E', 'L'};

typedef struct prefix {
    char magic[8];
    uint32_t version;
    uint32_t header_bytes;
    uint64_t n_weights;
} prefix;

_Static_assert(sizeof(prefix) == 24, "the prefix is stored as it is");

static void free_strings(char **strings, int64_t n)
{
    for (int64_t i = 0; strings != NULL && i < n; i++)
        nas_heap_free(strings[i]);
    nas_heap_free(strings);
}

void nas_model_free(nas_model *model)
{
    if (model == NULL)
        return;
    nas_graph_free(model->graph);
    nas_heap_free(model->weights);
    free_strings(model->labels, model->n_outputs);
    free_strings(model->features, model->n_features);
    nas_columns_free(model->columns, model->n_features);
    nas_heap_free(model->target_mean);
    nas_heap_free(model->target_deviation);
    nas_heap_free(model);
}

/* ---- writing -------------------------------------------------------------------- */

static void write_strings(const char *key, char *const *strings, int64_t n,
                          nas_json *json)
{
    nas_json_key(json, key);
    nas_json_array_begin(json);
    for (int64_t i = 0; i < n; i++)
        nas_json_string(json, strings[i]);
    nas_json_array_end(json);
}

static void write_floats(const char *key, const float *values, int64_t n, nas_json *json)
{
    if (values == NULL)
        return;
    nas_json_key(json, key);
    nas_json_array_begin(json);
    for (int64_t i = 0; i < n; i++)
        nas_json_float(json, values[i]);
    nas_json_array_end(json);
}

static void write_header(const nas_model *model, nas_json *json)
{
    char fingerprint[17];
    (void)snprintf(fingerprint, sizeof fingerprint, "%016" PRIx64,
                   model->data_fingerprint);
    nas_json_object_begin(json);
    nas_json_key_string(json, "format", "nasmith-model");
    nas_json_key_string(json, "task", nas_task_name(model->task));
    write_strings("labels", model->labels, model->n_outputs, json);
    write_strings("features", model->features, model->n_features, json);
    if (model->columns != NULL) {
        nas_json_key(json, "columns");
        nas_columns_write_json(model->columns, NULL, model->n_features, json);
    }
    write_floats("target_mean", model->target_mean, model->n_outputs, json);
    write_floats("target_deviation", model->target_deviation, model->n_outputs, json);
    nas_json_key_string(json, "metric", model->metric);
    nas_json_key_real(json, "score", model->score);
    nas_json_key_string(json, "score_on", model->score_on);
    nas_json_key_string(json, "data_fingerprint", fingerprint);
    nas_json_key(json, "graph");
    nas_graph_write_json(model->graph, json);
    nas_json_object_end(json);
}

nas_status nas_model_serialise(const nas_model *model, void **out, size_t *bytes,
                               nas_err *err)
{
    nas_text header = {0};
    nas_json json = nas_json_writer(&header, 0);
    write_header(model, &json);
    *out = NULL;
    prefix p = {.version = VERSION,
                .header_bytes = (uint32_t)header.length,
                .n_weights = (uint64_t)nas_graph_floats(model->graph)};
    memcpy(p.magic, magic, sizeof magic);
    size_t weight_bytes = (size_t)p.n_weights * sizeof(float);
    size_t body = sizeof p + header.length + weight_bytes;
    char *data = header.failed || header.length > MAX_HEADER
                     ? NULL
                     : nas_heap_alloc(body + sizeof(uint64_t), 1);
    if (data != NULL) {
        memcpy(data, &p, sizeof p);
        memcpy(data + sizeof p, header.data, header.length);
        if (weight_bytes > 0)
            memcpy(data + sizeof p + header.length, model->weights, weight_bytes);
        uint64_t sum = nas_hash64(data, body, 0);
        memcpy(data + body, &sum, sizeof sum);
        *out = data;
        *bytes = body + sizeof sum;
    }
    nas_text_free(&header);
    return data != NULL ? NAS_OK : nas_fail(err, NAS_E_NOMEM, "out of memory");
}

nas_status nas_model_write(const nas_model *model, const char *path, nas_err *err)
{
    void *data = NULL;
    size_t bytes = 0;
    NAS_TRY(nas_model_serialise(model, &data, &bytes, err));
    nas_status status = nas_file_write(path, data, bytes, err);
    nas_heap_free(data);
    return status;
}

/* ---- reading -------------------------------------------------------------------- */

static nas_status read_strings(const json_t *root, const char *key, int64_t *n,
                               char ***out, nas_err *err)
{
    const json_t *array = json_object_get(root, key);
    if (!json_is_array(array))
        return nas_fail(err, NAS_E_CONFIG, "\"%s\" is no array", key);
    *n = (int64_t)json_array_size(array);
    if (*n == 0)
        return NAS_OK;
    *out = nas_heap_alloc((size_t)*n, sizeof **out);
    NAS_TRY_ALLOC(*out, err);
    for (int64_t i = 0; i < *n; i++) {
        const json_t *value = json_array_get(array, (size_t)i);
        if (!json_is_string(value))
            return nas_fail(err, NAS_E_CONFIG, "%s[%lld] is no string", key,
                            (long long)i);
        size_t length = json_string_length(value);
        (*out)[i] = nas_heap_alloc(length + 1, 1);
        NAS_TRY_ALLOC((*out)[i], err);
        memcpy((*out)[i], json_string_value(value), length);
    }
    return NAS_OK;
}

static nas_status read_floats(const json_t *root, const char *key, int64_t n, float **out,
                              nas_err *err)
{
    const json_t *array = json_object_get(root, key);
    if ((int64_t)json_array_size(array) != n)
        return nas_fail(err, NAS_E_CONFIG, "\"%s\" must hold %lld numbers", key,
                        (long long)n);
    *out = nas_heap_alloc((size_t)n, sizeof **out);
    NAS_TRY_ALLOC(*out, err);
    for (int64_t i = 0; i < n; i++) {
        const json_t *value = json_array_get(array, (size_t)i);
        if (!json_is_number(value) || fabs(json_number_value(value)) > 3e38)
            return nas_fail(err, NAS_E_CONFIG, "%s[%lld] is not a number of float range",
                            key, (long long)i);
        (*out)[i] = (float)json_number_value(value);
    }
    return NAS_OK;
}

static nas_status read_text(const json_t *root, const char *key, char *out, size_t size,
                            nas_err *err)
{
    const json_t *value = json_object_get(root, key);
    if (!json_is_string(value) || json_string_length(value) >= size)
        return nas_fail(err, NAS_E_CONFIG,
                        "\"%s\" must be a string of less than %zu bytes", key, size);
    memcpy(out, json_string_value(value), json_string_length(value) + 1);
    return NAS_OK;
}

static nas_status read_task(const json_t *root, nas_task *out, nas_err *err)
{
    char task[32];
    NAS_TRY(read_text(root, "task", task, sizeof task, err));
    if (nas_task_parse(task, out))
        return NAS_OK;
    return nas_fail(err, NAS_E_CONFIG,
                    "task is \"%s\", expected classification, regression, "
                    "multilabel or anomaly",
                    task);
}

static nas_status read_fingerprint(const json_t *root, uint64_t *out, nas_err *err)
{
    char text[17];
    int used = 0;
    NAS_TRY(read_text(root, "data_fingerprint", text, sizeof text, err));
    if (sscanf(text, "%16" SCNx64 "%n", out, &used) != 1 || text[used] != '\0')
        return nas_fail(err, NAS_E_CONFIG,
                        "\"data_fingerprint\" is no hexadecimal number");
    return NAS_OK;
}

static nas_status read_header(json_t *root, nas_model *m, nas_err *err)
{
    NAS_TRY(read_task(root, &m->task, err));
    NAS_TRY(read_strings(root, "labels", &m->n_outputs, &m->labels, err));
    NAS_TRY(read_strings(root, "features", &m->n_features, &m->features, err));
    NAS_TRY(nas_columns_load(json_object_get(root, "columns"), m->n_features, &m->columns,
                             err));
    NAS_TRY(read_text(root, "metric", m->metric, sizeof m->metric, err));
    NAS_TRY(read_text(root, "score_on", m->score_on, sizeof m->score_on, err));
    NAS_TRY(read_fingerprint(root, &m->data_fingerprint, err));
    const json_t *score = json_object_get(root, "score");
    m->score = json_is_number(score) ? json_number_value(score) : (double)NAN;
    if (nas_task_has_units(m->task)) {
        NAS_TRY(read_floats(root, "target_mean", m->n_outputs, &m->target_mean, err));
        NAS_TRY(read_floats(root, "target_deviation", m->n_outputs, &m->target_deviation,
                            err));
    }
    NAS_TRY(nas_graph_read_value(json_object_get(root, "graph"), &m->graph, err));
    int64_t outputs = nas_shape_count(nas_graph_output_shape(m->graph));
    if (outputs != m->n_outputs)
        return nas_fail(err, NAS_E_CONFIG, "%lld labels for a network of %lld outputs",
                        (long long)m->n_outputs, (long long)outputs);
    return NAS_OK;
}

/* @param body  bytes before the checksum */
static nas_status check_frame(const char *data, size_t bytes, prefix *p, size_t *body,
                              nas_err *err)
{
    if (bytes < sizeof *p + sizeof(uint64_t) || memcmp(data, magic, sizeof magic) != 0)
        return nas_fail(err, NAS_E_CONFIG, "not a model file of nasmith");
    memcpy(p, data, sizeof *p);
    if (p->version != VERSION)
        return nas_fail(err, NAS_E_CONFIG, "model file of version %u, expected %d",
                        p->version, VERSION);
    *body = bytes - sizeof(uint64_t);
    uint64_t weights = *body - sizeof *p;
    if (p->header_bytes > weights || p->header_bytes > MAX_HEADER ||
        p->n_weights != (weights - p->header_bytes) / sizeof(float) ||
        (weights - p->header_bytes) % sizeof(float) != 0)
        return nas_fail(err, NAS_E_CONFIG, "model file is truncated (%zu bytes)", bytes);
    uint64_t sum;
    memcpy(&sum, data + *body, sizeof sum);
    if (sum != nas_hash64(data, *body, 0))
        return nas_fail(err, NAS_E_CONFIG, "model file is damaged: wrong checksum");
    return NAS_OK;
}

static nas_status parse(const char *data, const prefix *p, json_t *root, nas_model *model,
                        nas_err *err)
{
    NAS_TRY(read_header(root, model, err));
    if (p->n_weights == 0 && nas_graph_floats(model->graph) == 0)
        return NAS_OK;
    if ((uint64_t)nas_graph_floats(model->graph) != p->n_weights)
        return nas_fail(err, NAS_E_CONFIG, "%llu weights for a network of %lld",
                        (unsigned long long)p->n_weights,
                        (long long)nas_graph_floats(model->graph));
    model->weights = nas_heap_alloc((size_t)p->n_weights, sizeof(float));
    NAS_TRY_ALLOC(model->weights, err);
    memcpy(model->weights, data + sizeof *p + p->header_bytes,
           (size_t)p->n_weights * sizeof(float));
    return NAS_OK;
}

static nas_status parse_frame(const char *data, size_t bytes, nas_model **out,
                              nas_err *err)
{
    prefix p;
    size_t body = 0;
    json_t *root = NULL;
    NAS_TRY(check_frame(data, bytes, &p, &body, err));
    NAS_TRY(nas_json_parse(data + sizeof p, p.header_bytes, "header", &root, err));
    nas_model *model = nas_heap_alloc(1, sizeof *model);
    nas_status status = model == NULL ? nas_fail(err, NAS_E_NOMEM, "out of memory")
                                      : parse(data, &p, root, model, err);
    json_decref(root);
    if (status != NAS_OK) {
        nas_model_free(model);
        return status;
    }
    *out = model;
    return NAS_OK;
}

nas_status nas_model_parse(const void *data, size_t bytes, const char *name,
                           nas_model **out, nas_err *err)
{
    *out = NULL;
    nas_status status = parse_frame(data, bytes, out, err);
    if (status != NAS_OK)
        nas_err_context(err, "%s", name);
    return status;
}

nas_status nas_model_read(const char *path, nas_model **out, nas_err *err)
{
    char *data = NULL;
    size_t bytes = 0;
    *out = NULL;
    NAS_TRY(nas_file_read(path, 0, &data, &bytes, err));
    nas_status status = nas_model_parse(data, bytes, path, out, err);
    nas_heap_free(data);
    return status;
}

/* ---- temperature ----------------------------------------------------------------- */

nas_status nas_model_temper(nas_model *model, double temperature, nas_err *err)
{
    const nas_graph *graph = model->graph;
    int last = nas_graph_output(graph);
    while (nas_graph_node(graph, last)->op == NAS_OP_FLATTEN)
        last = nas_graph_node(graph, last)->inputs[0];
    if (model->task != NAS_TASK_CLASSIFICATION)
        return nas_fail(err, NAS_E_USAGE, "a regression has no temperature");
    if (nas_graph_node(graph, last)->op != NAS_OP_DENSE)
        return nas_fail(err, NAS_E_USAGE,
                        "temperature scaling needs a dense last layer, found %s",
                        nas_op_get(nas_graph_node(graph, last)->op)->name);
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *w = nas_graph_weight(graph, i);
        for (int64_t k = 0; w->node == last && k < w->count; k++)
            model->weights[w->offset + k] =
                (float)((double)model->weights[w->offset + k] / temperature);
    }
    return NAS_OK;
}
