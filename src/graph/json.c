#include "graph/graph.h"
#include "graph/op.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- writing -------------------------------------------------------------------- */

static void write_attributes(const nas_node *node, nas_json *json)
{
    const nas_param *params = nas_op_get(node->op)->params;
    nas_value defaults[NAS_ATTR_MAX];
    nas_param_defaults(params, defaults);
    for (int i = 0; params[i].name != NULL; i++) {
        bool same =
            params[i].type == NAS_PARAM_REAL
                ? !(node->attr[i].f < defaults[i].f || node->attr[i].f > defaults[i].f)
                : node->attr[i].i == defaults[i].i;
        if (same)
            continue;
        nas_param one[2] = {params[i], {0}};
        nas_param_to_json(one, &node->attr[i], json);
    }
}

static void write_floats(const char *key, const float *values, int64_t n, nas_json *json)
{
    nas_json_key(json, key);
    nas_json_array_begin(json);
    for (int64_t i = 0; i < n; i++)
        nas_json_float(json, values[i]);
    nas_json_array_end(json);
}

static const char *const encode_names[NAS_ENCODE_KINDS + 1] = {
    [NAS_ENCODE_VALUE] = "value",     [NAS_ENCODE_SQUASH] = "squash",
    [NAS_ENCODE_MISSING] = "missing", [NAS_ENCODE_INSIDE] = "inside",
    [NAS_ENCODE_OUTSIDE] = "outside",
};

/* "columns":[[source,"kind",centre,scale],...] */
static void write_columns(const nas_node *node, nas_json *json)
{
    nas_json_key(json, "columns");
    nas_json_array_begin(json);
    for (int64_t i = 0; i < node->shape.c; i++) {
        const float *column = node->constants + i * NAS_ENCODE_FIELDS;
        nas_json_array_begin(json);
        nas_json_int(json, (int64_t)column[NAS_ENCODE_SOURCE]);
        nas_json_string(json, encode_names[(int)column[NAS_ENCODE_KIND]]);
        nas_json_float(json, column[NAS_ENCODE_CENTRE]);
        nas_json_float(json, column[NAS_ENCODE_SCALE]);
        nas_json_array_end(json);
    }
    nas_json_array_end(json);
}

static void write_node(const nas_node *node, nas_json *json)
{
    nas_json_object_begin(json);
    nas_json_key_string(json, "op", nas_op_get(node->op)->name);
    if (node->op == NAS_OP_INPUT) {
        nas_json_key(json, "shape");
        nas_json_array_begin(json);
        nas_json_int(json, node->shape.c);
        nas_json_int(json, node->shape.h);
        nas_json_int(json, node->shape.w);
        nas_json_array_end(json);
    } else {
        nas_json_key(json, "inputs");
        nas_json_array_begin(json);
        for (int i = 0; i < node->n_inputs; i++)
            nas_json_int(json, node->inputs[i]);
        nas_json_array_end(json);
    }
    if (node->name[0] != '\0')
        nas_json_key_string(json, "name", node->name);
    write_attributes(node, json);
    if (node->op == NAS_OP_ENCODE)
        write_columns(node, json);
    if (node->op == NAS_OP_STANDARDISE) {
        int64_t half = node->n_constants / 2;
        write_floats("mean", node->constants, half, json);
        write_floats("inverse_deviation", node->constants + half, half, json);
    }
    nas_json_object_end(json);
}

void nas_graph_write_json(const nas_graph *graph, nas_json *json)
{
    nas_json_object_begin(json);
    nas_json_key_string(json, "format", "nasmith-graph");
    nas_json_key_int(json, "version", 1);
    nas_json_key(json, "nodes");
    nas_json_array_begin(json);
    for (int i = 0; i < graph->n_nodes; i++)
        write_node(&graph->nodes[i], json);
    nas_json_array_end(json);
    nas_json_key_int(json, "output", graph->output);
    nas_json_object_end(json);
}

/* ---- reading -------------------------------------------------------------------- */

typedef struct reader {
    nas_graph_builder *builder;
    nas_arena *arena;
} reader;

static nas_status read_int(const json_t *value, const char *what, int64_t *out,
                           nas_err *err)
{
    if (!json_is_integer(value))
        return nas_fail(err, NAS_E_CONFIG, "%s is %s, expected a whole number", what,
                        value == NULL ? "missing" : "not a whole number");
    *out = json_integer_value(value);
    return NAS_OK;
}

