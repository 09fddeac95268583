#include "check.h"

#include "nasmith/plan.h"
#include "plan/lower.h"

#include "random_graph.h"

static nas_lowered lower(const nas_graph *graph, nas_dtype dtype, nas_arena *arena)
{
    nas_lowered low;
    nas_err err = {0};
    check_ok(nas_plan_lower(graph, dtype, arena, &low, &err), err);
    return low;
}

static int root(const nas_graph *graph, int i)
{
    const nas_node *node = nas_graph_node(graph, i);
    bool through = node->op == NAS_OP_DROPOUT || node->op == NAS_OP_FLATTEN;
    return through ? root(graph, node->inputs[0]) : i;
}

static int step_of(const nas_lowered *low, int node)
{
    for (int s = 0; s < low->n_steps; s++)
        if (low->steps[s].node == node)
            return s;
    return -1;
}

/* Reads of a node by nodes that compute, through dropout and flatten. */
static int reads(const nas_graph *graph, int i)
{
    int n = root(graph, nas_graph_output(graph)) == i;
    for (int k = 0; k < nas_graph_count(graph); k++) {
        const nas_node *node = nas_graph_node(graph, k);
        for (int j = 0; j < node->n_inputs && root(graph, k) == k; j++)
            n += root(graph, node->inputs[j]) == i;
    }
    return n;
}

/* A node without a step of its own must be merged into the only reader's producer. */
static void check_node(const nas_graph *graph, const nas_lowered *low, int i)
{
    const nas_node *node = nas_graph_node(graph, i);
    if (node->op == NAS_OP_INPUT || root(graph, i) != i || step_of(low, i) >= 0)
        return;
    int before = root(graph, node->inputs[0]);
    assert_int_equal(reads(graph, before), 1);
    if (node->op != NAS_OP_BATCH_NORM) {
        assert_true(node->op == NAS_OP_RELU || node->op == NAS_OP_RELU6);
        return;
    }
    const nas_step *step = &low->steps[step_of(low, before)];
    assert_int_equal(step->norm_node, i);
}

static void check_step(const nas_graph *graph, const nas_lowered *low, int s)
{
    const nas_step *step = &low->steps[s];
    const nas_node *node = nas_graph_node(graph, step->node);
    assert_int_equal(step->output, s + 1);
    assert_int_equal(step->n_inputs, node->n_inputs);
    assert_true(nas_shape_equal(step->out, node->shape));
    for (int k = 0; k < step->n_inputs; k++)
        assert_in_range(step->inputs[k], 0, s);
    assert_int_equal(low->bytes[s + 1],
                     4 * (nas_shape_count(step->out) + nas_step_scratch(graph, step)));
}

static void test_random_graphs(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 21);
    int merged = 0;
    for (int round = 0; round < 600; round++) {
        nas_graph *graph = nas_test_random_graph(&rng, NULL);
        nas_arena *arena = nas_arena_new();
        nas_lowered low = lower(graph, NAS_FLOAT32, arena);
        for (int i = 0; i < nas_graph_count(graph); i++)
            check_node(graph, &low, i);
        for (int s = 0; s < low.n_steps; s++) {
            check_step(graph, &low, s);
            merged += low.steps[s].norm_node >= 0;
        }
        nas_arena_free(arena);
        nas_graph_free(graph);
    }
    assert_true(merged > 20);
}

/* conv -> norm -> relu -> conv -> relu6 -> flatten -> dropout -> dense: three steps. */
static void test_block_becomes_one_step(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 8, 8});
    x = nas_graph_add_conv(b, x, 5, 3, 2, "");
    x = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, "");
    x = nas_graph_add_unary(b, NAS_OP_RELU, x, "");
    x = nas_graph_add_conv(b, x, 2, 1, 1, "");
    x = nas_graph_add_unary(b, NAS_OP_RELU6, x, "");
    x = nas_graph_add_unary(b, NAS_OP_FLATTEN, x, "");
    x = nas_graph_add_unary(b, NAS_OP_DROPOUT, x, "");
    x = nas_graph_add_dense(b, x, 7, "");
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_arena *arena = nas_arena_new();
    nas_lowered low = lower(graph, NAS_INT8, arena);
    assert_int_equal(low.n_steps, 3);
    assert_int_equal(low.steps[0].kind, NAS_STEP_CONV);
    assert_int_equal(low.steps[0].norm_node, 2);
    assert_int_equal(low.steps[0].activation, NAS_ACT_RELU);
    assert_int_equal(low.steps[1].norm_node, -1);
    assert_int_equal(low.steps[1].activation, NAS_ACT_RELU6);
    assert_int_equal(low.steps[2].kind, NAS_STEP_DENSE);
    assert_int_equal(low.steps[2].in.c, 32);
    assert_int_equal(low.bytes[0], 192);
    assert_int_equal(low.bytes[2], 32);
    assert_int_equal(low.output, 3);
    nas_arena_free(arena);
    nas_graph_free(graph);
    nas_graph_builder_free(b);
}

/* A convolution that is also read before its norm keeps the norm apart. */
static void test_shared_result_is_not_folded(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 4, 4});
    int conv = nas_graph_add_conv(b, x, 3, 3, 1, "");
    int norm = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, conv, "");
    int relu = nas_graph_add_unary(b, NAS_OP_RELU, norm, "");
    int sum = nas_graph_add(b, NAS_OP_ADD, NULL, (int[]){conv, relu}, 2, "");
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_graph_finish(b, sum, &graph, &err), err);
    nas_arena *arena = nas_arena_new();
    nas_lowered low = lower(graph, NAS_FLOAT32, arena);
    assert_int_equal(low.n_steps, 3);
    assert_int_equal(low.steps[1].kind, NAS_STEP_AFFINE);
    assert_int_equal(low.steps[1].activation, NAS_ACT_RELU);
    assert_int_equal(low.steps[2].kind, NAS_STEP_ADD);
    int left[4] = {0, 2, 1, 1};
    assert_int_equal(nas_step_overwrites(&low, 1, left), -1); /* conv is read again */
    left[1] = 1;
    assert_int_equal(nas_step_overwrites(&low, 2, left), 1);
    /* Forward, a pixel may be written once the window has passed it: after a row and two
     * pixels of 3 floats. */
    const int passed = 4 * 3 * (4 + 2);
    assert_int_equal(nas_step_working_bytes(&low, 0), 192 + passed);
    left[0] = 1;
    assert_int_equal(nas_step_growth(&low, 0, left), passed);
    left[0] = 2; /* read again later */
    assert_int_equal(nas_step_growth(&low, 0, left), 192);
    assert_int_equal(nas_step_working_bytes(&low, 2), 2 * 192);
    nas_arena_free(arena);
    nas_graph_free(graph);
    nas_graph_builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_graphs),
        cmocka_unit_test(test_block_becomes_one_step),
        cmocka_unit_test(test_shared_result_is_not_folded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
