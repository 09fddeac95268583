/* covers: code.c, code_table.c
 * What pricing says of random networks against what compilers make of their C: arena and
 * tables to the byte, code within 5 %, stack at least and little above. Columns whose
 * compiler is absent or of another version are skipped. */
#include "check.h"

#include "cost/code.h"
#include "nasmith/file.h"
#include "nasmith/process.h"
#include "random_graph.h"

#include <math.h>
#include <string.h>

enum { NETWORKS = 4, ROWS = 8 };

typedef struct compiler {
    const char *column, *tool, *flags;
} compiler;

static const compiler compilers[] = {
    {"cortex-m0plus-O2", "arm-none-eabi-", "-O2 -mcpu=cortex-m0plus -mthumb"},
    {"cortex-m4-O2", "arm-none-eabi-",
     "-O2 -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16"},
    {"cortex-m4-Os", "arm-none-eabi-",
     "-Os -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16"},
    {"cortex-m33-O2", "arm-none-eabi-",
     "-O2 -mcpu=cortex-m33 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16"},
    {"x86-64-O2", "", "-O2 -fno-asynchronous-unwind-tables"},
};

/* What one network was found to need. */
typedef struct sizes {
    int64_t code, tables, bss, stack;
} sizes;

static int shell(const char *folder, const char *command)
{
    char log[160];
    nas_err err = {0};
    nas_process_result result;
    (void)snprintf(log, sizeof log, "%s/log", folder);
    const char *const argv[] = {"sh", "-c", command, NULL};
    const nas_process process = {argv, log, 100};
    check_ok(nas_process_run(&process, &result, &err), err);
    return result.timed_out ? 200 : result.exit_code;
}

static char *read_file(const char *folder, const char *name)
{
    char path[160];
    char *text = NULL;
    size_t bytes = 0;
    nas_err err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(nas_file_read(path, 0, &text, &bytes, &err), err);
    return text;
}

/* Whether the table was measured with the compiler that is here. */
static bool same_compiler(const char *folder, const compiler *c)
{
    char command[160];
    int at = 0;
    while (strcmp(nas_code_columns[at], c->column) != 0)
        at++;
    (void)snprintf(command, sizeof command, "%sgcc -dumpfullversion", c->tool);
    if (shell(folder, command) != 0)
        return false;
    char *version = read_file(folder, "log");
    const size_t length = strlen(nas_code_compilers[at]);
    const bool same = strncmp(version, nas_code_compilers[at], length) == 0;
    nas_heap_free(version);
    return same;
}

static nas_model random_model(uint64_t seed)
{
    nas_rng rng = nas_rng_new(2385, 40000 + seed);
    nas_test_graph_options options = {.steps = 3 + (int)(seed % 9)};
    nas_model model = {.task = NAS_TASK_CLASSIFICATION};
    model.graph = nas_test_random_graph(&rng, &options);
    model.n_outputs = nas_shape_count(nas_graph_output_shape(model.graph));
    const int64_t n = nas_graph_floats(model.graph);
    model.weights = nas_heap_alloc((size_t)n + 1, sizeof(float));
    for (int64_t i = 0; i < n; i++)
        model.weights[i] = 0.3f + 0.2f * (float)nas_rng_normal(&rng);
    for (int i = 0; i < nas_graph_weight_count(model.graph); i++) {
        const nas_weight *w = nas_graph_weight(model.graph, i);
        for (int64_t k = 0; k < w->count && w->role == NAS_WEIGHT_VARIANCE; k++)
            model.weights[w->offset + k] = 0.7f;
    }
    return model;
}

static nas_quant *quantised(const nas_model *model, uint64_t seed)
{
    nas_rng rng = nas_rng_new(2385, seed);
    nas_quant *quant = NULL;
    nas_err err = {0};
    const int64_t n = ROWS * nas_shape_count(nas_graph_input_shape(model->graph));
    float *rows = nas_heap_alloc((size_t)n, sizeof *rows);
    for (int64_t i = 0; i < n; i++)
        rows[i] = (float)nas_rng_normal(&rng);
    check_ok(nas_quantise(model, rows, ROWS, NULL, &quant, &err), err);
    nas_heap_free(rows);
    return quant;
}

/* text, data and bss of both objects, from `size`. */
static void read_sizes(const char *folder, sizes *out)
{
    char *text = read_file(folder, "size");
    long long a[3], b[3];
    const char *second = strchr(strchr(text, '\n') + 1, '\n') + 1;
    assert_int_equal(
        sscanf(strchr(text, '\n') + 1, "%lld %lld %lld", &a[0], &a[1], &a[2]), 3);
    assert_int_equal(sscanf(second, "%lld %lld %lld", &b[0], &b[1], &b[2]), 3);
    assert_int_equal(a[1] + b[1] + b[2], 0);
    out->code = a[0];
    out->bss = a[2];
    out->tables = b[0];
    nas_heap_free(text);
}

/* Kernel of a function "n_conv_pixel", or n_parts. */
static int kernel_of(const nas_c_size *size, const char *function)
{
    int at = size->n_parts;
    size_t longest = 0;
    for (int i = size->helpers; i < size->n_parts; i++) {
        const size_t length = strlen(size->parts[i]);
        if (length > longest && strncmp(function, size->parts[i], length) == 0) {
            at = i;
            longest = length;
        }
    }
    return at;
}

