/* covers: parse.c, parse_block.c, parse_value.c, parse_cell.c */
#include "space_check.h"

#include "nasmith/file.h"

#include <string.h>

/* ---- what is accepted ------------------------------------------------------------- */

static const nas_shape IMAGE = {3, 16, 16};

static void check_decision(const nas_space *space, const char *name, const char *values,
                           bool ordered)
{
    nas_decision_info info = nas_space_decision(space, decision_of(space, name));
    nas_text text = {0};
    for (int v = 0; v < info.n_values; v++)
        nas_text_printf(&text, "%s%s", v == 0 ? "" : " ", info.values[v]);
    assert_string_equal(nas_text_string(&text), values);
    assert_int_equal(info.ordered, ordered);
    nas_text_free(&text);
}

static void test_values_become_decisions(void **state)
{
    (void)state;
    nas_space *space =
        space_of("network:\n"
                 "  - conv: {out: [16, 8, 12], kernel: 3, act: [relu, none]}\n"
                 "  - conv: {out: [x2, 8], stride: 1..3}\n"
                 "  - conv: {out: [x2, x1.5], kernel: [1..3, 7]}\n"
                 "  - dropout: {rate: [0.3, 0.15]}\n"
                 "  - conv: {out: [24]}\n",
                 IMAGE, 10);
    check_decision(space, "conv1.out", "8 12 16", true);
    check_decision(space, "conv1.act", "relu none", false);
    check_decision(space, "conv2.out", "8 x2", false);
    check_decision(space, "conv2.stride", "1 2 3", true);
    check_decision(space, "conv3.out", "x1.5 x2", true);
    check_decision(space, "conv3.kernel", "1 2 3 7", true);
    check_decision(space, "dropout1.rate", "0.15 0.3", true);
    assert_int_equal(nas_space_decision_count(space), 7);
    nas_space_free(space);
}

static void test_names_of_blocks(void **state)
{
    (void)state;
    nas_space *space = space_of(
        "network:\n"
        "  - name: stem\n"
        "    conv: {out: [8, 16]}\n"
        "  - name: stage\n"
        "    repeat:\n"
        "      times: 1..2\n"
        "      of:\n"
        "        choose: [separable: {out: [8, 16]}, [relu, conv: {out: [4, 9]}]]\n"
        "  - repeat: {times: 0..5, tied: true, of: {conv: {kernel: [3, 5]}}}\n"
        "  - residual: [conv: {kernel: [3, 5]}]\n"
        "  - branches: {join: [add, concat], of: {a: identity, b: {name: x, conv: "
        "{kernel: [1, 3]}}}}\n",
        IMAGE, 10);
    static const char *const NAMES[] = {
        "stem.out",
        "stage.times",
        "stage.1",
        "stage.1.separable.out",
        "stage.1.chain.conv1.out",
        "stage.2",
        "stage.2.separable.out",
        "stage.2.chain.conv1.out",
        "repeat2.times",
        "repeat2.kernel",
        "residual1.conv1.kernel",
        "branches1.join",
        "branches1.b.x.kernel",
    };
    assert_int_equal(nas_space_decision_count(space), sizeof NAMES / sizeof NAMES[0]);
    for (int i = 0; i < nas_space_decision_count(space); i++)
        assert_string_equal(nas_space_decision(space, i).name, NAMES[i]);
    check_decision(space, "stage.1", "separable chain", false);
    nas_space_free(space);
}

static void test_share_ties_decisions(void **state)
{
    (void)state;
    nas_space *space =
        space_of("network:\n"
                 "  - conv: {out: {share: width, values: [8, 16]}}\n"
                 "  - conv: {out: {share: width}}\n"
                 "  - share: op\n"
                 "    choose: &ops [conv: {kernel: [1, 3]}, max_pool, identity]\n"
                 "  - share: op\n"
                 "    choose: *ops\n",
                 IMAGE, 10);
    assert_int_equal(nas_space_decision_count(space), 3);
    check_decision(space, "width", "8 16", true);
    check_decision(space, "op", "conv max_pool identity", false);
    check_decision(space, "op.conv.kernel", "1 3", true);
    assert_true(nas_space_size(space) == 2 * (2 + 1 + 1));
    nas_space_free(space);
}

