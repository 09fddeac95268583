#include "spectrum_case.h"

#include "graph/spectrum.h"

static const nas_shape MONO = {1, 1, 1000};
static const nas_shape STEREO = {2, 1, 1000};

static void check_case(nas_shape in, const attribute *list, nas_shape out, int64_t macs)
{
    nas_err err = {0};
    nas_graph *graph = spectrum_case(in, list, &err);
    if (graph == NULL)
        fail_msg("%s", err.text);
    check_shape(nas_graph_output_shape(graph), out.c, out.h, out.w);
    assert_int_equal(nas_graph_params(graph), 0);
    assert_int_equal(nas_graph_macs(graph), macs);
    nas_graph_free(graph);
}

/* 200 samples in a transform of 256: m = 128, 7 stages. */
static void shapes_and_products(void **state)
{
    (void)state;
    const int64_t frames = 1 + (1000 - 200) / 80;
    const int64_t power = 200 + 2 * 128 * 7 + 2 * 128 + 2 * 129;
    check_case(MONO, (attribute[]){{"window", 200}, {"hop", 80}, {0}},
               (nas_shape){1, 129, frames}, frames * power);
    check_case(STEREO, (attribute[]){{"window", 200}, {"hop", 80}, {"bands", 20}, {0}},
               (nas_shape){2, 20, frames}, 2 * frames * (power + 2 * 129));
    check_case(STEREO,
               (attribute[]){{"window", 200},
                             {"hop", 80},
                             {"bands", 20},
                             {"coefficients", 12},
                             {"series", 1},
                             {0}},
               (nas_shape){24, 1, frames}, 2 * frames * (power + 2 * 129 + 20 * 12));
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    const struct {
        nas_shape in;
        attribute list[4];
        const char *part;
    } cases[] = {
        {{1, 1, 199}, {{"window", 200}, {0}}, "at least as many steps"},
        {{1, 2, 500}, {{"window", 200}, {0}}, "needs a series"},
        {MONO, {{"bands", 10}, {"coefficients", 11}, {0}}, "11 coefficients of 10 bands"},
        {MONO, {{"coefficients", 1}, {0}}, "1 coefficients of 0 bands"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nas_err err = {0};
        assert_null(spectrum_case(cases[i].in, cases[i].list, &err));
        if (strstr(err.text, cases[i].part) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.text, cases[i].part);
    }
}

/* It must stand at the start, before what is fitted. */
static void place_is_checked(void **state)
{
    (void)state;
    const float one[1] = {1};
    for (int fitted = 0; fitted < 2; fitted++) {
        nas_err err = {0};
        nas_graph *graph = NULL;
        nas_graph_builder *b = nas_graph_builder_new();
        int x = nas_graph_add_input(b, MONO);
        x = fitted ? nas_graph_add_standardise(b, x, one, one, 1)
                   : nas_graph_add_unary(b, NAS_OP_RELU, x, "");
        x = nas_graph_add_unary(b, NAS_OP_SPECTRUM, x, "");
        x = nas_graph_add_unary(b, NAS_OP_RELU, x, "");
        assert_int_equal(nas_graph_finish(b, x, &graph, &err), NAS_E_GRAPH);
        assert_non_null(strstr(err.text, "directly after the input"));
        nas_graph_builder_free(b);
    }
}

/* Two triangles share every frequency between their middles, and nothing is lost. */
static void triangles_share_frequencies(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph *graph =
        spectrum_case(MONO, (attribute[]){{"window", 256}, {"bands", 12}, {0}}, &err);
    const nas_node *node = nas_graph_node(graph, 1);
    const nas_rt_spectrum_plan plan = nas_spectrum_plan(node, MONO);
    double weights[12 * 129];
    nas_spectrum_triangles(node, &plan, weights);
    int whole = 0;
    for (int k = 0; k < 129; k++) {
        double sum = 0;
        for (int b = 0; b < 12; b++)
            sum += weights[b * 129 + k];
        assert_true(sum >= 0 && sum < 1 + 1e-9);
        whole += sum > 1 - 1e-9;
    }
    assert_true(whole > 90);
    for (int b = 0; b < 12; b++) {
        double most = 0;
        for (int k = 0; k < 129; k++)
            most = weights[b * 129 + k] > most ? weights[b * 129 + k] : most;
        assert_true(most > 0.5);
    }
    nas_graph_free(graph);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shapes_and_products),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(place_is_checked),
        cmocka_unit_test(triangles_share_frequencies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
