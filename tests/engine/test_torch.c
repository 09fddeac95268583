/* Random networks of every operator against PyTorch: loss, outputs, gradients of one
 * training step, running statistics. PyTorch computes in double precision. */
#include "check.h"
#include "nasmith/json.h"
#include "nasmith/net.h"
#include "nasmith/text.h"
#include "random_graph.h"

#include <signal.h>
#include <sys/wait.h>

enum { NETWORKS = 120, BATCH = 32, ABSENT = 77 };

static void write_floats(nas_json *json, const char *key, const float *values, int64_t n)
{
    nas_json_key(json, key);
    nas_json_array_begin(json);
    for (int64_t i = 0; i < n; i++)
        nas_json_float(json, values[i]);
    nas_json_array_end(json);
}

static void write_tensors(nas_json *json, const nas_graph *graph)
{
    static const char *const ROLES[] = {
        [NAS_WEIGHT_KERNEL] = "kernel",       [NAS_WEIGHT_BIAS] = "bias",
        [NAS_WEIGHT_SCALE] = "scale",         [NAS_WEIGHT_SHIFT] = "shift",
        [NAS_WEIGHT_MEAN] = "mean",           [NAS_WEIGHT_VARIANCE] = "variance",
        [NAS_WEIGHT_RECURRENT] = "recurrent", [NAS_WEIGHT_CARRY_BIAS] = "carry_bias",
        [NAS_WEIGHT_TABLE] = "table"};
    nas_json_key(json, "tensors");
    nas_json_array_begin(json);
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *w = nas_graph_weight(graph, i);
        nas_json_object_begin(json);
        nas_json_key_int(json, "node", w->node);
        nas_json_key_string(json, "role", ROLES[w->role]);
        nas_json_key_int(json, "offset", w->offset);
        nas_json_key(json, "dim");
        nas_json_array_begin(json);
        for (int d = 0; d < w->rank; d++)
            nas_json_int(json, w->dim[d]);
        nas_json_array_end(json);
        nas_json_object_end(json);
    }
    nas_json_array_end(json);
}

/* One training step's results, given weights and a batch. */
static void write_step(nas_json *json, nas_net *net, const nas_graph *graph, nas_rng *rng)
{
    const int64_t in = nas_shape_count(nas_graph_input_shape(graph));
    const int64_t out = nas_shape_count(nas_graph_output_shape(graph));
    const int64_t floats = nas_net_floats(net), params = nas_net_params(net);
    float *x = malloc((size_t)(BATCH * (in + out)) * sizeof *x), *y = x + BATCH * in;
    int32_t labels[BATCH];
    for (int64_t i = 0; i < BATCH * in; i++)
        x[i] = (float)nas_rng_normal(rng);
    for (int i = 0; i < BATCH; i++)
        labels[i] = (int32_t)nas_rng_below(rng, (uint64_t)out);
    write_floats(json, "inputs", x, BATCH * in);
    nas_json_key(json, "labels");
    nas_json_array_begin(json);
    for (int i = 0; i < BATCH; i++)
        nas_json_int(json, labels[i]);
    nas_json_array_end(json);
    write_floats(json, "weights", nas_net_weights(net), floats);
    nas_net_batch_floats(net, x, labels, NULL, BATCH);
    nas_json_key_real(json, "loss", nas_net_forward(net, true, rng));
    nas_net_outputs(net, false, y);
    nas_net_backward(net);
    write_floats(json, "outputs", y, BATCH * out);
    write_floats(json, "gradients", nas_net_gradients(net), params);
    write_floats(json, "state", nas_net_weights(net) + params, floats - params);
    free(x);
}

static void write_network(FILE *file, uint64_t seed)
{
    nas_err err = {0};
    nas_rng rng = nas_rng_new(seed, 42);
    const nas_test_graph_options options = {.front = -1, .softmax = -1, .dropout = -1};
    nas_graph *graph = nas_test_random_graph(&rng, &options);
    nas_workspace *workspace = nas_workspace_new();
    nas_net_options how = nas_net_options_default();
    how.batch = BATCH;
    how.label_smoothing = seed % 2 == 0 ? 0.1f : 0.0f;
    nas_net *net = NULL;
    check_ok(nas_net_compile(graph, &how, workspace, &net, &err), err);
    nas_net_init(net, rng);
    for (int64_t i = 0; i < nas_net_params(net); i++)
        nas_net_weights(net)[i] += (float)(0.1 * nas_rng_normal(&rng));
    nas_text text = {0};
    nas_json json = nas_json_writer(&text, 0);
    nas_json_object_begin(&json);
    nas_json_key(&json, "graph");
    nas_graph_write_json(graph, &json);
    nas_json_key_real(&json, "smoothing", (double)how.label_smoothing);
    write_tensors(&json, graph);
    write_step(&json, net, graph, &rng);
    nas_json_object_end(&json);
    (void)fprintf(file, "%s\n", nas_text_string(&text));
    nas_text_free(&text);
    nas_net_free(net);
    nas_workspace_free(workspace);
    nas_graph_free(graph);
}

static void test_agrees_with_torch(void **state)
{
    (void)state;
    char command[4096];
    (void)snprintf(command, sizeof command,
                   "/usr/bin/python3 %s/tests/engine/torch_twin.py", NASMITH_SOURCE_DIR);
    FILE *twin = popen(command, "w");
    assert_non_null(twin);
    (void)signal(SIGPIPE, SIG_IGN); /* the twin may leave at once */
    for (uint64_t seed = 0; seed < NETWORKS; seed++)
        write_network(twin, seed);
    const int status = pclose(twin);
    if (WIFEXITED(status) && WEXITSTATUS(status) == ABSENT)
        skip();
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_agrees_with_torch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
