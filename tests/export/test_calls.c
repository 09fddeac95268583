/* covers: kernel_names.c, call_parts.c, call_steps.c, call_series.c */
/* Permuted vectors: the cases random networks never meet. */
#include "fixture.h"

#include "export/kernels.h"

static nas_model *finish(nas_graph_builder *builder, int output, nas_task task)
{
    nas_err err = {0};
    nas_graph *graph = NULL;
    check_ok(nas_graph_finish(builder, output, &graph, &err), err);
    nas_graph_builder_free(builder);
    return fixture_model(graph, task, 77);
}

/* How many calls of a kernel the model has; outputs must equal the reference. */
static int count_and_compare(nas_model *model, nas_kernel kernel)
{
    enum { ROWS = 2 };
    nas_err err = {0};
    nas_arena *memory = nas_arena_new();
    nas_calls *calls = NULL;
    check_ok(nas_calls_build(model, memory, &calls, &err), err);
    float *rows = fixture_rows(model, ROWS, 3);
    float *expected = fixture_expected(model, rows, ROWS);
    float *found = nas_heap_alloc((size_t)(ROWS * model->n_outputs), sizeof *found);
    float *arena = nas_heap_alloc((size_t)calls->program->arena_bytes, 1);
    const int64_t inputs = nas_shape_count(nas_graph_input_shape(model->graph));
    int count = 0;
    for (int i = 0; i < calls->n; i++)
        count += calls->list[i].kernel == kernel;
    for (int64_t row = 0; row < ROWS; row++)
        for (int i = 0; i < calls->n; i++)
            nas_kernel_run(calls, &calls->list[i], arena, rows + row * inputs,
                           found + row * model->n_outputs);
    fixture_equal(found, expected, ROWS * model->n_outputs, nas_kernel_name(kernel));
    nas_heap_free(arena);
    nas_heap_free(found);
    nas_heap_free(expected);
    nas_heap_free(rows);
    nas_arena_free(memory);
    nas_model_free(model);
    return count;
}

/* Two flattened images of 12 elements, (3,2,2) and (2,2,3), added. */
static void adds_vectors_of_different_images(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    nas_value attr[NAS_ATTR_MAX];
    const int input = nas_graph_add_input(b, (nas_shape){2, 2, 3});
    nas_param_defaults(nas_op_get(NAS_OP_CONV)->params, attr);
    attr[NAS_ATTR_KERNEL_H].i = 1;
    attr[NAS_ATTR_KERNEL_W].i = 2;
    attr[NAS_ATTR_PAD].i = NAS_PAD_VALID;
    attr[NAS_ATTR_CONV_OUT].i = 3;
    const int conv = nas_graph_add(b, NAS_OP_CONV, attr, &input, 1, "");
    const int parts[3] = {nas_graph_add_unary(b, NAS_OP_FLATTEN, conv, ""),
                          nas_graph_add_unary(b, NAS_OP_FLATTEN, input, ""),
                          nas_graph_add_unary(b, NAS_OP_RELU, input, "")};
    const int flat[3] = {parts[0], parts[1],
                         nas_graph_add_unary(b, NAS_OP_FLATTEN, parts[2], "")};
    const int sum = nas_graph_add(b, NAS_OP_ADD, NULL, flat, 3, "");
    const int out =
        nas_graph_add_dense(b, nas_graph_add_unary(b, NAS_OP_RELU, sum, ""), 3, "head");
    assert_true(count_and_compare(finish(b, out, NAS_TASK_CLASSIFICATION),
                                  NAS_KERNEL_ADD_GATHER) > 0);
}

/* Products with a vector that lies in another order: a gate of an image, and a vector
 * that the product may overwrite. */
static void gathers_gates_of_another_order(void **state)
{
    (void)state;
    for (int image = 0; image < 2; image++) {
        nas_graph_builder *b = nas_graph_builder_new();
        const int input = nas_graph_add_input(b, (nas_shape){2, 2, 3});
        const int flat = nas_graph_add_unary(b, NAS_OP_FLATTEN, input, "");
        const int gate = nas_graph_add_unary(b, NAS_OP_SIGMOID, flat, "");
        int x = nas_graph_add_conv(b, input, 12, 3, 1, "");
        if (image == 0)
            x = nas_graph_add_dense(b, x, 12, "");
        x = nas_graph_add(b, NAS_OP_MUL, NULL, (int[]){x, gate}, 2, "");
        if (image == 0)
            x = nas_graph_add(b, NAS_OP_MUL, NULL, (int[]){flat, x}, 2, "");
        x = nas_graph_add_dense(b, x, 3, "head");
        assert_true(count_and_compare(finish(b, x, NAS_TASK_CLASSIFICATION),
                                      NAS_KERNEL_GATE_GATHER) > 0);
    }
}

