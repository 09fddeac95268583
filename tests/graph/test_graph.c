#include "one_op.h"

#include "random_graph.h"

static void test_weights_are_laid_out_without_gaps(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 81);
    for (int i = 0; i < 100; i++) {
        nas_graph *graph = nas_test_random_graph(&rng, NULL);
        int64_t offset = 0;
        int last_node = -1;
        bool trained = true;
        for (int k = 0; k < nas_graph_weight_count(graph); k++) {
            const nas_weight *w = nas_graph_weight(graph, k);
            if (trained && !w->trained) {
                assert_int_equal(offset, nas_graph_params(graph));
                trained = false;
                last_node = -1;
            }
            assert_int_equal(w->trained, trained);
            assert_int_equal(w->offset, offset);
            assert_true(w->node >= last_node);
            assert_ptr_equal(nas_graph_weight_of(graph, w->node, w->role), w);
            last_node = w->node;
            offset += w->count;
        }
        assert_int_equal(offset, nas_graph_floats(graph));
        nas_graph_free(graph);
    }
}

static void test_consumers_are_the_uses(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 82);
    for (int i = 0; i < 100; i++) {
        nas_graph *graph = nas_test_random_graph(&rng, NULL);
        for (int k = 0; k < nas_graph_count(graph); k++) {
            const int *list = NULL;
            int n = nas_graph_consumers(graph, k, &list);
            int at = 0;
            for (int j = 0; j < nas_graph_count(graph); j++) {
                const nas_node *node = nas_graph_node(graph, j);
                for (int e = 0; e < node->n_inputs; e++)
                    if (node->inputs[e] == k) {
                        assert_true(at < n);
                        assert_int_equal(list[at++], j);
                    }
            }
            assert_int_equal(at, n);
        }
        nas_graph_free(graph);
    }
}

static void test_sums_and_ends(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 83);
    nas_test_graph_options options = {.outputs = 7, .input = NAS_TEST_INPUT_SERIES};
    for (int i = 0; i < 50; i++) {
        nas_graph *graph = nas_test_random_graph(&rng, &options);
        int64_t macs = 0;
        for (int k = 0; k < nas_graph_count(graph); k++) {
            nas_shape shapes[64];
            nas_graph_input_shapes(graph, k, shapes);
            const nas_node *node = nas_graph_node(graph, k);
            if (node->n_inputs > 0)
                assert_true(nas_shape_equal(
                    shapes[0], nas_graph_node(graph, node->inputs[0])->shape));
            macs += nas_graph_node_macs(graph, k);
        }
        assert_int_equal(macs, nas_graph_macs(graph));
        assert_int_equal(nas_graph_input_shape(graph).h, 1);
        check_shape(nas_graph_output_shape(graph), 7, 1, 1);
        nas_graph_free(graph);
    }
    nas_graph_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_weights_are_laid_out_without_gaps),
        cmocka_unit_test(test_consumers_are_the_uses),
        cmocka_unit_test(test_sums_and_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
