#include "check.h"

#include "nasmith/plan.h"

#include <math.h>

typedef struct fixture {
    nas_graph *graph;
    nas_arena *arena;
    nas_program *program;
    float *weights;
} fixture;

static fixture begin(nas_graph_builder *b, int output)
{
    fixture f = {.arena = nas_arena_new()};
    nas_err err = {0};
    check_ok(nas_graph_finish(b, output, &f.graph, &err), err);
    nas_graph_builder_free(b);
    nas_program_options options = nas_program_options_default();
    check_ok(nas_program_build(f.graph, &options, f.arena, &f.program, &err), err);
    f.weights = NAS_NEW(f.arena, float, nas_graph_floats(f.graph));
    return f;
}

static void set(fixture *f, int node, nas_weight_role role, const float *values)
{
    const nas_weight *w = nas_graph_weight_of(f->graph, node, role);
    assert_non_null(w);
    for (int64_t i = 0; i < w->count; i++)
        f->weights[w->offset + i] = values[i];
}

static void check_close(float found, double expected, double tolerance)
{
    if (fabs((double)found - expected) > tolerance)
        fail_msg("found %.9g, expected %.9g", (double)found, expected);
}

static void end(fixture *f)
{
    nas_graph_free(f->graph);
    nas_arena_free(f->arena);
}

/* y = gamma * (k*x + b - mean) / sqrt(variance + epsilon) + beta */
static void test_norm_folds_into_depthwise_with_bias(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){2, 1, 9});
    nas_value attr[NAS_ATTR_MAX];
    nas_param_defaults(nas_op_get(NAS_OP_DEPTHWISE)->params, attr);
    attr[NAS_ATTR_KERNEL_W].i = 2;
    attr[NAS_ATTR_WINDOW_BIAS].i = 1;
    int dw = nas_graph_add(b, NAS_OP_DEPTHWISE, attr, &x, 1, "");
    int norm = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, dw, "");
    fixture f = begin(b, norm);
    set(&f, dw, NAS_WEIGHT_KERNEL, (float[]){1.5f, -2.0f, 0.75f, 4.0f});
    set(&f, dw, NAS_WEIGHT_BIAS, (float[]){0.5f, -1.25f});
    set(&f, norm, NAS_WEIGHT_SCALE, (float[]){2.0f, -3.0f});
    set(&f, norm, NAS_WEIGHT_SHIFT, (float[]){0.125f, 2.385f});
    set(&f, norm, NAS_WEIGHT_MEAN, (float[]){0.25f, 1.0f});
    set(&f, norm, NAS_WEIGHT_VARIANCE, (float[]){4.0f, 0.09f});

    assert_int_equal(f.program->n_steps, 1);
    int64_t n_kernel;
    int64_t n_bias;
    float kernel[4];
    float bias[2];
    nas_program_weight_sizes(f.program, f.program->steps, &n_kernel, &n_bias);
    assert_int_equal(n_kernel, 4);
    assert_int_equal(n_bias, 2);
    nas_program_fold(f.program, f.program->steps, f.weights, kernel, bias);
    double scale0 = 2.0 / sqrt(4.0 + 1e-5);
    double scale1 = -3.0 / sqrt((double)0.09f + 1e-5);
    check_close(kernel[1], -2.0 * scale0, 1e-6);
    check_close(kernel[2], 0.75 * scale1, 1e-6);
    check_close(bias[0], (0.5 - 0.25) * scale0 + 0.125, 1e-6);
    check_close(bias[1], (-1.25 - 1.0) * scale1 + (double)2.385f, 1e-6);
    end(&f);
}

static void test_lonely_norm_becomes_affine(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){2, 3, 3});
    int norm = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, x, "");
    fixture f = begin(b, norm);
    set(&f, norm, NAS_WEIGHT_SCALE, (float[]){2.0f, -3.0f});
    set(&f, norm, NAS_WEIGHT_SHIFT, (float[]){0.125f, 2.385f});
    set(&f, norm, NAS_WEIGHT_MEAN, (float[]){0.25f, 1.5f});
    set(&f, norm, NAS_WEIGHT_VARIANCE, (float[]){4.0f, 0.25f});
    int64_t n_kernel;
    int64_t n_bias;
    float kernel[2];
    float bias[2];
    nas_program_weight_sizes(f.program, f.program->steps, &n_kernel, &n_bias);
    assert_int_equal(n_kernel, 2);
    assert_int_equal(n_bias, 2);
    nas_program_fold(f.program, f.program->steps, f.weights, kernel, bias);
    double scale = -3.0 / sqrt(0.25 + 1e-5);
    check_close(kernel[1], scale, 1e-6);
    check_close(bias[1], (double)2.385f - 1.5 * scale, 1e-5);
    end(&f);
}