/* Frames of all that kernels share, and of the kernel with the most. */
static int64_t stack_of(const char *folder, const nas_c_size *size)
{
    char *text = read_file(folder, "n.su");
    int64_t sum[NAS_C_MOST_PARTS + 1] = {0}, most = 0;
    for (char *line = text, *next; *line != '\0'; line = next) {
        next = strchr(line, '\n') + 1;
        char *tab = strchr(line, '\t');
        *tab = '\0';
        const char *function = strrchr(line, ':') + strlen(":n_");
        sum[kernel_of(size, function)] += strtoll(tab + 1, NULL, 10);
    }
    for (int i = 0; i < size->n_parts; i++)
        most = sum[i] > most ? sum[i] : most;
    nas_heap_free(text);
    return most + sum[size->n_parts];
}

static nas_c_size count(const nas_graph *graph, nas_dtype dtype)
{
    nas_arena *arena = nas_arena_new();
    nas_program_options options = nas_program_options_default();
    nas_program *program = NULL;
    nas_c_size size;
    nas_err err = {0};
    options.dtype = dtype;
    check_ok(nas_program_build(graph, &options, arena, &program, &err), err);
    check_ok(nas_c_count(program, arena, &size, &err), err);
    nas_arena_free(arena);
    return size;
}

static void compile(const char *folder, const compiler *c, const nas_c_size *size,
                    sizes *out)
{
    char command[512];
    (void)snprintf(command, sizeof command,
                   "cd %s && %sgcc -std=c99 %s -fstack-usage -c n.c n_weights.c && "
                   "%ssize n.o n_weights.o >size",
                   folder, c->tool, c->flags, c->tool);
    if (shell(folder, command) != 0)
        fail_msg("%s: does not compile", c->column);
    read_sizes(folder, out);
    out->stack = stack_of(folder, size);
}

/* @return relative error of the code */
static double check_network(const char *folder, const compiler *c, const nas_model *model,
                            const nas_quant *quant)
{
    const nas_dtype dtype = quant != NULL ? NAS_INT8 : NAS_FLOAT32;
    const nas_c_size size = count(model->graph, dtype);
    const nas_c_options options = {.prefix = "n", .quant = quant};
    nas_latency_table device = {0};
    nas_cost cost;
    sizes found;
    int64_t shared = 0;
    nas_err err = {0};
    (void)snprintf(device.device.code, sizeof device.device.code, "%s", c->column);
    check_ok(nas_c_write(model, &options, folder, &err), err);
    check_ok(nas_c_shared_bytes(model, quant, &shared, &err), err);
    check_ok(nas_cost_of(model->graph, dtype, &device, NULL, &cost, &err), err);
    compile(folder, c, &size, &found);
    assert_int_equal(found.bss, cost.arena_bytes);
    assert_int_equal(found.tables, size.table_bytes - shared);
    const int64_t stack = cost.ram_bytes - cost.arena_bytes;
    if (stack < found.stack || stack > found.stack + 96)
        fail_msg("%s: %lld bytes of stack, counted %lld", c->column,
                 (long long)found.stack, (long long)stack);
    const double counted = (double)(cost.flash_bytes - size.table_bytes);
    return fabs(counted - (double)found.code) / (double)found.code;
}

/* NASMITH_GRAPHS is for cheaper tests too: a tenth of it. */
static uint64_t networks(void)
{
    const char *count = getenv("NASMITH_GRAPHS");
    return count != NULL ? (uint64_t)strtol(count, NULL, 10) / 10 : NETWORKS;
}

static void check_column(const char *folder, const compiler *c)
{
    double worst = 0;
    int n = 0;
    for (uint64_t seed = 0; seed < networks(); seed++) {
        nas_model model = random_model(seed);
        worst = fmax(worst, check_network(folder, c, &model, NULL));
        n++;
        if (nas_quant_refusal(model.graph, NULL) == NULL) {
            nas_quant *quant = quantised(&model, seed);
            worst = fmax(worst, check_network(folder, c, &model, quant));
            nas_quant_free(quant);
            n++;
        }
        nas_heap_free(model.weights);
        nas_graph_free(model.graph);
    }
    print_message("%s: %d networks, code off by at most %.1f %%\n", c->column, n,
                  100 * worst);
    if (!(worst <= 0.05))
        fail_msg("%s: code is off by %.1f %%", c->column, 100 * worst);
}

static void counted_sizes_are_those_compiled(void **state)
{
    (void)state;
    char folder[64];
    nas_err err = {0};
    int columns = 0;
    nas_test_tmpdir(folder, sizeof folder);
    for (size_t i = 0; i < sizeof compilers / sizeof compilers[0]; i++) {
        if (!same_compiler(folder, &compilers[i])) {
            print_message("skipped: no compiler of the table for %s\n",
                          compilers[i].column);
            continue;
        }
        check_column(folder, &compilers[i]);
        columns++;
    }
    check_ok(nas_file_remove(folder, &err), err);
    if (columns == 0)
        skip();
}

static void unknown_columns_and_parts_have_a_size(void **state)
{
    (void)state;
    nas_c_size size = {.parts = {"types", "dense"}, .n_parts = 2, .helpers = 1};
    const nas_code host = nas_code_of(&size, NAS_FLOAT32, "x86-64-O2");
    const nas_code other = nas_code_of(&size, NAS_FLOAT32, "");
    assert_int_equal(host.flash_bytes, other.flash_bytes);
    assert_int_equal(host.stack_bytes, other.stack_bytes);
    assert_true(nas_code_of(&size, NAS_FLOAT32, "cortex-m4-Os").flash_bytes <
                host.flash_bytes);
    size.parts[1] = "a kernel of tomorrow";
    assert_true(nas_code_of(&size, NAS_FLOAT32, "").flash_bytes > host.flash_bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_sizes_are_those_compiled),
        cmocka_unit_test(unknown_columns_and_parts_have_a_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
