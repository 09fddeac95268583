#include "fixture.h"

#include "nasmith/file.h"

enum { ROWS = 8 };

typedef struct written {
    char folder[64];
    nas_c_options options;
    nas_model *model;
    float *rows, *expected;
} written;

static written write_model(nas_model *model, uint64_t seed)
{
    written w;
    nas_err err = {0};
    w.options = (nas_c_options){.prefix = "tiny"};
    nas_test_tmpdir(w.folder, sizeof w.folder);
    w.model = model;
    w.rows = fixture_rows(w.model, ROWS, seed);
    w.expected = fixture_expected(w.model, w.rows, ROWS);
    check_ok(nas_c_write(w.model, &w.options, w.folder, &err), err);
    return w;
}

static written write_network(uint64_t seed)
{
    return write_model(fixture_random(seed), seed);
}

static int64_t arena_bytes(const nas_model *model)
{
    nas_err err = {0};
    nas_runtime *runtime = NULL;
    check_ok(nas_runtime_new(model, &runtime, &err), err);
    const int64_t bytes = nas_runtime_program(runtime)->arena_bytes;
    nas_runtime_free(runtime);
    return bytes;
}

static void release(written *w)
{
    nas_err err = {0};
    nas_heap_free(w->expected);
    nas_heap_free(w->rows);
    nas_model_free(w->model);
    check_ok(nas_file_remove(w->folder, &err), err);
}

static void compiled_code_equals_the_network(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 12; seed++) {
        nas_err err = {0};
        nas_verify_result result;
        written w = write_network(seed);
        check_ok(nas_c_verify(w.model, &w.options, w.folder, w.rows, w.expected, ROWS,
                              &result, &err),
                 err);
        if (!result.compiled) {
            print_message("skipped: no C compiler\n");
            release(&w);
            skip();
        }
        assert_int_equal(result.n, ROWS);
        assert_true(result.max_error < 1e-5);
        assert_true(result.compiler[0] != '\0');
        assert_true(result.flash_bytes > 1000 && result.flash_bytes < 64 * 1024);
        const int64_t stack = result.ram_bytes - arena_bytes(w.model);
        assert_true(stack > 16 && stack <= 1024);
        release(&w);
    }
}

/* The host profile computes several pixels at once, in wide vectors and with products and
 * sums fused: the same network within rounding. */
static void host_code_equals_the_network(void **state)
{
    (void)state;
    for (uint64_t seed = 40; seed < 48; seed++) {
        nas_err err = {0};
        nas_verify_result result;
        written w = write_network(seed);
        w.options.profile = NAS_C_HOST;
        check_ok(nas_c_write(w.model, &w.options, w.folder, &err), err);
        check_ok(nas_c_verify(w.model, &w.options, w.folder, w.rows, w.expected, ROWS,
                              &result, &err),
                 err);
        assert_true(!result.compiled || (result.n == ROWS && result.max_error < 2e-5));
        release(&w);
    }
}

/* Integers: equal bit for bit, or it is an error; the float network's class is told. */
static void int8_code_equals_the_reference(void **state)
{
    (void)state;
    int found = 0;
    for (uint64_t seed = 20; seed < 26; seed++) {
        nas_err err = {0};
        nas_verify_result result;
        nas_quant *quant = NULL;
        written w = write_model(fixture_random_int8(seed), seed);
        check_ok(nas_quantise(w.model, w.rows, ROWS, NULL, &quant, &err), err);
        w.options.quant = quant;
        w.options.profile = seed % 2 == 0 ? NAS_C_MCU : NAS_C_HOST;
        check_ok(nas_c_write(w.model, &w.options, w.folder, &err), err);
        check_ok(nas_c_verify(w.model, &w.options, w.folder, w.rows, w.expected, ROWS,
                              &result, &err),
                 err);
        assert_true(!result.compiled || (result.n == ROWS && result.max_error == 0.0));
        nas_runtime *runtime = NULL;
        check_ok(nas_runtime_new_int8(quant, &runtime, &err), err);
        const int64_t stack =
            result.ram_bytes - nas_runtime_program(runtime)->arena_bytes;
        assert_true(!result.compiled || w.options.profile == NAS_C_HOST ||
                    (stack > 16 && stack <= 1024));
        nas_runtime_free(runtime);
        nas_quant_free(quant);
        /* Another network's integers. */
        for (int64_t i = 0; i < nas_graph_floats(w.model->graph); i++)
            w.model->weights[i] *= 1.5f;
        check_ok(nas_quantise(w.model, w.rows, 1, NULL, &quant, &err), err);
        w.options.quant = quant;
        nas_status status = nas_c_verify(w.model, &w.options, w.folder, w.rows,
                                         w.expected, ROWS, &result, &err);
        found += !result.compiled || status == NAS_E_VERIFY;
        nas_quant_free(quant);
        release(&w);
    }
    assert_true(found >= 4); /* a network may answer the same whatever it weighs */
}

static void differences_are_found(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_verify_result result;
    written w = write_network(5);
    w.expected[ROWS * w.model->n_outputs - 1] += 1;
    assert_int_equal(nas_c_verify(w.model, &w.options, w.folder, w.rows, w.expected, ROWS,
                                  &result, &err),
                     NAS_E_VERIFY);
    assert_true(result.compiled && result.max_error > 1e-4);
    release(&w);
}

static void broken_code_is_an_error(void **state)
{
    (void)state;
    char path[96];
    nas_err err = {0};
    nas_verify_result result;
    written w = write_network(5);
    (void)snprintf(path, sizeof path, "%s/tiny_weights.c", w.folder);
    check_ok(nas_file_write(path, "no C", 4, &err), err);
    assert_int_equal(nas_c_verify(w.model, &w.options, w.folder, w.rows, w.expected, ROWS,
                                  &result, &err),
                     NAS_E_VERIFY);
    assert_non_null(strstr(err.text, "cc failed"));
    release(&w);
}

static void no_compiler_is_no_error(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_verify_result result;
    written w = write_network(5);
    char *path = fixture_string(getenv("PATH"));
    assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
    nas_status status = nas_c_verify(w.model, &w.options, w.folder, w.rows, w.expected,
                                     ROWS, &result, &err);
    assert_int_equal(setenv("PATH", path, 1), 0);
    assert_int_equal(status, NAS_OK);
    assert_false(result.compiled);
    nas_heap_free(path);
    release(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(compiled_code_equals_the_network),
        cmocka_unit_test(host_code_equals_the_network),
        cmocka_unit_test(int8_code_equals_the_reference),
        cmocka_unit_test(differences_are_found),
        cmocka_unit_test(broken_code_is_an_error),
        cmocka_unit_test(no_compiler_is_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