static nas_status read_op(const json_t *object, nas_op_kind *out, nas_err *err)
{
    const char *name = json_string_value(json_object_get(object, "op"));
    if (name == NULL)
        return nas_fail(err, NAS_E_CONFIG, "\"op\" is missing or no string");
    *out = nas_op_find(name);
    if (*out != NAS_OP_COUNT)
        return NAS_OK;
    const char *names[NAS_OP_COUNT];
    for (int i = 0; i < NAS_OP_COUNT; i++)
        names[i] = nas_op_get((nas_op_kind)i)->name;
    const char *nearest = nas_text_nearest(name, names, NAS_OP_COUNT);
    nas_status status =
        nas_fail(err, NAS_E_CONFIG, "unknown operator \"%.64s\"%s%s%s", name,
                 nearest == NULL ? "" : "; did you mean \"",
                 nearest == NULL ? "" : nearest, nearest == NULL ? "" : "\"?");
    nas_err_hint(err, "operators: conv, depthwise, dense, add, ...; see the manual");
    return status;
}

static nas_status read_shape(const json_t *object, nas_shape *out, nas_err *err)
{
    const json_t *shape = json_object_get(object, "shape");
    if (json_array_size(shape) != 3)
        return nas_fail(err, NAS_E_CONFIG,
                        "\"shape\" must be three numbers: channels, rows, columns");
    NAS_TRY(read_int(json_array_get(shape, 0), "shape[0]", &out->c, err));
    NAS_TRY(read_int(json_array_get(shape, 1), "shape[1]", &out->h, err));
    return read_int(json_array_get(shape, 2), "shape[2]", &out->w, err);
}

static nas_status read_inputs(reader *r, const json_t *object, int **out, int *n,
                              nas_err *err)
{
    const json_t *inputs = json_object_get(object, "inputs");
    if (!json_is_array(inputs) || json_array_size(inputs) > NAS_GRAPH_MAX_EDGES)
        return nas_fail(err, NAS_E_CONFIG, "\"inputs\" must be an array of node numbers");
    *n = (int)json_array_size(inputs);
    *out = NAS_NEW(r->arena, int, *n);
    NAS_TRY_ALLOC(*out, err);
    for (int i = 0; i < *n; i++) {
        int64_t index = 0;
        NAS_TRY(read_int(json_array_get(inputs, (size_t)i), "an input", &index, err));
        if (index < 0 || index >= NAS_GRAPH_MAX_NODES)
            return nas_fail(err, NAS_E_CONFIG, "input %d is node %lld, which is no node",
                            i, (long long)index);
        (*out)[i] = (int)index;
    }
    return NAS_OK;
}

/* Replace "kernel": k by kernel_h and kernel_w; only the width where the input is flat.
 */
static nas_status expand(json_t *object, const char *key, bool flat, nas_err *err)
{
    json_t *value = json_object_get(object, key);
    if (value == NULL)
        return NAS_OK;
    char name[32];
    for (int i = 0; i < 2; i++) {
        (void)snprintf(name, sizeof name, "%s_%c", key, "hw"[i]);
        if (json_object_get(object, name) != NULL)
            return nas_fail(err, NAS_E_CONFIG, "\"%s\" and \"%s\" both given", key, name);
        if (i == 0 && flat)
            continue;
        if (json_object_set(object, name, value) != 0)
            return nas_fail(err, NAS_E_NOMEM, "out of memory");
    }
    (void)json_object_del(object, key);
    return NAS_OK;
}

static bool has_param(nas_op_kind op, const char *name)
{
    return nas_param_find(nas_op_get(op)->params, name) >= 0;
}

/* @param object  private copy; keys already read are removed */
static nas_status read_attributes(nas_op_kind op, bool flat, json_t *object,
                                  nas_value *attr, nas_err *err)
{
    static const char *const done[] = {"op", "inputs", "name", "shape"};
    static const char *const pairs[] = {"kernel", "stride", "dilation"};
    static const char *const first[] = {"kernel_h", "stride_h", "dilation_h"};
    for (size_t i = 0; i < sizeof done / sizeof done[0]; i++)
        if (op == NAS_OP_INPUT || i < 3)
            (void)json_object_del(object, done[i]);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (has_param(op, first[i]))
            NAS_TRY(expand(object, pairs[i], flat, err));
    const nas_op *info = nas_op_get(op);
    nas_param_defaults(info->params, attr);
    return nas_param_from_json(info->params, object, info->name, attr, err);
}

