/* Int8 ONNX in this layer's interpreter and, layer by layer, in ONNX Runtime: given the
 * runtime's own inputs of a layer, the reference gives its output within one unit. */
#include "fixture.h"

#include "export/onnx.h"
#include "export/quant.h"
#include "export/quant_reference.h"
#include "nasmith/file.h"
#include "nasmith/process.h"

enum { ROWS = 6, CALIBRATION = 24, NETWORKS = 16, MOST_NETWORKS = 1024 };

/* NASMITH_GRAPHS says how many networks meet ONNX Runtime. */
static int networks(void)
{
    const char *count = getenv("NASMITH_GRAPHS");
    const int n = count != NULL ? (int)strtol(count, NULL, 10) : NETWORKS;
    return n < MOST_NETWORKS ? n : MOST_NETWORKS;
}

typedef struct quantised {
    nas_model *model;
    nas_quant *quant;
    float *rows;
} quantised;

static quantised make(uint64_t seed)
{
    quantised q;
    nas_err err = {0};
    q.model = fixture_random_int8(900 + seed);
    q.rows = fixture_rows(q.model, CALIBRATION, seed);
    check_ok(nas_quantise(q.model, q.rows, CALIBRATION, NULL, &q.quant, &err), err);
    return q;
}

static void release(quantised *q)
{
    nas_quant_free(q->quant);
    nas_heap_free(q->rows);
    nas_model_free(q->model);
}

static void equals_the_kernels_when_read_again(void **state)
{
    (void)state;
    char folder[64], path[96];
    nas_err err = {0};
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/net.onnx", folder);
    for (uint64_t seed = 0; seed < 60; seed++) {
        nas_verify_result result;
        quantised q = make(seed);
        check_ok(nas_onnx_write_int8(q.quant, path, &err), err);
        check_ok(nas_onnx_verify_int8(q.quant, path, q.rows, ROWS, &result, &err), err);
        assert_int_equal(result.n, ROWS);
        /* It is int8, not the float network; and that is told when it is read back. */
        nas_model *again = NULL;
        assert_int_equal(nas_onnx_read(path, &again, &err), NAS_E_CONFIG);
        assert_non_null(strstr(err.text, "int8"));
        release(&q);
    }
    check_ok(nas_file_remove(folder, &err), err);
}

static void finds_a_changed_network(void **state)
{
    (void)state;
    char folder[64], path[96];
    nas_err err = {0};
    nas_verify_result result;
    nas_quant *other = NULL;
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/net.onnx", folder);
    const nas_weight *bias = NULL;
    quantised q = {0};
    for (uint64_t seed = 0; bias == NULL; seed++) { /* a regression with a last bias */
        release(&q);
        q = make(seed);
        if (q.model->task == NAS_TASK_REGRESSION)
            bias = nas_graph_weight_of(q.model->graph, nas_graph_output(q.model->graph),
                                       NAS_WEIGHT_BIAS);
    }
    check_ok(nas_onnx_write_int8(q.quant, path, &err), err);
    q.model->weights[bias->offset] += 40.0f;
    check_ok(nas_quantise(q.model, q.rows, CALIBRATION, NULL, &other, &err), err);
    assert_int_equal(nas_onnx_verify_int8(other, path, q.rows, ROWS, &result, &err),
                     NAS_E_VERIFY);
    nas_quant_free(other);
    release(&q);
    check_ok(nas_file_remove(folder, &err), err);
}

/* ---- ONNX Runtime ------------------------------------------------------------------ */

static void write_file(const char *folder, int number, const char *ending,
                       const void *data, size_t bytes)
{
    char path[128];
    nas_err err = {0};
    (void)snprintf(path, sizeof path, "%s/%d%s", folder, number, ending);
    check_ok(nas_file_write(path, data, bytes, &err), err);
}

/* @param inner  with all int8 tensors as outputs */
static void write_case(const char *folder, int number, const quantised *q, bool inner)
{
    char json[96];
    void *bytes = NULL;
    size_t n = 0;
    nas_err err = {0};
    nas_arena *arena = nas_arena_new();
    const nas_shape in = nas_graph_input_shape(q->model->graph);
    check_ok(nas_onnx_serialise_int8(q->quant, inner, arena, &bytes, &n, &err), err);
    write_file(folder, number, ".onnx", bytes, n);
    write_file(folder, number, ".in", q->rows,
               (size_t)(ROWS * nas_shape_count(in)) * sizeof *q->rows);
    int length = snprintf(json, sizeof json, "[%d,%d,%d,%d]", ROWS, (int)in.c, (int)in.h,
                          (int)in.w);
    write_file(folder, number, ".json", json, (size_t)length);
    nas_arena_free(arena);
}

