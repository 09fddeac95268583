/* The file is run by this layer's interpreter and, where it is installed, by ONNX
 * Runtime under Node. */
#include "fixture.h"

#include "nasmith/file.h"
#include "nasmith/process.h"

enum { ROWS = 4, NETWORKS = 40 };

static void finds_a_changed_network(void **state)
{
    (void)state;
    char folder[64], path[96];
    nas_err err = {0};
    nas_verify_result result;
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/net.onnx", folder);
    nas_model *model = fixture_random(5);
    float *rows = fixture_rows(model, ROWS, 5);
    float *expected = fixture_expected(model, rows, ROWS);
    check_ok(nas_onnx_write(model, path, &err), err);
    check_ok(nas_onnx_verify(path, rows, expected, ROWS, &result, &err), err);
    assert_int_equal(result.n, ROWS);
    assert_true(result.max_error < 1e-5);
    const nas_weight *bias = nas_graph_weight_of(
        model->graph, nas_graph_output(model->graph), NAS_WEIGHT_BIAS);
    assert_non_null(bias);
    model->weights[bias->offset] += 0.5f;
    check_ok(nas_onnx_write(model, path, &err), err);
    assert_int_equal(nas_onnx_verify(path, rows, expected, ROWS, &result, &err),
                     NAS_E_VERIFY);
    assert_true(result.max_error > 1e-4);
    nas_heap_free(expected);
    nas_heap_free(rows);
    nas_model_free(model);
    check_ok(nas_file_remove(folder, &err), err);
}

/* N.onnx, N.in (floats) and N.json (shape) for tests/node/run_onnx.js. */
static void write_case(const char *folder, int number, const nas_model *model,
                       const float *rows)
{
    char path[96], json[96];
    nas_err err = {0};
    const nas_shape in = nas_graph_input_shape(model->graph);
    (void)snprintf(path, sizeof path, "%s/%d.onnx", folder, number);
    check_ok(nas_onnx_write(model, path, &err), err);
    (void)snprintf(path, sizeof path, "%s/%d.in", folder, number);
    check_ok(nas_file_write(path, rows,
                            (size_t)(ROWS * nas_shape_count(in)) * sizeof *rows, &err),
             err);
    (void)snprintf(path, sizeof path, "%s/%d.json", folder, number);
    int length = snprintf(json, sizeof json, "[%d,%d,%d,%d]", ROWS, (int)in.c, (int)in.h,
                          (int)in.w);
    check_ok(nas_file_write(path, json, (size_t)length, &err), err);
}

static void read_case(const char *folder, int number, const nas_model *model,
                      const float *rows)
{
    char path[96];
    char *data = NULL;
    size_t bytes = 0;
    nas_err err = {0};
    float *expected = fixture_expected(model, rows, ROWS);
    (void)snprintf(path, sizeof path, "%s/%d.out", folder, number);
    check_ok(nas_file_read(path, 0, &data, &bytes, &err), err);
    assert_int_equal(bytes, (size_t)(ROWS * model->n_outputs) * sizeof(float));
    float *found = nas_heap_alloc(bytes, 1);
    memcpy(found, data, bytes);
    fixture_equal(found, expected, ROWS * model->n_outputs, path);
    nas_heap_free(found);
    nas_heap_free(expected);
    nas_heap_free(data);
}

static void equals_onnx_runtime(void **state)
{
    (void)state;
    char folder[64], log[96], script[2048];
    nas_err err = {0};
    nas_process_result result;
    if (!nas_file_exists(nas_test_source("tests/node/node_modules/onnxruntime-node"))) {
        print_message("skipped: onnxruntime-node is not installed in tests/node\n");
        skip();
    }
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(log, sizeof log, "%s/log", folder);
    (void)snprintf(script, sizeof script, "%s",
                   nas_test_source("tests/node/run_onnx.js"));
    nas_model *models[NETWORKS];
    float *rows[NETWORKS];
    for (int i = 0; i < NETWORKS; i++) {
        const bool table = i % 4 == 3; /* encoded rows */
        models[i] = table ? fixture_table((uint64_t)i) : fixture_random((uint64_t)i);
        rows[i] = table ? fixture_drawn(models[i], ROWS, (uint64_t)i)
                        : fixture_rows(models[i], ROWS, (uint64_t)i);
        write_case(folder, i, models[i], rows[i]);
    }
    const char *const argv[] = {"node", script, folder, NULL};
    const nas_process process = {argv, log, 120};
    check_ok(nas_process_run(&process, &result, &err), err);
    if (result.exit_code != 0 || !result.found)
        fail_msg("node %s %s failed with %d; see %s", script, folder, result.exit_code,
                 log);
    for (int i = 0; i < NETWORKS; i++) {
        read_case(folder, i, models[i], rows[i]);
        nas_heap_free(rows[i]);
        nas_model_free(models[i]);
    }
    check_ok(nas_file_remove(folder, &err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_changed_network),
        cmocka_unit_test(equals_onnx_runtime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
