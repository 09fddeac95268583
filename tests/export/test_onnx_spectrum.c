/* covers: onnx_spectrum.c, naive_spectrum.c
 * The front end of sound in all its forms: plain sums in double precision, the kernels of
 * the exported C, ONNX by this layer's interpreter and, where it is installed, by ONNX
 * Runtime. */
#include "fixture.h"

#include "nasmith/file.h"
#include "nasmith/process.h"
#include "nasmith/spectrum.h"

enum { ROWS = 3, STEPS = 3000, CASES = 5 };

static const struct {
    int64_t channels, window, hop, bands, coefficients;
    bool relative, series;
} cases[CASES] = {
    {1, 256, 128, 40, 0, true, false}, {1, 200, 80, 40, 13, true, false},
    {1, 512, 400, 24, 0, false, true}, {2, 64, 96, 0, 0, true, false},
    {3, 128, 200, 10, 6, false, true},
};

/* The bare spectrum: a network that adds up nothing would hide its errors. */
static nas_model *front_model(int k)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_value attr[NAS_ATTR_MAX];
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){cases[k].channels, 1, STEPS});
    nas_param_defaults(nas_op_get(NAS_OP_SPECTRUM)->params, attr);
    attr[NAS_ATTR_SPECTRUM_WINDOW].i = cases[k].window;
    attr[NAS_ATTR_SPECTRUM_HOP].i = cases[k].hop;
    attr[NAS_ATTR_SPECTRUM_BANDS].i = cases[k].bands;
    attr[NAS_ATTR_SPECTRUM_COEFFICIENTS].i = cases[k].coefficients;
    attr[NAS_ATTR_SPECTRUM_RATE].f = 8000;
    attr[NAS_ATTR_SPECTRUM_LOW_HZ].f = 20;
    attr[NAS_ATTR_SPECTRUM_RELATIVE].i = cases[k].relative;
    attr[NAS_ATTR_SPECTRUM_SERIES].i = cases[k].series;
    x = nas_graph_add(b, NAS_OP_SPECTRUM, attr, &x, 1, "front");
    x = nas_graph_add_unary(b, NAS_OP_FLATTEN, x, "");
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    nas_model *model = fixture_model(graph, NAS_TASK_REGRESSION, (uint64_t)k);
    for (int64_t i = 0; i < model->n_outputs; i++) {
        model->target_mean[i] = 0;
        model->target_deviation[i] = 1;
    }
    return model;
}

/* A rising tone that begins late, over a little noise, in 16-bit numbers. */
static float *sound_rows(const nas_model *model)
{
    const int64_t channels = nas_graph_input_shape(model->graph).c;
    nas_rng rng = nas_rng_new(2385, 77);
    float *rows = nas_heap_alloc((size_t)(ROWS * channels * STEPS), sizeof *rows);
    assert_non_null(rows);
    for (int64_t i = 0; i < ROWS * channels * STEPS; i++) {
        const double t = (double)(i % STEPS);
        const double tone = t < 600 ? 0 : sin(0.1 * t + 2e-4 * t * t);
        rows[i] = (float)round(9000 * tone + 20 * nas_rng_normal(&rng));
    }
    return rows;
}

static double worst(const float *found, const float *expected, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++) {
        const double error = fabs((double)found[i] - (double)expected[i]);
        most = fmax(most, error / fmax(1, fabs((double)expected[i])));
    }
    return most;
}

static void kernels_and_interpreter_agree(void **state)
{
    (void)state;
    char folder[64], path[96];
    double most[2] = {0, 0};
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/net.onnx", folder);
    for (int k = 0; k < CASES; k++) {
        nas_err err = {0};
        nas_verify_result result;
        nas_runtime *runtime = NULL;
        nas_model *model = front_model(k);
        float *rows = sound_rows(model), *expected = fixture_expected(model, rows, ROWS);
        float *found = nas_heap_alloc((size_t)model->n_outputs, sizeof *found);
        const int64_t size = nas_shape_count(nas_graph_input_shape(model->graph));
        check_ok(nas_runtime_new(model, &runtime, &err), err);
        for (int i = 0; i < ROWS; i++) {
            nas_runtime_run(runtime, rows + i * size, found);
            most[0] = fmax(
                most[0], worst(found, expected + i * model->n_outputs, model->n_outputs));
        }
        check_ok(nas_onnx_write(model, path, &err), err);
        check_ok(nas_onnx_verify(path, rows, expected, ROWS, &result, &err), err);
        most[1] = fmax(most[1], result.max_error);
        nas_runtime_free(runtime);
        nas_heap_free(found);
        nas_heap_free(expected);
        nas_heap_free(rows);
        nas_model_free(model);
    }
    print_message("logarithms differ from double precision by %.2g (C kernels), %.2g "
                  "(ONNX, constants alone) at most\n",
                  most[0], most[1]);
    assert_true(most[0] < 1e-4 && most[1] < 1e-4);
    nas_err err = {0};
    check_ok(nas_file_remove(folder, &err), err);
}

static void write_file(const char *folder, int k, const char *end, const void *data,
                       size_t bytes)
{
    char path[96];
    nas_err err = {0};
    (void)snprintf(path, sizeof path, "%s/%d.%s", folder, k, end);
    check_ok(nas_file_write(path, data, bytes, &err), err);
}

static void equals_onnx_runtime(void **state)
{
    (void)state;
    char folder[64], path[96], log[96], script[2048];
    double most = 0;
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
    for (int k = 0; k < CASES; k++) {
        nas_model *model = front_model(k);
        float *rows = sound_rows(model);
        const int64_t channels = cases[k].channels;
        int length =
            snprintf(path, sizeof path, "[%d,%d,1,%d]", ROWS, (int)channels, STEPS);
        write_file(folder, k, "json", path, (size_t)length);
        write_file(folder, k, "in", rows,
                   (size_t)(ROWS * channels * STEPS) * sizeof *rows);
        (void)snprintf(path, sizeof path, "%s/%d.onnx", folder, k);
        check_ok(nas_onnx_write(model, path, &err), err);
        nas_heap_free(rows);
        nas_model_free(model);
    }
    const char *const argv[] = {"node", script, folder, NULL};
    const nas_process process = {argv, log, 120};
    check_ok(nas_process_run(&process, &result, &err), err);
    if (result.exit_code != 0 || !result.found)
        fail_msg("node failed with %d; see %s", result.exit_code, log);
    for (int k = 0; k < CASES; k++) {
        nas_model *model = front_model(k);
        float *rows = sound_rows(model), *expected = fixture_expected(model, rows, ROWS);
        char *data = NULL;
        size_t bytes = 0;
        (void)snprintf(path, sizeof path, "%s/%d.out", folder, k);
        check_ok(nas_file_read(path, 0, &data, &bytes, &err), err);
        assert_int_equal(bytes, (size_t)(ROWS * model->n_outputs) * sizeof(float));
        float *found = nas_heap_alloc(bytes, 1);
        memcpy(found, data, bytes);
        most = fmax(most, worst(found, expected, ROWS * model->n_outputs));
        nas_heap_free(found);
        nas_heap_free(data);
        nas_heap_free(expected);
        nas_heap_free(rows);
        nas_model_free(model);
    }
    print_message("logarithms differ from double precision by %.2g (ONNX Runtime) at "
                  "most\n",
                  most);
    assert_true(most < 1e-3);
    check_ok(nas_file_remove(folder, &err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_and_interpreter_agree),
        cmocka_unit_test(equals_onnx_runtime),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
