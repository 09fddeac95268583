/* covers: build.c, build_op.c */
#include "space_check.h"

#include <math.h>
#include <string.h>
#include <zlib.h>

static nas_graph *decode(const nas_space *space, const nas_candidate *candidate)
{
    nas_err err = {0};
    nas_graph *graph;
    check_ok(nas_space_decode(space, candidate, &graph, &err), err);
    return graph;
}

/* The graph of a space without decisions. */
static nas_graph *only_graph(const char *yaml, nas_shape input)
{
    nas_space *space = space_of(yaml, input, 10);
    nas_arena *arena = nas_arena_new();
    assert_int_equal(nas_space_decision_count(space), 0);
    nas_graph *graph = decode(space, nas_space_smallest(space, arena));
    nas_arena_free(arena);
    nas_space_free(space);
    return graph;
}

static int count_op(const nas_graph *graph, nas_op_kind op)
{
    int n = 0;
    for (int i = 0; i < nas_graph_count(graph); i++)
        n += nas_graph_node(graph, i)->op == op;
    return n;
}

static void check_params(const char *yaml, nas_shape input, int64_t params)
{
    nas_graph *graph = only_graph(yaml, input);
    assert_int_equal(nas_graph_params(graph), params);
    assert_int_equal(nas_graph_output_shape(graph).c, 10);
    nas_graph_free(graph);
}

/* A head of 10 classes after 8 channels has 90 parameters. */
static void test_parameters_of_each_block(void **state)
{
    (void)state;
    nas_shape in = {8, 12, 10};
    check_params("network: identity", in, 90);
    check_params("network: {conv: {kernel: 5}}", in, 8 * 8 * 25 + 16 + 90);
    check_params("network: {conv: {kernel: 5, norm: none}}", in, 8 * 8 * 25 + 8 + 90);
    check_params("network: {conv: {norm: none, bias: no}}", in, 8 * 8 * 9 + 90);
    check_params("network: {conv: {bias: yes}}", in, 8 * 8 * 9 + 8 + 16 + 90);
    check_params("network: {conv: {groups: 4, out: 12}}", in, 12 * 2 * 9 + 24 + 130);
    check_params("network: {depthwise: {kernel: 5}}", in, 8 * 25 + 16 + 90);
    check_params("network: {separable: {out: 12}}", in, 72 + 16 + 96 + 24 + 130);
    check_params("network: {mbconv: {expand: 1}}", in, 72 + 16 + 64 + 16 + 90);
    check_params("network: {mbconv: {expand: 6, kernel: 5, out: x2}}", in,
                 8 * 48 + 96 + 48 * 25 + 96 + 48 * 16 + 32 + 170);
    check_params("network: squeeze_excite", in, 8 * 2 + 2 + 2 * 8 + 8 + 90);
    check_params("network: {squeeze_excite: {ratio: 64}}", in, 8 + 1 + 8 + 8 + 90);
    check_params("network: {mbconv: {expand: 1, se: 2}}", in,
                 72 + 16 + 64 + 16 + (8 * 4 + 4 + 4 * 8 + 8) + 90);
    check_params("network: {dense: {out: 5}}", in, 8 * 120 * 5 + 10 + 60);
    check_params("network: {dense: {out: x0.5, norm: none}}", in, 960 * 4 + 4 + 50);
    check_params("network: [batch_norm, relu, relu6]", in, 16 + 90);
    check_params("network: [flatten]", in, 9610);
    check_params("network: [global_avg_pool, {dropout: {rate: 0.5}}]", in, 90);
}

