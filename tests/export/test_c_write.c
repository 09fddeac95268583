/* covers: c_write.c, c_header.c, c_source.c, c_extras.c */
/* The generated files: byte for byte, and under strict compilers. */
#include "fixture.h"

#include "nasmith/file.h"
#include "nasmith/process.h"

static const char *const names[] = {"tiny.h",          "tiny.c",   "tiny_weights.c",
                                    "tiny_selftest.c", "Makefile", "README.md"};

enum { FILES = sizeof names / sizeof names[0] };

/* Standardise, convolution, pool, dense, softmax: fixed weights. */
static nas_model *tiny_model(void)
{
    const float mean[1] = {0.2860f}, inverse[1] = {2.8329f};
    nas_err err = {0};
    nas_graph *graph = NULL;
    nas_graph_builder *b = nas_graph_builder_new();
    int node = nas_graph_add_input(b, (nas_shape){1, 4, 4});
    node = nas_graph_add_standardise(b, node, mean, inverse, 1);
    node = nas_graph_add_conv(b, node, 3, 3, 2, "stem.conv");
    node = nas_graph_add_unary(b, NAS_OP_RELU, node, "stem.relu");
    node = nas_graph_add_unary(b, NAS_OP_GLOBAL_AVG_POOL, node, "");
    node = nas_graph_add_dense(b, node, 2, "head");
    node = nas_graph_add_unary(b, NAS_OP_SOFTMAX, node, "");
    check_ok(nas_graph_finish(b, node, &graph, &err), err);
    nas_graph_builder_free(b);
    nas_model *model = fixture_model(graph, NAS_TASK_CLASSIFICATION, 1);
    for (int64_t i = 0; i < nas_graph_floats(graph); i++)
        model->weights[i] = (float)((i * 37 % 41) - 20) / 32;
    return model;
}

static void write_tiny(const nas_model *model, const char *folder)
{
    nas_err err = {0};
    const nas_c_options options = {.prefix = "tiny",
                                   .note = "search images --time 3m */ \"quoted\""};
    check_ok(nas_c_write(model, &options, folder, &err), err);
}

static char *contents(const char *folder, const char *name)
{
    char path[2200];
    char *text = NULL;
    size_t bytes = 0;
    nas_err err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(nas_file_read(path, 0, &text, &bytes, &err), err);
    return text;
}

/* NASMITH_UPDATE_GOLDEN=1 writes the expected files anew; they end in .txt so that no
 * tool takes them for sources of ours. */
static void files_are_as_expected(void **state)
{
    (void)state;
    char folder[64], golden[96];
    nas_err err = {0};
    nas_model *model = tiny_model();
    nas_test_tmpdir(folder, sizeof folder);
    write_tiny(model, folder);
    for (int i = 0; i < FILES; i++) {
        (void)snprintf(golden, sizeof golden, "tests/export/golden/%s.txt", names[i]);
        char *found = contents(folder, names[i]);
        if (getenv("NASMITH_UPDATE_GOLDEN") != NULL)
            check_ok(nas_file_write(nas_test_source(golden), found, strlen(found), &err),
                     err);
        char *expected = contents(NASMITH_SOURCE_DIR, golden);
        if (strcmp(found, expected) != 0)
            fail_msg("%s/%s differs from %s", folder, names[i], golden);
        nas_heap_free(expected);
        nas_heap_free(found);
    }
    nas_model_free(model);
    check_ok(nas_file_remove(folder, &err), err);
}

/* Compile the three sources and run the self-test; skips compilers that are absent. */
static void strict(const char *folder, const char *compiler, const char *language)
{
    char command[1024];
    nas_err err = {0};
    nas_process_result result;
    (void)snprintf(
        command, sizeof command,
        "cd %s && command -v %s >/dev/null || exit 99; %s %s -O1 -Wall -Wextra "
        "-Wpedantic -Wconversion -Wshadow -Wdouble-promotion -Wundef -Wvla "
        "-Werror -DTINY_SELFTEST_MAIN tiny*.c -o test && ./test",
        folder, compiler, compiler, language);
    const char *const argv[] = {"sh", "-c", command, NULL};
    char log[96];
    (void)snprintf(log, sizeof log, "%s/log", folder);
    const nas_process process = {argv, log, 120};
    check_ok(nas_process_run(&process, &result, &err), err);
    if (result.exit_code == 99)
        print_message("skipped: %s is not installed\n", compiler);
    else if (result.exit_code != 0)
        fail_msg("%s %s in %s failed:\n%s", compiler, language, folder,
                 contents(folder, "log"));
}

