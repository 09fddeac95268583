#include "fixture.h"

#include "export/onnx.h"
#include "export/onnx_run.h"
#include "export/onnx_tensor.h"
#include "nasmith/file.h"

enum { ROWS = 12 };

static void run_onnx(const nas_model *model, const float *rows, float *out)
{
    nas_err err = {0};
    void *data = NULL;
    size_t bytes = 0;
    nas_onnx_program *program = NULL;
    Onnx__ModelProto *proto = NULL;
    nas_arena *arena = nas_arena_new();
    const int64_t size = nas_shape_count(nas_graph_input_shape(model->graph));
    check_ok(nas_onnx_serialise(model, arena, &data, &bytes, &err), err);
    check_ok(nas_onnx_unpack(data, bytes, "x.onnx", &proto, &err), err);
    check_ok(nas_onnx_prepare(proto, arena, &program, &err), err);
    for (int i = 0; i < ROWS; i++)
        nas_onnx_run(program, rows + i * size, out + i * model->n_outputs);
    onnx__model_proto__free_unpacked(proto, NULL);
    nas_arena_free(arena);
}

static void run_calls(const nas_model *model, const float *rows, float *out)
{
    nas_err err = {0};
    nas_runtime *runtime = NULL;
    const int64_t size = nas_shape_count(nas_graph_input_shape(model->graph));
    check_ok(nas_runtime_new(model, &runtime, &err), err);
    for (int i = 0; i < ROWS; i++)
        nas_runtime_run(runtime, rows + i * size, out + i * model->n_outputs);
    nas_runtime_free(runtime);
}

/* Raw rows, some values missing and some codes unknown, mean the same to all. */
static void encoded_rows_give_the_same_answers(void **state)
{
    (void)state;
    int missing = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        char what[32];
        (void)snprintf(what, sizeof what, "table %d", (int)seed);
        nas_model *model = fixture_table(seed);
        float *rows = fixture_drawn(model, ROWS, seed);
        float *expected = fixture_expected(model, rows, ROWS);
        const int64_t n = ROWS * model->n_outputs;
        float *found = nas_heap_alloc((size_t)n, sizeof *found);
        const int64_t size = nas_shape_count(nas_graph_input_shape(model->graph));
        for (int64_t i = 0; i < ROWS * size; i++)
            missing += isnan(rows[i]);
        for (int64_t i = 0; i < n; i++)
            assert_true(isfinite(expected[i]));
        run_onnx(model, rows, found);
        fixture_equal(found, expected, n, what);
        run_calls(model, rows, found);
        fixture_equal(found, expected, n, what);
        nas_heap_free(found);
        nas_heap_free(expected);
        nas_heap_free(rows);
        nas_model_free(model);
    }
    assert_true(missing > 60);
}

static void generated_c_takes_raw_rows(void **state)
{
    (void)state;
    char folder[64];
    nas_err err = {0};
    nas_verify_result result = {0};
    nas_model *model = fixture_table(3);
    float *rows = fixture_drawn(model, ROWS, 3);
    float *expected = fixture_expected(model, rows, ROWS);
    nas_c_options options = {.prefix = "table", .sample = rows, .n_samples = ROWS};
    int missing = 0;
    for (int64_t i = 0; i < ROWS * nas_graph_input_shape(model->graph).c; i++)
        missing += isnan(rows[i]);
    assert_true(missing > 0); /* also in the self-test */
    nas_test_tmpdir(folder, sizeof folder);
    check_ok(nas_c_write(model, &options, folder, &err), err);
    check_ok(nas_c_verify(model, &options, folder, rows, expected, ROWS, &result, &err),
             err);
    if (result.compiled)
        assert_true(result.max_error < 1e-4);
    check_ok(nas_file_remove(folder, &err), err);
    nas_heap_free(expected);
    nas_heap_free(rows);
    nas_model_free(model);
}

static void meaning_of_codes_is_kept(void **state)
{
    (void)state;
    char folder[64], path[96];
    nas_err err = {0};
    nas_model *model = fixture_table(5), *back = NULL;
    const int64_t n = nas_graph_input_shape(model->graph).c;
    char *levels[] = {(char[]){"red"}, (char[]){"green"}};
    nas_column *columns = nas_heap_alloc((size_t)n, sizeof *columns);
    columns[1] = (nas_column){.levels = levels, .n_levels = 2, .indicator = true};
    model->columns = nas_columns_clone(columns, n);
    model->n_features = n;
    model->features = nas_heap_alloc((size_t)n, sizeof *model->features);
    for (int64_t i = 0; i < n; i++)
        model->features[i] = fixture_string("feature");
    nas_test_tmpdir(folder, sizeof folder);
    (void)snprintf(path, sizeof path, "%s/x.onnx", folder);
    check_ok(nas_onnx_write(model, path, &err), err);
    check_ok(nas_onnx_read(path, &back, &err), err);
    assert_non_null(back->columns);
    assert_null(back->columns[0].levels);
    assert_true(back->columns[1].indicator);
    assert_string_equal(back->columns[1].levels[1], "green");
    nas_model_free(back);
    void *data = NULL;
    size_t bytes = 0;
    check_ok(nas_model_serialise(model, &data, &bytes, &err), err);
    check_ok(nas_model_parse(data, bytes, "x.nasm", &back, &err), err);
    assert_string_equal(back->columns[1].levels[0], "red");
    nas_model_free(back);
    nas_heap_free(data);
    nas_c_options options = {.prefix = "x"};
    char *text = NULL;
    check_ok(nas_c_write(model, &options, folder, &err), err);
    (void)snprintf(path, sizeof path, "%s/x.h", folder);
    check_ok(nas_file_read(path, 0, &text, &bytes, &err), err);
    assert_non_null(strstr(text, "1 = green"));
    assert_non_null(strstr(text, "NAN where a value is missing"));
    nas_heap_free(text);
    check_ok(nas_file_remove(folder, &err), err);
    nas_heap_free(columns);
    nas_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoded_rows_give_the_same_answers),
        cmocka_unit_test(generated_c_takes_raw_rows),
        cmocka_unit_test(meaning_of_codes_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
