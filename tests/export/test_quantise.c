#include "fixture.h"

#include "export/quant.h"

enum { ROWS = 64 };

/* Multiplier and shift are the factor within half a unit of the 31st bit. */
static void factors_keep_31_bits(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 1);
    for (int i = 0; i < 2000; i++) {
        const double factor = ldexp(nas_rng_uniform(&rng), -(i % 28));
        const nas_rescale r = nas_rescale_of(factor);
        const double found = ldexp((double)r.multiplier, -31 - r.shift);
        assert_true(r.shift >= 0 && r.shift <= 31);
        assert_true(fabs(found - factor) <= ldexp(1.0, -32 - r.shift));
    }
    assert_int_equal(nas_rescale_of(0.0).multiplier, 0);
    assert_int_equal(nas_rescale_of(1e-30).multiplier, 0);
    assert_int_equal(nas_rescale_of(0.5).multiplier, 1 << 30);
    assert_int_equal(nas_rescale_of(0.5).shift, 0);
    assert_int_equal(nas_rescale_of(1.0 - 1e-12).multiplier, INT32_MAX);
}

static void quantise(const nas_model *model, const float *rows,
                     nas_range_method calibration, nas_quant **out)
{
    nas_err err = {0};
    const nas_quant_options options = {.calibration = calibration,
                                       .bias_correction = true,
                                       .equalise = calibration == NAS_RANGE_BEST};
    check_ok(nas_quantise(model, rows, ROWS, &options, out, &err), err);
}

/* Root of the mean squared difference to the float network, over the root of the mean
 * square around its mean. */
static double relative_error(const nas_model *model, const nas_quant *quant,
                             const float *rows)
{
    nas_err err = {0};
    nas_runtime *runtime = NULL;
    const int64_t n = model->n_outputs;
    const int64_t inputs = nas_shape_count(nas_graph_input_shape(model->graph));
    float *expected = fixture_expected(model, rows, ROWS);
    float *found = nas_heap_alloc((size_t)n, sizeof *found);
    double error = 0.0, sum = 0.0, square = 0.0;
    check_ok(nas_runtime_new_int8(quant, &runtime, &err), err);
    for (int64_t i = 0; i < ROWS; i++) {
        nas_runtime_run(runtime, rows + i * inputs, found);
        for (int64_t k = 0; k < n; k++) {
            const double y = (double)expected[i * n + k];
            error += pow((double)found[k] - y, 2.0);
            sum += y;
            square += y * y;
        }
    }
    nas_runtime_free(runtime);
    nas_heap_free(found);
    nas_heap_free(expected);
    const double count = (double)(ROWS * n);
    return sqrt(error / count) / sqrt(square / count - pow(sum / count, 2.0) + 1e-6);
}

/* A network of every operator as people use them. */
static nas_model *usual(nas_task task)
{
    const float mean[2] = {3.5f, -0.25f}, inverse[2] = {0.5f, 4.0f};
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    int node = nas_graph_add_input(b, (nas_shape){2, 12, 12});
    node = nas_graph_add_standardise(b, node, mean, inverse, 2);
    node = nas_graph_add_conv(b, node, 12, 3, 1, "");
    node = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, node, "");
    const int stem = nas_graph_add_unary(b, NAS_OP_RELU, node, "");
    node = nas_graph_add_depthwise(b, stem, 3, 1, "");
    node = nas_graph_add_unary(b, NAS_OP_BATCH_NORM, node, "");
    node = nas_graph_add_unary(b, NAS_OP_RELU6, node, "");
    node = nas_graph_add_conv(b, node, 12, 1, 1, "");
    const int both[2] = {node, stem};
    node = nas_graph_add(b, NAS_OP_ADD, NULL, both, 2, "");
    const int pooled =
        nas_graph_add_pool(b, NAS_OP_MAX_POOL, node, 2, 2, NAS_PAD_SAME, "");
    const int averaged =
        nas_graph_add_pool(b, NAS_OP_AVG_POOL, node, 2, 2, NAS_PAD_SAME, "");
    const int parts[2] = {pooled, averaged};
    node = nas_graph_add(b, NAS_OP_CONCAT, NULL, parts, 2, "");
    node = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, node, "");
    node = nas_graph_add_dense(b, node, 5, "");
    if (task == NAS_TASK_CLASSIFICATION)
        node = nas_graph_add_unary(b, NAS_OP_SOFTMAX, node, "");
    check_ok(nas_graph_finish(b, node, &graph, &err), err);
    nas_graph_builder_free(b);
    return fixture_model(graph, task, 9);
}