/* Columns 1 to 3 and 5 to 9 of 10 are categories. */
static void test_embeddings(void **state)
{
    (void)state;
    nas_space_context context = {.input = {10, 1, 1},
                                 .n_outputs = 3,
                                 .n_categories = 2,
                                 .categories = {{1, 3}, {5, 5}}};
    static const char yaml[] = "network: {embed: {out: 4}}";
    nas_err err = {0};
    nas_space *space = NULL;
    nas_arena *arena = nas_arena_new();
    check_ok(nas_space_parse(yaml, strlen(yaml), "x.yaml", &context, &space, &err), err);
    nas_graph *graph = decode(space, nas_space_smallest(space, arena));
    assert_int_equal(count_op(graph, NAS_OP_SLICE), 4);
    assert_int_equal(nas_graph_params(graph), 3 * 3 + 5 * 4 + (1 + 3 + 1 + 4 + 1) * 3);
    nas_graph_free(graph);
    nas_space_free(space);
    context.n_categories = 0;
    check_ok(nas_space_parse(yaml, strlen(yaml), "x.yaml", &context, &space, &err), err);
    graph = decode(space, nas_space_smallest(space, arena));
    assert_int_equal(nas_graph_params(graph), 33);
    nas_graph_free(graph);
    nas_space_free(space);
    context.n_categories = 2;
    context.categories[1].from = 3;
    assert_int_equal(
        nas_space_parse(yaml, strlen(yaml), "x.yaml", &context, &space, &err),
        NAS_E_USAGE);
    assert_non_null(strstr(err.text, "category 1 has columns 3 to 7 of 10"));
    nas_arena_free(arena);
}

static void test_parameters_of_series_blocks(void **state)
{
    (void)state;
    const nas_shape in = {8, 1, 10}, image = {8, 12, 10}, row = {8, 1, 1};
    const int attention = 8 * 24 + 24 + 8 * 8 + 8;
    check_params("network: {attention: {heads: 2}}", in, attention + 90);
    check_params("network: {transformer: {expand: 3, dropout: 0.1}}", in,
                 16 + attention + 16 + (8 * 24 + 24 + 24 * 8 + 8) + 90);
    check_params("network: positions", in, 80 + 90);
    check_params("network: {positions: {kind: sinusoidal}}", in, 90);
    check_params("network: {tokens: {out: 8}}", row, 2 * 64 + 90);
    check_params("network: [layer_norm, {group_norm: {groups: 4}}]", image, 32 + 90);
    check_params("network: {conv: {norm: layer}}", image, 8 * 8 * 9 + 16 + 90);
}

static void test_shapes_of_windows(void **state)
{
    (void)state;
    nas_graph *graph = only_graph("network: [max_pool, flatten]", (nas_shape){3, 9, 7});
    assert_int_equal(nas_graph_params(graph), 3 * 4 * 3 * 10 + 10);
    nas_graph_free(graph);
    graph = only_graph("network: [avg_pool: {pad: same, kernel: 3}, flatten]",
                       (nas_shape){3, 9, 7});
    assert_int_equal(nas_graph_params(graph), 3 * 3 * 3 * 10 + 10);
    nas_graph_free(graph);
    graph = only_graph("network: [conv: {kernel: 5, pad: valid, dilation: 2}, flatten]",
                       (nas_shape){3, 9, 11});
    assert_int_equal(nas_graph_params(graph), 225 + 6 + 3 * 1 * 3 * 10 + 10);
    nas_graph_free(graph);
}

static void test_one_row_makes_flat_windows(void **state)
{
    (void)state;
    nas_shape in = {8, 1, 50};
    check_params("network: {conv: {kernel: 9}}", in, 8 * 8 * 9 + 16 + 90);
    nas_graph *graph = only_graph("network: [max_pool, flatten]", in);
    assert_int_equal(nas_graph_params(graph), 8 * 25 * 10 + 10);
    nas_graph_free(graph);
}

static void test_dropout_of_rate_zero_is_no_block(void **state)
{
    (void)state;
    nas_graph *graph = only_graph("network: {dropout: {rate: 0}}", (nas_shape){8, 1, 1});
    assert_int_equal(count_op(graph, NAS_OP_DROPOUT), 0);
    nas_graph_free(graph);
}

