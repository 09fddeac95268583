#include "one_op.h"

#include "random_graph.h"

static void test_front_is_put_replaced_and_removed(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 91);
    const float mean[16] = {2.385f, -1.0f, 0.5f};
    const float inverse[16] = {4.0f, 0.25f};
    for (int i = 0; i < 50; i++) {
        nas_err err = {0};
        nas_test_graph_options options = {.front = i % 2 ? 1 : -1};
        nas_graph *graph = nas_test_random_graph(&rng, &options);
        nas_graph *fitted = NULL;
        nas_graph *bare = NULL;
        int n = nas_graph_count(graph) - (i % 2);
        check_ok(nas_graph_with_front(graph, mean, inverse, &fitted, &err), err);
        check_ok(nas_graph_with_front(fitted, NULL, NULL, &bare, &err), err);
        assert_int_equal(nas_graph_count(fitted), n + 1);
        assert_int_equal(nas_graph_count(bare), n);
        size_t c = (size_t)nas_graph_input_shape(graph).c;
        const nas_node *front = nas_graph_node(fitted, 1);
        assert_int_equal(front->op, NAS_OP_STANDARDISE);
        assert_memory_equal(front->constants, mean, c * sizeof(float));
        assert_memory_equal(front->constants + c, inverse, c * sizeof(float));
        assert_int_equal(nas_graph_params(bare), nas_graph_params(graph));
        assert_int_equal(nas_graph_hash(bare), nas_graph_hash(graph));
        nas_graph_free(bare);
        nas_graph_free(fitted);
        nas_graph_free(graph);
    }
}

static void test_canonical_keeps_the_network(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 92);
    for (int i = 0; i < 50; i++) {
        nas_err err = {0};
        nas_graph *graph = nas_test_random_graph(&rng, NULL);
        nas_graph *canonical = NULL;
        check_ok(nas_graph_canonical(graph, &canonical, &err), err);
        assert_int_equal(nas_graph_hash(canonical), nas_graph_hash(graph));
        assert_int_equal(nas_graph_macs(canonical), nas_graph_macs(graph));
        assert_int_equal(nas_graph_floats(canonical), nas_graph_floats(graph));
        assert_int_equal(nas_graph_node(canonical, 1)->op == NAS_OP_STANDARDISE,
                         nas_graph_node(graph, 1)->op == NAS_OP_STANDARDISE);
        nas_graph_free(canonical);
        nas_graph_free(graph);
    }
}

static void test_out_of_memory_is_reported(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 93);
    nas_graph *graph = nas_test_random_graph(&rng, NULL);
    int failures = 0;
    for (int nth = 1;; nth++) {
        nas_graph *copy = NULL;
        nas_err err = {0};
        nas_alloc_fail_nth(nth);
        nas_status status = nas_graph_canonical(graph, &copy, &err);
        nas_alloc_fail_nth(0);
        nas_graph_free(copy);
        if (status == NAS_OK)
            break;
        assert_int_equal(status, NAS_E_NOMEM);
        failures++;
    }
    assert_true(failures > 4);
    nas_graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_front_is_put_replaced_and_removed),
        cmocka_unit_test(test_canonical_keeps_the_network),
        cmocka_unit_test(test_out_of_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
