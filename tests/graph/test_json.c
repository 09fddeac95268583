#include "one_op.h"

#include "random_graph.h"

static void write_graph(const nas_graph *graph, nas_text *out)
{
    nas_json json = nas_json_writer(out, 0);
    nas_graph_write_json(graph, &json);
}

static nas_graph *parse(const char *text)
{
    nas_graph *graph = NULL;
    nas_err err = {0};
    check_ok(nas_graph_read_json(text, strlen(text), "net.json", &graph, &err), err);
    return graph;
}

static void test_round_trip(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 101);
    for (int i = 0; i < 100; i++) {
        nas_graph *graph = nas_test_random_graph(&rng, NULL);
        nas_text a = {0};
        nas_text b = {0};
        write_graph(graph, &a);
        nas_graph *again = parse(nas_text_string(&a));
        write_graph(again, &b);
        assert_string_equal(nas_text_string(&a), nas_text_string(&b));
        assert_int_equal(nas_graph_hash(graph), nas_graph_hash(again));
        nas_graph_free(again);
        nas_graph_free(graph);
        nas_text_free(&a);
        nas_text_free(&b);
    }
}

#define NETWORK(nodes, output)                                                           \
    "{\"format\":\"nasmith-graph\",\"version\":1,\"nodes\":[" nodes                      \
    "],\"output\":" output "}"
#define IMAGE "{\"op\":\"input\",\"shape\":[3,9,9]}"
#define SERIES "{\"op\":\"input\",\"shape\":[3,1,9]}"

static void test_written_form(void **state)
{
    (void)state;
    nas_graph *graph = parse(
        NETWORK(IMAGE ",{\"op\":\"conv\",\"inputs\":[0],\"name\":\"stem\",\"out\":4,"
                      "\"kernel\":3,\"stride_h\":1,\"pad\":\"valid\",\"bias\":true},"
                      "{\"op\":\"dropout\",\"inputs\":[1],\"rate\":0.5}",
                "2"));
    nas_text text = {0};
    write_graph(graph, &text);
    assert_string_equal(
        nas_text_string(&text),
        NETWORK(IMAGE ",{\"op\":\"conv\",\"inputs\":[0],\"name\":\"stem\",\"kernel_h\":3,"
                      "\"kernel_w\":3,\"pad\":\"valid\",\"bias\":true,\"out\":4},"
                      "{\"op\":\"dropout\",\"inputs\":[1],\"rate\":0.5}",
                "2"));
    nas_text_free(&text);
    nas_graph_free(graph);
}

static void test_shorthand_follows_the_input(void **state)
{
    (void)state;
    nas_graph *image = parse(NETWORK(
        IMAGE ",{\"op\":\"depthwise\",\"inputs\":[0],\"kernel\":3,\"stride\":2}", "1"));
    check_shape(nas_graph_output_shape(image), 3, 5, 5);
    nas_graph *series = parse(
        NETWORK(SERIES ",{\"op\":\"depthwise\",\"inputs\":[0],\"kernel\":3,\"stride\":2,"
                       "\"dilation\":2}",
                "1"));
    check_shape(nas_graph_output_shape(series), 3, 1, 5);
    assert_int_equal(nas_graph_params(series), 9);
    nas_graph_free(image);
    nas_graph_free(series);
}

typedef struct bad {
    const char *text, *part;
} bad;

