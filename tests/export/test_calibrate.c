#include "fixture.h"

#include "export/calibrate.h"

enum { COUNT = 100000 };

/* Statistics of values that are uniform in [-1, 1], with one of 100 besides. */
static nas_statistics with_outlier(int64_t *bins)
{
    nas_statistics s = {.count = 1, .low = -1.0, .high = 100.0, .bins = bins};
    memset(bins, 0, NAS_STATISTICS_BINS * sizeof *bins);
    const double width = (s.high - s.low) / NAS_STATISTICS_BINS;
    for (int i = 0; i < COUNT; i++)
        bins[(int)(2.0 * i / COUNT / width)]++;
    bins[NAS_STATISTICS_BINS - 1]++;
    return s;
}

static void methods_treat_outliers_as_they_say(void **state)
{
    (void)state;
    int64_t bins[NAS_STATISTICS_BINS];
    const nas_statistics s = with_outlier(bins);
    double low, high;
    nas_statistics_range(&s, NAS_RANGE_MIN_MAX, &low, &high);
    assert_true(low == -1.0 && high == 100.0);
    nas_statistics_range(&s, NAS_RANGE_PERCENTILE, &low, &high);
    assert_true(low > -1.1 && low <= -0.99 && high > 0.9 && high < 1.2);
    /* One value in 100,000 clipped by 80 costs (80)^2 / 1e5 = 0.064 a value; rounding in
     * 255 steps of 101 costs 0.013: clipping does not pay all the way. */
    nas_statistics_range(&s, NAS_RANGE_MSE, &low, &high);
    assert_true(high > 60.0 && high < 100.0);
}

/* The means of a network's tensors are in the graph's order, whatever lies in memory. */
static void means_are_in_the_graphs_order(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    int node = nas_graph_add_input(b, (nas_shape){3, 4, 5});
    const int relu = nas_graph_add_unary(b, NAS_OP_RELU, node, "");
    node = nas_graph_add_dense(b, relu, 2, "");
    check_ok(nas_graph_finish(b, node, &graph, &err), err);
    nas_graph_builder_free(b);
    nas_model *model = fixture_model(graph, NAS_TASK_REGRESSION, 1);
    float *rows = fixture_rows(model, 2, 1);
    nas_arena *arena = nas_arena_new();
    nas_statistics *s = NULL;
    check_ok(nas_statistics_collect(model, rows, 2, arena, &s, &err), err);
    assert_int_equal(s[relu].count, 60);
    for (int i = 0; i < 60; i++) {
        const double a = fmax((double)rows[i], 0.0), c = fmax((double)rows[60 + i], 0.0);
        assert_true(fabs(s[relu].mean[i] - (a + c) / 2.0) < 1e-6);
        assert_true(s[relu].high >= a && s[relu].low == 0.0);
        assert_true(s[0].low <= (double)rows[i]);
    }
    int64_t total = 0;
    for (int k = 0; k < NAS_STATISTICS_BINS; k++)
        total += s[relu].bins[k];
    assert_int_equal(total, 120);
    nas_arena_free(arena);
    nas_heap_free(rows);
    nas_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(methods_treat_outliers_as_they_say),
        cmocka_unit_test(means_are_in_the_graphs_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
