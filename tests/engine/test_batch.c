#include "check.h"
#include "random_graph.h"

#include "nasmith/net.h"

#include <math.h>
#include <string.h>

enum { N = 21, BATCH = 32 };

/* Outputs of rows as floats, and of the same rows as a data set in reverse. */
static void answers(const nas_graph *graph, const float *rows, int64_t size, float *plain,
                    float *reversed)
{
    nas_err err = {0};
    nas_net *net = NULL;
    int64_t order[N];
    nas_workspace *workspace = nas_workspace_new();
    nas_net_options options = nas_net_options_default();
    options.batch = BATCH;
    options.training = false;
    options.loss = NAS_LOSS_MSE;
    check_ok(nas_net_compile(graph, &options, workspace, &net, &err), err);
    nas_net_init(net, nas_rng_new(2385, 1));
    nas_net_batch_floats(net, rows, NULL, NULL, N);
    (void)nas_net_forward(net, false, NULL);
    nas_net_outputs(net, false, plain);
    const nas_dataset data = {
        .shape = {size, 1, 1}, .element = NAS_ELEMENT_F32, .n_rows = N, .inputs = rows};
    for (int i = 0; i < N; i++)
        order[i] = N - 1 - i;
    nas_net_batch(net, &data, order, N, NULL, NULL);
    (void)nas_net_forward(net, false, NULL);
    nas_net_outputs(net, false, reversed);
    nas_net_free(net);
    nas_workspace_free(workspace);
}

/* A network for raw rows answers them as the bare network answers encoded ones. */
static void raw_rows_are_encoded(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 77);
    for (int round = 0; round < 20; round++) {
        nas_err err = {0};
        nas_test_graph_options options = {.encode = 1, .front = -1, .softmax = -1};
        nas_graph *graph = nas_test_random_graph(&rng, &options), *bare = NULL;
        check_ok(nas_graph_with_front(graph, NULL, &bare, &err), err);
        const nas_node *encode = nas_graph_node(graph, 1);
        const int64_t raw = nas_graph_input_shape(graph).c, n = encode->shape.c;
        const int64_t k = nas_shape_count(nas_graph_output_shape(graph));
        float rows[N * 8], encoded[N * 16], out[4][N * 8];
        assert_true(raw <= 8 && n <= 16 && k <= 8);
        for (int i = 0; i < N; i++) {
            nas_graph_draw_row(graph, &rng, rows + i * raw);
            nas_encode_row(encode->constants, n, rows + i * raw, encoded + i * n);
        }
        answers(graph, rows, raw, out[0], out[1]);
        answers(bare, encoded, n, out[2], out[3]);
        for (int64_t i = 0; i < N * k; i++) {
            assert_true(isfinite(out[0][i]));
            assert_true(out[0][i] == out[2][i] && out[1][i] == out[3][i]);
            assert_true(out[0][i] == out[1][(N - 1 - i / k) * k + i % k]);
        }
        nas_graph_free(bare);
        nas_graph_free(graph);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(raw_rows_are_encoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
