/* covers: encode.c, draw.c, op_front.c */
#include "check.h"
#include "random_graph.h"

#include <math.h>
#include <string.h>

/* source, kind, centre, scale */
static const float columns[] = {
    0, NAS_ENCODE_VALUE,   10,   2,    /* */
    0, NAS_ENCODE_SQUASH,  10,   0.5f, /* */
    0, NAS_ENCODE_MISSING, 0,    0,    /* */
    1, NAS_ENCODE_INSIDE,  0,    0.5f, /* */
    1, NAS_ENCODE_INSIDE,  1,    0.5f, /* */
    1, NAS_ENCODE_OUTSIDE, 0.5f, 1,
};
enum { N = 6 };

static void check_row(const float *row, const float *expected)
{
    float out[N];
    nas_encode_row(columns, N, row, out);
    for (int i = 0; i < N; i++)
        if (fabsf(out[i] - expected[i]) > 1e-6f)
            fail_msg("column %d of (%g, %g) is %g, expected %g", i, (double)row[0],
                     (double)row[1], (double)out[i], (double)expected[i]);
}

static void columns_are_as_documented(void **state)
{
    (void)state;
    check_row((const float[]){14, 0}, (const float[]){8, 2.0f / 3, 0, 1, 0, 0});
    check_row((const float[]){6, 1}, (const float[]){-8, -2.0f / 3, 0, 0, 1, 0});
    check_row((const float[]){NAN, 2}, (const float[]){0, 0, 1, 0, 0, 1});
    check_row((const float[]){10, -1}, (const float[]){0, 0, 0, 0, 0, 1});
    check_row((const float[]){10, NAN}, (const float[]){0, 0, 0, 0, 0, 0});
}

static nas_status build(const float *constants, int64_t n, nas_shape raw, bool twice,
                        nas_err *err)
{
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, raw);
    x = nas_graph_add_encode(b, x, constants, n);
    if (twice)
        x = nas_graph_add_encode(b, x, constants, n);
    x = nas_graph_add_dense(b, x, 2, "head");
    nas_status status = nas_graph_finish(b, x, &graph, err);
    nas_graph_free(graph);
    nas_graph_builder_free(b);
    return status;
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    static const struct {
        float column[NAS_ENCODE_FIELDS];
        nas_shape raw;
        const char *words;
    } cases[] = {
        {{2, NAS_ENCODE_VALUE, 0, 1}, {2, 1, 1}, "does not fit a row of 2 values"},
        {{0.5f, NAS_ENCODE_VALUE, 0, 1}, {2, 1, 1}, "does not fit"},
        {{0, NAS_ENCODE_KINDS, 0, 1}, {2, 1, 1}, "does not fit"},
        {{0, NAS_ENCODE_VALUE, 0, -1}, {2, 1, 1}, "does not fit"},
        {{0, NAS_ENCODE_INSIDE, 0, 0}, {2, 1, 1}, "does not fit"},
        {{0, NAS_ENCODE_VALUE, 0, 1}, {2, 1, 3}, "rows of a table"},
        {{0, NAS_ENCODE_VALUE, NAN, 1}, {2, 1, 1}, "not a finite number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        nas_err err = {0};
        assert_int_equal(build(cases[i].column, 1, cases[i].raw, false, &err),
                         NAS_E_GRAPH);
        if (strstr(err.text, cases[i].words) == NULL)
            fail_msg("`%s` does not say `%s`", err.text, cases[i].words);
    }
    nas_err err = {0};
    check_ok(build(columns, N, (nas_shape){2, 1, 1}, false, &err), err);
    assert_int_equal(build(columns, N, (nas_shape){2, 1, 1}, true, &err), NAS_E_GRAPH);
    assert_non_null(strstr(err.text, "encode reads raw rows"));
}

static void json_keeps_every_column(void **state)
{
    (void)state;
    nas_rng rng = nas_rng_new(2385, 95);
    for (int i = 0; i < 20; i++) {
        nas_err err = {0};
        nas_test_graph_options options = {.encode = 1};
        nas_graph *graph = nas_test_random_graph(&rng, &options), *again = NULL;
        nas_text a = {0}, b = {0};
        nas_json ja = nas_json_writer(&a, 0), jb = nas_json_writer(&b, 0);
        nas_graph_write_json(graph, &ja);
        check_ok(nas_graph_read_json(nas_text_string(&a), a.length, "a", &again, &err),
                 err);
        nas_graph_write_json(again, &jb);
        assert_string_equal(nas_text_string(&a), nas_text_string(&b));
        nas_text_free(&a);
        nas_text_free(&b);
        nas_graph_free(again);
        nas_graph_free(graph);
    }
}

static void bad_json_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "[]",
        "[[0,\"value\",0]]",
        "[[-1,\"value\",0,1]]",
        "[[0,\"values\",0,1]]",
        "[[0,\"value\",1e39,1]]",
        "7",
        "[[0,\"value\",0,\"1\"]]",
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        nas_err err = {0};
        nas_graph *graph = NULL;
        char text[512];
        (void)snprintf(text, sizeof text,
                       "{\"format\":\"nasmith-graph\",\"version\":1,\"nodes\":["
                       "{\"op\":\"input\",\"shape\":[2,1,1]},"
                       "{\"op\":\"encode\",\"inputs\":[0],\"columns\":%s},"
                       "{\"op\":\"dense\",\"inputs\":[1],\"out\":2}],\"output\":2}",
                       bad[i]);
        assert_int_equal(nas_graph_read_json(text, strlen(text), "a", &graph, &err),
                         NAS_E_CONFIG);
        assert_null(graph);
    }
}

/* Drawn rows reach every kind of column, missing values and unknown codes too. */
static void drawn_rows_are_varied(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    int x = nas_graph_add_input(b, (nas_shape){2, 1, 1});
    x = nas_graph_add_encode(b, x, columns, N);
    x = nas_graph_add_dense(b, x, 2, "head");
    check_ok(nas_graph_finish(b, x, &graph, &err), err);
    nas_rng rng = nas_rng_new(2385, 96);
    double sum[N] = {0};
    for (int i = 0; i < 400; i++) {
        float row[2], out[N];
        nas_graph_draw_row(graph, &rng, row);
        nas_encode_row(columns, N, row, out);
        for (int k = 0; k < N; k++)
            sum[k] += fabs((double)out[k]);
    }
    for (int k = 0; k < N; k++)
        assert_true(sum[k] > 10);
    assert_true(sum[2] < 120 && sum[5] < 300);
    nas_graph_free(graph);
    nas_graph_builder_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_as_documented),
        cmocka_unit_test(what_does_not_fit_is_refused),
        cmocka_unit_test(json_keeps_every_column),
        cmocka_unit_test(bad_json_is_refused),
        cmocka_unit_test(drawn_rows_are_varied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
