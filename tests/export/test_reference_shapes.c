/* The shapes of MLPerf Tiny's reference networks as int8: arenas below what any planner
 * of whole tensors can reach, and the outputs of an arena in which tensors overlap equal
 * those of a run that keeps every tensor, bit for bit. */
#include "fixture.h"

#include "export/kernels8.h"
#include "nasmith/file.h"

enum { ROWS = 2 };

typedef struct reference_network {
    const char *name;
    int64_t largest; /* arena */
    int64_t whole;   /* arena of TensorFlow Lite Micro's planner */
    nas_task task;
} reference_network;

static const reference_network networks[] = {
    {"ds-cnn", 8490, 16000, NAS_TASK_CLASSIFICATION},
    {"resnet-8", 33792, 49152, NAS_TASK_CLASSIFICATION},
    {"mobilenet-v1-025", 46080, 64512, NAS_TASK_CLASSIFICATION},
    {"auto-encoder", 768, 768, NAS_TASK_REGRESSION},
};

static nas_model *load(const reference_network *network)
{
    char path[96], *text = NULL;
    size_t bytes = 0;
    nas_err err = {0};
    nas_graph *graph = NULL;
    (void)snprintf(path, sizeof path, "tests/data-sets/mlperf/%s.json", network->name);
    check_ok(nas_file_read(nas_test_source(path), 0, &text, &bytes, &err), err);
    check_ok(nas_graph_read_json(text, bytes, path, &graph, &err), err);
    nas_heap_free(text);
    return fixture_model(graph, network->task, 12);
}

static void run_in_arena(const nas_quant *quant, const float *rows, int8_t *out,
                         int64_t *arena_bytes)
{
    nas_err err = {0};
    nas_calls *calls = NULL;
    nas_arena *memory = nas_arena_new();
    check_ok(nas_calls_build_int8(quant, memory, &calls, &err), err);
    const int64_t inputs = nas_shape_count(nas_graph_input_shape(quant->model->graph));
    *arena_bytes = calls->program->arena_bytes;
    int8_t *arena = nas_heap_alloc((size_t)*arena_bytes, 1);
    int8_t *in = nas_heap_alloc((size_t)inputs, 1);
    for (int64_t row = 0; row < ROWS; row++) {
        memset(arena, 0x5a, (size_t)*arena_bytes);
        nas_quant_input(quant, rows + row * inputs, in);
        for (int i = 0; i < calls->n; i++)
            nas_kernel8_run(calls, &calls->list[i], arena, in,
                            out + row * quant->model->n_outputs);
    }
    nas_heap_free(in);
    nas_heap_free(arena);
    nas_arena_free(memory);
}

static void arenas_are_small_and_outputs_equal(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof networks / sizeof networks[0]; k++) {
        nas_err err = {0};
        nas_quant *quant = NULL;
        int64_t arena_bytes = 0;
        nas_model *model = load(&networks[k]);
        float *rows = fixture_rows(model, ROWS, k);
        const nas_quant_options options = {.calibration = NAS_RANGE_MIN_MAX};
        check_ok(nas_quantise(model, rows, ROWS, &options, &quant, &err), err);
        const size_t outputs = (size_t)(ROWS * model->n_outputs);
        int8_t *expected = nas_heap_alloc(outputs, 1);
        int8_t *found = nas_heap_alloc(outputs, 1);
        check_ok(nas_quant_reference_run(quant, rows, ROWS, expected, &err), err);
        run_in_arena(quant, rows, found, &arena_bytes);
        print_message("%-17s arena %5lld bytes (at most %lld; whole tensors %lld)\n",
                      networks[k].name, (long long)arena_bytes,
                      (long long)networks[k].largest, (long long)networks[k].whole);
        assert_true(arena_bytes <= networks[k].largest);
        assert_memory_equal(found, expected, outputs);
        nas_heap_free(found);
        nas_heap_free(expected);
        nas_heap_free(rows);
        nas_quant_free(quant);
        nas_model_free(model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arenas_are_small_and_outputs_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
