/* covers: target.c, device.c */
#include "check.h"

#include "nasmith/file.h"
#include "nasmith/target.h"

#include <math.h>
#include <string.h>

static const char BOARD[] = "summary: a board\n"
                            "ram: 20KiB\n"
                            "flash: 64KiB\n"
                            "dtype: int8\n"
                            "clock_mhz: 100\n"
                            "power_mw: 50\n"
                            "cycles:\n"
                            "  spread: 0.25\n"
                            "  conv: 2.385\n"
                            "  pointwise: 3\n"
                            "  depthwise: 5\n"
                            "  dense: 4\n"
                            "  recurrent: 6\n"
                            "  pool: 7\n"
                            "  output: 20\n"
                            "  value: 11\n"
                            "  step: 300\n"
                            "  run: 1000\n"
                            "  float: 2\n";

static nas_status parse(const char *text, nas_target *out, nas_err *err)
{
    return nas_target_parse(text, strlen(text), "boards/mine.yaml", out, err);
}

static nas_target board(void)
{
    nas_target target;
    nas_err err = {0};
    check_ok(parse(BOARD, &target, &err), err);
    return target;
}

static void test_a_file_is_read(void **state)
{
    (void)state;
    nas_target target = board();
    assert_string_equal(target.name, "mine");
    assert_string_equal(target.device.name, "mine");
    assert_string_equal(target.summary, "a board");
    assert_string_equal(target.flags, "");
    assert_int_equal(target.ram_bytes, 20 * 1024);
    assert_int_equal(target.flash_bytes, 64 * 1024);
    assert_int_equal(target.dtype, NAS_INT8);
    assert_true(fabs(target.device.cycles[NAS_CYCLES_CONV] - 2.385) < 1e-12);
    assert_true(fabs(target.device.spread - 0.25) < 1e-12);
}

/* The text with one line replaced. */
static void replaced(const char *line, const char *by, char *out, size_t size)
{
    const char *at = strstr(BOARD, line);
    assert_non_null(at);
    const char *rest = strchr(at, '\n') + 1;
    (void)snprintf(out, size, "%.*s%s%s", (int)(at - BOARD), BOARD, by, rest);
}

static void test_wrong_files_get_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *line, *by, *message;
    } cases[] = {
        {"ram:", "rom: 20KiB\n", "boards/mine.yaml:2:1: unknown key `rom`"},
        {"ram:", "ram: much\n", "boards/mine.yaml:2:6: "},
        {"ram:", "ram: [1, 2]\n", "boards/mine.yaml:2:6: `ram` takes one value"},
        {"dtype:", "dtype: int4\n", "boards/mine.yaml:4:8: "},
        {"clock_mhz:", "clock_mhz: -3\n", "boards/mine.yaml:5:12: "},
        {"clock_mhz:", "", "`clock_mhz` and `cycles` belong together"},
        {"  conv:", "", "boards/mine.yaml:8:3: `conv` is missing"},
        {"  conv:", "  convs: 2\n", "boards/mine.yaml:9:3: unknown key `convs`"},
        {"  conv:", "  conv: x\n", "boards/mine.yaml:9:9: "},
        {"  spread:", "  spread: 1.5\n", "boards/mine.yaml:8:11: "},
        {"summary:", "summary: [\n", "boards/mine.yaml:"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[sizeof BOARD + 64];
        nas_target target;
        nas_err err = {0};
        replaced(cases[i].line, cases[i].by, text, sizeof text);
        assert_int_equal(parse(text, &target, &err), NAS_E_CONFIG);
        if (strstr(err.text, cases[i].message) == NULL)
            fail_msg("case %zu: %s, expected %s", i, err.text, cases[i].message);
        assert_null(strchr(err.text, '\n'));
    }
    nas_target target;
    nas_err err = {0};
    assert_int_equal(parse("", &target, &err), NAS_E_CONFIG);
    assert_int_equal(parse("- 1\n", &target, &err), NAS_E_CONFIG);
}

static void test_those_inside_are_complete(void **state)
{
    (void)state;
    bool found = false;
    assert_true(nas_target_count() >= 9);
    for (int i = 0; i < nas_target_count(); i++) {
        char name[32];
        nas_target target;
        nas_err err = {0};
        nas_target_name(i, name, sizeof name);
        check_ok(nas_target_load(name, &target, &err), err);
        assert_string_equal(target.name, name);
        assert_true(strlen(target.summary) > 10);
        assert_non_null(strstr(nas_target_text(i), "summary:"));
        found = found || strcmp(name, "cortex-m4") == 0;
    }
    assert_true(found);
}

static void test_names_and_paths(void **state)
{
    (void)state;
    nas_target target;
    nas_err err = {0};
    char folder[64], path[96];
    assert_int_equal(nas_target_load("cortex-m3", &target, &err), NAS_E_CONFIG);
    assert_non_null(strstr(err.text, "no target `cortex-m3`"));
    assert_non_null(strstr(err.hint, "did you mean `cortex-m"));
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/my-board.yaml", folder);
    check_ok(nas_file_write(path, BOARD, strlen(BOARD), &err), err);
    check_ok(nas_target_load(path, &target, &err), err);
    assert_string_equal(target.name, "my-board");
    check_ok(nas_file_remove(folder, &err), err);
}