static void stays_close_to_the_floats(void **state)
{
    (void)state;
    for (int task = 0; task < 2; task++) {
        nas_model *model =
            usual(task == 0 ? NAS_TASK_CLASSIFICATION : NAS_TASK_REGRESSION);
        float *rows = fixture_rows(model, ROWS, 4);
        double least = 1e9, best = 0.0;
        for (int how = NAS_RANGE_BEST; how < NAS_RANGE_METHODS; how++) {
            nas_quant *quant = NULL;
            quantise(model, rows, (nas_range_method)how, &quant);
            const double error = relative_error(model, quant, rows);
            if (!(error < 0.08))
                fail_msg("task %d, %s: relative error %g", task,
                         nas_range_method_name((nas_range_method)how), error);
            if (how == NAS_RANGE_BEST) {
                best = error;
                assert_int_not_equal(nas_quant_calibration(quant), NAS_RANGE_BEST);
            } else if (error < least) {
                least = error;
            }
            nas_quant_free(quant);
        }
        assert_true(best < least * 1.001);
        nas_heap_free(rows);
        nas_model_free(model);
    }
}

/* Rounding half of a weight in every channel shifts the outputs; the correction takes the
 * shift back. */
static void correction_removes_the_mean_error(void **state)
{
    (void)state;
    enum { IN = 64 };
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    int node = nas_graph_add_input(b, (nas_shape){IN, 1, 1});
    node = nas_graph_add_dense(b, node, 1, "");
    check_ok(nas_graph_finish(b, node, &graph, &err), err);
    nas_graph_builder_free(b);
    nas_model *model = fixture_model(graph, NAS_TASK_REGRESSION, 3);
    const nas_weight *w = nas_graph_weight_of(graph, 1, NAS_WEIGHT_KERNEL);
    for (int64_t i = 0; i < IN; i++) /* one large weight, the rest 0.4 of a unit */
        model->weights[w->offset + i] = i == 0 ? 1.27f : 0.004f;
    model->target_mean[0] = 0.0f;
    model->target_deviation[0] = 1.0f;
    float rows[ROWS * IN];
    for (int i = 0; i < ROWS * IN; i++)
        rows[i] = (float)(i % 7) / 7.0f + (i % IN == 0 ? (float)i / IN / ROWS : 0.0f);
    double bias[2];
    for (int corrected = 0; corrected < 2; corrected++) {
        const nas_quant_options options = {.calibration = NAS_RANGE_MIN_MAX,
                                           .bias_correction = corrected};
        nas_quant *quant = NULL;
        check_ok(nas_quantise(model, rows, ROWS, &options, &quant, &err), err);
        float *expected = fixture_expected(model, rows, ROWS);
        nas_runtime *runtime = NULL;
        check_ok(nas_runtime_new_int8(quant, &runtime, &err), err);
        bias[corrected] = 0.0;
        for (int i = 0; i < ROWS; i++) {
            float y = 0.0f;
            nas_runtime_run(runtime, rows + i * IN, &y);
            bias[corrected] += ((double)y - (double)expected[i]) / ROWS;
        }
        nas_runtime_free(runtime);
        nas_heap_free(expected);
        nas_quant_free(quant);
    }
    assert_true(fabs(bias[0]) > 0.05);
    assert_true(fabs(bias[1]) < 0.01);
    nas_model_free(model);
}

/* Dead channels, huge biases, constant inputs: nothing divides by zero or overflows. */
static void survives_degenerate_networks(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        nas_quant *quant = NULL;
        nas_model *model = usual(NAS_TASK_CLASSIFICATION);
        float *rows = fixture_rows(model, ROWS, 4);
        for (int64_t i = 0; i < nas_graph_floats(model->graph); i++) {
            if (kind == 0)
                model->weights[i] = 0.0f;
            if (kind == 1 && i % 3 == 0)
                model->weights[i] = 0.0f;
            if (kind == 2)
                model->weights[i] *= 1e6f;
        }
        const int64_t values =
            ROWS * nas_shape_count(nas_graph_input_shape(model->graph));
        for (int64_t i = 0; i < values && kind == 3; i++)
            rows[i] = 2.385f;
        quantise(model, rows, NAS_RANGE_BEST, &quant);
        assert_true(isfinite(relative_error(model, quant, rows)));
        nas_quant_free(quant);
        nas_heap_free(rows);
        nas_model_free(model);
    }
}

static void out_of_memory_leaves_nothing(void **state)
{
    (void)state;
    nas_model *model = fixture_random_int8(4);
    float *rows = fixture_rows(model, ROWS, 1);
    nas_status status = NAS_E_NOMEM;
    for (int64_t nth = 1; nth < 2000 && status != NAS_OK; nth++) {
        nas_err err = {0};
        nas_quant *quant = NULL;
        nas_alloc_fail_nth(nth);
        status = nas_quantise(model, rows, 2, NULL, &quant, &err);
        nas_alloc_fail_nth(0);
        if (status != NAS_OK)
            assert_int_equal(status, NAS_E_NOMEM);
        nas_quant_free(quant);
    }
    assert_int_equal(status, NAS_OK);
    nas_heap_free(rows);
    nas_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factors_keep_31_bits),
        cmocka_unit_test(stays_close_to_the_floats),
        cmocka_unit_test(correction_removes_the_mean_error),
        cmocka_unit_test(survives_degenerate_networks),
        cmocka_unit_test(out_of_memory_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
