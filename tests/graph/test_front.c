#include "one_op.h"

#include "random_graph.h"

#include <string.h>

static void test_front_is_put_replaced_and_removed(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 91);
    const float mean[16] = {2.385f, -1.0f, 0.5f};
    const float inverse[16] = {4.0f, 0.25f};
    const nas_front front = {.mean = mean, .inverse_deviation = inverse};
    for (int i = 0; i < 50; i++) {
        nas_err err = {0};
        nas_test_graph_options options = {.front = i % 2 ? 1 : -1};
        nas_graph *graph = nas_test_random_graph(&rng, &options);
        nas_graph *fitted = NULL;
        nas_graph *bare = NULL;
        int n = nas_graph_count(graph) - (i % 2);
        check_ok(nas_graph_with_front(graph, &front, &fitted, &err), err);
        check_ok(nas_graph_with_front(fitted, NULL, &bare, &err), err);
        assert_int_equal(nas_graph_count(fitted), n + 1);
        assert_int_equal(nas_graph_count(bare), n);
        size_t c = (size_t)nas_graph_input_shape(graph).c;
        const nas_node *first = nas_graph_node(fitted, 1);
        assert_int_equal(first->op, NAS_OP_STANDARDISE);
        assert_memory_equal(first->constants, mean, c * sizeof(float));
        assert_memory_equal(first->constants + c, inverse, c * sizeof(float));
        assert_int_equal(nas_graph_params(bare), nas_graph_params(graph));
        assert_int_equal(nas_graph_hash(bare), nas_graph_hash(graph));
        nas_graph_free(bare);
        nas_graph_free(fitted);
        nas_graph_free(graph);
    }
}

/* Rows of a table before the same network: another input, the same identity. */
static void test_encode_changes_the_input_only(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 94);
    for (int i = 0; i < 20; i++) {
        nas_err err = {0};
        nas_test_graph_options options = {.encode = 1, .front = 1};
        nas_graph *graph = nas_test_random_graph(&rng, &options);
        nas_graph *bare = NULL, *again = NULL;
        check_ok(nas_graph_with_front(graph, NULL, &bare, &err), err);
        const nas_node *encode = nas_graph_node(graph, 1);
        const nas_node *standardise = nas_graph_node(graph, 2);
        assert_int_equal(encode->op, NAS_OP_ENCODE);
        const int64_t n = encode->shape.c;
        assert_true(nas_shape_equal(nas_graph_inner_shape(graph), encode->shape));
        assert_true(nas_shape_equal(nas_graph_input_shape(bare), encode->shape));
        assert_int_equal(nas_graph_hash(bare), nas_graph_hash(graph));
        const nas_front front = {.n_raw = nas_graph_input_shape(graph).c,
                                 .columns = encode->constants,
                                 .n_columns = n,
                                 .mean = standardise->constants,
                                 .inverse_deviation = standardise->constants + n};
        check_ok(nas_graph_with_front(bare, &front, &again, &err), err);
        nas_text a = {0}, b = {0};
        nas_json ja = nas_json_writer(&a, 0), jb = nas_json_writer(&b, 0);
        nas_graph_write_json(graph, &ja);
        nas_graph_write_json(again, &jb);
        assert_string_equal(nas_text_string(&a), nas_text_string(&b));
        nas_text_free(&a);
        nas_text_free(&b);
        nas_graph_free(again);
        nas_front wrong = front;
        wrong.n_columns = n - 1;
        assert_int_equal(nas_graph_with_front(bare, &wrong, &again, &err), NAS_E_GRAPH);
        assert_non_null(strstr(err.text, "encode gives"));
        nas_graph_free(bare);
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
        cmocka_unit_test(test_encode_changes_the_input_only),
        cmocka_unit_test(test_canonical_keeps_the_network),
        cmocka_unit_test(test_out_of_memory_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