/* conv 3x3, 1x1, depthwise, max pool, norm, mean, dense with 3 outputs */
static nas_graph *network(void)
{
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 8, 8});
    x = nas_graph_add_conv(b, x, 6, 3, 1, "");
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

static double latency(const nas_device *device, nas_dtype dtype)
{
    nas_latency_table table = {.known = true, .device = *device};
    nas_graph *graph = network();
    nas_cost cost;
    nas_err err = {0};
    check_ok(nas_cost_of(graph, dtype, &table, NULL, &cost, &err), err);
    nas_graph_free(graph);
    return cost.latency_ms;
}

static void test_time_is_the_sum_of_its_cycles(void **state)
{
    (void)state;
    const nas_target target = board();
    double cycles = 1000 + 7 * 300;
    cycles += 64 * 8 * 27 * 2.385 + 64 * 6 * 20; /* 6 channels count as 8 */
    cycles += 64 * 8 * 25 * 5 + 64 * 6 * 20;
    cycles += 64 * 8 * 6 * 3 + 64 * 8 * 20;
    cycles += 16 * 8 * 9 * 7 + 16 * 8 * 20;
    cycles += 16 * 8 * 11;
    cycles += 16 * 8 * 7 + 8 * 20;
    cycles += 4 * 8 * 4 + 3 * 20;
    assert_true(fabs(latency(&target.device, NAS_INT8) - cycles / 1e5) < 1e-9);
    assert_true(fabs(latency(&target.device, NAS_FLOAT32) - 2 * cycles / 1e5) < 1e-9);
    nas_device_estimate e = nas_device_estimate_of(&target.device, 4.0);
    assert_true(fabs(e.low_ms - 3) < 1e-12 && fabs(e.high_ms - 5) < 1e-12);
    assert_true(fabs(e.millijoules - 0.2) < 1e-12);
    char text[160];
    nas_device_text(&target.device, 4.0, text, sizeof text);
    assert_string_equal(text, "4 ms (3 to 5), 0.2 mJ an inference on mine, estimated");
}

static void test_a_study_keeps_the_device(void **state)
{
    (void)state;
    const nas_target target = board();
    const nas_latency_table table = {.known = true, .device = target.device};
    nas_latency_table again;
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_err err = {0};
    json_t *value = NULL;
    nas_latency_write_json(&table, &json);
    check_ok(nas_json_parse(nas_text_string(&text), text.length, "t", &value, &err), err);
    check_ok(nas_latency_read_json(value, &again, &err), err);
    assert_true(again.known);
    assert_string_equal(again.device.name, "mine");
    assert_true(fabs(latency(&again.device, NAS_INT8) -
                     latency(&target.device, NAS_INT8)) < 1e-12);
    json_object_set_new(json_object_get(value, "device"), "pool", json_integer(-1));
    assert_int_equal(nas_latency_read_json(value, &again, &err), NAS_E_CONFIG);
    assert_false(again.known);
    json_decref(value);
    nas_text_free(&text);
}

/* The published figures of DS-CNN on a Cortex-M4 and an M0+, whose engines differ by more
 * than the spread: 1.95 to 8.22 and 11.4 cycles a multiply-accumulate. */
static void test_estimates_lie_among_published_ones(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double least, most;
    } cases[] = {{"cortex-m4", 2.0, 8.3},
                 {"cortex-m0plus", 7.0, 16.0},
                 {"cortex-m7", 1.2, 4.5},
                 {"cortex-m85", 0.4, 2.0}};
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){64, 25, 5});
    for (int i = 0; i < 4; i++) {
        x = nas_graph_add_depthwise(b, x, 3, 1, "");
        x = nas_graph_add_conv(b, x, 64, 1, 1, "");
    }
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nas_target target;
        nas_cost cost;
        check_ok(nas_target_load(cases[i].name, &target, &err), err);
        const nas_latency_table table = {.known = true, .device = target.device};
        check_ok(nas_cost_of(graph, NAS_INT8, &table, NULL, &cost, &err), err);
        double per_mac =
            cost.latency_ms * 1000 * target.device.clock_mhz / (double)cost.macs;
        if (!(per_mac > cases[i].least && per_mac < cases[i].most))
            fail_msg("%s: %g cycles per multiply-accumulate", cases[i].name, per_mac);
    }
    nas_graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_is_read),
        cmocka_unit_test(test_wrong_files_get_a_place),
        cmocka_unit_test(test_those_inside_are_complete),
        cmocka_unit_test(test_names_and_paths),
        cmocka_unit_test(test_time_is_the_sum_of_its_cycles),
        cmocka_unit_test(test_a_study_keeps_the_device),
        cmocka_unit_test(test_estimates_lie_among_published_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