/* What the runtime computed for a step; NULL for a sample that is standardised first. */
static int8_t *read_tensor(const char *folder, int number, int step)
{
    char path[128];
    char *data = NULL;
    size_t bytes = 0;
    nas_err err = {0};
    if (step == NAS_QUANT_SAMPLE)
        (void)snprintf(path, sizeof path, "%s/%d.sample.int8.out", folder, number);
    else
        (void)snprintf(path, sizeof path, "%s/%d.s%d.int8.out", folder, number, step);
    if (!nas_file_exists(path))
        return NULL;
    check_ok(nas_file_read(path, 0, &data, &bytes, &err), err);
    return (int8_t *)data;
}

/* One step on what the runtime computed before it. @return values that differ by one */
static int compare_step(const quantised *q, int8_t *const *tensors, int step)
{
    const nas_program *p = q->quant->program;
    const nas_node *node = nas_graph_node(p->graph, p->steps[step].node);
    const int64_t count = nas_shape_count(node->shape);
    const int8_t *inputs[8];
    int8_t *out = nas_heap_alloc((size_t)count, 1);
    int differ = 0;
    for (int64_t row = 0; row < ROWS; row++) {
        assert_true(p->steps[step].n_inputs <= 8);
        for (int k = 0; k < p->steps[step].n_inputs; k++) {
            const int source = q->quant->steps[step].sources[k];
            const nas_node *from = nas_graph_node(
                p->graph, source == NAS_QUANT_SAMPLE ? 0 : p->steps[source].node);
            inputs[k] = tensors[source + 1] + row * nas_shape_count(from->shape);
        }
        nas_quant_reference_step(q->quant, step, inputs, out);
        for (int64_t i = 0; i < count; i++) {
            const int difference = abs(out[i] - tensors[step + 1][row * count + i]);
            if (difference > 1)
                fail_msg("step %d (%s), element %lld: %d, runtime %d", step,
                         nas_op_get(node->op)->name, (long long)i, out[i],
                         tensors[step + 1][row * count + i]);
            differ += difference;
        }
    }
    nas_heap_free(out);
    return differ;
}

static void compare_case(const char *folder, int number, const quantised *q, int *values,
                         int *differ)
{
    const nas_program *p = q->quant->program;
    int8_t **tensors = nas_heap_alloc((size_t)p->n_steps + 1, sizeof *tensors);
    for (int s = NAS_QUANT_SAMPLE; s < p->n_steps; s++) {
        tensors[s + 1] = read_tensor(folder, number, s);
        if (s == NAS_QUANT_SAMPLE || p->steps[s].kind == NAS_STEP_STANDARDISE)
            continue;
        assert_non_null(tensors[s + 1]);
        *differ += compare_step(q, tensors, s);
        *values += (int)(ROWS * nas_shape_count(
                                    nas_graph_node(p->graph, p->steps[s].node)->shape));
    }
    for (int s = 0; s <= p->n_steps; s++)
        nas_heap_free(tensors[s]);
    nas_heap_free(tensors);
}

/* @param level  of optimisation: "disabled", "all" */
static void run_node(const char *folder, const char *level)
{
    char log[96], script[2048];
    nas_err err = {0};
    nas_process_result result;
    (void)snprintf(log, sizeof log, "%s/log", folder);
    (void)snprintf(script, sizeof script, "%s",
                   nas_test_source("tests/node/run_onnx.js"));
    const char *const argv[] = {"node", script, folder, level, NULL};
    const nas_process process = {argv, log, 200};
    check_ok(nas_process_run(&process, &result, &err), err);
    if (result.exit_code == 0)
        return;
    char *text = NULL;
    size_t bytes = 0;
    check_ok(nas_file_read(log, 0, &text, &bytes, &err), err);
    fail_msg("node failed: %s", text);
}

static void needs_node(void)
{
    if (nas_file_exists(nas_test_source("tests/node/node_modules/onnxruntime-node")))
        return;
    print_message("skipped: onnxruntime-node is not installed in tests/node\n");
    skip();
}

static void layers_equal_onnx_runtime_within_one(void **state)
{
    (void)state;
    char folder[64];
    nas_err err = {0};
    static quantised cases[MOST_NETWORKS];
    int values = 0, differ = 0;
    needs_node();
    nas_test_tmpdir(folder, sizeof folder);
    for (int i = 0; i < networks(); i++) {
        cases[i] = make(100 + (uint64_t)i);
        write_case(folder, i, &cases[i], true);
    }
    run_node(folder, "disabled");
    for (int i = 0; i < networks(); i++) {
        compare_case(folder, i, &cases[i], &values, &differ);
        release(&cases[i]);
    }
    print_message("%d of %d values differ by one unit\n", differ, values);
    assert_true(values > 10000 && differ < values / 20);
    check_ok(nas_file_remove(folder, &err), err);
}

