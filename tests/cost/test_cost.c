#include "check.h"

#include "nasmith/cost.h"

#include "random_graph.h"

#include <string.h>

/* 3x8x8 -> conv 4 3x3 /2, norm, relu -> depthwise 3x3 -> mean -> dense 5. */
static nas_graph *small(void)
{
    nas_graph_builder *b = nas_graph_builder_new();
    const float constants[3] = {0.25f, 2.385f, -1.0f};
    int x = nas_graph_add_input(b, (nas_shape){3, 8, 8});
    x = nas_graph_add_standardise(b, x, constants, constants, 3);
    x = nas_graph_add_conv(b, x, 4, 3, 2, "");
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, "");
    x = nas_graph_add_unary(b, NAS_OP_RELU, x, "");
    x = nas_graph_add_depthwise(b, x, 3, 1, "");
    x = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, x, "");
    x = nas_graph_add_dense(b, x, 5, "");
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    return graph;
}

static void test_counts_of_a_small_network(void **state)
{
    (void)state;
    nas_graph *graph = small();
    nas_cost cost;
    nas_err err = {0};
    check_ok(nas_cost_of(graph, NAS_FLOAT32, NULL, NULL, &cost, &err), err);
    assert_int_equal(cost.params, 4 * 27 + 8 + 36 + 25);
    assert_int_equal(cost.macs, 16 * 4 * 27 + 16 * 4 * 9 + 20);
    int64_t arena = cost.arena_bytes; /* the second tensor runs into the first */
    assert_true(arena >= 4 * 192 && arena < 4 * (192 + 64));
    int64_t stack = cost.ram_bytes - cost.arena_bytes;
    assert_true(stack > 64 && stack < 1024);
    int64_t weights = 108 + 4 + 36 + 4 + 20 + 5 + 6;
    int64_t code = cost.flash_bytes - 4 * (weights + 1); /* to 16 bytes */
    assert_true(code > 2000 && code < 8000);
    assert_true(cost.latency_ms < 0.0);

    check_ok(nas_cost_of(graph, NAS_INT8, NULL, NULL, &cost, &err), err);
    assert_int_equal(cost.arena_bytes, arena / 4);
    code = cost.flash_bytes - (108 + 36 + 20 + 13 + 15) - (8 * 13 + 8);
    assert_true(code > 2000 && code < 8000);
    nas_graph_free(graph);
}

static void test_limit_stops_the_planner(void **state)
{
    (void)state;
    nas_graph *graph = small();
    nas_cost free_cost;
    nas_cost cost;
    nas_err err = {0};
    check_ok(nas_cost_of(graph, NAS_FLOAT32, NULL, NULL, &free_cost, &err), err);
    nas_limits limits = {.ram_bytes = free_cost.arena_bytes - 8};
    check_ok(nas_cost_of(graph, NAS_FLOAT32, NULL, &limits, &cost, &err), err);
    assert_int_equal(nas_cost_violates(&cost, &limits), NAS_LIMIT_RAM);
    assert_true(cost.ram_bytes <= free_cost.ram_bytes);
    assert_true(cost.flash_bytes > 0 && cost.flash_bytes < free_cost.flash_bytes);
    limits.ram_bytes = 100; /* less than the stack */
    check_ok(nas_cost_of(graph, NAS_FLOAT32, NULL, &limits, &cost, &err), err);
    assert_int_equal(nas_cost_violates(&cost, &limits), NAS_LIMIT_RAM);
    limits.ram_bytes = free_cost.ram_bytes;
    check_ok(nas_cost_of(graph, NAS_FLOAT32, NULL, &limits, &cost, &err), err);
    assert_int_equal(nas_cost_violates(&cost, &limits), NAS_LIMIT_NONE);
    assert_int_equal(cost.ram_bytes, free_cost.ram_bytes);
    nas_graph_free(graph);
}