static const bad bads[] = {
    {"{", "net.json:1:"},
    {"[]", "not a network"},
    {"{\"format\":\"nasmith-graph\",\"version\":2}", "\"version\" is not 1"},
    {"{\"format\":\"nasmith-graph\",\"version\":1,\"node\":[]}", "unknown key \"node\""},
    {NETWORK("", "0"), "\"nodes\" must be an array"},
    {NETWORK("7", "0"), "node 0 is no object"},
    {NETWORK(IMAGE ",{\"inputs\":[0]}", "1"), "node 1: \"op\" is missing"},
    {NETWORK(IMAGE ",{\"op\":\"cnov\",\"inputs\":[0]}", "1"), "did you mean \"conv\"?"},
    {NETWORK(IMAGE ",{\"op\":\"conv\",\"inputs\":[0],\"kernal_h\":3,\"out\":2}", "1"),
     "kernal_h"},
    {NETWORK(IMAGE ",{\"op\":\"conv\",\"inputs\":[0],\"kernel\":3,\"kernel_w\":3}", "1"),
     "\"kernel\" and \"kernel_w\" both given"},
    {NETWORK(IMAGE ",{\"op\":\"conv\",\"inputs\":[0],\"out\":\"two\"}", "1"), "out"},
    {NETWORK(IMAGE ",{\"op\":\"relu\",\"inputs\":0}", "1"),
     "\"inputs\" must be an array"},
    {NETWORK(IMAGE ",{\"op\":\"relu\",\"inputs\":[1.5]}", "1"), "not a whole number"},
    {NETWORK(IMAGE ",{\"op\":\"relu\",\"inputs\":[-1]}", "1"), "which is no node"},
    {NETWORK(IMAGE ",{\"op\":\"relu\",\"inputs\":[1]}", "1"), "input 0 is node 1"},
    {NETWORK(IMAGE ",{\"op\":\"relu\",\"inputs\":[0],\"name\":3}", "1"), "\"name\""},
    {NETWORK("{\"op\":\"input\",\"shape\":[3,9]}", "0"), "three numbers"},
    {NETWORK("{\"op\":\"input\",\"shape\":[3,9,9],\"out\":3}", "0"), "out"},
    {NETWORK(IMAGE ",{\"op\":\"standardise\",\"inputs\":[0],\"mean\":[1,2,3]}", "1"),
     "\"inverse_deviation\" must be"},
    {NETWORK(IMAGE ",{\"op\":\"standardise\",\"inputs\":[0],\"mean\":[1,2,3],"
                   "\"inverse_deviation\":[1,2]}",
             "1"),
     "3 means but 2 inverse deviations"},
    {NETWORK(IMAGE, "0"), "output is node 0 (input)"},
    {NETWORK(IMAGE ",{\"op\":\"relu\",\"inputs\":[0]}", "-1"), "which is no node"},
    {NETWORK(IMAGE ",{\"op\":\"relu\",\"inputs\":[0]}", "true"), "not a whole number"},
};

static void test_errors_say_what_and_where(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bads / sizeof bads[0]; i++) {
        nas_graph *graph = NULL;
        nas_err err = {0};
        nas_status status = nas_graph_read_json(bads[i].text, strlen(bads[i].text),
                                                "net.json", &graph, &err);
        assert_true(status == NAS_E_CONFIG || status == NAS_E_GRAPH);
        assert_null(graph);
        bool said = strstr(err.text, bads[i].part) != NULL ||
                    strstr(err.hint, bads[i].part) != NULL;
        if (!said || strncmp(err.text, "net.json", 8) != 0)
            fail_msg("\"%s\" does not say \"%s\"", err.text, bads[i].part);
    }
}

static void test_every_failed_allocation_is_reported(void **state)
{
    (void)state;
    const char *text = NETWORK(
        IMAGE ",{\"op\":\"standardise\",\"inputs\":[0],\"mean\":[1,2,3],"
              "\"inverse_deviation\":[1,2,3]},{\"op\":\"conv\",\"inputs\":[1],\"out\":2}",
        "2");
    int failures = 0;
    for (int nth = 1;; nth++) {
        nas_graph *graph = NULL;
        nas_err err = {0};
        nas_alloc_fail_nth(nth);
        nas_status status =
            nas_graph_read_json(text, strlen(text), "net.json", &graph, &err);
        nas_alloc_fail_nth(0);
        nas_graph_free(graph);
        if (status == NAS_OK)
            break;
        assert_int_equal(status, NAS_E_NOMEM);
        failures++;
    }
    assert_true(failures > 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_written_form),
        cmocka_unit_test(test_shorthand_follows_the_input),
        cmocka_unit_test(test_errors_say_what_and_where),
        cmocka_unit_test(test_every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