static nas_status read_floats(reader *r, json_t *object, const char *key, float **out,
                              size_t *n, nas_err *err)
{
    const json_t *array = json_object_get(object, key);
    *n = json_array_size(array);
    if (*n == 0 || *n > NAS_GRAPH_MAX_EXTENT)
        return nas_fail(err, NAS_E_CONFIG, "\"%s\" must be one number per channel", key);
    *out = NAS_NEW(r->arena, float, *n);
    NAS_TRY_ALLOC(*out, err);
    for (size_t i = 0; i < *n; i++) {
        const json_t *value = json_array_get(array, i);
        double number = json_number_value(value);
        if (!json_is_number(value) || fabs(number) > 3e38)
            return nas_fail(err, NAS_E_CONFIG, "%s[%zu] is not a number of float range",
                            key, i);
        (*out)[i] = (float)number;
    }
    (void)json_object_del(object, key);
    return NAS_OK;
}

static nas_status read_standardise(reader *r, json_t *object, int input, nas_err *err)
{
    float *mean = NULL;
    float *inverse = NULL;
    size_t n = 0;
    size_t n_inverse = 0;
    nas_value unused[NAS_ATTR_MAX];
    NAS_TRY(read_floats(r, object, "mean", &mean, &n, err));
    NAS_TRY(read_floats(r, object, "inverse_deviation", &inverse, &n_inverse, err));
    if (n != n_inverse)
        return nas_fail(err, NAS_E_CONFIG,
                        "%zu means but %zu inverse deviations, expected as many", n,
                        n_inverse);
    NAS_TRY(read_attributes(NAS_OP_STANDARDISE, false, object, unused, err));
    (void)nas_graph_add_standardise(r->builder, input, mean, inverse, (int64_t)n);
    return NAS_OK;
}

/* @param out  [NAS_ENCODE_FIELDS] */
static nas_status read_column(const json_t *column, size_t i, float *out, nas_err *err)
{
    const json_t *source = json_array_get(column, NAS_ENCODE_SOURCE);
    const char *kind = json_string_value(json_array_get(column, NAS_ENCODE_KIND));
    if (json_array_size(column) != NAS_ENCODE_FIELDS || !json_is_integer(source) ||
        json_integer_value(source) < 0 ||
        json_integer_value(source) >= NAS_GRAPH_MAX_EXTENT)
        return nas_fail(err, NAS_E_CONFIG,
                        "columns[%zu] must be a source, a kind, a centre and a scale", i);
    int k = 0;
    while (k < NAS_ENCODE_KINDS && (kind == NULL || strcmp(kind, encode_names[k]) != 0))
        k++;
    if (k == NAS_ENCODE_KINDS)
        return nas_fail(err, NAS_E_CONFIG, "columns[%zu] has an unknown kind", i);
    out[NAS_ENCODE_SOURCE] = (float)json_integer_value(source);
    out[NAS_ENCODE_KIND] = (float)k;
    for (int field = NAS_ENCODE_CENTRE; field < NAS_ENCODE_FIELDS; field++) {
        const json_t *value = json_array_get(column, (size_t)field);
        double number = json_number_value(value);
        if (!json_is_number(value) || fabs(number) > 3e38)
            return nas_fail(err, NAS_E_CONFIG,
                            "columns[%zu][%d] is not a number of float range", i, field);
        out[field] = (float)number;
    }
    return NAS_OK;
}

static nas_status read_encode(reader *r, json_t *object, int input, nas_err *err)
{
    const json_t *array = json_object_get(object, "columns");
    const size_t n = json_array_size(array);
    nas_value unused[NAS_ATTR_MAX];
    if (n == 0 || n > NAS_GRAPH_MAX_EXTENT)
        return nas_fail(err, NAS_E_CONFIG, "\"columns\" must be an array of columns");
    float *columns = NAS_NEW(r->arena, float, n *NAS_ENCODE_FIELDS);
    NAS_TRY_ALLOC(columns, err);
    for (size_t i = 0; i < n; i++)
        NAS_TRY(read_column(json_array_get(array, i), i, columns + i * NAS_ENCODE_FIELDS,
                            err));
    (void)json_object_del(object, "columns");
    NAS_TRY(read_attributes(NAS_OP_ENCODE, false, object, unused, err));
    (void)nas_graph_add_encode(r->builder, input, columns, (int64_t)n);
    return NAS_OK;
}

