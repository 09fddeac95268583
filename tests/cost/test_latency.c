#include "check.h"

#include "cost/latency.h"
#include "nasmith/cost.h"

#include <math.h>
#include <string.h>

static nas_latency_table table(void)
{
    nas_latency_table out = {.known = true, .ns_per_step = 12.5};
    for (int kind = 0; kind < NAS_STEP_KINDS; kind++)
        for (int size = 0; size < NAS_LATENCY_CLASSES; size++)
            out.ns_per_unit[kind][size] = 0.385 + kind * 10 + size;
    return out;
}

static nas_graph *network(void)
{
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 8, 8});
    x = nas_graph_add_conv(b, x, 6, 3, 1, "");
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, "");
    x = nas_graph_add_depthwise(b, x, 5, 1, "");
    x = nas_graph_add_conv(b, x, 8, 1, 1, "");
    x = nas_graph_add_pool(b, NAS_OP_MAX_POOL, x, 3, 2, NAS_PAD_SAME, "");
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, "");
    x = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, x, "");
    x = nas_graph_add_dense(b, x, 3, "");
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

static void test_classes_and_units(void **state)
{
    (void)state;
    static const int64_t units[] = {64 * 6 * 27, 64 * 6 * 25, 64 * 48, 16 * 8 * 9,
                                    16 * 8,      16 * 8,      24};
    static const int classes[] = {1, 3, 2, 1, 0, 0, 0};
    nas_graph *graph = network();
    nas_arena *arena = nas_arena_new();
    nas_program_options options = nas_program_options_default();
    nas_program *program = NULL;
    nas_err err = {0};
    check_ok(nas_program_build(graph, &options, arena, &program, &err), err);
    assert_int_equal(program->n_steps, 7);
    for (int s = 0; s < 7; s++) {
        int64_t n = 0;
        int size = nas_latency_class(graph, &program->steps[s], &n);
        assert_int_equal(n, units[s]);
        assert_int_equal(size, classes[s]);
    }
    nas_arena_free(arena);
    nas_graph_free(graph);
}

static void test_prediction_is_the_sum(void **state)
{
    (void)state;
    nas_graph *graph = network();
    nas_latency_table t = table();
    nas_cost cost;
    nas_err err = {0};
    check_ok(nas_cost_of(graph, NAS_FLOAT32, &t, NULL, &cost, &err), err);
    const double copy = 0.385 + NAS_STEP_CONCAT * 10;
    double ns = 9 * 12.5 + 195 * copy + 64 * 6 * 27 * t.ns_per_unit[NAS_STEP_CONV][1] +
                64 * 6 * 25 * t.ns_per_unit[NAS_STEP_DEPTHWISE][3] +
                64 * 48 * t.ns_per_unit[NAS_STEP_CONV][2] +
                16 * 72 * t.ns_per_unit[NAS_STEP_MAX_POOL][1] +
                128 * t.ns_per_unit[NAS_STEP_AFFINE][0] +
                128 * t.ns_per_unit[NAS_STEP_GLOBAL_AVG_POOL][0] +
                24 * t.ns_per_unit[NAS_STEP_DENSE][0];
    assert_true(fabs(cost.latency_ms - ns * 1e-6) < 1e-12);
    nas_arena *arena = nas_arena_new();
    nas_program_options options = nas_program_options_default();
    nas_program *program = NULL;
    check_ok(nas_program_build(graph, &options, arena, &program, &err), err);
    double steps = 0;
    for (int s = 0; s < program->n_steps; s++)
        steps += nas_latency_step(&t, program, s);
    double copies = 1e-6 * (2 * 12.5 + 195 * copy); /* input and output */
    assert_true(fabs(steps + copies - cost.latency_ms) < 1e-12);
    nas_latency_table unknown = {0};
    assert_true(nas_latency_step(&unknown, program, 0) < 0);
    nas_arena_free(arena);
    t.known = false;
    check_ok(nas_cost_of(graph, NAS_FLOAT32, &t, NULL, &cost, &err), err);
    assert_true(cost.latency_ms < 0.0);
    nas_graph_free(graph);
}

static void write_table(const nas_latency_table *t, nas_text *out)
{
    nas_json json = nas_json_writer(out, 0);
    nas_latency_write_json(t, &json);
}

static nas_status read_table(const char *text, nas_latency_table *out, nas_err *err)
{
    json_t *value = NULL;
    nas_status status = nas_json_parse(text, strlen(text), "table", &value, err);
    if (status == NAS_OK)
        status = nas_latency_read_json(value, out, err);
    json_decref(value);
    return status;
}

static void test_json_round_trip(void **state)
{
    (void)state;
    nas_latency_table t = table();
    nas_latency_table again;
    nas_text text = {0};
    nas_text other = {0};
    nas_err err = {0};
    write_table(&t, &text);
    check_ok(read_table(nas_text_string(&text), &again, &err), err);
    assert_true(again.known);
    write_table(&again, &other);
    assert_string_equal(nas_text_string(&text), nas_text_string(&other));
    t.known = false;
    nas_text_clear(&text);
    write_table(&t, &text);
    assert_string_equal(nas_text_string(&text), "null");
    again.known = true;
    check_ok(nas_latency_read_json(json_null(), &again, &err), err);
    assert_false(again.known);
    nas_text_free(&text);
    nas_text_free(&other);
}

static void test_bad_tables_are_refused(void **state)
{
    (void)state;
    nas_latency_table t = table();
    nas_latency_table again;
    nas_text text = {0};
    nas_err err = {0};
    write_table(&t, &text);
    char *dense = strstr(text.data, "\"dense\":[");
    assert_non_null(dense);
    dense[9] = '-';
    assert_int_equal(read_table(text.data, &again, &err), NAS_E_CONFIG);
    assert_non_null(strstr(err.text, "dense"));
    assert_false(again.known);
    assert_int_equal(read_table("{\"ns_per_step\":1.5}", &again, &err), NAS_E_CONFIG);
    assert_int_equal(read_table("[2.385]", &again, &err), NAS_E_CONFIG);
    /* A table from before a kind of step was known can still be read. */
    nas_text_clear(&text);
    write_table(&t, &text);
    memcpy(strstr(text.data, "\"dense\""), "\"other\"", 7);
    check_ok(read_table(text.data, &again, &err), err);
    assert_true(again.known);
    assert_true(again.ns_per_unit[NAS_STEP_DENSE][0] == 0);
    assert_true(again.ns_per_unit[NAS_STEP_CONV][0] > 0);
    nas_text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classes_and_units),
        cmocka_unit_test(test_prediction_is_the_sum),
        cmocka_unit_test(test_json_round_trip),
        cmocka_unit_test(test_bad_tables_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
