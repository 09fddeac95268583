/* The generated files are compiled, run and compared. */
#include "nasmith/export.h"

#include "export/c_text.h"
#include "export/calls.h"
#include "export/compare.h"
#include "nasmith/file.h"
#include "nasmith/process.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMPILE_SECONDS = 180, RUN_SECONDS = 120 };

/* Files of one verification. */
enum {
    SOURCE, /* the sources and their objects, in the same order; the last is int8's */
    WEIGHTS_SOURCE,
    SELFTEST_SOURCE,
    CONVERT_SOURCE,
    OBJECT,
    WEIGHTS_OBJECT,
    SELFTEST_OBJECT,
    CONVERT_OBJECT,
    FRAMES, /* what -fstack-usage writes beside OBJECT */
    INCLUDE,
    RUNNER_SOURCE,
    RUNNER,
    INPUT,
    OUTPUT,
    LOG,
    PATHS
};

/* One verification. */
typedef struct checker {
    const nas_model *model;
    const nas_quant *quant; /* NULL: floats */
    bool host;              /* profile */
    const char *folder;     /* of the generated files; never read as an option */
    const char *prefix;
    char temporary[256];
    const char *path[PATHS];
    nas_arena *arena;
    nas_verify_result *out;
    nas_err *err;
} checker;

/* ---- files and programs ------------------------------------------------ */

static nas_status make_temporary(checker *c)
{
    const char *base = getenv("TMPDIR");
    if (base == NULL || base[0] == '\0')
        base = "/tmp";
    (void)snprintf(c->temporary, sizeof c->temporary, "%.200s/nasmith-verify-XXXXXX",
                   base);
    if (mkdtemp(c->temporary) != NULL)
        return NAS_OK;
    nas_status status =
        nas_fail(c->err, NAS_E_IO, "cannot create %s: %s", c->temporary, strerror(errno));
    c->temporary[0] = '\0';
    return status;
}

static nas_status make_paths(checker *c)
{
    /* Name in the temporary folder, or NULL for one of the generated files. */
    static const char *const names[PATHS] = {
        [OBJECT] = "net.o",
        [WEIGHTS_OBJECT] = "weights.o",
        [SELFTEST_OBJECT] = "selftest.o",
        [CONVERT_OBJECT] = "convert.o",
        [FRAMES] = "net.su",
        [RUNNER_SOURCE] = "runner.c",
        [RUNNER] = "runner",
        [INPUT] = "in.bin",
        [OUTPUT] = "out.bin",
        [LOG] = "log",
    };
    static const char *const parts[] = {"", "_weights", "_selftest", "_convert"};
    for (int i = 0; i < PATHS; i++) {
        if (names[i] != NULL)
            c->path[i] = nas_arena_printf(c->arena, "%s/%s", c->temporary, names[i]);
        else if (i == INCLUDE)
            c->path[i] = nas_arena_printf(c->arena, "-I%s", c->folder);
        else
            c->path[i] = nas_arena_printf(c->arena, "%s/%s%s.c", c->folder, c->prefix,
                                          parts[i - SOURCE]);
        NAS_TRY_ALLOC(c->path[i], c->err);
    }
    return NAS_OK;
}

/* Run a program whose messages go to the log. */
static nas_status run(checker *c, const char *const *argv, int seconds,
                      nas_process_result *result)
{
    const nas_process process = {argv, c->path[LOG], seconds};
    return nas_process_run(&process, result, c->err);
}

/* First line of a text file, without its end; "" when there is none. */
static void first_line(const char *path, char *out, size_t size)
{
    char *text = NULL;
    size_t bytes = 0;
    out[0] = '\0';
    if (nas_file_read(path, 1 << 20, &text, &bytes, NULL) != NAS_OK)
        return;
    (void)snprintf(out, size, "%.*s", (int)strcspn(text, "\r\n"), text);
    nas_heap_free(text);
}

static nas_status failed(checker *c, const char *what, const nas_process_result *result)
{
    char line[256];
    first_line(c->path[LOG], line, sizeof line);
    nas_status status = result->timed_out
                            ? nas_fail(c->err, NAS_E_VERIFY, "%s: %s took too long",
                                       c->path[SOURCE], what)
                            : nas_fail(c->err, NAS_E_VERIFY, "%s: %s failed with %d: %s",
                                       c->path[SOURCE], what, result->exit_code, line);
    nas_err_hint(c->err, "do not use these files; please report this with the network");
    return status;
}