/* @param object  private shallow copy, changed */
static nas_status read_node(reader *r, json_t *object, nas_err *err)
{
    nas_op_kind op = NAS_OP_COUNT;
    nas_value attr[NAS_ATTR_MAX];
    int *inputs = NULL;
    int n = 0;
    NAS_TRY(read_op(object, &op, err));
    if (op == NAS_OP_INPUT) {
        nas_shape shape;
        NAS_TRY(read_shape(object, &shape, err));
        NAS_TRY(read_attributes(op, false, object, attr, err));
        (void)nas_graph_add_input(r->builder, shape);
        return NAS_OK;
    }
    NAS_TRY(read_inputs(r, object, &inputs, &n, err));
    const json_t *name = json_object_get(object, "name");
    if (name != NULL && !json_is_string(name))
        return nas_fail(err, NAS_E_CONFIG, "\"name\" is no string");
    char *copy = nas_arena_strdup(r->arena, name == NULL ? "" : json_string_value(name));
    NAS_TRY_ALLOC(copy, err);
    if (op == NAS_OP_ENCODE && n == 1)
        return read_encode(r, object, inputs[0], err);
    if (op == NAS_OP_STANDARDISE && n == 1)
        return read_standardise(r, object, inputs[0], err);
    bool flat = n > 0 && nas_graph_builder_shape(r->builder, inputs[0]).h == 1;
    NAS_TRY(read_attributes(op, flat, object, attr, err));
    (void)nas_graph_add(r->builder, op, attr, inputs, n, copy);
    return NAS_OK;
}

static nas_status read_nodes(reader *r, const json_t *nodes, nas_err *err)
{
    if (!json_is_array(nodes) || json_array_size(nodes) == 0)
        return nas_fail(err, NAS_E_CONFIG, "\"nodes\" must be an array of operators");
    if (json_array_size(nodes) > NAS_GRAPH_MAX_NODES)
        return nas_fail(err, NAS_E_GRAPH, "%zu nodes, expected at most %d",
                        json_array_size(nodes), NAS_GRAPH_MAX_NODES);
    for (size_t i = 0; i < json_array_size(nodes); i++) {
        json_t *value = json_array_get(nodes, i);
        if (!json_is_object(value))
            return nas_fail(err, NAS_E_CONFIG, "node %zu is no object", i);
        json_t *object = json_copy(value);
        NAS_TRY_ALLOC(object, err);
        nas_status status = read_node(r, object, err);
        json_decref(object);
        if (status != NAS_OK) {
            nas_err_context(err, "node %zu", i);
            return status;
        }
    }
    return NAS_OK;
}

static nas_status check_header(json_t *root, nas_err *err)
{
    static const char *const keys[] = {"format", "version", "nodes", "output"};
    const char *format = json_string_value(json_object_get(root, "format"));
    if (format == NULL || strcmp(format, "nasmith-graph") != 0)
        return nas_fail(err, NAS_E_CONFIG,
                        "not a network: \"format\": \"nasmith-graph\" is missing");
    if (json_integer_value(json_object_get(root, "version")) != 1)
        return nas_fail(err, NAS_E_CONFIG,
                        "\"version\" is not 1, the one this program "
                        "reads");
    const char *key;
    json_t *value;
    json_object_foreach(root, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
            known = known || strcmp(key, keys[i]) == 0;
        if (!known)
            return nas_fail(err, NAS_E_CONFIG, "unknown key \"%.64s\"", key);
    }
    return NAS_OK;
}

static nas_status read_root(reader *r, json_t *root, nas_graph **out, nas_err *err)
{
    int64_t output = 0;
    NAS_TRY(check_header(root, err));
    NAS_TRY(read_nodes(r, json_object_get(root, "nodes"), err));
    NAS_TRY(read_int(json_object_get(root, "output"), "\"output\"", &output, err));
    if (output < 0 || output >= NAS_GRAPH_MAX_NODES)
        return nas_fail(err, NAS_E_CONFIG, "\"output\" is %lld, which is no node",
                        (long long)output);
    return nas_graph_finish(r->builder, (int)output, out, err);
}

nas_status nas_graph_read_value(json_t *root, nas_graph **out, nas_err *err)
{
    *out = NULL;
    reader r = {.builder = nas_graph_builder_new(), .arena = nas_arena_new()};
    nas_status status = r.builder == NULL || r.arena == NULL
                            ? nas_fail(err, NAS_E_NOMEM, "out of memory")
                            : read_root(&r, root, out, err);
    nas_arena_free(r.arena);
    nas_graph_builder_free(r.builder);
    return status;
}

nas_status nas_graph_read_json(const char *text, size_t bytes, const char *name,
                               nas_graph **out, nas_err *err)
{
    json_t *root = NULL;
    *out = NULL;
    NAS_TRY(nas_json_parse(text, bytes, name, &root, err));
    nas_status status = nas_graph_read_value(root, out, err);
    if (status != NAS_OK)
        nas_err_context(err, "%s", name);
    json_decref(root);
    return status;
}