/* ---- the whole network, optimised -------------------------------------------------- */

/* Rows whose class is the kernels', and whose two best are not within two units. */
typedef struct agreement {
    int rows, same;
} agreement;

/* @return the index of the largest; *lead is its distance to the second */
static int64_t best_of(const float *values, int64_t n, float *lead)
{
    int64_t best = 0;
    float second = -INFINITY;
    for (int64_t i = 1; i < n; i++) {
        if (values[i] > values[best]) {
            second = values[best];
            best = i;
        } else if (values[i] > second) {
            second = values[i];
        }
    }
    *lead = values[best] - second;
    return best;
}

static void compare_classes(const quantised *q, const float *theirs, agreement *out)
{
    nas_err err = {0};
    nas_runtime *runtime = NULL;
    const int64_t n = q->model->n_outputs;
    const int64_t inputs = nas_shape_count(nas_graph_input_shape(q->model->graph));
    float *ours = nas_heap_alloc((size_t)n, sizeof *ours), lead;
    check_ok(nas_runtime_new_int8(q->quant, &runtime, &err), err);
    for (int64_t i = 0; i < ROWS; i++) {
        nas_runtime_run(runtime, q->rows + i * inputs, ours);
        const int64_t class = best_of(ours, n, &lead);
        float other;
        if (lead <= 2.0f / 256.0f)
            continue;
        out->rows++;
        out->same += class == best_of(theirs + i * n, n, &other);
    }
    nas_runtime_free(runtime);
    nas_heap_free(ours);
}

static void classes_equal_onnx_runtime_optimised(void **state)
{
    (void)state;
    char folder[64], path[96];
    nas_err err = {0};
    agreement found = {0};
    static quantised cases[MOST_NETWORKS];
    needs_node();
    nas_test_tmpdir(folder, sizeof folder);
    for (int i = 0; i < networks(); i++) {
        cases[i] = make(100 + (uint64_t)i);
        write_case(folder, i, &cases[i], false);
    }
    run_node(folder, "all");
    for (int i = 0; i < networks(); i++) {
        char *data = NULL;
        size_t bytes = 0;
        (void)snprintf(path, sizeof path, "%s/%d.out", folder, i);
        check_ok(nas_file_read(path, 0, &data, &bytes, &err), err);
        if (cases[i].model->task == NAS_TASK_CLASSIFICATION)
            compare_classes(&cases[i], (const float *)(const void *)data, &found);
        nas_heap_free(data);
        release(&cases[i]);
    }
    print_message("the same class in %d of %d rows\n", found.same, found.rows);
    assert_true(found.rows > 30 && found.same * 200 >= found.rows * 199);
    check_ok(nas_file_remove(folder, &err), err);
}

/* A probability of 1 is 1 in an optimising runtime, not 0. */
static void certain_answers_survive_optimisation(void **state)
{
    (void)state;
    char folder[64], path[96];
    nas_err err = {0};
    nas_graph *graph = NULL;
    needs_node();
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){4, 1, 1});
    x = nas_graph_add_dense(b, x, 3, "");
    x = nas_graph_add_unary(b, NAS_OP_SOFTMAX, x, "");
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_graph_builder_free(b);
    quantised q = {.model = fixture_model(graph, NAS_TASK_CLASSIFICATION, 3)};
    for (int i = 0; i < 12; i++)
        q.model->weights[i] = i < 4 ? 40.0f : -40.0f;
    q.rows = fixture_rows(q.model, CALIBRATION, 1);
    for (int i = 0; i < 4 * CALIBRATION; i++)
        q.rows[i] = 1.0f;
    check_ok(nas_quantise(q.model, q.rows, CALIBRATION, NULL, &q.quant, &err), err);
    nas_test_tmpdir(folder, sizeof folder);
    write_case(folder, 0, &q, false);
    run_node(folder, "all");
    float *found = NULL;
    size_t bytes = 0;
    char *data = NULL;
    (void)snprintf(path, sizeof path, "%s/0.out", folder);
    check_ok(nas_file_read(path, 0, &data, &bytes, &err), err);
    found = (float *)(void *)data;
    for (int row = 0; row < ROWS; row++)
        assert_true(found[3 * row] > 0.99f);
    nas_heap_free(data);
    release(&q);
    check_ok(nas_file_remove(folder, &err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_kernels_when_read_again),
        cmocka_unit_test(finds_a_changed_network),
        cmocka_unit_test(layers_equal_onnx_runtime_within_one),
        cmocka_unit_test(classes_equal_onnx_runtime_optimised),
        cmocka_unit_test(certain_answers_survive_optimisation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
