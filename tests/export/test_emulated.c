/* Generated C on emulated microcontrollers: random float and int8 networks, BATCH of them
 * linked into one program, run their self-tests. For int8 that is equality with the
 * reference bit for bit. NASMITH_GRAPHS says how many networks. Skips without
 * arm-none-eabi-gcc and qemu-system-arm. */
#include "fixture.h"

#include "nasmith/file.h"
#include "nasmith/process.h"

enum { BATCH = 16, ROWS = 8, CALIBRATION = 32 };

/* A core, the emulated board that has it and where its memory lies. */
typedef struct board {
    const char *name, *flags, *machine, *code, *ram;
} board;

static const board boards[] = {
    {"Cortex-M0+", "-mcpu=cortex-m0plus -mthumb", "mps2-an385", "0x00000000",
     "0x20000000"},
    {"Cortex-M4", "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16",
     "mps2-an386", "0x00000000", "0x20000000"},
    {"Cortex-M33", "-mcpu=cortex-m33 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16",
     "mps2-an505", "0x10000000", "0x80000000"},
};

/* Switches the floating-point unit on; exits by semihosting with main's value. */
static const char startup[] =
    "extern unsigned stack_top;\n"
    "int main(void);\n"
    "void reset(void);\n"
    "void reset(void)\n"
    "{\n"
    "    static unsigned arguments[2] = {0x20026u, 0u};\n"
    "#if defined(__ARM_FP)\n"
    "    *(volatile unsigned *)0xE000ED88u |= 0xFu << 20;\n"
    "    __asm volatile(\"dsb\\nisb\");\n"
    "#endif\n"
    "    arguments[1] = (unsigned)main();\n"
    "    __asm volatile(\"mov r0, %0\\nmov r1, %1\\nbkpt 0xab\"\n"
    "                   : : \"r\"(0x20u), \"r\"(arguments) : \"r0\", \"r1\", "
    "\"memory\");\n"
    "    for (;;)\n"
    "        ;\n"
    "}\n"
    "__attribute__((section(\".vectors\"), used))\n"
    "const void *const vectors[2] = {&stack_top, (const void *)reset};\n";

static const char script[] = "ENTRY(reset)\n"
                             "SECTIONS\n"
                             "{\n"
                             "    . = CODE;\n"
                             "    .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) }\n"
                             "    .ARM.exidx : { *(.ARM.exidx*) }\n"
                             "    . = RAM;\n"
                             "    .data : { *(.data*) }\n"
                             "    .bss : { *(.bss*) *(COMMON) }\n"
                             "    stack_top = ALIGN(8) + 0x10000;\n"
                             "}\n";

static void write_text(const char *folder, const char *name, const char *text)
{
    char path[160];
    nas_err err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    check_ok(nas_file_write(path, text, strlen(text), &err), err);
}

static void write_main(const char *folder)
{
    char text[8192];
    size_t n = 0;
    for (int i = 0; i < BATCH; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "#include \"n%d.h\"\n", i);
    n += (size_t)snprintf(text + n, sizeof text - n, "int main(void)\n{\n");
    for (int i = 0; i < BATCH; i++)
        n += (size_t)snprintf(text + n, sizeof text - n,
                              "    if (n%d_selftest() != 0)\n        return %d;\n", i,
                              i + 1);
    (void)snprintf(text + n, sizeof text - n, "    return 0;\n}\n");
    write_text(folder, "main.c", text);
}

/* Every other network is int8. */
static void write_network(const char *folder, int index, int first)
{
    char prefix[16];
    nas_err err = {0};
    nas_quant *quant = NULL;
    const uint64_t seed = 700 + (uint64_t)(first + index);
    nas_model *model = index % 2 == 1 ? fixture_random_int8(seed) : fixture_random(seed);
    float *rows = fixture_rows(model, CALIBRATION, (uint64_t)index);
    (void)snprintf(prefix, sizeof prefix, "n%d", index);
    if (index % 2 == 1)
        check_ok(nas_quantise(model, rows, CALIBRATION, NULL, &quant, &err), err);
    const nas_c_options options = {
        .prefix = prefix, .quant = quant, .sample = rows, .n_samples = ROWS};
    check_ok(nas_c_write(model, &options, folder, &err), err);
    nas_quant_free(quant);
    nas_heap_free(rows);
    nas_model_free(model);
}

/* @return the exit code of a shell command; its messages go to FOLDER/log */
static int shell(const char *folder, const char *command)
{
    char log[160];
    nas_err err = {0};
    nas_process_result result;
    (void)snprintf(log, sizeof log, "%s/log", folder);
    const char *const argv[] = {"sh", "-c", command, NULL};
    const nas_process process = {argv, log, 200};
    check_ok(nas_process_run(&process, &result, &err), err);
    return result.timed_out ? 200 : result.exit_code;
}

static void fails_with_log(const char *folder, const char *what, int code)
{
    char path[160];
    char *text = NULL;
    size_t bytes = 0;
    nas_err err = {0};
    (void)snprintf(path, sizeof path, "%s/log", folder);
    check_ok(nas_file_read(path, 0, &text, &bytes, &err), err);
    fail_msg("%s: exit code %d\n%s", what, code, text);
}

static void run_on(const char *folder, const board *b)
{
    char command[1024];
    (void)snprintf(command, sizeof command,
                   "cd %s && arm-none-eabi-gcc -std=c99 -O2 -Wall -Wextra -Wconversion "
                   "-Werror %s -I. -nostartfiles -Wl,--defsym=CODE=%s,--defsym=RAM=%s "
                   "-T script.ld startup.c main.c n*.c -o a.elf",
                   folder, b->flags, b->code, b->ram);
    int code = shell(folder, command);
    if (code != 0)
        fails_with_log(folder, b->name, code);
    (void)snprintf(command, sizeof command,
                   "cd %s && timeout 120 qemu-system-arm -machine %s -nographic -monitor "
                   "none -serial none -semihosting-config enable=on,target=native "
                   "-kernel a.elf",
                   folder, b->machine);
    code = shell(folder, command);
    if (code != 0)
        fails_with_log(folder, b->name, code);
}

static int networks(void)
{
    const char *count = getenv("NASMITH_GRAPHS");
    return count != NULL ? (int)strtol(count, NULL, 10) : BATCH;
}

static void run_batch(const char *folder, int first)
{
    for (int i = 0; i < BATCH; i++)
        write_network(folder, i, first);
    for (size_t i = 0; i < sizeof boards / sizeof boards[0]; i++)
        run_on(folder, &boards[i]);
}

static void self_tests_pass_on_emulated_boards(void **state)
{
    (void)state;
    char folder[64];
    nas_err err = {0};
    nas_test_tmpdir(folder, sizeof folder);
    if (shell(folder, "command -v arm-none-eabi-gcc && command -v qemu-system-arm") !=
        0) {
        check_ok(nas_file_remove(folder, &err), err);
        print_message("skipped: no arm-none-eabi-gcc or no qemu-system-arm\n");
        skip();
    }
    write_main(folder);
    write_text(folder, "startup.c", startup);
    write_text(folder, "script.ld", script);
    int first = 0;
    for (; first < networks(); first += BATCH)
        run_batch(folder, first);
    print_message("%d networks of %d rows on %zu boards\n", first, ROWS,
                  sizeof boards / sizeof boards[0]);
    check_ok(nas_file_remove(folder, &err), err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(self_tests_pass_on_emulated_boards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
