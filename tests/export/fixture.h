/* Models for the tests of this layer: random weights on a given or random graph. */
#ifndef NASMITH_TESTS_EXPORT_FIXTURE_H
#define NASMITH_TESTS_EXPORT_FIXTURE_H

#include "check.h"
#include "random_graph.h"

#include "nasmith/export.h"

#include <math.h>
#include <string.h>

static char *fixture_string(const char *text)
{
    char *copy = nas_heap_alloc(strlen(text) + 1, 1);
    assert_non_null(copy);
    memcpy(copy, text, strlen(text) + 1);
    return copy;
}

/* Values that keep activations near 1, and norm statistics that matter. */
static void fixture_weights(nas_model *model, nas_rng *rng)
{
    const nas_graph *graph = model->graph;
    model->weights = nas_heap_alloc((size_t)nas_graph_floats(graph), sizeof(float));
    assert_non_null(model->weights);
    for (int i = 0; i < nas_graph_weight_count(graph); i++) {
        const nas_weight *w = nas_graph_weight(graph, i);
        const double scale = w->fan_in > 0 ? 1.4 / sqrt((double)w->fan_in) : 0.3;
        for (int64_t k = 0; k < w->count; k++) {
            const double z = nas_rng_normal(rng);
            double value = scale * z;
            if (w->role == NAS_WEIGHT_SCALE)
                value = 1.2 + 0.3 * z;
            if (w->role == NAS_WEIGHT_VARIANCE)
                value = 0.4 + 1.5 * nas_rng_uniform(rng);
            model->weights[w->offset + k] = (float)value;
        }
    }
}

/* @param graph  becomes the model's; Ownership of the result: caller, nas_model_free */
__attribute__((unused)) static nas_model *fixture_model(nas_graph *graph, nas_task task,
                                                        uint64_t seed)
{
    nas_rng rng = nas_rng_new(2385, seed);
    nas_model *model = nas_heap_alloc(1, sizeof *model);
    assert_non_null(model);
    model->graph = graph;
    model->task = task;
    model->n_outputs = nas_shape_count(nas_graph_output_shape(graph));
    fixture_weights(model, &rng);
    const size_t n = (size_t)model->n_outputs;
    model->labels = nas_heap_alloc(n, sizeof *model->labels);
    for (size_t i = 0; i < n; i++) {
        char label[32];
        (void)snprintf(label, sizeof label, "class %zu", i);
        model->labels[i] = fixture_string(label);
    }
    if (task == NAS_TASK_REGRESSION) {
        model->target_mean = nas_heap_alloc(n, sizeof(float));
        model->target_deviation = nas_heap_alloc(n, sizeof(float));
        for (size_t i = 0; i < n; i++) {
            model->target_mean[i] = (float)(20 * nas_rng_normal(&rng));
            model->target_deviation[i] = (float)(1 + 4 * nas_rng_uniform(&rng));
        }
    }
    (void)snprintf(model->metric, sizeof model->metric, "%s",
                   task == NAS_TASK_CLASSIFICATION ? "accuracy" : "rmse");
    (void)snprintf(model->score_on, sizeof model->score_on, "validation");
    model->score = 0.912375;
    model->data_fingerprint = UINT64_C(0x0123456789abcdef);
    return model;
}

/* A random network; every third is a regression, every seventh begins with a spectrum. */
__attribute__((unused)) static nas_model *fixture_random(uint64_t seed)
{
    nas_rng rng = nas_rng_new(2385, 1000 + seed);
    const bool regression = seed % 3 == 2;
    nas_test_graph_options options = {.softmax = regression ? -1 : 0,
                                      .spectrum = seed % 7 == 6};
    nas_graph *graph = nas_test_random_graph(&rng, &options);
    return fixture_model(
        graph, regression ? NAS_TASK_REGRESSION : NAS_TASK_CLASSIFICATION, seed);
}

/* A random network that has an int8 form: the first from this seed on. */
__attribute__((unused)) static nas_model *fixture_random_int8(uint64_t seed)
{
    for (uint64_t k = 0;; k++) {
        nas_model *model = fixture_random(seed + 10000 * k);
        if (nas_quant_refusal(model->graph, NULL) == NULL)
            return model;
        nas_model_free(model);
    }
}

/* A random network for encoded rows of a table. */
__attribute__((unused)) static nas_model *fixture_table(uint64_t seed)
{
    nas_rng rng = nas_rng_new(2385, 9000 + seed);
    nas_test_graph_options options = {.encode = 1, .softmax = -1};
    return fixture_model(nas_test_random_graph(&rng, &options), NAS_TASK_REGRESSION,
                         seed);
}

/* @return n rows such as the front section takes. Ownership: caller, nas_heap_free */
__attribute__((unused)) static float *fixture_drawn(const nas_model *model, int64_t n,
                                                    uint64_t seed)
{
    nas_rng rng = nas_rng_new(2385, 6000 + seed);
    const int64_t size = nas_shape_count(nas_graph_input_shape(model->graph));
    float *rows = nas_heap_alloc((size_t)(n * size), sizeof *rows);
    assert_non_null(rows);
    for (int64_t i = 0; i < n; i++)
        nas_graph_draw_row(model->graph, &rng, rows + i * size);
    return rows;
}

/* @return n rows of raw samples. Ownership: caller, nas_heap_free */
__attribute__((unused)) static float *fixture_rows(const nas_model *model, int64_t n,
                                                   uint64_t seed)
{
    nas_rng rng = nas_rng_new(2385, 5000 + seed);
    const int64_t count = n * nas_shape_count(nas_graph_input_shape(model->graph));
    float *rows = nas_heap_alloc((size_t)count, sizeof *rows);
    assert_non_null(rows);
    for (int64_t i = 0; i < count; i++)
        rows[i] = (float)nas_rng_normal(&rng);
    return rows;
}

/* @return [n][n_outputs] of the reference interpreter */
__attribute__((unused)) static float *fixture_expected(const nas_model *model,
                                                       const float *rows, int64_t n)
{
    nas_err err = {0};
    float *out = nas_heap_alloc((size_t)(n * model->n_outputs), sizeof *out);
    assert_non_null(out);
    check_ok(nas_reference_run(model, rows, n, out, &err), err);
    return out;
}

/* Equal as exported files must be. */
__attribute__((unused)) static void
fixture_equal(const float *found, const float *expected, int64_t n, const char *what)
{
    for (int64_t i = 0; i < n; i++) {
        const double scale = fmax(1, fabs((double)expected[i]));
        if (!(fabs((double)found[i] - (double)expected[i]) <= 2e-5 * scale))
            fail_msg("%s: output %lld is %.9g, expected %.9g", what, (long long)i,
                     (double)found[i], (double)expected[i]);
    }
}

#endif