static void test_cells(void **state)
{
    (void)state;
    nas_space *space =
        space_of("network:\n"
                 "  - name: c\n"
                 "    cell:\n"
                 "      nodes: 2\n"
                 "      inputs: 2\n"
                 "      picks: 2\n"
                 "      stages: [1, 2]\n"
                 "      reduction: cell\n"
                 "      ops: {skip: identity, conv: {conv: {act: none}}}\n",
                 IMAGE, 10);
    check_decision(space, "c.stages", "1 2", true);
    check_decision(space, "c.node3.inputs", "0+1 0+2 1+2", false);
    check_decision(space, "c.reduce.node2.op1", "skip conv", false);
    double cell = 3 * 16;
    assert_true(nas_space_size(space) == cell + cell * cell);
    nas_space_free(space);
}

static void test_train_section(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_space *space = space_of("network: [relu]\n"
                                "train:\n"
                                "  learning_rate: [0.02, 0.005]\n"
                                "  batch: 32\n"
                                "  flip: [false, true]\n",
                                IMAGE, 10);
    check_decision(space, "train.learning_rate", "0.005 0.02", true);
    check_decision(space, "train.flip", "false true", false);
    assert_true(nas_space_decision(space, 0).training);
    nas_arena *arena = nas_arena_new();
    nas_recipe recipe = nas_recipe_default(NAS_TASK_CLASSIFICATION);
    nas_candidate *last = nas_space_at(space, 3, arena);
    check_ok(nas_space_recipe(space, last, &recipe, &err), err);
    assert_true(recipe.learning_rate == 0.02);
    assert_int_equal(recipe.batch, 32);
    assert_true(recipe.flip);
    check_ok(nas_space_recipe(space, nas_space_smallest(space, arena), &recipe, &err),
             err);
    assert_true(recipe.learning_rate == 0.005);
    assert_false(recipe.flip);
    nas_arena_free(arena);
    nas_space_free(space);
}

static void test_bad_contexts(void **state)
{
    (void)state;
    nas_err err = {0};
    nas_space *space;
    nas_space_context context = {.input = {3, 0, 16}, .n_outputs = 10};
    assert_int_equal(nas_space_parse("network: [relu]", 15, "x", &context, &space, &err),
                     NAS_E_USAGE);
    assert_non_null(strstr(err.text, "3x0x16"));
    context.input.h = 16;
    size_t bytes = (1 << 20) + 1;
    char *large = calloc(bytes, 1);
    assert_int_equal(nas_space_parse(large, bytes, "x", &context, &space, &err),
                     NAS_E_CONFIG);
    free(large);
}

/* Memory that runs out at any moment is an error, never a crash or a leak. */
static void test_memory_runs_out(void **state)
{
    (void)state;
    static const char YAML[] = "network:\n"
                               "  - choose: [conv: {out: [8, 16]}, separable]\n"
                               "  - cell: {nodes: 2, ops: [relu, none]}\n"
                               "train: {batch: [32, 64]}\n";
    nas_space_context context = {
        .input = IMAGE, .n_outputs = 10, .task = NAS_TASK_CLASSIFICATION};
    nas_status status = NAS_E_NOMEM;
    int failures = 0;
    for (int nth = 1; status != NAS_OK; nth++) {
        nas_err err = {0};
        nas_space *space;
        nas_alloc_fail_nth(nth);
        status = nas_space_parse(YAML, sizeof YAML - 1, "x", &context, &space, &err);
        nas_alloc_fail_nth(0);
        failures += status == NAS_E_NOMEM;
        assert_true(status == NAS_OK || status == NAS_E_NOMEM);
        nas_space_free(space);
    }
    assert_true(failures >= 3);
}