static void test_residual_projects_where_shapes_differ(void **state)
{
    (void)state;
    nas_shape in = {8, 12, 10};
    check_params("network: {residual: [conv: {kernel: 3}]}", in, 576 + 16 + 90);
    check_params("network: {residual: {of: {conv: {out: 12, stride: 2}}, act: relu}}", in,
                 8 * 12 * 9 + 24 + 8 * 12 + 24 + 130);
    check_params("network: {residual: [identity]}", in, 90);
    check_params("network: {residual: [none]}", in, 90);
    nas_graph *graph = only_graph("network: {residual: {of: identity, act: relu}}", in);
    assert_int_equal(count_op(graph, NAS_OP_ADD), 0);
    nas_graph_free(graph);
}

static void test_branches_join(void **state)
{
    (void)state;
    nas_shape in = {8, 12, 10};
    nas_graph *graph = only_graph("network:\n"
                                  "  - branches:\n"
                                  "      join: concat\n"
                                  "      of: [conv: {kernel: 1}, identity, none]\n",
                                  in);
    assert_int_equal(count_op(graph, NAS_OP_CONCAT), 1);
    assert_int_equal(nas_graph_params(graph), 64 + 16 + 170);
    nas_graph_free(graph);
    graph = only_graph("network: {branches: {of: [conv: {kernel: 1}, none]}}", in);
    assert_int_equal(count_op(graph, NAS_OP_ADD), 0);
    assert_int_equal(nas_graph_params(graph), 64 + 16 + 90);
    nas_graph_free(graph);
}