static void compiles_strictly_everywhere(void **state)
{
    (void)state;
    for (uint64_t seed = 96; seed < 108; seed++) {
        char folder[64];
        nas_err err = {0};
        nas_test_tmpdir(folder, sizeof folder);
        nas_model *model = fixture_random(seed);
        write_tiny(model, folder);
        if (seed % 3 == 0) {
            const nas_c_options host = {.prefix = "tiny", .profile = NAS_C_HOST};
            check_ok(nas_c_write(model, &host, folder, &err), err);
        }
        strict(folder, "gcc", "-std=c99");
        strict(folder, "clang", "-std=c99");
        strict(folder, "g++", "-x c++");
        nas_model_free(model);
        check_ok(nas_file_remove(folder, &err), err);
    }
}

/* CMake builds the library, and the self-test passes. */
static void cmake_builds_it(void **state)
{
    (void)state;
    char folder[64], command[256], log[96];
    nas_err err = {0};
    nas_process_result result;
    nas_model *model = tiny_model();
    nas_test_tmpdir(folder, sizeof folder);
    write_tiny(model, folder);
    (void)snprintf(log, sizeof log, "%s/log", folder);
    (void)snprintf(command, sizeof command,
                   "cd %s && mkdir b && cd b && cmake .. && cmake --build . && ctest && "
                   "test -f ../zephyr/module.yml && grep -q includes=tiny.h "
                   "../library.properties",
                   folder);
    const char *const argv[] = {"sh", "-c", command, NULL};
    const nas_process process = {argv, log, 120};
    check_ok(nas_process_run(&process, &result, &err), err);
    if (result.exit_code != 0)
        fail_msg("%s", contents(folder, "log"));
    nas_model_free(model);
    check_ok(nas_file_remove(folder, &err), err);
}

/* Int8: the same compilers, and no float outside the conversions. */
static void int8_compiles_strictly_everywhere(void **state)
{
    (void)state;
    static const char *const integer[] = {"tiny.h", "tiny.c", "tiny_weights.c",
                                          "tiny_selftest.c"};
    for (uint64_t seed = 100; seed < 108; seed++) {
        char folder[64];
        nas_err err = {0};
        nas_quant *quant = NULL;
        nas_test_tmpdir(folder, sizeof folder);
        nas_model *model = fixture_random_int8(seed);
        float *rows = fixture_rows(model, 8, seed);
        check_ok(nas_quantise(model, rows, 8, NULL, &quant, &err), err);
        const nas_c_options options = {.prefix = "tiny", .quant = quant};
        check_ok(nas_c_write(model, &options, folder, &err), err);
        strict(folder, "gcc", "-std=c99");
        strict(folder, "clang", "-std=c99");
        strict(folder, "g++", "-x c++");
        for (int i = 1; i < 4; i++) {
            char *text = contents(folder, integer[i]);
            assert_null(strstr(text, "float"));
            assert_null(strstr(text, "nas_rt_"));
            nas_heap_free(text);
        }
        nas_quant_free(quant);
        nas_heap_free(rows);
        nas_model_free(model);
        check_ok(nas_file_remove(folder, &err), err);
    }
}

static void needs_no_library(void **state)
{
    (void)state;
    char folder[64];
    nas_err err = {0};
    nas_test_tmpdir(folder, sizeof folder);
    nas_model *model = tiny_model();
    write_tiny(model, folder);
    for (int i = 0; i < 4; i++) {
        char *text = contents(folder, names[i]);
        for (const char *at = text; (at = strstr(at, "#include <")) != NULL; at++)
            assert_true(strncmp(at, "#include <stddef.h>", 19) == 0 ||
                        strncmp(at, "#include <stdint.h>", 19) == 0);
        nas_heap_free(text);
    }
    char *source = contents(folder, "tiny.c");
    assert_null(strstr(source, "nas_rt_"));
    assert_null(strstr(source, "depthwise")); /* only the kernels it needs */
    nas_heap_free(source);
    nas_model_free(model);
    check_ok(nas_file_remove(folder, &err), err);
}

static void refuses_bad_options(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_model *model = tiny_model();
    nas_c_options options = {.prefix = "1bad"};
    assert_int_equal(nas_c_write(model, &options, "/nowhere/at/all", &err), NAS_E_USAGE);
    nas_model_free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_as_expected),
        cmocka_unit_test(compiles_strictly_everywhere),
        cmocka_unit_test(cmake_builds_it),
        cmocka_unit_test(int8_compiles_strictly_everywhere),
        cmocka_unit_test(needs_no_library),
        cmocka_unit_test(refuses_bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