/* ---- what is refused: tests/space/bad/NAME.yaml with the message in NAME.txt ------- */

static void put_message(const nas_err *err, nas_text *out)
{
    nas_text_printf(out, "error: %s\n", err->text);
    nas_text_puts(out, err->source);
    if (err->hint[0] != '\0')
        nas_text_printf(out, "help: %s\n", err->hint);
}

static char *read_file(const char *path, size_t *bytes)
{
    nas_err err = {0};
    char *text;
    check_ok(nas_file_read(path, 0, &text, bytes, &err), err);
    return text;
}

static void check_message(nas_arena *arena, const char *folder, const char *name)
{
    size_t bytes;
    char *yaml = read_file(nas_file_join(arena, folder, name), &bytes);
    nas_err err = {0};
    nas_space *space;
    nas_space_context context = {
        .input = IMAGE, .n_outputs = 10, .task = NAS_TASK_CLASSIFICATION};
    assert_int_equal(nas_space_parse(yaml, bytes, name, &context, &space, &err),
                     NAS_E_CONFIG);
    assert_null(space);
    nas_text found = {0};
    put_message(&err, &found);
    int stem = (int)strlen(name) - (int)strlen(".yaml");
    char *golden = nas_arena_printf(arena, "%s/%.*s.txt", folder, stem, name);
    if (getenv("NASMITH_UPDATE_GOLDEN") != NULL)
        check_ok(nas_file_write(golden, found.data, found.length, &err), err);
    char *expected = read_file(golden, &bytes);
    assert_string_equal(nas_text_string(&found), expected);
    nas_text_free(&found);
    nas_heap_free(expected);
    nas_heap_free(yaml);
}

static void test_messages(void **state)
{
    (void)state;
    nas_err err = {0};
    char **names;
    int64_t n;
    int checked = 0;
    nas_arena *arena = nas_arena_new();
    char *folder = nas_arena_strdup(arena, nas_test_source("tests/space/bad"));
    check_ok(nas_file_list(folder, arena, &names, &n, &err), err);
    for (int64_t i = 0; i < n; i++) {
        const char *dot = strrchr(names[i], '.');
        if (dot == NULL || strcmp(dot, ".yaml") != 0)
            continue;
        check_message(arena, folder, names[i]);
        checked++;
    }
    assert_true(checked >= 45);
    nas_arena_free(arena);
}

/* ---- what the manual shows --------------------------------------------------------- */

static void check_example(const char *text, int length)
{
    nas_text yaml = {0};
    if (strncmp(text, "train:", 6) == 0)
        nas_text_puts(&yaml, "network: [relu]\n");
    else if (strncmp(text, "network:", 8) != 0)
        nas_text_puts(&yaml, "network:\n  ");
    bool indented = yaml.length > 0 && yaml.data[yaml.length - 1] == ' ';
    for (int i = 0; i < length; i++) {
        nas_text_putc(&yaml, text[i]);
        if (indented && text[i] == '\n')
            nas_text_puts(&yaml, "  ");
    }
    nas_space_free(space_of(nas_text_string(&yaml), IMAGE, 10));
    nas_text_free(&yaml);
}

static void test_examples_of_the_manual(void **state)
{
    (void)state;
    size_t bytes;
    int checked = 0;
    char *manual = read_file(nas_test_source("docs/space-language.md"), &bytes);
    for (char *p = manual; (p = strstr(p, "```yaml\n")) != NULL; checked++) {
        p += strlen("```yaml\n");
        char *end = strstr(p, "```");
        assert_non_null(end);
        check_example(p, (int)(end - p));
        p = end + 3;
    }
    assert_true(checked >= 12);
    nas_heap_free(manual);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_become_decisions),
        cmocka_unit_test(test_names_of_blocks),
        cmocka_unit_test(test_share_ties_decisions),
        cmocka_unit_test(test_cells),
        cmocka_unit_test(test_train_section),
        cmocka_unit_test(test_bad_contexts),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_examples_of_the_manual),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