/* ---- compiling --------------------------------------------------------- */

/* Floats are read in any case. */
static const char runner_start[] = "#include \"@p.h\"\n"
                                   "#include <stdio.h>\n"
                                   "static float row[@P_INPUTS];\n"
                                   "static @T out[@P_OUTPUTS];\n";

static const char runner_input[] = "#define in row\n"
                                   "#define convert(from, to) ((void)0)\n";

static const char runner_input8[] = "static int8_t in[@P_INPUTS];\n"
                                    "#define convert @p_quantise_input\n";

static const char runner_main[] =
    "int main(int argc, char **argv)\n"
    "{\n"
    "    FILE *from = argc == 3 ? fopen(argv[1], \"rb\") : NULL;\n"
    "    FILE *to = argc == 3 ? fopen(argv[2], \"wb\") : NULL;\n"
    "    if (from == NULL || to == NULL || @p_selftest() != 0)\n"
    "        return 2;\n"
    "    while (fread(row, sizeof row, 1, from) == 1) {\n"
    "        convert(row, in);\n"
    "        if (@p_run(in, out) != @P_OK || fwrite(out, sizeof out, 1, to) != 1)\n"
    "            return 3;\n"
    "    }\n"
    "    return fclose(to) == 0 ? 0 : 4;\n"
    "}\n";

static nas_status write_runner(checker *c, const float *inputs, int64_t n)
{
    nas_text text = {0};
    nas_c_names names;
    const int64_t row = nas_shape_count(nas_graph_input_shape(c->model->graph));
    NAS_TRY(nas_c_names_make(c->prefix, &names, c->err));
    if (c->quant != NULL)
        names.type = "int8_t";
    nas_c_template(&text, &names, runner_start);
    nas_c_template(&text, &names, c->quant == NULL ? runner_input : runner_input8);
    nas_c_template(&text, &names, runner_main);
    nas_status status = nas_text_status(&text, c->err);
    if (status == NAS_OK)
        status = nas_file_write(c->path[RUNNER_SOURCE], nas_text_string(&text),
                                text.length, c->err);
    nas_text_free(&text);
    NAS_TRY(status);
    return nas_file_write(c->path[INPUT], inputs, (size_t)(n * row) * sizeof *inputs,
                          c->err);
}

/* Compile one generated file. `stack` asks for the table of stack frames beside it. */
static nas_status compile(checker *c, int part, bool stack, nas_process_result *result)
{
    const char *const argv[] = {"cc",
                                c->host ? "-std=gnu99" : "-std=c99",
                                c->host ? "-O3" : "-O2",
                                "-fno-asynchronous-unwind-tables",
                                c->host ? "-march=native" : "-c",
                                "-c",
                                "-o",
                                c->path[OBJECT + part],
                                c->path[SOURCE + part],
                                stack ? "-fstack-usage" : NULL,
                                NULL};
    return run(c, argv, COMPILE_SECONDS, result);
}

/* @return NAS_OK with out->compiled false when there is no compiler */
static nas_status compile_all(checker *c)
{
    nas_process_result result;
    const int parts = c->quant == NULL ? 3 : 4;
    NAS_TRY(compile(c, 0, true, &result));
    if (!result.found)
        return NAS_OK;
    /* Not every compiler knows -fstack-usage: then the first file is compiled again. */
    for (int part = result.exit_code == 0 ? 1 : 0; part < parts; part++) {
        NAS_TRY(compile(c, part, false, &result));
        if (result.timed_out || result.exit_code != 0)
            return failed(c, "cc", &result);
    }
    const char *const argv[] = {"cc",
                                "-std=c99",
                                c->path[INCLUDE],
                                c->path[RUNNER_SOURCE],
                                c->path[OBJECT],
                                c->path[WEIGHTS_OBJECT],
                                c->path[SELFTEST_OBJECT],
                                "-o",
                                c->path[RUNNER],
                                c->quant == NULL ? NULL : c->path[CONVERT_OBJECT],
                                NULL};
    NAS_TRY(run(c, argv, COMPILE_SECONDS, &result));
    if (result.timed_out || result.exit_code != 0)
        return failed(c, "cc", &result);
    c->out->compiled = true;
    return NAS_OK;
}

/* ---- running ----------------------------------------------------------- */