static void check_infeasible(const char *yaml, nas_shape input, const char *reason)
{
    nas_err err = {0};
    nas_space *space = space_of(yaml, input, 10);
    nas_arena *arena = nas_arena_new();
    nas_graph *graph;
    nas_candidate *candidate = nas_space_smallest(space, arena);
    assert_int_equal(nas_space_decode(space, candidate, &graph, &err), NAS_E_GRAPH);
    assert_null(graph);
    if (strstr(err.text, reason) == NULL)
        fail_msg("`%s` has no `%s`", err.text, reason);
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_candidates_without_a_network(void **state)
{
    (void)state;
    check_infeasible("network: [max_pool, max_pool]", (nas_shape){1, 3, 3}, "max_pool");
    check_infeasible("network: [none]", (nas_shape){1, 8, 8}, "no path");
    check_infeasible("network: [conv: {groups: 3, out: 6}]", (nas_shape){4, 8, 8},
                     "conv");
    check_infeasible("network: {branches: [conv: {out: 3}, conv: {out: 4}]}",
                     (nas_shape){4, 8, 8}, "add");
    check_infeasible(
        "network:\n"
        "  repeat:\n"
        "    times: 64\n"
        "    tied: true\n"
        "    of: {repeat: {times: 64, tied: true, of: [relu, relu, relu, relu, relu]}}",
        (nas_shape){4, 8, 8}, "16384");
}

/* ---- against published tables ----------------------------------------------------- */

/* Next line of a gzip file, without its end. */
static bool read_line(gzFile file, char *line, int size)
{
    if (gzgets(file, line, size) == NULL)
        return false;
    line[strcspn(line, "\r\n")] = '\0';
    return true;
}

static void set_choice(json_t *object, const char *name, const char *value)
{
    assert_int_equal(json_object_set_new(object, name, json_string(value)), 0);
}

static nas_candidate *choose(const nas_space *space, json_t *object, nas_arena *arena)
{
    nas_err err = {0};
    nas_candidate *candidate;
    check_ok(nas_candidate_read_json(space, object, arena, &candidate, &err), err);
    json_decref(object);
    return candidate;
}

/* "|op~0|+|op~0|op~1|+|op~0|op~1|op~2|" */
static json_t *nasbench201_choices(const char *arch)
{
    json_t *object = json_object();
    int node = 1;
    for (const char *p = arch; *p != '\0' && *p != ',';) {
        char op[32], name[32];
        int from, used = 0;
        if (sscanf(p, "|%31[^~|+]~%d%n", op, &from, &used) == 2 && used > 0) {
            (void)snprintf(name, sizeof name, "cell.node%d.from%d", node, from);
            set_choice(object, name, op);
            p += used;
        } else {
            node += *p == '+';
            p++;
        }
    }
    return object;
}

/* Whether an edge of a NAS-Bench-201 cell has an operation but no way to the output. */
static bool has_dead_edge(const nas_space *space, const nas_candidate *candidate)
{
    static const int EDGES[6][2] = {{1, 0}, {2, 0}, {2, 1}, {3, 0}, {3, 1}, {3, 2}};
    bool on[6], from_input[4] = {true}, to_output[4] = {[3] = true};
    for (int e = 0; e < 6; e++) {
        char name[32];
        (void)snprintf(name, sizeof name, "cell.node%d.from%d", EDGES[e][0], EDGES[e][1]);
        on[e] = strcmp(value_of(space, candidate, name), "none") != 0;
        from_input[EDGES[e][0]] |= on[e] && from_input[EDGES[e][1]];
    }
    for (int e = 5; e >= 0; e--)
        to_output[EDGES[e][1]] |= on[e] && to_output[EDGES[e][0]];
    for (int e = 0; e < 6; e++)
        if (on[e] && !(from_input[EDGES[e][1]] && to_output[EDGES[e][0]]))
            return true;
    return false;
}

static const nas_space_context CIFAR = {
    .input = {3, 32, 32}, .n_outputs = 10, .task = NAS_TASK_CLASSIFICATION};

/* The source counts dead edges as well: only cells without them are compared. */
static void test_parameters_of_nasbench201(void **state)
{
    (void)state;
    gzFile file = gzopen(nas_test_data("nb201/nb201.csv.gz"), "rb");
    assert_non_null(file);
    nas_space *space = preset("nasbench201", &CIFAR);
    nas_arena *arena = nas_arena_new();
    char line[1024];
    assert_true(read_line(file, line, sizeof line));
    int compared = 0;
    for (int row = 0; read_line(file, line, sizeof line); row++) {
        if (row % 61 != 0)
            continue;
        char *arch = strchr(line, ',') + 1;
        double millions = 0;
        assert_int_equal(sscanf(strchr(arch, ',') + 1, "%*d,%lf", &millions), 1);
        nas_candidate *candidate = choose(space, nasbench201_choices(arch), arena);
        nas_graph *graph = NULL;
        if (nas_space_decode(space, candidate, &graph, NULL) == NAS_OK &&
            !has_dead_edge(space, candidate)) {
            assert_int_equal(nas_graph_params(graph), llround(millions * 1e6));
            compared++;
        }
        nas_graph_free(graph);
        nas_arena_reset(arena);
    }
    assert_true(compared > 60);
    gzclose(file);
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_parameters_of_nasbench_macro(void **state)
{
    (void)state;
    static const char *const WORDS[] = {"identity", "mb3_k3", "mb6_k5"};
    gzFile file = gzopen(nas_test_data("nasbench-macro/nasbench-macro.csv.gz"), "rb");
    assert_non_null(file);
    nas_space *space = preset("nasbench-macro", &CIFAR);
    nas_arena *arena = nas_arena_new();
    char line[512];
    assert_true(read_line(file, line, sizeof line));
    for (int row = 0; read_line(file, line, sizeof line); row++) {
        long long params = 0;
        if (row % 40 != 0)
            continue;
        assert_int_equal(sscanf(line, "%*[^,],%*f,%*f,%*f,%*f,%*f,%lld", &params), 1);
        json_t *object = json_object();
        for (int layer = 0; layer < 8; layer++) {
            char name[32];
            (void)snprintf(name, sizeof name, "layer%d", layer + 1);
            set_choice(object, name, WORDS[line[layer] - '0']);
        }
        nas_graph *graph = decode(space, choose(space, object, arena));
        assert_int_equal(nas_graph_params(graph), params);
        nas_graph_free(graph);
        nas_arena_reset(arena);
    }
    gzclose(file);
    nas_arena_free(arena);
    nas_space_free(space);
}

/* `text` with the only occurrence of `from` replaced. */
static char *replaced(nas_arena *arena, const char *text, const char *from,
                      const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    assert_null(strstr(at + 1, from));
    return nas_arena_printf(arena, "%.*s%s%s", (int)(at - text), text, to,
                            at + strlen(from));
}

static const char *darts_text(void)
{
    for (int i = 0; i < nas_space_preset_count(); i++)
        if (strcmp(nas_space_preset_name(i), "darts") == 0)
            return nas_space_preset_text(i);
    return "";
}

typedef const char *const choice[2];

static void set_choices(json_t *object, const char *prefix, choice *choices, int n)
{
    for (int i = 0; i < n; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s.%s", prefix, choices[i][0]);
        set_choice(object, name, choices[i][1]);
    }
}

/* The published cell of DARTS (second order) as its authors evaluate it, 20 cells of 36
 * channels: their code prints "param size = 3.349342MB". */
static void test_parameters_of_the_darts_cell(void **state)
{
    (void)state;
    static choice NORMAL[] = {
        {"node2.op1", "sep_conv_3x3"}, {"node2.op2", "sep_conv_3x3"},
        {"node3.inputs", "0+1"},       {"node3.op1", "sep_conv_3x3"},
        {"node3.op2", "sep_conv_3x3"}, {"node4.inputs", "0+1"},
        {"node4.op1", "skip_connect"}, {"node4.op2", "sep_conv_3x3"},
        {"node5.inputs", "0+2"},       {"node5.op1", "skip_connect"},
        {"node5.op2", "dil_conv_3x3"},
    };
    static choice REDUCE[] = {
        {"node2.op1", "max_pool_3x3"}, {"node2.op2", "max_pool_3x3"},
        {"node3.inputs", "1+2"},       {"node3.op1", "max_pool_3x3"},
        {"node3.op2", "skip_connect"}, {"node4.inputs", "0+2"},
        {"node4.op1", "max_pool_3x3"}, {"node4.op2", "skip_connect"},
        {"node5.inputs", "1+2"},       {"node5.op1", "max_pool_3x3"},
        {"node5.op2", "skip_connect"},
    };
    nas_arena *arena = nas_arena_new();
    char *yaml = replaced(arena, darts_text(), "out: 48", "out: 108");
    yaml = replaced(arena, yaml, "channels: 16", "channels: 36");
    yaml = replaced(arena, yaml, "cells: 2", "cells: 6");
    nas_space *space = space_of(yaml, CIFAR.input, CIFAR.n_outputs);
    json_t *object = json_object();
    set_choices(object, "cell", NORMAL, 11);
    set_choices(object, "cell.reduce", REDUCE, 11);
    nas_graph *graph = decode(space, choose(space, object, arena));
    assert_int_equal(count_op(graph, NAS_OP_CONCAT), 20);
    assert_int_equal(nas_graph_params(graph), 3349342);
    int features = nas_graph_node(graph, nas_graph_output(graph))->inputs[0];
    assert_int_equal(nas_graph_node(graph, features)->shape.c, 4 * 4 * 36);
    nas_graph_free(graph);
    nas_arena_free(arena);
    nas_space_free(space);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parameters_of_each_block),
        cmocka_unit_test(test_embeddings),
        cmocka_unit_test(test_parameters_of_series_blocks),
        cmocka_unit_test(test_shapes_of_windows),
        cmocka_unit_test(test_one_row_makes_flat_windows),
        cmocka_unit_test(test_dropout_of_rate_zero_is_no_block),
        cmocka_unit_test(test_residual_projects_where_shapes_differ),
        cmocka_unit_test(test_branches_join),
        cmocka_unit_test(test_candidates_without_a_network),
        cmocka_unit_test(test_parameters_of_nasbench201),
        cmocka_unit_test(test_parameters_of_nasbench_macro),
        cmocka_unit_test(test_parameters_of_the_darts_cell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
