#include "check.h"

#include "nasmith/file.h"
#include "nasmith/model.h"
#include "nasmith/rng.h"

#include "random_graph.h"

#include <math.h>
#include <string.h>

static char *copy(const char *text)
{
    char *out = nas_heap_alloc(strlen(text) + 1, 1);
    assert_non_null(out);
    memcpy(out, text, strlen(text));
    return out;
}

static char **names(const char *stem, int64_t n)
{
    char **out = nas_heap_alloc((size_t)n, sizeof *out);
    assert_non_null(out);
    for (int64_t i = 0; i < n; i++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s \"%lld\" \xc3\xa4", stem, (long long)i);
        out[i] = copy(name);
    }
    return out;
}

static float *floats(int64_t n, nas_rng *rng)
{
    float *out = nas_heap_alloc((size_t)n, sizeof *out);
    assert_non_null(out);
    for (int64_t i = 0; i < n; i++)
        out[i] = (float)nas_rng_normal(rng);
    return out;
}

static nas_model *model(nas_task task, nas_rng *rng)
{
    nas_model *m = nas_heap_alloc(1, sizeof *m);
    assert_non_null(m);
    nas_test_graph_options options = {.front = 1};
    m->graph = nas_test_random_graph(rng, &options);
    m->weights = floats(nas_graph_floats(m->graph), rng);
    m->task = task;
    m->n_outputs = nas_graph_output_shape(m->graph).c;
    m->labels = names("class", m->n_outputs);
    m->n_features = nas_graph_input_shape(m->graph).c;
    m->features = names("column", m->n_features);
    if (task == NAS_TASK_REGRESSION) {
        m->target_mean = floats(m->n_outputs, rng);
        m->target_deviation = floats(m->n_outputs, rng);
    }
    (void)snprintf(m->metric, sizeof m->metric, "rmse");
    (void)snprintf(m->score_on, sizeof m->score_on, "validation");
    m->score = task == NAS_TASK_REGRESSION ? 2.385 : (double)NAN;
    m->data_fingerprint = UINT64_C(0xfedcba9876543210);
    return m;
}

static void assert_equal(const nas_model *a, const nas_model *b)
{
    assert_int_equal(a->task, b->task);
    assert_int_equal(nas_graph_hash(a->graph), nas_graph_hash(b->graph));
    assert_int_equal(nas_graph_count(a->graph), nas_graph_count(b->graph));
    assert_memory_equal(a->weights, b->weights,
                        (size_t)nas_graph_floats(a->graph) * sizeof(float));
    assert_int_equal(a->n_outputs, b->n_outputs);
    assert_int_equal(a->n_features, b->n_features);
    for (int64_t i = 0; i < a->n_outputs; i++)
        assert_string_equal(a->labels[i], b->labels[i]);
    for (int64_t i = 0; i < a->n_features; i++)
        assert_string_equal(a->features[i], b->features[i]);
    assert_string_equal(a->metric, b->metric);
    assert_string_equal(a->score_on, b->score_on);
    assert_int_equal(a->data_fingerprint, b->data_fingerprint);
    size_t bytes = (size_t)a->n_outputs * sizeof(float);
    if (a->task == NAS_TASK_CLASSIFICATION) {
        assert_true(isnan(b->score));
        assert_null(b->target_mean);
        return;
    }
    assert_true(a->score >= b->score && a->score <= b->score);
    assert_memory_equal(a->target_mean, b->target_mean, bytes);
    assert_memory_equal(a->target_deviation, b->target_deviation, bytes);
}

static void test_file_round_trip(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 51);
    char folder[64];
    char path[96];
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/net.model", folder);
    for (int i = 0; i < 20; i++) {
        nas_err err = {0};
        nas_model *m = model(i % 2 ? NAS_TASK_REGRESSION : NAS_TASK_CLASSIFICATION, &rng);
        nas_model *again = NULL;
        check_ok(nas_model_write(m, path, &err), err);
        check_ok(nas_model_read(path, &again, &err), err);
        assert_equal(m, again);
        const nas_node *front = nas_graph_node(again->graph, 1);
        assert_memory_equal(front->constants, nas_graph_node(m->graph, 1)->constants,
                            (size_t)front->n_constants * sizeof(float));
        nas_model_free(again);
        nas_model_free(m);
    }
    nas_err err = {0};
    check_ok(nas_file_remove(folder, &err), err);
}

/* A network of pooling only, data without column names. */
static void test_nothing_to_store(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_model m = {.n_outputs = 3, .labels = names("class", 3), .score = 0.5};
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){3, 5, 5});
    x = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, x, "");
    check_ok(nas_graph_finish(b, x, &m.graph, &err), err);
    nas_graph_builder_free(b);
    void *data = NULL;
    size_t bytes = 0;
    nas_model *again = NULL;
    check_ok(nas_model_serialise(&m, &data, &bytes, &err), err);
    check_ok(nas_model_parse(data, bytes, "m", &again, &err), err);
    assert_null(again->weights);
    assert_int_equal(again->n_features, 0);
    assert_string_equal(again->labels[2], m.labels[2]);
    nas_model_free(again);
    nas_heap_free(data);
    nas_graph_free(m.graph);
    for (int i = 0; i < 3; i++)
        nas_heap_free(m.labels[i]);
    nas_heap_free(m.labels);
}