static void compare_floats(checker *c, const char *data, const float *expected, int64_t n,
                           float *row)
{
    const int64_t outputs = c->model->n_outputs;
    const bool classes = c->model->task == NAS_TASK_CLASSIFICATION;
    for (int64_t i = 0; i < n; i++) {
        memcpy(row, data + (size_t)(i * outputs) * sizeof *row,
               (size_t)outputs * sizeof *row);
        nas_compare_row(c->out, row, expected + i * outputs, outputs, classes);
    }
}

/* Every integer must be the reference's. */
static nas_status compare_integers(checker *c, const int8_t *data, const float *inputs,
                                   const float *expected, int64_t n)
{
    const int64_t outputs = c->model->n_outputs;
    const bool classes = c->model->task == NAS_TASK_CLASSIFICATION;
    int8_t *reference = NAS_NEW(c->arena, int8_t, n * outputs);
    float *row = NAS_NEW(c->arena, float, outputs);
    nas_verify_result floats = {0};
    NAS_TRY_ALLOC(reference, c->err);
    NAS_TRY_ALLOC(row, c->err);
    NAS_TRY(nas_quant_reference_run(c->quant, inputs, n, reference, c->err));
    for (int64_t i = 0; i < n * outputs; i++)
        c->out->max_error = fmax(c->out->max_error, abs(data[i] - reference[i]));
    for (int64_t i = 0; i < n; i++) {
        nas_quant_output(c->quant, data + i * outputs, row);
        nas_compare_row(&floats, row, expected + i * outputs, outputs, classes);
    }
    c->out->n = n;
    c->out->argmax_differs = floats.argmax_differs;
    if (c->out->max_error == 0)
        return NAS_OK;
    nas_status status =
        nas_fail(c->err, NAS_E_VERIFY,
                 "%s: int8 outputs differ from the network's by up to %g, expected 0",
                 c->path[SOURCE], c->out->max_error);
    nas_err_hint(c->err, "do not use these files; please report this with the network");
    return status;
}

static nas_status compare(checker *c, const float *inputs, const float *expected,
                          int64_t n)
{
    char *data = NULL;
    size_t bytes = 0;
    const int64_t outputs = c->model->n_outputs;
    float *row = NAS_NEW(c->arena, float, outputs);
    NAS_TRY_ALLOC(row, c->err);
    NAS_TRY(nas_file_read(c->path[OUTPUT], 0, &data, &bytes, c->err));
    const size_t element = c->quant == NULL ? sizeof(float) : 1;
    const size_t complete = (size_t)(n * outputs) * element;
    nas_status status = NAS_OK;
    if (bytes != complete)
        status = nas_fail(c->err, NAS_E_VERIFY, "%s: %zu bytes of output, expected %zu",
                          c->path[SOURCE], bytes, complete);
    else if (c->quant != NULL)
        status = compare_integers(c, (const int8_t *)data, inputs, expected, n);
    else
        compare_floats(c, data, expected, n, row);
    nas_heap_free(data);
    if (status != NAS_OK || c->quant != NULL)
        return status;
    return nas_compare_status(c->out, c->path[SOURCE], c->err);
}

static nas_status run_all(checker *c, const float *inputs, const float *expected,
                          int64_t n)
{
    const char *const argv[] = {c->path[RUNNER], c->path[INPUT], c->path[OUTPUT], NULL};
    nas_process_result result;
    NAS_TRY(run(c, argv, RUN_SECONDS, &result));
    if (result.timed_out || result.exit_code == 2)
        return failed(c, "self-test", &result);
    if (result.exit_code != 0)
        return failed(c, "running", &result);
    return compare(c, inputs, expected, n);
}

/* ---- sizes ------------------------------------------------------------- */

/* The kernel a function of the generated code belongs to ("net_conv_pixel" to conv), or
 * NAS_KERNEL_COUNT for what all share. */
static nas_kernel kernel_of(const checker *c, const char *function)
{
    nas_kernel found = NAS_KERNEL_COUNT;
    size_t longest = 0;
    const size_t prefix = strlen(c->prefix);
    if (strncmp(function, c->prefix, prefix) != 0 || function[prefix] != '_')
        return found;
    const char *name = function + prefix + 1;
    for (int k = 0; k < NAS_KERNEL_COUNT; k++) {
        const char *kernel = nas_kernel_name((nas_kernel)k);
        const size_t length = strlen(kernel);
        if (length > longest && strncmp(name, kernel, length) == 0) {
            found = (nas_kernel)k;
            longest = length;
        }
    }
    return found;
}