/* A network whose output is a concatenation of flattened images. */
static void stores_permuted_outputs(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    const int input = nas_graph_add_input(b, (nas_shape){2, 3, 3});
    const int conv = nas_graph_add_conv(b, input, 3, 3, 2, "");
    const int flat[2] = {nas_graph_add_unary(b, NAS_OP_FLATTEN, conv, ""),
                         nas_graph_add_unary(b, NAS_OP_FLATTEN, input, "")};
    const int out = nas_graph_add(b, NAS_OP_CONCAT, NULL, flat, 2, "");
    assert_int_equal(
        count_and_compare(finish(b, out, NAS_TASK_REGRESSION), NAS_KERNEL_STORE_GATHER),
        1);
}

/* A grouped convolution and a norm read a flattened image. */
static void groups_of_a_permuted_vector(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    nas_value attr[NAS_ATTR_MAX];
    const int input = nas_graph_add_input(b, (nas_shape){2, 2, 3});
    const int flat = nas_graph_add_unary(b, NAS_OP_FLATTEN, input, "");
    const int norm = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, flat, "");
    const int depthwise = nas_graph_add_depthwise(b, norm, 3, 1, "");
    nas_param_defaults(nas_op_get(NAS_OP_CONV)->params, attr);
    attr[NAS_ATTR_KERNEL_H].i = 1;
    attr[NAS_ATTR_KERNEL_W].i = 3;
    attr[NAS_ATTR_CONV_OUT].i = 8;
    attr[NAS_ATTR_CONV_GROUPS].i = 4;
    const int conv = nas_graph_add(b, NAS_OP_CONV, attr, &depthwise, 1, "");
    assert_int_equal(
        count_and_compare(finish(b, conv, NAS_TASK_REGRESSION), NAS_KERNEL_CONV), 1);
}

/* Operators that need a vector in the graph's order, and those that can do without. */
static void series_of_a_permuted_vector(void **state)
{
    (void)state;
    static const struct {
        nas_op_kind op;
        int64_t first, second; /* attributes */
    } cases[] = {{NAS_OP_TOKENS, 3, 0},
                 {NAS_OP_ATTENTION, 2, 0},
                 {NAS_OP_POSITIONS, NAS_POSITIONS_SINUSOIDAL, 0},
                 {NAS_OP_POSITIONS, NAS_POSITIONS_LEARNED, 0},
                 {NAS_OP_GROUP_NORM, 0, 3},
                 {NAS_OP_SLICE, 5, 6},
                 {NAS_OP_GROUP_NORM, 0, 1},
                 {NAS_OP_LAYER_NORM, 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nas_graph_builder *b = nas_graph_builder_new();
        nas_value attr[NAS_ATTR_MAX];
        nas_param_defaults(nas_op_get(cases[i].op)->params, attr);
        if (cases[i].first > 0)
            attr[0].i = cases[i].first;
        if (cases[i].second > 0)
            attr[1].i = cases[i].second;
        const int input = nas_graph_add_input(b, (nas_shape){2, 2, 3});
        const int relu = nas_graph_add_unary(b, NAS_OP_TANH, input, "");
        const int flat = nas_graph_add_unary(b, NAS_OP_FLATTEN, relu, "");
        const int node = nas_graph_add(b, cases[i].op, attr, &flat, 1, "");
        const int twice = nas_graph_add_unary(b, NAS_OP_TANH, node, "");
        const bool gathers = i < 2 || i == 4 || i == 5;
        const int found = count_and_compare(
            finish(b, nas_graph_add_dense(b, twice, 3, "head"), NAS_TASK_REGRESSION),
            NAS_KERNEL_STORE_GATHER);
        assert_int_equal(found, gathers);
    }
}

/* x + x + x in the buffer of x. */
static void adds_one_tensor_three_times(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    const int input = nas_graph_add_input(b, (nas_shape){3, 2, 2});
    const int pool =
        nas_graph_add_pool(b, NAS_OP_AVG_POOL, input, 2, 1, NAS_PAD_SAME, "");
    const int other = nas_graph_add_unary(b, NAS_OP_RELU, input, "");
    const int parts[4] = {other, pool, pool, pool};
    const int sum = nas_graph_add(b, NAS_OP_ADD, NULL, parts, 4, "");
    const int out = nas_graph_add_dense(b, sum, 2, "head");
    assert_true(count_and_compare(finish(b, out, NAS_TASK_REGRESSION), NAS_KERNEL_ADD) >
                0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adds_vectors_of_different_images),
        cmocka_unit_test(gathers_gates_of_another_order),
        cmocka_unit_test(stores_permuted_outputs),
        cmocka_unit_test(groups_of_a_permuted_vector),
        cmocka_unit_test(series_of_a_permuted_vector),
        cmocka_unit_test(adds_one_tensor_three_times),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