static void expect_failure(const void *data, size_t bytes, const char *part)
{
    nas_err err = {0};
    nas_model *m = NULL;
    assert_int_equal(nas_model_parse(data, bytes, "net.model", &m, &err), NAS_E_CONFIG);
    assert_null(m);
    if (strstr(err.text, part) == NULL || strstr(err.text, "net.model: ") != err.text)
        fail_msg("message \"%s\" does not say \"%s\"", err.text, part);
}

static void test_damage_is_seen(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 52);
    nas_model *m = model(NAS_TASK_CLASSIFICATION, &rng);
    void *data = NULL;
    size_t bytes = 0;
    nas_err err = {0};
    check_ok(nas_model_serialise(m, &data, &bytes, &err), err);
    unsigned char *byte = data;
    expect_failure(data, 7, "not a model file");
    expect_failure(data, bytes - 4, "truncated");
    expect_failure(data, bytes - 5, "truncated");
    for (size_t at = 0; at < bytes; at += 1 + bytes / 97) {
        byte[at] ^= 0x10;
        expect_failure(data, bytes, at < 8 ? "not a model file" : "");
        byte[at] ^= 0x10;
    }
    byte[bytes - 20] ^= 1;
    expect_failure(data, bytes, "checksum");
    nas_heap_free(data);
    nas_model_free(m);
}

/* With a checksum that fits, what the header says is still checked. */
static void test_inconsistent_contents_are_seen(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 53);
    nas_model *m = model(NAS_TASK_CLASSIFICATION, &rng);
    void *data = NULL;
    size_t bytes = 0;
    nas_err err = {0};
    m->n_outputs--;
    check_ok(nas_model_serialise(m, &data, &bytes, &err), err);
    m->n_outputs++;
    expect_failure(data, bytes, "labels for a network");
    nas_heap_free(data);
    m->task = NAS_TASK_REGRESSION; /* without target_mean */
    check_ok(nas_model_serialise(m, &data, &bytes, &err), err);
    expect_failure(data, bytes, "target_mean");
    nas_heap_free(data);
    nas_model_free(m);
    nas_model_free(NULL);
}

static void test_missing_file_is_an_io_error(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_model *m = NULL;
    assert_int_equal(nas_model_read("/nonexistent/net.model", &m, &err), NAS_E_IO);
    assert_null(m);
}

static void test_every_failed_allocation_is_reported(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 54);
    nas_model *m = model(NAS_TASK_REGRESSION, &rng);
    void *data = NULL;
    size_t bytes = 0;
    nas_err err = {0};
    check_ok(nas_model_serialise(m, &data, &bytes, &err), err);
    int failures = 0;
    for (int nth = 1;; nth++) {
        nas_model *again = NULL;
        nas_alloc_fail_nth(nth);
        nas_status status = nas_model_parse(data, bytes, "m", &again, &err);
        nas_alloc_fail_nth(0);
        nas_model_free(again);
        if (status == NAS_OK)
            break;
        assert_int_equal(status, NAS_E_NOMEM);
        failures++;
    }
    assert_true(failures > 20);
    nas_heap_free(data);
    nas_model_free(m);
}

/* Only the last layer shrinks, and only where there is one that can. */
static void temperature_divides_the_last_layer(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_rng rng = nas_rng_new(2, 385);
    nas_model m = {.task = NAS_TASK_CLASSIFICATION, .n_outputs = 3};
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){4, 1, 1});
    x = nas_graph_add_dense(b, x, 5, "hidden");
    x = nas_graph_add_dense(b, x, 3, "head");
    check_ok(nas_graph_finish(b, x, &m.graph, &err), err);
    nas_graph_builder_free(b);
    const int64_t n = nas_graph_floats(m.graph);
    m.weights = floats(n, &rng);
    float *before = nas_heap_alloc((size_t)n, sizeof *before);
    assert_non_null(before);
    memcpy(before, m.weights, (size_t)n * sizeof *before);
    check_ok(nas_model_temper(&m, 2.5, &err), err);
    int64_t scaled = 0;
    for (int i = 0; i < nas_graph_weight_count(m.graph); i++) {
        const nas_weight *w = nas_graph_weight(m.graph, i);
        double divisor = w->node == nas_graph_output(m.graph) ? 2.5 : 1;
        for (int64_t k = w->offset; k < w->offset + w->count; k++) {
            assert_true(fabs((double)m.weights[k] - (double)before[k] / divisor) < 1e-6);
            scaled += divisor > 1;
        }
    }
    assert_int_equal(scaled, 3 * 5 + 3);
    m.task = NAS_TASK_REGRESSION;
    assert_int_equal(nas_model_temper(&m, 2.5, &err), NAS_E_USAGE);
    nas_heap_free(before);
    nas_heap_free(m.weights);
    nas_graph_free(m.graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_round_trip),
        cmocka_unit_test(test_nothing_to_store),
        cmocka_unit_test(test_damage_is_seen),
        cmocka_unit_test(test_inconsistent_contents_are_seen),
        cmocka_unit_test(test_missing_file_is_an_io_error),
        cmocka_unit_test(test_every_failed_allocation_is_reported),
        cmocka_unit_test(temperature_divides_the_last_layer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