static void test_limits_do_not_change_accepted_costs(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 61);
    for (int i = 0; i < 100; i++) {
        nas_graph *graph = nas_test_random_graph(&rng, NULL);
        nas_cost a;
        nas_cost b;
        nas_err err = {0};
        check_ok(nas_cost_of(graph, NAS_FLOAT32, NULL, NULL, &a, &err), err);
        nas_limits limits = {.ram_bytes = a.ram_bytes};
        check_ok(nas_cost_of(graph, NAS_FLOAT32, NULL, &limits, &b, &err), err);
        assert_int_equal(a.ram_bytes, b.ram_bytes);
        limits.ram_bytes = a.ram_bytes - 1;
        check_ok(nas_cost_of(graph, NAS_FLOAT32, NULL, &limits, &b, &err), err);
        assert_int_equal(nas_cost_violates(&b, &limits), NAS_LIMIT_RAM);
        nas_graph_free(graph);
    }
}

static void test_first_violated_limit(void **state)
{
    (void)state;
    nas_cost cost = {.params = 10,
                     .macs = 20,
                     .ram_bytes = 30,
                     .flash_bytes = 40,
                     .latency_ms = 2.385};
    nas_limits limits = {.params = 10, .macs = 20, .ram_bytes = 30, .flash_bytes = 40};
    limits.latency_ms = 2.385;
    assert_int_equal(nas_cost_violates(&cost, &limits), NAS_LIMIT_NONE);
    limits.latency_ms = 2.384;
    assert_int_equal(nas_cost_violates(&cost, &limits), NAS_LIMIT_LATENCY);
    limits.flash_bytes = 39;
    assert_int_equal(nas_cost_violates(&cost, &limits), NAS_LIMIT_FLASH);
    limits.macs = 19;
    assert_int_equal(nas_cost_violates(&cost, &limits), NAS_LIMIT_MACS);
    limits.params = 9;
    assert_int_equal(nas_cost_violates(&cost, &limits), NAS_LIMIT_PARAMS);
    assert_string_equal(nas_limit_name(NAS_LIMIT_RAM), "ram");
    assert_true(nas_limit_cost(&cost, NAS_LIMIT_RAM) > 29.5);
    assert_true(nas_limit_bound(&limits, NAS_LIMIT_FLASH) < 39.5);
    cost.latency_ms = -1.0; /* not known: cannot violate */
    limits = (nas_limits){.latency_ms = 0.001};
    assert_int_equal(nas_cost_violates(&cost, &limits), NAS_LIMIT_NONE);
}

static void test_json(void **state)
{
    (void)state;
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_cost cost = {.params = 11,
                     .macs = 22,
                     .arena_bytes = 33,
                     .ram_bytes = 44,
                     .flash_bytes = 55,
                     .latency_ms = 2.385};
    nas_json_object_begin(&json);
    nas_cost_write_json(&cost, &json);
    nas_json_object_end(&json);
    assert_string_equal(nas_text_string(&text),
                        "{\"params\":11,\"macs\":22,\"arena_bytes\":33,\"ram_bytes\":44,"
                        "\"flash_bytes\":55,\"latency_ms\":2.385}");
    nas_text_clear(&text);
    cost.latency_ms = -1.0;
    nas_json_object_begin(&json);
    nas_cost_write_json(&cost, &json);
    nas_json_object_end(&json);
    assert_non_null(strstr(nas_text_string(&text), "\"latency_ms\":null"));
    nas_text_free(&text);
}

static void test_words(void **state)
{
    (void)state;
    nas_cost cost = {.params = 93100,
                     .macs = 1234567,
                     .ram_bytes = 65536,
                     .flash_bytes = 0,
                     .latency_ms = 2.38549};
    nas_cost_words words = nas_cost_in_words(&cost);
    assert_string_equal(words.params, "93.1 k");
    assert_string_equal(words.macs, "1.2 M");
    assert_string_equal(words.ram, "64 KiB");
    assert_string_equal(words.flash, "0 B");
    assert_string_equal(words.latency, "2.39 ms");
    cost.latency_ms = -1;
    assert_string_equal(nas_cost_in_words(&cost).latency, "-");
    char text[16];
    nas_cost_text(NAS_LIMIT_RAM, 700.25, text, sizeof text);
    assert_string_equal(text, "701 B");
    nas_cost_text(NAS_LIMIT_LATENCY, 0.0123456, text, sizeof text);
    assert_string_equal(text, "12.3 µs");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_of_a_small_network),
        cmocka_unit_test(test_limit_stops_the_planner),
        cmocka_unit_test(test_limits_do_not_change_accepted_costs),
        cmocka_unit_test(test_first_violated_limit),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