static void test_plain_layers_are_copied(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){2, 1, 4});
    int conv = nas_graph_add_conv(b, x, 3, 1, 1, "");
    int pool = nas_graph_add_pool(b, NAS_OP_MAX_POOL, conv, 2, 2, NAS_PAD_SAME, "");
    int dense = nas_graph_add_dense(b, pool, 1, "");
    fixture f = begin(b, dense);
    const float values[] = {0.5f, -0.25f, 2.385f, 4.0f, -8.5f, 16.25f};
    set(&f, conv, NAS_WEIGHT_KERNEL, values);
    set(&f, dense, NAS_WEIGHT_KERNEL, values);
    set(&f, dense, NAS_WEIGHT_BIAS, (float[]){-7.75f});
    float kernel[6];
    float bias[3] = {9.0f, 9.0f, 9.0f};
    int64_t n_kernel;
    int64_t n_bias;
    nas_program_fold(f.program, &f.program->steps[0], f.weights, kernel, bias);
    assert_memory_equal(kernel, values, sizeof kernel);
    check_close(bias[0] + bias[1] + bias[2], 0.0, 0.0);
    nas_program_fold(f.program, &f.program->steps[2], f.weights, kernel, bias);
    assert_memory_equal(kernel, values, sizeof kernel);
    check_close(bias[0], -7.75, 0.0);
    nas_program_weight_sizes(f.program, &f.program->steps[1], &n_kernel, &n_bias);
    assert_int_equal(n_kernel + n_bias, 0);
    end(&f);
}

/* Sinusoids are made, learned tables, scales and biases copied. */
static void test_tables_of_series(void **state)
{
    (void)state;
    nas_graph_builder *b = nas_graph_builder_new();
    nas_value tokens[NAS_ATTR_MAX] = {{.i = 2}}, kind[NAS_ATTR_MAX] = {{.i = 1}};
    int x = nas_graph_add_input(b, (nas_shape){3, 1, 1});
    int table = nas_graph_add(b, NAS_OP_TOKENS, tokens, &x, 1, "");
    int norm = nas_graph_add_unary(b, NAS_OP_LAYER_NORM, table, "");
    int waves = nas_graph_add(b, NAS_OP_POSITIONS, kind, &norm, 1, "");
    fixture f = begin(b, waves);
    const float values[] = {0.5f, -0.25f, 2.385f, 4.0f, -8.5f, 16.25f};
    const float biases[] = {1.5f, -1.25f, 3.0f, 5.0f, -9.5f, 6.25f};
    float kernel[6];
    float bias[6];
    int64_t n_kernel;
    int64_t n_bias;
    set(&f, table, NAS_WEIGHT_TABLE, values);
    set(&f, table, NAS_WEIGHT_BIAS, biases);
    set(&f, norm, NAS_WEIGHT_SCALE, values);
    set(&f, norm, NAS_WEIGHT_SHIFT, biases);
    assert_int_equal(f.program->n_steps, 3);
    nas_program_fold(f.program, &f.program->steps[0], f.weights, kernel, bias);
    assert_memory_equal(kernel, values, sizeof kernel);
    assert_memory_equal(bias, biases, sizeof bias);
    nas_program_fold(f.program, &f.program->steps[1], f.weights, kernel, bias);
    assert_memory_equal(kernel, values, 2 * sizeof *kernel);
    assert_memory_equal(bias, biases, 2 * sizeof *bias);
    nas_program_weight_sizes(f.program, &f.program->steps[2], &n_kernel, &n_bias);
    assert_int_equal(n_kernel, 6);
    assert_int_equal(n_bias, 0);
    nas_program_fold(f.program, &f.program->steps[2], f.weights, kernel, NULL);
    check_close(kernel[2], sin(2.0), 1e-7);
    check_close(kernel[5], cos(2.0), 1e-7);
    end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norm_folds_into_depthwise_with_bias),
        cmocka_unit_test(test_lonely_norm_becomes_affine),
        cmocka_unit_test(test_plain_layers_are_copied),
        cmocka_unit_test(test_tables_of_series),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