/* Upper bound of a call's stack: kernels never call each other, so it is what all share
 * and the functions of one kernel. The table has lines "FILE:LINE:FUNCTION<tab>BYTES". */
static int64_t stack_bytes(const checker *c)
{
    int64_t sum[NAS_KERNEL_COUNT + 1] = {0}, worst = 0;
    char *text = NULL, *next = NULL;
    size_t bytes = 0;
    if (nas_file_read(c->path[FRAMES], 1 << 20, &text, &bytes, NULL) != NAS_OK)
        return 0;
    for (char *line = text; line != NULL && *line != '\0'; line = next) {
        char *tab = strchr(line, '\t');
        next = strchr(line, '\n');
        next = next == NULL ? NULL : next + 1;
        if (tab == NULL)
            break;
        *tab = '\0';
        const char *colon = strrchr(line, ':');
        sum[kernel_of(c, colon == NULL ? line : colon + 1)] += strtoll(tab + 1, NULL, 10);
    }
    for (int k = 0; k < NAS_KERNEL_COUNT; k++)
        worst = worst < sum[k] ? sum[k] : worst;
    nas_heap_free(text);
    return worst + sum[NAS_KERNEL_COUNT];
}

/* Add up a table of `size`: a line of titles, then text, data, bss of each object. */
static void add_sizes(const char *path, int64_t *flash, int64_t *ram)
{
    char *text = NULL;
    size_t bytes = 0;
    if (nas_file_read(path, 1 << 20, &text, &bytes, NULL) != NAS_OK)
        return;
    const char *line = strchr(text, '\n');
    for (; line != NULL; line = strchr(line + 1, '\n')) {
        char *end = NULL;
        const int64_t code = strtoll(line, &end, 10);
        const int64_t data = strtoll(end, &end, 10);
        const int64_t bss = strtoll(end, &end, 10);
        *flash += code + data;
        *ram += data + bss;
    }
    nas_heap_free(text);
}

/* Sizes are an extra: without `size` they stay unknown. */
static nas_status measure(checker *c)
{
    const char *const size[] = {"size", c->path[OBJECT], c->path[WEIGHTS_OBJECT], NULL};
    const char *const version[] = {"cc", "--version", NULL};
    nas_process_result result;
    NAS_TRY(run(c, size, RUN_SECONDS, &result));
    if (result.found && result.exit_code == 0)
        add_sizes(c->path[LOG], &c->out->flash_bytes, &c->out->ram_bytes);
    if (c->out->ram_bytes > 0)
        c->out->ram_bytes += stack_bytes(c);
    NAS_TRY(run(c, version, RUN_SECONDS, &result));
    first_line(c->path[LOG], c->out->compiler, sizeof c->out->compiler);
    return NAS_OK;
}

static nas_status check(checker *c, const float *inputs, const float *expected, int64_t n)
{
    NAS_TRY(make_temporary(c));
    NAS_TRY(make_paths(c));
    NAS_TRY(write_runner(c, inputs, n));
    NAS_TRY(compile_all(c));
    if (!c->out->compiled)
        return NAS_OK;
    NAS_TRY(measure(c));
    return run_all(c, inputs, expected, n);
}

nas_status nas_c_verify(const nas_model *model, const nas_c_options *options,
                        const char *folder, const float *inputs, const float *expected,
                        int64_t n, nas_verify_result *out, nas_err *err)
{
    *out = (nas_verify_result){0};
    checker c = {.model = model,
                 .quant = options->quant,
                 .host = options->profile == NAS_C_HOST,
                 .prefix = options->prefix == NULL ? "net" : options->prefix,
                 .out = out,
                 .err = err};
    c.arena = nas_arena_new();
    NAS_TRY_ALLOC(c.arena, err);
    /* "-x/net.c" would be read as an option. */
    c.folder = nas_arena_printf(c.arena, "%s%s", folder[0] == '/' ? "" : "./", folder);
    nas_status status = c.folder == NULL ? nas_fail(err, NAS_E_NOMEM, "out of memory")
                                         : check(&c, inputs, expected, n);
    if (c.temporary[0] != '\0') {
        nas_status removed = nas_file_remove(c.temporary, status == NAS_OK ? err : NULL);
        status = status == NAS_OK ? removed : status;
    }
    nas_arena_free(c.arena);
    return status;
}
